"""What a user asked to review, and how each kind of source is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from stigmem_review import limits
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.signatures import beside, others, read_signature, with_more
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from packaging.version import Version

Kind = Literal["wheel", "sdist", "directory", "capture", "index", "none"]

_SUFFIXES: dict[str, Kind] = {".whl": "wheel", ".tar.gz": "sdist", ".json": "capture"}


class Request(msgspec.Struct, frozen=True):
    """One argument of a review, understood but not opened."""

    kind: Kind
    asked: str

    def unread(self) -> Source:
        """Return the source of a release that could not be read."""
        return Source("wheel" if self.kind == "index" else self.kind, self.asked)


def understand(asked: str) -> Request:
    """Say what kind of source an argument names, without opening it.

    Raises ``UsageError`` where it names nothing that can be reviewed.
    """
    if asked == "none":
        return Request("none", asked)
    if not asked.strip():
        raise UsageError("an argument is empty; write none for no release")
    path = Path(asked)
    try:
        exists, is_dir = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"{_shown(asked)} cannot be a file: {error}") from None
    if is_dir:
        return Request("directory", asked)
    kind = next((kind for suffix, kind in _SUFFIXES.items() if asked.endswith(suffix)), None)
    if exists:
        if kind is None:
            raise UsageError(
                f"{_shown(asked)} is not something to review; pass a wheel (.whl), an sdist "
                "(.tar.gz), a project directory, a capture (.json), name==version, or none"
            )
        return Request(kind, asked)
    if "==" in asked and "/" not in asked.partition("==")[0]:
        from stigmem_review.sources.index import parse_requirement

        if parse_requirement(asked):
            return Request("index", asked)
    raise UsageError(
        f"there is no file or directory {_shown(asked)}; "
        "a release on the package index is written name==version"
    )


def named_bundle(request: Request, bundle: str) -> Path:
    """Return the path of the file that signs what is asked for, as a user names it.

    Raises ``UsageError`` where there is no such file, and where a source is no file that can be
    signed.
    """
    asked = _shown(request.asked)
    unsigned = {
        "directory": f"{asked} is a project directory",
        "capture": f"{asked} is a capture",
        "none": "there is no release",
    }
    if why := unsigned.get(request.kind):
        raise UsageError(
            f"the bundle {_shown(bundle)} signs nothing: {why}, and only a wheel or an sdist is "
            "signed; leave it out"
        )
    path = Path(bundle)
    try:
        exists, is_dir = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"the bundle {_shown(bundle)} cannot be a file: {error}") from None
    if is_dir or not exists:
        why = "is a directory" if is_dir else "does not exist"
        raise UsageError(f"the bundle {_shown(bundle)} {why}; name the file that signs the release")
    return path


def open_source(request: Request, bundle: Path | None = None) -> Artifact:
    """Open a source and return its files; ``bundle`` signs it, whatever else does.

    Raises ``SourceError`` where they cannot be obtained or cannot be read without guessing.
    Where what signs it cannot be read, the artifact says so.
    """
    artifact = _open(request)
    if bundle is None:
        return artifact
    signatures = with_more(artifact.signatures, [read_signature(bundle)])
    return msgspec.structs.replace(artifact, signatures=signatures)


def _open(request: Request) -> Artifact:
    asked, path = request.asked, Path(request.asked)
    match request.kind:
        case "none":
            return Artifact(Source("none", asked))
        case "directory":
            from stigmem_review.sources.tree import read_directory

            return read_directory(asked, path)
        case "capture":
            from stigmem_review.sources.capture import read_capture

            return read_capture(asked, path.name, read_file(path, limits.CAPTURE_BYTES))
        case "index":
            return _open_index(asked)
        case _:
            artifact = _open_archive(asked, path.name, read_file(path, limits.ARCHIVE_BYTES))
            return msgspec.structs.replace(artifact, signatures=beside(path), others=others(path))


def _open_archive(asked: str, file: str, data: bytes) -> Artifact:
    if file.endswith(".whl"):
        from stigmem_review.sources.wheel import read_wheel

        return read_wheel(asked, file, data)
    from stigmem_review.sources.sdist import read_sdist

    return read_sdist(asked, file, data)


def _open_index(asked: str) -> Artifact:
    from stigmem_review.sources.index import parse_requirement

    wanted = parse_requirement(asked)
    if wanted is None:
        raise UsageError(f"{_shown(asked)} is not of the form name==version")
    return open_pinned(asked, *wanted)


def open_pinned(
    asked: str,
    name: str,
    version: Version,
    hashes: tuple[str, ...] = (),
    folder: Path | None = None,
) -> Artifact:
    """Open the one file of a release that pip would install, from a folder or from the index.

    What signs it is taken from the same place. Raises ``SourceError`` and ``MismatchError`` as
    ``index.fetch`` does, and where the file cannot be read.
    """
    from stigmem_review.sources.index import fetch

    fetched = fetch(asked, name, version, hashes, folder)
    try:
        artifact = _open_archive(asked, fetched.file, fetched.data)
    except SourceError as error:
        raise SourceError(f"{_shown(asked)}: {error.text}", error.why, error.do) from None
    source = msgspec.structs.replace(
        artifact.source, origin=fetched.origin, unreviewed=fetched.unreviewed
    )
    return msgspec.structs.replace(
        artifact, source=source, signatures=fetched.signatures, others=fetched.others
    )


def _shown(asked: str) -> str:
    return shorten(asked, 120)
