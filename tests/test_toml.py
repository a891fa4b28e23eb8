"""A text that is no TOML is refused with the reason, whatever Python makes of it."""

from __future__ import annotations

import pytest

from stigmem_review import toml
from stigmem_review.errors import PolicyError, RuleError
from stigmem_review.policy.file import parse_policy
from stigmem_review.rulebook.rules import parse_toml

REFUSED = {
    "no TOML": ("a = ", "Invalid value"),
    "a number of 5,000 digits": (f"a = {'9' * 5000}", "a number in it has too many digits"),
    "a day that is none": ("a = 2024-02-30", "nvalid date"),
    "too many brackets": (f"a = {'[' * 20_000}", "it is nested too deeply"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_says_why_in_our_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        toml.parse(text)
    with pytest.raises(PolicyError, match=f"the policy p.toml: .*{why}") as refused:
        parse_policy(text.encode(), "p.toml")
    assert "sys." not in str(refused.value)
    with pytest.raises(RuleError, match=f"r.toml: .*{why}"):
        parse_toml(text, "r.toml")


def test_what_can_be_read_is_returned() -> None:
    assert toml.parse("a = 1\n[b]\nc = 'd'\n") == {"a": 1, "b": {"c": "d"}}
