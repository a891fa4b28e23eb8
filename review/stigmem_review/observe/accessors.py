"""Which of the node's interfaces the code asks the context for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stigmem_review.code.installed import Code
from stigmem_review.host import Node
from stigmem_review.model import Observation
from stigmem_review.observe.uses import Use


def accessors(code: Code, place: str, uses: Iterable[Use], node: Node) -> Iterator[Observation]:
    """Yield the capabilities whose accessor one source file uses, on whatever object.

    The names are the context's alone (``stigmem_node.plugins.context``), so a variable, a helper
    or ``getattr`` with a constant in between does not hide them.
    """
    for use in uses:
        accessor = use.dotted.rpartition(".")[2]
        if capability := node.accessors.get(accessor):
            why = f"it calls {accessor}"
            yield Observation("accessor", capability, why, accessor, code.at(place, use.line))
