"""Source that does not say what it seems to say, or hides what it does.

Python reads characters that people do not see, or take for others (https://trojansource.codes,
Unicode's UTS #39 and UTS #55), and lines that are longer than a screen.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import keyword
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from stigmem_review.code.modules import Syntax
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import Failure
from stigmem_review.observe.encoded import Decoder

_BIDIRECTIONAL = "[\u202a-\u202e\u2066-\u2069]"
# Unicode's Default_Ignorable_Code_Point, without the bidirectional ones: nothing is drawn.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2064\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Emoji take up to seven of them in a row.
_HIDDEN = f"[{_INVISIBLE}]{{8,}}"
_UNSEEN = f"[{_INVISIBLE}]"
_WORD = r"\w*[^\W\x00-\x7f]\w*"
_PLAIN_WORD = rb"[A-Za-z_][0-9A-Za-z_]*"
_TELLING = 2
"""Letters from which on a name that looks like another is no symbol of mathematics."""
_LATIN = "[A-Za-z]"
_CYRILLIC = "[\u0400-\u052f]"
_RETURN = rb"\r[ \t]*[^ \t\r\n][^\r\n]*"
_FAR_RIGHT = rb"(?m)^[^\r\n]*?\S(?:[ \t\f]{160}|(?:[ \f]*\t){20})[ \t\f]*+[^\s#\\][^\r\n]*"
"""Columns: a tab takes up to eight of them."""
_ESCAPES = rb"[\x08\x1b\x7f][^\r\n]*"


class Deception(msgspec.Struct, frozen=True):
    """One kind of deception in one file: what it is, where first, and its texts.

    ``misleads`` if the source says something else than it seems to; else it hides something.
    """

    name: str
    why: str
    line: int
    texts: tuple[str, ...]
    misleads: bool = True

    @property
    def sha256(self) -> str:
        """A digest of all its texts, which does not change with what stands around them."""
        joined = "\n".join(self.texts).encode("utf-8", "surrogatepass")
        return hashlib.sha256(joined).hexdigest()


_Named = list[tuple[str, int]]
"""Names of source that are not plain, as Python reads them, and their lines."""


class Looked(msgspec.Struct, frozen=True):
    """What looking at one source file gave.

    ``drawn`` are names that are drawn like plain ones: those names, by the plain ones, with lines.
    """

    found: tuple[Deception, ...] = ()
    drawn: Mapping[str, tuple[str, int]] = {}


def look(data: bytes, syntax: Syntax | Failure, decoder: Decoder) -> Looked:
    """Return what is deceptive in one source file, each kind once."""
    found = [*_in_bytes(data)]
    drawn: dict[str, tuple[str, int]] = {}
    tree = syntax.tree if isinstance(syntax, Syntax) else None
    if not data.isascii():
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
        found += _in_characters(text)
        if tree is not None and _may_name(text):
            names = [*_names(tree)]
            found += _in_names(text, names)
            drawn = _drawn(names)
    if tree is not None and (texts := sorted(decoder.in_source(data, tree))):
        line, what, _ = texts[0]
        shown = tuple(each[2] for each in texts)
        why = f"has a text that decodes to {what}"
        found.append(Deception("encoded code", why, line, shown, misleads=False))
    return Looked(tuple(found), drawn)


def lookalikes(drawn: Mapping[str, tuple[str, int]], sources: Iterable[bytes]) -> Deception | None:
    """Return the names that look like others: of the release, whose sources are given, or Python's.

    Letters of mathematics are left alone, unless there is another name that looks the same.
    """
    if not drawn:
        return None
    known = {*sys.stdlib_module_names, *dir(builtins), *keyword.kwlist}
    for data in sources:
        known.update(each.decode("ascii") for each in re.findall(_PLAIN_WORD, data))
    odd = {
        name: (line, plain)
        for plain, (name, line) in drawn.items()
        if plain in known or (re.search(_CYRILLIC, name) and re.search(_LATIN, name))
    }
    if not odd:
        return None
    line, plain = min(odd.values())
    why = f"has a name of other letters that looks like {plain}"
    return Deception("look-alike names", why, line, tuple(sorted(odd)))


def _in_bytes(data: bytes) -> Iterator[Deception]:
    if b"\r" in data and b"\n" in data:
        lone = [*re.finditer(_RETURN, data)]
        why = (
            "has a carriage return within a line: what is shown as a comment or as overwritten runs"
        )
        yield from _bytes_found(data, "carriage return", why, lone)
    why = "has control characters, which make a terminal show something else"
    yield from _bytes_found(data, "control characters", why, [*re.finditer(_ESCAPES, data)])
    if b" " * 160 in data or data.count(b"\t") >= 20 or data.count(b"\f") >= 20:
        why = "has code behind 160 or more columns of blanks on its line, out of sight"
        yield from _bytes_found(data, "code out of sight", why, [*re.finditer(_FAR_RIGHT, data)])


def _bytes_found(
    data: bytes, name: str, why: str, found: list[re.Match[bytes]]
) -> Iterator[Deception]:
    if found:
        texts = tuple(each[0].decode("utf-8", "replace").strip() for each in found)
        yield Deception(name, why, data.count(b"\n", 0, found[0].start()) + 1, texts)


def _in_characters(text: str) -> Iterator[Deception]:
    for name, pattern, why in (
        (
            "bidirectional controls",
            _BIDIRECTIONAL,
            "has bidirectional controls: it is shown in another order than it is read in",
        ),
        ("hidden text", _HIDDEN, "has a text of invisible characters"),
    ):
        found = [*re.finditer(pattern, text)]
        if found:
            lines = dict.fromkeys(_line_around(text, each.start()) for each in found)
            yield Deception(name, why, text.count("\n", 0, found[0].start()) + 1, tuple(lines))


def _line_around(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else None].strip()


def _may_name(text: str) -> bool:
    """Say whether a name can have one of the letters in it that are not plain.

    Dashes and quotation marks in comments are no reason to go through all of a tree.
    """
    return any(f"a{each}".isidentifier() for each in {*text} if not each.isascii())


def _in_names(text: str, names: _Named) -> Iterator[Deception]:
    """Yield names that hold what nobody sees, or are plain names to Python and written otherwise.

    Python takes names for what NFKC makes of them.
    """
    import unicodedata

    odd: dict[str, tuple[int, str]] = {}
    for name, line in names:
        if re.search(_UNSEEN, name):
            odd.setdefault(name, (line, "has invisible characters in it"))
    normal = {word: unicodedata.normalize("NFKC", word) for word in re.findall(_WORD, text)}
    turned = {word for word, name in normal.items() if len(name) >= _TELLING and name.isascii()}
    if turned:
        for word, line in _written(text):
            if word in turned:
                odd.setdefault(word, (line, f"is {normal[word]} to Python"))
    if odd:
        line, why = min(odd.values())
        yield Deception("misleading names", f"has a name that {why}", line, tuple(sorted(odd)))


def _drawn(names: _Named) -> dict[str, tuple[str, int]]:
    from stigmem_review.policy.alike import as_drawn

    found: dict[str, tuple[str, int]] = {}
    for name, line in names:
        drawn = as_drawn(name)
        if len(name) >= _TELLING and drawn.isascii():
            found.setdefault(drawn, (name, line))
    return found


def _names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names of source that are not plain, as Python reads them, and their lines."""
    for node in walk(tree):
        for field in ("id", "attr", "name", "arg", "asname", "module", "names"):
            found = getattr(node, field, None)
            for each in found if isinstance(found, list) else (found,):
                if isinstance(each, str) and not each.isascii():
                    yield each, getattr(node, "lineno", 0)


def _written(text: str) -> Iterator[tuple[str, int]]:
    """Yield the names of source as they are written, which no syntax tree has, and their lines."""
    import io
    import tokenize

    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not token.string.isascii():
                yield token.string, token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return
