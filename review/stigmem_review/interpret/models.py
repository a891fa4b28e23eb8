"""The one table of what is known of calls of what others provide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import Value

Args = Sequence[Value]
Keywords = Sequence[tuple[str, Value]]
Run = Callable[[Machine, Args, Keywords], Value]


class Model(msgspec.Struct, frozen=True):
    """What a call does; ``whole`` if it takes arguments that are one of several as they are."""

    run: Run
    whole: bool = False


MODELS: dict[str, Model] = {}


def model(*names: str, whole: bool = False) -> Callable[[Run], Run]:
    """Register what calls of some names do.

    A model raises ``GiveUp`` where it cannot finish: then all operands escape.
    """

    def register(run: Run) -> Run:
        for name in names:
            MODELS[name] = Model(run, whole)
        return run

    return register


def count(args: Args, keywords: Keywords, least: int, most: int) -> None:
    """Raise ``GiveUp`` unless a call has so many positional arguments and no others."""
    if keywords or not least <= len(args) <= most:
        raise GiveUp("it is called in an unusual way")
