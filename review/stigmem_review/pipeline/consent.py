"""What approvals make of the findings and the gaps of one review."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from stigmem_review.approvals.match import (
    Standing,
    Subject,
    accepted_gap,
    same_plugin,
    standings,
)
from stigmem_review.approvals.record import AcceptedGap, Artifact, Record
from stigmem_review.document.approvals import Consents, approval_lines, on_file_lines
from stigmem_review.document.parts import AcceptedPart
from stigmem_review.model import Gap, Level, Source
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.rulebook import Finding
from stigmem_review.text import clean
from stigmem_review.verdict import at_gate


class Approvals(NamedTuple):
    """The records that a review goes by, what limits them, and the day (UTC) they are held to."""

    records: tuple[Record, ...]
    today: date
    limits: ApprovalsPolicy = ApprovalsPolicy()


def artifact_of(source: Source, version: str) -> Artifact | None:
    """Return one side of an upgrade as an approval names it; nothing where there is no release."""
    if source.kind == "none":
        return None
    return Artifact(clean(source.file or source.asked), source.sha256, clean(version))


def consents(
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    subject: Subject,
    gate: Level,
    approvals: Approvals | None,
) -> Consents:
    """Return findings and gaps with what approves them; what needs a decision stands first."""
    if approvals is None:
        return Consents(findings, gaps)
    records, today, limits = approvals
    found = [
        _with(finding, standing, gate)
        for finding, standing in zip(
            findings, standings(findings, subject, records, today, limits), strict=True
        )
    ]
    # However many are approved, none of them may push one out of sight that is not.
    found.sort(key=lambda each: each.approval is not None or not at_gate(each.level, gate))
    open_gaps, accepted = [], []
    for gap in gaps:
        approval = accepted_gap(gap_of(gap), subject, records, today, limits)
        if approval is None:
            open_gaps.append(gap)
        else:
            accepted.append(AcceptedPart(gap, approval))
    mine = [each for each in records if same_plugin(each, subject.plugin)]
    used = [
        *(each.approval for each in found if each.approval),
        *(each.approval for each in accepted),
    ]
    return Consents(
        tuple(found),
        tuple(open_gaps),
        tuple(accepted),
        tuple(approval_lines(found, accepted, today)),
        tuple(on_file_lines(mine, used, today, limits)),
    )


def _with(finding: Finding, standing: Standing, gate: Level) -> Finding:
    # Of what needs no approval nobody asks why there is none.
    void = standing.void.says if standing.void and at_gate(finding.level, gate) else ()
    if standing.approval is None and not void:
        return finding
    return msgspec.structs.replace(finding, approval=standing.approval, void=void)


def gap_of(gap: Gap) -> AcceptedGap:
    """Return a part that could not be reviewed as an approval names it."""
    return AcceptedGap(clean(gap.what), clean(gap.why))


def review_id(subject: Subject, findings: Iterable[Finding], gaps: Iterable[Gap]) -> str:
    """Return what identifies a review to decide about.

    It changes with a byte of an artifact, a finding or its level, and a gap; not with wording,
    and not with what has been approved.
    """
    sides = [each.sha256 if each else "" for each in (subject.old, subject.new)]
    found = sorted([each.fingerprint, each.level] for each in findings)
    missing = sorted([each.what, each.why] for each in map(gap_of, gaps))
    text = msgspec.json.encode([sides, found, missing])
    return hashlib.sha256(text).hexdigest()[:24]
