"""Opening and reading a release, and what becomes of a defect of ours on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.installed import code_of
from stigmem_review.code.written import Written, written_of
from stigmem_review.errors import MismatchError, ReviewError, SourceError
from stigmem_review.host import Node
from stigmem_review.manifest import none_release, read_release
from stigmem_review.model import Gap, HeldAgainst, Release, Source
from stigmem_review.recent import Recent
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.request import (
    Found,
    Request,
    find_source,
    named_bundle,
    open_source,
    understand,
)
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from stigmem_review.observe.observe import Seen


class Opening(msgspec.Struct, frozen=True):
    """A release that can be opened; ``unread`` is its source where that fails.

    ``is_about_plugin`` says whether it is a plugin, or meant to be one, and ``close`` lets go of a
    release that nobody opens.
    """

    unread: Source
    open: Callable[[], Artifact]
    is_about_plugin: Callable[[], bool] = lambda: True
    close: Callable[[], None] = lambda: None


def opening(asked: str, bundle: str | None = None) -> Opening:
    """Return how the release that a user asked for is opened; ``bundle`` is a file that signs it.

    Raises ``UsageError`` where that names nothing that can be reviewed, and where there is no such
    bundle, or nothing that it could sign.
    """
    request = understand(asked)
    signature = None if bundle is None else named_bundle(request, bundle)
    finding = _Finding(request, signature)
    return Opening(request.unread(), finding.open, finding.is_about_plugin, finding.close)


class _Finding:
    """Finds a source once, whatever is asked about it: an index is not asked twice."""

    def __init__(self, request: Request, bundle: Path | None) -> None:
        self._request = request
        self._bundle = bundle
        self._found: Found | SourceError | None = None

    def _find(self) -> Found:
        if self._found is None:
            try:
                self._found = find_source(self._request, self._bundle)
            except SourceError as error:
                self._found = error
        if isinstance(self._found, SourceError):
            raise self._found
        return self._found

    def open(self) -> Artifact:
        found, self._found = self._find(), None  # so that nothing is kept of what was read
        return found.read()

    def is_about_plugin(self) -> bool:
        from stigmem_review.manifest.declares import is_about_plugin

        try:
            return is_about_plugin(self._find())
        except Exception:
            return True  # opening and reading it says why

    def close(self) -> None:
        if isinstance(self._found, Found):
            self._found.close()


def read(request: Request, node: Node) -> Release:
    """Open and read one release. Raises ``SourceError`` where it cannot be read."""
    return read_artifact(open_source(request), node).release


class ReadRelease(NamedTuple):
    """A release that was read, and what is written in its files, for the lines of findings."""

    release: Release
    written: Written = Written()


KEPT: Recent[tuple[object, ...], ReadRelease] = Recent(limits.REMEMBERED)
"""What was read last of small wheels.

What was the new release of one review is the old one of the next, and one wheel is pinned in
several places.
"""


class Reader:
    """Reads the releases that are compared; the same file twice is read once.

    ``seen`` keeps what was found in files that several of them have.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self._wheels: dict[tuple[object, ...], ReadRelease] = {}

    def read(self, artifact: Artifact, node: Node) -> ReadRelease:
        """Read one release as a node would see it, as ``read_artifact`` does."""
        return self._read(artifact, node, to_start=False)

    def read_start(self, artifact: Artifact, node: Node) -> Release:
        """Read of a release what a node's start with it hangs on, as ``observe_start`` does."""
        return self._read(artifact, node, to_start=True).release

    def _read(self, artifact: Artifact, node: Node, *, to_start: bool) -> ReadRelease:
        source = artifact.source
        if source.kind != "wheel":
            return read_artifact(artifact, node, self.seen, to_start=to_start)
        # All that is read of a wheel is in its bytes and its name, and in what the node has.
        key = source.file, source.sha256, artifact.problems, node.version, to_start
        if key not in self._wheels:
            small = sum(map(len, artifact.files.values())) <= limits.REMEMBERED_BYTES
            found = KEPT.get(key) if small else None
            if found is None:
                found = read_artifact(artifact, node, self.seen, to_start=to_start)
                if small:
                    KEPT.keep(key, found)
            self._wheels[key] = found
        release, written = self._wheels[key]
        return ReadRelease(replace(release, source=source), written)


def read_artifact(
    artifact: Artifact, node: Node, seen: Seen | None = None, *, to_start: bool = False
) -> ReadRelease:
    """Read one release that was opened, and what its code does.

    ``seen`` keeps what was found in files that several releases may share. With ``to_start`` only
    what a node's start with it hangs on is read of its code. Raises ``SourceError`` where the
    release cannot be read.
    """
    if artifact.source.kind == "none":
        return ReadRelease(none_release())
    # What runs a program takes most of the modules there are, and many commands run none.
    from stigmem_review.observe.observe import Seen, observe, observe_start

    seen = Seen() if seen is None else seen
    if artifact.source.kind in ("directory", "sdist"):
        # Reading what a build would do takes modules that no wheel needs.
        from stigmem_review.manifest.layout import laid_out
        from stigmem_review.observe.builds import built_by

        installed = laid_out(artifact)
        release = read_release(installed, node, seen.programs)
        code = code_of(installed, release)
        release = built_by(artifact, release, code, seen)
        # What a build runs is read only then.
        written = written_of(replace(artifact, layout=installed.layout))
    else:
        release = read_release(artifact, node, seen.programs)
        code = code_of(artifact, release)
        written = written_of(artifact)
    if not code.files:
        return ReadRelease(release, written)
    look = observe_start if to_start else observe
    observed = look(release, code, node, seen)
    seen.forget()
    return ReadRelease(observed, written)


def against_sdist(release: Release, artifact: Artifact) -> Release:
    """Return a release that was read from a wheel with how the sdist beside it differs.

    That there is none changes nothing; where one cannot be had or read, the release says why.
    """
    if artifact.sdist is None:
        return release
    from stigmem_review.observe.sdist import held_against

    named = next((file for file in artifact.others if not file.endswith(".whl")), "the sdist")
    try:
        held = held_against(artifact, artifact.sdist())
    except MismatchError:
        held = HeldAgainst(named, why="the pin of the release does not allow it")
    except Exception as error:
        held = HeldAgainst(named, why=gap(artifact.source.asked, error).why)
    return replace(release, held_against=held)


def gap(what: str, error: Exception) -> Gap:
    """Return the gap that an error leaves in a review.

    Whatever is nobody's fault but ours must not open the gate, nor hide. Raises the error again
    where it is about the request or the rules, and nothing was reviewed.
    """
    if isinstance(error, SourceError):
        return Gap(what, error.text.removeprefix(f"{what}: "), "")
    if isinstance(error, ReviewError):
        raise error
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return Gap(
        what,
        f"an internal error: {type(error).__name__} at {where}: {shorten(str(error))}",
        "please report it with the release",
    )
