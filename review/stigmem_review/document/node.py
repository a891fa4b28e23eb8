"""The report about a node with all its plugins, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from stigmem_review.document.parts import Consulted, Line, Tool, judged, tool
from stigmem_review.document.prose import silent_line
from stigmem_review.document.sanitise import sanitised
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.whole import OnNode, Shared, Whole
from stigmem_review.model import Gap, Level, on_one_line
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.judge import Silent
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import Verdict, count, decide


class Section(msgspec.Struct, frozen=True):
    """Lines of a report below a title."""

    title: str
    lines: tuple[Line, ...]


class NodeReport(msgspec.Struct, frozen=True):
    """A node with all its plugins. Every string in it is printable ASCII on one line.

    ``format`` is the version of this document's structure; ``headline`` says what becomes of the
    node, ``after`` and ``before`` are all that is known of it, ``sections`` that in lines;
    ``others`` counts libraries that were left alone, ``judged_as`` is the newest node that is
    known, where the one it is about is newer. ``silent`` are rules that are about something that
    was found and do not apply, and ``unknown`` the fields that are not known, where that was asked
    for.
    """

    format: Literal[1]
    tool: Tool
    node: str
    old_node: str
    verdict: Verdict
    headline: Message
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    after: Whole
    before: Whole | None
    others: int
    consulted: tuple[Consulted, ...]
    off: tuple[Finding, ...] = ()
    judged_as: str = ""
    silent: tuple[Line, ...] = ()
    unknown: tuple[Line, ...] = ()

    @property
    def nodes(self) -> str:
        """The node that this is about, and the one before where that is another."""
        return judged(self.node, self.judged_as, self.old_node)


def build_node_report(
    after: Whole,
    before: Whole | None,
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    others: int,
    rulebook: Rulebook,
    gate: Level,
    consulted: tuple[Consulted, ...],
    off: tuple[Finding, ...] = (),
    judged_as: str = "",
    silent: tuple[Silent, ...] = (),
    unknown: tuple[Line, ...] = (),
) -> NodeReport:
    """Put the report about a node together; everything in it is sanitised here, once."""
    old_node = before.forecast.node if before else ""
    return sanitised(
        NodeReport(
            format=1,
            tool=tool(rulebook),
            node=after.forecast.node,
            old_node="" if old_node == after.forecast.node else old_node,
            verdict=decide(findings, gaps, gate, off, approvals=False),
            headline=_headline(after, before),
            sections=tuple(_sections(after, before)),
            findings=findings,
            gaps=gaps,
            after=after,
            before=before,
            others=others,
            consulted=consulted,
            off=off,
            judged_as=judged_as,
            silent=tuple(map(silent_line, silent)),
            unknown=unknown,
        )
    )


def _headline(after: Whole, before: Whole | None) -> Message:
    named = count(len(after.plugins), "plugin")
    says = [Segment(f"Node {after.forecast.node} with {named} "), *_comes(after)]
    if before is not None:
        says += [Segment(f". Before, node {before.forecast.node} "), *_comes(before)]
    return (*says, Segment("."))


def _comes(whole: Whole) -> Iterator[Segment]:
    usual = whole.forecast.usual
    match usual.kind:
        case "refused":
            yield Segment("does not start: it stops on ")
            yield Segment(usual.plugin or "its settings", theirs=True)
        case "untold":
            yield Segment("starts, or not, which cannot be told")
        case _:
            yield Segment("starts")


def _sections(after: Whole, before: Whole | None) -> Iterator[Section]:
    if before is not None:
        changes = tuple(_changes(before, after))
        nothing = Line("nothing", (Segment("of what is told here"),))
        yield Section("What changes", changes or (nothing,))
    if prevented := tuple(_prevented(after)):
        yield Section("What that prevents", prevented)
    yield Section(
        "Plugins, in the order in which the node registers them",
        tuple(
            Line(f"{number}", tuple(_plugin(each, after)))
            for number, each in enumerate(after.plugins, 1)
        ),
    )
    yield Section("Handlers, in the order in which they run", tuple(_handlers(after)))
    for title, shared in (("Capabilities", after.capabilities), ("Routes", after.routes)):
        yield Section(f"{title} of all plugins", tuple(map(_shared, shared)))
    if after.forecast.assumes_unsigned:
        said = "no setting says that it takes unsigned plugins; a stock node with default settings "
        said += "refuses every plugin, and what stands here is of one that takes them"
        yield Section("Assumed", (Line("signing", (Segment(said),)),))


def _prevented(whole: Whole) -> Iterator[Line]:
    if whole.forecast.usual.kind != "refused":
        return
    stops = whole.forecast.usual.plugin
    counting = [e for e in whole.forecast.plugins if e.usual.kind != "ignored"]
    reached = [e.plugin for e in counting if e.reached and e.plugin != stops]
    left = [e.plugin for e in counting if not e.reached]
    if reached:
        says = (Segment(" taken by then, and not run"),)
        yield Line("in vain", (*_names(reached), *says))
    if left:
        yield Line("not reached", _names(left))


def _names(found: Iterable[str]) -> Message:
    return (Segment(", ".join(found), theirs=True),)


def _plugin(each: OnNode, whole: Whole) -> Iterator[Segment]:
    named = " ".join(filter(None, (each.plugin, each.version)))
    yield Segment(f"{named} ({each.file})", theirs=True)
    foreseen = next(e for e in whole.forecast.plugins if e.entry_point == each.entry_point)
    yield Segment(": ")
    yield from _outcomes(foreseen.outcomes)
    for what, others in (("depends on", each.depends_on), ("needed by", each.needed_by)):
        if others:
            yield Segment(f"; {what} ")
            yield from _names(others)


def _outcomes(outcomes: Sequence[Outcome]) -> Iterator[Segment]:
    for index, each in enumerate(outcomes):
        if index:
            yield Segment(", or ")
        yield Segment({"untold": "cannot be told"}.get(each.kind, each.kind))
        if each.conditions:
            yield Segment(" where ")
            yield Segment(" and ".join(each.conditions), theirs=True)
        if each.by:
            yield Segment(" with what the env file sets (")
            yield Segment(", ".join(each.by), theirs=True)
            yield Segment(")")
        if said := each.why or printed(each):
            yield Segment(": ")
            yield Segment(said, theirs=True)


def printed(outcome: Outcome) -> str:
    """Return the exception that leaves the node, with dots for what only the node knows."""
    return ": ".join(filter(None, (outcome.exception, on_one_line(outcome.message))))


def _handlers(whole: Whole) -> Iterator[Line]:
    own = f"registers its own on {', '.join(whole.core)}" if whole.core else ""
    yield Line("the node", (Segment(own or "registers none of its own"),))
    for each in whole.hooks:
        runs = ", then ".join(one.handler for one in each.runs)
        yield Line(each.hook, (Segment(runs, theirs=True), Segment(f" (can {each.acts})")))


def _shared(each: Shared) -> Line:
    return Line(each.name, _names(each.plugins))


# Before and after


def _changes(before: Whole, after: Whole) -> Iterator[Line]:
    old, new = ({each.plugin: each for each in side.plugins} for side in (before, after))
    if before.forecast.node != after.forecast.node:
        yield _moved("node", before.forecast.node, after.forecast.node)
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Line("added", _names([f"{name} {new[name].version}"]))
        elif name not in new:
            yield Line("removed", _names([f"{name} {old[name].version}"]))
        elif old[name].version != new[name].version:
            yield _moved(name, old[name].version, new[name].version)
    one, two = ([each.plugin for each in side.plugins] for side in (before, after))
    if [each for each in one if each in two] != [each for each in two if each in one]:
        yield _moved("order of plugins", ", ".join(one), ", ".join(two))
    was, now = ({h.hook: [r.handler for r in h.runs] for h in s.hooks} for s in (before, after))
    for hook in sorted(was.keys() | now.keys()):
        if was.get(hook) != now.get(hook):
            runs = [", then ".join(side.get(hook, ())) or "nothing" for side in (was, now)]
            yield _moved(hook, *runs)
    for field in ("capabilities", "routes"):
        yield from _shares(getattr(before, field), getattr(after, field))


def _shares(before: Iterable[Shared], after: Iterable[Shared]) -> Iterator[Line]:
    was, now = ({each.name: ", ".join(each.plugins) for each in side} for side in (before, after))
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            yield _moved(name, was.get(name, "none"), now.get(name, "none"))


def _moved(what: str, old: str, new: str) -> Line:
    return Line(what, (Segment(old, theirs=True), Segment(" -> "), Segment(new, theirs=True)))
