"""The report about everything a change of pins would deploy: an overview, and each review."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review import host
from stigmem_review.document.approvals import PLACEHOLDER, Asked, Consents, command, shell
from stigmem_review.document.parts import Commands, Consulted, Line, Report, Tool, judged
from stigmem_review.document.sanitise import sanitised
from stigmem_review.model import Gap, Level, Location
from stigmem_review.pins.changes import What
from stigmem_review.rulebook import Finding
from stigmem_review.verdict import State, Verdict, count, decide, is_closing


class Bump(msgspec.Struct, frozen=True):
    """One plugin whose pin changed.

    ``old`` and ``new`` are the pinned versions, empty where there is none; ``at`` is the pin, in
    the old revision where the new one has none. ``report`` is the review of the upgrade, absent
    where no file is the one that was pinned.
    """

    plugin: str
    what: What
    old: str
    new: str
    at: Location
    state: State
    report: Report | None


STAGED = "the index"
"""What stands for the commit that there will be of what is staged, as git calls it."""


class Compared(msgspec.Struct, frozen=True):
    """The revisions of a repository: their commits, and what the head's pins are compared with.

    ``pins_from`` is the common ancestor of both, or the base where there is no single one. The
    head is ``STAGED`` where it is no commit yet, and the base then "nothing" before the first.
    """

    base: str
    head: str
    pins_from: str


class Shard(msgspec.Struct, frozen=True):
    """Which part of a change a report is about: ``index`` (from 1) ``of`` how many.

    ``work`` is what ``merge`` puts together.
    """

    index: int
    of: int
    work: str


class BumpReport(msgspec.Struct, frozen=True):
    """All plugins of a repository whose pins changed. Every string in it is printable ASCII.

    ``format`` is the version of this document's structure; ``consulted`` is what of the base it
    went by; ``findings`` and ``gaps`` are about the pins themselves; ``others`` are changed pins of
    what is no plugin; ``as_before`` what was so before, ``files`` those that the head's pins were
    read from; ``off`` are findings about the pins that the policy turned off. ``approvals`` are
    what approves findings about the pins, or nearly does, ``on_file`` other records about the files
    that change; ``commands`` decide about the whole change, where the gate is closed by more than
    one review of releases. ``asked`` is what names both revisions to whoever decides. ``left`` are
    pins that changed and whose files were not at hand, which is for another review to look at.
    ``old_node`` is the node before, where its pin moves. ``warn_only`` is what the base's policy
    says; ``shard`` is there where other plugins of the change are in other reports.
    ``judged_as`` is the newest node that is known, where the one it is for is newer.
    """

    format: Literal[1]
    tool: Tool
    node: str
    compared: Compared
    consulted: tuple[Consulted, ...]
    verdict: Verdict
    bumps: tuple[Bump, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    others: tuple[Line, ...]
    as_before: tuple[Line, ...]
    files: tuple[str, ...]
    off: tuple[Finding, ...] = ()
    approvals: tuple[Line, ...] = ()
    on_file: tuple[Line, ...] = ()
    commands: Commands | None = None
    asked: tuple[str, str] = ("", "")
    left: tuple[str, ...] = ()
    old_node: str = ""
    shard: Shard | None = None
    warn_only: bool = False
    judged_as: str = ""

    @property
    def exit_code(self) -> int:
        """What a command ends with that reports it: the verdict's, unless the policy only warns."""
        return 0 if self.warn_only else self.verdict.exit_code

    @property
    def sentence(self) -> str:
        """What the gate waits for, and whether anything waits for the gate."""
        if not self.warn_only or not self.verdict.exit_code:
            return self.verdict.sentence
        return f"{self.verdict.sentence} The base's policy says warn-only, so this does not fail."

    @property
    def nodes(self) -> str:
        """The node that plugins are reviewed for, and the one before where that is another."""
        return judged(self.node, self.judged_as, self.old_node)


def build_bump_report(
    *,
    node: str,
    compared: Compared,
    consulted: tuple[Consulted, ...],
    bumps: tuple[Bump, ...],
    consents: Consents,
    gaps: tuple[Gap, ...],
    others: tuple[Line, ...],
    as_before: tuple[Line, ...],
    files: tuple[str, ...],
    tool: Tool,
    gate: Level,
    asked: Asked,
    review: str,
    off: tuple[Finding, ...] = (),
    left: tuple[str, ...] = (),
    warn_only: bool = False,
    old_node: str = "",
) -> BumpReport:
    """Put the report of a change of pins together; everything is sanitised here, once.

    ``consents`` are the findings about the pins, with what approves them; ``review`` identifies
    what there is to decide, and ``asked`` says how to ask for it again.
    """
    findings = consents.findings
    reports = [each.report for each in bumps if each.report]
    every = (*findings, *(finding for each in reports for finding in each.findings))
    accepted = sum(len(each.accepted) for each in reports)
    hidden = (*off, *(finding for each in reports for finding in each.off))
    found = (*gaps, *(found for each in reports for found in each.gaps))
    verdict = decide(every, found, gate, hidden, accepted=accepted)
    commands = change_commands(asked, review, compared, verdict, findings, gaps, bumps)
    return sanitised(
        BumpReport(
            format=1,
            tool=tool,
            node=node,
            compared=compared,
            consulted=consulted,
            verdict=verdict,
            bumps=bumps,
            findings=findings,
            gaps=gaps,
            others=others,
            as_before=as_before,
            files=files,
            off=off,
            approvals=consents.lines,
            on_file=consents.on_file,
            commands=commands,
            asked=(asked.old, asked.new),
            left=left,
            warn_only=warn_only,
            old_node=old_node,
            judged_as=host.node(node).judged_as if host.is_known(node) else "",
        )
    )


_UNCOMMITTED = (
    "only a commit can be approved: skip the hook for it (SKIP=stigmem-review-pins git commit), "
    "and decide in its pull request"
)


def change_commands(
    asked: Asked,
    review: str,
    compared: Compared,
    verdict: Verdict,
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    bumps: tuple[Bump, ...],
) -> Commands | None:
    """Return what decides about a whole change; nothing where one review's own commands do."""
    closing = [each for each in findings if is_closing(each, verdict.gate)]
    closed = [each for each in bumps if each.state != "clear"]
    by_itself = all(each.report is None or each.report.commands for each in closed)
    if not closing and (gaps or (len(closed) < 2 and by_itself)):
        return None
    files = dict.fromkeys(each.change.file for each in closing if each.change)
    paths = ("--", *files) if files else ()
    is_staged = compared.head == STAGED
    sides = ("--cached",) if is_staged else (compared.pins_from, compared.head)
    look = shell("git", "diff", *sides, *paths)
    reports = [each.report for each in closed if each.report]
    final = sum(
        is_closing(each, verdict.gate) and not each.approvable
        for each in (*findings, *(found for each in reports for found in each.findings))
    )
    if final:
        are = "is" if final == 1 else "are"
        return Commands(review, look, remark=f"{count(final, 'finding')} {are} not approvable")
    if gaps:
        return Commands(review, look, remark="something of the pins could not be reviewed")
    if is_staged:
        return Commands(review, look, remark=_UNCOMMITTED)
    unread = [each for each in reports if each.verdict.exit_code == 3]
    for each in unread:
        if each.commands and not each.commands.approve:
            return Commands(review, look, remark=f"{each.plugin}: {each.commands.remark}")
    more = ("--incomplete",) if unread else ()
    approve = command(
        *("approve", "--bump", asked.old, asked.new, *asked.options, *more),
        *("--review", review, "--reason", PLACEHOLDER),
    )
    return Commands(review, look, approve, "for at most seven days" if unread else "")
