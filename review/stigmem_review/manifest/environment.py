"""Whether a value that could not be followed depends on the environment of the node's process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review.code.modules import Module, Modules
from stigmem_review.code.nodes import walk
from stigmem_review.host import Node
from stigmem_review.manifest.evaluate import Evaluator
from stigmem_review.manifest.frames import Place
from stigmem_review.manifest.values import Definition, Foreign, Value

_SOURCES = ("os.environ", "os.environb", "os.getenv", "os.getenvb")


def environment_read(node: ast.expr, place: Place, modules: Modules, host: Node) -> str:
    """Return where the value of an expression comes to depend on the environment, or nothing."""
    evaluator = Evaluator(modules, host)
    for part, where in definitions_in(node, place, evaluator):
        for inner in walk(part):
            if isinstance(inner, (ast.Name, ast.Attribute)):
                value, _ = evaluator.read(inner, where)
                if isinstance(value, Foreign) and value.dotted.startswith(_SOURCES):
                    return str(where.module.at(inner))
    return ""


def definitions_in(
    node: ast.AST, place: Place, evaluator: Evaluator, *, called: bool = False
) -> Iterator[tuple[ast.AST, Place]]:
    """Yield a piece of code, and every definition of its distribution that it comes to use.

    If ``called`` is set, only what it calls by its name.
    """
    waiting = [(node, place)]
    visited: set[int] = set()
    while waiting:
        part, where = waiting.pop()
        if id(part) in visited:
            continue
        visited.add(id(part))
        yield part, where
        for outer in walk(part):
            inner = outer.func if called and isinstance(outer, ast.Call) else outer
            if called and inner is outer:
                continue
            if isinstance(inner, (ast.Name, ast.Attribute)):
                value, _ = evaluator.read(inner, where)
                waiting.extend(_bodies(inner, value, where, evaluator.modules))


def _bodies(
    node: ast.expr, value: Value, place: Place, modules: Modules
) -> Iterator[tuple[ast.AST, Place]]:
    if isinstance(value, Definition):
        module = modules.get(value.module)
        if isinstance(module, Module) and (binding := module.scope.only(value.qualname)):
            yield binding.node, Place(module)
    elif isinstance(node, ast.Name) and place.local:
        found = place.local.only(node.id)
        match found.node if found else None:
            case ast.Assign(value=given) | ast.AnnAssign(value=ast.expr() as given):
                yield given, place
            case _:
                pass
