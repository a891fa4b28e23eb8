"""A whole node: what becomes of it with all its plugins, and what changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from stigmem_review.case import build_pin_case
from stigmem_review.document.node import NodeReport, build_node_report, printed
from stigmem_review.document.parts import Line
from stigmem_review.document.prose import unknown_lines
from stigmem_review.facts import Fact, NodeStops, NodeUntold, PluginIgnored
from stigmem_review.forecast import foresee
from stigmem_review.forecast.ledger import EMPTY
from stigmem_review.forecast.migrations import migrating
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.rollback import together
from stigmem_review.forecast.whole import Whole, whole
from stigmem_review.host import Node
from stigmem_review.model import Gap, Level, Release
from stigmem_review.pipeline.nodes.placed import Placed, placed, placed_before
from stigmem_review.pipeline.reading import Reader, gap
from stigmem_review.pipeline.terms import Terms, read_decisions
from stigmem_review.rulebook import Finding, silent
from stigmem_review.rulebook.judge import Silent
from stigmem_review.sources.network import Network


class Wanted(NamedTuple):
    """What is on the node, and before, and by what it is judged.

    What is on it is said by ``sources``, by the folder ``artifacts`` or by the file
    ``requirements``. ``against`` is what was on it: such a folder, such a file, or releases;
    without it, and with another ``old_node_version``, it is the same on that node. ``ledger`` is
    that of its database. With ``explain`` the report has the rules that do not apply to what was
    found, and the fields that are not known. The others are as for ``review``.
    """

    sources: tuple[str, ...] = ()
    artifacts: str | None = None
    requirements: str | None = None
    against: tuple[str, ...] = ()
    node_version: str | None = None
    old_node_version: str | None = None
    gate: Level | None = None
    policy: str | None = None
    env_file: str | None = None
    environment: Mapping[str, str] = {}
    ledger: str | None = None
    explain: bool = False


def foresee_node(wanted: Wanted) -> NodeReport:
    """Return what becomes of a node with all its plugins, and what changes.

    Nothing of a plugin is executed. Raises ``UsageError`` for a place that is none and an unknown
    node version, ``PolicyError`` for a policy or settings in error.
    """
    decisions = read_decisions(wanted.policy, wanted.env_file, wanted.environment, None)
    with Network() as network:
        now = placed(wanted.sources, wanted.artifacts, wanted.requirements, network)
        was = placed_before(wanted.against, network) if wanted.against else None
        terms = decisions.terms(
            wanted.node_version, wanted.gate, now.node or None, old_node=_old(wanted, was)
        )
        if wanted.ledger is not None:
            from stigmem_review.pipeline.ledger import consulted, read_ledger

            ledger = read_ledger(wanted.ledger)
            said = (*terms.consulted, consulted(wanted.ledger, ledger))
            terms = msgspec.structs.replace(terms, ledger=ledger, consulted=said)
        terms = msgspec.structs.replace(terms, explain=wanted.explain)
        look = _Look(terms)
        before = None
        if was is not None or terms.old_node is not None:
            before = look.at(was or now, terms.old_node or terms.node)
        after = look.at(now, terms.node)
    return _report(after, before, look, terms, now.others)


def _old(wanted: Wanted, was: Placed | None) -> str | None:
    """Return the version of the node before, where that is said."""
    if wanted.old_node_version is not None:
        return wanted.old_node_version
    return (was.node or None) if was is not None else None


class _Look:
    """Reads what is on nodes, one after the other on one database.

    A file that is on both is read once. Without a ledger the first one makes the database.
    """

    def __init__(self, terms: Terms) -> None:
        from stigmem_review.observe.observe import Seen

        self._reader = Reader(Seen())
        self._terms = terms
        self._database = terms.ledger or EMPTY
        self.gaps: list[Gap] = []
        self.unknown: list[Line] = []

    def at(self, found: Placed, node: Node) -> Whole:
        """Return what is known of a node with what was found on it."""
        releases = [*self._read(found, node)]
        self.gaps += [each for each in found.gaps if each not in self.gaps]
        forecast = foresee(
            releases,
            node,
            self._terms.settings,
            migrating(self._database),
            others=self._terms.plugins,
        )
        if self._terms.ledger is None and forecast.usual.kind != "refused":
            self._database = together(releases, database=self._database).database
        return whole(releases, forecast, node)

    def _read(self, found: Placed, node: Node) -> Iterator[Release]:
        for asked, opened in found.plugins.items():
            try:
                release = self._reader.read(opened(), node).release
            except Exception as error:
                self._leave(gap(asked, error))
                continue
            for each in release.gaps:
                self._leave(Gap(f"{asked}, {each.what}", each.why, each.do))
            if not release.starts:
                why = "no entry point of it can be followed, so nothing of a start can be told"
                self._leave(Gap(asked, why, ""))
            if self._terms.explain:
                lines = unknown_lines(release.manifest, asked)
                self.unknown += [each for each in lines if each not in self.unknown]
            yield release

    def _leave(self, found: Gap) -> None:
        if found not in self.gaps:
            self.gaps.append(found)


def _report(
    after: Whole, before: Whole | None, look: _Look, terms: Terms, others: int
) -> NodeReport:
    findings: list[Finding] = []
    off: list[Finding] = []
    without: list[Silent] = []
    for fact in facts_of(after, before):
        case = build_pin_case(fact.item, terms.node)
        named = next((e.distribution for e in after.plugins if e.plugin == fact.item), fact.item)
        judged = terms.policy.judge((fact,), case, terms.rulebook, named)
        findings += judged.findings
        off += judged.off
        without += silent((fact,), case, terms.rulebook) if terms.explain else ()
    return build_node_report(
        after,
        before,
        tuple(findings),
        tuple(look.gaps),
        others,
        terms.rulebook,
        terms.gate,
        terms.consulted,
        tuple(off),
        terms.node.judged_as,
        tuple(without),
        tuple(look.unknown),
    )


def facts_of(after: Whole, before: Whole | None) -> Iterator[Fact]:
    """Yield what there is to judge of a node: what stops it, what may, and what it ignores."""
    old = {_key(each) for each in _outcomes(before)} if before is not None else set()
    for each in _outcomes(after):
        known = _key(each) in old
        name = each.plugin or "the node"
        match each.kind:
            case "refused":
                yield NodeStops(
                    item=name,
                    exception=each.exception,
                    prints=printed(each).removeprefix(each.exception).removeprefix(": "),
                    conditions=each.conditions,
                    usual=each.usual is True,
                    before=known,
                    at=each.at,
                )
            case "untold":
                why = each.why or "it depends on how the node is run"
                yield NodeUntold(item=name, why=why, before=known, at=each.at)
            case "ignored":
                yield PluginIgnored(item=name, before=known)
            case _:
                pass


def _outcomes(found: Whole) -> Iterable[Outcome]:
    ignored = (o for each in found.forecast.plugins for o in each.outcomes if o.kind == "ignored")
    return dict.fromkeys((*found.forecast.outcomes, *ignored))


def _key(each: Outcome) -> tuple[object, ...]:
    """Return what makes an outcome that of another node as well: all but the node's version."""
    return each.kind, each.plugin, each.refusal, each.conditions, each.why
