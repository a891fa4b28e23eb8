"""Where in a file of approvals something stands, for whoever has to correct it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

_ELSEWHERE = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*''', re.DOTALL
)
"""A string or a remark, in a text that is TOML."""


class Places:
    """The lines of a text of TOML, which holds lists of tables of some names at its top."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        """Take the text, which parses; ``names`` are those of the lists."""
        self._text = text
        self._names = names

    def starts(self, name: str) -> list[int]:
        """Return the lines on which the tables of a list start, from one."""
        return list(self._where(_header(name), 0, len(self._own)))

    def of_key(self, key: str, start: int) -> int:
        """Return the line that sets a key, in the table that starts on a line, or else that."""
        name = re.escape(key)
        pattern = rf"\s*(?:[\"']?{name}[\"']?\s*[.=]|\[+[^]]*\b{name}\b[^]]*\]+)"
        found = self._where(pattern, max(start - 1, 0), self._end(start))
        return next(found, max(start, 1))

    def tables(
        self, raw: dict[str, Any], table: str, key: str, line: int, end: int = 0
    ) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield the tables of a list in a table, each with the line it starts on.

        The table starts on ``line``, and ends before ``end`` if that is given.
        """
        tables = raw.get(key, [])
        names = r"\s*\.\s*".join(map(re.escape, (*table.split("."), key)))
        header = rf"\s*\[\[\s*{names}\s*\]\]"
        starts = [*self._where(header, line, end or self._end(line))] if tables else []
        starts += [line] * (len(tables) - len(starts))
        yield from zip(tables, starts, strict=False)

    @cached_property
    def _starts(self) -> list[int]:
        return sorted(line for name in self._names for line in self.starts(name))

    def _end(self, start: int) -> int:
        """Return the last line of the table that a line belongs to; of line 0 all are."""
        at = bisect_right(self._starts, start) if start else len(self._starts)
        return self._starts[at] - 1 if at < len(self._starts) else len(self._own)

    @cached_property
    def _own(self) -> list[str]:
        """The lines without what stands in remarks and in texts over several lines."""
        return _ELSEWHERE.sub(_blanked, self._text).split("\n")

    def _where(self, pattern: str, start: int, end: int) -> Iterator[int]:
        for number in range(start, min(end, len(self._own))):
            if re.match(pattern, self._own[number]):
                yield number + 1


def _header(name: str) -> str:
    return rf"\s*\[\[\s*[\"']?{re.escape(name)}[\"']?\s*\]\]"


def _blanked(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("#"):
        return ""
    return "\n" * text.count("\n") if "\n" in text else text
