"""Conditions in words: what several say together, and which of them cannot both hold."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.conditions import (
    When,
    by_default,
    decided,
    exclude,
    named,
    narrows,
    phrase,
    simplest,
)
from stigmem_review.text import flat

A, B, C = "A is set", "B is 'x'", "C is installed"
SAID: dict[str, set[object]] = {
    # Of a variable that is not set, is empty, or is anything else.
    "A is set": {"", "x"},
    "A is not set": {None},
    "A is set and not empty": {"x"},
    "A is not set or is empty": {None, ""},
    "A is set but empty": {""},
    "A is not set or is not empty": {None, "x"},
    "B is 'x'": {"B"},
    "B is not 'x'": {"not B"},
    "C is installed": {"C"},
    "C is not installed": {"not C"},
}
"""With what each of these holds."""
ENVIRONMENTS = [*product([None, "", "x"], ["B", "not B"], ["C", "not C"])]

WAYS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from([each for each in SAID if each.startswith(name)])
            for name in "ABC"
        },
    ),
    min_size=1,
    max_size=6,
).map(lambda ways: [tuple(way.values()) for way in ways])


def holds(ways: Iterable[tuple[str, ...]], environment: tuple[object, ...]) -> bool:
    return any(all(SAID[each] & {*environment} for each in way) for way in ways)


@given(WAYS)
def test_simplest_ways_are_open_where_the_ways_were(ways: list[tuple[str, ...]]) -> None:
    for environment in ENVIRONMENTS:
        assert holds(simplest(ways), environment) == holds(ways, environment)


@given(WAYS)
def test_ways_that_say_the_same_are_the_same_however_they_are_cut(
    ways: list[tuple[str, ...]],
) -> None:
    whole = [
        tuple(next(each for each, states in SAID.items() if states == {one}) for one in environment)
        for environment in ENVIRONMENTS
        if holds(ways, environment)
    ]
    assert simplest([*whole, *ways[:1]]) == simplest(whole) == simplest(ways)


@given(WAYS, WAYS)
def test_ways_exclude_each_other_where_no_environment_opens_both(
    ways: list[tuple[str, ...]], others: list[tuple[str, ...]]
) -> None:
    for one, other in product(ways, others):
        both = [x for x in ENVIRONMENTS if holds([one], x) and holds([other], x)]
        assert exclude(one, other) == (not both)


def test_a_number_of_ways_that_is_too_large_is_left_as_it_is() -> None:
    ways = [(f"V{number} is set", f"W{number} is not set") for number in range(150)]
    assert len(simplest(ways)) == 150


def test_what_cannot_hold_is_not_left_out() -> None:
    assert simplest([("A is set", "A is not set")]) == (("A is not set", "A is set"),)


WORDS: list[tuple[When, str]] = [
    ((), "always"),
    (((),), "in some environments"),
    (((A,),), "if A is set"),
    ((("A is not set",),), "unless A is set"),
    ((("A is set and not empty",),), "if A is set and not empty"),
    ((("A is not set or is empty",),), "unless A is set and not empty"),
    ((("A is set but empty",),), "if A is set but empty"),
    ((("A is not set or is not empty",),), "unless A is set but empty"),
    ((("A is not set or B is 'x'",),), "if A is not set or B is 'x'"),
    ((("B is 'x' or A is not set or is empty",),), "if B is 'x' or A is not set or is empty"),
    (((A, "B is not 'x'"),), "if A is set and B is not 'x'"),
    (((A,), (B, C)), "if A is set, or if B is 'x' and C is installed"),
    (((A,), (B,), (C,), ("D",), ("E",)), "if A is set, or if B is 'x', or if C is installed, "
     "or in 2 other ways"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "words"), WORDS, ids=[row[1] for row in WORDS])
def test_when_in_words(when: When, words: str) -> None:
    assert flat(phrase(when)) == words
    # What a release chose the name of is marked as its own.
    assert all(each.theirs == each.text[0].isupper() for each in phrase(when) if each.text)


OPPOSED = [
    (["A is 'x'"], ["A is 'y'"]),
    (["A is one of 'x', 'y' (default 'z')"],
     ["A is not 'x' (default 'z')", "A is not 'y' (default 'z')"]),
    (["A is one of 'x', 'y or z'"], ["A is one of 'a', 'b'"]),
    (["A is set or B is 'x'"], ["A is not set", "B is not 'x'"]),
    (["A is not set or A is set and B is 'x'"], ["A is set", "B is not 'x'"]),
    (["A is set and not empty or A is set but empty and B is 'x'"], ["A is not set"]),
    (["A is not set or is empty or B is 'x'"], ["A is set and not empty", "B is not 'x'"]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), OPPOSED)
def test_conditions_that_exclude_each_other(one: list[str], other: list[str]) -> None:
    assert exclude(tuple(one), tuple(other))
    assert exclude(tuple(other), tuple(one))


BOTH = [
    ("A is set", "B is not set"),
    ("A is 'x'", "A in lower case is 'y'"),
    ("A is one of 'x', 'y'", "A is not 'x'"),
    ("A is set or B is 'x'", "A is not set"),
    ("A is set and not empty or B is 'x'", "A is not set or is empty"),
]


@pytest.mark.parametrize(("one", "other"), BOTH)
def test_conditions_that_can_both_hold(one: str, other: str) -> None:
    assert not exclude((one,), (other,))


def test_what_is_too_much_to_tell_can_both_hold() -> None:
    ways = [f"A{number} is set or B is 'x'" for number in range(7)]
    assert exclude((*ways[:6], "B is 'y'"), ("A0 is not set",))
    assert not exclude((*ways, "B is 'y'"), ("A0 is not set",))


NARROWS: dict[str, tuple[When, When, bool]] = {
    "the same": ((("A is set",),), (("A is set",),), True),
    "something more": ((("A is set",),), (("A is set", "B is set"),), True),
    "something else": ((("A is set",),), (("B is set",),), False),
    "something less": ((("A is set", "B is set"),), (("A is set",),), False),
    "the opposite": ((("A is set",),), (("A is not set",),), False),
    "one state of it": ((("A is set",),), (("A is set and not empty",),), True),
    "more states of it": ((("A is set and not empty",),), (("A is set",),), False),
    "one of two ways": ((("A is set",), ("B is set",)), (("B is set", "C is set"),), True),
    "one way more": ((("A is set",),), (("A is set",), ("B is set",)), False),
    "always": ((("A is set",),), (), False),
    "a way that is not known": ((("A is set",),), ((),), False),
    "of a way that is not known": (((),), (("A is set",),), False),
    "of a way that is not known, and another": (((), ("A is set",)), (("A is set",),), True),
}


@pytest.mark.parametrize("case", NARROWS)
def test_conditions_that_only_leave_less(case: str) -> None:
    was, when, so = NARROWS[case]
    assert narrows(when, was) == so


@pytest.mark.parametrize(
    ("condition", "so"),
    [
        ("A as a number is more than 30 (default '60')", True),
        ("A as a number is not more than 30 (default '60')", False),
        ("A as a number is more than 30 (default '30')", False),
        ("A as a number is at most 0 (default '0')", True),
        ("A as a number is less than 0 (default '0')", False),
        ("A as a number is at least 2.5 (default ' 2.50 ')", True),
        ("A as a number is at least -1 (default '-2')", False),
        ("A as a number is more than 30 (default 'many')", None),
        ("A as a number is more than 30", None),
    ],
)
def test_what_a_number_is_where_no_variable_is_set(condition: str, so: bool | None) -> None:
    assert by_default([condition]) is so


SET = {"A": "yes", "B": "", "N": "7", "W": " x ", "H": "half"}


@pytest.mark.parametrize(
    ("condition", "so"),
    [
        ("A is set", True),
        ("A is not set", False),
        ("B is set", True),
        ("B is set and not empty", False),
        ("B is not set or is empty", True),
        ("C is set", None),
        ("A is 'yes'", True),
        ("A is one of 'no', 'yes' (default 'no')", True),
        ("A is not 'no'", True),
        ("A in upper case is 'YES'", True),
        ("A in lower case is 'YES'", False),
        ("C is 'x' (default 'x')", None),
        ("W is 'x'", None),
        ("N is a whole number (default 'x')", True),
        ("H is not a number", True),
        ("C is a number (default '1')", None),
        ("N as a number is less than 8 (default '1')", True),
        ("N as a number is at least 8 (default '1')", False),
        ("H as a number is less than 8 (default '1')", None),
        ("A is not set or C is set", None),
        ("A is set or C is set", True),
        ("A is not set or B is set and not empty", False),
        ("acme is installed", None),
    ],
)
def test_what_variables_that_are_set_say_of_a_condition(condition: str, so: bool | None) -> None:
    assert decided(condition, SET) is so


def test_the_variables_are_named_that_a_condition_asks_about() -> None:
    assert named("A is not set or B is 'x'", SET) == ("A", "B")
    assert named("ABC is set", SET) == ()
