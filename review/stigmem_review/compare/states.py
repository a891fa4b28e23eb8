"""Typed states: what is wrong with one release on one node, whatever it is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review import host, versions
from stigmem_review.compare.fields import made
from stigmem_review.compare.starting import refusals
from stigmem_review.facts import (
    KINDS,
    AccessorUndeclared,
    CapabilityUnknown,
    CapabilityUnused,
    DependencyGraduated,
    FilesUnreviewed,
    HandlerUnread,
    HookUnknown,
    MigrationForeign,
    MigrationUnread,
    MigrationVersionInvalid,
    NameInvalid,
    NodeRequirementUnmet,
    PluginGraduated,
    RequiresStigmemUnmet,
    State,
    VersionInvalid,
    VersionMismatch,
)
from stigmem_review.host import Node, nearest
from stigmem_review.model import (
    AS_INSTALLED,
    EntryPoint,
    Known,
    Manifest,
    Observation,
    Problem,
    Release,
    Unknown,
)
from stigmem_review.outcomes import hooks, is_read, members, values
from stigmem_review.patterns import late

_OF_NODE = late(
    r"stigmem[-_.]node(?:\[[^]]*\])?\s*\(?(?P<range>[<>=!~][^;()@]*)\)?\s*", re.IGNORECASE
)
"""A requirement of the node that is always asked for, as metadata writes it."""


_LACKING = 5
"""Files that each have a line where a wheel lacks them."""


def states(release: Release, node: Node) -> Iterator[State]:
    """Yield every state of a release on a node."""
    yield from refusals(release, node, [*_states(release, node)])


def _states(release: Release, node: Node) -> Iterator[State]:
    if release.source.unreviewed:
        yield FilesUnreviewed(item=release.source.file, files=release.source.unreviewed)
    missing = {each.at for each in release.observed if each.kind == "import-missing"}
    for problem in release.problems:
        # What an import lacks says more than the exception that it raises.
        if problem.kind != "load-raises" or problem.at not in missing:
            yield _state(problem, node)
    for observation in release.observed:
        if observation.kind != "accessor":
            yield _state(observation, node)
    yield from _accessors(release, node)
    yield from _migrations(release)
    yield from _requires_node(release, node)
    if isinstance(release.manifest, Manifest):
        yield from _manifest_states(release.manifest, node)
        yield from _version_mismatch(release, release.manifest)


def _state(found: Problem | Observation, node: Node) -> State:
    """Return the state that something found is; its kind takes what it has fields for."""
    values = msgspec.structs.asdict(found)
    about, hook = values.get("about"), node.hook(found.item)
    values |= {
        "nearest": found.why,
        "runs": about == "runs",
        "misleads": about == "misleads",
        "fails": about,
        "of_host": found.item.partition(".")[0] == "stigmem_node",
        "hook": hook,
        "needs": hook.positionals,
    }
    state: State = made(KINDS[found.kind], values)
    return state


def _accessors(release: Release, node: Node) -> Iterator[State]:
    """Hold the node's interfaces that the code asks for against the declared capabilities."""
    manifest = release.manifest
    declared = manifest.capabilities if isinstance(manifest, Manifest) else None
    if not is_read(declared) or not release.walked:
        return
    possible = members(declared)
    asked = {each.item: each for each in release.observed if each.kind == "accessor"}
    online = any(each.kind in ("network", "server") for each in release.behaviour)
    # Where a capability is declared at times, so may be the calls that need it be reached.
    for capability in sorted(asked.keys() - {each.value for each in possible}):
        each = asked[capability]
        yield AccessorUndeclared(item=capability, accessor=each.about, at=each.at)
    for declaration in possible:
        capability = declaration.value
        used = capability in asked or (capability == "network.outbound" and online)
        if not used and (accessor := node.accessor(capability)):
            yield CapabilityUnused(
                item=capability, accessor=accessor, when=declaration.when, at=declaration.at
            )


def _migrations(release: Release) -> Iterator[State]:
    """Yield what is wrong with migrations, and what of them cannot be read.

    The node's ledger reads versions strictly (``stigmem_node.plugin_migrations``).
    """
    manifest = release.manifest
    names, stated = (
        (values(manifest.name), values(manifest.version))
        if isinstance(manifest, Manifest)
        else ((), ())
    )
    for each in release.migrations:
        if each.unread:
            yield MigrationUnread(item=each.item, why=each.unread, at=each.at)
        others = [name for name in names if each.plugin not in ("", name.value)]
        for name in others:
            yield MigrationForeign(item=each.item, plugin=each.plugin, when=name.when, at=each.at)
        if others and len(others) == len(names):
            continue
        if each.version and versions.parse(each.version) is None:
            yield MigrationVersionInvalid(item=each.item, version=each.version, at=each.at)
        for version in stated if each.version == "" else ():
            if version.value and versions.parse(version.value) is None:
                yield MigrationVersionInvalid(
                    item=each.item, version=version.value, when=version.when, at=each.at
                )


def _manifest_states(manifest: Manifest, node: Node) -> Iterator[State]:
    for refused, field, pattern in (
        (NameInvalid, manifest.name, node.name_pattern),
        (VersionInvalid, manifest.version, node.version_pattern),
    ):
        for each in values(field):
            if not pattern.fullmatch(each.value):
                yield refused(
                    item=each.value, pattern=f"{pattern.pattern}$", when=each.when, at=each.at
                )
    yield from _requires_stigmem(manifest, node)
    yield from _graduated(manifest, node)
    for each in members(manifest.capabilities):
        if not node.capability(each.value).known:
            near = nearest(each.value, node.capabilities)
            yield CapabilityUnknown(item=each.value, nearest=near, when=each.when, at=each.at)
    for hook in hooks(manifest.hooks):
        if not node.hook(hook.name).known:
            near = nearest(hook.name, node.hooks)
            yield HookUnknown(item=hook.name, nearest=near, when=hook.when, at=hook.at)
            continue
        for each in hook.unread:
            yield HandlerUnread(
                item=hook.name,
                hook=node.hook(hook.name),
                why=each.value,
                when=each.when,
                at=each.at,
            )


def _graduated(manifest: Manifest, node: Node) -> Iterator[State]:
    """Yield what is part of the node by now (``stigmem_node.plugins.discovery``)."""
    names = values(manifest.name)
    for each in names:
        if each.value in node.graduated:
            yield PluginGraduated(item=each.value, when=each.when, at=each.at)
    if names and all(each.value in node.graduated for each in names):
        return  # what the node ignores depends on nothing
    for each in members(manifest.depends_on):
        if each.value in node.graduated:
            yield DependencyGraduated(item=each.value, when=each.when, at=each.at)


def _requires_node(release: Release, node: Node) -> Iterator[State]:
    """Yield what an installer is told of the node's distribution, where the node is another one."""
    wanted = release.requires_dist
    if not isinstance(wanted, Known):
        return
    for text in wanted.value:
        found = _OF_NODE.fullmatch(text)
        if found and versions.allows(found["range"], node.version) is False:
            yield NodeRequirementUnmet(item=f"stigmem-node{found['range']}", at=wanted.at)


def _requires_stigmem(manifest: Manifest, node: Node) -> Iterator[State]:
    """Yield why the node refuses what the plugin requires (``stigmem_node.plugins.registry``)."""
    wanted = manifest.requires_stigmem
    if isinstance(wanted, Known) and wanted.default:
        return
    for each in values(wanted):
        met = versions.allows(each.value, node.version)
        if met:
            continue
        why = (
            "it is not a valid version specifier"
            if met is None
            else f"it leaves out {node.version}"
        )
        yield RequiresStigmemUnmet(
            item=each.value,
            why=why,
            invalid=met is None,
            final=_is_final(each.value, node),
            when=each.when,
            at=each.at,
        )


def _is_final(wanted: str, node: Node) -> bool:
    """Say whether a range takes the final release of a node, and no node that is known."""
    newest = versions.parse(node.version)
    final = newest.base_version if newest else ""
    return bool(versions.allows(wanted, final)) and not any(
        versions.allows(wanted, each) for each in host.versions()
    )


def _version_mismatch(release: Release, manifest: Manifest) -> Iterator[State]:
    installed = release.distribution_version
    if not isinstance(installed, Known):
        return
    for stated in values(manifest.version):
        if not versions.same(stated.value, installed.value):
            yield VersionMismatch(
                item="version",
                manifest=stated.value,
                distribution=installed.value,
                when=stated.when,
                at=stated.at,
            )


def built_otherwise(wheel: Release, given: Iterable[Release]) -> tuple[Problem, ...]:
    """Return where a wheel is not what a project of the same name, given with it, would build."""
    if wheel.source.kind != "wheel":
        return ()
    found = []
    for project in given:
        if project.source.kind in AS_INSTALLED or _name(project) != _name(wheel):
            continue
        shown = project.source.asked
        built, stated = wheel.distribution_version, project.distribution_version
        if (
            isinstance(built, Known)
            and isinstance(stated, Known)
            and not versions.same(built.value, stated.value)
        ):
            why = f"it says {built.value}, and {shown} says {stated.value}"
            found.append(Problem("wheel-differs-from-source", "version", why, built.at))
        found += _other_entry_points(wheel, project, shown)
        found += _lacking(wheel, project, shown)
    return tuple(found)


def left_to_the_build(project: Release, given: Iterable[Release]) -> bool:
    """Say whether only a build tells what a project declares, and its wheel is given with it."""
    if project.source.kind in AS_INSTALLED or not isinstance(project.entry_points, Unknown):
        return False
    return any(
        wheel.source.kind == "wheel" and _name(project) in ("", _name(wheel)) for wheel in given
    )


def _lacking(wheel: Release, project: Release, shown: str) -> Iterator[Problem]:
    """Yield the files that a project would install, where all of them are known, and not there."""
    if not isinstance(project.outside, Known):
        return
    missing = sorted(_places(project) - _places(wheel))
    for place in missing[:_LACKING]:
        why = f"it lacks this file, and {shown} would install it"
        yield Problem("wheel-differs-from-source", place, why)
    if len(missing) > _LACKING:
        why = f"it lacks {len(missing) - _LACKING} more that {shown} would install"
        yield Problem("wheel-differs-from-source", "more files", why)


def _places(release: Release) -> set[str]:
    """Return the places below ``site-packages`` at which a release installs files."""
    parts = [each.value for each in (release.package, release.outside) if isinstance(each, Known)]
    return {place.removeprefix("site-packages/") for part in parts for place in part}


def _other_entry_points(wheel: Release, project: Release, shown: str) -> Iterator[Problem]:
    found, declared = wheel.entry_points, project.entry_points
    if not isinstance(found, Known) or not isinstance(declared, Known):
        return
    built, wanted = (
        {f"{each.group} : {each.name}": each for each in entry_points}
        for entry_points in (found.value, declared.value)
    )
    for item in sorted(built.keys() | wanted.keys()):
        one, two = _spelt(built.get(item)), _spelt(wanted.get(item))
        if one != two:
            at = built[item].at if item in built else None
            why = f"it has {one}, and {shown} has {two}"
            yield Problem("wheel-differs-from-source", item, why, at)


def _spelt(entry_point: EntryPoint | None) -> str:
    return "".join(entry_point.value.split()) if entry_point else "no such entry point"


def _name(release: Release) -> str:
    name = release.distribution.value if isinstance(release.distribution, Known) else ""
    return re.sub(r"[-_.]+", "-", name).lower()
