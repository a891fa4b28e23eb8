"""What answers a path, as far as FastAPI may not take it: the types it asks for and returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review.code.names import Function
from stigmem_review.interpret import objects, routers, schemaless
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import MISSING, NONE, Ref, Value


def check(m: Machine, function: Value, response: Value = NONE) -> None:
    """Note what FastAPI may not take of a function that answers a path or is depended on.

    ``response`` is the model of what it returns, and ``MISSING`` where its annotation says that.
    """
    node, env = _written(m, function)
    found: list[str] = []
    if node is not None and env is not None:
        found += _parameters(m, node, env)
        returned = getattr(node, "returns", None)
        if response == MISSING and returned is not None:
            found += schemaless.annotated(m, returned, env, alone=True)
    if response not in (MISSING, NONE):
        found += schemaless.unfit(m, response)
    schemaless.note(m, found)


def _written(m: Machine, function: Value) -> tuple[Function | None, Env | None]:
    function = routers.behind(m, function)
    if isinstance(function, Ref) and function.kind == "class":
        function = objects.lookup(m, function, "__init__")
    if not isinstance(function, Ref) or function.kind != "function":
        return None, None
    thing = m.thing(function)
    return (thing.node, thing.env) if isinstance(thing.node, Function) else (None, None)


def _parameters(m: Machine, node: Function, env: Env) -> Iterator[str]:
    args = node.args
    placed = [*args.posonlyargs, *args.args]
    without = [None] * (len(placed) - len(args.defaults))
    every = zip(placed, (*without, *args.defaults), strict=True)
    named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    rest = ((each, None) for each in (args.vararg, args.kwarg) if each)
    for each, default in (*every, *named, *rest):
        if each.annotation is None or (default and _is_dependency(m, default, env)):
            continue
        yield from schemaless.annotated(m, each.annotation, env, alone=True)


def _is_dependency(m: Machine, default: ast.expr, env: Env) -> bool:
    value = routers.quietly(m, default, env)
    return isinstance(value, Ref) and m.thing(value).type == routers.DEPENDS
