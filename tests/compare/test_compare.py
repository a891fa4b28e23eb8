"""Nothing changes silently, and nothing that did not change is reported."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmem_review import facts, host
from stigmem_review.case import build_case
from stigmem_review.compare import compare
from stigmem_review.manifest import none_release
from stigmem_review.model import (
    End,
    EntryPoint,
    Handler,
    Hook,
    Known,
    Location,
    Manifest,
    Migration,
    NotCarried,
    Observation,
    OneOf,
    Outcome,
    Part,
    Problem,
    Release,
    Unknown,
    Way,
)
from stigmem_review.rulebook import judge, shipped_rules
from stigmem_review.rulebook.examples import ShortOutcome, ShortRelease, release_of
from stigmem_review.text import flat

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
DEPENDS = [
    "name",
    "version",
    "requires_stigmem",
    "capabilities",
    "hooks",
    "depends_on",
    "async_safe",
    "routes",
    "health_check",
    "config_schema",
]
"""Fields that can depend on how the node is run."""


def at_times(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return one-of values: of each of two conditions it is known, or not, whether it holds."""
    ways = [[], ["A is set"], ["A is not set"], ["A is set", "B is set"], ["B is not set"]]
    outcome = st.fixed_dictionaries({"value": values, "conditions": st.sampled_from(ways)})
    return st.lists(outcome, min_size=2, max_size=4)


ONE_OF = {name: at_times(FIELDS[name]) for name in DEPENDS}
SHORT = st.fixed_dictionaries(
    {}, optional={**FIELDS, "one_of": st.fixed_dictionaries({}, optional=ONE_OF)}
).map(lambda fields: msgspec.convert(fields, ShortRelease))


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
@settings(max_examples=settings().max_examples // 3)
@given(data=st.data())
def test_a_change_of_any_one_field_is_named(field: str, data: st.DataObject) -> None:
    old = msgspec.structs.replace(data.draw(SHORT), one_of={})
    value = data.draw(FIELDS[field].filter(lambda value: value != getattr(old, field)))
    changed = {field: value}
    assert kinds(old, msgspec.structs.replace(old, **changed)) != []


@given(SHORT)
def test_everything_of_a_first_installation_is_new(new: ShortRelease) -> None:
    found = compare(none_release(), release_of(new), NODE).facts
    named = {each.item for each in found if isinstance(each, facts.CapabilityAdded)}
    bound = {each.item for each in found if isinstance(each, facts.HookAdded)}
    capabilities, handled = (
        [each.value for each in new.one_of.get(name, ())] or [getattr(new, name)]
        for name in ("capabilities", "hooks")
    )
    assert named == {item for each in capabilities for item in each}
    assert bound == {item for each in handled for item in each}
    assert isinstance(found[0], facts.PluginInstalled)


# What depends on how the node is run

YES, NO = "ACME_ONLINE is set", "ACME_ONLINE is not set"
OTHER = "ACME_MODE is 'online'"
NOT_OTHER = "ACME_MODE is not 'online'"


def depends(yes: Any, no: Any, condition: str = YES, otherwise: str = NO) -> list[dict[str, Any]]:
    return [
        {"value": yes, "conditions": [condition]},
        {"value": no, "conditions": [otherwise]},
    ]


def said(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what the rules that ship say of a release and the next one, each with its level."""
    before, after = (
        release_of(msgspec.convert(each, ShortRelease))
        for each in (old, {"version": "2.0.0", **new})
    )
    case = build_case(before, after, NODE)
    findings = judge(case.comparison.facts, case, shipped_rules())
    return [f"{each.level} {each.name}: {flat(each.message)}" for each in findings]


ONLINE = depends(["facts.read", "network.outbound"], ["facts.read"])
ONLINE_IN_MODE = depends(["facts.read", "network.outbound"], ["facts.read"], OTHER, NOT_OTHER)
BOTH = ["facts.read", "network.outbound"]
AUDIT = {"post_assert_audit": "demo.handlers:audit"}
GATE = {**AUDIT, "pre_recall_authorize": "demo.handlers:gate"}

AT_TIMES: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("a capability that comes at times", {}, {"capabilities": ONLINE},
     ["error capability-added: If ACME_ONLINE is set: It now asks for network.outbound"]),
    ("one that goes, and was there at times", {"capabilities": ONLINE}, {},
     ["note capability-removed: It no longer asks for network.outbound: it may no longer open "
      "outbound network connections. Before, it was so if ACME_ONLINE is set."]),
    ("one that is there always now", {"capabilities": ONLINE}, {"capabilities": BOTH},
     ["error capability-reconditioned: It asks for network.outbound, which is high impact, at "
      "other times than before: it may open outbound network connections. Now always; before, if "
      "ACME_ONLINE is set."]),
    ("one that is there at times now", {"capabilities": BOTH}, {"capabilities": ONLINE},
     ["note capability-reconditioned: It asks for network.outbound"]),
    ("one that is there at other times", {"capabilities": ONLINE}, {"capabilities": ONLINE_IN_MODE},
     ["error capability-reconditioned: It asks for network.outbound"]),
    ("a hook that comes at times", {}, {"hooks": depends(AUDIT, GATE)},
     ["error hook-added: Unless ACME_ONLINE is set: pre_recall_authorize now runs "
      "demo.handlers:gate"]),
    ("a hook that is there always now", {"hooks": depends(AUDIT, {})}, {"hooks": AUDIT},
     ["warning hook-reconditioned: post_assert_audit runs a handler of the plugin at other times"]),
    ("a hook with another handler at times", {}, {"hooks.post_assert_audit":
      depends("demo.handlers:audit", "demo.other:audit")},
     ["warning hook-rebound: post_assert_audit now runs demo.handlers:audit if ACME_ONLINE is set, "
      "demo.other:audit unless ACME_ONLINE is set instead of demo.handlers:audit"]),
    ("a router", {}, {"routes": depends(["demo.r:a"], [])},
     ["warning route-added: If ACME_ONLINE is set: It now adds the router demo.r:a"]),
    ("a router that is there always now", {"routes": depends(["r"], [])}, {"routes": ["r"]},
     ["warning route-reconditioned: It adds the router r"]),
    ("a plugin it needs", {}, {"depends_on": depends(["demo-base"], [])},
     ["warning depends-on-added: If ACME_ONLINE is set: It now needs the plugin demo-base"]),
    ("a plugin it needs always now", {"depends_on": depends(["b"], [])}, {"depends_on": ["b"]},
     ["warning depends-on-reconditioned: It needs the plugin b"]),
    ("a name", {}, {"name": depends("demo", "demo-offline")},
     ["error name-changed: The node now knows it as demo if ACME_ONLINE is set, demo-offline "
      "unless ACME_ONLINE is set instead of demo"]),
    ("what it works with", {}, {"requires_stigmem": depends(">=0.9.0a10", ">=0.9.0a11")},
     ["note requires-stigmem-changed: By its own word it now works with the node versions "
      ">=0.9.0a10 if ACME_ONLINE is set, >=0.9.0a11 unless ACME_ONLINE is set; before, with "
      ">=0.9.0a10."]),
    ("not safe at times", {}, {"async_safe": depends(True, False)},
     ["warning async-safe-changed: Unless ACME_ONLINE is set: It now says that it is not safe"]),
    ("a health check", {}, {"health_check": depends("demo.handlers:health", "")},
     ["note health-check-changed: Its health check is now demo.handlers:health if ACME_ONLINE is "
      "set, none unless ACME_ONLINE is set instead of demo.handlers:health."]),
    ("a configuration", {"config_schema": depends("demo.config:Config", "")}, {},
     ["note config-schema-changed: It now describes its configuration by demo.config:Config "
      "instead of demo.config:Config if ACME_ONLINE is set, none unless ACME_ONLINE is set."]),
    ("a version that is not always the installed one", {}, {"version": depends("2.0.0", "2.0.1")},
     ["error version-mismatch: Unless ACME_ONLINE is set: It is installed as version 2.0.0, and "
      "its manifest says 2.0.1."]),
    ("a version that goes back at times", {}, {"version": depends("2.0.0", "0.9.0")},
     ["error version-mismatch: Unless ACME_ONLINE is set: It is installed as version 2.0.0, and "
      "its manifest says 0.9.0.",
      "warning manifest-version-downgraded: Its manifest goes from version 1.0.0 to 0.9.0 unless "
      "ACME_ONLINE is set, 2.0.0 if ACME_ONLINE is set, and which of the two is newer"]),
    ("a name that is refused at times", {"name": "demo"}, {"name": depends("demo", "De")},
     ["error name-invalid: Unless ACME_ONLINE is set: The node refuses the plugin name De",
      "error name-changed: "]),
    ("a version that is refused at times", {}, {"version": depends("2.0.0", "2")},
     ["error version-invalid: Unless ACME_ONLINE is set: Node 0.9.0a12 refuses the plugin version "
      "2 and"]),
    ("a node that is left out at times", {}, {"requires_stigmem": depends(">=0.9.0a10", ">=2")},
     ["error requires-stigmem-unmet: Unless ACME_ONLINE is set: Node",
      "note requires-stigmem-changed: "]),
    ("a capability nobody knows", {}, {"capabilities": depends(["facts.read"], ["facts.reed"])},
     ["error capability-unknown: Unless ACME_ONLINE is set: Node",
      "note capability-reconditioned: "]),
    ("a hook nobody knows", {}, {"hooks": depends(AUDIT, {**AUDIT, "recall_filters": "d:f"})},
     ["error hook-unknown: Unless ACME_ONLINE is set: Node"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in AT_TIMES],
                         ids=[row[0] for row in AT_TIMES])  # fmt: skip
def test_what_depends_on_how_the_node_is_run(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    found = said(*map(release_with, (old, new)))
    assert len(found) == len(expected), found
    for one, start in zip(found, expected, strict=True):
        assert one.startswith(start)


def release_with(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a release in short, with the version it is installed as where it states several."""
    several = {name: value for name, value in fields.items() if isinstance(value, list)
               and value and isinstance(value[0], dict)}  # fmt: skip
    plain = {name: value for name, value in fields.items() if name not in several}
    return {**plain, "walked": False, "one_of": several}


@pytest.mark.parametrize("row", AT_TIMES, ids=[row[0] for row in AT_TIMES])
def test_what_depends_as_before_is_no_change(row: Any) -> None:
    _, old, new, _ = row
    for fields in (old, new):
        same = release_with(fields)
        assert said({"version": "2.0.0", **same}, same) == []


def test_a_state_at_times_is_no_excuse_for_the_same_at_others() -> None:
    bad = {"name": "De"}
    at_times = release_with({"name": depends("De", "demo")})
    assert any("name-invalid" in each for each in said(at_times, bad))
    assert any("name-invalid" in each for each in said(
        at_times, release_with({"name": depends("demo", "De")})))  # fmt: skip
    assert not any("name-invalid" in each for each in said(bad, at_times))
    assert not any("name-invalid" in each for each in said(at_times, at_times))


EXACT = depends(BOTH, ["facts.read"])
VAGUE = [{"value": BOTH, "conditions": [YES]}, {"value": ["facts.read"], "conditions": []}]
MIXED = [{"value": "demo.handlers:audit", "conditions": [YES]}, {"value": "demo.other:audit"}]
OTHER_CODE = {"code": "other"}


@pytest.mark.parametrize(("old", "new", "items"), [
    (EXACT, EXACT, []),
    (VAGUE, VAGUE, ["network.outbound if ACME_ONLINE is set"]),
    (EXACT, VAGUE, ["network.outbound if ACME_ONLINE is set"]),
    (VAGUE, EXACT, ["network.outbound if ACME_ONLINE is set"]),
], ids=["told in both", "told in neither", "told before", "told now"])  # fmt: skip
def test_conditions_that_do_not_tell_may_stand_for_others(
    old: Any, new: Any, items: list[str]
) -> None:
    before, after = (release_with({"capabilities": each}) for each in (old, new))
    found = said(before, {**after, **OTHER_CODE})
    assert [each for each in found if "condition-unclear" not in each] == []
    assert [each.partition("told: ")[2] for each in found] == [
        f"{each}. It may be so at other times than before." for each in items
    ]
    # The same code decides the same.
    assert said(before, after) == []


def test_conditions_of_one_handler_that_do_not_tell() -> None:
    release = release_with({"hooks.post_assert_audit": MIXED})
    [found] = said(release, {**release, **OTHER_CODE})
    assert "post_assert_audit by demo.handlers:audit if ACME_ONLINE is set, post_assert_audit by " \
        "demo.other:audit in some environments. It may" in found  # fmt: skip


def test_a_handler_that_cannot_be_followed_at_times() -> None:
    def with_handler(target: Unknown | Known[str]) -> Release:
        hooks = tuple(
            Outcome((Hook("post_assert_audit", each),), (condition,))
            for each, condition in ((Known("demo.handlers:audit"), YES), (target, NO))
        )
        release = release_of(ShortRelease(version="2.0.0"))
        assert isinstance(release.manifest, Manifest)
        manifest = msgspec.structs.replace(release.manifest, hooks=OneOf(hooks))
        return msgspec.structs.replace(release, manifest=manifest)

    unread = with_handler(Unknown("it is a lambda"))
    [fact] = [
        each
        for each in compare(release_of(ShortRelease()), unread, NODE).facts
        if isinstance(each, facts.HandlerUnread)
    ]
    assert fact.when == ((NO,),)
    read = with_handler(Known("demo.other:audit"))
    [found] = [
        each for each in compare(unread, read, NODE).facts if isinstance(each, facts.FieldFirstRead)
    ]
    assert found.new == "demo.handlers:audit if ACME_ONLINE is set; demo.other:audit unless " + YES


def test_the_code_of_every_handler_that_a_hook_can_have_is_compared() -> None:
    def handler(target: str, sha256: str) -> Handler:
        return Handler("post_assert_audit", target, target, (Part(target, sha256),))

    targets = ("demo.handlers:audit", "demo.other:audit")
    old, new = (
        ShortRelease(version=version, handlers=(handler(targets[0], "1"), handler(targets[1], sha)))
        for version, sha in (("1.0.0", "1"), ("2.0.0", "2"))
    )
    changed = [
        each
        for each in compare(release_of(old), release_of(new), NODE).facts
        if isinstance(each, facts.HandlerChanged)
    ]
    assert [each.target for each in changed] == [targets[1]]


def test_what_is_wrong_with_migrations_at_times() -> None:
    def whens(one_of: dict[str, Any], plugin: str = "", version: str = "") -> list[Any]:
        migration = Migration("1", plugin=plugin, number=1, version=version, sql="SELECT 1")
        new = ShortRelease(
            migrations=(migration,),
            one_of=msgspec.convert(one_of, dict[str, tuple[ShortOutcome, ...]]),
        )
        of = (facts.MigrationForeign, facts.MigrationVersionInvalid)
        found = compare(none_release(), release_of(new), NODE).facts
        return [(type(each), each.when) for each in found if isinstance(each, of)]

    foreign, invalid = facts.MigrationForeign, facts.MigrationVersionInvalid
    names = {"name": depends("demo", "other")}
    assert whens(names, "demo") == [(foreign, ((NO,),))]
    assert whens(names, "demo", "x") == [*whens(names, "demo"), (invalid, ())]
    assert whens(names, "third", "x") == [(foreign, ((YES,),)), (foreign, ((NO,),))]
    assert whens({"version": depends("1.0.0", "x")}) == [(invalid, ((NO,),))]


def test_a_migration_of_a_plugin_of_several_names_is_compared_by_what_it_says() -> None:
    migrations = (Migration("1", number=1, sql="SELECT 1"),)
    several = msgspec.convert(
        {"name": depends("demo", "other")}, dict[str, tuple[ShortOutcome, ...]]
    )
    old = ShortRelease(migrations=migrations)
    assert "migration-added" not in kinds(old, old)
    assert "migration-added" in kinds(old, msgspec.structs.replace(old, one_of=several))


def test_a_capability_that_nothing_uses_is_said_with_its_condition() -> None:
    new = {**release_with({"capabilities": ONLINE}), "walked": True}
    assert any(
        each.startswith("note capability-unused: If ACME_ONLINE is set: It declares network")
        for each in said({}, new)
    )
    asked = {"kind": "accessor", "item": "network.outbound", "why": "", "about": "get_network"}
    observed = {**new, "observed": [asked]}
    assert not any("accessor-undeclared" in each for each in said({}, observed))


def test_what_is_declared_at_times_is_declared() -> None:
    acts = [{"kind": "network", "api": "x", "to": ["a.example"], "roots": ["handler x"]}]
    new = {**release_with({"capabilities": ONLINE}), "behaviour": acts}
    [found] = [each for each in said({}, new) if "network-used" in each]
    assert "It does not declare" not in found


def test_the_version_that_the_ledger_keeps_is_the_one_that_is_refused() -> None:
    migrations = (Migration("1", number=1, sql="CREATE TABLE a (b)"),)
    asked = {"migration_register": "demo:migrate"}
    old = ShortRelease(version="1.0.0", migrations=migrations, hooks=asked)
    new = ShortRelease(version="2.0.0", migrations=migrations, hooks=asked)
    several = msgspec.structs.replace(
        new,
        one_of=msgspec.convert(
            {"version": depends("2.0.0", "0.9.0")}, dict[str, tuple[ShortOutcome, ...]]
        ),
    )
    assert "migrations-refused" not in kinds(old, new)
    assert "migrations-refused" in kinds(old, several)
    assert "migrations-refused" in kinds(several, msgspec.structs.replace(new, version="1.0.0"))
    no_version = msgspec.structs.replace(
        new,
        one_of=msgspec.convert(
            {"version": depends("x", "0.9.0")}, dict[str, tuple[ShortOutcome, ...]]
        ),
    )
    assert "migrations-refused" in kinds(old, no_version)
    unasked = msgspec.structs.replace(old, hooks={})
    assert "migrations-refused" not in kinds(new, unasked)
    assert "migrations-refused" in kinds(new, old)


def test_a_capture_does_not_say_when_what_it_shows_is_so() -> None:
    capture = {"kind": "capture", "walked": False, "capabilities": BOTH, "hooks": AUDIT}
    at_times = release_with({"capabilities": ONLINE, "hooks": depends(AUDIT, {})})
    assert said(capture, at_times) == []
    [gained] = said({**capture, "capabilities": ["facts.read"]}, at_times)
    assert gained.startswith("error capability-added: If ACME_ONLINE is set: ")


def test_a_first_installation_that_depends_is_read() -> None:
    new = msgspec.convert(
        {"version": "1.0.0", **release_with({"health_check": depends("demo:health", ""),
                                             "capabilities": ONLINE})}, ShortRelease
    )  # fmt: skip
    found = compare(none_release(), release_of(new), NODE).facts
    assert not [each for each in found if isinstance(each, (facts.FieldUnread, facts.FieldLost))]
    assert {
        (each.item, each.when) for each in found if isinstance(each, facts.CapabilityAdded)
    } == {
        ("facts.read", ()),
        ("network.outbound", ((YES,),)),
    }


def test_what_is_known_and_what_depends_are_lost_and_found_alike() -> None:
    plain = release_with({"capabilities": ONLINE})
    unread = {"unknown": {"capabilities": "x"}}
    [lost] = said(plain, {**unread, "walked": False})
    assert lost.endswith("Before, it was facts.read, network.outbound if ACME_ONLINE is set.")
    [found] = said(unread, plain)
    assert found.endswith("it is facts.read, network.outbound if ACME_ONLINE is set.")


def test_a_small_step_that_brings_more_at_times_is_a_surprise() -> None:
    def gained(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        found = said(old, {"version": "1.0.1", **new})
        return [each.partition("it gains ")[2] for each in found if "semver-mismatch" in each]

    at_times = release_with({"capabilities": ONLINE})
    always = {"capabilities": BOTH}
    assert gained({}, at_times) == ["network.outbound if ACME_ONLINE is set."]
    assert gained(at_times, always) == ["network.outbound."]
    assert gained(always, at_times) == []


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


def test_a_migration_that_stays_unread_is_as_before_only_with_the_same_code() -> None:
    """What a hook runs is looked at where there is one; nothing behind it excuses nothing."""
    unread = (Migration("1", number=1, unread="x"),)
    short = ShortRelease(migrations=unread, version="1.0.1")

    def behind(sha256: str) -> ShortRelease:
        part = (Part("x", sha256),)
        handler = Handler("migration_register", "demo:x", "x", part)
        return msgspec.structs.replace(short, handlers=(handler,), code=sha256)

    assert "migration-unread" in kinds(short, msgspec.structs.replace(short, code="another"))
    assert "migration-unread" in kinds(behind("aa"), behind("bb"))
    same = msgspec.structs.replace(behind("aa"), code="another")
    assert "migration-unread" not in kinds(behind("aa"), same)


def test_what_an_import_lacks_explains_only_what_stops_there() -> None:
    lacks = Observation("import-missing", "acme", "x", "start")
    for at in (None, Location("demo/__init__.py", 1)):
        old = release_of(ShortRelease())
        new = msgspec.structs.replace(
            old,
            manifest=Unknown("x", at),
            observed=(msgspec.structs.replace(lacks, at=at),),
        )
        said = {facts.kind_of(each) for each in compare(old, new, NODE).facts}
        assert "import-missing" in said
        assert ("manifest-unread" in said) is (at is None)


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


def test_captures_of_one_version_have_no_code_that_could_differ() -> None:
    old = msgspec.structs.replace(release_of(ShortRelease()), package=NotCarried("capture"))
    assert compare(old, old, NODE).facts == ()


def test_what_the_old_source_does_not_carry_is_not_lost() -> None:
    new = msgspec.structs.replace(release_of(ShortRelease()), requires_dist=Unknown("x"))
    for was, kind in ((NotCarried("capture"), set()), (Known(()), {"field-lost"})):
        old = msgspec.structs.replace(new, requires_dist=was)
        assert {facts.kind_of(each) for each in compare(old, new, NODE).facts} == kind


def test_a_handler_that_could_do_anything_may_do_so_still() -> None:
    def ends(sha256: str, *each: End) -> Release:
        part = (Part("demo:x", sha256),)
        handler = Handler("recall_filter", "demo:x", "demo:x", part, ends=each)
        return msgspec.structs.replace(release_of(ShortRelease()), handlers=(handler,))

    for was, said in ((("deny", "unknown"), "decides-otherwise"), (("deny",), "deny-unclear")):
        found = compare(ends("aa", *was), ends("bb", "unknown"), NODE).facts
        assert [facts.kind_of(each) for each in found] == ["handler-changed", said]


def test_an_end_that_cannot_be_told_comes_and_goes() -> None:
    def ends(*each: End) -> Release:
        handler = Handler("recall_filter", "demo:x", "demo:x", (Part("demo:x", "aa"),), ends=each)
        return msgspec.structs.replace(release_of(ShortRelease()), handlers=(handler,))

    none, more = ends("none"), ends("none", "unknown")
    for old, new, said in (
        (none, more, []),
        (more, none, []),
        (none, ends("unknown"), ["unclassified-change"] * 2),
        (none, ends("none", "raises"), ["unclassified-change"]),
    ):
        assert [facts.kind_of(each) for each in compare(old, new, NODE).facts] == said


def deciding(sha256: str, *ways: Way, hook: str = "pre_recall_authorize") -> Release:
    handler = Handler(hook, "demo:x", "demo:x", (Part("demo:x", sha256),), ways=ways)
    return msgspec.structs.replace(release_of(ShortRelease()), handlers=(handler,))


BLOCKS = (Way("deny", (("a", True),)), Way("allow", (("a", False),)))
SHIFTS: dict[str, tuple[tuple[Way, ...], tuple[Way, ...], list[Any]]] = {
    "nothing": (BLOCKS, BLOCKS, []),
    "nothing is told of the old one": ((), BLOCKS, [("untold", (), (), 0)]),
    "nothing is told of either": ((), (), [("untold", (), (), 0)]),
    "nothing is told of the new one": (BLOCKS, (), [("unclear", (), (), 0)]),
    "a condition more": (
        BLOCKS,
        (
            Way("deny", (("a", True), ("b", True))),
            Way("allow", (("a", True), ("b", False))),
            Way("allow", (("a", False),)),
        ),
        [("less", (), ("not b",), 0)],
    ),
    "a condition less": (
        (Way("deny", (("a", True), ("b", True))), Way("allow", (("b", False),))),
        BLOCKS,
        [("more", ("not b",), ("a",), 0)],
    ),
    "failing is no verdict": (BLOCKS, (Way("raises"),), []),
    "it failed before": ((Way("raises"),), BLOCKS, []),
    "nothing is refused either way": ((Way("allow"),), (Way("none"),), []),
    "all is let pass": (BLOCKS, (Way("allow"),), [("less", ("a",), (), 0)]),
}


@pytest.mark.parametrize("case", SHIFTS)
def test_how_a_handler_decides_otherwise(case: str) -> None:
    old, new, said = SHIFTS[case]
    found = [
        (each.shift, each.dropped, each.added, each.more)
        for each in compare(deciding("aa", *old), deciding("bb", *new), NODE).facts
        if isinstance(each, facts.DecidesOtherwise)
    ]
    assert found == said


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [("['a', 'b']", "{'b', 'a'}", 0), ("['a', 'b']", "['b', 'a']", 1), ("['a']", "{'b'}", 1)],
)
def test_a_list_that_becomes_a_set_is_the_same_constant(was: str, now: str, said: int) -> None:
    ways = (Way("deny", (("x in <demo:A>", True),)), Way("allow", (("x in <demo:A>", False),)))
    old, new = (
        msgspec.structs.replace(
            release,
            handlers=(
                msgspec.structs.replace(release.handlers[0], constants=(("demo:A", value),)),
            ),
        )
        for release, value in ((deciding("aa", *ways), was), (deciding("bb", *ways), now))
    )
    found = [facts.kind_of(each) for each in compare(old, new, NODE).facts]
    assert found == ["handler-changed", *["deciding-constant-changed"] * said]


def test_what_a_filter_gives() -> None:
    old, new = (
        deciding(text, Way(text), Way(f"{text}{text}"), hook="recall_filter")
        for text in ("aa", "bb")
    )
    found = [
        each for each in compare(old, new, NODE).facts if isinstance(each, facts.DecidesOtherwise)
    ]
    assert [(each.was, each.now, each.more) for each in found] == [("aa", "bb", 3)]


def test_a_statement_that_sets_a_name_of_a_handler_changes_it() -> None:
    def handler(*parts: str) -> Release:
        code = tuple(Part(each, "aa", Location("demo/x.py", 1)) for each in ("demo:x", *parts))
        return msgspec.structs.replace(
            release_of(ShortRelease()),
            handlers=(Handler("post_assert_audit", "demo:x", "demo:x", code),),
        )

    for old, new in ((handler(), handler("demo.y")), (handler("demo.y"), handler())):
        [fact] = compare(old, new, NODE).facts
        assert isinstance(fact, facts.HandlerChanged)
        assert (fact.itself, fact.changed, fact.come) == (False, ("statements of demo.y",), ())
