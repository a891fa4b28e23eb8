"""Who signed, old against new, and what the operator thinks of it: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from stigmem_review.facts import Fact
from stigmem_review.model import Release
from stigmem_review.policy.trust import Decision, Trust

Continuity = Literal[
    "",
    "same",
    "another ref",
    "workflow changed",
    "repository moved",
    "repository changed",
    "another signer",
    "issuer changed",
    "signed for the first time",
    "no longer signed",
    "both unsigned",
    "not comparable",
]


class SigningOutcome(msgspec.Struct, frozen=True):
    """What comparing and judging the signatures gave, in a word each.

    ``by`` names what decided about trust; ``required`` is absent where nobody said it.
    """

    continuity: Continuity
    decision: Decision
    by: str = ""
    required: bool | None = None


def signing_outcome(old: Release, new: Release, trust: Trust) -> SigningOutcome | None:
    """Return the outcome, or nothing where neither side has a file that could be signed."""
    return None


def signing_facts(old: Release, new: Release, trust: Trust) -> Iterator[Fact]:
    """Yield what is to be said of the signatures of two releases."""
    yield from ()
