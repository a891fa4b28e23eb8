"""One review, from two arguments to a report."""

from __future__ import annotations

import traceback
from pathlib import Path

from stigmem_review import host
from stigmem_review.case import build_case
from stigmem_review.document import Report, build_report, incomplete_report
from stigmem_review.errors import ReviewError, SourceError, UsageError
from stigmem_review.manifest import Parsed, none_release, read_release
from stigmem_review.model import Gap, Level, Release, Side
from stigmem_review.rulebook import Finding, judge, shipped_rules
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.sources.request import Request, open_source, understand
from stigmem_review.text import shorten


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
    requests: dict[Side, Request] = {"old": understand(old), "new": understand(new)}
    if all(request.kind == "none" for request in requests.values()):
        raise UsageError("there is nothing to review between none and none")
    node = host.node(node_version)
    rulebook = shipped_rules()
    releases: dict[Side, Release] = {}
    gaps: list[Gap] = []
    parsed: Parsed = {}
    for side, request in requests.items():
        try:
            releases[side] = read(request, node, parsed)
        except SourceError as error:
            gaps.append(Gap(f"{side} release", str(error), ""))
        except ReviewError:
            raise
        except Exception as error:  # a defect of ours must not open the gate, nor hide
            gaps.append(_defect(f"{side} release", error))
    if gaps:
        sources = [
            releases[side].source if side in releases else request.unread()
            for side, request in requests.items()
        ]
        return incomplete_report(sources[0], sources[1], tuple(gaps), node.version, rulebook, gate)
    try:
        return _judged(releases, node, rulebook, gate)
    except ReviewError:
        raise
    except Exception as error:
        asked = [release.source for release in releases.values()]
        gaps.append(_defect("comparison", error))
        return incomplete_report(asked[0], asked[1], tuple(gaps), node.version, rulebook, gate)


def _judged(
    releases: dict[Side, Release], node: host.Node, rulebook: Rulebook, gate: Level
) -> Report:
    case = build_case(releases["old"], releases["new"], node)
    findings = judge(case.comparison.facts, case, rulebook)
    already: tuple[Finding, ...] = judge(case.comparison.already, case, rulebook)
    return build_report(
        case, releases["old"], releases["new"], findings, already, node, rulebook, gate
    )


def read(request: Request, node: host.Node, parsed: Parsed | None = None) -> Release:
    """Open and read one release. Raises ``SourceError`` where it cannot be read."""
    artifact = open_source(request)
    if artifact.source.kind == "none":
        return none_release()
    return read_release(artifact, node, parsed)


def _defect(what: str, error: Exception) -> Gap:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return Gap(
        what,
        f"an internal error: {type(error).__name__} at {where}: {shorten(str(error))}",
        "please report it with the two releases",
    )
