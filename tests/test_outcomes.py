"""One way to look at what is known and what depends on how the node is run."""

from __future__ import annotations

import pytest

from stigmem_review.model import Hook, Known, Location, NotCarried, OneOf, Outcome, Unknown
from stigmem_review.outcomes import hooks, in_words, members, told, values

A, B, C = "A is set", "B is 'x'", "C is installed"
NOT = {A: "A is not set", B: "B is not 'x'", C: "C is not installed"}

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


def _capable(has: str, has_not: str) -> OneOf[tuple[str, ...]]:
    return OneOf((Outcome(("facts.read",), (has,)), Outcome((), (has_not,))))


def test_conditions_that_exclude_those_of_all_others_tell_when_it_is_so() -> None:
    assert told(_capable("A is set and not empty", "A is not set or is empty")) == {
        "facts.read if A is set and not empty": True
    }
    assert told(_capable("A is set", "A is not set or is empty")) == {
        "facts.read if A is set": False
    }
