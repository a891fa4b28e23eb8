"""What loops do: item by item where that is known, and to a fixpoint where not."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from stigmem_review.interpret import lazy, operators
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import ALL, ESCAPED, MADE, Cell
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    ALWAYS,
    MISSING,
    NONE,
    Const,
    Foreign,
    Frozen,
    Missing,
    OneOf,
    Option,
    Ref,
    Unknown,
    Value,
    values_of,
)

_LOOP = frozenset({"falls", "continues"})
_BROKEN = frozenset({"falls", "breaks"})


def block(m: Machine, body: Sequence[ast.stmt], env: Env) -> Part:
    def run() -> Value:
        m.execute(body, env)
        return NONE

    return run


def run_for(m: Machine, node: ast.For | ast.AsyncFor, env: Env) -> None:
    value = m.evaluate(node.iter, env)
    number = m.atom("a loop")

    def item(one: Value) -> None:
        m.tick()

        def body() -> Value:
            m.assign(node.target, one, env)
            m.execute(node.body, env)
            return NONE

        outcomes = m.run(body)
        for each in outcomes:
            # What leaves the loop passes by the generator that it goes through.
            if each.kind not in _LOOP:
                each.kind = f"loop {number} {each.kind}"
        m.settle(outcomes, _LOOP)

    def through() -> Value:
        _go_through(m, value, item)
        return NONE

    mark = f"loop {number} "
    try:
        outcomes = m.run(through)
    except GiveUp as stop:
        if isinstance(value, Ref) and value.kind in ("generator", "genexp", "iterator"):
            m.escape(value)
        outcomes = _repeat(m, _any_item(m, node, value, env, stop.why), stop.why)
    for each in outcomes:
        each.kind = each.kind.removeprefix(mark)
    _finish_loop(m, outcomes, node.orelse, env)


def _any_item(m: Machine, node: ast.For | ast.AsyncFor, value: Value, env: Env, why: str) -> Part:
    def body() -> Value:
        m.may_raise(why)
        m.assign(node.target, m.item_of(value, why), env)
        m.execute(node.body, env)
        return NONE

    return body


def _go_through(m: Machine, value: Value, item: lazy.OnItem) -> None:
    """Run the body of a loop for each item, in each order that there can be."""
    value = m.narrowed(value)
    if isinstance(value, OneOf):

        def one(each: Value) -> Value:
            _go_through(m, each, item)
            return NONE

        m.each(value, one)
        return
    content = m.read(value) if isinstance(value, Ref) and value.kind == "set" else value
    if isinstance(content, OneOf):

        def of(each: Value) -> Value:
            _in_any_order(m, value, each, item)
            return NONE

        m.each(content, of)
    elif isinstance(content, Frozen):
        _in_any_order(m, value, content, item)
    elif lazy.drive(m, value, item):
        raise GiveUp("a loop goes through items in no order")


def _in_any_order(m: Machine, value: Value, content: Value, item: lazy.OnItem) -> None:
    if not isinstance(content, Frozen):
        raise GiveUp("what is in a set is not known")
    items = content.items
    if len(items) <= 1:
        orders = [items]
    elif len(items) <= 4:
        orders = _orders(items)
    else:
        raise GiveUp("a loop goes through many items in no order")

    def in_order(order: tuple[Value, ...]) -> Part:
        def run() -> Value:
            for each in order:
                item(each)
                if isinstance(value, Ref) and m.read(value) != content:
                    raise GiveUp("a set is changed while a loop goes through it")
            return NONE

        return run

    if len(orders) == 1:
        in_order(orders[0])()
    else:
        m.fork([(frozenset(), in_order(order)) for order in orders])


def _orders(items: tuple[Value, ...]) -> list[tuple[Value, ...]]:
    if len(items) < 2:
        return [items]
    return [
        (items[n], *rest)
        for n in range(len(items))
        for rest in _orders((*items[:n], *items[n + 1 :]))
    ]


def _finish_loop(m: Machine, outcomes: list[Outcome], orelse: Sequence[ast.stmt], env: Env) -> None:
    if not orelse:
        m.settle(outcomes, _BROKEN)
        return
    ended = [each for each in outcomes if each.kind == "falls"]
    rest = [each for each in outcomes if each.kind != "falls"]

    def after() -> Value:
        m.settle(ended, FALLS)
        m.execute(orelse, env)
        return NONE

    for each in rest:
        if each.kind == "breaks":
            each.kind = "falls"
    # What breaks out of the ``else`` leaves the loop around this one.
    m.settle([*rest, *(m.run(after) if ended else ())], FALLS)


def run_while(m: Machine, node: ast.While, env: Env) -> None:
    def loop() -> Value:
        for _ in range(lazy.UNROLLED):
            m.tick()
            test = m.evaluate(node.test, env)
            so = operators.truth(m, test) if not isinstance(test, OneOf) else None
            if so is False:
                return NONE
            if so is not True:
                raise GiveUp("how often a loop runs is not known")
            m.settle(m.run(block(m, node.body, env)), _LOOP)
        raise GiveUp("a loop runs too often to be followed")

    def again() -> Value:
        def stop() -> Value:
            raise Exit("breaks", NONE)

        m.choose(m.evaluate(node.test, env), lambda: NONE, stop)
        m.execute(node.body, env)
        return NONE

    try:
        outcomes = m.run(loop)
    except GiveUp as stop:
        outcomes = _repeat(m, again, stop.why)
    _finish_loop(m, outcomes, node.orelse, env)


def _repeat(m: Machine, body: Part, why: str) -> list[Outcome]:
    """Run the body of a loop any number of times, from what holds before each of them.

    What a cell can have before a run of the body is what it had, or what a run left in it: one of
    these where that is all, unknown where it is something else every time.
    """
    count = len(m.things)
    before: dict[Cell, Value] = {}

    def loop() -> Value:
        for turn in range(8):
            hold(m, before, why)
            found = m.run(body)
            if not widen(m, before, found, count, turn):
                break
        else:
            m.doom("a loop changes ever more")
        never = m.run(lambda: NONE)
        for each in found:
            if each.kind == "continues":
                each.kind = "falls"
        m.settle([*never, *found], FALLS)
        hold(m, before, why)
        return NONE

    return m.run(loop)


def hold(m: Machine, cells: dict[Cell, Value], why: str) -> None:
    """Let cells have what they can have before code runs again, and again."""
    for cell, value in cells.items():
        if isinstance(value, Unknown):
            kind = m.things[cell[0]].kind
            value = m.unknown(why, m.cells.get(cell, MISSING))
            if kind in ("list", "dict", "set") and cell[1] == ALL:
                m.escape(Ref(cell[0], kind))
        m.put(cell, value)


def widen(
    m: Machine, before: dict[Cell, Value], found: Sequence[Outcome], count: int, turn: int
) -> bool:
    """Add what a run of a loop's body left in cells; return whether that is new."""
    new = False
    for outcome in found:
        for cell, value in outcome.delta.items():
            oid, name = cell
            if oid >= count or name == MADE:
                continue
            if name[0] in "?~":
                if cell not in m.cells:
                    new = True
                    _flag(m, cell, value)
                continue
            held = before.get(cell, m.cells.get(cell, MISSING))
            every = {*values_of(held), *values_of(value)}
            if every == {*values_of(held)} or isinstance(held, Unknown):
                continue
            new = True
            fresh = any(_is_fresh(each, count) for each in every)
            options = [Option(each, ALWAYS) for each in every]
            joined = None if turn > 2 or fresh or name == ALL else m.merged(options)
            before[cell] = joined or m.unknown("a loop changes it", held)
    return new


def _flag(m: Machine, cell: Cell, value: Value) -> None:
    oid, name = cell
    if name == ESCAPED:
        m.escape(Ref(oid, m.things[oid].kind))
    else:
        m.put(cell, value)
        m.escape(m.cells.get((oid, name.partition(" ")[2]), MISSING))


def _is_fresh(value: Value, count: int) -> bool:
    """Say whether a value may be an object that the run of a loop's body made."""
    match value:
        case Ref(oid=oid):
            return oid >= count
        case Const() | Foreign() | Missing():
            return False
        case Unknown(api=api):
            return not api
        case _:
            return True
