"""Facts about a node with all its plugins."""

from __future__ import annotations

from stigmem_review.facts.base import Fact


class NodeStops(Fact, frozen=True, kw_only=True):
    """A node that does not start with its plugins: the plugin that stops it, and what it prints.

    ``conditions`` have to hold for it, none means always; ``usual`` if they hold where no variable
    of the environment is set. ``before`` if the node stopped on that before the change as well.
    """

    exception: str
    prints: str
    conditions: tuple[str, ...] = ()
    usual: bool = True
    before: bool = False


class NodeUntold(Fact, frozen=True, kw_only=True):
    """What becomes of a node hangs on what is not known here; ``before`` as above."""

    why: str
    before: bool = False


class PluginIgnored(Fact, frozen=True, kw_only=True):
    """A plugin that the node passes over, since it is part of the node by now."""

    before: bool = False
