"""The table of what changes, and values in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.document.parts import Item, Row
from stigmem_review.model import Manifest, Release
from stigmem_review.outcomes import hooks, in_words, members, phrase, spelled, values
from stigmem_review.text import flat

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


def label(name: str) -> str:
    return _LABELS.get(name, name)


def value_of(release: Release, name: str) -> Any:
    if isinstance(release.manifest, Manifest) and name in Manifest.__struct_fields__:
        return getattr(release.manifest, name)
    return getattr(release, name, None)


def rows(case: Case, old: Release, new: Release) -> Iterable[Row]:
    first_read = {
        fact.item for fact in case.comparison.facts if isinstance(fact, facts.FieldFirstRead)
    }
    for name, found in _by_field(case, old, new).items():
        items = [item for _, item in found]
        changed = {about for about, item in found if item.sign in ("+", "-")}
        kept = [Item(text) for about, text in _members(name, new) if about not in changed]
        if name in first_read:
            kept = []
        yield Row(label(name), (*kept, *items))


def _members(name: str, release: Release) -> list[tuple[str, str]]:
    """Return what a field holds, of those fields of which the table also shows what stayed."""
    match name:
        case "capabilities" | "depends_on" | "routes":
            return [(each.value, str(each)) for each in members(value_of(release, name))]
        case "hooks":
            found = hooks(value_of(release, name))
            return [(each.name, str(each)) for each in found]
        case _:
            return []


_ORDER = ("name", "version", "distribution_version", "requires_stigmem", "capabilities", "hooks")


def _by_field(case: Case, old: Release, new: Release) -> dict[str, list[tuple[str, Item]]]:
    """Return what became of each field that changed: of what in it, and the item to show."""
    found: dict[str, list[tuple[str, Item]]] = {}
    for fact in case.comparison.facts:
        for name, item in _items(fact):
            found.setdefault(name, []).append((fact.item, item))
    for name in Manifest.__struct_fields__ if old.source.kind == "none" else ():
        # What else a first installation states is what every release does, unless it depends.
        value = value_of(new, name)
        if name not in found and len(values(value)) > 1:
            found[name] = [(name, Item(str(each), "+")) for each in values(value)]
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
            yield "capabilities", Item(_timed(fact), "+", remark)
        case facts.CapabilityRemoved():
            yield "capabilities", Item(_timed(fact), "-")
        case facts.HookAdded():
            remark = f"can {fact.hook.power}" if fact.hook.known else ""
            yield "hooks", Item(_timed(fact), "+", remark)
        case facts.HookRemoved():
            yield "hooks", Item(_timed(fact), "-")
        case facts.HookRebound():
            for each in _each(fact.old):
                yield "hooks", Item(f"{fact.item} by {each}", "-")
            for each in _each(fact.new):
                yield "hooks", Item(f"{fact.item} by {each}", "+", "another handler")
        case facts.Reconditioned():
            name = _RECONDITIONED[type(fact)]
            yield name, Item(f"{fact.item} {flat(phrase(fact.was))}", "-")
            yield name, Item(f"{fact.item} {flat(phrase(fact.when))}", "+")
        case facts.DependsOnAdded():
            yield "depends_on", Item(_timed(fact), "+")
        case facts.DependsOnRemoved():
            yield "depends_on", Item(_timed(fact), "-")
        case facts.RouteAdded():
            yield "routes", Item(_timed(fact), "+", "mounted in the node")
        case facts.RouteRemoved():
            yield "routes", Item(_timed(fact), "-")
        case facts.EndpointAdded():
            yield "paths", Item(fact.item, "+", "" if fact.guards else "no dependency")
        case facts.EndpointRemoved():
            yield "paths", Item(fact.item, "-")
        case facts.EndpointUnguarded():
            remark = "fewer dependencies" if fact.left else "no dependency any more"
            yield "paths", Item(fact.item, "+", remark)
        case facts.MigrationAdded():
            yield "migrations", Item(fact.item, "+", "changes the database")
        case facts.MigrationRewritten():
            yield "migrations", Item(fact.item, "+", "other SQL")
        case facts.MigrationRemoved():
            yield "migrations", Item(fact.item, "-")
        case facts.MigrationUnread():
            yield "migrations", Item(fact.item, "?", "cannot be read")
        case facts.ConfigFieldAdded():
            yield "config_schema", Item(f"{fact.item}: {fact.new}", "+")
        case facts.ConfigFieldRemoved():
            yield "config_schema", Item(f"{fact.item}: {fact.old}", "-")
        case facts.ConfigFieldChanged():
            yield "config_schema", Item(f"{fact.item}: {fact.old}", "-")
            yield "config_schema", Item(f"{fact.item}: {fact.new}", "+")
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
            for each in _each(fact.old):
                yield name, Item(each, "-")
            for each in _each(fact.new):
                yield name, Item(each, "+", fact.step if fact.step != "unknown" else "")
        case (
            facts.NameChanged()
            | facts.DistributionRenamed()
            | facts.RequiresStigmemChanged()
            | facts.AsyncSafeChanged()
            | facts.HealthCheckChanged()
            | facts.ConfigSchemaChanged()
            | facts.RequiresPythonChanged()
        ):
            for each in _each(fact.old):
                yield fact.item, Item(each, "-")
            for each in _each(fact.new):
                yield fact.item, Item(each, "+")
        case facts.BuildStepAdded() if not fact.plain:
            remark = "not what a build needs" if fact.danger == "reaches" else ""
            yield "build", Item(fact.value if fact.step == "backend" else fact.item, "+", remark)
        case facts.BuildStepChanged() if fact.old != fact.new:
            yield "build", Item(f"{fact.item}: {fact.old}", "-")
            yield "build", Item(f"{fact.item}: {fact.new}", "+")
        case facts.BuildStepChanged():
            yield "build", Item(fact.item, "+", "other code")
        case facts.UnclassifiedChange():
            yield "metadata", Item(f"{fact.item}: {fact.old}", "-")
            yield "metadata", Item(f"{fact.item}: {fact.new}", "+")
        case _:
            pass


_RECONDITIONED: dict[type[facts.Fact], str] = {
    facts.CapabilityReconditioned: "capabilities",
    facts.HookReconditioned: "hooks",
    facts.DependsOnReconditioned: "depends_on",
    facts.RouteReconditioned: "routes",
}


def _timed(fact: facts.Fact) -> str:
    """Return what a fact is about, and when it is so."""
    return spelled(fact.item, fact.when)


def _each(stated: facts.Stated) -> tuple[str, ...]:
    """Return everything that a field states, one text for each."""
    return (stated or "none",) if isinstance(stated, str) else stated


def stated(field: Any) -> str:
    """Return what a field states, in one short line."""
    return in_words(field) or "not known"
