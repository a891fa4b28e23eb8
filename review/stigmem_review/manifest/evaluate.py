"""Reads the value of an expression from its syntax, following names to their one binding.

Sound before complete: a name counts only if its scope binds it exactly once and plainly, so that
its value does not depend on when it is read. What is not listed here is unknown, with the reason.
What live code could still change behind a name's back is looked at in ``factory``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeVar

from stigmem_review import limits
from stigmem_review.host import Node
from stigmem_review.manifest.modules import Module, Modules, Unusable
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    Foreign,
    Made,
    Mapping,
    ModuleValue,
    Result,
    Value,
)
from stigmem_review.model import Unknown
from stigmem_review.syntax.live import PRIVATE
from stigmem_review.syntax.scope import Binding, Function, Scope, scope_of
from stigmem_review.text import shorten

T = TypeVar("T")

_COLLECTIONS = ("frozenset", "set", "tuple", "list")
_BUILTINS = frozenset({*_COLLECTIONS, "dict", "str"})
_HOST = ("stigmem_node.plugins", "stigmem_node.plugins.manifest")
MANIFEST_CLASSES = frozenset(f"{module}.PluginManifest" for module in _HOST)
_CAPABILITY = frozenset(
    {"stigmem_node.plugins.Capability", "stigmem_node.plugins.capabilities.Capability"}
)
_KEEPING = frozenset(
    {"stigmem_node.plugins.handler_timeout", "stigmem_node.plugins.handlers.handler_timeout"}
)
_TOO_MANY = f"reading it takes more than {limits.EVALUATION_STEPS:,} steps"
_INT_BITS = 10_000
"""Python refuses to write out numbers of more than 4,300 digits."""
_HOOK_NAME = frozenset({"stigmem_node.plugins.HookName", "stigmem_node.plugins.hooks.HookName"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: its module and, inside a function, that function's scope."""

    module: Module
    local: Scope | None = None
    qualname: str = ""

    def unknown(self, why: str, node: ast.AST) -> Unknown:
        return Unknown(why, self.module.at(node))


@dataclass(frozen=True, slots=True)
class Use:
    """A name that a value was reached through, and the module that it belongs to.

    ``changeable``: it stands for something that other code could change in place.
    """

    name: str
    module: str
    changeable: bool = False


@dataclass(slots=True)
class _Followed:
    """What a name was found to stand for, and what that leans on."""

    value: Value
    trace: list[_Step]


_Step = int | Use | _Followed


class Trace:
    """What the reading of one expression leans on."""

    def __init__(self, steps: list[_Step]) -> None:
        self.seen: set[int] = set()
        """The ids of the syntax nodes whose reading is accounted for."""
        self.uses: set[Use] = set()
        walked: set[int] = set()
        waiting = [steps]
        while waiting:
            for step in waiting.pop():
                if isinstance(step, int):
                    self.seen.add(step)
                elif isinstance(step, Use):
                    self.uses.add(step)
                elif id(step) not in walked:
                    walked.add(id(step))
                    waiting.append(step.trace)


class Evaluator:
    """Evaluates expressions of one distribution."""

    def __init__(self, modules: Modules, node: Node) -> None:
        self.modules = modules
        self.node = node
        self._steps = 0
        self._depth = 0
        self._chars = 0
        self._trace: list[_Step] = []
        self._followed: dict[tuple[str, int, str, bool], _Followed] = {}

    def read(self, node: ast.expr, place: Place) -> tuple[Value, Trace]:
        """Return the value of an expression, and what reading it leans on."""
        self._trace = []
        return self.evaluate(node, place), Trace(self._trace)

    def read_name(self, name: str, node: ast.AST, place: Place) -> tuple[Value, Trace]:
        """Return what a name of a module stands for once its import is over."""
        self._trace = []
        return self._bound(name, node, place, place.module.scope, final=True), Trace(self._trace)

    def evaluate(self, node: ast.expr, place: Place) -> Value:
        """Return the value of an expression, or that it is unknown, where and why."""
        self._steps += 1
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        start = len(self._trace)
        try:
            value = self._dispatch(node, place)
        finally:
            self._depth -= 1
        if isinstance(value, Unknown):
            # Nothing in it was accounted for: what it names may be called, or changed.
            del self._trace[start:]
        elif isinstance(value, Foreign):
            self._unsee(start)
        return value

    def _unsee(self, start: int) -> None:
        """Keep what the latest steps lean on, but not that the code was accounted for."""
        self._trace[start:] = [step for step in self._trace[start:] if not isinstance(step, int)]

    def _dispatch(self, node: ast.expr, place: Place) -> Value:
        at = place.module.at(node)
        match node:
            case ast.Constant(value=str() | int() | float() | bytes() | None as value):
                return Const(value, at)
            case ast.JoinedStr():
                return self._format(node, place)
            case ast.Tuple() | ast.List() | ast.Set():
                kind = type(node).__name__.lower()
                items = self._items(node.elts, place, ordered=kind != "set")
                return items if isinstance(items, Unknown) else Collection(kind, items, at)
            case ast.Dict():
                return self._dict(node, place)
            case ast.BinOp():
                return self._operation(node, place)
            case ast.Name(id=name):
                self._trace.append(id(node))
                return self.name(name, node, place)
            case ast.Attribute():
                return self._attribute(node, place)
            case ast.Call():
                return self._call(node, place)
            case _:
                return place.unknown(f"{_construct(node)} is not followed", node)

    # Displays

    def _items(
        self, nodes: list[ast.expr], place: Place, *, ordered: bool
    ) -> tuple[Value, ...] | Unknown:
        items: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                spread = self.evaluate(node.value, place)
                if isinstance(spread, Unknown):
                    return spread
                if not isinstance(spread, Collection):
                    return place.unknown(
                        "it spreads something that is not a known collection", node
                    )
                if ordered and unordered(spread):
                    return place.unknown("it spreads a set, whose order is not certain", node)
                items.extend(self._copied(spread.items))
            else:
                items.append(self.evaluate(node, place))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, nodes[0])
        return tuple(items)

    def _copied(self, items: tuple[T, ...]) -> tuple[T, ...]:
        """Return items that are put into something new, unless they are too many by now."""
        self._steps += len(items)
        return items if self._steps <= limits.EVALUATION_STEPS else ()

    def _dict(self, node: ast.Dict, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.evaluate(value, place)
                if isinstance(spread, Unknown):
                    return spread
                if not isinstance(spread, Mapping):
                    return place.unknown("it spreads something that is not a known dict", value)
                pairs.extend(self._copied(spread.pairs))
                continue
            known_key = self.evaluate(key, place)
            if isinstance(known_key, Unknown):
                return known_key
            pairs.append((known_key, self.evaluate(value, place)))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return Mapping(tuple(pairs), place.module.at(node))

    def _format(self, node: ast.JoinedStr, place: Place) -> Value:
        parts: list[str] = []
        for piece in node.values:
            match piece:
                case ast.Constant(value=str(text)):
                    parts.append(text)
                case ast.FormattedValue(conversion=-1 | 115, format_spec=None):
                    value = self.evaluate(piece.value, place)
                    if isinstance(value, Unknown):
                        return value
                    if not isinstance(value, Const) or not isinstance(value.value, (str, int)):
                        return place.unknown("it formats something that is not text", piece)
                    if isinstance(value.value, int) and value.value.bit_length() > _INT_BITS:
                        return place.unknown("it formats a very large number", piece)
                    parts.append(str(value.value))
                case _:
                    return place.unknown("a format specification is not followed", piece)
        return self._text("".join(parts), node, place)

    def _text(self, text: str, node: ast.AST, place: Place) -> Value:
        self._chars += len(text)
        if self._chars > limits.TEXT_CHARS:
            return place.unknown(
                f"more than {limits.TEXT_CHARS:,} characters of text are put together", node
            )
        return Const(text, place.module.at(node))

    def _operation(self, node: ast.BinOp, place: Place) -> Value:
        left = self.evaluate(node.left, place)
        if isinstance(left, Unknown):
            return left
        right = self.evaluate(node.right, place)
        if isinstance(right, Unknown):
            return right
        at = place.module.at(node)
        match node.op, left, right:
            case ast.Add(), Const(value=str(one)), Const(value=str(two)):
                return self._text(one + two, node, place)
            case ast.Add(), Collection(kind="list" | "tuple"), Collection() if (
                left.kind == right.kind
            ):
                made: Value = Collection(left.kind, self._copied(left.items + right.items), at)
            case ast.BitOr(), Collection(kind="set" | "frozenset"), Collection(
                kind="set" | "frozenset"
            ):
                made = Collection(left.kind, self._copied(left.items + right.items), at)
            case ast.BitOr(), Mapping(), Mapping():
                made = Mapping(self._copied(left.pairs + right.pairs), at)
            case _:
                return place.unknown("this operation is not followed", node)
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return made

    # Names

    def name(self, name: str, node: ast.AST, place: Place) -> Value:
        """Return what a name stands for where it is read."""
        if place.local and name in place.local.bindings:
            return self._bound(name, node, place, place.local)
        return self._bound(name, node, Place(place.module), place.module.scope)

    def _bound(
        self, name: str, node: ast.AST, place: Place, scope: Scope, *, final: bool = False
    ) -> Value:
        key = (place.module.name, id(scope), name, final)
        if key not in self._followed:
            outer, self._trace = self._trace, []
            value = self._resolve(name, node, place, scope, final=final)
            self._followed[key] = _Followed(value, self._trace)
            self._trace = outer
        found = self._followed[key]
        self._trace.append(found)
        return found.value

    def _resolve(
        self, name: str, node: ast.AST, place: Place, scope: Scope, *, final: bool
    ) -> Value:
        if PRIVATE.match(name):
            return place.unknown(f"{_short(name)} is a name that a class can spell otherwise", node)
        if place.local is None:
            self._trace.append(Use(name, place.module.name))
        if scope.star:
            return place.unknown(
                f"{_short(name)} could come from the star import in line {scope.star.lineno}", node
            )
        found = scope.bindings.get(name, [])
        if not found:
            if name in _BUILTINS:
                return Foreign(f"builtins.{name}", place.module.at(node))
            return place.unknown(f"{_short(name)} is not defined in this module", node)
        binding = scope.only(name)
        if binding is None:
            lines = sorted({getattr(each.node, "lineno", 0) for each in found})
            where = ", ".join(map(str, lines[:5]))
            return place.unknown(
                f"{_short(name)} is bound more than once, or only under a condition (line {where})",
                node,
            )
        module = place.module
        if place.local is None and module.is_package and self.modules.has(f"{module.name}.{name}"):
            # Importing the submodule binds it in the package, whenever that happens.
            source = (
                origin(binding.node, module) if isinstance(binding.node, ast.ImportFrom) else ""
            )
            if not (final and source == f"{module.name}.{name}"):
                return place.unknown(
                    f"{_short(module.name)}.{_short(name)} is both a submodule and bound in the "
                    "package",
                    node,
                )
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        try:
            return self._follow(name, binding, place)
        finally:
            self._depth -= 1

    def _follow(self, name: str, binding: Binding, place: Place) -> Value:
        match binding.node:
            case ast.Assign() | ast.AnnAssign() as statement if statement.value:
                return self._assigned(name, statement, statement.value, place)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as definition:
                return self._definition(definition, place)
            case ast.Import() as statement:
                return self._import(name, statement, place)
            case ast.ImportFrom() as statement:
                return self._import_from(name, statement, place)
            case other:
                return place.unknown(f"{_short(name)} is a parameter", other)

    def _assigned(
        self, name: str, statement: ast.Assign | ast.AnnAssign, node: ast.expr, place: Place
    ) -> Value:
        self._trace.append(id(statement))
        value = self.evaluate(node, place)
        if _changeable(value):
            self._trace += [Use(each, place.module.name, True) for each in assigned(statement)]
        if isinstance(value, Result) and place.local is None:
            return Made(place.module.name, name, place.module.at(node))
        return value

    def _definition(self, node: Function | ast.ClassDef, place: Place) -> Value:
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not self._keeps(decorator, place):
                return place.unknown(
                    f"{_short(node.name)} is decorated, and a decorator can replace what it "
                    "decorates",
                    node,
                )
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        prefix = f"{place.qualname}.<locals>." if place.local else ""
        return Definition(kind, place.module.name, prefix + node.name, place.module.at(node))

    def _keeps(self, decorator: ast.Call, place: Place) -> bool:
        """Say whether a decorator is one of the host's that gives back what it decorates."""
        found = self.evaluate(decorator.func, place)
        return isinstance(found, Foreign) and found.dotted in _KEEPING

    def _import(self, name: str, statement: ast.Import, place: Place) -> Value:
        for alias in statement.names:
            if name == (alias.asname or alias.name.partition(".")[0]):
                return self._module(alias.name if alias.asname else name, statement, place)
        return place.unknown(f"{_short(name)} is not imported here", statement)

    def _module(self, dotted: str, node: ast.AST, place: Place) -> Value:
        """Return what ``import dotted as name`` gives: attribute after attribute."""
        first, *rest = dotted.split(".")
        if not self.modules.owns(first):
            return Foreign(dotted, place.module.at(node))
        value: Value = ModuleValue(first, place.module.at(node))
        for part in rest:
            if not isinstance(value, ModuleValue):
                return place.unknown(f"{_short(dotted)} is not a module of this release", node)
            value = self.member(value.name, part, node, place)
        return value

    def _import_from(self, name: str, statement: ast.ImportFrom, place: Place) -> Value:
        source = origin(statement, place.module)
        if source is None:
            return place.unknown("this relative import leads out of its package", statement)
        for alias in statement.names:
            if name == (alias.asname or alias.name):
                return self.member(source, alias.name, statement, place)
        return place.unknown(f"{_short(name)} is not imported here", statement)

    def member(self, source: str, name: str, node: ast.AST, place: Place) -> Value:
        """Return what ``from source import name`` gives, as the import system decides it."""
        self._trace.append(Use(name, source))
        if not self.modules.owns(source):
            return Foreign(f"{source}.{name}", place.module.at(node))
        module = self.modules.get(source)
        if isinstance(module, Unusable):
            return Unknown(module.why, module.at)
        if module is not None and (name in module.scope.bindings or module.scope.star):
            return self._bound(name, node, Place(module), module.scope)
        if self.modules.has(f"{source}.{name}"):
            return ModuleValue(f"{source}.{name}", place.module.at(node))
        if module is None:
            return place.unknown(f"there is no module {_short(source)} in the release", node)
        return place.unknown(f"{_short(source)} does not define {_short(name)}", node)

    def _attribute(self, node: ast.Attribute, place: Place) -> Value:
        self._trace.append(id(node))
        owner = self.evaluate(node.value, place)
        match owner:
            case ModuleValue(name=name):
                return self.member(name, node.attr, node, place)
            case Foreign(dotted=dotted):
                self._trace.append(Use(node.attr, dotted))
                return self._member_of(dotted, node, place)
            case Const(value=str()) if node.attr == "value" and isinstance(
                node.value, ast.Attribute
            ):
                return owner
            case Definition(kind="class"):
                return self._method(owner, node, place)
            case Unknown():
                return owner
            case _:
                return place.unknown(f"the attribute {_short(node.attr)} is not followed", node)

    def _member_of(self, dotted: str, node: ast.Attribute, place: Place) -> Value:
        """Return an attribute of something foreign: the host's enumerations are known."""
        at = place.module.at(node)
        if dotted in _CAPABILITY and node.attr in self.node.capability_members:
            return Const(self.node.capability_members[node.attr], at)
        if dotted in _HOOK_NAME and node.attr in self.node.hook_members:
            return Const(self.node.hook_members[node.attr], at)
        return Foreign(f"{dotted}.{node.attr}", at)

    def _method(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        """Follow ``Class.method`` where nothing but the class's own body can decide it."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        if not isinstance(module, Module) or binding is None:
            return place.unknown("a class inside a function is not followed", node)
        match binding.node:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[]) as definition:
                scope = scope_of(definition, module.syntax.source)
                found = scope.only(node.attr)
                method = found.node if found and not scope.star else None
                if (
                    isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
                    and self._is_plain_method(method, scope, module)
                    and not node.attr.startswith("__")
                ):
                    self._trace.append(Use(node.attr, owner.module))
                    qualname = f"{owner.qualname}.{method.name}"
                    return Definition("function", owner.module, qualname, module.at(method))
            case _:
                pass
        return place.unknown(f"the attribute {_short(node.attr)} of a class is not followed", node)

    def _is_plain_method(self, method: Function, scope: Scope, module: Module) -> bool:
        match method.decorator_list:
            case []:
                return True
            case [ast.Name(id="staticmethod" | "classmethod" as name)]:
                shadowed = name in scope.bindings or name in module.scope.bindings
                self._trace.append(Use(name, module.name))
                return not shadowed and not module.scope.star
            case _:
                return False

    # Calls

    def _call(self, node: ast.Call, place: Place) -> Value:
        start = len(self._trace)
        called = self.evaluate(node.func, place)
        self._unsee(start)
        match called:
            case Foreign(dotted=dotted) if dotted.startswith("builtins."):
                return self._builtin(dotted.removeprefix("builtins."), node, place)
            case Foreign():
                return Result(place.module.at(node))
            case _:
                return place.unknown(
                    f"it is computed by {_called(node.func)}, which is not followed", node
                )

    def _builtin(self, name: str, node: ast.Call, place: Place) -> Value:
        at = place.module.at(node)
        if name == "dict":
            return self._dict_call(node, place)
        if (
            node.keywords
            or len(node.args) > 1
            or any(isinstance(arg, ast.Starred) for arg in node.args)
        ):
            return place.unknown(f"this call of {name}() is not followed", node)
        value = self.evaluate(node.args[0], place) if node.args else None
        match name, value:
            case _, Unknown():
                return value
            case "str", None:
                return Const("", at)
            case "str", Const(value=str()):
                return Const(value.value, at)
            case _, None if name in _COLLECTIONS:
                return Collection(name, (), at)
            case "tuple" | "list", Collection() if unordered(value):
                return place.unknown("it lists a set, whose order is not certain", node)
            case _, Collection() if name in _COLLECTIONS:
                return Collection(name, value.items, at)
            case _, Mapping() if name in ("set", "frozenset"):
                return Collection(name, tuple(key for key, _ in value.pairs), at)
            case _:
                return place.unknown(f"this call of {name}() is not followed", node)

    def _dict_call(self, node: ast.Call, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        sources: list[ast.expr] = [*node.args]
        if len(sources) > 1 or any(isinstance(arg, ast.Starred) for arg in sources):
            return place.unknown("this call of dict() is not followed", node)
        sources += [word.value for word in node.keywords if word.arg is None]
        for source in sources:
            value = self.evaluate(source, place)
            if isinstance(value, Unknown):
                return value
            if not isinstance(value, Mapping):
                return place.unknown("this call of dict() is not followed", source)
            pairs.extend(self._copied(value.pairs))
        for word in node.keywords:
            if word.arg is not None:
                key = Const(word.arg, place.module.at(word.value))
                pairs.append((key, self.evaluate(word.value, place)))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return Mapping(tuple(pairs), place.module.at(node))


def origin(statement: ast.ImportFrom, module: Module) -> str | None:
    """Return the absolute name of the module a ``from`` import reads; ``None`` if it leads out."""
    if not statement.level:
        return statement.module or ""
    parts = module.package.split(".") if module.package else []
    if statement.level > len(parts):
        return None
    base = parts[: len(parts) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def assigned(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return every name that a plain assignment gives its value to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _changeable(value: Value) -> bool:
    """Say whether a value, or one inside it, could be changed in place."""
    match value:
        case Collection(kind="tuple" | "frozenset"):
            return not all(isinstance(item, (Const, Definition, Made)) for item in value.items)
        case Collection() | Mapping():
            return True
        case _:
            return False


def unordered(value: Collection) -> bool:
    """Say whether the order of a collection's items is up to chance."""
    return value.kind in ("set", "frozenset") and len(value.items) > 1


def _short(name: str) -> str:
    return shorten(name, 80)


def _called(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "a call"
    return shorten(".".join([node.id, *reversed(parts)]), 80) + "()"


_NAMES: dict[str, str] = {
    "IfExp": "a conditional expression",
    "BoolOp": "an expression with and/or",
    "Compare": "a comparison",
    "Subscript": "a subscript",
    "Lambda": "a lambda, which has no name to compare it by,",
    "Await": "an await expression",
    "NamedExpr": "an assignment inside an expression",
    "UnaryOp": "this operation",
    "ListComp": "a comprehension",
    "SetComp": "a comprehension",
    "DictComp": "a comprehension",
    "GeneratorExp": "a generator expression",
}


def _construct(node: ast.expr) -> str:
    return _NAMES.get(type(node).__name__, "this expression")
