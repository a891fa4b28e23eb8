"""All pins of one revision of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from stigmem_review.model import Location
from stigmem_review.pins.model import Aside, Loose, Pin, PinFile, Read
from stigmem_review.pins.requirements import is_requirements_file, read_requirements

T = TypeVar("T")

# A file of any name can be given to pip. One that changed and holds a line like this pins
# something, whatever it is called.
_PINS = re.compile(
    rb"^[ \t]*[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]\r\n]*\])?[ \t]*==[ \t]*[0-9]", re.MULTILINE
)
_LISTS = (".txt", ".in", ".pip", ".lock", ".req", ".reqs", ".list", ".lst")

_CONFIGURATION = (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".sh", ".env", ".hcl", ".tf")
_MENTION = re.compile(
    rb"(?i)stigmem[-_.]+plugin[-_.]+[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,._ -]*\])?[ \t]*"
    rb"(?:===?|@)[ \t]*[\w.:/+!-]+"
)
_LINE_BYTES = 10_000

_LOCKS = re.compile(r"(?:uv|poetry|pdm)\.lock|Pipfile\.lock|pylock(?:\.[^./]+)?\.toml")


class Pins(msgspec.Struct, frozen=True):
    """What all pin files of a revision say together. ``files`` are those that were read."""

    files: tuple[str, ...]
    pins: tuple[Pin, ...]
    loose: tuple[Loose, ...]
    unfollowed: tuple[Aside, ...]
    unreadable: tuple[Aside, ...]
    options: tuple[Aside, ...]


def read_pins(paths: Iterable[str], changed: Iterable[str], read: Read) -> Pins:
    """Read every pin file among the paths of a revision.

    Those are the files with the name of a requirements file and what they include; and of the
    text files that ``changed``, those that hold pins. Of these the pins alone count: the rest of
    such a file may be anything.
    """
    found: list[PinFile] = []
    files: list[str] = []
    for path in sorted(paths):
        if is_requirements_file(path):
            files.append(path)
            found.append(read_requirements(path, read))
    for path in sorted(set(changed) - set(files)):
        name = path.rpartition("/")[2]
        if (name.endswith(_LISTS) or "." not in name) and _PINS.search(read(path) or b""):
            files.append(path)
            found.append(PinFile(pins=read_requirements(path, read).pins))
    return Pins(
        tuple(files),
        _once(pin for each in found for pin in each.pins),
        _once(line for each in found for line in each.loose),
        _once(line for each in found for line in each.unfollowed),
        _once(line for each in found for line in each.unreadable),
        _once(line for each in found for line in each.options),
    )


def unread_pins(
    changed: Iterable[str], files: Iterable[str], old: Read, new: Read
) -> tuple[Aside, ...]:
    """Return what looks like the pin of a plugin in a file that nothing here reads as pins.

    Only lines that the old revision does not have in the same file, and only the names that the
    host's own plugins have: what else is pinned there cannot be told from anything else.
    """
    found: list[Aside] = []
    for path in sorted(set(changed) - set(files)):
        name = path.rpartition("/")[2]
        if not (name.endswith(_CONFIGURATION) or "." not in name or "ockerfile" in name):
            continue
        before = set((old(path) or b"").splitlines())
        for number, line in enumerate((new(path) or b"").splitlines(), 1):
            if line not in before and (mention := _MENTION.search(line[:_LINE_BYTES])):
                text = mention[0].decode("ascii")
                why = "a pin in a file that is not read as pins; put it into a requirements file"
                found.append(Aside(text, why, Location(path, number)))
    return tuple(found)


def unread_locks(changed: Iterable[str]) -> tuple[str, ...]:
    """Return the changed files that pin releases in a format nothing here reads yet."""
    return tuple(sorted(path for path in changed if _LOCKS.fullmatch(path.rpartition("/")[2])))


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """Leave out what a file says that is both found by its name and included by another."""
    return tuple(dict.fromkeys(items))
