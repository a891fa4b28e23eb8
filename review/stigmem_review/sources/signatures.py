"""Finds what signs a file: beside it on disk, or named by the user. Nothing is verified here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

import msgspec

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.model import Source
from stigmem_review.names import canonicalize_name
from stigmem_review.sources.artifact import Artifact, SignatureFile
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.metadata import as_version, names_release

SUFFIXES = (".sigstore.json", ".sigstore", ".publish.attestation", ".provenance")
"""What stands behind the whole name of a file in the name of what signs it: bundles of Sigstore
(``sigstore._cli``), attestations (``pypi_attestations._cli``), and what an index said of it."""

_DOUBTFUL = (".slsa.attestation", ".intoto.jsonl", ".bundle")
"""What can be of one of those forms as well, and of others: attestations of a build
(``pypi_attestations._cli``, slsa-github-generator), and bundles of cosign."""

_NEVER_READ = (".asc", ".sig", ".minisig", ".attestation")
"""How the names end of signatures that are of none of those forms: of OpenPGP, cosign, minisign,
and attestations of other kinds."""

_GET_IT = "put the file there that the publisher of the release gave out"


def beside(path: Path) -> tuple[SignatureFile, ...]:
    """Return the files that sign the file ``path`` by their names, in the order of ``SUFFIXES``.

    One that is there and cannot be read, or is larger than ``limits.SIGNATURE_BYTES``, says why.
    """
    known = [read_signature(each) for each in _sidecars(path) if os.path.lexists(each)]
    doubtful = [path.with_name(path.name + each) for each in _DOUBTFUL]
    known += [
        msgspec.structs.replace(read_signature(each), doubtful=True)
        for each in doubtful
        if os.path.lexists(each)
    ]
    return tuple(known)


def seen_beside(path: Path) -> tuple[str, ...]:
    """Return the names of what stands beside a file, may sign it, and is of a form never read."""
    read = tuple(path.name + each for each in (*SUFFIXES, *_DOUBTFUL))
    return tuple(
        each
        for each in _names_in(path.parent)
        if each.startswith(f"{path.name}.") and each.endswith(_NEVER_READ) and each not in read
    )


def is_signed(path: Path) -> bool:
    """Tell whether something stands beside a file that signs it by its name; it is not read."""
    return any(map(os.path.lexists, _sidecars(path)))


def _sidecars(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in SUFFIXES]


def read_signature(path: Path) -> SignatureFile:
    """Read a file that signs an artifact; where that cannot be done, what is returned says why.

    A symbolic link is followed, as to the artifact itself.
    """
    try:
        return signature_file(path.name, read_file(path, limits.SIGNATURE_BYTES), _GET_IT)
    except SourceError as error:
        return SignatureFile(path.name, why=error.why, do=_GET_IT)


def signature_file(name: str, data: bytes, do: str) -> SignatureFile:
    """Return what was read under ``name``; of nothing at all, ``do`` says what would help."""
    return SignatureFile(name, data) if data else SignatureFile(name, why="it is empty", do=do)


def with_more(
    signatures: tuple[SignatureFile, ...], more: Iterable[SignatureFile]
) -> tuple[SignatureFile, ...]:
    """Return signatures and those of ``more`` that are not among them; the same bytes are one."""
    known = {each.data or each for each in signatures}
    return (*signatures, *(each for each in more if (each.data or each) not in known))


def others(path: Path) -> dict[str, bool]:
    """Return the other wheels and sdists of the same release in the folder of ``path``, by name.

    The value tells whether something stands beside it that signs it. There are none where the
    folder cannot be listed, or has more than ``limits.FOLDER_ENTRIES``: which of them a listing
    gives first is left to chance.
    """
    name, _, stated = _stem(path.name).rpartition("-")
    version = as_version(stated)
    names = _names_in(path.parent)
    if version is None:
        return {}
    project = canonicalize_name(name)
    return {
        each: any(each + suffix in names for suffix in SUFFIXES)
        for each in names
        if each != path.name
        and names_release(_stem(each), project, version)
        and path.with_name(each).is_file()
    }


def sdist_beside(path: Path, found: Mapping[str, bool]) -> Callable[[], Artifact] | None:
    """Return what gives the signed sdist among the other files of a wheel's release, if any."""
    names = [each for each, signed in found.items() if signed and each.endswith(".tar.gz")]
    if len(names) != 1 or not path.name.endswith(".whl"):
        return None
    sdist = path.with_name(names[0])

    def opened() -> Artifact:
        data = read_file(sdist, limits.ARCHIVE_BYTES)
        source = Source("sdist", sdist.name, sdist.name, hashlib.sha256(data).hexdigest())
        return Artifact(source, signatures=beside(sdist))

    return opened


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where it cannot be listed or has too many."""
    try:
        with os.scandir(folder) as entries:
            names = {entry.name for entry in islice(entries, limits.FOLDER_ENTRIES + 1)}
    except OSError:
        return []
    return sorted(names) if len(names) <= limits.FOLDER_ENTRIES else []


def _stem(file: str) -> str:
    """Return ``{name}-{version}`` of the file name of a wheel or an sdist, else nothing."""
    if file.endswith(".tar.gz"):
        return file.removesuffix(".tar.gz")
    parts = file.split("-")
    return "-".join(parts[:2]) if file.endswith(".whl") and len(parts) in (5, 6) else ""
