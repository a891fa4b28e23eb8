"""Names that a person takes for each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.policy.alike import first_like, looks_like

NAME = "release@acme.example"
PLACE = "https://forge.example/acme/ledger/.ci/release.yml"

ALIKE = {
    "case": "RELEASE@ACME.EXAMPLE",
    "a digit for a letter": "re1ease@acme.example",
    "a letter for a letter": "reIease@acme.example",
    "two letters for one": "release@acrne.example",
    "a Cyrillic letter": "rele\u0430se@acme.example",
    "Cyrillic letters": "r\u0435l\u0435\u0430\u0455\u0435@acme.example",
    "full-width letters": "\uff52\uff45\uff4c\uff45\uff41\uff53\uff45@acme.example",
    "an accent": "r\u00e9lease@acme.example",
    "a combining accent": "re\u0301lease@acme.example",
    "nothing to be seen": "release\u200b@acme.example",
    "the other direction": "release@\u202eacme.example",
    "a full stop at the end": "release@acme.example.",
    "a blank at the end": "release@acme.example ",
    "a longer domain": "release@acme.example.attacker.example",
    "a letter more": "releases@acme.example",
    "a letter less": "relese@acme.example",
    "two letters swapped": "relaese@acme.example",
    "another separator": "release@acme-example",
}
NOT_ALIKE = {
    "the same": NAME,
    "somebody else": "deploy@acme.example",
    "elsewhere": "release@beta.example",
    "two short names": "ann@acme.example",
    "nothing": "",
}


@pytest.mark.parametrize("other", ALIKE.values(), ids=ALIKE)
def test_what_can_be_taken_for_it(other: str) -> None:
    assert looks_like(NAME, other)
    assert looks_like(other, NAME)


@pytest.mark.parametrize("other", NOT_ALIKE.values(), ids=NOT_ALIKE)
def test_what_cannot(other: str) -> None:
    assert not looks_like(NAME, other)
    assert not looks_like(other, NAME)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (PLACE.replace("acme", "acne"), True),
        (PLACE.replace("ledger", "1edger"), True),
        (PLACE.replace("forge", "f\u043erge"), True),
        (PLACE.replace("acme", "beta"), False),
        (PLACE.replace("ledger", "garden"), False),
        (PLACE + ".evil/x", False),
    ],
)
def test_addresses_are_compared_part_by_part(other: str, alike: bool) -> None:
    assert looks_like(PLACE, other) is alike


def test_short_names_of_colleagues_are_left_apart() -> None:
    assert not looks_like("ann@acme.example", "dan@acme.example")
    assert not looks_like("bob@acme.example", "rob@acme.example")


def test_the_first_one_is_named() -> None:
    assert first_like(NAME, ["deploy@acme.example", "Release@acme.example", NAME]) == (
        "Release@acme.example"
    )
    assert first_like(NAME, [NAME]) == ""


@given(st.text(), st.text())
def test_it_is_the_same_both_ways_and_never_of_one_text(one: str, two: str) -> None:
    assert looks_like(one, two) == looks_like(two, one)
    assert not looks_like(one, one)


def test_long_texts_take_no_time() -> None:
    assert looks_like("a" * 1_000_000, "a" * 1_000_001)
    assert not looks_like("ab" * 500_000, "cd" * 500_000)
