"""A report in one line, for a chat or a log: what, the verdict, and what weighs most."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.report.blocks import Found, Items, Page, Paragraph, Title
from stigmem_review.text import flat

_SHOWN = 3
"""Things that are named."""


def write_oneline(page: Page) -> str:
    """Return a page in one line of printable ASCII."""
    return f"{' | '.join(_parts(page))}\n"


def _parts(page: Page) -> Iterator[str]:
    named = [flat(each.says) for each in page.first if isinstance(each, Title)]
    yield ", ".join(named)
    verdicts = [each for each in page.first if isinstance(each, Paragraph) and each.tone]
    if page.verdict or verdicts:
        yield flat((page.verdict or verdicts[0]).says)
    items = [
        flat(item.says) for each in page.first if isinstance(each, Items) for item in each.items
    ]
    found = [flat(each.members[0].says) for each in page.body if isinstance(each, Found)]
    told = [*items, *([] if items else found)]
    if told:
        more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
        yield "; ".join([*told[:_SHOWN], *more])
