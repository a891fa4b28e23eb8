"""The page about what is wrong with releases by themselves, each mistake as a compiler says it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from stigmem_review.document.check import Checked, CheckReport, Waived
from stigmem_review.document.parts import judged
from stigmem_review.report import budget
from stigmem_review.report.blocks import (
    Block,
    Commands,
    Fold,
    Heading,
    Item,
    Items,
    Page,
    Paragraph,
    Separator,
    Title,
    Verbatim,
)
from stigmem_review.report.common import (
    consulted_lines,
    explained,
    gap_blocks,
    heaviest_first,
    lines_fold,
    pairs,
    theirs,
    verdict_line,
    words,
)
from stigmem_review.report.findings import found_of, left_out, level_says, lines_once, off_fold
from stigmem_review.report.places import opened
from stigmem_review.report.review import review_page
from stigmem_review.rulebook import Finding
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import count, lowered_says

_UNUSED = "an entry of [[check.ignore]] that ignores nothing"
_UPCOMING = "What users of the next release will see"


def check_page(report: CheckReport) -> Page:
    """Return the page about a check."""
    is_one = len(report.checked) == 1
    sections = [[*_section(each, level=1 if is_one else 2)] for each in report.checked]
    if is_one:
        first = [each[0] for each in sections]
        body = [block for each in sections for block in each[1:]]
    else:
        first = [*_above(report)]
        body = [block for each in sections if len(each) > 1 for block in each]
    if report.judged_as:
        node = judged(report.node, report.judged_as)
        first.insert(1, Paragraph(words(f"node {node}")))
    left = [
        Item((*theirs(each), Segment(": not a Stigmem plugin, not checked")))
        for each in report.skipped
    ]
    left += [Item((Segment(f"{_UNUSED}: "), *theirs(each))) for each in report.unused]
    mistakes = [each for checked in report.checked for each in checked.mistakes]
    fixed = tuple(f"corrected {each}" for each in report.fixed)
    explain = tuple(explained(mistakes[0].rule)) if mistakes else ()
    verdict = verdict_line(report.verdict, report.sum(), counts=False) if _sums(report) else None
    for one in report.upcoming:
        page = review_page(one, is_part=True)
        body += [Separator(), Heading(_UPCOMING), *page.first]
        body += [*page.body, Fold("the rest of this review", page.rest)]
    return Page(
        first=tuple(first),
        decide=(Commands(explain),) if explain else (),
        body=tuple(body),
        rest=(
            *([Items(tuple(left))] if left else []),
            *pairs([*consulted_lines(report.consulted)]),
            *([Verbatim(fixed)] if fixed else []),
        ),
        verdict=verdict,
    )


def _sums(report: CheckReport) -> bool:
    """Say whether a sum says more than the one line of a source with nothing to correct."""
    return (
        len(report.checked) > 1
        or bool(report.fixed)
        or any(each.mistakes or each.gaps for each in report.checked)
    )


def _section(each: Checked, level: int) -> Iterator[Block]:
    yield Title(_says(each), level=level)
    yield from gap_blocks(each.gaps)
    yield from pairs(each.starting)
    shown, more = budget.cut(each.mistakes, budget.FINDINGS)
    explained: set[tuple[str, str]] = set()
    for number, mistake in enumerate(lines_once(shown), 1):
        key = (mistake.rule, mistake.do)
        found = found_of([mistake], number, explain=key not in explained)
        explained.add(key)
        [member] = found.members
        member = replace(member, at=place(each, mistake), note="")
        is_open = mistake.level == "error"
        yield replace(found, members=(member,), remark="", is_open=is_open, is_compiler=True)
    if more:
        yield left_out(more, "mistake")
    yield from off_fold(each.off)
    if each.ignored:
        yield Items(tuple(map(_ignored, each.ignored)))
    yield from lines_fold("fields that are not known", each.unknown)
    yield from lines_fold("rules that do not apply", each.silent)


def _ignored(waived: Waived) -> Item:
    found = waived.finding
    about = (*theirs(found.item), Segment(": "), *theirs(waived.reason))
    return Item((Segment(f"ignored: {found.name} ({found.rule}), "), *about))


def _above(report: CheckReport) -> Iterator[Block]:
    """Yield what stands above several sources, or in the place of none."""
    number = len(report.checked)
    says = f"Check of {count(number, 'source')}" if number else "No plugin to check"
    yield Title(words(says), report.verdict.state)
    if number:
        yield Items(tuple(heaviest_first(map(_overview, report.checked))))


def _overview(each: Checked) -> Item:
    if each.gaps:
        return Item(_says(each), "incomplete")
    return Item(_says(each), each.mistakes[0].level if each.mistakes else "clear")


def _says(each: Checked) -> Message:
    return (*_named(each), Segment(f": {_summary(each)}"))


def _named(each: Checked) -> Message:
    named = " ".join(part for part in (each.plugin, each.version) if part)
    asked = theirs(each.source.asked)
    return (*theirs(named), Segment(" ("), *asked, Segment(")")) if named else asked


def place(each: Checked, mistake: Finding) -> str:
    """Return where a mistake is, as a path that an editor can open where there is one."""
    if mistake.at is None:
        return each.source.asked
    return str(opened(each.source, mistake.at) or f"{each.source.asked}: {mistake.at}")


def _summary(each: Checked) -> str:
    if each.gaps:
        return "it could not be checked completely"
    levels = [level_says(mistake).partition(" ")[0] for mistake in each.mistakes]
    counts = {level: levels.count(level) for level in dict.fromkeys(levels)}
    said = ", ".join(count(number, level) for level, number in counts.items())
    lowered = lowered_says(each.mistakes, each.off).removesuffix(".")
    ignored = f"{len(each.ignored)} ignored" if each.ignored else ""
    return "; ".join(filter(None, (said or "nothing to correct", ignored, lowered)))
