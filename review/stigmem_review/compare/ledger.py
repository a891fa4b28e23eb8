"""What two releases state, laid out by the table of fields; the changes, and what they leave.

Applying every change to what the old release states must give what the new one does; what is
left over, and what no fact made elsewhere speaks of, is a difference that nobody has classified,
and DeepDiff names it, path by path. A field that either side does not carry, or that could not be
read, is laid out for neither: other facts speak of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing, made
from stigmem_review.compare.table import FIELDS, TABLE
from stigmem_review.conditions import When, narrows
from stigmem_review.facts import Fact, Shift, UnclassifiedChange
from stigmem_review.outcomes import is_read

Ledger = dict[str, Entries]


def ledgers(sides: Sides) -> tuple[Ledger, Ledger]:
    """Return what both releases state, restricted to what both carry and can be read in both."""
    before: Ledger = {}
    after: Ledger = {}
    for field in TABLE:
        one, two = (field.of_release(side) for side in (sides.old, sides.new))
        if field in FIELDS and not (is_read(one) and is_read(two)):
            continue
        laid_out = field.read(one, sides.old), field.read(two, sides.new)
        before[field.name], after[field.name] = field.match(*laid_out, sides)
    return before, after


def unchanged(before: Ledger, after: Ledger) -> tuple[str, ...]:
    """Return the fields that both releases state, and state alike."""
    return tuple(
        field.name
        for field in FIELDS
        if field.name in before and _says(before[field.name]) == _says(after[field.name])
    )


def changes(before: Ledger, after: Ledger, sides: Sides) -> Iterator[Fact]:
    """Yield how what the new release states differs from what the old one does."""
    for field in TABLE:
        if field.name in before:
            yield from _changes(field, before[field.name], after[field.name], sides)


def _changes(field: Field, before: Entries, after: Entries, sides: Sides) -> Iterator[Fact]:
    for key in sorted(after.keys() - before.keys()) if field.added else ():
        thing = Thing(sides, after[key].item, None, after[key])
        yield _fact(field, field.added, thing, after[key])
    for key in sorted(before.keys() - after.keys()) if field.removed else ():
        thing = Thing(sides, before[key].item, before[key], None)
        yield _fact(field, field.removed, thing, before[key], side="old")
    for key in sorted(before.keys() & after.keys()):
        thing = Thing(sides, after[key].item, before[key], after[key])
        for name, kinds in field.changed.items():
            one, two = thing.says(name)
            if one != two:
                kind = kinds[field.which(thing)]
                values = {"old": one, "new": two}
                if name == "when":
                    values |= {"was": one, "shift": _shift(one, two)}
                yield _fact(field, kind, thing, after[key], **values)


def _fact(field: Field, kind: Any, thing: Thing, entry: Entry, **values: Any) -> Fact:
    """Return a fact about a thing."""
    if len(entry.cell) == 1:
        [only] = entry.cell.values()
        values = {"old": only, "new": only, **values}
    values = {**entry.cell, **values, **entry.about, "item": thing.item, "at": entry.at}
    fact: Fact = made(kind, values | field.more(thing))
    return fact


def _shift(was: When, when: When) -> Shift:
    if not when:
        return "always"
    return "other" if was and not narrows(when, was) else "sometimes"


# The proof


class Role(msgspec.Struct, frozen=True):
    """What a kind of fact is to a field: ``name`` is what it says another thing of."""

    field: Field
    role: str
    name: str = ""


def _roles() -> dict[type[Fact], Role]:
    found: dict[type[Fact], Role] = {}
    for field in TABLE:
        if field.added:
            found[field.added] = Role(field, "added")
        if field.removed:
            found[field.removed] = Role(field, "removed")
        for name, kinds in field.changed.items():
            found.update((kind, Role(field, "changed", name)) for kind in kinds)
    return found


ROLES = _roles()
"""What the kinds of facts are to the table that come from it."""


def unexplained(
    before: Ledger, after: Ledger, found: Collection[Fact], sides: Sides
) -> Iterator[UnclassifiedChange]:
    """Yield what facts do not explain. The ledger ``before`` is used up."""
    for fact in found:
        role = ROLES.get(type(fact))
        if role is not None and role.field.name in before:
            _apply(fact, role, before[role.field.name], after[role.field.name])
    for field in TABLE:
        if field.name in before:
            _leave_out_told(field, before[field.name], after[field.name], found, sides)
    left = [name for name in before if _says(before[name]) != _says(after[name])]
    if not left:
        return
    from stigmem_review.compare.nested import differences

    one, two = (
        {name: _alone(_says(side[name]), name) for name in left} for side in (before, after)
    )
    for each in differences(one, two):
        yield UnclassifiedChange(item=each.path, old=each.old, new=each.new)


def _apply(fact: Fact, role: Role, before: Entries, after: Entries) -> None:
    match role.role:
        case "removed":
            for key in [key for key, entry in before.items() if _is_about(fact, entry)]:
                del before[key]
        case "added":
            keys = [key for key, entry in after.items() if _is_about(fact, entry)]
            for key in keys or [fact.item]:
                cell = after[key].cell if key in after else {}
                before[key] = Entry(fact.item, {name: _said(fact, cell, name) for name in cell})
        case _:
            for key, entry in before.items():
                if key in after and _is_about(fact, after[key]):
                    said = _said(fact, after[key].cell, role.name)
                    before[key] = entry.saying(**{role.name: said})


def _leave_out_told(
    field: Field, before: Entries, after: Entries, found: Collection[Fact], sides: Sides
) -> None:
    """Make alike what facts that are made elsewhere speak of."""
    for key in before.keys() | after.keys():
        entry = after.get(key) or before[key]
        thing = Thing(sides, entry.item, before.get(key), after.get(key))
        if thing.differs and any(field.told(fact, thing) for fact in found):
            if thing.new:
                before[key] = thing.new
            else:
                del before[key]


def _is_about(fact: Fact, entry: Entry) -> bool:
    return fact.item == entry.item and all(
        getattr(fact, name, value) == value for name, value in entry.about.items()
    )


def _said(fact: Fact, cell: dict[str, Any], name: str) -> Any:
    """Return what a fact says that a thing is now; of one that says no more than that it is
    another, what the thing is.
    """
    if name in fact.__struct_fields__:
        return getattr(fact, name)
    return getattr(fact, "new", cell[name])


def _says(entries: Entries) -> dict[Any, Any]:
    """Return what is said of each thing, without places: of one word, that word."""
    return {
        key: next(iter(entry.cell.values())) if len(entry.cell) == 1 else entry.cell
        for key, entry in entries.items()
    }


def _alone(said: dict[Any, Any], name: str) -> Any:
    """Return what a field that is one value is, of any other what it holds."""
    return said[name] if [*said] == [name] else said
