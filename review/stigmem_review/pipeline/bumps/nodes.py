"""Which node plugins run on before a change and after it, where its pin moves as well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review import host
from stigmem_review.pins.changes import pin_changes
from stigmem_review.pins.model import Pin
from stigmem_review.pins.repository import Pins
from stigmem_review.pipeline.terms import Terms
from stigmem_review.versions import parse

NODE = "stigmem-node"


class Pair(NamedTuple):
    """The versions of the node that are pinned before and after; empty where no single one is."""

    old: str
    new: str

    @property
    def moves(self) -> bool:
        """Whether the node is another one afterwards."""
        return bool(self.old and self.new) and self.old != self.new


class Nodes:
    """The nodes that are pinned beside plugins.

    A list that pins a node is a deployment of its own, and what stands in it runs on that. What
    stands in a list without one runs on any node that is pinned elsewhere: on each that moves, or
    on the only one.
    """

    def __init__(self, old: Pins, new: Pins) -> None:
        was, now = (_nodes(pins) for pins in (old, new))
        self._was, self._now = _by_file(was), _by_file(now)
        self._all = Pair(_one(was), _one(now))
        moved = (
            Pair(each.old.version, each.new.version)
            for each in pin_changes(was, now)
            if each.old and each.new
        )
        self._moved = tuple(dict.fromkeys(each for each in moved if each.moves))

    @property
    def moves(self) -> tuple[Pair, ...]:
        """Each move of a node's pin."""
        return self._moved

    @property
    def pinned(self) -> str:
        """The only node that is pinned afterwards; empty where there are several, or none."""
        return self._all.new

    def beside(self, old: Pin | None, new: Pin | None) -> tuple[Pair, ...]:
        """Return what the node beside a plugin's pins is before and after, for each that is."""
        return self.of(old.at.path if old else "", new.at.path if new else "")

    def of(self, old: str, new: str) -> tuple[Pair, ...]:
        """Return the same for what is pinned, or installed, in one file and then in another."""
        old, new = old or new, new or old
        if old not in self._was and new not in self._now:
            return self._moved or (self._all,)
        was, now = self._was.get(old, self._all.old), self._now.get(new, self._all.new)
        return (Pair(was, now),)


def under(terms: Terms, pair: Pair, *, is_said: bool) -> Terms:
    """Return what a review goes by for the node that is pinned beside a plugin.

    Where it ``is_said`` which node there is, by an option or the policy, that counts, unless the
    pins say another one than before. A node that nobody has described is left out.
    """
    old, new = (host.node(each) if is_known(each) else None for each in pair)
    if new is None or (is_said and not pair.moves):
        return terms
    return replace(terms, node=new, old_node=old if pair.moves else None, named=True)


def is_known(version: str) -> bool:
    """Say whether it is known what a release of the node is like."""
    return host.is_known(version)


def _nodes(pins: Pins) -> tuple[Pin, ...]:
    found = (pin for pin in (*pins.pins, *pins.mentioned) if pin.name == NODE)
    return tuple(replace(pin, version=str(parse(pin.version))) for pin in found)


def _by_file(pins: Iterable[Pin]) -> dict[str, str]:
    found: dict[str, list[Pin]] = {}
    for pin in pins:
        found.setdefault(pin.at.path, []).append(pin)
    return {path: _one(each) for path, each in found.items()}


def _one(pins: Iterable[Pin]) -> str:
    """Return the version that some pins of the node share."""
    found = {pin.version for pin in pins}
    return found.pop() if len(found) == 1 else ""
