"""From findings and gaps to a verdict and an exit code."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review.model import LEVELS, Gap, Level
from stigmem_review.rulebook import Finding

State = Literal["clear", "needs approval", "blocked", "incomplete"]


class Verdict(msgspec.Struct, frozen=True):
    """The decision of a review.

    ``exit_code`` is 0 where the gate is open, 1 where findings at or above ``gate`` are not
    approved, 3 where the review is incomplete; 3 goes before 1. ``lowered`` counts the findings
    of which the policy made less than their rules do, those that it turned ``off`` among them.
    """

    state: State
    exit_code: Literal[0, 1, 3]
    gate: Level
    errors: int
    warnings: int
    notes: int
    sentence: str
    lowered: int = 0
    off: int = 0


def decide(
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    gate: Level,
    off: tuple[Finding, ...] = (),
) -> Verdict:
    """Decide on findings and gaps, with the gate at a level; those turned off are counted."""
    counts = {level: sum(each.level == level for each in findings) for level in LEVELS}
    closing = [each for each in findings if LEVELS.index(each.level) <= LEVELS.index(gate)]
    state, exit_code = _state(closing, gaps)
    lowered = _count_lowered(findings, off)
    sentence = _sentence(closing, findings, gaps, gate)
    return Verdict(
        state=state,
        exit_code=exit_code,
        gate=gate,
        errors=counts["error"],
        warnings=counts["warning"],
        notes=counts["note"],
        sentence=f"{sentence} {lowered_says(findings, off)}".strip(),
        lowered=lowered,
        off=len(off),
    )


def lowered_says(findings: tuple[Finding, ...], off: tuple[Finding, ...]) -> str:
    """Return how much a policy makes less of, in a sentence, or nothing.

    A review that is clear by the policy's word alone has to look otherwise than one that is clear.
    """
    lowered = _count_lowered(findings, off)
    if not lowered:
        return ""
    if not off:
        how = ""
    elif len(off) == lowered:
        how = ": turned off" if lowered == 1 else ": all turned off"
    else:
        how = f", {len(off)} of them turned off"
    return f"{count(lowered, 'finding')} lowered by the policy{how}."


def _count_lowered(findings: tuple[Finding, ...], off: tuple[Finding, ...]) -> int:
    return len(off) + sum(each.is_lowered for each in findings)


def _state(closing: list[Finding], gaps: tuple[Gap, ...]) -> tuple[State, Literal[0, 1, 3]]:
    if gaps:
        return "incomplete", 3
    if any(each.level == "error" for each in closing):
        return "blocked", 1
    if closing:
        return "needs approval", 1
    return "clear", 0


def _sentence(
    closing: list[Finding], findings: tuple[Finding, ...], gaps: tuple[Gap, ...], gate: Level
) -> str:
    if gaps:
        return (
            f"{count(len(gaps), 'part')} of the review could not be done, so the gate stays closed."
        )
    final = sum(not each.approvable for each in closing)
    if final:
        return (
            f"{count(final, 'finding')} cannot be accepted: put right what "
            f"{'it says' if final == 1 else 'they say'} before this is deployed."
        )
    if closing:
        return f"Nobody has agreed to {count(len(closing), 'finding')} yet."
    if any(each.level != "note" for each in findings):
        return f"Nothing here is at or above {gate}, which closes the gate."
    return "Nothing here needs a decision."


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 finding``, ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
