"""Reads the value of an expression from its syntax, following names to their one binding.

Sound before complete: a name counts only if its scope binds it exactly once and plainly, so that
its value does not depend on when it is read. What is not listed here is unknown, with the reason.
What live code could still change behind a name's back is looked at in ``factory``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

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
from stigmem_review.syntax.scope import Binding, Function, Scope
from stigmem_review.text import clean, shorten

_COLLECTIONS = {"frozenset": "frozenset", "set": "set", "tuple": "tuple", "list": "list"}
_BUILTINS = frozenset({*_COLLECTIONS, "dict", "str"})
_HOST = ("stigmem_node.plugins", "stigmem_node.plugins.manifest")
MANIFEST_CLASSES = frozenset(f"{module}.PluginManifest" for module in _HOST)
_CAPABILITY = frozenset(
    {"stigmem_node.plugins.Capability", "stigmem_node.plugins.capabilities.Capability"}
)
_HOOK_NAME = frozenset({"stigmem_node.plugins.HookName", "stigmem_node.plugins.hooks.HookName"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: its module and, inside a function, that function's scope."""

    module: Module
    local: Scope | None = None
    qualname: str = ""

    def unknown(self, why: str, node: ast.AST) -> Unknown:
        return Unknown(why, self.module.at(node))


class Evaluator:
    """Evaluates expressions of one distribution.

    ``seen`` collects the ids of syntax nodes whose reading is accounted for, ``names`` every
    identifier a value was reached through, ``mutable`` the names that stand for a value which
    other code could change in place, with the module each belongs to.
    """

    def __init__(self, modules: Modules, node: Node) -> None:
        self.modules = modules
        self.node = node
        self.seen: set[int] = set()
        self.names: set[str] = set()
        self.mutable: dict[str, str] = {}
        self._steps = 0
        self._depth = 0

    def evaluate(self, node: ast.expr, place: Place) -> Value:
        """Return the value of an expression, or that it is unknown, where and why."""
        self._steps += 1
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(
                f"reading it takes more than {limits.EVALUATION_STEPS:,} steps", node
            )
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        try:
            return self._dispatch(node, place)
        finally:
            self._depth -= 1

    def _dispatch(self, node: ast.expr, place: Place) -> Value:
        at = place.module.at(node)
        match node:
            case ast.Constant(value=str() | int() | float() | bytes() | None as value):
                return Const(value, at)
            case ast.JoinedStr():
                return self._format(node, place)
            case ast.Tuple() | ast.List() | ast.Set():
                kind = type(node).__name__.lower()
                items = self._items(node.elts, place)
                return items if isinstance(items, Unknown) else Collection(kind, items, at)
            case ast.Dict():
                return self._dict(node, place)
            case ast.BinOp():
                return self._operation(node, place)
            case ast.Name(id=name):
                self.seen.add(id(node))
                return self.name(name, node, place)
            case ast.Attribute():
                return self._attribute(node, place)
            case ast.Call():
                return self._call(node, place)
            case _:
                return place.unknown(f"{_construct(node)} is not followed", node)

    # Displays

    def _items(self, nodes: list[ast.expr], place: Place) -> tuple[Value, ...] | Unknown:
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
                items.extend(spread.items)
            else:
                items.append(self.evaluate(node, place))
        return tuple(items)

    def _dict(self, node: ast.Dict, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.evaluate(value, place)
                if isinstance(spread, Unknown):
                    return spread
                if not isinstance(spread, Mapping):
                    return place.unknown("it spreads something that is not a known dict", value)
                pairs.extend(spread.pairs)
                continue
            known_key = self.evaluate(key, place)
            if isinstance(known_key, Unknown):
                return known_key
            pairs.append((known_key, self.evaluate(value, place)))
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
                    parts.append(str(value.value))
                case _:
                    return place.unknown("a format specification is not followed", piece)
        return self._text("".join(parts), node, place)

    def _text(self, text: str, node: ast.AST, place: Place) -> Value:
        if len(text) > limits.TEXT_CHARS:
            return place.unknown(f"it is text of more than {limits.TEXT_CHARS:,} characters", node)
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
                return Collection(left.kind, left.items + right.items, at)
            case ast.BitOr(), Collection(kind="set" | "frozenset"), Collection(
                kind="set" | "frozenset"
            ):
                return Collection(left.kind, left.items + right.items, at)
            case ast.BitOr(), Mapping(), Mapping():
                return Mapping(left.pairs + right.pairs, at)
            case _:
                return place.unknown("this operation is not followed", node)

    # Names

    def name(self, name: str, node: ast.AST, place: Place) -> Value:
        """Return what a name stands for where it is read."""
        if place.local and (name in place.local.bindings or place.local.star):
            return self._bound(name, node, place, place.local)
        return self._bound(name, node, Place(place.module), place.module.scope)

    def _bound(self, name: str, node: ast.AST, place: Place, scope: Scope) -> Value:
        if scope.star:
            return place.unknown(
                f"{clean(name)} could come from the star import in line {scope.star.lineno}", node
            )
        found = scope.bindings.get(name, [])
        if not found:
            if name in _BUILTINS and not place.local:
                return Foreign(f"builtins.{name}", place.module.at(node))
            return place.unknown(f"{clean(name)} is not defined in this module", node)
        binding = scope.only(name)
        if binding is None:
            lines = sorted({getattr(each.node, "lineno", 0) for each in found})
            where = ", ".join(map(str, lines[:5]))
            return place.unknown(
                f"{clean(name)} is bound more than once, or only under a condition (line {where})",
                node,
            )
        self.names.add(name)
        return self._follow(name, binding, place)

    def _follow(self, name: str, binding: Binding, place: Place) -> Value:
        match binding.node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                return self._assigned(name, value, place)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as definition:
                return self._definition(definition, place)
            case ast.Import() as statement:
                return self._import(name, statement, place)
            case ast.ImportFrom() as statement:
                return self._import_from(name, statement, place)
            case other:
                return place.unknown(f"{clean(name)} is a parameter", other)

    def _assigned(self, name: str, node: ast.expr, place: Place) -> Value:
        value = self.evaluate(node, place)
        match value:
            case Collection(kind="list" | "set") | Mapping():
                self.mutable[name] = place.module.name
            case Result() if place.local is None:
                return Made(place.module.name, name, place.module.at(node))
            case _:
                pass
        return value

    def _definition(self, node: Function | ast.ClassDef, place: Place) -> Value:
        if node.decorator_list:
            return place.unknown(
                f"{clean(node.name)} is decorated, and a decorator can replace what it decorates",
                node,
            )
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        prefix = f"{place.qualname}.<locals>." if place.local else ""
        return Definition(kind, place.module.name, prefix + node.name, place.module.at(node))

    def _import(self, name: str, statement: ast.Import, place: Place) -> Value:
        for alias in statement.names:
            if name == (alias.asname or alias.name.partition(".")[0]):
                dotted = alias.name if alias.asname else name
                return self._module_value(dotted, statement, place)
        return place.unknown(f"{clean(name)} is not imported here", statement)

    def _module_value(self, dotted: str, node: ast.AST, place: Place) -> Value:
        at = place.module.at(node)
        if self.modules.owns(dotted):
            return ModuleValue(dotted, at)
        return Foreign(dotted, at)

    def _import_from(self, name: str, statement: ast.ImportFrom, place: Place) -> Value:
        source = origin(statement, place.module)
        if source is None:
            return place.unknown("this relative import leads out of its package", statement)
        for alias in statement.names:
            if name == (alias.asname or alias.name):
                self.names.add(alias.name)
                return self.member(source, alias.name, statement, place)
        return place.unknown(f"{clean(name)} is not imported here", statement)

    def member(self, source: str, name: str, node: ast.AST, place: Place) -> Value:
        """Return what ``from source import name`` gives, as the import system decides it."""
        if not self.modules.owns(source):
            return Foreign(f"{source}.{name}", place.module.at(node))
        submodule = self.modules.get(f"{source}.{name}")
        module = self.modules.get(source)
        if isinstance(module, Unusable):
            return Unknown(module.why, module.at)
        if module is None:
            if submodule is None:
                return place.unknown(f"there is no module {clean(source)} in the release", node)
            return ModuleValue(f"{source}.{name}", place.module.at(node))
        bound = module.scope.bindings.get(name)
        if bound and submodule is not None and not _re_exports(bound, name, source, module):
            return place.unknown(
                f"{clean(source)}.{clean(name)} is both a submodule and bound in the package", node
            )
        if bound:
            return self._bound(name, node, Place(module), module.scope)
        if submodule is not None:
            return ModuleValue(f"{source}.{name}", place.module.at(node))
        if module.scope.star:
            return place.unknown(
                f"{clean(name)} could come from the star import in {module.path}, "
                f"line {module.scope.star.lineno}",
                node,
            )
        return place.unknown(f"{clean(source)} does not define {clean(name)}", node)

    def _attribute(self, node: ast.Attribute, place: Place) -> Value:
        self.seen.add(id(node))
        owner = self.evaluate(node.value, place)
        match owner:
            case ModuleValue(name=name):
                self.names.add(node.attr)
                return self.member(name, node.attr, node, place)
            case Foreign(dotted=dotted) if dotted in _CAPABILITY and (
                node.attr in self.node.capability_members
            ):
                return Const(self.node.capability_members[node.attr], place.module.at(node))
            case Foreign(dotted=dotted) if dotted in _HOOK_NAME and (
                node.attr in self.node.hook_members
            ):
                return Const(self.node.hook_members[node.attr], place.module.at(node))
            case Foreign(dotted=dotted):
                return Foreign(f"{dotted}.{node.attr}", place.module.at(node))
            case Const(value=str()) if node.attr == "value" and _is_member(node.value):
                return owner
            case Definition(kind="class"):
                return self._method(owner, node, place)
            case Unknown():
                return owner
            case _:
                return place.unknown(f"the attribute {clean(node.attr)} is not followed", node)

    def _method(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        """Follow ``Class.method`` where nothing but the class's own body can decide it."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        if not isinstance(module, Module) or binding is None:
            return place.unknown("a class inside a function is not followed", node)
        match binding.node:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[]) as definition:
                named = [
                    part
                    for part in ast.walk(definition)
                    if getattr(part, "name", None) == node.attr
                    or (isinstance(part, ast.Name) and part.id == node.attr)
                ]
                match named:
                    case [ast.FunctionDef(decorator_list=[]) as method] if (
                        method in definition.body
                    ):
                        self.names.add(node.attr)
                        qualname = f"{owner.qualname}.{method.name}"
                        return Definition("function", owner.module, qualname, module.at(method))
                    case _:
                        pass
            case _:
                pass
        return place.unknown(f"the attribute {clean(node.attr)} of a class is not followed", node)

    # Calls

    def _call(self, node: ast.Call, place: Place) -> Value:
        called = self.evaluate(node.func, place)
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
            case _, Collection() if name in _COLLECTIONS:
                return Collection(name, value.items, at)
            case _, Mapping() if name in _COLLECTIONS:
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
            pairs.extend(value.pairs)
        for word in node.keywords:
            if word.arg is not None:
                key = Const(word.arg, place.module.at(word.value))
                pairs.append((key, self.evaluate(word.value, place)))
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


def _re_exports(bound: list[Binding], name: str, source: str, module: Module) -> bool:
    """Say whether a package binds a name only by ``from .name import name``.

    Importing the submodule binds it in the package first; the import then rebinds the name.
    """
    match bound:
        case [Binding(node=ast.ImportFrom() as statement, plain=True)]:
            return origin(statement, module) == f"{source}.{name}"
        case _:
            return False


def _is_member(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute)


def _called(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "a call"
    return shorten(clean(".".join([node.id, *reversed(parts)])), 80) + "()"


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
