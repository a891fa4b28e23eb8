"""What the locks of different tools have in common: entries, each of one release."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from stigmem_review import limits, toml
from stigmem_review.errors import SourceError
from stigmem_review.model import Location
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.model import Aside, Known, Local, Pin, PinFile, Read
from stigmem_review.text import shorten

_HASH = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
REGISTRY = "index "
"""Starts the text of the option that says which index a lock takes releases from."""


class Entry(NamedTuple):
    """One release in a lock.

    ``folder`` is a folder that it is installed from, relative to the lock's, ``elsewhere`` what
    else it comes from than an index, in words, and ``registry`` the address of that index. ``url``
    is the address of its one file, and ``extras`` are those that anything in the lock asks for.
    """

    name: str
    version: str
    line: int
    hashes: tuple[str, ...] = ()
    marker: str = ""
    registry: str = ""
    folder: str | None = None
    elsewhere: str = ""
    url: str = ""
    extras: tuple[str, ...] = ()


_ARCHIVES = (".whl", ".tar.gz")


def lying_at(name: str, version: str, line: int, place: str, hashes: tuple[str, ...] = ()) -> Entry:
    """Return the entry of an archive by its path, or by its address.

    One of the repository is read from there; one elsewhere is known by its hashes.
    """
    is_archive, is_remote = place.partition("#")[0].endswith(_ARCHIVES), "://" in place
    if is_archive and not is_remote:
        return Entry(name, version, line, folder=place)
    if is_archive and hashes and version and place.startswith("https://"):
        return Entry(name, version, line, hashes, url=place)
    return Entry(name, version, line, elsewhere=place)


def asked_for(
    dependencies: Iterable[tuple[str, Iterable[str]]],
) -> Mapping[str, tuple[str, ...]]:
    """Return the extras that are asked for of each distribution, from each single request."""
    found: dict[str, set[str]] = {}
    for name, extras in dependencies:
        found.setdefault(str(canonicalize_name(name)), set()).update(map(canonicalize_name, extras))
    return {name: tuple(sorted(extras)) for name, extras in found.items()}


Entries = Iterable[Entry]


def read_lock(path: str, read: Read, known: Known, *, entries: Callable[[str], Entries]) -> PinFile:
    """Return what the lock at ``path`` pins, where ``entries`` takes its text apart.

    Whatever the file contains is an entry of the result, never an error.
    """
    try:
        data = read(path)
        if data is None:
            raise SourceError(f"the repository has no file {shorten(path)}")
        if len(data) > limits.PIN_FILE_BYTES:
            raise SourceError(f"it exceeds the limit of {limits.PIN_FILE_BYTES} bytes")
        key = path, hashlib.sha256(data).digest()
        found = known.get(key)
        if found is None:
            found = known[key] = _read(path, data, entries)
        return found
    except SourceError as error:
        return PinFile(unreadable=(Aside(path, error.text, Location(path, 0)),))


def _read(path: str, data: bytes, entries: Callable[[str], Entries]) -> PinFile:
    pins: list[Pin] = []
    local: list[Local] = []
    unfollowed: list[Aside] = []
    unreadable: list[Aside] = []
    options: dict[str, Aside] = {}
    try:
        for each in entries(data.decode("utf-8")):
            at = Location(path, each.line)
            if each.elsewhere:
                text = _CREDENTIALS.sub("//", f"{each.name} @ {each.elsewhere}")
                why = "it is no release of an index"
                unfollowed.append(Aside(shorten(text), why, at))
            elif each.folder is not None:
                folder = posixpath.join(posixpath.dirname(path), each.folder)
                local.append(Local(folder, f"{each.name} @ {each.folder}", at))
            else:
                pin = _pin(each, at)
                if isinstance(pin, Aside):
                    unreadable.append(pin)
                else:
                    pins.append(pin)
                if each.registry:
                    text = REGISTRY + shorten(_CREDENTIALS.sub("//", each.registry))
                    options.setdefault(text, Aside(text, "", at))
    except SourceError as error:
        return PinFile(unreadable=(Aside(path, error.text, Location(path, 0)),))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = f"it is no lock that can be read: {shorten(_reason(error))}; lock again"
        return PinFile(unreadable=(Aside(path, why, Location(path, 0)),))
    return PinFile(
        pins=tuple(pins),
        local=tuple(local),
        unfollowed=tuple(unfollowed),
        unreadable=tuple(unreadable),
        options=tuple(options.values()),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    if isinstance(error, KeyError):
        return f"an entry has no {error.args[0]}"
    if isinstance(error, ValueError):
        return str(error)
    return "an entry is not what it should be"


def _pin(entry: Entry, at: Location) -> Pin | Aside:
    from packaging.version import InvalidVersion, Version

    marker = entry.marker
    if marker:
        from packaging.markers import InvalidMarker, Marker

        try:
            marker = str(Marker(marker))
        except InvalidMarker:
            why = f"{shorten(marker)} is no environment marker; lock again"
            return Aside(f"{entry.name}=={entry.version}", why, at)
    try:
        Version(entry.version)
    except InvalidVersion:
        return Aside(shorten(entry.name), "it has no version that can be compared", at)
    hashes = {each.lower() for each in entry.hashes}
    known = tuple(sorted(each for each in hashes if _HASH.fullmatch(each)))
    name, url = str(canonicalize_name(entry.name)), shorten(_CREDENTIALS.sub("//", entry.url))
    return Pin(name, entry.version, known, marker, at, url, entry.extras)


def tables(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield each table of an array of a TOML document, with its line.

    Raises ``ValueError`` where the text is no TOML, and ``TypeError`` where there is no array.
    """
    found = toml.parse(text).get(name, [])
    header = re.compile(rf"^[ \t]*\[\[[ \t]*\"?{name}\"?[ \t]*\]\]", re.MULTILINE)
    starts = [each.start() for each in header.finditer(text)]
    lines = partial(_line_of, text)
    known = len(starts) == len(found)
    line, at = 1, 0
    for number, table in enumerate(found):
        if known:
            line += lines(at, starts[number])
            at = starts[number]
        yield (line if known else 0), table


def _line_of(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end)


def hashes_of(files: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the hash that each of some files has under ``hash``."""
    return tuple(each["hash"] for each in files if each.get("hash"))
