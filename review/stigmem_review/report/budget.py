"""How much of a report is shown to people; JSON always has everything.

A release must not be able to push the finding that matters out of sight with a thousand others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FINDINGS = 30
ITEMS = 15
GAINS = 10
LINES = 20

NAMES = 4
"""Of rules, in the title of what is folded."""

EXCERPT = 12
"""Lines of code of one finding."""

GLIMPSE = 6
"""Of them on a terminal, where all findings are to be seen at once."""

PLACE = 2
"""Of them there, where none of them changed."""

CHARS = 160
"""Of one of them; more is wider than most screens."""

ANNOTATIONS = 10
"""GitHub shows ten errors and ten warnings of a step, and drops the rest."""

SUMMARY_BYTES = 900 * 1024
"""A job summary; GitHub drops one of more than 1 MiB whole, while the step passes."""

COMMENT_BYTES = 60 * 1024
"""A comment; GitHub refuses one of more than 65,536 characters."""

_CUT = "\n\n**The rest was cut ({} bytes). The report as JSON has everything.**\n"


def cut(items: Sequence[T], limit: int) -> tuple[Sequence[T], int]:
    """Return what is shown of a sequence, and how many items are left out."""
    return items[:limit], max(0, len(items) - limit)


def within(markdown: str, limit: int) -> str:
    """Cut Markdown to ``limit`` bytes at the end of a paragraph, and say that it was cut."""
    data = markdown.encode()
    if len(data) <= limit:
        return markdown
    room = limit - len(_CUT.format(len(data)))
    kept = _closed(data[:room].rpartition(b"\n\n")[0].decode())
    return kept + _CUT.format(len(data) - len(kept.encode()))


def _closed(markdown: str) -> str:
    """Return Markdown up to where the first thing begins that does not end in it.

    What is open when the cut comes would swallow the sentence that says so.
    """
    position = opened = depth = 0
    fence = ""
    for line in markdown.splitlines(keepends=True):
        bare = line.strip()
        if fence:
            fence = "" if bare == fence else fence
        elif bare.startswith("```"):
            fence = bare[: len(bare) - len(bare.lstrip("`"))]
            opened = opened if depth else position
        else:
            begins = bare.startswith("<details")
            opened = position if begins and not depth else opened
            depth += begins - bare.endswith("</details>")
        position += len(line)
    return markdown[:opened].rstrip() if fence or depth else markdown
