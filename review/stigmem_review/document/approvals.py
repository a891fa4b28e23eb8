"""What approvals say, in words, and the commands that decide about a closed gate."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec

from stigmem_review.approvals.match import ends_soon, last_day
from stigmem_review.approvals.record import AnyRecord, Approval, Baseline, Record
from stigmem_review.document.parts import AcceptedPart, Commands, Line
from stigmem_review.model import Gap
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.rulebook import Finding
from stigmem_review.text import Message, Segment, clean, shorten
from stigmem_review.verdict import Verdict, at_gate, count


class Consents(msgspec.Struct, frozen=True):
    """What approvals make of a review.

    ``findings`` are all, those that are approved last; ``gaps`` those that nothing accepts, and
    ``accepted`` the others; ``lines`` say what approves or nearly does, ``on_file`` what other
    records there are about the plugin.
    """

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    accepted: tuple[AcceptedPart, ...] = ()
    lines: tuple[Line, ...] = ()
    on_file: tuple[Line, ...] = ()


def approval_says(approval: Approval) -> Message:
    """Return in words what approves a finding."""
    back = ", as the way back from what was approved" if approval.back else ""
    with_it: Message = ()
    if approval.committed:
        with_it = (
            Segment(" (with this change, in commit "),
            Segment(shorten(approval.committed, 160), theirs=True),
            Segment(")"),
        )
    return (
        Segment("approved by "),
        Segment(shorten(approval.by, 120), theirs=True),
        Segment(f" on {approval.approved}, until {approval.until}{back}: "),
        Segment(shorten(approval.reason, 300), theirs=True),
        *with_it,
    )


def approval_lines(
    findings: Sequence[Finding], accepted: Sequence[AcceptedPart], today: date
) -> Iterator[Line]:
    """Yield a line for each approval that counts, that ends soon, and that does not count."""
    approved = Counter(each.approval for each in findings if each.approval)
    without = Counter(each.approval for each in accepted)
    used = [*dict.fromkeys((*approved, *without))]
    for approval in used:
        yield Line(_about(approved[approval], without[approval]), approval_says(approval))
    for approval in used:
        if ends_soon(approval.until, today):
            days = (approval.until - today).days
            when = "today" if days == 0 else f"in {count(days, 'day')}"
            yield Line(
                "ends soon",
                (
                    Segment("the approval by "),
                    Segment(shorten(approval.by, 120), theirs=True),
                    Segment(f" ends {when}, on {approval.until} (UTC); then the gate closes again"),
                ),
            )
    for says, number in Counter(each.void for each in findings if each.void).items():
        yield Line(f"not approved: {count(number, 'finding')}", says)


def _about(findings: int, parts: int) -> str:
    """Return what is approved: its items are outside text, and each finding says its own."""
    said = [count(findings, "finding")] if findings else []
    return " and ".join([*said, *([count(parts, "part")] if parts else [])])


def on_file_lines(
    records: Iterable[AnyRecord], used: Iterable[Approval], today: date, limits: ApprovalsPolicy
) -> Iterator[Line]:
    """Yield a line for each other record: why it has no part in a review."""
    counted = {(each.by, each.reason, each.approved) for each in used}
    for record in records:
        if (record.by, record.reason, record.approved) in counted:
            continue
        ended = last_day(record, limits)
        state = f"ended on {ended}" if ended < today else f"until {ended}, not used here"
        yield Line(
            "on file",
            (
                Segment(_subject(record), theirs=True),
                Segment(f" approved on {record.approved} by "),
                Segment(shorten(record.by, 120), theirs=True),
                Segment(f", {state}"),
            ),
        )


def _subject(record: AnyRecord) -> str:
    if isinstance(record, Record):
        old, new = (each.version or "?" if each else "none" for each in (record.old, record.new))
        return f"{old} -> {new}"
    if isinstance(record, Baseline):
        return ", ".join(each.plugin for each in record.plugins)
    files = dict.fromkeys(each.change.file for each in record.findings)
    return shorten(", ".join(files), 120)


class Asked(msgspec.Struct, frozen=True):
    """What was asked for, so that it can be asked for again: both releases, and the options."""

    old: str
    new: str
    options: tuple[str, ...] = ()


def decide_commands(
    asked: Asked,
    review: str,
    verdict: Verdict,
    findings: Iterable[Finding],
    *,
    has_bytes: bool,
    may_be_incomplete: bool = True,
) -> Commands | None:
    """Return what to run next where a gate is closed.

    ``has_bytes`` if every artifact has a digest: what nobody has is never approved.
    """
    if verdict.exit_code == 0:
        return None
    look = command("diff", asked.old, asked.new, *asked.options, "--code")
    closing = [each for each in findings if at_gate(each.level, verdict.gate)]
    final = sum(not each.approvable for each in closing)
    if final:
        are = "is" if final == 1 else "are"
        return Commands(review, look, remark=f"{count(final, 'finding')} {are} not approvable")
    more: tuple[str, ...] = ()
    remark = ""
    if verdict.exit_code == 3:
        if not has_bytes:
            return Commands(review, look, remark="a release could not be read")
        if not may_be_incomplete:
            return Commands(review, look, remark="the policy accepts no incomplete review")
        more, remark = ("--incomplete",), "for at most seven days"
    approve = command(
        "approve", asked.old, asked.new, *asked.options, *more, "--review", review,
        "--reason", PLACEHOLDER,
    )  # fmt: skip
    return Commands(review, look, approve, remark)


PLACEHOLDER = "..."
"""What stands for the reason in a command that is printed."""


def command(*words: str) -> str:
    """Return a command of this tool as one line for a shell, in characters a report can show."""
    return shell("stigmem-review", *words)


def shell(*words: str) -> str:
    """Return a command as one line for a shell, in characters a report can show."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word == PLACEHOLDER:
        return f'"{word}"'
    quoted = shlex.quote(word)
    if clean(quoted) == quoted and "`" not in word:
        return quoted
    # Of what a report escapes, the shell has to get what it was (POSIX 2024, "dollar-single").
    data = word.encode("utf-8", "surrogateescape").decode("latin-1")
    return "$'" + re.sub(r"[^ !-&(-Z^-_a-~\[\]]|[:#]", _escaped, data) + "'"


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"
