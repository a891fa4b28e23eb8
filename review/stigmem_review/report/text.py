"""The report for a terminal, in plain text; colour is only ever an addition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from stigmem_review.document.approvals import approval_says
from stigmem_review.document.parts import (
    AcceptedPart,
    Commands,
    Consulted,
    Item,
    Line,
    Report,
    Reviewed,
)
from stigmem_review.model import SourceDiff
from stigmem_review.report import budget
from stigmem_review.report.excerpt import shortened
from stigmem_review.report.groups import Group, code_title, grouped, level_says, off_title
from stigmem_review.report.source import diff_lines, read_command, rest
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat
from stigmem_review.verdict import count

_COLOURS = {
    "clear": "32;1",
    "needs approval": "33;1",
    "blocked": "31;1",
    "incomplete": "35;1",
    "error": "31",
    "warning": "33",
    "note": "36",
    "+": "32",
    "-": "31",
    "?": "35",
    "head": "1",
    "dim": "2",
}


def render_text(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """Return a report as text of at most ``width`` columns where words allow it."""
    page = _Page(max(40, width), colour)
    return "\n".join(page.report(report)) + "\n"


def finding_lines(
    findings: tuple[Finding, ...], title: str, width: int, colour: bool
) -> Iterator[str]:
    """Yield findings below a title, as a report shows them."""
    yield from _Page(max(40, width), colour).findings(findings, title)


def off_lines(off: tuple[Finding, ...], width: int, colour: bool) -> Iterator[str]:
    """Yield findings that the policy turned off, a line each, below their title."""
    yield from _Page(max(40, width), colour).off(off)


def decide_lines(commands: Commands, width: int, colour: bool) -> Iterator[str]:
    """Yield the commands that decide about a closed gate, below their title."""
    yield from _Page(max(40, width), colour).decide(commands)


def paint(text: str, style: str, colour: bool) -> str:
    """Return a text in the colour of a verdict, a level or a sign, where colour is wanted."""
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if colour and text else text


def excerpt_lines(finding: Finding, indent: str, colour: bool) -> Iterator[str]:
    """Yield the lines that a finding is about, with their numbers."""
    found = shortened(finding)
    if found is None:
        return
    width = max(len(str(line.number)) for line in found.lines)
    for index, piece in enumerate(found.pieces):
        if index:
            yield f"{indent}{'...':>{width}}"
        for line in piece:
            text = f"{line.sign} {line.text}".rstrip()
            if line.sign in ("+", "-"):
                text = paint(text, line.sign, colour)
            yield f"{indent}{line.number:>{width}} {text}".rstrip()
    if found.more:
        yield f"{indent}and {count(found.more, 'more line')}"


class _Page:
    def __init__(self, width: int, colour: bool) -> None:
        self._width = width
        self._colour = colour

    def report(self, report: Report) -> Iterator[str]:
        yield from self._top(report)
        if report.source is not None:
            yield from self._source(report, report.source)
            return
        yield from self._lines("Approvals", report.approvals)
        if not (report.findings or report.gaps or report.accepted):
            yield from self._wrap(report.brief)
            yield from self.off(report.off)
            yield from self._lines("Signatures", report.signatures)
            if report.consulted:
                yield ""
            yield from consulted_lines(report.consulted)
            return
        yield from self._gaps(report)
        yield from self._accepted(report.accepted)
        yield from self._table(report)
        yield from self.findings(report.findings, "Findings")
        yield from self.off(report.off)
        yield from self._end(report)
        if report.commands:
            yield from self.decide(report.commands)

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style, self._colour)

    def _wrap(self, text: str, indent: str = "", first: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=indent if first is None else first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _heading(self, text: str) -> Iterator[str]:
        yield ""
        yield self._paint(text, "head")

    def _top(self, report: Report) -> Iterator[str]:
        verdict = report.verdict
        yield self._paint(_title(report), "head")
        facts = [
            self._paint(verdict.state.upper(), verdict.state),
            *verdict.counts,
            f"node {report.nodes}",
        ]
        yield " | ".join(facts)
        if not report.gains:
            says = filter(None, (flat(report.headline), flat(report.signed), verdict.sentence))
            yield from self._wrap(" ".join(says))
            return
        yield from self._wrap(flat(report.headline))
        shown, more = budget.cut(report.gains, budget.GAINS)
        for each in shown:
            lead = f"  {each.level:<8}"
            first, *rest = self._wrap(flat(each.says), " " * len(lead), lead)
            yield self._paint(first[: len(lead)], each.level) + first[len(lead) :]
            yield from rest
        if more:
            yield f"  and {more} more"
        yield from self._wrap(f"{flat(report.signed)} {verdict.sentence}".strip())

    def _source(self, report: Report, diff: SourceDiff) -> Iterator[str]:
        """Yield what differs of the code, each file below the findings that are about it."""
        yield from self._gaps(report)
        about: dict[str, list[str]] = {}
        for each in report.findings:
            if each.at is not None:
                level = self._paint(each.level, each.level)
                said = f"{level}: {each.name} [{each.rule}] at {each.at}"
                about.setdefault(each.at.path, []).append(said)
        for file in diff.files:
            yield ""
            yield from budget.cut(about.get(file.path, []), budget.ITEMS)[0]
            for line in diff_lines(file):
                style = line[:1] if line[:1] in ("+", "-") else "dim" if line[:1] == "@" else ""
                yield self._paint(line, style) if style else line.rstrip()
        yield ""
        yield from rest(diff)

    def _gaps(self, report: Report) -> Iterator[str]:
        if report.gaps:
            yield from self._heading("What could not be reviewed")
        for gap in report.gaps:
            yield from self._wrap(str(gap), "    ", "  - ")

    def _accepted(self, parts: Iterable[AcceptedPart]) -> Iterator[str]:
        parts = list(parts)
        if parts:
            yield from self._heading("Not reviewed, and accepted so")
        for each in parts:
            yield from self._wrap(f"{each.gap.what}: {each.gap.why}", "    ", "  - ")
            yield from self._wrap(flat(approval_says(each.approval)), "    ")

    def decide(self, commands: Commands) -> Iterator[str]:
        # In one line each, however wide: they are there to be copied.
        yield from self._heading("To decide")
        yield "  look closer:"
        yield f"    {commands.look}"
        if commands.approve:
            yield f"  approve{f' ({commands.remark})' if commands.remark else ''}:"
            yield f"    {commands.approve}"
        else:
            yield f"  approve: not possible, {commands.remark}"

    def _table(self, report: Report) -> Iterator[str]:
        if report.rows:
            yield from self._heading("What changes")
        label = max((len(row.field) for row in report.rows), default=0)
        for row in report.rows:
            shown, more = budget.cut(sorted(row.items, key=_weight), budget.ITEMS)
            for index, item in enumerate(shown):
                name = row.field if index == 0 else ""
                yield from self._item(name.ljust(label), item)
            if more:
                yield f"  {' ' * label}    and {more} more"

    def _item(self, label: str, item: Item) -> Iterator[str]:
        text = item.text or item.remark
        if item.text and item.remark:
            text = f"{item.text}  ({item.remark})"
        lead = f"  {label}  {item.sign or ' '} "
        lines = self._wrap(text, " " * len(lead), lead) or [lead.rstrip()]
        for number, line in enumerate(lines):
            if not item.sign:
                yield line
                continue
            # Colour starts at the sign, so that the field's name stays as it is.
            start = len(lead) - 2 if number == 0 else len(lead)
            yield line[:start] + self._paint(line[start:], item.sign)

    def findings(self, findings: tuple[Finding, ...], title: str) -> Iterator[str]:
        if not findings:
            return
        yield from self._heading(title)
        groups, more = grouped(findings)
        for group in groups:
            yield ""
            yield from self._group(group)
        if more:
            yield ""
            yield f"  {count(more, 'more finding')}: see the report as JSON."

    def _group(self, group: Group) -> Iterator[str]:
        first = group.first
        level = self._paint(level_says(first), first.level)
        yield f"{group.number}. {level}: {first.name} [{first.rule}]"
        for finding in group.findings:
            yield from self._wrap(flat(finding.message), "     ", "   - ")
            if finding.at:
                side = " of the old release" if finding.side == "old" else ""
                yield self._paint(f"     --> {finding.at}{side}", "dim")
            yield from excerpt_lines(finding, "      ", self._colour)
            yield from (f"        {line}" for line in finding.write)
            if finding.approval:
                yield from self._wrap(flat(approval_says(finding.approval)), "     ")
        if not group.explained:
            yield from self._wrap(first.why, "        ", "   Why: ")
            yield from self._wrap(first.do, "        ", "   Do:  ")
        if not first.approvable:
            yield "   Not approvable: it must be fixed before this is deployed."

    def off(self, off: tuple[Finding, ...]) -> Iterator[str]:
        if off:
            yield from self._heading(off_title(off))
        shown, more = budget.cut(off, budget.LINES)
        for each in shown:
            said = f"{each.level}: {each.name} [{each.rule}] by {each.policy}: {flat(each.message)}"
            yield from self._wrap(said, "      ", "  ")
        if more:
            yield f"  and {count(more, 'more finding')}: see the report as JSON"

    def _end(self, report: Report) -> Iterator[str]:
        yield from self._lines("At start-up", report.starting)
        yield from self._lines("Going back", report.way_back)
        if report.unchanged:
            yield from self._heading("What did not change")
            for item in report.unchanged:
                yield from self._wrap(item.text, "      ", "  ")
        yield from self._lines("As before", report.already)
        yield from self._lines(code_title(report), report.code)
        if report.files:
            yield from self._heading("Files of the package that differ")
            shown, more = budget.cut(report.files, budget.LINES)
            for item in shown:
                yield from self._item("", item)
            if more:
                yield f"      and {more} more"
        yield from self._lines("Signatures", report.signatures)
        yield from self._lines("Other approvals of this plugin", report.on_file)
        yield from self._lines("Not assessed", report.not_assessed)
        yield from self._lines("The operators' checklist", report.checklist)
        yield from self._reviewed(report)

    def _lines(self, title: str, lines: Iterable[Line]) -> Iterator[str]:
        lines = list(lines)
        if lines:
            yield from self._heading(title)
        shown, more = budget.cut(lines, budget.LINES)
        for line in shown:
            yield from self._wrap(f"{line.what}: {flat(line.says)}", "      ", "  ")
        if more:
            yield f"  and {more} more"

    def _reviewed(self, report: Report) -> Iterator[str]:
        yield from self._heading("What was reviewed")
        for each in report.reviewed:
            yield from _source_lines(each)
        yield from consulted_lines(report.consulted)
        tool = report.tool
        yield f"  by   {tool.name} {tool.version}, {tool.rules} rules {tool.rules_sha256[:12]}"
        if command := read_command(report):
            yield f"  to read what differs: {command}"
        if report.go_back:
            yield f"  to go back, install {report.go_back}"


def consulted_lines(consulted: tuple[Consulted, ...], where: str = "") -> Iterator[str]:
    """Yield what a review went by; that there is no policy, where one is looked for."""
    if where and not any(each.what == "policy" for each in consulted):
        yield f"  policy: none {where}: the defaults"
    for each in consulted:
        remark = f" ({each.remark})" if each.remark else ""
        yield f"  {each.what}: {each.path}{remark}"
        if each.sha256:
            yield f"       sha256 {each.sha256}"


def _title(report: Report) -> str:
    old, new = (each.version or _absent(each) for each in report.reviewed)
    return f"{report.plugin} {old} -> {new}".strip()


def _absent(each: Reviewed) -> str:
    return each.source.asked if each.source.kind == "none" else "(version not known)"


def _source_lines(each: Reviewed) -> Iterator[str]:
    source = each.source
    if source.kind == "none":
        yield f"  {each.side}  {source.asked}"
        return
    yield f"  {each.side}  {source.file or source.asked} ({source.kind})"
    if source.sha256:
        yield f"       sha256 {source.sha256}"
    if source.origin:
        yield f"       from {source.origin}"
    if each.comparison:
        yield f"       held against {each.comparison[0]}: {each.comparison[1]}"
    for name in source.unreviewed[: budget.ITEMS]:
        yield f"       not reviewed: {name}"


def _weight(item: Item) -> int:
    """Put what changed before what stayed, so that no cut can hide it."""
    return 0 if item.sign else 1
