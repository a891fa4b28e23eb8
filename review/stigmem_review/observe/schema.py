"""The fields of the class that describes a plugin's configuration."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import partial

from stigmem_review.code.nodes import walk
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.registered import possible
from stigmem_review.interpret.routers import quietly, written
from stigmem_review.interpret.values import NONE, Const, Foreign, Ref, Value
from stigmem_review.model import Manifest, Release, Setting, Unknown
from stigmem_review.text import shorten

_DESCRIBES = frozenset({"description", "title", "examples", "deprecated"})
_FIELD = Foreign("pydantic.Field")


def settings(release: Release, programs: Iterable[Program]) -> tuple[Setting, ...] | None:
    """Return the fields of the manifest's ``config_schema``, sorted by name.

    Those of base classes in the release count. ``None`` where there is no such class to read.
    """
    manifest = release.manifest
    schema = manifest.config_schema if isinstance(manifest, Manifest) else None
    if schema is None or isinstance(schema, Unknown):
        return None
    found: dict[str, Setting] | None = None
    for program in programs:
        for kind in possible(program, "config_schema"):
            if isinstance(kind, Ref) and kind.kind == "class":
                found = {} if found is None else found
                program.look(partial(_read, program.machine, kind, found))
    return None if found is None else tuple(found[item] for item in sorted(found))


def _read(m: Machine, kind: Ref, found: dict[str, Setting]) -> Value:
    for each in reversed((kind, *m.thing(kind).mro)):
        if isinstance(each, Ref):
            found.update((one.item, one) for one in _fields(m, each))
    return NONE


def _fields(m: Machine, kind: Ref) -> Iterator[Setting]:
    env = m.thing(kind).env
    if env is None:
        return
    annotations = {id(each) for each in m.fields.get(kind.oid, {}).values()}
    for statement in walk(env.module.tree) if annotations else ():
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if id(
                annotation
            ) in annotations and not name.startswith("_"):
                if name != "model_config" and "ClassVar" not in written(annotation):
                    yield _field(m, name, statement, env)
            case _:
                pass


def _field(m: Machine, name: str, statement: ast.AnnAssign, env: Env) -> Setting:
    default, limits = _given(m, statement.value, env)
    kind = statement.annotation
    match kind:
        case ast.Subscript(
            value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"),
            slice=ast.Tuple(elts=[inner, *rest]),
        ):
            kind = inner
            for each in rest:
                if _is_field(m, each, env):
                    within, more = _given(m, each, env)
                    default, limits = default or within, [*limits, *more]
                else:
                    limits.append(written(each))
        case _:
            pass
    shown = written(kind) + (f" ({', '.join(limits)})" if limits else "")
    return Setting(name, shorten(shown), default, env.module.at(statement))


def _given(m: Machine, value: ast.expr | None, env: Env) -> tuple[str, list[str]]:
    """Return a field's default, empty if there is none, and what else ``Field(...)`` says."""
    if value is None:
        return "", []
    if not isinstance(value, ast.Call) or not _is_field(m, value, env):
        return _default(m, value, env), []
    default, limits = (_default(m, value.args[0], env) if value.args else ""), []
    for word in value.keywords:
        if word.arg == "default":
            default = _default(m, word.value, env)
        elif word.arg == "default_factory":
            default = f"{written(word.value)}()"
        elif word.arg is None:
            limits.append(f"**{written(word.value)}")
        elif word.arg not in _DESCRIBES:
            limits.append(f"{word.arg}={_default(m, word.value, env) or '...'}")
    return default, limits


def _default(m: Machine, node: ast.expr, env: Env) -> str:
    """Return a default in words: a constant, however it is written, or else the expression."""
    value = quietly(m, node, env)
    if value == Const(...):
        return ""
    if isinstance(value, Ref) and value.kind == "object" and m.thing(value).type == _FIELD:
        held = dict(m.thing(value).defaults)
        value = held.get("", held.get("default", Const(...)))
        if "default_factory" not in held and value == Const(...):
            return ""
    return shorten(repr(value.value) if isinstance(value, Const) else written(node))


def _is_field(m: Machine, node: ast.expr, env: Env) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = quietly(m, node.func, env)
    return isinstance(function, Foreign) and (
        function.dotted.startswith("pydantic") and function.dotted.endswith(".Field")
    )
