"""Where a factory may raise, which stops the node (``stigmem_node.plugins.discovery``)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review import limits
from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Module, Modules, Parsed
from stigmem_review.code.nodes import children
from stigmem_review.host import Node
from stigmem_review.manifest.environment import definitions_in
from stigmem_review.manifest.evaluate import Evaluator
from stigmem_review.manifest.frames import Place
from stigmem_review.manifest.values import Definition
from stigmem_review.model import ENTRY_POINT_GROUP, Known, Observation, Release
from stigmem_review.text import shorten

_NUMBERS = frozenset({"float", "int"})
_TEXT = 100


def factory_raises(
    release: Release, code: Code, node: Node, parsed: Parsed
) -> Iterator[Observation]:
    """Yield where the factory, or what of its distribution it uses, raises by itself.

    That are statements which say so, with the condition they stand under, and numbers that are
    read from texts nobody knows. What libraries raise is not looked into.
    """
    declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
    modules = Modules(code.files, parsed=parsed)
    evaluator = Evaluator(modules, node)
    for entry_point in declared:
        if entry_point.group != ENTRY_POINT_GROUP:
            continue
        name, _, attribute = entry_point.value.partition(":")
        module = modules.get(name)
        if isinstance(module, Module) and "." not in attribute:
            at_import = ast.Name(attribute, ast.Load(), lineno=0)
            value, _ = evaluator.read_name(attribute, at_import, Place(module))
            yield from _raised(value, code, evaluator)


def _raised(value: object, code: Code, evaluator: Evaluator) -> Iterator[Observation]:
    home = evaluator.modules.get(value.module) if isinstance(value, Definition) else None
    binding = (
        home.scope.only(value.qualname)
        if isinstance(value, Definition) and isinstance(home, Module)
        else None
    )
    if binding is None or not isinstance(home, Module):
        return
    for body, place in definitions_in(binding.node, Place(home), evaluator, called=True):
        for part, condition in _parts(body, ""):
            raises, why = _raises(part)
            if raises:
                reasons = _joined(shorten(condition, _TEXT), why)
                says = f"raises {raises} where {reasons}" if reasons else f"raises {raises}"
                at = code.at(place.module.path, getattr(part, "lineno", 0))
                yield Observation("factory-raises", says, says, at=at)


def _parts(body: ast.AST, condition: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes of a body, each with the condition that it stands under."""
    stack = [(body, condition)]
    left = limits.EVALUATION_STEPS
    while stack and left:
        left -= 1
        part, under = stack.pop()
        yield part, under
        match part:
            case ast.If(test=test, body=taken, orelse=other):
                text = _written(test)
                stack += [(each, _joined(under, text)) for each in taken]
                stack += [(each, _joined(under, f"not ({text})")) for each in other]
                stack.append((test, under))
            case ast.Try(handlers=[_, *_], body=tried):
                # What is caught does not leave the factory.
                stack += [(e, under) for e in children(part) if e not in tried]
            case _:
                stack += [(each, under) for each in children(part)]


def _raises(part: ast.AST) -> tuple[str, str]:
    """Return what a statement or call raises, if it may, and of itself under which condition."""
    match part:
        case ast.Raise(exc=ast.expr() as raised):
            called = raised.func if isinstance(raised, ast.Call) else raised
            return shorten(_written(called), _TEXT), ""
        case ast.Call(func=ast.Name(id=name), args=[given]) if name in _NUMBERS:
            if not isinstance(given, ast.Constant):
                return "ValueError", f"{shorten(_written(given), _TEXT)} is no number"
        case _:
            pass
    return "", ""


def _joined(one: str, two: str) -> str:
    return " and ".join(each for each in (one, two) if each)


def _written(node: ast.expr) -> str:
    try:
        return ast.unparse(node)[: 2 * _TEXT]
    except (RecursionError, ValueError):
        return "something"
