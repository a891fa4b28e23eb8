"""What parses and does not compile is no module: every Python refuses to import it."""

from __future__ import annotations

import ast
import time

import pytest

from stigmem_review.code.parse import Failure, parse

REFUSED = {
    "break": ("x = 1\nbreak", 2, "outside loop"),
    "continue": ("for x in y: 0\nelse: continue", 2, "loop"),
    "return": ("class A:\n return", 2, "outside function"),
    "await": ("await x", 1, "outside function"),
    "yield": ("yield", 1, "outside function"),
    "parameter twice": ("def f(a, a): 0", 1, "duplicate argument"),
    "keyword twice": ("\nf(a=1, a=2)", 2, "repeated"),
    "nonlocal": ("nonlocal x", 1, "module level"),
    "global after use": ("def f():\n x = 1\n global x", 3, "before global"),
    "two stars": ("*a, *b = c", 1, "starred"),
    "star import in a function": ("def f():\n from os import *", 2, "module level"),
    "late future": ("x = 1\nfrom __future__ import annotations", 2, "beginning"),
}


@pytest.mark.parametrize(("text", "line", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_compile_is_refused(text: str, line: int, why: str) -> None:
    found = parse(text.encode())
    assert isinstance(found, Failure)
    assert found.line == line
    assert why in found.why
    assert not found.unreadable


def test_a_future_that_this_python_does_not_know_is_a_gap() -> None:
    found = parse(b"from __future__ import nothing_yet\n")
    assert isinstance(found, Failure)
    assert found.unreadable


def nested(depth: int) -> str:
    """Return a function that CPython compiles to code which doubles with each ``finally``."""
    text = "def f():\n"
    for n in range(1, depth + 1):
        text += f"{' ' * n}try:\n{' ' * n} return a\n{' ' * n} return a\n{' ' * n}finally:\n"
    return f"{text}{' ' * (depth + 1)}a\n"


@pytest.mark.parametrize(
    "text",
    [
        nested(19),
        "def f():\n try:\n" + "  return 1\n" * 2000 + " finally:\n" + "  x = 1\n" * 2000,
        "def f(): 0\n" * 5900,
        "x = 1 is 1\nassert (1, 2)\n'\\d'\n",
        "x = 'a' * 10 ** 9\ny = 1 << 10 ** 9\nz = 9 ** 9 ** 9 ** 9\n",
    ],
    ids=["finally within finally", "leaving often", "functions alike", "warnings", "huge"],
)
def test_what_would_take_long_to_compile_is_parsed(
    text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    start = time.process_time()
    assert isinstance(parse(text.encode()), ast.Module)
    assert time.process_time() - start < 10
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("quoted", ["f'{}'", 'rF"""{}"""', "(f'' FR'{}')"])
def test_a_text_of_very_many_parts_is_not_parsed(quoted: str) -> None:
    start = time.process_time()
    found = parse(f"x = 1\ny = {quoted.replace('{}', '{x}' * 80_000)}\n".encode())
    assert isinstance(found, Failure)
    assert found.unreadable
    assert "braces" in found.why
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text",
    ["x = [" + "{}," * 20_000 + "]\nif'{}': x\n", "y = f'" + "{x}" * 5_000 + "'\n"],
    ids=["much data", "a long text"],
)
def test_many_braces_by_themselves_are_parsed(text: str) -> None:
    assert isinstance(parse(text.encode()), ast.Module)
