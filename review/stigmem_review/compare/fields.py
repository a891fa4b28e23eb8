"""What the table of fields is made of: how what a release states is laid out to be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from stigmem_review.facts import Fact, Stated
from stigmem_review.host import Node
from stigmem_review.model import Location, Manifest, Release
from stigmem_review.outcomes import Bound, Possible, hooks, shown


class Entry(msgspec.Struct, frozen=True):
    """One thing that a field holds: what is said of it, by name, and where that is written.

    ``item`` is what facts call it; ``about`` is what else they say of it, and tells it from others
    of that name.
    """

    item: str
    cell: dict[str, Any]
    at: Location | None = None
    about: dict[str, Any] = {}

    def saying(self, **cell: Any) -> Entry:
        """Return the same thing of which something else is said."""
        return Entry(self.item, {**self.cell, **cell}, self.at, self.about)


Entries = dict[Any, Entry]
"""What a field holds, by what the same thing of another release is recognised by."""


class Sides(NamedTuple):
    """Two releases, and the node that sees them."""

    old: Release
    new: Release
    node: Node

    @property
    def is_once(self) -> bool:
        """Whether a capture is among them: that shows one environment, and not when it is so."""
        return "capture" in (self.old.source.kind, self.new.source.kind)


class Thing(msgspec.Struct, frozen=True):
    """One thing that a field holds in one release, or in both."""

    sides: Sides
    item: str
    old: Entry | None
    new: Entry | None

    @property
    def differs(self) -> bool:
        """Whether one side only holds it, or another thing is said of it."""
        return not self.old or not self.new or self.old.cell != self.new.cell

    @property
    def about(self) -> dict[str, Any]:
        """What tells it from others of its name."""
        entry = self.new or self.old
        return entry.about if entry else {}

    def says(self, name: str) -> tuple[Any, Any]:
        """Return what each release says of it; nothing where it does not hold it."""
        old, new = (each.cell[name] if each else None for each in (self.old, self.new))
        return old, new


def _as_read(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    return before, after


def _nothing(thing: Thing) -> dict[str, Any]:
    return {}


def _first(thing: Thing) -> int:
    return 0


def _by_no_other(fact: Fact, thing: Thing) -> bool:
    return False


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a field of a manifest or a release, and all there is to comparing it.

    ``read`` lays out its value; ``match`` makes alike what means the same on both sides, and
    leaves out what cannot be compared. ``added`` and ``removed`` are what a thing is that only one
    side holds, ``changed`` what it is where another thing is said of it, by the name of that: one
    kind, or that of several which ``which`` tells. A fact takes what it has fields for: from what
    is said, as ``old`` and ``new``, and from what ``more`` adds. What has no kind is named as a
    change that is not classified, unless ``told`` says of a fact that is made elsewhere that it
    speaks of the thing. With ``gain``, to hold more is to be allowed more.

    In reports a thing and what is said of it are put together by ``joins``; the field has a row,
    or stands in that of the one it is ``beside``. ``of`` is what it is read from, if not the field
    of its name.
    """

    name: str
    read: Callable[[Any, Release], Entries]
    match: Callable[[Entries, Entries, Sides], tuple[Entries, Entries]] = _as_read
    added: type[Fact] | None = None
    removed: type[Fact] | None = None
    changed: Mapping[str, tuple[type[Fact], ...]] = {}
    which: Callable[[Thing], int] = _first
    told: Callable[[Fact, Thing], bool] = _by_no_other
    more: Callable[[Thing], dict[str, Any]] = _nothing
    gain: bool = False
    title: str = ""
    joins: str = ""
    of: str = ""
    beside: str = ""
    is_shown: bool = True

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.title or self.name.replace("_", " ")

    @property
    def gains(self) -> Iterator[type[Fact]]:
        """The kinds of facts that more is allowed by."""
        if self.gain and self.added:
            yield self.added
            yield from self.changed.get("when", ())

    def of_release(self, release: Release) -> Any:
        """Return what a release has in it."""
        return value_of(release, self.of or self.name)


def made(kind: Any, values: Mapping[str, Any]) -> Any:
    """Return a fact of a kind, with whatever of some values it has fields for."""
    return kind(**{name: values[name] for name in kind.__struct_fields__ if name in values})


def value_of(release: Release, name: str) -> Any:
    """Return a field of a manifest or a release; nothing where no manifest could be read."""
    if name in Manifest.__struct_fields__:
        return getattr(release.manifest, name, None)
    return getattr(release, name, None)


def hooks_of(release: Release) -> tuple[Bound, ...]:
    """Return the hooks that a release can have, as far as they are known."""
    return hooks(release.manifest.hooks) if isinstance(release.manifest, Manifest) else ()


def stated(possible: tuple[Possible, ...]) -> Stated:
    """Return what a field states: its value, or every one with its condition; else nothing."""
    if not possible:
        return ""
    if len(possible) == 1:
        value = possible[0].value
        return shown(value) if isinstance(value, bool) else value or ""
    return tuple(map(str, possible))
