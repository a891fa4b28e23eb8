"""Outside text: the one sanitiser, and messages that keep our words and theirs apart."""

from __future__ import annotations

import re
from typing import Any

import msgspec

# Printable ASCII is shown as it is. Everything else is shown as an escape: that covers control,
# bidirectional, invisible and confusable characters without a table that could be out of date.
# A CI runner takes "::name" at the start of a line for a command, and "##[name]" anywhere: the
# first character of either is escaped too, as text may be wrapped at any blank.
_UNSAFE = re.compile(r"[^ -~]|\\(?=u\{)|#(?=#\[)|(?<!\S):(?=:)")


def clean(text: str) -> str:
    r"""Return ``text`` as printable ASCII on one line.

    Every other character becomes ``\u{hex}``; a backslash that would start such an escape is
    itself escaped, so that what is shown says exactly what was there.
    """
    return _UNSAFE.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


_SHOWN = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def original(text: str) -> str:
    """Return what ``clean`` was given, of what it gave."""
    return _SHOWN.sub(lambda found: chr(int(found[1], 16)), text)


def clean_all(value: Any) -> Any:
    """Return a copy of a JSON-like value with every string in it, keys included, cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean_all(key): clean_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_all(item) for item in value]
    return value


def shorten(text: str, limit: int = 200) -> str:
    """Cut ``text`` to ``limit`` characters and say how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}... ({len(text) - limit} more characters)"


class Segment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a message: our words, or (``theirs``) text that came from a release."""

    text: str
    theirs: bool = False


Message = tuple[Segment, ...]


def flat(message: Message) -> str:
    """Return a message as plain text."""
    return "".join(segment.text for segment in message)


def capital(text: str) -> str:
    """Return a text with a capital first, as where it begins a line; the rest as it is."""
    return text[:1].upper() + text[1:]
