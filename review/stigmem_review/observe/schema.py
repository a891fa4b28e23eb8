"""The fields of the class that describes a plugin's configuration."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stigmem_review.code.modules import Module
from stigmem_review.manifest.frames import Place
from stigmem_review.manifest.values import Const
from stigmem_review.model import Manifest, Release, Setting
from stigmem_review.observe.places import Reader, source
from stigmem_review.outcomes import values
from stigmem_review.text import shorten

_DESCRIBES = frozenset({"description", "title", "examples", "deprecated"})
_BASES = 10


def settings(release: Release, reader: Reader) -> tuple[Setting, ...] | None:
    """Return the fields of the manifest's ``config_schema``, sorted by name.

    Those of base classes in the release count. ``None`` where there is no such class to read.
    """
    manifest = release.manifest
    schema = manifest.config_schema if isinstance(manifest, Manifest) else None
    classes = [each.value for each in values(schema) if each.value]
    if len(classes) != 1:
        return None
    name, _, qualname = classes[0].partition(":")
    module = reader.modules.get(name)
    binding = module.scope.only(qualname) if isinstance(module, Module) else None
    if not isinstance(module, Module) or not binding or not isinstance(binding.node, ast.ClassDef):
        return None
    found = {each.item: each for each in _fields(binding.node, Place(module), reader, 0)}
    return tuple(found[item] for item in sorted(found))


def _fields(node: ast.ClassDef, place: Place, reader: Reader, depth: int) -> Iterator[Setting]:
    """Yield the fields of a class, those of its bases before."""
    for base in reversed(node.bases) if depth < _BASES else ():
        found = reader.definition(reader.value(base, place))
        if found and isinstance(found[0], ast.ClassDef):
            yield from _fields(found[0], Place(found[1]), reader, depth + 1)
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                shown = source(statement.annotation)
                if name != "model_config" and "ClassVar" not in shown:
                    yield _field(name, statement, place, reader)
            case _:
                pass


def _field(name: str, statement: ast.AnnAssign, place: Place, reader: Reader) -> Setting:
    default, limits = _given(statement.value, place, reader)
    kind = statement.annotation
    match kind:
        case ast.Subscript(
            value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"),
            slice=ast.Tuple(elts=[inner, *rest]),
        ):
            kind = inner
            for each in rest:
                if _is_field(each, place, reader):
                    within, more = _given(each, place, reader)
                    default, limits = default or within, [*limits, *more]
                else:
                    limits.append(source(each))
        case _:
            pass
    shown = source(kind) + (f" ({', '.join(limits)})" if limits else "")
    return Setting(name, shorten(shown), default, reader.at(statement, place))


def _given(value: ast.expr | None, place: Place, reader: Reader) -> tuple[str, list[str]]:
    """Return a field's default, empty if there is none, and what else ``Field(...)`` says."""
    if value is None:
        return "", []
    if not isinstance(value, ast.Call) or not _is_field(value, place, reader):
        return _default(value, place, reader), []
    default, limits = (_default(value.args[0], place, reader) if value.args else ""), []
    for word in value.keywords:
        if word.arg == "default":
            default = _default(word.value, place, reader)
        elif word.arg == "default_factory":
            default = f"{source(word.value)}()"
        elif word.arg is None:
            limits.append(f"**{source(word.value)}")
        elif word.arg not in _DESCRIBES:
            limits.append(f"{word.arg}={_default(word.value, place, reader) or '...'}")
    return default, limits


def _default(node: ast.expr, place: Place, reader: Reader) -> str:
    """Return a default in words: a constant, however it is written, or else the expression."""
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return ""
    value = reader.value(node, place)
    return shorten(repr(value.value) if isinstance(value, Const) else source(node))


def _is_field(node: ast.expr, place: Place, reader: Reader) -> bool:
    return (
        isinstance(node, ast.Call)
        and reader.foreign(node.func, place).startswith("pydantic")
        and reader.foreign(node.func, place).endswith(".Field")
    )
