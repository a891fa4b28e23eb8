"""The page about a node with all its plugins, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.document.node import NodeReport
from stigmem_review.report.blocks import Block, Commands, Page, Paragraph, Title
from stigmem_review.report.common import (
    consulted_lines,
    explained,
    gap_blocks,
    lines_fold,
    section,
    theirs,
    verdict_line,
    words,
)
from stigmem_review.report.findings import finding_blocks, first_rule, off_fold
from stigmem_review.text import Segment
from stigmem_review.verdict import count


def node_page(report: NodeReport) -> Page:
    """Return the page about a node."""
    verdict = verdict_line(report.verdict, report.verdict.sentence)
    named = (Segment("node "), *theirs(report.nodes))
    first: list[Block] = [Title(named, report.verdict.state), verdict, Paragraph(report.headline)]
    body: list[Block] = [*finding_blocks(report.findings)]
    for each in report.sections:
        body += section(each.title, each.lines, is_theirs=True)
    decide = tuple(explained(first_rule(report.findings)))
    return Page(
        first=(*first, *gap_blocks(report.gaps)),
        decide=(Commands(decide),) if decide else (),
        body=tuple(body),
        rest=tuple(_rest(report)),
        verdict=verdict,
    )


def _rest(report: NodeReport) -> Iterator[Block]:
    yield from off_fold(report.off)
    if report.others:
        left = f"{count(report.others, 'other distribution')} left alone: not Stigmem plugins"
        yield Paragraph(words(left))
    yield from lines_fold("fields that are not known", report.unknown, is_theirs=True)
    yield from lines_fold("rules that do not apply", report.silent)
    yield from lines_fold("what it went by", [*consulted_lines(report.consulted)])
