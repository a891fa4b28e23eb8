"""From an entry point to what its factory returns, without calling it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stigmem_review import limits
from stigmem_review.host import Node, nearest
from stigmem_review.manifest.environment import environment_read
from stigmem_review.manifest.evaluate import (
    MANIFEST_CLASSES,
    Evaluator,
    Place,
    Trace,
    Use,
    assigned,
    origin,
)
from stigmem_review.manifest.fields import FIELDS, Reader
from stigmem_review.manifest.modules import Module, Modules, Unusable
from stigmem_review.manifest.values import Const, Definition, Foreign, Made, Mapping, Result, Value
from stigmem_review.model import EntryPoint, Gap, Known, Location, Manifest, Problem, Unknown
from stigmem_review.syntax.live import Hazard, Imported, LiveCode
from stigmem_review.syntax.nodes import children
from stigmem_review.syntax.scope import outer_parts, scope_of
from stigmem_review.text import shorten

_UNKNOWN_KEYWORDS = 20
"""Keywords the node does not know that are each named; nobody mistypes more."""
_ANY = ""
"""In place of a module: whichever module mentions the name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one entry point gave."""

    manifest: Manifest | Unknown
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()


class _Stop(Exception):  # noqa: N818 - not an error: it carries the answer out of the reading
    def __init__(self, why: str, at: Location | None, problem: str = "") -> None:
        super().__init__(why)
        self.unknown = Unknown(why, at)
        self.problem = problem


@dataclass(slots=True)
class _Call:
    """The call of ``PluginManifest`` that a factory returns, and what finding it leaned on."""

    node: ast.Call
    place: Place
    function: ast.FunctionDef
    module: str
    seen: set[int]
    uses: set[Use]


@dataclass(slots=True)
class _Path:
    """What following the entry point leans on, so far."""

    seen: set[int] = field(default_factory=set)
    uses: set[Use] = field(default_factory=set)

    def add(self, trace: Trace) -> None:
        self.seen |= trace.seen
        self.uses |= trace.uses


@dataclass(frozen=True, slots=True)
class _Given:
    """What the call gives for one field. ``expression`` is absent where a dict is spread."""

    value: Value
    uses: set[Use]
    at: Location
    expression: ast.expr | None


def read_factory(entry_point: EntryPoint, modules: Modules, node: Node) -> Reading:
    """Read the manifest an entry point's factory returns, on the given node release.

    Never raises for what a release contains: what cannot be followed is unknown, a module that
    cannot be read at all is a gap.
    """
    problems: list[Problem] = []
    manifest: Manifest | Unknown
    try:
        manifest, problems = _read(entry_point, modules, node)
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


def _read(entry_point: EntryPoint, modules: Modules, node: Node) -> tuple[Manifest, list[Problem]]:
    if modules.intruder:
        raise _Stop(
            "the release installs a file that runs at the start of Python, or among the host's "
            "own modules, and can change what any name stands for",
            Location(modules.intruder),
        )
    evaluator = Evaluator(modules, node)
    call = _find_call(entry_point, evaluator)
    given, spread, seen = _arguments(call, evaluator)
    live = _live_code(entry_point, call, seen, modules)
    checked = _Checked(live, modules)
    if spoiled := checked.spoiled(call.uses):
        raise _Stop(spoiled.why, spoiled.at)
    reader = Reader(node, call.place.module.at(call.node))
    strange = 0
    for name, item in given.items():
        if name not in FIELDS:
            strange += 1
            if strange <= _UNKNOWN_KEYWORDS:
                close = nearest(name, FIELDS) if len(name) < 64 else ""
                reader.problem("keyword-unknown", shorten(name, 80), close, item.at)
            continue
        value = checked.spoiled(item.uses) or item.value
        if isinstance(value, Unknown) and item.expression is not None:
            value = _with_environment(value, item.expression, call.place, modules, node)
        reader.read(name, value)
    manifest = reader.finish(spread)
    _check_handlers(manifest, modules, reader)
    return manifest, reader.problems


def _check_handlers(manifest: Manifest, modules: Modules, reader: Reader) -> None:
    """Note handlers that take fewer positional arguments than the node insists on."""
    hooks = manifest.hooks.value if isinstance(manifest.hooks, Known) else ()
    for hook in hooks:
        needs = reader.node.hook(hook.name).positionals
        if not needs or not isinstance(hook.target, Known):
            continue
        home, _, name = hook.target.value.partition(":")
        module = modules.get(home)
        binding = module.scope.only(name) if isinstance(module, Module) else None
        function = binding.node if binding else None
        if not isinstance(module, Module) or not isinstance(
            function, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            continue
        taken = len(function.args.posonlyargs) + len(function.args.args)
        if function.args.vararg is None and taken < needs:
            why = f"it takes {taken} and the node wants at least {needs}"
            reader.problem("handler-arity", hook.name, why, module.at(function))


def _find_call(entry_point: EntryPoint, evaluator: Evaluator) -> _Call:
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
            raise _Stop(f"{module.path} makes its attributes up in __getattr__", declared)
        if not evaluator.modules.has(f"{module_name}.{attribute}"):
            raise _Stop(
                f"{module.path} does not define {_short(attribute)}",
                declared,
                "target-missing",
            )
    path = _Path()
    function, home = _definition_of(attribute, module, evaluator, path)
    # Called elsewhere, it gives other code the class, or the very manifest, to change.
    path.uses.add(Use(function.name, _ANY, True))
    return _returned(function, home, evaluator, path)


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


def _returned(
    function: ast.FunctionDef, module: Module, evaluator: Evaluator, path: _Path
) -> _Call:
    arguments = function.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if required or None in arguments.kw_defaults:
        raise _Stop(
            "the factory has parameters without a default; the node calls it without arguments",
            module.at(function),
            "target-not-factory",
        )
    returns = []
    for part in _own(function):
        if isinstance(part, (ast.Yield, ast.YieldFrom)):
            raise _Stop(
                "the factory is a generator function; the node calls it and gets no manifest",
                module.at(part),
                "target-not-factory",
            )
        if isinstance(part, ast.Return):
            returns.append(part)
    if len(returns) > 1:
        lines = ", ".join(str(line) for line in sorted(each.lineno for each in returns)[:5])
        raise _Stop(
            f"the factory returns in more than one place (lines {lines})", module.at(function)
        )
    if not returns or returns[0] not in function.body:
        raise _Stop("the factory does not return in every case", module.at(function))
    place = Place(module, scope_of(function, module.syntax.source), function.name)
    node, place = _manifest_call(returns[0].value, place, evaluator, path)
    return _Call(node, place, function, module.name, path.seen, path.uses)


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


def _manifest_call(
    node: ast.expr | None, place: Place, evaluator: Evaluator, path: _Path
) -> tuple[ast.Call, Place]:
    """Follow what is returned to a call of the host's manifest class."""
    for _ in range(10):
        match node:
            case ast.Call():
                called, trace = evaluator.read(node.func, place)
                if isinstance(called, Foreign) and called.dotted in MANIFEST_CLASSES:
                    path.add(trace)
                    path.seen |= {id(part) for part in ast.walk(node.func)}
                    path.uses.add(Use("PluginManifest", _ANY, True))
                    return node, place
                why = called.why if isinstance(called, Unknown) else "it returns a call"
                raise _Stop(
                    f"what the factory returns is not a plain PluginManifest(...): {why}",
                    place.module.at(node),
                )
            case ast.Name():
                path.seen.add(id(node))
                node, place = _assigned(node, place, path)
            case _:
                break
    at = place.module.at(node) if node else None
    raise _Stop("what the factory returns is not a plain PluginManifest(...)", at)


def _assigned(node: ast.Name, place: Place, path: _Path) -> tuple[ast.expr | None, Place]:
    local = place.local if place.local and node.id in place.local.bindings else None
    scope = local or place.module.scope
    binding = scope.only(node.id)
    statement = binding.node if binding else None
    if scope.star or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        raise _Stop(
            f"the factory returns {_short(node.id)}, which is not assigned in exactly one place",
            place.module.at(node),
        )
    # The manifest itself can be changed after it was made: its hooks are a dict.
    path.seen.add(id(statement))
    path.uses |= {Use(name, place.module.name, True) for name in assigned(statement)}
    return statement.value, place if local else Place(place.module)


def _arguments(
    call: _Call, evaluator: Evaluator
) -> tuple[dict[str, _Given], Unknown | None, set[int]]:
    """Read the keywords of the call, each field by itself."""
    module = call.place.module
    if call.node.args:
        raise _Stop(
            "PluginManifest is called with positional arguments, which the node refuses",
            module.at(call.node),
        )
    given: dict[str, _Given] = {}
    spread: Unknown | None = None
    seen = set(call.seen)
    for word in call.node.keywords:
        value, trace = evaluator.read(word.value, call.place)
        at = module.at(word.value)
        seen |= trace.seen
        if word.arg is not None:
            given[word.arg] = _Given(value, trace.uses, at, word.value)
        elif isinstance(value, Mapping):
            # What is spread decides which fields there are, so it must be certain as a whole.
            call.uses |= trace.uses
            for key, item in value.pairs:
                if isinstance(key, Const) and isinstance(key.value, str):
                    given[key.value] = _Given(item, trace.uses, at, None)
        else:
            why = value.why if isinstance(value, Unknown) else "it is not a known dict"
            spread = Unknown(f"keywords are spread into PluginManifest: {why}", at)
    return given, spread, seen


def _with_environment(
    value: Unknown, expression: ast.expr, place: Place, modules: Modules, node: Node
) -> Unknown:
    found = environment_read(expression, place, modules, node)
    if not found:
        return value
    return Unknown(
        f"{value.why}: its value depends on the environment of the node's process, "
        f"which is read at {found}",
        value.at,
    )


def _live_code(entry_point: EntryPoint, call: _Call, seen: set[int], modules: Modules) -> LiveCode:
    """Walk everything that runs before the node has the manifest."""
    quiet = frozenset(use.name for use in call.uses)
    live = LiveCode(frozenset(seen), quiet, call.function.name)
    waiting = [entry_point.value.partition(":")[0], *(each.name for each in modules.loaded)]
    walked: set[str] = set()
    followed = 0
    while waiting:
        for name in waiting:
            for ancestor in _with_parents(name):
                module = modules.get(ancestor)
                if isinstance(module, Module) and ancestor not in walked:
                    walked.add(ancestor)
                    live.add_module(ancestor, module.tree, module.scope)
        live.add_function(call.module, call.function)
        live.settle()
        waiting = []
        for importer, statement in live.imports[followed:]:
            waiting += _imported(importer, statement, modules)
        followed = len(live.imports)
    for unusable in modules.unusable:
        raise _Stop(
            f"a module that runs before the manifest exists cannot be read: {unusable.why}",
            unusable.at,
        )
    return live


def _imported(
    importer: str, statement: ast.Import | ast.ImportFrom, modules: Modules
) -> Iterable[str]:
    """Return the modules of this distribution that an import statement may run."""
    module = modules.get(importer)
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        source = origin(statement, module) if isinstance(module, Module) else None
        names = [source, *(f"{source}.{alias.name}" for alias in statement.names)] if source else []
    return [name for name in names if modules.owns(name)]


def _with_parents(name: str) -> Iterator[str]:
    parts = name[: limits.PATH_CHARS].split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


class _Checked:
    """What live code does to the names that a reading leans on."""

    def __init__(self, live: LiveCode, modules: Modules) -> None:
        self._live = live
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
        for use in sorted(uses, key=lambda use: (use.name, use.module, use.changeable)):
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
