"""Facts about the capabilities that a manifest asks for."""

from __future__ import annotations

from stigmem_review.facts.base import Fact, Reconditioned, State
from stigmem_review.host import CapabilityInfo


class CapabilityAdded(Fact, frozen=True, kw_only=True):
    """A capability the manifest did not ask for before."""

    capability: CapabilityInfo


class CapabilityRemoved(Fact, frozen=True, kw_only=True):
    """A capability the manifest asks for no longer."""

    capability: CapabilityInfo


class CapabilityReconditioned(Reconditioned, frozen=True, kw_only=True):
    """A capability the manifest asks for as before, at other times."""

    capability: CapabilityInfo


class CapabilityUnknown(State, frozen=True, kw_only=True):
    """A capability the node does not have, and the one probably meant."""

    excuse = "as before"

    nearest: str
