"""What has to hold for something to be so: in words, and what follows from the words.

A condition is one sentence wherever it goes, in reports and in manifests that were read. So what
writes it and what reads it again share the words that stand here.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, product
from math import prod
from operator import ge, gt, le, lt

from stigmem_review.patterns import late
from stigmem_review.text import Message, Segment, flat, shorten

When = tuple[tuple[str, ...], ...]
"""The ways in which something comes to be so, each with what has to hold for it; none: always.

What has to hold may not be all: of a way that names nothing it is not known when it is gone.
"""

ALWAYS: When = ()

_Answers = frozenset[str]
_Literal = tuple[str, _Answers]
"""What a condition asks, and the answers with which it holds."""
_Way = frozenset[_Literal]

_YES, _NO = frozenset({"yes"}), frozenset({"no"})

UNSET, EMPTY, FILLED = "unset", "empty", "filled"
"""What a variable of the environment can be: code asks whether it is there, which it is if it is
empty, or whether it is true, which it then is not."""
_VARIABLE = {
    frozenset({EMPTY, FILLED}): " is set",
    frozenset({UNSET}): " is not set",
    frozenset({FILLED}): " is set and not empty",
    frozenset({UNSET, EMPTY}): " is not set or is empty",
    frozenset({EMPTY}): " is set but empty",
    frozenset({UNSET, FILLED}): " is not set or is not empty",
}
_ALL = (_YES | _NO, frozenset({UNSET, EMPTY, FILLED}))

_QUOTED = late(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_AND_OR = late(
    "|".join(words for words in _VARIABLE.values() if " and " in words or " or " in words)
)
_EQUAL = late(
    rf"(?P<name>.+?) is (?:one of )?(?P<values>(?:{_QUOTED.pattern})(?:, (?:{_QUOTED.pattern}))*)"
    r"(?: \(default .*\))?"
)
_CHOICES = 64
"""Ways in which several conditions that say "or" can hold that are each looked at."""
_TERMS = 40
_WAYS = 3
"""Ways that are named in words; the rest is counted."""


def of_variable(name: str, *states: str) -> str:
    """Return the condition that a variable is in one of some states, and not in all."""
    return name + _VARIABLE[frozenset(states)]


@lru_cache(maxsize=4096)
def _literal(condition: str) -> _Literal:
    """Return what a condition asks: "X is not set" and "X is set" are answers to one question."""
    for states, words in _VARIABLE.items():
        name = condition.removesuffix(words)
        if name != condition and " or " not in name:
            return of_variable(name, EMPTY, FILLED), states
    about, verb, rest = condition.partition(" is ")
    if rest.startswith("not ") and " or " not in condition:
        return about + verb + rest.removeprefix("not "), _NO
    # Of several joined by "or", no single word makes the opposite.
    return condition, _YES


def _condition(literal: _Literal) -> str:
    question, answers = literal
    about, verb, rest = question.partition(" is ")
    if answers == _YES:
        return question
    if answers == _NO:
        return f"{about}{verb}not {rest}"
    return of_variable(question.removesuffix(of_variable("", EMPTY, FILLED)), *answers)


def _denied(condition: str) -> str:
    """Return the condition that one says is not so; nothing if it says that something is."""
    question, answers = _literal(condition)
    [every] = (each for each in _ALL if answers <= each)
    return _condition((question, every - answers)) if answers & {"no", UNSET} else ""


# Whether they hold by default

_DEFAULT = late(
    rf"\w+(?: in (?:lower|upper) case)? is (?:one of )?"
    rf"(?P<values>(?:{_QUOTED.pattern})(?:, (?:{_QUOTED.pattern}))*)"
    r"(?: \(default (?P<default>.*)\))?"
)


_A_NUMBER = late(r"\w+ is a (?P<whole>whole )?number(?: \(default (?P<default>.*)\))?")
_WHOLE, _ANY_NUMBER = late(r"\s*[-+]?\d+\s*"), late(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_COMPARED = late(
    rf"\w+ as a number is (?P<how>less than|at most|more than|at least) "
    rf"(?P<bound>-?\d+(?:\.\d+)?) \(default (?P<default>{_QUOTED.pattern})\)"
)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "less than": lt,
    "at most": le,
    "more than": gt,
    "at least": ge,
}


def by_default(conditions: Iterable[str]) -> bool | None:
    """Say whether all hold where no variable of the environment is set; ``None`` if who knows."""
    found = [_or_by_default(each) for each in conditions]
    return False if False in found else None if None in found else True


def _or_by_default(condition: str) -> bool | None:
    found: list[bool | None] = []
    for way in _alternatives(condition):
        said = [_by_default(question, answers) for question, answers in way]
        found.append(False if False in said else None if None in said else True)
    return True if True in found else None if None in found else False


def _by_default(question: str, answers: _Answers) -> bool | None:
    """Say whether a question has one of some answers where no variable is set."""
    if answers <= _ALL[1]:
        return UNSET in answers
    yes = answers == _YES
    if found := _DEFAULT.fullmatch(question):
        default = found["default"]
        return (default in _QUOTED.findall(found["values"])) == yes
    if found := _A_NUMBER.fullmatch(question):
        text = (found["default"] or "").strip("'\"")
        return bool((_WHOLE if found["whole"] else _ANY_NUMBER).fullmatch(text)) == yes
    if found := _COMPARED.fullmatch(question):
        text = found["default"][1:-1]
        if _ANY_NUMBER.fullmatch(text):
            return _COMPARISONS[found["how"]](float(text), float(found["bound"])) == yes
    return None


# Whether they hold with what is set

_EQUALS = late(
    rf"(?P<name>\w+)(?: in (?P<case>lower|upper) case)? is (?:one of )?"
    rf"(?P<values>(?:{_QUOTED.pattern})(?:, (?:{_QUOTED.pattern}))*)(?: \(default .*\))?"
)
_NUMBER_OF = late(
    r"(?P<name>\w+) (?:is a (?P<whole>whole )?number"
    r"|as a number is (?P<how>less than|at most|more than|at least) (?P<bound>-?\d+(?:\.\d+)?))"
    r"(?: \(default .*\))?"
)


def decided(condition: str, values: Mapping[str, str]) -> bool | None:
    """Say whether a condition holds where variables of the environment have some values.

    ``None`` where these do not say: of a variable that is not among them nothing is known.
    """
    found: list[bool | None] = []
    for way in _alternatives(condition):
        said = [_decided(question, answers, values) for question, answers in way]
        found.append(False if False in said else None if None in said else True)
    return True if True in found else None if None in found else False


def named(condition: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return the variables, of some, that a condition asks about, sorted."""
    asked = [question for way in _alternatives(condition) for question, _ in way]
    return tuple(sorted(v for v in values if any(each.startswith(f"{v} ") for each in asked)))


def _decided(question: str, answers: _Answers, values: Mapping[str, str]) -> bool | None:
    if answers <= _ALL[1]:
        text = values.get(question.removesuffix(of_variable("", EMPTY, FILLED)))
        return None if text is None else (FILLED if text else EMPTY) in answers
    if found := _EQUALS.fullmatch(question):
        text = values.get(found["name"])
        if text is None or text != text.strip():
            # That blanks are taken off is left out of the words.
            return None
        text = {"lower": text.lower(), "upper": text.upper()}.get(found["case"], text)
        return (text in map(literal_eval, _QUOTED.findall(found["values"]))) == (answers == _YES)
    if found := _NUMBER_OF.fullmatch(question):
        text = values.get(found["name"])
        is_number = text is not None and bool(_ANY_NUMBER.fullmatch(text))
        if text is None or (found["how"] and not is_number):
            return None
        if found["how"]:
            so = _COMPARISONS[found["how"]](float(text), float(found["bound"]))
        else:
            so = bool(_WHOLE.fullmatch(text)) if found["whole"] else is_number
        return so == (answers == _YES)
    return None


# Whether all can hold


@lru_cache(maxsize=4096)
def exclude(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether two ways cannot both be so; if it is too much to tell, they can."""
    choices = [_alternatives(each) for each in {*one, *other}]
    if prod(map(len, choices)) > _CHOICES:
        return False
    return all(_contradict(frozenset().union(*chosen)) for chosen in product(*choices))


def _alternatives(condition: str) -> list[_Way]:
    """Return the ways in which a condition that says "or" can hold."""
    kept = _AND_OR.sub(_joined, _QUOTED.sub(_joined, condition))
    return [
        frozenset(_literal(each.replace("\0", " ")) for each in way.split(" and "))
        for way in kept.split(" or ")
    ]


def _joined(found: re.Match[str]) -> str:
    return found[0].replace(" ", "\0")


def _contradict(literals: _Way) -> bool:
    """Say whether literals cannot all hold."""
    left: dict[str, _Answers] = {}
    can: dict[str, set[str]] = {}
    cannot: dict[str, set[str]] = {}
    for question, answers in literals:
        left[question] = left.get(question, answers) & answers
        if found := _EQUAL.fullmatch(question):
            name, values = found["name"], {*_QUOTED.findall(found["values"])}
            if answers == _YES:
                can[name] = can.get(name, values) & values
            else:
                cannot.setdefault(name, set()).update(values)
    return not all(left.values()) or any(
        not values - cannot.get(name, set()) for name, values in can.items()
    )


def narrows(when: When, was: When) -> bool:
    """Say whether something is so only where it was, as far as the conditions say.

    A way that names nothing is one of which it is not known when it is gone, so it covers none.
    """
    before = [_way(each) for each in was if each]
    return when != ALWAYS and all(
        each and any(_covers(other, dict(_way(each))) for other in before) for each in when
    )


# In the fewest ways


def simplest(ways: Iterable[tuple[str, ...]]) -> When:
    """Return ways in the one form of all that say the same: their prime implicants.

    Found by consensus and absorption (Blake's canonical form, for questions with more answers than
    two); left as they are beyond a number.
    """
    return _simplest(frozenset(map(_way, ways)))


@lru_cache(maxsize=8192)
def _simplest(ways: frozenset[_Way]) -> When:
    # Most items of a release hang on the same few conditions.
    left = _least({*ways})
    while len(left) <= _TERMS:
        more = {way for one, two in combinations(left, 2) for way in _consensus(one, two)}
        grown = _least(left | more)
        if grown == left:
            break
        left = grown
    return tuple(sorted(tuple(sorted(map(_condition, way))) for way in left))


def _way(conditions: tuple[str, ...]) -> _Way:
    answers: dict[str, _Answers] = {}
    for condition in conditions:
        question, some = _literal(condition)
        answers[question] = answers.get(question, some) & some
    if all(answers.values()):
        return frozenset(answers.items())
    # What cannot hold by its words is shown as it was written.
    return frozenset((condition, _YES) for condition in conditions)


def _least(ways: set[_Way]) -> set[_Way]:
    """Return ways without those that another one covers."""
    return {
        way
        for way, answers in [(way, dict(way)) for way in ways]
        if not any(other != way and _covers(other, answers) for other in ways)
    }


def _covers(other: _Way, answers: dict[str, _Answers]) -> bool:
    return all(question in answers and answers[question] <= some for question, some in other)


def _consensus(one: _Way, two: _Way) -> Iterator[_Way]:
    """Yield what holds by one way or the other, whatever the answer to a question they share."""
    first, second = dict(one), dict(two)
    shared = {each: first[each] & second[each] for each in first.keys() & second.keys()}
    for question, common in shared.items():
        if common in (first[question], second[question]):
            continue
        both = {**first, **second, **shared, question: first[question] | second[question]}
        if all(both.values()):
            yield frozenset(item for item in both.items() if item[1] not in _ALL)


# Words


def phrase(when: When) -> Message:
    """Return when something is so: ``always``, ``if ... and ..., or if ...``, ``unless ...``."""
    return tuple(_phrase(when))


def _phrase(when: When) -> Iterator[Segment]:
    if when == ALWAYS:
        yield Segment("always")
    elif () in when:
        yield Segment("in some environments")
    elif len(when) == 1 and len(when[0]) == 1 and (denied := _denied(when[0][0])):
        yield Segment("unless ")
        yield Segment(denied, theirs=True)
    else:
        for number, way in enumerate(when[:_WAYS]):
            yield Segment(", or if " if number else "if ")
            for index, condition in enumerate(way):
                if index:
                    yield Segment(" and ")
                yield Segment(shorten(condition), theirs=True)
        if len(when) > _WAYS:
            yield Segment(f", or in {len(when) - _WAYS} other ways")


def spelled(text: str, when: When) -> str:
    """Return what something is, and when, in one line."""
    return text if when == ALWAYS else f"{text} {flat(phrase(when))}"
