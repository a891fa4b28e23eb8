"""Names are spelled as the reference implementation spells them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging import utils

from stigmem_review.names import canonicalize_name


@given(st.text() | st.text("aA9._- \u0130\u212a"))
def test_a_name_has_the_spelling_that_packaging_gives_it(name: str) -> None:
    assert canonicalize_name(name) == utils.canonicalize_name(name)
