"""All pins of one revision of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from stigmem_review.pins.model import Aside, Loose, Pin, PinFile, Read
from stigmem_review.pins.requirements import is_requirements_file, read_requirements

T = TypeVar("T")

# A file of any name can be given to pip. One that changed and holds a line like this pins
# something, whatever it is called.
_PINS = re.compile(rb"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]\r\n]*\])? ?== ?[0-9]", re.MULTILINE)

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
        if path.endswith((".txt", ".in")) and _PINS.search(read(path) or b""):
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


def unread_locks(changed: Iterable[str]) -> tuple[str, ...]:
    """Return the changed files that pin releases in a format nothing here reads yet."""
    return tuple(sorted(path for path in changed if _LOCKS.fullmatch(path.rpartition("/")[2])))


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """Leave out what a file says that is both found by its name and included by another."""
    return tuple(dict.fromkeys(items))
