"""Lines are joined where what runs them joins them, and each place keeps the line it stands on."""

from __future__ import annotations

import re
import time

import pytest

from stigmem_review.pins.joined import follows, joined, unquoted
from stigmem_review.pins.mentions import mentioned


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a \\\nb\nc", "a b\nc"),
        ("a \\\r\nb\r\n", "a b\n"),
        ("a \\\n# x\n\n  b\n# y\nc", "a   b\n# y\nc"),
        ("a ^\nb `\nc", "a b c"),
        ("x=`date`\ny", "x=`date`\ny"),
        ("- acme==\n    1.0", "- acme==1.0"),
        ("- acme\n    == 1.0", "- acme== 1.0"),
        ("Title\n=====\n1.0", "Title\n=====\n1.0"),
    ],
)
def test_what_goes_on_is_one_line(text: str, said: str) -> None:
    assert joined(text).text == said


def test_each_place_has_the_line_of_the_file() -> None:
    text = "first\nRUN pip install \\\n# why\n  second \\\n  third\nfourth\n"
    said = joined(text)
    found = {word: said.line(said.text.index(word)) for word in ("second", "third", "fourth")}
    assert found == {"second": 4, "third": 5, "fourth": 6}


def test_quotes_are_taken_away_and_lines_are_not() -> None:
    assert unquoted("a\"c\"me\\=='1.0' \\\nb") == "acme==1.0 \\\nb"


def test_a_pin_is_seen_in_a_line_of_any_length() -> None:
    many = "".join(f"  acme-library-{number}==1.0 \\\n" for number in range(1000))
    for said in (f"RUN pip install \\\n{many}", f"RUN pip install {'x ' * 10_000}"):
        found = mentioned("Dockerfile", f"{said}  demo-plugin==1.1.0\n".encode())
        assert ("demo-plugin", "1.1.0") in {(pin.name, pin.version) for pin in found}


def test_a_number_that_is_longer_than_python_converts_is_no_version() -> None:
    data = f"RUN pip install acme=={'1' * 5000} demo-plugin==1.1.0\n".encode()
    assert {pin.name for pin in mentioned("Dockerfile", data)} == {"demo-plugin"}


def test_a_command_ends_where_the_next_one_starts() -> None:
    text = "pip install 1 && curl 2\npip install 3 \\\n 4\ncurl 5"
    said = joined(text).text
    does = follows(re.compile("pip "), said)
    assert [does(said.index(word)) for word in "12345"] == [*(True, False, True, True, False)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "part",
    [
        "pip install ",
        "a==\n",
        "\\\n",
        "# \\\n",
        "$A ",
        "'\"\\",
        "x.whl ",
        "poetry source add ",
        "==",
        "a.",
        "extras=[",
    ],
)
def test_a_file_made_to_take_long_takes_seconds_at_most(part: str) -> None:
    data = f"a='==1' {part * (400_000 // len(part))} a.whl".encode()
    start = time.monotonic()
    mentioned("Dockerfile", data)
    assert time.monotonic() - start < 4
