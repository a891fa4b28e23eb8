"""The report of a whole change, from the reports of its shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stigmem_review import limits
from stigmem_review._version import __version__
from stigmem_review.document.bump import BumpReport, Shard
from stigmem_review.errors import IncompleteError, SourceError
from stigmem_review.pipeline.bumps.whole import Packed, assemble, unpack
from stigmem_review.sources.disk import read_file
from stigmem_review.text import shorten

_DIFFERENT = {
    "tool": "versions or rules of stigmem-review",
    "compared": "changes",
    "names": "changes",
    "files": "changes",
    "changed": "changes",
    "consulted": "policies or settings",
    "settings": "policies or settings",
    "approvals": "approvals, or days",
}
"""What is said to differ where two shards do, by the field; all else is how they were asked for."""


class _Report(msgspec.Struct, frozen=True):
    shard: Shard | None = None


def merge_reports(paths: Sequence[str]) -> BumpReport:
    """Return the report that ``bump`` would have given of a change without shards.

    Raises ``IncompleteError`` where a shard is missing or there twice, where they are not all of
    one review, and where a file is no report of a shard.
    """
    shards = [(path, _read(path)) for path in paths]
    total = {shard.of for _, shard in shards}
    if len(total) != 1:
        listed = ", ".join(map(str, sorted(total))) or "none"
        raise IncompleteError(f"the reports are of different divisions (into {listed} shards)")
    [of] = total
    there = Counter(shard.index for _, shard in shards)
    if doubled := [f"{index}/{of}" for index, number in sorted(there.items()) if number > 1]:
        raise IncompleteError(f"shards are there more than once: {', '.join(doubled)}")
    if missing := [f"{index}/{of}" for index in range(1, of + 1) if index not in there]:
        shown = ", ".join(missing[:10]) + (" ..." if len(missing) > 10 else "")
        raise IncompleteError(f"shards are missing: {shown}; their plugins were not reviewed")
    packed = [
        (path, _unpacked(path, shard))
        for path, shard in sorted(shards, key=lambda each: each[1].index)
    ]
    first, one = packed[0]
    for path, other in packed[1:]:
        if different := _difference(one, other):
            raise IncompleteError(
                f"{shorten(first)} and {shorten(path)} are of different {different}; "
                "review all shards again"
            )
    if one.common.tool.version != __version__:
        raise IncompleteError(
            f"the shards were reviewed by stigmem-review {one.common.tool.version}, and this is "
            f"{__version__}; merge them with that version"
        )
    return assemble(one.common, [each.parts for _, each in packed])


def _read(path: str) -> Shard:
    try:
        data = read_file(Path(path), limits.SHARD_BYTES)
    except SourceError as error:
        raise IncompleteError(f"the report {error.text}") from None
    try:
        shard = msgspec.json.decode(data, type=_Report).shard
    except (ValueError, RecursionError):
        shard = None
    if shard is None or not 1 <= shard.index <= shard.of:
        raise IncompleteError(
            f"{shorten(path)} is no report of a shard; write one with bump --shard I/N --output "
            f"json={shorten(path)}"
        )
    return shard


def _unpacked(path: str, shard: Shard) -> Packed:
    try:
        return unpack(shard)
    except ValueError as error:
        raise IncompleteError(
            f"{shorten(path)} cannot be read as the report of a shard by this version: "
            f"{shorten(str(error))}"
        ) from None


def _difference(one: Packed, other: Packed) -> str:
    for name in one.common.__struct_fields__:
        if getattr(one.common, name) != getattr(other.common, name):
            return _DIFFERENT.get(name, f"requests ({name})")
    return ""
