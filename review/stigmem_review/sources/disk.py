"""The one way a file is read from disk: regular files only, bounded, errors in our words."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.stored import Stored

# A named pipe would block the opening for ever; what was opened is judged by fstat, so that
# nothing can be put in its place in between. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


class Watch:
    """What is read from disk while a command runs, so that nothing is written over it.

    A file is known by its device and number there, whatever name or link leads to it.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[int, int], str] = {}

    def note(self, path: str, found: os.stat_result) -> None:
        """Remember a file by the name that it is read by."""
        self._names.setdefault((found.st_dev, found.st_ino), path)

    def name_of(self, path: Path) -> str:
        """Return the name by which the regular file at a path was read, or nothing.

        What git keeps of a repository is read by git, and has the name of its folder.
        """
        with suppress(OSError, ValueError):
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return ""
            if name := self._names.get((found.st_dev, found.st_ino)):
                return name
            for folder in path.resolve().parents:
                if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                    return f"a file of the git repository {folder}"
        return ""


_watches: list[Watch] = []


@contextmanager
def watched() -> Iterator[Watch]:
    """Give what is read from now on, in every thread, until the end."""
    watch = Watch()
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)


def note(path: Path) -> None:
    """Remember a file that was read elsewhere, as git has it; it may be there or not."""
    for watch in _watches:
        with suppress(OSError, ValueError):
            watch.note(str(path), path.stat())


def open_file(path: Path | str, *, follow: bool = True) -> Stored:
    """Open the regular file ``path``; ``follow`` a symbolic link to it or not.

    Raises ``SourceError`` where that cannot be done.
    """
    try:
        return Stored(str(path), _open(path, _FLAGS if follow else _FLAGS | _NO_LINKS))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(str(path), f"it cannot be read: {reason}", "check the path") from error


def read_file(path: Path | str, limit: int, *, follow: bool = True) -> bytes:
    """Return the bytes of the regular file ``path``, of which there may be ``limit``."""
    with open_file(path, follow=follow) as stored:
        return stored.read(limit)


def _open(path: Path | str, flags: int) -> IO[bytes]:
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise refusal(str(path), "it is not a regular file", "name a file")
        for watch in _watches:
            watch.note(str(path), found)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
