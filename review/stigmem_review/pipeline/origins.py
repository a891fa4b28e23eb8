"""Which commit a record of an approval is from."""

from __future__ import annotations

from stigmem_review.approvals.record import Records
from stigmem_review.sources.git import Origin, Repository

NOWHERE = Origin("", "", "")
"""The origin of what is not committed."""


def record_origins(
    repository: Repository, commit: str, path: str, data: bytes, records: Records
) -> dict[int, Origin]:
    """Return which commit each record of a file of a commit is from, by the line it starts on.

    It is the last that touched a line of the record. ``data`` is the file, and ``records`` what it
    says; ``path`` is from the top of the repository. Raises ``SourceError``.
    """
    lines = data.decode("utf-8").split("\n")
    origins = repository.origins(commit, path)
    starts = sorted(each.line for each in records.all())
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    return {
        start: _last_change(lines, origins, start - 1, end)
        for start, end in zip(starts, ends, strict=True)
    }


def _last_change(lines: list[str], origins: tuple[Origin, ...], start: int, end: int) -> Origin:
    said = [
        origin
        for line, origin in zip(lines[start:end], origins[start:end], strict=False)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return min(said, key=lambda each: each.age, default=NOWHERE)
