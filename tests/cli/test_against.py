"""``check --against``: what users of the next release will see."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from stigmem_review import cli
from support.plugins import plugin, write_project, write_wheel
from support.repository import git

CASE = Path(__file__).parents[1] / "cases" / "quiet-gain"
SEEN = "What users of the next release will see"
GAINS = "error  can deny a recall: pre_recall_authorize"


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a change")


@pytest.fixture(params=["", "plugins/ledger"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project, at the top of its repository or in a folder, that gained since v1."""
    top = tmp_path / "repository"
    top.mkdir()
    git(top, "init", "--quiet")
    folder = top / str(request.param)
    shutil.copytree(CASE / "old", folder, dirs_exist_ok=True)
    commit(top)
    git(top, "tag", "v1")
    # With a time of its own, or git takes what has the same size for what it knows.
    shutil.copytree(CASE / "new", folder, copy_function=shutil.copy, dirs_exist_ok=True)
    return folder


def test_a_project_against_itself_at_a_revision(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What it gains is for its users to decide: there is nothing for its author to correct.
    assert cli.run(["check", str(project), "--isolated", "--against", "v1"]) == 0
    out = capsys.readouterr().out
    assert "acme-ledger 1.0.0 -> 1.0.1" in out
    assert out.index("nothing to correct") < out.index(SEEN) < out.index(GAINS)
    assert "stigmem-review approve" not in out


def test_the_command_that_shows_what_differs_can_be_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    asked = ["check", ".", "--isolated", "--against", "v1", "--format", "markdown"]
    assert cli.run(asked) == 0
    told = "* **to read what differs**: `stigmem-review "
    lines = capsys.readouterr().out.splitlines()
    [command] = [each.removeprefix(told).rstrip("`") for each in lines if each.startswith(told)]
    assert cli.run([*shlex.split(command), "--isolated"]) == 1
    assert "acme-ledger 1.0.0 -> 1.0.1" in capsys.readouterr().out


def test_what_is_staged_against_a_revision(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    asked = ["check", "--staged", "--isolated", "--against", "v1", "pyproject.toml"]
    assert cli.run(asked) == 0
    assert GAINS not in capsys.readouterr().out
    git(project, "add", "--all")
    assert cli.run(asked) == 0
    assert GAINS in capsys.readouterr().out


def test_it_is_in_json_and_markdown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["check", str(project), "--isolated", "--against", "v1", "--format"]
    cli.run([*asked, "json"])
    [report] = json.loads(capsys.readouterr().out)["upcoming"]
    assert (report["plugin"], report["verdict"]["state"]) == ("acme-ledger", "blocked")
    cli.run([*asked, "markdown"])
    assert f"# {SEEN}" in capsys.readouterr().out


def test_what_was_not_there_is_a_first_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README").write_text("x")
    commit(tmp_path)
    shutil.copytree(CASE / "new", tmp_path / "ledger")
    assert cli.run(["check", str(tmp_path / "ledger"), "--isolated", "--against", "HEAD"]) == 0
    assert "plugin-installed" in capsys.readouterr().out


def test_a_project_and_its_wheel_against_a_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_project(tmp_path / "project", plugin())
    (tmp_path / "old").mkdir()
    old = write_wheel(tmp_path / "old", plugin(), version="0.9.0")
    wheel = write_wheel(tmp_path, plugin())
    sources = [str(project), str(wheel)]
    assert cli.run(["check", *sources, "--isolated", "--against", str(old)]) == 0
    out = capsys.readouterr().out
    assert "0.9.0 -> 1.0.0" in out
    assert out.count(SEEN) == 1


def test_an_earlier_release_that_cannot_be_read_leaves_it_incomplete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "demo_plugin-0.9.0-py3-none-any.whl"
    old.write_bytes(b"no archive")
    project = write_project(tmp_path / "project", plugin())
    assert cli.run(["check", str(project), "--isolated", "--against", str(old)]) == 3
    assert "old release" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sources", "against", "why"),
    [
        (1, "nowhere", "it names no commit"),
        (2, "none", "name one, or a revision"),
        (0, "nowhere", "of which none is given"),
    ],
)
def test_what_cannot_be_compared_is_a_wrong_request(
    sources: int, against: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    projects = [str(write_project(tmp_path / f"p{each}", plugin())) for each in range(sources)]
    given = projects or [str(write_wheel(tmp_path, plugin()))]
    assert cli.run(["check", *given, "--isolated", "--against", against]) == 2
    assert why in capsys.readouterr().err
