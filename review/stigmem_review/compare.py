"""Old release against new: typed changes, and what could not be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from stigmem_review import facts, versions
from stigmem_review.certainty import certainty, is_unread, unreadable, without_echoes
from stigmem_review.compare_builds import build_changes, rebuilt, unlike_sdist
from stigmem_review.compare_code import code_changes
from stigmem_review.facts import Fact
from stigmem_review.host import Node
from stigmem_review.ledger import Ledger, field_pairs, hooks_of, ledgers, unexplained
from stigmem_review.model import (
    Known,
    Location,
    Manifest,
    NotCarried,
    Release,
)
from stigmem_review.policy.trust import Trust
from stigmem_review.reach import newly_reached
from stigmem_review.signers import SigningOutcome, signing
from stigmem_review.states import ALWAYS, NOT_REPEATED, OF_CODE, UNREAD, states

_GAINS = (facts.CapabilityAdded, facts.HookAdded, facts.RouteAdded, facts.EndpointAdded)
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
    move = next(((before[name], after[name]) for name in _VERSIONS if name in before), None)
    unchanged = tuple(name for name in before if before[name] == after[name])
    changes = [*_presence(old, new), *_changes(before, after, old, new, node)]
    changes += unexplained(before, after, changes)
    changes += code_changes(old, new)
    changes += _handlers(old, new, node)
    same_code = bool(old.code) and old.code == new.code
    found, already = _new_states(old, new, node, same_code)
    unread = list(without_echoes(certainty(old, new), (*found, *already)))
    for fact in unread:
        # What could be read in neither release is as before only where the code is.
        (already if same_code and is_unread(fact) else changes).append(fact)
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
    unread = without_echoes(unreadable(release), found)
    return Comparison((*found, *unread), (), (), ())


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
                yield from _capabilities(one, two, old, new, node)
            case "hooks":
                yield from _hooks(one, two, old, new, node)
            case "depends_on":
                yield from _members(name, one, two, old, new)
            case "routes":
                yield from _with_paths(_members(name, one, two, old, new), new)
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
    "async_safe": facts.AsyncSafeChanged,
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


def _member_at(value: Any, item: str) -> Location | None:
    """Return where one item of a collection is written."""
    if isinstance(value, Known) and value.each:
        return dict(zip(value.value, value.each, strict=True)).get(item, value.at)
    return _at(value)


def _version_changes(before: Ledger, after: Ledger, old: Release, new: Release) -> Iterator[Fact]:
    """Yield the step of the version that is installed, and that of the manifest's own."""
    carried = [name for name in _VERSIONS if name in before]
    moves = {name: (before[name], after[name]) for name in carried}
    for name, (one, two) in moves.items():
        if one == two:
            continue
        at = _at(_field(new, name))
        size = versions.step(one, two)
        if name == carried[0]:
            yield facts.VersionChanged(item="version", old=one, new=two, step=size, at=at)
        if name == "version":
            yield facts.ManifestVersionChanged(
                item="version",
                old=one,
                new=two,
                step=size,
                follows=all(map(versions.same, moves[carried[0]], (one, two))),
                at=at,
            )


_VERSIONS = ("distribution_version", "version")


def _capabilities(
    one: set[str], two: set[str], old: Release, new: Release, node: Node
) -> Iterator[Fact]:
    for item in sorted(two - one):
        yield facts.CapabilityAdded(
            item=item,
            capability=node.capability(item),
            at=_member_at(_field(new, "capabilities"), item),
        )
    for item in sorted(one - two):
        yield facts.CapabilityRemoved(
            item=item,
            capability=node.capability(item),
            at=_member_at(_field(old, "capabilities"), item),
            side="old",
        )


def _hooks(
    one: dict[str, str], two: dict[str, str], old: Release, new: Release, node: Node
) -> Iterator[Fact]:
    places = _hook_places(new)
    for item in sorted(two.keys() - one.keys()):
        yield facts.HookAdded(
            item=item, hook=node.hook(item), target=two[item], at=places.get(item)
        )
    old_places = _hook_places(old)
    for item in sorted(one.keys() - two.keys()):
        yield facts.HookRemoved(
            item=item,
            hook=node.hook(item),
            target=one[item],
            at=old_places.get(item),
            side="old",
        )
    for item in sorted(one.keys() & two.keys()):
        if one[item] != two[item]:
            yield facts.HookRebound(
                item=item,
                hook=node.hook(item),
                old=one[item],
                new=two[item],
                at=places.get(item),
            )


def _hook_places(release: Release) -> dict[str, Location | None]:
    """Return where each hook's handler is, or else where the hook is declared."""
    return {hook.name: _at(hook.target) or hook.at for hook in hooks_of(release)}


def _members(name: str, one: set[str], two: set[str], old: Release, new: Release) -> Iterator[Fact]:
    added, removed = _MEMBERS[name]
    for item in sorted(two - one):
        yield added(item=item, at=_member_at(_field(new, name), item))
    for item in sorted(one - two):
        yield removed(item=item, at=_member_at(_field(old, name), item), side="old")


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


_MEMBERS: dict[str, tuple[Any, Any]] = {
    "depends_on": (facts.DependsOnAdded, facts.DependsOnRemoved),
    "routes": (facts.RouteAdded, facts.RouteRemoved),
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
    before = {each.hook: each for each in old.handlers}
    for handler in new.handlers:
        was = before.get(handler.hook)
        if was is None or was.target != handler.target:
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


def _new_states(
    old: Release, new: Release, node: Node, same_code: bool
) -> tuple[list[Fact], list[Fact]]:
    """Return the new release's states, and apart those that the old release was in as well."""
    before = {key for state in states(old, node) for key in _excused(state)}
    found: list[Fact] = []
    already: list[Fact] = []
    for state in states(new, node):
        known = _key(state) in before and not isinstance(state, ALWAYS)
        if isinstance(state, UNREAD):
            known = known and same_code
        if known and isinstance(state, NOT_REPEATED):
            continue
        if isinstance(state, OF_CODE) and old.source.kind == "capture":
            # There is no code in it, so nobody can say what is new; the report says that.
            continue
        if isinstance(state, facts.CapabilityUnused) and _is_unsure_of_use(old):
            continue
        (already if known else found).append(state)
    return found, already


def _is_unsure_of_use(old: Release) -> bool:
    """Say whether nobody knows which capabilities an old release declared and did not use."""
    if old.source.kind == "none":
        return False
    declared = old.manifest.capabilities if isinstance(old.manifest, Manifest) else None
    return not (old.walked and isinstance(declared, Known))


_Key = tuple[str, str, str]
_FAILS = ("start", "later", "perhaps")


def _key(state: facts.Fact) -> _Key:
    """Return what the same state of another release is recognised by."""
    match state:
        case facts.VersionMismatch():
            stated = state.manifest
        case facts.ImportMissing():
            stated = state.fails
        case facts.FileOdd() | facts.SourceDeceptive():
            # Nobody can read what it holds, so it is as before only where all of it is.
            stated = state.sha256
        case _:
            stated = ""
    return facts.kind_of(state), state.item, stated


def _excused(state: facts.Fact) -> Iterator[_Key]:
    """Yield what is not new where the old release was in a state: that, and less of it."""
    kind, item, stated = _key(state)
    if isinstance(state, facts.ImportMissing):
        for fails in _FAILS[_FAILS.index(state.fails) :]:
            yield kind, item, fails
    else:
        yield kind, item, stated


def _surprise(
    move: tuple[str, str] | None, changes: list[facts.Fact]
) -> Iterator[facts.VersionSurprise]:
    """Yield one fact where a small step of the version comes with more rights."""
    gained = tuple(change.item for change in changes if isinstance(change, _GAINS))
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
