"""What a user asked to review, and how each kind of source is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from stigmem_review import limits
from stigmem_review.errors import SourceError, UsageError, reason
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import open_file, read_file
from stigmem_review.sources.signatures import (
    beside,
    others,
    read_signature,
    sdist_beside,
    seen_beside,
    with_more,
)
from stigmem_review.sources.stored import Stored
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from packaging.version import Version

    from stigmem_review.sources.folder import Folder
    from stigmem_review.sources.git import Tree
    from stigmem_review.sources.index import Fetched, Release
    from stigmem_review.sources.network import Network

Kind = Literal["wheel", "sdist", "directory", "installed", "capture", "index", "revision", "none"]

_SUFFIXES: dict[str, Kind] = {".whl": "wheel", ".tar.gz": "sdist", ".json": "capture"}


class Request(msgspec.Struct, frozen=True):
    """One argument of a review, understood but not opened."""

    kind: Kind
    asked: str

    def unread(self) -> Source:
        """Return the source of a release that could not be read."""
        match self.kind:
            case "index":
                return Source("wheel", self.asked)
            case "revision":
                return Source("directory", self.asked)
            case kind:
                return Source(kind, self.asked)


def understand(asked: str) -> Request:
    """Say what kind of source an argument names, without opening it.

    Raises ``UsageError`` where it names nothing that can be reviewed.
    """
    if asked == "none":
        return Request("none", asked)
    if not asked.strip():
        raise UsageError("an argument is empty; write none for no release")
    if asked.startswith(_INSTALLED):
        from stigmem_review.sources.environment import installed

        installed(*_place(asked))
        return Request("installed", asked)
    path = Path(asked)
    try:
        exists, is_dir = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{_shown(asked)} cannot be opened: {reason(error)}; check the path"
        ) from None
    if is_dir:
        return Request("directory", asked)
    kind = _kind_of(asked)
    if exists:
        if kind is None:
            from stigmem_review.sources.mistaken import meant_by_file

            ways = (
                "pass a wheel (.whl), an sdist (.tar.gz), a project directory, a capture (.json), "
                "name==version, or none"
            )
            raise UsageError(
                f"{_shown(asked)} is not something to review; {meant_by_file(path) or ways}"
            )
        return Request(kind, asked)
    if "==" in asked and "/" not in asked.partition("==")[0]:
        from stigmem_review.sources.index import parse_requirement

        if parse_requirement(asked):
            return Request("index", asked)
    if ":" in asked and _tree_of(asked):
        return Request("revision", asked)
    from stigmem_review.sources.mistaken import meant

    ways = (
        "a release on the package index is written name==version, a project in this repository "
        "REVISION:FOLDER, and what is installed installed:NAME[@PYTHON]"
    )
    raise UsageError(f"there is no file or directory {_shown(asked)}; {meant(asked) or ways}")


_INSTALLED = "installed:"


def _place(asked: str) -> tuple[str, str | None]:
    """Return the distribution and the environment of ``installed:NAME[@PYTHON]``."""
    name, at, python = asked.removeprefix(_INSTALLED).partition("@")
    return name, python if at else None


def _tree_of(asked: str) -> tuple[Tree, str] | None:
    """Return the tree and the folder of ``REVISION:FOLDER``; nothing where it names no commit."""
    from stigmem_review.sources.git import Repository

    revision, _, folder = asked.partition(":")
    try:
        return Repository(Path()).tree(revision), folder.strip("/").removeprefix("./")
    except SourceError:
        return None


def named_bundle(request: Request, bundle: str) -> Path:
    """Return the path of the file that signs what is asked for, as a user names it.

    Raises ``UsageError`` where there is no such file, and where a source is no file that can be
    signed.
    """
    asked = _shown(request.asked)
    unsigned = {
        "directory": f"{asked} is a project directory",
        "revision": f"{asked} is a project directory",
        "capture": f"{asked} is a capture",
        "installed": f"{asked} is no file",
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
        raise UsageError(
            f"the bundle {_shown(bundle)} cannot be opened: {reason(error)}; check the path"
        ) from None
    if is_dir or not exists:
        why = "is a directory" if is_dir else "does not exist"
        raise UsageError(f"the bundle {_shown(bundle)} {why}; name the file that signs the release")
    return path


class Found:
    """A source that was found and is not read yet: most questions need less than that.

    ``file`` is the name of a file or folder. ``content`` are the bytes of a wheel or sdist that are
    at hand, and ``release`` is one of an index or a folder, of which nothing is fetched yet.
    Whoever has it closes it.
    """

    def __init__(
        self,
        kind: Kind,
        file: str,
        read: Callable[[], Artifact],
        content: Stored | None = None,
        release: Release | None = None,
    ) -> None:
        self.kind = kind
        self.file = file
        self.content = content
        self.release = release
        self._read = read
        self._outcome: Artifact | Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the bytes; what was read stays."""
        for each in (self.content, self.release):
            if each:
                each.close()
        self.content = None

    def may_be_plugin(self, *, in_pieces: bool = False) -> bool:
        """Say by a first look whether a wheel may be a plugin, or a sdist names the host.

        ``in_pieces`` reads no more of a wheel of an index than that takes. Raises ``SourceError``
        where it cannot be looked at.
        """
        if self.release is not None:
            return self.release.may_be_plugin(in_pieces=in_pieces)
        if self.content is None:
            return True
        from stigmem_review.sources.peek import may_declare_plugin, names_host

        return (may_declare_plugin if self.kind == "wheel" else names_host)(self.content)

    def texts(self) -> Mapping[str, bytes]:
        """Return what can be read of a wheel, however odd it is, as ``peek.texts`` does."""
        from stigmem_review.sources import peek

        content = self.content or (self.release and self.release.content())
        return peek.texts(content) if content else self.read().files

    def read(self) -> Artifact:
        """Read it, once. Raises ``SourceError`` where it cannot be read without guessing."""
        if self._outcome is None:
            try:
                self._outcome = self._read()
            except Exception as error:
                self._outcome = error
            self.close()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def open_source(request: Request, bundle: Path | None = None) -> Artifact:
    """Find a source and read it; ``bundle`` signs it, whatever else does.

    Raises ``SourceError`` where its files cannot be obtained or cannot be read without guessing.
    Where what signs it cannot be read, the artifact says so.
    """
    with find_source(request, bundle) as found:
        return found.read()


def find_source(request: Request, bundle: Path | None = None) -> Found:
    """Find a source; reading it gives what ``open_source`` does.

    Raises ``SourceError`` where its bytes cannot be obtained.
    """
    found = _find(request)
    if bundle is None:
        return found
    signed = partial(_signed_by, bundle, found)
    return Found(found.kind, found.file, signed, found.content, found.release)


def _signed_by(bundle: Path, found: Found) -> Artifact:
    artifact = found.read()
    signatures = with_more(artifact.signatures, [read_signature(bundle)])
    return msgspec.structs.replace(artifact, signatures=signatures)


def _find(request: Request) -> Found:
    asked, path = request.asked, Path(request.asked)
    match request.kind:
        case "none":
            return Found("none", asked, lambda: Artifact(Source("none", asked)))
        case "directory":
            return Found("directory", path.name, lambda: _read_directory(asked, path))
        case "capture":
            return Found("capture", path.name, lambda: _read_capture(asked, path))
        case "installed":
            from stigmem_review.sources.environment import installed
            from stigmem_review.sources.installed import read_installed

            there = installed(*_place(asked))
            return Found("installed", there.info, partial(read_installed, asked, there))
        case "index":
            return _find_in_index(asked)
        case "revision":
            return Found("directory", asked, lambda: _read_revision(asked))
        case _:
            content = open_file(path)
            return Found(request.kind, path.name, lambda: _read_file(asked, path, content), content)


def _read_directory(asked: str, path: Path) -> Artifact:
    from stigmem_review.sources.tree import read_directory

    return read_directory(asked, path)


def _read_revision(asked: str) -> Artifact:
    found = _tree_of(asked)
    if found is None:
        raise SourceError(f"{_shown(asked)}: there is no such commit any more; fetch it")
    tree, folder = found
    if _kind_of(folder) in ("wheel", "sdist") and (data := tree.read(folder)) is not None:
        return find_in_memory(asked, folder.rpartition("/")[2], data).read()
    return tree.artifact("" if folder == "." else folder, asked)


def _read_capture(asked: str, path: Path) -> Artifact:
    from stigmem_review.sources.capture import read_capture

    return read_capture(asked, path.name, read_file(path, limits.CAPTURE_BYTES))


def _read_file(asked: str, path: Path, content: Stored) -> Artifact:
    artifact = _read_archive(asked, path.name, content)
    found = others(path)
    return msgspec.structs.replace(
        artifact,
        signatures=beside(path),
        seen=seen_beside(path),
        others=found,
        sdist_signed=sdist_beside(path, found),
    )


def _read_archive(asked: str, file: str, content: Stored) -> Artifact:
    data = content.read(limits.ARCHIVE_BYTES)
    if _kind_of(file) == "wheel":
        from stigmem_review.sources.wheel import read_wheel

        return read_wheel(asked, file, data)
    from stigmem_review.sources.sdist import read_sdist

    return read_sdist(asked, file, data)


def _kind_of(file: str) -> Kind | None:
    return next((kind for suffix, kind in _SUFFIXES.items() if file.endswith(suffix)), None)


def _find_in_index(asked: str) -> Found:
    from stigmem_review.sources.index import parse_requirement

    wanted = parse_requirement(asked)
    if wanted is None:
        raise UsageError(f"{_shown(asked)} is not of the form name==version")
    return find_pinned(asked, *wanted)


def find_pinned(
    asked: str,
    name: str,
    version: Version,
    hashes: tuple[str, ...] = (),
    folder: Folder | None = None,
    network: Network | None = None,
) -> Found:
    """Find the one file of a release that pip would install, in a folder or in the index.

    What signs it is taken from the same place. ``network`` is shared with other releases. Raises
    ``SourceError`` and ``MismatchError`` as ``index.find`` does.
    """
    from stigmem_review.sources.index import find

    release = find(asked, name, version, hashes, folder, network)
    kind = _kind_of(release.file) or "sdist"
    read = partial(_read_release, asked, release)
    return Found(kind, release.file, read, release=release)


def find_in_memory(asked: str, file: str, data: bytes) -> Found:
    """Return a wheel or an sdist whose bytes are at hand, as one that is found."""
    content = Stored(file, BytesIO(data))
    kind = _kind_of(file) or "sdist"
    return Found(kind, file, lambda: _read_archive(asked, file, content), content)


def release_of(file: str) -> tuple[str, Version | None]:
    """Return the name and version in the name of an archive; nothing where it has none."""
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[:2]
        return parse_sdist_filename(file)
    except ValueError:
        return "", None


def _read_release(asked: str, release: Release) -> Artifact:
    fetched = release.load()
    try:
        with fetched.content as content:
            artifact = _read_archive(asked, fetched.file, content)
    except SourceError as error:
        raise SourceError(f"{_shown(asked)}: {error.text}", error.why, error.do) from None
    source = msgspec.structs.replace(
        artifact.source, origin=fetched.origin, unreviewed=fetched.unreviewed
    )
    # Whoever holds the wheel against it and whoever verifies it fetch it once.
    sdist = cache(partial(_open_sdist, asked, fetched.sdist)) if fetched.sdist else None
    is_signed = any(signed for file, signed in fetched.others.items() if file.endswith(".tar.gz"))
    return msgspec.structs.replace(
        artifact,
        source=source,
        signatures=fetched.signatures,
        silent=fetched.silent,
        others=fetched.others,
        sdist_signed=sdist if is_signed else None,
        sdist=sdist,
    )


def _open_sdist(asked: str, fetch: Callable[[], Fetched]) -> Artifact:
    fetched = fetch()
    with fetched.content as content:
        artifact = _read_archive(asked, fetched.file, content)
    return msgspec.structs.replace(artifact, signatures=fetched.signatures)


def _shown(asked: str) -> str:
    return shorten(asked, 120)
