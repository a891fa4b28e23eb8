"""Walking syntax trees, faster than ``ast.iter_child_nodes`` and ``ast.walk`` do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Fields that never hold a node worth visiting: names, numbers, and the operators and contexts
# that are read from the node itself.
_LEAVES = {"arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "level"} | {
    "module",
    "op",
    "ops",
    "simple",
    "tag",
    "type_comment",
    "type_ignores",
}


_FIELDS: dict[type, tuple[str, ...]] = {ast.Constant: ()}


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly below a node, contexts and operators left out."""
    found: list[ast.AST] = []
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _LEAVES)
    for name in fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it as ``ast.walk`` does, contexts and operators left out."""
    found = [node]
    for each in found:
        yield each
        found += children(each)
