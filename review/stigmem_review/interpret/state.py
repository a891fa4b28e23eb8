"""The state of a run besides its cells: where it is, what was done, what it knows by number."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import Modules
from stigmem_review.code.names import Names
from stigmem_review.host import Node, apis
from stigmem_review.host.destinations import CHECKS, OWN, UNKNOWN
from stigmem_review.interpret.ends import Exhausted, Lost, Outcome, place_of
from stigmem_review.interpret.events import HANDED_ON, Argument, Arguments, Event, EventKind
from stigmem_review.interpret.heap import ALL, Heap, Thing
from stigmem_review.interpret.values import (
    MISSING,
    Conditions,
    Const,
    File,
    Foreign,
    Opaque,
    Ref,
    Tuple,
    Value,
    values_of,
)
from stigmem_review.model import IMPORT, UNREACHED, Location

_TEXT = 300
"""Characters of a text that says where something leads."""
STEPS = 25_000


class State(Heap):
    """What a run has, and notes of itself."""

    def __init__(self, modules: Modules, node: Node, own: Own | None = None) -> None:
        super().__init__()
        self.modules = modules
        self.node = node
        self.host_members: Mapping[str, Mapping[str, str]] = {}
        """The members of the node's enumerations."""
        self.own = own
        self.waiting: list[Outcome] = []
        self.mark = 0
        self.guarded = 0
        """How many ``try``, ``with`` and generators are around what runs."""
        self.atoms: list[tuple[Hashable, Location | None]] = []
        """What each condition is, and where it is asked for."""
        self._numbers: dict[Hashable, int] = {}
        self._choices: set[Hashable] = set()
        """The conditions that one of several others holds."""
        self._ways: dict[Conditions, list[Conditions]] = {}
        self.steps = 0
        self.limit = STEPS
        """Steps after which it ends, whatever is left to run."""
        self.lost: Lost | None = None
        """Set once code that cannot be seen may have changed anything: it only goes on to see what
        is called from there on, and no value means anything."""
        self.phase = IMPORT
        """What makes run what runs, for events."""
        self.events: dict[Event, None] = {}
        """What was done with what is not the program's own, on every way that was followed."""
        self.entered: dict[tuple[int, str, str], tuple[ast.AST, str, str]] = {}
        """The functions that were called, with their modules, once for each phase."""
        self.given: set[str] = set()
        """The attributes that the program gives to what is not its own."""
        self.roots = False
        """Whether what runs is run for what it does alone, so that code is followed that others
        may have changed, and with arguments that nobody knows."""
        self.escaping: dict[tuple[Value, str], None] = {}
        """Functions that were given to code that is not seen and may call them, and the phase."""
        self.seen: set[int] = set()
        """What was run in this phase."""
        self.unsure: set[int] = set()
        """What was run in this phase, and may do more than could be seen."""
        self.phases = {IMPORT: (self.seen, self.unsure)}
        """What was run in each phase, and what of it may do more."""
        self.incomplete: set[str] = set()
        """The phases in which not all that is run was seen."""
        self.active: list[int] = []
        """The functions that run, the innermost last."""
        self.depth = 0
        self.handling: list[Value] = []
        self.scopes: dict[int, Names] = {}
        self.fields: dict[int, dict[str, ast.expr]] = {}
        self.records: dict[int, tuple[tuple[str, ...], dict[str, Value]]] = {}
        """The fields of classes of named tuples, and their defaults."""
        self.dataclasses: dict[int, tuple[tuple[str, Value], ...]] = {}
        """The fields of dataclasses and their defaults, as they were when these were made."""
        self.defaults: dict[str, tuple[str, ...]] = {}
        """What the program takes environment variables for where they are not set."""
        self.wanted: dict[int, tuple[tuple[str, str], ...]] = {}
        """What classes of settings want of the environment: the fields, and their variables."""
        self.messages: dict[int, str] = {}
        """What exceptions say that the machine raises itself."""
        self.used: set[tuple[str, str]] = set()
        """The modules of the node that were asked for, and names in them."""
        self.places: dict[int, Location] = {}
        """Where exceptions were raised first."""
        self.importing: list[str] = []
        """The modules of the distribution that are being imported."""
        self.shapes: dict[int, dict[str, tuple[tuple[Any, ...], Value]]] = {}
        """What the fields of models take, and their defaults, by class."""
        self.enums: dict[int, str] = {}
        """The builtin type that members of enumerations are of, by class."""
        self.born: dict[int, dict[Hashable, bool]] = {}
        """What was taken to be so when a class was made."""
        self.holders: dict[tuple[int, str], Ref] = {}
        """What has the attributes that members of enumerations are given, by class and name."""
        self.yielding: list[Callable[[Value], None]] = []
        self.collectors: set[int] = set()
        """What only the machine itself has: lists of items, and names of comprehensions."""
        self.leaving: list[Callable[[Value | None], Value]] = []
        """What leaves each context that was entered into a stack."""
        self.open: dict[int, set[str]] = {}
        """What the computed names begin with that modules may have, on whichever way."""
        self.noted: list[Any] = []
        """What was seen to be made for the node, on whichever way (``routers``)."""
        self.imports = self.alloc(Thing("imports"))

    # Where it is.

    def at(self) -> Location | None:
        """Return the place that runs."""
        return place_of(self.site)

    def called(self, node: ast.AST, module: str) -> None:
        """Note that a function of a module is called."""
        key = (id(node), module, self.phase)
        self.entered.setdefault(key, (node, module, self.phase))

    def note(
        self, kind: EventKind, api: str, args: Sequence[Value] = (),
        keywords: Sequence[tuple[str, Value]] = (), phase: str = "",
    ) -> None:  # fmt: skip
        """Note that something is done with what is not the program's own."""
        env, node = self.site
        if env is None or node is None:
            return
        named = [*((str(number), each) for number, each in enumerate(args)), *keywords]
        told: Arguments = tuple(
            Argument(name, *(_flags(each) if name in CHECKS else _texts(self._held(each))))
            for name, each in named
        )
        api = apis.seen_as(api)
        if api in apis.DECIDED:
            given = {name: self._names(value) for name, value in named}
            api = apis.by_arguments(api, given)
        line = getattr(node, "lineno", 0)
        phase = phase or self.phase
        self.events[Event(kind, api, env.module.path, line, phase, env.qualname, told)] = None

    def _names(self, value: Value) -> tuple[str, ...]:
        every = [
            base
            for each in values_of(value)
            for base in (each, *(self.thing(each).mro if isinstance(each, Ref) else ()))
        ]
        return tuple(each.dotted for each in every if isinstance(each, Foreign))

    def hand_on(
        self, to: str, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> None:
        """Note that what others provide is given to code that is not seen, and may be called."""
        if to and apis.looks(to):
            return
        for value in (*args, *(each for _, each in keywords)):
            for each in values_of(value):
                content = self.cells.get((each.oid, ALL)) if isinstance(each, Ref) else each
                for item in content.items if isinstance(content, Tuple) else (each,):
                    if not isinstance(item, Foreign):
                        continue
                    if item.dotted in apis.PARTLY:
                        whom = f" to {to}" if to else ""
                        self.note("hands on", f"{item.dotted}.{HANDED_ON}{whom}")
                    elif "." in item.dotted and "()" not in item.dotted:
                        phase = UNREACHED if to and apis.keeps(to) else ""
                        self.note("calls", item.dotted, phase=phase)

    def forget(self, count: int) -> None:
        """Let go of all objects but the first ones, of which nothing may be left anywhere."""
        del self.things[count:]
        known: tuple[dict[int, Any], ...] = (
            *(self.fields, self.records, self.dataclasses, self.messages, self.places),
            self.wanted,
            *(self.shapes, self.enums, self.born),
        )
        for held in known:
            for oid in [each for each in held if each >= count]:
                del held[oid]
        self.holders = {key: each for key, each in self.holders.items() if key[0] < count}
        self.collectors = {each for each in self.collectors if each < count}

    def begin(self, phase: str) -> None:
        """Begin with what runs in a phase."""
        self.phase = phase
        self.seen, self.unsure = self.phases.setdefault(phase, (set(), set()))

    def not_sure(self) -> None:
        """Note that what runs may do more than can be seen."""
        _, node = self.site
        self.unsure.add(id(node))

    def _held(self, value: Value) -> Value:
        """Return what is in a list, and everything else as it is."""
        if isinstance(value, Ref) and value.kind == "list":
            return self.cells.get((value.oid, ALL), MISSING)
        return value

    def tick(self, steps: int = 1) -> None:
        """Count steps. Raises ``Exhausted`` where they are too many."""
        self.steps += steps
        if self.steps > self.limit:
            self.lose(f"following the code takes more than {self.limit:,} steps")
            raise Exhausted

    def lose(self, why: str) -> None:
        """Note that everything may have been changed."""
        if self.lost is None:
            self.lost = Lost(why, self.at())

    def atom(self, why: str) -> int:
        """Return a new condition."""
        self.atoms.append((why, self.at()))
        return len(self.atoms) - 1

    def number(self, atom: Hashable) -> int:
        """Return the number of a condition: that of one that is the same again is the same."""
        if isinstance(atom, int):
            return atom
        found = self._numbers.get(atom)
        if found is None:
            found = self._numbers[atom] = len(self.atoms)
            self.atoms.append((atom, self.at()))
        return found


def _texts(value: Value) -> tuple[tuple[str, ...], bool]:
    """Return the texts that an argument is known to be one of, and whether that is all."""
    every = values_of(value)
    found = [text for each in every if (text := _text(each))]
    return tuple(dict.fromkeys(found)), bool(found) and len(found) == len(every)


def _flags(value: Value) -> tuple[tuple[str, ...], bool]:
    """Return what an argument is known to be that says whether something is done."""
    every = values_of(value)
    found = [
        each.dotted if isinstance(each, Foreign) else str(each.value)
        for each in every
        if isinstance(each, (Const, Foreign))
    ]
    return tuple(dict.fromkeys(found)), len(found) == len(every)


def _text(value: object) -> str | None:
    """Return a text with what is not known of it; ``None`` where nothing is, or it is too long."""
    match value:
        case Const(value=str(text)):
            return text if len(text) <= _TEXT else None
        case File(parts=parts):
            return OWN + "/".join(parts)
        case Tuple(items=items) if any(map(_text, items)):
            return " ".join(_number(each) or _part(each) for each in items)[:_TEXT]
        case Opaque(type="str", key=("joined" | "add", *parts)):
            found = "".join(map(_part, parts))[:_TEXT]
            return found if found.replace(UNKNOWN, "") else None
        case Opaque(key=("env", Const(value=str(name)), *_)):
            return f"${{{name}}}"
        case Opaque(key=("int" | "str" | "strip" | "rstrip", inner, *_)):
            return _text(inner)
        case Opaque(key=("format", inner, -1, "")):
            return _text(inner)
        case _:
            return None


def _part(value: object) -> str:
    text = _text(value)
    return UNKNOWN if text is None else text


def _number(value: Value) -> str:
    return str(value.value) if isinstance(value, Const) and type(value.value) is int else ""
