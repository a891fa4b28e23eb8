"""Which findings of a review are approved, and why an approval that nearly is about one is not.

Pure: the day comes in as an argument, and so do the limits that the policy sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Protocol, TypeVar

import msgspec

from stigmem_review.approvals.record import (
    INCOMPLETE_DAYS,
    SOON_DAYS,
    AcceptedGap,
    AnyRecord,
    Approval,
    Artifact,
    Decided,
    Record,
    VoidBecause,
)
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.text import Message, Segment, clean, shorten


class Subject(msgspec.Struct, frozen=True):
    """What is reviewed: a plugin, and the artifact on each side; absent where there is none."""

    plugin: str
    old: Artifact | None
    new: Artifact | None


class Judged(Protocol):
    """A finding, as far as an approval is about it."""

    @property
    def rule(self) -> str: ...

    @property
    def item(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def approvable(self) -> bool: ...


class Void(msgspec.Struct, frozen=True):
    """An approval that does not count for a finding it could be thought to be about."""

    because: VoidBecause
    says: Message


class Standing(msgspec.Struct, frozen=True):
    """What approvals say of one finding: approved, or not and perhaps why not."""

    approval: Approval | None = None
    void: Void | None = None


NOTHING = Standing()
"""What approvals say of a finding that none of them is about."""


def standings(
    findings: Sequence[Judged],
    subject: Subject,
    records: Iterable[Record],
    today: date,
    limits: ApprovalsPolicy,
) -> tuple[Standing, ...]:
    """Return what some approvals say of each finding of a review.

    A finding is approved by a record of the same artifacts that names its fingerprint, its rule
    and its item, from the day it was made to its last one; going back from a release that was
    approved as a whole is approved for as long. What cannot be approved is not, whatever a record
    says.
    """
    mine = [each for each in records if _is_about(each, subject)]
    return tuple(_standing(each, subject, mine, today, limits) for each in findings)


def accepted_gap(
    gap: AcceptedGap,
    subject: Subject,
    records: Iterable[Record],
    today: date,
    limits: ApprovalsPolicy,
) -> Approval | None:
    """Return what accepts that a part of a review could not be done, if anything does."""
    if not limits.incomplete:
        return None
    for record in newest_first(records):
        named = (each for each in record.incomplete if (each.what, each.why) == (gap.what, gap.why))
        if next(named, None) is None or not _same_bytes(record, subject):
            continue
        if why_not_now(record, today, limits) is None:
            return approval_of(record, limits)
    return None


def last_day(record: AnyRecord, limits: ApprovalsPolicy) -> date:
    """Return the last day on which a record counts, however long it says itself."""
    days = limits.longest_days
    if isinstance(record, Record) and record.incomplete:
        days = min(days, INCOMPLETE_DAYS)
    try:
        return min(record.until, record.approved + timedelta(days=days))
    except OverflowError:
        return record.until


def last_signed(records: Iterable[Record], subject: Subject, today: date) -> Record | None:
    """Return the last record of a plugin's release that is signed, and is not the one reviewed.

    However long it counts, somebody approved of who signed.
    """
    new = subject.new.sha256 if subject.new else ""
    return next(
        (
            each
            for each in newest_first(records)
            if each.new
            and each.new.signers
            and each.new.sha256 != new
            and each.approved <= today
            and (same_plugin(each, subject.plugin) or _is_same(each.new, subject.old))
        ),
        None,
    )


def ends_soon(until: date, today: date) -> bool:
    """Say whether an approval that counts today ends so soon that it is announced."""
    return until - today <= timedelta(days=SOON_DAYS)


def same_plugin(record: Record, plugin: str) -> bool:
    """Say whether a record is about a plugin, however its name is spelt."""
    # Where there are no records, nothing is compared.

    return canonicalize_name(record.plugin) == canonicalize_name(plugin)


def _is_about(record: Record, subject: Subject) -> bool:
    return (
        same_plugin(record, subject.plugin)
        or _same_bytes(record, subject)
        or _same_bytes(record, _back(subject))
    )


def _standing(
    finding: Judged, subject: Subject, records: list[Record], today: date, limits: ApprovalsPolicy
) -> Standing:
    if not finding.approvable:
        return NOTHING
    voids: list[Void] = []
    for record in newest_first(records):
        named = _names(record, finding)
        similar = _is_similar(record, finding)
        if _same_bytes(record, subject):
            if not named and not similar:
                voids.append(_another_finding(record))
            elif not named:
                voids.append(_other_evidence(record))
            elif why := why_not_now(record, today, limits):
                voids.append(why)
            else:
                return Standing(approval_of(record, limits))
        elif _same_bytes(record, _back(subject)):
            if record.partial or record.new is None:
                voids.append(_not_back(record))
            elif why := why_not_now(record, today, limits):
                voids.append(why)
            else:
                return Standing(approval_of(record, limits, back=True))
        elif (named or similar) and (void := _other_bytes(record, subject)):
            voids.append(void)
    # The first of the kind that is nearest to counting is the one somebody thinks of.
    return nearest(voids)


def nearest(voids: Iterable[Void]) -> Standing:
    """Return what is said of a finding that nothing approves: why the nearest does not count."""
    void = min(voids, key=lambda each: _NEAREST.index(each.because), default=None)
    return Standing(void=void) if void else NOTHING


_NEAREST: tuple[VoidBecause, ...] = (
    "ended",
    "not begun",
    "other evidence",
    "other bytes",
    "another change",
    "another finding",
)


_AnyOne = TypeVar("_AnyOne", bound=Decided)


def newest_first(records: Iterable[_AnyOne]) -> list[_AnyOne]:
    """Return records so that the one which counts of several is the first."""
    return sorted(records, key=lambda each: (each.approved, each.line), reverse=True)


def _names(record: Record, finding: Judged) -> bool:
    # The words are compared too: a fingerprint is short, and a record can be edited by hand.
    return any(
        (each.fingerprint, each.rule, each.item)
        == (finding.fingerprint, finding.rule, clean(finding.item))
        for each in record.findings
    )


def _is_similar(record: Record, finding: Judged) -> bool:
    item = clean(finding.item)
    return any((each.rule, each.item) == (finding.rule, item) for each in record.findings)


def _back(subject: Subject) -> Subject:
    return Subject(subject.plugin, subject.new, subject.old)


def _same_bytes(record: Record, subject: Subject) -> bool:
    sides = ((record.old, subject.old), (record.new, subject.new))
    return all(_is_same(one, other) for one, other in sides)


def _is_same(one: Artifact | None, other: Artifact | None) -> bool:
    if one is None or other is None:
        return one is other
    # Bytes that nobody has are no bytes that somebody accepted.
    return bool(one.sha256) and one.sha256 == other.sha256


def approval_of(record: AnyRecord, limits: ApprovalsPolicy, *, back: bool = False) -> Approval:
    """Return what a record makes of what it approves."""
    last = last_day(record, limits)
    return Approval(record.by, record.reason, record.approved, last, back, clean(record.committed))


def why_not_now(record: AnyRecord, today: date, limits: ApprovalsPolicy) -> Void | None:
    """Return why a record does not count on a day, if that is so."""
    ended = last_day(record, limits)
    if today < record.approved:
        says = (
            *who(record),
            Segment(f" does not count yet: today is {today} (UTC); check this machine's clock"),
        )
        return Void("not begun", says)
    if today > ended:
        shorter = f", the longest that is allowed ({record.until} in the record)"
        why = shorter if ended < record.until else ""
        return Void("ended", (*who(record), Segment(f" ended on {ended}{why}")))
    return None


def _another_finding(record: Record) -> Void:
    says = (*who(record), Segment(" is for this upgrade and does not name this finding"))
    return Void("another finding", says)


def _not_back(record: Record) -> Void:
    # Whoever let a release go has not said that all it does may be installed again.
    what = "a part of the upgrade" if record.new else "its removal"
    says = (*who(record), Segment(f" is for {what}, so not for the way back"))
    return Void("another finding", says)


def _other_evidence(record: Record) -> Void:
    says = (
        *who(record),
        Segment(" is for the same rule and item, and the evidence has changed since"),
    )
    return Void("other evidence", says)


def _other_bytes(record: Record, subject: Subject) -> Void | None:
    """Return which artifact is another one than the record's."""
    said: list[Segment] = [*who(record), Segment(" is for ")]
    differs = [*_differing(record, subject)]
    if not differs:
        return None
    for index, segments in enumerate(differs):
        if index:
            said.append(Segment(", and for "))
        said.extend(segments)
    return Void("other bytes", tuple(said))


def _differing(record: Record, subject: Subject) -> Iterator[Message]:
    sides = (("old", record.old, subject.old), ("new", record.new, subject.new))
    for side, theirs, mine in sides:
        if _is_same(theirs, mine):
            continue
        if theirs is None or mine is None:
            was = "no" if theirs is None else "an"
            now = "there is one" if theirs is None else "there is none"
            yield (Segment(f"{was} {side} release, and {now}"),)
        elif theirs.version and mine.version and theirs.version != mine.version:
            yield (
                Segment(f"the {side} release "),
                Segment(shorten(theirs.version, 60), theirs=True),
                Segment(", not "),
                Segment(shorten(mine.version, 60), theirs=True),
            )
        else:
            now = f"{mine.sha256[:_DIGITS]}..." if mine.sha256 else "not known"
            yield (
                Segment(f"other bytes of the {side} release: "),
                Segment(shorten(mine.file, 120), theirs=True),
                Segment(f" was {theirs.sha256[:_DIGITS]}... and is {now}"),
            )


_DIGITS = 12


def who(record: Decided) -> Message:
    """Return in words which record is meant."""
    return (
        Segment(f"the approval of {record.approved} by "),
        Segment(shorten(record.by, 120), theirs=True),
    )
