"""What a field of a manifest can be, and when: one way to look at known and at one-of values.

A known value is one that is always so; what is unknown or not carried has no outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import permutations, product
from math import prod
from typing import Any, TypeGuard

import msgspec

from stigmem_review.model import EntryPoint, Hook, Known, Location, OneOf, Unknown
from stigmem_review.patterns import late
from stigmem_review.text import Message, Segment, flat, shorten

When = tuple[tuple[str, ...], ...]
"""The ways in which something comes to be so, each with what has to hold for it; none: always.

What has to hold may not be all: of a way that names nothing it is not known when it is gone.
"""

ALWAYS: When = ()

_PLACED = late(r" \(\S+:[0-9]+\)$")
_QUOTED = late(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_EMPTIED = late("not set or is empty")
_EQUAL = late(
    rf"(?P<name>.+?) is (?:one of )?(?P<values>(?:{_QUOTED.pattern})(?:, (?:{_QUOTED.pattern}))*)"
    r"(?: \(default .*\))?"
)
_CHOICES = 64
"""Ways in which several conditions that say "or" can hold that are each looked at."""
_TERMS = 40
_WAYS = 3
"""Ways that are named in words; the rest is counted."""


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
    return all(_opposed(way, other) for way in ways for other in others)


def _opposed(way: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether conditions cannot all hold."""
    choices = [_alternatives(each) for each in {*way, *other}]
    if prod(map(len, choices)) > _CHOICES:
        return False
    return all(_contradict(frozenset().union(*chosen)) for chosen in product(*choices))


def _alternatives(condition: str) -> list[_Way]:
    """Return the ways in which a condition that says "or" can hold."""
    kept = _EMPTIED.sub(_joined, _QUOTED.sub(_joined, condition))
    return [
        frozenset(_literal(each.replace("\0", " ")) for each in way.split(" and "))
        for way in kept.split(" or ")
    ]


def _joined(found: re.Match[str]) -> str:
    return found[0].replace(" ", "\0")


def _contradict(literals: _Way) -> bool:
    """Say whether literals cannot all hold."""
    can: dict[str, set[str]] = {}
    cannot: dict[str, set[str]] = {}
    for text, so in literals:
        if (text, not so) in literals:
            return True
        if (
            so
            and text.endswith(" is set")
            and (f"{text[:-3]}not set or is empty", True) in literals
        ):
            return True
        if found := _EQUAL.fullmatch(text):
            values = {*_QUOTED.findall(found["values"])}
            if so:
                name = found["name"]
                can[name] = can[name] & values if name in can else values
            else:
                cannot.setdefault(found["name"], set()).update(values)
    return any(not values - cannot.get(name, set()) for name, values in can.items())


# Conditions

_Literal = tuple[str, bool]
_Way = frozenset[_Literal]


def simplest(ways: Iterable[tuple[str, ...]]) -> When:
    """Return ways in the one form of all that say the same: their prime implicants.

    Found by consensus and absorption (Blake's canonical form); left as they are beyond a number.
    """
    return _simplest(frozenset(frozenset(map(_literal, way)) for way in ways))


@lru_cache(maxsize=8192)
def _simplest(ways: frozenset[_Way]) -> When:
    # Most items of a release hang on the same few conditions.
    left = _least({*ways})
    while len(left) <= _TERMS:
        more = {_consensus(one, two) for one, two in permutations(left, 2)}
        grown = _least(left | more)
        if grown == left:
            break
        left = grown
    return tuple(sorted(tuple(sorted(map(_condition, way))) for way in left))


def _least(ways: set[_Way]) -> set[_Way]:
    """Return ways without those that another one covers."""
    return {way for way in ways if not any(other < way for other in ways)}


def _consensus(one: _Way, two: _Way) -> _Way:
    """Return what holds whichever way one condition goes that tells two ways apart, or the one."""
    opposed = [(text, so) for text, so in one if (text, not so) in two]
    if len(opposed) != 1:
        return one
    [(text, _)] = opposed
    return (one | two) - {(text, True), (text, False)}


def _literal(condition: str) -> _Literal:
    """Return what a condition asks, and the answer: "X is not set" is no to "X is set"."""
    if " or " in condition:
        # No single word in it turns it into its opposite.
        return condition, True
    about, verb, rest = condition.partition(" is ")
    if condition.startswith("not: "):
        return condition.removeprefix("not: "), False
    if rest.startswith("not "):
        return about + verb + rest.removeprefix("not "), False
    return condition, True


def _condition(literal: _Literal) -> str:
    text, so = literal
    about, verb, rest = text.partition(" is ")
    if so:
        return text
    return f"{about}{verb}not {rest}" if verb else f"not: {text}"


# Words


def phrase(when: When) -> Message:
    """Return when something is so: ``always``, ``if ... and ..., or if ...``, ``unless ...``."""
    return tuple(_phrase(when))


def _phrase(when: When) -> Iterator[Segment]:
    if when == ALWAYS:
        yield Segment("always")
    elif () in when:
        yield Segment("in some environments")
    elif len(when) == 1 and len(when[0]) == 1 and not _literal(when[0][0])[1]:
        yield Segment("unless ")
        yield Segment(_literal(when[0][0])[0], theirs=True)
    else:
        for number, way in enumerate(when[:_WAYS]):
            yield Segment(", or if " if number else "if ")
            for index, condition in enumerate(way):
                if index:
                    yield Segment(" and ")
                yield Segment(shorten(condition), theirs=True)
        if len(when) > _WAYS:
            yield Segment(f", or in {len(when) - _WAYS} other ways")


def in_words(field: Any) -> str:
    """Return what a field can be in one line; nothing where that is not known."""
    if isinstance(field, OneOf) and isinstance(field.outcomes[0].value, tuple):
        items = (item for outcome in field.outcomes for item in outcome.value)
        held = hooks(field) if any(isinstance(each, Hook) for each in items) else members(field)
        return ", ".join(map(str, held)) or "none"
    return "; ".join(map(str, values(field)))


def spelled(text: str, when: When) -> str:
    """Return what something is, and when, in one line."""
    return text if when == ALWAYS else f"{text} {flat(phrase(when))}"


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
