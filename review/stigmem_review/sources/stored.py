"""The bytes of one wheel or sdist where they are kept, looked at piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO, Self

from stigmem_review.sources.refusal import refusal

PIECE = 1024 * 1024
"""How much is in memory at once, whatever the size of the file."""


class Stored:
    """A file that is open: on a disk, or what an index gave.

    ``name`` is what messages call it. Whoever has it closes it.
    """

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        self._file = file
        self._digests: dict[str, str] = {}
        self.size = file.seek(0, 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # What a fetch gives that came too late has nobody who closes it.
        self._file.close()

    def close(self) -> None:
        """Let go of the file; a temporary one is gone then."""
        self._file.close()

    def at(self, offset: int, count: int) -> bytes:
        """Return so many bytes from ``offset`` on, or up to the end. Raises ``SourceError``."""
        try:
            self._file.seek(offset)
            return self._file.read(count)
        except OSError as error:
            raise refusal(
                self.name, f"it cannot be read: {error.strerror}", "check the disk"
            ) from error

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """Yield all bytes, so many at a time. Raises ``SourceError``."""
        offset = 0
        while piece := self.at(offset, size):
            yield piece
            offset += len(piece)

    def digest(self, algorithm: str = "sha256") -> str:
        """Return the digest of all bytes in hexadecimal. Raises ``SourceError``."""
        if algorithm not in self._digests:
            whole = hashlib.new(algorithm)
            for piece in self.pieces():
                whole.update(piece)
            self._digests[algorithm] = whole.hexdigest()
        return self._digests[algorithm]

    def read(self, limit: int) -> bytes:
        """Return all bytes. Raises ``SourceError`` where there are more than ``limit``."""
        # A read reserves what it asks for. A file that grew since is read on.
        data = self.at(0, min(self.size, limit) + 1)
        if self.size < len(data) <= limit:
            data = self.at(0, limit + 1)
        if len(data) > limit:
            raise refusal(
                self.name,
                f"it is larger than the limit of {limit} bytes",
                "check that it is the one you mean",
            )
        return data
