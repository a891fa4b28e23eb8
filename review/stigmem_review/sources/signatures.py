"""Finds what signs a file: beside it on disk, or named by the user. Nothing is verified here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from packaging.utils import canonicalize_name

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.sources.artifact import SignatureFile
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.metadata import as_version, names_release

SUFFIXES = (".sigstore.json", ".sigstore", ".publish.attestation", ".provenance")
"""What stands behind the whole name of a file in the name of what signs it: bundles of Sigstore
(``sigstore._cli``), attestations (``pypi_attestations._cli``), and what an index said of it."""

_GET_IT = "put the file there that the publisher of the release gave out"


def beside(path: Path) -> tuple[SignatureFile, ...]:
    """Return the files that sign the file ``path`` by their names, in the order of ``SUFFIXES``.

    One that is there and cannot be read, or is larger than ``limits.SIGNATURE_BYTES``, says why.
    """
    return tuple(read_signature(each) for each in _sidecars(path) if os.path.lexists(each))


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
    try:
        with os.scandir(path.parent) as entries:
            names = {entry.name for entry in islice(entries, limits.FOLDER_ENTRIES + 1)}
    except OSError:
        return {}
    if version is None or len(names) > limits.FOLDER_ENTRIES:
        return {}
    project = canonicalize_name(name)
    return {
        each: any(each + suffix in names for suffix in SUFFIXES)
        for each in sorted(names - {path.name})
        if names_release(_stem(each), project, version) and path.with_name(each).is_file()
    }


def _stem(file: str) -> str:
    """Return ``{name}-{version}`` of the file name of a wheel or an sdist, else nothing."""
    if file.endswith(".tar.gz"):
        return file.removesuffix(".tar.gz")
    parts = file.split("-")
    return "-".join(parts[:2]) if file.endswith(".whl") and len(parts) in (5, 6) else ""
