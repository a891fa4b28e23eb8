"""JSON that means the same to everybody who reads it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from stigmem_review.text import shorten


def parse(text: str) -> Any:
    """Return what a text of JSON holds.

    Raises ``json.JSONDecodeError`` for what is none, ``RecursionError`` for what is nested too
    deep, and ``ValueError`` for what readers take differently: an object with a key twice, a value
    that JSON does not have, a number too large for them.
    """
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_no_value,
        parse_float=_finite,
        parse_int=_whole,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise ValueError(f"the key {shorten(key, 60)} is there twice")
        value[key] = item
    return value


def _no_value(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python's own advice is for programs
        raise ValueError(f"a number has {len(text)} digits, which is too long") from None


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return value
