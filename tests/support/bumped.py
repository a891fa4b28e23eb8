"""A deployment whose one plugin is bumped, the files of both releases, and an approval of that."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from stigmem_review import BumpReport, bump, review
from stigmem_review.approvals.record import APPROVALS_FILE, Record
from stigmem_review.pipeline.approve import Wish, propose
from stigmem_review.policy.file import ApprovalsPolicy
from support.plugins import plugin, write_wheel
from support.repository import Deployment

TODAY = datetime.now(UTC).date()
NODE = "0.9.0a12"


class Setting:
    """A deployment, a folder of wheels, and the approval of the one upgrade there is."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.deployment = Deployment(folder / "deployment")
        more = plugin(version="1.1.0", capabilities=("facts.read", "network.outbound"))
        old = write_wheel(self.wheels, plugin())
        new = write_wheel(self.wheels, more, version="1.1.0")
        self.pins = {
            version: f"demo-plugin=={version} --hash=sha256:{_sha256(path)}\n"
            for version, path in (("1.0.0", old), ("1.1.0", new))
        }
        report = review(str(old), str(new), node_version=NODE)
        proposal = propose(report, Wish("Mara Lind", "CHG-4711"), TODAY, ApprovalsPolicy())
        assert proposal is not None
        assert isinstance(proposal.record, Record)
        self.record = proposal.record

    def commit(self, version: str, approvals: str = "", **more: str) -> str:
        files = {"requirements.txt": self.pins[version], **more}
        if approvals:
            files[APPROVALS_FILE] = approvals
        return self.deployment.commit(files)

    def bump(self, base: str, head: str, **options: object) -> BumpReport:
        chosen = {"today": TODAY, "node": NODE, **options}
        return bump(
            base,
            head,
            repository=str(self.deployment.folder),
            artifacts=str(self.wheels),
            **chosen,  # type: ignore[arg-type]
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
