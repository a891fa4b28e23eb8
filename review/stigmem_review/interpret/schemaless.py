"""Types that there is no schema for: ``pydantic`` refuses a model with a field of one.

It makes schemas of models and the like and of some classes of Python, and of no others. FastAPI
asks for one of each type that a route names (``fastapi.utils.create_model_field``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret import doubts, generic, objects, routers
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.kinds import UNION
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import Foreign, Ref, Tuple, Value, words

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


def note(m: Machine, names: Iterable[str]) -> None:
    """Note that there may be no schema for some types."""
    for each in dict.fromkeys(names):
        doubts.note(m, f"whether pydantic has a schema for {each} is not known")


def annotated(m: Machine, node: ast.expr, env: Env, *, alone: bool = False) -> Iterator[str]:
    """Yield what there may be no schema for in an annotation; what is not there yet is left."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            if not isinstance(inner, ast.Constant):
                yield from annotated(m, inner, env, alone=alone)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            for each in (left, right):
                yield from annotated(m, each, env)
        case _:
            yield from unfit(m, routers.quietly(m, node, env), alone=alone)


def unfit(m: Machine, value: Value, *, alone: bool = False) -> Iterator[str]:
    """Yield the names of those that there may be no schema for, of all that a type is made of.

    ``alone`` if it may also be what FastAPI passes, or sends.
    """
    parts = generic.parts_of(m, value)
    match value:
        case Foreign(dotted=dotted) if _is_unfit(value, alone):
            yield dotted
        case Ref(kind="class") as ref if _has_none(m, ref):
            yield m.thing(ref).name
        case Ref(kind="object") as ref if m.thing(ref).type == UNION:
            for _, each in m.thing(ref).defaults:
                yield from unfit(m, each)
        case _ if parts is not None:
            owner, index = parts
            named = owner.dotted.rpartition(".")[2] if isinstance(owner, Foreign) else ""
            if named and named not in _UNASKED:
                for each in index.items if isinstance(index, Tuple) else (index,):
                    yield from unfit(m, each)
            elif not named:
                yield from unfit(m, owner)
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
