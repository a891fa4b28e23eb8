"""What a field of a manifest can be, and when: one way to look at known and at one-of values.

A known value is one that is always so; what is unknown or not carried has no outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

import msgspec

from stigmem_review.conditions import ALWAYS, When, exclude, simplest, spelled
from stigmem_review.model import EntryPoint, Hook, Known, Location, OneOf, Unknown
from stigmem_review.patterns import late
from stigmem_review.text import shorten

_PLACED = late(r" \(\S+:[0-9]+\)$")


class Possible(msgspec.Struct, frozen=True):
    """Something that a field can be, or hold: when that is so, and where it is written."""

    value: Any
    when: When = ALWAYS
    at: Location | None = None

    def __str__(self) -> str:
        return spelled(shown(self.value), self.when)


class Bound(msgspec.Struct, frozen=True):
    """A hook that can have a handler, and each that it can have then.

    Of a single handler no condition is given: it is the hook's. There are no ``targets`` where
    not all are known, and ``unread`` says why, and when.
    """

    name: str
    when: When
    targets: tuple[Possible, ...]
    unread: tuple[Possible, ...]
    at: Location | None

    def __str__(self) -> str:
        return spelled(self.name, self.when)

    @property
    def handled_at(self) -> Location | None:
        """Where the first handler is written, or else the hook."""
        return next((each.at for each in (*self.targets, *self.unread) if each.at), self.at)


class _Found(msgspec.Struct, frozen=True):
    """One thing in one of several outcomes, which has a number."""

    value: Any
    outcome: int
    conditions: tuple[str, ...]
    at: Location | None


def is_read(field: Any) -> TypeGuard[Known[Any] | OneOf[Any]]:
    """Say whether everything that a field can be is known."""
    return isinstance(field, (Known, OneOf))


def values(field: Any) -> tuple[Possible, ...]:
    """Return every value that a field can have, sorted; none where that is not known."""
    return _gathered(_outcomes(field), len(_outcomes(field)))


def members(field: Any) -> tuple[Possible, ...]:
    """Return every name that a field of names can hold, sorted; none where that is not known."""
    places: dict[str, Location] = {}
    if isinstance(field, Known) and field.each:
        places = dict(zip(field.value, field.each, strict=True))
    found = (
        _Found(name, each.outcome, each.conditions, places.get(name, each.at))
        for each in _outcomes(field)
        for name in each.value
    )
    return _gathered(found, len(_outcomes(field)))


def hooks(field: Any) -> tuple[Bound, ...]:
    """Return every hook that a field of hooks can hold, sorted; none where that is not known."""
    of = len(_outcomes(field))
    return tuple(_bound(found, of) for _, found in sorted(_by_hook(field).items()))


def _by_hook(field: Any) -> dict[str, list[_Found]]:
    by_name: dict[str, list[_Found]] = {}
    for each in _outcomes(field):
        for hook in each.value:
            by_name.setdefault(hook.name, []).append(
                _Found(hook, each.outcome, each.conditions, hook.at or each.at)
            )
    return by_name


def _targets(found: list[_Found]) -> tuple[_Found, ...]:
    """Return every handler of a hook, each in an outcome of its own."""
    targets = [(one, each) for one in found for each in _outcomes(one.value.target)]
    return tuple(
        _Found(each.value, number, one.conditions + each.conditions, each.at)
        for number, (one, each) in enumerate(targets)
    )


def _bound(found: list[_Found], of: int) -> Bound:
    hook: Hook = found[0].value
    [named] = _gathered((_Found(hook.name, f.outcome, f.conditions, f.at) for f in found), of)
    targets = _targets(found)
    unread = [
        _Found(one.value.target.why, one.outcome, one.conditions, one.value.target.at)
        for one in found
        if isinstance(one.value.target, Unknown)
    ]
    known = all(is_read(one.value.target) for one in found)
    return Bound(
        name=hook.name,
        when=named.when,
        targets=_gathered(targets, len(targets)) if known else (),
        unread=_gathered(unread, of),
        at=named.at,
    )


def _outcomes(field: Any) -> tuple[_Found, ...]:
    match field:
        case Known():
            return (_Found(field.value, 0, (), field.at),)
        case OneOf():
            return tuple(
                _Found(each.value, number, _named(each.conditions), each.at or field.at)
                for number, each in enumerate(field.outcomes)
            )
        case _:
            return ()


def _named(conditions: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what only the place names where it is asked: that moves, and says nothing."""
    return tuple(each for each in conditions if not _PLACED.search(each))


def _gathered(found: Iterable[_Found], of: int) -> tuple[Possible, ...]:
    """Return each thing once: always so where all outcomes, ``of`` which there are, have it."""
    return tuple(
        Possible(
            some[0].value,
            ALWAYS
            if len({each.outcome for each in some}) >= of
            else simplest(each.conditions for each in some),
            next((each.at for each in some if each.at), None),
        )
        for some in _alike(found)
    )


def _alike(found: Iterable[_Found]) -> list[list[_Found]]:
    """Return what was found, with what is the same together, in one order."""
    same: dict[str, list[_Found]] = {}
    for each in found:
        same.setdefault(repr(_plain(each.value)), []).append(each)
    return [some for _, some in sorted(same.items())]


def _plain(value: Any) -> Any:
    """Return a value without the places it is written in."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Hook):
        return value.name, [(each.value, each.when) for each in values(value.target)]
    return value


def told(field: Any) -> dict[str, bool]:
    """Return, in words, all that a field can be or hold, and whether it is told when it is so.

    Its outcomes are all that there are. So conditions that exclude those of every outcome without
    something tell when it is so; others may stay the same while what decides is another thing.
    """
    outcomes = _outcomes(field)
    items = [item for outcome in outcomes for item in _items(outcome)]
    if any(isinstance(each, Hook) for each in items):
        found = {}
        for name, some in _by_hook(field).items():
            found[str(_bound(some, len(outcomes)))] = _excludes(some, outcomes)
            targets = _targets(some)
            found.update((f"{name} by {text}", so) for text, so in _told(targets, targets))
        return found
    if all(isinstance(outcome.value, tuple) for outcome in outcomes):
        held = (
            _Found(name, each.outcome, each.conditions, each.at)
            for each in outcomes
            for name in each.value
        )
        return dict(_told(held, outcomes))
    return dict(_told(outcomes, outcomes))


def _items(outcome: _Found) -> tuple[Any, ...]:
    return outcome.value if isinstance(outcome.value, tuple) else ()


def _told(found: Iterable[_Found], outcomes: tuple[_Found, ...]) -> Iterator[tuple[str, bool]]:
    for some in _alike(found):
        [possible] = _gathered(some, len(outcomes))
        yield str(possible), _excludes(some, outcomes)


def _excludes(some: list[_Found], outcomes: tuple[_Found, ...]) -> bool:
    """Say whether the conditions of outcomes with something exclude those of all others."""
    numbers = {each.outcome for each in some}
    ways, others = (
        {each.conditions for each in cells}
        for cells in (some, [each for each in outcomes if each.outcome not in numbers])
    )
    return all(exclude(way, other) for way in ways for other in others)


# Words


def in_words(field: Any) -> str:
    """Return what a field can be in one line; nothing where that is not known."""
    if isinstance(field, OneOf) and isinstance(field.outcomes[0].value, tuple):
        items = (item for outcome in field.outcomes for item in outcome.value)
        held = hooks(field) if any(isinstance(each, Hook) for each in items) else members(field)
        return ", ".join(map(str, held)) or "none"
    return "; ".join(map(str, values(field)))


def shown(value: Any) -> str:
    """Return a value of a field in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple() | dict():
            return shorten(", ".join(map(shown, value))) or "none"
        case Hook():
            return value.name
        case EntryPoint():
            return f"{value.group} : {value.name} = {value.value}"
        case None | "":
            return "none"
        case _:
            return shorten(str(value))
