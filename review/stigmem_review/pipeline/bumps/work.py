"""What a report about a change is made of, while it is collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stigmem_review.approvals.record import Change
from stigmem_review.case import build_pin_case
from stigmem_review.document.approvals import Asked
from stigmem_review.document.bump import Bump
from stigmem_review.document.parts import Line, Report
from stigmem_review.facts import Fact
from stigmem_review.host import Node
from stigmem_review.model import Gap, Location, NotCarried, Release, Side
from stigmem_review.pins.model import Aside, Local, Loose, Pin
from stigmem_review.pins.repository import Pins
from stigmem_review.pipeline.bumps.nodes import NODE, Nodes, Pair, is_known, under
from stigmem_review.pipeline.reading import Opening
from stigmem_review.pipeline.terms import Terms
from stigmem_review.pipeline.upgrade import review_releases
from stigmem_review.rulebook import Finding
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.network import Network
from stigmem_review.text import Segment

if TYPE_CHECKING:
    from packaging.version import Version


NOTHING = NotCarried("none")


class Beside:
    """The releases that were read of one list, for the nodes that it is for, by their side."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.old: list[Release] = []
        self.new: list[Release] = []

    def met(self, side: Side, release: Release) -> None:
        """Keep what decides a start of a release, and no more: a change can have many."""
        if release.source.kind != "none":
            kept = replace(
                release, metadata=NOTHING, contents=NOTHING, acts={}, observed=(), behaviour=(),
                endpoints=(), handlers=(), builds=(), signature=None, settings=None,
            )  # fmt: skip
            (self.old if side == "old" else self.new).append(kept)


class Work:
    """What is asked for, and what the report says so far.

    ``moved`` if anything that is deployed changed, ``plugins`` the names of the plugins whose pin
    did, ``reviewed`` the releases that are pinned now and were not before, and ``looked_at`` where
    their pins stand. Where only what is ``at_hand_alone`` is looked at, ``left`` are the pins
    whose files are not. ``nodes`` are pinned beside the plugins, of which those are ``as_fine`` on
    another node that did not move; ``is_node_said`` where an option or the policy names it, and
    ``node_said`` is what the policy does. ``names`` are the distributions that are looked at;
    those that ``elsewhere`` has are for another ``shard`` (its number, and of how many). ``late``,
    ``by_contents``, ``not_found`` and ``untold`` are as the whole of a change has them. ``sets``
    are the plugins that were reviewed of each list, by the list and the node. With ``code`` each
    review has what differs of it.
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
        nodes: Nodes,
    ) -> None:
        self.terms = terms
        self.folder = folder
        self.network = network
        self.nodes = nodes
        self.is_node_said = False
        self.node_said: str | None = None
        self.as_fine: dict[Pair, list[str]] = {}
        self._undescribed: set[str] = set()
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
        self.reviewed: set[tuple[str, Version | None]] = set()
        self.looked_at: set[Location] = set()
        self.brought: frozenset[str] = frozenset()
        self.at_hand_alone = False
        self.late: list[str] = []
        self.by_contents: list[str] = []
        self.not_found: list[str] = []
        self.untold: list[tuple[str, str]] = []
        self.names: tuple[str, ...] = ()
        self.elsewhere: frozenset[str] = frozenset()
        self.shard: tuple[int, int] | None = None
        self.code = False
        self.left: list[str] = []
        self.sets: dict[tuple[str, Pair], Beside] = {}

    def review(
        self, openings: Mapping[Side, Opening], old: str, new: str, pair: Pair, file: str
    ) -> Report:
        """Review two releases beside a node; ``old`` and ``new`` are what asks for them again.

        ``file`` is the list in which they stand.
        """
        terms = under(self.terms, pair, is_said=self.is_node_said)
        beside = self.sets.setdefault((file, pair), Beside(terms))
        terms = replace(terms, met=beside.met)
        if pair.new and not is_known(pair.new) and (pair.moves or not self.is_node_said):
            self._undescribed.add(pair.new)
        on = ["--node-version", terms.node.version]
        on += ["--old-node-version", terms.old_node.version] if terms.old_node else []
        asked = Asked(old, new, (*self.again, *on))
        report = review_releases(openings, terms, asked, code=self.code)
        if self.node_said not in (None, terms.node.version):
            # By itself it would be reviewed for the node that the policy names.
            report = replace(report, commands=None)
        return report

    def say_undescribed(self) -> None:
        """Note which nodes are pinned beside reviewed plugins, and not known here."""
        for version in sorted(self._undescribed):
            self.gaps.append(
                Gap(
                    f"{NODE}=={version}",
                    "it is pinned beside the plugins, and this version does not know that node",
                    "update stigmem-review, or accept a review for node "
                    f"{self.terms.node.version} with version below [node] in the policy",
                )
            )

    def divide(self, names: Iterable[str]) -> None:
        """Take those of the distributions whose pins changed that this shard looks at."""
        self.names = tuple(sorted({*names}))
        if self.shard is not None:
            index, of = self.shard
            self.elsewhere = frozenset(self.names).difference(self.names[index - 1 :: of])

    def judge(
        self, name: str, fact: Fact, old: str = "", new: str = "", *, node: Node | None = None
    ) -> None:
        """Add what the rules say of a fact about a distribution, or about the repository.

        ``old`` and ``new`` are what the base and the head have in the file where the fact is so,
        and ``node`` is the one that it is about, where it is about one.
        """
        case = build_pin_case(name or "this repository", node or self.terms.node)
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


def heaviest(each: Bump) -> tuple[int, str, str, str, str]:
    """Return what sorts what weighs most to the front."""
    return _WEIGHT.index(each.state), each.plugin, str(each.at), each.old, each.new
