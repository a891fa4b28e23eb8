"""What nodes do with a release that was opened, and what of that is to be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from stigmem_review.compare.starting import printed, wider
from stigmem_review.facts import Fact, StartAtRisk
from stigmem_review.forecast.alone import Foreseen, alone, on_every_node
from stigmem_review.forecast.model import Outcome, settled
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
        outcomes = alone(release, terms.node, variables=terms.variables)
        return (Foreseen(terms.node.version, outcomes),) if outcomes else ()
    return on_every_node(release, terms.node, reread, terms.variables)


def as_set(
    facts: Iterable[Fact], nodes: Sequence[Foreseen], variables: Mapping[str, str]
) -> Iterator[Fact]:
    """Yield facts with what variables of the node's environment decide of its start.

    What does not come with them is left out, and what comes of them on the last of some nodes is
    certain.
    """
    ends = nodes[-1].ends if nodes and variables else None
    if ends is not None and ends.by:
        yield StartAtRisk(
            item=ends.exception,
            prints=printed(ends),
            usual=True,
            conditions=(),
            certain=True,
            by=", ".join(ends.by),
            at=ends.at,
        )
    for each in facts:
        if not isinstance(each, StartAtRisk):
            yield each
            continue
        found = settled(Outcome("refused", conditions=each.conditions), variables)
        if isinstance(found, Outcome) and found.conditions:
            left, by = found.conditions, ", ".join(found.by)
            yield replace(each, conditions=left, usual=found.usual is True, by=by, when=(left,))


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
