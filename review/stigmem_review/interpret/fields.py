"""What objects of dataclasses have: their fields."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from stigmem_review.interpret import records
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.objects import lookup, mro
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Bound,
    Const,
    OneOf,
    Ref,
    Tuple,
    Unknown,
    Value,
    Wrapped,
    words,
)

_FIELD_OPTIONS = words("default default_factory repr compare hash metadata")


def make_dataclass(m: Machine, kind: Ref, options: frozenset[str]) -> None:
    """Make a class a dataclass."""
    thing = m.thing(kind)
    if m.born.get(kind.oid) != m.path:
        raise GiveUp("whether a class is a dataclass is not known")
    found: dict[str, Value] = {}
    for each in reversed(mro(m, kind)[1:]):
        if isinstance(each, Ref) and each.oid in m.dataclasses:
            found.update(m.dataclasses[each.oid])
    for name, annotation in m.fields.get(kind.oid, {}).items():
        value = m.read(kind, name)
        if isinstance(value, Ref) and value.kind in ("list", "dict", "set"):
            m.raise_("ValueError", Const("mutable default for field"))
        if isinstance(value, (Unknown, OneOf)):
            raise GiveUp("a field of a dataclass is not known")
        words = ast.unparse(annotation)
        if "InitVar" in words or "KW_ONLY" in words:
            raise GiveUp("a field of a dataclass is of an unusual kind")
        if "ClassVar" in words:
            continue
        if isinstance(value, Ref) and value.kind == "object":
            given = dict(m.thing(value).defaults)
            if given.keys() - _FIELD_OPTIONS:
                raise GiveUp("a field of a dataclass is of an unusual kind")
        found[name] = value
    if not options & {"init=False", "kw_only"}:
        late = [value != MISSING for value in found.values()]
        if late != sorted(late):
            m.raise_("TypeError", Const("non-default argument follows default argument"))
    if m.overrides(kind, ("__setattr__", "__getattribute__", "__match_args__")):
        raise GiveUp("a dataclass of an unusual kind")
    if "order" in options:
        for name in ("__lt__", "__le__", "__gt__", "__ge__"):
            if m.read(kind, name) != MISSING:
                m.raise_("TypeError", Const(f"Cannot overwrite attribute {name}"))
    if "order" in options and (
        "eq=False" in options or m.overrides(kind, ("__lt__", "__le__", "__gt__", "__ge__"))
    ):
        raise GiveUp("a dataclass of an unusual kind")
    for name in m.fields.get(kind.oid, {}):
        value = found.get(name, MISSING)
        if "slots" in options and name in found:
            m.write(kind, Wrapped("field", NONE), name)
        elif isinstance(value, Ref) and value.kind == "object":
            # The class has what is the default, and nothing where that is made anew.
            given = dict(m.thing(value).defaults)
            m.write(kind, given.get("default", MISSING), name)
    thing.traits = thing.traits | {"dataclass"} | options
    m.dataclasses[kind.oid] = tuple(found.items())


def dataclass_fields(m: Machine, kind: Ref) -> list[tuple[str, Value]]:
    """Return the fields of a dataclass and their defaults, in order."""
    for each in mro(m, kind):
        if isinstance(each, Ref) and each.oid in m.dataclasses:
            return [*m.dataclasses[each.oid]]
    return []


def compared_fields(m: Machine, left: Value, right: Value) -> tuple[Value, Value] | None:
    """Return what is compared of two objects of one dataclass."""
    if not isinstance(left, Ref) or not isinstance(right, Ref):
        return None
    if left.kind != "instance" or right.kind != "instance":
        return None
    kind = m.thing(left).type
    if m.thing(right).type != kind or not isinstance(kind, Ref):
        return None
    if m.is_escaped(kind) or "dataclass" not in m.thing(kind).traits:
        return None
    if "eq=False" in m.thing(kind).traits:
        return None
    names = []
    for name, default in m.dataclass_fields(kind):
        options = (
            dict(m.thing(default).defaults)
            if isinstance(default, Ref) and default.kind == "object"
            else {}
        )
        compared = options.get("compare", TRUE)
        if compared not in (TRUE, FALSE):
            raise GiveUp("whether two objects are equal is not known")
        if compared == TRUE:
            names.append(name)
    one, other = (Tuple(tuple(m.read(e, n) for n in names)) for e in (left, right))
    return one, other


def fields_of(m: Machine, kind: Ref) -> Value:
    """Return the names of the fields of a class of named tuples."""
    return Tuple(tuple(Const(name) for name in records.positional(m, kind)))


def is_ordered(m: Machine, value: Value) -> bool:
    """Say whether a value is an object of a dataclass whose objects have an order."""
    if not isinstance(value, Ref) or value.kind != "instance" or m.is_escaped(value):
        return False
    kind = m.thing(value).type
    return isinstance(kind, Ref) and "order" in m.thing(kind).traits


def fill(
    m: Machine, ref: Ref, kind: Ref, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
) -> None:
    """Fill the fields of a new object of a dataclass."""
    fields = m.dataclass_fields(kind)
    m.tick(len(fields) // 8)
    given = dict(keywords)
    place = 0
    for name, default in fields:
        options: dict[str, Value] = {}
        if isinstance(default, Ref) and default.kind == "object":
            options = dict(m.thing(default).defaults)
            default = options.get("default", MISSING)
        if place < len(args) and "kw_only" not in m.thing(kind).traits:
            value = args[place]
            place += 1
            if name in given:
                m.raise_("TypeError", Const(f"multiple values for argument '{name}'"))
        elif name in given:
            value = given.pop(name)
        elif "default_factory" in options:
            value = m.call(options["default_factory"], ())
        elif default != MISSING:
            value = default
        else:
            m.raise_("TypeError", Const(f"missing argument: '{name}'"))
        m.write(ref, value, name)
    if place < len(args) or given:
        m.raise_("TypeError", Const("unexpected argument"))
    after = lookup(m, m.thing(ref).type, "__post_init__")
    if after != MISSING:
        m.call(Bound(after, ref), ())
