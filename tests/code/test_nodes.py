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
SOURCES = [ODD, *(path.read_text("utf-8") for path in sorted(PACKAGE.glob("*/*.py")))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.splitlines()[0][:40])
def test_a_walk_leaves_out_contexts_and_operators_only(source: str) -> None:
    tree = ast.parse(source)
    left_out = (
        *(ast.expr_context, ast.boolop, ast.operator, ast.unaryop),
        *(ast.cmpop, ast.type_ignore),
    )
    expected = [each for each in ast.walk(tree) if not isinstance(each, left_out)]
    assert list(walk(tree)) == expected
