"""When the gate is open, and what is said of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from stigmem_review.approvals.record import Approval
from stigmem_review.model import Gap, Level
from stigmem_review.rulebook import Finding
from stigmem_review.text import Segment
from stigmem_review.verdict import decide

FINDING = Finding("SPR301", "x", "note", "x", (Segment("x"),), "x", "x", True, "0")
GAP = Gap("signature", "x", "x")
APPROVAL = Approval("ada", "x", date(2026, 1, 2), date(2026, 2, 3))


def _found(*levels: Level, approvable: bool = True) -> tuple[Finding, ...]:
    return tuple(
        msgspec.structs.replace(FINDING, level=level, approvable=approvable) for level in levels
    )


def _approved(*levels: Level) -> tuple[Finding, ...]:
    return tuple(msgspec.structs.replace(each, approval=APPROVAL) for each in _found(*levels))


DECIDED: list[tuple[str, tuple[Finding, ...], int, Level, tuple[str, int]]] = [
    ("nothing", (), 0, "warning", ("clear", 0)),
    ("below the gate", _found("note"), 0, "warning", ("clear", 0)),
    ("at the gate", _found("warning"), 0, "warning", ("needs approval", 1)),
    ("above the gate", _found("error"), 0, "warning", ("blocked", 1)),
    ("a warning below a higher gate", _found("warning", "note"), 0, "error", ("clear", 0)),
    ("a note at the lowest gate", _found("note"), 0, "note", ("needs approval", 1)),
    ("an error beside others", _found("note", "error"), 0, "error", ("blocked", 1)),
    ("a gap", (), 1, "warning", ("incomplete", 3)),
    ("a gap goes before findings", _found("error"), 1, "warning", ("incomplete", 3)),
]


@pytest.mark.parametrize(("findings", "gaps", "gate", "expected"), [row[1:] for row in DECIDED],
                         ids=[row[0] for row in DECIDED])  # fmt: skip
def test_the_decision(findings: Any, gaps: int, gate: Level, expected: tuple[str, int]) -> None:
    verdict = decide(findings, (GAP,) * gaps, gate)
    assert (verdict.state, verdict.exit_code) == expected
    assert verdict.gate == gate
    counts = [verdict.errors, verdict.warnings, verdict.notes]
    levels: tuple[Level, ...] = ("error", "warning", "note")
    assert counts == [sum(each.level == level for each in findings) for level in levels]


SENTENCES: list[tuple[tuple[Finding, ...], int, Level, str]] = [
    ((), 0, "warning", "Nothing here needs a decision."),
    (_found("note"), 0, "warning", "Nothing here needs a decision."),
    (_found("warning"), 0, "error", "Nothing here is at or above error, which closes the gate."),
    (_found("warning"), 0, "warning", "1 finding needs approval."),
    (_found("error", "warning", "note"), 0, "warning", "2 findings need approval."),
    (_found("error", approvable=False), 0, "warning",
     "1 finding is not approvable: fix what it says before this is deployed."),
    (_found("error", "error", approvable=False), 0, "warning",
     "2 findings are not approvable: fix what they say before this is deployed."),
    (_approved("error"), 0, "warning", "The gate is open: 1 finding is approved."),
    (_approved("error", "error"), 0, "warning", "The gate is open: 2 findings are approved."),
    (_approved("error") + _found("warning"), 0, "warning",
     "1 finding needs approval, 1 more is approved."),
    (_approved("error", "error") + _found("warning", "error"), 0, "warning",
     "2 findings need approval, 2 more are approved."),
    # What is approved below the gate opens nothing.
    (_approved("warning"), 0, "error",
     "Nothing here is at or above error, which closes the gate."),
    ((), 1, "warning", "1 part of the review could not be done, so the gate stays closed."),
    (_found("error"), 2, "warning",
     "2 parts of the review could not be done, so the gate stays closed."),
]  # fmt: skip


@pytest.mark.parametrize(("findings", "gaps", "gate", "sentence"), SENTENCES)
def test_the_sentence(findings: Any, gaps: int, gate: Level, sentence: str) -> None:
    assert decide(findings, (GAP,) * gaps, gate).sentence == sentence


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        (("warning", "note"), "1 finding closes the gate: do what it says, or have the policy make "
         "less of it."),
        (("error", "warning"), "2 findings close the gate: do what they say, or have the policy "
         "make less of them."),
    ],
)  # fmt: skip
def test_what_nobody_can_approve_asks_for_no_approval(
    levels: tuple[Level, ...], sentence: str
) -> None:
    verdict = decide(_found(*levels), (), "warning", approvals=False)
    assert (verdict.state, verdict.exit_code, verdict.sentence) == ("blocked", 1, sentence)


def test_an_incomplete_review_that_was_accepted_opens_the_gate_and_says_so() -> None:
    one, two = (decide((), (), "warning", accepted=number) for number in (1, 2))
    assert (one.exit_code, one.accepted, two.accepted) == (0, 1, 2)
    part = "of the review could not be done, which was accepted."
    assert one.sentence == f"The gate is open: 1 part {part}"
    assert two.sentence == f"The gate is open: 2 parts {part}"
    approved = decide(_approved("error"), (), "warning", accepted=1)
    assert approved.sentence == f"The gate is open: 1 finding is approved; 1 part {part}"
    assert (approved.state, approved.approved, approved.errors) == ("clear", 1, 1)


LOWERED = msgspec.structs.replace(FINDING, rule_level="error")


@pytest.mark.parametrize(
    ("findings", "off", "says"),
    [
        (0, 0, ""),
        (1, 0, " 1 finding lowered by the policy."),
        (0, 1, " 1 finding lowered by the policy: turned off."),
        (0, 2, " 2 findings lowered by the policy: all turned off."),
        (1, 2, " 3 findings lowered by the policy, 2 of them turned off."),
    ],
)
def test_what_a_policy_makes_less_of_is_in_the_sentence(findings: int, off: int, says: str) -> None:
    verdict = decide((LOWERED,) * findings, (), "warning", (LOWERED,) * off)
    assert verdict.sentence == f"Nothing here needs a decision.{says}"
    assert (verdict.lowered, verdict.off, verdict.exit_code) == (findings + off, off, 0)
