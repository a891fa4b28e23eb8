"""What nodes do with one release by itself, all that it depends on being there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from stigmem_review import host
from stigmem_review.forecast.model import NOTHING, NodeSettings, Outcome, usual
from stigmem_review.forecast.start import ON_A_NEW_DATABASE, Migrating, Plugin, foresee
from stigmem_review.host import Node
from stigmem_review.host.modules import modules
from stigmem_review.model import Manifest, Release, Start
from stigmem_review.outcomes import is_read, values

ACCEPTING = NodeSettings("off")
"""The settings of a node that takes unsigned plugins."""


def alone(
    release: Release,
    node: Node,
    migrating: Migrating = ON_A_NEW_DATABASE,
    variables: Mapping[str, str] = NOTHING,
) -> tuple[Outcome, ...]:
    """Return what a node that takes unsigned plugins does with a release that was read for it.

    Nothing where what it does is not known at all, since no code could be followed. ``migrating``
    says what its migrations come to, and ``variables`` are what the environment is known to have.
    """
    if not release.starts:
        return ()
    settings = msgspec.structs.replace(ACCEPTING, variables=variables) if variables else ACCEPTING
    found = foresee([release], node, settings, migrating, others=None)
    ignored = [o for each in found.plugins for o in each.outcomes if o.kind == "ignored"]
    if ignored and len(ignored) == len(found.plugins):
        return tuple(ignored)
    return found.outcomes


class Foreseen(msgspec.Struct, frozen=True):
    """What one node release does with a release."""

    node: str
    outcomes: tuple[Outcome, ...]

    @property
    def ends(self) -> Outcome | None:
        """What stops the node in every case, if anything does."""
        return next((each for each in self.outcomes if each.ends), None)

    @property
    def usual(self) -> Outcome:
        """What comes where no variable of the environment is set."""
        return usual(self.outcomes)


def on_every_node(
    release: Release,
    node: Node,
    read: Callable[[Node], Release],
    variables: Mapping[str, str] = NOTHING,
) -> tuple[Foreseen, ...]:
    """Return what every known node release does with a release that was read for one of them.

    ``read`` reads it for another, which is done only where that can be read otherwise.
    """
    return tuple(_on_every_node(release, node, read, variables))


def _on_every_node(
    release: Release,
    node: Node,
    read: Callable[[Node], Release],
    variables: Mapping[str, str],
) -> Iterator[Foreseen]:
    migrating = _asked_once(ON_A_NEW_DATABASE)
    known = [(node, release)]
    for version in host.versions():
        other = host.node(version)
        alike = next((one for each, one in known if _reads_alike(one, each, other)), None)
        if alike is None:
            alike = read(other)
            if alike.starts:
                known.append((other, alike))
        outcomes = alone(alike, other, migrating, variables)
        if outcomes:
            yield Foreseen(version, outcomes)


def _reads_alike(release: Release, node: Node, other: Node) -> bool:
    """Say whether a release that was read for a node is read in the same way for another one."""
    return other is node or all(_is_alike(each, node, other) for each in release.starts)


def _asked_once(migrating: Migrating) -> Migrating:
    """Return what remembers the answers: all node releases migrate alike, and that takes SQLite."""
    answers: dict[tuple[int, ...], tuple[Sequence[Plugin], tuple[Outcome, ...]]] = {}

    def of(plugins: Sequence[Plugin]) -> tuple[Outcome, ...]:
        key = tuple(id(each.release) for each in plugins)
        if key not in answers:
            # The plugins are kept so that no other release can come to have the same number.
            answers[key] = plugins, tuple(migrating(plugins))
        return answers[key][1]

    return of


def _is_alike(start: Start, node: Node, other: Node) -> bool:
    """Say whether all that two nodes decide while an entry point is read is the same."""
    one, two = modules(node.version), modules(other.version)
    if any(one.missing(*each) != two.missing(*each) for each in start.uses):
        return False
    manifest = start.manifest
    if not isinstance(manifest, Manifest):
        return (node.name_pattern, node.version_pattern) == (
            other.name_pattern,
            other.version_pattern,
        )
    if not is_read(manifest.version) or not is_read(manifest.name):
        return node.version_pattern == other.version_pattern
    return all(
        bool(before.fullmatch(each.value)) == bool(after.fullmatch(each.value))
        for field, before, after in (
            (manifest.version, node.version_pattern, other.version_pattern),
            (manifest.name, node.name_pattern, other.name_pattern),
        )
        for each in values(field)
    )
