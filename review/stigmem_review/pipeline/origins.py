"""Which commit a record of an approval, or a line of another file, is from."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import AnyRecord, Records
from stigmem_review.errors import ApprovalsError
from stigmem_review.sources.git import Origin

NOWHERE = Origin("", "", "")
"""The origin of what is not committed."""


class Committed(NamedTuple):
    """A file as a commit has it, and which commit each of its lines is from."""

    data: bytes = b""
    origins: tuple[Origin, ...] = ()

    def line(self, text: str) -> Origin:
        """Return where the first line is from that says the same."""
        lines = self.data.decode("utf-8", "replace").split("\n")
        said = zip(lines, self.origins, strict=False)
        same = (origin for each, origin in said if text.strip() and each.strip() == text.strip())
        return next(same, NOWHERE)


def record_origins(committed: Committed, records: Records, path: str) -> dict[int, Origin]:
    """Return which commit each record of a file is from, by the line it starts on.

    ``records`` are those of the file as it is; it is the last commit that touched a line of the
    record, and none where it is not committed as it stands. ``path`` names the file.
    """
    try:
        known = parse_approvals(committed.data, path)
    except ApprovalsError:
        # Whatever was committed before, it is nothing that says where these records come from.
        known = Records()
    lines = committed.data.decode("utf-8", "replace").split("\n")
    starts = [each.line for each in known.all()]
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    origins: dict[AnyRecord, Origin] = {
        replace(each, line=0): _last_change(lines, committed.origins, each.line - 1, end)
        for each, end in zip(known.all(), ends, strict=False)
    }
    return {each.line: origins.get(replace(each, line=0), NOWHERE) for each in records.all()}


def _last_change(lines: list[str], origins: tuple[Origin, ...], start: int, end: int) -> Origin:
    said = [
        origin
        for line, origin in zip(lines[start:end], origins[start:end], strict=False)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return min(said, key=lambda each: each.age, default=NOWHERE)
