"""Adding to a file of approvals: nothing in it is lost, whoever else writes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.approvals.store import append, find_approvals, read_approvals
from stigmem_review.approvals.write import record_text
from stigmem_review.errors import ApprovalsError
from support.approvals import record

WRITER = """\
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from stigmem_review.approvals.store import append
from support.approvals import record
for number in range(4):
    append(Path(sys.argv[1]), record(by=f"{sys.argv[2]} {number}"))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / APPROVALS_FILE


def test_a_file_is_made_and_says_what_it_is(path: Path) -> None:
    added = append(path, record())
    assert added.before == ""
    assert added.after == path.read_text("utf-8")
    assert added.after.startswith("# What was accepted")
    assert [each.by for each in read_approvals(path)[1].releases] == [record().by]


@pytest.mark.parametrize(
    "start",
    [
        b"# ours\n\n" + record_text(record()).encode() + b"# the end\n",
        record_text(record()).encode().rstrip(b"\n"),
        record_text(record()).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + record_text(record()).encode(),
        b"\xef\xbb\xbf",
        b"# nothing yet\n",
    ],
)
def test_what_is_there_stays_to_the_byte(path: Path, start: bytes) -> None:
    path.write_bytes(start)
    known = len(parse_approvals(start, "").releases)
    append(path, record(by="One"))
    append(path, record(by="Two"))
    data = path.read_bytes()
    assert data.startswith(start)
    assert [each.by for each in parse_approvals(data, "").releases[known:]] == ["One", "Two"]
    ends = {line.endswith(b"\r\n") for line in data.splitlines(keepends=True)}
    assert len(ends) == 1


def test_many_writers_lose_nothing(path: Path) -> None:
    append(path, record(by="first"))
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name, tests]) for name in "abc"]
    assert [each.wait(60) for each in writers] == [0, 0, 0]
    names = [each.by for each in read_approvals(path)[1].releases]
    assert sorted(names) == sorted(["first", *(f"{one} {i}" for one in "abc" for i in range(4))])
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_writer_that_never_ends_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(limits, "APPROVALS_SECONDS", 0)
    held = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ApprovalsError, match="see what holds it"):
            append(path, record())
    finally:
        os.close(held)
    assert not path.exists()
    append(path, record())


@pytest.mark.parametrize("damaged", [b'[[approval]]\nby = "half', b"approval = []\n", b"\xff"])
def test_a_damaged_file_is_left_as_it_is(path: Path, damaged: bytes) -> None:
    path.write_bytes(damaged)
    with pytest.raises(ApprovalsError):
        append(path, record())
    assert path.read_bytes() == damaged
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_interrupted_writer_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(path, record())
    before = path.read_bytes()

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        append(path, record(by="Two"))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_folder_that_may_not_be_written_to_is_said(path: Path) -> None:
    with pytest.raises(ApprovalsError, match="was not recorded"):
        append(path.parent / "missing" / APPROVALS_FILE, record())


def test_rights_and_links_stay(path: Path) -> None:
    real = path.parent / "real.toml"
    append(real, record())
    real.chmod(0o640)
    path.symlink_to(real)
    append(path, record(by="Two"))
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(read_approvals(real)[1].releases) == 2


def test_threads_wait_for_each_other_too(path: Path) -> None:
    threads = [threading.Thread(target=append, args=(path, record(by=str(i)))) for i in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.by for each in read_approvals(path)[1].releases) == list("012345")


def test_it_is_found_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "deploy" / "eu"
    inner.mkdir(parents=True)
    above = tmp_path / APPROVALS_FILE
    above.write_text("")
    (tmp_path / "repository" / ".git").mkdir()
    assert find_approvals(inner) is None
    top = tmp_path / "repository" / APPROVALS_FILE
    top.write_text("")
    assert find_approvals(inner) == top
    nearer = inner.parent / APPROVALS_FILE
    nearer.write_text("")
    assert find_approvals(inner) == nearer


def test_outside_a_repository_only_the_folder_is_looked_in(tmp_path: Path) -> None:
    (tmp_path / APPROVALS_FILE).write_text("")
    (tmp_path / "inner").mkdir()
    assert find_approvals(tmp_path / "inner") is None
    assert find_approvals(tmp_path) == tmp_path / APPROVALS_FILE
