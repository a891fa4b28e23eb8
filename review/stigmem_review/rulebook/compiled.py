"""Rule conditions and messages: checked against the facts they name, and evaluated.

What is allowed is small: fields of a fact, comparisons, ``and``, ``or``, ``not``, ``if`` and one
filter that marks outside text. The syntax tree is evaluated as it stands; no code is generated, and
what a release says is only ever a value. Whatever the static check does not list does not exist.
"""

from __future__ import annotations

import ast
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Literal

import msgspec

from stigmem_review.case import Case, NodeInfo, Purpose, Side
from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS, Fact
from stigmem_review.host import CapabilityInfo, HookInfo
from stigmem_review.model import Level
from stigmem_review.rulebook.rules import Rule
from stigmem_review.rulebook.template import If, Template, expression, template
from stigmem_review.text import Message, Segment, shorten

_SHOWN = 400
"""How many characters of one outside text a message shows."""

_LISTED = 10
"""How many items of a list a message shows."""

_CONSTANTS = {"true": True, "false": False}


class Compiled:
    """One rule, checked and ready to judge facts of the kinds it is about."""

    def __init__(self, rule: Rule) -> None:
        """Raises ``RuleError`` where a condition or the message is not one."""
        self._rule = rule
        self._when = self._condition("when", rule.when)
        self._heavier: tuple[tuple[Level, ast.expr | None], ...] = (
            ("error", self._condition("error-when", rule.error_when)),
            ("warning", self._condition("warning-when", rule.warning_when)),
        )
        self._says = self._message(rule.says)

    def level(self, fact: Fact, case: Case) -> Level | None:
        """Return the level at which the rule fires on a fact; ``None`` if it does not."""
        names = _names(fact, case)
        if self._when is not None and not self._true("when", self._when, names):
            return None
        for level, condition in self._heavier:
            if condition is not None and self._true(f"{level}-when", condition, names):
                return level
        return self._rule.level

    def says(self, fact: Fact, case: Case) -> Message:
        """Return the rule's message about a fact."""
        return tuple(_joined(_segments(self._says, _names(fact, case))))

    def _true(self, key: str, condition: ast.expr, names: dict[str, Any]) -> bool:
        result = _value(condition, names)
        if not isinstance(result, bool):
            raise self._error(key, f"it must be true or false and is {type(result).__name__}")
        return result

    def _condition(self, key: str, text: str) -> ast.expr | None:
        if not text:
            return None
        try:
            tree = expression(text)
        except ValueError as error:
            raise self._error(key, str(error)) from None
        self._each_kind(key, lambda roots: _check(tree, roots))
        return tree

    def _message(self, text: str) -> Template:
        try:
            parts = template(text)
        except ValueError as error:
            raise self._error("says", str(error)) from None
        self._each_kind("says", lambda roots: _check_message(parts, roots))
        return parts

    def _each_kind(self, key: str, check: Callable[[dict[str, Any]], None]) -> None:
        for kind in self._rule.on:
            names = {"fact": KINDS[kind], "old": Side, "new": Side, "node": NodeInfo}
            try:
                check({**names, "purpose": Purpose})
            except ValueError as error:
                raise self._error(key, f"{error} (on {kind})") from None

    def _error(self, key: str, why: str) -> RuleError:
        return RuleError(f"rule {self._rule.id}, {key}: {shorten(why)}")


@cache
def compiled(rule: Rule) -> Compiled:
    """Return a rule compiled; once in a process. Raises ``RuleError`` where it is not valid."""
    return Compiled(rule)


# Evaluation


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    match node:
        case ast.Attribute():
            return getattr(_value(node.value, names), node.attr)
        case ast.Constant():
            return node.value
        case ast.Name():
            return names[node.id] if node.id in names else _CONSTANTS[node.id]
        case ast.List() | ast.Tuple():
            return [_value(item, names) for item in node.elts]
        case ast.BoolOp():
            ends = isinstance(node.op, ast.Or)
            value: Any = None
            for part in node.values:
                value = _value(part, names)
                if bool(value) is ends:
                    break
            return value
        case ast.UnaryOp():
            return not _value(node.operand, names)
        case ast.Compare():
            return _compare(node.ops[0], _value(node.left, names), node.comparators[0], names)
        case ast.IfExp():
            return _value(node.body if _value(node.test, names) else node.orelse, names)
        case ast.BinOp():
            return tuple(_code(_value(node.left, names)))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")


def _compare(how: ast.cmpop, left: Any, other: ast.expr, names: dict[str, Any]) -> bool:
    right = _value(other, names)
    match how:
        case ast.Eq():
            return bool(left == right)
        case ast.NotEq():
            return bool(left != right)
        case ast.In():
            return left in right
        case _:
            return left not in right


def _segments(message: Template, names: dict[str, Any]) -> Iterator[Segment]:
    for part in message:
        if isinstance(part, str):
            yield Segment(part)
        elif isinstance(part, If):
            chosen = part.then if _value(part.test, names) else part.otherwise
            yield from _segments(chosen, names)
        else:
            value = _value(part, names)
            if isinstance(value, tuple):
                yield from value
            else:
                yield Segment(str(value))


def _code(value: Any) -> Iterator[Segment]:
    """Yield outside text as segments that stay recognisable; of a tuple, its first items."""
    texts = value if isinstance(value, tuple) else (value,)
    for index, text in enumerate(texts[:_LISTED]):
        if index:
            yield Segment(", ")
        yield Segment(shorten(str(text), _SHOWN), theirs=True)
    if len(texts) > _LISTED:
        yield Segment(f" and {len(texts) - _LISTED} more")


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield segments with neighbours of ours put together."""
    ours = ""
    for segment in segments:
        if not segment.theirs:
            ours += segment.text
            continue
        if ours:
            yield Segment(ours)
            ours = ""
        yield segment
    if ours:
        yield Segment(ours)


def _names(fact: Fact, case: Case) -> dict[str, Any]:
    return {
        "fact": fact,
        "old": case.old,
        "new": case.new,
        "node": case.node,
        "purpose": case.purpose,
    }


# The static check


def _check_message(message: Template, roots: dict[str, Any]) -> None:
    for part in message:
        match part:
            case If(test, then, otherwise):
                _check(test, roots, in_message=True)
                _check_message(then, roots)
                _check_message(otherwise, roots)
            case ast.expr():
                _check(part, roots, in_message=True)
                _check_output(part, roots)
            case _:
                pass


def _check(node: ast.expr, roots: dict[str, Any], *, in_message: bool = False) -> None:
    """Raise ``ValueError`` for what is not allowed in an expression, or is not there."""
    inner: Iterable[ast.expr] = ()
    match node:
        case ast.Constant(value=str() | int()):
            pass
        case ast.Name() | ast.Attribute():
            _type_of(node, roots)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            inner = items
        case ast.BoolOp(values=parts):
            inner = parts
        case ast.UnaryOp(op=ast.Not(), operand=part):
            inner = [part]
        case ast.Compare():
            _check_compare(node, roots)
            inner = [node.left, *node.comparators]
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            inner = [test, body, otherwise]
        case ast.BinOp(left=part, op=ast.BitOr(), right=ast.Name(id=name)):
            if not in_message or name != "code":
                raise ValueError(f"the filter {name} is not allowed here")
            inner = [part]
        case _:
            raise ValueError(f"{type(node).__name__} is not allowed here")
    for each in inner:
        _check(each, roots, in_message=in_message)


def _type_of(node: ast.expr, roots: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        if node.id in _CONSTANTS:
            return bool
        if node.id not in roots:
            raise ValueError(f"there is no {node.id}; there are {', '.join(roots)}")
        return roots[node.id]
    if isinstance(node, ast.Attribute):
        owner = _type_of(node.value, roots)
        fields = _fields(owner) if isinstance(owner, type) else {}
        if node.attr not in fields:
            raise ValueError(
                f"there is no field {node.attr} in {getattr(owner, '__name__', owner)}"
            )
        return fields[node.attr]
    return None


@cache
def _fields(owner: type) -> dict[str, Any]:
    if not issubclass(owner, msgspec.Struct):
        return {}
    return {field.name: field.type for field in msgspec.structs.fields(owner)}


def _check_compare(node: ast.Compare, roots: dict[str, Any]) -> None:
    """Check literals that a field of a closed set of values is compared with."""
    if len(node.ops) != 1:
        raise ValueError("a chain of comparisons is not allowed here; join two with and")
    [how], [other] = node.ops, node.comparators
    if not isinstance(how, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
        raise ValueError(f"the comparison {type(how).__name__} is not allowed here")
    allowed = _literals(_type_of(node.left, roots))
    for value in other.elts if isinstance(other, (ast.List, ast.Tuple)) else [other]:
        if allowed and isinstance(value, ast.Constant) and value.value not in allowed:
            raise ValueError(f"{value.value!r} is none of {', '.join(map(str, allowed))}")


def _literals(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def _check_output(node: ast.expr, roots: dict[str, Any]) -> None:
    """Refuse to print outside text that is not marked as such."""
    match node:
        case ast.Constant() | ast.BinOp():
            return
        case ast.IfExp():
            for part in (node.body, node.orelse):
                _check_output(part, roots)
        case ast.Attribute() if _is_ours(node, roots):
            return
        case _:
            raise ValueError("a value that comes from a release is printed with the filter code")


def _is_ours(node: ast.Attribute, roots: dict[str, Any]) -> bool:
    """Say whether a field holds words of ours: a closed set, or what is known of the host."""
    hint = _type_of(node, roots)
    if _literals(hint) or hint in (bool, int):
        return True
    owner = _type_of(node.value, roots)
    return owner in (HookInfo, CapabilityInfo, NodeInfo) and node.attr != "name"
