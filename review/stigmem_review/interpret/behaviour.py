"""What the code of a release does, from its run and from what the run left."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from stigmem_review.interpret.heap import ALL
from stigmem_review.interpret.program import Program, deep
from stigmem_review.interpret.roots import ran
from stigmem_review.interpret.survey import Survey, things
from stigmem_review.interpret.values import (
    MISSING,
    Bound,
    Const,
    Foreign,
    OneOf,
    Pairs,
    Ref,
    Tuple,
    Value,
    Wrapped,
)
from stigmem_review.model import FACTORY, IMPORT

_DEEP = 4
"""Containers within each other that are looked into."""


def behaviour(
    modules: Iterable[tuple[str, str, ast.Module]],
    programs: Sequence[Program],
    accessors: Iterable[str],
    first: Iterable[str] = (),
) -> Survey:
    """Return a survey of all modules, each given by its name, its place and its tree.

    ``programs`` are what their entry points run; ``first`` names modules that run at once where
    there are no such.
    """
    found = Survey(accessors)
    for name, place, tree in modules:
        found.add(name, place, tree)
    with deep():
        for name in first:
            found.load(name, IMPORT)
        for each in programs:
            _Roots(found, each).run()
        found.covered = _covered(programs)
        found.rest()
    return found


def _covered(programs: Sequence[Program]) -> dict[str, set[int]]:
    """Return what was run in each phase so that all it does was seen."""
    found: dict[str, set[int]] = {}
    for each in programs:
        for phase, (seen, _) in each.machine.phases.items():
            found.setdefault(phase, set()).update(seen)
    for each in programs:
        for phase, (_, unsure) in each.machine.phases.items():
            if each.lost is not None or phase in each.machine.incomplete:
                found.pop(phase, None)
            elif phase in found:
                found[phase] -= unsure
    return found


class _Roots:
    """Leads a survey along what a program ran, by what it left on the heap."""

    def __init__(self, found: Survey, program: Program) -> None:
        self._survey = found
        self._program = program
        self._machine = program.machine
        self._known: dict[int, things.Value] = {}

    def run(self) -> None:
        found, program = self._survey, self._program
        module, _, names = program.entry.partition(":")
        found.load(module, IMPORT)
        self._entered(IMPORT)
        self._left()
        found.run()
        for factory in self._factories(module, names):
            found.called(factory, FACTORY)
        self._entered(FACTORY)
        self._left()
        found.run()
        for each in ran(program):
            self._root(each.root.value, each.root.phase)
        for phase in dict.fromkeys(each.root.phase for each in ran(program)):
            self._entered(phase)

    def _factories(self, module: str, names: str) -> Iterable[things.Unit]:
        found: list[things.Value] = []
        start = self._survey.modules.get(module)
        if start is not None:
            found = [start]
        for name in names.split("."):
            found = [
                each
                for owner in found
                if isinstance(owner, things.Space)
                for each in owner.names.get(name, ())
            ]
        return [each for each in found if isinstance(each, things.Body)]

    def _entered(self, phase: str) -> None:
        """Note what the run called, also where nobody could tell from how it is written."""
        for node, module, when in [*self._machine.entered.values()]:
            body = self._survey.body_of(node, module) if when == phase else None
            if body is not None:
                self._survey.reach(body, phase)
        self._survey.run()
        for event in self._machine.events:
            if event.phase == phase:
                self._survey.add_event(event)

    def _left(self) -> None:
        """Let names stand for what the run left in them as well."""
        for name, module in self._survey.modules.items():
            ref = self._raw(self._machine.imports, name)
            if isinstance(ref, Ref) and ref.kind == "module":
                for held in self._machine.thing(ref).cells:
                    if held[0] not in "*!?~_":
                        values = self._values(self._raw(ref, held), 0)
                        if values:
                            self._survey.grow(module, held, values)

    def _raw(self, ref: Ref, name: str) -> Value:
        return self._machine.cells.get((ref.oid, name), MISSING)

    def _root(self, value: Value, phase: str) -> None:
        for each in self._values(value, 0):
            if isinstance(each, things.Body):
                self._survey.called(each, phase)
            elif isinstance(each, things.Bound) and isinstance(each.function, things.Body):
                self._survey.called(each.function, phase)
            elif isinstance(each, things.Inst):
                for body in each.klass.names.get("__call__", ()):
                    if isinstance(body, things.Body):
                        self._survey.called(body, phase)

    def _values(self, value: Value, depth: int) -> tuple[things.Value, ...]:
        """Return what a value of the run is to a survey."""
        found = self._survey
        match value:
            case OneOf(options=options):
                return tuple(e for each in options for e in self._values(each.value, depth))
            case Foreign(dotted=dotted):
                return (found.far(dotted),)
            case Const(value=str(text)):
                return found.text(text)
            case Bound(function=function, owner=owner):
                mine = self._values(owner, depth)
                return tuple(found.bound(e, (mine,)) for e in self._values(function, depth))
            case Wrapped(function=function):
                return self._values(function, depth)
            case Ref(kind="module") as ref:
                module = found.modules.get(self._machine.thing(ref).name)
                return (module,) if module is not None else ()
            case Ref(kind="function" | "class") as ref:
                return self._definition(ref)
            case Ref(kind="instance") as ref:
                kinds = self._values(self._machine.thing(ref).type, depth)
                return tuple(e.instance for e in kinds if isinstance(e, things.Klass))
            case Ref(kind="partial") as ref:
                return self._values(self._machine.thing(ref).type, depth)
            case Ref(kind="list" | "dict" | "set") as ref if depth < _DEEP:
                return self._box(ref, depth)
            case _:
                return ()

    def _definition(self, ref: Ref) -> tuple[things.Value, ...]:
        thing = self._machine.thing(ref)
        if thing.env is None:
            module = self._raw(ref, "__module__")
            name = module.value if isinstance(module, Const) else ""
            made = self._survey.class_of(str(thing.extra), str(name))
            return () if made is None else (made,)
        if thing.node is None:
            return ()
        body = self._survey.body_of(thing.node, thing.env.module.name)
        return (body,) if body is not None else ()

    def _box(self, ref: Ref, depth: int) -> tuple[things.Value, ...]:
        known = self._known.get(ref.oid)
        if known is not None:
            return (known,)
        content = self._raw(ref, ALL)
        values: list[Value] = []
        if isinstance(content, Pairs):
            values = [each for _, _, each in content.items]
        elif isinstance(content, Tuple):
            values = [*content.items]
        inner = tuple(e for each in values for e in self._values(each, depth + 1))
        if not inner:
            return ()
        box = self._known[ref.oid] = things.Box()
        self._survey.grow(box, "*", inner)
        return (box,)


def module_of(place: str) -> str:
    """Return the name of the module that a source file is, by the place it is installed to."""
    return place.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
