"""The report about releases by themselves: what is wrong, and what to write instead."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from stigmem_review.document.parts import Consulted, Foretold, Line, Report, Tool, tool
from stigmem_review.document.sanitise import sanitised
from stigmem_review.host import Node
from stigmem_review.model import LEVELS, Gap, Level, Source
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.verdict import Verdict, count, decide


class Waived(msgspec.Struct, frozen=True):
    """A finding that the policy of the author ignores, and why."""

    finding: Finding
    reason: str


class Checked(msgspec.Struct, frozen=True):
    """One release that was looked at; its mistakes say what its author can write instead.

    ``off`` are those that the policy turned off. ``forecast`` is what nodes do with it while they
    start, ``starting`` in lines, where it is not that they all register it. ``ignored`` are those
    that the policy says not to count. ``silent`` are rules that are about something that was found
    and do not apply, and ``unknown`` the fields that are not known, where that was asked for.
    """

    source: Source
    plugin: str = ""
    version: str = ""
    mistakes: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    off: tuple[Finding, ...] = ()
    forecast: tuple[Foretold, ...] = ()
    starting: tuple[Line, ...] = ()
    ignored: tuple[Waived, ...] = ()
    silent: tuple[Line, ...] = ()
    unknown: tuple[Line, ...] = ()


class CheckReport(msgspec.Struct, frozen=True):
    """All releases that were checked. Every string in it is printable ASCII on one line.

    ``format`` is the version of this document's structure; ``skipped`` names what was
    left alone because it is no plugin, nor meant to be one; ``consulted`` is what it went by, and
    ``judged_as`` the newest node that is known, where the one it is for is newer. ``fixable``
    counts the mistakes that can be corrected safely, and ``fixed`` names what was written, if
    somebody asked for it. ``upcoming`` is what users will see of what was checked, if asked for,
    and ``unused`` names entries of the policy that ignore nothing.
    """

    format: Literal[1]
    tool: Tool
    node: str
    verdict: Verdict
    checked: tuple[Checked, ...]
    skipped: tuple[str, ...] = ()
    consulted: tuple[Consulted, ...] = ()
    judged_as: str = ""
    fixable: int = 0
    fixed: tuple[str, ...] = ()
    upcoming: tuple[Report, ...] = ()
    unused: tuple[str, ...] = ()

    def sum(self) -> str:
        """Return how many mistakes of each level there are, and what can be done with them."""
        levels = [each.level for one in self.checked for each in one.mistakes]
        counts = ", ".join(count(levels.count(each), each) for each in LEVELS if each in levels)
        gaps = [one for one in self.checked if one.gaps]
        parts = []
        if counts or not gaps:
            whole = count(len(self.checked), "source")
            parts.append(f"{counts or 'nothing to correct'} in {whole}")
        if gaps:
            parts.append(f"{count(len(gaps), 'source')} could not be checked completely")
        if self.fixable:
            parts.append(f"{self.fixable} can be corrected with --fix")
        return "; ".join(parts)


def build_check_report(
    checked: tuple[Checked, ...],
    node: Node,
    rulebook: Rulebook,
    gate: Level,
    skipped: tuple[str, ...] = (),
    consulted: tuple[Consulted, ...] = (),
    fixable: int = 0,
    upcoming: tuple[Report, ...] = (),
    unused: tuple[str, ...] = (),
) -> CheckReport:
    """Put the report of a check together; everything in it is sanitised here, once.

    ``upcoming`` are reports, which are that already. Where one of them is incomplete, this is.
    """
    findings = tuple(mistake for each in checked for mistake in each.mistakes)
    gaps = tuple(found for each in checked for found in each.gaps)
    gaps += tuple(found for each in upcoming for found in each.gaps)
    off = tuple(mistake for each in checked for mistake in each.off)
    verdict = decide(findings, gaps, gate, off, approvals=False)
    report = sanitised(
        CheckReport(
            1,
            tool(rulebook),
            node.version,
            verdict,
            checked,
            skipped,
            consulted,
            node.judged_as,
            fixable,
            unused=unused,
        )
    )
    return replace(report, upcoming=upcoming)
