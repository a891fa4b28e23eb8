"""Our own walks of a tree see what the standard library's see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import stigmem_review
from stigmem_review.code.nodes import walk

ODD = '''\
def späť(a, *b, c=1, **d) -> "ž":
    """čo"""
    if (a and
            "ň" in b):
        return [x for x in b if x][0], f"{a!r:>{c}} ď", lambda: (yield)
    match a:
        case {"k": [1, *rest], **more} if rest: pass
    del a[1:2], d
'''
PACKAGE = Path(stigmem_review.__file__).parent
SOURCES = [path.read_text("utf-8") for path in sorted(PACKAGE.glob("*/*.py"))]


LEFT_OUT = (
    *(ast.expr_context, ast.boolop, ast.operator, ast.unaryop),
    *(ast.cmpop, ast.type_ignore),
)


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param([ODD], id="odd"),
        pytest.param(SOURCES, id="ours", marks=pytest.mark.thorough),
    ],
)
def test_a_walk_leaves_out_contexts_and_operators_only(sources: list[str]) -> None:
    for source in sources:
        tree = ast.parse(source)
        expected = [each for each in ast.walk(tree) if not isinstance(each, LEFT_OUT)]
        assert list(walk(tree)) == expected, source.splitlines()[0]
