"""What the code of a release reaches by itself and did not reach before, one fact for each kind."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts import AuthorityUsed, Declared, EarlyEffect, Fact, Reached
from stigmem_review.model import (
    DOES,
    Authority,
    Location,
    Manifest,
    Observation,
    Release,
)
from stigmem_review.outcomes import is_read, members

OF_REACH = ("authority", "early-effect")
"""The kinds of observations that are judged here."""


def newly_reached(old: Release, new: Release) -> Iterator[Fact]:
    """Yield what the new release reaches and the old one did not.

    Nothing where the old one is a capture: there is no code in it, so nobody can say what is new.
    """
    if old.source.kind == "capture":
        return
    before = {(each.kind, each.item) for each in old.observed}
    for kind in OF_REACH:
        for authority, does in DOES.items():
            found = [each for each in new.observed if (each.kind, each.about) == (kind, authority)]
            added = [each for each in found if (kind, each.item) not in before]
            if not added:
                continue
            names = tuple(name_of(each) for each in added)
            at = min((each.at for each in added if each.at), key=_place, default=None)
            was = _before(old, kind, authority)
            if kind == "early-effect":
                yield EarlyEffect(
                    item=authority, authority=authority, does=does, names=names, before=was, at=at
                )
                continue
            declared = _declared(new) if authority == "network" else ""
            yield AuthorityUsed(
                item=authority,
                authority=authority,
                does=does,
                names=names,
                before=was,
                declared=declared,
                at=at,
            )


def name_of(observation: Observation) -> str:
    """Return the name by which what is reached was recognised."""
    return observation.item.removeprefix(f"{observation.about}: ")


def _place(at: Location) -> tuple[str, int]:
    return at.path, at.line


def _before(old: Release, kind: str, authority: Authority) -> Reached:
    if old.source.kind != "none" and not old.walked:
        return "unknown"
    return "yes" if any((e.kind, e.about) == (kind, authority) for e in old.observed) else "no"


def _declared(release: Release) -> Declared:
    """Say whether a release declares, if only at times, that it opens network connections."""
    manifest = release.manifest
    capabilities = manifest.capabilities if isinstance(manifest, Manifest) else None
    if not is_read(capabilities):
        return "unknown"
    declared = any(each.value == "network.outbound" for each in members(capabilities))
    return "yes" if declared else "no"
