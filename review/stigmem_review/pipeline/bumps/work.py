"""What a report about a change is made of, while it is collected."""

from __future__ import annotations

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
from stigmem_review.text import Segment


class Work:
    """What is asked for, and what the report says so far.

    ``moved`` if anything that is deployed changed, ``plugins`` the names of the plugins whose pin
    did, ``reviewed`` the releases that are pinned now and were not before, and ``looked_at`` where
    their pins stand.
    """

    def __init__(
        self,
        terms: Terms,
        old: Pins,
        new: Pins,
        folder: Folder | None,
        again: tuple[str, ...],
        shown: str | None,
    ) -> None:
        self.terms = terms
        self.folder = folder
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

    def judge(self, name: str, fact: Fact) -> None:
        """Add what the rules say of a fact about a distribution, or about the repository."""
        case = build_pin_case(name or "this repository", self.terms.node)
        judged = self.terms.policy.judge((fact,), case, self.terms.rulebook, name)
        self.findings += judged.findings
        self.off += judged.off

    def say_before(self, line: Aside) -> None:
        """Say that a line was there before, and what of it is not reviewed."""
        says = (Segment(line.text, theirs=True), Segment(f": {line.why}, as before"))
        self.as_before.append(Line(str(line.at), says))


def wanted(pin: Pin) -> str:
    """Return what a pin asks for."""
    return f"{pin.name}=={pin.version}"


def key(line: Aside | Local | Loose) -> tuple[str, str]:
    """Return what a line is known by, wherever in its file it stands."""
    return line.at.path, line.text


_WEIGHT = ("incomplete", "blocked", "needs approval", "clear")


def heaviest(each: Bump) -> tuple[int, str]:
    """Return what sorts what weighs most to the front."""
    return _WEIGHT.index(each.state), each.plugin
