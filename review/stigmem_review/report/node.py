"""What becomes of a node with all its plugins, as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from stigmem_review.document.node import NodeReport
from stigmem_review.report import budget
from stigmem_review.report.markdown import (
    code,
    consulted_items,
    finding_parts,
    gap_parts,
    marked,
    message,
    off_parts,
)
from stigmem_review.report.text import consulted_lines, finding_lines, off_lines, paint
from stigmem_review.text import flat
from stigmem_review.verdict import count


def render_node_text(report: NodeReport, *, width: int, colour: bool) -> str:
    """Return the report about a node as text."""
    return "".join(f"{line}\n" for line in _text(report, max(40, width), colour))


def _text(report: NodeReport, width: int, colour: bool) -> Iterator[str]:
    verdict = report.verdict
    yield paint(f"node {report.nodes}", "head", colour)
    yield " | ".join([paint(verdict.state.upper(), verdict.state, colour), *verdict.counts])
    yield from _wrapped(f"{flat(report.headline)} {verdict.sentence}", "", width)
    if report.gaps:
        yield from ("", paint("What could not be looked at", "head", colour))
    for gap in report.gaps:
        yield from _wrapped(f"- {gap}", "  ", width)
    for section in report.sections:
        if not section.lines:
            continue
        yield from ("", paint(section.title, "head", colour))
        shown, more = budget.cut(section.lines, budget.LINES)
        for line in shown:
            yield from _wrapped(f"{line.what}: {flat(line.says)}", "  ", width)
        if more:
            yield f"  and {more} more: see the report as JSON"
    yield from finding_lines(report.findings, "Findings", width, colour)
    yield from off_lines(report.off, width, colour)
    yield ""
    if report.others:
        yield f"  {_others(report)}"
    yield from consulted_lines(report.consulted)


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}    " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def render_node_markdown(report: NodeReport) -> str:
    """Return the report about a node as Markdown."""
    return "\n\n".join(_markdown(report)) + "\n"


def _markdown(report: NodeReport) -> Iterator[str]:
    verdict = report.verdict
    yield f"# Node {code(report.nodes)}"
    yield " · ".join([marked(verdict.state), *verdict.counts])
    yield f"{message(report.headline)} {verdict.sentence}"
    yield from gap_parts(report.gaps)
    for section in report.sections:
        if not section.lines:
            continue
        yield f"## {section.title}"
        shown, more = budget.cut(section.lines, budget.LINES)
        items = [f"- {code(line.what)}: {message(line.says)}" for line in shown]
        yield "\n".join([*items, *([f"- and {more} more"] if more else [])])
    yield from finding_parts(report.findings, "Findings")
    yield from off_parts(report.off)
    left = [f"- {_others(report)}"] if report.others else []
    if items := [*left, *consulted_items(report.consulted)]:
        yield "\n".join(items)


def _others(report: NodeReport) -> str:
    return f"{count(report.others, 'other distribution')} left alone: not Stigmem plugins"
