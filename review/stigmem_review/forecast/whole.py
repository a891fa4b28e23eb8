"""A node as a whole: its plugins, and what runs on each hook in which order. Pure functions.

Handlers run in the order in which ``stigmem_node.plugins.registry`` sorts them: the node's own
first or last, by the hook, and plugins' by ``plugin.function``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stigmem_review.forecast.model import NodeForecast, PluginForecast
from stigmem_review.host import Node
from stigmem_review.model import Known, Location, Manifest, Release
from stigmem_review.outcomes import Possible, hooks, members, values


class OnNode(msgspec.Struct, frozen=True):
    """One plugin of a node, in the order in which the node registers them.

    ``file`` is what it was read from; ``needed_by`` are the plugins that depend on it.
    """

    plugin: str
    version: str
    distribution: str
    entry_point: str
    file: str
    depends_on: tuple[str, ...]
    needed_by: tuple[str, ...]


class Runs(msgspec.Struct, frozen=True):
    """A handler on a hook: the name that it is sorted by, and what it is, with its condition."""

    plugin: str
    handler: str
    at: Location | None = None


class OnHook(msgspec.Struct, frozen=True):
    """The handlers of a hook in the order in which they run; ``acts`` is what they can do."""

    hook: str
    acts: str
    runs: tuple[Runs, ...]


class Shared(msgspec.Struct, frozen=True):
    """A capability or a router, and the plugins that have it."""

    name: str
    plugins: tuple[str, ...]


class Whole(msgspec.Struct, frozen=True):
    """A node and all its plugins: what becomes of it, and what it has once it has started.

    What the node ignores has nothing in ``hooks``, ``capabilities`` and ``routes``. ``core`` are
    the hooks on which the node has handlers of its own.
    """

    forecast: NodeForecast
    plugins: tuple[OnNode, ...]
    hooks: tuple[OnHook, ...]
    capabilities: tuple[Shared, ...]
    routes: tuple[Shared, ...]
    core: tuple[str, ...] = ()


class _Met(msgspec.Struct, frozen=True):
    """A plugin that was foreseen, with its release and manifest where that is known."""

    foreseen: PluginForecast
    release: Release
    manifest: Manifest | None

    @property
    def counts(self) -> bool:
        """Whether the node has anything of it at all."""
        return self.manifest is not None and self.foreseen.usual.kind != "ignored"


def whole(releases: Sequence[Release], forecast: NodeForecast, node: Node) -> Whole:
    """Return a node as a whole, of releases that were read for it and what it does with them."""
    met = [_met(each, releases) for each in forecast.plugins]
    counting = [each for each in met if each.counts]
    return Whole(
        forecast,
        tuple(_plugin(each, met) for each in met),
        tuple(_on_hooks(counting, node)),
        _shared(counting, "capabilities"),
        _shared(counting, "routes"),
        tuple(node.core_handlers),
    )


def _met(foreseen: PluginForecast, releases: Sequence[Release]) -> _Met:
    for release in releases:
        distribution = release.distribution
        named = distribution.value if isinstance(distribution, Known) else ""
        for start in release.starts:
            if (start.entry_point, named) == (foreseen.entry_point, foreseen.distribution):
                manifest = start.manifest if isinstance(start.manifest, Manifest) else None
                return _Met(foreseen, release, manifest)
    raise LookupError(foreseen.entry_point)  # each was foreseen of one of them


def _plugin(each: _Met, others: Iterable[_Met]) -> OnNode:
    name, source = each.foreseen.plugin, each.release.source
    return OnNode(
        name,
        " or ".join(_texts(values(each.manifest.version if each.manifest else None))),
        each.foreseen.distribution,
        each.foreseen.entry_point,
        source.file or source.asked,
        _needs(each),
        tuple(other.foreseen.plugin for other in others if name in _needs(other)),
    )


def _needs(each: _Met) -> tuple[str, ...]:
    return tuple(str(one.value) for one in members(each.manifest and each.manifest.depends_on))


def _texts(found: Iterable[Possible]) -> list[str]:
    return [str(each.value) for each in found]


def _on_hooks(met: Sequence[_Met], node: Node) -> Iterable[OnHook]:
    by_hook: dict[str, list[tuple[str, Runs]]] = {}
    for each in met:
        name = each.foreseen.plugin
        for bound in hooks(each.manifest and each.manifest.hooks):
            targets = [_function(target.value) for target in bound.targets] or ["?"]
            runs = Runs(name, f"{name}.{' or '.join(targets)}{_when(bound)}", bound.handled_at)
            by_hook.setdefault(bound.name, []).append((f"{name}.{targets[0]}", runs))
    for hook in sorted(by_hook, key=_place(node.hooks)):
        ordered = sorted(by_hook[hook], key=lambda each: each[0])
        yield OnHook(hook, node.hook(hook).acts, tuple(runs for _, runs in ordered))


def _function(target: Any) -> str:
    """Return the name of a function as the node has it, without what it stands in.

    An object that can be called has none, and goes by ``handler``.
    """
    name = str(target).rpartition(":")[2].rpartition(".")[2]
    return "handler" if name == "__call__" else name


def _when(each: Any) -> str:
    return "" if not each.when else " (at times)"


def _place(order: Sequence[str]) -> Any:
    places = {name: number for number, name in enumerate(order)}
    return lambda name: (places.get(name, len(places)), name)


def _shared(met: Sequence[_Met], field: str) -> tuple[Shared, ...]:
    found: dict[str, list[str]] = {}
    for each in met:
        for one in members(getattr(each.manifest, field)):
            found.setdefault(str(one), []).append(each.foreseen.plugin)
    return tuple(Shared(name, tuple(plugins)) for name, plugins in sorted(found.items()))
