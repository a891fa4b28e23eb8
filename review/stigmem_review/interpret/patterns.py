"""What ``match`` does: the patterns of cases, and the names that they bind."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from stigmem_review.interpret import objects, operators, records
from stigmem_review.interpret.ends import GiveUp, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import key
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Const,
    Foreign,
    Frozen,
    Member,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    words,
)

_CASES = 300
_WHOLE = words("bool bytearray bytes dict float frozenset int list set str tuple")
"""Builtin classes whose one positional pattern is matched with the whole subject."""
_PLAIN = words("function class module object partial")


def match(m: Machine, subject: Value, cases: Sequence[ast.match_case], env: Env) -> Value:
    """Run the first case that matches. Raises ``GiveUp`` where that cannot be told."""
    if len(cases) > _CASES:
        raise GiveUp("there are too many cases")
    return m.each(subject, lambda one: _case(m, one, cases, env))


def _case(m: Machine, subject: Value, cases: Sequence[ast.match_case], env: Env) -> Value:
    if not cases:
        return FALSE
    first, *rest = cases
    held = m.alloc(Thing("frame"))
    m.collectors.add(held.oid)

    def body() -> Value:
        m.execute(first.body, env)
        return TRUE

    def chosen() -> Value:
        # What a pattern names is bound once it matches as a whole.
        for name in _names(first.pattern):
            m.each(m.read(held, name), functools.partial(_bind, m, name, env))
        if first.guard is None:
            return body()
        return m.choose(m.evaluate(first.guard, env), body, other)

    def other() -> Value:
        return _case(m, subject, rest, env)

    return m.choose(_matches(m, subject, first.pattern, _Scope(env, held)), chosen, other)


def _names(pattern: ast.pattern) -> list[str]:
    """Return the names that a pattern binds."""
    found = []
    for each in ast.walk(pattern):
        match each:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.append(name)
            case ast.MatchMapping(rest=str(name)):
                found.append(name)
            case _:
                pass
    return found


def _bind(m: Machine, name: str, env: Env, value: Value) -> Value:
    if value != MISSING:
        m.bind_name(name, value, env)
    return NONE


class _Scope(NamedTuple):
    """Where a pattern looks names up, and the frame that holds what it names until it matches."""

    env: Env
    held: Ref


def _matches(m: Machine, subject: Value, pattern: ast.pattern, scope: _Scope) -> Value:
    """Return whether a pattern matches, and hold what it names."""
    return m.each(subject, lambda one: _one(m, one, pattern, scope))


def _one(m: Machine, subject: Value, pattern: ast.pattern, scope: _Scope) -> Value:
    match pattern:
        case ast.MatchValue(value=value):
            wanted = m.evaluate(value, scope.env)
            return m.guard(
                (subject, wanted), lambda: operators.compare(m, ast.Eq(), subject, wanted)
            )
        case ast.MatchSingleton(value=constant):
            return m.guard(
                (subject,), lambda: operators.compare(m, ast.Is(), subject, Const(constant))
            )
        case ast.MatchAs(pattern=inner, name=name):

            def bind() -> Value:
                if name:
                    m.write(scope.held, subject, name)
                return TRUE

            return _and(m, _matches(m, subject, inner, scope), bind) if inner else bind()
        case ast.MatchOr(patterns=patterns):
            return _any(m, subject, patterns, scope)
        case ast.MatchSequence(patterns=patterns):
            return _sequence(m, subject, patterns, scope)
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            return _mapping(m, subject, keys, patterns, rest, scope)
        case ast.MatchClass():
            return _class(m, subject, pattern, scope)
        case _:
            raise GiveUp("a pattern is not followed")


def _and(m: Machine, found: Value, then: Part) -> Value:
    return m.choose(found, then, lambda: FALSE)


def _any(m: Machine, subject: Value, patterns: Sequence[ast.pattern], scope: _Scope) -> Value:
    first, *rest = patterns
    found = _one(m, subject, first, scope)
    if not rest:
        return found
    return m.choose(found, lambda: TRUE, lambda: _any(m, subject, rest, scope))


def _all(m: Machine, parts: Sequence[Callable[[], Value]]) -> Value:
    if not parts:
        return TRUE
    first, *rest = parts
    return _and(m, first(), lambda: _all(m, rest))


def _sequence(m: Machine, subject: Value, patterns: Sequence[ast.pattern], scope: _Scope) -> Value:
    match subject:
        case Tuple() | Ref(kind="list" | "range"):
            pass
        case Const() | Frozen() | View() | Member(mixin="str" | "StrEnum" | "int"):
            return FALSE
        case Opaque(type="str" | "int" | "bool" | "float"):
            return FALSE
        case Ref(kind=kind) if kind in {*_PLAIN, "dict", "set"} and kind != "object":
            return FALSE
        case Ref(kind="instance") if isinstance(m.thing(subject).type, Ref) and not m.overrides(
            m.thing(subject).type, ()
        ):
            return FALSE
        case _:
            raise GiveUp("whether something is a sequence is not known")
    star = next((n for n, each in enumerate(patterns) if isinstance(each, ast.MatchStar)), -1)

    def items(content: Tuple) -> Value:
        if content.shuffled:
            raise GiveUp("which item comes first is up to chance")
        found = content.items
        if star < 0:
            if len(found) != len(patterns):
                return FALSE
            wanted = [*zip(found, patterns, strict=True)]
        else:
            after = len(patterns) - star - 1
            if len(found) < len(patterns) - 1:
                return FALSE
            middle = found[star : len(found) - after]
            name = getattr(patterns[star], "name", None)
            wanted = [
                *zip(found[:star], patterns[:star], strict=True),
                *zip(found[len(found) - after :], patterns[star + 1 :], strict=True),
            ]
            if name:
                m.write(scope.held, m.new_list(middle), name)
        return _all(m, [functools.partial(_matches, m, v, p, scope) for v, p in wanted])

    return with_items(m, subject, items)


def _mapping(
    m: Machine, subject: Value, keys: Sequence[ast.expr], patterns: Sequence[ast.pattern],
    rest: str | None, scope: _Scope,
) -> Value:  # fmt: skip
    match subject:
        case Ref(kind="dict"):
            pass
        case Const() | Tuple() | Frozen() | Member() | Ref(kind="list" | "set" | "function"):
            return FALSE
        case Opaque(type="str" | "int" | "bool" | "float"):
            return FALSE
        case Ref(kind="instance") if isinstance(m.thing(subject).type, Ref) and not m.overrides(
            m.thing(subject).type, ()
        ):
            return FALSE
        case _:
            raise GiveUp("whether something is a mapping is not known")
    wanted = [m.evaluate(each, scope.env) for each in keys]

    def entries(content: Value) -> Value:
        if not isinstance(content, Pairs):
            raise GiveUp("what is in a dict is not known")
        held = {name: value for name, _, value in content.items}
        if len(held) < len(wanted):
            return FALSE
        named: list[Hashable] = []
        for each in wanted:
            name = key(m, each)
            if name in named:
                m.raise_("ValueError", Const("mapping pattern checks duplicate key"))
            if name not in held:
                return FALSE
            named.append(name)
        parts = [
            functools.partial(_matches, m, held[name], pattern, scope)
            for name, pattern in zip(named, patterns, strict=True)
        ]

        def bind() -> Value:
            if rest:
                left = tuple(each for each in content.items if each[0] not in named)
                m.write(scope.held, m.new_dict(Pairs(left, content.shuffled)), rest)
            return TRUE

        return _and(m, _all(m, parts), bind)

    return m.each(m.read(subject), entries)


def _class(m: Machine, subject: Value, pattern: ast.MatchClass, scope: _Scope) -> Value:
    kind = m.evaluate(pattern.cls, scope.env)
    if isinstance(subject, Unknown):
        raise GiveUp(subject.why)
    found = m.call(Foreign("builtins.isinstance"), (subject, kind))

    def inner() -> Value:
        names: Sequence[str] = pattern.kwd_attrs
        if pattern.patterns:
            if isinstance(kind, Foreign) and kind.dotted.removeprefix("builtins.") in _WHOLE:
                if len(pattern.patterns) > 1:
                    m.raise_("TypeError", Const("accepts 1 positional sub-pattern"))
                whole = functools.partial(_matches, m, subject, pattern.patterns[0], scope)
                return _attributes(m, subject, names, [whole], pattern.kwd_patterns, scope)
            given = _match_args(m, kind)
            if len(given) < len(pattern.patterns):
                m.raise_("TypeError", Const("accepts fewer positional sub-patterns"))
            names = [*given[: len(pattern.patterns)], *names]
        if len({*names}) < len(names):
            raise GiveUp("a pattern has an attribute twice")
        inside = [*pattern.patterns, *pattern.kwd_patterns]
        return _attributes(m, subject, names, [], inside, scope)

    return _and(m, found, inner)


def _attributes(
    m: Machine, subject: Value, names: Sequence[str], parts: list[Callable[[], Value]],
    patterns: Sequence[ast.pattern], scope: _Scope,
) -> Value:  # fmt: skip
    """Match attributes, and what else there is before; all of them are looked up first."""

    def look(values: tuple[Value, ...]) -> Value:
        if len(values) == len(names):
            found = [
                functools.partial(_matches, m, value, each, scope)
                for value, each in zip(values, patterns, strict=True)
            ]
            return _all(m, [*parts, *found])
        name = names[len(values)]
        return objects.attempt(
            m, lambda: m.get(subject, name), lambda found: look((*values, found)), lambda: FALSE
        )

    return look(())


def _match_args(m: Machine, kind: Value) -> Sequence[str]:
    if not isinstance(kind, Ref) or m.is_escaped(kind):
        raise GiveUp("which attributes a pattern means is not known")
    if m.overrides(kind, ("__match_args__",)):
        given = m.get(kind, "__match_args__")
        if not isinstance(given, Tuple):
            raise GiveUp("which attributes a pattern means is not known")
        found = [m.comparable(each) for each in given.items]
        if not all(isinstance(each, Const) and isinstance(each.value, str) for each in found):
            raise GiveUp("which attributes a pattern means is not known")
        return [each.value for each in found if isinstance(each, Const)]
    return records.positional(m, kind)
