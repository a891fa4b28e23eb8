"""From an entry point to what its factory returns, without calling it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from stigmem_review.host import Node, nearest
from stigmem_review.manifest.environment import environment_read
from stigmem_review.manifest.evaluate import MANIFEST_CLASSES, Evaluator, Place, origin
from stigmem_review.manifest.fields import FIELDS, Reader
from stigmem_review.manifest.modules import Module, Modules, Unusable
from stigmem_review.manifest.values import Const, Foreign, Mapping, Value
from stigmem_review.model import EntryPoint, Gap, Location, Manifest, Problem, Unknown
from stigmem_review.syntax.live import LiveCode, Mention
from stigmem_review.syntax.scope import Function, scope_of
from stigmem_review.text import clean


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


@dataclass(frozen=True, slots=True)
class _Call:
    """The call of ``PluginManifest`` that a factory returns."""

    node: ast.Call
    place: Place
    function: Function | None


def read_factory(entry_point: EntryPoint, modules: Modules, node: Node) -> Reading:
    """Read the manifest an entry point's factory returns, on the given node release.

    Never raises for what a release contains: what cannot be followed is unknown, a module that
    cannot be read at all is a gap.
    """
    evaluator = Evaluator(modules, node)
    problems: list[Problem] = []
    manifest: Manifest | Unknown
    try:
        call = _find_call(entry_point, evaluator)
        manifest, problems = _read_call(call, evaluator, node)
        _check_live_code(entry_point, call, evaluator)
    except _Stop as stop:
        manifest = stop.unknown
        if stop.problem == "target-missing":
            problems.append(_problem("target-missing", entry_point, stop))
        elif stop.problem == "target-not-factory":
            problems.append(_problem("target-not-factory", entry_point, stop))
    return Reading(manifest, tuple(problems), tuple(_gaps(modules)))


def _problem(kind: str, entry_point: EntryPoint, stop: _Stop) -> Problem:
    at = stop.unknown.at or entry_point.at
    if kind == "target-missing":
        return Problem("target-missing", entry_point.value, stop.unknown.why, at)
    return Problem("target-not-factory", entry_point.value, stop.unknown.why, at)


def _gaps(modules: Modules) -> list[Gap]:
    return [Gap(str(module.at), module.why, module.do) for module in modules.unusable if module.gap]


def _find_call(entry_point: EntryPoint, evaluator: Evaluator) -> _Call:
    module_name, _, attribute = entry_point.value.partition(":")
    module = evaluator.modules.get(module_name)
    if isinstance(module, Unusable):
        raise _Stop(module.why, module.at)
    if module is None:
        raise _Stop(
            f"there is no module {clean(module_name)} in this release",
            entry_point.at,
            "target-missing",
        )
    if "." in attribute:
        raise _Stop("a factory inside a class or object is not followed", entry_point.at)
    place = Place(module)
    if attribute not in module.scope.bindings and not module.scope.star:
        if "__getattr__" in module.scope.bindings:
            raise _Stop(f"{module.path} makes its attributes up in __getattr__", entry_point.at)
        if evaluator.modules.get(f"{module_name}.{attribute}") is None:
            raise _Stop(
                f"{module.path} does not define {clean(attribute)}",
                Location(module.path),
                "target-missing",
            )
    found = _definition_of(attribute, place, evaluator)
    return found


def _definition_of(name: str, place: Place, evaluator: Evaluator) -> _Call:
    """Follow the entry point's attribute to the function that it names."""
    at_import = ast.Name(name, ast.Load(), lineno=0)
    value = evaluator.name(name, at_import, place)
    match value:
        case Unknown():
            raise _Stop(value.why, value.at)
        case _ if getattr(value, "kind", "") == "function":
            pass
        case _ if getattr(value, "kind", "") == "class":
            raise _Stop("the entry point names a class, which is not followed", value.at)
        case Foreign():
            raise _Stop(
                f"the factory is {clean(value.dotted)}, which another distribution provides",
                value.at,
            )
        case _:
            raise _Stop("the entry point does not name a function", value.at, "target-not-factory")
    module = evaluator.modules.get(value.module)
    binding = module.scope.only(value.qualname) if isinstance(module, Module) else None
    if not isinstance(module, Module) or binding is None:
        raise _Stop("the factory could not be followed to its definition", value.at)
    function = binding.node
    if isinstance(function, ast.AsyncFunctionDef):
        raise _Stop(
            "the factory is a coroutine function; the node calls it and gets no manifest",
            module.at(function),
            "target-not-factory",
        )
    if not isinstance(function, ast.FunctionDef):
        raise _Stop("the factory could not be followed to its definition", value.at)
    return _returned(function, module, evaluator)


def _returned(function: ast.FunctionDef, module: Module, evaluator: Evaluator) -> _Call:
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
    lines = ", ".join(str(part.lineno) for part in sorted(returns, key=lambda r: r.lineno))
    if len(returns) > 1:
        raise _Stop(
            f"the factory returns in more than one place (lines {lines})", module.at(function)
        )
    if not returns or returns[0] not in function.body:
        raise _Stop("the factory does not return in every case", module.at(function))
    place = Place(module, scope_of(function), function.name)
    return _manifest_call(returns[0].value, place, function, evaluator)


def _own(function: ast.FunctionDef) -> list[ast.AST]:
    """Return the nodes of a function's body that run when it is called."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = [*function.body]
    while stack:
        part = stack.pop()
        found.append(part)
        if not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(part))
    return found


def _manifest_call(
    node: ast.expr | None, place: Place, function: Function | None, evaluator: Evaluator
) -> _Call:
    """Follow what is returned to a call of the host's manifest class."""
    for _ in range(10):
        match node:
            case ast.Call():
                called = evaluator.evaluate(node.func, place)
                if isinstance(called, Foreign) and called.dotted in MANIFEST_CLASSES:
                    evaluator.mutable["PluginManifest"] = ""
                    return _Call(node, place, function)
                why = called.why if isinstance(called, Unknown) else "it returns a call"
                raise _Stop(
                    f"what the factory returns is not a plain PluginManifest(...): {why}",
                    place.module.at(node),
                )
            case ast.Name(id=name):
                evaluator.seen.add(id(node))
                node, place = _assigned(name, node, place, evaluator)
            case _:
                break
    at = place.module.at(node) if node else None
    raise _Stop("what the factory returns is not a plain PluginManifest(...)", at)


def _assigned(
    name: str, node: ast.Name, place: Place, evaluator: Evaluator
) -> tuple[ast.expr | None, Place]:
    scope = place.local if place.local and name in place.local.bindings else place.module.scope
    binding = scope.only(name)
    statement = binding.node if binding else None
    if scope.star or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        raise _Stop(
            f"the factory returns {clean(name)}, which is not assigned in exactly one place",
            place.module.at(node),
        )
    evaluator.names.add(name)
    # The manifest itself can be changed after it was made: its hooks are a dict.
    evaluator.mutable[name] = place.module.name
    inside = scope is place.local
    return statement.value, place if inside else Place(place.module)


def _read_call(call: _Call, evaluator: Evaluator, node: Node) -> tuple[Manifest, list[Problem]]:
    """Read the keywords of the call, each field by itself."""
    if call.node.args:
        raise _Stop(
            "PluginManifest is called with positional arguments, which the node refuses",
            call.place.module.at(call.node),
        )
    reader = Reader(node, call.place.module.at(call.node))
    spread: Unknown | None = None
    given: dict[str, tuple[ast.expr | None, Value]] = {}
    for word in call.node.keywords:
        value = evaluator.evaluate(word.value, call.place)
        if word.arg is not None:
            given[word.arg] = (word.value, value)
        elif isinstance(value, Mapping):
            for key, item in value.pairs:
                if isinstance(key, Const) and isinstance(key.value, str):
                    given[key.value] = (None, item)
        else:
            why = value.why if isinstance(value, Unknown) else "it is not a known dict"
            spread = Unknown(
                f"keywords are spread into PluginManifest: {why}",
                call.place.module.at(word.value),
            )
    for name, (expression, value) in given.items():
        if name not in FIELDS:
            reader.problem(
                "keyword-unknown",
                name,
                nearest(name, FIELDS),
                call.place.module.at(expression) if expression else None,
            )
            continue
        if isinstance(value, Unknown) and expression is not None:
            value = _with_environment(value, expression, call.place, evaluator)
        reader.read(name, value)
    return reader.finish(spread), reader.problems


def _with_environment(
    value: Unknown, expression: ast.expr, place: Place, evaluator: Evaluator
) -> Unknown:
    found = environment_read(expression, place, evaluator)
    if not found:
        return value
    return Unknown(
        f"{value.why}: its value depends on the environment of the node's process, "
        f"which is read at {found}",
        value.at,
    )


def _check_live_code(entry_point: EntryPoint, call: _Call, evaluator: Evaluator) -> None:
    """Stop if code that runs before the node has the manifest could change what was read."""
    live = LiveCode()
    seen = frozenset(evaluator.seen)
    modules = evaluator.modules
    waiting = [entry_point.value.partition(":")[0]]
    waiting += [module.name for module in modules.loaded]
    walked: set[str] = set()
    called = False
    followed = 0
    while waiting:
        for name in waiting:
            for ancestor in _with_parents(name):
                module = modules.get(ancestor)
                if isinstance(module, Module) and ancestor not in walked:
                    walked.add(ancestor)
                    live.add_module(ancestor, module.tree, seen)
        if call.function is not None and not called:
            called = True
            live.add_function(call.place.module.name, call.function, seen)
        live.settle(seen)
        waiting = []
        for importer, statement in live.imports[followed:]:
            waiting += _imported(importer, statement, modules)
        followed = len(live.imports)
    for unusable in modules.unusable:
        raise _Stop(
            f"a module that runs before the manifest exists cannot be read: {unusable.why}",
            unusable.at,
        )
    _check_hazards(live, evaluator)


def _check_hazards(live: LiveCode, evaluator: Evaluator) -> None:
    for hazard in live.hazards:
        if not hazard.name or hazard.name in evaluator.names:
            module = evaluator.modules.get(hazard.module)
            path = module.path if isinstance(module, Module) else hazard.module
            raise _Stop(
                f"code that runs before the manifest exists {hazard.what}, "
                "which can change what any name stands for",
                Location(path, hazard.line),
            )
    for name, owner in evaluator.mutable.items():
        for mention in _mentions(name, owner, live):
            module = evaluator.modules.get(mention.module)
            path = module.path if isinstance(module, Module) else mention.module
            raise _Stop(
                f"{clean(name)} can be changed after it was made: it is used here as well",
                Location(path, mention.line),
            )


def _mentions(name: str, owner: str, live: LiveCode) -> list[Mention]:
    """Return where live code reads a name of module ``owner`` (empty: of the host)."""
    found = [
        mention
        for mention in live.mentions.get(name, [])
        if mention.attribute or mention.module == owner or not owner
    ]
    for importer, statement in live.imports:
        for alias in statement.names:
            if isinstance(statement, ast.ImportFrom) and alias.name == name:
                local = alias.asname or alias.name
                found += [each for each in live.mentions.get(local, []) if each.module == importer]
    return found


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _imported(importer: str, statement: ast.Import | ast.ImportFrom, modules: Modules) -> list[str]:
    """Return the modules of this distribution that an import statement runs."""
    module = modules.get(importer)
    if not isinstance(module, Module):
        return []
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        source = origin(statement, module)
        if source is None:
            return []
        names = [source, *(f"{source}.{alias.name}" for alias in statement.names)]
    return [name for name in names if name and modules.owns(name) and modules.get(name)]
