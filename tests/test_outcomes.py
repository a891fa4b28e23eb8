"""One way to look at what is known and what depends on how the node is run."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.model import Hook, Known, Location, NotCarried, OneOf, Outcome, Unknown
from stigmem_review.outcomes import When, hooks, in_words, members, phrase, simplest, told, values
from stigmem_review.text import flat

A, B, C = "A is set", "B is 'x'", "C is installed"
NOT = {A: "A is not set", B: "B is not 'x'", C: "C is not installed"}

WAYS = st.lists(
    st.fixed_dictionaries({}, optional={each: st.booleans() for each in NOT}),
    min_size=1,
    max_size=6,
).map(lambda ways: [tuple(x if so else NOT[x] for x, so in way.items()) for way in ways])


ENVIRONMENTS = [*product(*NOT.items())]


def holds(ways: Iterable[tuple[str, ...]], environment: Iterable[str]) -> bool:
    return any({*environment}.issuperset(way) for way in ways)


@given(WAYS)
def test_simplest_ways_are_open_where_the_ways_were(ways: list[tuple[str, ...]]) -> None:
    for environment in ENVIRONMENTS:
        assert holds(simplest(ways), environment) == holds(ways, environment)


@given(WAYS)
def test_ways_that_say_the_same_are_the_same_however_they_are_cut(
    ways: list[tuple[str, ...]],
) -> None:
    whole = [environment for environment in ENVIRONMENTS if holds(ways, environment)]
    assert simplest([*whole, *ways[:1]]) == simplest(whole) == simplest(ways)


def test_a_number_of_ways_that_is_too_large_is_left_as_it_is() -> None:
    ways = [(f"V{number} is set", f"W{number} is not set") for number in range(150)]
    assert len(simplest(ways)) == 150


WORDS: list[tuple[When, str]] = [
    ((), "always"),
    (((),), "in some environments"),
    (((A,),), "if A is set"),
    ((("A is not set",),), "unless A is set"),
    ((("not: it rains",),), "unless it rains"),
    (((A, "B is not 'x'"),), "if A is set and B is not 'x'"),
    (((A,), (B, C)), "if A is set, or if B is 'x' and C is installed"),
    (((A,), (B,), (C,), ("D",), ("E",)), "if A is set, or if B is 'x', or if C is installed, "
     "or in 2 other ways"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "words"), WORDS, ids=[row[1] for row in WORDS])
def test_when_in_words(when: When, words: str) -> None:
    assert flat(phrase(when)) == words
    # What a release chose the name of is marked as its own.
    assert all(each.theirs == (each.text[0].isupper() or "it rains" in each.text)
               for each in phrase(when) if each.text)  # fmt: skip


PLACE = Location("demo/__init__.py", 3)


def one_of(*outcomes: tuple[object, tuple[str, ...]]) -> OneOf[object]:
    return OneOf(tuple(Outcome(value, conditions) for value, conditions in outcomes), PLACE)


def test_a_known_value_is_always_so_and_what_is_not_known_is_nothing() -> None:
    assert [(each.value, each.when, each.at) for each in values(Known("x", PLACE))] == [
        ("x", (), PLACE)
    ]
    for field in (Unknown("why"), NotCarried("capture"), None):
        assert (values(field), members(field), hooks(field)) == ((), (), ())


def test_each_of_the_places_of_known_names_is_kept() -> None:
    places = (Location("a.py", 1), Location("a.py", 2))
    assert [each.at for each in members(Known(("x", "y"), PLACE, each=places))] == [*places]


def test_what_every_outcome_holds_is_always_so() -> None:
    found = members(one_of((("x", "y", "y"), (A,)), (("x", "y"), (A, B)), (("x",), ())))
    assert [(each.value, each.when) for each in found] == [("x", ()), ("y", ((A,),))]
    assert found[0].at == PLACE


def test_a_condition_that_only_a_place_names_tells_nothing() -> None:
    fields = [
        one_of(("1", (A, f"something counts as true (demo/__init__.py:{line})")), ("2", (NOT[A],)))
        for line in (3, 4)
    ]
    assert [str(each) for each in values(fields[0])] == ["1 if A is set", "2 unless A is set"]
    assert values(fields[0]) == values(fields[1])


def test_the_same_value_twice_is_one_with_both_ways() -> None:
    found = values(one_of(("1", (A, B)), ("2", (A, NOT[B])), ("1", (NOT[A],))))
    assert [str(each) for each in found] == [
        "1 if A is not set, or if B is 'x'",
        "2 if A is set and B is not 'x'",
    ]


def test_a_hook_has_its_conditions_and_those_of_each_handler() -> None:
    chosen = OneOf((Outcome("m:x", (B,)), Outcome("m:y", (NOT[B],))))
    [gate, other] = hooks(
        one_of(
            ((Hook("gate", Known("m:gate")), Hook("other", chosen)), (A,)),
            ((Hook("other", Known("m:x")),), (NOT[A],)),
        )
    )
    assert (gate.when, [str(each) for each in gate.targets]) == (((A,),), ["m:gate"])
    assert other.when == ()
    assert [str(each) for each in other.targets] == [
        "m:x if A is not set, or if B is 'x'",
        "m:y if A is set and B is not 'x'",
    ]


def test_a_handler_that_is_not_known_at_times_leaves_no_other_named() -> None:
    unread = Unknown("it is a lambda", PLACE)
    [hook] = hooks(
        one_of(((Hook("gate", unread),), (A,)), ((Hook("gate", Known("m:g")),), (NOT[A],)))
    )
    assert hook.targets == ()
    assert [(each.value, each.when, each.at) for each in hook.unread] == [
        ("it is a lambda", ((A,),), PLACE)
    ]


LINES = [
    (Known(("a", "b")), "a, b"),
    (Known(()), "none"),
    (Known(None), "none"),
    (Known(False), "no"),
    (one_of((True, (A,)), (False, (NOT[A],))), "no unless A is set; yes if A is set"),
    (one_of((("a", "b"), (A,)), (("a",), (NOT[A],))), "a, b if A is set"),
    (one_of(((Hook("g", Known("m:g")),), (A,)), ((), (NOT[A],))), "g if A is set"),
    (one_of((None, (A,)), ("m:x", ())), "m:x in some environments; none if A is set"),
    (Unknown("why"), ""),
]


@pytest.mark.parametrize(("field", "line"), LINES, ids=[row[1] for row in LINES])
def test_a_field_in_one_line(field: object, line: str) -> None:
    assert in_words(field) == line


def _capable(*conditions: str) -> OneOf[tuple[str, ...]]:
    has, has_not = conditions
    return OneOf((Outcome(("facts.read",), (has,)), Outcome((), tuple(has_not.split(", and ")))))


@pytest.mark.parametrize(
    "conditions",
    [
        ("A is set", "A is not set or is empty"),
        ("A is not set or is empty", "A is set"),
        ("A is 'x'", "A is 'y'"),
        (
            "A is one of 'x', 'y' (default 'z')",
            "A is not 'x' (default 'z'), and A is not 'y' (default 'z')",
        ),
        ("A is one of 'x', 'y or z'", "A is one of 'a', 'b'"),
        ("A is set or B is 'x'", "A is not set, and B is not 'x'"),
        ("A is not set or A is set and B is 'x'", "A is set, and B is not 'x'"),
    ],
)
def test_conditions_that_exclude_each_other_tell_when_it_is_so(conditions: tuple[str, str]) -> None:
    assert all(told(_capable(*conditions)).values())


@pytest.mark.parametrize(
    "conditions",
    [
        ("A is set", "B is not set"),
        ("A is 'x'", "A in lower case is 'y'"),
        ("A is one of 'x', 'y'", "A is not 'x'"),
        ("A is set or B is 'x'", "A is not set"),
    ],
)
def test_conditions_that_can_both_hold_do_not(conditions: tuple[str, str]) -> None:
    assert not all(told(_capable(*conditions)).values())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("A is not set", "unless A is set"),
        ("A is not set or is empty", "if A is not set or is empty"),
        ("A is not set or B is 'x'", "if A is not set or B is 'x'"),
    ],
)
def test_a_condition_that_says_or_is_not_turned_round(condition: str, words: str) -> None:
    assert flat(phrase(((condition,),))) == words
