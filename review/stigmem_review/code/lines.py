"""The lines of a file, as Python counts them, and what of them differs between two files."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

# Python ends a line here and nowhere else; ``str.splitlines`` also does at form feeds and others.
_LINE_END = re.compile(r"\r\n|\r|\n")

_DEPTH = 8
"""How often what stands between lines that are the same is compared again.

Each time takes as long as the texts are; a hostile file could ask for it at every line.
"""


def lines_of(data: bytes) -> list[str]:
    """Return the lines of a file, numbered as Python numbers them; what is not UTF-8 is kept.

    Bytes that are none become lone surrogates, which the sanitiser shows.
    """
    lines = _LINE_END.split(data.decode("utf-8", "surrogateescape"))
    if not lines[-1]:
        lines.pop()
    return lines


class Change(NamedTuple):
    """Lines of the old file, and those of the new one in their place; counted from 0, half open."""

    old: int
    old_end: int
    new: int
    new_end: int


def changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """Return what differs, in order.

    Lines that are there once in both hold the two together (Cohen's patience diff), since people
    find their way by these; time grows with the texts, whatever is in them.
    """
    return [*_between(old, new, Change(0, len(old), 0, len(new)), _DEPTH)]


def _between(old: Sequence[str], new: Sequence[str], part: Change, depth: int) -> Iterator[Change]:
    a, b, c, d = part
    while a < b and c < d and old[a] == new[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and old[b - 1] == new[d - 1]:
        b, d = b - 1, d - 1
    if a == b and c == d:
        return
    held = _held(old, new, Change(a, b, c, d)) if depth else []
    if not held:
        yield Change(a, b, c, d)
        return
    for one, two in (*held, (b, d)):
        yield from _between(old, new, Change(a, one, c, two), depth - 1)
        a, c = one + 1, two + 1


def _held(old: Sequence[str], new: Sequence[str], part: Change) -> list[tuple[int, int]]:
    """Return lines that are there once in both parts: as many as are in the same order."""
    a, b, c, d = part
    places = {line: index for index, line in _once(new, c, d)}
    pairs = [(index, places[line]) for index, line in _once(old, a, b) if line in places]
    # The longest sequence in which both grow: piles, each with the least end of its length.
    ends: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(ends, place)
        before.append(piles[pile - 1] if pile else -1)
        ends[pile : pile + 1] = [place]
        piles[pile : pile + 1] = [number]
    found = []
    number = piles[-1] if piles else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _once(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, str]]:
    counted = Counter(lines[start:end])
    return ((index, lines[index]) for index in range(start, end) if counted[lines[index]] == 1)


class Row(msgspec.Struct, frozen=True):
    """One line of two files held together.

    ``sign`` is ``-`` in the old file alone, ``+`` in the new one alone and a blank in both; ``old``
    and ``new`` are the line's numbers, or those of the next line of a file that does not have it.
    """

    sign: str
    old: int
    new: int
    text: str


def together(old: Sequence[str], new: Sequence[str], differing: Iterable[Change]) -> list[Row]:
    """Return all lines of two files, those that are gone before those that are in their place."""
    rows: list[Row] = []
    a = c = 0
    for each in (*differing, Change(len(old), len(old), len(new), len(new))):
        shift = c - a
        rows += (Row(" ", i + 1, i + 1 + shift, old[i]) for i in range(a, each.old))
        rows += (Row("-", i + 1, each.new + 1, old[i]) for i in range(each.old, each.old_end))
        rows += (Row("+", each.old_end + 1, i + 1, new[i]) for i in range(each.new, each.new_end))
        a, c = each.old_end, each.new_end
    return rows
