"""What ``stigmem-review approve`` prints: what is about to be accepted, and what that changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from stigmem_review.approvals.record import ChangeRecord, Record
from stigmem_review.approvals.store import Added
from stigmem_review.pipeline.approve import Proposal
from stigmem_review.text import clean
from stigmem_review.verdict import count


def shown(proposal: Proposal, claimed: str) -> Iterator[str]:
    """Yield what is about to be accepted; ``claimed`` says how far it is known by whom."""
    record = proposal.record
    yield _title(record)
    yield ""
    for finding in proposal.findings:
        yield f"  {finding.level} {finding.rule} {finding.name}: {finding.item}"
        if finding.change:
            yield f"      {finding.change.file}"
            yield f"        - {finding.change.old or '(nothing)'}"
            yield f"        + {finding.change.new or '(nothing)'}"
    if isinstance(record, Record):
        for gap in record.incomplete:
            yield f"  not reviewed: {gap.what}: {gap.why}"
        yield ""
        for side, artifact in (("old", record.old), ("new", record.new)):
            yield f"  {side}    {artifact.file}" if artifact else f"  {side}    none"
            if artifact:
                yield f"         sha256 {artifact.sha256}"
    else:
        yield ""
    yield f"  by     {clean(record.by)} ({claimed})"
    yield f"  why    {clean(record.reason)}"
    days = (record.until - record.approved).days
    yield f"  until  {record.until} ({count(days, 'day')}, UTC)"
    yield ""


def _title(record: Record | ChangeRecord) -> str:
    parts = [count(len(record.findings), "finding")] if record.findings else []
    if isinstance(record, ChangeRecord):
        return f"What this change does beside its releases: accepting {parts[0]}"
    if record.incomplete:
        parts.append(f"{count(len(record.incomplete), 'part')} that could not be reviewed")
    old, new = (each.version or each.file if each else "none" for each in (record.old, record.new))
    return f"{record.plugin} {old} -> {new}: accepting {' and '.join(parts)}"


def changed(path: Path, added: Added) -> Iterator[str]:
    """Yield what changed in a file, as a diff."""
    name = clean(str(path))
    before, after = (text.splitlines() for text in added)
    for line in difflib.unified_diff(before, after, name, name, n=2, lineterm=""):
        yield clean(line)


def outlook(proposals: Sequence[Proposal], path: Path) -> str:
    """Return what becomes of the gate, and what is to be done next."""
    of_bytes = any(isinstance(each.record, Record) for each in proposals)
    of_change = any(isinstance(each.record, ChangeRecord) for each in proposals)
    what = " and ".join(("these bytes",) * of_bytes + ("this change",) * of_change)
    gate = f"The gate is open for exactly {what}."
    if left := sum(len(each.left) for each in proposals):
        need = "needs" if left == 1 else "need"
        gate = f"The gate stays closed: {count(left, 'finding')} still {need} approval."
    return f"{gate} Commit {clean(str(path))}: bump reads it from the base branch."
