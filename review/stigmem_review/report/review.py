"""The page about one upgrade: what decides first, then what proves it, and the rest folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stigmem_review.document.approvals import approval_says
from stigmem_review.document.parts import Item as Part
from stigmem_review.document.parts import Line, Report, Reviewed, Row
from stigmem_review.document.prose import unknown_lines
from stigmem_review.report import budget
from stigmem_review.report.blocks import (
    Block,
    Command,
    Commands,
    Fold,
    Heading,
    Item,
    Items,
    Page,
    Pairs,
    Paragraph,
    Title,
    Verbatim,
)
from stigmem_review.report.common import (
    consulted_lines,
    decide_rows,
    explained,
    gap_blocks,
    limited,
    lines_fold,
    pairs,
    theirs,
    tool_line,
    verdict_line,
    words,
)
from stigmem_review.text import Message, Segment, flat
from stigmem_review.verdict import count


def review_page(report: Report, *, is_part: bool = False) -> Page:
    """Return the page about one upgrade; ``is_part`` if it is one of several plugins."""
    is_calm = is_quiet(report)
    says = flat(_calm(report)) if is_calm else report.verdict.sentence
    verdict = verdict_line(report.verdict, says)
    first: list[Block] = [title(report, level=2 if is_part else 1), verdict]
    if is_calm:
        first += _one(signed(report))
        if doubts := tuple(_doubts(report)):
            first.append(Pairs(doubts))
    else:
        first += _first(report)
    body = () if is_calm else (*_accepted(report), *_found(report))
    decide = tuple(_decide(report))
    return Page(tuple(first), decide, body, tuple(_folds(report)), verdict, is_calm)


def is_quiet(report: Report) -> bool:
    """Say whether nothing of an upgrade has to be looked at."""
    return not (
        report.findings or report.gaps or report.accepted or report.approvals or report.off
    ) and bool(report.plugin)


def title(report: Report, level: int = 1) -> Title:
    """Return what an upgrade is called, with its verdict."""
    # Of what could not be read nothing is known but what was asked for.
    each_says = version if report.plugin else _asked
    old, new = map(each_says, report.reviewed)
    named = (*theirs(report.plugin), Segment(" ")) if report.plugin else ()
    says = (*named, *old, Segment(" -> "), *new)
    return Title(says, report.verdict.state, f"node {report.nodes}", level)


def version(each: Reviewed) -> Message:
    """Return the version of a release, or what stands for it."""
    if each.version:
        return theirs(each.version)
    return words("none" if each.source.kind == "none" else "(version not known)")


def _asked(each: Reviewed) -> Message:
    return theirs(each.source.asked.rstrip("/").rpartition("/")[-1] or each.source.asked)


def _one(says: Message) -> Iterator[Block]:
    if says:
        yield Paragraph(says)


def _calm(report: Report) -> Message:
    """Return what is said of an upgrade that has nothing to look at."""
    size = report.size
    if size is None or not size.files:
        return report.headline
    return (*report.headline, *words(f" {size_says(report)} changed."))


def _doubts(report: Report) -> Iterator[Line]:
    """Yield what is to be known of an upgrade though it was so before."""
    if report.judged_as or report.old_node:
        yield Line("for node", words(report.nodes))
    if any(each.kind != "registers" for found in report.forecast[-1:] for each in found.outcomes):
        yield Line("node", report.starts)
    if any(each.rollback != "starts" for each in report.backs):
        yield Line("way back", report.back)


def _first(report: Report) -> Iterator[Block]:
    if report.gains:
        yield Paragraph(report.headline, "strong")
        gains = [Item(each.says, each.level) for each in report.gains]
        yield limited(gains, budget.GAINS)
    else:
        yield from _one(report.headline)
    yield from gap_blocks(report.gaps)
    yield from pairs(report.approvals)
    if glance := tuple(_glance(report)):
        yield Pairs(glance)


def _glance(report: Report) -> Iterator[Line]:
    """Yield in one line each who signed, whether it starts, the way back, and how much changed."""
    if report.judged_as or report.old_node or not report.starts:
        yield Line("for node", words(report.nodes))
    if says := signed(report):
        yield Line("signer", says)
    if report.starts:
        yield Line("node", report.starts)
    if report.back:
        yield Line("way back", report.back)
    if changed := size_says(report):
        yield Line("changed", words(changed))


def signed(report: Report) -> Message:
    """Return who signed, or why that is not known."""
    if report.signed:
        return report.signed
    return next((each.says for each in report.not_assessed if each.what == "signature"), ())


def size_says(report: Report) -> str:
    """Return how much there is to read, in words; nothing where that is not known."""
    size = report.size
    if size is None or not report.plugin:
        return ""
    if not size.files:
        return "no file of the package differs"
    said = f"{count(size.lines, 'line')} in {count(size.files, 'file')}"
    return f"{said}, {size.uncounted} of them not counted by lines" if size.uncounted else said


def _accepted(report: Report) -> Iterator[Block]:
    if not report.accepted:
        return
    yield Heading("Not reviewed, and accepted so")
    yield Items(
        tuple(
            Item(
                (
                    *theirs(each.gap.what),
                    Segment(": "),
                    *theirs(each.gap.why),
                    Segment(", "),
                    *approval_says(each.approval),
                )
            )
            for each in report.accepted
        )
    )


def _found(report: Report) -> Iterator[Block]:
    # Most reviews find nothing.
    from stigmem_review.report.findings import finding_blocks, off_fold

    yield from finding_blocks(report.findings)
    yield from off_fold(report.off)


def _decide(report: Report) -> Iterator[Block]:
    explain = ""
    if report.findings:
        from stigmem_review.report.findings import first_rule

        explain = first_rule(report.findings)
    if report.commands is not None:
        yield decide_rows(report.commands, refuse(report), explain)
    elif report.findings:
        look = _read(report)
        rows = [*([Command("read", look)] if look else []), *explained(explain)]
        if rows:
            yield Commands(tuple(rows))


def _read(report: Report) -> str:
    """Return the command that shows the code that differs, where there is one that would."""
    if report.commands is not None or report.source is not None or not report.files:
        return ""
    from stigmem_review.report.source import read_command

    return read_command(report)


def refuse(report: Report) -> Message:
    """Return what to do to refuse an upgrade."""
    old, new = report.reviewed
    if old.source.kind == "none":
        return words("do not install it")
    if new.source.kind == "none":
        return words("leave it installed")
    return (Segment("keep "), *(theirs(old.version) or words("the old release")))


# What is folded


def _folds(report: Report) -> Iterator[Block]:
    if not report.plugin:
        yield from lines_fold("what was asked for", [*_reviewed(report)])
        return
    if report.rows:
        fields = count(len(report.rows), "field")
        yield Fold(f"what changed, field by field ({fields})", (_rows(report.rows),))
    yield from lines_fold("start and way back in detail", [*report.starting, *report.way_back])
    yield from _unchanged(report)
    unknown = [line for each in report.reviewed for line in unknown_lines(each.manifest, each.side)]
    yield from lines_fold("fields that are not known", unknown)
    yield from lines_fold("rules that do not apply", report.silent)
    if report.files:
        items = [_file(item) for item in report.files]
        blocks = (limited(items, budget.LINES),)
        yield Fold(f"files of the package that differ ({len(report.files)})", blocks)
    yield from source_fold(report)
    yield from lines_fold("signatures", report.signatures)
    yield from lines_fold(f"other approvals of this plugin ({len(report.on_file)})", report.on_file)
    named = ", ".join(dict.fromkeys(each.what for each in report.not_assessed))
    yield from lines_fold(f"not assessed: {named}", report.not_assessed)
    steps = count(len(report.checklist), "step")
    yield from lines_fold(f"the operators' checklist ({steps})", report.checklist)
    yield from lines_fold("what was reviewed, with digests", [*_reviewed(report)])


def _unchanged(report: Report) -> Iterator[Fold]:
    same = [_stated(item.text) for item in report.unchanged]
    if same:
        yield Fold(f"what did not change ({count(len(same), 'field')})", tuple(pairs(same)))
    states = count(len(report.already), "state")
    yield from lines_fold(f"as before ({states})", report.already)
    baseline = "as before" if report.reviewed[0].walked else "no baseline to compare it with"
    yield from lines_fold(f"what the code does: {baseline}", report.code)


def _stated(text: str) -> Line:
    """Return a field with what it states; "none" and the like are words of ours."""
    name, _, value = text.partition(": ")
    is_ours = value in ("none", "yes", "no", "not known")
    return Line(name, words(value) if is_ours else theirs(value))


def _rows(rows: Sequence[Row]) -> Pairs:
    return Pairs(tuple(Line(row.field, tuple(_cell(row))) for row in rows))


def _cell(row: Row) -> Iterator[Segment]:
    """Yield what became of a field: what is new first, so that no cut can hide it."""
    items = sorted(row.items, key=lambda each: ("?", "+", "-", "").index(each.sign))
    if [each.sign for each in items] == ["+", "-"]:
        new, old = items
        yield Segment(old.text, theirs=True)
        yield Segment(" -> ")
        yield Segment(new.text, theirs=True)
        yield Segment(f" ({new.remark})" if new.remark else "")
        return
    shown, more = budget.cut(items, budget.ITEMS)
    for index, item in enumerate(shown):
        yield Segment(", " if index else "")
        yield from _part(item)
    if more:
        yield Segment(f" and {more} more")


def _part(item: Part) -> Iterator[Segment]:
    start = {"+": "now ", "-": "no longer ", "?": "", "": "still "}[item.sign]
    if not item.text:
        yield Segment(item.remark)
        return
    yield Segment(start)
    yield Segment(item.text, theirs=True)
    if item.remark:
        yield Segment(f" ({item.remark})")


def _file(item: Part) -> Item:
    became = {"+": "added", "-": "removed"}.get(item.sign, "modified")
    return Item((Segment(f"{became}: "), *theirs(item.text)))


def source_fold(report: Report) -> Iterator[Fold]:
    """Yield what differs of the code, folded, where it was asked for."""
    diff = report.source
    if diff is None:
        return
    from stigmem_review.report.source import diff_lines, rest

    blocks: list[Block] = [Verbatim(tuple(diff_lines(file)), is_diff=True) for file in diff.files]
    blocks += [Paragraph(words(each)) for each in rest(diff)]
    yield Fold(f"the code that differs ({len(diff.files)})", tuple(blocks))


def source_page(report: Report) -> Page:
    """Return the page that shows what differs of the code, each file below what is about it."""
    page = review_page(report)
    from stigmem_review.report.findings import ordered
    from stigmem_review.report.source import diff_lines, rest

    about: dict[str, list[Item]] = {}
    for each in ordered(report.findings):
        if each.at is not None:
            where = (Segment(f"{each.rule} {each.name} at "), *theirs(str(each.at)))
            about.setdefault(each.at.path, []).append(Item(where, each.level))
    body: list[Block] = []
    for file in report.source.files if report.source else ():
        if found := about.get(file.path):
            body.append(limited(found, budget.ITEMS))
        body.append(Verbatim(tuple(diff_lines(file)), is_diff=True))
    if report.source:
        body += [Paragraph(words(each)) for each in rest(report.source)]
    return Page(page.first, page.decide, tuple(body), (), page.verdict)


def _reviewed(report: Report) -> Iterator[Line]:
    """Yield what was reviewed and by what; digests stand here and nowhere before."""
    for each in report.reviewed:
        source = each.source
        if source.kind == "none":
            yield Line(each.side, theirs(source.asked))
            continue
        says = [*theirs(source.file or source.asked), Segment(f" ({source.kind})")]
        if source.sha256:
            says += [Segment(", SHA-256 "), *theirs(source.sha256)]
        if source.origin:
            says += [Segment(", from "), *theirs(source.origin)]
        yield Line(each.side, tuple(says))
        if each.comparison:
            file, showed = each.comparison
            yield Line("held against", (*theirs(file), Segment(f": {showed}")))
        for name in source.unreviewed[: budget.ITEMS]:
            yield Line("not reviewed", theirs(name))
    yield from consulted_lines(report.consulted)
    yield tool_line(report.tool)
    yield Line("for node", words(report.nodes))
    if command := _read(report):
        yield Line("to read what differs", theirs(command))
    if report.go_back:
        yield Line("to go back, install", theirs(report.go_back))
