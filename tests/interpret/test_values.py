"""Values are what they are equal to, by both operators."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest

from stigmem_review.interpret.values import Const, Foreign, Frozen, Member, Tuple, Value

MADE: list[Callable[[], Value]] = [
    lambda: Const(1),
    lambda: Frozen((("a", Const("a")),)),
    lambda: Member(Foreign("acme.Kind"), "ONE", Const(1)),
    lambda: Tuple((Const(1), Frozen(()))),
]


@pytest.mark.parametrize("made", MADE)
def test_what_is_equal_is_not_unequal(made: Callable[[], Value]) -> None:
    one, other = made(), made()
    assert operator.eq(one, other)
    assert not operator.ne(one, other)


def test_what_is_not_equal_is_unequal() -> None:
    assert operator.ne(Const(1), Const(True))
    assert operator.ne(Frozen(()), Tuple(()))
