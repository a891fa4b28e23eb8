"""Findings in the order people read them: heaviest first, one rule's findings together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from stigmem_review.document.parts import Report
from stigmem_review.report import budget
from stigmem_review.report.excerpt import Shown, shortened
from stigmem_review.rulebook import Finding
from stigmem_review.verdict import count


def level_says(finding: Finding) -> str:
    """Return the level of a finding, with the one that it has without the policy."""
    own = finding.rule_level
    return f"{finding.level} ({own} without the policy)" if own else finding.level


def off_title(off: Sequence[Finding]) -> str:
    """Return what stands above the findings that the policy turned off."""
    return f"Turned off by the policy ({count(len(off), 'finding')})"


class Group(msgspec.Struct, frozen=True):
    """Findings of one rule at one level; ``explained`` if an earlier group said why and what."""

    number: int
    findings: tuple[Finding, ...]
    explained: bool

    @property
    def first(self) -> Finding:
        return self.findings[0]


def grouped(findings: tuple[Finding, ...]) -> tuple[list[Group], int]:
    """Return what is shown of the findings, in groups, and how many findings are left out."""
    shown, more = budget.cut(findings, budget.FINDINGS)
    return list(_groups(lines_once(shown))), more


def lines_once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those lines that are shown with an earlier one."""
    seen: set[tuple[str, Shown]] = set()
    found = []
    for each in findings:
        excerpt = shortened(each)
        if excerpt is not None and each.evidence is not None:
            lines = {(each.evidence.path, line) for line in excerpt.telling}
            if lines <= seen:
                each = replace(each, evidence=None)
            seen |= lines
        found.append(each)
    return found


def code_title(report: Report) -> str:
    """Return what stands above the list of what the code does that is no finding."""
    old = report.reviewed[0]
    if old.walked:
        return "What the code does, as before"
    return "What the code does: no baseline to compare it with"


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    together: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        together.setdefault((level_says(finding), finding.rule), []).append(finding)
    explained: set[str] = set()
    for number, ((_, rule), members) in enumerate(together.items(), 1):
        yield Group(number, tuple(members), rule in explained)
        explained.add(rule)
