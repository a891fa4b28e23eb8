"""From a review to a record that approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from stigmem_review.approvals.record import (
    INCOMPLETE_DAYS,
    Accepted,
    AcceptedChange,
    AcceptedGap,
    ChangeRecord,
    Record,
)
from stigmem_review.document.approvals import PLACEHOLDER
from stigmem_review.document.bump import BumpReport
from stigmem_review.document.parts import Commands, Report
from stigmem_review.errors import IncompleteError, RefusedError, UsageError
from stigmem_review.model import Level
from stigmem_review.pipeline.consent import artifact_of, change_id, report_id
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat, shorten
from stigmem_review.verdict import count, is_closing


class Wish(NamedTuple):
    """What somebody wants to approve, and why.

    ``findings`` are rules by id or name, or fingerprints; none stands for all that close the gate.
    ``until`` is the last day, absent for the longest there is; ``review`` the review they have
    read, empty where they do not say.
    """

    by: str
    reason: str
    findings: tuple[str, ...] = ()
    until: date | None = None
    incomplete: bool = False
    review: str = ""


class Proposal(NamedTuple):
    """What would be recorded, the findings it is about, and those that stay without approval."""

    record: Record | ChangeRecord
    findings: tuple[Finding, ...]
    left: tuple[Finding, ...]


def check_wish(wish: Wish) -> None:
    """Check what can be checked before anything is read. Raises ``UsageError``."""
    if not _said(wish.by):
        raise UsageError('no approver is named; add --by "Your Name <address>"')
    if not _said(wish.reason):
        raise UsageError(
            f"the reason is {wish.reason!r}; write in its place why this is accepted, such as a "
            "change record or a link"
            if wish.reason
            else "there is no reason; add --reason with a change record or a link"
        )


def _said(text: str) -> bool:
    return any(each.isalnum() for each in text) and text != PLACEHOLDER


def propose(report: Report, wish: Wish, today: date, limits: ApprovalsPolicy) -> Proposal | None:
    """Return the record that approves a review as somebody wishes; ``None`` if none is needed.

    Raises ``RefusedError`` where something cannot be approved or the review is another than the one
    that was read, ``IncompleteError`` where something could not be reviewed, and ``UsageError``
    for a day or a finding that is none.
    """
    _check_read(wish, report_id(report), report.commands)
    until = last_day_of(wish, today, limits)
    if report.commands is None and not wish.findings:
        return None
    _check_complete(report, wish, limits)
    chosen, left = _divided(report.findings, wish, report.verdict.gate)
    old, new = (artifact_of(each.source, each.version, each.signature) for each in report.reviewed)
    record = Record(
        plugin=report.plugin,
        old=old,
        new=new,
        by=_line(wish.by),
        reason=_line(wish.reason),
        approved=today,
        until=until,
        findings=tuple(map(accepted, chosen)),
        incomplete=tuple(AcceptedGap(each.what, each.why) for each in report.gaps),
        node=report.node,
        partial=bool(left),
    )
    return Proposal(record, chosen, left)


def accepted(finding: Finding) -> Accepted:
    """Return a finding of a release as a record accepts it."""
    return Accepted(finding.rule, finding.item, finding.fingerprint, flat(finding.message))


def propose_all(
    report: BumpReport, wish: Wish, today: date, limits: ApprovalsPolicy
) -> tuple[Proposal, ...]:
    """Return the records that approve a change as somebody wishes: of its releases, and of itself.

    Raises what ``propose`` does, for the first that cannot be approved.
    """
    reports = [each.report for each in report.bumps if each.report]
    _check_read(wish, change_id(reports, report.findings), report.commands)
    last_day_of(wish._replace(incomplete=False), today, limits)
    for gap in report.gaps:
        raise IncompleteError(
            f"{gap.what}: {shorten(gap.why)}; what could not be read of the pins is never accepted"
        )
    every = [*report.findings, *(found for each in reports for found in each.findings)]
    _check_there(every, wish.findings)
    proposals = []
    for each in reports:
        mine = wish._replace(review="", findings=_about(each.findings, wish.findings))
        if mine.findings or not wish.findings:
            proposals.append(propose(each, mine, today, limits))
    mine = wish._replace(findings=_about(report.findings, wish.findings), incomplete=False)
    if mine.findings or not wish.findings:
        proposals.append(_propose_change(report, mine, today, limits))
    return tuple(filter(None, proposals))


def _propose_change(
    report: BumpReport, wish: Wish, today: date, limits: ApprovalsPolicy
) -> Proposal | None:
    chosen, left = _divided(report.findings, wish, report.verdict.gate)
    found = tuple(
        AcceptedChange(each.rule, each.item, each.fingerprint, flat(each.message), each.change)
        for each in chosen
        if each.change
    )
    if not found:
        return None
    record = ChangeRecord(
        by=_line(wish.by),
        reason=_line(wish.reason),
        approved=today,
        until=last_day_of(wish, today, limits),
        findings=found,
        node=report.node,
        partial=bool(left),
    )
    return Proposal(record, chosen, left)


def _divided(
    findings: Sequence[Finding], wish: Wish, gate: Level
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings to approve, and those that close the gate all the same.

    Raises ``RefusedError`` where one cannot be approved.
    """
    closing = [each for each in findings if is_closing(each, gate)]
    chosen = _chosen(findings, wish.findings) if wish.findings else closing
    final = [each for each in chosen if not each.approvable]
    if final:
        named = ", ".join(dict.fromkeys(f"{each.rule} {shorten(each.item, 60)}" for each in final))
        are = "is" if len(final) == 1 else "are"
        raise RefusedError(
            f"{count(len(final), 'finding')} {are} not approvable: {named}; fix "
            f"{'it' if len(final) == 1 else 'them'} before this is deployed"
        )
    return tuple(chosen), tuple(each for each in closing if each not in chosen)


def _check_read(wish: Wish, this: str, commands: Commands | None) -> None:
    """Raise ``RefusedError`` where another review was read than this one, open or closed."""
    if wish.review in ("", this):
        return
    again = f"read it again with {commands.look}" if commands else "this one needs no approval"
    raise RefusedError(
        f"this is another review than {shorten(wish.review, 40)}, which was read: a byte, a line, "
        f"a finding or its level has changed since; {again}"
    )


def _check_complete(report: Report, wish: Wish, limits: ApprovalsPolicy) -> None:
    """Raise ``IncompleteError`` unless what could not be reviewed can be accepted, and is to be."""
    if not report.gaps:
        return
    first = report.gaps[0]
    said = f"{first.what}: {shorten(first.why)}"
    there = [each for each in report.reviewed if each.source.kind != "none"]
    if missing := [each.side for each in there if not each.source.sha256]:
        raise IncompleteError(
            f"the {missing[0]} release could not be read, and what has no digest is never "
            f"accepted ({said})"
        )
    if not limits.incomplete:
        raise IncompleteError(f"the review is incomplete, which the policy never accepts ({said})")
    if not wish.incomplete:
        raise IncompleteError(
            f"the review is incomplete ({said}); put that right, or accept it for at most "
            f"{INCOMPLETE_DAYS} days with --incomplete"
        )


def _chosen(findings: Sequence[Finding], wanted: Sequence[str]) -> list[Finding]:
    _check_there(findings, wanted)
    return [finding for finding in findings if any(each in _names(finding) for each in wanted)]


def _about(findings: Sequence[Finding], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return what of some wanted findings is among these."""
    return tuple(each for each in wanted if any(each in _names(found) for found in findings))


def _check_there(findings: Sequence[Finding], wanted: Sequence[str]) -> None:
    for each in wanted:
        if not any(each in _names(finding) for finding in findings):
            there = ", ".join(dict.fromkeys(f"{found.rule} {found.name}" for found in findings))
            raise UsageError(
                f"there is no finding {shorten(each, 60)!r} in this review; there are "
                f"{there or 'none'}"
            )


def _names(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.name, finding.fingerprint


def last_day_of(wish: Wish, today: date, limits: ApprovalsPolicy) -> date:
    """Return the last day that somebody wishes, or the longest. Raises ``UsageError``."""
    days = min(limits.longest_days, INCOMPLETE_DAYS) if wish.incomplete else limits.longest_days
    last = today + timedelta(days=days)
    if wish.until is None:
        return last
    if wish.until < today:
        raise UsageError(f"--until {wish.until} has passed; today is {today} (UTC)")
    if wish.until > last:
        what = "an incomplete review" if wish.incomplete else "an approval"
        raise UsageError(
            f"--until {wish.until} is more than {count(days, 'day')} away, the longest for {what}; "
            f"the last day possible is {last}"
        )
    return wish.until


def _line(text: str) -> str:
    return " ".join(text.split())
