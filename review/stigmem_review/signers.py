"""Who signed, old against new, and what the operator thinks of it: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts import Fact
from stigmem_review.model import Release
from stigmem_review.policy.trust import Trust


def signing_facts(old: Release, new: Release, trust: Trust) -> Iterator[Fact]:
    """Yield what is to be said of the signatures of two releases."""
    yield from ()
