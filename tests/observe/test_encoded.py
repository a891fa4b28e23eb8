"""Texts that decode to code."""

from __future__ import annotations

import ast
import base64
import bz2
import gzip
import lzma
import marshal
import pickle
import time
import zlib
from collections.abc import Callable

import pytest

from stigmem_review import limits
from stigmem_review.observe.encoded import Decoder

SOURCE = b"import os\n\n\ndef go(what):\n    return os.system(what)\n" * 2

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 for URLs": base64.urlsafe_b64encode,
    "base64 without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64 in lines": base64.encodebytes,
    "base64 backwards": lambda data: base64.b64encode(data + b"\n" * (1 + -len(data) % 3))[::-1],
    "base32": base64.b32encode,
    "base16": base64.b16encode,
    "hex": lambda data: data.hex().encode(),
    "base85": base64.b85encode,
    "Ascii85": base64.a85encode,
    "Ascii85 of Adobe": lambda data: base64.a85encode(data, adobe=True),
    "twice": lambda data: base64.b64encode(base64.b64encode(data)),
    "zlib": lambda data: base64.b64encode(zlib.compress(data)),
    "zlib in base85": lambda data: base64.b85encode(zlib.compress(data)),
    "gzip": lambda data: base64.b64encode(gzip.compress(data)),
    "bzip2": lambda data: base64.b64encode(bz2.compress(data)),
    "xz": lambda data: base64.b64encode(lzma.compress(data)),
    "lzma": lambda data: base64.b64encode(lzma.compress(data, format=lzma.FORMAT_ALONE)),
    "zlib twice": lambda data: base64.b64encode(zlib.compress(zlib.compress(data))),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_encoded_source_is_found(encode: Callable[[bytes], bytes]) -> None:
    assert Decoder().in_constant(encode(SOURCE).decode()) == "Python source"
    assert Decoder().in_text(encode(SOURCE)) == "Python source"


CODE = {
    "marshalled": (marshal.dumps(compile(SOURCE, "x", "exec")), "compiled Python"),
    "pickled": (pickle.dumps(print) + bytes(40), "a pickle"),
    "archive": (b"PK\3\4" + bytes(60), "an archive"),
    "tar": (b"evil.py".ljust(257, b"\0") + b"ustar" + bytes(250), "an archive"),
    "native": (b"\x7fELF" + bytes(60), "a native program"),
    "script": (b"#!/bin/sh\ncurl https://example.org/x | sh\n", "a script"),
}


@pytest.mark.parametrize(("data", "what"), CODE.values(), ids=CODE)
def test_other_code_is_found(data: bytes, what: str) -> None:
    for text in (base64.b64encode(data), base64.b64encode(zlib.compress(data)).ljust(56, b"=")):
        assert Decoder().in_constant(text.decode()).startswith(what)


NOTHING = {
    "an image": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(200))),
    "a key": base64.b64encode(b"\x30\x82\x01\x22" + bytes(range(200))),
    "a digest": b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "text": base64.b64encode(b"Nothing to see here, move on. " * 4),
    "JSON": base64.b64encode(b'{"alg": "HS256", "list": [1, 2, 3], "name": "marker"}'),
    "JSON in zlib": base64.b64encode(zlib.compress(b'{"alg": "HS256", "list": [1, 2]}' * 9)),
    "prose": b"Thequickbrownfoxjumpsoverthelazydogandrunsaway",
    "a line": b"-" * 79,
    "SQL": b"SELECT a, b, c FROM facts WHERE a = 1 AND b IN (1, 2, 3) ORDER BY c DESC LIMIT 10",
    "a script": b"!function(e,t){e.exports=t()}(this,(function(){return/a+b/.test('x')}))",
    "an address": b"https://example.org/a/very/long/path/to/nothing/in/particular/index.html",
    "a short text": b"aW1wb3J0IG9zCg==",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_decodes_to_no_code_is_nothing(text: bytes) -> None:
    assert Decoder().in_constant(text.decode()) == ""
    assert Decoder().in_text(text) == ""


IN_SOURCE = {
    "a constant": "x = {0!r}",
    "a constant in lines": "x = '''\n{0}\n'''",
    "an argument": "f(g({0!r}))",
    "a sum": "x = {1!r} + {2!r} + {3!r}",
    "strings side by side": "x = ({1!r}\n     {2!r}\n     {3!r})",
    "a list": "x = ''.join([{1!r}, {2!r}, {3!r}])",
    "a set": "x = {{{1!r}, {2!r}, {3!r}}}",
    "a dictionary": "x = {{0: {1!r}, 1: {2!r}, 2: {3!r}}}",
    "lists in a list": "x = [[{1!r}, {2!r}], {3!r}]",
    "an f-string": 'x = f"{{y}}{6}{{y}}{7}{{y}}{8}"',
    "names, one after the other": "a = {1!r}\nb = {2!r}\nc = {3!r}",
    "a text that grows": "x = {1!r}\nx += {2!r}\nx += {3!r}",
    "an address of data": "x = 'data:text/plain;base64,{0}'",
    "words": "x = '{9}'.split()",
    "letters as numbers": "x = '{10}'",
    "a member of a list": "x = ['a', {0!r}]",
    "beside a name": "x = y + {0!r} + z",
    "bytes": "x = {4!r}",
    "compressed bytes": "x = {5!r}",
    "compressed bytes as a string": "x = {11!r}",
}


@pytest.mark.parametrize("form", IN_SOURCE.values(), ids=IN_SOURCE)
def test_constants_of_source_are_found_and_put_together(form: str) -> None:
    text = base64.b64encode(SOURCE)
    parts = (text[:50], text[50:90], text[90:])
    packed = zlib.compress(SOURCE)
    pieces = [each.decode() for each in parts]
    data = form.format(
        text.decode(),
        *pieces,
        text,
        packed,
        *pieces,
        " ".join(text.decode()[at : at + 9] for at in range(0, len(text), 9)),
        "".join(f"\\x{each:02x}" for each in SOURCE),
        packed.decode("latin-1"),
    ).encode()
    found = [*Decoder().in_source(data, ast.parse(data))]
    assert {what for _, what, _ in found} == {"Python source"}
    assert all(line for line, _, _ in found)


def test_source_that_is_not_encoded_is_no_code_in_a_text() -> None:
    data = f"x = {SOURCE.decode()!r}\ny = {SOURCE!r}\n".encode()
    assert [*Decoder().in_source(data, ast.parse(data))] == []
    assert Decoder().in_constant(SOURCE) == ""


def test_layers_without_end_are_not_followed() -> None:
    data = SOURCE
    for _ in range(2_000):
        data = zlib.compress(data, 0)
    assert Decoder().in_constant(base64.b64encode(data).decode()) == ""


def test_what_unpacks_to_more_than_is_looked_through_is_said() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(limits.UNPACKED_BYTES + 1))).decode()
    assert Decoder().in_constant(bomb) == "more than is looked through"


@pytest.mark.parametrize(
    "data",
    [
        b"x = '" + b"A" * 250_000 + b"'\n",
        b"x = '" + b"!" * 250_000 + b"'\n",
        b"x = [" + b"'aGVsbG8'," * 25_000 + b"]\n",
        b"x = '" + b"\\x41" * 60_000 + b"'\n",
        b"x = " + b"'abc'+" * 500 + b"'d'\n",
        b"x = " + b"[" * 80 + b"'aGVsbG8', 'a1234567'," * 10_000 + b"]" * 80 + b"\n",
        b"x = 'aGVsbG8w'\n" * 16_000,
        b"x = '" + b"a1234567 " * 27_000 + b"'\n",
    ],
    ids=["base64", "base85", "a list", "escapes", "a sum", "nested lists", "names", "words"],
)
def test_long_constants_are_quick(data: bytes) -> None:
    tree = ast.parse(data)
    start = time.process_time()
    assert [*Decoder().in_source(data, tree)] == []
    assert time.process_time() - start < 1
