"""A state is passed over only where its class says so, and only as far as it says."""

from __future__ import annotations

from copy import copy
from typing import Any

import msgspec
import pytest

from stigmem_review import host
from stigmem_review.compare import Comparison, compare, inspect
from stigmem_review.facts import KINDS, State, kind_of
from stigmem_review.manifest import none_release
from stigmem_review.model import Location, Manifest, NotCarried, Release, Unknown
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, read_examples, release_of

NODE = host.node()
STATES = {kind: each for kind, each in KINDS.items() if issubclass(each, State)}
PLACE = Location("demo/__init__.py", 3)
SAID, LISTED, SILENT = "said", "listed", "silent"

# What becomes of a state of the new release where the old one was in it: with the same code, with
# other code, and where the old one is a capture, which has no code.
TREATED = {
    "accessor-undeclared": (LISTED, LISTED, SAID),
    "wheel-differs-from-source": (LISTED, LISTED, LISTED),
    "capability-unknown": (LISTED, LISTED, LISTED),
    "capability-unused": (SILENT, SILENT, SILENT),
    "condition-unclear": (LISTED, SAID, SAID),
    "dependency-graduated": (LISTED, LISTED, LISTED),
    "entry-point-invalid": (LISTED, SAID, SAID),
    "entry-point-missing": (LISTED, SAID, SAID),
    "entry-point-odd": (LISTED, LISTED, LISTED),
    "entry-points-several": (LISTED, SAID, SAID),
    "factory-raises": (SILENT, SILENT, SILENT),
    "field-refused": (LISTED, SAID, SAID),
    "field-unread": (LISTED, SAID, SAID),
    "unexpected-file": (SILENT, SILENT, SILENT),
    "files-unreviewed": (SAID, SAID, SAID),
    "context-lacks": (LISTED, LISTED, SAID),
    "handler-arity": (LISTED, LISTED, SAID),
    "handler-async": (LISTED, LISTED, SAID),
    "handler-signature-mismatch": (LISTED, LISTED, SAID),
    "handler-result": (LISTED, LISTED, SAID),
    "handler-unread": (LISTED, SAID, SAID),
    "health-result": (LISTED, LISTED, SAID),
    "hidden-distribution": (SAID, SAID, SAID),
    "hook-unknown": (LISTED, LISTED, LISTED),
    "import-missing": (LISTED, LISTED, SILENT),
    "keyword-unknown": (LISTED, LISTED, LISTED),
    "load-raises": (LISTED, SAID, SAID),
    "manifest-unread": (LISTED, SAID, SAID),
    "migration-foreign": (LISTED, LISTED, LISTED),
    "migration-unread": (LISTED, SAID, SAID),
    "migration-version-invalid": (LISTED, LISTED, LISTED),
    "name-invalid": (LISTED, LISTED, LISTED),
    "node-requirement-unmet": (LISTED, LISTED, LISTED),
    "not-shipped": (LISTED, SAID, SAID),
    "plugin-graduated": (LISTED, LISTED, LISTED),
    "record-mismatch": (SAID, SAID, SAID),
    "requires-stigmem-unmet": (LISTED, LISTED, LISTED),
    "result-at-times": (LISTED, LISTED, SAID),
    "source-deceptive": (SILENT, SILENT, SILENT),
    "start-at-risk": (LISTED, LISTED, SILENT),
    "start-refused": (LISTED, LISTED, LISTED),
    "target-missing": (LISTED, SAID, SAID),
    "target-not-factory": (LISTED, SAID, SAID),
    "version-invalid": (LISTED, LISTED, LISTED),
    "version-mismatch": (LISTED, LISTED, LISTED),
    "wheel-tags-differ": (LISTED, LISTED, LISTED),
}
UNTOLD: dict[str, Any] = {
    "walked": False,
    "one_of": {
        "capabilities": [{"value": ["audit.read"], "conditions": ["A is set"]}, {"value": []}]
    },
}
"""A release of which the conditions of a field do not tell when it is so."""


def _in_the_state(kind: str) -> Release:
    """Return a release of an example of the rules that is in a state."""
    for each in shipped_rules().rules:
        for example in read_examples(each) if kind in each.rule.on else ():
            fields = {**example.old, "version": "1.1.0", **example.new}
            release = release_of(msgspec.convert(fields, ShortRelease))
            if kind in {kind_of(fact) for fact in inspect(release, NODE).facts}:
                return release
    assert kind == "condition-unclear"
    return release_of(msgspec.convert(UNTOLD, ShortRelease))


def _becomes(kind: str, comparison: Comparison) -> str:
    if kind in map(kind_of, comparison.facts):
        return SAID
    return LISTED if kind in map(kind_of, comparison.already) else SILENT


def _as_a_capture(release: Release) -> Release:
    source = msgspec.structs.replace(release.source, kind="capture")
    return msgspec.structs.replace(release, source=source, code="", walked=False, observed=())


@pytest.mark.parametrize("kind", STATES)
def test_what_becomes_of_a_state_that_the_old_release_was_in(kind: str) -> None:
    new = _in_the_state(kind)
    olds = (new, msgspec.structs.replace(new, code="another"), _as_a_capture(new))
    assert tuple(_becomes(kind, compare(old, new, NODE)) for old in olds) == TREATED[kind]


@pytest.mark.parametrize("kind", sorted({*STATES} - {"condition-unclear", "capability-unused"}))
def test_every_state_is_said_of_a_first_installation(kind: str) -> None:
    assert _becomes(kind, compare(none_release(), _in_the_state(kind), NODE)) == SAID


EXPLAIN_THE_MANIFEST = {
    "entry-point-invalid",
    "entry-point-missing",
    "entry-points-several",
    "import-missing",
    "load-raises",
    "not-shipped",
    "start-refused",
    "target-missing",
    "target-not-factory",
}
"""States after which nobody needs to hear that the manifest could not be read."""


@pytest.mark.parametrize("kind", sorted({*STATES} - {"condition-unclear", "manifest-unread"}))
def test_what_a_state_is_the_reason_for_is_not_said_again(kind: str) -> None:
    release = _in_the_state(kind)
    [state] = {
        fact.item: fact
        for fact in inspect(release, NODE).facts
        if kind_of(fact) == kind and fact.item != "entry_points"
    }.values()
    unread = msgspec.structs.replace(release, manifest=Unknown("x", state.at or PLACE))
    if release.observed:
        placed = [msgspec.structs.replace(each, at=PLACE) for each in release.observed]
        unread = msgspec.structs.replace(unread, observed=tuple(placed))
    found = inspect(unread, NODE).facts
    if kind in map(kind_of, found):
        assert ("manifest-unread" in map(kind_of, found)) == (kind not in EXPLAIN_THE_MANIFEST)
    manifest = release.manifest
    if isinstance(manifest, Manifest) and state.item in Manifest.__struct_fields__:
        lost = msgspec.structs.replace(manifest, **{state.item: Unknown("x")})
        found = inspect(msgspec.structs.replace(release, manifest=lost), NODE).facts
        assert ("field-unread" in map(kind_of, found)) == (kind != "field-refused")


def test_another_place_is_another_reason() -> None:
    release = msgspec.structs.replace(
        _in_the_state("import-missing"), manifest=Unknown("x", Location("other.py", 9))
    )
    assert "manifest-unread" in map(kind_of, inspect(release, NODE).facts)


def test_a_state_that_says_nothing_of_itself_is_always_said() -> None:
    class Bare(State, frozen=True, kw_only=True):
        pass

    assert (Bare.excuse, Bare.baseline, Bare.listed, Bare.explains) == ("none", "any", True, "")


def test_what_was_not_walked_is_not_said_to_leave_rights_unused() -> None:
    """A capture has no code in which a capability could be used."""
    release = _in_the_state("capability-unused")
    unwalked = msgspec.structs.replace(release, walked=False)
    assert "capability-unused" not in map(kind_of, inspect(unwalked, NODE).facts)


def test_the_step_of_a_capture_is_said_only_where_there_is_one() -> None:
    captures = []
    for version in ("1.0.0", "1.1.0"):
        release = _as_a_capture(release_of(msgspec.convert({"version": version}, ShortRelease)))
        captures.append(
            msgspec.structs.replace(release, distribution_version=NotCarried("capture"))
        )
    old, new = captures
    assert "version-changed" in map(kind_of, compare(old, new, NODE).facts)
    assert "version-changed" not in map(kind_of, compare(old, old, NODE).facts)


def test_what_the_node_before_had_is_missed_on_another() -> None:
    """No node that was released dropped a hook so far, so this one is made up."""
    release = release_of(ShortRelease())
    lacking = copy(NODE)
    lacking.hook = lambda name: NODE.hook("no_such_hook")  # type: ignore[method-assign]
    lacking.capability = lambda name: NODE.capability("none.such")  # type: ignore[method-assign]

    def said(node: host.Node, old_node: host.Node) -> set[str]:
        return {kind_of(each) for each in compare(release, release, node, old_node=old_node).facts}

    assert said(lacking, NODE) == {"hook-unknown", "capability-unknown"}
    assert said(lacking, lacking) == said(NODE, lacking) == set()
