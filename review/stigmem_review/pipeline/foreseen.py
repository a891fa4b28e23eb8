"""What nodes do with a release that was opened, and what of that is to be judged."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from stigmem_review.compare.starting import wider
from stigmem_review.facts import Fact
from stigmem_review.forecast.alone import Foreseen, alone, on_every_node
from stigmem_review.host import Node
from stigmem_review.model import Release
from stigmem_review.pipeline.terms import Terms

Reread = Callable[[Node], Release]
"""Reads a release again, for another node."""


def foreseen(release: Release, terms: Terms, reread: Reread) -> tuple[Foreseen, ...]:
    """Return what the node does with a release while it starts that somebody named, or each does.

    Nothing where there is no code, or it could not be followed.
    """
    if terms.named:
        outcomes = alone(release, terms.node)
        return (Foreseen(terms.node.version, outcomes),) if outcomes else ()
    return on_every_node(release, terms.node, reread)


def ranges(
    new: Release, found: tuple[Foreseen, ...], old: Release, terms: Terms, reread: Reread
) -> tuple[Fact, ...]:
    """Return where the range of nodes that a new release states is too wide, and was not before.

    ``reread`` reads the old one again. Nothing where somebody named the node, or where the old one
    is a capture: it has no code of which to say what it did on others.
    """
    if terms.named or old.source.kind == "capture" or not (stated := tuple(wider(new, found))):
        return ()
    before = {each.nodes for each in wider(old, foreseen(old, terms, reread))}
    return tuple(replace(each, upgrade=True) for each in stated if each.nodes not in before)
