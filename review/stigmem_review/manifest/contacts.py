"""Which names an expression or statement reads, and what they meet there."""

from __future__ import annotations

import ast
from typing import NamedTuple

from stigmem_review.code.nodes import walk


class Contact(NamedTuple):
    """A name that is read, and the operands and objects that it meets there.

    Of ``bound`` names nothing is known at that place; ``several``: it meets more than these.
    """

    name: ast.Name
    met: list[ast.expr]
    bound: set[str]
    several: bool = False


_COMPOUND = (
    ast.For
    | ast.AsyncFor
    | ast.While
    | ast.With
    | ast.AsyncWith
    | ast.Try
    | ast.TryStar
    | ast.Match
)


def contacts(node: ast.AST) -> tuple[list[Contact], int]:
    """Return every name that is read in a node, with what it meets; and how large the node is."""
    met: dict[int, list[ast.expr]] = {}
    several: set[int] = set()
    names: list[ast.Name] = []
    bound = stored(node) if isinstance(node, _COMPOUND) else set()
    size = 0

    def meet(one: ast.expr, other: ast.expr) -> None:
        met.setdefault(id(one), []).append(other)

    for part in walk(node):
        size += 1
        match part:
            case ast.Name(ctx=ast.Load()):
                names.append(part)
            case ast.comprehension(target=target):
                bound |= stored(target)
            case ast.arg(arg=name):
                bound.add(name)
            case ast.BinOp(left=one, right=two) | ast.AugAssign(target=one, value=two):
                meet(one, two)
                meet(two, one)
            case ast.Compare(left=one, ops=[ast.In() | ast.NotIn()], comparators=[two]):
                meet(one, two)
            case ast.Compare(left=one, comparators=[two]):
                meet(one, two)
                meet(two, one)
            case ast.Compare(left=one, comparators=more):
                several |= {id(one), *map(id, more)}
                meet(one, one)
                for each in more:
                    meet(each, each)
            case ast.Call(func=ast.Attribute(value=owner), args=args):
                for each in args:
                    meet(each, owner)
            case _:
                pass
    found = [Contact(name, met.get(id(name), []), bound, id(name) in several) for name in names]
    return found, size


def stored(node: ast.AST) -> set[str]:
    """Return the names that the statements in a node may bind."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            found.add(part.id)
        elif isinstance(part, ast.alias):
            found.add((part.asname or part.name).partition(".")[0])
        else:
            found |= {
                each
                for each in (getattr(part, "name", None), getattr(part, "rest", None))
                if isinstance(each, str)
            }
    return found
