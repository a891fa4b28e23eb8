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

    Where several files pin one release, ``hashes`` of a pin are those of all of them.
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


def pin_changes(old: Iterable[Pin], new: Iterable[Pin]) -> tuple[PinChange, ...]:
    """Return every move from one pinned release to another, by distribution.

    A distribution can be pinned in several files and under several markers. Each release is
    compared with the one that stood in its place: in the same file under the same marker, or
    else in the same file, or else the newest that was pinned.
    """
    before, after = _by_name(old), _by_name(new)
    return tuple(
        move
        for name in sorted(before.keys() | after.keys())
        for move in _moves(name, before.get(name, []), after.get(name, []))
    )


def _moves(name: str, old: list[Pin], new: list[Pin]) -> Iterator[PinChange]:
    allowed, wanted = _releases(old), _releases(new)
    moves: dict[tuple[Version | None, Version | None], PinChange] = {}
    for pin in new:
        was = _counterpart(pin, old)
        moves.setdefault((_version(was), _version(pin)), PinChange(name, was, pin))
    for pin in old:
        # Where it is no longer pinned, what is pinned elsewhere is what remains.
        if not any(_place(pin) == _place(each) for each in new):
            now = _counterpart(pin, new)
            moves.setdefault((_version(pin), _version(now)), PinChange(name, pin, now))
    for (before, after), move in moves.items():
        was, now = allowed.get(before), wanted.get(after)
        if before != after or (was and now and not _covers(was, now)):
            # The place is that of the move, the hashes are everybody's.
            yield PinChange(
                name,
                move.old and was and replace(was, at=move.old.at),
                move.new and now and replace(now, at=move.new.at),
            )


def _covers(was: Pin, now: Pin) -> bool:
    """Say whether a pin already allowed every file that another pin of the release allows."""
    return not was.hashes or (bool(now.hashes) and set(now.hashes) <= set(was.hashes))


def _releases(pins: Iterable[Pin]) -> dict[Version | None, Pin]:
    """Return one pin for each release, with the hashes of all its pins."""
    found: dict[Version | None, Pin] = {}
    for pin in pins:
        known = found.setdefault(Version(pin.version), pin)
        hashes = tuple(sorted({*known.hashes, *pin.hashes}))
        found[Version(pin.version)] = replace(known, hashes=hashes)
    return found


def _counterpart(pin: Pin, others: list[Pin]) -> Pin | None:
    same_place = [each for each in others if _place(each) == _place(pin)]
    same_file = [each for each in others if each.at.path == pin.at.path]
    near = same_place or same_file or others
    return max(near, key=lambda each: Version(each.version)) if near else None


def _place(pin: Pin) -> tuple[str, str]:
    return pin.at.path, pin.marker


def _version(pin: Pin | None) -> Version | None:
    return Version(pin.version) if pin else None


def _by_name(pins: Iterable[Pin]) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    for pin in pins:
        together = found.setdefault(pin.name, [])
        if pin not in together:
            together.append(pin)
    return found
