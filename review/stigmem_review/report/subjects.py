"""What a report is about, one plugin at a time, for formats that list findings and places."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stigmem_review.document.approvals import approval_says
from stigmem_review.document.bump import Bump, BumpReport
from stigmem_review.document.check import Checked, CheckReport
from stigmem_review.document.node import NodeReport
from stigmem_review.document.parts import Report
from stigmem_review.model import Gap, Level, Location, Source
from stigmem_review.report.places import opened
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat
from stigmem_review.verdict import State, decide

AnyReport = Report | CheckReport | NodeReport | BumpReport


class Placed(msgspec.Struct, frozen=True):
    """A finding, and where that is: ``at`` in a file that can be opened, ``inside`` a release."""

    finding: Finding
    at: Location | None = None
    inside: Location | None = None

    @property
    def says(self) -> str:
        """Its message, with its place in the release and what became of its approval."""
        finding = self.finding
        where = f" ({self.inside})" if self.inside and self.inside != self.at else ""
        void = f" Not approved: {flat(finding.void)}." if finding.void else ""
        approval = f" {flat(approval_says(finding.approval))}" if finding.approval else ""
        return f"{flat(finding.message)}{where}{void}{approval}"


class Subject(msgspec.Struct, frozen=True):
    """One thing that a report is about: a plugin, a node, or the pins of a change.

    ``name`` is what it is called, ``plugin`` that of a plugin, ``versions`` what becomes of it;
    ``at`` is its place in a repository, where it has one, and ``file`` what it was read from.
    """

    name: str
    file: str
    state: State
    sentence: str
    findings: tuple[Placed, ...]
    gaps: tuple[Gap, ...] = ()
    plugin: str = ""
    versions: str = ""
    at: Location | None = None

    @property
    def title(self) -> str:
        """Its name, with its versions where it has some."""
        return " ".join(filter(None, (self.name, self.versions)))

    def unreviewed(self, gap: Gap) -> str:
        """Return what of it could not be reviewed, without its name where that is all of it."""
        return f"not reviewed: {str(gap).removeprefix(f'{self.name}: ')}"


def subjects(report: AnyReport) -> Iterator[Subject]:
    """Yield everything that a report is about; each of its findings and gaps is of one of them."""
    match report:
        case Report():
            yield _reviewed(report)
        case CheckReport():
            for each in report.checked:
                yield _checked(each, report.verdict.gate)
            # What users will see is their gate's to judge; what of it is not known is told.
            for upcoming in report.upcoming:
                if upcoming.gaps:
                    yield msgspec.structs.replace(_reviewed(upcoming), findings=())
        case NodeReport():
            yield from _node(report)
        case BumpReport():
            yield _pins(report)
            for bump in report.bumps:
                yield _bumped(bump)


def only_warns(report: AnyReport) -> bool:
    """Say whether a policy wants everything reported and nothing to fail."""
    return isinstance(report, BumpReport) and report.warn_only


def _reviewed(report: Report, at: Location | None = None) -> Subject:
    old, new = report.reviewed
    source = new.source if new.source.kind != "none" else old.source
    return Subject(
        name=report.plugin or source.asked,
        file=_file(source),
        state=report.verdict.state,
        sentence=report.verdict.sentence,
        findings=tuple(_placed(each, source, at) for each in report.findings),
        gaps=report.gaps,
        plugin=report.plugin,
        versions=moved(old.version, new.version),
        at=at,
    )


def moved(old: str, new: str) -> str:
    """Return what becomes of a version, which is empty where there is none."""
    return f"{old or 'none'} -> {new or 'none'}" if old or new else ""


def _file(source: Source) -> str:
    # What an index gave has no place of its own that anybody could open.
    return source.file if source.origin else source.asked


def _placed(finding: Finding, source: Source, pin: Location | None) -> Placed:
    if pin is None and finding.at is not None and finding.side != "old":
        at = opened(source, finding.at)
        return Placed(finding, at, None if at else finding.at)
    return Placed(finding, pin, finding.at)


def _checked(each: Checked, gate: Level) -> Subject:
    verdict = decide(each.mistakes, each.gaps, gate, each.off)
    return Subject(
        name=each.plugin or each.source.asked,
        file=_file(each.source),
        state=verdict.state,
        sentence=verdict.sentence,
        findings=tuple(_placed(mistake, each.source, None) for mistake in each.mistakes),
        gaps=each.gaps,
        plugin=each.plugin,
        versions=each.version,
    )


def _node(report: NodeReport) -> Iterator[Subject]:
    plugins = {each.plugin: each for each in report.after.plugins}
    of: dict[str, list[Finding]] = {name: [] for name in plugins}
    whole = [each for each in report.findings if each.item not in of]
    for each in report.findings:
        of.get(each.item, []).append(each)
    gate = report.verdict.gate
    verdict = decide(tuple(whole), report.gaps, gate)
    yield Subject(
        name=f"node {report.nodes}",
        file="node",
        state=verdict.state,
        sentence=verdict.sentence,
        findings=tuple(Placed(each, None, each.at) for each in whole),
        gaps=report.gaps,
    )
    for name, plugin in plugins.items():
        verdict = decide(tuple(of[name]), (), gate)
        yield Subject(
            name=name,
            file=plugin.file,
            state=verdict.state,
            sentence=verdict.sentence,
            findings=tuple(Placed(each, None, each.at) for each in of[name]),
            plugin=name,
            versions=plugin.version,
        )


def _pins(report: BumpReport) -> Subject:
    verdict = decide(report.findings, report.gaps, report.verdict.gate)
    found = ((each, each.at if each.side == "new" else None) for each in report.findings)
    return Subject(
        name="pins",
        file=report.files[0] if report.files else "requirements.txt",
        state=verdict.state,
        sentence=verdict.sentence,
        findings=tuple(Placed(each, at, None if at else each.at) for each, at in found),
        gaps=report.gaps,
    )


def _bumped(bump: Bump) -> Subject:
    at = bump.at if bump.new else None
    if bump.report is None:
        sentence = "No file of it is the one that is pinned, so it was not reviewed."
        return Subject(
            name=bump.plugin,
            file=bump.at.path,
            state=bump.state,
            sentence=sentence,
            findings=(),
            plugin=bump.plugin,
            versions=moved(bump.old, bump.new),
            at=at,
        )
    found = _reviewed(bump.report, at)
    return msgspec.structs.replace(
        found,
        name=bump.plugin,
        file=bump.at.path,
        plugin=bump.plugin,
        versions=moved(bump.old, bump.new),
    )
