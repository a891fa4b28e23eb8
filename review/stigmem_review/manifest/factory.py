"""From an entry point to what its factory returns, without calling it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from stigmem_review import limits
from stigmem_review.code.live import Hazard, Imported, LiveCode
from stigmem_review.code.modules import Module, Modules, Unusable
from stigmem_review.code.nodes import children, walk
from stigmem_review.code.scope import arguments_of, outer_parts
from stigmem_review.host import Node, nearest
from stigmem_review.manifest.core import ANY, MANIFEST_CLASSES, Own, Trace, Way
from stigmem_review.manifest.environment import environment_read
from stigmem_review.manifest.evaluate import Evaluator
from stigmem_review.manifest.fields import FIELDS, Reader
from stigmem_review.manifest.frames import Followed, Leaves, Place, Stop, Use
from stigmem_review.manifest.names import origin
from stigmem_review.manifest.values import (
    Const,
    Definition,
    Foreign,
    Given,
    Made,
    MadeManifest,
    Raised,
    Result,
    Value,
)
from stigmem_review.model import (
    AnyValue,
    EntryPoint,
    Gap,
    Hook,
    Known,
    Location,
    Manifest,
    Problem,
    Unknown,
)
from stigmem_review.text import shorten

_UNKNOWN_KEYWORDS = 20
"""Keywords the node does not know that are each named; nobody mistypes more."""
_NOT_PLAIN = "what the factory returns is not a plain PluginManifest(...)"


class Reading(msgspec.Struct, frozen=True):
    """What reading one entry point gave."""

    manifest: Manifest | Unknown
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()


class _Stop(Exception):  # noqa: N818 - not an error: it carries the answer out of the reading
    def __init__(self, why: str, at: Location | None, problem: str = "") -> None:
        super().__init__(why)
        self.unknown = Unknown(why, at)
        self.problem = problem


class _Outcome(msgspec.Struct, frozen=True):
    """What a factory returns on one way through it, and what finding that leaned on."""

    ways: tuple[Way, ...]
    made: MadeManifest
    trace: Trace


class _Path(msgspec.Struct):
    """What following the entry point leans on, so far."""

    seen: set[int] = msgspec.field(default_factory=set)
    uses: set[Use] = msgspec.field(default_factory=set)

    def add(self, trace: Trace) -> None:
        self.seen |= trace.seen
        self.uses |= trace.uses


def read_factory(
    entry_point: EntryPoint, modules: Modules, node: Node, own: Own | None = None
) -> Reading:
    """Read the manifest an entry point's factory returns, on the given node release.

    ``own`` is the distribution, where its name and version are known. Never raises for what a
    release contains: what cannot be followed is unknown, a module that cannot be read at all is a
    gap.
    """
    problems: list[Problem] = []
    manifest: Manifest | Unknown
    try:
        manifest, problems = _read(entry_point, modules, node, own)
    except _Stop as stop:
        manifest = stop.unknown
        at = manifest.at or entry_point.at
        if stop.problem == "target-missing":
            problems = [Problem("target-missing", entry_point.value, manifest.why, at)]
        elif stop.problem == "target-not-factory":
            problems = [Problem("target-not-factory", entry_point.value, manifest.why, at)]
    except RecursionError:
        manifest = Unknown("it is nested too deeply to be read", entry_point.at)
    gaps = [Gap(str(each.at), each.why, each.do) for each in modules.unusable if each.gap]
    return Reading(manifest, tuple(problems), tuple(gaps))


def _read(
    entry_point: EntryPoint, modules: Modules, node: Node, own: Own | None
) -> tuple[Manifest, list[Problem]]:
    if modules.intruder:
        raise _Stop(
            "the release installs a file that runs at the start of Python, or among the host's "
            "own modules, and can change what any name stands for",
            Location(modules.intruder),
        )
    evaluator = Evaluator(modules, node, own)
    path = _Path()
    function, home = _find_function(entry_point, evaluator, path)
    outcomes = _outcomes(function, home, evaluator)
    seen, uses = {*path.seen}, {*path.uses}
    for outcome in outcomes:
        seen |= outcome.trace.seen
        uses |= outcome.trace.uses
        for item in outcome.made.given:
            seen |= Trace([item.followed]).seen
    seen = (
        ((seen | evaluator.accounted) - evaluator.unaccounted)
        | _dead(function, evaluator)
        | _other_manifests(evaluator)
    )
    live = _live_code(entry_point, function, evaluator, seen, uses)
    checked = _Checked(live, modules, evaluator.handed)
    if spoiled := checked.spoiled(uses):
        raise _Stop(spoiled.why, spoiled.at)
    readers = [_read_outcome(outcome, checked, modules, node) for outcome in outcomes]
    manifests = [reader.finish(spread) for reader, spread in readers]
    manifest = _merged(manifests, outcomes, lambda given: _environment(given, modules, node))
    problems = {(each.kind, each.item): each for reader, _ in readers for each in reader.problems}
    return manifest, [*problems.values()]


def _dead(factory: ast.FunctionDef, evaluator: Evaluator) -> set[int]:
    """Return the ids of what the factory passes by, whichever way it goes.

    Whoever else calls it is another matter, which spoils the reading by itself.
    """
    passed = [
        part
        for part in _own(factory)
        if (isinstance(part, ast.stmt) and id(part) not in evaluator.alive)
        or (id(part) in evaluator.untaken and id(part) not in evaluator.taken)
    ]
    return {id(inner) for part in passed for inner in walk(part)}


def _other_manifests(evaluator: Evaluator) -> set[int]:
    """Return the ids of names in calls that return a manifest, where the call was passed by."""
    found: set[int] = set()
    for _, function in evaluator.called.values():
        for part in _own(function):
            match part:
                case ast.Return(value=ast.Call(func=called)):
                    name = getattr(called, "id", "") or getattr(called, "attr", "")
                    if name == "PluginManifest":
                        found |= {id(inner) for inner in walk(called)}
                case _:
                    pass
    return found


def _read_outcome(
    outcome: _Outcome, checked: _Checked, modules: Modules, node: Node
) -> tuple[Reader, Unknown | None]:
    reader = Reader(node, outcome.made.at)
    strange = 0
    for item in {each.name: each for each in outcome.made.given}.values():
        if item.name not in FIELDS:
            strange += 1
            if strange <= _UNKNOWN_KEYWORDS:
                close = nearest(item.name, FIELDS) if len(item.name) < 64 else ""
                reader.problem("keyword-unknown", shorten(item.name, 80), close, item.at)
            continue
        value = checked.spoiled(Trace([item.followed]).uses) or item.value
        if isinstance(value, Unknown):
            value = _with_environment(value, _environment(item, modules, node))
        reader.read(item.name, value)
    return reader, outcome.made.spread


def _merged(
    manifests: list[Manifest], outcomes: list[_Outcome], place_of: Callable[[Given], str]
) -> Manifest:
    """Return one manifest for all ways through a factory; where they differ, it is not known.

    ``place_of`` says where a value comes to depend on the environment.
    """
    if len(manifests) == 1:
        return manifests[0]
    fields: dict[str, AnyValue] = {}
    for name in FIELDS:
        values: list[AnyValue] = [getattr(each, name) for each in manifests]
        unknown = next((each for each in values if isinstance(each, Unknown)), None)
        known = [each.value for each in values if isinstance(each, Known)]
        if unknown is not None:
            fields[name] = unknown
        elif all(_same(each, known[0]) for each in known):
            fields[name] = values[0]
        else:
            given = [each for each in outcomes[0].made.given if each.name == name]
            fields[name] = _differing(values, outcomes, place_of(given[0]) if given else "")
    return Manifest(**fields)  # type: ignore[arg-type]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return [_plain(each) for each in one] == [_plain(each) for each in other]
    return bool(one == other)


def _plain(each: Any) -> Any:
    return (each.name, each.target) if isinstance(each, Hook) else each


def _differing(values: list[AnyValue], outcomes: list[_Outcome], place: str) -> Unknown:
    conditions = {way.condition: way.at for outcome in outcomes for way in outcome.ways}
    shown = list(dict.fromkeys(_stated(value) for value in values))
    what = ", ".join([*conditions][:3]) + (" and more" if len(conditions) > 3 else "")
    listed = "; or ".join(shown[:4]) + ("; or others" if len(shown) > 4 else "")
    if place:
        why = f"it depends on the environment of the node's process, read at {place} ({what})"
    else:
        why = f"it depends on what only the running node knows ({what})"
    why = f"{why}: it is {listed}"
    return Unknown(why, next(iter(conditions.values())), tuple(shown))


def _stated(value: AnyValue) -> str:
    stated = value.value if isinstance(value, Known) else None
    if isinstance(stated, tuple):
        names = [each.name if isinstance(each, Hook) else str(each) for each in stated]
        return shorten(", ".join(names), 200) or "nothing"
    return shorten(str(stated), 200)


def _find_function(
    entry_point: EntryPoint, evaluator: Evaluator, path: _Path
) -> tuple[ast.FunctionDef, Module]:
    module_name, _, attribute = entry_point.value.partition(":")
    module = evaluator.modules.get(module_name)
    if isinstance(module, Unusable):
        raise _Stop(module.why, module.at)
    if module is None:
        raise _Stop(
            f"there is no module {_short(module_name)} in this release",
            entry_point.at,
            "target-missing",
        )
    declared = entry_point.at or Location(module.path)
    if "." in attribute:
        raise _Stop("a factory inside a class or object is not followed", declared)
    if attribute not in module.scope.bindings and not module.scope.star:
        if "__getattr__" in module.scope.bindings:
            raise _Stop(f"{module.shown} makes its attributes up in __getattr__", declared)
        if not evaluator.modules.has(f"{module_name}.{attribute}"):
            raise _Stop(
                f"{module.shown} does not define {_short(attribute)}",
                declared,
                "target-missing",
            )
    function, home = _definition_of(attribute, module, evaluator, path)
    # Called elsewhere, it gives other code the class, or the very manifest, to change.
    path.uses.add(Use(function.name, ANY, True))
    return function, home


def _definition_of(
    name: str, module: Module, evaluator: Evaluator, path: _Path
) -> tuple[ast.FunctionDef, Module]:
    """Follow the entry point's attribute to the function that it names."""
    at_import = ast.Name(name, ast.Load(), lineno=0)
    value, trace = evaluator.read_name(name, at_import, Place(module))
    path.add(trace)
    match value:
        case Unknown():
            raise _Stop(value.why, value.at)
        case Definition(kind="class"):
            raise _Stop("the entry point names a class, which is not followed", value.at)
        case Definition():
            pass
        case Foreign():
            raise _Stop(
                f"the factory is {_short(value.dotted)}, which another distribution provides",
                value.at,
            )
        case Made() if not _is_manifest(value, evaluator):
            raise _Stop("the entry point names an object that a call makes", value.at)
        case Result():
            raise _Stop("the entry point names what a call gives", value.at)
        case _:
            raise _Stop("the entry point does not name a function", value.at, "target-not-factory")
    home = evaluator.modules.get(value.module)
    binding = home.scope.only(value.qualname) if isinstance(home, Module) else None
    if not isinstance(home, Module) or binding is None:
        raise _Stop("the factory could not be followed to its definition", value.at)
    function = binding.node
    if isinstance(function, ast.AsyncFunctionDef):
        raise _Stop(
            "the factory is a coroutine function; the node calls it and gets no manifest",
            home.at(function),
            "target-not-factory",
        )
    if not isinstance(function, ast.FunctionDef):
        raise _Stop("the factory could not be followed to its definition", value.at)
    return function, home


def _is_manifest(made: Made, evaluator: Evaluator) -> bool:
    """Say whether an object is a manifest itself, which the node cannot call."""
    module = evaluator.modules.get(made.module)
    binding = module.scope.only(made.name) if isinstance(module, Module) else None
    call = getattr(binding.node, "value", None) if binding else None
    if not isinstance(module, Module) or not isinstance(call, ast.Call):
        return False
    called, _ = evaluator.read(call.func, Place(module))
    return isinstance(called, Foreign) and called.dotted in MANIFEST_CLASSES


def _outcomes(function: ast.FunctionDef, module: Module, evaluator: Evaluator) -> list[_Outcome]:
    """Follow a factory, on every way through it that ends with a manifest."""
    _refuse_no_factory(function, module)
    arguments = evaluator.defaults_of(function, module)
    if arguments is None:
        arguments = {
            arg.arg: Followed(Unknown("it is a parameter", module.at(arg)), [])
            for arg in arguments_of(function.args)
        }

    def run() -> tuple[Value | Raised, Trace]:
        try:
            value, control = evaluator.run(function, module, arguments)
        except Leaves as leaving:
            return leaving.raised, evaluator.trace()
        return value, evaluator.trace(control)

    outcomes: list[_Outcome] = []
    raised = module.at(function)
    try:
        for ways, (value, trace) in evaluator.paths(run):
            match value:
                case MadeManifest():
                    outcomes.append(_Outcome(ways, value, trace))
                case Raised():
                    raised = value.at
                case Unknown():
                    raise _Stop(f"{_NOT_PLAIN}: {value.why}", value.at)
                case Const(value=None):
                    raise _Stop("the factory does not return in every case", value.at)
                case _:
                    raise _Stop(_NOT_PLAIN, value.at)
    except Stop as stop:
        raise _Stop(stop.unknown.why, stop.unknown.at) from None
    if not outcomes:
        raise _Stop("the factory always raises an exception", raised)
    return outcomes


def _refuse_no_factory(function: ast.FunctionDef, module: Module) -> None:
    arguments = function.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if required or None in arguments.kw_defaults:
        raise _Stop(
            "the factory has parameters without a default; the node calls it without arguments",
            module.at(function),
            "target-not-factory",
        )
    for part in _own(function):
        if isinstance(part, (ast.Yield, ast.YieldFrom)):
            raise _Stop(
                "the factory is a generator function; the node calls it and gets no manifest",
                module.at(part),
                "target-not-factory",
            )


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body that run when it is called."""
    stack: list[ast.AST] = [*function.body]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack += outer_parts(part)
        else:
            stack += children(part)


def _with_environment(value: Unknown, place: str) -> Unknown:
    if not place:
        return value
    return Unknown(
        f"{value.why}: its value depends on the environment of the node's process, "
        f"which is read at {place}",
        value.at,
    )


def _environment(given: Given, modules: Modules, node: Node) -> str:
    """Return where a value comes to depend on the environment of the node's process, or nothing."""
    if given.expression is None or given.place is None:
        return ""
    return environment_read(given.expression, given.place, modules, node)


def _live_code(
    entry_point: EntryPoint,
    factory: ast.FunctionDef,
    evaluator: Evaluator,
    seen: set[int],
    uses: set[Use],
) -> LiveCode:
    """Walk everything that runs before the node has the manifest."""
    modules = evaluator.modules
    quiet = frozenset(use.name for use in uses)
    live = LiveCode(frozenset(seen), quiet, factory.name)
    waiting = [entry_point.value.partition(":")[0], *(each.name for each in modules.loaded)]
    walked: set[str] = set()
    met = set(waiting)
    followed = 0
    while waiting:
        for name in waiting:
            for ancestor in _with_parents(name):
                module = modules.get(ancestor)
                if isinstance(module, Module) and ancestor not in walked:
                    walked.add(ancestor)
                    live.add_module(ancestor, module.tree, module.scope)
        for name, function in evaluator.called.values():
            live.add_function(name, function)
        live.settle()
        waiting = []
        for importer, statement in live.imports[followed:]:
            new = {*_imported(importer, statement, evaluator)} - met
            waiting += sorted(new)
            met |= new
        followed = len(live.imports)
    for unusable in modules.unusable:
        raise _Stop(
            f"a module that runs before the manifest exists cannot be read: {unusable.why}",
            unusable.at,
        )
    return live


def _imported(
    importer: str, statement: ast.Import | ast.ImportFrom, evaluator: Evaluator
) -> Iterable[str]:
    """Return the modules of this distribution that an import statement may run."""
    modules = evaluator.modules
    module = modules.get(importer)
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        source = origin(statement, module) if isinstance(module, Module) else None
        names = [source, *(f"{source}.{alias.name}" for alias in statement.names)] if source else []
        if source and statement.names[0].name == "*":
            names += evaluator.star_imported(source)
    return [name for name in names if modules.owns(name)]


def _with_parents(name: str) -> Iterator[str]:
    parts = name[: limits.PATH_CHARS].split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


class _Checked:
    """What live code does to the names that a reading leans on."""

    def __init__(self, live: LiveCode, modules: Modules, handed: dict[Use, set[Use]]) -> None:
        """``handed`` are functions that give away what names stand for."""
        self._live = live
        self._handed = handed
        self._modules = modules
        self._rebound: dict[str, Unknown] = {}
        for hazard in [*live.hazards(), *_handed_on(live, modules)]:
            why = (
                f"code that runs before the manifest exists {shorten(hazard.what, 80)}, "
                "which can change what any name stands for"
            )
            at = self._at(hazard.module, hazard.line)
            if not hazard.name or hazard.name == "TYPE_CHECKING":
                raise _Stop(why, at)
            self._rebound.setdefault(hazard.name, Unknown(why, at))

    def spoiled(self, uses: Iterable[Use]) -> Unknown | None:
        """Return why what was read may not be so, if live code gives a reason."""
        every = {*uses}
        every |= {function for use in every for function in self._handed.get(use, ())}
        for use in sorted(every, key=lambda use: (use.name, use.module, use.changeable)):
            if use.name in self._rebound:
                return self._rebound[use.name]
            if use.changeable and (found := self._live.mentioned(use.name, use.module)):
                return Unknown(
                    f"{_short(use.name)} can be changed after it was made: it is used here as well",
                    self._at(*found),
                )
        return None

    def _at(self, name: str, line: int) -> Location:
        module = self._modules.get(name)
        return Location(module.path if isinstance(module, Module) else name, line)


def _handed_on(live: LiveCode, modules: Modules) -> Iterator[Hazard]:
    """Yield where a module of the distribution is given away, and with it every name in it."""
    for dotted, module, line in live.named:
        if modules.owns(dotted):
            yield Hazard("", "imports a module of its own by a text", module, line)
    for use in live.handed_on():
        if _gives_module(use.imported, use.rest, modules):
            yield Hazard("", "hands on one of its own modules", use.module, use.line)


def _gives_module(imported: Imported, rest: str, modules: Modules) -> bool:
    """Say whether an imported name, or ``rest`` in it, may be a module of the distribution."""
    waiting = [_full_name(imported, rest, modules)]
    visited: set[str] = set()
    while waiting:
        full = waiting.pop()
        if full in visited or not modules.owns(full):
            continue
        visited.add(full)
        source, _, name = full.rpartition(".")
        home = modules.get(source) if source else None
        if not source or modules.has(full) or (isinstance(home, Module) and home.scope.star):
            return True
        bound = home.scope.bindings.get(name, ()) if isinstance(home, Module) else ()
        for binding in bound:
            if isinstance(binding.node, (ast.Import, ast.ImportFrom)):
                for alias in binding.node.names:
                    if (alias.asname or alias.name.partition(".")[0]) == name:
                        again = Imported(source, binding.node, alias)
                        waiting.append(_full_name(again, "", modules))
    return False


def _full_name(imported: Imported, rest: str, modules: Modules) -> str:
    alias, statement = imported.alias, imported.statement
    if isinstance(statement, ast.Import):
        base = alias.name if alias.asname else alias.name.partition(".")[0]
    else:
        importer = modules.get(imported.module)
        source = origin(statement, importer) if isinstance(importer, Module) else None
        base = f"{source or ''}.{alias.name}"
    return f"{base}.{rest}" if rest else base


def _short(name: str) -> str:
    return shorten(name, 80)
