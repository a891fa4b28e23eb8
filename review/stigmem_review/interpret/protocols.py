"""What Python asks an object for by itself: its length, its items, what an operator gives."""

from __future__ import annotations

from collections.abc import Sequence

from stigmem_review.interpret.ends import GiveUp, Part
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    Bound,
    Const,
    File,
    Frozen,
    Method,
    Opaque,
    Ref,
    Tuple,
    Value,
)

_GIVES = {
    "__bool__": "bool",
    "__float__": "float",
    "__format__": "str",
    "__len__": "int",
    "__repr__": "str",
    "__str__": "str",
}
"""The type of what special methods have to give."""
_GOING_THROUGH = ("iterator", "genexp", "generator")
Asked = tuple[Value, str, Value]
"""An object, which of its special methods is asked, and about what."""


def type_name(m: Machine, value: Value) -> str:
    """Return the name of the builtin type that a value has; empty where it has another."""
    match value:
        case Const(value=constant):
            return type(constant).__name__
        case Opaque(type=kind):
            return kind
        case Tuple():
            return "tuple"
        case Frozen():
            return "frozenset"
        case Ref(kind="list" | "dict" | "set" | "function" | "module" as kind):
            return kind
        case Bound():
            return "method"
        case _:
            return ""


def may_be_data(value: Value) -> bool:
    """Say whether an attribute, taken for a method until it is called, may be something else."""
    match value:
        case Method(owner=File() | Ref(kind="object" | "manifest" | "partial")):
            return True
        case _:
            return False


def ask(m: Machine, owner: Ref, name: str, *args: Value) -> Value:
    """Return what a special method gives, or raise what Python does if it is of another type."""
    wanted = _GIVES[name]

    def checked(found: Value) -> Value:
        kind = type_name(m, found)
        if name == "__len__" and isinstance(found, Const) and kind in ("int", "bool"):
            if found.value < 0:
                m.raise_("ValueError", Const("__len__() should return >= 0"))
            return Const(int(found.value))
        if not kind and not isinstance(found, Ref):
            m.may_raise(f"whether {name} gives what it has to is not known")
        elif kind != wanted:
            m.raise_("TypeError", Const(f"{name} returned what is no {wanted}"))
        return found

    return m.each(m.call(m.method(owner, name), args), checked)


def iterator_of(m: Machine, value: Value) -> Value:
    """Return what ``iter`` makes of a value, or the value where that runs no code.

    Raises what Python does for what has no items.
    """

    def one(value: Value) -> Value:
        match value:
            case Ref(kind="instance") if m.special(value, "__iter__"):
                return m.each(m.call(m.method(value, "__iter__"), ()), given)
            case Ref(kind="instance") if m.special(value, "__getitem__") or m.overrides(
                m.thing(value).type, ()
            ):
                return value
            case (
                Const(value=None | bool() | int() | float() | complex())
                | Bound()
                | Ref(kind="function" | "module" | "instance")
            ):
                m.raise_("TypeError", Const("object is not iterable"))
            case _:
                return value

    def given(found: Value) -> Value:
        match found:
            case Ref(kind=kind) if kind in _GOING_THROUGH:
                return found
            case Ref(kind="instance") if m.special(found, "__next__"):
                return found
            case Ref(kind="instance" | "list" | "dict" | "set") | Const() | Tuple() | Frozen():
                m.raise_("TypeError", Const("iter() returned non-iterator"))
            case _:
                return found

    return m.each(value, one)


def answered(m: Machine, attempts: Sequence[Asked], otherwise: Part) -> Value:
    """Return what the first object gives that does not answer ``NotImplemented``."""
    if not attempts:
        return otherwise()
    (owner, name, about), *rest = attempts
    if not m.special(owner, name):
        return answered(m, rest, otherwise)

    def one(found: Value) -> Value:
        if isinstance(found, Const) and found.value is NotImplemented:
            return answered(m, rest, otherwise)
        return found

    return m.each(m.call(m.method(owner, name), (about,)), one)


def comes_first(m: Machine, left: Value, right: Value) -> bool:
    """Say whether the right of two objects is asked first: if its class is derived from the left's.

    Raises ``GiveUp`` where that is not known.
    """
    if not (isinstance(left, Ref) and left.kind == "instance"):
        return False
    if not (isinstance(right, Ref) and right.kind == "instance"):
        return False
    one, other = m.thing(left).type, m.thing(right).type
    found = one != other and m.derives(other, one)
    if found is None:
        raise GiveUp("which of two objects is asked first is not known")
    return found


def is_overridden(m: Machine, name: str, left: Value, right: Value) -> bool:
    """Say whether the right of two objects has another method of some name than the left."""
    if not m.special(right, name):
        return False
    return not m.special(left, name) or _of_class(m.method(left, name)) != _of_class(
        m.method(right, name)
    )


def _of_class(found: Value) -> Value:
    return found.function if isinstance(found, Bound) else found
