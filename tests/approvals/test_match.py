"""What an approval covers: exactly this finding, between exactly these bytes, until its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from stigmem_review.approvals.match import (
    Standing,
    Subject,
    accepted_gap,
    ends_soon,
    last_day,
    standings,
)
from stigmem_review.approvals.record import AcceptedGap, Artifact, Record
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.text import flat
from support.approvals import APPROVED, FOUND, HOOK, NEW, OLD, OTHER, SUBJECT, UNTIL, Found, record

RECORD = record()
TODAY = date(2026, 12, 24)
BACK = Subject("demo-plugin", NEW, OLD)


def standing(
    *records: Record,
    finding: Found = FOUND,
    subject: Subject = SUBJECT,
    today: date = TODAY,
    limits: ApprovalsPolicy | None = None,
) -> Standing:
    [found] = standings([finding], subject, records, today, limits or ApprovalsPolicy())
    return found


def void(found: Standing) -> tuple[str, str]:
    assert found.approval is None
    assert found.void is not None
    return found.void.because, flat(found.void.says)


def test_a_finding_is_approved_with_who_and_why_and_until_when() -> None:
    found = standing(record())
    assert found.approval is not None
    assert (found.approval.by, found.approval.reason) == (record().by, "CHG-4711")
    assert (found.approval.approved, found.approval.until) == (APPROVED, UNTIL)
    assert not found.approval.back
    assert found.void is None


def test_without_a_record_there_is_nothing_to_say() -> None:
    assert standing() == Standing()
    assert standing(record(plugin="another-plugin", old=OTHER, new=OTHER)) == Standing()


@dataclass(frozen=True)
class Case:
    """A record, or a finding, that is nearly the one that was approved."""

    because: str
    words: str
    record: Record = RECORD
    finding: Found = FOUND
    subject: Subject = SUBJECT
    today: date = TODAY


CASES = {
    "the new file changed": Case(
        "other bytes",
        "is for other bytes of the new release: demo_plugin-1.0.1-py3-none-any.whl was "
        "bbbbbbbbbbbb... and is cccccccccccc...",
        subject=Subject("demo-plugin", OLD, OTHER),
    ),
    "the old file changed": Case(
        "other bytes",
        "is for other bytes of the old release",
        subject=Subject("demo-plugin", Artifact(OLD.file, "d" * 64, "1.0.0"), NEW),
    ),
    "nobody knows the bytes": Case(
        "other bytes", "is not known", subject=Subject("demo-plugin", OLD, Artifact("x", ""))
    ),
    "another version": Case(
        "other bytes",
        "is for the new release 1.0.1, not 1.0.2",
        subject=Subject("demo-plugin", OLD, Artifact("x", "e" * 64, "1.0.2")),
    ),
    "an upgrade, and not a first installation": Case(
        "other bytes", "no old release, and there is one", record(old=None)
    ),
    "a first installation, and not an upgrade": Case(
        "other bytes", "is for an old release, and there is none",
        subject=Subject("demo-plugin", None, NEW),
    ),
    "another fingerprint": Case(
        "other evidence", "the evidence has changed", finding=Found(fingerprint="f" * 16)
    ),
    "another item under the same fingerprint": Case(
        "another finding", "does not name this finding", finding=Found(item="pre_assert")
    ),
    "another rule under the same fingerprint": Case(
        "another finding", "does not name this finding", finding=Found(rule="SPR202")
    ),
    "the day after the last": Case(
        "ended", "ended on 2027-11-27", today=UNTIL + timedelta(days=1)
    ),
    "a clock before the approval": Case(
        "not begun", "check this machine's clock", today=APPROVED - timedelta(days=1)
    ),
    "the way back after its end": Case(
        "ended", "ended on 2027-11-27", subject=BACK, today=UNTIL + timedelta(days=1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_nearly_approved_is_not_and_says_why(name: str) -> None:
    case = CASES[name]
    found = standing(case.record, finding=case.finding, subject=case.subject, today=case.today)
    because, words = void(found)
    assert because == case.because
    assert case.words in words
    assert words.startswith("the approval of 2026-11-27 by Mara Lind <mara@acme.example> ")


def test_it_counts_from_its_first_day_to_its_last() -> None:
    for today in (APPROVED, UNTIL):
        assert standing(record(), today=today).approval


def test_the_way_back_between_the_same_bytes_is_approved() -> None:
    other = Found("SPR601", "1.0.1", "9" * 16)
    found = standing(record(), finding=other, subject=BACK)
    assert found.approval is not None
    assert found.approval.back
    assert found.approval.until == UNTIL


def test_the_way_back_to_other_bytes_is_not() -> None:
    assert standing(record(), subject=Subject("demo-plugin", OTHER, OLD)).approval is None
    removed = Subject("demo-plugin", NEW, None)
    assert standing(record(), subject=removed).approval is None
    assert standing(record(old=None), subject=removed).approval


def test_the_way_back_from_what_was_approved_in_part_is_not() -> None:
    assert standing(record(partial=True)).approval
    because, words = void(standing(record(partial=True), subject=BACK))
    assert because == "another finding"
    assert words.endswith("is for a part of the upgrade, so not for the way back")
    whole = record(by="Somebody else")
    assert standing(record(partial=True), whole, subject=BACK).approval


def test_who_approved_a_removal_has_not_approved_another_installation() -> None:
    removal = record(new=None)
    assert standing(removal, subject=Subject("demo-plugin", OLD, None)).approval
    because, words = void(standing(removal, subject=Subject("demo-plugin", None, OLD)))
    assert because == "another finding"
    assert words.endswith("is for its removal, so not for the way back")


def test_what_cannot_be_approved_stays_closed_both_ways() -> None:
    final = Found(approvable=False)
    for subject in (SUBJECT, BACK):
        assert standing(record(), finding=final, subject=subject) == Standing()


def test_one_of_several_records_is_enough_and_the_newest_is_named() -> None:
    ended = record(by="Earlier", until=APPROVED)
    later = record(by="Later", approved=APPROVED + timedelta(days=1))
    for records in ([ended, later], [later, ended]):
        found = standing(*records)
        assert found.approval is not None
        assert found.approval.by == "Later"


def test_the_nearest_of_several_reasons_is_said() -> None:
    ended, elsewhere = record(until=APPROVED), record(new=OTHER, by="Somebody")
    for records in ([ended, elsewhere], [elsewhere, ended]):
        assert void(standing(*records))[0] == "ended"


def test_of_other_upgrades_only_the_same_finding_is_worth_a_word() -> None:
    other = Found("SPR301", "network.outbound", "9" * 16)
    assert standing(record(new=OTHER), finding=other) == Standing()


def test_the_name_may_be_spelt_otherwise_and_the_words_escaped() -> None:
    spelt = record(
        HOOK.__class__(HOOK.rule, "\\u{202e}x", HOOK.fingerprint, ""), plugin="Demo_Plugin"
    )
    assert standing(spelt, finding=Found(item="\u202ex")).approval


def test_a_shorter_life_than_the_record_says_counts() -> None:
    short = ApprovalsPolicy(longest_days=30)
    assert standing(record(), limits=short).approval
    ended = APPROVED + timedelta(days=31)
    because, words = void(standing(record(), today=ended, limits=short))
    assert because == "ended"
    assert "ended on 2026-12-27, the longest that is allowed (2027-11-27 in the record)" in words


GAP = AcceptedGap("new release, manifest", "it is nested too deeply")
HURRY = record(incomplete=(GAP,), until=date(2027, 1, 1))


def gap(
    one: AcceptedGap = GAP,
    accepted: Record = HURRY,
    subject: Subject = SUBJECT,
    days: int = 0,
    *,
    allowed: bool = True,
) -> bool:
    today = APPROVED + timedelta(days=days)
    limits = ApprovalsPolicy(incomplete=allowed)
    return accepted_gap(one, subject, [accepted], today, limits) is not None


def test_an_incomplete_review_is_accepted_for_seven_days_at_most() -> None:
    assert gap()
    assert gap(days=7)
    assert not gap(days=8)
    assert last_day(HURRY, ApprovalsPolicy()) == APPROVED + timedelta(days=7)
    assert not gap(days=-1)


def test_an_incomplete_review_is_accepted_for_these_bytes_and_this_part_alone() -> None:
    unknown = Subject("demo-plugin", OLD, Artifact(NEW.file, ""))
    assert not gap(subject=Subject("demo-plugin", OLD, OTHER))
    assert not gap(subject=unknown)
    assert not gap(subject=unknown, accepted=record(new=unknown.new, incomplete=(GAP,)))
    assert not gap(subject=BACK)
    assert not gap(AcceptedGap(GAP.what, "another reason"))
    assert not gap(AcceptedGap("old release, manifest", GAP.why))
    assert not gap(allowed=False)
    assert not gap(accepted=record())


def test_an_end_is_announced_for_fourteen_days() -> None:
    assert not ends_soon(UNTIL, UNTIL - timedelta(days=15))
    assert ends_soon(UNTIL, UNTIL - timedelta(days=14))


def test_a_record_at_the_end_of_time_is_no_mistake() -> None:
    last = record(approved=date.max, until=date.max)
    assert standing(last, today=date.max).approval
