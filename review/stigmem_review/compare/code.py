"""Old release against new: migrations, paths, settings and handlers that the code has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from packaging.version import Version

from stigmem_review import facts, versions
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing
from stigmem_review.compare.nested import written
from stigmem_review.facts import Fact
from stigmem_review.model import Endpoint, Handler, Location, Manifest, Migration, Release, Setting
from stigmem_review.outcomes import is_read, members, values

Key = tuple[str, str, int]
"""What the node's ledger knows a migration by: plugin, backend and number."""


_CHANGED = 5
"""Changed definitions behind one handler that are named; the rest is counted."""


def _are_walked(sides: Sides) -> bool:
    """Say whether both releases have code to compare, as far as there is an old one."""
    old, new, _ = sides
    return new.walked and (old.walked or old.source.kind == "none")


def refusals(sides: Sides) -> Iterator[Fact]:
    """Yield which migrations keep a node with a database from starting, either way, and why."""
    if not _are_walked(sides):
        return
    old, new, _ = sides
    before = _by_key(old)
    for key, each in sorted(_by_key(new).items()):
        if each.sql is not None and key in before and before[key].sql is None:
            why = "its SQL could not be read in the old release, so it may be the same or not"
            yield facts.MigrationUnread(item=each.item, why=why, at=each.at)
    for backend, newer, applied, declared, _ in _refused(old, new):
        yield facts.MigrationsRefused(
            item=backend, newer=newer, applied=applied, declared=declared, at=_place(new, backend)
        )
    for backend, newer, applied, declared, fresh in _refused(new, old):
        yield facts.RollbackRefused(
            item=backend,
            newer=newer,
            applied=applied,
            declared=declared,
            fresh=fresh,
            at=_place(new, backend),
        )


# Migrations


def _migrations(found: tuple[Migration, ...], release: Release) -> Entries:
    return {
        key: Entry(each.item, {"sql": each.sql}, each.at) for key, each in _by_key(release).items()
    }


def _known_sql(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out what cannot be read: that is a state of the release it is in."""
    if not _are_walked(sides):
        return {}, {}
    for key in [key for key, each in after.items() if each.cell["sql"] is None]:
        del after[key]
        before.pop(key, None)
    for key in before.keys() & after.keys():
        if before[key].cell["sql"] is None:
            del before[key], after[key]
    return before, after


def _statements(thing: Thing) -> dict[str, Any]:
    from stigmem_review.observe.sql import changes, statements

    old, new = thing.says("sql")
    heads = statements(new or "")
    blanks = (old or "").split() == (new or "").split()
    return {"does": heads, "changes": any(map(changes, heads)), "blanks": blanks}


def _by_key(release: Release) -> dict[Key, Migration]:
    names = _stated(release, "name")
    own = names[0] if len(names) == 1 else ""
    return {
        (each.plugin or own, each.backend, each.number): each
        for each in release.migrations
        if each.number is not None and each.backend
    }


def _stated(release: Release, name: str) -> tuple[str, ...]:
    """Return every text that a field of the manifest can be, if that is known."""
    field = getattr(release.manifest, name) if isinstance(release.manifest, Manifest) else None
    return tuple(each.value for each in values(field))


def _refused(
    applied: Release, declared: Release
) -> Iterator[tuple[str, facts.Newer, str, str, bool]]:
    """Yield why a database on which one release ran refuses another release.

    That is what ``stigmem_node.plugin_migrations`` does: a plugin whose highest number, or whose
    highest version, is below what the database has. Last comes whether only databases do that
    which the release set up from nothing: a database keeps the version that first applied a
    migration.
    """
    had, has = _by_key(applied), _by_key(declared)
    for plugin, backend in sorted({key[:2] for key in had} & {key[:2] for key in has}):
        there = {key: each for key, each in had.items() if key[:2] == (plugin, backend)}
        asked = {key: each for key, each in has.items() if key[:2] == (plugin, backend)}
        top, wanted = max(key[2] for key in there), max(key[2] for key in asked)
        if wanted < top:
            yield backend, "number", str(top), str(wanted), False
            continue
        # Of several versions that a release can state, those that the node refuses count.
        versions_there = {key: _version(each, applied, max) for key, each in there.items()}
        versions_asked = [_version(each, declared, min) for each in asked.values()]
        known = [each for each in versions_there.values() if each]
        limit = max((each for each in versions_asked if each), default=None)
        if None in versions_asked or limit is None or not known or max(known) <= limit:
            continue
        extra = [each for key, each in versions_there.items() if key not in asked]
        fresh = not any(each and each > limit for each in extra)
        yield backend, "version", str(max(known)), str(limit), fresh


def _version(
    migration: Migration, release: Release, choose: Callable[[list[Version]], Version]
) -> Version | None:
    """Return the version that the ledger keeps for a migration, if that is known."""
    stated = _stated(release, "version") if migration.version == "" else (migration.version,)
    found = [versions.parse(each) for each in stated if each]
    known = [each for each in found if each is not None]
    return choose(known) if known and len(known) == len(found) else None


def _place(release: Release, backend: str) -> Location | None:
    found = [each for each in release.migrations if each.backend == backend]
    return found[-1].at if found else None


# Paths


def _endpoints(found: tuple[Endpoint, ...], release: Release) -> Entries:
    return {each.item: Entry(each.item, {"guards": each.guards}, each.at) for each in found}


def _of_the_same_routers(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out the paths of a router that comes or goes as a whole: they are its own fact's."""
    if not _are_walked(sides):
        return {}, {}
    one, two = _routers(sides.old), _routers(sides.new)
    # Routers are facts of their own only where the manifests' routes can be compared.
    come, gone = (two - one, one - two) if one is not None and two is not None else (set(), set())
    kept = [
        {each.item for each in side.endpoints if each.router in passing}
        for side, passing in ((sides.old, gone), (sides.new, come))
    ]
    for item in kept[0] - after.keys():
        del before[item]
    for item in kept[1] - before.keys():
        after.pop(item, None)
    for item in before.keys() & after.keys():
        if {*before[item].cell["guards"]} == {*after[item].cell["guards"]}:
            before[item] = before[item].saying(guards=after[item].cell["guards"])
    return before, after


def _guards(thing: Thing) -> dict[str, Any]:
    old, new = (each or () for each in thing.says("guards"))
    lost = tuple(guard for guard in old if guard not in new)
    return {"lost": lost, "left": new, "gained": tuple(each for each in new if each not in old)}


def _routers(release: Release) -> set[str] | None:
    """Return the routers that a manifest names, if that is known."""
    manifest = release.manifest
    routes = manifest.routes if isinstance(manifest, Manifest) else None
    return {each.value for each in members(routes)} if is_read(routes) else None


# Settings


def _settings(found: tuple[Setting, ...] | None, release: Release) -> Entries:
    return {each.item: Entry(each.item, {"value": _shown(each)}, each.at) for each in found or ()}


def _both_read(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    told = sides.old.settings is not None and sides.new.settings is not None
    return (before, after) if told and _are_walked(sides) else ({}, {})


def _default(thing: Thing) -> dict[str, Any]:
    old, new = (
        {each.item: each.default for each in side.settings or ()}.get(thing.item)
        for side in thing.sides[:2]
    )
    required = not new and (thing.old is None or bool(old))
    return {"required": required, "inside": written(old or "", new or "")}


def _shown(setting: Setting) -> str:
    return f"{setting.type} = {setting.default}" if setting.default else setting.type


# Handlers

_UNTOLD = {"unknown"}


def _handlers(found: tuple[Handler, ...], release: Release) -> Entries:
    return {
        (each.hook, each.target): Entry(
            each.hook,
            {
                "parts": {part.name: part.sha256 for part in each.parts},
                "ends": {*each.ends},
                "ways": {*each.ways},
                "constants": dict(each.constants),
            },
            each.at,
            {"target": each.target},
        )
        for each in found
    }


def _in_both(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out the handlers of one side only: what a hook runs is the manifest's.

    An end that cannot be told comes and goes with what else runs on the node, such as a counter of
    another handler: where all that can be told is as before, so is the handler.
    """
    keys = before.keys() & after.keys()
    found = {}
    for key in keys:
        was, now = before[key].cell["ends"], after[key].cell["ends"]
        kept = was if was ^ now == _UNTOLD and was & now else now
        found[key] = after[key].saying(ends=kept)
    return {key: before[key] for key in keys}, found


def _is_of_handler(fact: Fact, thing: Thing) -> bool:
    kinds = (
        *(facts.HandlerChanged, facts.DenyLost, facts.DenyUnclear),
        *(facts.DecidesOtherwise, facts.DecidingConstantChanged),
    )
    return isinstance(fact, kinds) and fact.item == thing.item


def _differing(thing: Thing) -> dict[str, Any]:
    """Return what is another one behind a handler that is called the same."""
    one, two = thing.says("parts")
    was, handler = (_handler(thing, each) for each in thing.sides[:2])
    places = {part.name: part.at for part in (*was.parts, *handler.parts)}
    changed = sorted(name for name in one.keys() & two.keys() if one[name] != two[name])
    # A name that is imported from elsewhere has no place: what uses it changed as well.
    come, gone = (
        sorted(name for name in here.keys() - there.keys() if places[name])
        for here, there in ((two, one), (one, two))
    )
    if not changed:
        # Where what uses it is the same, it acts on that: a statement that sets a name of it.
        changed, come = come or gone or sorted(one.keys() ^ two.keys()), []
    itself = handler.own in changed
    others = [name for name in changed if name != handler.own]
    found = [places[name] for name in (*others, *come) if name in two and places[name]]
    return {
        "hook": thing.sides.node.hook(thing.item),
        "itself": itself,
        "changed": tuple(map(_shown_as, others[:_CHANGED])),
        "more": len(others[_CHANGED:]),
        "come": tuple(map(_shown_as, come[:_CHANGED])),
        "at": handler.at if itself or not found else found[0],
    }


def _shown_as(name: str) -> str:
    """Return what a part is called: what a module does by itself is not all of the module."""
    return name if ":" in name or "/" in name else f"statements of {name}"


def _handler(thing: Thing, side: Release) -> Handler:
    key = (thing.item, thing.about["target"])
    [found] = [each for each in side.handlers if (each.hook, each.target) == key]
    return found


CODE = (
    Field(
        name="migrations",
        read=_migrations,
        match=_known_sql,
        added=facts.MigrationAdded,
        removed=facts.MigrationRemoved,
        changed={"sql": (facts.MigrationRewritten,)},
        more=_statements,
    ),
    Field(
        name="endpoints",
        read=_endpoints,
        match=_of_the_same_routers,
        added=facts.EndpointAdded,
        removed=facts.EndpointRemoved,
        changed={"guards": (facts.EndpointUnguarded, facts.EndpointGuarded)},
        which=lambda thing: 0 if _guards(thing)["lost"] else 1,
        more=_guards,
        gain=True,
        title="paths",
    ),
    Field(
        name="settings",
        read=_settings,
        match=_both_read,
        added=facts.ConfigFieldAdded,
        removed=facts.ConfigFieldRemoved,
        changed={"value": (facts.ConfigFieldChanged,)},
        more=_default,
        joins=": ",
        beside="config_schema",
    ),
    Field(
        name="handlers",
        read=_handlers,
        match=_in_both,
        changed={"parts": (facts.HandlerChanged,)},
        told=_is_of_handler,
        more=_differing,
        is_shown=False,
    ),
)
"""The rows of the table of fields about what the code has."""
