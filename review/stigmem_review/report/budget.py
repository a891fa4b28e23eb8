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


def cut(items: Sequence[T], limit: int) -> tuple[Sequence[T], int]:
    """Return what is shown of a sequence, and how many items are left out."""
    return items[:limit], max(0, len(items) - limit)
