"""What a release has, or may have, that the policy says it must never have."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts import Fact, Forbidden, ForbiddenUnread
from stigmem_review.facts.policy import Right
from stigmem_review.model import Location, Release, Unknown
from stigmem_review.outcomes import hooks, is_read, members
from stigmem_review.policy.file import Rights


def forbidden(release: Release, rights: Rights, by: str) -> Iterator[Fact]:
    """Yield each thing of a release that is forbidden, and what could not be read of it.

    It is not asked whether that is new. ``by`` is the table of the policy that forbids it.
    """
    if release.source.kind == "none":
        return
    yield from _declared(release, rights, by)
    yield from _done(release, rights, by)


def _declared(release: Release, rights: Rights, by: str) -> Iterator[Fact]:
    manifest = release.manifest
    declared: tuple[tuple[Right, tuple[str, ...], str], ...] = (
        ("capability", rights.capabilities, "capabilities"),
        ("hook", rights.hooks, "hooks"),
    )
    for right, wanted, name in declared:
        if not wanted:
            continue
        field = manifest if isinstance(manifest, Unknown) else getattr(manifest, name)
        if not is_read(field):
            yield _unread(right, ", ".join(wanted), by, _why(field), getattr(field, "at", None))
            continue
        found = (
            {each.name: each.at for each in hooks(field)}
            if right == "hook"
            else {each.value: each.at for each in members(field)}
        )
        for each in wanted:
            if each in found:
                yield Forbidden(item=each, right=right, by=by, at=found[each])


def _done(release: Release, rights: Rights, by: str) -> Iterator[Fact]:
    if not (rights.authority or rights.destinations):
        return
    if not release.walked:
        named = ", ".join((*rights.authority, *rights.destinations))
        yield _unread("authority", named, by, "its code could not be read", None)
        return
    for kind in rights.authority:
        found = [each for each in release.behaviour if each.kind == kind]
        if found:
            yield Forbidden(item=kind, right="authority", by=by, at=found[0].at)
    for pattern in rights.destinations:
        one = Rights(destinations=(pattern,))
        acts = [each for each in release.behaviour if each.kind == pattern.partition(":")[0]]
        led = [(act, to) for act in acts for to in act.to if one.leads(act.kind, to)]
        places = {f"{act.kind}: {to}": act.at for act, to in led}
        for item, at in places.items():
            yield Forbidden(item=item, right="destination", by=by, at=at)
        vague = next((each for each in acts if not each.whole), None)
        if vague and not places:
            why = "the source does not name all that it leads to"
            yield _unread("destination", pattern, by, why, vague.at)


def _unread(right: Right, item: str, by: str, why: str, at: Location | None) -> ForbiddenUnread:
    return ForbiddenUnread(item=item, right=right, by=by, why=why, at=at)


def _why(field: object) -> str:
    return field.why if isinstance(field, Unknown) else "this kind of source does not carry it"
