"""How values are compared and hashed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from stigmem_review.interpret import kinds
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.routers import ROUTER
from stigmem_review.interpret.values import (
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Option,
    Pairs,
    Ref,
    Tuple,
    Value,
)

MANY = 48
"""Contents that a set or dict of values that are one of several may have before it is unknown."""


def key(m: Machine, value: Value) -> Hashable:
    """Return what a value is found by in a dict: two are equal if and only if their keys are.

    Raises ``GiveUp`` where only running it could tell, and ``Exit`` where it is not hashable.
    """
    match value:
        case Const(value=constant):
            if constant != constant:
                raise GiveUp("NaN is compared")
            return ("c", constant)
        case Tuple(items=items, shuffled=False):
            return ("t", tuple(key(m, each) for each in items))
        case Frozen(pairs=pairs):
            return ("f", frozenset(each for each, _ in pairs))
        case Member(mixin="str" | "StrEnum" | "int", value=inner):
            return key(m, inner)
        case Member(enum=enum, name=name):
            if m.overrides(enum, ("__eq__", "__hash__")):
                raise GiveUp("members have a comparison of their own")
            return ("m", enum, name)
        case Ref(kind="list" | "dict" | "set" as kind):
            m.raise_("TypeError", Const(f"unhashable type: '{kind}'"))
        case Ref(kind="object") if m.thing(value).type == ROUTER:
            m.raise_("TypeError", Const("unhashable type: 'APIRouter'"))
        case Ref(kind="object") if m.thing(value).type in (kinds.UNION, kinds.GENERIC):
            raise GiveUp("types that are made of others are compared")
        case Ref(kind="instance"):
            if m.overrides(m.thing(value).type, ("__eq__", "__hash__")):
                raise GiveUp("objects have a comparison of their own")
            return ("o", value.oid)
        case Ref(oid=oid):
            return ("o", oid)
        case Bound(function=Ref() as function, owner=Ref() as owner):
            return ("b", function.oid, owner.oid)
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return ("g", dotted)
        case _:
            raise GiveUp("it is compared with what is not known")


def same(m: Machine, left: Value, right: Value) -> bool | None:
    """Say whether two values are equal; ``None`` where only running it could tell."""
    match left, right:
        case (Const(), Const()):
            if left.value != left.value or right.value != right.value:
                return None
            return bool(left.value == right.value)
        case (Ref(kind="list"), Ref(kind="list")):
            return _same_items(m, m.read(left), m.read(right))
        case (Tuple(), Tuple()):
            return _same_items(m, left, right)
        case (Ref(kind="set") | Frozen(), Ref(kind="set") | Frozen()):
            one, other = frozen(m, left), frozen(m, right)
            if one is None or other is None:
                return None
            return {each for each, _ in one.pairs} == {each for each, _ in other.pairs}
        case (Ref(kind="dict"), Ref(kind="dict")):
            if m.thing(left).name == m.thing(right).name == "ordered":
                # Their order counts as well.
                return None
            return _same_pairs(m, m.read(left), m.read(right))
        case (Opaque(key=(kinds.MODULE_OF, _)), Const(value=str(other))) | (
            Const(value=str(other)),
            Opaque(key=(kinds.MODULE_OF, _)),
        ) if m.modules.owns(other):
            # What others provide says that it is of a module of theirs.
            return False
        case (Opaque(type="str"), Const(value=other)) | (Const(value=other), Opaque(type="str")):
            return None if isinstance(other, str) else False
        case (Opaque(), _) | (_, Opaque()):
            return True if left == right else None
        case _:
            pass
    families = (_family(m, left), _family(m, right))
    if "" in families:
        return None
    if families[0] != families[1]:
        return False
    if families[0] in ("list", "dict", "set", "tuple"):
        return None
    try:
        return key(m, left) == key(m, right)
    except GiveUp:
        return None


def _family(m: Machine, value: Value) -> str:
    """Return a name for what a value can be equal to at all; empty where that is not known."""
    match value:
        case Const() | Member(mixin="str" | "StrEnum" | "int"):
            return "constant"
        case Tuple():
            return "tuple"
        case Frozen() | Ref(kind="set"):
            return "set"
        case Ref(kind="list" | "dict" as kind):
            return kind
        case Ref(kind="instance"):
            return "" if m.overrides(m.thing(value).type, ("__eq__",)) else "object"
        case Ref(kind="function" | "class" | "module"):
            return "object"
        case Member(enum=enum):
            return "" if m.overrides(enum, ("__eq__",)) else "object"
        case Bound():
            return "method"
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return "object"
        case _:
            return ""


def frozen(m: Machine, value: Value) -> Frozen | None:
    """Return what is in a set or frozenset, where that is known."""
    if isinstance(value, Ref):
        value = m.read(value)
    return value if isinstance(value, Frozen) else None


def _same_items(m: Machine, left: Value, right: Value) -> bool | None:
    if not isinstance(left, Tuple) or not isinstance(right, Tuple):
        return None
    if len(left.items) != len(right.items):
        return False
    if left.shuffled or right.shuffled:
        return None
    m.tick(len(left.items))
    found = [same(m, one, other) for one, other in zip(left.items, right.items, strict=True)]
    return False if False in found else None if None in found else True


def _same_pairs(m: Machine, left: Value, right: Value) -> bool | None:
    if not isinstance(left, Pairs) or not isinstance(right, Pairs):
        return None
    if len(left.items) != len(right.items):
        return False
    other = {each: value for each, _, value in right.items}
    found = []
    for each, _, value in left.items:
        if each not in other:
            return False
        found.append(same(m, value, other[each]))
    return False if False in found else None if None in found else True


def frozen_of(m: Machine, items: Iterable[Value]) -> Value:
    """Return the contents of a set of items: one, or one of several where items are.

    Raises ``GiveUp`` where an item is not known.
    """
    found: list[tuple[dict[Hashable, Value], dict[Hashable, bool]]] = [({}, dict(m.path))]
    for item in items:
        m.tick(len(found))
        item = m.narrowed(item)
        options = item.options if isinstance(item, OneOf) else (Option(item, frozenset()),)
        wider: list[tuple[dict[Hashable, Value], dict[Hashable, bool]]] = []
        for option in options:
            each = key(m, option.value)
            for kept, path in found:
                if all(path.get(atom, so) == so for atom, so in option.conditions):
                    added = kept if len(options) == 1 else dict(kept)
                    added.setdefault(each, option.value)
                    wider.append((added, {**path, **dict(option.conditions)}))
        found = wider
        if len(found) > MANY:
            raise GiveUp("a set has too many possible contents")
    merged = m.merged(
        [
            Option(Frozen(tuple(kept.items())), frozenset(path.items()) - frozenset(m.path.items()))
            for kept, path in found
        ]
    )
    if merged is None:
        raise GiveUp("a set has too many possible contents")
    return merged


def pairs_of(
    m: Machine, entries: Iterable[tuple[Value, Value]], *, shuffled: bool = False
) -> Pairs:
    """Return the contents of a dict; a key stays where, and as, it was given first."""
    found: dict[Hashable, tuple[Value, Value]] = {}
    for name, value in entries:
        m.tick()
        each = key(m, name)
        found[each] = (found[each][0] if each in found else name, value)
    items = tuple((each, name, value) for each, (name, value) in found.items())
    return Pairs(items, shuffled and len(items) > 1)
