"""Where a factory, or importing it, raises: that stops the node (``…plugins.discovery``)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import reduce

from stigmem_review.code.nodes import walk
from stigmem_review.interpret import words
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.routers import written
from stigmem_review.interpret.values import Conditions, OneOf, Ref, Value
from stigmem_review.interpret.ways import OTHERWISE
from stigmem_review.model import Location, Observation
from stigmem_review.text import shorten

_LONGEST = 200
_MESSAGE = 80
_SAID = frozenset({"KeyError", "ValueError"})
"""Exceptions of which the condition says all that Python does."""
_UNTOLD = "it depends on "


def factory_raises(programs: Iterable[Program]) -> Iterator[Observation]:
    """Yield where the factory of a release raises, with the condition under which it does.

    That are exceptions whose class is known: those that the code says, and those of what it does
    with its environment. What libraries raise of themselves is not looked into. Nothing where the
    factory cannot be followed.
    """
    for program in programs:
        program.make()
        if program.lost is None:
            yield from _raised(program)


def _raised(program: Program) -> Iterator[Observation]:
    m = program.machine
    found: dict[tuple[str, Location | None], list[Conditions]] = {}
    messages: dict[tuple[str, Location | None], str] = {}
    for path, raised in _outcomes(program):
        name, message = words.exception(m, raised)
        if name and isinstance(raised, Ref):
            key = (name, m.places.get(raised.oid))
            found.setdefault(key, []).append(path)
            if name not in _SAID or raised.oid not in m.messages:
                messages.setdefault(key, message)
    for (name, at), ways in found.items():
        said = [each for each in words.say(m, reduce(m.either, ways)) if each != OTHERWISE]
        where = " and ".join(said)
        if (program.made is not None or len(found) > 1) and (not where or _UNTOLD in where):
            where = _asked(m, at) or "something before it fails"
        where = f" where {where}" if where else ""
        item = shorten(f"raises {name}{where}", _LONGEST)
        message = shorten(messages.get((name, at), ""), _MESSAGE)
        says = f"raises {name} ({message}){where}" if message else item
        yield Observation("factory-raises", item, shorten(says, 2 * _LONGEST), at=at)


def _outcomes(program: Program) -> Iterator[tuple[Conditions, Value]]:
    """Yield every exception, and what is so where it is raised and not where all goes well."""
    if not program.raised:
        return
    # What is so whenever a manifest is made, or where nothing else is raised, says nothing.
    last = program.raised[-1].path if program.made is None else program.machine.path
    usual = frozenset(last.items())
    for each in program.raised:
        path = frozenset(each.path.items())
        if isinstance(each.value, OneOf):
            for option in each.value.options:
                yield (path | option.conditions) - usual, option.value
        else:
            yield path - usual, each.value


def _asked(m: Machine, at: Location | None) -> str:
    """Return what the code asks before it comes to a place, in its own words."""
    found = []
    for thing in m.things:
        if at is None or thing.kind != "module" or thing.extra.shown != at.path:
            continue
        for node in walk(thing.extra.tree):
            if isinstance(node, (ast.If, ast.While)):
                for body, so in ((node.body, True), (node.orelse, False)):
                    if body and body[0].lineno <= at.line <= (body[-1].end_lineno or 0):
                        test = written(node.test)
                        found.append((node.lineno, test if so else f"not ({test})"))
    return " and ".join(text for _, text in sorted(found))
