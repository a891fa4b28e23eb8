"""Expressions of a whole distribution, and what the names in them stand for where they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Module, Modules, Parsed
from stigmem_review.code.nodes import children, walk
from stigmem_review.code.scope import Scope, arguments_of, outer_parts, scope_of
from stigmem_review.host import Node
from stigmem_review.manifest.evaluate import Evaluator
from stigmem_review.manifest.frames import Frame, Place
from stigmem_review.manifest.names import origin
from stigmem_review.manifest.values import Const, Definition, Foreign, Value
from stigmem_review.model import Location
from stigmem_review.text import shorten

_DEF = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

Found = tuple[ast.AST, Place]


class Reader:
    """Reads expressions anywhere in the code of one release.

    A name counts where the manifest's evaluator lets it count. That no other code changes what it
    stands for behind its back is not looked at here.
    """

    def __init__(self, code: Code, node: Node, parsed: Parsed) -> None:
        self.code = code
        self.modules = Modules(code.files, parsed=parsed)
        self._node = node
        self._evaluator = Evaluator(self.modules, node)
        self._places: dict[str, list[Found]] = {}
        self._scopes: dict[int, Scope] = {}

    def module(self, place: str) -> Module | None:
        """Return the module that a source file is, unless it cannot be followed."""
        name = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found = self.modules.get(name)
        # What one module takes of the steps there are must not keep others from being read.
        self._evaluator = Evaluator(self.modules, self._node)
        return found if isinstance(found, Module) and found.path == place else None

    def at(self, node: ast.AST, place: Place) -> Location:
        """Return where an expression stands in the release."""
        return self.code.at(place.module.path, getattr(node, "lineno", 0))

    def value(self, node: ast.expr, place: Place) -> Value:
        """Return what an expression stands for, as far as that is plain."""
        return self._evaluator.read(node, place)[0]

    def text(self, node: ast.expr | None, place: Place) -> str | None:
        """Return the text that an expression stands for, if that is known."""
        value = self.value(node, place) if node is not None else None
        return value.value if isinstance(value, Const) and isinstance(value.value, str) else None

    def foreign(self, node: ast.expr, place: Place) -> str:
        """Return the dotted name of what another distribution provides, or an empty string."""
        value = self.value(node, place)
        return value.dotted if isinstance(value, Foreign) else ""

    def written(self, node: ast.expr, place: Place) -> tuple[ast.expr, Place]:
        """Follow a name to the expression that is the only one it is ever given."""
        for _ in range(20):
            if not isinstance(node, ast.Name) or (place.frame and place.frame.has(node.id)):
                break
            local = place.local is not None and node.id in place.local.bindings
            scope = place.local if local and place.local else place.module.scope
            binding = None if scope.star else scope.only(node.id)
            match binding.node if binding else None:
                case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                    node, place = value, place if local else Place(place.module)
                case _:
                    break
        return node, place

    def imported(self, node: ast.Name, place: Place) -> tuple[ast.expr, Place] | None:
        """Follow a name to what the module of this release that it is imported from gives it."""
        for _ in range(20):
            binding = place.module.scope.only(node.id)
            statement = binding.node if binding else None
            if not isinstance(statement, ast.ImportFrom):
                return None
            source = origin(statement, place.module)
            module = self.modules.get(source) if source else None
            names = [each.name for each in statement.names if node.id == (each.asname or each.name)]
            if not isinstance(module, Module) or not names:
                return None
            name = ast.copy_location(ast.Name(names[0], ast.Load()), node)
            found, home = self.written(name, Place(module))
            if not isinstance(found, ast.Name):
                return found, home
            node, place = found, home
        return None

    def definition(self, value: Value) -> tuple[ast.AST, Module] | None:
        """Return the statement that defines a function or class at the top of a module."""
        if not isinstance(value, Definition):
            return None
        module = self.modules.get(value.module)
        binding = module.scope.only(value.qualname) if isinstance(module, Module) else None
        return (binding.node, module) if isinstance(module, Module) and binding else None

    def scope(self, function: ast.FunctionDef, module: Module) -> Scope:
        """Return the scope of a function, always the same one."""
        if id(function) not in self._scopes:
            self._scopes[id(function)] = scope_of(function, module.syntax.source)
        return self._scopes[id(function)]

    def everywhere(self, module: Module) -> list[Found]:
        """Return every node of a module with the place whose names it sees.

        What only type checkers see is left out.
        """
        if module.name not in self._places:
            self._places[module.name] = [*_walk(module)]
        return self._places[module.name]


def source(node: ast.AST) -> str:
    """Return an expression as Python writes it, in one short line."""
    try:
        return shorten(" ".join(ast.unparse(node).split()))
    except RecursionError:
        return "an expression"


def _walk(module: Module) -> Iterator[Found]:
    # All that a scope wants the text of a file for; the whole of it for each would take long.
    text = module.syntax.source
    words = b" ".join(word for word in (b"global", b"nonlocal", b":=") if word in text)
    stack: list[Found] = [(node, Place(module)) for node in reversed(module.tree.body)]
    while stack:
        node, place = stack.pop()
        if id(node) in module.scope.skipped:
            continue
        yield node, place
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                outside = outer_parts(node)
                scope = scope_of(node, words)
                around = place.local if place.local and isinstance(place.local.body, _DEF) else None
                # Names of the function around it have values only while that runs.
                names = (
                    [name for name in around.bindings if name not in scope.bindings]
                    if (around)
                    else []
                )
                inner = Place(module, scope, node.name, _hidden(place, names))
                inside: list[ast.AST] = [*node.body]
            case ast.Lambda():
                outside = outer_parts(node)
                names = [arg.arg for arg in arguments_of(node.args)]
                inner = Place(module, place.local, place.qualname, _hidden(place, names))
                inside = [node.body]
            case _ if isinstance(node, _COMPREHENSIONS):
                outside = []
                names = [
                    part.id
                    for generator in node.generators
                    for part in walk(generator.target)
                    if isinstance(part, ast.Name)
                ]
                inner = Place(module, place.local, place.qualname, _hidden(place, names))
                inside = children(node)
            case _:
                outside, inner, inside = children(node), place, []
        stack += [(each, inner) for each in reversed(inside)]
        stack += [(each, place) for each in reversed(outside)]


def _hidden(place: Place, names: list[str]) -> Frame | None:
    """Return a frame in which names have no value that is known."""
    before = place.frame.names if place.frame else set()
    return Frame({*before, *names}) if before or names else None
