"""Receipts of reviews: what they need beside reports, and which reviews have one."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec.structs import replace

from stigmem_review.document.bump import BumpReport
from stigmem_review.document.parts import Report
from stigmem_review.receipts.model import Files, Receipt
from stigmem_review.receipts.write import Seen, Within, receipt_of
from stigmem_review.sources.artifact import Artifact


class Witness:
    """Keeps what receipts say of artifacts beside what reports do, by their digests.

    It is shown what a review opens, so that nothing is opened or fetched twice.
    """

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def __call__(self, artifact: Artifact) -> Artifact:
        """Note an artifact, and return it as one whose sdist is noted once it is opened."""
        sha256, opened = artifact.source.sha256, artifact.sdist
        if not sha256:
            return artifact
        self.seen.setdefault(sha256, _seen(artifact))
        if opened is None:
            return artifact

        def noted() -> Artifact:
            sdist = opened()
            seen = self.seen[sha256]
            found = (sdist.source.file, sdist.source.sha256)
            self.seen[sha256] = seen._replace(sdists=(found,))
            return sdist

        return replace(artifact, sdist=noted)


def files_of(artifact: Artifact) -> Files:
    """Return the files that a wheel installs by their place, with their SHA-256."""
    record = f"{artifact.metadata_dir}/RECORD"
    rewritten = (record, f"{record}.jws", f"{record}.p7s")
    return {
        place: hashlib.sha256(artifact.files[path]).hexdigest()
        for place, path in artifact.installed.items()
        if path not in rewritten
    }


def _seen(artifact: Artifact) -> Seen:
    return Seen(
        files_of(artifact),
        tuple(
            (each.name, hashlib.sha256(each.data).hexdigest())
            for each in artifact.signatures
            if each.data
        ),
    )


def receipts_of(
    report: Report | BumpReport, witness: Witness, now: datetime
) -> tuple[Receipt, ...]:
    """Return the receipts of a review, or of each in a bump: one for each file that is deployed.

    The reviews of a bump pass together or not at all: it is one change that is deployed. Removals,
    and what has no file with a digest, have none.
    """
    if isinstance(report, Report):
        found = [receipt_of(report, witness.seen, now)]
    else:
        within = Within(report.verdict.exit_code == 0, report.consulted, report.findings)
        found = [
            receipt_of(each.report, witness.seen, now, within=within)
            for each in report.bumps
            if each.report
        ]
    return tuple(each for each in found if each is not None)
