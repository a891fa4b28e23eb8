"""Reports that were written as JSON, as far as they say what to review again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from stigmem_review import limits
from stigmem_review.errors import IncompleteError, RefusedError, SourceError, UsageError
from stigmem_review.sources.disk import read_file
from stigmem_review.text import shorten


class _Source(msgspec.Struct, frozen=True):
    kind: str
    asked: str
    file: str = ""
    sha256: str = ""


class _Side(msgspec.Struct, frozen=True):
    side: Literal["old", "new"]
    source: _Source


class _Verdict(msgspec.Struct, frozen=True):
    exit_code: int


class _Commands(msgspec.Struct, frozen=True):
    review: str


class Reported(msgspec.Struct, frozen=True):
    """One review that was reported: its sides, what identifies it, and whether it was closed."""

    node: str
    plugin: str
    verdict: _Verdict
    reviewed: tuple[_Side, _Side]
    commands: _Commands | None = None
    old_node: str = ""


class _Bump(msgspec.Struct, frozen=True):
    report: Reported | None = None


class _BumpReport(msgspec.Struct, frozen=True):
    bumps: tuple[_Bump, ...]
    findings: tuple[msgspec.Raw, ...]
    asked: tuple[str, str] = ("", "")
    commands: _Commands | None = None


class ReportedChange(NamedTuple):
    """A change of a repository that was reported as closed, and what identifies that review."""

    base: str
    head: str
    review: str


class Closed(NamedTuple):
    """What of a report was closed: reviews of releases, or a change that is decided as a whole."""

    reviews: tuple[Reported, ...]
    change: ReportedChange | None = None


def read_report(path: str) -> Closed:
    """Return what was closed of what a report in JSON is about.

    Raises ``UsageError`` where it is none of this tool's.
    """
    try:
        data = read_file(Path(path), limits.REPORT_BYTES)
    except SourceError as error:
        raise UsageError(f"the report {error.text}") from None
    change = None
    try:
        if "bumps" in msgspec.json.decode(data, type=dict[str, msgspec.Raw]):
            whole = msgspec.json.decode(data, type=_BumpReport)
            reports = [each.report for each in whole.bumps if each.report is not None]
            # Releases alone can be asked for without their repository.
            if whole.commands is not None and whole.findings:
                change = ReportedChange(*whole.asked, whole.commands.review)
        else:
            reports = [msgspec.json.decode(data, type=Reported)]
    except (ValueError, RecursionError):
        raise UsageError(
            f"{shorten(path, 120)} is no report of diff or bump; write one with --output "
            f"json={shorten(path, 120)}, or name OLD and NEW"
        ) from None
    closed = (each for each in reports if each.verdict.exit_code)
    return Closed(tuple(closed), change)


def again(reported: Reported, artifacts: str | None) -> tuple[str, str]:
    """Return what asks for both sides of a reported review.

    A file is taken from the folder ``artifacts``, where there is one. Raises ``IncompleteError``
    where it is not there.
    """
    one, two = (_again(each.source, artifacts) for each in reported.reviewed)
    return one, two


def _again(source: _Source, artifacts: str | None) -> str:
    if source.kind == "none":
        return "none"
    if artifacts is not None and source.file:
        path = Path(artifacts) / source.file
        if not path.exists():
            raise IncompleteError(f"there is no {source.file} in {artifacts}; put it there")
        return str(path)
    return source.asked


def _short(digest: str) -> str:
    return f"{digest[:12]}..." if digest else "not read"


def check_same(reported: Reported, digests: tuple[str, str]) -> None:
    """Check that both sides are the bytes that were reported. Raises ``RefusedError``."""
    for each, digest in zip(reported.reviewed, digests, strict=True):
        if digest != each.source.sha256:
            raise RefusedError(
                f"the {each.side} release is not the one that was reported: "
                f"{shorten(each.source.file or each.source.asked, 120)} was "
                f"{_short(each.source.sha256)} and is {_short(digest)}; review it again"
            )
