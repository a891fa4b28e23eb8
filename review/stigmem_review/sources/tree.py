"""Reads a project directory: the regular files below it, never through a symbolic link."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from stigmem_review import limits
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.refusal import refusal
from stigmem_review.text import shorten

# Version control, caches and environments: written by tools and taken by no build. No package
# has such a name, so they are left out wherever they are.
_IGNORED = frozenset(
    (
        *(".git", ".hg", ".svn", ".tox", ".nox", ".venv", ".eggs", "__pycache__"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    )
)
# Names a package could have, so these are left out at the top only: environments and what a
# build leaves there.
_IGNORED_AT_TOP = frozenset(("build", "dist", "node_modules", "venv"))
_BUILD_METADATA = ".egg-info"
_PROJECT = "pyproject.toml"
_CLEAN = "name a clean checkout, or a wheel built from it"

Kind = Literal["folder", "file", "other"]


def read_directory(asked: str, path: Path) -> Artifact:
    """Return the release that the project directory ``path`` would build, as it is now."""
    names = project_names(asked, lambda folder: _listed(asked, path / folder))
    contents = ((name, read_file(path / name, limits.ENTRY_BYTES, follow=False)) for name in names)
    return project_artifact(asked, path.resolve().name, contents)


def project_names(asked: str, listed: Callable[[str], Iterable[tuple[str, Kind]]]) -> list[str]:
    """Return the sorted paths of the files a project directory consists of.

    ``listed`` gives the names in a folder and what each one is; the folder is ``""`` for the
    directory itself and ends with ``/`` below it. ``SourceError`` where there is no
    ``pyproject.toml``, where a file that decides about code is no regular file, and at a limit.
    """
    names = sorted(_names(asked, listed))
    if _PROJECT not in names and {"setup.py", "setup.cfg"} & {*names}:
        raise refusal(
            asked,
            f"it has no {_PROJECT}, so only a build can tell what it would be",
            "build a wheel and name that",
        )
    if _PROJECT not in names:
        raise refusal(
            asked,
            f"it has no {_PROJECT}, so nothing says what it would build",
            f"name the directory that holds {_PROJECT}, or a wheel",
        )
    return names


def project_artifact(asked: str, file: str, contents: Iterable[tuple[str, bytes]]) -> Artifact:
    """Return the release of a project directory called ``file`` from its paths and bytes.

    ``contents`` is taken one by one, so that nothing is read beyond the limit on their total,
    where ``SourceError`` is raised.
    """
    files: dict[str, bytes] = {}
    total = 0
    for name, content in contents:
        total += len(content)
        if total > limits.TOTAL_BYTES:
            raise refusal(asked, f"its files have more than {limits.TOTAL_BYTES} bytes", _CLEAN)
        files[name] = content
    source = Source(kind="directory", asked=asked, file=file, sha256=_digest(files))
    return Artifact(source, files)


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


def _names(asked: str, listed: Callable[[str], Iterable[tuple[str, Kind]]]) -> Iterator[str]:
    """Yield the paths of the regular files, with ``/`` between components."""
    waiting, seen = [""], 0
    while waiting:
        folder = waiting.pop()
        for last, kind in listed(folder):
            name = folder + last
            seen += 1
            _check(asked, name, seen)
            if kind == "folder":
                if not _ignored(name):
                    waiting.append(f"{name}/")
            elif kind == "file":
                yield name
            elif name == _PROJECT or name.endswith(".py"):
                raise refusal(
                    asked, f"{shorten(name)} is no regular file", "put the file itself there"
                )


def _listed(asked: str, folder: Path) -> list[tuple[str, Kind]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, _kind(entry)) for entry in entries]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(
            asked, f"{shorten(str(folder))} cannot be listed: {reason}", "check the path"
        ) from error


def _kind(entry: os.DirEntry[str]) -> Kind:
    # A Windows junction leads elsewhere and is not called a symbolic link.
    junction = getattr(entry, "is_junction", None)
    if entry.is_dir(follow_symlinks=False) and not (junction and junction()):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _ignored(name: str) -> bool:
    if "/" in name:
        return name.rpartition("/")[2] in _IGNORED
    return name in _IGNORED | _IGNORED_AT_TOP or name.endswith(_BUILD_METADATA)


def _check(asked: str, name: str, seen: int) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise refusal(asked, f"the name of {shorten(name)} is not UTF-8", "rename it") from error
    if len(name) > limits.PATH_CHARS:
        raise refusal(
            asked, f"{shorten(name)} is deeper than {limits.PATH_CHARS} characters", _CLEAN
        )
    if seen > limits.ENTRIES:
        raise refusal(asked, f"it holds more than {limits.ENTRIES} files and directories", _CLEAN)
