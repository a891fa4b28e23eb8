"""What RECORD may get wrong is a problem of the release, never an error of the review."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmem_review import limits
from stigmem_review.model import Problem
from stigmem_review.sources.record import record_problems
from stigmem_review.sources.wheel import read_wheel
from support.archives import (
    INFO,
    METADATA,
    MODULE,
    WHEEL,
    record_row,
    wheel_files,
    zipped,
)

RECORD = f"{INFO}/RECORD"
ROW = record_row("demo/__init__.py", MODULE)


def problems(edit: Callable[[str], str | bytes]) -> tuple[Problem, ...]:
    files = wheel_files()
    changed = edit(files[RECORD].decode())
    files[RECORD] = changed if isinstance(changed, bytes) else changed.encode()
    return read_wheel(WHEEL, WHEEL, zipped(files)).problems


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("\n", "\r\n"),
        (ROW, record_row("demo/__init__.py", MODULE, "sha384")),
        (ROW, record_row("demo/__init__.py", MODULE, "sha512")),
        (ROW, ROW.replace("demo/__init__.py", '"demo/__init__.py"')),
        (ROW, ROW.rpartition(",")[0] + ","),
        (ROW, ROW.replace(f",{len(MODULE)}", f"=,{len(MODULE)}")),
        (f"{RECORD},,\n", ""),
        (f"{RECORD},,\n", f"{RECORD},,"),
        (f"{RECORD},,\n", f"{RECORD},,\n\n"),
    ],
)
def test_an_honest_record_proves_the_files(old: str, new: str) -> None:
    assert problems(lambda text: text.replace(old, new)) == ()


@pytest.mark.parametrize(
    ("old", "new", "item", "words"),
    [
        (ROW, record_row("demo/__init__.py", b"other"), "demo/__init__.py", "sha256 hash that"),
        (ROW, record_row("demo/__init__.py", MODULE, "md5"), "demo/__init__.py", "md5 hash"),
        (ROW, record_row("demo/__init__.py", MODULE, "sha1"), "demo/__init__.py", "sha1 hash"),
        (ROW, "demo/__init__.py,,", "demo/__init__.py", "no hash instead of sha256"),
        (ROW, ROW + "1", "demo/__init__.py", f"has {len(MODULE)} bytes, RECORD says"),
        (ROW, ROW.rpartition(",")[0] + ",many", "demo/__init__.py", "RECORD says many"),
        (ROW, ROW + "\n" + ROW, "demo/__init__.py", "listed in RECORD twice"),
        (ROW + "\n", "", "demo/__init__.py", "in the wheel and not listed"),
        (ROW, ROW + "\ngone.py,sha256=x,1", "gone.py", "listed in RECORD and not in the wheel"),
        (ROW, ROW + ",", RECORD, "line 1 has 4 fields instead of 3"),
        (ROW, '"' + ROW, RECORD, "cannot be read: line"),
        (ROW, "one\rfield" + ROW, RECORD, "cannot be read: line 1"),
        (ROW, ROW + "\x1b,,,", RECORD, "cannot be read"),
    ],
)
def test_a_record_that_does_not_fit_is_a_problem(old: str, new: str, item: str, words: str) -> None:
    (problem,) = problems(lambda text: text.replace(old, new))
    assert (problem.kind, problem.item) == ("record-mismatch", item)
    assert words in problem.why
    assert problem.why.isascii()
    assert problem.at is not None


def test_a_record_that_is_no_text_is_a_problem() -> None:
    (problem,) = problems(lambda text: b"\xff" + text.encode())
    assert "byte 0 is not UTF-8" in problem.why


def test_a_missing_record_is_a_problem() -> None:
    files = wheel_files()
    del files[RECORD]
    (problem,) = read_wheel(WHEEL, WHEEL, zipped(files)).problems
    assert (problem.kind, problem.item) == ("record-mismatch", RECORD)


def test_signatures_of_the_record_need_no_entry() -> None:
    files = wheel_files() | {f"{RECORD}.jws": b"{}", f"{RECORD}.p7s": b""}
    assert read_wheel(WHEEL, WHEEL, zipped(files)).problems == ()
    files |= {f"{RECORD}.pgp": b""}
    assert len(read_wheel(WHEEL, WHEEL, zipped(files)).problems) == 1


def test_many_mismatches_are_counted_and_not_all_listed() -> None:
    files = wheel_files()
    files |= {f"demo/{number}.py": METADATA for number in range(19)}
    assert len(record_problems(files, RECORD)) == 19
    files |= {f"demo/more{number}.py": METADATA for number in range(6)}
    found = record_problems(files, RECORD)
    assert len(found) == 20
    assert found[-1].item == "demo/more0.py"
    assert found[-1].why.endswith("not listed: 5.")


def test_an_endless_record_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    files = wheel_files()
    monkeypatch.setattr(limits, "ENTRIES", 3)
    assert "more than the limit of 3 files" in record_problems(files, RECORD)[0].why
    monkeypatch.setattr(limits, "RECORD_BYTES", 9)
    assert "exceeds the limit of 9 bytes" in record_problems(files, RECORD)[0].why
