"""TOML, and why a text is none that can be read, in words for whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stigmem_review.text import shorten

Keys = Sequence[str | int]
"""What leads to a value: the keys of tables, and from zero the places in arrays."""

_PARSED_CHARS = 1024 * 1024
"""How much of beginnings is parsed to find a line; of a thousand statements it takes twenty."""


def parse(text: str) -> dict[str, Any]:
    """Return what a text of TOML holds. Raises ``ValueError`` that says why there is nothing."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(shorten(str(error))) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:  # of Python's own, which is about thousands of digits or about dates
        raise ValueError("a number in it has too many digits, or a date in it is none") from None


def decoded(data: bytes) -> str:
    """Return the text of a file that a person wrote, without a byte order mark.

    Raises ``ValueError`` where it is not UTF-8, which TOML has to be.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; save it as UTF-8") from None


def line_of(text: str, keys: Keys) -> int:
    """Return the line, from one, on which a text that parses gives what some keys lead to.

    It is 0 where it does not. Python's parser keeps no places, but what a text says by a line is
    what its beginning up to there says.
    """
    # A beginning must not end within a line's end.
    lines = text.replace("\r\n", "\n").split("\n")
    before, after, left = 0, len(lines), _PARSED_CHARS
    if not keys or not _holds(parse(text), keys):
        return 0
    while after - before > 1:
        middle = (before + after) // 2
        # A cut through a value that goes over several lines leaves nothing that parses.
        for cut in (*range(middle, after), *range(middle - 1, before, -1)):
            beginning = "\n".join(lines[:cut])
            left -= len(beginning)
            if left < 0:
                return 0
            try:
                begun = parse(beginning)
            except ValueError:
                continue
            before, after = (before, cut) if _holds(begun, keys) else (cut, after)
            break
        else:
            break
    return before + 1


def _holds(value: Any, keys: Keys) -> bool:
    for key in keys:
        if isinstance(key, int):
            if not isinstance(value, list) or key >= len(value):
                return False
        elif not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
