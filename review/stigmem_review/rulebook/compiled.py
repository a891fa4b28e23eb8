"""Rule expressions and messages: checked against the facts they name, then compiled by Jinja2.

What a release says is only ever a value here, never a template. Expressions compare and combine
fields; they cannot call, compute, loop or reach anything that is not a field of a fact.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal

import msgspec
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from stigmem_review.case import Case, NodeInfo, Side
from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS, Fact
from stigmem_review.host import CapabilityInfo, HookInfo
from stigmem_review.model import Level
from stigmem_review.rulebook.rules import Rule
from stigmem_review.text import Message, Segment, clean, shorten

# Marks around outside text in what a template renders. Neither can occur in rule files (a control
# character is not valid in TOML) nor in cleaned text.
_OPEN, _CLOSE = "\x02", "\x03"
_MARKED = re.compile(f"{_OPEN}(.*?){_CLOSE}")
_HELD: tuple[type[nodes.Node], ...] = (
    nodes.And,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Const,
    nodes.Filter,
    nodes.Getattr,
    nodes.If,
    nodes.List,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
    nodes.Tuple,
)


class Code(str):
    """Outside text in a message."""

    __slots__ = ()


def _code(value: Any) -> Code:
    texts = value if isinstance(value, tuple) else (value,)
    return Code(", ".join(f"{_OPEN}{clean(shorten(str(text), 400))}{_CLOSE}" for text in texts))


def _finalize(value: Any) -> str:
    return value if isinstance(value, Code) else clean(str(value))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_finalize, autoescape=False
    )
    environment.filters = {"code": _code}
    environment.tests = {}
    environment.globals = {}
    return environment


class Compiled:
    """One rule, checked and ready to judge facts of the kinds it is about."""

    def __init__(self, rule: Rule) -> None:
        """Raises ``RuleError`` where an expression or the message is not one."""
        self._rule = rule
        self._when = self._condition("when", rule.when)
        self._heavier: tuple[tuple[Level, Callable[..., Any] | None], ...] = (
            ("error", self._condition("error-when", rule.error_when)),
            ("warning", self._condition("warning-when", rule.warning_when)),
        )
        self._parse("says", rule.says)
        self._says = _environment().from_string(rule.says)

    def level(self, fact: Fact, case: Case) -> Level | None:
        """Return the level at which the rule fires on a fact; ``None`` if it does not."""
        if self._when is not None and not self._true("when", self._when, fact, case):
            return None
        for level, condition in self._heavier:
            if condition is not None and self._true(f"{level}-when", condition, fact, case):
                return level
        return self._rule.level

    def says(self, fact: Fact, case: Case) -> Message:
        """Return the rule's message about a fact."""
        try:
            text = self._says.render(_names(fact, case))
        except TemplateError as error:
            raise self._error("says", str(error)) from None
        pieces = _MARKED.split(text)
        return tuple(
            Segment(piece, theirs=bool(index % 2)) for index, piece in enumerate(pieces) if piece
        )

    def _true(self, key: str, condition: Callable[..., Any], fact: Fact, case: Case) -> bool:
        try:
            result = condition(_names(fact, case))
        except TemplateError as error:
            raise self._error(key, str(error)) from None
        if not isinstance(result, bool):
            raise self._error(key, f"it must be true or false and is {type(result).__name__}")
        return result

    def _condition(self, key: str, text: str) -> Callable[..., Any] | None:
        if not text:
            return None
        self._parse(key, "{{ (" + text + ") }}")
        return _environment().compile_expression(text, undefined_to_none=False)

    def _parse(self, key: str, text: str) -> None:
        try:
            tree = _environment().parse(text)
        except TemplateError as error:
            raise self._error(key, str(error)) from None
        for kind in self._rule.on:
            try:
                _check(tree, KINDS[kind], condition=key != "says")
            except ValueError as error:
                raise self._error(key, f"{error} (on {kind})") from None

    def _error(self, key: str, why: str) -> RuleError:
        return RuleError(f"rule {self._rule.id}, {key}: {clean(shorten(why))}")


@cache
def compiled(rule: Rule) -> Compiled:
    """Return a rule compiled; once in a process. Raises ``RuleError`` where it is not valid."""
    return Compiled(rule)


def _names(fact: Fact, case: Case) -> dict[str, Any]:
    return {"fact": fact, "old": case.old, "new": case.new, "node": case.node}


# The static check


def _check(tree: nodes.Node, kind: type[Fact], *, condition: bool) -> None:
    roots: dict[str, Any] = {"fact": kind, "old": Side, "new": Side, "node": NodeInfo}
    for node in _walk(tree):
        if not isinstance(node, _HELD):
            raise ValueError(f"{type(node).__name__} is not allowed here")
        if isinstance(node, nodes.Filter) and (condition or node.name != "code"):
            raise ValueError(f"the filter {node.name} is not allowed here")
        if isinstance(node, (nodes.Getattr, nodes.Name)):
            _type_of(node, roots)
        if isinstance(node, nodes.Compare):
            _check_compare(node, roots)
    if not condition:
        for output in tree.find_all(nodes.Output):
            for part in output.nodes:
                _check_output(part, roots)


def _walk(node: nodes.Node) -> Iterable[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _type_of(node: nodes.Node, roots: dict[str, Any]) -> Any:
    if isinstance(node, nodes.Name):
        if node.name not in roots:
            raise ValueError(f"there is no {node.name}; there are {', '.join(roots)}")
        return roots[node.name]
    if isinstance(node, nodes.Getattr):
        owner = _type_of(node.node, roots)
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


def _check_compare(node: nodes.Compare, roots: dict[str, Any]) -> None:
    """Check literals that a field of a closed set of values is compared with."""
    if not isinstance(node.expr, nodes.Getattr):
        return
    allowed = _literals(_type_of(node.expr, roots))
    for operand in node.ops:
        if operand.op not in ("eq", "ne", "in", "notin"):
            raise ValueError(f"the comparison {operand.op} is not allowed here")
        values = (
            operand.expr.items
            if isinstance(operand.expr, (nodes.List, nodes.Tuple))
            else [operand.expr]
        )
        for value in values:
            if allowed and isinstance(value, nodes.Const) and value.value not in allowed:
                raise ValueError(f"{value.value!r} is none of {', '.join(map(str, allowed))}")


def _literals(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def _check_output(node: nodes.Node, roots: dict[str, Any]) -> None:
    """Refuse to print outside text that is not marked as such."""
    match node:
        case nodes.TemplateData() | nodes.Const():
            return
        case nodes.Filter(name="code"):
            return
        case nodes.CondExpr():
            for part in filter(None, (node.expr1, node.expr2)):
                _check_output(part, roots)
        case nodes.Getattr() if _is_ours(node, roots):
            return
        case _:
            raise ValueError("a value that comes from a release is printed with the filter code")


def _is_ours(node: nodes.Getattr, roots: dict[str, Any]) -> bool:
    """Say whether a field holds words of ours: a closed set, or what is known of the host."""
    hint = _type_of(node, roots)
    if _literals(hint) or hint in (bool, int):
        return True
    owner = _type_of(node.node, roots)
    return owner in (HookInfo, CapabilityInfo, NodeInfo) and node.attr != "name"
