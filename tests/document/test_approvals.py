"""What approvals say of a review, in words."""

from __future__ import annotations

from datetime import date

from stigmem_review.approvals.record import Approval
from stigmem_review.document.approvals import approval_lines
from stigmem_review.document.parts import AcceptedPart
from stigmem_review.model import Gap
from stigmem_review.rulebook import Finding

TODAY = date(2026, 11, 27)
APPROVAL = Approval("Mara Lind", "CHG-4711", TODAY, date(2027, 11, 27))
FOUND = Finding("SPR201", "hook-added", "warning", "x", (), "", "", True, "0" * 16)
PART = AcceptedPart(Gap("new release, manifest", "it is nested too deeply", ""), APPROVAL)


def test_what_an_approval_is_about_is_counted_findings_and_parts_apart() -> None:
    approved = Finding("SPR202", "y", "error", "y", (), "", "", True, "1" * 16, approval=APPROVAL)

    def about(*findings: Finding, parts: tuple[AcceptedPart, ...] = ()) -> list[str]:
        return [each.what for each in approval_lines(findings, parts, TODAY)]

    assert about(approved, approved, FOUND) == ["2 findings"]
    assert about(FOUND, parts=(PART,)) == ["1 part"]
    assert about(approved, parts=(PART, PART)) == ["1 finding and 2 parts"]
    assert about(FOUND) == []
