"""What a node prints of an exception, word for word: Python's texts, and pydantic's.

What only the node knows is a ``HOLE``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec

from stigmem_review.host import Node
from stigmem_review.interpret import host
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.protocols import type_name
from stigmem_review.interpret.values import (
    NONE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Value,
    View,
)
from stigmem_review.model import HOLE

_AS_PYTHON = re.compile(
    r"name '\w+' is not defined"
    r"|No module named '[\w.]+'(?:; '[\w.]+' is not a package)?"
    r"|'\w+' object has no attribute '\w+'"
    r"|type object '\w+' has no attribute '\w+'"
    r"|module '[\w.]+' has no attribute '\w+'"
    r"|cannot import name '\w+' from .*"
    r"|unhashable type: '\w+'"
    r"|'\w+' is an invalid keyword argument for print\(\)"
    r"|'\w+' object does not support the context manager protocol"
    r"|APIRouter\.__init__\(\) got an unexpected keyword argument '\w+'"
    r"|pop from empty list|list\.remove\(x\): x not in list"
    r"|attempted relative import beyond top-level package"
    r"|handler timeout .*|could not convert string to float: .*"
    r"|A path prefix must start with '/'|A path prefix must not end with '/'.*"
)
"""What the machine raises itself in Python's own words, or the node's."""
_IN_MESSAGES: dict[Value, str] = {
    Foreign("builtins.FileNotFoundError"): f"[Errno 2] No such file or directory: '{HOLE}{{}}'",
    Foreign("builtins.SyntaxError"): "{}",
}
"""Exceptions of which the machine knows what Python makes of what it says."""
_SHOWN = 50
"""Characters of a value that pydantic shows."""


def printed(m: Machine, value: Value, node: Node) -> str:
    """Return what ``str`` gives of an exception that was raised, where the machine is after it."""
    if not isinstance(value, Ref) or value.kind != "instance":
        return HOLE
    thing = m.thing(value)
    if isinstance(thing.extra, host.Written):
        return _refusal(m, node, thing.extra)
    args = m.cells.get((value.oid, "args"))
    if value.oid in m.messages and thing.type in _IN_MESSAGES:
        return _IN_MESSAGES[thing.type].format(m.messages[value.oid])
    if value.oid in m.messages and not (isinstance(args, Tuple) and _is_builtin(thing.type)):
        message = m.messages[value.oid]
        if not _is_builtin(thing.type):
            # What a library said itself.
            return message
        return message if _AS_PYTHON.fullmatch(message) else HOLE
    try:
        return _text(m, value, args)
    except GiveUp:
        return HOLE


def _is_builtin(kind: Value) -> bool:
    return not isinstance(kind, Foreign) or kind.dotted.startswith("builtins.")


def _text(m: Machine, value: Ref, args: Value | None) -> str:
    plain = not m.special(value, "__str__") and not m.special(value, "__repr__")
    if plain and isinstance(args, Tuple) and len(args.items) == 1:
        kind = m.thing(value).type
        shown = m.repr_of if m.derives(kind, Foreign("builtins.KeyError")) else m.text_of
        return _told(shown(args.items[0]))
    return _told(m.text_of(value))


def _told(value: object) -> str:
    """Return a text, with a hole for each part of it that is not known."""
    match value:
        case Const(value=str(found)):
            return found
        case Opaque(key=("add", left, right)):
            return re.sub(f"{HOLE}+", HOLE, _told(left) + _told(right))
        case _:
            return HOLE


def type_of(m: Machine, value: Value) -> str:
    """Return the name of the type of a value; empty where that is not known."""
    if found := type_name(m, value):
        return found
    match value:
        case Ref(kind="class"):
            return "type" if not m.thing(value).traits else ""
        case Ref(kind="instance") as ref:
            kind = m.thing(ref).type
            return m.thing(kind).name if isinstance(kind, Ref) else _last(kind)
        case Ref(kind="manifest"):
            return "PluginManifest"
        case Ref(kind="object") as ref:
            return _last(m.thing(ref).type)
        case Ref(kind="coroutine" | "generator" | "partial" | "range" as kind):
            return kind
        case Ref(kind="genexp"):
            return "generator"
        case Member(enum=enum):
            return m.thing(enum).name if isinstance(enum, Ref) else _last(enum)
        case Foreign(dotted=dotted) if dotted == host.MANIFEST:
            return "ModelMetaclass"
        case Foreign(dotted=dotted) if dotted.startswith("builtins."):
            import builtins

            builtin = getattr(builtins, dotted.removeprefix("builtins."), None)
            return "" if builtin is None else type(builtin).__name__
        case _:
            return ""


def _last(value: Value) -> str:
    return value.dotted.rpartition(".")[2] if isinstance(value, Foreign) else ""


# Pydantic's words.


class _Error(msgspec.Struct):
    at: str
    message: str
    kind: str
    value: str
    type: str


_REASONS = {
    "string_type": "Input should be a valid string",
    "string_unicode": "Input should be a valid string, unable to parse raw data as a unicode "
    "string",
    "bool_parsing": "Input should be a valid boolean, unable to interpret input",
    "bool_type": "Input should be a valid boolean",
    "frozen_set_type": "Input should be a valid frozenset",
    "dict_type": "Input should be a valid dictionary",
    "callable_type": "Input should be callable",
    "tuple_type": "Input should be a valid tuple",
    "is_subclass_of": "Input should be a subclass of BaseModel",
    "missing": "Field required",
}


def _refusal(m: Machine, node: Node, written: host.Written) -> str:
    """Return all that is wrong with a manifest, as pydantic says it."""
    try:
        found = [*_errors(m, node, written)]
        if not found:
            found = [*_itself(m, written)]
    except GiveUp:
        found = []
    if not found:
        return HOLE
    lines = [f"{len(found)} validation error{'s' if len(found) > 1 else ''} for PluginManifest"]
    for each in found:
        lines += [each.at] if each.at else []
        lines += [
            f"  {each.message} [type={each.kind}, input_value={each.value}, "
            f"input_type={each.type}]",
            f"    For further information visit https://errors.pydantic.dev/{HOLE}/v/{each.kind}",
        ]
    return "\n".join(lines)


def _errors(m: Machine, node: Node, written: host.Written) -> Iterator[_Error]:
    for name in host.FIELDS:
        if name not in written.given:
            if name in host.REQUIRED:
                yield _Error(name, _REASONS["missing"], "missing", HOLE, "dict")
            continue
        value = m.narrowed(written.given[name])
        yield from _FIELDS[name](m, node, name, value)


def _error(m: Machine, at: str, kind: str, value: Value, message: str = "") -> _Error:
    return _Error(at, message or _REASONS[kind], kind, _input(m, value), type_of(m, value) or HOLE)


def _input(m: Machine, value: Value) -> str:
    """Return how pydantic shows a value: its ends, where it is long."""
    try:
        shown = m.repr_of(value)
    except GiveUp:
        return HOLE
    if not isinstance(shown, Const):
        return HOLE
    text = str(shown.value)
    if len(text) <= _SHOWN:
        return text
    half = math.ceil(_SHOWN / 2)
    return f"{text[:half]}...{text[-(half - 1) :]}"


def _itself(m: Machine, written: host.Written) -> Iterator[_Error]:
    # That is looked at only once all fields are well.
    yield _Error("", "Value error, plugin cannot depend on itself", "value_error", HOLE, "dict")


def _of_text(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    match value:
        case Const(value=bytes(data)):
            try:
                value = Const(data.decode())
            except UnicodeDecodeError:
                yield _error(m, name, "string_unicode", value)
                return
        case Member(mixin="str" | "StrEnum", value=Const() as inner):
            value = inner
        case Opaque(type="str"):
            return
        case Const(value=str()):
            pass
        case _:
            yield _error(m, name, "string_type", _known(value))
            return
    pattern = {"name": node.name_pattern, "version": node.version_pattern}.get(name)
    if pattern and isinstance(value, Const) and not pattern.fullmatch(value.value):
        said = f"String should match pattern '{pattern.pattern}$'"
        yield _error(m, name, "string_pattern_mismatch", value, said)


def _known(value: Value) -> Value:
    """Return a value of which it is known what it is. Raises ``GiveUp`` for others."""
    if isinstance(value, (Const, Tuple, Frozen, Ref, Bound, Member)):
        return value
    if isinstance(value, Foreign) and value.dotted.startswith("builtins."):
        return value
    raise GiveUp("what it is is not known")


def _of_flag(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    match value:
        case Const(value=bool() | 0 | 1 | 0.0 | 1.0) | Opaque(type="bool"):
            pass
        case Const(value=str(found)):
            if found.lower() not in host.TRUE | host.FALSE:
                yield _error(m, name, "bool_parsing", value)
        case Const(value=int()):
            yield _error(m, name, "bool_parsing", value)
        case Const(value=bytes()):
            raise GiveUp("bytes for a flag")
        case _:
            yield _error(m, name, "bool_type", _known(value))


def _of_names(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    match value:
        case Tuple(items=items) | Frozen(items=items):
            pass
        case Ref(kind="list" | "set") as ref:
            content = m.read(ref)
            if not isinstance(content, (Tuple, Frozen)):
                raise GiveUp("what is in it is not known")
            items = content.items
        case View() | Ref(kind="iterator" | "range" | "genexp" | "generator"):
            raise GiveUp("what is in it is not known")
        case _:
            yield _error(m, name, "frozen_set_type", _known(value))
            return
    wrong = [
        each
        for place, item in enumerate(items)
        for each in _of_text(m, node, f"{name}.{place}", item)
    ]
    if wrong or name != "capabilities":
        yield from wrong
        return
    known = frozenset(node.capabilities)
    names = sorted({_name(item) for item in items} - known)
    if names:
        said = f"Value error, unknown plugin capabilities: {', '.join(names)}"
        yield _error(m, name, "value_error", value, said)


def _name(value: Value) -> str:
    match value:
        case Const(value=str(found)) | Member(value=Const(value=str(found))):
            return found
        case _:
            raise GiveUp("a name is not known")


def _of_hooks(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    if not isinstance(value, Ref) or value.kind != "dict":
        yield _error(m, name, "dict_type", _known(value))
        return
    content = m.read(value)
    if not isinstance(content, Pairs):
        raise GiveUp("what is in it is not known")
    wrong: list[_Error] = []
    for _, key, handler in content.items:
        shown = _name(key) if isinstance(key, Member) else str(getattr(key, "value", HOLE))
        wrong += _of_text(m, node, f"{name}.{shown}.[key]", key)
        wrong += _of_callable(m, node, f"{name}.{shown}", m.narrowed(handler))
    yield from wrong
    names = [] if wrong else sorted({_name(k) for _, k, _ in content.items} - {*node.hooks})
    if names:
        said = f"Value error, unknown plugin hooks: {', '.join(names)}"
        yield _error(m, name, "value_error", value, said)


def _of_callable(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    if name == "health_check" and value == NONE:
        return
    if not is_callable(m, value):
        yield _error(m, name, "callable_type", _known(value))


def is_callable(m: Machine, value: Value) -> bool:
    """Say whether something can be called. Raises ``GiveUp`` where that is not known."""
    match value:
        case Ref(kind="manifest") | View():
            return False
        case Const() | Tuple() | Frozen() | Opaque():
            return False
        case Ref(kind="list" | "dict" | "set" | "module" | "coroutine" | "generator" | "range"):
            return False
        case Ref(kind="instance") as ref:
            return m.special(ref, "__call__")
        case Ref(kind="function" | "class" | "partial") | Bound():
            return True
        case Foreign(dotted=dotted) if m.is_object(dotted) or dotted == host.MANIFEST:
            return True
        case _:
            raise GiveUp("whether it can be called is not known")


def _of_routes(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    match value:
        case Tuple() | Frozen() | View():
            pass
        case Ref(kind="list" | "set" | "iterator" | "range" | "genexp" | "generator"):
            pass
        case _:
            yield _error(m, name, "tuple_type", _known(value))


def _of_schema(m: Machine, node: Node, name: str, value: Value) -> Iterator[_Error]:
    if value in (NONE, Foreign("pydantic.BaseModel")):
        return
    kind = isinstance(value, Ref) and value.kind == "class"
    derived = m.derives(value, Foreign("pydantic.BaseModel")) if kind else False
    if derived is None:
        raise GiveUp("whether it is a model is not known")
    if not derived:
        yield _error(m, name, "is_subclass_of", _known(value))


_FIELDS = {
    "name": _of_text,
    "version": _of_text,
    "requires_stigmem": _of_text,
    "capabilities": _of_names,
    "async_safe": _of_flag,
    "hooks": _of_hooks,
    "routes": _of_routes,
    "health_check": _of_callable,
    "config_schema": _of_schema,
    "depends_on": _of_names,
}
