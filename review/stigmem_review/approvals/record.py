"""The nouns of an approval. Frozen, serialisable, no logic."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
from msgspec.structs import replace

from stigmem_review.model import Signer

APPROVALS_FILE = "stigmem-review.approvals.toml"
"""Where approvals stand, beside the policy."""

INCOMPLETE_DAYS = 7
"""How long an incomplete review can be accepted, whatever the policy says."""

SOON_DAYS = 14
"""How long before it ends an approval is announced to end."""


class Artifact(msgspec.Struct, frozen=True):
    """One side of an upgrade, by its bytes.

    ``sha256`` is that of the file, or of a directory the digest of its tree
    (``sources.tree.tree_digest``); ``version`` is empty where it is not known. ``signers`` are who
    signed it, as far as that was verified.
    """

    file: str
    sha256: str
    version: str = ""
    signers: tuple[Signer, ...] = ()


SIGNER_KEYS = {
    "identity": "identity",
    "kind": "kind",
    "issuer": "issuer",
    "repository": "repository",
    "repository_id": "repository-id",
    "workflow": "workflow",
    "ref": "ref",
    "builder": "builder",
}
"""What a record says of a signer, by the key it stands under: what of one release is so of the
next. How this one was built is not."""


class Accepted(msgspec.Struct, frozen=True):
    """One finding that was accepted: its rule, what it is about, its fingerprint, and its words."""

    rule: str
    item: str
    fingerprint: str
    says: str


class AcceptedGap(msgspec.Struct, frozen=True):
    """A part of a review that could not be done, and was accepted so."""

    what: str
    why: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What every record says: who accepted something, why, on which day, and until when.

    ``until`` is the last day on which it counts; days are those of UTC. ``node`` is the node the
    review was for. ``line`` is where the record starts in its file, and ``committed`` which commit
    it is from, and whose, where it comes with what it approves.
    """

    by: str
    reason: str
    approved: date
    until: date
    node: str = ""
    line: int = 0
    committed: str = ""


class Record(Decided, frozen=True, kw_only=True):
    """One decision about an upgrade: what was accepted, between which artifacts.

    ``old`` or ``new`` is absent where there was no release on that side. It is ``partial`` where
    findings of the review were left without approval.
    """

    plugin: str
    old: Artifact | None
    new: Artifact | None
    findings: tuple[Accepted, ...] = ()
    incomplete: tuple[AcceptedGap, ...] = ()
    partial: bool = False


class Change(msgspec.Struct, frozen=True):
    """What a change of a repository does in one place: in which file, from what to what.

    ``old`` is what the base has there and ``new`` what the head has, each empty where it has
    nothing.
    """

    file: str
    old: str = ""
    new: str = ""


class AcceptedChange(Accepted, frozen=True):
    """One finding about a change of a repository that was accepted: what it was, and where."""

    change: Change


class ChangeRecord(Decided, frozen=True, kw_only=True):
    """One decision about a change of a repository, whatever releases it deploys.

    It binds what changes in which file, and not bytes. It is ``partial`` as a ``Record`` is.
    """

    findings: tuple[AcceptedChange, ...]
    partial: bool = False


class FoundPlugin(msgspec.Struct, frozen=True):
    """A plugin that ran before anybody reviewed it: its bytes, and what a review says of them."""

    plugin: str
    artifact: Artifact
    findings: tuple[Accepted, ...] = ()


class Baseline(Decided, frozen=True, kw_only=True):
    """One decision about all that ran on a day: it is accepted as it was found.

    It covers the first installation of exactly these releases.
    """

    plugins: tuple[FoundPlugin, ...]

    def releases(self) -> tuple[Record, ...]:
        """Return what it says of each release, as a record of its installation."""
        return tuple(
            Record(
                plugin=each.plugin,
                old=None,
                new=each.artifact,
                by=self.by,
                reason=self.reason,
                approved=self.approved,
                until=self.until,
                findings=each.findings,
                node=self.node,
                line=self.line,
                committed=self.committed,
            )
            for each in self.plugins
        )


AnyRecord = Record | ChangeRecord | Baseline


class Records(msgspec.Struct, frozen=True):
    """All records of a file, those of a kind in its order."""

    releases: tuple[Record, ...] = ()
    changes: tuple[ChangeRecord, ...] = ()
    baselines: tuple[Baseline, ...] = ()

    @property
    def of_releases(self) -> tuple[Record, ...]:
        """What is said of releases, be it by a record of their own or as they were found."""
        found = (record for each in self.baselines for record in each.releases())
        return (*self.releases, *found)

    def all(self) -> tuple[AnyRecord, ...]:
        """Return them all, in the order of the file."""
        every: tuple[AnyRecord, ...] = (*self.releases, *self.changes, *self.baselines)
        return tuple(sorted(every, key=lambda each: each.line))

    def unplaced(self) -> Records:
        """Return them without where they stand, to be compared."""
        return Records(
            tuple(replace(each, line=0) for each in self.releases),
            tuple(replace(each, line=0) for each in self.changes),
            tuple(replace(each, line=0) for each in self.baselines),
        )

    def with_more(self, more: tuple[AnyRecord, ...]) -> Records:
        """Return them with others behind them."""
        return Records(
            (*self.releases, *(each for each in more if isinstance(each, Record))),
            (*self.changes, *(each for each in more if isinstance(each, ChangeRecord))),
            (*self.baselines, *(each for each in more if isinstance(each, Baseline))),
        )


class Approval(msgspec.Struct, frozen=True):
    """What approves a finding: who accepted it, why, on which day, and until when.

    ``by`` is what the record says; nothing here proves it. ``back`` if the record is about the
    upgrade, and the finding about going back from it. ``committed`` is the commit, and whose, that
    brings the record together with what it approves.
    """

    by: str
    reason: str
    approved: date
    until: date
    back: bool = False
    committed: str = ""


VoidBecause = Literal[
    "other bytes", "another change", "other evidence", "another finding", "ended", "not begun"
]
"""Why an approval that is nearly about a finding does not count for it."""
