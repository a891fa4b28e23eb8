"""The value of each kind of expression."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence

from stigmem_review.host import apis
from stigmem_review.interpret import host, lazy, namespaces, objects, operators
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.environment import Env, mangled
from stigmem_review.interpret.heap import FINISHED, Thing
from stigmem_review.interpret.keys import frozen_of, pairs_of
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.text import formatted, joined
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Const,
    Foreign,
    OneOf,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    words,
)


def evaluate(m: Machine, node: ast.expr, env: Env) -> Value:
    """Return the value of an expression.

    Raises ``GiveUp`` where only running it could tell, before anything outside of it changed.
    """
    match node:
        case ast.Constant(value=value):
            return Const(value)
        case ast.Name(id=name):
            return _looked_at(m, load(m, name, env))
        case ast.Attribute(value=owner, attr=attr):
            found = m.evaluate(owner, env)
            name = mangled(attr, env)
            return _looked_at(m, m.each(found, lambda one: m.get(one, name)))
        case ast.Call():
            return _call(m, node, env)
        case ast.Tuple(elts=items):
            return _items(m, items, env)
        case ast.List(elts=items):
            found_ = _items(m, items, env)
            return m.guard((found_,), lambda: m.each(found_, lambda c: _listed(m, c)))
        case ast.Set(elts=items):
            found_ = _items(m, items, env)
            return m.guard(
                (found_,),
                lambda: m.each(found_, lambda c: m.new_set(_frozen(m, c))),
            )
        case ast.Dict(keys=keys, values=values):
            return _dict(m, keys, values, env)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return m.choose(
                m.evaluate(test, env),
                lambda: m.evaluate(body, env),
                lambda: m.evaluate(orelse, env),
            )
        case ast.BoolOp(op=op, values=values):
            return _bool(m, isinstance(op, ast.And), values, env)
        case ast.UnaryOp(op=op_, operand=operand):
            value_ = m.evaluate(operand, env)
            return m.guard((value_,), lambda: operators.unary(m, op_, value_))
        case ast.BinOp(left=left, op=op__, right=right):
            one, two = m.evaluate(left, env), m.evaluate(right, env)
            return m.guard((one, two), lambda: operators.binary(m, op__, one, two, inplace=False))
        case ast.Compare(left=left, ops=ops, comparators=rest):
            return _compare(m, m.evaluate(left, env), ops, rest, env)
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            return m.guard((held, place), lambda: operators.subscript(m, held, place))
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = [m.evaluate(each, env) if each else NONE for each in (lower, upper, step)]
            return m.alloc(Thing("slice", defaults=tuple(("", each) for each in parts)))
        case ast.JoinedStr(values=values):
            return _joined(m, values, env)
        case ast.NamedExpr(target=target, value=given):
            value_ = m.evaluate(given, env)
            scope = env
            while scope.kind == "comprehension" and scope.outer is not None:
                scope = scope.outer
            m.assign(target, value_, scope)
            return value_
        case ast.Lambda():
            return m.function(node, env)
        case ast.ListComp(elt=element, generators=generators):
            return _comprehension(
                m,
                node,
                generators,
                env,
                lambda inner: m.evaluate(element, inner),
                lambda c: m.new_list(c.items, shuffled=c.shuffled),
            )
        case ast.SetComp(elt=element, generators=generators):
            return _comprehension(
                m,
                node,
                generators,
                env,
                lambda inner: m.evaluate(element, inner),
                lambda c: m.each(frozen_of(m, c.items), m.new_set),
            )
        case ast.DictComp(key=key, value=value_node, generators=generators):

            def pair(inner: Env) -> Value:
                name = m.evaluate(key, inner)
                return Tuple((name, m.evaluate(value_node, inner)))

            return _comprehension(m, node, generators, env, pair, lambda c: _paired(m, c))
        case ast.GeneratorExp():
            return lazy.new_genexp(m, node, env)
        case ast.Starred():
            raise GiveUp("a star stands where none can")
        case ast.Yield(value=given):
            return m.yielded(m.evaluate(given, env) if given else NONE)
        case ast.YieldFrom(value=given):
            return m.yielded_from(m.evaluate(given, env))
        case ast.Await(value=given) if m.roots:
            return m.each(m.evaluate(given, env), lambda one: _awaited(m, one))
        case _:
            raise GiveUp(f"{type(node).__name__} is not followed")


def _looked_at(m: Machine, value: Value) -> Value:
    """Note where what others provide is looked at that acts on something by that alone."""
    if isinstance(value, Foreign):
        if apis.looked_at(value.dotted):
            m.note("looks", value.dotted)
    elif isinstance(value, OneOf):
        for each in value.options:
            _looked_at(m, each.value)
    return value


def _awaited(m: Machine, value: Value) -> Value:
    """Return what waiting for something gives."""
    match value:
        case Unknown(api=str(api)) if api:
            return value
        case Ref(kind="coroutine"):
            return m.entered_anyhow(value)
        case _:
            raise GiveUp("what is waited for is not known")


def load(m: Machine, name: str, env: Env) -> Value:
    """Return what a name stands for; a global that is not bound falls through to builtins."""
    written, name = name, mangled(name, env)
    scope: Env | None = env
    while scope is not None:
        if scope.kind == "module" or written in scope.names.globals:
            break
        if scope.kind == "class":
            if scope is env and (found := m.read(scope.frame, name)) != MISSING:
                return m.each(found, functools.partial(_or_outer, m, written, scope))
            if scope is env and written in scope.names.bound:
                # What a class binds itself it takes from nowhere else in between.
                break
            if scope is not env and name == "__class__":
                return _class_of(m, scope.frame)
        elif written in scope.names.bound:
            found = m.read(scope.frame, name)
            return m.each(found, functools.partial(_or_unbound, m, name, scope, env))
        scope = scope.outer
    found = m.read(env.globals, name)
    return m.each(found, lambda v: _builtin(m, name) if v == MISSING else v)


def _or_outer(m: Machine, written: str, scope: Env, value: Value) -> Value:
    """Return what a class binds, or what is there around it where it is not bound."""
    if value != MISSING:
        return value
    outer: Env | None = scope.outer
    while written in scope.names.bound and outer is not None and outer.kind != "module":
        outer = outer.outer
    assert outer is not None
    return load(m, mangled(written, scope), outer)


def _or_unbound(m: Machine, name: str, scope: Env, env: Env, value: Value) -> Value:
    """Return the value of a local name, or raise what Python does where it is not bound."""
    if value != MISSING:
        return value
    if scope is env:
        m.raise_("UnboundLocalError", Const(f"cannot access local variable '{name}'"))
    if env.kind == "comprehension":
        raise GiveUp("which exception is raised depends on the Python version")
    m.raise_("NameError", Const(f"cannot access free variable '{name}'"))


def _class_of(m: Machine, kind: Ref) -> Value:
    """Return the class around a method, by the name that only its methods see."""
    if not m.has((kind.oid, FINISHED)) or "slots" in m.thing(kind).traits:
        raise GiveUp("which class is meant is not known")
    return kind


_OF_MODULES = words(
    "__spec__ __loader__ __builtins__ __path__ __cached__ __annotations__ __debug__"
)


def _builtin(m: Machine, name: str) -> Value:
    if name in _OF_MODULES:
        m.doom(f"{name} is used")
    if name == "NotImplemented":
        return Const(NotImplemented)
    if name == "Ellipsis":
        return Const(...)
    if m.is_object(f"builtins.{name}"):
        return Foreign(apis.canonical(f"builtins.{name}"))
    m.raise_("NameError", Const(f"name '{name}' is not defined"))


def _listed(m: Machine, content: Value) -> Value:
    if not isinstance(content, Tuple):
        raise GiveUp("what a star spreads is not known")
    return m.new_list(content.items, shuffled=content.shuffled)


def _frozen(m: Machine, content: Value) -> Value:
    if not isinstance(content, Tuple):
        raise GiveUp("what a star spreads is not known")
    return frozen_of(m, content.items)


def _items(m: Machine, nodes: Sequence[ast.expr], env: Env) -> Value:
    """Return what stands between commas, with what stars spread."""
    found: list[tuple[bool, Value]] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            value = m.evaluate(node.value, env)
            found.append((True, m.guard((value,), functools.partial(m.listed, value))))
        else:
            found.append((False, m.evaluate(node, env)))
    if not any(star for star, _ in found):
        return Tuple(tuple(value for _, value in found))

    def spread(place: int, done: Tuple) -> Value:
        if place == len(found):
            return done
        star, value = found[place]
        if not star:
            return spread(place + 1, Tuple((*done.items, value), done.shuffled))

        def more(content: Value) -> Value:
            if not isinstance(content, Tuple):
                raise GiveUp("what a star spreads is not known")
            shuffled = done.shuffled or content.shuffled
            return spread(place + 1, Tuple((*done.items, *content.items), shuffled))

        return m.each(value, more)

    return m.guard(tuple(value for _, value in found), lambda: spread(0, Tuple(())))


def _dict(
    m: Machine, keys: Sequence[ast.expr | None], values: Sequence[ast.expr], env: Env
) -> Value:
    found: list[tuple[Value | None, Value]] = []
    for key, given in zip(keys, values, strict=True):
        name = m.evaluate(key, env) if key else None
        found.append((name, m.evaluate(given, env)))

    def entry(place: int, done: Pairs) -> Value:
        if place == len(found):
            return m.new_dict(done)
        name, value = found[place]
        entries = [(n, v) for _, n, v in done.items]
        if name is not None:
            return m.each(
                name, lambda one: entry(place + 1, _more(m, done, [*entries, (one, value)]))
            )

        def spread(content: Value) -> Value:
            if not isinstance(content, Pairs):
                raise GiveUp("what two stars spread is not known")
            more = [(n, v) for _, n, v in content.items]
            return entry(place + 1, _more(m, done, [*entries, *more], content.shuffled))

        def dict_(one: Value) -> Value:
            return m.each(_mapping(m, one), spread)

        return m.each(value, dict_)

    operands = [each for pair in found for each in pair if each is not None]
    return m.guard(operands, lambda: entry(0, Pairs(())))


def _mapping(m: Machine, value: Value) -> Value:
    """Return what two stars take out of a value."""
    match value:
        case Ref(kind="dict"):
            return m.read(value)
        case View(kind="proxy", owner=owner):
            return m.read(owner)
        case View(kind="names"):
            return namespaces.content(m, value)
        case _:
            raise GiveUp("what two stars spread is not known")


def _more(
    m: Machine, done: Pairs, entries: list[tuple[Value, Value]], shuffled: bool = False
) -> Pairs:
    return pairs_of(m, entries, shuffled=done.shuffled or shuffled)


def _paired(m: Machine, content: Tuple) -> Value:
    """Return a dict of the pairs that a comprehension gave."""

    def entry(place: int, done: list[tuple[Value, Value]]) -> Value:
        if place == len(content.items):
            return m.new_dict(pairs_of(m, done, shuffled=content.shuffled))

        def two(pair: Value) -> Value:
            if not isinstance(pair, Tuple):
                raise GiveUp("what a comprehension gives is not known")
            name, value = pair.items
            return m.each(name, lambda one: entry(place + 1, [*done, (one, value)]))

        return m.each(content.items[place], two)

    if len(content.items) > 100:
        raise GiveUp("a dict has too many pairs")
    return entry(0, [])


def _bool(m: Machine, conjunction: bool, nodes: Sequence[ast.expr], env: Env) -> Value:
    value = m.evaluate(nodes[0], env)
    if len(nodes) == 1:
        return value

    def one(left: Value) -> Value:
        def rest() -> Value:
            return _bool(m, conjunction, nodes[1:], env)

        if conjunction:
            return m.choose(left, rest, lambda: left)
        return m.choose(left, lambda: left, rest)

    return m.each(value, one)


def _compare(
    m: Machine, left: Value, ops: Sequence[ast.cmpop], rest: Sequence[ast.expr], env: Env
) -> Value:
    right = m.evaluate(rest[0], env)
    # What a constant is compared with does nothing with it.
    given = [each for each in (left, right) if not isinstance(each, Const)]
    found = m.guard(given, lambda: operators.compare(m, ops[0], left, right))
    if len(ops) == 1:
        return found
    return m.each(
        found,
        lambda one: m.choose(one, lambda: _compare(m, right, ops[1:], rest[1:], env), lambda: one),
    )


def _joined(m: Machine, nodes: Sequence[ast.expr], env: Env) -> Value:
    found: list[Value] = []
    for node in nodes:
        if isinstance(node, ast.FormattedValue):
            value = m.evaluate(node.value, env)
            spec = m.evaluate(node.format_spec, env) if node.format_spec else Const("")
            found.append(_formatted(m, value, node.conversion, spec))
        else:
            found.append(m.evaluate(node, env))
    return together(m, found)


def _formatted(m: Machine, value: Value, conversion: int, spec: Value) -> Value:
    def format_(value: Value) -> Value:
        if not isinstance(spec, Const):
            raise GiveUp("how something is formatted is not known")
        return formatted(m, value, conversion, spec.value)

    return m.guard((value, spec), lambda: m.each(value, format_))


def together(m: Machine, found: Sequence[Value]) -> Value:
    """Return texts put together."""

    def put(place: int, done: tuple[Value, ...]) -> Value:
        if place == len(found):
            return joined(m, done)
        return m.each(found[place], lambda one: put(place + 1, (*done, one)))

    if m.roots:
        found = [m.some_text() if isinstance(each, Unknown) else each for each in found]
    if any(isinstance(each, Unknown) for each in found):
        return m.unknown("it is made of what is not known", *found)
    return m.guard(found, lambda: put(0, ()))


def _comprehension(
    m: Machine,
    node: ast.expr,
    generators: list[ast.comprehension],
    env: Env,
    element: Callable[[Env], Value],
    result: Callable[[Tuple], Value],
) -> Value:
    first = m.evaluate(generators[0].iter, env)

    def run() -> Value:
        return lazy.collect(
            m,
            lambda on_item: lazy.comprehend(
                m, generators, env, first, lambda inner: on_item(element(inner))
            ),
            result,
        )

    return m.guard((first,), run, shown=(node, env))


def _call(m: Machine, node: ast.Call, env: Env) -> Value:
    function = m.evaluate(node.func, env)
    if (
        isinstance(node.func, ast.Name)
        and node.func.id == "super"
        and not node.args
        and function == Foreign("builtins.super")
    ):
        return m.super_of(env)
    plain = not any(isinstance(each, ast.Starred) for each in node.args)
    args: Value = (
        Tuple(tuple([m.evaluate(each, env) for each in node.args]))
        if plain
        else _items(m, node.args, env)
    )
    named: list[tuple[str | None, Value]] = [
        (keyword.arg, m.evaluate(keyword.value, env)) for keyword in node.keywords
    ]
    m.site = (env, node)
    operands = (function, args, *(value for _, value in named))

    def spread(place: int, before: dict[str, Value], given: Tuple) -> Value:
        done = dict(before)
        for after, (name, value) in enumerate(named[place:], place + 1):
            if name is not None:
                put(done, name, value)
                continue

            def more(content: Value, after: int = after) -> Value:
                if not isinstance(content, Pairs):
                    if function == objects.MANIFEST:
                        return spread(after, {**done, **untold(content)}, given)
                    if m.roots:
                        return m.each(function, lambda one: m.entered_anyhow(one, *given.items))
                    raise GiveUp("what two stars spread is not known")
                every = dict(done)
                for _, key, each in content.items:
                    key = m.comparable(key)
                    if not isinstance(key, Const) or not isinstance(key.value, str):
                        raise GiveUp("what two stars spread is not known")
                    put(every, key.value, each)
                return spread(after, every, given)

            def spread_(one: Value, more: Callable[[Value], Value] = more) -> Value:
                if isinstance(one, Unknown):
                    return more(one)
                try:
                    mapping = _mapping(m, one)
                except GiveUp:
                    if function != objects.MANIFEST:
                        raise
                    mapping = m.unknown("what two stars spread is not known", one)
                return m.each(mapping, more)

            return m.each(value, spread_)
        return m.call(function, given.items, tuple(done.items()))

    def untold(spread: Value) -> dict[str, Value]:
        """Return what a mapping can give of a manifest: no field that is written beside it."""
        m.may_raise("what two stars spread is not known")
        written = {name for name, _ in named}
        found = m.unknown("what two stars spread is not known", spread)
        return {name: found for name in host.FIELDS if name not in written}

    def put(done: dict[str, Value], name: str, value: Value) -> None:
        if name in done:
            m.raise_("TypeError", Const(f"got multiple values for keyword argument '{name}'"))
        done[name] = value

    def with_(content: Value) -> Value:
        if not isinstance(content, Tuple):
            if m.roots:
                return m.each(function, m.entered_anyhow)
            raise GiveUp("what a star spreads is not known")
        if content.shuffled and len(content.items) > 1:
            raise GiveUp("arguments come in no order")
        return spread(0, {}, content)

    return m.guard(operands, lambda: m.each(args, with_))
