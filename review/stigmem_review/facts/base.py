"""What every fact has, and the shapes that several families share.

Rules are about kinds of facts; a fact's fields are what a rule's conditions and messages can use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import msgspec

from stigmem_review.conditions import ALWAYS, When
from stigmem_review.model import Location, Side


def _kind(name: str) -> str:
    # A regular expression takes ten times as long, for each of all kinds.
    return "".join([f"-{each}" if each.isupper() else each for each in name]).lower()[1:]


Gained = Literal[
    "hook",
    "capability",
    "network",
    "process",
    "code",
    "files",
    "environment",
    "other",
    "route",
    "dependency",
    "undenied",
    "unread",
    "no way back",
]
"""What can be gained, heaviest first."""


class Gain(msgspec.Struct, frozen=True):
    """What a release gains by a fact: words that complete "it ...", and the names of what.

    ``remark`` is what else is to be known at once, ``when`` when it is so.
    """

    what: Gained
    does: str
    names: tuple[str, ...] = ()
    remark: str = ""
    when: When = ALWAYS


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

    def gain(self) -> Gain | None:
        """Return what the new release gains by it, which the first lines of a report say."""
        return None


class Replaced(Fact, frozen=True, kw_only=True):
    old: str
    new: str


Excuse = Literal["none", "as before", "same code"]
"""What makes a state of the new release no news: nothing does; the old release was in it as well;
or it was, and its code is the same."""

Baseline = Literal["any", "code", "use"]
"""Which old release shows that a state is new: any, one with code, or one whose code and declared
capabilities could be read."""

Explains = Literal["", "manifest", "field", "place"]
"""What that is not read a state is the reason for: the manifest; the field that it is about; or
the manifest, where that stops at the same place."""


class State(Fact, frozen=True, kw_only=True):
    """What is so of one release by itself. Every other fact is a change, and always news.

    A class says why a state would be passed over or only listed. What it does not say is said
    as long as it is so.
    """

    excuse: ClassVar[Excuse] = "none"
    baseline: ClassVar[Baseline] = "any"
    listed: ClassVar[bool] = True
    """Whether a report lists it where it is as before."""
    explains: ClassVar[Explains] = ""

    def covers(self, new: State) -> bool:
        """Say whether a release in this state was no better than one in another of this kind."""
        return dict(evidence(self)) == dict(evidence(new))


# Places and explanations of ours can change while the fact stays what it was.
_NOT_EVIDENCE = frozenset(
    {"at", "side", "does", "why", "help", "nearest", "pattern", "hook", "capability", "write"}
)


def evidence(fact: Fact) -> Iterator[tuple[str, Any]]:
    """Yield what makes a fact this one, by its fields' names, but for when it is so."""
    for name in fact.__struct_fields__:
        if name not in _NOT_EVIDENCE and name != "when":
            yield name, getattr(fact, name)


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


class Explained(State, frozen=True, kw_only=True):
    why: str


class Unread(Explained, frozen=True, kw_only=True):
    """A state in which something is not known: it can be another one under other code."""

    excuse = "same code"

    def gain(self) -> Gain | None:
        return Gain("unread", "has something that cannot be read", (self.item,))
