"""A page as Markdown, as GitHub renders it.

Outside text stands in code spans and nowhere else. It is printable ASCII already; the two
characters that could end a code span or a table cell are escaped here. Each kind of list has a
bullet of its own, since one that follows another with the same would be the same list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stigmem_review.pages import command_for, link_to
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
from stigmem_review.text import Message
from stigmem_review.verdict import count

if TYPE_CHECKING:
    from stigmem_review.report.excerpt import Shortened

_MARKS = {
    "clear": "✅ ",
    "needs approval": "🟡 ",
    "blocked": "⛔ ",
    "incomplete": "❔ ",
    "error": "⛔ ",
    "warning": "🟡 ",
}


def write_markdown(page: Page, *, detail: Detail) -> str:
    """Return a page as Markdown."""
    blocks = [*page.screen]
    if detail != "brief":
        blocks += [*page.body, *page.rest]
    return "\n\n".join(_blocks(blocks)) + "\n"


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if text := "\n".join(_block(block)).strip("\n"):
            yield text


def _block(block: Block) -> Iterator[str]:
    match block:
        case Title(says=says, state=state, level=level):
            mark, after = (_MARKS[state], f" · {state}") if state else ("", "")
            yield f"{'#' * level} {mark}{message(says)}{after}"
        case Heading(text=text):
            yield f"## {text}"
        case Paragraph():
            yield _paragraph(block)
        case Items(items=items):
            yield from map(_item, items)
        case Pairs(lines=lines):
            for line in lines:
                label = code(line.what) if block.is_theirs else f"**{_text(line.what)}**"
                yield f"* {label}: {message(line.says)}"
        case Verbatim():
            yield from _verbatim(block)
        case Fold():
            yield f"<details><summary>{_html(block.heading)}</summary>"
            yield ""
            yield "\n\n".join(_blocks(block.blocks))
            yield from ("", "</details>")
        case Found():
            yield "\n\n".join(_found(block))
        case Commands(commands=commands):
            yield from map(_command, commands)
        case Separator():
            yield "---"


def _paragraph(paragraph: Paragraph) -> str:
    says = message(paragraph.says)
    if paragraph.tone == "strong":
        return f"**{says}**"
    if paragraph.tone in _MARKS:
        # The verdict is what stands before the colon; the rest explains it.
        start, colon, end = says.partition(":")
        return f"**{start.capitalize()}**{colon}{end}"
    return says


def _item(item: Item) -> str:
    says = message(item.says)
    if item.tone in ("error", "warning") and item.says and not item.says[0].theirs:
        says = f"**{item.says[0].text}**{message(item.says[1:])}"
    return f"- {_MARKS.get(item.tone, '')}{says}"


def _found(found: Found) -> Iterator[str]:
    mark = _MARKS.get(found.level, "")
    lowered = "" if found.level_says == found.level else f" · {found.level_says}"
    named = f"{'' if found.is_named else f'{found.name} · '}{found.rule}{lowered}"
    yield (
        f"<details{' open' if found.is_open else ''}><summary>{mark}<b>{found.number}. "
        f"{_html(found.heading)}</b> · {_html(named)}</summary>"
    )
    for member in found.members:
        yield from _member(member, several=len(found.members) > 1)
    if found.remark:
        yield f"**{found.remark}**"
    if found.why:
        # Set in, so that it does not look like the next finding.
        summary = f"{found.rule}: why it matters, and what to do"
        yield f"<blockquote><details><summary>{summary}</summary>"
        yield f"*Why it matters:* {found.why}"
        yield f"*What to do:* {found.do}"
        page = link_to(found.rule)
        yield f"*More:* {f'<{page}>' if page else code(command_for(found.rule))}"
        yield "</details></blockquote>"
    yield "</details>"


def _member(member: Member, *, several: bool) -> Iterator[str]:
    note = f" {member.note}" if member.note else ""
    where = f" ({code(member.at)}{note})" if member.at else ""
    approved = f"<br>{message(member.approval)}" if member.approval else ""
    parts = [f"{message(member.says)}{where}{approved}"]
    if member.code is not None:
        parts.append("\n".join(_code(member.code)))
    if member.write:
        parts.append("\n".join(_verbatim(Verbatim(member.write))))
    if not several:
        yield from parts
        return
    first, *rest = parts
    yield "\n".join([f"- {first}", *(f"\n{indented}" for indented in map(_indented, rest))])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))


def _code(excerpt: Shortened) -> Iterator[str]:
    """Yield lines of code as a block that none of them can end."""
    fence = fence_of(line.text for line in excerpt.lines)
    yield f"{fence}diff"
    for index, piece in enumerate(excerpt.pieces):
        if index:
            yield f"@@ line {piece[0].number} @@"
        yield from (line.sign + line.text for line in piece)
    yield fence
    if excerpt.more:
        yield from ("", f"and {count(excerpt.more, 'more line')}")


def _verbatim(block: Verbatim) -> Iterator[str]:
    if not block.is_diff:
        # Only a backtick could end the block early.
        yield from ("```", *(line.replace("`", "\\u{60}") for line in block.lines), "```")
        return
    if len(block.lines) == 1:
        yield f"- {code(block.lines[0])}"
        return
    fence = fence_of(block.lines)
    yield from (f"{fence}diff", *block.lines, fence)


def _command(each: Command) -> str:
    remark = message(each.remark)
    if not each.line:
        return f"+ {each.label.capitalize()}: {remark}"
    # A command has no backtick, and what it has of others a shell has to get as it is.
    said = f" ({remark})" if remark else ""
    return f"+ {each.label.capitalize()}{said}: `{each.line}`"


def code(text: str) -> str:
    """Return outside text as a code span that nothing in it can end."""
    escaped = text.replace("`", "\\u{60}").replace("|", "\\u{7c}")
    return f"`{escaped}`" if escaped.strip() else ""


def message(segments: Message) -> str:
    """Return a message with outside text in code spans."""
    return "".join(code(each.text) if each.theirs else _text(each.text) for each in segments)


def _text(text: str) -> str:
    return text.replace(" -> ", " → ")


def _html(text: str) -> str:
    """Return words of ours where HTML is read."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fence_of(lines: Iterable[str]) -> str:
    """Return what begins and ends a block of code, and is longer than anything like it inside."""
    longest = max((len(each) for line in lines for each in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)
