"""``uv.lock``: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile."""

from __future__ import annotations

from stigmem_review.pins.formats.locks import Entries, Entry, hashes_of, tables


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none."""
    for line, each in tables(text, "package"):
        source, name = each.get("source", {}), each["name"]
        version = each.get("version", "")
        if "virtual" in source:
            continue  # which is not installed
        if folder := source.get("editable") or source.get("directory"):
            yield Entry(name, version, line, folder=folder)
        elif "registry" in source:
            files = [*each.get("wheels", ()), *([each["sdist"]] if "sdist" in each else [])]
            markers = each.get("resolution-markers", ())
            marker = " or ".join(f"({one})" for one in markers)
            yield Entry(name, version, line, hashes_of(files), marker, source["registry"])
        else:
            kind, place = next(iter(source.items()), ("", "nowhere"))
            yield Entry(name, version, line, elsewhere=f"git+{place}" if kind == "git" else place)
