"""What the ``config_validate`` of one plugin says of another, by the ways in which it decides.

The node asks every plugin that it has registered before it registers the next
(``stigmem_node.plugins.registry``, ``register_plugin``). What those ways hang on is written as
Python writes it, of ``ctx`` and of ``plugin``, which is the other one's manifest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from stigmem_review.forecast.model import CONFIG
from stigmem_review.model import HOLE, Handler, Known, Manifest, Refusal

_FIELDS = ("name", "version", "requires_stigmem", "async_safe")
_SETS = ("capabilities", "depends_on")
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        {"startswith", "endswith", "lower", "upper", "strip", "removeprefix", "removesuffix"}
        | {"split"}
    ),
    frozenset: frozenset(
        {"issubset", "issuperset", "isdisjoint", "intersection", "union", "difference"}
    ),
}
"""What is asked of texts and sets, none of which changes them."""
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda one, other: one == other,
    ast.NotEq: lambda one, other: one != other,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Lt: lambda one, other: one < other,
    ast.LtE: lambda one, other: one <= other,
    ast.Gt: lambda one, other: one > other,
    ast.GtE: lambda one, other: one >= other,
}


class _Untold(Exception):
    """Nothing is known of what a condition comes to."""


def end_of(handler: Handler, own: Manifest, other: Manifest) -> str:
    """Return how a handler ends for another plugin; nothing where that cannot be told.

    ``own`` is the manifest of the plugin whose handler it is. An end is one of ``model.Way``.
    """
    ends = set()
    for way in handler.ways:
        held = [_is_so(atom, handler, own, other) for atom, _ in way.when]
        wanted = [so for _, so in way.when]
        if any(so is not None and so != want for so, want in zip(held, wanted, strict=True)):
            continue
        if None in held:
            return ""
        ends.add(way.end)
    return ends.pop() if len(ends) == 1 else ""


def _is_so(atom: str, handler: Handler, own: Manifest, other: Manifest) -> bool | None:
    for name, value in handler.constants:
        atom = atom.replace(f"<{name}>", value)
    try:
        return bool(_value(ast.parse(atom, mode="eval").body, {"ctx": own, "plugin": other}))
    except (SyntaxError, ValueError, TypeError, _Untold):
        return None


def _value(node: ast.expr, manifests: Mapping[str, Manifest]) -> Any:
    """Return what an expression comes to. Raises ``_Untold`` where that is not known."""

    def inner(each: ast.expr) -> Any:
        return _value(each, manifests)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return tuple(map(inner, items))
        case ast.Set(elts=items):
            return frozenset(map(inner, items))
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in manifests:
            name = name.removeprefix("plugin_") if owner == "ctx" else name
            return _field(manifests[owner], name)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return _COMPARISONS[type(op)](inner(left), inner(right))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not inner(operand)
        case ast.BoolOp(op=op, values=values):
            found = map(inner, values)
            return all(found) if isinstance(op, ast.And) else any(found)
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args, keywords=[]):
            held = inner(owner)
            if name in _METHODS.get(type(held), ()):
                return getattr(held, name)(*map(inner, args))
        case ast.Call(func=ast.Name(id="len"), args=[one], keywords=[]):
            return len(inner(one))
    raise _Untold


def _field(manifest: Manifest, name: str) -> Any:
    field = getattr(manifest, name, None)
    if isinstance(field, Known):
        if name in _FIELDS:
            return field.value
        if name in _SETS:
            return frozenset(field.value)
        if name == "hooks":
            return frozenset(each.name for each in field.value)
    raise _Untold


def verdict(end: str, handler: str, plugin: str) -> tuple[Refusal, str, str]:
    """Return what a node refuses where a handler ends so for a plugin, what it raises and says."""
    match end:
        case "deny":
            message = f"plugin {plugin!r} failed config validation: {HOLE}"
            return "CFG-OTHER-DENY", "ManifestError", message
        case "raises":
            message = f"handler {handler!r} failed for hook {CONFIG!r}: {HOLE}"
            return "CFG-OTHER-RAISE", "PluginExecutionError", message
        case "none":
            message = f"handler {handler!r} returned None; expected VotingDecision"
        case _:
            message = f"handler {handler!r} returned {HOLE}; expected Allow or Deny"
    return "CFG-OTHER-RESULT", "PluginExecutionError", message
