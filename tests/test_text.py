"""The sanitiser."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.text import clean, clean_all


@given(st.text())
def test_what_is_shown_is_printable_ascii_on_one_line(text: str) -> None:
    assert all(" " <= character <= "~" for character in clean(text))


@given(st.text(), st.text())
def test_what_is_shown_says_exactly_what_was_there(one: str, two: str) -> None:
    assert (clean(one) == clean(two)) == (one == two)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ordinary_text_is_left_alone(text: str) -> None:
    # What starts an escape of ours, or a command of a runner, is none.
    if "\\u{" not in text and "##[" not in text and not re.search(r"(?<!\S)::", text):
        assert clean(text) == text


def test_keys_are_cleaned_as_well() -> None:
    assert clean_all({"a\n": ["\x1b", ("\u202e",)]}) == {"a\\u{a}": ["\\u{1b}", ["\\u{202e}"]]}
