"""What code can decide: where something could be refused, and cannot be any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stigmem_review.compare.acts import MIGRATIONS
from stigmem_review.facts import (
    DecidesOtherwise,
    DecidingConstantChanged,
    DenyLost,
    DenyUnclear,
    RefusalLost,
)
from stigmem_review.facts.hooks import Shift
from stigmem_review.host import Node
from stigmem_review.model import Handler, Release, Way


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


_FAILS = "raises"


def decided_otherwise(
    old: Release, new: Release, node: Node
) -> Iterator[DecidesOtherwise | DecidingConstantChanged]:
    """Yield how handlers end otherwise than before, and the constants that they decide by.

    Of one that is not told on either side, only that it is other code. Nothing where it can no
    longer deny at all.
    """
    before = {each.hook: each for each in old.handlers}
    gone = {each.item for each in denials(old, new, node)}
    for handler in new.handlers:
        was, hook = before.get(handler.hook), handler.hook
        if was is None:
            continue
        if not (was.ways and handler.ways):
            untold: Shift = "unclear" if was.ways else "untold"
            if hook not in gone and (was.ways or _is_other_code(was, handler, node)):
                yield DecidesOtherwise(
                    item=hook,
                    hook=node.hook(hook),
                    target=handler.target,
                    shift=untold,
                    was="",
                    now="",
                    at=handler.at,
                )
            continue
        one, two = dict(was.constants), dict(handler.constants)
        shared = one.keys() & two.keys()
        for name in sorted(each for each in shared if not _is_same(one[each], two[each])):
            yield DecidingConstantChanged(
                item=hook,
                hook=node.hook(hook),
                target=handler.target,
                constant=name,
                was=one[name],
                now=two[name],
                at=handler.at,
            )
        if hook not in gone:
            ways, after = (_named(each, kept=shared) for each in (was, handler))
            yield from _shifts(ways, after, handler, node)


def _is_other_code(was: Handler, handler: Handler, node: Node) -> bool:
    """Say whether a handler that decides runs other code than before under the same name.

    Another name is told as that, and what a release migrates one by one.
    """
    decides = node.hook(handler.hook).power in ("deny", "rewrite")
    if not decides or handler.hook == MIGRATIONS or was.target != handler.target:
        return False
    return handler.is_other_code(was)


def _is_same(one: str, two: str) -> bool:
    """Say whether two constants are the same: a list has what a set has, in some order."""
    if {one[:1], two[:1]} != {"[", "{"}:
        return one == two
    return sorted(one[1:-1].split(", ")) == sorted(two[1:-1].split(", "))


def _named(handler: Handler, kept: Iterable[str]) -> tuple[Way, ...]:
    """Return a handler's ways with the values of constants, but for some, in their places."""
    values = {f"<{name}>": each for name, each in handler.constants}
    values |= {f"<{name}>": name for name in kept}

    def plain(text: str) -> str:
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    return tuple(
        Way(plain(each.end), tuple((plain(atom), so) for atom, so in each.when))
        for each in handler.ways
    )


def _shifts(
    before: Iterable[Way], after: Iterable[Way], handler: Handler, node: Node
) -> Iterator[DecidesOtherwise]:
    hook = node.hook(handler.hook)
    found: dict[Shift, list[tuple[int, Way, Way]]] = {}
    wanted = [(each, dict(each.when)) for each in after if each.end != _FAILS]
    for was in before:
        held = dict(was.when)
        for now, holds in wanted if was.end != _FAILS else ():
            shift = _shift(was.end, now.end, hook.power == "deny")
            if shift is not None and all(held.get(atom, so) == so for atom, so in holds.items()):
                apart = len(held.items() ^ holds.items())
                found.setdefault(shift, []).append((apart, was, now))
    for shift, pairs in found.items():
        _, was, now = min(pairs, key=lambda each: (each[0], each[1].when, each[2].when))
        held, holds = dict(was.when), dict(now.when)
        yield DecidesOtherwise(
            item=handler.hook,
            hook=hook,
            target=handler.target,
            shift=shift,
            was=was.end,
            now=now.end,
            dropped=_said(held, holds),
            added=_said(holds, held),
            more=len(pairs) - 1,
            at=handler.at,
        )


def _shift(was: str, now: str, can_deny: bool) -> Shift | None:
    if was == now:
        return None
    if not can_deny:
        return "other"
    if "deny" in (was, now):
        return "less" if was == "deny" else "more"
    # Neither refuses; what is no verdict is another rule's.
    return None


def _said(these: Mapping[str, bool], others: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the conditions that only one of two ways asks for."""
    return tuple(atom if so else f"not {atom}" for atom, so in these.items() if atom not in others)


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
        if was is None or {*each.guards} - {*was.guards}:
            continue
        needed = dict(was.needs)
        asked = [("", was.refuses, each.refuses)]
        asked += [(name, needed.get(name, ()), now) for name, now in each.needs]
        for by, refused, now in asked:
            lost = tuple(s for s in refused if s in _KEPT_OUT and s not in now)
            if lost and "?" not in now:
                yield RefusalLost(item=each.item, lost=lost, left=now, by=by, at=each.at)


def _ends(release: Release) -> dict[str, frozenset[str]]:
    """Return all that the handlers of each hook can come to."""
    found: dict[str, frozenset[str]] = {}
    for each in release.handlers:
        found[each.hook] = found.get(each.hook, frozenset()) | frozenset(each.ends)
    return found
