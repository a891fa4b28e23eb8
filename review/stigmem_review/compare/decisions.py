"""What code can decide: where something could be refused, and cannot be any more."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts import DenyLost, DenyUnclear, RefusalLost
from stigmem_review.host import Node
from stigmem_review.model import Release


def denials(old: Release, new: Release, node: Node) -> Iterator[DenyLost | DenyUnclear]:
    """Yield every hook whose handler could deny before, and no longer can, or may not.

    Nothing for a hook that has no handler on one side: that is a change of its own.
    """
    before, after = _ends(old), _ends(new)
    for handler in {each.hook: each for each in new.handlers}.values():
        hook, was, now = handler.hook, before.get(handler.hook, frozenset()), after[handler.hook]
        if "deny" not in was or "deny" in now or not now:
            continue
        if "unknown" not in now:
            yield DenyLost(
                item=hook,
                hook=node.hook(hook),
                target=handler.target,
                allows="allow" in now,
                fails=bool(now - {"allow"}),
                at=handler.at,
            )
        elif "unknown" not in was:
            yield DenyUnclear(item=hook, hook=node.hook(hook), target=handler.target, at=handler.at)


_KEPT_OUT = frozenset({"401", "403", "503"})
"""Statuses that keep somebody out: whoever may not ask, or everybody while it is switched off."""


def gates_lost(old: Release, new: Release) -> Iterator[RefusalLost]:
    """Yield every path whose function refused requests, and is not seen to any more.

    Nothing where the new function could not be run to its end, or where the path depends on more
    than before, which can refuse in its place.
    """
    before = {each.item: each for each in old.endpoints}
    for each in new.endpoints:
        was = before.get(each.item)
        if was is None or "?" in each.refuses or {*each.guards} - {*was.guards}:
            continue
        lost = tuple(s for s in was.refuses if s in _KEPT_OUT and s not in each.refuses)
        if lost:
            yield RefusalLost(item=each.item, lost=lost, left=each.refuses, at=each.at)


def _ends(release: Release) -> dict[str, frozenset[str]]:
    """Return all that the handlers of each hook can come to."""
    found: dict[str, frozenset[str]] = {}
    for each in release.handlers:
        found[each.hook] = found.get(each.hook, frozenset()) | frozenset(each.ends)
    return found
