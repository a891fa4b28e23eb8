"""What answers a path, as far as FastAPI may not take it: the types it asks for and returns.

FastAPI makes a schema of each (``fastapi.utils.create_model_field``), which ``pydantic`` has for
models and the like and for some classes of Python, and for no others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review.code.names import Function
from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret import doubts, generic, objects, routers
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.kinds import UNION
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Foreign,
    Ref,
    Tuple,
    Value,
    words,
)

_TAKEN = words(
    "abc builtins collections datetime decimal enum fractions http ipaddress os pathlib re ssl "
    "types typing typing_extensions urllib uuid zoneinfo"
)
"""Modules of Python with classes of which there are schemas."""
_MADE = words("dataclass enum model namedtuple typeddict") | {objects.UNFOLLOWED}
"""What classes are that have a schema, or may have one."""
_SCHEMAS = ("__get_pydantic_core_schema__", "__get_validators__", "__pydantic_core_schema__")
_PLAIN = ("abc", "builtins", "typing", "typing_extensions")
"""Modules of classes from which no schema is inherited."""
_UNASKED = words("Annotated Callable ClassVar Literal Type type")
"""What is given in square brackets and needs no schema, or has one by what is said beside it."""
_ALONE = words("BackgroundTasks HTTPConnection Request Response SecurityScopes WebSocket")
"""Classes whose objects FastAPI passes, or sends, where nothing else is named with them."""
_CONTEXT = Foreign("stigmem_node.plugins.PluginContext")


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
            found += _annotated(m, returned, env)
    if response not in (MISSING, NONE):
        found += _unfit(m, response, alone=False)
    for each in dict.fromkeys(found):
        doubts.note(m, f"whether FastAPI has a schema for {each} is not known")


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
        yield from _annotated(m, each.annotation, env)


def _is_dependency(m: Machine, default: ast.expr, env: Env) -> bool:
    value = routers.quietly(m, default, env)
    return isinstance(value, Ref) and m.thing(value).type == routers.DEPENDS


def _annotated(m: Machine, node: ast.expr, env: Env, *, alone: bool = True) -> Iterator[str]:
    """Yield what there may be no schema for in an annotation; what is not there yet is left."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            if not isinstance(inner, ast.Constant):
                yield from _annotated(m, inner, env, alone=alone)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            for each in (left, right):
                yield from _annotated(m, each, env, alone=False)
        case _:
            yield from _unfit(m, routers.quietly(m, node, env), alone=alone)


def _unfit(m: Machine, value: Value, *, alone: bool) -> Iterator[str]:
    """Yield the names of the types in one of which there may be no schema."""
    parts = generic.parts_of(m, value)
    match value:
        case Foreign(dotted=dotted) if _is_unfit(value, alone):
            yield dotted
        case Ref(kind="class") as ref if _has_none(m, ref):
            yield m.thing(ref).name
        case Ref(kind="object") as ref if m.thing(ref).type == UNION:
            for _, each in m.thing(ref).defaults:
                yield from _unfit(m, each, alone=False)
        case _ if parts is not None:
            owner, index = parts
            named = owner.dotted.rpartition(".")[2] if isinstance(owner, Foreign) else ""
            if named and named not in _UNASKED:
                for each in index.items if isinstance(index, Tuple) else (index,):
                    yield from _unfit(m, each, alone=False)
            elif not named:
                yield from _unfit(m, owner, alone=False)
        case _:
            pass


def _is_unfit(kind: Foreign, alone: bool) -> bool:
    top, _, name = kind.dotted.partition(".")
    if top in ("fastapi", "starlette"):
        last = name.rpartition(".")[2]
        return not alone and (last in _ALONE or last.endswith("Response"))
    return kind == _CONTEXT or (top in STANDARD and top not in _TAKEN)


def _has_none(m: Machine, kind: Ref) -> bool:
    """Say whether a class of the release has no schema, as far as it is written."""
    for each in objects.mro(m, kind):
        if isinstance(each, Foreign) and each.dotted.partition(".")[0] not in _PLAIN:
            return False
        if isinstance(each, Ref):
            thing = m.thing(each)
            if thing.traits & _MADE or any(name in thing.cells for name in _SCHEMAS):
                return False
    return True
