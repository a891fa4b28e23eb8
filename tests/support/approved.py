"""Three signed releases of a plugin, of which the upgrade to the second is approved."""

from __future__ import annotations

from pathlib import Path

from stigmem_review import review
from stigmem_review.approvals.store import append
from stigmem_review.pipeline.approve import Wish, propose
from stigmem_review.policy.file import ApprovalsPolicy
from support import sigstore as mini
from support.approvals import APPROVED
from support.identities import Identity
from support.plugins import plugin, write_wheel


def signed_and_approved(
    folder: Path, first: Identity, last: Identity | None, records: Path
) -> tuple[Path, Path, Path]:
    """Write the wheels; ``first`` signs two of them, and ``last`` the third, if anybody does.

    What approves the first upgrade is written to ``records``, and the trust root to ``root.json``.
    """
    wheels = []
    for number, who in enumerate((first, first, last)):
        version = f"1.0.{number}"
        gains = ("facts.read", "network.outbound")[: min(number, 1) + 1]
        files = plugin(version=version, capabilities=gains)
        wheel = write_wheel(folder / version, files, version=version)
        if who is not None:
            signed = mini.instance().sign(wheel.read_bytes(), who=who)
            wheel.with_name(f"{wheel.name}.sigstore.json").write_bytes(signed)
        wheels.append(wheel)
    root = folder / "root.json"
    root.write_bytes(mini.instance().root())
    report = review(str(wheels[0]), str(wheels[1]), trust_root=str(root))
    proposal = propose(report, Wish("Mara Lind", "CHG-4711"), APPROVED, ApprovalsPolicy())
    assert proposal is not None
    append(records, proposal.record)
    one, two, three = wheels
    return one, two, three
