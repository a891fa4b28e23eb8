"""Whether the release before would load again after an upgrade, on which database. Pure functions.

The ledger keeps the version that first applied a migration, so a database that was upgraded and one
that the new release set up from nothing can answer differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Literal

import msgspec

from stigmem_review.forecast.ledger import (
    DEFAULT_VERSION,
    EMPTY,
    SQLITE,
    Answer,
    Database,
    Declared,
    start,
)
from stigmem_review.model import Manifest, Release, Start, Unknown
from stigmem_review.outcomes import hooks, is_read, values

HOOK = "migration_register"
"""What the node asks for migrations by."""

On = Literal["upgraded", "new", "yours"]
"""Which database: one that the old release ran on before, one that the new release set up, or the
one that a ledger was given of."""

_WAYS = 16
"""Combinations of what releases can state that are played; more cannot be told."""


class Way(msgspec.Struct, frozen=True):
    """What becomes of both releases on a database: of the new one, and of the old one after it."""

    on: On
    backend: str
    up: Answer
    back: Answer


class _Stated(msgspec.Struct, frozen=True):
    """One of the ways in which a release can be: its versions by name, and what it declares."""

    versions: tuple[tuple[str, str | None], ...]
    declared: tuple[Declared, ...]


def ways(old: Release, new: Release, ledger: Database | None = None) -> tuple[Way, ...]:
    """Return whether the old release would load again, for each kind of database and backend.

    Without a ``ledger`` that is a database of each kind; else the one that it is of.
    """
    rows = ledger.rows if ledger else ()
    named = {each.backend for one in (old, new) for each in declared(one)}
    named |= {row.backend for row in rows}
    return tuple(
        each for backend in sorted(filter(None, named)) or [SQLITE]
        for each in _ways(old, new, ledger, backend)
    )  # fmt: skip


def _ways(old: Release, new: Release, ledger: Database | None, backend: str) -> Iterator[Way]:
    if ledger is not None:
        yield Way("yours", backend, *play([new, old], backend, ledger))
        return
    first, up, back = play([old, new, old], backend)
    # What the old release cannot set up was not upgraded.
    if first.state != "refused":
        yield Way("upgraded", backend, up, back)
    yield Way("new", backend, *play([new, old], backend))


def play(
    releases: Sequence[Release], backend: str = SQLITE, database: Database = EMPTY
) -> tuple[Answer, ...]:
    """Start releases of one plugin one after the other on a database; return what each comes to.

    Where a release can state several things, it is what all of them agree on.
    """
    distinct = list({id(each): each for each in releases}.values())
    plays = []
    for chosen in _chosen(distinct):
        by_release = dict(zip(map(id, distinct), chosen, strict=True))
        left = database
        answers = []
        for release in releases:
            answers.append(_start((by_release[id(release)],), left, backend))
            left = answers[-1].database
        plays.append(answers)
    return tuple(_agreed(list(each)) for each in zip(*plays, strict=True))


def together(
    releases: Sequence[Release], backend: str = SQLITE, database: Database = EMPTY
) -> Answer:
    """Start several plugins at once, in the order in which the node registers them."""
    left = _left(releases)
    return _agreed([_start(chosen, database, backend) for chosen in _chosen(left)])


def _left(releases: Sequence[Release]) -> list[Release]:
    """Return releases without what another's handler drops of the migrations before it."""
    last = max((_last_asked(each) for each in releases if _drops(each)), default="")
    return [
        msgspec.structs.replace(each, given=()) if _last_asked(each) < last else each
        for each in releases
    ]


def _drops(release: Release) -> bool:
    """Say whether the node certainly asks a handler that drops what those before it gave."""
    if len(release.starts) != 1 or not release.starts[0].drops:
        return False
    manifest = release.starts[0].manifest
    found = hooks(manifest.hooks) if isinstance(manifest, Manifest) else ()
    return any(each.name == HOOK and not each.when for each in found)


def _last_asked(release: Release) -> str:
    return max(map(asked_as, release.starts), default="")


def asked_as(start: Start) -> str:
    """Return what a node sorts a plugin's handler of migrations by (``plugins.registry``)."""
    return f"{only_name(start.manifest)}.{start.migrates}"


def only_name(manifest: Manifest | Unknown) -> str:
    """Return the only name that a manifest can state, or an empty text."""
    names = values(manifest.name) if isinstance(manifest, Manifest) else ()
    return str(names[0].value) if len(names) == 1 else ""


def _start(stated: Sequence[_Stated], database: Database, backend: str) -> Answer:
    versions = {name: version for each in stated for name, version in each.versions}
    made = [one for each in stated for one in each.declared]
    return start(database, made, versions, backend)


def _chosen(releases: Sequence[Release]) -> list[tuple[_Stated, ...]]:
    """Return the combinations of what releases can state, of too many the first ones."""
    return list(islice(product(*map(_stated, releases)), _WAYS))


def _agreed(answers: list[Answer]) -> Answer:
    """Return what all answers say; of those that differ one that refuses, and why it is not sure.

    Of so many that more are left out, none is sure.
    """
    refused = [each for each in answers if each.state == "refused"]
    first = (refused or answers)[0]
    if len(answers) == _WAYS or any(each.state != first.state for each in answers):
        why = "it depends on what the manifest states, which is one of several"
        return msgspec.structs.replace(first, state="cannot be told", why=first.why or why)
    return first


def declared(release: Release) -> tuple[Declared, ...]:
    """Return every migration that a release can give the node, as its ledger takes it."""
    return next((each.declared for each in _stated(release) if each.declared), ())


def _stated(release: Release) -> list[_Stated]:
    """Return the ways in which a release can be, one at least."""
    if release.source.kind == "none":
        return [_Stated((), ())]
    named = [*_versions(release)]
    own = named[0][0] if len(named) == 1 else ""
    made = _made(release, own)
    gives = [made]
    manifest = release.manifest if isinstance(release.manifest, Manifest) else None
    if manifest and is_read(manifest.hooks):
        asked = [each for each in hooks(manifest.hooks) if each.name == HOOK]
        if not asked:
            gives = [()]
        elif asked[0].when:
            gives = [made, ()]
    each_name = [[(name, version) for version in found] for name, found in named]
    return [_Stated(each, one) for one in gives for each in product(*each_name)]


def _versions(release: Release) -> Iterator[tuple[str, list[str | None]]]:
    """Yield the name of each manifest of a release, and all versions that it can state."""
    found = [each.manifest for each in release.starts] or [release.manifest]
    for manifest in found:
        stated = values(manifest.version) if isinstance(manifest, Manifest) else ()
        if name := only_name(manifest):
            yield name, [str(each.value) for each in stated] or [None]


def _made(release: Release, own: str) -> tuple[Declared, ...]:
    if not release.walked:
        return (Declared("", None, None, backend="", item="of code that could not be read"),)
    return tuple(
        Declared(
            each.plugin or own,
            each.number,
            each.sql,
            DEFAULT_VERSION if each.version == "" else each.version,
            each.backend,
            each.item,
        )
        for each in (release.migrations if release.given is None else release.given)
    )
