"""Annotations for a GitHub workflow run: the verdict first, then the heaviest findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from stigmem_review.document.bump import BumpReport
from stigmem_review.document.check import CheckReport
from stigmem_review.document.node import NodeReport
from stigmem_review.document.parts import Report
from stigmem_review.model import Gap, Location
from stigmem_review.report.budget import ANNOTATIONS, GAINS, cut
from stigmem_review.report.bump import bump_summary
from stigmem_review.report.subjects import AnyReport, Placed, Subject, only_warns, subjects
from stigmem_review.text import flat, shorten
from stigmem_review.verdict import Verdict, count, lowered_says
from stigmem_review.workflow import annotation, escaped

_CHARS = 1000
"""Of one annotation; more than fits on a screen helps nobody."""

_PLUGINS = 4
"""Of a change, in its first annotation; what it comes to must not be cut off behind them."""

Command = Literal["error", "warning", "notice"]
_COMMANDS: dict[str, Command] = {"error": "error", "warning": "warning", "note": "notice"}


class Annotation(NamedTuple):
    """One annotation; ``at`` is a place in the repository, if there is one."""

    command: Command
    title: str
    text: str
    at: Location | None = None

    def line(self) -> str:
        """Return the annotation as a workflow command."""
        properties = []
        if self.at is not None and self.at.path:
            properties.append(f"file={escaped(self.at.path)}")
            properties += [f"line={self.at.line}"] if self.at.line else []
        return annotation(self.command, self.title, shorten(self.text, _CHARS), *properties)


def render_annotations(report: AnyReport) -> str:
    """Return a report as at most ten workflow commands."""
    first, *rest = _annotations(report)
    if only_warns(report):
        first, *rest = (_lighter(each) for each in (first, *rest))
    rest.sort(key=lambda each: tuple(_COMMANDS.values()).index(each.command))
    if len(rest) > ANNOTATIONS - 1:
        more = len(rest) - (ANNOTATIONS - 2)
        are = f"{count(more, 'more finding')} in the job summary"
        rest = [*rest[: ANNOTATIONS - 2], Annotation("notice", "stigmem-review: more", f"{are}.")]
    return "".join(each.line() for each in (first, *rest))


def _lighter(annotation: Annotation) -> Annotation:
    return annotation._replace(command="warning") if annotation.command == "error" else annotation


def _annotations(report: AnyReport) -> Iterator[Annotation]:
    match report:
        case Report():
            gained = "; ".join(flat(each.says) for each in report.gains[:GAINS])
            said = filter(None, (report.plugin, flat(report.headline), gained, flat(report.signed)))
            yield _verdict(report.verdict, " ".join(said))
        case CheckReport():
            names = ", ".join(each.plugin or each.source.asked for each in report.checked[:5])
            # A check decides nothing; what the policy lowered is to be seen all the same.
            yield _verdict(report.verdict, names, sentence=_lowered(report))
        case NodeReport():
            yield _verdict(report.verdict, flat(report.headline))
        case BumpReport():
            about = _moved(report) or bump_summary(report)
            yield _verdict(report.verdict, about, sentence=report.sentence)
    for subject in subjects(report):
        for gap in subject.gaps:
            yield _gap(gap, subject.at, subject.plugin)
        for each in subject.findings:
            yield _finding(each, subject)


def _moved(report: BumpReport) -> str:
    """Say which plugins change, to what, and who signed that."""
    shown, more = cut(report.bumps, _PLUGINS)
    said = []
    for each in shown:
        signed = flat(each.report.signed).rstrip(".") if each.report else ""
        moved = f"{each.plugin} {each.old or 'none'} -> {each.new or 'none'}: {each.state}"
        said.append(f"{moved} ({signed})" if signed else moved)
    return ", ".join([*said, *([f"and {count(more, 'more plugin')}"] if more else [])])


def _lowered(report: CheckReport) -> str:
    found = tuple(mistake for each in report.checked for mistake in each.mistakes)
    return lowered_says(found, tuple(mistake for each in report.checked for mistake in each.off))


def _verdict(verdict: Verdict, about: str, *, sentence: str | None = None) -> Annotation:
    command: Command = "error" if verdict.exit_code else "notice"
    said = ", ".join(verdict.counts)
    sentence = verdict.sentence if sentence is None else sentence
    about = about if about.endswith(".") or not about else f"{about}."
    text = f"{about}{f' {said}.' if said else ''} {sentence}".strip()
    return Annotation(command, f"stigmem-review: {verdict.state}", text or verdict.state)


def _gap(gap: Gap, at: Location | None, plugin: str) -> Annotation:
    return Annotation("error", f"{plugin or 'stigmem-review'}: not reviewed", str(gap), at)


def _finding(each: Placed, subject: Subject) -> Annotation:
    finding = each.finding
    at = each.at or subject.at
    named = f"{subject.plugin}: " if subject.plugin else ""
    title = f"{named}{finding.rule} {finding.name}"
    if finding.approval:
        return Annotation("notice", title, each.says, at)
    text = "\n".join((f"{each.says} {finding.do}", *finding.write))
    return Annotation(_COMMANDS[finding.level], title, text, at)
