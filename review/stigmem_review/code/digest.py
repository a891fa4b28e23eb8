"""What source says to whoever runs it, as a digest: two that are equal do the same.

Layout, comments, docstrings and annotations that nothing evaluates to an effect do not count, nor
what a release states of itself: its version, and the nodes that it is for.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from stigmem_review.code.nodes import children

_NOT_COUNTED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_STATES = re.compile(r"[<>=!~^v\s]{0,4}[0-9][0-9A-Za-z.+!<>=~,*\s_-]{0,80}")
"""Texts that may be a version, or a range of versions."""
_DOCUMENTED = (b"__doc__", b"getdoc")
_PLAIN = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp)


class Digest(msgspec.Struct, frozen=True):
    """A digest of statements, and apart from it the texts in them that may be a version."""

    sha256: str
    versions: tuple[str, ...] = ()

    def given(self, stated: frozenset[str]) -> str:
        """Return the digest of a release that states this of itself: those texts do not count."""
        if not self.versions:
            return self.sha256
        kept = [each if each not in stated else None for each in self.versions]
        return hashlib.sha256(f"{self.sha256}{kept!r}".encode("utf-8", "replace")).hexdigest()


def is_documented(sources: Iterable[bytes]) -> bool:
    """Say whether code reads docstrings, so that they do something."""
    return any(word in data for data in sources for word in _DOCUMENTED)


def digest_of(
    statements: Iterable[ast.AST],
    *,
    documented: bool = False,
    skipped: Callable[[ast.AST], bool] = lambda node: False,
    unnamed: ast.AST | None = None,
) -> Digest:
    """Return the digest of what statements say.

    ``documented`` if docstrings count; the bodies of functions are left out that are ``skipped``.
    What the function ``unnamed`` is called does not count.
    """
    said: list[str] = []
    versions: list[str] = []
    fields: set[ast.AST] = set()
    stack: list[Any] = [*reversed([*statements])]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            if isinstance(item, ast.Constant):
                text = item.value
                if isinstance(text, str) and _STATES.fullmatch(text):
                    versions.append(text)
                    said.append("(version")
                else:
                    said.append(_constant(text))
                continue
            if isinstance(item, ast.AnnAssign) and item not in fields and is_plain(item.annotation):
                # Outside a class this is how a name is declared, and its value all that counts.
                said.append("(Assign" if item.value else "(AnnAssign")
                stack += [item.value, [item.target]]
                continue
            if isinstance(item, ast.ClassDef):
                fields.update(each for each in item.body if isinstance(each, ast.AnnAssign))
            said.append(f"({type(item).__name__}")
            stack += _counted(item, documented, skipped, unnamed)
        elif isinstance(item, list):
            # As many as there are, so that the end of one list is not the start of another.
            kept = [each for each in item if not is_idle(each, documented=documented)]
            said.append(f"[{len(kept)}")
            stack += reversed(kept)
        else:
            said.append(f"{type(item).__name__} {item}")
    text = "\0".join(said)
    return Digest(
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), tuple(versions)
    )


_FIELDS: dict[type, tuple[str, ...]] = {}
"""The fields of a kind of node that tell it from another, last first."""


def _counted(
    node: ast.AST,
    documented: bool,
    skipped: Callable[[ast.AST], bool],
    unnamed: ast.AST | None,
) -> Iterable[object]:
    """Return what tells a node from another one of its kind, last first."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        every = reversed(kind._fields)
        fields = _FIELDS[kind] = tuple(each for each in every if each not in _NOT_COUNTED)
    if isinstance(node, ast.arg):
        if node.annotation is None or is_plain(node.annotation):
            return (node.arg,)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        left_out = set()
        if node is unnamed:
            left_out.add("name")
        if skipped(node):
            left_out.add("body")
        returns = getattr(node, "returns", None)
        if returns is not None and is_plain(returns):
            left_out.add("returns")
        return [None if each in left_out else getattr(node, each, None) for each in fields]
    return [getattr(node, each, None) for each in fields]


def is_plain(annotation: ast.expr) -> bool:
    """Say whether an annotation of a function does nothing: it only names types."""
    stack = [annotation]
    while stack:
        node = stack.pop()
        if not isinstance(node, _PLAIN):
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value:
            return False
        stack += [each for each in children(node) if isinstance(each, ast.expr)]
    return True


def is_idle(statement: object, *, documented: bool = False) -> bool:
    """Say whether a statement does nothing at all, as docstrings do where nobody reads them."""
    match statement:
        case ast.Pass():
            return True
        case ast.Expr(value=ast.Constant(value=value)):
            return not (documented and isinstance(value, str))
        case _:
            return False


def _constant(value: object) -> str:
    # The decimal digits of a long integer would be refused, and cost too much.
    shown = hex(value) if isinstance(value, int) else repr(value)
    return f"{type(value).__name__} {shown}"
