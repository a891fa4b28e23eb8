"""Files that are no Python source: which are odd, and what a review says of them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import marshal
import pickle
import tarfile
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest

from stigmem_review import check, review
from stigmem_review.document.parts import Report
from stigmem_review.observe.files import Look
from stigmem_review.text import flat
from support.plugins import plugin, write_project, write_wheel

SOURCE = b"import os\n\n\ndef go():\n    return os.system('id')\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
ELF = b"\x7fELF\2\1\1" + bytes(64)
WINDOWS = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(64)
PEM = b"-----BEGIN CERTIFICATE-----\n" + b64encode(bytes(range(256)) * 4) + b"\n"
GIF = (
    b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b"!\xf9\4" + bytes(5) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + b"\xff\xda\0\2\1\2\3\xff\xd9"
WAVE = b"RIFF\4\0\0\0WAVE"
DER = b"\x30\x82\x01\x00" + bytes(range(256))


def zipped(name: str = "evil.py", data: bytes = SOURCE) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("evil.py")
        member.size = len(SOURCE)
        archive.addfile(member, io.BytesIO(SOURCE))
    return buffer.getvalue()


class Calls:
    """What a pickle makes a call of."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("marker",)


CODE = compile(SOURCE, "evil.py", "exec")
BYTECODE = b"\xa7\r\r\n" + bytes(12) + marshal.dumps(CODE)

HARMLESS = {
    "empty": ("nothing", b""),
    "no ending": ("LICENCE", b"As you like.\n"),
    "dot file": (".gitkeep", b"\n"),
    "dot file with text": (".editorconfig", b"root = true\n[*]\nindent = 2\n"),
    "unknown ending": ("words.xyz", b"one\ntwo\n"),
    "text in an old encoding": ("names.txt", "Jos\xe9, M\xfcller\n".encode("latin-1")),
    "text in UTF-16": ("strings.txt", "Grüße aus Köln\r\n".encode("utf-16")),
    "script for a browser with control characters": ("a.js", b'x="' + b"a" * 400 + b'\x1f";\n'),
    "template": ("page.html.jinja2", b"<p>{% for x in y %}{{ x }}{% endfor %}</p>\n"),
    "template of Python": ("views.py-tpl", SOURCE),
    "source map": ("a.css.map", b'{"version":3,"mappings":"' + b"AAAA;" * 100 + b'"}'),
    "configuration that parses as Python": ("a.toml", b"[tool]\nx = 1\n"),
    "JSON that parses as Python": ("a.json", b'{"a": [1, 2]}\n'),
    "stub": ("fast.pyi", b"from typing import TypeVar\nT = TypeVar('T')\ndef f(x: T) -> T: ...\n"),
    "PEM": ("ca.pem", PEM),
    "DER": ("ca.der", DER),
    "DER of another name": ("ca.bin", DER),
    "PNG": ("a.png", PNG + PNG_END),
    "PNG of another name": ("a.gif", PNG + PNG_END),
    "JPEG": ("a.jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(64) + b"\xff\xd9"),
    "JPEG called a PNG": ("a.png", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(64) + b"\xff\xd9"),
    "JPEG with text after its end": (
        "a.jpg",
        b"\xff\xd8\xff\xe0" + bytes(9) + b"\xff\xd9 Camera 3",
    ),
    "icon": ("a.ico", b"\0\0\1\0\1\0" + bytes(64)),
    "font": ("a.woff2", b"wOF2\0\1\0\0" + bytes(64)),
    "TrueType font": ("a.ttf", b"\0\1\0\0\0\x0f" + bytes(64)),
    "PDF": ("a.pdf", b"%PDF-1.7\n\x80\0\xff\n%%EOF\n"),
    "sound": ("a.mp3", b"\xff\xfb\x90\0" + bytes(64)),
    "JPEG with a preview": (
        "a.jpg",
        b"\xff\xd8\xff\xe1\0\x0eExif\0\0\xff\xd8\xff\xd9\xff\xda\0\2\1\xff\0\2\xff\xd9",
    ),
    "GIF": ("a.gif", GIF),
    "PostScript": ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n/x { open } def\n"),
    "table": ("a.parquet", b"PAR1\x15\4" + bytes(64) + b"PAR1"),
    "places of addresses": ("a.mmdb", bytes(64) + b"\xab\xcd\xefMaxMind.com\xe9" + bytes(32)),
    "stub of what is set": (
        "fast.pyi",
        b"class A:\n    def __init__(self) -> None:\n        self._x = ...\n",
    ),
    "font with a licence": (
        "b.woff",
        b"wOFF\0\1" + bytes(9) + b"Use it as you like, import it, open (it).\n" * 3 + bytes(9),
    ),
    "message catalogue": ("a.mo", b"\xde\x12\x04\x95" + bytes(32)),
    "time zone": ("Europe/Berlin", b"TZif2" + bytes(64)),
    "database": ("a.db", b"SQLite format 3\0" + bytes(64)),
    "array of numbers": (
        "a.npy",
        b"\x93NUMPY\1\0v\0{'descr': '<f8', 'shape': (2,), }\n" + bytes(16),
    ),
    "tensors": ("a.bin", (11).to_bytes(8, "little") + b'{"a":[1,2]}' + bytes(32)),
    "compressed JSON": ("a.json.gz", gzip.compress(b'{"a": 1}\n')),
    "compressed text": ("a.txt.xz", lzma.compress(b"one\ntwo\n")),
    "image in base 64": ("a.json", b'{"image": "' + b64encode(PNG + bytes(99)) + b'"}'),
    "table of digests": ("SUMS", b"".join(b"%064x  a%d\n" % (7**70 * n, n) for n in range(99))),
    "token": (
        "token",
        b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJrZXIiLCJuYW1lIjoiTWFyayJ9." + b"x" * 43,
    ),
    "words that look like a pickle": ("words", b"cat\ndog\nelk\nfox\n.\n"),
    "lines that look like a pickle": ("a.txt", b"call me\nif you\n.\nice.cream\nsoda\n"),
    "formula that begins like zlib": ("a.txt", b"x^2 + y^2 = z^2\n"),
    "compiled for MS-DOS, says a text": ("a.txt", b"MZ is what such programs begin with.\n"),
}


@pytest.mark.parametrize(("name", "data"), HARMLESS.values(), ids=HARMLESS)
def test_harmless_files(name: str, data: bytes) -> None:
    assert Look().at(f"demo_plugin/{name}", data) is None


ODD = {
    "native module by its name": ("fast.cpython-311-x86_64-linux-gnu.so", b"x", "native module", 1),
    "library with a version": ("libx.so.1.2", ELF, "native module", 1),
    "ELF": ("icon.png", ELF, "by its content a native program or library", 1),
    "Windows program": ("a.dat", WINDOWS, "by its content a native program or library", 1),
    "Mach-O": ("a.dat", b"\xcf\xfa\xed\xfe" + bytes(64), "native program", 1),
    "WebAssembly": ("a.wasm", b"\0asm\1\0\0\0" + bytes(32), "WebAssembly", 0),
    "bytecode by its name": ("gone.pyc", b"\0\0", "compiled Python", 1),
    "bytecode": ("a.dat", BYTECODE, "by its content compiled Python", 1),
    "marshalled code": ("a.dat", marshal.dumps(CODE), "by its content compiled Python", 1),
    "module for Windows": ("a.pyw", SOURCE, "Windows", 1),
    "zip": ("data.txt", zipped(), "by its content an archive", 0),
    "zip of its name": ("a.zip", zipped(), "an archive", 0),
    "zip behind an image": ("a.png", PNG + PNG_END + zipped(), "an archive behind other data", 0),
    "zip behind a long text": ("a.txt", b"word " * 9999 + zipped(), "an archive behind", 0),
    "tar": ("a.bin", tarred(), "by its content an archive", 0),
    "7z": ("a.bin", b"7z\xbc\xaf\x27\x1c" + bytes(32), "by its content an archive", 0),
    "zstd": ("a.bin", b"\x28\xb5\x2f\xfd" + bytes(32), "by its content an archive", 0),
    "text called an archive": ("a.zip", b"text", "called an archive", 0),
    "compressed tar": (
        "a.gz",
        gzip.compress(tarred()),
        "compressed data: by its content an archive",
        0,
    ),
    "compressed source": ("a.bz2", bz2.compress(SOURCE), "compressed data: Python source", 0),
    "compressed native code": (
        "a.xz",
        lzma.compress(ELF),
        "compressed data: by its content a native",
        1,
    ),
    "two streams in one": (
        "a.json.gz",
        gzip.compress(b"{}") + gzip.compress(SOURCE),
        "cannot be looked through",
        0,
    ),
    "broken gzip": ("a.json.gz", b"\x1f\x8b\x08" + bytes(9), "cannot be looked through", 0),
    **{
        f"pickle of protocol {protocol}": (
            "a.dat",
            pickle.dumps(Calls(), protocol),
            "a pickle",
            0,
        )
        for protocol in range(6)
    },
    "pickle that goes on": ("a.txt", b"cos\nsystem\n(S'id'\ntR. and so on", "a pickle", 0),
    "pickle in an image": (
        "a.gif",
        b"GIF89a\1\0\1\x8c\2os\x8c\6system\x93\x8c\2id\x85R.",
        "a pickle",
        0,
    ),
    "pickle of data": ("a.cache", pickle.dumps({"a": 1}), "a pickle", 0),
    "text called a pickle": ("a.pkl", b"text", "called a pickle", 0),
    "array of objects": (
        "a.npy",
        b"\x93NUMPY\1\0v\0{'descr': '|O', 'shape': (1,), }\n" + pickle.dumps([1]),
        "an array of objects",
        0,
    ),
    "script": ("run", b"#!/bin/sh\nid\n", "a script", 0),
    "script by its name": ("run.bat", b"@echo off\r\n", "a script or program by its name", 0),
    "source called an image": ("a.png", SOURCE, "Python source under another ending", 0),
    "source without ending": ("data", b"exec(open('x').read())\n", "Python source", 0),
    "stub that works": ("fast.pyi", SOURCE, "Python source under another ending", 0),
    "long source": ("a.txt", SOURCE + b"x = [\n" + b"1,\n" * 99_999 + b"]\n", "Python source", 0),
    "source after an image": (
        "a.png",
        PNG + PNG_END + SOURCE,
        "with Python source after its end",
        1,
    ),
    **{
        f"source after {name}, and another end": (
            name,
            image + SOURCE + b"#" + end,
            "with Python source after its end",
            1,
        )
        for name, image, end in (
            ("a.png", PNG + PNG_END, PNG_END),
            ("a.jpg", JPEG, JPEG[-2:]),
            ("a.gif", GIF, GIF[-1:]),
            ("a.wav", WAVE, WAVE),
        )
    },
    "bytecode after an image, and another end": (
        "a.jpg",
        JPEG + BYTECODE + JPEG[-2:],
        "a JPEG image with compiled Python after its end",
        1,
    ),
    "source in a font": (
        "a.woff2",
        b"wOF2\0\1" + bytes(9) + b"abc\n" + SOURCE + bytes(9),
        "a web font with Python source in it",
        1,
    ),
    "a line in an image": (
        "a.ico",
        b"\0\0\1\0" + bytes(9) + b";__import__('os').system('id; uname -a; w')" + bytes(9),
        "an icon with Python source in it",
        1,
    ),
    "encoded source in an image": (
        "a.png",
        PNG + b64encode(SOURCE) + PNG_END,
        "a PNG image with Python source in it",
        1,
    ),
    **{
        f"source that begins like {name}": (name, start + SOURCE, "Python source", 0)
        for name, start in (
            ("a.gif", b"GIF89a = 1\n"),
            ("a.bmp", b"BM = 1\n"),
            ("a.wav", b"RIFF = 1\n"),
        )
    },
    "source in UTF-16": ("a.txt", SOURCE.decode().encode("utf-16"), "Python source", 0),
    "source in capitals": ("a.PY", SOURCE, "Python source under another ending", 0),
    "binary data called an image": ("a.png", bytes(64), "called a PNG image, and is none", 0),
    "sound without a name that says so": (
        "a.dat",
        b"\xff\xfb\x90\0" + bytes(64),
        "unknown kind",
        0,
    ),
    "binary data": ("model.bin", b"\0\1", "binary data of an unknown kind", 0),
    "encoded source": ("a.json", b'{"a": "%s"}' % b64encode(SOURCE), "decodes to Python source", 1),
    "encoded source in lines": (
        "a.txt",
        b"\n".join(b64encode(SOURCE * 9)[at : at + 76] for at in range(0, 9 * 68, 76)),
        "decodes to Python source",
        1,
    ),
    "encoded source in lines of a JSON string": (
        "a.json",
        b'{"a": "%s"}'
        % b"\\n".join(b64encode(SOURCE * 9)[at : at + 76] for at in range(0, 9 * 68, 76)),
        "decodes to Python source",
        1,
    ),
    "encoded archive": ("a.txt", b"data:" + b64encode(zipped()), "decodes to an archive", 1),
}


@pytest.mark.parametrize(("name", "data", "what", "runs"), ODD.values(), ids=ODD)
def test_odd_files(name: str, data: bytes, what: str, runs: int) -> None:
    odd = Look().at(f"demo_plugin/{name}", data)
    assert odd is not None
    assert what in odd.what
    assert odd.runs == bool(runs)


def test_a_path_file_counts_where_python_looks_for_it() -> None:
    odd = Look().at("demo_plugin.pth", b"import os\n")
    assert odd is not None
    assert odd.runs
    assert Look().at("demo_plugin/notes.pth", b"some notes\n") is None


def test_what_is_unpacked_has_a_limit_for_all_files_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stigmem_review.limits.UNPACKED_BYTES", 100)
    look = Look()
    data = gzip.compress(b"word " * 12)
    assert look.at("demo_plugin/a.txt.gz", data) is None
    odd = look.at("demo_plugin/b.txt.gz", data)
    assert odd is not None
    assert "cannot be looked through" in odd.what


def test_scripts_of_browsers_are_no_python_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stigmem_review.limits.OBSERVED_BYTES", 100)
    look = Look()
    script = b"(()=>{var open=x=>eval(x);" + b"open('y');" * 99 + b"})();\n"
    assert [look.at(f"demo_plugin/{number}.js", script) for number in range(3)] == [None] * 3
    assert look.at("demo_plugin/a.txt", SOURCE) is not None


def test_nothing_is_unpickled_or_run(capsys: pytest.CaptureFixture[str]) -> None:
    for name, data, *_ in ODD.values():
        Look().at(f"demo_plugin/{name}", data)
    assert capsys.readouterr().out == ""


def releases(folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> Report:
    wheels = [
        write_wheel(folder / version, plugin(version=version), version=version, extra=extra)
        for version, extra in (("1.0.0", old), ("1.1.0", new))
    ]
    return review(*map(str, wheels))


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(each.name, each.level, each.item) for each in report.findings]


def test_odd_files_that_are_new_are_findings_and_harmless_ones_are_not(tmp_path: Path) -> None:
    extra = {
        f"demo_plugin/{number:02}/{name}": data
        for number, (name, data) in enumerate(HARMLESS.values())
    }
    report = releases(tmp_path, {}, {**extra, "demo_plugin/x.png": zipped()})
    assert found(report) == [("unexpected-file", "warning", "demo_plugin/x.png")]


def test_another_harmless_content_is_no_news(tmp_path: Path) -> None:
    old, new = {"demo_plugin/a.png": PNG}, {"demo_plugin/a.png": PNG + PNG_END}
    assert found(releases(tmp_path, old, new)) == []


def test_other_content_of_a_file_that_nobody_can_read_is_news(tmp_path: Path) -> None:
    same = {"demo_plugin/same.so": ELF}
    old, new = ({"demo_plugin/fast.so": ELF + end, **same} for end in (b"1", b"2"))
    report = releases(tmp_path, old, new)
    assert found(report) == [("unexpected-file", "warning", "demo_plugin/fast.so")]
    assert [flat(line.says) for line in report.code] == ["demo_plugin/same.so"]


def test_source_that_nobody_can_read_is_odd(tmp_path: Path) -> None:
    report = releases(tmp_path, {}, {"demo_plugin/later.py": b"def f(:\n"})
    assert found(report) == [("unexpected-file", "warning", "demo_plugin/later.py")]


def test_what_setuptools_leaves_in_a_source_tree_is_not_odd(tmp_path: Path) -> None:
    info = "demo_plugin.egg-info"
    left = {f"{info}/PKG-INFO": b"Name: demo-plugin\n", f"{info}/not-zip-safe": b"\n"}
    projects = [
        write_project(tmp_path / version, {**plugin(version=version), **extra}, version=version)
        for version, extra in (("1.0.0", {}), ("1.1.0", left))
    ]
    assert found(review(*map(str, projects))) == []
    assert check(str(projects[1])).checked[0].mistakes == ()
