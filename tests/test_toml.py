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


PLACES = '''\
# a comment
a = 1

b = [
  "x",
  # y = 2
  "z",
]
text = """
c = 3
"""
c = { d = 1,  e = [{ f = 2 }] }

[g]
"odd key" = 1
h.i = 2

[[g.j]]
k = 1

[[g.j]]
k = 2
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a",), 2),
        (("b",), 4),
        (("b", 1), 4),
        (("text",), 9),
        (("c",), 12),
        (("c", "e", 0, "f"), 12),
        (("g",), 14),
        (("g", "odd key"), 15),
        (("g", "h", "i"), 16),
        (("g", "j", 0), 18),
        (("g", "j", 0, "k"), 19),
        (("g", "j", 1), 21),
        (("g", "j", 1, "k"), 22),
        (("g", "j", 2), 0),
        (("y",), 0),
        ((), 0),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_key_is_found_by_its_line(keys: toml.Keys, line: int, end: str) -> None:
    assert toml.line_of(PLACES.replace("\n", end), keys) == line


def test_a_value_of_very_many_lines_is_not_looked_through_for_ever() -> None:
    lines = "\n".join('  "x",' for _ in range(5000))
    assert toml.line_of(f"a = [\n{lines}\n]\nb = 1\n", ("b",)) in (0, 5003)


def test_a_byte_order_mark_is_read_over_and_another_encoding_named() -> None:
    assert toml.decoded(b"\xef\xbb\xbfa = 1") == "a = 1"
    with pytest.raises(ValueError, match="UTF-16; save it as UTF-8"):
        toml.decoded("a = 1".encode("utf-16"))
    with pytest.raises(ValueError, match="byte 5 is not UTF-8"):
        toml.decoded(b'a = "\xff"')
