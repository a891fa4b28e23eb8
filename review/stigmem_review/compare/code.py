"""Old release against new: migrations, paths, settings and handlers that the code has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stigmem_review import facts
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing
from stigmem_review.facts import Fact
from stigmem_review.forecast.ledger import Check
from stigmem_review.forecast.rollback import Way
from stigmem_review.model import Endpoint, Handler, Location, Manifest, Migration, Release, Setting
from stigmem_review.outcomes import is_read, members, values
from stigmem_review.text import shorten

Key = tuple[str, str, int]
"""What the node's ledger knows a migration by: plugin, backend and number."""


_CHANGED = 5
"""Changed definitions behind one handler that are named; the rest is counted."""


def _are_walked(sides: Sides) -> bool:
    """Say whether both releases have code to compare, as far as there is an old one."""
    old, new, _ = sides
    return new.walked and (old.walked or old.source.kind == "none")


def refusals(sides: Sides, found: Sequence[Way]) -> Iterator[Fact]:
    """Yield which migrations keep a node with a database from starting, either way, and why."""
    if not _are_walked(sides):
        return
    old, new, _ = sides
    before = _by_key(old)
    for key, each in sorted(_by_key(new).items()):
        if each.sql is not None and key in before and before[key].sql is None:
            why = "its SQL could not be read in the old release, so it may be the same or not"
            yield facts.MigrationUnread(item=each.item, why=why, at=each.at)
    for way in found:
        yield from _upgrade(way, before, new)
    yield from _way_back(found, new)


def _upgrade(way: Way, before: Mapping[Key, Migration], new: Release) -> Iterator[Fact]:
    """Yield why a database refuses the new release, but for what is said of a migration anyway."""
    why = _REFUSES.get(way.up.check)
    if way.on == "new" or why not in ("number", "version", "SQL"):
        return
    if why == "SQL":
        key = (way.up.plugin, way.backend, int(way.up.applied))
        if key in before and before[key].sql != _by_key(new)[key].sql:
            return
    yield facts.MigrationsRefused(
        item=way.backend,
        newer=why,
        applied=way.up.applied,
        declared=way.up.declared,
        yours=way.on == "yours",
        at=_place(new, way.backend),
    )


def _way_back(found: Sequence[Way], new: Release) -> Iterator[Fact]:
    """Yield what refuses the old release; one that is upgraded before one that is set up."""
    told = set()
    for way in found:
        why = _REFUSES.get(way.back.check)
        if why is None or why == "SQL" or way.backend in told:
            continue
        # What the new release does not start on, it changes only where it fails halfway.
        if way.on != "upgraded" and way.up.state == "refused":
            continue
        told.add(way.backend)
        yield facts.RollbackRefused(
            item=way.backend,
            newer=why,
            applied=way.back.applied,
            declared=way.back.declared,
            fresh=way.on == "new",
            upgraded=_upgraded(found, way.backend),
            yours=way.on == "yours",
            why=shorten(f"{way.back.error}: {way.back.message}"),
            at=_place(new, way.backend),
        )


def _upgraded(found: Sequence[Way], backend: str) -> facts.Upgraded:
    """Return what is known of a database of the same kind that is upgraded."""
    for way in found:
        if way.on == "upgraded" and way.backend == backend and way.back.state == "starts":
            return "works" if way.up.state == "starts" else "never"
    return "unknown"


_REFUSES: dict[Check, facts.Refuses] = {
    "MIG-IDDOWN": "number",
    "MIG-VERDOWN": "version",
    "MIG-CHECKSUM": "SQL",
    "MIG-SQL": "statement",
    "MIG-DUPSAME": "statement",
}


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
    from stigmem_review.compare.nested import written

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
