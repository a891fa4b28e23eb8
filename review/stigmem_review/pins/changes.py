"""What changed between the pins of two revisions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Literal, cast

import msgspec
from msgspec.structs import replace
from packaging.version import Version

from stigmem_review.pins.model import Pin

What = Literal[
    "added",
    "removed",
    "upgraded",
    "downgraded",
    "same version, other files",
    "same version, other extras",
    "same release, other node",
]


class PinChange(msgspec.Struct, frozen=True):
    """One distribution that would be deployed as another release, or as other files of it.

    Where several files make the same move, ``hashes`` of a pin are those of all of them.
    """

    name: str
    old: Pin | None
    new: Pin | None

    @property
    def pin(self) -> Pin:
        """The pin that there is now, or the one that is gone: it has one of them."""
        return cast("Pin", self.new or self.old)

    @property
    def is_same(self) -> bool:
        """Whether the release went from one file to another, and is no other one there."""
        return self.old is not None and self.new is not None and _covers(self.old, self.new)

    @property
    def stays(self) -> bool:
        """Whether the release is pinned as before, in the file in which it was."""
        return self.is_same and self.old is not None and self.old.at.path == self.pin.at.path

    @property
    def what(self) -> What:
        """What happens to it."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        before, after = _version(self.old.version), _version(self.new.version)
        if before == after and _allows(self.old, self.new) and self.old.extras != self.new.extras:
            return "same version, other extras"
        if before == after:
            return "same version, other files"
        return "upgraded" if before < after else "downgraded"


def pin_changes(
    old: Iterable[Pin],
    new: Iterable[Pin],
    *,
    gone: Iterable[str] = (),
    come: Iterable[str] = (),
    beside: Callable[[Pin | None, Pin | None], Hashable] | None = None,
) -> tuple[PinChange, ...]:
    """Return every move from one pinned release to another, by distribution.

    Each file is a deployment of its own: what one of them newly pins is added there, whatever
    another one pins. A release is compared with the one that stood in its place: under the same
    marker, or else in the same file, or else, in a file that has ``come``, in one that is
    ``gone``, or else in a file that no longer pins it at all: it went from there to here.

    ``beside`` returns what two pins are beside. With it, what stays where it was is returned as
    well, as the same on both sides, and moves that are beside other things are kept apart.
    """
    before, after = by_name(old), by_name(new)
    files, stay = (frozenset(gone), frozenset(come)), beside is not None
    return tuple(
        move
        for name in sorted(before.keys() | after.keys())
        for move in _together(
            _from_file_to_file(
                [*_moves(name, before.get(name, []), after.get(name, []), *files, stay)],
                {pin.at.path for pin in before.get(name, [])},
                {pin.at.path for pin in after.get(name, [])},
            ),
            beside or (lambda *_: None),
        )
    )


def _moves(
    name: str,
    old: list[Pin],
    new: list[Pin],
    gone: frozenset[str],
    come: frozenset[str],
    stay: bool,
) -> Iterator[PinChange]:
    was_said, now_said = _said(old), _said(new)
    as_before = {path for path, said in now_said.items() if was_said.get(path) == said}
    yield from (PinChange(name, pin, pin) for pin in new if stay and pin.at.path in as_before)
    old, new = ([pin for pin in pins if pin.at.path not in as_before] for pins in (old, new))
    was_there, is_there = _by_place(old), _by_place(new)
    renamed = _newest([pin for pin in old if pin.at.path in gone])
    followed = any(pin.at.path in come for pin in new)
    for pin in new:
        was = _counterpart(pin, was_there)
        if was is None and pin.at.path in come:
            was = renamed
        if stay or was is None or not _covers(was, pin):
            yield PinChange(name, was, pin)
    for pin in old:
        if pin.at.path in gone and followed:
            continue
        now = _counterpart(pin, is_there)
        # Under a marker of its own: where that is gone, the file's other pins are what is left.
        if now is None or (now.marker != pin.marker and not _covers(pin, now)):
            yield PinChange(name, pin, now)


def _from_file_to_file(
    moves: list[PinChange], were: set[str], are: set[str]
) -> Iterator[PinChange]:
    """Make one move of what a file no longer pins and another one pins newly."""
    left = [each.old for each in moves if each.old and not each.new and each.old.at.path not in are]
    moved: set[Pin] = set()
    for each in moves:
        pin = each.new
        if pin is None or each.old or pin.at.path in were or not left:
            continue
        was = next((one for one in left if _covers(one, pin)), left[0])
        left.remove(was)
        moved.update((was, pin))
        yield PinChange(pin.name, was, pin)
    yield from (each for each in moves if not moved.intersection(_lone(each)))


def _lone(move: PinChange) -> tuple[Pin, ...]:
    """Return the pin of a move that has but one side."""
    return tuple(filter(None, (move.old, move.new))) if not (move.old and move.new) else ()


def _together(
    moves: Iterable[PinChange], beside: Callable[[Pin | None, Pin | None], Hashable]
) -> Iterator[PinChange]:
    """Make one of the moves between the same two releases, and one of all that stay."""
    found: dict[Hashable, list[PinChange]] = {}
    for move in moves:
        sides = tuple(
            (_version(pin.version), pin.extras) if pin else None for pin in (move.old, move.new)
        )
        key = sides, move.is_same, move.stays, beside(move.old, move.new)
        found.setdefault(key, []).append(move)
    for same in found.values():
        olds, news = [move.old for move in same], [move.new for move in same]
        yield PinChange(same[0].name, _joined(olds), _joined(news))


def _joined(pins: list[Pin | None]) -> Pin | None:
    if pins[0] is None:
        return None
    hashes = {each for pin in pins if pin for each in pin.hashes}
    return replace(pins[0], hashes=tuple(sorted(hashes)))


def _covers(was: Pin, now: Pin) -> bool:
    """Say whether a pin was as strict as another one, and asked for the same extras."""
    return was.extras == now.extras and _allows(was, now)


def _allows(was: Pin, now: Pin) -> bool:
    """Say whether a pin already allowed every file that another one allows, and was as strict."""
    if _version(was.version) != _version(now.version) or bool(was.hashes) != bool(now.hashes):
        return False
    if not now.hashes and was.url != now.url:
        return False
    return set(now.hashes) <= set(was.hashes)


def _said(pins: list[Pin]) -> dict[str, set[Hashable]]:
    """Return what each file says of one distribution, wherever in it."""
    found: dict[str, set[Hashable]] = {}
    for pin in pins:
        # Where a hash says which file it is, it may lie anywhere.
        url = "" if pin.hashes else pin.url
        said = (pin.marker, pin.version, pin.hashes, pin.extras, url)
        found.setdefault(pin.at.path, set()).add(said)
    return found


_Places = dict[tuple[str, str | None], Pin]
"""The newest pin of one distribution in each file: under each marker, and under any (``None``)."""


def _by_place(pins: list[Pin]) -> _Places:
    found: _Places = {}
    for pin in pins:
        for place in ((pin.at.path, pin.marker), (pin.at.path, None)):
            known = found.get(place)
            if known is None or _version(known.version) < _version(pin.version):
                found[place] = pin
    return found


def _counterpart(pin: Pin, others: _Places) -> Pin | None:
    return others.get((pin.at.path, pin.marker)) or others.get((pin.at.path, None))


def _newest(pins: list[Pin]) -> Pin | None:
    return max(pins, key=lambda each: _version(each.version)) if pins else None


@lru_cache(10_000)
def _version(text: str) -> Version:
    return Version(text)


def by_name(pins: Iterable[Pin]) -> dict[str, list[Pin]]:
    """Return the pins of each distribution, each once."""
    found: dict[str, list[Pin]] = {}
    for pin in dict.fromkeys(pins):
        found.setdefault(pin.name, []).append(pin)
    return found
