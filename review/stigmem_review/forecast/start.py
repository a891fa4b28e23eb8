"""What a node does with the plugins it finds while it starts (``stigmem_node.main``, lifespan).

It loads every entry point, sorts by what depends on what, registers, mounts routes and migrates.
The first refusal ends it; there is no isolation of one plugin from another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from stigmem_review.forecast.migrations import migrating
from stigmem_review.forecast.model import (
    CONFIG,
    NodeForecast,
    NodeSettings,
    Outcome,
    PluginForecast,
    settled,
)
from stigmem_review.forecast.rollback import asked_as, only_name
from stigmem_review.host import Node
from stigmem_review.model import OTHER, Known, Manifest, Refusal, Release, Start, Stop
from stigmem_review.observe.providers import distributions, provided, without_extras
from stigmem_review.outcomes import Possible, members, values
from stigmem_review.policy.settings import ACKNOWLEDGED, ACKNOWLEDGEMENT, REQUIRED
from stigmem_review.versions import allows, parse

Migrating = Callable[[Sequence["Plugin"]], Iterable[Outcome]]
"""Says what the migrations of plugins, in the order in which they are registered, come to."""

ON_A_NEW_DATABASE: Migrating = migrating()

UNSAID = NodeSettings()
"""Settings of which nobody said anything."""

_STAGES: dict[str, int] = {"DISC": 0, "DEP": 1, "SIG": 2, "ROUTE": 3, "MIG": 4}
_REGISTERING = 2


class Plugin(msgspec.Struct, frozen=True):
    """One entry point of a release, as the node meets it."""

    start: Start
    release: Release
    name: str
    """The only name it can have, or an empty text."""

    @property
    def shown(self) -> str:
        """What it is called: its manifest's name, or else its entry point's."""
        return self.name or self.start.entry_point

    @property
    def manifest(self) -> Manifest | None:
        """What the node gets of it, if anything of that is known."""
        return self.start.manifest if isinstance(self.start.manifest, Manifest) else None


def foresee(
    plugins: Sequence[Release],
    node: Node,
    settings: NodeSettings = UNSAID,
    migrating: Migrating = ON_A_NEW_DATABASE,
    others: Collection[str] | None = (),
) -> NodeForecast:
    """Return what becomes of a node with some plugins, each read for that node.

    ``others`` are plugins that are there as well, and of which nothing else is known; where it is
    ``None``, whatever they depend on is. A node that looks for none has none. ``migrating`` says
    what their migrations come to on the node's database.
    """
    looks = settings.discovery or not node.can_be_told_to_find_none
    seen = plugins if looks else ()
    found = sorted(
        (Plugin(start, release, only_name(start.manifest)) for release in seen
         for start in release.starts),
        key=lambda each: each.start.entry_point,
    )  # fmt: skip
    walk = _Walk(node, settings, found, others)
    walk.run(migrating)
    return walk.forecast()


def _tops(release: Release) -> Iterator[str]:
    """Yield the top-level modules that a release installs, as far as that is known."""
    for files in (release.package, release.outside):
        for path in files.value if isinstance(files, Known) else ():
            yield path.removeprefix("site-packages/").partition("/")[0].removesuffix(".py")


def _requires(release: Release) -> tuple[str, ...]:
    found = release.requires_dist
    return without_extras(found.value) if isinstance(found, Known) else ()


def stage_of(refusal: Refusal) -> int:
    """Return in which of its passes over all plugins a node makes a check."""
    return _STAGES.get(refusal.partition("-")[0], _REGISTERING)


class _End(Exception):
    """The node is known to stop here."""


class _Walk:
    """Goes through a start and keeps what it may come to, until it certainly stops."""

    def __init__(
        self,
        node: Node,
        settings: NodeSettings,
        plugins: list[Plugin],
        others: Collection[str] | None,
    ) -> None:
        self._others = others
        self._node = node
        self._settings = settings
        self._found = plugins
        self._order = plugins
        self._ignored: list[Plugin] = []
        self._met: list[tuple[Plugin | None, Outcome]] = []
        self._reached: set[int] = set()
        self._last: Outcome | None = None
        self._ruled_out: set[tuple[int, str]] = set()
        """Variables by which something does not come, each with the plugin that it is about."""
        releases = [each.release for each in plugins]
        self._brought = {top for each in releases for top in _tops(each)}
        self._releases = releases

    def run(self, migrating: Migrating) -> None:
        """Go through all that the node does, in its order."""
        try:
            self._discover()
            self._order = self._depend()
            self._register()
            for plugin in self._order:
                self._stops(plugin, _STAGES["ROUTE"])
            for plugin in self._by_handler():
                self._stops(plugin, _STAGES["MIG"])
            for each in migrating(self._order):
                self._meet(next((p for p in self._order if p.name == each.plugin), None), each)
        except _End:
            pass

    def _meet(self, plugin: Plugin | None, outcome: Outcome) -> None:
        found = settled(outcome, self._settings.variables)
        if isinstance(found, tuple):
            self._ruled_out |= {(id(plugin), each) for each in found}
            return
        self._met.append((plugin, found))
        outcome = found
        if outcome.ends:
            self._last = outcome
            raise _End

    def _refuse(
        self,
        plugin: Plugin,
        refusal: Refusal,
        exception: str,
        message: str,
        conditions: tuple[str, ...] = (),
        at: Any = None,
    ) -> None:
        self._meet(
            plugin,
            Outcome("refused", plugin.shown, refusal, exception, message, conditions, at=at),
        )

    def _untold(self, plugin: Plugin, why: str, at: Any = None) -> None:
        self._meet(plugin, Outcome("untold", plugin.shown, why=why, at=at))

    def _stops(self, plugin: Plugin, stage: int) -> None:
        for stop in self._own(plugin, stage):
            self._meet(plugin, of_stop(stop, plugin.shown))

    def _own(self, plugin: Plugin, stage: int) -> list[Stop]:
        """Return what a stage comes to of a plugin by itself, with all that the others install."""
        return [
            stop
            for stop in plugin.start.stops
            if stage_of(stop.refusal) == stage
            and not (stop.lacks and all(map(self._installs, stop.lacks)))
        ]

    def _installs(self, module: str) -> bool:
        if module in self._brought:
            return True
        # Reading requirements takes modules that few starts have a use for.
        names = (name for each in self._releases for name in distributions(_requires(each)))
        return provided(tuple(names)).names(module)

    # Discovery.

    def _discover(self) -> None:
        seen: dict[str, Plugin] = {}
        for plugin in self._found:
            self._stops(plugin, _STAGES["DISC"])
            if not plugin.start.made:
                # It fails one way or another; each is met.
                self._last = self._met[-1][1] if self._met else None
                raise _End
            if plugin.manifest is None:
                untold = plugin.start.manifest
                self._untold(plugin, getattr(untold, "why", ""), getattr(untold, "at", None))
                continue
            names = values(plugin.manifest.name)
            for each in names:
                if each.value in self._node.graduated:
                    self._ignore(plugin, each)
                elif first := seen.get(each.value):
                    message = (
                        f"duplicate plugin name {each.value!r} discovered from entry points "
                        f"{first.start.entry_point!r} and {plugin.start.entry_point!r}"
                    )
                    self._refuse(plugin, "DISC-DUP", _DISCOVERY, message, _when(each), each.at)
            seen |= {each.value: plugin for each in names}

    def _ignore(self, plugin: Plugin, name: Possible) -> None:
        self._met.append((plugin, Outcome("ignored", plugin.shown, conditions=_when(name))))
        if not _when(name):
            self._ignored.append(plugin)
            self._reached.add(id(plugin))

    # Dependencies.

    def _depend(self) -> list[Plugin]:
        rest = [each for each in self._found if each not in self._ignored]
        named = {each.name: each for each in rest if each.name}
        unnamed = any(not each.name for each in rest)
        missing: dict[str, list[str]] = {}
        sometimes: list[tuple[Plugin, Possible]] = []
        for name, plugin in sorted(named.items()):
            for each in members(plugin.manifest.depends_on) if plugin.manifest else ():
                if each.value in named or self._is_there(each.value):
                    continue
                if _when(each) or unnamed:
                    sometimes.append((plugin, each))
                else:
                    missing.setdefault(name, []).append(each.value)
        for plugin, each in sometimes:
            message = f"missing plugin dependencies: {plugin.name} missing {each.value}"
            if unnamed:
                self._untold(plugin, f"whether the plugin {each.value} is there is not known")
            else:
                self._refuse(plugin, "DEP-MISSING", _DEPENDENCY, message, _when(each), each.at)
        if missing:
            said = "; ".join(f"{name} missing {', '.join(of)}" for name, of in missing.items())
            first = named[next(iter(missing))]
            at = next(iter(members(first.manifest.depends_on))).at if first.manifest else None
            message = f"missing plugin dependencies: {said}"
            self._refuse(first, "DEP-MISSING", _DEPENDENCY, message, (), at)
        return [*self._sorted(named), *(each for each in rest if not each.name)]

    def _is_there(self, plugin: str) -> bool:
        """Say whether a plugin that is not looked at is there; one that graduated never is."""
        if plugin in self._node.graduated:
            return False
        return self._others is None or plugin in self._others

    def _sorted(self, named: Mapping[str, Plugin]) -> list[Plugin]:
        """Return plugins behind those they depend on, else by name, as the node does."""
        order: list[Plugin] = []
        done: set[str] = set()
        stack: list[str] = []

        def visit(name: str) -> None:
            if name in done:
                return
            if name in stack:
                cycle = " -> ".join([*stack[stack.index(name) :], name])
                message = f"plugin dependency cycle detected: {cycle}"
                self._refuse(named[name], "DEP-CYCLE", _DEPENDENCY, message)
                return
            stack.append(name)
            for each in needed(named[name]):
                if each in named:
                    visit(each)
            stack.pop()
            done.add(name)
            order.append(named[name])

        for name in sorted(named):
            visit(name)
        return order

    # Registration.

    def _register(self) -> None:
        judging: list[Plugin] = []
        for plugin in self._order:
            self._sign(plugin)
            self._require(plugin)
            own = self._own(plugin, _REGISTERING)
            for stop in (each for each in own if each.refusal == "SIGN-ARITY"):
                self._meet(plugin, of_stop(stop, plugin.shown))
            for other in sorted(judging, key=_validator):
                self._judge(other, plugin)
            for stop in (each for each in own if each.refusal != "SIGN-ARITY"):
                self._meet(plugin, of_stop(stop, plugin.shown))
            judging.append(plugin)
            self._reached.add(id(plugin))

    def _judge(self, other: Plugin, plugin: Plugin) -> None:
        """Meet what a plugin that is registered says of one that is not yet."""
        found = [each for each in other.release.handlers if each.hook == CONFIG]
        alone = len(other.release.starts) == 1 and len(found) == 1
        if alone and found[0].ways and other.manifest and plugin.manifest:
            from stigmem_review.forecast.judging import end_of, verdict

            end = end_of(found[0], other.manifest, plugin.manifest)
            if end and end != "allow":
                by, exception, message = verdict(end, _validator(other), plugin.shown)
                said = {stop.message for stop in other.start.judges if stop.refusal == by} - {""}
                if len(said) == 1:
                    message = said.pop().replace(OTHER, repr(plugin.shown))
                self._refuse(plugin, by, exception, message, at=found[0].at)
            if end:
                return
        for stop in other.start.judges:
            told = of_stop(stop, plugin.shown)
            message = told.message.replace(OTHER, repr(plugin.shown))
            self._meet(plugin, msgspec.structs.replace(told, message=message))

    def _sign(self, plugin: Plugin) -> None:
        match self._settings.signing:
            case "required":
                message = (
                    f"plugin {plugin.shown!r} is unsigned; production plugin registration "
                    "requires Sigstore verification"
                )
                self._refuse(plugin, "SIG-UNSIGNED", "PluginSignatureError", message)
            case "unacknowledged":
                message = (
                    f"{REQUIRED}=false requires {ACKNOWLEDGED}={ACKNOWLEDGEMENT!r} to confirm the "
                    "operator accepts unsigned-plugin code execution risk."
                )
                self._refuse(plugin, "SIG-ACK", "RuntimeError", message)
            case "own":
                self._untold(plugin, "the node verifies signatures in a way of its own")
            case _:
                pass

    def _require(self, plugin: Plugin) -> None:
        wanted = plugin.manifest.requires_stigmem if plugin.manifest else None
        if isinstance(wanted, Known) and wanted.default:
            return
        for each in values(wanted):
            met = allows(each.value, self._node.version)
            if met:
                continue
            if met is None:
                message = (
                    f"plugin {plugin.shown!r} has invalid requires_stigmem {each.value!r}: "
                    f"Invalid specifier: {_invalid(each.value)!r}"
                )
                self._refuse(plugin, "REQ-INVALID", _MANIFEST, message, _when(each), each.at)
            else:
                message = (
                    f"plugin {plugin.shown!r} requires stigmem {each.value!r}, but current "
                    f"version is {parse(self._node.version)}"
                )
                self._refuse(plugin, "REQ-UNMET", _MANIFEST, message, _when(each), each.at)

    # The rest.

    def _by_handler(self) -> Iterator[Plugin]:
        """Yield plugins with migrations in the order in which the node asks for them."""
        yield from sorted(
            (each for each in self._order if each.start.migrates),
            key=lambda each: asked_as(each.start),
        )

    def forecast(self) -> NodeForecast:
        """Return what was met."""
        left = [each for each in self._ignored if each not in self._order]
        shown = tuple(map(self._plugin, [*self._order, *left]))
        whole = tuple(outcome for _, outcome in self._met if outcome.kind != "ignored")
        if self._last is None:
            names = {name for _, name in self._ruled_out}
            whole = (*whole, Outcome("registers", by=tuple(sorted(names))))
        assumes = self._settings.signing == "unsaid" and bool(self._found)
        return NodeForecast(self._node.version, shown, whole, assumes)

    def _plugin(self, plugin: Plugin) -> PluginForecast:
        mine = tuple(outcome for owner, outcome in self._met if owner is plugin)
        fails = any(each.ends for each in mine) or (bool(mine) and not plugin.start.made)
        reached = fails or id(plugin) in self._reached
        if not reached:
            by = self._last.plugin if self._last else ""
            why = f"the node stops on {by} before it comes to it"
            mine = (*mine, Outcome("untold", plugin.shown, why=why))
        elif not fails and plugin not in self._ignored:
            names = sorted(name for owner, name in self._ruled_out if owner == id(plugin))
            mine = (*mine, Outcome("registers", plugin.shown, by=tuple(names)))
        distribution = plugin.release.distribution
        named = distribution.value if isinstance(distribution, Known) else ""
        return PluginForecast(plugin.shown, plugin.start.entry_point, named, mine, reached)


_DISCOVERY = "PluginDiscoveryError"
_DEPENDENCY = "PluginDependencyError"
_MANIFEST = "ManifestError"


def _validator(plugin: Plugin) -> str:
    """Return the name by which a plugin's ``config_validate`` is sorted among others'."""
    target = next((e.target for e in plugin.release.handlers if e.hook == CONFIG), "")
    return f"{plugin.shown}.{target.rpartition(':')[2].rpartition('.')[2]}"


def of_stop(stop: Stop, plugin: str) -> Outcome:
    """Return what a stop comes to; what is not sure cannot be told."""
    if stop.unsure:
        return Outcome(
            "untold",
            plugin,
            stop.refusal,
            stop.exception,
            stop.message,
            stop.conditions,
            stop.unsure,
            stop.at,
        )
    return Outcome(
        "refused",
        plugin,
        stop.refusal,
        stop.exception,
        stop.message,
        stop.conditions,
        at=stop.at,
    )


def needed(plugin: Plugin) -> tuple[str, ...]:
    """Return the plugins that one depends on, sorted."""
    if plugin.manifest is None:
        return ()
    return tuple(str(each.value) for each in members(plugin.manifest.depends_on))


def _invalid(wanted: str) -> str:
    """Return the first part of a range of versions that is none."""
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    return next((part for part in parts if allows(part, "0") is None), wanted)


def _when(each: Possible) -> tuple[str, ...]:
    """Return what has to hold for one of several values, in words."""
    if not each.when:
        return ()
    if len(each.when) == 1:
        return each.when[0] or ("it depends on how the node is run",)
    return (" or ".join(" and ".join(way) for way in each.when),)
