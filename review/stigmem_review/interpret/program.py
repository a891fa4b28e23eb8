"""The code of a release as the node runs it: its module imported, then its factory called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import NO_MORE, Built, Modules, Parsed
from stigmem_review.host import Node
from stigmem_review.interpret import imports
from stigmem_review.interpret.ends import FALLS, Exhausted, GiveUp, Lost, Outcome, Part
from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.values import Value
from stigmem_review.model import FACTORY, UNREACHED

_RECURSION = 20_000
_LOOKS = 10_000
"""Steps for what is run besides."""


class Program:
    """One entry point (``module:name``) of a distribution, on one node.

    ``target`` is what the entry point names, and ``made`` what that returns, nothing where it
    always raises; ``raised`` is how it fails, the first ``loading`` of them before it is called;
    ``phase`` is the last of ``import``, ``find`` and ``call`` that it gets to; ``lost`` why nothing
    of that can be told. They are there once it was made; the ``machine`` then is in the state that
    the node is in.
    """

    def __init__(self, entry: str, modules: Modules, node: Node, own: Own | None = None) -> None:
        self.entry = entry
        self.modules = modules
        self.node = node
        self.machine = Interpreter(modules, node, own)
        self.phase = "import"
        self.target: Value | None = None
        self.made: Value | None = None
        self.raised: tuple[Outcome, ...] = ()
        self.loading = 0
        self.lost: Lost | None = None
        self.ran: tuple[Any, ...] | None = None
        """What was run of it besides, once it was (``roots``)."""
        self._is_made = False

    def make(self) -> None:
        """Import the module and call the factory, once. Never raises for what a release has."""
        if self._is_made:
            return
        self._is_made = True
        with deep():
            try:
                self._make()
            except (Exhausted, GiveUp) as end:
                self.machine.lose(getattr(end, "why", ""))
            except RecursionError:
                self.machine.lose("it is nested too deeply to be followed")
        self.lost = self.machine.lost
        self.machine.begin(UNREACHED)

    def look(self, part: Callable[[], Value]) -> None:
        """Run something more to see what it does, and leave everything as it was made."""
        self.make()
        m = self.machine
        trail = len(m.trail)
        kept = (m.waiting, m.mark, m.path, m.guarded, m.depth, m.site, m.lost, m.limit)
        handling, yielding = m.handling, m.yielding
        m.handling, m.yielding, m.limit = [], [], m.steps + _LOOKS
        try:
            with deep():
                m.run(part)
        except (Exhausted, GiveUp, RecursionError):
            pass
        finally:
            m.undo(trail)
            m.waiting, m.mark, m.path, m.guarded, m.depth, m.site, m.lost, m.limit = kept
            m.handling, m.yielding = handling, yielding

    def _make(self) -> None:
        m = self.machine
        module, _, names = self.entry.partition(":")

        def find() -> Value:
            found = imports.load(m, module)
            for name in filter(None, names.split(".")):
                self.phase = "find"
                found = m.get(found, name)
            return found

        target = self.target = self._ended(find)
        self.loading = len(self.raised)
        if target is not None:
            self.phase = "call"
            m.begin(FACTORY)
            self.made = self._ended(lambda: m.call(target, ()))

    def _ended(self, part: Part) -> Value | None:
        """Return what a part gives, and go on from there; nothing where it always raises."""
        m = self.machine
        outcomes = m.run(part)
        self.raised += tuple(each for each in outcomes if each.kind == "raises")
        fell = [each for each in outcomes if each.kind == "falls"]
        if fell:
            return m.settle(fell, FALLS)
        m.adopt(outcomes[0])
        return None


class Programs:
    """Programs and source files that were read: what two releases share is read once."""

    def __init__(self) -> None:
        self.parsed: Parsed = {}
        self._found: dict[Hashable, Program] = {}

    def get(
        self,
        entry: str,
        files: Mapping[str, bytes],
        paths: Mapping[str, str],
        node: Node,
        own: Own | None = None,
        built: Built = NO_MORE,
    ) -> Program:
        """Return the program of an entry point among files, as ``Modules`` takes them."""
        shown = frozenset(paths.items())
        key = (entry, node.version, own, frozenset(files.items()), shown, built)
        found = self._found.get(key)
        if found is None:
            modules = Modules(files, paths, self.parsed, built)
            found = self._found[key] = Program(entry, modules, node, own)
        return found

    def forget(self) -> None:
        """Let go of everything."""
        self.parsed.clear()
        self._found.clear()


@contextmanager
def deep() -> Iterator[None]:
    """Let code be followed that is nested as deeply as can be parsed."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
