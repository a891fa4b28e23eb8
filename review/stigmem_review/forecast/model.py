"""The words of a forecast: what becomes of a plugin, and of the node that it is on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from stigmem_review.conditions import by_default, decided, named
from stigmem_review.model import HOLE, Location, Refusal
from stigmem_review.policy.settings import Settings
from stigmem_review.policy.trust import Verifier

CONFIG = "config_validate"
"""The hook by which one plugin judges another."""

Kind = Literal["registers", "ignored", "refused", "untold"]
"""The node takes a plugin, passes over it since it is part of the node by now, does not start, or
it cannot be told."""

Signing = Literal["unsaid", "off", "required", "unacknowledged", "own"]
"""What a node does about signatures: nobody said, it takes unsigned plugins, refuses them, refuses
to start with any since that is not acknowledged, or verifies them in a way of its own."""


NOTHING: Mapping[str, str] = MappingProxyType({})


class NodeSettings(msgspec.Struct, frozen=True):
    """The settings of a node that decide whether it takes plugins at all.

    ``variables`` are those of its environment, by which plugins decide.
    """

    signing: Signing = "unsaid"
    discovery: bool = True
    variables: Mapping[str, str] = {}


def node_settings(
    settings: Settings, verifier: Verifier | None = None, variables: Mapping[str, str] = NOTHING
) -> NodeSettings:
    """Return what settings that were read come to; ``verifier`` is what the policy says there is.

    ``variables`` are what the node's environment is known to have.

    Whoever trusts somebody and says no more has the node's default, by which signatures are
    required; where nothing is said at all, nobody is held to that.
    """
    if settings.required is False:
        signing: Signing = "off" if settings.acknowledged else "unacknowledged"
    elif settings.required or settings.trusted or settings.override:
        signing = "own" if verifier == "own" else "required"
    else:
        signing = "unsaid"
    return NodeSettings(signing, settings.discovery, variables)


class Outcome(msgspec.Struct, frozen=True):
    """What can become of a plugin, or of the node, and what has to hold for it.

    ``plugin`` is the name in the manifest that it is about, or else the entry point's, and
    ``refusal`` the check of the node that it fails. ``exception`` is the class that leaves the
    node and ``message`` what it prints, with ``HOLE`` for what only the node knows; both are empty
    where that is not known. ``why`` says what cannot be told. All ``conditions`` have to hold; none
    means always. ``by`` are variables that are known to be set, and that decided it.
    """

    kind: Kind
    plugin: str = ""
    refusal: Refusal | None = None
    exception: str = ""
    message: str = ""
    conditions: tuple[str, ...] = ()
    why: str = ""
    at: Location | None = None
    by: tuple[str, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether it comes to that in every case, and the node to nothing else."""
        return self.kind == "refused" and not self.conditions

    @property
    def usual(self) -> bool | None:
        """Whether it comes to that where no variable is set; ``None`` where that is not known."""
        return by_default(self.conditions)

    def says(self, printed: str) -> bool:
        """Say whether a node that printed something printed this."""
        first, *rest = self.message.split(HOLE)
        if not rest:
            return printed == first
        if not printed.startswith(first):
            return False
        place = len(first)
        for part in rest[:-1]:
            place = printed.find(part, place)
            if place < 0:
                return False
            place += len(part)
        return printed.endswith(rest[-1]) and len(printed) >= place + len(rest[-1])


def settled(outcome: Outcome, variables: Mapping[str, str]) -> Outcome | tuple[str, ...]:
    """Return an outcome with what variables say of its conditions.

    Where they say that one of these does not hold, what does so are the variables alone.
    """
    left: list[str] = []
    by: set[str] = set()
    for each in outcome.conditions if variables else ():
        so = decided(each, variables)
        if so is False:
            return named(each, variables)
        if so:
            by.update(named(each, variables))
        else:
            left.append(each)
    if not by:
        return outcome
    return msgspec.structs.replace(outcome, conditions=tuple(left), by=tuple(sorted(by)))


class PluginForecast(msgspec.Struct, frozen=True):
    """What becomes of one plugin: first what may come, each with its conditions, then the rest.

    ``reached`` is false where the node has stopped on another plugin before it comes to this one.
    """

    plugin: str
    entry_point: str
    distribution: str
    outcomes: tuple[Outcome, ...]
    reached: bool = True

    @property
    def usual(self) -> Outcome:
        """What comes of it where no variable is set, as far as that can be told."""
        return usual(self.outcomes)


class NodeForecast(msgspec.Struct, frozen=True):
    """What becomes of a node that has some plugins, and of each of them.

    ``plugins`` are in the order in which the node registers them, those that it ignores last.
    ``outcomes`` are those of the node as a whole: what may stop it, and what it comes to else.
    ``assumes_unsigned`` where nobody said that the node takes unsigned plugins, and it is taken to:
    a stock node with default settings takes none.
    """

    node: str
    plugins: tuple[PluginForecast, ...]
    outcomes: tuple[Outcome, ...]
    assumes_unsigned: bool = False

    @property
    def usual(self) -> Outcome:
        """What comes of the node where no variable is set, as far as that can be told."""
        return usual(self.outcomes)


def usual(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Return the first of some outcomes that comes where no variable is set.

    What may come, and may not, cannot be told.
    """
    for each in outcomes:
        if each.usual:
            return each
        if each.usual is None:
            return msgspec.structs.replace(
                each, kind="untold", why=each.why or "it depends on how the node is run"
            )
    return outcomes[-1]
