"""The table of what changes, and values in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.document.parts import Item, Row
from stigmem_review.model import Hook, Known, Manifest, Release
from stigmem_review.text import shorten

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
    for name, items in _by_field(case).items():
        changed = {item.text.partition(" by ")[0] for item in items if item.sign in ("+", "-")}
        kept = [Item(text) for text in _members(name, new) if text not in changed]
        if name in first_read:
            kept = []
        yield Row(label(name), (*kept, *items))


_WHOLE = ("capabilities", "hooks", "depends_on", "routes")
"""Fields of which the table also shows what stayed."""


def _members(name: str, release: Release) -> list[str]:
    value = value_of(release, name)
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


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def stated(value: Any) -> str:
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
