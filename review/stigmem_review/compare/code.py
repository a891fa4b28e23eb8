"""Old release against new: migrations, paths and settings that the code has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.version import Version

from stigmem_review import facts, versions
from stigmem_review.facts import Fact
from stigmem_review.model import Endpoint, Location, Manifest, Migration, Release, Setting
from stigmem_review.observe.sql import changes, statements
from stigmem_review.outcomes import is_read, members, values

Key = tuple[str, str, int]
"""What the node's ledger knows a migration by: plugin, backend and number."""


def code_changes(old: Release, new: Release) -> Iterator[Fact]:
    """Yield what changed in migrations, paths and settings, where both releases have code."""
    if new.walked and (old.walked or old.source.kind == "none"):
        yield from _migrations(old, new)
        yield from _endpoints(old, new)
        if old.settings is not None and new.settings is not None:
            yield from _settings(old.settings, new.settings)


# Migrations


def _migrations(old: Release, new: Release) -> Iterator[Fact]:
    before, after = _by_key(old), _by_key(new)
    for key, each in sorted(after.items()):
        was = before.get(key)
        if was is None and each.sql is not None:
            heads = statements(each.sql)
            yield facts.MigrationAdded(
                item=each.item, does=heads, changes=any(map(changes, heads)), at=each.at
            )
        if was is None or each.sql is None:
            continue
        if was.sql is None:
            why = "its SQL could not be read in the old release, so it may be the same or not"
            yield facts.MigrationUnread(item=each.item, why=why, at=each.at)
        elif was.sql != each.sql:
            blanks = was.sql.split() == each.sql.split()
            yield facts.MigrationRewritten(item=each.item, blanks=blanks, at=each.at)
    for key, each in sorted(before.items()):
        if key not in after:
            yield facts.MigrationRemoved(item=each.item, at=each.at, side="old")
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


def _endpoints(old: Release, new: Release) -> Iterator[Fact]:
    """Yield changed paths; those of a router that comes or goes as a whole are its own fact's."""
    before, after = ({each.item: each for each in side.endpoints} for side in (old, new))
    one, two = _routers(old), _routers(new)
    # Routers are facts of their own only where the manifests' routes can be compared.
    come, gone = (two - one, one - two) if one is not None and two is not None else (set(), set())
    for item, each in after.items():
        was = before.get(item)
        if was is None and each.router not in come:
            yield facts.EndpointAdded(item=item, guards=each.guards, at=each.at)
        elif was is not None:
            yield from _guards(was, each)
    for item, each in before.items():
        if item not in after and each.router not in gone:
            yield facts.EndpointRemoved(item=item, at=each.at, side="old")


def _guards(was: Endpoint, each: Endpoint) -> Iterator[Fact]:
    lost = tuple(guard for guard in was.guards if guard not in each.guards)
    if lost:
        yield facts.EndpointUnguarded(item=each.item, lost=lost, left=each.guards, at=each.at)


def _routers(release: Release) -> set[str] | None:
    """Return the routers that a manifest names, if that is known."""
    manifest = release.manifest
    routes = manifest.routes if isinstance(manifest, Manifest) else None
    return {each.value for each in members(routes)} if is_read(routes) else None


# Settings


def _settings(old: tuple[Setting, ...], new: tuple[Setting, ...]) -> Iterator[Fact]:
    before, after = ({each.item: each for each in side} for side in (old, new))
    for item, each in after.items():
        was = before.get(item)
        if was is None:
            yield facts.ConfigFieldAdded(
                item=item, new=_shown(each), required=not each.default, at=each.at
            )
        elif (was.type, was.default) != (each.type, each.default):
            yield facts.ConfigFieldChanged(
                item=item,
                old=_shown(was),
                new=_shown(each),
                required=bool(was.default) and not each.default,
                at=each.at,
            )
    for item, each in before.items():
        if item not in after:
            yield facts.ConfigFieldRemoved(item=item, old=_shown(each), at=each.at, side="old")


def _shown(setting: Setting) -> str:
    return f"{setting.type} = {setting.default}" if setting.default else setting.type
