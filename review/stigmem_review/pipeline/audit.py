"""The approvals of a repository, as an auditor asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from stigmem_review import limits
from stigmem_review.approvals.match import ends_soon, last_day
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import AnyRecord, Baseline, Record
from stigmem_review.errors import ApprovalsError, SourceError, UsageError
from stigmem_review.pipeline.leniency import Leniency, Lenient, of_env_file, of_policy
from stigmem_review.pipeline.origins import Committed, record_origins
from stigmem_review.pipeline.terms import (
    Decisions,
    beside,
    find_policy,
    from_disk,
    from_tree,
    in_tree,
    named_file,
    on_disk,
    read_policy,
)
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.rulebook import shipped_rules
from stigmem_review.sources.git import Origin, Repository, Tree

State = Literal["in force", "ends soon", "ended", "not begun"]


Kind = Literal["release", "change", "baseline", Leniency]


class Audited(msgspec.Struct, frozen=True):
    """One thing that may pass, what that is worth on a day, and who brought it into the repository.

    It is an approval of an upgrade to a ``release``, of a ``change`` of the repository's own files,
    or of one plugin of a ``baseline``, which ran before anybody reviewed it; or what policy and env
    file let pass by themselves, of which nobody says by whom, why, or until when. ``line`` is that
    in ``file``, and ``files`` are those that a change is about.
    ``commit``, ``author`` and ``committed`` (an ISO 8601 time) are those of the last commit that
    touched it; they are empty for what is not committed as it stands, and outside a repository.
    """

    kind: Kind
    state: State
    file: str
    line: int
    findings: tuple[str, ...]
    by: str = ""
    reason: str = ""
    approved: date | None = None
    until: date | None = None
    plugin: str = ""
    old: str = ""
    new: str = ""
    old_sha256: str = ""
    new_sha256: str = ""
    fingerprints: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    commit: str = ""
    author: str = ""
    committed: str = ""

    def is_from(self, since: date | None, until: date | None) -> bool:
        """Say whether it is from some days: when it was approved, or else committed.

        What nobody committed is from today, and in no past.
        """
        day = self.approved
        if day is None and self.committed:
            day = datetime.fromisoformat(self.committed).date()
        if day is None:
            return until is None
        return (since is None or day >= since) and (until is None or day <= until)


class Where(NamedTuple):
    """Where the files stand that let something pass, and as of which revision they are asked for.

    ``approvals`` and ``policy`` are paths on this machine; without ``at`` they are read as they
    are there, and with it a policy that nobody named is the one that held in that revision, unless
    ``isolated``. Approvals that somebody named have to be there (``is_named``).
    """

    approvals: str | None
    policy: str | None = None
    at: str | None = None
    isolated: bool = False
    is_named: bool = False


def audit(
    where: Where, today: date, *, since: date | None = None, until: date | None = None
) -> tuple[Audited, ...]:
    """Return all that may pass, in the order of its files: approvals first.

    That counts which is from the day ``since`` to the day ``until``. Raises ``ApprovalsError`` and
    ``PolicyError`` for a file in error, and ``UsageError`` for a revision that is none.
    """
    near = Path(where.approvals or where.policy or "policy").parent
    files = _Files(where.at, near)
    policy = files.policy(where)
    decided = read_policy(policy, files.read, files.listed)
    found: list[Audited] = []
    if where.approvals is not None and (where.is_named or files.has(where.approvals)):
        found += _approvals(files, where.approvals, today, decided.file.policy.approvals)
    found += _lenient(files, decided)
    return tuple(each for each in found if each.is_from(since, until))


class _Files:
    """Files of this machine, or of a revision of the repository they are in."""

    def __init__(self, at: str | None, near: Path) -> None:
        self._at = at
        self._repository: Repository | None = None
        self._tree: Tree | None = None
        try:
            self._repository = Repository(near)
            self._commit = self._repository.commit(at or "HEAD")
            self._tree = self._repository.tree(self._commit)
        except SourceError as error:
            if at is not None:
                raise UsageError(error.text) from None
        if at is not None and (self._repository is None or self._repository.top is None):
            raise UsageError("--at needs a repository with a work tree; name one")

    def name(self, path: str) -> str:
        """Return what a file is called where it is read: in a revision, from the top."""
        return path if self._at is None else self._below(path)

    def policy(self, where: Where) -> str | None:
        """Return what the policy is called that holds, if any does."""
        if where.policy is not None:
            return self.name(where.policy)
        if self._at is None or self._tree is None or where.isolated:
            return None
        here = self._below(".")
        return find_policy("" if here == "." else here, self._tree.read)[0]

    def has(self, path: str) -> bool:
        """Say whether there is a file."""
        if self._at is None or self._tree is None:
            return os.path.lexists(path)
        return self._tree.read(self._below(path)) is not None

    def _below(self, path: str) -> str:
        top = self._repository.top if self._repository else None
        try:
            return Path(os.path.realpath(path)).relative_to(top or "").as_posix()
        except ValueError:
            return ""

    def read(self, name: str, limit: int) -> bytes:
        """Return a file by the name it is read by. Raises ``SourceError``."""
        if self._at is None or self._tree is None:
            return from_disk(name, limit)
        return from_tree(self._tree, f"in {self._at}", name, limit)

    def listed(self, folder: str) -> Iterable[str]:
        """Return the files below a folder. Raises ``SourceError``."""
        if self._at is None or self._tree is None:
            return on_disk(folder)
        return in_tree(self._tree, f"in {self._at}", folder)

    def committed(self, name: str) -> Committed:
        """Return a file as it is committed; nothing of it where it is not."""
        below = self._below(name) if self._at is None else name
        if self._repository is None or self._tree is None or not below:
            return Committed()
        try:
            data = self._tree.read(below)
            if data is None:
                return Committed()
            return Committed(data, self._repository.origins(self._commit, below))
        except SourceError:
            return Committed()


def _approvals(
    files: _Files, path: str, today: date, allowed: ApprovalsPolicy
) -> Iterator[Audited]:
    name = files.name(path)
    data = named_file(name, "the approvals", limits.APPROVALS_BYTES, files.read, ApprovalsError)
    records = parse_approvals(data, name)
    origins = record_origins(files.committed(name), records, name)
    for each in records.all():
        for what in _what(each):
            yield _audited(each, what, origins[each.line], today, allowed, name)


def _lenient(files: _Files, decided: Decisions) -> Iterator[Audited]:
    """Yield what policy and env file let pass by themselves."""
    policy = decided.file
    if policy.path:
        book = decided.rulebook or shipped_rules()
        yield from _each(of_policy(policy, book), files, policy.path, policy.text)
    if policy.policy.node.env_file:
        path = beside(policy, policy.policy.node.env_file)
        data = named_file(path, "the env file", limits.ENV_FILE_BYTES, files.read)
        yield from _each(of_env_file(data, path), files, path, data.decode("utf-8"))


def _each(found: Iterable[Lenient], files: _Files, path: str, text: str) -> Iterator[Audited]:
    lines, committed = text.split("\n"), files.committed(path)
    for each in found:
        said = lines[each.line - 1] if each.line else ""
        origin = committed.line(said)
        yield Audited(
            each.kind,
            "in force",
            path,
            each.line,
            (each.says,),
            plugin=each.plugin,
            commit=origin.commit,
            author=origin.author,
            committed=origin.committed,
        )


def _audited(
    record: AnyRecord,
    what: Mapping[str, Any],
    origin: Origin,
    today: date,
    allowed: ApprovalsPolicy,
    file: str,
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
        file=file,
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
