"""Lists and reads a project directory: the files in it, and symbolic links that stay inside."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stigmem_review import limits
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.unread import Kind, Unread
from stigmem_review.text import shorten

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
"""Any one of them makes a folder a project that can be built (PEP 517, PEP 518)."""


def read_directory(asked: str, path: Path) -> Artifact:
    """Return the project directory ``path`` as it is now, listed and not read.

    Raises ``SourceError`` where it cannot be listed and where it is no project.
    """
    folder = _Folder(asked, path)
    return project_artifact(asked, path.resolve().name, Unread(asked, folder.listed, folder.read))


def project_artifact(asked: str, file: str, files: Unread) -> Artifact:
    """Return the project directory called ``file`` that holds ``files``.

    Raises ``SourceError`` where nothing in it says that it is a project.
    """
    if not any(name in files for name in PROJECT_FILES):
        raise refusal(
            asked,
            f"it has no {', '.join(PROJECT_FILES[:-1])} or {PROJECT_FILES[-1]}, so nothing says "
            "what it would build",
            "name the directory that holds one, or a wheel",
        )
    return Artifact(Source(kind="directory", asked=asked, file=file), files)


def tree_digest(files: Mapping[str, bytes]) -> str:
    """Return one digest of a project's files: their paths, sorted, and what each one holds."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(
            f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode(
                "utf-8", "surrogateescape"
            )
        )
    return whole.hexdigest()


class _Folder:
    """A directory on disk; names with ``/`` between components."""

    def __init__(self, asked: str, path: Path) -> None:
        self._asked = asked
        self._path = path
        self._top = os.path.realpath(path)
        self._outside: set[str] = set()
        self._targets: dict[str, str] = {}

    def listed(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """Yield what a folder holds, without what nothing can be read from.

        That is a link that leads nowhere, which editors use as a lock, and a pipe, a socket or a
        device; one that is called a Python source file is left for reading it to say so.
        """
        try:
            with os.scandir(self._path / folder) as entries:
                for entry in entries:
                    kind = self._kind(folder, entry)
                    if kind:
                        yield entry.name, kind
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            shown = shorten(str(self._path / folder))
            raise refusal(
                self._asked, f"{shown} cannot be listed: {reason}", "check the path"
            ) from error

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file with its bytes, following a link that stays inside."""
        for name in names:
            if name in self._outside:
                raise refusal(
                    self._asked,
                    f"{shorten(name)} is a symbolic link that leads out of the project",
                    "put the file itself there",
                )
            path = Path(self._targets.get(name) or self._path / name)
            yield name, read_file(path, limits.ENTRY_BYTES, follow=False)

    def _kind(self, folder: str, entry: os.DirEntry[str]) -> Kind | None:
        # A Windows junction leads elsewhere and is not called a symbolic link.
        junction = getattr(entry, "is_junction", None)
        if entry.is_symlink() or (junction and junction()):
            return self._target(folder, entry)
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        regular = entry.is_file(follow_symlinks=False) or entry.name.endswith(".py")
        return "file" if regular else None

    def _target(self, folder: str, entry: os.DirEntry[str]) -> Kind | None:
        target = os.path.realpath(entry.path)
        try:
            mode = Path(target).stat().st_mode
        except OSError:
            return None
        if os.path.commonpath((self._top, target)) != self._top:
            self._outside.add(folder + entry.name)
            return "file"
        if not stat.S_ISDIR(mode):
            self._targets[folder + entry.name] = target
            return "file"
        # A link to a folder around it would be listed for ever.
        around = os.path.realpath(self._path / folder)
        return None if os.path.commonpath((around, target)) == target else "folder"
