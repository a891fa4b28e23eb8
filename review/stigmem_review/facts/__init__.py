"""Facts: the typed changes between two releases, and the typed states of the new one.

Each family has a module, and each class that says what is so is a kind: nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts.base import *
from stigmem_review.facts.capabilities import *
from stigmem_review.facts.code import *
from stigmem_review.facts.compatibility import *
from stigmem_review.facts.entry_points import *
from stigmem_review.facts.hooks import *
from stigmem_review.facts.manifest import *
from stigmem_review.facts.migrations import *
from stigmem_review.facts.node import *
from stigmem_review.facts.pins import *
from stigmem_review.facts.policy import *
from stigmem_review.facts.release import *
from stigmem_review.facts.signing import *
from stigmem_review.facts.start import *


def _kinds(top: type[Fact]) -> Iterator[type[Fact]]:
    """Yield the kinds below a class; what others are made from is none."""
    below = top.__subclasses__()
    for each in below:
        yield from _kinds(each)
    if not below:
        yield top


KINDS: dict[str, type[Fact]] = {str(each.__struct_config__.tag): each for each in _kinds(Fact)}
"""Every kind of fact by its name."""


def kind_of(fact: Fact) -> str:
    """Return the name of a fact's kind."""
    return str(fact.__struct_config__.tag)
