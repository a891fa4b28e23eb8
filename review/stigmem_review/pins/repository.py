"""All pins of one revision of a repository."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from packaging.version import InvalidVersion, Version

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.markers import ANY, Machine, never
from stigmem_review.model import Location
from stigmem_review.pins.formats import FORMATS, format_of
from stigmem_review.pins.formats.requirements import is_list
from stigmem_review.pins.mentions import mentioned
from stigmem_review.pins.model import Aside, Known, Local, Loose, Pin, PinFile, Read
from stigmem_review.pins.named import LISTS, installs

T = TypeVar("T")

_NOWHERE = Location("")

_MENTION = re.compile(
    rb"(?i)stigmem[-_.]+plugin[-_.]+[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,._ -]*\])?"
    rb"(?:[ \t]*(?:===?|@)[ \t]*[\w.:/+!-]+|(?<=\.whl)|(?<=\.tar\.gz)|"
    rb"[\"']?[ \t]*=[ \t]*(?:\{.*?\bversion[ \t]*=[ \t]*)?[\"']v?[0-9][\w.]*[\"'])"
)
_LINE_BYTES = 10_000


class Pins(msgspec.Struct, frozen=True):
    """What all pin files of a revision say together.

    ``files`` are those that were read. A requirement that names no release, and that a constraint
    or an include beside it pins, or the list that is compiled from it, is a pin where it stands.
    ``idle`` are pins under a marker that no machine meets that a node runs on, and ``open_idle``
    such requirements that name no release; ``mentioned`` what may be pins in files that are no
    lists.
    """

    files: tuple[str, ...]
    pins: tuple[Pin, ...]
    idle: tuple[Pin, ...]
    loose: tuple[Loose, ...]
    local: tuple[Local, ...]
    unfollowed: tuple[Aside, ...]
    unreadable: tuple[Aside, ...]
    options: tuple[Aside, ...]
    mentioned: tuple[Pin, ...] = ()
    open_idle: tuple[Loose, ...] = ()


def read_pins(
    paths: Iterable[str],
    lists: Collection[str],
    read: Read,
    known: Known | None = None,
    changed: Collection[str] = (),
    machine: Machine = ANY,
) -> Pins:
    """Read every pin file among the paths of a revision, and what they include.

    Those are the files with the name of a format, and the ``lists`` with any other name. ``known``
    is what files said that were read before. Of the other files, those of the ``changed`` that
    install things are searched for what may be pins. ``machine`` is what a node runs on.
    """
    known = {} if known is None else known
    files: list[str] = []
    read_files: list[PinFile] = []
    paths = sorted(paths)
    for path in paths:
        one = format_of(path)
        if one is None and path in lists:
            one = FORMATS[0]
        if one is not None:
            files.append(path)
            read_files.append(one.read(path, read, known))
    others = frozenset(changed).difference(files).intersection(paths)
    maybe = [
        pin
        for path in sorted(filter(installs, others))
        for pin in mentioned(path, _bytes(path, read))
    ]
    idle = [pin for each in read_files for pin in each.pins if never(pin.marker, machine)]
    open_idle = [line for each in read_files for line in each.loose if never(line.marker, machine)]
    found = [
        replace(
            each,
            pins=tuple(pin for pin in each.pins if not never(pin.marker, machine)),
            loose=tuple(line for line in each.loose if not never(line.marker, machine)),
        )
        for each in read_files
    ]
    pins: list[Pin] = []
    covered: set[Location] = set()
    by_file = dict(zip(files, found, strict=True))
    for each in found:
        pins += each.pins
        made = {_compiled(line.at.path) for line in each.loose} & by_file.keys()
        around = (each, *map(by_file.__getitem__, sorted(made)))
        beside = _by_name(pin for one in around for pin in one.pins) if each.loose else {}
        for line in each.loose:
            for pin in beside.get(line.name, ()):
                covered.add(line.at)
                pins.append(replace(pin, at=line.at))
    return Pins(
        tuple(files),
        _once(pins),
        _once(idle),
        _once(line for each in found for line in each.loose if line.at not in covered),
        _once(line for each in found for line in each.local),
        _once(line for each in found for line in each.unfollowed),
        _once(line for each in found for line in each.unreadable),
        _once(line for each in found for line in each.options),
        tuple(maybe),
        _once(open_idle),
    )


def find_lists(changed: Iterable[str], old: Read, new: Read) -> frozenset[str]:
    """Return those of the files that changed that are lists in a revision, whatever their name.

    A file of any name can be given to pip; all that is read of its kind is what it holds.
    """
    return frozenset(
        path
        for path in changed
        if format_of(path) is None and (_is_list(path, old) or _is_list(path, new))
    )


def _release(pin: Pin) -> Version | str:
    """Return which release a pin names, however its version is written."""
    try:
        return Version(pin.version)
    except InvalidVersion:
        return pin.version


def without_hash(pins: Collection[Pin]) -> list[Pin]:
    """Return those pins of one distribution that lack a hash.

    A constraint says which release, and the requirement beside it which files.
    """
    hashed = {_release(pin) for pin in pins if pin.hashes}
    return [
        pin
        for pin in pins
        if not pin.hashes and not (_release(pin) in hashed and _is_constraint(pin))
    ]


def _is_constraint(pin: Pin) -> bool:
    return "constraint" in pin.at.path.rpartition("/")[2].lower()


def unread_pins(
    changed: Iterable[str], files: Iterable[str], old: Read, new: Read
) -> tuple[Aside, ...]:
    """Return what looks like the pin of a plugin in a file that nothing here reads as pins.

    Only lines that the old revision does not have in the same file, and only the names that the
    host's own plugins have: what else is pinned there cannot be told from anything else.
    """
    found: list[Aside] = []
    for path in sorted(set(changed) - set(files)):
        if not installs(path):
            continue
        before = set(_bytes(path, old).splitlines())
        for number, line in enumerate(_bytes(path, new).splitlines(), 1):
            if line not in before and (mention := _MENTION.search(line[:_LINE_BYTES])):
                text = mention[0].decode("ascii")
                why = "a pin in a file that is not read as pins; put it into a requirements file"
                found.append(Aside(text, why, Location(path, number)))
    return tuple(found)


def _is_list(path: str, read: Read) -> bool:
    data = _bytes(path, read)
    return len(data) <= limits.PIN_FILE_BYTES and is_list(
        data, named_so=path.lower().endswith(LISTS)
    )


def _bytes(path: str, read: Read) -> bytes:
    """Return what a file that need not be about pins holds; nothing if it cannot be read."""
    try:
        return read(path) or b""
    except SourceError:
        return b""


def _compiled(path: str) -> str:
    """Return where the pins are that are made from a list, as pip-tools names it unless told."""
    return f"{path.removesuffix('.in')}.txt" if path.endswith(".in") else ""


def _by_name(pins: Iterable[Pin]) -> dict[str, dict[Pin, None]]:
    """Return the pins of each distribution, each once wherever it stands."""
    found: dict[str, dict[Pin, None]] = {}
    for pin in pins:
        found.setdefault(pin.name, {})[replace(pin, at=_NOWHERE)] = None
    return found


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """Leave out what a file says that is both found by its name and included by another."""
    return tuple(dict.fromkeys(items))
