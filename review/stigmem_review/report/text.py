"""A page for a terminal, in plain text; colour is only ever an addition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from stigmem_review.report.blocks import (
    Block,
    Command,
    Commands,
    Detail,
    Fold,
    Found,
    Heading,
    Item,
    Items,
    Member,
    Page,
    Pairs,
    Paragraph,
    Separator,
    Title,
    Verbatim,
)
from stigmem_review.text import flat
from stigmem_review.verdict import count

if TYPE_CHECKING:
    from stigmem_review.report.excerpt import Shortened

_COLOURS = {
    "clear": "32;1",
    "needs approval": "33;1",
    "blocked": "31;1",
    "incomplete": "35;1",
    "error": "31;1",
    "warning": "33;1",
    "note": "36",
    # What is gained is never green.
    "+": "33",
    "-": "2",
    "strong": "1",
    "dim": "2",
}
_LABEL = 12
"""Of what is said in pairs; where a label is longer, they do not stand in columns."""


def write_text(page: Page, *, width: int = 80, colour: bool = False, detail: Detail) -> str:
    """Return a page as text of at most ``width`` columns where words allow it."""
    writer = _Writer(max(40, width), colour, detail)
    return "\n".join(writer.page(page)) + "\n"


class _Writer:
    def __init__(self, width: int, colour: bool, detail: Detail) -> None:
        self._width = width
        self._colour = colour
        self._detail = detail

    def page(self, page: Page) -> Iterator[str]:
        if self._detail == "brief":
            yield from self._blocks(page.screen)
            return
        yield from self._blocks(page.first)
        rest = () if page.is_calm and self._detail != "all" else page.rest
        below = [*self._blocks([*page.body, *rest])]
        yield from below
        if any(below) and page.verdict:
            yield ""
            yield from self._paragraph(page.verdict)
        yield from self._blocks(page.decide)

    def _blocks(self, blocks: Iterable[Block]) -> Iterator[str]:
        folded: list[str] = []
        for block in blocks:
            if isinstance(block, Fold) and self._detail != "all":
                folded.append(block.title)
                continue
            yield from self._left_out(folded)
            folded = []
            yield from self._block(block)
        yield from self._left_out(folded)

    def _left_out(self, titles: list[str]) -> Iterator[str]:
        """Yield what is folded, and how to see it."""
        if titles:
            yield ""
            yield from map(self._dim, self._wrap(f"Not shown (--all): {'; '.join(titles)}.", "  "))

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Title():
                yield from self._title(block)
            case Heading(text=text):
                yield ""
                yield self._paint(text, "strong")
            case Paragraph():
                yield from self._paragraph(block)
            case Items(items=items):
                yield from self._items(items)
            case Pairs():
                yield from self._pairs(block)
            case Verbatim():
                yield from self._verbatim(block)
            case Fold():
                yield ""
                yield self._paint(block.heading, "strong")
                yield from self._blocks(block.blocks)
            case Found():
                yield from self._found(block)
            case Commands(commands=commands):
                yield from self._commands(commands)
            case Separator():
                yield from ("", "-" * min(self._width, 80))

    def _title(self, title: Title) -> Iterator[str]:
        says = flat(title.says)
        remark = title.remark.rjust(self._width - len(says) - 2)
        if title.level > 2:
            yield ""
        if title.remark and len(says) + 2 + len(title.remark) <= self._width:
            yield f"{self._paint(says, 'strong')}  {self._dim(remark)}"
            return
        yield self._paint(says, "strong")
        if title.remark:
            yield from map(self._dim, self._wrap(title.remark, "  "))

    def _paragraph(self, paragraph: Paragraph) -> Iterator[str]:
        lines = self._wrap(flat(paragraph.says))
        if paragraph.tone and lines:
            # The verdict is what stands before the colon; the rest explains it.
            start = lines[0].find(":") if paragraph.tone in _COLOURS else -1
            end = len(lines[0]) if paragraph.tone == "strong" else max(start, 0)
            lines[0] = self._paint(lines[0][:end], paragraph.tone) + lines[0][end:]
        yield from lines

    def _items(self, items: Sequence[Item]) -> Iterator[str]:
        label = max((len(item.tone) for item in items), default=0)
        for item in items:
            lead = f"  {item.tone:<{label}}  " if label else "  - "
            first, *rest = self._wrap(flat(item.says), " " * len(lead), lead) or [lead]
            style = item.tone
            yield (self._paint(first[: len(lead)], style) if style else first[: len(lead)]) + first[
                len(lead) :
            ]
            yield from rest

    def _pairs(self, pairs: Pairs) -> Iterator[str]:
        label = max((len(line.what) for line in pairs.lines), default=0)
        for line in pairs.lines:
            says = flat(line.says)
            if label <= _LABEL:
                lead = f"  {line.what:<{label}}  "
                yield from self._wrap(says, " " * len(lead), lead)
            else:
                yield from self._wrap(f"{line.what}: {says}", "      ", "  ")

    def _found(self, found: Found) -> Iterator[str]:
        yield ""
        level = self._paint(found.level_says, found.level)
        if not found.is_compiler:
            yield f"{level}  {found.rule} {found.name}"
        several = len(found.members) > 1 and not found.is_compiler
        for member in found.members:
            if found.is_compiler:
                yield f"{member.at}: {level}: {found.name} [{found.rule}]"
            yield from self._member(member, found, several=several)
        if found.why and self._detail == "all":
            indent = "    " if found.is_compiler else "  "
            yield from self._wrap(found.why, f"{indent}     ", f"{indent}Why: ")
        # What cannot be approved has to be done.
        if found.do and (self._detail == "all" or found.is_compiler or found.remark):
            indent = "    " if found.is_compiler else "  "
            yield from self._wrap(found.do, f"{indent}     ", f"{indent}Do:  ")
        if found.remark:
            yield from self._wrap(found.remark, "  ")

    def _member(self, member: Member, found: Found, *, several: bool) -> Iterator[str]:
        indent = "    " if several or found.is_compiler else "  "
        yield from self._wrap(flat(member.says), indent, "  - " if several else None)
        if member.at and not found.is_compiler:
            note = f" {member.note}" if member.note else ""
            yield self._dim(f"{indent}--> {member.at}{note}")
        excerpt = member.code if self._detail == "all" else member.glimpse
        if excerpt is not None:
            yield from self._code(excerpt, indent)
        if member.write and found.is_compiler:
            yield f"{indent}Write:"
        yield from (f"{indent}    {line}" for line in member.write)
        if member.approval:
            yield from self._wrap(flat(member.approval), indent)

    def _code(self, excerpt: Shortened, indent: str) -> Iterator[str]:
        width = max(len(str(line.number)) for line in excerpt.lines)
        for index, piece in enumerate(excerpt.pieces):
            if index:
                yield f"{indent}{'...':>{width}}"
            for line in piece:
                text = f"{line.sign} {line.text}".rstrip()
                if line.sign in ("+", "-"):
                    text = self._paint(text, line.sign)
                yield f"{indent}{line.number:>{width}} {text}".rstrip()
        if excerpt.more and (excerpt.is_change or self._detail == "all"):
            yield f"{indent}and {count(excerpt.more, 'more line')}"

    def _verbatim(self, block: Verbatim) -> Iterator[str]:
        if block.is_diff:
            yield ""
        for line in block.lines:
            style = line[:1] if line[:1] in ("+", "-") else "dim" if line[:1] == "@" else ""
            painted = block.is_diff and style
            yield self._paint(line, style) if painted else line.rstrip()

    def _commands(self, commands: Iterable[Command]) -> Iterator[str]:
        # In one line each, however wide: they are there to be copied.
        for each in commands:
            lead = f"  {each.label:<7}  "
            remark = flat(each.remark)
            if each.line:
                if remark:
                    yield from self._wrap(f"{remark}:", " " * len(lead), lead)
                yield f"{' ' * len(lead) if remark else lead}{each.line}"
            else:
                yield from self._wrap(remark, " " * len(lead), lead)

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self._colour and text else text

    def _dim(self, text: str) -> str:
        return self._paint(text, "dim")

    def _wrap(self, text: str, indent: str = "", first: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=indent if first is None else first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
