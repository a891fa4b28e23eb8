"""Both releases that a changed pin is about, fetched and opened."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from packaging.version import Version

from stigmem_review.errors import SourceError
from stigmem_review.manifest.declares import registers_plugin
from stigmem_review.model import Source
from stigmem_review.pins.changes import PinChange
from stigmem_review.pins.model import Pin
from stigmem_review.pipeline.bumps.work import wanted
from stigmem_review.pipeline.reading import Opening
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.request import Found, find_pinned
from stigmem_review.text import shorten


class Opened(NamedTuple):
    """One side of a bump: its files, or why they are not to be had; ``wanted`` names it."""

    wanted: str
    artifact: Artifact | None = None
    error: Exception | None = None
    file: str = ""

    def again(self, artifacts: str | None) -> str:
        """Return what asks for it again: its file in a folder of artifacts, or its release."""
        return posixpath.join(artifacts, self.file) if artifacts and self.file else self.wanted

    def opening(self) -> Opening:
        """Return how it is opened for a review."""
        return Opening(Source("wheel", self.wanted), self._again)

    def _again(self) -> Artifact:
        if self.artifact is None:
            raise self.error or SourceError(f"{self.wanted} was not opened")
        return self.artifact


class Looked(NamedTuple):
    """Both sides of a bump; whether one of them is a plugin (``None``: nobody can say).

    ``is_certain`` is false where a build could still make a plugin of what says nothing of it;
    ``by`` is the wheel that says so of the new release, and ``unread`` are the others, which
    nobody opened.
    """

    old: Opened
    new: Opened
    is_plugin: bool | None
    is_certain: bool
    by: str = ""
    unread: tuple[str, ...] = ()


class _Pinned:
    """One side of a bump, found in its place and read no further than somebody asks."""

    def __init__(self, pin: Pin | None, before: tuple[str, ...], folder: Folder | None) -> None:
        self.wanted = wanted(pin) if pin else "none"
        self._error: Exception | None = None
        self._found: Found | None = None
        if pin is None:
            self._found = Found("none", "none", lambda: Artifact(Source("none", "none")))
            return
        # Of files that were allowed before, nobody needs to be told.
        hashes = tuple(each for each in pin.hashes if each not in before) or pin.hashes
        if pin.url and folder is None:
            self._error = SourceError(
                f"{self.wanted}: it is installed from {shorten(pin.url)}, which is not fetched",
                f"it is installed from {shorten(pin.url)}, which is not fetched",
                "download that file, and name its folder with --artifacts",
            )
            return
        try:
            self._found = find_pinned(self.wanted, pin.name, Version(pin.version), hashes, folder)
        except Exception as error:
            self._error = error

    @property
    def is_built(self) -> bool:
        """Whether a build has yet to make what is installed."""
        return self._found is not None and self._found.kind == "sdist"

    @property
    def file(self) -> str:
        return self._found.file if self._found else ""

    @property
    def unread(self) -> tuple[str, ...]:
        """Name the other wheels of the release that are not looked at either."""
        if self._found is None:
            return ()
        looked_at = {path.name for path in self._found.at_hand}
        return tuple(name for name in self._found.unread if name not in looked_at)

    def registers_plugin(self) -> bool | None:
        """Say whether it is a plugin; ``None`` if nobody can say, and ``opened`` may say why."""
        if self._found is None:
            return None
        try:
            return registers_plugin(self._found)
        except Exception as error:
            self._error = error
            return None

    def opened(self, *, read: bool) -> Opened:
        """Let go of it, and return its files if they are to be read."""
        try:
            artifact = self._found.read() if self._found and read else None
            file = "" if self.wanted == "none" else self.file
            return Opened(self.wanted, artifact, self._error, file)
        except Exception as error:
            return Opened(self.wanted, None, error)
        finally:
            if self._found:
                self._found.close()


def _look(change: PinChange, folder: Folder | None) -> Looked:
    """Find both releases, and read them where one of them is a plugin."""
    old = _Pinned(change.old, (), folder)
    new = _Pinned(change.new, change.old.hashes if change.old else (), folder)
    known = {old.registers_plugin(), new.registers_plugin()}
    is_plugin = True if True in known else None if None in known else False
    read = is_plugin is True
    return Looked(
        old.opened(read=read),
        new.opened(read=read),
        is_plugin,
        is_certain=not (old.is_built or new.is_built),
        by=new.file,
        unread=new.unread,
    )


_AT_ONCE = 4
"""Releases that are fetched side by side: each may take 256 MiB of memory."""


def look_at_all(
    moves: tuple[PinChange, ...], folder: Folder | None
) -> Generator[tuple[PinChange, Looked], None, None]:
    """Yield each move with both its releases, some of which are fetched while others are read."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    waiting: deque[tuple[PinChange, Future[Looked]]] = deque()
    try:
        for change in moves:
            waiting.append((change, pool.submit(_look, change, folder)))
            if len(waiting) >= _AT_ONCE:
                first, found = waiting.popleft()
                yield first, found.result()
        while waiting:
            first, found = waiting.popleft()
            yield first, found.result()
    finally:
        # Whoever interrupts this does not wait for an index.
        pool.shutdown(wait=False, cancel_futures=True)


def let_go(error: BaseException | None) -> None:
    """Forget where an error came from: the frames on the way hold both releases in memory."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
