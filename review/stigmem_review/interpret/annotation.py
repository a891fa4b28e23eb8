"""What reads annotations: texts in them are run, and classes in them are asked."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Sequence

from stigmem_review.host import apis
from stigmem_review.interpret import generic, objects
from stigmem_review.interpret.ends import FALLS, GiveUp
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.escape import OUTSIDE
from stigmem_review.interpret.heap import FLAGS, Thing
from stigmem_review.interpret.kinds import GENERIC, UNION
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.objects import mro
from stigmem_review.interpret.text import like
from stigmem_review.interpret.values import (
    MISSING,
    Const,
    Foreign,
    Missing,
    OneOf,
    Opaque,
    Ref,
    Tuple,
    Unknown,
    Value,
    words,
)

_SCHEMA = (
    *("__get_pydantic_core_schema__", "__get_pydantic_json_schema__", "__get_validators__"),
    *("__pydantic_init_subclass__", "__class_getitem__", "__mro_entries__"),
)
_BARE = frozenset(("builtins", "collections", "types", "typing", "typing_extensions"))
_THEMSELVES = frozenset(("Annotated", "Awaitable", "ClassVar", "Final", "Optional", "Union"))
"""What names the type of the object itself in square brackets, and not of what is in it."""
NONE_TYPE = Foreign("types.NoneType")
_NO_TYPES = "it is no class, nor a tuple of classes, nor a union"
_SEVERAL = tuple(
    map(
        Foreign,
        words("typing.Optional typing.Union typing_extensions.Optional typing_extensions.Union"),
    )
)
"""What square brackets make one of several types of, which an object can be asked for."""
_SHORT = 200
_BUILTINS = frozenset(dir(builtins))
_NESTED = 6
_BINDING = (ast.Lambda, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
"""What has names of its own."""
_PLAIN_NAMES = re.compile(r"[\w.,|\s\[\]]*")


def api_of(m: Machine, node: ast.expr | None, env: Env, depth: int = 0) -> str:
    """Return by what name an object goes that is of the type that an annotation names.

    It is ``?`` where that is nothing of which anything is known, and empty where it is something
    of the program, or one of several.
    """
    match node:
        case ast.Constant(value=str(text)) if len(text) < _SHORT and depth < _NESTED:
            try:
                return api_of(m, ast.parse(text.strip(), mode="eval").body, env, depth + 1)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return OUTSIDE
        case ast.Name() | ast.Attribute():
            match named(m, node, env):
                case Foreign(dotted=dotted) if dotted.partition(".")[0] not in _BARE:
                    return f"{dotted}()"
                case Foreign() | Const(value=None):
                    return OUTSIDE
                case Ref(kind="object") as ref if isinstance(generic.bare(m, ref), Foreign):
                    return OUTSIDE
                case Missing() if _last(node) in _BUILTINS:
                    return OUTSIDE
                case _:
                    return ""
        case ast.BinOp(left=left, right=right):
            inner = [left, right]
        case ast.Subscript(slice=ast.Tuple(elts=items)):
            inner = items
        case ast.Subscript(slice=index):
            inner = [index]
        case _:
            return OUTSIDE
    found = {api_of(m, each, env, depth + 1) for each in inner} if depth < _NESTED else {""}
    found.discard(OUTSIDE)
    held = isinstance(node, ast.Subscript) and _last(node.value) not in _THEMSELVES
    if not found:
        return OUTSIDE
    return found.pop() if len(found) == 1 and not held else ""


def value_of(m: Machine, value: Value, node: ast.expr | None, env: Env) -> Value:
    """Return what is known of a value by its annotation, where nothing else is."""
    if node is None or not isinstance(value, Unknown):
        return value
    api = api_of(m, node, env)
    return value if api == OUTSIDE else m.given_by(api, value.why)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def named(m: Machine, node: ast.expr, env: Env) -> Value:
    """Return what a dotted name stands for, without asking anybody."""
    match node:
        case ast.Name(id=name):
            return m.cells.get((m.frame_of(name, env).oid, name), MISSING)
        case ast.Attribute(value=owner, attr=attr):
            match named(m, owner, env):
                case Foreign(dotted=dotted):
                    return Foreign(apis.canonical(f"{dotted}.{attr}"))
                case Ref(kind="module") as ref:
                    return m.cells.get((ref.oid, attr), MISSING)
                case _:
                    return MISSING
        case _:
            return MISSING


def run_texts(m: Machine, value: Value) -> None:
    """Follow what takes texts for annotations: only names may stand in them."""
    match value:
        case Const(value=str(written)):
            if not _PLAIN_NAMES.fullmatch(written):
                m.doom("a text in an annotation is run")
        case Tuple(items=items):
            for each in items:
                run_texts(m, each)
        case OneOf() | Opaque() | Unknown():
            m.doom("a text in an annotation is run")
        case Ref(kind="list") as ref:
            run_texts(m, m.read(ref))
        case _:
            pass


def typed(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> None:
    """Follow what reads the annotations of a function: texts in them are run."""
    for each in ast.walk(node.args):
        if isinstance(each, ast.arg) and each.annotation:
            annotated(m, each.annotation, env)
    if node.returns:
        annotated(m, node.returns, env)


def annotated(m: Machine, node: ast.expr, env: Env) -> None:
    """Follow what makes a schema of an annotation: texts are run, classes are asked."""
    match node:
        case ast.Constant(value=str(written)):
            try:
                inner = ast.parse(written.strip(), mode="eval").body
            except (SyntaxError, ValueError):
                m.doom("a text in an annotation is run")
            ast.increment_lineno(inner, node.lineno - 1)
            annotated(m, inner, env)
        case ast.Constant():
            pass
        case _ if names_nothing(m, node, env):
            pass
        case ast.Name() | ast.Attribute():
            m.asked(m.evaluate(node, env))
        case ast.Subscript(value=owner, slice=index):
            found = m.evaluate(owner, env)
            if not isinstance(found, Foreign):
                m.doom("an annotation is looked into")
            match found.dotted.rpartition(".")[2], index:
                case "Literal", _:
                    pass
                case "Annotated", ast.Tuple(elts=[first, *rest]):
                    annotated(m, first, env)
                    for each_ in rest:
                        # A text beside a type is nobody's annotation.
                        if not isinstance(each_, ast.Constant):
                            _computed(m, each_, env)
                case _:
                    annotated(m, index, env)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for each_ in items:
                annotated(m, each_, env)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            annotated(m, left, env)
            annotated(m, right, env)
        case _:
            _computed(m, node, env)


def names_nothing(m: Machine, node: ast.expr, env: Env) -> bool:
    """Say whether a name in an annotation is not there: whoever reads it leaves it for later.

    Where the annotation is run as it is written, that has raised before anybody reads it.
    """
    parts = [*ast.walk(node)]
    if any(isinstance(each, _BINDING) for each in parts):
        return False
    names = (each for each in parts if isinstance(each, ast.Name) and each.id not in _BUILTINS)
    return any(named(m, each, env) == MISSING for each in names)


def _computed(m: Machine, node: ast.expr, env: Env) -> None:
    """Follow a part of an annotation that is evaluated once more for whoever reads it."""
    count = len(m.things)
    outcomes = m.run(lambda: m.evaluate(node, env))
    changed = [cell for cell in outcomes[0].delta if cell[0] < count and cell[1][0] not in FLAGS]
    if len(outcomes) > 1 or changed:
        m.doom("an annotation changes something")
    m.asked(m.settle(outcomes, FALLS))


def _is_plain_model(m: Machine, kind: Ref) -> bool:
    """Say whether a class is a model that makes its schema as all models do."""
    if "model" not in m.thing(kind).traits or m.is_escaped(kind):
        return False
    every = [each for each in mro(m, kind) if each not in (objects.MODEL, objects.OBJECT)]
    return all(
        isinstance(each, Ref) and all(m.read(each, name) == MISSING for name in _SCHEMA)
        for each in every
    )


def united(m: Machine, left: Value, right: Value) -> Value | None:
    """Return what ``|`` makes of two types; nothing where they may be something else."""
    if not all(_is_type(m, each) or each == Const(None) for each in (left, right)):
        return None
    if left == right == Const(None):
        return None
    every = dict.fromkeys((*_members(m, left), *_members(m, right)))
    return m.alloc(Thing("object", type=UNION, defaults=tuple(("", each) for each in every)))


def _members(m: Machine, value: Value) -> Sequence[Value]:
    """Return the types that a union is made of, or the one type that is none."""
    if isinstance(value, Ref) and m.thing(value).type == UNION:
        return [each for _, each in m.thing(value).defaults]
    return [value]


def _is_type(m: Machine, value: Value) -> bool:
    match value:
        case Ref(kind="class") as ref:
            return not m.is_escaped(ref)
        case Ref(kind="object") as ref:
            return m.thing(ref).type in (UNION, GENERIC)
        case Foreign(dotted=dotted):
            top, _, name = dotted.partition(".")
            return (
                isinstance(getattr(builtins, name, None), type)
                if top == "builtins"
                else (top in _BARE)
            )
        case _:
            return False


def types_in(m: Machine, value: Value) -> tuple[Value, ...]:
    """Return the types that a value stands for where any of several may be meant.

    Raises ``Exit`` where it is none that an object can be asked for, and ``GiveUp`` where that
    hangs on the object.
    """
    if generic.parts_of(m, value):
        if generic.bare(m, value) in _SEVERAL:
            raise GiveUp("whether something is of one of several types is not known")
        m.raise_("TypeError", Const(_NO_TYPES))
    if not isinstance(value, Tuple) and like(m, value) is not MISSING:
        m.raise_("TypeError", Const(_NO_TYPES))
    return _types_in(m, value)


def _types_in(m: Machine, value: Value) -> tuple[Value, ...]:
    if generic.parts_of(m, value):
        raise GiveUp("whether what is no class is reached is not known")
    match value:
        case Tuple(items=items):
            return tuple(found for each in items for found in _types_in(m, each))
        case Ref(kind="object") as ref if m.thing(ref).type == UNION:
            plain = [NONE_TYPE if each == Const(None) else each for each in _members(m, ref)]
            return tuple(found for each in plain for found in _types_in(m, each))
        case _:
            return (value,)


def asked(m: Machine, value: Value) -> None:
    """Ask what stands in an annotation for a schema: texts are run, classes are called."""
    match value:
        case Ref(kind="object"):
            for each in generic.inside(m, value):
                if isinstance(each, Ref) and each.kind == "class":
                    asked(m, each)
        case Foreign() | Const(value=None):
            pass
        case Ref(kind="class") as ref if not m.overrides(ref, _SCHEMA) and (
            "dataclass" not in m.thing(ref).traits
        ):
            pass
        case Ref(kind="class") as ref if _is_plain_model(m, ref):
            pass
        case Const(value=str()):
            m.doom("a text in an annotation is run")
        case _:
            m.escape(value)
            m.may_raise("what a class says of its schema is not followed")
