"""Source that does not say what it seems to say."""

from __future__ import annotations

import zlib
from base64 import b64encode
from pathlib import Path

import pytest

from stigmem_review import check, review
from stigmem_review.code.modules import syntax_of
from stigmem_review.document.parts import Report
from stigmem_review.observe.deceptive import look, lookalikes
from stigmem_review.observe.encoded import Decoder
from support.plugins import plugin, write_wheel

PAYLOAD = b"import os\nos.system('id; uname -a; true')\n"


def kinds(source: str, *others: str) -> list[str]:
    data = source.encode()
    looked = look(data, syntax_of(data), Decoder())
    like = lookalikes(looked.drawn, [data, *(each.encode() for each in others)])
    return [each.name for each in (*looked.found, *((like,) if like else ()))]


DECEPTIVE = {
    "early return in a docstring": (
        "def f():\n    '''Rest \u202e ''' ;return\n",
        "bidirectional controls",
    ),
    "stretched string": ("if level != 'user\u202e \u2066# check\u2069 \u2066':\n    x = 1\n", None),
    "comment": ("x = 1 # \u2067 y\n", "bidirectional controls"),
    "text in variation selectors": (f"x = '{chr(0xE0141) * 40}'\n", "hidden text"),
    "text in fillers": ("x = '" + "\u3164\uffa0" * 9 + "'\n", "hidden text"),
    "name with a variation selector": ("access\ufe00 = 1\n", "misleading names"),
    "name of mathematical letters": ("x = \U0001d41e\U0001d42f\U0001d41a\U0001d425\n", None),
    "full-width attribute": ("import os\nos.\uff53\uff59\uff53tem('id')\n", "misleading names"),
    "Cyrillic within Latin": ("p\u0430yload = 1\n", "look-alike names"),
    "Cyrillic like a builtin": ("def f(): return \u0435\u0445\u0435\u0441\n", None),
    "Greek like a name that is there": ("v\u03b1r = 1\nvar = 2\n", "look-alike names"),
    "capitals": ("\u0410\u0412C = 1\n", "look-alike names"),
    "carriage return": ("x = 1 # fine\rimport os\ny = 2\n", "carriage return"),
    "terminal controls": ("x = 1 # \x1b[2K fine\n", "control characters"),
    "out of sight": ("x = 1;" + " " * 200 + "import os\n", "code out of sight"),
    "out of sight behind tabs": ("x = 1;" + "\t" * 20 + "import os\n", "code out of sight"),
    "encoded": (f"x = {b64encode(PAYLOAD)!r}\n", "encoded code"),
    "encoded in parts": (
        "x = ("
        + " ".join(repr(b64encode(PAYLOAD * 9).decode()[n : n + 8]) for n in range(0, 999, 8))
        + ")\n",
        "encoded code",
    ),
    "compressed": (f"x = {zlib.compress(PAYLOAD * 3)!r}\n", "encoded code"),
}
DECEPTIVE_KINDS = {
    "stretched string": "bidirectional controls",
    "name of mathematical letters": "misleading names",
    "Cyrillic like a builtin": "look-alike names",
}


@pytest.mark.parametrize("case", DECEPTIVE)
def test_deceptive_source(case: str) -> None:
    source, kind = DECEPTIVE[case]
    wanted = kind or DECEPTIVE_KINDS[case]
    assert kinds(source) == ([wanted] if wanted else [])


PLAIN = {
    "a language": "name = '\u0418\u043c\u044f \u0438 \u05e2\u05d1\u05e8\u05d9\u05ea'\n",
    "names in a language": "\u0438\u043c\u044f = gr\u00f6\u00dfe = \u540d\u524d = 1\n",
    "mathematics": "\u03b1 = \u0394x = \u03c1_max = \u03bc_0 = \u00b5 = \u2113 = 1\n",
    "emoji": (
        "x = '\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f'\n"
        "y = '\u2764\ufe0f'\n"
    ),
    "joiners": "x = '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'\n",
    "letters of mathematics beside others": "\u03b1 = \u2113 = a = l = 1\n",
    "decomposed": "cafe\u0301 = 1\n",
    "byte order mark": "\ufeffx = 1\n",
    "lines of Windows": "x = 1\r\ny = 2\r\n",
    "mangled lines": "x = 1\r\r\ny = 2\r\r\n",
    "escapes": "x = '\\u202e\\x1b[0m'\n",
    "form feed": "x = 1\n\x0c\ny = 2\n",
    "a wide table": "x = [1," + " " * 100 + "2]\n",
    "tabs before comments": "x = 1\t\t\t# one\n" * 9,
    "lines in tabs": "if x:\n"
    + "".join("\t" * n + "if x:\n" for n in range(1, 30))
    + "\t" * 30
    + "y\n",
    "a comment far right": "x = 1" + " " * 200 + "# noqa\n",
    "full-width text": "x = '\uff53\uff59\uff53tem'\nsystem = 1\n",
}


@pytest.mark.parametrize("source", PLAIN.values(), ids=PLAIN)
def test_plain_source(source: str) -> None:
    assert kinds(source) == []


def test_a_name_looks_like_one_of_another_file() -> None:
    source = "\u0440\u0430\u0441\u0435 = 1\n"
    assert kinds(source) == []
    assert kinds(source, "pace = 2\n") == ["look-alike names"]


def releases(folder: Path, old: str, new: str) -> Report:
    wheels = [
        write_wheel(folder / version, plugin(version=version, more=source), version=version)
        for version, source in (("1.0.0", old), ("1.1.0", new))
    ]
    return review(*map(str, wheels))


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(each.name, each.level, each.item) for each in report.findings]


HIDES = "x = 1  # \u202e no\n"


def test_deceptive_source_that_is_new_is_an_error_with_its_line(tmp_path: Path) -> None:
    report = releases(tmp_path, "x = 1\n", "\n" + HIDES)
    item = "demo_plugin/more.py: bidirectional controls"
    assert found(report) == [("source-deceptive", "error", item)]
    assert str(report.findings[0].at) == "demo_plugin/more.py:2"


def test_an_edit_elsewhere_in_the_file_is_no_news(tmp_path: Path) -> None:
    assert found(releases(tmp_path, HIDES, f"y = 2\n{HIDES}")) == []


def test_another_deceptive_line_is_news(tmp_path: Path) -> None:
    report = releases(tmp_path, HIDES, HIDES + "y = 1  # \u202e yes\n")
    assert [name for name, _, _ in found(report)] == ["source-deceptive"]


def test_code_in_a_text_takes_an_approval_and_its_author_knows_of_it(tmp_path: Path) -> None:
    source = f"x = {b64encode(PAYLOAD).decode()!r}\n"
    report = releases(tmp_path, "", source)
    assert found(report) == [("source-deceptive", "warning", "demo_plugin/more.py: encoded code")]
    wheel = write_wheel(tmp_path / "alone", plugin(more=source))
    assert check(str(wheel)).checked[0].mistakes == ()


def test_an_author_is_told_of_what_nobody_sees(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin(more=HIDES))
    assert [each.name for each in check(str(wheel)).checked[0].mistakes] == ["source-deceptive"]
