"""Which findings about a change of a repository are approved. Pure, as ``approvals.match``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from stigmem_review.approvals.match import (
    NOTHING,
    Judged,
    Standing,
    Void,
    approval_of,
    nearest,
    newest_first,
    who,
    why_not_now,
)
from stigmem_review.approvals.record import AcceptedChange, Change, ChangeRecord
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.text import Segment, clean, shorten


class JudgedChange(Judged, Protocol):
    """A finding, as far as an approval of a change is about it."""

    @property
    def change(self) -> Change | None: ...


def change_standings(
    findings: Sequence[JudgedChange],
    records: Iterable[ChangeRecord],
    today: date,
    limits: ApprovalsPolicy,
) -> tuple[Standing, ...]:
    """Return what some approvals say of each finding about a change of a repository.

    A finding is approved by a record that names its fingerprint, its rule, its item and its file,
    with what the base and the head have there, from the day it was made to its last one. Where
    the record left nothing without approval, putting back what the base had is approved as long.
    """
    mine = newest_first(records)
    return tuple(_standing(each, mine, today, limits) for each in findings)


def _standing(
    finding: JudgedChange, records: list[ChangeRecord], today: date, limits: ApprovalsPolicy
) -> Standing:
    change = finding.change
    if not finding.approvable or change is None:
        return NOTHING
    change = Change(*map(clean, (change.file, change.old, change.new)))
    voids: list[Void] = []
    for record in records:
        same_rule = [each for each in record.findings if each.rule == finding.rule]
        back = not record.partial and any(each.change == _back(change) for each in same_rule)
        if back or any(_names(each, finding, change) for each in same_rule):
            why = why_not_now(record, today, limits)
            if why is None:
                return Standing(approval_of(record, limits, back=back))
            voids.append(why)
        else:
            similar = (each for each in same_rule if each.item == clean(finding.item))
            voids += (_another(record, each, change) for each in similar)
    return nearest(voids)


def _names(accepted: AcceptedChange, finding: JudgedChange, change: Change) -> bool:
    said = accepted.fingerprint, accepted.item, accepted.change
    return said == (finding.fingerprint, clean(finding.item), change)


def _back(change: Change) -> Change:
    return Change(change.file, change.new, change.old)


def _another(record: ChangeRecord, accepted: AcceptedChange, change: Change) -> Void:
    if accepted.change == change:
        says = Segment(" is for the same rule and item, and the evidence has changed since")
        return Void("other evidence", (*who(record), says))
    if accepted.change.file != change.file:
        file = Segment(shorten(accepted.change.file, 120), theirs=True)
        return Void("another change", (*who(record), Segment(" is for "), file))
    said = (
        Segment(" is for another change of "),
        Segment(shorten(change.file, 120), theirs=True),
        Segment(": "),
        Segment(shorten(accepted.change.old, 120) or "nothing", theirs=True),
        Segment(" there before, and then "),
        Segment(shorten(accepted.change.new, 120) or "nothing", theirs=True),
    )
    return Void("another change", (*who(record), *said))
