"""Source bytes to a syntax tree, within limits."""

from __future__ import annotations

import ast
import re
import sys
import warnings

import msgspec

from stigmem_review import limits
from stigmem_review.code.nodes import children
from stigmem_review.patterns import late
from stigmem_review.text import shorten

# PEP 263: a declaration stands in the first or second line, the second only after a comment.
_COOKIE = late(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = late(rb"^[ \t\f]*(?:[#\r\n]|$)")
# CPython joins the parts of an imported name one by one: 256 KiB of them took 35 s and 17 GB.
_GAP = rb"(?:[ \t\f]|\\\r?\n|\\\r)*+"
_PARTS = 500
_LONG_NAME = late(rb"(?<![\w\x80-\xff.])(?:[\w\x80-\xff]++%b\.%b){%d}" % (_GAP, _GAP, _PARTS))
_IN_NAMES = bytes(
    each for each in range(256) if each >= 0x80 or chr(each).isalnum() or each in b"_\\ \t\n\r\f\v"
)
_FORMATTED = late(rb"""(?i)(?<!\w)(?:f|fr|rf)['"]""")
_MAKING_CODE = (b"def ", b"class ", b"lambda")
_CODES = 2_000
"""Functions and classes in a file that is compiled: CPython compares those that are alike."""
REFUSED = "it does not compile"
"""How the reason begins why a file has no tree that fails to be imported by every Python."""
_UTF8 = {"utf-8", "utf8", "utf-8-sig"}
_SINGLE_BYTE = {"ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1"}


class Failure(msgspec.Struct, frozen=True):
    """Why a file gave no tree. ``unreadable``: its content is a gap, not a finding."""

    why: str
    line: int
    unreadable: bool
    do: str = ""
    said: str = ""
    """What Python says of it, where that does not take it."""


def parse(data: bytes) -> ast.Module | Failure:
    """Parse one source file as the interpreter would read it: from bytes, its encoding included.

    An encoding in which a comment could turn into code is refused (PEP 263 allows any codec), and
    so is what parses and does not compile, such as ``return`` outside a function: importing it
    fails on every Python. What compiling gives is never run.
    """
    if len(data) > limits.SOURCE_BYTES:
        return Failure(
            f"it has {len(data):,} bytes and at most {limits.SOURCE_BYTES:,} are parsed",
            0,
            unreadable=True,
            do="ask the author to split the module",
        )
    if refused := _odd_encoding(data):
        return refused
    if b"." * _PARTS in data.translate(None, _IN_NAMES) and _LONG_NAME.search(data):
        return Failure(
            f"it has a name of more than {_PARTS} parts",
            0,
            unreadable=True,
            do="ask the author to write shorter names",
        )
    if data.count(b"{") > limits.FORMATTED_PARTS and _FORMATTED.search(data):
        return Failure(
            f"it has more than {limits.FORMATTED_PARTS:,} braces, and strings to fill them in",
            0,
            unreadable=True,
            do="ask the author to keep long texts in files of their own",
        )
    try:
        data.decode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
            refused = _uncompilable(tree, data)
    except SyntaxError as error:
        return _unparsable(_said(error), error.lineno or 0, error.msg or "")
    except (RecursionError, MemoryError):
        return _unparsable("it is nested too deeply for the parser", 0)
    except UnicodeDecodeError:
        return _unparsable("it is not UTF-8", 0)
    except (ValueError, OverflowError) as error:
        return _unparsable(shorten(str(error)), 0)
    return refused or tree


def _uncompilable(tree: ast.Module, data: bytes) -> Failure | None:
    if len(data) > limits.COMPILED_BYTES or sum(map(data.count, _MAKING_CODE)) > _CODES:
        return None
    try:
        if b"finally" in data and _weight(tree)[0] > limits.COMPILED_BYTES:
            return None
        compile(tree, "<source>", "exec", dont_inherit=True)
    except SyntaxError as error:
        if (error.msg or "").startswith("future feature"):
            # A newer Python may know it.
            return _unparsable(error.msg, error.lineno or 0)
        why = f"{REFUSED}: {_said(error)}"
        return Failure(why, error.lineno or 0, unreadable=False, said=error.msg or "")
    except (RecursionError, MemoryError):
        # Compiling takes more of the stack than parsing; how much there is differs.
        return None
    return None


def _weight(node: ast.AST) -> tuple[int, int]:
    """Return how much code a node makes, and how often control leaves it.

    The compiler writes the body of a ``finally`` once more wherever control leaves its ``try``.
    """
    weight, leaving = 1, int(isinstance(node, (ast.Return, ast.Break, ast.Continue)))
    for child in children(node):
        if isinstance(node, (ast.Try, ast.TryStar)) and child in node.finalbody:
            continue
        more, leaves = _weight(child)
        weight, leaving = weight + more, leaving + leaves
    if isinstance(node, (ast.Try, ast.TryStar)):
        again = leaving + 2
        for child in node.finalbody:
            more, leaves = _weight(child)
            weight, leaving = weight + again * more, leaving + again * leaves
    return weight, leaving


def _unparsable(why: str, line: int, said: str = "") -> Failure:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Failure(
        f"Python {version} cannot parse it: {why}",
        line,
        unreadable=True,
        do="run the review on the Python version that the node runs on",
        said=said,
    )


def _odd_encoding(data: bytes) -> Failure | None:
    # The tokenizer takes a lone carriage return for the end of a line, so it is one here as well.
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", data, maxsplit=2)[:2], 1):
        if found := _COOKIE.match(line):
            name = found[1].decode("ascii", "replace").lower().replace("_", "-")
            if name in _UTF8 or (name in _SINGLE_BYTE and data.isascii()):
                return None
            return Failure(
                f"it declares the source encoding {shorten(name, 40)}, in which what looks "
                "like a comment can be code",
                number,
                unreadable=False,
            )
        if not _BLANK.match(line):
            return None
    return None


def _said(error: SyntaxError) -> str:
    """Return what Python says of source, to stand in a sentence: its own can end as a question."""
    return (error.msg or "invalid syntax").rstrip("?.")
