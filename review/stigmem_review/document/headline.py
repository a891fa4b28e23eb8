"""What a report says first: what the upgrade gains, heaviest first, and who signed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.conditions import phrase
from stigmem_review.document.parts import Gained
from stigmem_review.facts import Gain
from stigmem_review.model import LEVELS, Gap, Level, Manifest, Release, Unknown
from stigmem_review.rulebook import Finding
from stigmem_review.text import Message, Segment, shorten
from stigmem_review.verdict import count

_STEPS: dict[str, str] = {
    "major": "This major release",
    "minor": "This minor release",
    "patch": "This patch release",
    "pre-release": "This pre-release",
    "rebuild": "This rebuild of the same version",
    "same": "This release of the same version",
    "downgrade": "This downgrade",
}

_NAMES = 4
"""Names of what is gained in one way, or findings, that are named."""


def headline(
    case: Case,
    new: Release,
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    gained: tuple[Gained, ...],
) -> Message:
    """Return the sentence above what is gained, or in its place where that is nothing.

    It says that nothing is gained only where there is nothing to find.
    """
    if not case.new.present:
        return (Segment("The plugin is removed."),)
    start = _STEPS.get(_step(case), "This release") if case.old.present else "This first release"
    if gained:
        others = sum(each.gain is None and each.level != "note" for each in findings)
        more = f" ({count(others, 'other finding')} below)" if others else ""
        if all(each.level == "note" for each in findings):
            return (Segment(f"{start} has notes only:"),)
        verb = "gains" if case.old.present else "brings"
        return (Segment(f"{start} {verb}{more}:"),)
    if findings:
        names = [*dict.fromkeys(each.name for each in findings)]
        shown = ", ".join(name.replace("-", " ") for name in names[:_NAMES])
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        return (Segment(f"{start} has {count(len(findings), 'finding')}: {shown}{more}."),)
    if gaps or not _was_read(new):
        return (Segment(f"Of {start[0].lower()}{start[1:]} not everything can be read."),)
    if case.comparison.facts:
        return (Segment(f"{start} gains nothing."),)
    return (Segment(f"In {start[0].lower()}{start[1:]} nothing that is compared changed."),)


def gains(findings: Iterable[Finding]) -> Iterator[Gained]:
    """Yield what findings say is gained, heaviest first, what is gained in one way together.

    What several findings say is gained stands with the heaviest of them.
    """
    said: set[tuple[Gain, str]] = set()
    together: dict[tuple[Level, Gain], list[str]] = {}
    order = get_args(facts.base.Gained)
    found = [(each.level, each.gain) for each in findings if each.gain is not None]
    found.sort(key=lambda each: (LEVELS.index(each[0]), order.index(each[1].what)))
    for level, gain in found:
        kind = Gain(gain.what, gain.does, remark=gain.remark, when=gain.when)
        names = [each for each in dict.fromkeys(gain.names or ("",)) if (kind, each) not in said]
        if names:
            said.update((kind, each) for each in names)
            together.setdefault((level, kind), []).extend(filter(None, names))
    for (level, gain), names in together.items():
        yield Gained(level, tuple(_said(gain, names)))


def _said(gain: Gain, names: list[str]) -> Iterator[Segment]:
    yield Segment(gain.does)
    for index, name in enumerate(names[:_NAMES]):
        yield Segment(", " if index else ": ")
        yield Segment(shorten(name, 100), theirs=True)
    if len(names) > _NAMES:
        yield Segment(f" and {len(names) - _NAMES} more")
    if gain.remark:
        yield Segment(f" ({gain.remark})")
    if gain.when:
        yield Segment(" ")
        yield from phrase(gain.when)


def _was_read(release: Release) -> bool:
    """Say whether what a release may do is known: its capabilities, hooks and routes."""
    manifest = release.manifest
    if not isinstance(manifest, Manifest):
        return False
    fields = (manifest.capabilities, manifest.hooks, manifest.routes)
    return not any(isinstance(field, Unknown) for field in fields)


def _step(case: Case) -> str:
    for fact in case.comparison.facts:
        if isinstance(fact, facts.VersionChanged):
            return fact.step
    return "same" if case.old.version and case.old.version == case.new.version else "none"


def claims(old: Release, new: Release) -> Iterator[Segment]:
    """Yield that two captures name different signers."""
    if old.signed_by and new.signed_by and old.signed_by != new.signed_by:
        yield Segment("The captures name different signers, ")
        yield Segment(old.signed_by, theirs=True)
        yield Segment(" and ")
        yield Segment(new.signed_by, theirs=True)
        yield Segment("; neither is verified.")
