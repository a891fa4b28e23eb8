"""What classes and special forms give in square brackets: types that are no classes themselves."""

from __future__ import annotations

import builtins
import collections.abc
import types
import typing
from collections.abc import Iterator, Sequence, Sized
from typing import Any

from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.kinds import GENERIC, UNION
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import Const, Foreign, Ref, Tuple, Value, words

_TYPES = {
    "builtins": builtins,
    "collections.abc": collections.abc,
    "types": types,
    "typing": typing,
    "typing_extensions": typing,
}
MODULES = frozenset(_TYPES)
"""Modules of what takes types in square brackets, and gives a type for it."""
_ALONE = words("Any LiteralString Never NoReturn Self TypeAlias")
"""What stands for types and takes none in square brackets."""
_VARIABLE = Foreign("typing.TypeVar")
_FORMS = ("typing", "typing_extensions")
"""Modules of which square brackets may give another type, or the one that they gave before."""
_DEEP = 3
"""Types in types that decide whether Python takes them; what is below was taken by itself."""


def alias(m: Machine, owner: Value, index: Value) -> Value:
    """Return what a class or special form gives in square brackets."""
    return m.alloc(Thing("object", type=GENERIC, defaults=(("", owner), ("", index))))


def parts_of(m: Machine, value: Value) -> tuple[Value, Value] | None:
    """Return what was given types in square brackets, and these; nothing where that is none."""
    if not isinstance(value, Ref) or value.kind != "object" or m.thing(value).type != GENERIC:
        return None
    (_, owner), (_, index) = m.thing(value).defaults
    return owner, index


def bare(m: Machine, value: Value) -> Value:
    """Return a value without what it has in square brackets."""
    found = parts_of(m, value)
    return value if found is None else found[0]


def inside(m: Machine, value: Value) -> Iterator[Value]:
    """Yield a value, and once each what it is made of: types in square brackets, or in a union."""
    todo, seen = [value], {value}
    while todo:
        each = todo.pop()
        yield each
        parts: Sequence[Value] = ()
        match each:
            case Tuple(items=items):
                parts = items
            case Ref(kind="list") as ref:
                parts = (m.read(ref),)
            case Ref(kind="object") as ref if m.thing(ref).type in (GENERIC, UNION):
                parts = [part for _, part in m.thing(ref).defaults]
            case _:
                pass
        new = dict.fromkeys(part for part in parts if part not in seen)
        m.tick(len(new) // 8)
        seen |= new.keys()
        todo += new


def is_form(m: Machine, value: Value) -> bool:
    """Say whether something may be a special form of types, with square brackets or without."""
    owner = bare(m, value)
    return not isinstance(owner, Foreign) or owner.dotted.rpartition(".")[0] in _FORMS


def takes_brackets(dotted: str) -> bool:
    """Say whether something of Python that stands for types takes others in square brackets."""
    return _real(dotted) is not None


def takes(m: Machine, dotted: str, index: Value) -> bool:
    """Say whether Python's own takes as many types, of such kinds, in square brackets."""
    real = _real(dotted)
    # A variable may stand for parameters, which not every place takes.
    variables = (typing.TypeVar, typing.ParamSpec)
    return any(_given(m, real, index, each, _DEEP) is not None for each in variables)


def is_container(dotted: str) -> bool:
    """Say whether something of Python has items, which square brackets give."""
    return isinstance(_found(dotted), Sized)


def _found(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(_TYPES.get(module), name, None)


def _real(dotted: str) -> Any:
    real, name = _found(dotted), dotted.rpartition(".")[2]
    able = any(hasattr(real, each) for each in ("__getitem__", "__class_getitem__"))
    return real if able and name not in _ALONE else None


def _given(m: Machine, real: Any, index: Value, variable: Any, deep: int) -> Any:
    try:
        return real[_like(m, index, variable, deep)]
    except TypeError:
        return None


def _like(m: Machine, value: Value, variable: Any, deep: int) -> Any:
    """Return something of Python's own that stands for types as a value does."""
    m.tick()
    match value:
        case Tuple(items=items):
            return tuple(_like(m, each, variable, deep) for each in items)
        case Const(value=str()):
            return int
        case Const(value=constant):
            return constant
        case Ref(kind="list") as ref if isinstance(found := m.read(ref), Tuple):
            return [_like(m, each, variable, deep) for each in found.items]
        case Ref(kind="object") as ref if m.thing(ref).type == _VARIABLE:
            return variable(f"T{ref.oid}")
    match parts_of(m, value):
        case (Foreign(dotted=dotted), index) if deep and (real := _real(dotted)) is not None:
            found = _given(m, real, index, variable, deep - 1)
            return int if found is None else found
        case _:
            return int
