"""Nothing changes silently, and nothing that did not change is reported."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review import facts, host
from stigmem_review.compare import compare
from stigmem_review.manifest import none_release
from stigmem_review.model import EntryPoint, Known, Problem
from stigmem_review.rulebook.examples import ShortRelease, release_of

NODE = host.node()
NAMES = st.sampled_from(("a", "b", "c"))
TARGETS = st.sampled_from(("demo.handlers:one", "demo.handlers:two"))
SETS = st.sets(NAMES).map(lambda names: tuple(sorted(names)))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(("demo", "other")),
    "version": st.sampled_from(("1.0.0", "1.0.1", "0.9.0")),
    "requires_stigmem": st.sampled_from((">=0.9.0a10", ">=0.9.0a11")),
    "capabilities": st.sets(st.sampled_from(NODE.capabilities)).map(lambda x: tuple(sorted(x))),
    "hooks": st.dictionaries(st.sampled_from(NODE.hooks[:4]), TARGETS),
    "depends_on": SETS,
    "async_safe": st.booleans(),
    "routes": SETS,
    "health_check": st.sampled_from(("", "demo.handlers:one")),
    "config_schema": st.sampled_from(("", "demo.config:One")),
    "distribution": st.sampled_from(("demo", "other")),
    "entry_points": st.dictionaries(st.sampled_from(("x : a", "x : b")), TARGETS),
    "requires_dist": st.sets(st.sampled_from(("a>=1", "a>=2", "b", "c @ file:///c"))).map(
        lambda x: tuple(sorted(x))
    ),
    "requires_python": st.sampled_from(("", ">=3.11", ">=3.12")),
    "outside": st.dictionaries(
        st.sampled_from(("site-packages/a.pth", "scripts/b", "data/c")), st.sampled_from("12")
    ),
}
SHORT = st.fixed_dictionaries({}, optional=FIELDS).map(
    lambda fields: msgspec.convert(fields, ShortRelease)
)


def kinds(old: ShortRelease, new: ShortRelease) -> list[str]:
    found = compare(release_of(old), release_of(new), NODE).facts
    return [facts.kind_of(each) for each in found]


@given(SHORT)
def test_a_release_against_itself_gives_nothing(short: ShortRelease) -> None:
    assert compare(release_of(short), release_of(short), NODE).facts == ()


@given(SHORT, SHORT)
def test_typed_changes_explain_every_difference(old: ShortRelease, new: ShortRelease) -> None:
    assert "unclassified-change" not in kinds(old, new)


@pytest.mark.parametrize("field", FIELDS)
@given(data=st.data())
def test_a_change_of_any_one_field_is_named(field: str, data: st.DataObject) -> None:
    old = data.draw(SHORT)
    value = data.draw(FIELDS[field].filter(lambda value: value != getattr(old, field)))
    changed = {field: value}
    assert kinds(old, msgspec.structs.replace(old, **changed)) != []


@given(SHORT)
def test_everything_of_a_first_installation_is_new(new: ShortRelease) -> None:
    found = compare(none_release(), release_of(new), NODE).facts
    named = {each.item for each in found if isinstance(each, facts.CapabilityAdded)}
    assert named == set(new.capabilities)
    assert {each.item for each in found if isinstance(each, facts.HookAdded)} == set(new.hooks)
    assert isinstance(found[0], facts.PluginInstalled)


def test_a_header_nobody_has_thought_of_is_named() -> None:
    found = kinds(ShortRelease(), ShortRelease(metadata={"runs-as": ("root",)}))
    assert found == ["unclassified-change"]


# What can be read, and what cannot: (old, new, kinds)

CERTAINTY = [
    ("lost", {}, {"capabilities": "x"}, ["field-lost"]),
    ("found", {"capabilities": "x"}, {}, ["field-first-read"]),
    ("whole manifest lost", {}, {"manifest": "x"}, ["manifest-unread"]),
    ("whole manifest found", {"manifest": "x"}, {}, ["manifest-first-read"]),
    ("unknown before and after, same code", {"routes": "x"}, {"routes": "x"}, []),
    ("a handler", {}, {"hooks.post_assert_audit": "x"}, ["handler-unread"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in CERTAINTY],
                         ids=[row[0] for row in CERTAINTY])  # fmt: skip
def test_certainty(old: dict[str, str], new: dict[str, str], expected: list[str]) -> None:
    assert kinds(ShortRelease(unknown=old), ShortRelease(unknown=new)) == expected


def test_a_field_that_stays_unknown_is_named_when_the_rest_is_found() -> None:
    old = ShortRelease(unknown={"manifest": "x"})
    new = ShortRelease(unknown={"capabilities": "x"}, code="another", version="1.0.1")
    assert {"manifest-first-read", "field-unread"} <= set(kinds(old, new))


def test_several_plugins_before_and_after_are_as_before_only_with_the_same_code() -> None:
    several = (Problem("entry-points-several", "stigmem.plugins", "two"),)
    old = ShortRelease(unknown={"manifest": "x"}, problems=several)
    assert kinds(old, old) == []
    new = msgspec.structs.replace(old, code="another", version="1.0.1")
    assert "entry-points-several" in kinds(old, new)


def test_code_that_is_not_known_is_never_the_same() -> None:
    short = ShortRelease(unknown={"capabilities": "x"})
    release = msgspec.structs.replace(release_of(short), code="")
    found = compare(release, release, NODE).facts
    assert [facts.kind_of(each) for each in found] == ["field-unread"]


def test_what_stays_unread_with_the_same_code_is_said_to_be_as_before() -> None:
    release = release_of(ShortRelease(unknown={"routes": "x"}))
    comparison = compare(release, release, NODE)
    assert comparison.facts == ()
    assert [each.item for each in comparison.already] == ["routes"]


def test_a_handler_that_becomes_readable_is_named() -> None:
    old = ShortRelease(unknown={"hooks.post_assert_audit": "x"})
    assert "field-first-read" in kinds(old, ShortRelease(code="another", version="1.0.1"))


def test_an_entry_point_that_is_declared_twice_hides_nothing() -> None:
    one = release_of(ShortRelease())
    twice = (EntryPoint("x", "a", "demo:main"), EntryPoint("x", "a", "evil:main"))
    new = msgspec.structs.replace(
        one,
        entry_points=Known((*one.entry_points.value, *twice)),  # type: ignore[union-attr]
    )
    old = msgspec.structs.replace(
        one,
        entry_points=Known((*one.entry_points.value, twice[0])),  # type: ignore[union-attr]
    )
    assert [facts.kind_of(each) for each in compare(old, new, NODE).facts] == [
        "entry-point-changed"
    ]


def test_unknown_before_and_after_is_a_finding_if_the_code_changed() -> None:
    old = ShortRelease(unknown={"routes": "x"})
    new = ShortRelease(unknown={"routes": "x"}, code="another", version="1.0.1")
    assert "field-unread" in kinds(old, new)


def test_a_first_installation_that_cannot_be_read_is_not_silent() -> None:
    new = release_of(ShortRelease(unknown={"capabilities": "x"}))
    found = compare(none_release(), new, NODE).facts
    assert "capabilities" in [each.item for each in found if isinstance(each, facts.FieldUnread)]


SPELLINGS = [
    {"requires_dist": ("stigmem_node >= 0.9.0a10",)},
    {"requires_python": ">= 3.11"},
    {"distribution": "Demo"},
    {"requires_stigmem": ">= 0.9.0a10"},
    {"entry_points": {"stigmem.plugins : demo": "demo : plugin_manifest"}},
]


@pytest.mark.parametrize("fields", SPELLINGS)
def test_another_spelling_is_no_change(fields: dict[str, Any]) -> None:
    assert kinds(ShortRelease(), msgspec.structs.replace(ShortRelease(), **fields)) == []


STEPS = [
    ("1.0.0", "2.0.0", "major"),
    ("1.0.0", "1.1.0", "minor"),
    ("1.0.0", "1.0.1", "patch"),
    ("1.0.0", "1.0.0.post1", "rebuild"),
    ("1.0.0a1", "1.0.0a2", "pre-release"),
    ("1.0.0", "1.0", "same"),
    ("0.9.0a8", "0.1.0", "downgrade"),
    ("1.0.0", "0.9.9", "downgrade"),
    ("1.0.0", "1!0.1", "major"),
    ("1.0.0", "latest", "unknown"),
]


@pytest.mark.parametrize(("old", "new", "step"), STEPS)
def test_the_step_of_a_version(old: str, new: str, step: str) -> None:
    found = compare(
        release_of(ShortRelease(version=old)), release_of(ShortRelease(version=new)), NODE
    ).facts
    steps = [each.step for each in found if isinstance(each, facts.VersionChanged)]
    assert steps == [step]
