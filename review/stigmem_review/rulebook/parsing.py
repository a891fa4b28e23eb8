"""Rule conditions and messages: parsed by Jinja2, and checked against the facts they name.

People know the language from elsewhere, and Jinja2 parses it. What is allowed of it is what
``trees`` can say; whatever else is refused.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal

import msgspec
from jinja2 import Environment, TemplateError, nodes

from stigmem_review import limits
from stigmem_review.case import NodeInfo, Purpose, Side
from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS, Fact
from stigmem_review.host import CapabilityInfo, HookInfo
from stigmem_review.rulebook import trees
from stigmem_review.rulebook.rule import Rule
from stigmem_review.text import shorten

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


def parse(rule: Rule) -> trees.Trees:
    """Return what a rule says. Raises ``RuleError`` where a condition or its message is not one."""
    return trees.Trees(
        when=_condition(rule, "when", rule.when),
        error_when=_condition(rule, "error-when", rule.error_when),
        warning_when=_condition(rule, "warning-when", rule.warning_when),
        says=tuple(_parts(_parsed(rule, "says", rule.says).body)),
    )


def _condition(rule: Rule, key: str, text: str) -> trees.Expression | None:
    if not text:
        return None
    match _parsed(rule, key, "{{ (" + text + ") }}").body:
        case [nodes.Output(nodes=[condition])]:
            return _expression(condition)
        case _:
            raise _error(rule, key, "it is not one expression")


def _parsed(rule: Rule, key: str, text: str) -> nodes.Template:
    try:
        tree = _environment().parse(text)
    except (TemplateError, ValueError) as error:
        raise _error(rule, key, str(error)) from None
    except RecursionError:
        raise _error(rule, key, _TOO_DEEP) from None
    for kind in rule.on:
        try:
            _check(tree, KINDS[kind], condition=key != "says")
        except ValueError as error:
            raise _error(rule, key, f"{error} (on {kind})") from None
    return tree


def _error(rule: Rule, key: str, why: str) -> RuleError:
    return RuleError(f"rule {rule.id}, {key}: {shorten(why)}")


@cache
def _environment() -> Environment:
    return Environment(autoescape=False)  # noqa: S701 - it parses and never renders


# To trees of ours


def _expression(node: nodes.Node) -> trees.Expression:
    match node:
        case nodes.Const():
            return trees.Const(node.value)
        case nodes.Name() | nodes.Getattr():
            return trees.Field(_path(node))
        case nodes.List() | nodes.Tuple():
            return trees.Several(tuple(map(_expression, node.items)))
        case nodes.And():
            return trees.And(_expression(node.left), _expression(node.right))
        case nodes.Or():
            return trees.Or(_expression(node.left), _expression(node.right))
        case nodes.Not():
            return trees.Not(_expression(node.node))
        case nodes.Compare(ops=[nodes.Operand(op=operator, expr=right)]):
            return trees.Compare(_expression(node.expr), operator, _expression(right))
        case nodes.CondExpr():
            other = trees.Const("") if node.expr2 is None else _expression(node.expr2)
            return trees.Choice(_expression(node.test), _expression(node.expr1), other)
        case nodes.Filter(node=value) if value is not None:
            return trees.Code(_expression(value))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")


def _path(node: nodes.Node) -> tuple[str, ...]:
    match node:
        case nodes.Getattr():
            return (*_path(node.node), node.attr)
        case nodes.Name():
            return (node.name,)
        case _:
            raise TypeError(f"a field of {type(node).__name__} passed the check")


def _parts(body: Iterable[nodes.Node]) -> Iterator[trees.Part]:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    yield from _shown(part)
            case nodes.If():
                other = tuple(_parts(node.else_))
                for branch in reversed((node, *node.elif_)):
                    other = (trees.If(_expression(branch.test), tuple(_parts(branch.body)), other),)
                yield from other
            case _:
                raise TypeError(f"{type(node).__name__} passed the check")


def _shown(node: nodes.Node) -> Iterator[trees.Part]:
    if isinstance(node, nodes.TemplateData):
        yield trees.Show(trees.Const(node.data))
    else:
        yield trees.Show(_expression(node))


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
