"""SARIF 2.1.0, as code scanning services take it; a result stands at the pin that brings it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import msgspec

from stigmem_review.document.approvals import approval_says
from stigmem_review.document.bump import BumpReport
from stigmem_review.document.check import CheckReport
from stigmem_review.model import Level, Location
from stigmem_review.pages import command_for, link_to
from stigmem_review.report.subjects import AnyReport, Placed, Subject, only_warns, subjects
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat, original

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"

_NOT_REVIEWED = {
    "id": "not-reviewed",
    "name": "not-reviewed",
    "shortDescription": {"text": "A part of the review could not be done"},
    "fullDescription": {"text": "What was not reviewed may do anything: the gate stays closed."},
    "help": {"text": "Do what the message says, and review again."},
    "defaultConfiguration": {"level": "error"},
}


def render_sarif(report: AnyReport) -> str:
    """Return a report as a SARIF log of one run."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _run(report: AnyReport) -> dict[str, Any]:
    found = [*subjects(report)]
    findings = [each.finding for subject in found for each in subject.findings]
    gaps = [gap for subject in found for gap in subject.gaps]
    off = [*_off(report)]
    rules = {each.rule: _rule(each) for each in (*(one for one, _ in off), *reversed(findings))}
    described = [*([_NOT_REVIEWED] if gaps else []), *(rules[key] for key in sorted(rules))]
    index = {each["id"]: number for number, each in enumerate(described)}
    lighter = only_warns(report)
    verdict, tool = report.verdict, report.tool
    return {
        "tool": {"driver": {"name": tool.name, "version": tool.version, "rules": described}},
        "invocations": [
            {
                # That findings close the gate is what it was run for.
                "executionSuccessful": not gaps,
                "exitCode": 0 if lighter else verdict.exit_code,
                "exitCodeDescription": f"{verdict.state}: {verdict.sentence}",
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": str(gap)}} for gap in gaps
                ],
                "toolConfigurationNotifications": [
                    *(_set_aside(each, why, index) for each, why in off),
                    *(_note(f"ignores nothing: {each}") for each in _unused(report)),
                ],
            }
        ],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The repository, or the folder it was run in."}}
        },
        "results": [
            each for subject in found for each in _results(subject, index, lighter=lighter)
        ],
        "columnKind": "unicodeCodePoints",
    }


def _off(report: AnyReport) -> Iterator[tuple[Finding, str]]:
    """Yield what a policy does not want to be told of, and by what word."""
    if isinstance(report, CheckReport):
        for each in report.checked:
            yield from ((one, f"turned off by {one.policy}") for one in each.off)
            yield from ((one.finding, f"ignored, {one.reason}") for one in each.ignored)
        return
    bumps = report.bumps if isinstance(report, BumpReport) else ()
    for part in (report, *(each.report for each in bumps if each.report)):
        yield from ((one, f"turned off by {one.policy}") for one in part.off)


def _unused(report: AnyReport) -> tuple[str, ...]:
    return report.unused if isinstance(report, CheckReport) else ()


def _set_aside(finding: Finding, why: str, index: dict[str, int]) -> dict[str, Any]:
    rule = {"id": finding.rule, "index": index[finding.rule]}
    return {**_note(f"{why}: {flat(finding.message)}"), "associatedRule": rule}


def _note(text: str) -> dict[str, Any]:
    return {"level": "note", "message": {"text": text}}


def _rule(finding: Finding) -> dict[str, Any]:
    page = link_to(finding.rule)
    return {
        "id": finding.rule,
        "name": finding.name,
        "shortDescription": {"text": finding.name.replace("-", " ")},
        "fullDescription": {"text": finding.why},
        "help": {
            "text": f"Why it matters: {finding.why}\nWhat to do: {finding.do}\n"
            f"More: {page or command_for(finding.rule)}",
            "markdown": f"**Why it matters:** {finding.why}\n\n**What to do:** {finding.do}\n\n"
            f"**More:** {page or f'`{command_for(finding.rule)}`'}",
        },
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": finding.rule_level or finding.level},
        "properties": {"tags": ["security"]},
    }


def _results(subject: Subject, index: dict[str, int], *, lighter: bool) -> Iterator[dict[str, Any]]:
    for gap in subject.gaps:
        yield {
            "ruleId": "not-reviewed",
            "ruleIndex": index["not-reviewed"],
            "level": "warning" if lighter else "error",
            "message": {"text": f"{subject.title}: {subject.unreviewed(gap)}"},
            "locations": [_location(subject.at, subject, None)],
        }
    for each in subject.findings:
        yield _result(each, subject, index[each.finding.rule], lighter=lighter)


def _result(each: Placed, subject: Subject, index: int, *, lighter: bool) -> dict[str, Any]:
    finding = each.finding
    level: Level = "note" if finding.approval else finding.level
    suppressions = []
    if finding.approval:
        reason = flat(approval_says(finding.approval))
        suppressions = [{"kind": "external", "status": "accepted", "justification": reason}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "warning" if lighter and level == "error" else level,
        "message": {"text": f"{subject.title}: {each.says}"},
        "locations": [_location(each.at or subject.at, subject, each.inside)],
        "partialFingerprints": {
            "stigmemReview/v1": finding.fingerprint,
            # The one that GitHub goes by; else it makes one of the text of the line, which is
            # that of the pin, and another with each version.
            "primaryLocationLineHash": finding.fingerprint,
        },
        "suppressions": suppressions,
    }


def _location(at: Location | None, subject: Subject, inside: Location | None) -> dict[str, Any]:
    found = at or Location(subject.file)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _uri(found.path),
            "region": {"startLine": found.line or 1},
        }
    }
    if inside is not None:
        name = f"{subject.title}: {inside}"
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(path: str) -> dict[str, str]:
    named = original(path)
    if named.startswith("/"):
        return {"uri": f"file://{quote(named, errors='surrogateescape')}"}
    plain = PurePosixPath(named).as_posix()
    return {"uri": quote(plain, errors="surrogateescape"), "uriBaseId": _ROOT}
