"""What changed between the pins of two revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace
from packaging.version import Version

from stigmem_review.pins.model import Pin

What = Literal["added", "removed", "upgraded", "downgraded", "same version, other files"]


class PinChange(msgspec.Struct, frozen=True):
    """One distribution that would be deployed as another release, or as other files of it.

    Where several files make the same move, ``hashes`` of a pin are those of all of them.
    """

    name: str
    old: Pin | None
    new: Pin | None

    @property
    def what(self) -> What:
        """What happens to it."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        before, after = Version(self.old.version), Version(self.new.version)
        if before == after:
            return "same version, other files"
        return "upgraded" if before < after else "downgraded"


def pin_changes(
    old: Iterable[Pin],
    new: Iterable[Pin],
    *,
    gone: Iterable[str] = (),
    come: Iterable[str] = (),
) -> tuple[PinChange, ...]:
    """Return every move from one pinned release to another, by distribution.

    Each file is a deployment of its own: what one of them newly pins is added there, whatever
    another one pins. A release is compared with the one that stood in its place: under the same
    marker, or else in the same file, or else, in a file that has ``come``, in one that is
    ``gone``.
    """
    before, after = _by_name(old), _by_name(new)
    files = frozenset(gone), frozenset(come)
    return tuple(
        move
        for name in sorted(before.keys() | after.keys())
        for move in _together(_moves(name, before.get(name, []), after.get(name, []), *files))
    )


def _moves(
    name: str, old: list[Pin], new: list[Pin], gone: frozenset[str], come: frozenset[str]
) -> Iterator[PinChange]:
    renamed = [pin for pin in old if pin.at.path in gone]
    followed = any(pin.at.path in come for pin in new)
    for pin in new:
        was = _counterpart(pin, old)
        if was is None and pin.at.path in come:
            was = _newest(renamed)
        if was is None or not _covers(was, pin):
            yield PinChange(name, was, pin)
    for pin in old:
        if pin in renamed and followed:
            continue
        now = _counterpart(pin, new)
        # Under a marker of its own: where that is gone, the file's other pins are what is left.
        if now is None or (now.marker != pin.marker and not _covers(pin, now)):
            yield PinChange(name, pin, now)


def _together(moves: Iterable[PinChange]) -> Iterator[PinChange]:
    """Make one of the moves between the same two releases."""
    found: dict[tuple[Version | None, Version | None], PinChange] = {}
    for move in moves:
        key = _version(move.old), _version(move.new)
        known = found.get(key, move)
        found[key] = PinChange(
            move.name, _joined(known.old, move.old), _joined(known.new, move.new)
        )
    yield from found.values()


def _joined(one: Pin | None, two: Pin | None) -> Pin | None:
    if one is None or two is None:
        return one
    return replace(one, hashes=tuple(sorted({*one.hashes, *two.hashes})))


def _covers(was: Pin, now: Pin) -> bool:
    """Say whether a pin already allowed every file that another one allows, and was as strict."""
    if Version(was.version) != Version(now.version) or bool(was.hashes) != bool(now.hashes):
        return False
    return set(now.hashes) <= set(was.hashes)


def _counterpart(pin: Pin, others: list[Pin]) -> Pin | None:
    same_file = [each for each in others if each.at.path == pin.at.path]
    return _newest([each for each in same_file if each.marker == pin.marker] or same_file)


def _newest(pins: list[Pin]) -> Pin | None:
    return max(pins, key=lambda each: Version(each.version)) if pins else None


def _version(pin: Pin | None) -> Version | None:
    return Version(pin.version) if pin else None


def _by_name(pins: Iterable[Pin]) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    for pin in pins:
        together = found.setdefault(pin.name, [])
        if pin not in together:
            together.append(pin)
    return found
