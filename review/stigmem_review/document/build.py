"""A report is put together, and everything in it sanitised, in one place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import msgspec

from stigmem_review.case import Case, plugin_name, plugin_version
from stigmem_review.compare.fields import value_of
from stigmem_review.document.approvals import Consents
from stigmem_review.document.behaviour import code_as_before
from stigmem_review.document.headline import claims, gains, headline
from stigmem_review.document.parts import (
    Consulted,
    Foretold,
    Item,
    Line,
    Report,
    Reviewed,
    Size,
    tool,
)
from stigmem_review.document.prose import checklist, files, not_assessed, silent_line
from stigmem_review.document.rollback import back_says, backs, way_back
from stigmem_review.document.sanitise import sanitised
from stigmem_review.document.signatures import (
    signature_lines,
    signed_row,
    signed_says,
    unsigned_says,
)
from stigmem_review.document.starting import starting, starts_says
from stigmem_review.document.table import label, rows, stated
from stigmem_review.forecast.model import NodeSettings
from stigmem_review.forecast.start import UNSAID
from stigmem_review.host import Node
from stigmem_review.model import Gap, Known, Level, Release, Side, Source, SourceDiff
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.judge import Silent
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.verdict import decide


def build_report(
    case: Case,
    old: Release,
    new: Release,
    consents: Consents,
    already: tuple[Finding, ...],
    node: Node,
    rulebook: Rulebook,
    gate: Level,
    consulted: tuple[Consulted, ...] = (),
    off: tuple[Finding, ...] = (),
    source: SourceDiff | None = None,
    old_node: Node | None = None,
    forecast: tuple[Foretold, ...] = (),
    settings: NodeSettings = UNSAID,
    size: Size | None = None,
    silent: tuple[Silent, ...] = (),
) -> Report:
    """Put the report of a review together; everything in it is sanitised here, once."""
    findings, gaps = consents.findings, consents.gaps
    unread = (*gaps, *(each.gap for each in consents.accepted))
    changes = tuple(rows(case, old, new))
    unchanged = tuple(
        Item(f"{label(name)}: {stated(value_of(new, name))}") for name in case.comparison.unchanged
    )
    differing = tuple(files(old, new))
    standing = (
        *(Line(each.name, each.message) for each in already),
        *unsigned_says(case),
    )
    standing_code = tuple(code_as_before(old, new))
    unassessed = tuple(not_assessed(case, old, new))
    # What the policy turned off is gained all the same, though nobody has to decide about it.
    found = (*findings, *(msgspec.structs.replace(each, level="note") for each in off))
    gained = tuple(gains(found))
    report = Report(
        format=1,
        tool=tool(rulebook),
        node=node.version,
        old_node=old_node.version if old_node else "",
        judged_as=node.judged_as,
        forecast=forecast,
        starting=starting(forecast, settings),
        way_back=way_back(case, case.comparison.ways, old_node),
        backs=backs(case.comparison.ways),
        plugin=case.new.name,
        verdict=decide(findings, gaps, gate, off, accepted=len(consents.accepted)),
        headline=headline(case, new, found, unread, gained),
        gains=gained,
        signed=(*signed_says(case, old, new), *claims(old, new)),
        rows=(*changes, *signed_row(case, old, new)),
        findings=findings,
        gaps=gaps,
        unchanged=unchanged,
        already=standing,
        code=standing_code,
        files=differing,
        signatures=tuple(signature_lines(old, new)),
        signing=case.comparison.signing,
        not_assessed=unassessed,
        checklist=tuple(checklist(case, new, found)),
        go_back=_go_back(old, found),
        reviewed=(_reviewed("old", old), _reviewed("new", new)),
        consulted=consulted,
        off=off,
        source=source,
        approvals=consents.lines,
        on_file=consents.on_file,
        accepted=consents.accepted,
        starts=starts_says(forecast, settings),
        back=back_says(case, case.comparison.ways),
        size=size,
        silent=tuple(map(silent_line, silent)),
    )
    return sanitised(report)


def incomplete_report(
    old: Source,
    new: Source,
    consents: Consents,
    node: str,
    rulebook: Rulebook,
    gate: Level,
    plugin: str = "",
) -> Report:
    """Return the report of a review that could not read a release at all.

    ``plugin`` is its name where both were read, and could not be compared.
    """
    report = Report(
        format=1,
        tool=tool(rulebook),
        node=node,
        plugin=plugin,
        verdict=decide((), consents.gaps, gate, accepted=len(consents.accepted)),
        headline=(),
        gains=(),
        signed=(),
        rows=(),
        findings=(),
        gaps=consents.gaps,
        unchanged=(),
        already=(),
        code=(),
        files=(),
        signatures=(),
        signing=None,
        not_assessed=(),
        checklist=(),
        go_back="",
        reviewed=(
            Reviewed("old", "", "", old),
            Reviewed("new", "", "", new),
        ),
        approvals=consents.lines,
        accepted=consents.accepted,
    )
    return sanitised(report)


def gaps_of(old: Release, new: Release) -> tuple[Gap, ...]:
    """Return what of two releases could not be reviewed."""
    return (*_sided("old", old), *_sided("new", new))


def _sided(side: Side, release: Release) -> Iterable[Gap]:
    for gap in release.gaps:
        yield Gap(f"{side} release, {gap.what}", gap.why, gap.do)


def _reviewed(side: Side, release: Release) -> Reviewed:
    return Reviewed(
        side,
        plugin_name(release),
        plugin_version(release),
        release.source,
        release.signed_by,
        release.manifest,
        release.walked,
        release.observed,
        release.behaviour,
        release.signature,
        release.held_against,
    )


def _go_back(old: Release, findings: tuple[Finding, ...]) -> str:
    """Return what going back installs: the bytes that were reviewed, and no others.

    Nothing where there are none, and where a finding says that going back is refused.
    """
    if any(each.gain is not None and each.gain.what == "no way back" for each in findings):
        return ""
    source = old.source
    match source.kind:
        case "wheel" | "sdist":
            named = source.file
            if source.origin and isinstance(old.distribution, Known):
                named = f"{old.distribution.value}=={plugin_version(old)}"
            return f"{shlex.quote(named)} --hash=sha256:{source.sha256}"
        case "directory":
            return f"{shlex.quote(source.asked)} (sha256 of its files {source.sha256})"
        case _:
            return ""
