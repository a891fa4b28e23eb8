"""The report as Markdown, as GitHub renders it.

Outside text stands in code spans and nowhere else. It is printable ASCII already; the two
characters that could end a code span or a table cell are escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from stigmem_review.document.approvals import approval_says
from stigmem_review.document.parts import (
    AcceptedPart,
    Commands,
    Consulted,
    Item,
    Line,
    Report,
    Reviewed,
    Row,
)
from stigmem_review.model import Gap
from stigmem_review.report import budget
from stigmem_review.report.excerpt import Shortened, shortened
from stigmem_review.report.groups import Group, code_title, grouped, level_says, off_title
from stigmem_review.report.source import diff_lines, read_command, rest
from stigmem_review.rulebook import Finding
from stigmem_review.text import Message
from stigmem_review.verdict import State, count

_MARKS = {"clear": "✅", "needs approval": "🟡", "blocked": "⛔", "incomplete": "❔"}

_LEVELS = {"error": "⛔ ", "warning": "🟡 ", "note": ""}


def render_markdown(report: Report) -> str:
    """Return a report as Markdown."""
    parts = [*_top(report)]
    parts += _approvals(report)
    if report.findings or report.gaps or report.accepted:
        parts += [*gap_parts(report.gaps), *_accepted(report.accepted), *_table(report)]
        parts += [*finding_parts(report.findings, "Findings"), *off_parts(report.off)]
        parts += _end(report)
        parts += decide_parts(report.commands) if report.commands else ()
    else:
        parts.append(report.brief)
        parts += off_parts(report.off)
        parts += _source(report)
        parts += _signatures(report)
        parts += _details("What was reviewed", list(_reviewed(report)))
    return "\n\n".join(parts) + "\n"


def _approvals(report: Report) -> Iterator[str]:
    if report.approvals:
        yield "\n".join(line_items(report.approvals))


def _accepted(parts: Sequence[AcceptedPart]) -> Iterator[str]:
    if parts:
        yield "## Not reviewed, and accepted so"
        yield "\n".join(
            f"- {code(each.gap.what)}: {code(each.gap.why)}, "
            f"{message(approval_says(each.approval))}"
            for each in parts
        )


def decide_parts(commands: Commands) -> Iterator[str]:
    yield "## To decide"
    yield "Look closer:"
    yield _shell(commands.look)
    if commands.approve:
        yield f"Approve{f' ({commands.remark})' if commands.remark else ''}:"
        yield _shell(commands.approve)
    else:
        yield f"Approve: not possible, {commands.remark}."


def _shell(command: str) -> str:
    return f"```sh\n{command}\n```"


def marked(state: State) -> str:
    """Return a verdict's state with its mark."""
    return f"{_MARKS[state]} **{state.capitalize()}**"


def code(text: str) -> str:
    """Return outside text as a code span that nothing in it can end."""
    escaped = text.replace("`", "\\u{60}").replace("|", "\\u{7c}")
    return f"`{escaped}`" if escaped.strip() else ""


def message(segments: Message) -> str:
    """Return a message with outside text in code spans."""
    return "".join(code(each.text) if each.theirs else each.text for each in segments)


def _top(report: Report) -> Iterator[str]:
    old, new = report.reviewed
    yield f"# {code(report.plugin or 'review')} {_version(old)} → {_version(new)}"
    verdict = report.verdict
    facts = [
        marked(verdict.state),
        *verdict.counts,
        f"node {report.nodes}",
    ]
    yield " · ".join(facts)
    says = [message(report.headline), message(report.signed), verdict.sentence]
    if report.gains:
        yield says.pop(0)
        shown, more = budget.cut(report.gains, budget.GAINS)
        lines = [f"- {_LEVELS[each.level]}{message(each.says)}" for each in shown]
        yield "\n".join([*lines, *([f"- and {more} more"] if more else [])])
    yield " ".join(filter(None, says))


def _version(each: Reviewed) -> str:
    if each.version:
        return code(each.version)
    return "none" if each.source.kind == "none" else "(version not known)"


def gap_parts(gaps: Sequence[Gap]) -> Iterator[str]:
    """Yield what could not be reviewed, below its heading."""
    if gaps:
        yield "## What could not be reviewed"
        yield "\n".join(map(gap_item, gaps))


def gap_item(gap: Gap) -> str:
    """Return a part that could not be reviewed as an item of a list."""
    return f"- {code(gap.what)}: {code(gap.why)}" + (f"; {code(gap.do)}" if gap.do else "")


def _table(report: Report) -> Iterator[str]:
    if not report.rows:
        return
    old, new = report.reviewed
    lines = [f"| | {_version(old)} (runs now) | {_version(new)} | |", "|---|---|---|---|"]
    if old.source.kind == "none":
        lines[0] = f"| | none | {_version(new)} | |"
    lines += [_row(row) for row in report.rows]
    yield "\n".join(lines)


def _row(row: Row) -> str:
    old = [code(item.text) for item in row.items if item.sign in ("", "-")]
    new = [_new(item) for item in row.items if item.sign != "-"]
    # In the order of the cell, so that each can be told apart from the next.
    shown = sorted(row.items, key=lambda item: item.sign == "")
    remarks = dict.fromkeys(item.remark for item in shown if item.remark and item.text)
    cells = [row.field, _cell(old), _cell(new), "; ".join(remarks)]
    return "| " + " | ".join(cells) + " |"


def _new(item: Item) -> str:
    if item.sign == "?":
        return f"**{item.remark}**"
    shown = code(item.text) or item.remark
    return f"**+** {shown}" if item.sign == "+" else shown


def _cell(items: list[str]) -> str:
    # What was added stands first, so that no cut can hide it.
    ordered = sorted(items, key=lambda item: not item.startswith("**"))
    shown, more = budget.cut(ordered, budget.ITEMS)
    return "<br>".join([*shown, *([f"and {more} more"] if more else [])])


def finding_parts(findings: tuple[Finding, ...], title: str) -> Iterator[str]:
    """Yield findings below a heading."""
    if not findings:
        return
    yield f"## {title}"
    groups, more = grouped(findings)
    for group in groups:
        yield _group(group)
    if more:
        yield f"{count(more, 'more finding')}: see the report as JSON."


def _group(group: Group) -> str:
    first = group.first
    parts = [f"### {group.number}. {level_says(first)}: {first.name} ({first.rule})"]
    parts.append("\n".join(_said(group)).rstrip())
    parts += [block(each.write) for each in group.findings if each.write]
    if not group.explained:
        parts.append(f"*Why it matters:* {first.why}")
        parts.append(f"*What to do:* {first.do}")
    if not first.approvable:
        parts.append("**Not approvable: it must be fixed before this is deployed.**")
    return "\n\n".join(parts)


def _said(group: Group) -> Iterator[str]:
    """Yield each finding of a group as an item of a list, with the lines that it is about."""
    for each in group.findings:
        yield f"- {message(each.message)}{_where(each)}{_approved(each)}"
        found = shortened(each)
        if found is not None:
            is_first = group.number == 1 and each is group.first
            block = lines_block(found, is_open=is_first)
            yield from ("", *(f"  {line}".rstrip() for line in block), "")


def lines_block(found: Shortened, *, is_open: bool) -> Iterator[str]:
    """Yield lines of code as a folded block that none of them can end."""
    named = "What changed" if found.is_change else "The lines"
    yield f"<details{' open' if is_open else ''}><summary>{named}</summary>"
    yield ""
    fence = fence_of(line.text for line in found.lines)
    yield f"{fence}diff"
    for index, piece in enumerate(found.pieces):
        if index:
            yield f"@@ line {piece[0].number} @@"
        yield from (line.sign + line.text for line in piece)
    yield fence
    if found.more:
        yield from ("", f"and {count(found.more, 'more line')}")
    yield from ("", "</details>")


def _approved(finding: Finding) -> str:
    return f"<br>{message(approval_says(finding.approval))}" if finding.approval else ""


def off_parts(off: tuple[Finding, ...]) -> Iterator[str]:
    """Yield findings that the policy turned off, folded."""
    yield from _details(
        off_title(off),
        [
            f"- {each.level}: {each.name} ({each.rule}) by {code(each.policy)}: "
            f"{message(each.message)}"
            for each in off
        ],
    )


def fence_of(lines: Iterable[str]) -> str:
    """Return what begins and ends a block of code, and is longer than anything like it inside."""
    longest = max((len(each) for line in lines for each in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def block(lines: Iterable[str]) -> str:
    """Return lines that are printable ASCII as a block of code, to be copied."""
    # Only a backtick could end the block early.
    return "\n".join(["```", *(line.replace("`", "\\u{60}") for line in lines), "```"])


def _where(finding: Finding) -> str:
    if not finding.at:
        return ""
    side = " of the old release" if finding.side == "old" else ""
    return f" ({code(str(finding.at))}{side})"


def _end(report: Report) -> Iterator[str]:
    if report.starting:
        yield "## At start-up"
        yield "\n".join(line_items(report.starting))
    if report.way_back:
        yield "## Going back"
        yield "\n".join(line_items(report.way_back))
    yield from _details(
        f"What did not change ({count(len(report.unchanged), 'field')})",
        [f"- {code(item.text)}" for item in report.unchanged],
    )
    yield from _details(
        f"As before ({count(len(report.already), 'state')})", line_items(report.already)
    )
    yield from _details(code_title(report), line_items(report.code))
    yield from _details(
        f"Files of the package that differ ({len(report.files)})",
        [f"- {item.sign or 'changed'} {code(item.text)}" for item in report.files],
    )
    yield from _source(report)
    yield from _signatures(report)
    yield from _details(
        f"Other approvals of this plugin ({len(report.on_file)})", line_items(report.on_file)
    )
    if report.not_assessed:
        yield "## Not assessed"
        yield "\n".join(line_items(report.not_assessed))
    if report.checklist:
        yield "## The operators' checklist"
        rows = [f"| {line.what} | {message(line.says)} |" for line in report.checklist]
        yield "\n".join(["| | |", "|---|---|", *rows])
    yield "## What was reviewed"
    yield "\n".join(_reviewed(report))


def _source(report: Report) -> Iterator[str]:
    """Yield what differs of the code, folded."""
    if report.source is None:
        return
    parts = [f"<details><summary>The code that differs ({len(report.source.files)})</summary>"]
    for file in report.source.files:
        lines = [*diff_lines(file)]
        if file.hunks:
            fence = fence_of(lines)
            parts.append("\n".join([f"{fence}diff", *lines, fence]))
        else:
            parts.append(f"- {code(lines[0])}")
    yield "\n\n".join([*parts, *rest(report.source), "</details>"])


def _signatures(report: Report) -> Iterator[str]:
    if report.signatures:
        yield "## Signatures"
        yield "\n".join(line_items(report.signatures))


def consulted_items(consulted: tuple[Consulted, ...], where: str = "") -> Iterator[str]:
    """Yield what a review went by; that there is no policy, where one is looked for."""
    if where and not any(each.what == "policy" for each in consulted):
        yield f"- policy: none {where}: the defaults"
    for each in consulted:
        remark = f" ({each.remark})" if each.remark else ""
        digest = f", SHA-256 {code(each.sha256)}" if each.sha256 else ""
        yield f"- {each.what}: {code(each.path)}{remark}{digest}"


def line_items(lines: Iterable[Line]) -> list[str]:
    return [f"- {line.what}: {message(line.says)}" for line in lines]


def _details(summary: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    shown, more = budget.cut(lines, budget.LINES)
    body = "\n".join([*shown, *([f"- and {more} more"] if more else [])])
    yield f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _reviewed(report: Report) -> Iterator[str]:
    for each in report.reviewed:
        source = each.source
        if source.kind == "none":
            yield f"- {each.side}: {code(source.asked)}"
            continue
        line = f"- {each.side}: {code(source.file or source.asked)} ({source.kind})"
        if source.sha256:
            line += f", SHA-256 {code(source.sha256)}"
        if source.origin:
            line += f", from {code(source.origin)}"
        yield line
        if each.comparison:
            yield f"  - held against {code(each.comparison[0])}: {each.comparison[1]}"
        for name in source.unreviewed[: budget.ITEMS]:
            yield f"  - not reviewed: {code(name)}"
    yield from consulted_items(report.consulted)
    tool = report.tool
    yield (
        f"- by {tool.name} {tool.version}, {tool.rules} rules (`{tool.rules_sha256[:12]}`), "
        f"for node {report.nodes}"
    )
    if command := read_command(report):
        yield f"- to read what differs: {code(command)}"
    if report.go_back:
        yield f"- to go back, install {code(report.go_back)}"
