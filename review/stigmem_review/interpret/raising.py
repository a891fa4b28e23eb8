"""How exceptions are raised and caught, and how contexts are left."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partial

from stigmem_review.interpret import lazy
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.loops import block
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Const,
    Foreign,
    OneOf,
    Ref,
    Tuple,
    Unknown,
    Value,
)

EXCEPTION = Foreign("builtins.BaseException")
GROUP = Foreign("builtins.BaseExceptionGroup")
MANAGER = Foreign("contextlib._GeneratorContextManager")
"""The type of a context that a generator makes."""


def run_try(m: Machine, node: ast.Try | ast.TryStar, env: Env) -> None:
    m.guarded += 1
    outcomes = m.grouped(m.run(block(m, node.body, env)))
    m.guarded -= 1
    ended: list[Outcome] = []
    fell = [each for each in outcomes if each.kind == "falls"]
    if node.finalbody:
        m.guarded += 1
    if fell and node.orelse:

        def otherwise() -> Value:
            m.settle(fell, FALLS)
            m.execute(node.orelse, env)
            return NONE

        ended += m.run(otherwise)
    else:
        ended += fell
    for each in outcomes:
        if each.kind == "raises" and node.handlers:
            handle = _handle_groups if isinstance(node, ast.TryStar) else _handle
            ended += m.run(_handled(m, each, partial(handle, m, each.value, node.handlers, env)))
        elif each.kind != "falls":
            ended.append(each)
    if node.finalbody:
        m.guarded -= 1
        last: list[Outcome] = []
        for each in m.grouped(ended):
            last += m.run(_finally(m, each, node.finalbody, env))
        ended = last
    m.settle(ended, FALLS)


def _finally(m: Machine, outcome: Outcome, body: Sequence[ast.stmt], env: Env) -> Part:
    def run() -> Value:
        m.adopt(outcome)
        if outcome.kind == "raises":
            m.handling.append(outcome.value)
        m.execute(body, env)
        if outcome.kind == "raises":
            m.handling.pop()
        if outcome.kind != "falls":
            raise Exit(outcome.kind, outcome.value)
        return NONE

    return run


def _handled(m: Machine, outcome: Outcome, handle: Part) -> Part:
    def run() -> Value:
        m.adopt(outcome)
        return handle()

    return run


def _handle(m: Machine, raised: Value, handlers: Sequence[ast.ExceptHandler], env: Env) -> Value:
    if not handlers:
        raise Exit("raises", raised)
    first, *rest = handlers

    def caught() -> Value:
        return _caught(m, raised, first, env)

    def next_() -> Value:
        return _handle(m, raised, rest, env)

    if first.type is None:
        return caught()
    wanted = _wanted(m, first.type, env)

    def decided(raised: Value) -> Value:
        match matches(m, raised, wanted):
            case True:
                return caught()
            case False:
                return next_()
            case _:
                return m.decide(m.atom("which exception it is"), caught, next_)

    return decided(raised)


def _caught(m: Machine, raised: Value, handler: ast.ExceptHandler, env: Env) -> Value:
    """Run what stands in a handler, with what it caught."""
    if handler.name:
        m.bind_name(handler.name, raised, env)
    m.handling.append(raised)

    def body() -> Value:
        m.execute(handler.body, env)
        return NONE

    outcomes = m.run(body)
    m.handling.pop()
    if handler.name:
        name = handler.name
        ended: list[Outcome] = []
        for each in outcomes:

            def deleted(each: Outcome = each) -> Value:
                m.adopt(each)
                m.bind_name(name, MISSING, env)
                if each.kind != "falls":
                    raise Exit(each.kind, each.value)
                return NONE

            ended += m.run(deleted)
        outcomes = ended
    return m.settle(outcomes, FALLS)


def _wanted(m: Machine, node: ast.expr, env: Env) -> Value:
    """Return what a handler is for; raise what Python does where that is no exception."""
    wanted = m.evaluate(node, env)
    for each in wanted.items if isinstance(wanted, Tuple) else (wanted,):
        match each:
            case Foreign() | Ref(kind="class") if m.derives(each, EXCEPTION) is not False:
                pass
            case Const() | Tuple() | Ref():
                m.raise_("TypeError", Const("catching classes that are no exceptions"))
            case _:
                m.may_raise("what an except clause catches is not known")
    return wanted


def _handle_groups(
    m: Machine, raised: Value, handlers: Sequence[ast.ExceptHandler], env: Env
) -> Value:
    """Run the handlers of ``except*``: each that is for something in what was raised.

    What a group has in it is not followed, so that each may run; what none takes goes on.
    """
    single = isinstance(raised, Ref) and m.derives(m.thing(raised).type, GROUP) is False

    def go(rest: Sequence[ast.ExceptHandler], taken: bool, failed: bool) -> Value:
        if not rest:
            if failed:
                raise Exit("raises", m.unknown("a group of exceptions is not followed", raised))
            if single and not taken:
                raise Exit("raises", raised)
            return NONE if taken and single else m.decide(left, over, on)
        first, *others = rest
        assert first.type is not None
        wanted = _wanted(m, first.type, env)
        for each in wanted.items if isinstance(wanted, Tuple) else (wanted,):
            if m.derives(each, GROUP) is not False:
                m.may_raise("whether an except clause is for groups is not known")

        def takes() -> Value:
            group = m.unknown("a group of exceptions is not followed", raised)
            ended: list[Outcome] = []
            for each in m.run(lambda: _caught(m, group, first, env)):

                def after(each: Outcome = each) -> Value:
                    m.adopt(each)
                    if each.kind not in ("falls", "raises"):
                        raise Exit(each.kind, each.value)
                    return go(others, True, failed or each.kind == "raises")

                ended += m.run(after)
            return m.settle(ended, FALLS)

        def passes() -> Value:
            return go(others, taken, failed)

        fits = (not taken and matches(m, raised, wanted)) if single else None
        if fits is None:
            return m.decide(m.atom("which exceptions a group has"), takes, passes)
        return takes() if fits else passes()

    left = m.atom("whether a group has more exceptions")

    def over() -> Value:
        return NONE

    def on() -> Value:
        raise Exit("raises", m.unknown("a group of exceptions is not followed", raised))

    return go(handlers, False, False)


def matches(m: Machine, raised: Value, wanted: Value) -> bool | None:
    """Say whether an exception is one of those that a handler is for."""
    if isinstance(wanted, Tuple):
        found = [matches(m, raised, each) for each in wanted.items]
        return True if True in found else None if None in found else False
    if isinstance(raised, OneOf):
        every = {matches(m, each.value, wanted) for each in raised.options}
        return every.pop() if len(every) == 1 else None
    if not isinstance(raised, Ref) or raised.kind != "instance":
        return True if wanted == Foreign("builtins.BaseException") else None
    return m.derives(m.thing(raised).type, wanted)


def run_raise(m: Machine, exc: ast.expr | None, cause: ast.expr | None, env: Env) -> None:
    if exc is None:
        if not m.handling:
            m.raise_("RuntimeError", Const("No active exception to reraise"))
        raise Exit("raises", m.handling[-1])
    found = m.evaluate(exc, env)
    why = m.evaluate(cause, env) if cause else NONE

    def raised(value: Value) -> Value:
        own = isinstance(value, Ref) and value.kind == "class"
        if own or (isinstance(value, Foreign) and m.derives(value, EXCEPTION)):
            value = m.call(value, ())
        if isinstance(value, Ref) and value.kind == "instance":
            if m.derives(m.thing(value).type, EXCEPTION) is False:
                m.raise_("TypeError", Const("exceptions must derive from BaseException"))
            m.each(why, caused)
            if (at := m.at()) is not None:
                m.places[value.oid] = at
            raise Exit("raises", value)
        if isinstance(value, Const):
            m.raise_("TypeError", Const("exceptions must derive from BaseException"))
        if isinstance(value, Unknown) and value.api:
            raise Exit("raises", value)
        raise Exit("raises", m.unknown("which exception is raised is not known", value))

    def caused(by: Value) -> Value:
        match by:
            case Const(value=None):
                return by
            case Ref(kind="class") | Foreign() if m.derives(by, EXCEPTION):
                by = m.call(by, ())
            case Ref(kind="instance") if m.derives(m.thing(by).type, EXCEPTION):
                pass
            case Const() | Tuple() | Ref(kind="list" | "dict" | "set" | "function" | "module"):
                m.raise_("TypeError", Const("exception causes must derive from BaseException"))
            case _:
                m.may_raise("what caused an exception is not known")
        m.escape(by)
        return by

    m.each(found, raised)


def run_with(m: Machine, items: Sequence[ast.withitem], body: Sequence[ast.stmt], env: Env) -> None:
    if not items:
        m.execute(body, env)
        return
    first, *rest = items
    manager = m.narrowed(m.evaluate(first.context_expr, env))
    if isinstance(manager, Ref) and manager.kind == "object" and m.thing(manager).type == MANAGER:
        site, depth, yielding = m.site, m.depth, len(m.yielding)
        try:
            _with_generator(m, manager, first, rest, body, env)
        except GiveUp:
            # Nothing of it has happened yet; what the generator does is not known.
            m.site, m.depth = site, depth
            del m.yielding[yielding:]
        else:
            return
    entered, leave = m.enter(manager)

    def inner() -> Value:
        if first.optional_vars:
            m.assign(first.optional_vars, entered, env)
        run_with(m, rest, body, env)
        return NONE

    m.guarded += 1
    outcomes = m.grouped(m.run(inner))
    m.guarded -= 1
    ended: list[Outcome] = []
    for each in outcomes:

        def left(each: Outcome = each) -> Value:
            m.adopt(each)
            raised = each.value if each.kind == "raises" else None
            if raised is not None:
                m.handling.append(raised)
            swallowed = leave(raised)
            if raised is not None:
                m.handling.pop()

            def on() -> Value:
                if each.kind != "falls":
                    raise Exit(each.kind, each.value)
                return NONE

            if raised is None:
                return on()
            return m.choose(swallowed, lambda: NONE, on)

        ended += m.run(left)
    m.settle(ended, FALLS)


def _with_generator(
    m: Machine, manager: Ref, item: ast.withitem, rest: list[ast.withitem],
    body: Sequence[ast.stmt], env: Env,
) -> None:  # fmt: skip
    """Run what stands in a context where the generator that makes the context gives its value."""
    generator = m.thing(manager).defaults[0][1]
    if not isinstance(generator, Ref) or generator.kind != "generator" or m.is_escaped(generator):
        raise GiveUp("what a context does is not known")
    if m.is_escaped(manager) or m.read(manager, lazy.SPENT) != MISSING:
        raise GiveUp("what a context does is not known")
    left = m.alloc(Thing("frame"))

    def inner() -> Value:
        if item.optional_vars:
            m.assign(item.optional_vars, m.read(left, "value"), env)
        run_with(m, rest, body, env)
        return NONE

    def given(value: Value) -> None:
        def once(before: Value) -> Value:
            if before != MISSING:
                raise GiveUp("a generator that makes a context goes on")
            return NONE

        m.each(m.read(left, "entered"), once)
        m.write(left, value, "value")
        m.write(left, Const(True), "entered")
        guarded, site = m.guarded, m.site
        m.guarded += 1
        outcomes = m.grouped(m.run(inner))
        m.guarded, m.site = guarded, site
        ended: list[Outcome] = []
        for each in outcomes:

            def on(each: Outcome = each) -> Value:
                m.adopt(each)
                if each.kind == "raises":
                    raise Exit("raises", each.value)
                if each.kind != "falls":
                    # The generator ends first, and then this goes on.
                    m.write(left, Tuple((Const(each.kind), each.value)), "left")
                return NONE

            ended += m.run(on)
        m.settle(ended, FALLS)

    def whole() -> Value:
        m.write(manager, Const(True), lazy.SPENT)
        m.run_generator(generator, given)

        def after(how: Value) -> Value:
            if isinstance(how, Tuple) and isinstance(how.items[0], Const):
                raise Exit(how.items[0].value, how.items[1])
            return NONE

        def entered(so: Value) -> Value:
            if so == MISSING:
                m.raise_("RuntimeError", Const("generator didn't yield"))
            return m.each(m.read(left, "left"), after)

        return m.each(m.read(left, "entered"), entered)

    m.settle(m.run(whole), FALLS)
