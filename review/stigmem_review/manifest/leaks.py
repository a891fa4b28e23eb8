"""Which values of a function may get names that nobody follows, and which are changed in place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from stigmem_review.code.nodes import children, walk
from stigmem_review.code.scope import Scope, arguments_of, outer_parts, scope_of
from stigmem_review.manifest.contacts import stored

MUTATORS = frozenset(
    (
        *("add", "append", "clear", "difference_update", "discard", "extend", "insert"),
        *("intersection_update", "pop", "popitem", "remove", "reverse", "setdefault", "sort"),
        *("symmetric_difference_update", "update", "__setitem__", "__delitem__", "__ior__"),
        *("__iadd__", "__isub__", "__iand__", "__ixor__"),
    )
)
_READING = frozenset(
    (
        *("copy", "count", "difference", "get", "index", "intersection", "isdisjoint"),
        *("issubset", "issuperset", "items", "join", "keys", "symmetric_difference", "union"),
        *("values",),
    )
)
COPYING = frozenset(
    ("any", "all", "bool", "dict", "frozenset", "len", "list", "set", "sorted", "tuple")
)
_FRESH = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.Compare,
)


class Leaks(NamedTuple):
    """The names of a function whose value may get a second name, or be kept elsewhere.

    ``loads`` are the places where that may happen; ``inner`` are those that functions inside use,
    whenever they run.
    """

    names: frozenset[str]
    loads: tuple[ast.Name, ...]
    inner: frozenset[str]
    copying: frozenset[str]
    """The builtins that copy what they are given, as far as nothing else has their name."""


def leaks_of(function: ast.FunctionDef, module: Scope, builtin: frozenset[str]) -> Leaks:
    """Return where values get other names; what copies a value, or looks at it, gives it none.

    ``builtin`` are the names of ``COPYING`` that mean what they mean everywhere.
    """
    own = {*scope_of(function, b"global :=").bindings, *stored(function)}
    copying = builtin - own
    manifest = {name for name in module.bindings if _is_manifest_class(name, module)} - own
    fine: set[int] = set()
    loads: list[ast.Name] = []
    inner: set[str] = set()
    stack: list[ast.AST] = [*function.body]
    while stack:
        node = stack.pop()
        match node:
            case ast.Name(ctx=ast.Load()):
                loads.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                # It runs when nobody looks.
                inner |= {part.id for part in walk(node) if isinstance(part, ast.Name)}
                continue
            case ast.Return(value=ast.expr() as value):
                fine |= _returned(value, copying)
            case ast.Call(func=ast.Name(id=called)):
                if called in manifest:
                    fine |= {id(word.value) for word in node.keywords}
                elif called in copying:
                    fine |= {id(each) for each in node.args}
            case ast.Call(func=ast.Attribute(value=owner, attr=method)):
                if method in _READING:
                    fine |= {id(owner), *map(id, node.args)}
                elif method in ("extend", "update"):
                    fine |= {id(each) for each in node.args}
            case ast.For(iter=source) | ast.comprehension(iter=source):
                fine.add(id(source))
            case ast.BinOp(left=left, right=right):
                fine |= {id(left), id(right)}
            case ast.AugAssign(value=value):
                fine.add(id(value))
            case ast.Compare(left=left, comparators=others):
                fine |= {id(left), *map(id, others)}
            case ast.Starred(value=value) | ast.keyword(arg=None, value=value):
                fine.add(id(value))
            case ast.Dict(keys=keys, values=values):
                fine |= {id(v) for k, v in zip(keys, values, strict=True) if k is None}
            case ast.If(test=test) | ast.IfExp(test=test):
                fine.add(id(test))
            case ast.UnaryOp(op=ast.Not(), operand=value):
                fine.add(id(value))
            case ast.Subscript(value=ast.Name() as value, ctx=ast.Store()):
                fine.add(id(value))
            case _:
                pass
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called_on = node.value.func
            if isinstance(called_on, ast.Attribute) and called_on.attr in MUTATORS:
                fine.add(id(called_on.value))
        stack += children(node)
    leaky = tuple(each for each in loads if id(each) not in fine)
    return Leaks(frozenset(inner | {each.id for each in leaky}), leaky, frozenset(inner), copying)


def leaks_late(function: ast.FunctionDef, name: str, leaks: Leaks) -> bool:
    """Say whether a name's value gets a second name only once nothing changes it any more.

    That is plain to see where it happens below the last change, and in no loop.
    """
    if name in leaks.inner:
        return False
    last = max(
        (
            getattr(each, "end_lineno", 0)
            for each in own_nodes(function)
            if name in {*changed_here(each)}
        ),
        default=0,
    )
    looped = {
        id(inner)
        for part in own_nodes(function)
        if isinstance(part, (ast.For, ast.AsyncFor, ast.While))
        for inner in walk(part)
    }
    return all(
        each.lineno > last and id(each) not in looped for each in leaks.loads if each.id == name
    )


def _is_manifest_class(name: str, module: Scope) -> bool:
    binding = module.only(name)
    match binding.node if binding else None:
        case ast.ImportFrom(module=str(source), level=0, names=names):
            return source.startswith("stigmem_node.plugins") and any(
                (each.asname or each.name) == name and each.name == "PluginManifest"
                for each in names
            )
        case _:
            return False


def _returned(value: ast.expr, copying: frozenset[str]) -> set[int]:
    """Return the names that a function gives back, also inside what it makes for that."""
    match value:
        case ast.Name():
            return {id(value)}
        case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return set().union(*(_returned(each, copying) for each in values))
        case ast.Call(func=ast.Name("dict"), keywords=words) if "dict" in copying:
            return set().union(*(_returned(word.value, copying) for word in words))
        case _:
            return set()


def is_fresh(function: ast.FunctionDef, name: str, copying: frozenset[str]) -> bool:
    """Say whether a name is only ever given values that nothing else holds."""
    fine: set[int] = set()
    stored: list[ast.AST] = [arg for arg in arguments_of(function.args) if arg.arg == name]
    for part in own_nodes(function):
        match part:
            case (
                ast.Assign(targets=[ast.Name() as target], value=value)
                | ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value)
            ):
                if _makes_something(value, copying):
                    fine.add(id(target))
            case ast.AnnAssign(target=target, value=None) | ast.AugAssign(target=target):
                fine.add(id(target))
            case ast.Name(id=found, ctx=ast.Store() | ast.Del()) if found == name:
                stored.append(part)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if part.name == name:
                stored.append(part)
            case ast.ExceptHandler(name=found) if found == name:
                stored.append(part)
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name.partition(".")[0] for alias in part.names]
                stored += [part] * (name in names)
            case _:
                pass
    return all(id(each) in fine for each in stored)


def _makes_something(value: ast.expr, copying: frozenset[str]) -> bool:
    return isinstance(value, _FRESH) or (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in copying
    )


_NOTABLE = (
    ast.Await,
    ast.Call,
    ast.Global,
    ast.NamedExpr,
    ast.Subscript,
    ast.Yield,
    ast.YieldFrom,
    ast.comprehension,
)


class Shape(NamedTuple):
    """What of a function's body stays the same however often it is followed.

    ``changed`` are the names whose values it changes in place, ``alone`` the ids of expressions
    that are statements, ``notable`` the nodes that can keep it from being followed, ``size`` how
    many nodes there are in all.
    """

    changed: frozenset[str]
    alone: frozenset[int]
    nonlocals: tuple[ast.Nonlocal, ...]
    notable: tuple[ast.AST, ...]
    size: int


def shape_of(function: ast.FunctionDef) -> Shape:
    """Return the shape of a function."""
    own, every = list(own_nodes(function)), list(walk(function))
    return Shape(
        changed=frozenset(changed_names(function)),
        alone=frozenset(id(part.value) for part in own if isinstance(part, ast.Expr)),
        nonlocals=tuple(part for part in every if isinstance(part, ast.Nonlocal)),
        notable=tuple(part for part in own if isinstance(part, _NOTABLE)),
        size=len(every),
    )


def changed_names(node: ast.AST) -> Iterator[str]:
    """Yield names whose values are changed in place."""
    for part in own_nodes(node):
        yield from changed_here(part)


def changed_here(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            if method in MUTATORS:
                yield name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            yield name
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a body that run with it, not those of functions defined in it."""
    stack: list[ast.AST] = (
        list(getattr(node, "body", ())) if isinstance(node, ast.FunctionDef) else [node]
    )
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack += outer_parts(part)
        elif isinstance(part, ast.ClassDef):
            stack += [*outer_parts(part), *part.body]
        else:
            stack += children(part)
