"""Where more is said about what a report says: the one place that knows."""

from __future__ import annotations

import re

PUBLISHED = ""
"""Where the built ``docs/`` are published, ending in a slash; empty as long as they are not."""

_OURS = re.compile(r"SPR[0-9]{3}", re.ASCII)


def page_of(rule: str) -> str:
    """Return the path of a rule's page below the documentation, by the rule's id."""
    return f"rules/{rule}.html"


def link_to(rule: str, published: str = PUBLISHED) -> str:
    """Return the address of a rule's page; nothing where it is not published.

    An operator's own rule has no page of ours.
    """
    return f"{published}{page_of(rule)}" if published and _OURS.fullmatch(rule) else ""


def command_for(rule: str) -> str:
    """Return the command that prints what the page of a rule says."""
    return f"stigmem-review rules show {rule}"
