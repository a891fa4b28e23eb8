"""What differs inside of a value is said by its path."""

from __future__ import annotations

import pytest

from stigmem_review.compare.nested import written

INSIDE = [
    ("{'a': [1, 2], 'b': 3}", "{'a': [1, 5], 'b': 3}", ("a.1: 2 -> 5",)),
    ("{'a': {'b': 1}}", "{'a': {'b': 1, 'c': 2}}", ("a.c: nothing -> 2",)),
    ("['x', 'y']", "['x']", ("1: y -> nothing",)),
    ("{'a': 1}", "{'a': '1'}", ("a: 1 -> 1",)),
    ("{'a': 1}", "{'a':1}", ()),
    ("{'a': 1}", "[1]", ()),
    ("{'a': f()}", "{'a': 1}", ()),
    ("{'a': 1", "{'a': 1}", ()),
    ("3", "4", ()),
    ("", "[1]", ()),
]


@pytest.mark.parametrize(("old", "new", "expected"), INSIDE)
def test_what_differs_inside(old: str, new: str, expected: tuple[str, ...]) -> None:
    assert written(old, new) == expected
