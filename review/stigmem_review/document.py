"""The report as a document: what every format shows, decided once, in the order it is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from stigmem_review import facts
from stigmem_review._version import __version__
from stigmem_review.case import Case, plugin_name, plugin_version
from stigmem_review.host import Node
from stigmem_review.model import (
    Gap,
    Hook,
    Known,
    Level,
    Manifest,
    Release,
    Side,
    Source,
    Unknown,
)
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.text import Message, Segment, clean_all, shorten
from stigmem_review.verdict import Verdict, count, decide

Sign = Literal["", "+", "-", "?"]
"""An item that stayed, was added, was removed, or could not be read."""


class Item(msgspec.Struct, frozen=True):
    """One item of a field that changed, what became of it, and what it amounts to."""

    text: str
    sign: Sign = ""
    remark: str = ""


class Row(msgspec.Struct, frozen=True):
    """One field that changed."""

    field: str
    items: tuple[Item, ...]


class Line(msgspec.Struct, frozen=True):
    """Something said in one line: what it is about, and the statement."""

    what: str
    says: Message


class Tool(msgspec.Struct, frozen=True):
    """What made the report."""

    name: str
    version: str
    rules: int
    rules_sha256: str


class Reviewed(msgspec.Struct, frozen=True):
    """One release as the report presents it."""

    side: Side
    plugin: str
    version: str
    source: Source
    signed_by: str = ""
    manifest: Manifest | Unknown | None = None


class Report(msgspec.Struct, frozen=True):
    """A whole review. Every string in it is printable ASCII on one line.

    ``format`` is the version of this document's structure. ``already`` are states both releases
    are in, ``unchanged`` the fields that are the same, ``files`` the files of the package that
    differ, ``not_assessed`` what no part of the tool looked at, and why.
    """

    format: Literal[1]
    tool: Tool
    node: str
    plugin: str
    verdict: Verdict
    headline: Message
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    unchanged: tuple[Item, ...]
    already: tuple[Line, ...]
    files: tuple[Item, ...]
    not_assessed: tuple[Line, ...]
    checklist: tuple[Line, ...]
    go_back: str
    reviewed: tuple[Reviewed, ...]


def build_report(
    case: Case,
    old: Release,
    new: Release,
    findings: tuple[Finding, ...],
    already: tuple[Finding, ...],
    node: Node,
    rulebook: Rulebook,
    gate: Level,
) -> Report:
    """Put the report of a review together; everything in it is sanitised here, once."""
    gaps = (*_sided("old", old), *_sided("new", new))
    report = Report(
        format=1,
        tool=_tool(rulebook),
        node=node.version,
        plugin=case.new.name,
        verdict=decide(findings, gaps, gate),
        headline=_headline(case),
        rows=tuple(_rows(case, old, new)),
        findings=findings,
        gaps=gaps,
        unchanged=tuple(
            Item(f"{_label(name)}: {_stated(_value(new, name))}")
            for name in case.comparison.unchanged
        ),
        already=tuple(Line(each.name, each.message) for each in already),
        files=tuple(_files(old, new)),
        not_assessed=tuple(_not_assessed(case, old, new)),
        checklist=tuple(_checklist(case, findings)),
        go_back=_go_back(old),
        reviewed=(_reviewed("old", old), _reviewed("new", new)),
    )
    return sanitised(report)


def incomplete_report(
    old: Source, new: Source, gaps: tuple[Gap, ...], node: str, rulebook: Rulebook, gate: Level
) -> Report:
    """Return the report of a review that could not read a release at all."""
    report = Report(
        format=1,
        tool=_tool(rulebook),
        node=node,
        plugin="",
        verdict=decide((), gaps, gate),
        headline=(),
        rows=(),
        findings=(),
        gaps=gaps,
        unchanged=(),
        already=(),
        files=(),
        not_assessed=(),
        checklist=(),
        go_back="",
        reviewed=(
            Reviewed("old", "", "", old),
            Reviewed("new", "", "", new),
        ),
    )
    return sanitised(report)


def sanitised(report: Report) -> Report:
    """Return a report in which every string is printable ASCII on one line."""
    if _is_clean(report):
        return report
    return msgspec.convert(clean_all(msgspec.to_builtins(report)), Report)


def _is_clean(report: Report) -> bool:
    """Say quickly whether a report has nothing to clean, as most have.

    JSON escapes control characters with a backslash, all but DEL.
    """
    try:
        text = msgspec.json.encode(report)
    except UnicodeEncodeError:
        return False
    return text.isascii() and b"\\" not in text and b"\x7f" not in text


def _tool(rulebook: Rulebook) -> Tool:
    return Tool("stigmem-review", __version__, len(rulebook.rules), rulebook.digest)


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
    )


def _go_back(old: Release) -> str:
    if isinstance(old.distribution, Known) and isinstance(old.distribution_version, Known):
        return f"{old.distribution.value}=={old.distribution_version.value}"
    return ""


# The headline

_STEPS: dict[str, str] = {
    "major": "A major release",
    "minor": "A minor release",
    "patch": "A patch release",
    "pre-release": "A pre-release",
    "rebuild": "A rebuild of the same version",
    "same": "The same version",
    "downgrade": "A downgrade",
    "unknown": "A release",
    "none": "A release",
}


def _headline(case: Case) -> Message:
    if not case.new.present:
        return (Segment("The plugin is removed."),)
    gained: dict[str, list[str]] = {"capability": [], "hook": [], "route": []}
    lost: dict[str, list[str]] = {"capability": [], "hook": [], "route": []}
    step = "same"
    for fact in case.comparison.facts:
        match fact:
            case facts.CapabilityAdded():
                gained["capability"].append(fact.item)
            case facts.HookAdded():
                gained["hook"].append(fact.item)
            case facts.RouteAdded():
                gained["route"].append(fact.item)
            case facts.CapabilityRemoved():
                lost["capability"].append(fact.item)
            case facts.HookRemoved():
                lost["hook"].append(fact.item)
            case facts.RouteRemoved():
                lost["route"].append(fact.item)
            case facts.VersionChanged():
                step = fact.step
            case _:
                pass
    start = _STEPS[step] if case.old.present else "A first installation"
    said: list[Segment] = []
    for verb, groups in (("gains", gained), ("loses", lost)):
        parts = [(noun, names) for noun, names in groups.items() if names]
        if parts:
            said.append(Segment(f"{', and' if said else ''} {verb} "))
            for index, (noun, names) in enumerate(parts):
                plural = noun if len(names) == 1 else _PLURALS[noun]
                comma = "" if index == 0 else " and " if index == len(parts) - 1 else ", "
                said.append(Segment(f"{comma}{len(names)} {plural} ("))
                said.extend(_listed(names))
                said.append(Segment(")"))
    if said:
        return (Segment(f"{start} that"), *said, Segment("."))
    if case.comparison.facts:
        return (Segment(f"{start} that gains and loses no capability, hook or route."),)
    return (Segment(f"{start} in which nothing that is compared changed."),)


_PLURALS = {"capability": "capabilities", "hook": "hooks", "route": "routes"}


def _listed(names: list[str]) -> Iterable[Segment]:
    shown = names[:5]
    for index, name in enumerate(shown):
        if index:
            yield Segment(", ")
        yield Segment(shorten(name, 80), theirs=True)
    if len(names) > len(shown):
        yield Segment(f" and {len(names) - len(shown)} more")


# The table of what changes

_LABELS = {
    "requires_stigmem": "requires stigmem",
    "depends_on": "depends on",
    "async_safe": "async safe",
    "health_check": "health check",
    "config_schema": "configuration",
    "distribution_version": "distribution version",
    "entry_points": "entry points",
    "requires_dist": "requirements",
    "requires_python": "requires Python",
    "outside": "other files installed",
    "metadata": "other metadata",
}


def _label(name: str) -> str:
    return _LABELS.get(name, name)


def _value(release: Release, name: str) -> Any:
    if isinstance(release.manifest, Manifest) and name in Manifest.__struct_fields__:
        return getattr(release.manifest, name)
    return getattr(release, name, None)


def _rows(case: Case, old: Release, new: Release) -> Iterable[Row]:
    for name, items in _by_field(case).items():
        changed = {item.text.partition(" by ")[0] for item in items if item.sign in ("+", "-")}
        kept = [Item(text) for text in _members(name, new) if text not in changed]
        yield Row(_label(name), (*kept, *items))


_WHOLE = ("capabilities", "hooks", "depends_on", "routes")
"""Fields of which the table also shows what stayed."""


def _members(name: str, release: Release) -> list[str]:
    value = _value(release, name)
    if name not in _WHOLE or not isinstance(value, Known):
        return []
    return [each.name if isinstance(each, Hook) else each for each in value.value]


_ORDER = ("name", "version", "distribution_version", "requires_stigmem", "capabilities", "hooks")


def _by_field(case: Case) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for fact in case.comparison.facts:
        for name, item in _items(fact):
            found.setdefault(name, []).append(item)
    if found.get("version") == found.get("distribution_version"):
        found.pop("distribution_version", None)
    return dict(
        sorted(found.items(), key=lambda each: _ORDER.index(each[0]) if each[0] in _ORDER else 99)
    )


def _items(fact: facts.Fact) -> Iterable[tuple[str, Item]]:
    """Yield what a fact contributes to the table: the field and its items."""
    match fact:
        case facts.CapabilityAdded():
            impact = fact.capability.impact
            remark = {"high": "high impact", "sensitive": "sensitive"}.get(impact, "")
            yield "capabilities", Item(fact.item, "+", remark)
        case facts.CapabilityRemoved():
            yield "capabilities", Item(fact.item, "-")
        case facts.HookAdded():
            yield "hooks", Item(fact.item, "+", f"can {fact.hook.power}" if fact.hook.known else "")
        case facts.HookRemoved():
            yield "hooks", Item(fact.item, "-")
        case facts.HookRebound():
            yield "hooks", Item(f"{fact.item} by {fact.old}", "-")
            yield "hooks", Item(f"{fact.item} by {fact.new}", "+", "another handler")
        case facts.DependsOnAdded():
            yield "depends_on", Item(fact.item, "+")
        case facts.DependsOnRemoved():
            yield "depends_on", Item(fact.item, "-")
        case facts.RouteAdded():
            yield "routes", Item(fact.item, "+", "mounted in the node")
        case facts.RouteRemoved():
            yield "routes", Item(fact.item, "-")
        case facts.EntryPointAdded():
            yield "entry_points", Item(f"{fact.item} = {fact.value}", "+")
        case facts.EntryPointRemoved():
            yield "entry_points", Item(f"{fact.item} = {fact.value}", "-")
        case facts.EntryPointChanged():
            yield "entry_points", Item(f"{fact.item} = {fact.old}", "-")
            yield "entry_points", Item(f"{fact.item} = {fact.new}", "+")
        case facts.RequirementAdded():
            yield "requires_dist", Item(f"{fact.item} {fact.value}", "+")
        case facts.RequirementRemoved():
            yield "requires_dist", Item(f"{fact.item} {fact.value}", "-")
        case facts.RequirementChanged():
            yield "requires_dist", Item(f"{fact.item} {fact.old}", "-")
            yield "requires_dist", Item(f"{fact.item} {fact.new}", "+")
        case facts.OutsideFileAdded():
            remark = "runs at every start of Python" if fact.runs else ""
            yield "outside", Item(fact.item, "+", remark)
        case facts.OutsideFileRemoved():
            yield "outside", Item(fact.item, "-")
        case facts.OutsideFileChanged():
            yield "outside", Item(fact.item, "+", "other content")
        case facts.FieldLost():
            yield fact.item, Item(fact.old, "-")
            yield fact.item, Item("", "?", "cannot be read any more")
        case facts.FieldUnread():
            yield fact.item, Item("", "?", "cannot be read")
        case facts.FieldFirstRead():
            yield fact.item, Item(fact.new, "+", "could not be read before")
        case facts.ManifestUnread():
            yield "manifest", Item("", "?", "cannot be read")
        case facts.ManifestFirstRead():
            yield "manifest", Item("", "+", "could not be read before")
        case facts.VersionChanged() | facts.ManifestVersionChanged():
            name = (
                "version"
                if isinstance(fact, facts.ManifestVersionChanged)
                else ("distribution_version")
            )
            yield name, Item(fact.old, "-")
            yield name, Item(fact.new, "+", fact.step if fact.step != "unknown" else "")
        case facts.AsyncSafeChanged():
            yield "async_safe", Item(_flag(fact.old), "-")
            yield "async_safe", Item(_flag(fact.new), "+")
        case (
            facts.NameChanged()
            | facts.DistributionRenamed()
            | facts.RequiresStigmemChanged()
            | facts.HealthCheckChanged()
            | facts.ConfigSchemaChanged()
            | facts.RequiresPythonChanged()
        ):
            yield fact.item, Item(fact.old or "none", "-")
            yield fact.item, Item(fact.new or "none", "+")
        case facts.UnclassifiedChange():
            yield "metadata", Item(f"{fact.item}: {fact.old}", "-")
            yield "metadata", Item(f"{fact.item}: {fact.new}", "+")
        case _:
            pass


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _stated(value: Any) -> str:
    """Return a field's value in one short line."""
    if not isinstance(value, Known):
        return "not known"
    match value.value:
        case bool(flag):
            return _flag(flag)
        case tuple() as items if items and not isinstance(items[0], (str, Hook)):
            return ", ".join(f"{each.group} : {each.name} = {each.value}" for each in items)
        case tuple() | dict() as items:
            names = [each.name if isinstance(each, Hook) else str(each) for each in items]
            return shorten(", ".join(names)) or "none"
        case None | "":
            return "none"
        case other:
            return shorten(str(other))


# The rest


def _files(old: Release, new: Release) -> Iterable[Item]:
    """Yield the package's files that differ, where both sides carry them."""
    if not isinstance(old.package, Known) or not isinstance(new.package, Known):
        return
    before, after = old.package.value, new.package.value
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            yield Item(path, "+")
        elif path not in after:
            yield Item(path, "-")
        elif before[path] != after[path]:
            yield Item(path, "", "other content")


def _not_assessed(case: Case, old: Release, new: Release) -> Iterable[Line]:
    signature = [Segment("this version does not verify signatures")]
    for side, release in (("old", old), ("new", new)):
        if release.signed_by:
            signature.append(Segment(f"; the {side} capture claims that it was signed by "))
            signature.append(Segment(release.signed_by, theirs=True))
    yield Line("signature", tuple(signature))
    yield _line("start-up", "this version does not foresee what the node does at start-up")
    yield _line("rollback", "this version does not foresee whether the old release loads again")
    yield _line("code", "this version reads what a plugin declares, not what its code does")
    for release, side in ((old, "old"), (new, "new")):
        if release.source.kind in ("sdist", "directory"):
            yield _line(
                "build",
                f"the {side} release is source: what a build of it installs can differ",
            )
    by_source: dict[str, list[str]] = {}
    for name, source in case.comparison.not_carried:
        by_source.setdefault(source, []).append(_label(name))
    for source, names in by_source.items():
        yield _line(", ".join(names), f"not carried by a {source}")


def _line(what: str, says: str) -> Line:
    return Line(what, (Segment(says),))


def _checklist(case: Case, findings: tuple[Finding, ...]) -> Iterable[Line]:
    """Yield the steps of the operators' handbook for an upgrade, and where each one stands."""
    compared = len(case.comparison.unchanged)
    unread = [
        fact
        for fact in case.comparison.facts
        if isinstance(fact, (facts.FieldLost, facts.FieldUnread, facts.ManifestUnread))
    ]
    rights = [each for each in findings if each.name in ("hook-added", "capability-added")]
    manifest = f"compared; {count(compared, 'field')} unchanged"
    if unread:
        manifest = "not fully: something could not be read"
    yield _line("manifest compared with the old one", manifest)
    yield _line(
        "added hooks and capabilities reviewed",
        f"{count(len(rights), 'finding')} to review" if rights else "none added",
    )
    yield _line("signing identity expected", "not assessed here: yours to do")
    yield _line("tried on a node with production-like signing", "yours to do")
    name = case.new.name
    yield Line(
        "state captured before and after",
        (
            Segment("yours to do: "),
            Segment(f"stigmem plugins describe {name} --json", theirs=True),
        ),
    )
