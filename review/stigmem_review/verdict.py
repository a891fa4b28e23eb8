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
    ``approved`` counts the findings at or above the gate that are, and ``accepted`` the parts that
    could not be reviewed and were accepted so.
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
    approved: int = 0
    accepted: int = 0

    @property
    def counts(self) -> list[str]:
        """How many findings there are of each level, and how many are approved: ``2 errors``."""
        numbers = ((self.errors, "error"), (self.warnings, "warning"), (self.notes, "note"))
        counts = [count(number, noun) for number, noun in numbers if number]
        return [*counts, *([f"{self.approved} approved"] if self.approved else [])]


def at_gate(level: Level, gate: Level) -> bool:
    """Say whether a finding of a level closes a gate, unless it is approved."""
    return LEVELS.index(level) <= LEVELS.index(gate)


def is_closing(finding: Finding, gate: Level) -> bool:
    """Say whether a finding closes a gate: it reaches it, and nothing approves it."""
    return finding.approval is None and at_gate(finding.level, gate)


def decide(
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    gate: Level,
    off: tuple[Finding, ...] = (),
    *,
    accepted: int = 0,
    approvals: bool = True,
) -> Verdict:
    """Decide on findings and gaps, with the gate at a level; those turned off are counted.

    ``accepted`` is how many other parts could not be reviewed and were accepted so. Without
    ``approvals`` nothing can be approved of what the findings are about.
    """
    counts = {level: sum(each.level == level for each in findings) for level in LEVELS}
    reached = [each for each in findings if at_gate(each.level, gate)]
    closing = [each for each in findings if is_closing(each, gate)]
    approved = len(reached) - len(closing)
    state, exit_code = _state(closing, gaps, approvals)
    lowered = _count_lowered(findings, off)
    sentence = _sentence(closing, findings, gaps, gate, approved, accepted, approvals)
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
        approved=approved,
        accepted=accepted,
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


def _state(
    closing: list[Finding], gaps: tuple[Gap, ...], approvals: bool
) -> tuple[State, Literal[0, 1, 3]]:
    if gaps:
        return "incomplete", 3
    if any(each.level == "error" or not approvals for each in closing):
        return "blocked", 1
    if closing:
        return "needs approval", 1
    return "clear", 0


def _sentence(
    closing: list[Finding],
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    gate: Level,
    approved: int,
    accepted: int,
    approvals: bool,
) -> str:
    if gaps:
        return (
            f"{count(len(gaps), 'part')} of the review could not be done, so the gate stays closed."
        )
    final = sum(not each.approvable for each in closing)
    if final:
        return (
            f"{count(final, 'finding')} {'is' if final == 1 else 'are'} not approvable: fix what "
            f"{'it says' if final == 1 else 'they say'} before this is deployed."
        )
    if closing and not approvals:
        one = len(closing) == 1
        return (
            f"{count(len(closing), 'finding')} {'closes' if one else 'close'} the gate: do what "
            f"{'it says' if one else 'they say'}, or have the policy make less of "
            f"{'it' if one else 'them'}."
        )
    already = f", {approved} more {_are(approved)} approved" if approved else ""
    if closing:
        need = "needs" if len(closing) == 1 else "need"
        return f"{count(len(closing), 'finding')} {need} approval{already}."
    parts = []
    if approved:
        parts.append(f"{count(approved, 'finding')} {_are(approved)} approved")
    if accepted:
        parts.append(
            f"{count(accepted, 'part')} of the review could not be done, which was accepted"
        )
    if parts:
        return f"The gate is open: {'; '.join(parts)}."
    if any(each.level != "note" for each in findings):
        return f"Nothing here is at or above {gate}, which closes the gate."
    return "Nothing here needs a decision."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 finding``, ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
