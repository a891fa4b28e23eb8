"""The page about everything a change of pins would deploy: an overview, then each plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from stigmem_review.document.bump import Bump, BumpReport
from stigmem_review.document.parts import Gained, Line, Report
from stigmem_review.model import LEVELS, Gap
from stigmem_review.report import budget
from stigmem_review.report.blocks import (
    Block,
    Command,
    Commands,
    Fold,
    Item,
    Items,
    Page,
    Pairs,
    Paragraph,
    Separator,
    Title,
)
from stigmem_review.report.common import (
    consulted_lines,
    decide_rows,
    gap_blocks,
    heaviest_first,
    limited,
    lines_fold,
    pairs,
    theirs,
    tool_line,
    verdict_line,
    words,
)
from stigmem_review.report.findings import finding_blocks, off_fold
from stigmem_review.report.review import review_page
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import count

_REVISION = 12
"""How many digits of a commit are shown."""

_TOLD = 2
"""What one plugin gains that the overview names."""


def bump_page(report: BumpReport) -> Page:
    """Return the page about a change of pins; what it was compared by stands last."""
    verdict = verdict_line(report.verdict, report.sentence, report.exit_code)
    pages = [
        (each.report, review_page(each.report, is_part=True))
        for each in report.bumps
        if each.report is not None and each.report.plugin
    ]
    alone = _alone(report, [page for _, page in pages])
    body: list[Block] = [*finding_blocks(report.findings)]
    for _, page in pages:
        body += [Separator(), *page.first]
        body += () if page.decide == alone else page.decide
        body += [*page.body, *_folded(page.rest)]
    return Page(
        first=tuple(_first(report, verdict)),
        decide=alone or tuple(_decide(report)),
        body=tuple(body),
        rest=(*_rest(report), *_digests(report, pages)),
        verdict=verdict if pages or report.findings else None,
        is_calm=not (report.bumps or report.findings or report.gaps or report.others),
    )


def _first(report: BumpReport, verdict: Paragraph) -> Iterator[Block]:
    compared = report.compared
    says = (
        Segment("Plugins from "),
        *theirs(short(compared.base)),
        Segment(" to "),
        *theirs(short(compared.head)),
    )
    yield Title(says, report.verdict.state, f"node {report.nodes}")
    yield verdict
    yield Paragraph(words(bump_summary(report)))
    if report.judged_as or report.old_node:
        yield Pairs((Line("for node", words(report.nodes)),))
    every = heaviest_first(Item(_overview(each), each.state) for each in report.bumps)
    items, more = budget.cut(every, budget.FINDINGS)
    if items:
        left = [Item(words(f"and {count(more, 'more plugin')}"))] if more else []
        yield Items((*items, *left))
    yield from gap_blocks(_all_gaps(report))
    yield from pairs(report.approvals)
    yield from _total(report)


def _overview(each: Bump) -> Message:
    """Return one plugin in a line: from which version to which, what it gains, and its pin."""
    says = [*theirs(each.plugin), Segment(" ")]
    says += [*(theirs(each.old) or words("none")), Segment(" -> ")]
    says += [*(theirs(each.new) or words("none"))]
    report = each.report
    if report is None:
        return (*says, Segment(": its files are not what was pinned ("), *_pin(each))
    gains = [gain for gain in report.gains if gain.level != "note"]
    for index, gain in enumerate(gains[:_TOLD]):
        says += [Segment("; " if index else ": "), *gain.says]
    if len(gains) > _TOLD:
        says.append(Segment(f" and {len(gains) - _TOLD} more"))
    elif not gains:
        counts = ", ".join(report.verdict.counts)
        says.append(Segment(f": {counts or 'gains nothing'}"))
    return (*says, Segment(" ("), *_pin(each))


def _pin(each: Bump) -> Message:
    return (Segment(f"{each.what}, pinned at "), *theirs(str(each.at)), Segment(")"))


def _total(report: BumpReport) -> Iterator[Block]:
    """Yield what the node gains by all of them, where several gain something."""
    found: dict[Gained, list[str]] = {}
    for bump in report.bumps:
        for gain in bump.report.gains if bump.report else ():
            if gain.level != "note":
                found.setdefault(gain, []).append(bump.plugin)
    if len({name for names in found.values() for name in names}) < 2:
        return
    yield Paragraph(words("In total the node gains:"), "strong")
    gains = sorted(found, key=lambda each: LEVELS.index(each.level))
    items = []
    for each in gains:
        by = [part for name in found[each] for part in (Segment(", "), *theirs(name))][1:]
        items.append(Item((*each.says, Segment(", by "), *by), each.level))
    yield limited(items, budget.GAINS)


def _alone(report: BumpReport, pages: Sequence[Page]) -> tuple[Block, ...]:
    """Return what to decide where one review decides about the whole change."""
    if report.commands is not None:
        return ()
    closed = [page for page in pages if page.decide and page.verdict and not page.is_calm]
    states = [each for each in report.bumps if each.state != "clear"]
    return closed[0].decide if len(closed) == 1 and len(states) <= 1 else ()


def _decide(report: BumpReport) -> Iterator[Block]:
    if report.commands is not None:
        refused = words("close the pull request, or leave these pins as they are")
        yield decide_rows(report.commands, refused)
    elif report.verdict.exit_code:
        yield Commands((Command("decide", "", words("plugin by plugin, as below")),))


def _folded(folds: Sequence[Block]) -> Iterator[Fold]:
    """Yield what a review folds, but for its digests, which stand at the end of the page."""
    kept = [each for each in folds if isinstance(each, Fold)][:-1]
    if kept:
        yield Fold("the rest of this review", tuple(kept))


def _digests(report: BumpReport, pages: Sequence[tuple[Report, Page]]) -> Iterator[Fold]:
    compared = report.compared
    lines = [Line("base", theirs(compared.base)), Line("head", theirs(compared.head))]
    if compared.pins_from != compared.base:
        merged = (*theirs(compared.pins_from), Segment(", the merge base"))
        lines.append(Line("pins compared with", merged))
    lines += consulted_lines(report.consulted, "in the base")
    names, more = budget.cut(report.files, budget.ITEMS)
    listed: list[Segment] = []
    for name in names:
        listed += [*([Segment(", ")] if listed else []), *theirs(name)]
    listed += [Segment(f", and {more} more")] if more else []
    lines.append(Line("pins read from", tuple(listed) or words("no file")))
    lines.append(tool_line(report.tool))
    blocks: list[Block] = [Pairs(tuple(lines))]
    for each, page in pages:
        *_, last = [fold for fold in page.rest if isinstance(fold, Fold)]
        blocks += [Title(theirs(each.plugin), level=4), *last.blocks]
    yield Fold("what was compared, with digests", tuple(blocks))


def _rest(report: BumpReport) -> Iterator[Block]:
    yield from off_fold(report.off)
    for title, lines in (
        ("other changed pins (not plugins)", report.others),
        ("as before", report.as_before),
        ("other approvals of these files", report.on_file),
    ):
        yield from lines_fold(f"{title}: {len(lines)}", lines, is_theirs=True)


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


def _all_gaps(report: BumpReport) -> list[Gap]:
    """Return the gaps of the pins, and of every review that has no section of its own."""
    unread = [each.report for each in report.bumps if each.report and not each.report.plugin]
    return [*report.gaps, *(gap for each in unread for gap in each.gaps)]


def short(commit: str) -> str:
    """Return as much of a commit as tells it apart."""
    return commit[:_REVISION]
