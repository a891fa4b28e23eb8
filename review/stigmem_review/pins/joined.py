"""The text of a file as those have it that run it: what goes on in another line is one line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

_GOES_ON = re.compile(r"(?:\\|\^)[ \t]*$")
_SPACED = re.compile(r"(?<!=)={2,3}[ \t]*$")
_EQUALS = re.compile(r"[ \t]*={2,3}[ \t]*[\"']?v?[0-9]")
_ENDS = re.compile(r"&&|\|\||\n(?![ \t]*-)")
"""Where a command ends; in YAML, options may go on in lines of their own."""
_QUOTING = re.compile(r"[\"']|\\(?=\S)")


class Joined(NamedTuple):
    """A text whose lines are joined, and where in it each line of the file starts."""

    text: str
    starts: tuple[int, ...]

    def line(self, at: int) -> int:
        """Return the line of the file that a place of the text stands on."""
        return bisect_right(self.starts, at)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line, and where in the text it starts."""
        at = 0
        for line in self.text.split("\n"):
            yield at, line
            at += len(line) + 1


def joined(text: str) -> Joined:
    r"""Join what shells, images and lists of YAML go on with in the next line.

    A line goes on after ``\`` and ``^``, and after an open backquote of PowerShell; so does a
    requirement around its ``==``. In an image, comments and empty lines between are none.
    """
    pieces: list[str] = []
    starts: list[int] = []
    at, goes_on = 0, False
    for line in text.split("\n"):
        piece = line.rstrip("\r")
        starts.append(at)
        if goes_on and (not piece.strip() or piece.lstrip().startswith("#")):
            continue
        apart = not goes_on
        if pieces and (_SPACED.search(pieces[-1]) or _EQUALS.match(piece)):
            apart, piece = False, piece.lstrip()
        if pieces and apart:
            pieces.append("\n")
            at += 1
            starts[-1] = at
        goes_on = bool(_GOES_ON.search(piece))
        if goes_on:
            piece = piece.rstrip()[:-1]
        elif piece.rstrip().endswith("`") and piece.count("`") % 2:
            goes_on, piece = True, piece.rstrip()[:-1]
        pieces.append(piece)
        at += len(piece)
    return Joined("".join(pieces), tuple(starts))


def unquoted(text: str) -> str:
    """Return a text without what shells take away from words: quotes, and what stands for none.

    Lines stay the lines that they are, and go on where they did.
    """
    return _QUOTING.sub("", text)


def follows(pattern: re.Pattern[str], text: str) -> Callable[[int], bool]:
    """Return what says whether a pattern stands before a place of a text, in the same command."""
    commands = [0, *(each.end() for each in _ENDS.finditer(text))]
    found = [each.span() for each in pattern.finditer(text)]
    ends = [end for _, end in found]

    def does(at: int) -> bool:
        last = bisect_right(ends, at) - 1
        return last >= 0 and found[last][0] >= commands[bisect_right(commands, at) - 1]

    return does
