"""The order in which items are sorted, as far as constants decide it."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.lazy import in_no_order
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Keywords
from stigmem_review.interpret.values import NONE, Const, Ref, Tuple, Value


class _Of(tuple[Value]):
    """Stands for a class where items are sorted: only what is of one class has an order."""

    def __new__(cls, kind: Value) -> _Of:
        return super().__new__(cls, (kind,))

    def __lt__(self, other: object) -> bool:
        raise TypeError


def sort(m: Machine, content: Tuple, keywords: Keywords) -> Value:
    """Return items in their order. Raises ``GiveUp`` where that is not known."""
    given = dict(keywords)
    if given.keys() - {"key", "reverse"}:
        raise GiveUp("it is called in an unusual way")
    reverse = given.get("reverse", Const(False))
    if not isinstance(reverse, Const):
        raise GiveUp("the direction in which is sorted is not known")
    by = given.get("key", NONE)

    def ranked() -> list[Value]:
        return [each if by == NONE else m.call(by, (each,)) for each in content.items]

    ranks = in_no_order(m, ranked) if content.shuffled else ranked()
    m.tick(len(ranks))
    found: list[Any] = [_rank(m, each) for each in ranks]
    try:
        order = sorted(range(len(found)), key=found.__getitem__, reverse=bool(reverse.value))
    except TypeError:
        m.raise_("TypeError", Const("they cannot be compared"))
    ordered = [content.items[place] for place in order]
    alike = content.shuffled and any(
        found[one] == found[two] and content.items[one] != content.items[two]
        for one, two in itertools.pairwise(order)
    )
    return Tuple(tuple(ordered), alike)


def _rank(m: Machine, value: Value) -> Hashable:
    if m.is_ordered(value) and (fields := m.compared_fields(value, value)):
        assert isinstance(value, Ref)
        # Objects of another class cannot be compared with these.
        return (_Of(m.thing(value).type), _rank(m, fields[0]))
    match m.comparable(value):
        case Const(value=constant) if not isinstance(constant, float) or constant == constant:
            rank: Hashable = constant
            return rank
        case Tuple(items=items, shuffled=False):
            return tuple(_rank(m, each) for each in items)
        case _:
            return _Unranked(value)


class _Unranked:
    """What has no order that is known: it is asked for one only where nothing before it decides."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        mine = self.value
        if isinstance(mine, Ref) and mine.kind in _ALONE and isinstance(other, _Unranked):
            theirs = other.value
            if isinstance(theirs, Ref) and theirs.kind in _ALONE:
                return mine == theirs
        raise GiveUp("what is sorted is not known")

    def __lt__(self, other: object) -> bool:
        raise GiveUp("what is sorted is not known")

    __gt__ = __lt__

    def __hash__(self) -> int:
        return hash(self.value)


_ALONE = ("function", "module")
"""Kinds of objects that are equal to nothing but themselves."""
