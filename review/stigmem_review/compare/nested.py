"""What differs inside of two values, path by path: the only place that DeepDiff is asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import msgspec

from stigmem_review.text import shorten


class Difference(msgspec.Struct, frozen=True):
    """A path into two values, its parts joined by dots, and what each has there, in words."""

    path: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.path}: {self.old} -> {self.new}"


def differences(old: Any, new: Any) -> Iterator[Difference]:
    """Yield where two values differ, as deep inside as they do."""
    # It takes longer to import than most reviews do.
    from deepdiff import DeepDiff

    for group in DeepDiff(old, new, view="tree").values():
        for each in group:
            path = ".".join(map(str, each.path(output_format="list")))
            yield Difference(path, _text(each.t1), _text(each.t2))


def written(old: str, new: str) -> tuple[str, ...]:
    """Return where two literals differ inside; nothing where they do as a whole, or are none."""
    if not (old[:1] in _OPENS and new[:1] in _OPENS):
        return ()
    try:
        one, two = ast.literal_eval(old), ast.literal_eval(new)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return ()
    return tuple(str(each) for each in differences(one, two) if each.path)


_OPENS = frozenset("[{(")


def _text(value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple, set)) else str(value)
    return "nothing" if shown == "not present" else shorten(shown)
