"""``uv.lock``: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

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
    found = [*tables(text, "package")]
    asked = asked_for(chain.from_iterable(_dependencies(each) for _, each in found))
    for line, each in found:
        source, name = each.get("source", {}), each["name"]
        version = each.get("version", "")
        if "virtual" in source:
            continue  # which is not installed
        files = [*each.get("wheels", ()), *([each["sdist"]] if "sdist" in each else [])]
        extras = asked.get(canonicalize_name(name), ())
        if folder := source.get("editable") or source.get("directory"):
            yield Entry(name, version, line, folder=folder)
        elif "registry" in source:
            markers = each.get("resolution-markers", ())
            marker = " or ".join(f"({one})" for one in markers)
            index = source["registry"]
            yield Entry(name, version, line, hashes_of(files), marker, index, extras=extras)
        elif place := source.get("url") or source.get("path"):
            entry = lying_at(name, version, line, place, hashes_of(files))
            yield entry._replace(extras=extras)
        else:
            kind, place = next(iter(source.items()), ("", "nowhere"))
            yield Entry(name, version, line, elsewhere=f"git+{place}" if kind == "git" else place)


def _dependencies(package: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield what a package asks for, by itself, with an extra of its own or in a group."""
    more = (
        package.get(name, {}).values() for name in ("optional-dependencies", "dev-dependencies")
    )
    for each in chain(package.get("dependencies", ()), *chain.from_iterable(more)):
        yield each["name"], each.get("extra", [])
