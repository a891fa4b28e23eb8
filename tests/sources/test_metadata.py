"""Our reader of headers answers as the standard library's does, which it stands in for."""

from __future__ import annotations

import subprocess
import sys
from email.parser import HeaderParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stigmem_review import limits
from stigmem_review.sources.metadata import headers


def by_the_standard_library(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, value in HeaderParser().parsestr(text.replace("\r\n", "\n")).items():
        found.setdefault(name.lower(), []).append(str(value).strip())
    return {name: tuple(values) for name, values in found.items()}


PIECES = st.sampled_from(
    (
        *("Name", "name", "Requires-Dist", "License", "From ", "From x", "demo", "1.0"),
        *(":", ": ", " ", "\t", "\n", "\n\n", "\n ", "\n\t", "\r\n", "\r"),
        *("\u00e9", "\u2028", "\x0c", "\x85", "=?utf-8?q?x?="),
    )
)


LINES = st.sampled_from(
    (
        *("Name: demo", "name:", "Version: 1.0  ", "  continued", "\tcontinued: too", " "),
        *("no header", "", "From me", "From: me", ": no name", "Two words: x", "X: a\rY: b", "\r"),
        *("Caf\u00e9: x", "X: \u00e9\u2028Y: z", "X:\x0cY: z\r"),
    )
)


@example("X: a\rY: b")
@example("Name: demo\nno header\nVersion: 1")
@given(
    st.lists(LINES, max_size=8).map("\n".join)
    | st.lists(PIECES, max_size=30).map("".join)
    | st.text(max_size=60)
)
def test_headers_are_those_of_the_standard_library(text: str) -> None:
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        return
    assert headers(data) == by_the_standard_library(text)


def test_headers_keep_order_and_join_what_is_continued() -> None:
    data = (
        b"Name: demo\nLicense: one\n        two\nRequires-Dist: a\nREQUIRES-DIST: b\n\nName: no\n"
    )
    assert headers(data) == {
        "name": ("demo",),
        "license": ("one\n        two",),
        "requires-dist": ("a", "b"),
    }


def test_headers_out_of_bounds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"Name: demo\n\n" + b"a long description" * 100
    monkeypatch.setattr(limits, "METADATA_BYTES", 11)
    assert headers(data) == {"name": ("demo",)}
    monkeypatch.setattr(limits, "METADATA_BYTES", 10)
    with pytest.raises(ValueError, match="limit of 10 bytes"):
        headers(data)
    with pytest.raises(ValueError, match="byte 6"):
        headers(b"Name: \xe9")


def test_reading_a_wheel_imports_no_slow_module() -> None:
    code = (
        "import sys; import stigmem_review.sources.wheel, stigmem_review.sources.sdist;"
        "from stigmem_review.sources.metadata import headers; headers(b'Name: a\\n b\\n\\nc');"
        "print(sorted({'email.parser', 'tarfile', 'zipfile', 'csv', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
