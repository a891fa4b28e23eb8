"""Facts about what code reaches and does."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Explained, Fact, State
from stigmem_review.model import Authority, Does

Reached = Literal["no", "yes", "unknown"]
"""Whether the old release reached the same kind of thing, if only by other names."""


Declared = Literal["", "no", "yes", "unknown"]
"""Whether the manifest declares network.outbound; empty where that is beside the point."""


class AuthorityUsed(Fact, frozen=True, kw_only=True):
    """A kind of thing that code reaches by itself; ``names`` are the new names it is reached by."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached
    declared: Declared


class EarlyEffect(Fact, frozen=True, kw_only=True):
    """The same, as soon as a module is imported."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached


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


class SourceDeceptive(Explained, frozen=True, kw_only=True):
    """Source that says something else than it seems to (``misleads``), or hides code in a text.

    ``sha256`` is that of the lines or texts that do.
    """

    excuse = "as before"
    baseline = "code"
    listed = False

    misleads: bool
    sha256: str


class FactoryRaises(Explained, frozen=True, kw_only=True):
    """A place where the factory raises, and under which condition."""

    excuse = "as before"
    baseline = "code"
    listed = False
