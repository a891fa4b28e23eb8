"""Everything a change of pins would deploy, as text and as Markdown: overview, then each review."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review.document.bump import Bump, BumpReport
from stigmem_review.document.parts import Line
from stigmem_review.model import Gap
from stigmem_review.report import budget
from stigmem_review.report.markdown import (
    code,
    consulted_items,
    decide_parts,
    finding_parts,
    gap_parts,
    marked,
    message,
    off_parts,
    render_markdown,
)
from stigmem_review.report.text import (
    consulted_lines,
    decide_lines,
    finding_lines,
    off_lines,
    paint,
    render_text,
)
from stigmem_review.text import flat
from stigmem_review.verdict import count

_REVISION = 12
"""How many digits of a commit are shown."""


def render_bump_text(report: BumpReport, *, width: int, colour: bool) -> str:
    """Return a change of pins as text."""
    lines = [*_top(report, width, colour), *_rest(report, width, colour)]
    text = "".join(f"{line}\n" for line in lines)
    rule = "=" * min(width, 80)
    for each in report.bumps:
        if each.report is not None and each.report.plugin:
            review = render_text(each.report, width=width, colour=colour)
            text += f"\n{rule}\n{review}"
    if report.commands:
        whole = "\n".join(decide_lines(report.commands, width, colour))
        text += f"\n{rule}\nThe whole change\n{whole}\n"
    return text


def _top(report: BumpReport, width: int, colour: bool) -> Iterator[str]:
    compared, verdict = report.compared, report.verdict
    yield paint(f"Plugins from {_short(compared.base)} to {_short(compared.head)}", "head", colour)
    facts = [paint(verdict.state.upper(), verdict.state, colour), *verdict.counts]
    yield " | ".join([*facts, f"node {report.nodes}"])
    yield from textwrap.wrap(f"{bump_summary(report)} {report.sentence}", width)
    if report.bumps:
        yield ""
    shown, more = budget.cut(report.bumps, budget.FINDINGS)
    for each in shown:
        state = paint(each.state, each.state, colour)
        yield f"  {each.plugin} {_versions(each)}: {state}{_weights(each)}"
        yield paint(f"      {each.what}, pinned at {each.at}", "dim", colour)
    if more:
        yield f"  and {count(more, 'more plugin')}"


def _rest(report: BumpReport, width: int, colour: bool) -> Iterator[str]:
    gaps = _all_gaps(report)
    if gaps:
        yield from ("", paint("What could not be reviewed", "head", colour))
    for gap in gaps:
        yield from _wrapped(str(gap), width, "  - ")
    yield from _section("Approvals of what changes", report.approvals, width, colour)
    yield from finding_lines(report.findings, "Findings about the pins", width, colour)
    yield from off_lines(report.off, width, colour)
    yield from _section("Other changed pins (not plugins)", report.others, width, colour)
    yield from _section("As before", report.as_before, width, colour)
    yield from _section("Other approvals of these files", report.on_file, width, colour)
    yield from ("", paint("What was compared", "head", colour))
    compared = report.compared
    yield from _wrapped(f"base {compared.base}", width, "  ")
    yield from _wrapped(f"head {compared.head}", width, "  ")
    if compared.pins_from != compared.base:
        yield f"  pins compared with {compared.pins_from}, the merge base"
    yield from consulted_lines(report.consulted, "in the base")
    shown, more = budget.cut(report.files, budget.ITEMS)
    listed = ", ".join([*shown, *([f"and {more} more"] if more else [])])
    yield from _wrapped(f"pins read from {listed or 'no file'}", width, "  ")
    tool = report.tool
    yield f"  by {tool.name} {tool.version}, {tool.rules} rules {tool.rules_sha256[:12]}"


def _section(title: str, lines: Iterable[Line], width: int, colour: bool) -> Iterator[str]:
    shown, more = budget.cut([*lines], budget.LINES)
    if shown:
        yield from ("", paint(title, "head", colour))
    for line in shown:
        yield from _wrapped(f"{line.what}: {flat(line.says)}", width, "  ")
    if more:
        yield f"  and {more} more"


def _wrapped(text: str, width: int, lead: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=lead,
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def render_bump_markdown(report: BumpReport) -> str:
    """Return a change of pins as Markdown: the overview first, so that no cut can hide it."""
    compared, verdict = report.compared, report.verdict
    parts = [f"# Plugins from `{_short(compared.base)}` to `{_short(compared.head)}`"]
    parts.append(" · ".join([marked(verdict.state), *verdict.counts, f"node {report.nodes}"]))
    parts.append(f"{bump_summary(report)} {report.sentence}")
    if report.bumps:
        rows = ["| plugin | from | to | | verdict | pinned at |", "|---|---|---|---|---|---|"]
        shown, more = budget.cut(report.bumps, budget.FINDINGS)
        rows += [_row(each) for each in shown]
        parts.append("\n".join(rows))
        if more:
            parts.append(f"and {count(more, 'more plugin')}")
    gaps = _all_gaps(report)
    parts += gap_parts(gaps)
    if report.approvals:
        parts.append("\n".join(f"- {each.what}: {message(each.says)}" for each in report.approvals))
    parts += finding_parts(report.findings, "Findings about the pins")
    parts += decide_parts(report.commands) if report.commands else ()
    parts += off_parts(report.off)
    parts += _details("Other changed pins (not plugins)", report.others)
    parts += _details("As before", report.as_before)
    parts += _details("Other approvals of these files", report.on_file)
    parts.append("## What was compared")
    lines = [f"- base `{compared.base}`", f"- head `{compared.head}`"]
    if compared.pins_from != compared.base:
        lines.append(f"- pins compared with `{compared.pins_from}`, the merge base")
    lines += consulted_items(report.consulted, "in the base")
    names, more = budget.cut([code(name) for name in report.files], budget.ITEMS)
    lines.append(
        f"- pins read from {', '.join([*names, *([f'{more} more'] if more else [])]) or 'no file'}"
    )
    parts.append("\n".join(lines))
    for each in report.bumps:
        if each.report is not None and each.report.plugin:
            parts.append("---")
            parts.append(render_markdown(each.report).rstrip())
    return "\n\n".join(parts) + "\n"


def _row(each: Bump) -> str:
    cells = (
        code(each.plugin),
        code(each.old) or "none",
        code(each.new) or "none",
        each.what,
        f"{marked(each.state)}{_weights(each)}",
        code(str(each.at)),
    )
    return "| " + " | ".join(cells) + " |"


def _details(title: str, lines: Iterable[Line]) -> Iterator[str]:
    shown, more = budget.cut([*lines], budget.LINES)
    if not shown:
        return
    body = [f"- {code(line.what)}: {message(line.says)}" for line in shown]
    body += [f"- and {more} more"] if more else []
    yield "\n\n".join(
        [
            f"<details><summary>{title} ({len(shown) + more})</summary>",
            "\n".join(body),
            "</details>",
        ]
    )


def bump_summary(report: BumpReport) -> str:
    """Say in one sentence what would be deployed."""
    if report.shard is not None:
        part = f"Shard {report.shard.index} of {report.shard.of} alone: "
        return f"{part}{bump_summary(msgspec.structs.replace(report, shard=None))}"
    left = _left(report)
    if report.bumps:
        plugins = {each.plugin for each in report.bumps}
        change = "changes" if len(plugins) == 1 else "change"
        return f"{count(len(plugins), 'plugin')} {change}.{left}"
    if report.gaps:
        return "Whether the pin of a plugin changed could not be told."
    if report.compared.pins_from == report.compared.head:
        return "Nothing changed: both are the same commit."
    return left.strip() or "No pin of a plugin changed."


def _left(report: BumpReport) -> str:
    """Say which pins nobody looked behind, and who does."""
    if not report.left:
        return ""
    shown, more = budget.cut(report.left, 3)
    listed = ", ".join([*shown, *([f"{more} more"] if more else [])])
    changed = count(len(report.left), "changed pin")
    are = "is" if len(report.left) == 1 else "are"
    return f" {changed} {are} left to the review of the pull request: {listed}."


def _weights(each: Bump) -> str:
    if each.report is None:
        return ", its files are not what was pinned"
    return "".join(f", {said}" for said in each.report.verdict.counts)


def _versions(each: Bump) -> str:
    return f"{each.old or 'none'} -> {each.new or 'none'}"


def _all_gaps(report: BumpReport) -> list[Gap]:
    """Return the gaps of the pins, and of every review that has no page of its own."""
    unread = [each.report for each in report.bumps if each.report and not each.report.plugin]
    return [*report.gaps, *(gap for each in unread for gap in each.gaps)]


def _short(commit: str) -> str:
    return commit[:_REVISION]
