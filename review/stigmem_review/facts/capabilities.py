"""Facts about the capabilities that a manifest asks for."""

from __future__ import annotations

from stigmem_review.conditions import When
from stigmem_review.facts.base import Fact, Gain, Reconditioned, State
from stigmem_review.host import CapabilityInfo


def _may(capability: CapabilityInfo, when: When) -> Gain | None:
    if not capability.known:
        return None
    remark = {"high": "high impact", "sensitive": "sensitive"}.get(capability.impact, "")
    return Gain("capability", f"may {capability.opens}", (capability.name,), remark, when)


class CapabilityAdded(Fact, frozen=True, kw_only=True):
    """A capability the manifest did not ask for before."""

    capability: CapabilityInfo

    def gain(self) -> Gain | None:
        return _may(self.capability, self.when)


class CapabilityRemoved(Fact, frozen=True, kw_only=True):
    """A capability the manifest asks for no longer."""

    capability: CapabilityInfo


class CapabilityReconditioned(Reconditioned, frozen=True, kw_only=True):
    """A capability the manifest asks for as before, at other times."""

    capability: CapabilityInfo

    def gain(self) -> Gain | None:
        return None if self.shift == "sometimes" else _may(self.capability, self.when)


class CapabilityUsed(Fact, frozen=True, kw_only=True):
    """A capability that both releases declare, and only the new one's code asks for."""

    accessor: str
    capability: CapabilityInfo

    def gain(self) -> Gain | None:
        return _may(self.capability, self.when)


class CapabilityUnknown(State, frozen=True, kw_only=True):
    """A capability the node does not have, and the one probably meant."""

    excuse = "as before"

    nearest: str
