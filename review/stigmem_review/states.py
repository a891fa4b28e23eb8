"""Typed states: what is wrong with one release on one node, whatever it is compared with."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import versions
from stigmem_review.facts import (
    CapabilityUnknown,
    EntryPointInvalid,
    EntryPointMissing,
    EntryPointsSeveral,
    Fact,
    FieldRefused,
    FilesUnreviewed,
    HandlerUnread,
    HiddenDistribution,
    HookUnknown,
    KeywordUnknown,
    NameInvalid,
    RecordMismatch,
    TargetMissing,
    TargetNotFactory,
    VersionInvalid,
    VersionMismatch,
)
from stigmem_review.host import Node, nearest
from stigmem_review.model import Known, Manifest, Problem, Release, Unknown

_BY_KIND = {
    "entry-point-missing": EntryPointMissing,
    "entry-points-several": EntryPointsSeveral,
    "entry-point-invalid": EntryPointInvalid,
    "target-missing": TargetMissing,
    "target-not-factory": TargetNotFactory,
    "field-refused": FieldRefused,
    "record-mismatch": RecordMismatch,
    "hidden-distribution": HiddenDistribution,
}
ABOUT_THE_FACTORY = (
    EntryPointMissing,
    EntryPointsSeveral,
    EntryPointInvalid,
    TargetMissing,
    TargetNotFactory,
)
"""States that already say why no manifest could be read."""

UNREAD = (HandlerUnread, FieldRefused, *ABOUT_THE_FACTORY)
"""States that keep something from being read: as before only where the code is as before."""

ALWAYS = (RecordMismatch, HiddenDistribution, FilesUnreviewed)
"""States of one artifact's bytes: never excused by another artifact that had the same."""


def states(release: Release, node: Node) -> Iterator[Fact]:
    """Yield every state of a release on a node."""
    if release.source.unreviewed:
        yield FilesUnreviewed(item=release.source.file, files=release.source.unreviewed)
    for problem in release.problems:
        yield _problem(problem)
    if isinstance(release.manifest, Manifest):
        yield from _manifest_states(release.manifest, node)
        yield from _version_mismatch(release, release.manifest)


def _problem(problem: Problem) -> Fact:
    if problem.kind == "keyword-unknown":
        return KeywordUnknown(item=problem.item, nearest=problem.why, at=problem.at)
    return _BY_KIND[problem.kind](item=problem.item, why=problem.why, at=problem.at)


def _manifest_states(manifest: Manifest, node: Node) -> Iterator[Fact]:
    name, version = manifest.name, manifest.version
    if isinstance(name, Known) and not node.name_pattern.fullmatch(name.value):
        yield NameInvalid(item=name.value, pattern=node.name_pattern.pattern, at=name.at)
    if isinstance(version, Known) and not node.version_pattern.fullmatch(version.value):
        yield VersionInvalid(
            item=version.value, pattern=node.version_pattern.pattern, at=version.at
        )
    if isinstance(manifest.capabilities, Known):
        places = manifest.capabilities.each or (manifest.capabilities.at,) * len(
            manifest.capabilities.value
        )
        for capability, at in zip(manifest.capabilities.value, places, strict=True):
            if not node.capability(capability).known:
                near = nearest(capability, node.capabilities)
                yield CapabilityUnknown(item=capability, nearest=near, at=at)
    if isinstance(manifest.hooks, Known):
        for hook in manifest.hooks.value:
            if not node.hook(hook.name).known:
                yield HookUnknown(
                    item=hook.name, nearest=nearest(hook.name, node.hooks), at=hook.at
                )
            elif isinstance(hook.target, Unknown):
                yield HandlerUnread(
                    item=hook.name,
                    hook=node.hook(hook.name),
                    why=hook.target.why,
                    at=hook.target.at,
                )


def _version_mismatch(release: Release, manifest: Manifest) -> Iterator[Fact]:
    stated, installed = manifest.version, release.distribution_version
    if not isinstance(stated, Known) or not isinstance(installed, Known):
        return
    if not versions.same(stated.value, installed.value):
        yield VersionMismatch(
            item="version", manifest=stated.value, distribution=installed.value, at=stated.at
        )
