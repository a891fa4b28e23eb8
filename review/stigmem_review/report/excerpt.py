"""What people see of the lines that a finding is about; JSON has them all."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stigmem_review.model import Excerpt
from stigmem_review.patterns import late
from stigmem_review.report import budget
from stigmem_review.rulebook import Finding


class Shown(msgspec.Struct, frozen=True):
    """One line: its number in the release that has it, what became of it, and what it says."""

    number: int
    sign: str
    text: str


class Shortened(msgspec.Struct, frozen=True):
    """Lines in the pieces that follow each other, and how many are left out."""

    pieces: tuple[tuple[Shown, ...], ...]
    more: int

    @property
    def lines(self) -> list[Shown]:
        """All lines that are shown."""
        return [line for piece in self.pieces for line in piece]

    @property
    def telling(self) -> list[Shown]:
        """Those that changed, if any did."""
        return [line for line in self.lines if line.sign != " "] or self.lines

    @property
    def is_change(self) -> bool:
        """Whether only one of the releases has some of them."""
        return any(line.sign != " " for line in self.lines)


def shortened(finding: Finding, limit: int = budget.EXCERPT) -> Shortened | None:
    """Return the lines of a finding that are shown: what changed before what stands around it."""
    excerpt = finding.evidence
    if excerpt is None:
        return None
    lines = [*_numbered(excerpt)]
    place = _place(lines, finding)
    changed = [index for index, (_, line) in enumerate(lines) if line.sign != " "]
    centre = min(changed, key=lambda index: (abs(index - place), -index), default=place)
    light = {*_light(lines)}
    weights = sorted(
        range(len(lines)),
        key=lambda index: (
            index != place,
            lines[index][1].sign == " ",
            index in light,
            abs(index - centre),
        ),
    )
    for count in range(min(len(lines), limit), 0, -1):
        pieces = _pieces(lines, sorted(weights[:count]))
        # What separates pieces takes a line as well.
        if count + len(pieces) - 1 <= limit:
            return Shortened(tuple(map(_trimmed, pieces)), excerpt.more + len(lines) - count)
    return None


def _numbered(excerpt: Excerpt) -> Iterator[tuple[int, Shown]]:
    """Yield each line with the number of its piece."""
    for piece, hunk in enumerate(excerpt.hunks):
        old, new = hunk.old, hunk.new
        for line in hunk.lines:
            sign, text = line[:1], line[1:]
            if len(text) > budget.CHARS:
                text = f"{text[: budget.CHARS]} ..."
            yield piece, Shown(old if sign == "-" else new, sign, text)
            old, new = old + (sign != "+"), new + (sign != "-")


_QUOTES = late("[rRuU]?(\"\"\"|''')")


def _light(lines: list[tuple[int, Shown]]) -> Iterator[int]:
    """Yield lines that look like docstrings, comments or nothing: what runs is shown before.

    Looks can deceive, and all that follows from it is the order in which lines are left out.
    """
    quotes = ""
    for index, (_, line) in enumerate(lines):
        text = line.text.strip()
        begins = None if quotes else _QUOTES.match(text)
        if begins:
            quotes = begins[1]
            text = text[begins.end() :]
        if quotes:
            ends = text.endswith(quotes)
            if ends or quotes not in text:
                yield index
            quotes = "" if quotes in text else quotes
        elif not text or text.startswith("#"):
            yield index


def _place(lines: list[tuple[int, Shown]], finding: Finding) -> int:
    wanted = finding.at.line if finding.at else 0
    gone = "+" if finding.side == "old" else "-"
    found = [
        index
        for index, (_, line) in enumerate(lines)
        if line.number == wanted and line.sign != gone
    ]
    return found[0] if found else 0


def _pieces(lines: list[tuple[int, Shown]], indices: list[int]) -> tuple[tuple[Shown, ...], ...]:
    pieces: list[list[Shown]] = []
    before = -2
    for index in indices:
        if index != before + 1 or lines[index][0] != lines[before][0]:
            pieces.append([])
        pieces[-1].append(lines[index][1])
        before = index
    return tuple(map(tuple, pieces))


def _trimmed(piece: tuple[Shown, ...]) -> tuple[Shown, ...]:
    """Return lines without the empty ones at their ends, unless there are no others."""
    filled = [index for index, line in enumerate(piece) if line.text.strip()]
    return piece[filled[0] : filled[-1] + 1] if filled else piece
