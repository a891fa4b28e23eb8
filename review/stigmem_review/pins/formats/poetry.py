"""``poetry.lock``, of Poetry 1 and 2 (``poetry.packages.locker``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from stigmem_review import toml
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.formats.locks import (
    Entries,
    Entry,
    asked_for,
    hashes_of,
    lying_at,
    tables,
)


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none."""
    # Before Poetry 1.3 the files stand in a table of their own.
    apart: Mapping[str, Any] = {}
    if "[metadata.files]" in text:
        apart = toml.parse(text)["metadata"]["files"]
    found = [*tables(text, "package")]
    asked = asked_for(chain.from_iterable(_dependencies(each) for _, each in found))
    for line, each in found:
        name, version = each["name"], each["version"]
        extras = asked.get(canonicalize_name(name), ())
        source, files = each.get("source", {}), each.get("files") or apart.get(name, ())
        kind, place = source.get("type", ""), source.get("url", "")
        if kind == "directory":
            yield Entry(name, version, line, folder=place)
        elif kind in ("", "legacy"):
            marker = each.get("markers", "")
            # A marker for each group: what holds for one of them may be installed.
            marker = marker if isinstance(marker, str) else ""
            yield Entry(name, version, line, hashes_of(files), marker, place, extras=extras)
        elif kind in ("file", "url"):
            yield lying_at(name, version, line, place, hashes_of(files))._replace(extras=extras)
        else:
            revision = source.get("resolved_reference") or source.get("reference")
            place = f"git+{place}@{revision}" if kind == "git" else place
            yield Entry(name, version, line, elsewhere=place or kind)


def _dependencies(package: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield what a package asks for: a range, or a table, or several for different machines."""
    for name, asked in package.get("dependencies", {}).items():
        for each in asked if isinstance(asked, list) else [asked]:
            yield name, each.get("extras", []) if isinstance(each, Mapping) else []
