"""How much of a report is shown to people; JSON always has everything.

A release must not be able to push the finding that matters out of sight with a thousand others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FINDINGS = 30
ITEMS = 15
LINES = 20

ANNOTATIONS = 10
"""GitHub shows ten errors and ten warnings of a step, and drops the rest."""

SUMMARY_BYTES = 900 * 1024
"""A job summary; GitHub drops one of more than 1 MiB whole, while the step passes."""

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
    kept = data[:room].rpartition(b"\n\n")[0].decode()
    for start, end in (("<details>", "</details>"), ("```\n", "\n```\n")):
        # What is open when the cut comes would swallow the sentence that says so.
        opened = kept.rfind(start)
        if opened >= 0 and end not in f"{kept[opened + len(start) - 1 :]}\n":
            kept = kept[:opened].rstrip()
    return kept + _CUT.format(len(data) - len(kept.encode()))
