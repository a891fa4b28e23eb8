"""The step runs with the standard library alone, wherever it runs, until all is installed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from action.runner import CHECKOUT
from stigmem_review.step import run as step
from stigmem_review.step.look import Nothing

STEP = CHECKOUT / "review" / "stigmem_review" / "step"


def test_it_looks_with_the_standard_library_alone(tmp_path: Path) -> None:
    output = tmp_path / "output"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(STEP / "__main__.py"), "look"],
        env={"GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    said = dict(line.split("=", 1) for line in output.read_text().splitlines())
    assert said["install"] == "true"
    assert said["wheels"] == str(tmp_path / "stigmem-review-wheels")
    assert said["key"].startswith("stigmem-review-wheels-cpython-")


def test_an_old_python_can_read_what_tells_it_so() -> None:
    ast.parse((STEP / "__main__.py").read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_so() -> None:
    path = str(STEP / "__main__.py")
    old = f"import sys, runpy; sys.version_info = (3, 10); runpy.run_path({path!r})"
    done = subprocess.run(
        [sys.executable, "-I", "-c", old], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("::error title=stigmem-review::It needs Python 3.11")


def _keys(patch: pytest.MonkeyPatch, system: str, machine: str) -> str:
    patch.setattr("platform.system", lambda: system)
    patch.setattr("platform.machine", lambda: machine)
    return step.key(CHECKOUT)


def test_machines_that_need_other_wheels_keep_them_under_other_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kinds = [("Linux", "x86_64"), ("Windows", "AMD64"), ("Darwin", "arm64"), ("Linux", "arm64")]
    found = {_keys(monkeypatch, *kind) for kind in kinds}
    assert len(found) == len(kinds)
    (tmp_path / "requirements.txt").write_text("")
    assert step.key(tmp_path) not in found | {_keys(monkeypatch, *kinds[-1])}
    assert all(key.isascii() and "," not in key for key in found)


def test_nothing_depends_on_where_an_environment_has_its_programs() -> None:
    """A machine whose environments have ``Scripts`` runs the same Python that the job has."""
    needed, source = Path("needed"), Path("review")
    assert step.command(needed, source)[:3] == [sys.executable, "-I", "-S"]
    assert step.command(needed, source)[-3:] == ["review", "needed", "action"]


@pytest.mark.parametrize(
    ("files", "said"), [(0, "Nothing changed"), (1, "the file"), (3, "3 files")]
)
def test_what_cannot_matter_is_clear_and_says_why(
    files: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    assert step.pass_over(Nothing("a" * 40, "b" * 40, files), tmp_path, paths) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("::notice title=stigmem-review%3A clear::")
    assert said in line
    summary = (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert summary == (tmp_path / step.COMMENT).read_text()
    assert summary.startswith("# Plugins from `aaaaaaaaaaaa` to `bbbbbbbbbbbb`")
    outputs = (tmp_path / "GITHUB_OUTPUT").read_text().splitlines()
    assert outputs == [
        "verdict=clear",
        "exit-code=0",
        "plugins=0",
        "errors=0",
        "warnings=0",
        "notes=0",
    ]


def test_the_review_never_has_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = "import os, json, sys; json.dump(dict(os.environ), open('environment', 'w'))"
    monkeypatch.setattr(step, "install", lambda *_: None)
    monkeypatch.setattr(step, "command", lambda *_: [sys.executable, "-c", shown])
    given = {"INPUT_TOKEN": "secret", "INPUT_POLICY": "x", "RUNNER_TEMP": str(tmp_path)}
    assert step.review(CHECKOUT, tmp_path, given) == 0
    seen = json.loads((tmp_path / "environment").read_text())
    assert seen["REPORTS"] == str(tmp_path)
    assert seen["INPUT_POLICY"] == "x"
    assert "secret" not in seen.values()
