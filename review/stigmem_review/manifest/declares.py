"""Whether what a release installs registers a plugin, without reading any code."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import limits
from stigmem_review.manifest.entry_points import parse_entry_points
from stigmem_review.manifest.project import read_project
from stigmem_review.model import ENTRY_POINT_GROUP, Known
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.paths import fold

_FILE = "entry_points.txt"
_METADATA = (".dist-info", ".egg-info")


def declares_plugin(artifact: Artifact) -> bool | None:
    """Say whether installing an artifact would register a plugin; ``None`` if only a build tells.

    A wheel counts with every distribution it installs, also one that hides in it
    (``importlib.metadata`` finds the metadata of all of them). What cannot be read and speaks of
    the group counts as a plugin. Raises ``SourceError`` where a project's metadata cannot be
    read.
    """
    if artifact.source.kind == "none":
        return False
    if artifact.source.kind == "wheel":
        return any(map(_declares, _tables(artifact)))
    project = read_project(artifact)
    for problem in project.problems:
        table = artifact.files.get(problem.at.path, b"") if problem.at else b""
        if problem.item == ENTRY_POINT_GROUP or _declares(table):
            return True
    declared = project.entry_points.value if isinstance(project.entry_points, Known) else ()
    # What a source does not declare, its build can still add.
    return any(each.group == ENTRY_POINT_GROUP for each in declared) or None


def _tables(artifact: Artifact) -> Iterator[bytes]:
    """Yield each table of entry points that a wheel installs."""
    for place, path in artifact.installed.items():
        folder, _, name = fold(place).rpartition("/")
        # importlib.metadata, too, ignores the case of the folder; a file system can ignore that
        # of the file. In an egg the folder is EGG-INFO.
        if name == _FILE and f".{folder.rpartition('/')[2]}".endswith(_METADATA):
            yield artifact.files[path]


def _declares(table: bytes) -> bool:
    """Say whether a table of entry points has the group, or cannot be read and speaks of it."""
    if ENTRY_POINT_GROUP.encode() not in table:
        return False
    if len(table) > limits.METADATA_BYTES:
        return True
    try:
        found, problems = parse_entry_points(table.decode("utf-8"), "")
    except UnicodeDecodeError:
        return True
    return bool(problems) or any(each.group == ENTRY_POINT_GROUP for each in found)
