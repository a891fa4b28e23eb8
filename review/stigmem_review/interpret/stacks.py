"""``contextlib.ExitStack``: contexts and calls that are left behind in a list, the last first."""

from __future__ import annotations

from collections.abc import Sequence

from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, count, model
from stigmem_review.interpret.values import (
    FALSE,
    NONE,
    Const,
    Foreign,
    Ref,
    Tuple,
    Unknown,
    Value,
    flag,
)

STACK = Foreign("contextlib.ExitStack")
_CONTEXT, _CALL = Const("context"), Const("call")


def _held(m: Machine, stack: Value) -> Ref:
    if not isinstance(stack, Ref) or stack.kind != "object" or m.thing(stack).type != STACK:
        raise GiveUp("it is called in an unusual way")
    held = m.thing(stack).defaults[0][1]
    assert isinstance(held, Ref)
    return held


def _push(m: Machine, stack: Value, entry: Value, given: Value) -> Value:
    held = _held(m, stack)

    def push(content: Value) -> Value:
        if not isinstance(content, Tuple):
            raise GiveUp("what a stack of contexts has is not known")
        m.write(held, Tuple((*content.items, entry)))
        return given

    return m.each(m.read(held), push)


@model("contextlib.ExitStack")
def _made(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 0)
    return m.alloc(Thing("object", type=STACK, defaults=(("", m.new_list(())),)))


@model("contextlib.ExitStack.enter_context", whole=True)
def _enter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    stack, manager = args[0], m.narrowed(args[1])
    entered, leave = m.enter(manager)
    if isinstance(entered, Unknown):
        raise GiveUp("what a context gives is not known")
    m.leaving.append(leave)
    return _push(m, stack, Tuple((_CONTEXT, Const(len(m.leaving) - 1), manager)), entered)


@model("contextlib.ExitStack.callback", whole=True)
def _callback(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) < 2:
        raise GiveUp("it is called in an unusual way")
    named = tuple(Tuple((Const(name), value)) for name, value in keywords)
    entry = Tuple((_CALL, args[1], Tuple(tuple(args[2:])), Tuple(named)))
    return _push(m, args[0], entry, args[1])


@model("contextlib.ExitStack.pop_all")
def _popped(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    held = _held(m, args[0])

    def pop(content: Value) -> Value:
        if not isinstance(content, Tuple):
            raise GiveUp("what a stack of contexts has is not known")
        m.write(held, Tuple(()))
        taken = m.new_list(content.items)
        return m.alloc(Thing("object", type=STACK, defaults=(("", taken),)))

    return m.each(m.read(held), pop)


@model("contextlib.ExitStack.close")
def _closed(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    _held(m, args[0])
    left(m, args[0], None)
    return NONE


def left(m: Machine, stack: Value, raised: Value | None) -> Value:
    """Leave all that is in a stack; return whether what was raised is swallowed."""
    held = _held(m, stack)

    def unwind(content: Value) -> Value:
        if isinstance(content, Tuple):
            m.write(held, Tuple(()))
            return _unwind(m, content.items, raised, raised)
        m.may_raise("what leaving a context does is not known")
        return m.unknown("whether an exception is swallowed", held)

    return m.each(m.read(held), unwind)


def _unwind(
    m: Machine, entries: Sequence[Value], raised: Value | None, first: Value | None
) -> Value:
    if not entries:
        if raised is None:
            return flag(first is not None)
        if raised == first:
            return FALSE
        raise Exit("raises", raised)
    *rest, last = entries
    ended: list[Outcome] = []
    for each in m.run(lambda: _leave(m, last, raised)):

        def on(each: Outcome = each) -> Value:
            m.adopt(each)
            if each.kind == "raises":
                return _unwind(m, rest, each.value, first)
            if each.kind != "falls":
                raise GiveUp("how a context is left is not known")
            if raised is None:
                return _unwind(m, rest, None, first)
            return m.choose(
                each.value,
                lambda: _unwind(m, rest, None, first),
                lambda: _unwind(m, rest, raised, first),
            )

        ended += m.run(on)
    return m.settle(ended, FALLS)


def _leave(m: Machine, entry: Value, raised: Value | None) -> Value:
    match entry:
        case Tuple(items=(Const(value="context"), Const(value=int(place)), _)):
            return m.leaving[place](raised)
        case Tuple(items=(Const(value="call"), function, Tuple(items=args), Tuple(items=named))):
            pairs = [
                (str(each.items[0].value), each.items[1])
                for each in named
                if isinstance(each, Tuple) and isinstance(each.items[0], Const)
            ]
            m.call(function, args, pairs)
            return FALSE
        case _:
            raise GiveUp("what a stack of contexts has is not known")
