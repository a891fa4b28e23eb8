"""GitLab's Code Quality report: what a merge request shows beside the lines that changed.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Literal

import msgspec

from stigmem_review.model import Location
from stigmem_review.report.subjects import AnyReport, Subject, subjects
from stigmem_review.rulebook import Finding

Severity = Literal["info", "minor", "major", "critical", "blocker"]


class _Lines(msgspec.Struct, frozen=True):
    begin: int


class _Place(msgspec.Struct, frozen=True):
    path: str
    lines: _Lines


class _Issue(msgspec.Struct, frozen=True):
    description: str
    check_name: str
    fingerprint: str
    severity: Severity
    location: _Place


def render_gitlab(report: AnyReport) -> str:
    """Return findings and gaps as the entries of a Code Quality report."""
    issues: list[_Issue] = []
    seen: Counter[str] = Counter()
    for subject in subjects(report):
        for gap in subject.gaps:
            at = _place(subject.at, subject)
            key = _key(seen, "not-reviewed", subject.name, gap.what, at.path)
            said = f"{subject.title}: {subject.unreviewed(gap)}"
            issues.append(_Issue(said, "not-reviewed", key, "blocker", at))
        for each in subject.findings:
            at = _place(each.at or subject.at, subject)
            key = _key(seen, each.finding.fingerprint, subject.name, at.path)
            said = f"{subject.title}: {each.says}"
            name = f"{each.finding.rule} {each.finding.name}"
            issues.append(_Issue(said, name, key, _severity(each.finding), at))
    return msgspec.json.format(msgspec.json.encode(issues), indent=2).decode() + "\n"


def _place(at: Location | None, subject: Subject) -> _Place:
    # GitLab drops an entry without a line.
    found = at or Location(subject.file)
    return _Place(found.path, _Lines(found.line or 1))


def _key(seen: Counter[str], *parts: str) -> str:
    """Return what GitLab knows an entry by from run to run; of two with one it shows one."""
    said = "\0".join(parts)
    seen[said] += 1
    again = f"\0{seen[said]}" if seen[said] > 1 else ""
    return hashlib.sha256(f"{said}{again}".encode()).hexdigest()


def _severity(finding: Finding) -> Severity:
    if finding.approval or finding.level == "note":
        return "info"
    if finding.level == "warning":
        return "major"
    return "critical" if finding.approvable else "blocker"
