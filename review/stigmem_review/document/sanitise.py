"""Every report passes here once, when it is complete."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from stigmem_review.text import clean_all

Document = TypeVar("Document", bound=msgspec.Struct)

# As JSON writes it, in which quotes are escaped and a text starts with one.
_DOUBTFUL = (b"\x7f", b"##[", b'"::', b" ::")


def sanitised(report: Document) -> Document:
    """Return a report in which every string is printable ASCII on one line."""
    if _is_clean(report):
        return report
    return msgspec.convert(clean_all(msgspec.to_builtins(report)), type(report))


def _is_clean(report: msgspec.Struct) -> bool:
    """Say quickly whether a report has nothing to clean, as most have.

    JSON escapes control characters with a backslash, all but DEL; of other characters only quotes.
    """
    try:
        text = msgspec.json.encode(report)
    except UnicodeEncodeError:
        return False
    if not text.isascii() or text.count(b"\\") != text.count(b'\\"'):
        return False
    return not any(each in text for each in _DOUBTFUL)
