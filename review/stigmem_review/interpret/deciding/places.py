"""Functions of a module that mention something, and what names in them stand for."""

from __future__ import annotations

import ast
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from stigmem_review.code.modules import Module
from stigmem_review.code.names import Function, arguments
from stigmem_review.code.nodes import children, walk

Scope = Function | ast.ClassDef | ast.Module
Bindings = dict[str, list["ast.AST | None"]]
"""What names of a scope stand for: expressions, imports, definitions; ``None`` if unknown."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def text_of(module: Module) -> str:
    """Return the source of a module, every line ended by a newline, and names in one form."""
    text = module.syntax.source.decode().replace("\r\n", "\n").replace("\r", "\n")
    # Python takes names for the same that are written in different forms of the same letters.
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def lines_with(text: str, words: Iterable[str]) -> list[int]:
    """Return the lines of a text that have one of some words in them, in order."""
    there = [re.escape(each) for each in words if each in text]
    found: list[int] = []
    if there:
        line, place = 1, 0
        for each in re.finditer(rf"\b(?:{'|'.join(there)})\b", text):
            line += text.count("\n", place, each.start())
            place = each.start()
            found.append(line)
    return found


def on_lines(tree: ast.Module, lines: Sequence[int]) -> Iterator[tuple[ast.AST, tuple[Scope, ...]]]:
    """Yield what has one of some lines in it, each with the scopes that it stands in."""
    todo: list[tuple[ast.AST, tuple[Scope, ...]]] = [(tree, ())] if lines else []
    while todo:
        node, scopes = todo.pop()
        yield node, scopes
        inner = (*scopes, node) if isinstance(node, Scope) else scopes
        for each in children(node):
            if not isinstance(each, (ast.stmt, ast.expr)) or _has(each, lines):
                todo.append((each, inner))


def _has(node: ast.expr | ast.stmt, lines: Sequence[int]) -> bool:
    place = bisect_left(lines, node.lineno)
    return place < len(lines) and lines[place] <= (node.end_lineno or node.lineno)


def inside(scopes: tuple[Scope, ...]) -> Iterator[tuple[ast.AST, tuple[Scope, ...]]]:
    """Yield all that is in the last of some scopes, each with the scopes that it stands in.

    Of a module, what runs as it is imported.
    """
    todo: list[tuple[ast.AST, tuple[Scope, ...]]] = [(e, scopes) for e in children(scopes[-1])]
    while todo:
        node, around = todo.pop()
        if isinstance(node, Function) and isinstance(scopes[-1], ast.Module):
            continue
        yield node, around
        inner = (*around, node) if isinstance(node, Scope) else around
        todo += [(each, inner) for each in children(node)]


def bindings(scope: Function | ast.Module) -> Bindings:
    """Return what the names of a scope stand for, what is within other scopes left out."""
    found: Bindings = {}
    elsewhere: set[str] = set()
    todo: list[ast.AST] = [*(scope.body if isinstance(scope.body, list) else [scope.body])]
    if isinstance(scope, Function):
        found |= {name: [None] for name in arguments(scope.args)}
    for node in todo:
        for name, given in _bound(node):
            found.setdefault(name, []).append(given)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            elsewhere.update(node.names)
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            todo += children(node)
    return {name: given for name, given in found.items() if name not in elsewhere}


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Yield the names that a piece of code binds, with what they stand for."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for each in targets:
                yield from _target(each, value)
        case (
            ast.AnnAssign(target=target, value=value)
            | ast.NamedExpr(target=target, value=value)
            | ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
            | ast.withitem(context_expr=value, optional_vars=ast.expr() as target)
        ):
            yield from _target(target, value)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                whole = isinstance(node, ast.ImportFrom)
                bound = alias.name if whole else alias.name.partition(".")[0]
                yield alias.asname or bound, node
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, node
        case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
            yield name, None
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, None
        case ast.AugAssign(target=ast.Name(id=name)) | ast.MatchMapping(rest=str(name)):
            yield name, None
        case _:
            pass


def _target(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.AST | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        given = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        if len(given) == len(target.elts):
            for each, one in zip(target.elts, given, strict=True):
                yield from _target(each, one)
        else:
            # What is in a container counts as that container.
            yield from ((e.id, value) for e in walk(target) if isinstance(e, ast.Name))
