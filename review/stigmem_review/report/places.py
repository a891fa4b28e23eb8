"""Where something of a release is, as a path that an editor can open."""

from __future__ import annotations

from stigmem_review.model import Location, Source


def opened(source: Source, at: Location) -> Location | None:
    """Return a place of a release as one of the folder it was read from, if it was one."""
    if source.kind != "directory":
        return None
    folder = source.asked.removeprefix("./").rstrip("/")
    return at if folder in ("", ".") else Location(f"{folder}/{at.path}", at.line)
