"""From an entry point to what its factory returns, by running both on what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import msgspec

from stigmem_review.code.modules import Modules
from stigmem_review.host import Node
from stigmem_review.interpret import words
from stigmem_review.interpret.host import FIELDS
from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.machine import ONE_OF, GiveUp, Own
from stigmem_review.interpret.objects import CACHED
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.registered import router_name
from stigmem_review.interpret.values import (
    ALWAYS,
    Bound,
    Conditions,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
)
from stigmem_review.model import Location


class Certain(msgspec.Struct, frozen=True, tag_field="certainty", tag="certain"):
    """What the node gets, whatever its environment."""

    value: Any


class Possible(msgspec.Struct, frozen=True):
    """One of several values that the node can get, and what has to be so for it, in words."""

    value: Any
    conditions: tuple[str, ...]


class Several(msgspec.Struct, frozen=True, tag_field="certainty", tag="one-of"):
    """All that the node can get."""

    possible: tuple[Possible, ...]


class Unsure(msgspec.Struct, frozen=True, tag_field="certainty", tag="unknown"):
    """What cannot be told, and why."""

    why: str
    at: Location | None


Field = Certain | Several | Unsure


class Raised(msgspec.Struct, frozen=True):
    """An exception that reaches the node, and when it does: its class, what it says and where.

    What is not known of it is empty.
    """

    kind: str
    conditions: tuple[str, ...]
    message: str = ""
    at: Location | None = None


class Reading(msgspec.Struct, frozen=True):
    """What running an entry point gives: the fields, or nothing if it always raises."""

    fields: dict[str, Field]
    raised: tuple[Raised, ...]
    steps: int


def read(entry: str, modules: Modules, node: Node, own: Own | None = None) -> Reading:
    """Read what the factory behind an entry point (``module:name``) returns.

    Never raises for what a release contains.
    """
    return read_program(Program(entry, modules, node, own))


def read_program(program: Program) -> Reading:
    """Read what the factory of a program returns. Never raises for what a release contains."""
    program.make()
    m = program.machine
    if program.lost:
        why, at = program.lost.why, program.lost.at
        return Reading(dict.fromkeys(FIELDS, Unsure(why, at)), (), m.steps)
    raised = tuple(_raised(m, each.value, frozenset(each.path.items())) for each in program.raised)
    made = program.made
    fields = {} if made is None else {name: _field(m, made, name) for name in FIELDS}
    return Reading(fields, raised, m.steps)


def _raised(m: Interpreter, value: Value, conditions: Conditions) -> Raised:
    kind, message = words.exception(m, value)
    at = m.places.get(value.oid) if isinstance(value, Ref) else None
    return Raised(kind, words.say(m, conditions), message, at)


def _field(m: Interpreter, made: Value, name: str) -> Field:
    found: dict[str, tuple[Any, Conditions]] = {}
    try:
        for manifest, before in _options(m, made):
            if isinstance(manifest, Unknown):
                return Unsure(manifest.why, manifest.at)
            if not isinstance(manifest, Ref) or manifest.kind != "manifest":
                return Unsure("what the factory returns is not a PluginManifest", None)
            for value, after in _options(m, m.read(manifest, name)):
                for plain, more in _READERS[name](m, value):
                    conditions = before | after | more
                    if len({atom for atom, _ in conditions}) < len(conditions):
                        continue
                    known = found.get(repr(plain))
                    kept = conditions if known is None else m.either(known[1], conditions)
                    found[repr(plain)] = (plain, kept)
    except _Stop as stop:
        return Unsure(stop.why, stop.at)
    except GiveUp as stop:
        return Unsure(stop.why, None)
    if len(found) > 1:
        found = {key: held for key, held in found.items() if words.possible(m, held[1])}
    if len(found) == 1:
        return Certain(next(iter(found.values()))[0])
    if not found or len(found) > ONE_OF:
        return Unsure("it is one of too many values", None)
    return Several(tuple(Possible(v, words.say(m, held)) for v, held in found.values()))


class _Stop(Exception):  # noqa: N818 - not an error: it carries the answer out of the reading
    def __init__(self, why: str, at: Location | None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


Read = Iterator[tuple[Any, Conditions]]


def _options(m: Interpreter, value: Value) -> list[tuple[Value, Conditions]]:
    if isinstance(value, OneOf):
        return [(each.value, each.conditions) for each in value.options]
    return [(value, ALWAYS)]


def _stop(value: Value) -> _Stop:
    if isinstance(value, Unknown):
        return _Stop(value.why, value.at)
    return _Stop("it is not known what the node makes of it", None)


def _text(m: Interpreter, value: Value) -> Read:
    match value:
        case Const(value=str(text)):
            yield text, ALWAYS
        case Opaque():
            raise _Stop(f"it is made of {words.subject(value)}, which only the node has", None)
        case _:
            raise _stop(value)


def _flag(m: Interpreter, value: Value) -> Read:
    if isinstance(value, Const) and isinstance(value.value, bool):
        yield value.value, ALWAYS
    else:
        raise _stop(value)


def _together(parts: list[list[tuple[Any, Conditions]]]) -> Iterator[tuple[list[Any], Conditions]]:
    size = 1
    for each in parts:
        size *= len(each)
    if size > 200:
        raise _Stop("it is one of too many values", None)
    for chosen in product(*parts):
        conditions = frozenset().union(*(more for _, more in chosen)) if chosen else ALWAYS
        if len({atom for atom, _ in conditions}) == len(conditions):
            yield [each for each, _ in chosen], conditions


def _names(m: Interpreter, value: Value) -> Read:
    if isinstance(value, Ref) and value.kind in ("set", "list"):
        value = m.read(value)
    for content, before in _options(m, value):
        if not isinstance(content, (Frozen, Tuple)):
            raise _stop(content)
        parts = [
            [(t, c | b) for v, b in _options(m, each) for t, c in _item(m, v)]
            for each in content.items
        ]
        for texts, more in _together(parts):
            yield sorted({*texts}), before | more


def _item(m: Interpreter, value: Value) -> Read:
    if isinstance(value, Member) and value.mixin == "StrEnum":
        value = value.value
    yield from _text(m, value)


def _hooks(m: Interpreter, value: Value) -> Read:
    if not isinstance(value, Ref) or value.kind != "dict":
        raise _stop(value)
    for content, before in _options(m, m.read(value)):
        if not isinstance(content, Pairs):
            raise _stop(content)
        names = [next(_item(m, name))[0] for _, name, _ in content.items]
        parts = [_handlers(m, handler) for _, _, handler in content.items]
        for targets, more in _together(parts):
            yield dict(sorted(zip(names, targets, strict=True))), before | more


def _handlers(m: Interpreter, value: Value) -> list[tuple[Any, Conditions]]:
    """Return the targets that a handler can have; nothing in place of one that is not known."""
    return [(_target(m, each), conditions) for each, conditions in _options(m, value)]


def _target(m: Interpreter, value: Value) -> str | None:
    match value:
        case Bound(function=Ref(kind="function") as function):
            return _target(m, function)
        case Ref(kind="function") | Ref(kind="class"):
            if m.is_escaped(value):
                return None
            module = (
                m.read(value, "__module__") if value.kind == "class" else m.get(value, "__module__")
            )
            name = m.get(value, "__qualname__")
            if isinstance(module, Const) and isinstance(name, Const):
                return f"{module.value}:{name.value}"
            return None
        case Ref(kind="object") if m.thing(value).type == CACHED and not m.is_escaped(value):
            return _target(m, m.thing(value).defaults[0][1])
        case Foreign(dotted=dotted) if dotted.startswith("builtins.") and dotted.count(".") == 1:
            return dotted.replace(".", ":")
        case _:
            return None


def _optional(m: Interpreter, value: Value) -> Read:
    if isinstance(value, Const) and value.value is None:
        yield None, ALWAYS
        return
    target = _target(m, value)
    if target is None:
        raise _stop(value)
    yield target, ALWAYS


def _routes(m: Interpreter, value: Value) -> Read:
    if isinstance(value, Ref) and value.kind == "list":
        value = m.read(value)
    if not isinstance(value, Tuple) or value.shuffled:
        raise _stop(value)
    parts = [[(_router(m, one), c) for one, c in _options(m, each)] for each in value.items]
    yield from _together(parts)


def _router(m: Interpreter, value: Value) -> str:
    if not isinstance(value, Ref):
        raise _stop(value)
    return router_name(m, value)


_READERS: dict[str, Callable[[Interpreter, Value], Read]] = {
    "name": _text,
    "version": _text,
    "requires_stigmem": _text,
    "capabilities": _names,
    "hooks": _hooks,
    "depends_on": _names,
    "async_safe": _flag,
    "routes": _routes,
    "health_check": _optional,
    "config_schema": _optional,
}
