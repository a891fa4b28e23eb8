"""What code does that is not its own: events, each with its place and what makes it run."""

from __future__ import annotations

from typing import Literal

import msgspec

PHASES = 40
"""Phases that are told apart; a node has fewer hooks."""
HANDED_ON = "<handed on>"
"""Ends the name of a module that goes where reading does not follow it."""

EventKind = Literal["calls", "looks", "sets", "hands on"]


class Argument(msgspec.Struct, frozen=True, gc=False):
    """What one argument, by its number or name, is known to be: texts, and if that is all.

    A part that only the node has is written ``${NAME}`` where a variable of the environment says
    it, and ``{}`` where nobody knows; the path of what is installed with the release begins with
    ``{here}/``.
    """

    name: str
    texts: tuple[str, ...]
    whole: bool = False


Arguments = tuple[Argument, ...]


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that code does with what is not its own.

    ``api`` is the dotted name of what is called, looked at, set, or handed on; ``name()`` stands
    for what a call gives, ``?.name`` for an attribute of nobody knows what. ``place`` is the place
    of the file, ``phase`` what makes it run: ``import``, ``factory``, ``handler <hook>``, ``health
    check``, ``route <path>``, ``unreached`` and so on; ``within`` the function it stands in.
    ``arguments`` are what it is given.
    """

    kind: EventKind
    api: str
    place: str
    line: int
    phase: str
    within: str = ""
    arguments: Arguments = ()


class Import(msgspec.Struct, frozen=True, gc=False):
    """One name in an import statement.

    ``module`` is absolute, and empty where it leads out of the package; ``name`` is empty for
    ``import module`` and ``*`` for a star import. ``guarded`` if an ``except``, a ``with`` or a
    condition stands around it, so that it may fail, or not run, where that is meant. ``early`` if
    it runs whenever its module does; ``within`` is the function of the module that runs it whenever
    it is called, and ``?`` where it is in another place in a function.
    """

    module: str
    name: str
    place: str
    line: int
    early: bool
    guarded: bool
    within: str = ""
