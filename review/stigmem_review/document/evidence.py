"""The lines that findings are about, taken from the files that were reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.lines import Row, changes, lines_of, together
from stigmem_review.code.written import Written
from stigmem_review.model import Excerpt, Hunk, Location, Side
from stigmem_review.patterns import late
from stigmem_review.rulebook import Finding
from stigmem_review.text import shorten

AROUND = 3
"""Lines shown before and after one that changed."""

_BEFORE, _AFTER = 2, 6
"""Lines shown before and after a place where nothing changed."""

_SPELLING = late(r"(?:[^\w\n]|_)+")
_STATEMENT = 200
"""Lines in which the end of a statement is looked for."""


def with_evidence(
    findings: tuple[Finding, ...], written: Mapping[Side, Written]
) -> tuple[Finding, ...]:
    """Return findings with the lines that they are about, as far as these were kept.

    Where something changed in the statement at the place of a finding, it is that, old and new;
    else the lines around it. ``written`` has one side alone where nothing is compared. The findings
    that come first have theirs, where not all can have some.
    """
    by_file: dict[tuple[Side, str], list[int]] = {}
    for index, each in enumerate(findings[: limits.EVIDENCES]):
        side: Side = each.side or "new"
        place = written[side].places.get(each.at.path) if each.at and side in written else None
        if place is not None:
            by_file.setdefault((side, place), []).append(index)
    found = [*findings]
    left = limits.HELD_LINES
    # File by file, so that no more than one is held line by line.
    for (side, place), indices in by_file.items():
        held = [each.files.get(place, b"") for each in written.values()]
        left -= sum(data.count(b"\n") + data.count(b"\r") for data in held)
        if left < 0:
            break
        file = _File(written, side, place)
        for index in indices:
            at = findings[index].at
            excerpt = file.excerpt(at, findings[index].item) if at else None
            found[index] = replace(findings[index], evidence=excerpt)
    return tuple(found)


def hunk(rows: Sequence[Row]) -> Hunk:
    """Return lines that follow each other as a report shows them."""
    return Hunk(rows[0].old, rows[0].new, tuple(each.sign + _shown(each.text) for each in rows))


def _shown(line: str) -> str:
    # Indentation is no more than that, and any other tab is shown.
    plain = line.lstrip("\t")
    return shorten("    " * (len(line) - len(plain)) + plain, limits.SHOWN_CHARS)


class _File:
    """One file of one release, held together with the same file of the other."""

    def __init__(self, written: Mapping[Side, Written], side: Side, place: str) -> None:
        other: Side = "old" if side == "new" else "new"
        self._signs = " +" if side == "new" else " -"
        self._side = side
        self._place = place
        self._path = written[side].shown[place]
        data = written[side].files.get(place)
        mine = [] if data is None else lines_of(data)
        there: list[str] | None = None
        if other in written:
            data = written[other].files.get(place)
            there = None if data is None else lines_of(data)
            if written[other].lacks(place, written[side]):
                there = []
        if there is None:
            self._rows = [Row(" ", number, number, text) for number, text in enumerate(mine, 1)]
        else:
            one, two = (there, mine) if side == "new" else (mine, there)
            self._rows = together(one, two, changes(one, two))

    @cached_property
    def _numbered(self) -> dict[int, int]:
        """The row of each line of this release, by its number."""
        return {
            each.new if self._side == "new" else each.old: index
            for index, each in enumerate(self._rows)
            if each.sign in self._signs
        }

    @cached_property
    def _texts(self) -> list[tuple[str, list[int]]]:
        """What is written in this release, and before that what of it changed; with its rows."""
        mine = [*self._numbered.values()]
        changed = [index for index in mine if self._rows[index].sign != " "]
        return [
            (_plain("\n".join([self._rows[index].text for index in indices])), indices)
            for indices in (changed, mine)
        ]

    def excerpt(self, at: Location, item: str) -> Excerpt | None:
        """Return the lines about one place in it, or those that name an item where it has no line.

        Nothing where there are none, as in a file that is no text.
        """
        start = self._numbered.get(at.line) if at.line else self._naming(item)
        if start is not None:
            wanted = self._about(start)
        elif not at.line and self._place.endswith(item.partition(":")[0]):
            changed = self._changed(range(len(self._rows)))
            wanted = self._around(changed) or {*range(min(_AFTER, len(self._rows)))}
            start = min(changed, default=0)
        else:
            return None
        near = sorted(wanted, key=lambda index: abs(index - start))
        kept = sorted(near[: limits.EVIDENCE_LINES])
        if not kept:
            return None
        hunks = tuple(hunk([self._rows[index] for index in run]) for run in runs(kept))
        return Excerpt(self._path, hunks, len(near) - len(kept))

    def _naming(self, item: str) -> int | None:
        wanted = _plain(item).replace("\n", "")
        for text, rows in self._texts if wanted else ():
            found = text.find(wanted)
            if found >= 0:
                return rows[text.count("\n", 0, found)]
        return None

    def _about(self, start: int) -> set[int]:
        """Return the rows about the statement that starts with a row."""
        changed = self._changed(range(start, self._end(start)))
        # What it took the place of stands before it.
        index, least = start, max(0, start - limits.EVIDENCE_LINES)
        while index > least and self._rows[index - 1].sign != " ":
            index -= 1
            if self._rows[index].sign not in self._signs:
                changed.append(index)
        if changed:
            return self._around([start, *changed])
        return {*range(max(0, start - _BEFORE), min(start + _AFTER + 1, len(self._rows)))}

    def _end(self, start: int) -> int:
        """Return the row behind a statement, as its indentation shows it."""
        depth = _depth(self._rows[start].text)
        end = start + 1
        for index in range(start + 1, min(start + _STATEMENT, len(self._rows))):
            row = self._rows[index]
            if row.sign in self._signs and row.text.strip():
                inside = _depth(row.text) > depth or row.text.lstrip()[0] in ")]}"
                if not inside:
                    break
                end = index + 1
        while end < len(self._rows) and self._rows[end].sign not in self._signs:
            end += 1
        return end

    def _changed(self, rows: Iterable[int]) -> list[int]:
        return [index for index in rows if self._rows[index].sign != " "]

    def _around(self, rows: Iterable[int]) -> set[int]:
        """Return rows with what stands around them in both releases."""
        found = {*rows}
        for index in [*found]:
            for step in (-1, 1):
                for near in range(index + step, index + step * (AROUND + 1), step):
                    if near < 0 or near >= len(self._rows) or self._rows[near].sign != " ":
                        break
                    found.add(near)
        return found


def runs(indices: Iterable[int]) -> Iterator[list[int]]:
    """Yield what follows each other of some numbers in order."""
    run: list[int] = []
    for index in indices:
        if run and index != run[-1] + 1:
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _plain(text: str) -> str:
    """Return what of a text is the same however a name or a header is spelt, line by line."""
    return _SPELLING.sub("", text).casefold()


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
