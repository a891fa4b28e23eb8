"""What every fact has, and the shapes that several families share.

Rules are about kinds of facts; a fact's fields are what a rule's conditions and messages can use.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from stigmem_review.model import Location, Side
from stigmem_review.outcomes import ALWAYS, When


def _kind(name: str) -> str:
    return re.sub("(?<=.)(?=[A-Z])", "-", name).lower()


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=_kind):
    """One fact. Its kind is the class's name: ``HookAdded`` is ``hook-added``.

    ``item`` says what it is about; ``at`` where, in the release ``side`` names. ``when``
    is when it is so of that release, if that depends on how the node is run. ``write`` are whole
    lines that would settle it, for whoever decides.
    """

    item: str
    at: Location | None = None
    side: Side = "new"
    when: When = ALWAYS
    write: tuple[str, ...] = ()


class Replaced(Fact, frozen=True, kw_only=True):
    old: str
    new: str


Stated = str | tuple[str, ...]
"""What a release states, or each of several things that it can state, with its condition."""


class Restated(Fact, frozen=True, kw_only=True):
    old: Stated
    new: Stated


Shift = Literal["always", "sometimes", "other"]
"""What became of a condition: it is gone, it is new, or it is another one."""


class Reconditioned(Fact, frozen=True, kw_only=True):
    """Something that was possible before and still is, and now is so at other times.

    ``was`` says when it was so in the old release, as ``when`` does for the new one.
    """

    was: When
    shift: Shift


class Explained(Fact, frozen=True, kw_only=True):
    why: str
