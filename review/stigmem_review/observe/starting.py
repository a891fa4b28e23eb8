"""What the node gets of each entry point while it starts, and where it stops on it.

The node loads the entry point and calls what that names (``stigmem_node.plugins.discovery``),
looks at signatures and asks the plugin's own ``config_validate`` (``.registry``), mounts its
routers (``stigmem_node.main``) and asks for its migrations (``.db``), all with the code of the
plugin. What it compares with other plugins, with settings and with its database is not here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from stigmem_review.conditions import by_default
from stigmem_review.host import Node
from stigmem_review.host.modules import NOT_IN_EVERY_PYTHON, modules
from stigmem_review.interpret.doubts import Doubt
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.ends import Outcome as Way
from stigmem_review.interpret.host import ALLOW, ALLOWS, DENY, MANIFEST, check_timeout, new_context
from stigmem_review.interpret.imports import in_file
from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.objects import OBJECT, mro
from stigmem_review.interpret.printed import is_callable, type_of
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.readout import read_raised
from stigmem_review.interpret.registered import handlers, possible
from stigmem_review.interpret.routers import ROUTER, Made, Path
from stigmem_review.interpret.values import (
    ALWAYS,
    MISSING,
    NONE,
    Bound,
    Conditions,
    Const,
    Foreign,
    Missing,
    Opaque,
    Ref,
    Tuple,
    Value,
    values_of,
)
from stigmem_review.interpret.values import OneOf as Several
from stigmem_review.interpret.values import Unknown as Untold
from stigmem_review.interpret.words import say
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.manifest.factory import read_factory
from stigmem_review.model import (
    AS_INSTALLED,
    ENTRY_POINT_GROUP,
    FACTORY,
    HOLE,
    IMPORT,
    OTHER,
    EntryPoint,
    Known,
    Location,
    Manifest,
    Refusal,
    Release,
    Start,
    Stop,
    Unknown,
)
from stigmem_review.observe.handlers import called, outcomes_of
from stigmem_review.observe.providers import distributions, provided, without_extras
from stigmem_review.observe.signatures import behind, taken_by_python

_DISCOVERY = "PluginDiscoveryError"
_MANIFEST = "ManifestError"
_EXECUTION = "PluginExecutionError"
_UNCAUGHT = frozenset({"BaseException", "GeneratorExit", "KeyboardInterrupt", "SystemExit"})
"""Exceptions that are no ``Exception``, which the node lets through."""
_VALIDATE, _MIGRATE = "config_validate", "migration_register"
_TIMEOUT = "__plugin_timeout__"
"""How a handler says what time it may take (``stigmem_node.plugins.registry``)."""
_UNTOLD = "it depends on what cannot be told: "
_NO_ROUTERS = (
    *("fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"),
    "starlette.routing.Router",
)
"""Classes whose objects have routes and are no ``APIRouter``."""
_RUNNING = ".".join(map(str, sys.version_info[:3]))
_NOT_THERE = " is not there"
_INSTALLED, _NOT_INSTALLED = " is installed", " is not installed"


def starts_of(
    release: Release, programs: Sequence[tuple[EntryPoint, Program]], node: Node
) -> tuple[Start, ...]:
    """Return what the node gets of each entry point of a release, sorted by name.

    ``programs`` are those that were run of it; what names nothing that can be run is refused.
    """
    run = {(entry.name, entry.value): program for entry, program in programs}
    found = []
    for each in entries_of(release):
        plain = normal_value(each)
        program = run.get((plain.name, plain.value)) if plain else None
        found.append(_malformed(each) if program is None else _start(release, each, program, node))
    return tuple(sorted(found, key=lambda each: each.entry_point))


def entries_of(release: Release) -> Iterable[EntryPoint]:
    """Yield the entry points of a release that the node loads."""
    declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
    return (each for each in declared if each.group == ENTRY_POINT_GROUP)


def _malformed(entry: EntryPoint) -> Start:
    """Return what comes of a value that names no module, in words of the node's Python."""
    message = f"failed to load plugin entry point {entry.name!r}: {HOLE}"
    stop = Stop("DISC-LOAD", _DISCOVERY, message, at=entry.at)
    return Start(entry.name, Unknown("it names no module", entry.at), (stop,), made=False)


def _start(release: Release, entry: EntryPoint, program: Program, node: Node) -> Start:
    program.make()
    manifest = release.manifest
    if len([*entries_of(release)]) > 1 or not isinstance(manifest, Manifest):
        manifest = read_factory(entry, program).manifest
    if program.lost is not None:
        stop = _uncompiled(entry.name, program, release)
        found = (stop,) if stop else ()
        return Start(entry.name, manifest, found, made=stop is None, uses=_used(program))
    plugin = _Plugin(entry.name, manifest, program, node)
    stops = (*_newer(program, node), *_there(plugin.stops(), release, program))
    return Start(
        entry.name,
        manifest,
        stops,
        made=plugin.gives_manifest,
        judges=tuple(plugin.judges()),
        migrates=plugin.migrates(),
        drops=plugin.drops(),
        uses=_used(program),
    )


def _newer(program: Program, node: Node) -> Iterator[Stop]:
    """Yield what a node that is newer than those that are known may not have."""
    known = modules(node.version)
    lacks = [known.missing(*each) for each in _used(program)] if node.judged_as else []
    if first := next(filter(None, lacks), ""):
        why = f"whether node {node.version} has {first} is not known; {node.judged_as} has not"
        yield Stop("DISC-LOAD", unsure=why)


def _used(program: Program) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(program.machine.used))


def _uncompiled(entry: str, program: Program, release: Release) -> Stop | None:
    """Return where source does not compile that loading an entry point certainly imports.

    That is by this Python: where the release is for others, a newer one may take it.
    """
    lost = program.lost
    found = next((each for each in program.modules.unusable if each.said), None)
    if lost is None or found is None or lost.at != found.at or program.machine.path:
        return None
    if not _is_for(release, _RUNNING):
        return None
    message = f"failed to load plugin entry point {entry!r}: {in_file(found)}"
    return Stop("DISC-LOAD", _DISCOVERY, message, at=found.at)


def _is_for(release: Release, python: str) -> bool:
    from packaging.specifiers import SpecifierSet

    wanted = release.requires_python
    if not isinstance(wanted, Known) or not wanted.value:
        return True
    try:
        return SpecifierSet(wanted.value).contains(python)
    except ValueError:
        return True


def _there(stops: Iterable[Stop], release: Release, program: Program) -> Iterator[Stop]:
    """Yield stops with what is known of what is installed: what the node and the release require.

    That somebody installs more is possible, and nobody says so.
    """
    requires, node = release.requires_dist, program.node

    def there(module: str) -> bool | None:
        if program.modules.owns(module):
            # Only the build knows whether it is among what it installs.
            return None
        if module.partition(".")[0] in NOT_IN_EVERY_PYTHON:
            # As with syntax, this Python has the say, where it has it.
            return module.partition(".")[0] in sys.stdlib_module_names or None
        if module.partition(".")[0] in sys.stdlib_module_names:
            # A name that this Python has not: for others, that is not known.
            return False if _is_for(release, _RUNNING) else None
        # Reading requirements takes modules that few releases have a use for.
        asked = without_extras(requires.value if isinstance(requires, Known) else ())
        by = provided((*modules(node.version).requires, *distributions(asked)))
        if by.names(module.partition(".")[0]):
            return True
        known = isinstance(requires, Known) and not by.strangers and program.modules.whole
        return False if known else None

    whole = release.source.kind in AS_INSTALLED or program.modules.whole
    for stop in stops:
        left: list[str] = []
        lacks: list[str] = []
        absent: list[str] = []
        for each in stop.conditions:
            if whole and each.endswith(_NOT_THERE):
                # All of its files are known, and this is none of them.
                absent.append(each.removesuffix(_NOT_THERE))
                continue
            module, wanted = each.removesuffix(_NOT_INSTALLED), False
            if module == each:
                module, wanted = each.removesuffix(_INSTALLED), True
            answer = None if module == each or " " in module else there(module)
            if answer is None:
                left.append(each)
            elif answer != wanted:
                break
            elif not answer:
                lacks.append(module.partition(".")[0])
        else:
            found = replace(stop, conditions=tuple(left), lacks=tuple(lacks))
            yield replace(found, absent=tuple(absent)) if absent else found


class _Plugin:
    """One entry point whose program was run."""

    def __init__(
        self, entry: str, manifest: Manifest | Unknown, program: Program, node: Node
    ) -> None:
        self._entry = entry
        self._manifest = manifest
        self._program = program
        self._node = node
        self._m: Interpreter = program.machine
        self._callable = self._is_callable()
        name = manifest.name if isinstance(manifest, Manifest) else None
        self._name = name.value if isinstance(name, Known) else HOLE
        self._shown = repr(self._name) if isinstance(name, Known) else HOLE

    @property
    def gives_manifest(self) -> bool:
        """Whether the node may get a manifest."""
        if self._program.made is None or self._callable is False:
            return False
        return any(self._may_be_manifest(each) for each in values_of(self._program.made))

    def _may_be_manifest(self, value: Value) -> bool:
        match value:
            case Ref(kind="manifest") | Untold() | Missing():
                return True
            case Ref(kind="instance") as ref:
                kind = self._m.thing(ref).type
                return kind != OBJECT and self._m.derives(kind, Foreign(MANIFEST)) is not False
            case Foreign(dotted=dotted):
                return dotted != MANIFEST
            case _:
                return False

    def stops(self) -> Iterator[Stop]:
        """Yield where the node stops on it, in its order."""
        yield from self._discovery()
        if not self.gives_manifest:
            return
        yield from self._arity()
        yield from self._validated()
        yield from self._timeouts()
        yield from self._routes()
        yield from self._migrations()

    # Discovery.

    def _is_callable(self) -> bool | None:
        target = self._program.target
        if target is None:
            return None
        try:
            return is_callable(self._m, target)
        except GiveUp:
            return None

    def _discovery(self) -> Iterator[Stop]:
        program, m = self._program, self._m
        for way in program.raised[: program.loading]:
            yield self._raised(way, loading=True)
        yield from self._doubts("DISC-LOAD", IMPORT)
        if program.target is not None and self._callable is False:
            kind = type_of(m, program.target) or HOLE
            yield Stop(
                "DISC-NOTCALLABLE",
                _DISCOVERY,
                f"plugin entry point {self._entry!r} loaded {kind}; expected a callable returning "
                "PluginManifest",
            )
            return
        for way in program.raised[program.loading :]:
            yield self._raised(way, loading=False)
        yield from self._doubts("DISC-FACTORY", FACTORY)
        if program.made is None:
            return
        for value, conditions in _options(m, program.made):
            if self._may_be_manifest(value):
                continue
            message = (
                f"plugin entry point {self._entry!r} returned {type_of(m, value) or HOLE}; "
                "expected PluginManifest"
            )
            at = self._manifest.at if isinstance(self._manifest, Unknown) else None
            yield Stop("DISC-TYPE", _DISCOVERY, message, conditions, at)

    def _raised(self, way: Way, *, loading: bool) -> Stop:
        raised = read_raised(self._m, way)
        if raised.kind in _UNCAUGHT:
            return Stop("DISC-BASEEXC", raised.kind, raised.printed, raised.conditions, raised.at)
        what = f"failed to load plugin entry point {self._entry!r}"
        if not loading:
            what = f"plugin entry point {self._entry!r} failed while creating PluginManifest"
        refusal: Refusal = "DISC-LOAD" if loading else "DISC-FACTORY"
        message = f"{what}: {raised.printed}"
        return Stop(refusal, _DISCOVERY, message, raised.conditions, raised.at)

    def _doubts(self, refusal: Refusal, phase: str) -> Iterator[Stop]:
        """Yield the first thing in a phase that may raise, for each of what has to be so for it."""
        first: dict[Conditions, Doubt] = {}
        for each in self._m.noted:
            if isinstance(each, Doubt) and each.phase == phase:
                first.setdefault(each.conditions, each)
        certain = first.get(ALWAYS)
        for each in (certain,) if certain else first.values():
            conditions = say(self._m, each.conditions)
            yield Stop(refusal, conditions=conditions, at=each.at, unsure=each.why)

    # Registration.

    def _arity(self) -> Iterator[Stop]:
        for hook, value in handlers(self._program):
            if not self._node.hook(hook).known:
                if not self._node.judged_as:
                    # What checks the names of hooks is passed over by ``model_construct``.
                    yield Stop("SIGN-ARITY", "KeyError", repr(hook))
                continue
            wanted = self._node.hook(hook).positionals
            taken, at = self._takes(value)
            if taken is None:
                why = f"what the handler of {hook} takes is not known"
                yield Stop("SIGN-ARITY", at=at, unsure=why)
            elif taken < wanted:
                message = (
                    f"handler for hook {hook!r} on plugin {self._shown} must accept at least "
                    f"{wanted} positional argument{'' if wanted == 1 else 's'}"
                )
                yield Stop("SIGN-ARITY", _MANIFEST, message, at=at)

    def _takes(self, value: Value) -> tuple[float | None, Location | None]:
        """Return how many arguments a handler takes by position; nothing where that is unknown."""
        value = behind(self._m, value)
        found = called(self._m, value, shown=True)
        if found is None:
            return taken_by_python(self._m, value), None
        if self._m.has((found.function.oid, "__signature__")):
            return None, found.at
        taken = len(found.taken.only) + len(found.taken.both)
        return (float("inf") if found.taken.rest else taken), found.at

    def _timeouts(self) -> Iterator[Stop]:
        """Yield where a handler says that it may take a time which the node does not accept."""
        for hook, value in handlers(self._program):
            held = value.function if isinstance(value, Bound) else value
            if not isinstance(held, Ref) or not self._says_timeout(held):
                continue
            unsure = f"how long the handler of {hook} may take is not known"
            found = self._timeout(held)
            if not found:
                yield Stop("TIMEOUT", unsure=unsure)
            for seconds, way in found:
                conditions = say(self._m, frozenset(way.path.items()))
                at = seconds.at if isinstance(seconds, (Const, Untold)) else None
                raised = read_raised(self._m, way) if way.kind == "raises" else None
                if raised is not None and raised.kind:
                    yield Stop("TIMEOUT", raised.kind, raised.printed, conditions, at)
                elif raised is not None or isinstance(way.value, Untold):
                    yield Stop("TIMEOUT", conditions=conditions, at=at, unsure=unsure)

    def _says_timeout(self, handler: Ref) -> bool:
        """Say whether a handler, or a class that it is of, is given a timeout anywhere."""
        thing = self._m.thing(handler)
        every = (handler, *thing.mro, *mro(self._m, thing.type))
        return any(_TIMEOUT in self._m.thing(e).cells for e in every if isinstance(e, Ref))

    def _timeout(self, handler: Ref) -> list[tuple[Value, Way]]:
        """Return each timeout that a handler can have, with what the node makes of it."""
        m = self._m
        found: list[tuple[Value, Way]] = []

        def check(seconds: Value) -> Value:
            def checked() -> Value:
                if seconds == NONE:
                    return NONE
                number = m.call(Foreign("builtins.float"), (seconds,))
                if not isinstance(number, Untold):
                    check_timeout(m, number)
                return number

            ways = m.run(lambda: m.guard((seconds,), checked))
            found.extend((seconds, way) for way in ways)
            return NONE

        def ask() -> Value:
            given = (handler, Const(_TIMEOUT), NONE)
            return m.each(m.call(Foreign("builtins.getattr"), given), check)

        self._program.look(ask)
        return found

    def _handler(self, hook: str) -> list[Value]:
        return [value for name, value in handlers(self._program) if name == hook]

    def _validated(self) -> Iterator[Stop]:
        """Yield what its own ``config_validate`` says of it."""
        made = self._program.made or MISSING
        for value in self._handler(_VALIDATE):
            ways = outcomes_of(self._program, value, (("plugin", made),), self._context())
            found = [
                stop for way in ways for one in self._split(way) if (stop := self._own_verdict(one))
            ]
            unsure = [_untold(each) for each in found if _untold(each)]
            if not ways:
                unsure = ["it cannot be followed"]
            if unsure:
                why = f"what its own config_validate says is not known: {unsure[0]}"
                yield Stop("CFG-OWN-RESULT", unsure=why)
            yield from (each for each in found if not _untold(each))

    def _context(self) -> Value:
        made = self._program.made
        if isinstance(made, Ref) and made.kind == "manifest":
            return new_context(self._m, made)
        return self._m.unknown("what the node passes")

    def _split(self, way: Way) -> Iterator[Way]:
        """Yield a way once for each of several values that it may end with."""
        if not isinstance(way.value, Several):
            yield way
            return
        for each in way.value.options:
            path = {**way.path, **dict(each.conditions)}
            yield Way(way.kind, each.value, way.delta, path)

    def _own_verdict(self, way: Way) -> Stop | None:
        conditions = say(self._m, frozenset(way.path.items()))
        if way.kind == "raises":
            raised = read_raised(self._m, way)
            if raised.kind in _UNCAUGHT:
                return Stop("CFG-OWN-RAISE", raised.kind, raised.printed, conditions, raised.at)
            message = f"plugin {self._shown} config validator failed: {raised.printed}"
            return Stop("CFG-OWN-RAISE", _MANIFEST, message, conditions, raised.at)
        kind, reason = self._verdict(way)
        match kind:
            case "allow":
                return None
            case "deny":
                message = f"plugin {self._shown} failed config validation: {reason}"
                return Stop("CFG-OWN-DENY", _MANIFEST, message, conditions)
            case "":
                why = "what it gives is not known"
                return Stop("CFG-OWN-RESULT", conditions=conditions, unsure=why)
            case _:
                message = (
                    f"plugin {self._shown} config validator returned {kind}; expected Allow or Deny"
                )
                return Stop("CFG-OWN-RESULT", _MANIFEST, message, conditions)

    def judges(self) -> Iterator[Stop]:
        """Yield what its ``config_validate`` makes of plugins that are registered after it."""
        if not self.gives_manifest:
            return
        m = self._m
        for value in self._handler(_VALIDATE):
            other = m.unknown("another plugin's manifest")
            ways = outcomes_of(self._program, value, (("plugin", other),), self._context())
            handler = f"{self._name}.{self._called(value)}"
            split = (one for way in ways for one in self._split(way))
            found = [each for one in split for each in self._other_verdict(one, handler)]
            # What hangs on the other's manifest is read from the ways in which it decides.
            if not ways or any(by_default(each.conditions) is None for each in found):
                why = f"what the config_validate of {self._name} says of it is not known"
                denies = {each.message for each in found if each.refusal == "CFG-OTHER-DENY"}
                # That it denies may hang on the other where what it says then does not.
                sure = len(denies) == 1 and not any(each.unsure for each in found)
                said = denies.pop() if sure else ""
                found = [Stop("CFG-OTHER-DENY", message=said, unsure=why)]
            yield from found

    def _other_verdict(self, way: Way, handler: str) -> Iterator[Stop]:
        conditions = say(self._m, frozenset(way.path.items()))
        if way.kind == "raises":
            raised = read_raised(self._m, way)
            if raised.kind == "RejectError":
                yield self._denies(raised.printed, conditions, raised.at)
                return
            message = f"handler {handler!r} failed for hook {_VALIDATE!r}: {raised.printed}"
            yield Stop("CFG-OTHER-RAISE", _EXECUTION, message, conditions, raised.at)
            return
        kind, reason = self._verdict(way)
        match kind:
            case "allow":
                return
            case "deny":
                yield self._denies(reason, conditions)
                return
            case "":
                why = f"what the config_validate of {self._name} says of it is not known"
                yield Stop("CFG-OTHER-RESULT", conditions=conditions, unsure=why)
                return
            case "NoneType":
                message = f"handler {handler!r} returned None; expected VotingDecision"
            case _:
                message = f"handler {handler!r} returned {kind}; expected Allow or Deny"
        yield Stop("CFG-OTHER-RESULT", _EXECUTION, message, conditions)

    def _denies(self, reason: str, conditions: tuple[str, ...], at: Location | None = None) -> Stop:
        message = f"plugin {OTHER} failed config validation: {reason}"
        return Stop("CFG-OTHER-DENY", _MANIFEST, message, conditions, at)

    def _verdict(self, way: Way) -> tuple[str, str]:
        """Return whether a handler allows or denies, and why, or else the type of what it gives."""
        found = ("", "")

        def look() -> Value:
            nonlocal found
            self._m.adopt(way)
            found = self._read_verdict(way.value)
            return NONE

        self._m.run(look)
        return found

    def _read_verdict(self, value: Value) -> tuple[str, str]:
        match value:
            case Foreign(dotted=dotted) if dotted == ALLOWS:
                return "allow", ""
            case Ref(kind="object") as ref if self._m.thing(ref).type == Foreign(ALLOW):
                return "allow", ""
            case Ref(kind="object") as ref if self._m.thing(ref).type == Foreign(DENY):
                reason = dict(self._m.thing(ref).defaults).get("reason")
                try:
                    told = self._m.text_of(reason) if reason is not None else NONE
                except GiveUp:
                    told = NONE
                return "deny", str(told.value) if isinstance(told, Const) and told != NONE else HOLE
            case Foreign(dotted=dotted) if dotted in (ALLOW, DENY):
                return "type", ""
            case Untold() | Foreign() | Opaque() | Several() | Missing():
                return "", ""
            case _:
                return type_of(self._m, value), ""

    # The rest.

    def _routes(self) -> Iterator[Stop]:
        m = self._m
        noted = m.noted
        made = {each.router: each for each in noted if isinstance(each, Made)}
        bare = {
            each.router: each
            for each in noted
            if isinstance(each, Path) and "" in each.paths and not each.bare
        }
        for listed in possible(self._program, "routes"):
            for each in listed.items if isinstance(listed, Tuple) else ():
                for router in values_of(each):
                    if router == ROUTER:
                        message = (
                            f"APIRouter.{HOLE}() missing 1 required positional argument: {HOLE}"
                        )
                        yield Stop("ROUTE-TYPE", "TypeError", message)
                        continue
                    is_router = _is_router(m, router)
                    shown = "" if is_router else type_of(m, router) or _made_by(router)
                    if not is_router and not shown:
                        why = "what is mounted as a router is not known"
                        yield Stop("ROUTE-TYPE", unsure=why)
                    elif not is_router:
                        message = f"{shown!r} object has no attribute {HOLE}"
                        yield Stop("ROUTE-TYPE", "AttributeError", message)
                    elif not isinstance(router, Ref):
                        continue
                    elif router in bare and router in made and "" in made[router].prefixes:
                        path = bare[router]
                        message = (
                            "Prefix and path cannot be both empty (path operation: "
                            f"{self._called(path.function)})"
                        )
                        yield Stop("ROUTE-EMPTY", "FastAPIError", message, at=path.at)

    def migrates(self) -> str:
        """Return the name by which its handler of migrations is sorted, empty without one."""
        return next((self._called(value) for value in self._handler(_MIGRATE)), "")

    def drops(self) -> bool:
        """Say whether its handler of migrations gives back none of those before it, ever."""
        before = self._m.unknown("what plugins before it register")
        ways = [way for value in self._handler(_MIGRATE) for way in self._asked(value, before)]
        return bool(ways) and all(self._lacks(way, before) for way in ways)

    def _lacks(self, way: Way, before: Value) -> bool:
        """Say whether a handler certainly returns a list without something."""
        lacks = False

        def look() -> Value:
            nonlocal lacks
            self._m.adopt(way)
            value = way.value
            items = self._m.read(value) if isinstance(value, Ref) else value
            lacks = isinstance(items, Tuple) and all(
                isinstance(each, Ref) and each != before for each in items.items
            )
            return NONE

        self._m.run(look)
        return way.kind == "falls" and lacks

    def _asked(self, value: Value, *before: Value) -> list[Way]:
        """Return how a handler of migrations ends that is given those before it."""
        given = tuple(
            (name, self._m.unknown("what the node passes"))
            for name in self._node.calls(_MIGRATE)[0]
        )
        listed = self._m.new_list(before)
        return outcomes_of(self._program, value, given, self._context(), listed)

    def _migrations(self) -> Iterator[Stop]:
        for value in self._handler(_MIGRATE):
            handler = f"{self._name}.{self._called(value)}"
            for way in self._asked(value):
                for one in self._split(way):
                    yield from self._migrated(one, handler)

    def _migrated(self, way: Way, handler: str) -> Iterator[Stop]:
        conditions = say(self._m, frozenset(way.path.items()))
        if way.kind == "raises":
            raised = read_raised(self._m, way)
            if raised.kind in _UNCAUGHT:
                yield Stop("MIG-RAISE", raised.kind, raised.printed, conditions, raised.at)
                return
            message = f"handler {handler!r} failed for hook {_MIGRATE!r}: {raised.printed}"
            yield Stop("MIG-RAISE", _EXECUTION, message, conditions, raised.at)
        elif way.value == NONE:
            message = f"handler {handler!r} returned None for filter-chain hook {_MIGRATE!r}"
            yield Stop("MIG-NONE", _EXECUTION, message, conditions)
        elif _is_no_iterable(self._m, way.value) and (kind := type_of(self._m, way.value)):
            message = f"{kind!r} object is not iterable"
            yield Stop("MIG-SHAPE", "TypeError", message, conditions)

    def _called(self, value: Value) -> str:
        """Return the name of a handler, as the node asks for it."""
        try:
            ways = self._m.run(lambda: self._m.get(value, "__name__"))
        except GiveUp:
            return HOLE
        if all(each.kind == "raises" for each in ways):
            return "handler"
        found = {each.value.value if isinstance(each.value, Const) else HOLE for each in ways}
        return str(found.pop()) if len(found) == 1 else HOLE


def _is_router(m: Interpreter, value: Value) -> bool:
    """Say whether something is a router; of the node's own objects routers are what is mounted."""
    if isinstance(value, Foreign):
        return value.dotted.startswith("stigmem_node.") and value.dotted != MANIFEST
    return isinstance(value, Ref) and m.thing(value).type == ROUTER


def _made_by(value: Value) -> str:
    """Return the class of what a class of others made that is known to be no router of the node."""
    api = value.api.removesuffix("()") if isinstance(value, Untold) else ""
    return api.rpartition(".")[2] if api in _NO_ROUTERS else ""


def _is_no_iterable(m: Interpreter, value: Value) -> bool:
    match value:
        case Const(value=found):
            return not isinstance(found, (str, bytes))
        case Ref(kind="function" | "coroutine" | "manifest" | "module" | "partial"):
            return True
        case Ref(kind="instance") as ref:
            return not m.special(ref, "__iter__") and not m.special(ref, "__getitem__")
        case _:
            return False


def _untold(stop: Stop) -> str:
    """Return what cannot be told of a stop; nothing where its conditions say it all."""
    if stop.unsure:
        return stop.unsure
    unclear = (each for each in stop.conditions if _UNTOLD in each)
    return next((each.partition(_UNTOLD)[2].partition(" or it")[0] for each in unclear), "")


def _options(m: Interpreter, value: Value) -> Iterator[tuple[Value, tuple[str, ...]]]:
    if isinstance(value, Several):
        for each in value.options:
            yield each.value, say(m, each.conditions)
    else:
        yield value, ()
