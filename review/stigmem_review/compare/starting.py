"""What a node does with one release by itself, and what of that no other state says already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from stigmem_review.facts import StartAtRisk, StartRange, StartRefused, State, kind_of
from stigmem_review.forecast.alone import ACCEPTING, Foreseen, alone
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.start import foresee
from stigmem_review.host import Node
from stigmem_review.model import Known, Manifest, Problem, Refusal, Release, Unknown, on_one_line
from stigmem_review.names import canonicalize_name
from stigmem_review.outcomes import values
from stigmem_review.versions import allows

_LOADING = frozenset(
    {
        *("entry-point-invalid", "entry-points-several", "load-raises", "target-missing"),
        *("target-not-factory", "unexpected-file", "import-missing", "not-shipped"),
    }
)
_BUILDING = frozenset(
    {
        *("capability-unknown", "field-refused", "hook-unknown", "name-invalid"),
        "version-invalid",
    }
)
_CALLED = frozenset(
    {"handler-async", "handler-signature-mismatch", "handler-result", "not-shipped"}
)
_SAID: dict[Refusal, frozenset[str]] = {
    "DISC-DUP": frozenset({"entry-points-several"}),
    "DISC-BASEEXC": _LOADING,
    "DISC-LOAD": _LOADING,
    "DISC-NOTCALLABLE": _LOADING,
    "DISC-TYPE": _LOADING,
    "DISC-FACTORY": _LOADING | _BUILDING,
    "DEP-MISSING": frozenset({"dependency-graduated"}),
    "REQ-INVALID": frozenset({"requires-stigmem-unmet"}),
    "REQ-UNMET": frozenset({"requires-stigmem-unmet"}),
    "SIGN-ARITY": frozenset({"handler-arity"}),
    "CFG-OWN-RAISE": _CALLED,
    "CFG-OWN-RESULT": _CALLED,
    "MIG-VERSION": frozenset({"migration-version-invalid"}),
    "MIG-RAISE": _CALLED,
    "MIG-NONE": _CALLED,
    "MIG-SHAPE": _CALLED,
}
"""Kinds of states that say why the node refuses a release, by the check that does."""
_NEWER = "where it is written for a newer Python, requires-python has to say so"
_OF_FACTORY = ("DISC-LOAD", "DISC-FACTORY", "DISC-BASEEXC")


def refusals(release: Release, node: Node, found: Sequence[State]) -> list[State]:
    """Return the states of a release with what a node does with it that none of them says.

    What raises as a node is usually run is said once, and as what it is.
    """
    kinds = {kind_of(each) for each in found}
    said: list[State] = []
    usual = set()
    for each in alone(release, node):
        if each.kind != "refused" or each.refusal is None:
            continue
        if not each.conditions:
            if not _SAID.get(each.refusal, frozenset()) & kinds:
                said.append(
                    StartRefused(
                        item=each.exception, check=each.refusal, prints=printed(each), at=each.at
                    )
                )
        elif each.usual or each.refusal not in _OF_FACTORY:
            usual.add(each.at)
            said.append(
                StartAtRisk(
                    item=each.exception,
                    prints=printed(each),
                    usual=each.usual is True,
                    conditions=each.conditions,
                    when=(each.conditions,),
                    at=each.at,
                )
            )
    # What is always raised is said as that, and its condition says nothing.
    usual |= {each.at for each in found if kind_of(each) == "load-raises"}
    left = [each for each in found if kind_of(each) != "factory-raises" or each.at not in usual]
    return [*left, *said]


def duplicates(releases: Sequence[Release], node: Node) -> dict[int, StartRefused]:
    """Return by their places which of several releases have a name that one before them has."""
    first: dict[str, int] = {}
    for place, release in enumerate(releases):
        name = release.distribution
        first.setdefault(canonicalize_name(name.value) if isinstance(name, Known) else "", place)
    places = [*first.values()]
    found = foresee([releases[place] for place in places], node, ACCEPTING, others=None)
    said = {}
    for each in found.outcomes:
        if each.refusal == "DISC-DUP" and each.ends:
            alike = [place for place in places if each.plugin in _names(releases[place])]
            last = max(alike, key=lambda place: releases[place].starts[-1].entry_point)
            said[last] = StartRefused(
                item=each.exception, check=each.refusal, prints=printed(each), at=each.at
            )
    return said


def _names(release: Release) -> tuple[str, ...]:
    manifest = release.manifest
    found = values(manifest.name) if isinstance(manifest, Manifest) else ()
    return tuple(str(each.value) for each in found)


def printed(outcome: Outcome) -> str:
    """Return what a node prints, on one line."""
    return on_one_line(outcome.message)


def wider(release: Release, found: Sequence[Foreseen]) -> Iterator[StartRange]:
    """Yield where the range of nodes that a release states takes some that do not start with it.

    ``found`` is what each known node does, oldest first. That a node is outside of the range is
    not held against that.
    """
    manifest = release.manifest
    stated = values(manifest.requires_stigmem) if isinstance(manifest, Manifest) else ()
    if len(stated) != 1:
        return
    [wanted] = stated
    taken = [each for each in found if allows(wanted.value, each.node)]
    refused = [each for each in taken if each.ends and each.ends.refusal != "REQ-UNMET"]
    fine = [each for each in taken if not each.ends]
    if not refused or refused[-1].node == found[-1].node:
        # What the newest node refuses is said as that.
        return
    first = refused[0]
    holds = ""
    if fine:
        last = f",<={fine[-1].node}" if fine[-1].node != found[-1].node else ""
        holds = f">={fine[0].node}{last}"
    yield StartRange(
        item=wanted.value,
        nodes=_span([each.node for each in refused]),
        prints=printed(first.ends) if first.ends else "",
        holds=holds,
        at=wanted.at,
    )


def compiled(release: Release) -> Release:
    """Return a release of which is said what does not compile, where it was left as not read.

    What no node can import is known for sure, whatever else stands in that file.
    """
    unread = {each.what: each for each in release.gaps}
    stops = {
        str(stop.at): (start.entry_point, stop)
        for start in release.starts
        for stop in start.stops
        if stop.refusal == "DISC-LOAD" and not stop.conditions and str(stop.at) in unread
    }
    problems = tuple(
        Problem("load-raises", entry, f"{unread[place].why}; {_NEWER}", stop.at)
        for place, (entry, stop) in stops.items()
    )
    gaps = tuple(each for each in release.gaps if each.what not in stops)
    return replace(release, gaps=gaps, problems=(*release.problems, *problems))


def stating(release: Release, found: Sequence[Foreseen]) -> tuple[Foreseen, ...]:
    """Return what is foreseen on the nodes that a release says it is for; on all, if on none.

    That a node refuses what leaves it out is what the release asks for.
    """
    manifest = release.manifest
    stated = values(manifest.requires_stigmem) if isinstance(manifest, Manifest) else ()
    meant = [each for each in found if any(allows(one.value, each.node) for one in stated)]
    return tuple(meant or found)


def ranging(release: Release) -> Release:
    """Return a release that says of no node that it is not for it."""
    starts = tuple(replace(each, manifest=_for_all(each.manifest)) for each in release.starts)
    return replace(release, manifest=_for_all(release.manifest), starts=starts)


def _for_all(manifest: Manifest | Unknown) -> Manifest | Unknown:
    if not isinstance(manifest, Manifest):
        return manifest
    return replace(manifest, requires_stigmem=Known(">=0a0", default=True))


def starting_nodes(found: Sequence[Foreseen]) -> str:
    """Return the range of the nodes in a row, the newest among them, that start; or nothing."""
    last = ""
    for each in reversed(found):
        if each.ends:
            break
        last = each.node
    return f">={last}" if last else ""


def _span(nodes: Sequence[str]) -> str:
    return nodes[0] if len(nodes) == 1 else f"{nodes[0]} to {nodes[-1]}"
