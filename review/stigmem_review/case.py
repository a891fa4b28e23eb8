"""One frozen case: everything a rule may look at."""

from __future__ import annotations

import msgspec

from stigmem_review.compare import Comparison, compare
from stigmem_review.host import Node
from stigmem_review.model import Known, Manifest, Release, SourceKind


class Side(msgspec.Struct, frozen=True):
    """What a rule can say about one of the two releases."""

    name: str
    version: str
    present: bool
    kind: SourceKind


class NodeInfo(msgspec.Struct, frozen=True):
    """What a rule can say about the node."""

    version: str


class Case(msgspec.Struct, frozen=True):
    """The two releases, the node, and what comparing them gave."""

    old: Side
    new: Side
    node: NodeInfo
    comparison: Comparison


def build_case(old: Release, new: Release, node: Node) -> Case:
    """Compare two releases and return what there is to judge."""
    return Case(_side(old, new), _side(new, old), NodeInfo(node.version), compare(old, new, node))


def _side(release: Release, other: Release) -> Side:
    return Side(
        name=plugin_name(release) or plugin_name(other) or "this plugin",
        version=plugin_version(release),
        present=release.source.kind != "none",
        kind=release.source.kind,
    )


def plugin_name(release: Release) -> str:
    """Return the name the node knows a plugin by, or else that of its distribution."""
    if isinstance(release.manifest, Manifest) and isinstance(release.manifest.name, Known):
        return release.manifest.name.value
    return release.distribution.value if isinstance(release.distribution, Known) else ""


def plugin_version(release: Release) -> str:
    """Return the version a release is installed as, or else the one its manifest states."""
    if isinstance(release.distribution_version, Known):
        return release.distribution_version.value
    if isinstance(release.manifest, Manifest) and isinstance(release.manifest.version, Known):
        return release.manifest.version.value
    return ""
