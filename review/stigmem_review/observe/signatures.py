"""How many positional arguments handlers take that are no functions of a release.

The node asks ``inspect.signature`` and takes none for one that has no signature
(``stigmem_node.plugins.registry``). What Python itself has is asked here in the same way.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable

from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.host import ALLOW, DENY
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.objects import LIKE_FUNCTIONS, lookup
from stigmem_review.interpret.values import (
    MISSING,
    Bound,
    Const,
    Foreign,
    Method,
    Missing,
    Ref,
    Value,
)

_VERDICTS = {ALLOW: 0, DENY: 1}
"""The node's classes of verdicts, each with the arguments that it takes."""
_TYPES: dict[str, type] = {"list": list, "dict": dict, "set": set}
_OPERATORS: dict[Value, Callable[[str], object]] = {
    Foreign("operator.attrgetter.made"): operator.attrgetter,
    Foreign("operator.itemgetter.made"): operator.itemgetter,
    Foreign("operator.methodcaller.made"): operator.methodcaller,
}


def taken_by_python(m: Machine, value: Value) -> float | None:
    """Return how many arguments a handler takes by position; nothing where that is not known."""
    match value:
        case Foreign(dotted=dotted) if dotted in _VERDICTS:
            return _VERDICTS[dotted]
        case Foreign(dotted=dotted) if dotted.startswith("builtins."):
            return _named(builtins, dotted.removeprefix("builtins."))
        case Method(owner=owner, name=name) | Bound(function=Method(owner=owner, name=name)):
            taken = _named(_type(owner), name)
            return None if taken is None else max(taken - 1, 0)
        case Ref(kind="object") as ref if m.thing(ref).type in _OPERATORS:
            return _of(_OPERATORS[m.thing(ref).type]("x"))
        case Ref(kind="class") as ref if m.thing(ref).traits == {"dataclass"}:
            return _fields(m, ref)
        case Ref(kind="class") as ref if _is_bare(m, ref):
            return 0
        case _:
            return None


def behind(m: Machine, value: Value) -> Value:
    """Return the function that a decorator of Python's own shows in its place."""
    while isinstance(value, Ref) and value.kind == "object" and not m.is_escaped(value):
        if m.thing(value).type not in LIKE_FUNCTIONS:
            break
        value = m.thing(value).defaults[0][1]
    return value


def _fields(m: Machine, kind: Ref) -> float | None:
    """Return how many fields a dataclass takes, where nothing more is said of any."""
    fields = m.dataclass_fields(kind)
    plain = all(isinstance(each, (Const, Missing)) for _, each in fields)
    made = m.is_escaped(kind) or len(m.thing(kind).mro) > 2
    return len(fields) if plain and not made else None


def _type(value: Value) -> type | None:
    match value:
        case Const(value=constant):
            return type(constant)
        case Ref(kind=kind):
            return _TYPES.get(kind)
        case _:
            return None


def _is_bare(m: Machine, kind: Ref) -> bool:
    """Say whether making an object of a class takes nothing, since nobody says how."""
    if m.thing(kind).traits or m.is_escaped(kind):
        return False
    try:
        found = [lookup(m, kind, name) for name in ("__init__", "__new__")]
    except GiveUp:
        return False
    return all(
        each == MISSING or (isinstance(each, Foreign) and each.dotted.startswith("builtins.object"))
        for each in found
    )


def _named(owner: object, name: str) -> float | None:
    try:
        return _of(operator.attrgetter(name)(owner))
    except AttributeError:
        return None


def _of(function: object) -> float:
    """Return how many arguments something of Python's own takes by position."""
    from inspect import Parameter, signature

    if not callable(function):
        return 0
    try:
        kinds = [each.kind for each in signature(function).parameters.values()]
    except (TypeError, ValueError):
        return 0
    if Parameter.VAR_POSITIONAL in kinds:
        return float("inf")
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(1 for each in kinds if each in positional)
