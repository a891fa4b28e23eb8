"""The modules of a distribution, found and parsed on demand, as the import system would find them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stigmem_review.model import Location
from stigmem_review.syntax.parse import Failure, parse
from stigmem_review.syntax.scope import Scope, scope_of

_NATIVE = (".so", ".pyd", ".dll", ".dylib")


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed module of the distribution."""

    name: str
    path: str
    tree: ast.Module
    scope: Scope
    is_package: bool

    @property
    def package(self) -> str:
        """The package that relative imports in this module start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def at(self, node: ast.AST) -> Location:
        """Return where a node of this module stands."""
        return Location(self.path, getattr(node, "lineno", 0))


@dataclass(frozen=True, slots=True)
class Unusable:
    """A module that exists and cannot be followed; ``gap`` if its content could not be read."""

    why: str
    at: Location
    gap: bool = False
    do: str = ""


class Modules:
    """Finds modules below one root of a set of files."""

    def __init__(self, files: Mapping[str, bytes], root: str) -> None:
        """``root`` is the prefix, empty or ending in a slash, below which packages stand."""
        self._files = files
        self._root = root
        self._found: dict[str, Module | Unusable | None] = {}
        self._folders = {
            folder
            for path in files
            if path.startswith(root)
            for folder in _parents(path[len(root) :])
        }
        self._native = {
            path[len(root) :] for path in files if path.startswith(root) and path.endswith(_NATIVE)
        }

    def owns(self, name: str) -> bool:
        """Say whether a dotted name's first part is a package or module of this distribution."""
        top = name.partition(".")[0]
        return top in self._folders or self._candidates(top) is not None or self._native_for(top)

    def get(self, name: str) -> Module | Unusable | None:
        """Return a module by its dotted name; ``None`` where this distribution has none.

        The finder's order is kept: a package before a module, a native module before source.
        """
        if name not in self._found:
            self._found[name] = self._load(name)
        return self._found[name]

    @property
    def loaded(self) -> Iterable[Module]:
        """The modules that were parsed."""
        return [module for module in self._found.values() if isinstance(module, Module)]

    @property
    def unusable(self) -> Iterable[Unusable]:
        """The modules that were asked for and cannot be followed."""
        return [module for module in self._found.values() if isinstance(module, Unusable)]

    def _candidates(self, name: str) -> tuple[str, bool] | None:
        base = name.replace(".", "/")
        for path, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if self._root + path in self._files:
                return path, is_package
        return None

    def _native_for(self, name: str) -> str:
        base = name.replace(".", "/")
        for path in self._native:
            if path.startswith((f"{base}.", f"{base}/__init__.")):
                return path
        return ""

    def _load(self, name: str) -> Module | Unusable | None:
        found = self._candidates(name)
        if native := self._native_for(name):
            return Unusable(
                f"{name} is a native module, which cannot be read as source",
                Location(self._root + native),
            )
        if found is None:
            return None
        path, is_package = found
        full = self._root + path
        tree = parse(self._files[full])
        if isinstance(tree, Failure):
            return Unusable(tree.why, Location(full, tree.line), tree.unreadable, tree.do)
        return Module(name, full, tree, scope_of(tree), is_package)


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")[:-1]
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
