"""The one way a file is read from disk: regular files only, bounded, errors in our words."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.stored import Stored

# A named pipe would block the opening for ever; what was opened is judged by fstat, so that
# nothing can be put in its place in between. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def open_file(path: Path, *, follow: bool = True) -> Stored:
    """Open the regular file ``path``; ``follow`` a symbolic link to it or not.

    Raises ``SourceError`` where that cannot be done.
    """
    try:
        return Stored(str(path), _open(path, _FLAGS if follow else _FLAGS | _NO_LINKS))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(str(path), f"it cannot be read: {reason}", "check the path") from error


def read_file(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """Return the bytes of the regular file ``path``, of which there may be ``limit``."""
    with open_file(path, follow=follow) as stored:
        return stored.read(limit)


def _open(path: Path, flags: int) -> IO[bytes]:
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise refusal(str(path), "it is not a regular file", "name a file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
