"""What is wrong with releases by themselves, as text like a compiler's and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from stigmem_review.document.check import Checked, CheckReport
from stigmem_review.document.parts import judged
from stigmem_review.report import budget
from stigmem_review.report.excerpt import shortened
from stigmem_review.report.groups import level_says, lines_once
from stigmem_review.report.markdown import (
    block,
    code,
    consulted_items,
    gap_item,
    line_items,
    lines_block,
    message,
    off_parts,
    render_markdown,
)
from stigmem_review.report.places import opened
from stigmem_review.report.text import excerpt_lines, off_lines, paint, render_text
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat
from stigmem_review.verdict import count, lowered_says

_UPCOMING = "What users of the next release will see"


def render_check_text(report: CheckReport, *, width: int, colour: bool) -> str:
    """Return a check as text."""
    lines: list[str] = []
    if report.judged_as:
        lines.append(f"node {judged(report.node, report.judged_as)}")
    for each in report.checked:
        lines += _text(each, width, colour)
    for skipped in report.skipped:
        lines.append(f"{skipped}: not a Stigmem plugin, not checked")
    for consulted in report.consulted:
        lines.append(f"{consulted.what}: {consulted.path}, SHA-256 {consulted.sha256}")
    for one in report.upcoming:
        lines += ["", paint(_UPCOMING, "head", colour)]
        lines += [*map(str, one.gaps), *render_text(one, width=width, colour=colour).splitlines()]
        lines.append("")
    lines += [f"corrected {each}" for each in report.fixed]
    if _sums(report):
        lines.append(report.sum())
    return "".join(f"{line}\n" for line in lines)


def _sums(report: CheckReport) -> bool:
    """Say whether a sum says more than the one line of a source with nothing to correct."""
    return (
        len(report.checked) > 1
        or bool(report.fixed)
        or any(each.mistakes or each.gaps for each in report.checked)
    )


def _text(each: Checked, width: int, colour: bool) -> Iterator[str]:
    yield paint(f"{_title(each)}: {_summary(each)}", "head", colour)
    for gap in each.gaps:
        yield from _wrapped(str(gap), width)
    for line in each.starting:
        yield from _wrapped(f"{line.what}: {flat(line.says)}", width)
    shown, more = budget.cut(each.mistakes, budget.FINDINGS)
    for mistake in lines_once(shown):
        level = paint(level_says(mistake), mistake.level, colour)
        yield f"{place(each, mistake)}: {level}: {mistake.name} [{mistake.rule}]"
        yield from excerpt_lines(mistake, "    ", colour)
        yield from _wrapped(flat(mistake.message), width)
        yield from _wrapped(mistake.why, width, "Why: ")
        yield from _wrapped(mistake.do, width, "Do:  ")
        if mistake.write:
            yield "    Write:"
            yield from (f"        {line}" for line in mistake.write)
    if more:
        yield f"    and {count(more, 'more mistake')}: see the report as JSON"
    yield from off_lines(each.off, width, colour)


def _wrapped(text: str, width: int, label: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"    {label}",
        subsequent_indent=" " * (4 + len(label)),
        break_long_words=False,
        break_on_hyphens=False,
    )


def render_check_markdown(report: CheckReport) -> str:
    """Return a check as Markdown."""
    parts: list[str] = []
    if report.judged_as:
        parts.append(f"node {code(report.node)}, judged as {code(report.judged_as)}")
    for each in report.checked:
        name = code(each.plugin or each.source.asked)
        parts.append(f"# {name} {code(each.version)}".rstrip())
        parts.append(f"{_summary(each)} · {code(each.source.asked)}")
        parts += map(gap_item, each.gaps)
        if each.starting:
            parts.append("\n".join(line_items(each.starting)))
        shown, more = budget.cut(each.mistakes, budget.FINDINGS)
        parts += [part for mistake in lines_once(shown) for part in _markdown(each, mistake)]
        if more:
            parts.append(f"and {count(more, 'more mistake')}: see the report as JSON")
        parts += off_parts(each.off)
    parts += [f"- {code(each)}: not a Stigmem plugin, not checked" for each in report.skipped]
    parts += consulted_items(report.consulted)
    for one in report.upcoming:
        parts.append(f"# {_UPCOMING}")
        parts += map(gap_item, one.gaps)
        parts.append(render_markdown(one).rstrip())
    parts += [f"- corrected {code(each)}" for each in report.fixed]
    if _sums(report):
        parts.append(f"**{report.sum()}**")
    return "\n\n".join(parts) + "\n"


def _markdown(each: Checked, mistake: Finding) -> Iterator[str]:
    yield f"### {level_says(mistake)}: {mistake.name} ({mistake.rule})"
    yield f"{message(mistake.message)} ({code(place(each, mistake))})"
    if found := shortened(mistake):
        yield "\n".join(lines_block(found, is_open=False))
    yield f"*Why it matters:* {mistake.why}"
    yield f"*What to do:* {mistake.do}"
    if mistake.write:
        yield block(mistake.write)


def place(each: Checked, mistake: Finding) -> str:
    """Return where a mistake is, as a path that an editor can open where there is one."""
    if mistake.at is None:
        return each.source.asked
    return str(opened(each.source, mistake.at) or f"{each.source.asked}: {mistake.at}")


def _title(each: Checked) -> str:
    named = " ".join(part for part in (each.plugin, each.version) if part)
    return f"{named} ({each.source.asked})" if named else each.source.asked


def _summary(each: Checked) -> str:
    if each.gaps:
        return "it could not be checked completely"
    levels = [mistake.level for mistake in each.mistakes]
    counts = {level: levels.count(level) for level in dict.fromkeys(levels)}
    said = ", ".join(count(number, level) for level, number in counts.items())
    lowered = lowered_says(each.mistakes, each.off).removesuffix(".")
    return "; ".join(filter(None, (said or "nothing to correct", lowered)))
