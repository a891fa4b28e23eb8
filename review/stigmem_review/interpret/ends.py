"""How a piece of code ends, and how a run or a model is given up."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import msgspec

from stigmem_review.interpret.heap import Delta, Site
from stigmem_review.interpret.values import Value
from stigmem_review.model import Location

Part = Callable[[], Value]
FALLS = frozenset({"falls"})


class Lost(msgspec.Struct, frozen=True):
    """Why, and from where on, nothing can be told of what the program has."""

    why: str
    at: Location | None


class Exhausted(Exception):
    """The steps are used up."""


class Exit(Exception):
    """Leaves a piece of code: ``returns``, ``raises``, ``breaks`` or ``continues``."""

    def __init__(self, kind: str, value: Value) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class Outcome(msgspec.Struct):
    """How a piece of code ends, with what it changed and what was taken to be so."""

    kind: str
    value: Value
    delta: Delta
    path: dict[Hashable, bool]


class GiveUp(Exception):
    """A model cannot finish: why. Whoever called it lets all operands escape."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def place_of(site: Site) -> Location | None:
    """Return where a piece of code stands."""
    env, node = site
    return None if env is None else Location(env.module.shown, getattr(node, "lineno", 0))
