"""The projects that a commit touches, as they are staged in git."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from stigmem_review.document.check import CheckReport
from stigmem_review.document.parts import Report
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.manifest.factories import concerns_plugins
from stigmem_review.model import Level, Source
from stigmem_review.pipeline.check import check_releases
from stigmem_review.pipeline.reading import Opening
from stigmem_review.pipeline.terms import Decisions, find_policy, from_tree, in_tree, read_policy
from stigmem_review.sources.git import Repository, Tree

_PROJECT = "pyproject.toml"
_PROJECTS = (_PROJECT, "setup.py", "setup.cfg")


def check_staged(
    *paths: str,
    node_version: str | None = None,
    gate: Level | None = None,
    policy: str | None = None,
    isolated: bool = False,
    against: str | None = None,
    explain: bool = False,
) -> CheckReport:
    """Check the projects that files and folders of this git repository belong to, or else all.

    What is read is what is staged, the policy too: a file of the repository that ``policy`` names,
    or else, unless ``isolated``, the one that holds in the working directory. A project that has
    nothing to do with a plugin is left out and named in the report. ``against`` and
    ``explain`` are as for ``check``.

    Raises ``UsageError`` for a path outside the repository, or where there is none, and
    ``PolicyError`` for a policy in error.
    """
    try:
        repository = Repository(Path())
    except SourceError as error:
        raise UsageError(error.text) from None
    if repository.top is None:
        raise UsageError("this repository has no work tree, so nothing can be staged in it")
    index = repository.index()
    decisions = _policy(policy, index, repository.top, isolated)
    terms = replace(decisions.terms(node_version, gate), explain=explain)
    inside = [_inside(path, repository.top) for path in paths or (str(repository.top),)]
    openings, skipped = [], []
    for folder in sorted(set(_projects(inside, index))):
        files = _own_files(folder, index)
        if concerns_plugins(files):
            openings.append(_opening(index, folder))
        else:
            skipped.append(folder or ".")
    reports: tuple[Report, ...] = ()
    if against is not None:
        from stigmem_review.pipeline.against import upcoming

        new = [(each, str(repository.top / each.unread.asked)) for each in openings]
        reports = upcoming(new, against, node_version)
    return check_releases(openings, terms, tuple(skipped), reports, whole=not paths)


def _policy(asked: str | None, index: Tree, top: Path, isolated: bool) -> Decisions:
    """Return what the staged policy decides; one outside the repository is never staged."""
    where = "staged; git add it, or name another policy"
    read, listed = partial(from_tree, index, where), partial(in_tree, index, where)
    if asked is None:
        found = None if isolated else find_policy(_inside(".", top), index.read)[0]
        return read_policy(found, read, listed)
    try:
        return read_policy(_inside(asked, top), read, listed)
    except UsageError:
        return read_policy(asked)


def _inside(path: str, top: Path) -> str:
    """Return a path as git names it, without following a link at its end."""
    absolute = Path(os.path.realpath(Path(path).parent)) / Path(path).name
    if Path(path).name in ("", ".."):
        absolute = Path(os.path.realpath(path))
    try:
        relative = absolute.relative_to(os.path.realpath(top)).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not in this repository, so it is not staged here") from None
    return "" if relative == "." else relative


def _projects(paths: Iterable[str], index: Tree) -> Iterator[str]:
    """Yield the folders of the projects that the paths stand for.

    A folder stands for those in it; a file, and a folder that has none in it, for the nearest one
    around it.
    """
    folders = {
        path.rpartition("/")[0] for path in index.paths if path.rpartition("/")[2] in _PROJECTS
    }
    for path in paths:
        inside = [each for each in folders if not path or f"{each}/".startswith(f"{path}/")]
        yield from inside or [each for each in _above(path) if each in folders][:1]


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _own_files(folder: str, index: Tree) -> dict[str, bytes]:
    """Return the files of a project that decide whether it is about a plugin."""
    prefix = f"{folder}/" if folder else ""
    nested = tuple(
        path.removesuffix(_PROJECT)
        for path in index.paths
        if path.startswith(prefix) and path.endswith(f"/{_PROJECT}") and path != prefix + _PROJECT
    )
    mine = [
        path
        for path in index.paths
        if path.startswith(prefix)
        and not path.startswith(nested)
        and (path.endswith(".py") or path.removeprefix(prefix) in _PROJECTS)
    ]
    return {path.removeprefix(prefix): data for path, data in index.read_all(mine).items()}


def _opening(index: Tree, folder: str) -> Opening:
    asked = folder or "."
    return Opening(Source("directory", asked), lambda: index.artifact(folder, asked))
