"""Old release against new: typed changes, and what could not be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import msgspec

from stigmem_review import facts, versions
from stigmem_review.compare.behaviour import newly_reached
from stigmem_review.compare.builds import build_changes, rebuilt, unlike_sdist
from stigmem_review.compare.certainty import first_read, lost, unclear, unread, without_echoes
from stigmem_review.compare.code import code_changes
from stigmem_review.compare.ledger import Ledger, field_pairs, hooks_of, ledgers, unexplained
from stigmem_review.compare.news import news
from stigmem_review.compare.signers import SigningOutcome, signing
from stigmem_review.compare.states import states
from stigmem_review.facts import Fact
from stigmem_review.host import Node
from stigmem_review.model import (
    Known,
    Location,
    Manifest,
    NotCarried,
    Release,
)
from stigmem_review.outcomes import When, members, spelled, values
from stigmem_review.policy.trust import Trust

_GAINS = (
    facts.CapabilityAdded,
    facts.CapabilityReconditioned,
    facts.HookAdded,
    facts.HookReconditioned,
    facts.RouteAdded,
    facts.RouteReconditioned,
    facts.EndpointAdded,
)
_CHANGED = 5
"""Changed definitions behind one handler that are named; the rest is counted."""

_NOBODY = Trust()

_SURPRISING: tuple[facts.Step, ...] = ("patch", "rebuild", "same")


class Comparison(msgspec.Struct, frozen=True):
    """What comparing two releases gave.

    ``facts`` are for the rules to judge; ``already`` are states that the old release was in too;
    ``unchanged`` names the fields that are the same; ``not_carried`` those that a side's kind of
    source does not carry, with that kind. ``signing`` says in short who signed, and is absent
    where neither side has a signature to look at.
    """

    facts: tuple[Fact, ...]
    already: tuple[Fact, ...]
    unchanged: tuple[str, ...]
    not_carried: tuple[tuple[str, str], ...]
    signing: SigningOutcome | None = None


def compare(old: Release, new: Release, node: Node, trust: Trust = _NOBODY) -> Comparison:
    """Compare two releases as one node would see them; each may be the empty release.

    ``trust`` is whom the operator trusts to sign: nobody has said it where it is not given.
    """
    before, after = ledgers(old, new)
    move = _move(before, after)
    unchanged = tuple(name for name in before if before[name] == after[name])
    changes = [*_presence(old, new), *_changes(before, after, old, new, node)]
    changes += unexplained(before, after, changes)
    changes += code_changes(old, new)
    changes += _handlers(old, new, node)
    found, already = _judged(old, new, node)
    changes += found
    changes += newly_reached(old, new)
    changes += build_changes(old, new)
    if move is not None and versions.same(*move):
        changes += _code_changed(move[1], old, new)
        changes += rebuilt(move[1], old, new, changes)
    changes += _surprise(move, changes)
    unlike, as_before = unlike_sdist(old, new)
    changes += unlike
    already += as_before
    signed = signing(old, new, trust)
    changes += signed.facts
    already += signed.already
    return Comparison(
        tuple(changes), tuple(already), unchanged, tuple(_not_carried(old, new)), signed.outcome
    )


def inspect(release: Release, node: Node) -> Comparison:
    """Return what is wrong with one release by itself, and what of it cannot be read."""
    found = tuple(states(release, node))
    left = without_echoes(unread(release), found)
    return Comparison((*found, *left), (), (), ())


def _judged(old: Release, new: Release, node: Node) -> tuple[list[Fact], list[Fact]]:
    """Return what is news of the new release's states, and apart what the old one was in too."""
    found, already = news(states(new, node), states(old, node), old, new)
    doubts = tuple(unclear(old, new))
    unreads = (each for state in unread(new) for each in lost(state, old))
    certainty = without_echoes((*unreads, *first_read(old, new), *doubts), (*found, *already))
    told, as_before = news(certainty, (*unread(old), *doubts), old, new)
    return [*told, *found], [*already, *as_before]


def _presence(old: Release, new: Release) -> Iterator[Fact]:
    if old.source.kind == "none":
        yield facts.PluginInstalled(item="plugin")
    if new.source.kind == "none":
        names = tuple(hook.name for hook in hooks_of(old))
        yield facts.PluginRemoved(item="plugin", hooks=names, side="old")


# Changes


def _changes(
    before: Ledger, after: Ledger, old: Release, new: Release, node: Node
) -> Iterator[Fact]:
    for name in before:
        one, two = before[name], after[name]
        if one == two:
            continue
        match name:
            case "capabilities":
                places = _member_places(name, old, new)
                yield from _diff(
                    _MEMBERS[name],
                    one,
                    two,
                    places,
                    lambda item: {"capability": node.capability(item)},
                )
            case "hooks":
                yield from _hooks(one, two, old, new, node)
            case "depends_on":
                yield from _diff(_MEMBERS[name], one, two, _member_places(name, old, new))
            case "routes":
                routes = _diff(_MEMBERS[name], one, two, _member_places(name, old, new))
                yield from _with_paths(routes, new)
            case "async_safe":
                yield _async_safe(one, two, new)
            case "entry_points":
                yield from _entry_points(one, two, old, new)
            case "requires_dist":
                yield from _requirements(one, two, new)
            case "outside":
                yield from _outside(one, two)
            case "version" | "distribution_version" | "metadata":
                pass
            case _:
                at = _at(_field(new, name))
                yield _REPLACED[name](item=name, old=one, new=two, at=at)
    yield from _version_changes(before, after, old, new)


_REPLACED: dict[str, Any] = {
    "name": facts.NameChanged,
    "distribution": facts.DistributionRenamed,
    "requires_stigmem": facts.RequiresStigmemChanged,
    "health_check": facts.HealthCheckChanged,
    "config_schema": facts.ConfigSchemaChanged,
    "requires_python": facts.RequiresPythonChanged,
}


def _field(release: Release, name: str) -> Any:
    manifest = release.manifest
    if isinstance(manifest, Manifest) and name in Manifest.__struct_fields__:
        return getattr(manifest, name)
    return getattr(release, name, None)


def _at(value: Any) -> Location | None:
    return getattr(value, "at", None)


def _move(before: Ledger, after: Ledger) -> tuple[str, str] | None:
    """Return the version that is installed on both sides, or else the manifest's, if it is one."""
    for name in _VERSIONS:
        if name in before:
            one, two = before[name], after[name]
            return (one, two) if isinstance(one, str) and isinstance(two, str) else None
    return None


def _version_changes(before: Ledger, after: Ledger, old: Release, new: Release) -> Iterator[Fact]:
    """Yield the step of the version that is installed, and that of the manifest's own."""
    carried = [name for name in _VERSIONS if name in before]
    moves = {name: (before[name], after[name]) for name in carried}
    for name, (one, two) in moves.items():
        if one == two:
            continue
        at = _at(_field(new, name))
        plain = isinstance(one, str) and isinstance(two, str)
        size = versions.step(one, two) if plain else _step(name, old, new)
        if name == carried[0]:
            yield facts.VersionChanged(item="version", old=one, new=two, step=size, at=at)
        if name == "version":
            yield facts.ManifestVersionChanged(
                item="version",
                old=one,
                new=two,
                step=size,
                follows=plain and all(map(versions.same, moves[carried[0]], (one, two))),
                at=at,
            )


_VERSIONS = ("distribution_version", "version")


def _step(name: str, old: Release, new: Release) -> facts.Step:
    """Return how far any version that a release can state is from any that the other can."""
    sides = ([each.value for each in values(_field(side, name))] for side in (old, new))
    steps = {versions.step(one, two) for one, two in product(*sides)}
    return steps.pop() if len(steps) == 1 else "unknown"


def _diff(
    kinds: tuple[Any, Any, Any],
    one: dict[str, When],
    two: dict[str, When],
    places: tuple[_Places, _Places],
    about: Callable[[str], dict[str, Any]] = lambda item: {},
) -> Iterator[Fact]:
    """Yield what is possible in one release only, and what is so at other times.

    ``kinds`` are the facts to make of an item that comes, one that goes, and one that stays.
    """
    added, removed, stays = kinds
    was, now = places
    for item in sorted(two.keys() - one.keys()):
        yield added(item=item, when=two[item], at=now.get(item), **about(item))
    for item in sorted(one.keys() - two.keys()):
        yield removed(item=item, when=one[item], at=was.get(item), side="old", **about(item))
    for item in sorted(one.keys() & two.keys()):
        if one[item] != two[item]:
            yield stays(
                item=item,
                when=two[item],
                was=one[item],
                shift=_shift(one[item], two[item]),
                at=now.get(item),
                **about(item),
            )


def _shift(was: When, when: When) -> facts.Shift:
    if not when:
        return "always"
    return "other" if was else "sometimes"


_Places = dict[str, Location | None]


def _member_places(name: str, old: Release, new: Release) -> tuple[_Places, _Places]:
    """Return where each item of a collection is written, on both sides."""
    was, now = (
        {each.value: each.at for each in members(_field(side, name))} for side in (old, new)
    )
    return was, now


def _hooks(
    one: dict[str, _Handled], two: dict[str, _Handled], old: Release, new: Release, node: Node
) -> Iterator[Fact]:
    was, now = ({each.name: each.handled_at for each in hooks_of(side)} for side in (old, new))
    yield from _diff(
        (
            lambda **rest: facts.HookAdded(target=two[rest["item"]][0], **rest),
            lambda **rest: facts.HookRemoved(target=one[rest["item"]][0], **rest),
            facts.HookReconditioned,
        ),
        {item: when for item, (_, when) in one.items()},
        {item: when for item, (_, when) in two.items()},
        (was, now),
        lambda item: {"hook": node.hook(item)},
    )
    for item in sorted(one.keys() & two.keys()):
        (before, _), (after, _) = one[item], two[item]
        if before != after:
            yield facts.HookRebound(
                item=item, hook=node.hook(item), old=before, new=after, at=now.get(item)
            )


_Handled = tuple[facts.Stated, When]
"""What handles a hook, and when anything does."""


def _async_safe(one: facts.Stated, two: facts.Stated, new: Release) -> facts.AsyncSafeChanged:
    field = _field(new, "async_safe")
    unsafe = next((each for each in values(field) if not each.value), None)
    return facts.AsyncSafeChanged(
        item="async_safe",
        old=one,
        new=two,
        unsafe=unsafe is not None,
        when=unsafe.when if unsafe else (),
        at=unsafe.at if unsafe else _at(field),
    )


def _with_paths(routes: Iterator[Fact], new: Release) -> Iterator[Fact]:
    """Say of routers that are added what they answer."""
    for fact in routes:
        if isinstance(fact, facts.RouteAdded):
            paths = [each for each in new.endpoints if each.router == fact.item]
            yield msgspec.structs.replace(
                fact,
                paths=tuple(each.item for each in paths),
                open=tuple(each.item for each in paths if not each.guards),
            )
        else:
            yield fact


_MEMBERS: dict[str, tuple[Any, Any, Any]] = {
    "capabilities": (
        facts.CapabilityAdded,
        facts.CapabilityRemoved,
        facts.CapabilityReconditioned,
    ),
    "depends_on": (
        facts.DependsOnAdded,
        facts.DependsOnRemoved,
        facts.DependsOnReconditioned,
    ),
    "routes": (facts.RouteAdded, facts.RouteRemoved, facts.RouteReconditioned),
}


def _entry_points(
    one: dict[str, str], two: dict[str, str], old: Release, new: Release
) -> Iterator[Fact]:
    places = _entry_point_places(new)
    for item in sorted(two.keys() - one.keys()):
        group = item.partition(" : ")[0]
        yield facts.EntryPointAdded(item=item, group=group, value=two[item], at=places.get(item))
    old_places = _entry_point_places(old)
    for item in sorted(one.keys() - two.keys()):
        group = item.partition(" : ")[0]
        yield facts.EntryPointRemoved(
            item=item, group=group, value=one[item], at=old_places.get(item), side="old"
        )
    for item in sorted(one.keys() & two.keys()):
        if one[item] != two[item]:
            group = item.partition(" : ")[0]
            yield facts.EntryPointChanged(
                item=item, group=group, old=one[item], new=two[item], at=places.get(item)
            )


def _entry_point_places(release: Release) -> dict[str, Location | None]:
    found = release.entry_points
    entries = found.value if isinstance(found, Known) else ()
    return {f"{each.group} : {each.name}": each.at for each in entries}


def _requirements(one: dict[str, str], two: dict[str, str], new: Release) -> Iterator[Fact]:
    at = _at(new.requires_dist)
    for item in sorted(two.keys() - one.keys()):
        yield facts.RequirementAdded(
            item=item,
            value=two[item],
            direct="@ " in two[item],
            optional="extra ==" in item,
            at=at,
        )
    for item in sorted(one.keys() - two.keys()):
        yield facts.RequirementRemoved(item=item, value=one[item], side="old")
    for item in sorted(one.keys() & two.keys()):
        if one[item] != two[item]:
            yield facts.RequirementChanged(
                item=item, old=one[item], new=two[item], direct="@ " in two[item], at=at
            )


def _outside(one: dict[str, str], two: dict[str, str]) -> Iterator[Fact]:
    for item in sorted(one.keys() | two.keys()):
        if one.get(item) == two.get(item):
            continue
        place, runs = _place(item)
        if item not in one:
            yield facts.OutsideFileAdded(
                item=item, place=place, runs=runs, sha256=two[item], at=_file(item)
            )
        elif item not in two:
            yield facts.OutsideFileRemoved(
                item=item, place=place, runs=runs, at=_file(item), side="old"
            )
        else:
            yield facts.OutsideFileChanged(
                item=item, place=place, runs=runs, sha256=two[item], at=_file(item)
            )


def _file(item: str) -> Location:
    return Location(item.removeprefix("site-packages/"))


def _place(item: str) -> tuple[facts.Place, bool]:
    """Return where a file is installed to, and whether Python runs it at every start."""
    top, _, rest = item.partition("/")
    # The site module reads every .pth file at the top of site-packages, and imports these two.
    runs = top == "site-packages" and (
        rest.endswith(".pth") or rest in ("sitecustomize.py", "usercustomize.py")
    )
    match top:
        case "site-packages" | "scripts" | "headers" | "data":
            return top, runs
        case _:
            return "other", runs


# States and combinations


def _handlers(old: Release, new: Release, node: Node) -> Iterator[facts.HandlerChanged]:
    """Yield every hook that still runs the same handler, and other code behind that name."""
    before = {(each.hook, each.target): each for each in old.handlers}
    for handler in new.handlers:
        was = before.get((handler.hook, handler.target))
        if was is None:
            continue
        one, two = ({part.name: part for part in each.parts} for each in (was, handler))
        differing = sorted(
            name
            for name in one.keys() | two.keys()
            if name not in one or name not in two or one[name].sha256 != two[name].sha256
        )
        if not differing:
            continue
        itself = handler.own in differing
        # What is reached no longer, or imported from elsewhere, follows from another change.
        others = [
            name
            for name in differing
            if name != handler.own and name in two and (name in one or two[name].at)
        ]
        if not itself and not others:
            others = differing
        places = [two[name].at for name in others if name in two and two[name].at]
        yield facts.HandlerChanged(
            item=handler.hook,
            hook=node.hook(handler.hook),
            target=handler.target,
            itself=itself,
            changed=tuple(others[:_CHANGED]),
            more=len(others[_CHANGED:]),
            at=handler.at if itself or not places else places[0],
        )


def _code_changed(version: str, old: Release, new: Release) -> Iterator[facts.CodeChanged]:
    """Yield a fact where the version stayed and the package's code did not."""
    if not isinstance(old.package, Known) or not isinstance(new.package, Known):
        return
    one, two = old.package.value, new.package.value
    changed = sorted(
        path
        for path in one.keys() | two.keys()
        # What else an sdist holds, a wheel may leave out.
        if one.get(path) != two.get(path)
        and (old.source.kind == new.source.kind or path.endswith(".py"))
    )
    if changed:
        yield facts.CodeChanged(item=version, files=tuple(changed))


def _surprise(
    move: tuple[str, str] | None, changes: list[facts.Fact]
) -> Iterator[facts.VersionSurprise]:
    """Yield one fact where a small step of the version comes with more rights."""
    gained = tuple(
        spelled(change.item, change.when)
        for change in changes
        if isinstance(change, _GAINS)
        and not (isinstance(change, facts.Reconditioned) and change.shift == "sometimes")
    )
    if not gained or move is None:
        return
    size = versions.step(*move)
    if size in _SURPRISING:
        yield facts.VersionSurprise(item="version", step=size, gained=gained)


def _not_carried(old: Release, new: Release) -> Iterator[tuple[str, str]]:
    for name, one, two in field_pairs(old, new):
        for value in (one, two):
            if isinstance(value, NotCarried) and value.source != "none":
                yield name, value.source
                break
