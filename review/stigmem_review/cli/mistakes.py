"""What was probably meant: looked for only where a call is wrong."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Collection, Iterable, Sequence

from stigmem_review.text import shorten

_MOST = 3
"""How many suggestions there are at most: of more nobody can choose one."""


def explained(message: str, parser: argparse.ArgumentParser, given: Sequence[str]) -> str:
    """Return what to say of a wrong call, from what ``argparse`` says of it.

    An option that there is not comes first: what ``argparse`` notices often only follows of it.
    """
    words = words_of(parser)
    written = _before_word(given) if words else _before_end(given)
    known = _options(parser)
    for option in written:
        if (name := option.partition("=")[0]) not in known:
            said = f"there is no option {shorten(name, 120)}"
            return said + (_suggested(near(name, known)) or f" here{_elsewhere(name)}")
    if words and len(written) == len(given):
        return f"name one of {_listed(words)}"
    return message


def refused(action: argparse.Action, value: str, given: Sequence[str]) -> str:
    """Return what to say of a value that is none of the choices of an argument."""
    words = _words(action)
    known = words or [str(each) for each in action.choices or ()]
    option = "/".join(action.option_strings)
    what = f"{option} cannot be" if option else f"there is no {str(action.metavar).lower()}"
    said = f"{what} {shorten(value, 120)!r}"
    if close := near(value, known):
        return said + _suggested(close)
    if "diff" in words and (meant := _left_out(given)):
        return f"{said}; did you mean {meant}?"
    return f"{said}; choose {_listed(known)}"


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return what was probably meant by a word: what it begins, or else what is written like it."""
    lowered = {each.lower(): each for each in known}
    bare = word.strip("-").lower()
    begun = [name for each, name in lowered.items() if bare and each.strip("-").startswith(bare)]
    close = difflib.get_close_matches(word.lower(), lowered, _MOST)
    return begun[:_MOST] or [lowered[each] for each in close]


def words_of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the commands, or the actions, that a parser chooses between, if it does."""
    return [word for action in parser._actions for word in _words(action)]


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [name for action in parser._actions for name in action.option_strings]


def _elsewhere(option: str) -> str:
    """Return which commands have an option, as the end of a message; nothing where none has."""
    from stigmem_review.cli import parser

    having = [
        each.dest
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
        for each in action._get_subactions()
        if option in _options(action.choices[each.dest])
    ]
    if not having:
        return ""
    return f"; {_listed(having, 'and')} {'have' if len(having) > 1 else 'has'} it"


def _words(action: argparse.Action) -> list[str]:
    if not isinstance(action, argparse._SubParsersAction):
        return []
    return [each.dest for each in action._get_subactions()]


def _suggested(words: Sequence[str]) -> str:
    return f"; did you mean {_listed(words)}?" if words else ""


def _listed(words: Collection[str], last: str = "or") -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end


def _before_word(given: Sequence[str]) -> Sequence[str]:
    """Return the options before the word that says what else there is."""
    return given[: next((index for index, each in enumerate(given) if each[:1] != "-"), len(given))]


def _before_end(given: Sequence[str]) -> list[str]:
    """Return all that ``argparse`` takes for options."""
    end = given.index("--") if "--" in given else len(given)
    return [
        each
        for each in given[:end]
        if len(each) > 1 and each[0] == "-" and not each[1].isdigit() and " " not in each
    ]


def _left_out(given: Sequence[str]) -> str:
    """Return the whole command of somebody who named releases and no command."""
    from stigmem_review.errors import ReviewError
    from stigmem_review.sources.request import understand

    try:
        for each in given[:2]:
            understand(each)
    except ReviewError:
        return ""
    command = "diff" if len(given) > 1 else "check"
    return f"stigmem-review {command} {shorten(' '.join(given), 200)}"
