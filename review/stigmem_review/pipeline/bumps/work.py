"""What a report about a change is made of, while it is collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec.structs import replace

from stigmem_review.approvals.record import Change
from stigmem_review.case import build_pin_case
from stigmem_review.document.bump import Bump
from stigmem_review.document.parts import Line
from stigmem_review.facts import Fact
from stigmem_review.model import Gap, Location
from stigmem_review.pins.model import Aside, Local, Loose, Pin
from stigmem_review.pins.repository import Pins
from stigmem_review.pipeline.terms import Terms
from stigmem_review.rulebook import Finding
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.network import Network
from stigmem_review.text import Segment


class Work:
    """What is asked for, and what the report says so far.

    ``moved`` if anything that is deployed changed, ``plugins`` the names of the plugins whose pin
    did, ``reviewed`` the releases that are pinned now and were not before, and ``looked_at`` where
    their pins stand. Where only what is ``at_hand_alone`` is looked at, ``left`` are the pins
    whose files are not.
    """

    def __init__(
        self,
        terms: Terms,
        old: Pins,
        new: Pins,
        folder: Folder | None,
        again: tuple[str, ...],
        shown: str | None,
        network: Network,
    ) -> None:
        self.terms = terms
        self.folder = folder
        self.network = network
        self.again = again
        self.shown = shown
        self.old = old
        self.new = new
        self.bumps: list[Bump] = []
        self.findings: list[Finding] = []
        self.off: list[Finding] = []
        self.gaps: list[Gap] = []
        self.others: list[Line] = []
        self.as_before: list[Line] = []
        self.plugins: set[str] = set()
        self.moved = False
        self.reviewed: set[tuple[str, str]] = set()
        self.looked_at: set[Location] = set()
        self.brought: frozenset[str] = frozenset()
        self.at_hand_alone = False
        self.left: list[str] = []

    def judge(self, name: str, fact: Fact, old: str = "", new: str = "") -> None:
        """Add what the rules say of a fact about a distribution, or about the repository.

        ``old`` and ``new`` are what the base and the head have in the file where the fact is so.
        """
        case = build_pin_case(name or "this repository", self.terms.node)
        judged = self.terms.policy.judge((fact,), case, self.terms.rulebook, name)
        # Nothing is approved that binds nothing: where no state is known, what it is about is one.
        new = new if new or old else fact.item
        change = Change(fact.at.path if fact.at else ".", bound(old), bound(new))
        self.findings += (replace(each, change=change) for each in judged.findings)
        self.off += judged.off

    def say_before(self, line: Aside) -> None:
        """Say that a line was there before, and what of it is not reviewed."""
        says = (Segment(line.text, theirs=True), Segment(f": {line.why}, as before"))
        self.as_before.append(Line(str(line.at), says))


_SHOWN = 300
"""How long a text is that a record of an approval repeats."""


def bound(text: str) -> str:
    """Return a text that stands for exactly one other, and is no longer than a record holds."""
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}... (sha256 {sha256(text.encode('utf-8', 'replace')).hexdigest()})"


def digest(data: bytes | None) -> str:
    """Return what stands for all of a file; nothing where there is none."""
    return "" if data is None else f"sha256 {sha256(data).hexdigest()}"


def pinned(pins: Iterable[Pin]) -> str:
    """Return what some pins ask for, with their hashes, whatever lines they stand on."""
    return ", ".join(sorted({_pinned(pin) for pin in pins}))


def _pinned(pin: Pin) -> str:
    marker = [f"; {pin.marker}"] if pin.marker else []
    extras = f"[{','.join(pin.extras)}]" if pin.extras else ""
    hashes = (f"--hash={each}" for each in pin.hashes)
    return " ".join((f"{pin.name}{extras}=={pin.version}", *marker, *hashes))


def wanted(pin: Pin) -> str:
    """Return what a pin asks for."""
    return f"{pin.name}=={pin.version}"


def few(texts: Sequence[str]) -> tuple[Segment, Segment]:
    """Return the first of some texts, and how many more there are."""
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return Segment(", ".join(texts[:3]), theirs=True), Segment(more)


def key(line: Aside | Local | Loose) -> tuple[str, str]:
    """Return what a line is known by, wherever in its file it stands."""
    return line.at.path, line.text


_WEIGHT = ("incomplete", "blocked", "needs approval", "clear")


def heaviest(each: Bump) -> tuple[int, str]:
    """Return what sorts what weighs most to the front."""
    return _WEIGHT.index(each.state), each.plugin
