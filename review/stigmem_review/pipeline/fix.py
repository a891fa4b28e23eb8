"""Corrections that are written into the files of projects, for whoever asked for that."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review.document.check import Checked, CheckReport
from stigmem_review.errors import ReportError
from stigmem_review.fixes import fixed
from stigmem_review.model import Gap
from stigmem_review.rulebook import Finding
from stigmem_review.text import clean

_ROUNDS = 8
"""How often a project is corrected and checked again; a correction can show the next mistake."""


class _Change(NamedTuple):
    """A file, its text before and after, and what that changes in words."""

    path: Path
    before: str
    after: str
    what: str


def check_and_fix(look: Callable[[], CheckReport]) -> CheckReport:
    """Write what can be corrected safely, check again, and return what is left and was written.

    ``look`` checks. A file that is no better for it gets back what it had. Raises ``ReportError``
    where a file cannot be written.
    """
    report = look()
    said: list[str] = []
    for _ in range(_ROUNDS):
        written = _written(report)
        if not written:
            break
        for each in written:
            _replace(each.path, each.before, each.after)
        again = look()
        if again.fixable >= report.fixable or len(_unread(again)) > len(_unread(report)):
            for each in written:
                _replace(each.path, each.after, each.before)
            break
        said += [clean(each.what) for each in written]
        report = again
    return replace(report, fixed=tuple(said))


def _unread(report: CheckReport) -> list[Gap]:
    return [gap for each in report.checked for gap in each.gaps]


def _written(report: CheckReport) -> list[_Change]:
    """Return the first correction that can be written of each file."""
    found: dict[Path, _Change] = {}
    for checked in report.checked:
        for mistake in checked.mistakes:
            change = _corrected(checked, mistake)
            if change:
                found.setdefault(Path(os.path.realpath(change.path)), change)
    return [*found.values()]


def _corrected(checked: Checked, mistake: Finding) -> _Change | None:
    if checked.source.kind != "directory" or mistake.at is None:
        return None
    path = Path(checked.source.asked) / mistake.at.path
    try:
        before = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    after = fixed(mistake, before)
    if after is None:
        return None
    pairs = enumerate(zip(before.splitlines(), after.splitlines(), strict=True), 1)
    changed = [f"{path}:{number}: {new.strip()}" for number, (old, new) in pairs if old != new]
    return _Change(path, before, after, "; ".join(changed))


def _replace(path: Path, before: str, after: str) -> None:
    """Put a text in the place of another, if that is still there, as a whole or not at all."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".stigmem-review-{os.urandom(8).hex()}")
    try:
        if target.read_bytes() != before.encode():
            raise ReportError(f"{path} was changed while it was checked; nothing was written")
        mode = target.stat().st_mode
        try:
            temporary.write_bytes(after.encode())
            temporary.chmod(mode & 0o7777)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; it was not corrected") from None
