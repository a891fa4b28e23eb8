"""What each kind of statement does."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from stigmem_review.code.names import names_of
from stigmem_review.interpret import annotation, lazy, objects, operators
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.environment import Env, mangled
from stigmem_review.interpret.heap import ALL, ESCAPED, MADE, Cell, Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.routers import ROUTED
from stigmem_review.interpret.values import (
    ALWAYS,
    MISSING,
    NONE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Missing,
    OneOf,
    Option,
    Ref,
    Tuple,
    Unknown,
    Value,
    values_of,
)

_LOOP = frozenset({"falls", "continues"})
_BROKEN = frozenset({"falls", "breaks"})
EXCEPTION = Foreign("builtins.BaseException")
MANAGER = Foreign("contextlib._GeneratorContextManager")
"""The type of a context that a generator makes."""


def execute(m: Machine, body: Sequence[ast.stmt], env: Env) -> None:
    """Run statements."""
    for node in body:
        m.tick()
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            # What is imported, and from whom, is for the survey to say.
            m.seen.add(id(node))
        m.site = (env, node)
        _statement(m, node, env)


def _statement(m: Machine, node: ast.stmt, env: Env) -> None:
    match node:
        case ast.Expr(value=value):
            m.evaluate(value, env)
        case ast.Assign(targets=targets, value=value):
            found = m.evaluate(value, env)
            for target in targets:
                m.assign(target, found, env)
        case ast.AnnAssign(target=target, value=given, annotation=named, simple=simple):
            found = m.evaluate(given, env) if given else MISSING
            if given:
                m.assign(target, annotation.value_of(m, found, named, env), env)
            elif isinstance(target, (ast.Attribute, ast.Subscript)):
                m.evaluate(target.value, env)
                if isinstance(target, ast.Subscript):
                    m.evaluate(target.slice, env)
            if simple and env.kind in ("module", "class"):
                if not m.postponed(env):
                    m.evaluate(named, env)
                if env.kind == "class" and isinstance(target, ast.Name):
                    _note_field(m, env, target.id, named)
        case ast.AugAssign(target=target, op=op, value=value):
            _augmented(m, target, op, value, env)
        case ast.Return(value=value):
            raise Exit("returns", m.evaluate(value, env) if value else NONE)
        case ast.If(test=test, body=body, orelse=orelse):
            m.choose(m.evaluate(test, env), _block(m, body, env), _block(m, orelse, env))
        case ast.For():
            _for(m, node, env)
        case ast.AsyncFor() if m.roots:
            _for(m, node, env)
        case ast.While():
            _while(m, node, env)
        case ast.Try():
            _try(m, node, env)
        case ast.With(items=items, body=body):
            _with(m, items, body, env)
        case ast.AsyncWith(items=items, body=body) if m.roots:
            _with(m, items, body, env)
        case ast.Raise(exc=exc, cause=cause):
            _raise(m, exc, cause, env)
        case ast.Assert(test=test, msg=msg):

            def failed() -> Value:
                args = (m.evaluate(msg, env),) if msg else ()
                m.raise_("AssertionError", *args)

            m.choose(m.evaluate(test, env), lambda: NONE, failed)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            _define(m, node, env)
        case ast.ClassDef():
            _class(m, node, env)
        case ast.Import(names=aliases):
            for alias in aliases:
                m.import_(alias.name, alias.asname, env)
        case ast.ImportFrom():
            m.import_from(node, env)
        case ast.Pass() | ast.Global() | ast.Nonlocal():
            pass
        case ast.Break():
            raise Exit("breaks", NONE)
        case ast.Continue():
            raise Exit("continues", NONE)
        case ast.Delete(targets=targets):
            for target in targets:
                _delete(m, target, env)
        case ast.Match(subject=subject, cases=cases):
            from stigmem_review.interpret import patterns  # few plugins match anything

            patterns.match(m, m.evaluate(subject, env), cases, env)
        case _:
            m.doom(f"{type(node).__name__} is not followed")


def _block(m: Machine, body: Sequence[ast.stmt], env: Env) -> Part:
    def run() -> Value:
        m.execute(body, env)
        return NONE

    return run


def bind_name(m: Machine, name: str, value: Value, env: Env) -> None:
    """Bind a name, where its scope has it."""
    cell = mangled(name, env)
    if name in env.names.globals:
        m.write(env.globals, value, cell)
    elif name in env.names.nonlocals:
        m.write(m.frame_of(name, env, nested=True), value, cell)
    else:
        m.write(env.frame, value, cell)


def assign(m: Machine, target: ast.expr, value: Value, env: Env) -> None:
    """Bind a target. Raises ``GiveUp`` where it is not known what that changes."""
    match target:
        case ast.Name(id=name):
            bind_name(m, name, value, env)
        case ast.Attribute(value=owner, attr=attr):
            objects.set_attribute(m, m.evaluate(owner, env), mangled(attr, env), value)
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            m.guard((held, place, value), lambda: operators.set_subscript(m, held, place, value))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(m, targets, value, env)
        case ast.Starred(value=inner):
            assign(m, inner, value, env)
        case _:
            raise GiveUp("a target is not followed")


def _unpack(m: Machine, targets: Sequence[ast.expr], value: Value, env: Env) -> None:
    star = next((n for n, each in enumerate(targets) if isinstance(each, ast.Starred)), -1)

    def bind(items: Tuple) -> Value:
        found = [*items.items]
        if items.shuffled:
            found = [m.unknown("which item of a set comes first is up to chance", *found)] * len(
                found
            )
        if star < 0:
            if len(found) > len(targets) + 1 and lazy.is_iterator(value):
                raise GiveUp("what is left of an iterator is not known")
            if len(found) != len(targets):
                m.raise_("ValueError", Const("the number of values to unpack"))
        else:
            after = len(targets) - star - 1
            if len(found) < len(targets) - 1:
                m.raise_("ValueError", Const("not enough values to unpack"))
            middle = found[star : len(found) - after]
            found[star : len(found) - after] = [m.new_list(middle, shuffled=items.shuffled)]
        for target, each in zip(targets, found, strict=True):
            m.assign(target, each, env)
        return NONE

    try:
        lazy.with_items(m, value, bind)
    except GiveUp as stop:
        m.may_raise(stop.why)
        for target in targets:
            m.assign(target, m.unknown(stop.why, value), env)


def _augmented(m: Machine, target: ast.expr, op: ast.operator, node: ast.expr, env: Env) -> None:
    match target:
        case ast.Name():
            old = m.evaluate(ast.Name(target.id, ast.Load(), lineno=target.lineno), env)
            value = m.evaluate(node, env)
            m.assign(target, _inplace(m, op, old, value), env)
        case ast.Attribute(value=owner, attr=attr):
            held = m.evaluate(owner, env)
            name = mangled(attr, env)
            old = m.each(held, lambda one: m.get(one, name))
            value = m.evaluate(node, env)
            objects.set_attribute(m, held, name, _inplace(m, op, old, value))
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            old = m.guard((held, place), lambda: operators.subscript(m, held, place))
            value = m.evaluate(node, env)
            new = _inplace(m, op, old, value)
            m.guard((held, place, new), lambda: operators.set_subscript(m, held, place, new))
        case _:
            m.doom("a target is not followed")


def _inplace(m: Machine, op: ast.operator, old: Value, value: Value) -> Value:
    return m.guard((old, value), lambda: operators.binary(m, op, old, value, inplace=True))


def _delete(m: Machine, target: ast.expr, env: Env) -> None:
    match target:
        case ast.Name(id=name):
            found = m.evaluate(ast.Name(name, ast.Load(), lineno=target.lineno), env)

            def bound(held: Value) -> Value:
                if held == MISSING:
                    m.raise_("NameError", Const(f"name '{name}' is not defined"))
                return NONE

            if any(
                isinstance(each, Foreign) and each.dotted.startswith("builtins.")
                for each in values_of(found)
            ):
                m.each(m.read(m.frame_of(name, env), mangled(name, env)), bound)
            bind_name(m, name, MISSING, env)
        case ast.Attribute(value=owner, attr=attr):
            objects.set_attribute(m, m.evaluate(owner, env), mangled(attr, env), MISSING)
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            m.guard((held, place), lambda: operators.delete_subscript(m, held, place))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for each in targets:
                _delete(m, each, env)
        case _:
            m.doom("a target is not followed")


# Loops.


def _for(m: Machine, node: ast.For | ast.AsyncFor, env: Env) -> None:
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


def _while(m: Machine, node: ast.While, env: Env) -> None:
    def loop() -> Value:
        for _ in range(lazy.UNROLLED):
            m.tick()
            test = m.evaluate(node.test, env)
            so = operators.truth(m, test) if not isinstance(test, OneOf) else None
            if so is False:
                return NONE
            if so is not True:
                raise GiveUp("how often a loop runs is not known")
            m.settle(m.run(_block(m, node.body, env)), _LOOP)
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


# Exceptions.


def _try(m: Machine, node: ast.Try, env: Env) -> None:
    m.guarded += 1
    outcomes = m.grouped(m.run(_block(m, node.body, env)))
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
            ended += m.run(_handled(m, each, node.handlers, env))
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


def _handled(m: Machine, outcome: Outcome, handlers: Sequence[ast.ExceptHandler], env: Env) -> Part:
    def run() -> Value:
        m.adopt(outcome)
        return _handle(m, outcome.value, handlers, env)

    return run


def _handle(m: Machine, raised: Value, handlers: Sequence[ast.ExceptHandler], env: Env) -> Value:
    if not handlers:
        raise Exit("raises", raised)
    first, *rest = handlers

    def caught() -> Value:
        if first.name:
            bind_name(m, first.name, raised, env)
        m.handling.append(raised)

        def body() -> Value:
            m.execute(first.body, env)
            return NONE

        outcomes = m.run(body)
        m.handling.pop()
        if first.name:
            name = first.name
            ended: list[Outcome] = []
            for each in outcomes:

                def deleted(each: Outcome = each) -> Value:
                    m.adopt(each)
                    bind_name(m, name, MISSING, env)
                    if each.kind != "falls":
                        raise Exit(each.kind, each.value)
                    return NONE

                ended += m.run(deleted)
            outcomes = ended
        return m.settle(outcomes, FALLS)

    def next_() -> Value:
        return _handle(m, raised, rest, env)

    if first.type is None:
        return caught()
    wanted = m.evaluate(first.type, env)
    for each in wanted.items if isinstance(wanted, Tuple) else (wanted,):
        match each:
            case Foreign() | Ref(kind="class") if m.derives(each, EXCEPTION) is not False:
                pass
            case Const() | Tuple() | Ref():
                m.raise_("TypeError", Const("catching classes that are no exceptions"))
            case _:
                m.may_raise("what an except clause catches is not known")

    def decided(raised: Value) -> Value:
        match matches(m, raised, wanted):
            case True:
                return caught()
            case False:
                return next_()
            case _:
                return m.decide(m.atom("which exception it is"), caught, next_)

    return decided(raised)


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


def _raise(m: Machine, exc: ast.expr | None, cause: ast.expr | None, env: Env) -> None:
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


def _with(m: Machine, items: Sequence[ast.withitem], body: Sequence[ast.stmt], env: Env) -> None:
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
        _with(m, rest, body, env)
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
        _with(m, rest, body, env)
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


# Definitions.


def _decorated(m: Machine, value: Value, nodes: Sequence[Value], site: ast.AST, env: Env) -> Value:
    for decorator in reversed(nodes):
        m.site = (env, site)
        value = m.call(decorator, (value,))
    return value


def _define(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> None:
    decorators = [m.evaluate(each, env) for each in node.decorator_list]
    function = m.function(node, env)
    if any(isinstance(each, Bound) and each.function == ROUTED for each in decorators):

        def typed() -> Value:
            annotation.typed(m, node, env)
            return NONE

        m.guard((), typed)
    if not m.postponed(env):
        args = node.args
        every = (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg)
        for each in every:
            if each and each.annotation:
                m.evaluate(each.annotation, env)
        if node.returns:
            m.evaluate(node.returns, env)
    bind_name(m, node.name, _decorated(m, function, decorators, node, env), env)


def _class(m: Machine, node: ast.ClassDef, env: Env) -> None:
    decorators = [m.evaluate(each, env) for each in node.decorator_list]

    def make() -> Value:
        return m.new_class(node, env)

    # Deriving from what others provide changes nothing of it.
    bases = [each for each in node.bases if not isinstance(annotation.named(m, each, env), Foreign)]
    shown = ast.ClassDef(node.name, bases, node.keywords, node.body, [])
    made = m.guard((), make, shown=(shown, env))
    bind_name(m, node.name, _decorated(m, made, decorators, node, env), env)


def class_env(m: Machine, node: ast.ClassDef, env: Env, klass: Ref) -> Env:
    """Return the scope of a class body."""
    return Env(
        "class", klass, names_of(node), env, env.module, env.globals, node.name,
        str(m.thing(klass).extra), "", env.function,
    )  # fmt: skip


def _note_field(m: Machine, env: Env, name: str, annotation: ast.expr) -> None:
    """Note an annotated name of a class, in order: what dataclasses and models are made of."""
    found = m.fields.setdefault(env.frame.oid, {})
    found[name] = annotation
