"""What can be read of one release and not of the other, or of neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stigmem_review import facts
from stigmem_review.compare.fields import hooks_of, value_of
from stigmem_review.compare.table import field_pairs
from stigmem_review.facts import Fact, State
from stigmem_review.model import Known, Manifest, NotCarried, OneOf, Release, Unknown
from stigmem_review.outcomes import in_words, is_read, members, told

Unread = facts.ManifestUnread | facts.FieldUnread


def unread(release: Release) -> Iterator[Unread]:
    """Yield what cannot be read of one release."""
    if isinstance(release.manifest, Unknown):
        why, at = release.manifest.why, release.manifest.at
        yield facts.ManifestUnread(item="manifest", why=why, at=at, lost=False)
    for name, value, _ in field_pairs(release, release):
        if isinstance(value, Unknown):
            yield facts.FieldUnread(item=name, why=value.why, at=value.at)


def lost(state: Unread, old: Release) -> Iterator[Fact]:
    """Yield what is unread in a new release as what it is beside the old one.

    What the old one showed is lost; of what its source does not carry there is nothing to compare.
    """
    if old.source.kind == "none":
        yield state
    elif isinstance(state, facts.ManifestUnread):
        yield msgspec.structs.replace(state, lost=isinstance(old.manifest, Manifest))
    elif is_read(was := value_of(old, state.item)):
        yield facts.FieldLost(item=state.item, old=in_words(was), why=state.why, at=state.at)
    elif not isinstance(was, NotCarried):
        yield state


def first_read(old: Release, new: Release) -> Iterator[Fact]:
    """Yield what can be read of the new release and could not be of the old one."""
    if new.source.kind == "none":
        return
    if isinstance(old.manifest, Unknown) and isinstance(new.manifest, Manifest):
        yield facts.ManifestFirstRead(
            item="manifest",
            capabilities=tuple(map(str, members(new.manifest.capabilities))),
            hooks=tuple(map(str, hooks_of(new))),
        )
    for name, one, two in field_pairs(old, new):
        if isinstance(one, Unknown) and is_read(two):
            yield facts.FieldFirstRead(item=name, new=in_words(two), at=two.at)
    before = {hook.name: hook for hook in hooks_of(old)}
    for hook in hooks_of(new):
        was = before.get(hook.name)
        if was and was.unread and hook.targets:
            target = "; ".join(map(str, hook.targets))
            yield facts.FieldFirstRead(item=f"hooks.{hook.name}", new=target, at=hook.handled_at)


def unclear(old: Release, new: Release) -> Iterator[facts.ConditionUnclear]:
    """Yield of which fields both releases say the same, and may mean other times."""
    for name, one, two in field_pairs(old, new):
        if is_read(one) and is_read(two) and name in Manifest.__struct_fields__:
            yield from _unclear(name, one, two)


def _unclear(
    name: str, one: Known[Any] | OneOf[Any], two: Known[Any] | OneOf[Any]
) -> Iterator[facts.ConditionUnclear]:
    was, now = told(one), told(two)
    items = tuple(sorted(text for text in was.keys() & now.keys() if not (was[text] and now[text])))
    if items:
        yield facts.ConditionUnclear(item=name, items=items, at=two.at)


def without_echoes(unread: Iterable[Fact], said: Iterable[Fact]) -> Iterator[Fact]:
    """Leave out what could not be read where a state already says why."""
    states = [each for each in said if isinstance(each, State)]
    explained = {(state.explains, state.item) for state in states}
    stopped = {state.at for state in states if state.explains == "place"}
    no_factory = any(explains == "manifest" for explains, _ in explained)
    no_manifest = no_factory
    for fact in unread:
        if isinstance(fact, facts.ManifestUnread):
            no_manifest = True
            if no_factory or (fact.at and fact.at in stopped):
                continue
        if isinstance(fact, (facts.FieldLost, facts.FieldUnread)) and (
            ("field", fact.item) in explained or (fact.item == "entry_points" and no_manifest)
        ):
            continue
        yield fact
