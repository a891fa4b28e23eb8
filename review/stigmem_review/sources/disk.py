"""The one way a file is read from disk: regular files only, bounded, errors in our words."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stigmem_review.sources.refusal import refusal

# A named pipe would block the opening for ever; what was opened is judged by fstat, so that
# nothing can be put in its place in between. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def read_file(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """Return the bytes of the regular file ``path``; ``follow`` a symbolic link to it or not."""
    try:
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | _NO_LINKS)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise refusal(str(path), "it is not a regular file", "name a file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                # A read reserves what it asks for. A file that grew since is read on below.
                data = file.read(min(found.st_size, limit) + 1)
                if found.st_size < len(data) <= limit:
                    data += file.read(limit + 1 - len(data))
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(str(path), f"it cannot be read: {reason}", "check the path") from error
    if len(data) > limit:
        raise refusal(
            str(path),
            f"it is larger than the limit of {limit} bytes",
            "check that it is the one you mean",
        )
    return data
