"""A report is never written over a file that the run reads, by whatever name that is reached."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import cli
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment, git


def link(path: Path, folder: Path) -> str:
    (folder / "link").symlink_to(path)
    return str(folder / "link")


def links(path: Path, folder: Path) -> str:
    (folder / "away").symlink_to(path.parent, target_is_directory=True)
    (folder / "again").symlink_to(Path("away") / path.name)
    return str(folder / "again")


def hard_link(path: Path, folder: Path) -> str:
    os.link(path, folder / "hard")
    return str(folder / "hard")


Capture = pytest.CaptureFixture[str]
NAMES: dict[str, Callable[[Path, Path], str]] = {
    "its own name": lambda path, _: str(path),
    "a relative name": lambda path, _: os.path.relpath(path),
    "a detour": lambda path, _: f"{path.parent}/../{path.parent.name}/./{path.name}",
    "a symbolic link": link,
    "a link to a link in a linked folder": links,
    "a hard link": hard_link,
    "an open file": lambda path, _: f"/proc/self/fd/{os.open(path, os.O_RDONLY)}",
}


def refused(arguments: list[str], path: Path, name: str, capsys: Capture) -> None:
    """Run a command that must not write to a file, nor anything else."""
    before = path.read_bytes()
    beside = path.parent / "other-report"
    outputs = ["--output", f"json={beside}", "--output", f"markdown={name}"]
    assert cli.run([*arguments, *outputs]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert "would be written over what it is about" in line
    assert str(Path(name).resolve()) in line
    assert path.name in line
    assert path.read_bytes() == before
    assert not beside.exists()


@pytest.mark.parametrize("reach", NAMES.values(), ids=NAMES)
def test_by_no_name_is_a_release_written_over(
    reach: Callable[[Path, Path], str], tmp_path: Path, capsys: Capture
) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(tmp_path / "new", plugin(version="1.1.0"), version="1.1.0")
    both = ["diff", str(old), str(new)]
    runs = [(old, both), (new, both), (new, ["check", str(new)])]
    for number, (path, arguments) in enumerate(runs):
        aside = tmp_path / f"aside-{number}"
        aside.mkdir()
        refused(arguments, path, reach(path, aside), capsys)


def test_nothing_else_that_a_review_reads_is_written_over(tmp_path: Path, capsys: Capture) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    project = write_project(tmp_path / "project", plugin())
    capture = tmp_path / "capture.json"
    capture.write_text('{"name": "demo-plugin"}', "utf-8")
    policy, env = tmp_path / "policy.toml", tmp_path / "node.env"
    policy.write_text("", "utf-8")
    env.write_text("", "utf-8")
    signature = Path(f"{old}.sigstore.json")
    signature.write_text("{}", "utf-8")
    arguments = ["diff", str(old), str(project), "--policy", str(policy), "--env-file", str(env)]
    read = [policy, env, signature, project / "pyproject.toml", *project.rglob("handlers.py")]
    assert len(read) == 5
    for path in read:
        refused(arguments, path, str(path), capsys)
    refused(["diff", str(capture), str(old)], capture, str(capture), capsys)
    refused(["check", str(project)], read[-1], str(read[-1]), capsys)


def test_nothing_that_a_bump_reads_is_written_over(tmp_path: Path, capsys: Capture) -> None:
    wheels = tmp_path / "wheels"
    old = write_wheel(wheels, plugin())
    new = write_wheel(wheels, plugin(version="1.1.0"), version="1.1.0")
    deployment = Deployment(tmp_path / "deployment")
    files = {"stigmem-review.toml": "", "requirements.txt": "demo-plugin==1.0.0\n", "report.md": ""}
    base = deployment.commit(files)
    deployment.commit({**files, "requirements.txt": "demo-plugin==1.1.0\n"})
    top = deployment.folder
    for name, text in files.items():
        (top / name).write_text(text, "utf-8")
    arguments = ["bump", base, "--repository", str(top), "--artifacts", str(wheels)]
    read = [old, new, *(top / each for each in ("requirements.txt", "stigmem-review.toml"))]
    for path in read:
        refused(arguments, path, str(path), capsys)
    # What is committed and not read is a report of an earlier run.
    assert cli.run([*arguments, "--output", f"markdown={top / 'report.md'}"]) in (0, 1)
    assert (top / "report.md").read_text("utf-8").startswith("# ✅ Plugins")


def test_a_file_of_the_work_tree_is_not_written_over_by_a_check_of_what_is_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    deployment = Deployment(tmp_path / "deployment")
    project = write_project(deployment.folder / "demo", plugin())
    git(deployment.folder, "add", "--all")
    monkeypatch.chdir(deployment.folder)
    for path in (project / "pyproject.toml", *project.rglob("handlers.py")):
        refused(["check", "--staged", "demo"], path, os.path.relpath(path), capsys)


@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_what_git_keeps_is_not_written_over(name: str, tmp_path: Path, capsys: Capture) -> None:
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit({"requirements.txt": ""})
    path = deployment.folder / ".git" / name
    before = path.read_bytes()
    asked = ["bump", base, "--repository", str(deployment.folder), "--output", f"text={path}"]
    assert cli.run(asked) == 2
    assert "git repository" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_devices_pipes_and_other_files_are_written_to(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "wheel", plugin())
    pipe, other = tmp_path / "pipe", tmp_path / "other"
    os.mkfifo(pipe)
    other.write_text("an older report", "utf-8")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text("utf-8")))
    reader.start()
    outputs = [f"text={pipe}", f"text={os.devnull}", f"text={other}"]
    arguments = [part for each in outputs for part in ("--output", each)]
    assert cli.run(["diff", str(wheel), str(wheel), *arguments]) == 0
    reader.join(10)
    assert got[0] == other.read_text("utf-8")
    assert "CLEAR" in got[0]


def test_a_report_may_lie_in_the_project_that_it_is_about(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", plugin())
    report = project / "report.md"
    for _ in range(2):
        cli.run(["check", str(project), "--output", f"markdown={report}"])
        assert report.read_text("utf-8").startswith("# `demo-plugin 1.0.0`")
