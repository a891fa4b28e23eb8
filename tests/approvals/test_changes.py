"""What an approval of a change covers: exactly that change, and putting back what was there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stigmem_review.approvals.changes import change_standings
from stigmem_review.approvals.match import Standing
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import (
    Accepted,
    AcceptedChange,
    Artifact,
    Baseline,
    Change,
    ChangeRecord,
    FoundPlugin,
)
from stigmem_review.approvals.write import record_text
from stigmem_review.model import Signer
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.text import clean, flat
from support.approvals import APPROVED, UNTIL

CHANGE = Change("requirements.txt", "--index-url a", "--index-url b")
ACCEPTED = AcceptedChange("SPR706", "--index-url b", "0" * 16, "It is told.", CHANGE)
RECORD = ChangeRecord(
    by="Mara Lind",
    reason="CHG-4711",
    approved=APPROVED,
    until=UNTIL,
    findings=(ACCEPTED,),
    line=1,
)


class Found(NamedTuple):
    rule: str = ACCEPTED.rule
    item: str = ACCEPTED.item
    fingerprint: str = ACCEPTED.fingerprint
    approvable: bool = True
    change: Change | None = CHANGE


def standing(found: Found, *records: ChangeRecord, today: date = APPROVED) -> Standing:
    [said] = change_standings([found], records or (RECORD,), today, ApprovalsPolicy())
    return said


def why(found: Found, *records: ChangeRecord, today: date = APPROVED) -> str:
    void = standing(found, *records, today=today).void
    return f"{void.because}: {flat(void.says)}" if void else ""


def test_exactly_this_is_approved_on_its_days() -> None:
    approval = standing(Found()).approval
    assert approval is not None
    assert (approval.by, approval.reason, approval.back) == ("Mara Lind", "CHG-4711", False)
    assert standing(Found(), today=UNTIL).approval
    assert why(Found(), today=UNTIL + timedelta(days=1)).startswith("ended: ")
    assert why(Found(), today=APPROVED - timedelta(days=1)).startswith("not begun: ")
    assert standing(Found(approvable=False)) == Standing()
    assert standing(Found(change=None)) == Standing()


OTHER = {
    "rule": (Found(rule="SPR708"), ""),
    "evidence": (Found(fingerprint="1" * 16), "other evidence: "),
    "item": (Found(item="--pre"), ""),
    "file": (Found(change=replace(CHANGE, file="b.txt")), "another change: "),
    "old": (Found(change=replace(CHANGE, old="")), "another change: "),
    "new": (Found(change=replace(CHANGE, new="--index-url c")), "another change: "),
}


@pytest.mark.parametrize("name", OTHER)
def test_anything_else_is_not(name: str) -> None:
    found, said = OTHER[name]
    assert standing(found).approval is None
    assert why(found).startswith(said)
    assert bool(why(found)) is bool(said)


def test_the_way_back_is_approved_where_nothing_was_left() -> None:
    back = Found(
        item="--index-url a",
        fingerprint="2" * 16,
        change=Change(CHANGE.file, CHANGE.new, CHANGE.old),
    )
    approval = standing(back).approval
    assert approval is not None
    assert approval.back
    assert standing(back, replace(RECORD, partial=True)).approval is None
    assert standing(back._replace(rule="SPR708")).approval is None
    assert standing(back, today=UNTIL + timedelta(days=1)).approval is None


def test_of_several_the_one_that_counts_decides() -> None:
    ended = replace(RECORD, until=APPROVED, by="Ada", approved=APPROVED - timedelta(days=9), line=9)
    day = APPROVED + timedelta(days=1)
    for records in ((ended, RECORD), (RECORD, ended)):
        approval = standing(Found(), *records, today=day).approval
        assert approval is not None
        assert approval.by == "Mara Lind"


TEXTS = st.text(max_size=30)
SAID = TEXTS.filter(lambda text: bool(text.strip()))
DIGITS = st.text("0123456789abcdef", min_size=16, max_size=16)


@given(st.builds(Change, SAID, SAID, TEXTS), SAID, DIGITS)
def test_what_is_recorded_is_read_and_covers_what_it_was_made_from(
    change: Change, item: str, fingerprint: str
) -> None:
    shown = Change(clean(change.file), clean(change.old), clean(change.new))
    accepted = AcceptedChange("SPR706", clean(item), fingerprint, "says", shown)
    record = replace(RECORD, findings=(accepted,))
    read = parse_approvals(record_text(record).encode(), "a.toml").changes
    assert read == (record,)
    found = Found(item=item, fingerprint=fingerprint, change=change)
    assert standing(found, *read).approval
    for name in ("file", "old", "new"):
        other = replace(change, **{name: f"{getattr(change, name)}x"})
        assert standing(found._replace(change=other), *read).approval is None


@given(
    st.lists(st.tuples(SAID, SAID, DIGITS), min_size=1, max_size=3, unique_by=lambda each: each[2]),
    TEXTS,
)
def test_a_baseline_comes_back_as_it_was(found: list[tuple[str, str, str]], identity: str) -> None:
    plugins = tuple(
        FoundPlugin(
            plugin,
            Artifact(file, f"{number:064x}", "1.0", (Signer(identity or "a", "email", "issuer"),)),
            (Accepted("SPR301", f"item {number}", fingerprint, "says"),),
        )
        for number, (plugin, file, fingerprint) in enumerate(found)
    )
    record = Baseline(
        by="Mara",
        reason="accepted as found",
        approved=APPROVED,
        until=UNTIL,
        plugins=plugins,
        node="0.9",
        line=1,
    )
    assert parse_approvals(record_text(record).encode(), "a.toml").baselines == (record,)
