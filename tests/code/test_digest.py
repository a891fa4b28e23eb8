"""Two pieces of source have one digest where whoever runs them cannot tell them apart."""

from __future__ import annotations

import ast

import pytest

from stigmem_review.code.digest import digest_of, is_documented

FUNCTION = "def shown(value):\n    return value[:100]\n"

THE_SAME = {
    "layout": (FUNCTION, "def shown( value ) :\n\n    return (value [:100])\n"),
    "a comment": (FUNCTION, "# cut\n" + FUNCTION),
    "a docstring": (FUNCTION, FUNCTION.replace(":\n", ":\n    'Cut.'\n", 1)),
    "annotations": (FUNCTION, FUNCTION.replace("(value)", "(value: list[str]) -> 'str | None'")),
    "an annotation of a name": ("X = ()\n", "X: tuple[str, ...] = ()\n"),
    "how a text is written": ("X = 'ab'", 'X = ("a"\n"b")'),
}

OTHER = {
    "a default": ("def f(a=1): pass", "def f(a=2): pass"),
    "a default behind an annotation": ("def f(a: int = 1): pass", "def f(a: int = 2): pass"),
    "an annotation that calls": ("def f(a: int): pass", "def f(a: Annotated[int, g()]): pass"),
    "an annotation in a text that calls": ("def f(a: 'int'): pass", "def f(a: 'g(1)'): pass"),
    "what a call returns": ("def f() -> int: pass", "def f() -> g(): pass"),
    "the type of a field": ("class A:\n    x: int = 1", "class A:\n    x: str = 1"),
    "a field that is none": ("class A:\n    x: int = 1", "class A:\n    x = 1"),
    "a number and its text": ("X = 1", "X = '1'"),
    "where a block ends": ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
    "another version": ("X = '1.0.0'", "X = '1.0.1'"),
    "the order of what runs": ("a()\nb()", "b()\na()"),
}


@pytest.mark.parametrize("case", THE_SAME)
def test_what_says_the_same_has_one_digest(case: str) -> None:
    one, two = (digest_of(ast.parse(each).body) for each in THE_SAME[case])
    assert one == two


@pytest.mark.parametrize("case", OTHER)
def test_what_says_something_else_has_another(case: str) -> None:
    one, two = (digest_of(ast.parse(each).body).given(frozenset()) for each in OTHER[case])
    assert one != two


def test_what_a_release_states_of_itself_does_not_count() -> None:
    old, new = (
        digest_of(ast.parse(f"VERSION = {each!r}\nNODE = '>=2'").body) for each in ("1.0", "1.1")
    )
    assert old.given(frozenset({"1.0"})) == new.given(frozenset({"1.1"}))
    assert old.given(frozenset({"1.0"})) != new.given(frozenset({"1.0"}))


def test_docstrings_count_where_code_reads_them() -> None:
    reads = b"def f():\n    'x'\nexec(f.__doc__)\n"
    assert is_documented([reads])
    assert not is_documented([FUNCTION.encode()])
    one, two = (
        digest_of(ast.parse(each).body, documented=True)
        for each in (reads, reads.replace(b"'x'", b"'y'"))
    )
    assert one != two


def test_functions_can_be_left_out_but_not_what_defining_them_runs() -> None:
    old, body, default = (
        digest_of(ast.parse(each).body, skipped=lambda node: True)
        for each in ("def f(a=1): x()", "def f(a=1): y()", "def f(a=2): x()")
    )
    assert old == body
    assert old != default
