"""Lines as Python counts them, and what differs between two files."""

from __future__ import annotations

import ast
import random
import time

import pytest

from stigmem_review.code.lines import changes, lines_of, together


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"a\r\nb\rc\n", ["a", "b", "c"]),
        (b"a\x0cb\x0bc\x1cd\n", ["a\x0cb\x0bc\x1cd"]),
        ("a\u2028b\x85c".encode(), ["a\u2028b\x85c"]),
        (b"\xef\xbb\xbfa", ["\ufeffa"]),
        (b"caf\xe9", ["caf\udce9"]),
        (b"a\0b", ["a\0b"]),
    ],
)
def test_lines_end_where_python_ends_them(data: bytes, lines: list[str]) -> None:
    assert lines_of(data) == lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_numbers_are_those_of_syntax_trees(end: str) -> None:
    source = end.join(["x = '''a", "b'''", "\x0c", "y = 1"]).encode()
    lines = lines_of(source)
    assert lines[ast.parse(source).body[1].lineno - 1] == "y = 1"


def sides(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Return both texts, put together again from what was held together."""
    rows = together(old, new, changes(old, new))
    for side, signs in (("old", " -"), ("new", " +")):
        numbers = [getattr(row, side) for row in rows if row.sign in signs]
        assert numbers == [*range(1, len(numbers) + 1)]
    return [r.text for r in rows if r.sign != "+"], [r.text for r in rows if r.sign != "-"]


def test_both_files_are_in_what_is_shown_whatever_they_are() -> None:
    choose = random.Random(12)
    for _ in range(400):
        letters = "abcdefgh"[: choose.randint(1, 8)]
        old, new = ([choose.choice(letters) for _ in range(choose.randint(0, 20))] for _ in "ab")
        assert sides(old, new) == (old, new)


def test_only_what_differs_is_a_change() -> None:
    old = ["def a():", "    return 1", "", "def b():", "    return 1", ""]
    assert changes(old, old) == []
    new = [*old[:3], "def c():", "    return 1", "", *old[3:]]
    assert [row.text for row in together(old, new, changes(old, new)) if row.sign != " "] == [
        "def c():",
        "    return 1",
        "",
    ]
    moved = [*old[3:], *old[:3]]
    assert sum(row.sign == " " for row in together(old, moved, changes(old, moved))) >= 3


def test_next_to_each_other_stand_what_went_and_what_came() -> None:
    rows = together(["a", "x", "b"], ["a", "y", "b"], changes(["a", "x", "b"], ["a", "y", "b"]))
    assert [(row.sign, row.old, row.new) for row in rows] == [
        (" ", 1, 1),
        ("-", 2, 2),
        ("+", 3, 2),
        (" ", 3, 3),
    ]


def _unequal_parts(size: int) -> tuple[list[str], list[str]]:
    """Return texts in which what was there twice is there once in what is left, again and again."""
    numbers = [str(number) for number in range(size)]
    old = [line for number in numbers for line in (number, f"{number}x", number)]
    return old, [line for number in numbers for line in (number, f"{number}y", number)]


@pytest.mark.parametrize(
    "texts",
    [
        (["x"] * 50_000, ["y", "x"] * 50_000),
        (["a", "b"] * 40_000, ["b", "a", "c"] * 30_000),
        ([str(n) for n in range(60_000)], [str(n) for n in range(60_000, 0, -1)]),
        _unequal_parts(10_000),
    ],
)
def test_time_grows_with_the_texts_and_not_with_what_is_in_them(
    texts: tuple[list[str], list[str]],
) -> None:
    start = time.process_time()
    found = changes(*texts)
    assert time.process_time() - start < 2
    assert found
