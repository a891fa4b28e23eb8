"""One frozen case: everything a rule may look at."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review.compare import Comparison, compare, inspect
from stigmem_review.forecast.ledger import Database
from stigmem_review.host import Node
from stigmem_review.model import Known, Manifest, Release, SourceKind
from stigmem_review.policy.trust import Trust


class Side(msgspec.Struct, frozen=True):
    """What a rule can say about one of the two releases."""

    name: str
    version: str
    present: bool
    kind: SourceKind


class NodeInfo(msgspec.Struct, frozen=True):
    """What a rule can say about the node.

    ``plugins`` are the others on it, if the operator lists them; ``named`` if somebody said which
    node it is.
    """

    version: str
    plugins: tuple[str, ...] = ()
    lists_plugins: bool = False
    named: bool = False


_NOBODY = Trust()

Purpose = Literal["upgrade", "check"]
"""Whether two releases are compared, or one is looked at by itself."""


class Case(msgspec.Struct, frozen=True):
    """The two releases, the node, and what comparing them gave."""

    old: Side
    new: Side
    node: NodeInfo
    comparison: Comparison
    purpose: Purpose = "upgrade"


def build_case(
    old: Release,
    new: Release,
    node: Node,
    trust: Trust = _NOBODY,
    plugins: tuple[str, ...] = (),
    old_node: Node | None = None,
    ledger: Database | None = None,
) -> Case:
    """Compare two releases and return what there is to judge; ``plugins`` are on the node too.

    ``old_node`` is the one that the old release was read for, where the new one meets another, and
    ``ledger`` that of the node's database, if one is given.
    """
    comparison = compare(old, new, node, trust, old_node, ledger)
    info = NodeInfo(node.version, plugins, bool(plugins))
    return Case(_side(old, new), _side(new, old), info, comparison)


def build_check(release: Release, node: Node, *, named: bool = False) -> Case:
    """Return what there is to judge of one release by itself; ``named`` if that node was."""
    side = _side(release, release)
    info = NodeInfo(node.version, named=named)
    return Case(side, side, info, inspect(release, node), "check")


def build_pin_case(name: str, node: Node) -> Case:
    """Return what there is to judge of the pins of one distribution, without its releases."""
    side = Side(name=name, version="", present=True, kind="none")
    return Case(side, side, NodeInfo(node.version), Comparison((), (), (), ()))


def _side(release: Release, other: Release) -> Side:
    return Side(
        name=called(release, other),
        version=plugin_version(release),
        present=release.source.kind != "none",
        kind=release.source.kind,
    )


def called(release: Release, other: Release) -> str:
    """Return what a release is called, or else the other one of the same upgrade."""
    return plugin_name(release) or plugin_name(other) or "this plugin"


def plugin_name(release: Release) -> str:
    """Return the name the node knows a plugin by, or else that of its distribution."""
    if isinstance(release.manifest, Manifest) and isinstance(release.manifest.name, Known):
        return release.manifest.name.value
    return distribution(release)


def plugin_version(release: Release) -> str:
    """Return the version a release is installed as, or else the one its manifest states."""
    if isinstance(release.distribution_version, Known):
        return release.distribution_version.value
    if isinstance(release.manifest, Manifest) and isinstance(release.manifest.version, Known):
        return release.manifest.version.value
    return ""


def distribution(release: Release) -> str:
    """Return the distribution that a release is of, by which a policy names plugins."""
    return release.distribution.value if isinstance(release.distribution, Known) else ""
