"""The report about everything a change of pins would deploy: an overview, and each review."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review.document.parts import Consulted, Line, Report, Tool, tool
from stigmem_review.document.sanitise import sanitised
from stigmem_review.model import Gap, Level, Location
from stigmem_review.pins.changes import What
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.verdict import State, Verdict, decide


class Bump(msgspec.Struct, frozen=True):
    """One plugin whose pin changed.

    ``old`` and ``new`` are the pinned versions, empty where there is none; ``at`` is the pin, in
    the old revision where the new one has none. ``report`` is the review of the upgrade, absent
    where no file is the one that was pinned.
    """

    plugin: str
    what: What
    old: str
    new: str
    at: Location
    state: State
    report: Report | None


class Compared(msgspec.Struct, frozen=True):
    """The revisions of a repository: their commits, and what the head's pins are compared with.

    ``pins_from`` is the common ancestor of both, or the base where there is no single one.
    """

    base: str
    head: str
    pins_from: str


class BumpReport(msgspec.Struct, frozen=True):
    """All plugins of a repository whose pins changed. Every string in it is printable ASCII.

    ``format`` is the version of this document's structure; ``consulted`` is what of the base it
    went by; ``findings`` and ``gaps`` are about the pins themselves; ``others`` are changed pins of
    what is no plugin; ``as_before`` what was so before, ``files`` those that the head's pins were
    read from; ``off`` are findings about the pins that the policy turned off.
    """

    format: Literal[1]
    tool: Tool
    node: str
    compared: Compared
    consulted: tuple[Consulted, ...]
    verdict: Verdict
    bumps: tuple[Bump, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    others: tuple[Line, ...]
    as_before: tuple[Line, ...]
    files: tuple[str, ...]
    off: tuple[Finding, ...] = ()


def build_bump_report(
    *,
    node: str,
    compared: Compared,
    consulted: tuple[Consulted, ...],
    bumps: tuple[Bump, ...],
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    others: tuple[Line, ...],
    as_before: tuple[Line, ...],
    files: tuple[str, ...],
    rulebook: Rulebook,
    gate: Level,
    off: tuple[Finding, ...] = (),
) -> BumpReport:
    """Put the report of a change of pins together; everything is sanitised here, once."""
    reports = [each.report for each in bumps if each.report]
    every = (*findings, *(finding for each in reports for finding in each.findings))
    accepted = sum(len(each.accepted) for each in reports)
    hidden = (*off, *(finding for each in reports for finding in each.off))
    found = (*gaps, *(found for each in reports for found in each.gaps))
    verdict = decide(every, found, gate, hidden, accepted=accepted)
    return sanitised(
        BumpReport(
            format=1,
            tool=tool(rulebook),
            node=node,
            compared=compared,
            consulted=consulted,
            verdict=verdict,
            bumps=bumps,
            findings=findings,
            gaps=gaps,
            others=others,
            as_before=as_before,
            files=files,
            off=off,
        )
    )
