"""Texts that decode to code: what is decoded, unpacked and looked at, and never run.

An image, a key or a digest in base64 is nothing: what counts is what comes out.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from stigmem_review import limits
from stigmem_review.code.nodes import children, walk
from stigmem_review.code.parse import Failure, parse
from stigmem_review.observe.formats import (
    WEBASSEMBLY,
    is_compressed,
    is_text,
    runnable,
    unpacked,
)

PYTHON = "Python source"

_SHORTEST = 40
"""Characters of the shortest text that is decoded: what does harm, and is encoded, is longer."""
_HEAD = 320
"""Characters that are decoded first, to see whether the rest can be code; all bases divide it."""
_LAYERS = 5
"""Encodings within encodings."""
_PREFIX = 64 * 1024
"""Of a text that is too long to be parsed, what is."""

_HEX = r"[0-9A-Fa-f]+"
_BASE32 = r"[A-Z2-7]+=*"
_BASE64 = r"[A-Za-z0-9+/]+=*"
_URL64 = r"[A-Za-z0-9_-]+=*"
_BASE85 = r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]+"
_ASCII85 = r"(?:<~)?[!-uz]+(?:~>)?"
_SPACED = r"[A-Za-z0-9+/=_\s-]+"
_BLANKS = str.maketrans("", "", " \t\r\n\v\f")

# A long run of what base 64 is written in, and the lines that follow it as encoders wrap them.
_RUN = (
    rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}+(?:\r?\n[ \t]*+[A-Za-z0-9+/_-]{40,}+)*+"
    rb"(?:\r?\n[ \t]*+[A-Za-z0-9+/_-]++(?=[=\s\"']))?={0,2}"
)
_IN_SOURCE = (
    rb"[\"'](?:[A-Za-z0-9+/=]{24,}+(?![_-])|[A-Za-z0-9=_-]{24,}+(?![+/])|[^\s\"']{40,}+"
    rb"|[A-Za-z0-9+/=_-]{4,}+[\"'][\s,+\\b]{1,80}+"
    rb"(?:[\"'][A-Za-z0-9+/=_-]{4,}+[\"'][\s,+\\b]{1,80}+){5,}+"
    rb"|(?:[A-Za-z0-9+/=_-]{8,}+[\"'][^\"'`]{1,80}+[\"']){2,}+[A-Za-z0-9+/=_-]{8,}+[\"']"
    rb"|(?:[A-Za-z0-9+/=_-]{8,24}[ \t\\n]+){4})",
    rb"(?m)^[ \t]*[^\s=\"'()\[\],.:-][^\s\"'()\[\],.:]{39,}+",
    rb"\\x[0-9a-fA-F]{2}.{0,8}\\x[0-9a-fA-F]{2}",
    rb"\}[A-Za-z0-9+/=_-]{8,}+\{",
)
"""What source has in it where one of its constants, or several together, can be encoded."""
_ESCAPED = rb"(?:\\x[0-9A-Fa-f]{2}){20,}+"
"""Letters that are written as numbers, where nobody has to."""
_DIGIT = rb"[0-9]"
_LETTER = rb"[A-Za-z]"

_RUNS = frozenset(("__import__", "compile", "eval", "exec", "getattr", "globals", "open"))
_LIKE_PYTHON = (
    rb"(?:^|[;:\n])[ \t]*(?:import[ \t]+\w|from[ \t]+[\w.]+[ \t]+import\b|(?:async[ \t]+)?def[ \t])"
    rb"|\b(?:__import__|compile|eval|exec|getattr|globals|open)[ \t]*\("
)
_TEXT = rb"[\t\n\r -~]{40,}+"
_STATEMENT = (
    rb"(?m)^(?:import[ \t]+[\w.]+|from[ \t]+[\w.]+[ \t]+import\b.*|def[ \t]+\w+\(.*:)"
    rb"[ \t]*(?:;.*)?\r?$"
)
"""A line that is a statement of Python, and hardly one of anything else."""
_GOES_ON = (
    "was never closed",
    "unterminated triple-quoted",
    "unexpected EOF",
    "expected an indent",
)
_TEXTS = 1_000
"""Texts within binary data that may be code and are looked at; files of pictures have none."""
_CANNOT_BE_TOLD = "more than is looked through"


class Decoder:
    """Decodes and unpacks within limits that hold for all it is asked about together."""

    def __init__(self) -> None:
        self._left = limits.UNPACKED_BYTES
        self._parsed = 0
        self._texts = 0

    def unpacked(self, data: bytes) -> bytes | None:
        """Return what compressed data holds; nothing unless it is one whole stream."""
        found, whole = unpacked(data, self._left)
        self._left -= min(self._left, len(found))
        return found if whole else None

    def is_python(self, data: bytes, *, stub: bool = False) -> bool:
        """Say whether text is Python source that does or defines something.

        Of a ``stub`` it takes more: work of its own. What is too long to be parsed is Python if it
        begins like it, and past the limit on what is parsed, if a line of it is.
        """
        whole = len(data) <= limits.SOURCE_BYTES
        part = data if whole else data[: data.rfind(b"\n", 0, _PREFIX) + 1]
        if not re.search(_LIKE_PYTHON if whole else _STATEMENT, part):
            return False
        self._parsed += len(part)
        if self._parsed > limits.OBSERVED_BYTES:
            return bool(re.search(_STATEMENT, part))
        tree = parse(part)
        if isinstance(tree, Failure):
            return not whole and any(each in tree.why for each in _GOES_ON)
        return _works(tree) if stub else _acts(tree)

    def in_source(self, data: bytes, tree: ast.Module) -> Iterator[tuple[int, str, str]]:
        """Yield what constants of Python source decode to: the line, what it is, and the text."""
        yield from self._escaped(data)
        # What is encoded has digits in it; names, paths and lines that divide mostly have none.
        found = [each for pattern in _IN_SOURCE for each in re.finditer(pattern, data)]
        found.sort(key=re.Match.start)
        if not any(re.search(_DIGIT, each[0]) and re.search(_LETTER, each[0]) for each in found):
            return
        near = _Near(data, found)
        waiting: list[ast.AST] = [tree]
        while waiting:
            node = waiting.pop()
            parts = _parts(node)
            text = _joined(parts) if parts else getattr(node, "value", None)
            what = self._in_long(text)
            if what:
                yield getattr(node, "lineno", 0), what, repr(text)
                continue
            for line, text in _assigned(node):
                if what := self._in_long(text):
                    yield line, what, repr(text)
            inner = children(node) if isinstance(node, ast.Dict) else parts or children(node)
            waiting += [each for each in inner if not isinstance(each, ast.stmt) or near(each)]

    def _in_long(self, text: object) -> str:
        if isinstance(text, (str, bytes)) and len(text) >= _SHORTEST:
            return self.in_constant(text)
        return ""

    def _escaped(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        """Yield what strings say whose letters are written as numbers, if that is code."""
        if b"\\x" not in data:
            return
        for found in re.finditer(_ESCAPED, data):
            text = bytes.fromhex(found[0].decode().replace("\\x", ""))
            if is_text(text) and (what := self._code(text, _LAYERS)):
                yield data.count(b"\n", 0, found.start()) + 1, what, repr(text)

    def in_binary(self, data: bytes) -> str:
        """Return what code stands as plain text or in base 64 within binary data, if any."""
        for found in re.finditer(_TEXT, data):
            text = found[0]
            python, encoded = re.search(_LIKE_PYTHON, text), re.search(_RUN, text)
            if python is None and encoded is None:
                continue
            self._texts += 1
            if self._texts > _TEXTS:
                return _CANNOT_BE_TOLD
            # Letters before and after it may be of what is around it.
            start = re.search(_STATEMENT, text)
            whole = text[start.start() : text.rfind(b"\n") + 1] if start else b""
            if python and (self.is_python(whole) or self.is_python(text.lstrip(b"; "))):
                return PYTHON
            if encoded and (
                what := self._decoded(encoded[0][: limits.ENCODED_BYTES].decode(), _LAYERS)
            ):
                return what
        return ""

    def in_text(self, data: bytes) -> str:
        """Return what code a long text within text, or the whole of it, decodes to, if any."""
        part = data[: limits.ENCODED_BYTES].replace(rb"\n", b"\n")
        for found in re.finditer(_RUN, part):
            if what := self._decoded(found[0].decode("ascii"), _LAYERS):
                return what
        if len(data) > limits.SOURCE_BYTES:
            return ""
        return self._decoded(data.decode("latin-1"), _LAYERS)

    def in_constant(self, text: str | bytes) -> str:
        """Return what code a constant decodes to, if any."""
        if isinstance(text, bytes):
            return self._code(text, _LAYERS, plain=True)
        if not text.isascii():
            try:
                return self._code(text.encode("latin-1"), _LAYERS, plain=True)
            except UnicodeEncodeError:
                return ""
        if what := self._decoded(text, _LAYERS):
            return what
        for found in re.finditer(_RUN, text.encode()):
            if len(found[0]) < len(text) and (what := self._decoded(found[0].decode(), _LAYERS)):
                return what
        return ""

    def _code(self, data: bytes, layers: int, *, plain: bool = False) -> str:
        """Return what bytes are, if they are code; ``plain`` if nothing has been decoded yet."""
        if layers <= 0:
            return ""
        what = runnable(data)
        if what and what != WEBASSEMBLY:
            return what
        if is_compressed(data) and not (plain and is_text(data)):
            found, _ = unpacked(data, self._left)
            if len(found) > self._left:
                self._left = 0
                return _CANNOT_BE_TOLD
            self._left -= len(found)
            if found:
                return self._code(found, layers - 1)
        if not is_text(data):
            return ""
        if not plain and data.startswith(b"#!"):
            return "a script"
        if not plain and self.is_python(data):
            return PYTHON
        return self._decoded(data.decode("latin-1"), layers)

    def _decoded(self, text: str, layers: int) -> str:
        if len(text) < _SHORTEST or not _is_dense(text):
            return ""
        compact = text.translate(_BLANKS)
        if compact.startswith("="):
            compact = compact[::-1]
        for alphabet, decode in _BASES:
            if not re.fullmatch(alphabet, compact):
                continue
            head = _try(decode, compact[:_HEAD])
            if head is None or not _may_be_code(head):
                continue
            data = _try(decode, compact) if len(compact) > _HEAD else head
            if data and (what := self._code(data, layers - 1)):
                return what
        return ""


def _is_dense(text: str) -> bool:
    """Say whether a text starts like an encoded one: without blanks for a while.

    What has nothing but what base 64 is written in may have blanks.
    """
    head = text.lstrip()[:20]
    return not any(map(str.isspace, head)) or bool(re.fullmatch(_SPACED, text))


def _try(decode: Callable[[str], bytes], text: str) -> bytes | None:
    try:
        return decode(text)
    except ValueError:
        return None


def _base64(text: str) -> bytes:
    import binascii

    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(plain[: len(plain) // 4 * 4 or None] + _tail(plain))


def _tail(plain: str) -> str:
    rest = len(plain) % 4
    return plain[-rest:] + "=" * (4 - rest) if rest > 1 else ""


def _base32(text: str) -> bytes:
    import base64

    plain = text.rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _base85(text: str) -> bytes:
    import base64

    return base64.b85decode(text)


def _ascii85(text: str) -> bytes:
    import base64

    plain = text.removeprefix("<~").removesuffix("~>")
    return base64.a85decode(plain)


_BASES: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    (_HEX, bytes.fromhex),
    (_BASE32, _base32),
    (_BASE64, _base64),
    (_URL64, _base64),
    (_BASE85, _base85),
    (_ASCII85, _ascii85),
)

_NAME_IN_TAR = rb"[ -~]{1,100}\0+"


def _may_be_code(head: bytes) -> bool:
    """Say whether the beginning of what was decoded can be that of code, or of a text."""
    return (
        is_text(head)
        or is_compressed(head)
        or bool(runnable(head))
        or head[:1] in (b"c", b"\xe3", b"\x80", b"}", b"]", b"(")
        or head[:2] == b"MZ"
        or head[2:4] == b"\r\n"
        or bool(re.match(_NAME_IN_TAR, head))
    )


class _Near:
    """Says whether a statement is on a line where something was found, in order, in a source."""

    def __init__(self, data: bytes, found: Iterable[re.Match[bytes]]) -> None:
        lines: set[int] = set()
        line, at = 1, 0
        for each in found:
            line += data.count(b"\n", at, each.start())
            at = each.start()
            lines.update(range(line, line + each[0].count(b"\n") + 1))
        self._lines = sorted(lines)
        # A carriage return alone ends a line as well, and then the numbers differ.
        self._all = b"\r" in data.replace(b"\r\n", b"")

    def __call__(self, node: ast.stmt) -> bool:
        above = [each.lineno for each in getattr(node, "decorator_list", ())]
        at = bisect_left(self._lines, min([node.lineno, *above]))
        last = node.end_lineno or node.lineno
        return self._all or (at < len(self._lines) and self._lines[at] <= last)


def _assigned(node: ast.AST) -> Iterator[tuple[int, str | bytes]]:
    """Yield the one text of constants that statements one after the other give names to."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    values: list[ast.expr] = []
    for each in (*body, None):
        value = each.value if isinstance(each, (ast.Assign, ast.AugAssign)) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes)):
            values.append(value)
            continue
        if len(values) > 1 and (text := _joined(values)):
            yield values[0].lineno, text
        values = []


def _parts(node: ast.AST) -> list[ast.expr]:
    """Return what is added up, or what stands side by side in a list; nothing for other nodes."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.JoinedStr):
        return node.values
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(node.right)
        node = node.left
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
            parts.append(node)
    return parts[::-1]


def _joined(parts: list[ast.expr]) -> str | bytes | None:
    """Return the one text that constants make, and lists of them; nothing where some are no texts.

    What an f-string computes is left out.
    """
    texts: list[object] = []
    for part in parts:
        for each in _parts(part) or (part,):
            if isinstance(each, ast.Constant):
                texts.append(each.value)
            elif not isinstance(each, ast.FormattedValue):
                return None
    strings = [each for each in texts if isinstance(each, str)]
    if len(strings) == len(texts):
        return "".join(strings)
    pieces = [each for each in texts if isinstance(each, bytes)]
    return b"".join(pieces) if len(pieces) == len(texts) else None


def _acts(tree: ast.Module) -> bool:
    """Say whether source imports or defines something, or calls what can run or reach anything."""
    return any(
        isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef))
        or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _RUNS
        )
        for node in walk(tree)
    )


def _works(tree: ast.Module) -> bool:
    """Say whether a stub does more than describe: it makes a call, or a function has a body."""
    for node in walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not all(
            isinstance(each, (ast.Pass, ast.Raise))
            or (isinstance(each, (ast.Assign, ast.Expr)) and isinstance(each.value, ast.Constant))
            for each in node.body
        ):
            return True
    return False
