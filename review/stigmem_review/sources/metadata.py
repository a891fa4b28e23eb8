"""Core metadata and its kin (METADATA, PKG-INFO, WHEEL): headers, and who they say they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from packaging.version import Version

from stigmem_review import limits
from stigmem_review.names import canonicalize_name
from stigmem_review.sources.refusal import NOT_AS_NAMED, refusal
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

_BLANK_LINE = re.compile(rb"\n\r?\n")
_PLAIN_LINE = re.compile(r"([A-Za-z0-9_.-]+):(.*)", re.DOTALL)
_VERSION_CHARS = 256


def headers(data: bytes) -> dict[str, tuple[str, ...]]:
    """Return the headers of a metadata file: lower-case name to stripped values, in order.

    Raises ValueError where they are not UTF-8 or beyond the limit. The answer is the standard
    library's ``email`` parser's; that is imported only where the headers are not plain, because
    importing it takes longer than reading a wheel.
    """
    end = _BLANK_LINE.search(data)
    head = data[: end.start() + 1] if end else data
    if len(head) > limits.METADATA_BYTES:
        raise ValueError(f"its headers exceed the limit of {limits.METADATA_BYTES} bytes")
    try:
        text = head.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} of it is not UTF-8") from error
    pairs = _plain(text)
    if pairs is None:
        pairs = _by_email(text)
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value.strip())
    return {name: tuple(values) for name, values in found.items()}


def _plain(text: str) -> list[tuple[str, str]] | None:
    """Return the headers, or None where a line is anything but a header or its continuation."""
    if "\r" in text:
        return None
    pairs: list[tuple[str, list[str]]] = []
    for line in text.removesuffix("\n").split("\n"):
        match = _PLAIN_LINE.fullmatch(line)
        if match:
            pairs.append((match[1], [match[2]]))
        elif line[:1] in (" ", "\t") and pairs:
            pairs[-1][1].append(line)
        else:
            return None
    return [(name, "\n".join(lines)) for name, lines in pairs]


def _by_email(text: str) -> list[tuple[str, str]]:
    from email.parser import HeaderParser

    return [(name, str(value)) for name, value in HeaderParser().parsestr(text).items()]


def read_headers(
    archive: str, entry: str, files: Mapping[str, bytes]
) -> dict[str, tuple[str, ...]]:
    """Return the headers of ``entry``, which the archive must hold."""
    if entry not in files:
        raise refusal(archive, f"it has no {shorten(entry)}")
    try:
        return headers(files[entry])
    except ValueError as error:
        raise refusal(archive, f"{shorten(entry)} cannot be read: {error}") from error


def one_header(archive: str, entry: str, found: Mapping[str, tuple[str, ...]], name: str) -> str:
    """Return the value of a header that must be there, and say one thing however often."""
    values = found.get(name.lower(), ())
    if len(set(values)) != 1:
        raise refusal(archive, f"{shorten(entry)} has {len(values)} {name} lines instead of one")
    return values[0]


def check_identity(
    archive: str,
    entry: str,
    files: Mapping[str, bytes],
    name: NormalizedName,
    version: Version,
) -> None:
    """Refuse an archive whose metadata give another name or version than its file name."""
    found = read_headers(archive, entry, files)
    said_name = one_header(archive, entry, found, "Name")
    if canonicalize_name(said_name) != name:
        raise refusal(
            archive,
            f"{shorten(entry)} says Name {shorten(said_name)}, the file name says {name}",
            NOT_AS_NAMED,
        )
    said_version = one_header(archive, entry, found, "Version")
    if as_version(said_version) != version:
        raise refusal(
            archive,
            f"{shorten(entry)} says Version {shorten(said_version)}, the file name says {version}",
            NOT_AS_NAMED,
        )


def as_version(text: str) -> Version | None:
    """Return the version ``text`` spells, or None."""
    try:
        return Version(text) if len(text) <= _VERSION_CHARS else None
    except ValueError:
        return None


def names_release(stem: str, name: NormalizedName, version: Version) -> bool:
    """Tell whether ``stem`` is ``{name}-{version}`` in any of their equal spellings."""
    said_name, _, said_version = stem.rpartition("-")
    return canonicalize_name(said_name) == name and as_version(said_version) == version
