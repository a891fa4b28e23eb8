"""The nouns of an approval. Frozen, serialisable, no logic."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

APPROVALS_FILE = "stigmem-review.approvals.toml"
"""Where approvals stand, beside the policy."""

INCOMPLETE_DAYS = 7
"""How long an incomplete review can be accepted, whatever the policy says."""

SOON_DAYS = 14
"""How long before it ends an approval is announced to end."""


class Artifact(msgspec.Struct, frozen=True):
    """One side of an upgrade, by its bytes.

    ``sha256`` is that of the file, or of a directory the digest of its tree
    (``sources.tree.tree_digest``); ``version`` is empty where it is not known.
    """

    file: str
    sha256: str
    version: str = ""


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


class Record(msgspec.Struct, frozen=True):
    """One decision: what was accepted, between which artifacts, by whom, why, and for how long.

    ``old`` or ``new`` is absent where there was no release on that side. ``until`` is the last day
    on which it counts; days are those of UTC. ``node`` is the node the review was for. It is
    ``partial`` where findings of that review were left without approval. ``line`` is where the
    record starts in its file.
    """

    plugin: str
    old: Artifact | None
    new: Artifact | None
    by: str
    reason: str
    approved: date
    until: date
    findings: tuple[Accepted, ...] = ()
    incomplete: tuple[AcceptedGap, ...] = ()
    node: str = ""
    partial: bool = False
    line: int = 0


class Approval(msgspec.Struct, frozen=True):
    """What approves a finding: who accepted it, why, on which day, and until when.

    ``by`` is what the record says; nothing here proves it. ``back`` if the record is about the
    upgrade, and the finding about going back from it.
    """

    by: str
    reason: str
    approved: date
    until: date
    back: bool = False


VoidBecause = Literal["other bytes", "other evidence", "another finding", "ended", "not begun"]
"""Why an approval that is nearly about a finding does not count for it."""
