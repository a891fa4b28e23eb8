"""Names in archives: whatever is not the same file on every system is refused."""

from __future__ import annotations

import pytest

from stigmem_review.sources.paths import fold
from stigmem_review.sources.unzip import unzip
from support.archives import Zipped, refusal_of, zip_bytes

TEXT = b"text"


def check(hostile: bytes, control: bytes, words: str) -> None:
    assert unzip("demo.whl", control)
    assert words in refusal_of(unzip, "demo.whl", hostile)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../a.py", "component '..'"),
        ("demo/../../a.py", "component '..'"),
        ("./a.py", "component '.'"),
        ("demo//a.py", "component ''"),
        ("/a.py", "absolute"),
        ("C:/a.py", "U+003A"),
        ("demo/a.py:stream", "U+003A"),
        ("demo\\a.py", "U+005C"),
        ("a.py\0.txt", "U+0000"),
        ("a\n.py", "U+000A"),
        ("a\x7f.py", "U+007F"),
        ("a.py.", "Windows drops"),
        ("demo /a.py", "Windows drops"),
        ("demo/aux.py", "Windows reserves"),
        ("CON", "Windows reserves"),
        ("com1.tar.gz/a.py", "Windows reserves"),
        ("d/" * 600 + "a.py", "limit is 1024"),
    ],
)
def test_a_name_that_is_not_the_same_everywhere_is_refused(name: str, words: str) -> None:
    check(
        zip_bytes([Zipped(name, TEXT)]),
        zip_bytes([Zipped("demo/auxiliary/.console.py", TEXT)]),
        words,
    )


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a.py", "a.py"), "twice"),
        (("d/", "d/"), "twice"),
        (("a.py", "A.py"), "one place"),
        (("Demo/a.py", "demo/b.py"), "one place"),
        (("stra\u00dfe.py", "strasse.py"), "one place"),
        (("caf\u00e9.py", "cafe\u0301.py"), "one place"),
        (("demo", "demo/a.py"), "one place"),
        (("demo/a.py/b.py", "Demo/A.py"), "one place"),
        (("demo/", "demo"), "one place"),
    ],
)
def test_names_that_meet_on_some_system_are_refused(names: tuple[str, ...], words: str) -> None:
    def archive(*names: str) -> bytes:
        return zip_bytes(
            Zipped(name, b"" if name.endswith("/") else TEXT, flags=0x800, attributes=0)
            for name in names
        )

    check(archive(*names), archive(names[0], "other/b.py"), words)


def test_folding_is_that_of_file_systems_that_ignore_case() -> None:
    assert fold("Demo/CAF\u00c9.py") == fold("demo/cafe\u0301.PY")
    assert fold("demo/a.py") != fold("demo/b.py")
    assert fold("\u212a") == "k"
