"""Facts about what a node does with a release while it starts."""

from __future__ import annotations

from stigmem_review.facts.base import Fact, State
from stigmem_review.model import Refusal


class StartRefused(State, frozen=True, kw_only=True):
    """The node does not start with it, however it is run, for a reason that no other kind has.

    ``item`` is the exception that leaves the node, ``prints`` what it says, and ``check`` is the
    node's check that it fails.
    """

    excuse = "as before"
    explains = "manifest"

    check: Refusal
    prints: str


class StartAtRisk(State, frozen=True, kw_only=True):
    """The node does not start with it where ``conditions`` hold.

    ``usual`` if they hold where no variable of the environment is set, ``certain`` if all that it
    depends on is known to be set so: then no condition is left. ``by`` are the variables that are.
    """

    excuse = "as before"
    baseline = "code"

    prints: str
    usual: bool
    conditions: tuple[str, ...]
    certain: bool = False
    by: str = ""


class StartRange(Fact, frozen=True, kw_only=True):
    """Nodes that its range takes do not start with it: ``nodes``, which print ``prints``.

    ``item`` is the range it states, ``holds`` one that leaves them out, empty where no node that is
    known starts with it. ``upgrade`` where it is somebody else's release that is about to be
    deployed: on a node that is most likely none of them, since the newest starts with it.
    """

    nodes: str
    prints: str
    holds: str
    upgrade: bool = False
