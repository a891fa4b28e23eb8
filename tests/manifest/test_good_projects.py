"""A good project hears nothing, whatever builds it and however it is laid out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review import check
from support.good_projects import PROJECTS
from support.repository import git


@pytest.fixture(params=sorted(PROJECTS))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for path, text in PROJECTS[str(request.param)].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def test_a_good_project_hears_nothing(project: Path) -> None:
    report = check(str(project))
    [checked] = report.checked
    assert (checked.mistakes, checked.gaps, checked.starting) == ((), (), ())
    assert (checked.plugin, report.verdict.exit_code) == ("acme-ledger", 0)


@pytest.mark.network
def test_neither_do_the_archives_that_are_built_of_it(project: Path, tmp_path: Path) -> None:
    # meson-python makes an sdist of what is committed.
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "a release")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    archives = sorted(map(str, out.iterdir()))
    assert len(archives) == 2
    report = check(str(project), *archives)
    assert [each.mistakes for each in report.checked] == [(), (), ()]
    assert [each.gaps for each in report.checked] == [(), (), ()]
    assert report.verdict.exit_code == 0
