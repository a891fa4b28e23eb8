"""Opening and reading a release, and what becomes of a defect of ours on the way."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stigmem_review.errors import ReviewError, SourceError
from stigmem_review.host import Node
from stigmem_review.manifest import none_release, read_release
from stigmem_review.manifest.code import code_of
from stigmem_review.model import Gap, Release, Source
from stigmem_review.observe import Seen, observe
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.request import Request, named_bundle, open_source, understand
from stigmem_review.text import shorten


class Opening(NamedTuple):
    """A release that can be opened; ``unread`` is its source where that fails."""

    unread: Source
    open: Callable[[], Artifact]


def opening(asked: str, bundle: str | None = None) -> Opening:
    """Return how the release that a user asked for is opened; ``bundle`` is a file that signs it.

    Raises ``UsageError`` where that names nothing that can be reviewed, and where there is no such
    bundle, or nothing that it could sign.
    """
    request = understand(asked)
    signature = None if bundle is None else named_bundle(request, bundle)
    return Opening(request.unread(), lambda: open_source(request, signature))


def read(request: Request, node: Node) -> Release:
    """Open and read one release. Raises ``SourceError`` where it cannot be read."""
    return read_artifact(open_source(request), node)


def read_artifact(artifact: Artifact, node: Node, seen: Seen | None = None) -> Release:
    """Read one release that was opened, and what its code does.

    ``seen`` keeps what was found in files that several releases may share. Raises ``SourceError``
    where the release cannot be read.
    """
    if artifact.source.kind == "none":
        return none_release()
    seen = Seen() if seen is None else seen
    release = read_release(artifact, node, seen.parsed)
    code = code_of(artifact, release)
    if not code.files:
        return release
    observed = observe(release, code, node, seen)
    seen.forget()
    return observed


def gap(what: str, error: Exception) -> Gap:
    """Return the gap that an error leaves in a review.

    Whatever is nobody's fault but ours must not open the gate, nor hide. Raises the error again
    where it is about the request or the rules, and nothing was reviewed.
    """
    if isinstance(error, SourceError):
        return Gap(what, error.text.removeprefix(f"{what}: "), "")
    if isinstance(error, ReviewError):
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return Gap(
        what,
        f"an internal error: {type(error).__name__} at {where}: {shorten(str(error))}",
        "please report it with the release",
    )
