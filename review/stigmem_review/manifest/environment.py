"""Whether a value that could not be followed depends on the environment of the node's process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review import limits
from stigmem_review.manifest.evaluate import Evaluator, Place
from stigmem_review.manifest.modules import Module
from stigmem_review.manifest.values import Definition, Foreign, Value

_SOURCES = ("os.environ", "os.environb", "os.getenv", "os.getenvb")


def environment_read(node: ast.expr, place: Place, evaluator: Evaluator) -> str:
    """Return where the value of an expression comes to depend on the environment, or an empty string."""
    waiting: list[tuple[ast.AST, Place]] = [(node, place)]
    visited: set[int] = set()
    for _ in range(limits.MODULES):
        if not waiting:
            break
        part, where = waiting.pop()
        if id(part) in visited:
            continue
        visited.add(id(part))
        for inner in ast.walk(part):
            if not isinstance(inner, (ast.Name, ast.Attribute)):
                continue
            value = _quietly(evaluator, inner, where)
            if isinstance(value, Foreign) and value.dotted.startswith(_SOURCES):
                return str(where.module.at(inner))
            waiting.extend(_bodies(inner, value, where, evaluator))
    return ""


def _quietly(evaluator: Evaluator, node: ast.expr, place: Place) -> Value | None:
    """Follow a plain name without leaving a trace in what the reading leans on."""
    kept = set(evaluator.seen), set(evaluator.names), dict(evaluator.mutable)
    try:
        return evaluator.evaluate(node, place)
    finally:
        evaluator.seen, evaluator.names, evaluator.mutable = kept


def _bodies(
    node: ast.expr, value: Value | None, place: Place, evaluator: Evaluator
) -> Iterator[tuple[ast.AST, Place]]:
    if isinstance(value, Definition):
        module = evaluator.modules.get(value.module)
        if isinstance(module, Module) and (binding := module.scope.only(value.qualname)):
            yield binding.node, Place(module)
    elif isinstance(node, ast.Name) and place.local and (found := place.local.only(node.id)):
        if isinstance(found.node, (ast.Assign, ast.AnnAssign)) and found.node.value:
            yield found.node.value, place
