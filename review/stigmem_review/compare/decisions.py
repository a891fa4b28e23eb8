"""What handlers can decide: where one could deny, and cannot any more."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.facts import DenyLost, DenyUnclear
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


def _ends(release: Release) -> dict[str, frozenset[str]]:
    """Return all that the handlers of each hook can come to."""
    found: dict[str, frozenset[str]] = {}
    for each in release.handlers:
        found[each.hook] = found.get(each.hook, frozenset()) | frozenset(each.ends)
    return found
