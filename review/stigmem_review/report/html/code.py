"""What differs of the source, old and new side by side."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stigmem_review.model import FileDiff, Hunk


class Cell(msgspec.Struct, frozen=True):
    """A line of one side: its number, and what it says; number 0 where that side has none."""

    number: int = 0
    text: str = ""


class Row(msgspec.Struct, frozen=True):
    """Lines that stand beside each other; ``kind`` says what became of them."""

    kind: str
    old: Cell
    new: Cell


class File(msgspec.Struct, frozen=True):
    """A file that differs, in pieces of lines that follow each other."""

    diff: FileDiff
    pieces: tuple[tuple[Row, ...], ...]
    added: int
    removed: int


def side_by_side(diff: FileDiff) -> File:
    """Lay out what differs in a file: what goes beside what comes in its place."""
    lines = [line for hunk in diff.hunks for line in hunk.lines]
    return File(
        diff,
        tuple(tuple(_rows(hunk)) for hunk in diff.hunks),
        sum(line.startswith("+") for line in lines),
        sum(line.startswith("-") for line in lines),
    )


def _rows(hunk: Hunk) -> Iterator[Row]:
    old, new = hunk.old, hunk.new
    gone: list[Cell] = []
    come: list[Cell] = []
    for line in hunk.lines:
        sign, text = line[:1], line[1:]
        if sign == "-":
            if come:
                yield from _paired(gone, come)
                gone, come = [], []
            gone.append(Cell(old, text))
        elif sign == "+":
            come.append(Cell(new, text))
        else:
            yield from _paired(gone, come)
            gone, come = [], []
            yield Row("same", Cell(old, text), Cell(new, text))
        old, new = old + (sign != "+"), new + (sign != "-")
    yield from _paired(gone, come)


def _paired(gone: list[Cell], come: list[Cell]) -> Iterator[Row]:
    for index in range(max(len(gone), len(come))):
        old = gone[index] if index < len(gone) else Cell()
        new = come[index] if index < len(come) else Cell()
        kind = "changed" if old.number and new.number else "gone" if old.number else "come"
        yield Row(kind, old, new)
