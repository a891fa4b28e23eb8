"""What reads annotations: texts in them are run, and classes in them are asked."""

from __future__ import annotations

import ast
import re

from stigmem_review.interpret import (
    objects,
)
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.machine import (
    FALLS,
    Machine,
)
from stigmem_review.interpret.objects import mro
from stigmem_review.interpret.values import (
    MISSING,
    Const,
    Foreign,
    OneOf,
    Opaque,
    Ref,
    Tuple,
    Unknown,
    Value,
)

_SCHEMA = (
    *("__get_pydantic_core_schema__", "__get_pydantic_json_schema__", "__get_validators__"),
    *("__pydantic_init_subclass__", "__class_getitem__", "__mro_entries__"),
)
_PLAIN_NAMES = re.compile(r"[\w.,|\s\[\]]*")


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
            for each in ast.walk(inner):
                if "lineno" in each._attributes:
                    each.lineno = node.lineno  # type: ignore[attr-defined]
            annotated(m, inner, env)
        case ast.Constant():
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


def _computed(m: Machine, node: ast.expr, env: Env) -> None:
    """Follow a part of an annotation that is evaluated once more for whoever reads it."""
    count = len(m.things)
    outcomes = m.run(lambda: m.evaluate(node, env))
    if len(outcomes) > 1 or any(oid < count for oid, _ in outcomes[0].delta):
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


def asked(m: Machine, value: Value) -> None:
    """Ask what stands in an annotation for a schema: texts are run, classes are called."""
    match value:
        case Foreign() | Const(value=None) | Ref(kind="object"):
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
