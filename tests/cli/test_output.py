"""Where reports may go, and that a file is there as a whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import cli
from stigmem_review.cli.output import write_file
from stigmem_review.errors import ReportError
from support.plugins import plugin, write_wheel


def _in_a_folder_that_is_gone(folder: Path) -> str:
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()
    return "report"


def _round_in_circles(folder: Path) -> str:
    (folder / "loop").symlink_to("loop")
    return str(folder / "loop")


def _below_a_file(folder: Path) -> str:
    (folder / "file").touch()
    return str(folder / "file" / "report")


NOWHERE: dict[str, Callable[[Path], str]] = {
    "an over-long path": lambda folder: str(folder / ("a" * 5000)),
    "an over-long folder": lambda folder: str(folder / ("a" * 5000) / "report"),
    "an over-long name": lambda folder: str(folder / ("a" * 256)),
    "a folder that is gone": _in_a_folder_that_is_gone,
    "a link round in circles": _round_in_circles,
    "a path below a file": _below_a_file,
    "a NUL": lambda folder: f"{folder}/a\0b/report",
    "a folder that is not UTF-8 and not there": lambda folder: f"{folder}/\udcff/report",
    "a folder": str,
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("make", NOWHERE.values(), ids=NOWHERE)
def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_opened(
    make: Callable[[Path], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        cli.run(["diff", "no-old", "no-new", "--output", f"text={make(tmp_path)}"])
    assert stopped.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("stigmem-review: argument --output: ")
    assert len(line) < 500


def test_a_folder_without_the_right_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Whoever runs this may be allowed everything, so the system's answer is given here.
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    with pytest.raises(SystemExit):
        cli.run(["diff", "no-old", "no-new", "--output", f"text={tmp_path}/report"])
    assert f"{tmp_path} may not be written to" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report", "b" * 255, "\udcff"])
def test_a_file_is_written_whatever_its_name(name: str, tmp_path: Path) -> None:
    stale = tmp_path / f".{name[:200]}.{os.getpid()}"
    stale.write_text("left by somebody")
    path = tmp_path / name
    for text in ("one\n", "two\n"):
        write_file(path, text)
        assert path.read_bytes() == text.encode()
    assert sorted(tmp_path.iterdir()) == sorted([path, stale])


def test_who_may_read_a_file_is_as_for_any_other(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "report", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o640


def _becomes_a_folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def _loses_its_folder(path: Path) -> None:
    path.parent.rmdir()


@pytest.mark.parametrize("change", [_becomes_a_folder, _loses_its_folder])
def test_a_place_that_changed_meanwhile_is_named_and_nothing_is_left(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "reports" / "report"
    path.parent.mkdir()
    change(path)
    with pytest.raises(ReportError, match=f"{path}: .*; the report was not written there"):
        write_file(path, "text")
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_is_not_finished_is_not_left_behind(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises((ReportError, KeyboardInterrupt)):
        write_file(tmp_path / "report", "text")
    assert not list(tmp_path.iterdir())


def test_a_report_that_cannot_be_written_is_printed_all_the_same(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    command = [sys.executable, "-m", "stigmem_review", "diff", str(wheel), str(wheel)]
    done = subprocess.run(
        [*command, "--output", "text=/dev/full", "--output", f"json={tmp_path}/report.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[1].split(" (")[0]) == (3, "CLEAR")
    assert done.stderr == (
        "stigmem-review: /dev/full: No space left on device; the report was not written there\n"
    )
    assert (tmp_path / "report.json").exists()
