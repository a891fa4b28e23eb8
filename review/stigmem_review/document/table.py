"""The table of what changes, and values in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.compare.fields import value_of
from stigmem_review.compare.ledger import ROLES, Role
from stigmem_review.compare.table import LABELS
from stigmem_review.conditions import phrase, spelled
from stigmem_review.document.parts import Item, Row, Sign
from stigmem_review.model import Manifest, Release
from stigmem_review.outcomes import hooks, in_words, members, values
from stigmem_review.text import flat


def label(name: str) -> str:
    return LABELS.get(name, name)


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
        yield Row("version" if name == _BOTH else label(name), (*kept, *items))


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


_BOTH = "both versions"
"""The manifest's and the distribution's, where what became of them is the same."""
_ORDER = (
    "name",
    _BOTH,
    "version",
    "distribution_version",
    "requires_stigmem",
    "capabilities",
    "hooks",
)


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
        for name in ("version", "distribution_version"):
            if name in found:
                found[_BOTH] = found.pop(name)
    return dict(
        sorted(found.items(), key=lambda each: _ORDER.index(each[0]) if each[0] in _ORDER else 99)
    )


def _items(fact: facts.Fact) -> Iterable[tuple[str, Item]]:
    """Yield what a fact contributes to the table: the field and its items."""
    role = ROLES.get(type(fact))
    if role is not None:
        if role.field.is_shown:
            name = role.field.beside or role.field.name
            yield from ((name, item) for item in _of_a_field(fact, role))
        return
    match fact:
        case facts.MigrationUnread():
            yield "migrations", Item(fact.item, "?", "cannot be read")
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
        case facts.BuildStepAdded() if not fact.plain:
            remark = "not what a build needs" if fact.danger == "reaches" else ""
            yield "build", Item(fact.value if fact.step == "backend" else fact.item, "+", remark)
        case facts.BuildStepChanged() if fact.old != fact.new:
            yield "build", Item(f"{fact.item}: {fact.old}", "-")
            yield "build", Item(f"{fact.item}: {fact.new}", "+")
        case facts.BuildStepChanged():
            yield "build", Item(fact.item, "+", "other code")
        case facts.UnclassifiedChange():
            name = fact.item.partition(".")[0]
            start = f"{fact.item}: " if fact.item != name else ""
            yield name, Item(start + fact.old, "-")
            yield name, Item(start + fact.new, "+")
        case _:
            pass


def _of_a_field(fact: Any, role: Role) -> Iterable[Item]:
    """Yield what became of a thing that a field holds."""
    remark = _REMARKS.get(type(fact), _nothing)(fact)
    joins, alone = role.field.joins, role.field.added is None
    match role.role:
        case "changed" if isinstance(fact, facts.Reconditioned):
            yield Item(f"{fact.item} {flat(phrase(fact.was))}", "-")
            yield Item(f"{fact.item} {flat(phrase(fact.when))}", "+")
        case "changed" if isinstance(fact, (facts.Replaced, facts.Restated)):
            start = "" if alone else f"{fact.item}{joins}"
            for each in _each(fact.old):
                yield Item(start + each, "-")
            for each in _each(fact.new):
                yield Item(start + each, "+", remark)
        case "changed":
            yield Item(fact.item, "+", remark)
        case role_of:
            sign: Sign = "+" if role_of == "added" else "-"
            name = next((each for each in _VALUES if each in fact.__struct_fields__), "")
            said = f"{fact.item}{joins}{getattr(fact, name)}" if name else _timed(fact)
            yield Item(said, sign, remark if sign == "+" else "")


_VALUES = ("value", "new", "old")


def _nothing(fact: Any) -> str:
    return ""


_REMARKS: dict[type[facts.Fact], Callable[[Any], str]] = {
    facts.CapabilityAdded: lambda fact: {"high": "high impact", "sensitive": "sensitive"}.get(
        fact.capability.impact, ""
    ),
    facts.HookAdded: lambda fact: f"can {fact.hook.power}" if fact.hook.known else "",
    facts.HookRebound: lambda fact: "another handler",
    facts.RouteAdded: lambda fact: "mounted in the node",
    facts.EndpointAdded: lambda fact: "" if fact.guards else "no dependency",
    facts.EndpointUnguarded: lambda fact: (
        "fewer dependencies" if fact.left else "no dependency any more"
    ),
    facts.EndpointGuarded: lambda fact: "more dependencies",
    facts.MigrationAdded: lambda fact: "changes the database",
    facts.MigrationRewritten: lambda fact: "other SQL",
    facts.OutsideFileAdded: lambda fact: "runs at every start of Python" if fact.runs else "",
    facts.OutsideFileChanged: lambda fact: "modified",
    facts.VersionChanged: lambda fact: fact.step if fact.step != "unknown" else "",
    facts.ManifestVersionChanged: lambda fact: fact.step if fact.step != "unknown" else "",
}
"""What is worth a word beside what comes, or changes, in the table."""


def _timed(fact: facts.Fact) -> str:
    """Return what a fact is about, and when it is so."""
    return spelled(fact.item, fact.when)


def _each(stated: facts.Stated) -> tuple[str, ...]:
    """Return everything that a field states, one text for each."""
    return (stated or "none",) if isinstance(stated, str) else stated


def stated(field: Any) -> str:
    """Return what a field states, in one short line."""
    return in_words(field) or "not known"
