"""Whether the release before would load again after an upgrade, on which database. Pure functions.

The ledger keeps the version that first applied a migration, so a database that was upgraded and one
that the new release set up from nothing can answer differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
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
from stigmem_review.model import Manifest, Release
from stigmem_review.outcomes import Possible, hooks, is_read, values

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
    """One of the ways in which a release can be: what it gives the node, under which version."""

    plugin: str
    version: str | None
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
    stated = [_stated(each) for each in distinct]
    chosen = [dict(zip(map(id, distinct), each, strict=True)) for each in _some(stated)]
    plays = []
    for each in chosen:
        left = database
        answers = []
        for release in releases:
            way = each[id(release)]
            versions = {way.plugin: way.version} if way.plugin else {}
            answers.append(start(left, way.declared, versions, backend))
            left = answers[-1].database
        plays.append(answers)
    cut = len(chosen) == _WAYS
    return tuple(_agreed(list(each), cut) for each in zip(*plays, strict=True))


def _some(stated: list[list[_Stated]]) -> list[tuple[_Stated, ...]]:
    found = []
    for each in product(*stated):
        found.append(each)
        if len(found) == _WAYS:
            break
    return found


def _agreed(answers: list[Answer], cut: bool) -> Answer:
    """Return what all answers say; of those that differ one that refuses, and why it is not sure.

    Answers are left out where they are ``cut``.
    """
    refused = [each for each in answers if each.state == "refused"]
    first = (refused or answers)[0]
    if cut or any(each.state != first.state for each in answers):
        why = "it depends on what the manifest states, which is one of several"
        return msgspec.structs.replace(first, state="cannot be told", why=first.why or why)
    return first


def declared(release: Release) -> tuple[Declared, ...]:
    """Return every migration that a release can give the node, as its ledger takes it."""
    return next((each.declared for each in _stated(release) if each.declared), ())


def _stated(release: Release) -> list[_Stated]:
    """Return the ways in which a release can be, one at least."""
    manifest = release.manifest if isinstance(release.manifest, Manifest) else None
    names = values(manifest.name) if manifest else ()
    own = str(names[0].value) if len(names) == 1 else ""
    made = _made(release, own) if release.source.kind != "none" else ()
    versions = _texts(values(manifest.version) if manifest else ())
    asked = [each for each in hooks(manifest.hooks) if each.name == HOOK] if manifest else []
    gives = [made]
    if manifest and is_read(manifest.hooks):
        if not asked:
            gives = [()]
        elif asked[0].when:
            gives = [made, ()]
    return [_Stated(own, version, each) for each in gives for version in versions]


def _texts(found: Iterable[Possible]) -> list[str | None]:
    return [str(each.value) for each in found] or [None]


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
