"""The approvals of a repository, as an auditor asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from stigmem_review.approvals.match import ends_soon, last_day
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import AnyRecord, Baseline, Record
from stigmem_review.approvals.store import read_approvals, repository_top
from stigmem_review.errors import ApprovalsError, ReviewError, SourceError, UsageError
from stigmem_review.pipeline.origins import NOWHERE, record_origins
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.sources.git import Origin, Repository

State = Literal["in force", "ends soon", "ended", "not begun"]


class Audited(msgspec.Struct, frozen=True):
    """One approval, what it is worth on a day, and who brought it into the repository.

    It is of an upgrade to a ``release``, of a ``change`` of the repository's own files, or of one
    plugin of a ``baseline``, which ran before anybody reviewed it.
    ``commit``, ``author`` and ``committed`` (an ISO 8601 time) are those of the last commit that
    touched the record; they are empty for what is not committed as it stands, and outside a
    repository.
    """

    kind: Literal["release", "change", "baseline"]
    by: str
    reason: str
    approved: date
    until: date
    state: State
    findings: tuple[str, ...]
    fingerprints: tuple[str, ...]
    line: int
    plugin: str = ""
    old: str = ""
    new: str = ""
    old_sha256: str = ""
    new_sha256: str = ""
    files: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    commit: str = ""
    author: str = ""
    committed: str = ""


def audit(
    path: str,
    today: date,
    allowed: ApprovalsPolicy,
    *,
    since: date | None = None,
    until: date | None = None,
    at: str | None = None,
) -> tuple[Audited, ...]:
    """Return the approvals in a file, in its order.

    Those count that were made from the day ``since`` to the day ``until``. With ``at`` the file is
    read from that revision of the repository it is in. Raises ``ApprovalsError`` for a file in
    error or one that is not there, and ``UsageError`` for a revision that is none.
    """
    if at is None:
        _, records = read_approvals(Path(path))
        committed = _committed(path)
        found = [(each, committed.get(replace(each, line=0), NOWHERE)) for each in records.all()]
    else:
        found = _at(path, at)
    return tuple(
        _audited(each, what, origin, today, allowed)
        for each, origin in found
        for what in _what(each)
        if (since is None or each.approved >= since) and (until is None or each.approved <= until)
    )


def _audited(
    record: AnyRecord,
    what: Mapping[str, Any],
    origin: Origin,
    today: date,
    allowed: ApprovalsPolicy,
) -> Audited:
    last = last_day(record, allowed)
    state: State = "in force"
    if today < record.approved:
        state = "not begun"
    elif today > last:
        state = "ended"
    elif ends_soon(last, today):
        state = "ends soon"
    return Audited(
        **what,
        by=record.by,
        reason=record.reason,
        approved=record.approved,
        until=last,
        state=state,
        line=record.line,
        commit=origin.commit,
        author=origin.author,
        committed=origin.committed,
    )


def _what(record: AnyRecord) -> Iterator[dict[str, Any]]:
    """Yield each thing that a record is about."""
    if isinstance(record, Baseline):
        yield from (_release(each, "baseline") for each in record.releases())
    elif isinstance(record, Record):
        yield _release(record, "release")
    else:
        files = dict.fromkeys(each.change.file for each in record.findings)
        yield {
            "kind": "change",
            "fingerprints": tuple(each.fingerprint for each in record.findings),
            "files": tuple(files),
            "findings": tuple(
                f"{each.rule} {each.item}: {each.says} ({each.change.file}: "
                f"{each.change.old or 'nothing'} -> {each.change.new or 'nothing'})"
                for each in record.findings
            ),
        }


def _release(record: Record, kind: str) -> dict[str, Any]:
    old, new = record.old, record.new
    return {
        "kind": kind,
        "fingerprints": tuple(each.fingerprint for each in record.findings),
        "plugin": record.plugin,
        "old": (old.version or old.file) if old else "none",
        "new": (new.version or new.file) if new else "none",
        "old_sha256": old.sha256 if old else "",
        "new_sha256": new.sha256 if new else "",
        "findings": tuple(f"{each.rule} {each.item}: {each.says}" for each in record.findings),
        "incomplete": tuple(f"{each.what}: {each.why}" for each in record.incomplete),
    }


def _at(path: str, revision: str) -> list[tuple[AnyRecord, Origin]]:
    """Return the records that a revision has at a path, and where each one comes from."""
    file = Path(path)
    try:
        repository = Repository(file.parent)
        commit = repository.commit(revision)
        if repository.top is None:
            raise UsageError("--at needs a repository with a work tree; name one")
        below = Path(os.path.realpath(file)).relative_to(repository.top).as_posix()
        data = repository.tree(commit).read(below)
        if data is None:
            raise ApprovalsError(f"there are no approvals {below} in {revision}")
        records = parse_approvals(data, f"{revision}:{below}")
        origins = record_origins(repository, commit, below, data, records)
    except SourceError as error:
        raise UsageError(error.text) from None
    return [(each, origins[each.line]) for each in records.all()]


def _committed(path: str) -> dict[AnyRecord, Origin]:
    """Return where each record comes from that is committed as it stands in the file."""
    if repository_top(Path(path).parent) is None:
        return {}
    try:
        return {replace(each, line=0): origin for each, origin in _at(path, "HEAD")}
    except ReviewError:
        # Whatever was committed before, it is nothing that says where these records come from.
        return {}
