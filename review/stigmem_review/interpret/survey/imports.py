"""Imports: which modules run, and what is bound by them."""

from __future__ import annotations

import ast

from stigmem_review.host import apis
from stigmem_review.interpret.events import Import
from stigmem_review.interpret.survey.calls import Calls
from stigmem_review.interpret.survey.things import (
    ALONE,
    Body,
    Env,
    Far,
    Mod,
    Value,
    Values,
)


class Imports(Calls):
    """Adds imports."""

    def _import(self, node: ast.Import | ast.ImportFrom, env: Env) -> None:
        unit = self.unit
        guarded = bool(self.guarded)
        early = isinstance(unit, Mod)
        top = isinstance(unit, Body) and unit.within == getattr(unit.node, "name", "")
        within = "" if early else (unit.within if top and self.sure and not guarded else "?")
        for module, name in self.bind_import(node, env):
            found = Import(module, name, env.module.place, node.lineno, early, guarded, within)
            self.imports[env.module.place, node.lineno, module, name] = found
            dotted = f"{module}.{name}".rstrip(".")
            if apis.host_part(dotted):
                self.event("looks", dotted, node, env)

    def bind_import(
        self, node: ast.Import | ast.ImportFrom, env: Env, *, quiet: bool = False
    ) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.append((alias.name, ""))
                self.imported.add(alias.name)
                top = alias.name.partition(".")[0]
                name = alias.asname or top
                found_ = self.module(alias.name if alias.asname else top, quiet=quiet)
                self.bind(name, found_, env)
                self.module(alias.name, quiet=quiet)
            return found
        base = self._absolute(node, env.module)
        for alias in node.names:
            found.append((base, alias.name))
            if alias.name == "*":
                self._star(base, env.module)
                continue
            values = self.taken_from(base, alias.name, node, env, quiet=quiet) if base else ()
            self.bind(alias.asname or alias.name, values, env)
        return found

    def _absolute(self, node: ast.ImportFrom, module: Mod) -> str:
        if not node.level:
            return node.module or ""
        if module.name == ALONE:
            return "." * node.level + (node.module or "")
        parts = module.name.split(".")
        up = node.level - 1 if module.is_package else node.level
        if up >= len(parts):
            return ""
        kept = parts[: len(parts) - up]
        return ".".join([*kept, node.module] if node.module else kept)

    def module(self, name: str, *, quiet: bool = False) -> Values:
        """Import a module, its parents first."""
        if name.partition(".")[0] not in self.tops:
            return (self.far(name),)
        parts = name.split(".")
        found: Mod | None = None
        for size in range(1, len(parts) + 1):
            inner = self.modules.get(".".join(parts[:size]))
            if inner is None:
                # A folder without a module of its own, or what is not in the release.
                found = None
                continue
            if found is not None:
                self.grow(found, parts[size - 1], (inner,))
            found = inner
            if not quiet:
                self.runs(inner)
        return (found,) if found is not None else ()

    def taken_from(
        self, base: str, name: str, node: ast.AST, env: Env, *, quiet: bool = False
    ) -> Values:
        values = self.module(base, quiet=quiet)
        found: dict[Value, None] = {}
        for each in values:
            if isinstance(each, Far):
                dotted = f"{base}.{name}"
                found[self.far(dotted)] = None
            elif isinstance(each, Mod):
                held = self.held(each, name)
                if not held or f"{base}.{name}" in self.modules:
                    held += self.module(f"{base}.{name}", quiet=quiet)
                if not held:
                    held = self.lazily(each, name, node, env)
                found.update(dict.fromkeys(held))
        if not values:
            found.update(dict.fromkeys(self.module(f"{base}.{name}", quiet=quiet)))
        return tuple(found)

    def lazily(self, module: Mod, name: str, node: ast.AST, env: Env) -> Values:
        """Return what a module has by star imports of others, or by its own ``__getattr__``."""
        found: Values = tuple(self.far(f"{star}.{name}") for star in module.stars)
        for each in self.held(module, "__getattr__"):
            found += self.call(each, (self.text(name),), {}, node, env)
        return found

    def _star(self, base: str, into: Mod) -> None:
        for each in self.module(base) if base else ():
            if isinstance(each, Far):
                self._take_star(into, base)
            elif isinstance(each, Mod) and each is not into:
                each.followers[into] = None
                for name, held in [*each.names.items()]:
                    if not name.startswith("_"):
                        self.grow(into, name, held)
                for star in [*each.stars]:
                    self._take_star(into, star)

    def _take_star(self, into: Mod, star: str) -> None:
        todo = [into]
        while todo:
            space = todo.pop()
            if star not in space.stars:
                space.stars[star] = None
                for readers in space.readers.values():
                    for unit in readers:
                        self.queue(unit)
                todo += space.followers
