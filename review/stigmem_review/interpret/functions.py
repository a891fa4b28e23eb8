"""What makes functions of functions, and the iterators of ``itertools``."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable

from stigmem_review.interpret import annotation, calls, lazy
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import key
from stigmem_review.interpret.kinds import asked, kind_of
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.objects import CACHED
from stigmem_review.interpret.operators import subscript
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Bound,
    Const,
    File,
    Foreign,
    Pairs,
    Ref,
    Tuple,
    Value,
    flag,
)

_CACHED = CACHED.dotted
_LEAST = 32
"""What a cache has to hold for it to be followed: one that is smaller may forget."""


def _held(m: Machine, kind: str, args: Args) -> Ref:
    return m.alloc(Thing("object", type=Foreign(kind), defaults=tuple(("", each) for each in args)))


def _given(m: Machine, owner: Value) -> list[Value]:
    assert isinstance(owner, Ref)
    return [each for _, each in m.thing(owner).defaults]


# Caches.


@model("functools.cache", whole=True)
def _cache(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return _cached(m, args[0])


@model("functools.lru_cache", whole=True)
def _lru_cache(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    if len(args) == 1 and not given and _is_function(args[0]):
        return _cached(m, args[0])
    size = args[0] if args else given.pop("maxsize", NONE)
    typed = given.pop("typed", Const(False))
    if given or len(args) > 1 or typed != Const(False):
        raise GiveUp("it is called in an unusual way")
    if size != NONE and not (
        isinstance(size, Const) and type(size.value) is int and size.value >= _LEAST
    ):
        raise GiveUp("a cache may forget what it has")
    return Foreign("functools.cache")


def _is_function(value: Value) -> bool:
    return isinstance(value, (Ref, Bound)) and not (
        isinstance(value, Ref) and value.kind not in ("function", "class")
    )


def _cached(m: Machine, function: Value) -> Value:
    if not isinstance(function, Ref) or function.kind != "function":
        raise GiveUp("what is remembered is not followed")
    made = _held(m, _CACHED, (function,))
    m.write(made, Pairs(()), "cache")
    return made


@model(f"{_CACHED}.__call__", whole=True)
def _call_cached(m: Machine, args: Args, keywords: Keywords) -> Value:
    owner = args[0]
    assert isinstance(owner, Ref)
    (function,) = _given(m, owner)

    def called(done: tuple[Value, ...]) -> Value:
        given = done[: len(args) - 1]
        named = tuple(zip((name for name, _ in keywords), done[len(given) :], strict=True))
        # What is equal is found, and need not be what was given then.
        exact = Tuple((Tuple(given), *(Tuple((Const(n), v)) for n, v in named)))
        wanted = key(m, exact)

        def found(content: Value) -> Value:
            if not isinstance(content, Pairs):
                raise GiveUp("what a cache has is not known")
            if len(content.items) >= _LEAST:
                raise GiveUp("a cache may forget what it has")
            for each, before, value in content.items:
                if each == wanted:
                    if before != exact:
                        raise GiveUp("what a cache takes for the same is not known")
                    return value
            value = m.call(function, given, named)
            now = m.read(owner, "cache")
            if not isinstance(now, Pairs):
                raise GiveUp("what a cache has is not known")
            m.write(owner, Pairs((*now.items, (wanted, exact, value))), "cache")
            return value

        return m.each(m.read(owner, "cache"), found)

    every = [*args[1:], *(value for _, value in keywords)]

    def step(done: tuple[Value, ...]) -> Value:
        if len(done) == len(every):
            return called(done)
        return m.each(every[len(done)], lambda one: step((*done, one)))

    return step(())


@model(f"{_CACHED}.cache_clear")
def _clear(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    assert isinstance(args[0], Ref)
    m.write(args[0], Pairs(()), "cache")
    return NONE


# Contexts.


@model("contextlib.contextmanager", "contextlib.asynccontextmanager")
def _context(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], Ref) or args[0].kind != "function":
        raise GiveUp("what is decorated is not followed")
    return _held(m, MAKER, args)


MAKER = "contextlib.contextmanager.made"


@model(f"{MAKER}.__call__", whole=True)
def _enter(m: Machine, args: Args, keywords: Keywords) -> Value:
    (function,) = _given(m, args[0])
    made = m.call(function, args[1:], keywords)
    if not isinstance(made, Ref) or made.kind != "generator":
        m.escape(function)
        return m.unknown("what a context does is not known", made)
    return _held(m, "contextlib._GeneratorContextManager", (made,))


# Operators as functions.


@model("operator.itemgetter", whole=True)
def _item_getter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 9)
    return _held(m, "operator.itemgetter.made", args)


@model("operator.itemgetter.made.__call__", whole=True)
def _get_item(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    wanted = _given(m, args[0])
    found = [m.guard((args[1], each), _item(m, args[1], each)) for each in wanted]
    return found[0] if len(found) == 1 else Tuple(tuple(found))


def _item(m: Machine, owner: Value, index: Value) -> Callable[[], Value]:
    return lambda: subscript(m, owner, index)


@model("operator.attrgetter")
def _attribute_getter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 9)
    for each in args:
        if not isinstance(each, Const) or not isinstance(each.value, str):
            raise GiveUp("which attribute is meant is not known")
    return _held(m, "operator.attrgetter.made", args)


@model("operator.attrgetter.made.__call__", whole=True)
def _get_attribute(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    found: list[Value] = []
    for each in _given(m, args[0]):
        value = args[1]
        assert isinstance(each, Const)
        for name in each.value.split("."):
            value = m.get(value, name)
        found.append(value)
    return found[0] if len(found) == 1 else Tuple(tuple(found))


@model("operator.methodcaller", whole=True)
def _method_caller(m: Machine, args: Args, keywords: Keywords) -> Value:
    if not args or not isinstance(args[0], Const) or not isinstance(args[0].value, str):
        raise GiveUp("which method is meant is not known")
    held = (*(("", each) for each in args), *keywords)
    return m.alloc(Thing("object", type=Foreign("operator.methodcaller.made"), defaults=held))


@model("operator.methodcaller.made.__call__", whole=True)
def _call_method(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    assert isinstance(args[0], Ref)
    held = m.thing(args[0]).defaults
    (_, name), *rest = held
    assert isinstance(name, Const)
    positional = [value for given, value in rest if not given]
    named = [(given, value) for given, value in rest if given]
    return m.each(
        args[1], lambda one: m.call(m.get(one, str(name.value)), positional, tuple(named))
    )


# What a function is.


def _is_async(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="function") as ref:
            return flag(isinstance(m.thing(ref).node, ast.AsyncFunctionDef))
        case Bound(function=Ref(kind="function") as ref):
            return flag(isinstance(m.thing(ref).node, ast.AsyncFunctionDef))
        case Const() | Tuple() | Ref(kind="list" | "dict" | "set" | "class" | "module"):
            return flag(False)
        case _:
            raise GiveUp("whether a function is asynchronous is not known")


for _name in ("inspect.iscoroutinefunction", "asyncio.iscoroutinefunction"):
    model(_name)(_is_async)


def _is_kind(*kinds: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        match args[0]:
            case Ref(kind="function" | "class" | "module" | "list" | "dict" | "set" as kind):
                return flag(kind in kinds)
            case Const() | Tuple() | File():
                return flag(False)
            case Foreign(dotted=dotted) if dotted.startswith("builtins.") and m.is_object(dotted):
                return flag(dotted.partition(".")[2][:1].isupper() and "class" in kinds)
            case Foreign(dotted=dotted):
                found = kind_of(dotted)
                return flag(found in kinds) if found else asked(dotted, *kinds)
            case Ref(kind="instance") as ref if not m.is_escaped(ref):
                return flag(False)
            case Bound(function=Ref(kind="function")):
                return flag("method" in kinds)
            case _:
                raise GiveUp("what kind of object it is is not known")

    return run


model("inspect.isclass")(_is_kind("class"))
model("inspect.isfunction")(_is_kind("function"))
model("inspect.ismethod")(_is_kind("method"))
model("inspect.ismodule")(_is_kind("module"))
model("inspect.isroutine")(_is_kind("function", "method"))


@model("inspect.isabstract")
def _is_abstract(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="class") as ref if not m.is_escaped(ref):
            return flag(calls.is_abstract(m, ref))
        case Const() | Tuple() | Ref(kind="function" | "module" | "list" | "dict" | "set"):
            return flag(False)
        case _:
            raise GiveUp("whether a class is abstract is not known")


@model("typing.get_type_hints")
def _hints(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    function = args[0]
    if not isinstance(function, Ref) or function.kind != "function" or m.is_escaped(function):
        m.doom("get_type_hints() is called")
    thing = m.thing(function)
    if not isinstance(thing.node, (ast.FunctionDef, ast.AsyncFunctionDef)) or thing.env is None:
        m.doom("get_type_hints() is called")
    if m.read(function, "__wrapped__") != MISSING or m.read(function, "__annotations__") != MISSING:
        m.doom("get_type_hints() is called")
    annotation.typed(m, thing.node, thing.env)
    return m.new_dict(m.unknown("what annotations stand for is not followed"))


# Iterators.


@model("itertools.product", whole=True)
def _product(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 4)

    def step(place: int, done: tuple[Tuple, ...]) -> Value:
        if place < len(args):
            return lazy.with_items(m, args[place], lambda items: step(place + 1, (*done, items)))
        size = 1
        for each in done:
            size *= len(each.items)
        if size > 400:
            raise GiveUp("there are too many combinations")
        m.tick(size)
        found = tuple(Tuple(each) for each in itertools.product(*(each.items for each in done)))
        mixed = any(each.shuffled for each in done)
        return lazy.new_iterator(m, "iter", Tuple(found, mixed and len(found) > 1))

    return step(0, ())
