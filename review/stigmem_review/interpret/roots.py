"""What makes code of a release run once it is loaded, and what that code does then.

The node calls the handlers, the health check and the functions behind routes with what it has at
any time and in any order: each is run with arguments that nobody knows, from the state that the
factory left and from what any of them leaves, as the body of a loop is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review.code.names import Function
from stigmem_review.interpret import calls
from stigmem_review.interpret.ends import Exhausted, GiveUp, Outcome
from stigmem_review.interpret.events import PHASES
from stigmem_review.interpret.heap import ESCAPED, FLAGS, VOLATILE, Cell
from stigmem_review.interpret.host import ALLOW, ALLOWS, DENY, REJECT
from stigmem_review.interpret.loops import hold, widen
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.program import Program, deep
from stigmem_review.interpret.registered import handlers, possible
from stigmem_review.interpret.routers import REFUSALS, Needed, Path
from stigmem_review.interpret.values import (
    NONE,
    Bound,
    Const,
    Foreign,
    Missing,
    Opaque,
    Ref,
    Unknown,
    Value,
    values_of,
)
from stigmem_review.model import HEALTH, MORE, End, Location
from stigmem_review.patterns import late

_STEPS = 3_000
"""Steps for one of them; handlers of released plugins take some hundred."""
_ALL = 10_000
"""Steps for all of them."""
_TURNS = 5
"""Times that all of them are run: what is another value each time is widened in the fourth."""
_VERDICTS: dict[str, End] = {ALLOW: "allow", DENY: "deny"}
_PLAIN = ("abc.ABC", "builtins.object", "enum.Enum", "typing.Generic", "typing.NamedTuple")
"""Classes of others that make no verdict of what derives from them."""
_HOLDING = ("dict", "instance", "list", "module", "set")
"""What can be changed by whoever has it, where that matters."""
_NUMBER = late(r"\.HTTP_(\d{3})_\w+\Z")
"""The constants that ``fastapi.status`` has."""
_UNBOUND = late(r"name '(\w+)' is not defined")
_WHY = "what the node calls may have changed it"


class Root(msgspec.Struct, frozen=True):
    """Something that the node calls, and what makes it run."""

    phase: str
    value: Value
    hook: str = ""


class Ran(msgspec.Struct, frozen=True):
    """What was run, and all that it can come to; ``lost`` is why not all was seen, if so.

    ``refuses`` are the statuses of the refusals that it raises, ``?`` where one is not known, and
    ``unbound`` names of modules that are not bound where it ends, each with its place.
    """

    root: Root
    ends: frozenset[End]
    lost: str = ""
    refuses: frozenset[str] = frozenset()
    unbound: tuple[tuple[str, Location], ...] = ()


def ran(program: Program) -> tuple[Ran, ...]:
    """Return everything of a program that was run after its factory, and leave it as it was made.

    Nothing where the program itself cannot be followed.
    """
    if program.ran is None:
        program.make()
        program.ran = () if program.lost else _Run(program).run()
    return program.ran


class _Run:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.machine: Machine = program.machine
        self.end = self.machine.steps + _ALL

    def run(self) -> tuple[Ran, ...]:
        m = self.machine
        trail, count = len(m.trail), len(m.things)
        kept = (m.phase, m.seen, m.unsure, m.limit, m.roots, dict(m.defaults), len(m.noted))
        m.roots = True
        try:
            with deep():
                called = self._often([*_named(_called(self.program))])
        finally:
            m.undo(trail)
            m.phase, m.seen, m.unsure, m.limit, m.roots, m.defaults, noted = kept
            del m.noted[noted:]
            m.forget(count)
        return called

    def _often(self, roots: list[Root]) -> tuple[Ran, ...]:
        """Run roots from what the factory left, and from what any of them leaves."""
        m = self.machine
        count = len(m.things)
        before: dict[Cell, Value] = {}
        every: list[Ran] = []
        for turn in range(_TURNS):
            ended: list[Outcome] = []
            for root in roots:
                outcomes, found = self._one(root)
                every.append(found)
                ended += map(self._left, outcomes)
            try:
                if not widen(m, before, ended, count, turn):
                    return tuple(every)
                hold(m, before, _WHY)
            except (GiveUp, Exhausted):
                m.lost = None
                break
        m.incomplete.update(each.phase for each in roots)
        return tuple(
            msgspec.structs.replace(each, ends=each.ends | {"unknown"}, lost=each.lost or _WHY)
            for each in every
        )

    def _left(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what others can find of what it changed."""
        m = self.machine
        delta = {
            cell: value
            for cell, value in outcome.delta.items()
            if cell[0] != m.imports.oid
            and (
                cell[1][0] not in FLAGS
                or cell[1].startswith(VOLATILE)
                or (cell[1] == ESCAPED and m.things[cell[0]].kind in _HOLDING)
            )
        }
        return msgspec.structs.replace(outcome, delta=delta)

    def _one(self, root: Root) -> tuple[list[Outcome], Ran]:
        m = self.machine
        m.begin(root.phase)
        trail = len(m.trail)
        kept = (m.waiting, m.mark, m.path, m.guarded, m.depth, m.site)
        m.handling, m.yielding, m.active = [], [], []
        m.lost, m.limit = None, min(m.steps + _STEPS, self.end)
        outcomes: list[Outcome] = []
        lost = ""
        try:
            outcomes = m.run(lambda: calls.enter(m, root.value))
        except (Exhausted, GiveUp, RecursionError) as end:
            lost = getattr(end, "why", "") or "it takes too many steps"
        m.undo(trail)
        m.waiting, m.mark, m.path, m.guarded, m.depth, m.site = kept
        if m.lost is not None:
            lost = m.lost.why
        m.lost = None
        if lost:
            m.incomplete.add(root.phase)
        ends: set[End] = {"unknown"} if lost else set()
        refuses = frozenset(
            _status(value, each)
            for each in outcomes
            if each.kind == "raises"
            for value in values_of(each.value)
            if _is_refusal(m, value)
        )
        if _is_lazy(m, root.value):
            # Nobody waits for it, so that what it gives is not what it returns.
            return outcomes, Ran(root, frozenset({"other"}), lost, refuses)
        for each in outcomes:
            ends |= {_end(m, each.kind, value) for value in values_of(each.value)}
        unbound = dict.fromkeys(found for each in outcomes for found in _unbound(m, each))
        return outcomes, Ran(root, frozenset(ends), lost, refuses, tuple(unbound))


def _unbound(m: Machine, outcome: Outcome) -> Iterator[tuple[str, Location]]:
    """Yield the name of a module that is not bound, where that is what an outcome is."""
    for value in values_of(outcome.value) if outcome.kind == "raises" else ():
        if isinstance(value, Ref) and m.thing(value).type == Foreign("builtins.NameError"):
            said, at = m.messages.get(value.oid, ""), m.places.get(value.oid)
            if at and (name := _UNBOUND.fullmatch(said)):
                yield name[1], at


def _is_refusal(m: Machine, value: Value) -> bool:
    kind = m.thing(value).type if isinstance(value, Ref) else None
    every = (kind, *(m.thing(kind).mro if isinstance(kind, Ref) else ()))
    return any(isinstance(each, Foreign) and each.dotted in REFUSALS for each in every)


def _status(value: Value, outcome: Outcome) -> str:
    """Return the status of a refusal; ``?`` where it is not known."""
    assert isinstance(value, Ref)
    match outcome.delta.get((value.oid, "status_code")):
        case Const(value=int(number)):
            return str(int(number))
        case Foreign(dotted=dotted) if found := _NUMBER.search(dotted):
            return found[1]
        case _:
            return "?"


def _is_lazy(m: Machine, value: Value) -> bool:
    """Say whether calling something gives what is not run before somebody waits for it."""
    match value:
        case Bound(function=function):
            return _is_lazy(m, function)
        case Ref(kind="partial") as ref:
            return _is_lazy(m, m.thing(ref).type)
        case Ref(kind="function") as ref:
            node = m.thing(ref).node
            return isinstance(node, ast.AsyncFunctionDef) or (
                isinstance(node, Function) and calls.names_in(m, node).generates
            )
        case _:
            return False


def _end(m: Machine, kind: str, value: Value) -> End:
    """Return what the node makes of how a handler ends (``stigmem_node.plugins.registry``)."""
    if kind == "raises":
        if isinstance(value, Unknown):
            return "deny" if value.api.startswith(REJECT) else "raises"
        known = isinstance(value, Ref) and m.derives(m.thing(value).type, Foreign(REJECT))
        return "deny" if known else "raises"
    match value:
        case Foreign(dotted=dotted) if dotted == ALLOWS:
            return "allow"
        case Foreign(dotted=dotted) if dotted in _VERDICTS:
            return "other"  # the class of verdicts is none
        case Ref(kind="object" | "instance") as ref:
            return _end_of(m, m.thing(ref).type)
        case Const(value=None):
            return "none"
        case Ref(kind="dict"):
            return "dict"
        case Unknown() | Opaque(type="") | Missing() | Foreign():
            return "unknown"
        case _:
            return "other"


def _end_of(m: Machine, kind: Value) -> End:
    """Return what the node makes of an object of a class."""
    every = (kind, *(m.thing(kind).mro if isinstance(kind, Ref) else ()))
    for each in every:
        if isinstance(each, Foreign) and each.dotted in _VERDICTS:
            return _VERDICTS[each.dotted]
    others = [e for e in every if isinstance(e, Foreign) and e.dotted not in _PLAIN]
    return "unknown" if others else "other"


def _named(roots: Iterable[Root]) -> Iterator[Root]:
    """Yield roots, so many of them by what makes them run as are told apart."""
    phases: set[str] = set()
    for each in roots:
        if len(phases) >= PHASES and each.phase not in phases:
            each = Root(MORE, each.value, each.hook)
        phases.add(each.phase)
        yield each


def _called(program: Program) -> Iterator[Root]:
    """Yield what the node calls, and what was given to code that may call it."""
    m = program.machine
    for value, phase in m.escaping:
        yield Root(phase, value)
    for hook, handler in handlers(program):
        yield Root(f"handler {hook}", handler, hook)
    for value in possible(program, "health_check"):
        if value != NONE:
            yield Root(HEALTH, value)
    for each in m.noted:
        if isinstance(each, Path):
            yield Root(f"route {each.paths[0]}", each.function)
    for each in dict.fromkeys(each for each in m.noted if isinstance(each, Needed)):
        if isinstance(each.function, (Bound, Ref)):
            yield Root(f"route, for {each.name}", each.function)
