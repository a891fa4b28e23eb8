"""What nodes do with a release while they start, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, get_args

import msgspec

from stigmem_review.document.parts import Foretold, Line
from stigmem_review.forecast.alone import Foreseen
from stigmem_review.forecast.model import NodeSettings, Outcome, Signing
from stigmem_review.model import on_one_line
from stigmem_review.text import Message, Segment

_SHOWN = 4
"""Outcomes of one node that each have a line."""


_SIGNED: dict[Signing, str] = {
    "unsaid": "taken to be off, and that acknowledged, since nothing says so; a stock node with "
    "default settings refuses every plugin",
    "required": "a stock node with these settings refuses every plugin, whoever signed it",
}


def foretold(found: Sequence[Foreseen]) -> tuple[Foretold, ...]:
    """Return what nodes do, those in a row that do the same put together."""
    return tuple(_together(list(span)) for _, span in groupby(found, _told))


def _told(each: Foreseen) -> tuple[Outcome, ...]:
    """Return what a node does, without its version, which it ends some messages with."""
    return tuple(
        msgspec.structs.replace(one, message=one.message.removesuffix(each.node))
        for one in each.outcomes
    )


def _together(span: list[Foreseen]) -> Foretold:
    first, last = span[0], span[-1]
    nodes = first.node if first is last else f"{first.node} to {last.node}"
    outcomes = (
        msgspec.structs.replace(each, message=on_one_line(each.message)) for each in first.outcomes
    )
    return Foretold(nodes, tuple(outcomes))


def starting(found: Iterable[Foretold], settings: NodeSettings) -> tuple[Line, ...]:
    """Return what nodes do in one line each, and on what condition."""
    return tuple(_lines(tuple(found), settings))


Becomes = Literal["starts", "is ignored by", "does not start on", "may start on"]
"""What becomes of a release on a node, in words that its version follows."""

_BECOMES: tuple[Becomes, ...] = get_args(Becomes)


def becomes(outcomes: Sequence[Outcome]) -> Becomes:
    """Return what becomes of a release on one node, whatever else it depends on.

    It may start where that depends on something, or cannot be told.
    """
    kinds = {each.kind for each in outcomes}
    match [*kinds]:
        case ["registers"]:
            return "starts"
        case ["ignored"]:
            return "is ignored by"
        case ["refused"]:
            return "does not start on"
        case _:
            return "may start on"


def starts_says(found: Sequence[Foretold], settings: NodeSettings) -> Message:
    """Return in one line on which nodes a release starts; nothing where that was not asked.

    What that assumes of a node is said with it.
    """
    nodes: dict[Becomes, list[str]] = {}
    for kind, row in groupby(found, lambda each: becomes(each.outcomes)):
        # Why they do differs within a row, and stands in the lines further down.
        ends = [end for each in row for end in each.nodes.split(" to ")]
        span = ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}"
        nodes.setdefault(kind, []).append(span)
    said: list[Segment] = []
    for kind in sorted(nodes, key=_BECOMES.index):
        listed = nodes[kind]
        one = len(listed) == 1 and " to " not in listed[0]
        named = f"{'node' if one else 'nodes'} {', '.join(listed)}"
        start: str = "starts on" if kind == "starts" else kind
        if said and kind == "does not start on":
            named = ", ".join(listed)
            start = "not on"
        said.append(Segment(f"{', ' if said else ''}{start} {named}"))
    if said and settings.signing in _ASSUMED:
        said.append(Segment(_ASSUMED[settings.signing]))
    return tuple(said)


_ASSUMED: dict[Signing, str] = {
    "unsaid": " (with signing off)",
    "required": " (a stock node with these settings refuses every plugin)",
}


def _lines(found: tuple[Foretold, ...], settings: NodeSettings) -> Iterator[Line]:
    for each in found:
        many = " to " in each.nodes
        unsure = any(one.kind == "untold" and not one.conditions for one in each.outcomes)
        # What comes where nothing else does says no more than that it cannot be told.
        said = [one for one in each.outcomes if not unsure or one.kind != "registers"]
        shown = said[:_SHOWN]
        for number, outcome in enumerate(shown):
            words = tuple(_says(outcome, is_first=not number))
            yield Line(f"node{'s' if many else ''} {each.nodes}", words)
        if more := len(said) - len(shown):
            yield Line(f"node{'s' if many else ''} {each.nodes}", (Segment(f"and {more} more"),))
    if not found:
        return
    if signed := _SIGNED.get(settings.signing):
        yield Line("signatures", (Segment(signed),))


def _says(outcome: Outcome, *, is_first: bool) -> Iterator[Segment]:
    if outcome.conditions:
        yield Segment("if ")
        for number, each in enumerate(outcome.conditions):
            if number:
                yield Segment(" and ")
            yield Segment(each, theirs=True)
        yield Segment(": ")
    if outcome.by:
        yield Segment("with what the env file sets (")
        yield Segment(", ".join(outcome.by), theirs=True)
        yield Segment("): ")
    match outcome.kind:
        case "registers":
            yield Segment("registers it" if is_first else "otherwise registers it")
        case "ignored":
            yield Segment("ignores it: it is part of the node, and nothing of it runs")
        case "untold":
            yield Segment("cannot be told: ")
            yield Segment(outcome.why or "what is read of it does not say", theirs=True)
        case _:
            yield Segment("does not start: ")
            text = ": ".join(filter(None, (outcome.exception, outcome.message)))
            yield Segment(text or "what it prints is not known", theirs=True)
