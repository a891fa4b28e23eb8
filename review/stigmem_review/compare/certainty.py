"""What can be read of one release and not of the other, or of neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stigmem_review import facts
from stigmem_review.compare.ledger import field_pairs, hooks_of
from stigmem_review.compare.states import ABOUT_THE_FACTORY
from stigmem_review.facts import Fact
from stigmem_review.model import AnyValue, Known, Manifest, OneOf, Release, Unknown
from stigmem_review.outcomes import in_words, is_read, members, told


def certainty(old: Release, new: Release) -> Iterator[Fact]:
    """Yield what can be read on one side only, or on neither."""
    if isinstance(new.manifest, Unknown):
        lost = isinstance(old.manifest, Manifest) and old.source.kind != "none"
        yield facts.ManifestUnread(
            item="manifest", why=new.manifest.why, at=new.manifest.at, lost=lost
        )
    elif isinstance(old.manifest, Unknown) and new.source.kind != "none":
        yield facts.ManifestFirstRead(
            item="manifest",
            capabilities=tuple(map(str, members(new.manifest.capabilities))),
            hooks=tuple(map(str, hooks_of(new))),
        )
        for name in Manifest.__struct_fields__:
            value = getattr(new.manifest, name)
            if isinstance(value, Unknown):
                yield facts.FieldUnread(item=name, why=value.why, at=value.at)
    for name, one, two in field_pairs(old, new):
        if isinstance(two, Unknown):
            yield from _unread(name, one, two, old)
        elif isinstance(one, Unknown) and is_read(two) and new.source.kind != "none":
            yield facts.FieldFirstRead(item=name, new=in_words(two), at=two.at)
        elif is_read(one) and is_read(two) and name in Manifest.__struct_fields__:
            yield from _unclear(name, one, two)
    yield from _handlers_first_read(old, new)


def _unclear(
    name: str, one: Known[Any] | OneOf[Any], two: Known[Any] | OneOf[Any]
) -> Iterator[Fact]:
    """Yield what reads alike on both sides, and may be so at other times."""
    was, now = told(one), told(two)
    items = tuple(sorted(text for text in was.keys() & now.keys() if not (was[text] and now[text])))
    if items:
        yield facts.ConditionUnclear(item=name, items=items, at=two.at)


def _handlers_first_read(old: Release, new: Release) -> Iterator[Fact]:
    before = {hook.name: hook for hook in hooks_of(old)}
    for hook in hooks_of(new):
        was = before.get(hook.name)
        if was and was.unread and hook.targets:
            target = "; ".join(map(str, hook.targets))
            yield facts.FieldFirstRead(item=f"hooks.{hook.name}", new=target, at=hook.handled_at)


def unreadable(release: Release) -> Iterator[Fact]:
    """Yield what cannot be read of one release by itself."""
    if isinstance(release.manifest, Unknown):
        why, at = release.manifest.why, release.manifest.at
        yield facts.ManifestUnread(item="manifest", why=why, at=at, lost=False)
    for name, value, _ in field_pairs(release, release):
        if isinstance(value, Unknown):
            yield facts.FieldUnread(item=name, why=value.why, at=value.at)


def is_unread(fact: Fact) -> bool:
    """Say whether a fact is about what can be read in neither release."""
    return isinstance(fact, (facts.FieldUnread, facts.ConditionUnclear)) or (
        isinstance(fact, facts.ManifestUnread) and not fact.lost
    )


def without_echoes(unread: Iterable[Fact], states: tuple[Fact, ...]) -> Iterator[Fact]:
    """Leave out what could not be read where a state already says why."""
    refused = {state.item for state in states if isinstance(state, facts.FieldRefused)}
    no_factory = any(isinstance(state, ABOUT_THE_FACTORY) for state in states)
    no_manifest = no_factory
    failing = [state.at for state in states if isinstance(state, facts.ImportMissing)]
    for fact in unread:
        if isinstance(fact, facts.ManifestUnread):
            no_manifest = True
            if no_factory or (fact.at and fact.at in failing):
                continue
        if isinstance(fact, (facts.FieldLost, facts.FieldUnread)) and (
            fact.item in refused or (fact.item == "entry_points" and no_manifest)
        ):
            continue
        yield fact


def _unread(name: str, one: AnyValue, two: Unknown, old: Release) -> Iterator[Fact]:
    if old.source.kind == "none":
        yield facts.FieldUnread(item=name, why=two.why, at=two.at)
    elif is_read(one):
        yield facts.FieldLost(item=name, old=in_words(one), why=two.why, at=two.at)
    elif isinstance(one, Unknown):
        yield facts.FieldUnread(item=name, why=two.why, at=two.at)
