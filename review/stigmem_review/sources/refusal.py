"""How a source says that it cannot be read: one line, and what to do about it."""

from __future__ import annotations

from stigmem_review.errors import SourceError
from stigmem_review.text import shorten

ASK_REBUILD = "ask its author for a release rebuilt with a current build tool"
RENAME = "give it the file name it was published under"
NOT_AS_NAMED = f"do not deploy it as what it is named; if somebody renamed it, {RENAME}"
ASK_SMALLER = "ask its author for a smaller release, or review this one by hand"


def refusal(source: str, what: str, do: str = ASK_REBUILD) -> SourceError:
    """Return the error for ``source``; ``what`` and ``do`` are our words."""
    return SourceError(f"{shorten(source)}: {what}; {do}", what, do)
