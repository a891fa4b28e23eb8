"""A file of an index that is read in pieces where it is, as far as something asks for it."""

from __future__ import annotations

import io
from collections.abc import Callable

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.sources.download import Part

Fetch = Callable[[int, int], Part | None]
"""Fetches bytes by their start and count, a negative start from the end, as ``Client.part``."""


class NoPartsError(SourceError):
    """An index does not serve what was asked of a file in pieces, or not as it says."""

    def __init__(self) -> None:
        super().__init__("the index does not serve files in pieces")


class Ranged(io.RawIOBase):
    """A file of which the end was fetched, and whatever else is read is.

    A wheel has its table of contents at the end, and before it, as tools write it, its metadata.
    Raises ``NoPartsError`` where the index has no parts of it, ``ValueError`` where more is asked
    for than is read in pieces, and what ``fetch`` raises.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._room = limits.RANGED_BYTES
        tail = self._part(-limits.RANGED_TAIL_BYTES, limits.RANGED_TAIL_BYTES)
        self._size = tail.size
        self._at = 0
        self._parts = [tail]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the start of the file")
        self._at = start + offset
        return self._at

    def read(self, count: int | None = -1) -> bytes:
        left = max(0, self._size - self._at)
        wanted = left if count is None or count < 0 else min(count, left)
        data = self._held(wanted)
        if data is None:
            # Of an entry little is read at a time: its header, its name, its bytes.
            ahead = min(max(wanted, limits.RANGED_AHEAD_BYTES), left)
            part = self._part(self._at, ahead)
            if part.size != self._size:
                raise NoPartsError
            self._parts.append(part)
            data = part.data[:wanted]
        self._at += wanted
        return data

    def _held(self, count: int) -> bytes | None:
        for part in self._parts:
            start = self._at - part.start
            if start >= 0 and start + count <= len(part.data):
                return part.data[start : start + count]
        return None

    def _part(self, start: int, count: int) -> Part:
        self._room -= count
        if self._room < 0:
            raise ValueError("more is asked for than is read in pieces")
        part = self._fetch(start, count)
        if part is None:
            raise NoPartsError
        return part
