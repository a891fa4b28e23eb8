"""One review, from an old and a new release to a report."""

from __future__ import annotations

from collections.abc import Mapping

from stigmem_review import host
from stigmem_review.case import build_case
from stigmem_review.document import Report, build_report, incomplete_report
from stigmem_review.errors import UsageError
from stigmem_review.model import Gap, Level, Release, Side
from stigmem_review.observe import Seen
from stigmem_review.pipeline.reading import Opening, gap, opening, read_artifact
from stigmem_review.rulebook import judge, shipped_rules
from stigmem_review.rulebook.rules import Rulebook


def review(
    old: str,
    new: str,
    *,
    node_version: str | None = None,
    gate: Level = "warning",
) -> Report:
    """Review the upgrade from one release to another, as one node release would see it.

    ``old`` and ``new`` are each a wheel, an sdist, a project directory, a capture,
    ``name==version`` or ``none``; no code of theirs is executed. A release that cannot be read
    gives a report whose verdict is ``incomplete``. Raises ``UsageError`` for arguments that name
    nothing to review and for an unknown node version.
    """
    openings: dict[Side, Opening] = {"old": opening(old), "new": opening(new)}
    if all(each.unread.kind == "none" for each in openings.values()):
        raise UsageError("there is nothing to review between none and none")
    return review_releases(openings, host.node(node_version), shipped_rules(), gate)


def review_releases(
    openings: Mapping[Side, Opening], node: host.Node, rulebook: Rulebook, gate: Level
) -> Report:
    """Review the upgrade between two releases that can be opened."""
    releases: dict[Side, Release] = {}
    gaps: list[Gap] = []
    seen = Seen()
    for side, each in openings.items():
        try:
            releases[side] = read_artifact(each.open(), node, seen)
        except Exception as error:
            gaps.append(gap(f"{side} release", error))
    if not gaps:
        try:
            return _judged(releases, node, rulebook, gate)
        except Exception as error:
            gaps.append(gap("comparison", error))
    sources = [
        releases[side].source if side in releases else each.unread
        for side, each in openings.items()
    ]
    return incomplete_report(sources[0], sources[1], tuple(gaps), node.version, rulebook, gate)


def _judged(
    releases: Mapping[Side, Release], node: host.Node, rulebook: Rulebook, gate: Level
) -> Report:
    old, new = releases["old"], releases["new"]
    case = build_case(old, new, node)
    findings = judge(case.comparison.facts, case, rulebook)
    already = judge(case.comparison.already, case, rulebook)
    return build_report(case, old, new, findings, already, node, rulebook, gate)
