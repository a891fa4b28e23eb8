"""What a finding is known by, and that no fact passes in silence."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from stigmem_review import facts, host
from stigmem_review.case import Case, build_case
from stigmem_review.errors import RuleError
from stigmem_review.model import LEVELS, Location
from stigmem_review.rulebook import Finding, judge, shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, release_of
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.text import flat

NODE = host.node()
AUDIT = facts.CapabilityAdded(item="audit.read", capability=NODE.capability("audit.read"))
SQL = facts.MigrationForeign(item="1 (sqlite)", plugin="other")


def _case(plugin: str = "demo") -> Case:
    old, new = (release_of(ShortRelease(name=plugin, version=each)) for each in ("1.0.0", "1.1.0"))
    return build_case(old, new, NODE)


def _one(fact: facts.Fact, plugin: str = "demo") -> Finding:
    [found] = judge((fact,), _case(plugin), shipped_rules())
    return found


def _changed(fact: facts.Fact, **fields: Any) -> facts.Fact:
    return msgspec.structs.replace(fact, **fields)


OTHERS = [
    ("of another plugin", AUDIT, AUDIT, "other"),
    ("about another thing", AUDIT, _changed(AUDIT, item="audit.emit"), "demo"),
    ("with other evidence", SQL, _changed(SQL, plugin="third"), "demo"),
    ("at other times", SQL, _changed(SQL, when=(("A is set",),)), "demo"),
    (
        "at times that are others",
        _changed(SQL, when=(("A is set",),)),
        _changed(SQL, when=(("B is set",),)),
        "demo",
    ),
    ("of another rule", AUDIT, facts.DependsOnAdded(item="audit.read"), "demo"),
]
SAME = [
    ("at another place", _changed(SQL, at=Location("a.py", 9))),
    ("with lines to write", _changed(SQL, write=("x",))),
]


@pytest.mark.parametrize(("one", "two", "plugin"), [row[1:] for row in OTHERS],
                         ids=[row[0] for row in OTHERS])  # fmt: skip
def test_another_finding_has_another_fingerprint(
    one: facts.Fact, two: facts.Fact, plugin: str
) -> None:
    assert _one(one).fingerprint != _one(two, plugin).fingerprint


@pytest.mark.parametrize("fact", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_the_same_finding_keeps_its_fingerprint(fact: facts.Fact) -> None:
    assert _one(SQL).fingerprint == _one(fact).fingerprint
    assert _one(SQL).fingerprint == _one(SQL).fingerprint


def test_what_no_rule_is_about_is_an_error() -> None:
    book = shipped_rules()
    left = tuple(each for each in book.rules if "capability-added" not in each.text)
    with pytest.raises(RuleError, match="no rule is about facts of the kind capability-added"):
        judge((AUDIT,), _case(), Rulebook(left, ""))
    # A kind that a file only mentions is none that it judges.
    mentions = tuple(
        msgspec.structs.replace(each, written=f"# capability-added\n{each.text}") for each in left
    )
    with pytest.raises(RuleError, match="no rule is about"):
        judge((AUDIT,), _case(), Rulebook(mentions, ""))


def test_the_heaviest_comes_first_and_then_the_rule() -> None:
    several = (facts.DependsOnRemoved(item="x"), facts.DependsOnAdded(item="x"), AUDIT)
    found = judge(several, _case(), shipped_rules())
    assert [each.level for each in found] == ["error", "warning", "note"]
    assert [*found] == sorted(found, key=lambda each: (LEVELS.index(each.level), each.rule))


def test_a_place_is_of_the_side_that_it_is_in() -> None:
    assert _one(AUDIT).side == ""
    assert _one(_changed(AUDIT, at=Location("a.py", 1))).side == "new"
    assert _one(_changed(AUDIT, at=Location("a.py", 1), side="old")).side == "old"


def test_what_is_always_so_is_known_by_what_it_was_before_there_was_anything_else() -> None:
    """An approval stands in a file: a fact that depends on nothing keeps its fingerprint."""
    identity = ["SPR905", "demo", "migration-foreign", {"item": "1 (sqlite)", "plugin": "other"}]
    text = msgspec.json.encode(identity, order="deterministic")
    assert _one(SQL).fingerprint == hashlib.sha256(text).hexdigest()[:16]


def test_only_an_upgrade_gains_something() -> None:
    [found] = judge((AUDIT,), msgspec.structs.replace(_case(), purpose="check"), shipped_rules())
    assert (found.gain, _one(AUDIT).gain is None) == (None, False)


def test_a_message_says_when_it_is_so() -> None:
    always = flat(_one(SQL).message)
    at_times = _changed(SQL, when=(("A is set",),))
    assert flat(_one(at_times).message) == f"If A is set: {always}"
    before = flat(_one(_changed(at_times, side="old")).message)
    assert before == f"{always} Before, it was so if A is set."
