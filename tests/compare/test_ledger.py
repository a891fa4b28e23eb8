"""The changes explain everything that the table of fields lays out, or what is left is named."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest

from stigmem_review import facts, host
from stigmem_review.compare.fields import Sides
from stigmem_review.compare.ledger import ROLES, changes, ledgers, unexplained
from stigmem_review.compare.table import MANIFEST, TABLE
from stigmem_review.interpret.host import FIELDS
from stigmem_review.model import Manifest
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, read_examples, release_of

NODE = host.node()
ABOUT = {str(kind.__struct_config__.tag) for kind in ROLES}


def _sides(old: dict[str, Any], new: dict[str, Any]) -> Sides:
    two = {"version": "1.1.0", **({} if old.get("none") else old), **new}
    before, after = (release_of(msgspec.convert(each, ShortRelease)) for each in (old, two))
    return Sides(before, after, NODE)


@cache
def _by_kind() -> dict[type[facts.Fact], list[Sides]]:
    """Return the releases of the rules' examples, by the kinds of facts found between them."""
    found: dict[type[facts.Fact], list[Sides]] = {}
    for each in shipped_rules().rules:
        for example in read_examples(each) if ABOUT.intersection(each.rule.on) else ():
            sides = _sides(example.old, example.new)
            for kind in {type(fact) for fact in changes(*ledgers(sides), sides)}:
                found.setdefault(kind, []).append(sides)
    return found


def _left(sides: Sides, found: list[facts.Fact]) -> set[str]:
    """Return the fields of which something is left that facts do not explain."""
    before, after = ledgers(sides)
    return {each.item.partition(".")[0] for each in unexplained(before, after, found, sides)}


@pytest.mark.parametrize("kind", ROLES, ids=lambda kind: kind.__name__)
def test_a_change_that_is_not_said_is_named(kind: type[facts.Fact]) -> None:
    for sides in _by_kind()[kind][:5]:
        found = list(changes(*ledgers(sides), sides))
        assert _left(sides, found) - {"metadata"} == set()
        silent = [fact for fact in found if not isinstance(fact, kind)]
        assert _left(sides, silent) - {"metadata"} == {ROLES[kind].field.name}


SAID = {
    "value": ["value", "new"],
    "when": ["when"],
    "target": ["target", "new"],
    "guards": ["guards"],
    "sha256": ["sha256"],
    "sql": [],
    "parts": [],
}
"""By which fields facts tell what is said of a thing now, where they tell it."""


def _carried(kind: type[facts.Fact], sides: Sides) -> Iterator[str]:
    role = ROLES[kind]
    entries = ledgers(sides)[1][role.field.name]
    for name in next(iter(entries.values())).cell if role.role == "added" else [role.name]:
        yield from [each for each in SAID[name] if each in kind.__struct_fields__][:1]


@pytest.mark.parametrize("kind", [kind for kind, role in ROLES.items() if role.role != "removed"],
                         ids=lambda kind: kind.__name__)  # fmt: skip
def test_a_change_that_says_another_value_is_named(kind: type[facts.Fact]) -> None:
    sides = _by_kind()[kind][0]
    for name in _carried(kind, sides):
        found = [
            msgspec.structs.replace(fact, **{name: "another"}) if isinstance(fact, kind) else fact
            for fact in changes(*ledgers(sides), sides)
        ]
        assert _left(sides, found) - {"metadata"} == {ROLES[kind].field.name}


def test_a_change_of_what_is_not_there_is_named() -> None:
    sides = _sides({}, {"version": "1.0.0"})
    capability = NODE.capability("audit.read")
    made_up = facts.CapabilityAdded(item="audit.read", capability=capability)
    assert _left(sides, [made_up]) == {"capabilities"}


def test_a_field_of_the_manifest_has_its_three_places() -> None:
    assert {*Manifest.__struct_fields__} == {*FIELDS} == {row.name for row in MANIFEST}


def test_a_row_without_a_kind_is_named_by_what_it_says() -> None:
    sides = _sides({}, {"version": "1.0.0", "health_check": "demo:other"})
    [left] = unexplained(*ledgers(sides), [], sides)
    said = (left.item, left.old, left.new)
    assert said == ("health_check", "demo.handlers:health", "demo:other")


def test_every_row_that_says_something_has_a_kind_for_it() -> None:
    silent = {field.name for field in TABLE if not field.changed}
    assert silent == {"metadata", "behaviour", "builds", "signature"}
