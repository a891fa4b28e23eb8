"""``poetry.lock``, of Poetry 1 and 2 (``poetry.packages.locker``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stigmem_review import toml
from stigmem_review.pins.formats.locks import Entries, Entry, hashes_of, tables


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none."""
    # Before Poetry 1.3 the files stand in a table of their own.
    apart: Mapping[str, Any] = {}
    if "[metadata.files]" in text:
        apart = toml.parse(text)["metadata"]["files"]
    for line, each in tables(text, "package"):
        name, version = each["name"], each["version"]
        source = each.get("source", {})
        kind, place = source.get("type", ""), source.get("url", "")
        if kind == "directory":
            yield Entry(name, version, line, folder=place)
        elif kind in ("", "legacy"):
            files = each.get("files") or apart.get(name, ())
            marker = each.get("markers", "")
            # A marker for each group: what holds for one of them may be installed.
            marker = marker if isinstance(marker, str) else ""
            yield Entry(name, version, line, hashes_of(files), marker, place)
        else:
            revision = source.get("resolved_reference") or source.get("reference")
            place = f"git+{place}@{revision}" if kind == "git" else place
            yield Entry(name, version, line, elsewhere=place or kind)
