"""Whether what a release installs registers a plugin, without reading any code."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.manifest.entry_points import parse_entry_points
from stigmem_review.manifest.project import read_project
from stigmem_review.model import ENTRY_POINT_GROUP, Known
from stigmem_review.sources.artifact import Artifact

_FILE = "/entry_points.txt"
_METADATA = (".dist-info", ".egg-info")


def declares_plugin(artifact: Artifact) -> bool | None:
    """Say whether installing an artifact would register a plugin; ``None`` if only a build tells.

    A wheel counts with every distribution it installs, also one that hides in it
    (``importlib.metadata`` finds the metadata of all of them). Raises ``SourceError`` where a
    project's metadata cannot be read.
    """
    if artifact.source.kind == "none":
        return False
    if artifact.source.kind == "wheel":
        return any(map(_mentions, _declared(artifact)))
    declared = read_project(artifact)
    if declared.problems:
        return True
    if not isinstance(declared.entry_points, Known):
        return None
    return any(each.group == ENTRY_POINT_GROUP for each in declared.entry_points.value)


def _declared(artifact: Artifact) -> Iterator[bytes]:
    for place, path in artifact.installed.items():
        folder = place.removesuffix(_FILE)
        if folder != place and folder.rpartition("/")[2].endswith(_METADATA):
            yield artifact.files[path]


def _mentions(data: bytes) -> bool:
    """Say whether a file declares the group, or cannot be read and speaks of it."""
    text = data.decode("utf-8", "replace")
    found, problems = parse_entry_points(text, "")
    if any(each.group == ENTRY_POINT_GROUP for each in found):
        return True
    return bool(problems) and ENTRY_POINT_GROUP in text
