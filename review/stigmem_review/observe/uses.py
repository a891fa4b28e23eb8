"""What one source file uses: imports, and dotted names as far as its imports explain them."""

from __future__ import annotations

import ast
import builtins
from typing import NamedTuple

from stigmem_review.manifest.modules import Syntax
from stigmem_review.syntax.nodes import children
from stigmem_review.syntax.parse import Failure, parse
from stigmem_review.syntax.scope import outer_parts, scope_of

_BUILTINS = frozenset(dir(builtins))
_ELSEWHERE = "?"
_GUARDS = (
    *(ast.AsyncFor, ast.AsyncWith, ast.For, ast.If, ast.Match, ast.Try, ast.TryStar),
    *(ast.While, ast.With),
)
"""What may keep an import from running, or its failure from mattering."""
_WRITTEN_OUT = "="
"""Stands before a dotted name that a constant gives and no import has to explain."""


class Use(NamedTuple):
    """A name that is used, as far as attributes follow it.

    ``dotted`` is absolute for what is imported (``socket.create_connection``), starts with dots
    for a relative import, is ``builtins.open`` for a builtin, and ``?.name`` for an attribute of
    anything else. What a constant names in ``getattr``, ``import_module`` and ``__import__`` counts
    like what is written out. ``early`` if the line runs when the module is imported, ``stored``
    if it is assigned to or deleted.
    """

    dotted: str
    line: int
    early: bool
    called: bool = False
    stored: bool = False


class Import(NamedTuple):
    """One name in an import statement.

    ``module`` starts with dots where it is relative; ``name`` is empty for ``import module`` and
    ``*`` for a star import. ``guarded`` if an ``except``, a ``with`` or a condition stands around
    it, so that it may fail, or not run, where that is meant. ``within`` is the function of the
    module that runs it whenever it is called, and ``?`` where it is in another place in a function.
    """

    module: str
    name: str
    line: int
    early: bool
    guarded: bool
    within: str = ""


class FileUses(NamedTuple):
    """What was found in one file; ``failure`` where it is no Python that can be read."""

    uses: tuple[Use, ...] = ()
    imports: tuple[Import, ...] = ()
    failure: Failure | None = None


def uses_of(data: bytes, known: Syntax | Failure | None = None) -> FileUses:
    """Return what a source file uses, in the order of its lines.

    ``known`` is the file as it was parsed before. What only type checkers see is left out.
    """
    if known is None:
        tree = parse(data)
        known = tree if isinstance(tree, Failure) else Syntax(data, tree, scope_of(tree, data))
    if isinstance(known, Failure):
        return FileUses(failure=known)
    walk = _Walk(known.scope.skipped)
    walk.run(known.tree)
    names: dict[str, str] = {}
    for local, dotted in walk.names:
        names.setdefault(local, dotted)
    shadowed = known.scope.bindings.keys()
    uses = []
    for chain, line, early, called, stored in walk.chains:
        first, _, rest = chain.partition(".")
        if first == _WRITTEN_OUT:
            dotted = rest
        elif first in names:
            dotted = f"{names[first]}.{rest}" if rest else names[first]
        elif first in _BUILTINS and first not in shadowed:
            dotted = f"builtins.{chain}"
        elif rest:
            dotted = f"?.{rest}"
        else:
            continue
        uses.append(Use(dotted, line, early, called, stored))
    uses.sort(key=lambda each: each.line)
    return FileUses(tuple(uses), tuple(sorted(walk.imports, key=lambda each: each.line)))


class _Walk:
    def __init__(self, skipped: set[int]) -> None:
        self.imports: list[Import] = []
        self.names: list[tuple[str, str]] = []
        """What each imported name stands for; the first one of a name counts."""
        self.chains: list[tuple[str, int, bool, bool, bool]] = []
        self._skipped = skipped

    def run(self, tree: ast.Module) -> None:
        top = {id(node) for node in tree.body}
        # With each node: the function it runs in, empty at import; and whether it is guarded.
        stack: list[tuple[ast.AST, str, bool]] = [(node, "", False) for node in tree.body]
        while stack:
            node, within, guarded = stack.pop()
            early = not within
            match node:
                case ast.If() if id(node) in self._skipped:
                    continue
                case ast.Import() | ast.ImportFrom():
                    self._import(node, within, guarded)
                    continue
                case ast.Call(func=ast.Name() | ast.Attribute() as called):
                    self._chain(called, early, called=True)
                    if _constant_name(node):
                        self._chain(node, early, called=False)
                    inner = [*_below(called), *node.args, *node.keywords]
                    stack += [(each, within, guarded) for each in inner]
                    continue
                case ast.Name() | ast.Attribute():
                    self._chain(node, early, called=False)
                    stack += [(each, within, guarded) for each in _below(node)]
                    continue
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    stack += [(each, within, guarded) for each in outer_parts(node)]
                    inside = node.name if id(node) in top else _ELSEWHERE
                    for each in node.body:
                        stack.append((each, inside, guarded))
                        if isinstance(each, _GUARDS):
                            inside = _ELSEWHERE
                    continue
                case ast.Lambda():
                    stack += [(each, within, guarded) for each in outer_parts(node)]
                    stack.append((node.body, _ELSEWHERE, guarded))
                    continue
                case ast.Try() | ast.TryStar() if not node.handlers:
                    stack += [(each, within, guarded) for each in children(node)]
                    continue
                case _:
                    around = guarded or isinstance(node, _GUARDS)
                    stack += [(each, within, around) for each in children(node)]

    def _import(self, node: ast.Import | ast.ImportFrom, within: str, guarded: bool) -> None:
        early = not within
        for alias in node.names:
            if isinstance(node, ast.Import):
                self.imports.append(Import(alias.name, "", node.lineno, early, guarded, within))
                top = alias.name.partition(".")[0]
                self.names.append((alias.asname, alias.name) if alias.asname else (top, top))
            else:
                module = "." * node.level + (node.module or "")
                self.imports.append(Import(module, alias.name, node.lineno, early, guarded, within))
                dotted = f"{module}{'' if module.endswith('.') else '.'}{alias.name}"
                self.names.append((alias.asname or alias.name, dotted))

    def _chain(self, node: ast.expr, early: bool, *, called: bool) -> None:
        line = node.lineno
        stored = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
        parts: list[str] = []
        while True:
            match node:
                case ast.Attribute():
                    parts.append(node.attr)
                    node = node.value
                case ast.Call(func=ast.Name("getattr"), args=[of, ast.Constant(str(name)), *_]):
                    parts.append(name)
                    node = of
                case _:
                    break
        first = node.id if isinstance(node, ast.Name) else "?"
        if isinstance(node, ast.Call) and (name := _constant_name(node)):
            first = f"{_WRITTEN_OUT}.{name}"
        self.chains.append((".".join([first, *reversed(parts)]), line, early, called, stored))


def _constant_name(node: ast.Call) -> str:
    """Return the module or attribute that a constant names in a call, or an empty string."""
    match node:
        case ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(str(name)), *_]):
            return name
        case ast.Call(
            func=ast.Name("__import__" | "import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(str(name)), *_],
        ) if not name.startswith("."):
            return name
        case _:
            return ""


def _below(node: ast.expr) -> list[ast.expr]:
    """Return what a chain of attributes starts from, unless that is a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return [] if isinstance(node, ast.Name) else [node]
