"""Facts about what code reaches and does."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Explained, Fact, Gain, Gained, State
from stigmem_review.model import Authority, Does

Reached = Literal["no", "yes", "unknown"]
"""Whether the old release reached the same kind of thing, if only by other names."""


Declared = Literal["", "no", "yes", "unknown"]
"""Whether the manifest declares network.outbound; empty where that is beside the point."""


_GAINED: dict[str, Gained] = {
    "network": "network",
    "process": "process",
    "files": "files",
    "environment": "environment",
    "threads": "other",
    "databases": "other",
}
"""What is gained by reaching something; the rest runs code that is not in the source."""


class AuthorityUsed(Fact, frozen=True, kw_only=True):
    """A kind of thing that code reaches by itself; ``names`` are the new names it is reached by."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached
    declared: Declared

    def gain(self) -> Gain | None:
        return Gain(_GAINED.get(self.authority, "code"), self.does, self.names)


class EarlyEffect(Fact, frozen=True, kw_only=True):
    """The same, as soon as a module is imported."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached

    def gain(self) -> Gain | None:
        does = f"{self.does} as soon as it is imported"
        return Gain(_GAINED.get(self.authority, "code"), does, self.names)


class AccessorUndeclared(State, frozen=True, kw_only=True):
    """An interface of the node that the code asks for and whose capability is not declared."""

    excuse = "as before"

    accessor: str


class CapabilityUnused(State, frozen=True, kw_only=True):
    """A capability that is declared and whose interface no code asks for."""

    excuse = "as before"
    baseline = "use"
    listed = False

    accessor: str


class FileOdd(Explained, frozen=True, kw_only=True):
    """A file that is no Python source; ``runs`` if Python can run what is in it."""

    excuse = "as before"
    baseline = "code"
    listed = False

    runs: bool
    sha256: str

    def gain(self) -> Gain | None:
        return Gain("unread", "has files that are no Python source", (self.item,))


class SourceDeceptive(Explained, frozen=True, kw_only=True):
    """Source that says something else than it seems to (``misleads``), or hides code in a text.

    ``sha256`` is that of the lines or texts that do.
    """

    excuse = "as before"
    baseline = "code"
    listed = False

    misleads: bool
    sha256: str

    def gain(self) -> Gain | None:
        return Gain("unread", "has source that hides something", (self.item,))


class FactoryRaises(Explained, frozen=True, kw_only=True):
    """A place where the factory raises, and under which condition."""

    excuse = "as before"
    baseline = "code"
    listed = False
