"""Texts that are put together by their own methods, as far as what goes into them is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product

from stigmem_review.host.destinations import UNKNOWN
from stigmem_review.interpret.survey.things import CHARS, EACH, Box, Values, told
from stigmem_review.patterns import late

_FIELD = late(r"%(?:\((\w+)\))?([-#0 +]*[\d.*]*)([a-zA-Z%])")
_SAME = frozenset({"decode", "encode"})
_CASES = frozenset({"capitalize", "casefold", "lower", "swapcase", "title", "upper"})
_CUTS = frozenset({"lstrip", "removeprefix", "removesuffix", "rstrip", "strip"})
OF_ANY = frozenset({"join", "rstrip"})
"""Those that say something also where parts of the text are not known."""
METHODS = frozenset({"format", "join", "replace", *_SAME, *_CASES, *_CUTS})
"""Methods of a text that give another one."""


def called(
    text: str, name: str, args: Sequence[Values], keywords: Mapping[str, Values]
) -> list[str]:
    """Return every text that a method of one gives; what is not known of it is marked."""
    if name == "join":
        [given] = args[:1] or [()]
        return _every(lambda parts: text.join(parts), _parts(given))
    if name == "format":
        return _formatted(text, args, keywords)
    if name in _SAME:
        return [text]
    change: Callable[..., str] = getattr(text, name)
    if name in _CASES:
        return [change()]
    if len(args) > 2 or keywords:
        return [UNKNOWN]

    def changed(parts: Sequence[str]) -> str:
        return change(*parts) if UNKNOWN not in parts else UNKNOWN

    return _every(changed, [told(each) for each in args])


def percent(text: str, given: Values) -> list[str]:
    """Return every text that the operator for formatting gives."""
    fields = _FIELD.findall(text)
    wanted = sum(kind != "%" for _, _, kind in fields)
    parts = _parts(given) if any(isinstance(each, Box) for each in given) else [told(given)]
    if len(parts) != wanted or any(name for name, _, _ in fields):
        parts = [(UNKNOWN,)] * wanted

    def filled(values: Sequence[str]) -> str:
        left = iter(values)

        def one(field: re.Match[str]) -> str:
            if field[3] == "%":
                return "%"
            value = next(left)
            return value if field[3] in "sd" and not field[2] else UNKNOWN

        return _FIELD.sub(one, text)

    return _every(filled, parts)


def _formatted(text: str, args: Sequence[Values], keywords: Mapping[str, Values]) -> list[str]:
    from string import Formatter  # it makes a pattern of its own, and few releases ask for it

    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return [UNKNOWN]
    known = {**{str(number): values for number, values in enumerate(args)}, **keywords}
    parts: list[tuple[str, ...]] = []
    number = 0
    for literal, field, spec, conversion in fields:
        parts.append((literal,))
        if field is None:
            continue
        name = field or str(number)
        number += not field
        plain = not spec and conversion in (None, "s") and "**" not in known
        parts.append(told(known.get(name, ())) if plain else (UNKNOWN,))
    return _every("".join, parts)


def _parts(given: Values) -> list[tuple[str, ...]]:
    """Return what each item of a list or a tuple can be, in order."""
    if len(given) != 1 or not isinstance(given[0], Box) or not given[0].words():
        return [(UNKNOWN,)]
    box = given[0]
    parts = [(each,) if isinstance(each, str) else told(each) for each in box.parts]
    # What is added later stands at the end.
    return parts if box.is_whole else [*parts, (UNKNOWN,)]


def _every(make: Callable[[Sequence[str]], str], parts: Sequence[Sequence[str]]) -> list[str]:
    found = [make(each)[: CHARS + 1] for each in islice(product(*parts), EACH + 1)]
    return [*dict.fromkeys(found)] if len(found) <= EACH else [UNKNOWN]
