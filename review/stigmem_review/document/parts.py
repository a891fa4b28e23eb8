"""The parts of a report."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review._version import __version__
from stigmem_review.approvals.record import Approval
from stigmem_review.compare.signers import SigningOutcome
from stigmem_review.forecast.ledger import State
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.rollback import On
from stigmem_review.model import (
    Act,
    AnySignature,
    Gap,
    HeldAgainst,
    Level,
    Manifest,
    Observation,
    Side,
    Source,
    SourceDiff,
    Unknown,
)
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.text import Message
from stigmem_review.verdict import Verdict

Sign = Literal["", "+", "-", "?"]
"""An item that stayed, was added, was removed, or could not be read."""


class Item(msgspec.Struct, frozen=True):
    """One item of a field that changed, what became of it, and what it amounts to."""

    text: str
    sign: Sign = ""
    remark: str = ""


class Row(msgspec.Struct, frozen=True):
    """One field that changed."""

    field: str
    items: tuple[Item, ...]


class Line(msgspec.Struct, frozen=True):
    """Something said in one line: what it is about, and the statement."""

    what: str
    says: Message


class Gained(msgspec.Struct, frozen=True):
    """What is gained, in words that complete "it ...", at the level of what was found of it."""

    level: Level
    says: Message


class Consulted(msgspec.Struct, frozen=True):
    """What an operator decided, and where it was read.

    ``sha256`` is that of a policy, of approvals and of an env file, ``remark`` what is to be known
    of it. The ``ledger`` is that of the node's migrations.
    """

    what: Literal["policy", "rules", "approvals", "node's settings", "trust root", "ledger"]
    path: str
    sha256: str = ""
    remark: str = ""


class Tool(msgspec.Struct, frozen=True):
    """What made the report."""

    name: str
    version: str
    rules: int
    rules_sha256: str


def tool(rulebook: Rulebook) -> Tool:
    """Return what is making a report, with the rules it goes by."""
    return Tool("stigmem-review", __version__, len(rulebook.rules), rulebook.digest)


def judged(node: str, judged_as: str, old_node: str = "") -> str:
    """Return a node in words: which it was before, where it moves, and as what it is judged.

    ``judged_as`` is the newest node that is known, where this one is newer.
    """
    moves = f"{old_node} -> {node}" if old_node else node
    return f"{moves} (judged as {judged_as}, the newest that is known here)" if judged_as else moves


class Reviewed(msgspec.Struct, frozen=True):
    """One release as the report presents it.

    ``observed`` and ``behaviour`` are all that its code does, as far as it was ``walked``, and
    ``held_against`` the sdist of the same release that a wheel was compared with.
    """

    side: Side
    plugin: str
    version: str
    source: Source
    signed_by: str = ""
    manifest: Manifest | Unknown | None = None
    walked: bool = False
    observed: tuple[Observation, ...] = ()
    behaviour: tuple[Act, ...] = ()
    signature: AnySignature | None = None
    held_against: HeldAgainst | None = None

    @property
    def comparison(self) -> tuple[str, str] | None:
        """The sdist that a wheel was compared with, and what that showed, if it could be done."""
        held = self.held_against
        if held is None or held.why:
            return None
        differing = len(held.unlike)
        said = f"{differing} of its files differ or are not in it" if differing else "all is in it"
        return held.file, said


class AcceptedPart(msgspec.Struct, frozen=True):
    """A part of a review that could not be done, and what accepts that."""

    gap: Gap
    approval: Approval


class Back(msgspec.Struct, frozen=True):
    """What becomes of the old release on a database on which the new one has started once.

    ``on`` says which: ``upgraded``, ``new`` if the new release set it up, or ``yours`` if a ledger
    of it was given. ``prints`` are what the node prints where it refuses one; ``why`` is what
    cannot be told.
    """

    on: On
    backend: str
    upgrade: State
    upgrade_prints: str
    rollback: State
    rollback_prints: str
    why: str = ""


class Foretold(msgspec.Struct, frozen=True):
    """What nodes do with a release while they start: which, and what it may come to.

    Each outcome may come, where its conditions hold; the last is what comes else.
    """

    nodes: str
    outcomes: tuple[Outcome, ...]


class Commands(msgspec.Struct, frozen=True):
    """What decides about a closed gate: a command to look closer, and one to approve.

    ``review`` identifies what there is to decide: the artifacts, the findings, and what could not
    be reviewed. ``approve`` is empty where that cannot be approved, and ``remark`` says why, or
    what is to be known of it.
    """

    review: str
    look: str
    approve: str = ""
    remark: str = ""


class Size(msgspec.Struct, frozen=True):
    """How much there is to read: files that differ, and lines that only one release has.

    ``uncounted`` are files among them that are no text, or too large to be held line by line.
    """

    files: int = 0
    added: int = 0
    removed: int = 0
    uncounted: int = 0

    @property
    def lines(self) -> int:
        """Lines that are new, or gone."""
        return self.added + self.removed


class Report(msgspec.Struct, frozen=True):
    """A whole review. Every string in it is printable ASCII on one line.

    ``format`` is the version of this document's structure. ``headline`` stands above what the
    upgrade ``gains``, heaviest first, and ``signed`` says who signed it. ``already`` are states
    both releases are in, ``code`` what the code of the new one does that is no news,
    ``unchanged`` the fields that are the same, ``files`` the files of
    the package that differ, ``signatures`` what verifying each showed and ``signing`` what that
    amounts to, ``consulted`` what it went by, ``go_back`` what going back installs,
    ``not_assessed`` what no part of the tool looked at, and why; ``off`` are findings that the
    policy turned off, ``source`` what differs of the code, where that was asked for. ``approvals``
    are what approves it, or nearly does, and ``on_file`` other records about the plugin;
    ``accepted`` are parts that could not be done; ``commands`` are there where the gate is closed.
    ``old_node`` is the node that the old release runs on, where the node moves as well.
    ``judged_as`` is the newest node that is known, where the one it is for is newer.
    ``forecast`` is what nodes do with the new release while they start, ``starting`` in lines.
    ``way_back`` says whether the old release would load again, and how, and ``backs`` on which
    database. ``starts`` and ``back`` say both in one line each, and ``size`` how much of the
    package changed, where both releases carry their files. ``silent`` are rules that are about
    something that was found and do not apply, where that was asked for.
    """

    format: Literal[1]
    tool: Tool
    node: str
    plugin: str
    verdict: Verdict
    headline: Message
    gains: tuple[Gained, ...]
    signed: Message
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    unchanged: tuple[Item, ...]
    already: tuple[Line, ...]
    code: tuple[Line, ...]
    files: tuple[Item, ...]
    signatures: tuple[Line, ...]
    signing: SigningOutcome | None
    not_assessed: tuple[Line, ...]
    checklist: tuple[Line, ...]
    go_back: str
    reviewed: tuple[Reviewed, ...]
    consulted: tuple[Consulted, ...] = ()
    off: tuple[Finding, ...] = ()
    source: SourceDiff | None = None
    approvals: tuple[Line, ...] = ()
    on_file: tuple[Line, ...] = ()
    accepted: tuple[AcceptedPart, ...] = ()
    commands: Commands | None = None
    old_node: str = ""
    way_back: tuple[Line, ...] = ()
    backs: tuple[Back, ...] = ()
    forecast: tuple[Foretold, ...] = ()
    starting: tuple[Line, ...] = ()
    judged_as: str = ""
    starts: Message = ()
    back: Message = ()
    size: Size | None = None
    silent: tuple[Line, ...] = ()

    @property
    def nodes(self) -> str:
        """The node that the review is for, and the one before where that is another."""
        return judged(self.node, self.judged_as, self.old_node)
