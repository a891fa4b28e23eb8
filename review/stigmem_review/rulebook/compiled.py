"""Rule conditions and messages: parsed by Jinja2, checked against the facts they name, evaluated.

People know the language from elsewhere, and Jinja2 parses it. What is allowed is small: fields of
a fact, comparisons, ``and``, ``or``, ``not``, ``if`` and one filter that marks outside text. So the
syntax tree is evaluated as it stands; no code is generated, and what a release says is only ever a
value. Whatever the static check does not list does not exist.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal

import msgspec
from jinja2 import Environment, TemplateError, nodes

from stigmem_review import limits
from stigmem_review.case import Case, NodeInfo, Purpose, Side
from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS, Fact
from stigmem_review.host import CapabilityInfo, HookInfo
from stigmem_review.model import Level
from stigmem_review.rulebook.rules import Rule
from stigmem_review.text import Message, Segment, shorten

_SHOWN = 400
"""How many characters of one outside text a message shows."""

_LISTED = 10
"""How many items of a list a message shows."""

_TOO_DEEP = "it is nested too deeply"

_ALLOWED: tuple[type[nodes.Node], ...] = (
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


class Compiled:
    """One rule, checked and ready to judge facts of the kinds it is about."""

    def __init__(self, rule: Rule) -> None:
        """Raises ``RuleError`` where a condition or the message is not one."""
        self._rule = rule
        self._when = self._condition("when", rule.when)
        self._heavier: tuple[tuple[Level, nodes.Node | None], ...] = (
            ("error", self._condition("error-when", rule.error_when)),
            ("warning", self._condition("warning-when", rule.warning_when)),
        )
        self._says = self._parse("says", rule.says)

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
        try:
            return tuple(_joined(_segments(self._says, _names(fact, case))))
        except TypeError as error:
            raise self._error("says", str(error)) from None

    def _true(self, key: str, condition: nodes.Node, names: dict[str, Any]) -> bool:
        try:
            result = _value(condition, names)
        except TypeError as error:  # what ``in`` is asked of may hold nothing
            raise self._error(key, str(error)) from None
        if not isinstance(result, bool):
            raise self._error(key, f"it must be true or false and is {type(result).__name__}")
        return result

    def _condition(self, key: str, text: str) -> nodes.Node | None:
        if not text:
            return None
        template = self._parse(key, "{{ (" + text + ") }}")
        match template.body:
            case [nodes.Output(nodes=[condition])]:
                return condition
            case _:
                raise self._error(key, "it is not one expression")

    def _parse(self, key: str, text: str) -> nodes.Template:
        try:
            tree = _environment().parse(text)
        except (TemplateError, ValueError) as error:
            raise self._error(key, str(error)) from None
        except RecursionError:
            raise self._error(key, _TOO_DEEP) from None
        for kind in self._rule.on:
            try:
                _check(tree, KINDS[kind], condition=key != "says")
            except ValueError as error:
                raise self._error(key, f"{error} (on {kind})") from None
        return tree

    def _error(self, key: str, why: str) -> RuleError:
        return RuleError(f"rule {self._rule.id}, {key}: {shorten(why)}")


@cache
def compiled(rule: Rule) -> Compiled:
    """Return a rule compiled; once in a process. Raises ``RuleError`` where it is not valid."""
    return Compiled(rule)


@cache
def _environment() -> Environment:
    return Environment(autoescape=False)  # noqa: S701 - it parses and never renders


# Evaluation


def _value(node: nodes.Node | None, names: dict[str, Any]) -> Any:
    match node:
        case nodes.Const():
            return node.value
        case nodes.Name():
            return names[node.name]
        case nodes.Getattr():
            return getattr(_value(node.node, names), node.attr)
        case nodes.List() | nodes.Tuple():
            return [_value(item, names) for item in node.items]
        case nodes.And():
            return _value(node.left, names) and _value(node.right, names)
        case nodes.Or():
            return _value(node.left, names) or _value(node.right, names)
        case nodes.Not():
            return not _value(node.node, names)
        case nodes.Compare():
            [operand] = node.ops
            return _compare(_value(node.expr, names), operand, names)
        case nodes.CondExpr():
            chosen = node.expr1 if _value(node.test, names) else node.expr2
            return _value(chosen, names) if chosen is not None else ""
        case nodes.Filter():
            return tuple(_code(_value(node.node, names)))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")


def _compare(left: Any, operand: nodes.Operand, names: dict[str, Any]) -> bool:
    right = _value(operand.expr, names)
    match operand.op:
        case "eq":
            return bool(left == right)
        case "ne":
            return bool(left != right)
        case "in":
            return left in right
        case _:
            return left not in right


def _segments(node: nodes.Node, names: dict[str, Any]) -> Iterator[Segment]:
    match node:
        case nodes.Template():
            for part in node.body:
                yield from _segments(part, names)
        case nodes.Output():
            for part in node.nodes:
                yield from _segments(part, names)
        case nodes.TemplateData():
            yield Segment(node.data)
        case nodes.If():
            for branch in (node, *node.elif_):
                if _value(branch.test, names):
                    body = branch.body
                    break
            else:
                body = node.else_
            for part in body:
                yield from _segments(part, names)
        case _:
            value = _value(node, names)
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


def _check(tree: nodes.Node, kind: type[Fact], *, condition: bool) -> None:
    roots: dict[str, Any] = {
        "fact": kind,
        "old": Side,
        "new": Side,
        "node": NodeInfo,
        "purpose": Purpose,
    }
    # All of it before anything goes into the depth of it.
    for node in tuple(_walk(tree)):
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"{type(node).__name__} is not allowed here")
        if isinstance(node, nodes.Filter) and (condition or node.name != "code"):
            raise ValueError(f"the filter {node.name} is not allowed here")
        if isinstance(node, nodes.Filter) and (node.args or node.dyn_args or node.dyn_kwargs):
            raise ValueError(f"the filter {node.name} takes nothing")
        if isinstance(node, (nodes.Getattr, nodes.Name)):
            _type_of(node, roots)
        if isinstance(node, nodes.Compare):
            _check_compare(node, roots)
    if not condition:
        for output in tree.find_all(nodes.Output):
            for part in output.nodes:
                _check_output(part, roots)


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Yield all nodes of a tree. Raises ``ValueError`` where it is deeper than the limit."""
    level = [tree]
    for _ in range(limits.RULE_DEPTH):
        yield from level
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise ValueError(_TOO_DEEP)


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
    """Refuse other comparisons, and literals that a field can never be equal to."""
    if len(node.ops) != 1:
        raise ValueError("a chain of comparisons is not allowed here; join two with and")
    [operand] = node.ops
    if operand.op not in ("eq", "ne", "in", "notin"):
        raise ValueError(f"the comparison {operand.op} is not allowed here")
    for field, other in ((node.expr, operand.expr), (operand.expr, node.expr)):
        allowed = _literals(_type_of(field, roots))
        values = other.items if isinstance(other, (nodes.List, nodes.Tuple)) else [other]
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
