"""What approvals make of the findings and the gaps of one review."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import date
from functools import partial

import msgspec

from stigmem_review.approvals.match import (
    Standing,
    Subject,
    accepted_gap,
    last_signed,
    same_plugin,
    standings,
)
from stigmem_review.approvals.record import SIGNER_KEYS, AcceptedGap, Artifact, Records
from stigmem_review.document.approvals import Consents, approval_lines, on_file_lines
from stigmem_review.document.parts import AcceptedPart, Report
from stigmem_review.model import AnySignature, Gap, Level, Signature, Signer, Source
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.policy.trust import Approved, Trust
from stigmem_review.rulebook import Finding
from stigmem_review.text import clean
from stigmem_review.verdict import at_gate


class Approvals(msgspec.Struct, frozen=True):
    """The records that a review goes by, what limits them, and the day (UTC) they are held to."""

    records: Records
    today: date
    limits: ApprovalsPolicy = ApprovalsPolicy()


def artifact_of(
    source: Source, version: str, signature: AnySignature | None = None
) -> Artifact | None:
    """Return one side of an upgrade as an approval names it; nothing where there is no release."""
    return None if source.kind == "none" else bytes_of(source, version, signature)


def bytes_of(source: Source, version: str, signature: AnySignature | None = None) -> Artifact:
    """Return a release as an approval names it."""
    signers = signature.signers if isinstance(signature, Signature) else ()
    return Artifact(
        clean(source.file or source.asked),
        source.sha256,
        clean(version),
        tuple(Signer(**{name: getattr(each, name) for name in SIGNER_KEYS}) for each in signers),
    )


def with_approved(trust: Trust, subject: Subject, approvals: Approvals | None) -> Trust:
    """Return whom an operator trusts, with who signed the last release that was approved."""
    if approvals is None or not approvals.records.of_releases:
        return trust
    last = last_signed(approvals.records.of_releases, subject, approvals.today)
    if last is None or last.new is None:
        return trust
    approved = Approved(last.new.signers, last.new.version, last.approved)
    return msgspec.structs.replace(trust, approved=approved)


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
    records, today, limits = approvals.records, approvals.today, approvals.limits
    found = [
        _with(finding, standing, gate)
        for finding, standing in zip(
            findings, standings(findings, subject, records.of_releases, today, limits), strict=True
        )
    ]
    found.sort(key=partial(_is_settled, gate))
    open_gaps, accepted = [], []
    for gap in gaps:
        approval = accepted_gap(gap_of(gap), subject, records.of_releases, today, limits)
        if approval is None:
            open_gaps.append(gap)
        else:
            accepted.append(AcceptedPart(gap, approval))
    mine = [each for each in records.of_releases if same_plugin(each, subject.plugin)]
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


def change_consents(
    findings: Iterable[Finding], changed: Collection[str], gate: Level, approvals: Approvals | None
) -> Consents:
    """Return findings about a change of a repository with what approves them, as ``consents``.

    ``changed`` are the files that it changes: other records about these are listed.
    """
    from stigmem_review.approvals.changes import change_standings

    # Those of one level stand in the order in which the files are looked at.
    findings = tuple(findings)
    if approvals is None:
        return Consents(findings, ())
    records, today, limits = approvals.records, approvals.today, approvals.limits
    said = change_standings(findings, records.changes, today, limits)
    found = [_with(*each, gate) for each in zip(findings, said, strict=True)]
    found.sort(key=partial(_is_settled, gate))
    files = {clean(each) for each in changed}
    mine = [
        record
        for record in records.changes
        if any(each.change.file in files for each in record.findings)
    ]
    used = [each.approval for each in found if each.approval]
    return Consents(
        tuple(found),
        (),
        lines=tuple(approval_lines(found, (), today)),
        on_file=tuple(on_file_lines(mine, used, today, limits)),
    )


def _is_settled(gate: Level, finding: Finding) -> bool:
    # However many are approved, none of them may push one out of sight that is not.
    return finding.approval is not None or not at_gate(finding.level, gate)


def _with(finding: Finding, standing: Standing, gate: Level) -> Finding:
    # Of what needs no approval nobody asks what approves it, or why nothing does.
    if not at_gate(finding.level, gate):
        return finding
    void = standing.void.says if standing.void else ()
    return msgspec.structs.replace(finding, approval=standing.approval, void=void)


def gap_of(gap: Gap) -> AcceptedGap:
    """Return a part that could not be reviewed as an approval names it."""
    return AcceptedGap(clean(gap.what), clean(gap.why))


def change_id(reviews: Iterable[Report], findings: Iterable[Finding]) -> str:
    """Return what identifies a review of a change: its reviews of releases, and its findings."""
    ids = sorted(map(report_id, reviews))
    found = sorted(
        [each.fingerprint, each.level, *map(clean, msgspec.structs.astuple(each.change))]
        for each in findings
        if each.change
    )
    return hashlib.sha256(msgspec.json.encode([ids, found])).hexdigest()[:24]


def report_id(report: Report) -> str:
    """Return what identifies the review that a report is about, as ``review_id`` does."""
    sides = (artifact_of(each.source, each.version) for each in report.reviewed)
    gaps = (*report.gaps, *(part.gap for part in report.accepted))
    return review_id(Subject(report.plugin, *sides), report.findings, gaps)


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
