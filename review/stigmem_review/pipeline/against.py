"""The report that users of the next release will see: what is checked against what is out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from stigmem_review.document.approvals import Asked
from stigmem_review.document.parts import Report
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.model import Source
from stigmem_review.pipeline.reading import Opening, opening
from stigmem_review.pipeline.terms import read_policy
from stigmem_review.pipeline.upgrade import review_releases
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.sources.request import understand
from stigmem_review.text import shorten


def upcoming(
    new: Sequence[tuple[Opening, str]], against: str, node_version: str | None = None
) -> tuple[Report, ...]:
    """Return what a review by nobody's policy says of releases, each against an earlier one.

    Each is given with the folder that it stands in, empty for what is in none. ``against`` is a
    source as a review takes them, or else a revision of the git repository around the folder, in
    which every project is compared with itself. One that was not there then is a first
    installation. Raises ``UsageError`` where that names neither, or where a source is given for
    several releases that are no project and its wheel.
    """
    terms = read_policy(None).terms(node_version, None)
    found = []
    for each, earlier in _pairs(new, against):
        asked = Asked(earlier.unread.asked, each.unread.asked)
        report = review_releases({"old": earlier, "new": each}, terms, asked)
        # What users approve is what they get, and not what stands in a folder.
        found.append(replace(report, commands=None))
    return tuple(found)


def _pairs(new: Sequence[tuple[Opening, str]], against: str) -> Iterator[tuple[Opening, Opening]]:
    if _is_source(against):
        wheels = [each for each, _ in new if each.unread.kind == "wheel"]
        chosen = wheels if len(wheels) == 1 else [each for each, _ in new]
        if len(chosen) != 1:
            raise UsageError(
                f"--against {shorten(against, 80)} is one release, and there are {len(new)} to "
                "compare with it; name one, or a revision"
            )
        yield chosen[0], opening(against)
        return
    projects = [(each, folder) for each, folder in new if folder]
    if not projects:
        raise UsageError(
            f"there is no source {shorten(against, 80)}, and a revision is one of the repository "
            "of a project directory, of which none is given"
        )
    for each, folder in projects:
        yield each, _at_revision(folder, against)


def _is_source(against: str) -> bool:
    try:
        understand(against)
    except UsageError:
        return False
    return True


def _at_revision(folder: str, revision: str) -> Opening:
    """Return how the project in a folder is opened as it was at a revision."""
    try:
        repository = Repository(Path(folder))
        tree = repository.tree(revision)
    except SourceError as error:
        raise UsageError(error.text) from None
    top = os.path.realpath(repository.top) if repository.top else ""
    inside = Path(os.path.relpath(os.path.realpath(folder), top)).as_posix() if top else "."
    inside = "" if inside == "." else inside
    if not _has(tree, inside):
        return opening("none")
    # As ``diff`` takes it, so that the command which shows what differs can be run.
    asked = f"{revision}:{inside or '.'}"
    return Opening(Source("directory", asked), lambda: tree.artifact(inside, asked))


def _has(tree: Tree, folder: str) -> bool:
    below = f"{folder}/" if folder else ""
    return any(path.startswith(below) for path in tree.paths)
