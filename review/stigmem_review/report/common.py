"""Blocks that several kinds of reports have in the same form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stigmem_review.document import parts
from stigmem_review.document.parts import Consulted, Line
from stigmem_review.model import Gap
from stigmem_review.report import budget
from stigmem_review.report.blocks import (
    Block,
    Command,
    Commands,
    Fold,
    Heading,
    Item,
    Items,
    Pairs,
    Paragraph,
    Tone,
)
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import State, Verdict


def words(text: str) -> Message:
    """Return words of ours."""
    return (Segment(text),) if text else ()


def theirs(text: str) -> Message:
    """Return outside text."""
    return (Segment(text, theirs=True),) if text else ()


def verdict_line(
    verdict: Verdict, sentence: str, exit_code: int | None = None, *, counts: bool = True
) -> Paragraph:
    """Return the verdict with the exit code and what the gate waits for.

    Without ``counts`` the sentence says how many findings there are.
    """
    code = verdict.exit_code if exit_code is None else exit_code
    state: State = verdict.state
    said = f"{', '.join(verdict.counts)}. " if verdict.counts and counts else ""
    says = f"{state.upper()} (exit {code}): {said}{sentence}".rstrip(": ")
    return Paragraph(words(says), state)


def gap_blocks(gaps: Sequence[Gap]) -> Iterator[Block]:
    """Yield what could not be reviewed."""
    if gaps:
        yield Paragraph(words("What could not be reviewed:"), "strong")
        yield limited([Item(gap_says(each), "incomplete") for each in gaps], budget.LINES)


def gap_says(gap: Gap) -> Message:
    """Return what could not be reviewed, why, and what to do about it."""
    do = (Segment("; "), *theirs(gap.do)) if gap.do else ()
    return (*theirs(gap.what), Segment(": "), *theirs(gap.why), *do)


_HEAVIEST: tuple[Tone, ...] = (
    "incomplete",
    "blocked",
    "error",
    "needs approval",
    "warning",
    "note",
    "clear",
)


def heaviest_first(items: Iterable[Item]) -> list[Item]:
    """Return several things by what they weigh, so that no cut hides what decides."""
    return sorted(items, key=lambda each: _HEAVIEST.index(each.tone))


def limited(items: Sequence[Item], limit: int) -> Items:
    """Return as many of several things as are shown, and how many are left out."""
    shown, more = budget.cut(items, limit)
    rest = [Item(words(f"and {more} more"))] if more else []
    return Items((*shown, *rest))


def lines_fold(title: str, lines: Sequence[Line], *, is_theirs: bool = False) -> Iterator[Fold]:
    """Yield lines below a title, folded, if there are any."""
    if lines:
        yield Fold(title, tuple(pairs(lines, is_theirs=is_theirs)))


def pairs(lines: Sequence[Line], *, is_theirs: bool = False) -> Iterator[Block]:
    """Yield as many lines as are shown, and how many are left out."""
    shown, more = budget.cut(lines, budget.LINES)
    if shown:
        yield Pairs(tuple(shown), is_theirs)
    if more:
        yield Paragraph(words(f"and {more} more: see the report as JSON"))


def section(title: str, lines: Sequence[Line], *, is_theirs: bool = False) -> Iterator[Block]:
    """Yield lines below a heading, if there are any."""
    if lines:
        yield Heading(title)
        yield from pairs(lines, is_theirs=is_theirs)


def consulted_lines(consulted: Iterable[Consulted], where: str = "") -> Iterator[Line]:
    """Yield what a review went by; that there is no policy, where one is looked for."""
    consulted = tuple(consulted)
    if where and not any(each.what == "policy" for each in consulted):
        yield Line("policy", words(f"none {where}: the defaults"))
    for each in consulted:
        remark = words(f" ({each.remark})") if each.remark else ()
        digest = (Segment(", SHA-256 "), *theirs(each.sha256)) if each.sha256 else ()
        yield Line(each.what, (*theirs(each.path), *remark, *digest))


def tool_line(tool: parts.Tool) -> Line:
    """Return what made a report."""
    digest = theirs(tool.rules_sha256[:12])
    made = f"{tool.name} {tool.version}, {tool.rules} rules ("
    return Line("by", (Segment(made), *digest, Segment(")")))


def decide_rows(commands: parts.Commands, refuse: Message, explain: str = "") -> Commands:
    """Return what to type to read, to have a rule explained, to refuse, and to approve."""
    remark = words(commands.remark)
    approve = Command("approve", commands.approve, remark)
    if not commands.approve:
        approve = Command("approve", "", (Segment("not possible: "), *remark))
    read = Command("read", commands.look)
    return Commands((read, *explained(explain), Command("refuse", "", refuse), approve))


def explained(rule: str) -> Iterator[Command]:
    """Yield what to type to have a rule explained."""
    if rule:
        from stigmem_review.pages import command_for

        yield Command("explain", command_for(rule))
