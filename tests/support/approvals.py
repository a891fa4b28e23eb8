"""Records of approvals for tests, and findings they are about."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from stigmem_review.approvals.match import Subject
from stigmem_review.approvals.record import Accepted, Artifact, Record

OLD = Artifact("demo_plugin-1.0.0-py3-none-any.whl", "a" * 64, "1.0.0")
NEW = Artifact("demo_plugin-1.0.1-py3-none-any.whl", "b" * 64, "1.0.1")
OTHER = Artifact(NEW.file, "c" * 64, "1.0.1")
APPROVED, UNTIL = date(2026, 11, 27), date(2027, 11, 27)
SUBJECT = Subject("demo-plugin", OLD, NEW)
HOOK = Accepted("SPR201", "pre_recall_authorize", "0123456789abcdef", "It can deny a recall.")


class Found(NamedTuple):
    """A finding, as far as an approval is about it."""

    rule: str = HOOK.rule
    item: str = HOOK.item
    fingerprint: str = HOOK.fingerprint
    approvable: bool = True


FOUND = Found()


def record(
    *findings: Accepted,
    plugin: str = "demo-plugin",
    old: Artifact | None = OLD,
    new: Artifact | None = NEW,
    by: str = "Mara Lind <mara@acme.example>",
    reason: str = "CHG-4711",
    approved: date = APPROVED,
    until: date = UNTIL,
    **more: object,
) -> Record:
    """Return a record; without findings it accepts ``HOOK``."""
    named = findings or (HOOK,)
    decision = {"by": by, "reason": reason, "approved": approved, "until": until}
    return Record(plugin=plugin, old=old, new=new, findings=named, **decision, **more)  # type: ignore[arg-type]
