"""What reviews go by, whatever releases they are about."""

from __future__ import annotations

from typing import NamedTuple

from stigmem_review.host import Node
from stigmem_review.model import Level
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.signing.roots import TrustRoot


class Terms(NamedTuple):
    """The node, the rules, the gate, whom the operator trusts, and the root that proves it.

    Without a ``root`` signatures are held against the one that ships with this package.
    """

    node: Node
    rulebook: Rulebook
    gate: Level
    trust: Trust = Trust()
    root: TrustRoot | None = None
