"""Both releases that a changed pin is about, fetched and opened."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from stigmem_review.errors import MismatchError, SourceError
from stigmem_review.manifest.declares import registers_plugin
from stigmem_review.model import Source
from stigmem_review.pins.changes import PinChange
from stigmem_review.pins.model import Pin
from stigmem_review.pipeline.bumps.work import wanted
from stigmem_review.pipeline.reading import Opening
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.network import Network
from stigmem_review.sources.request import Found, find_pinned
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from stigmem_review.sources.index import Release


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
    ``by_contents`` are the wheels of which only the table of contents was read, and ``elsewhere``
    says that the releases are not where the files of plugins are, and an index knows them.
    ``yanked`` is why the new release was withdrawn, if it was, and ``unknown`` are hashes of its
    pin that no file of it has.
    """

    old: Opened
    new: Opened
    is_plugin: bool | None
    is_certain: bool
    by_contents: tuple[str, ...] = ()
    elsewhere: bool = False
    yanked: str | None = None
    unknown: tuple[str, ...] = ()


class Places(NamedTuple):
    """Where the files of releases come from: a folder, and the indexes of pip's configuration.

    With a folder, plugins come from it alone; of what is not in it, an index is asked whether it is
    a plugin at all, unless pip is to ask none. ``in_pieces`` is how wheels of an index are read
    that are no plugins, and ``building`` names what installers are told to build.
    """

    network: Network
    folder: Folder | None = None
    in_pieces: bool = True
    building: Collection[str] = ()

    def builds(self, name: str) -> bool:
        """Say whether installers are told to build a distribution."""
        return not {":all:", name}.isdisjoint(self.building)


class _Pinned:
    """One side of a bump, found in its place and read no further than somebody asks."""

    def __init__(
        self, pin: Pin | None, before: tuple[str, ...], places: Places, *, listed: bool
    ) -> None:
        self.wanted = wanted(pin) if pin else "none"
        self.elsewhere = False
        self._error: Exception | None = None
        self._found: Found | None = None
        self._in_pieces = places.in_pieces
        self._built = pin is not None and places.builds(pin.name)
        if pin is None:
            self._found = Found("none", "none", lambda: Artifact(Source("none", "none")))
            return
        # Of files that were allowed before, nobody needs to be told.
        hashes = tuple(each for each in pin.hashes if each not in before) or pin.hashes
        if pin.url and places.folder is None:
            self._error = SourceError(
                f"{self.wanted}: it is installed from {shorten(pin.url)}, which is not fetched",
                f"it is installed from {shorten(pin.url)}, which is not fetched",
                "download that file, and name its folder with --artifacts",
            )
            return
        find = partial(find_pinned, self.wanted, pin.name, Version(pin.version), hashes)
        try:
            self._found = find(places.folder, places.network)
        except Exception as error:  # whatever it is, the gap that it leaves says so
            self._error = error
            is_there = isinstance(error, MismatchError) or pin.url
            if places.folder is not None and listed and not is_there:
                self._look_elsewhere(find, places.network)

    def _look_elsewhere(
        self, find: Callable[[Folder | None, Network], Found], network: Network
    ) -> None:
        """Find what is not in the folder in an index, only to be asked whether it is a plugin."""
        with suppress(SourceError):
            if not network.config.no_index:
                self._found = find(None, network)
                self.elsewhere = True

    @property
    def is_built(self) -> bool:
        """Whether a build has yet to make what is installed."""
        return self._found is not None and self._found.kind == "sdist"

    @property
    def file(self) -> str:
        return self._found.file if self._found else ""

    @property
    def release(self) -> Release | None:
        return self._found.release if self._found else None

    @property
    def by_contents(self) -> tuple[str, ...]:
        """Name the wheels of which only the table of contents was read."""
        return tuple(self.release.by_contents) if self.release else ()

    def registers_plugin(self, *, others: bool) -> bool | None:
        """Say whether it is a plugin; ``None`` if nobody can say, and ``opened`` may say why.

        With ``others`` every file of the release that installers may take is asked.
        """
        if self._found is None:
            return None
        ask = partial(registers_plugin, self._found, in_pieces=self._in_pieces, built=self._built)
        try:
            if not self.elsewhere:
                return ask(others=others)
            # What the index has of a plugin is not what the folder should have had.
            return None if ask(others=others) else False
        except Exception as error:  # as above
            if not self.elsewhere:
                self._error = error
            return None

    def opened(self, *, read: bool) -> Opened:
        """Let go of it, and return its files if they are to be read."""
        try:
            if self._error:  # also where an index was asked what a folder does not say
                return Opened(self.wanted, None, self._error)
            artifact = self._found.read() if self._found and read else None
            file = "" if self.wanted == "none" else self.file
            return Opened(self.wanted, artifact, None, file)
        except Exception as error:  # as above
            return Opened(self.wanted, None, error)
        finally:
            if self._found:
                self._found.close()


def _look(change: PinChange, places: Places, *, listed: bool) -> Looked:
    """Find both releases, and read them where one of them is a plugin."""
    if change.is_same:
        return _look_at_one(change.pin, places, listed=listed)
    old = _Pinned(change.old, (), places, listed=listed)
    new = _Pinned(change.new, change.old.hashes if change.old else (), places, listed=listed)
    known = {old.registers_plugin(others=False), new.registers_plugin(others=True)}
    is_plugin = True if True in known else None if None in known else False
    read = is_plugin is True
    return Looked(
        old.opened(read=read),
        new.opened(read=read),
        is_plugin,
        is_certain=not (old.is_built or new.is_built),
        by_contents=new.by_contents if change.new and change.new.hashes else (),
        elsewhere=old.elsewhere or new.elsewhere,
        yanked=new.release.yanked if new.release else None,
        unknown=new.release.unknown_hashes if new.release else (),
    )


def _look_at_one(pin: Pin, places: Places, *, listed: bool) -> Looked:
    """Find a release that is the same on both sides, and read it where it is a plugin."""
    only = _Pinned(pin, (), places, listed=listed)
    is_plugin = only.registers_plugin(others=True)
    opened, by_contents = (
        only.opened(read=is_plugin is True),
        only.by_contents if pin.hashes else (),
    )
    return Looked(opened, opened, is_plugin, is_certain=not only.is_built, by_contents=by_contents)


_AT_ONCE = 4
"""Releases that are fetched side by side: each may take 256 MiB of memory."""


def look_at_all(
    moves: Iterable[tuple[PinChange, bool]], places: Places
) -> Generator[tuple[PinChange, Looked], None, None]:
    """Yield each move with both its releases, some of which are fetched while others are read.

    Beside each move stands whether a list has it, or only a file that may install it.
    """
    pool = ThreadPoolExecutor(_AT_ONCE)
    waiting: deque[tuple[PinChange, Future[Looked]]] = deque()
    try:
        for change, listed in moves:
            waiting.append((change, pool.submit(_look, change, places, listed=listed)))
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
