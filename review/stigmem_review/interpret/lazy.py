"""Going through things: what is consumed when, once, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeVar

from stigmem_review.code.names import Names
from stigmem_review.interpret import namespaces, protocols
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    TRUE,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Pairs,
    Ref,
    Tuple,
    Value,
    View,
    flag,
)

_T = TypeVar("_T")

UNROLLED = 400
OnItem = Callable[[Value], None]
SPENT = "spent"
TAKEN = "taken out"
"""The cell of a dict that is another whenever something was taken out of it."""
_UNTIL = "until "
"""How what ends alike ends, whichever item it ends at."""


def new_iterator(m: Machine, operation: str, *args: Value) -> Ref:
    """Return an iterator that does nothing until it is gone through."""
    return m.alloc(Thing("iterator", name=operation, defaults=tuple(("", a) for a in args)))


def with_items(m: Machine, value: Value, part: Callable[[Tuple], Value]) -> Value:
    """Go through all of a value, and run a part on its items.

    Raises ``GiveUp`` where they are not known.
    """

    def content(found: Value) -> Value:
        match found:
            case Tuple():
                m.tick(len(found.items) // 8)
                return part(found)
            case Frozen():
                m.tick(len(found.pairs) // 8)
                return part(Tuple(found.items, shuffled=len(found.pairs) > 1))
            case Pairs(items=items, shuffled=shuffled):
                m.tick(len(items) // 8)
                return part(Tuple(tuple(_viewed(value, items)), shuffled))
            case _:
                raise GiveUp("what is in it is not known")

    def one(value: Value) -> Value:
        match value:
            case Tuple() | Frozen():
                return content(value)
            case View(kind=kind) if kind.startswith("names"):
                return content(_named(m, value))
            case Ref(kind="object") if m.has_model(value, "__iter__"):
                return with_items(m, m.call_on(value, "__iter__", (), ()), part)
            case Ref(kind="list" | "set" | "dict") | View():
                owner = value.owner if isinstance(value, View) else value
                return m.each(m.read(owner), content)
            case Ref(kind="range"):
                return content(m.thing(value).defaults[0][1])
            case Const(value=str(text)):
                m.tick(1 + len(text) // 8)
                return part(Tuple(tuple(Const(char) for char in text)))
            case Const(value=bytes(data)):
                return part(Tuple(tuple(Const(number) for number in data)))
            case Ref(kind="class") if members := m.members(value):
                return part(Tuple(tuple(members)))
            case Foreign() if members := m.members(value):
                return part(Tuple(tuple(members)))
            case Ref(kind="iterator" | "generator" | "genexp"):
                found = _collector(m)
                shuffled = drive(m, value, lambda item: _append(m, found, item))
                return m.each(
                    m.read(found),
                    lambda c: content(Tuple(c.items, shuffled) if isinstance(c, Tuple) else c),
                )
            case Ref(kind="instance") if m.special(value, "__iter__"):
                _measured(m, value)
                return with_items(m, _iterator(m, value), part)
            case Member(mixin="str" | "StrEnum", value=inner):
                return one(inner)
            case Const() | Member(mixin=""):
                m.raise_("TypeError", Const("object is not iterable"))
            case _:
                raise GiveUp("what is gone through is not known")

    return m.each(value, one)


def _iterator(m: Machine, value: Ref) -> Value:
    """Return what goes through an object of the program."""
    found = protocols.iterator_of(m, value)
    if found == value or (isinstance(found, Ref) and found.kind == "instance"):
        raise GiveUp("what is gone through is not known")
    return found


def _measured(m: Machine, value: Ref) -> None:
    """Ask an object for its length: some of what takes all its items does, some does not."""
    for name in ("__len__", "__length_hint__"):
        if m.special(value, name):
            asked = m.atom("whether an object is asked for its length")

            def ask(name: str = name) -> Value:
                return m.call(m.method(value, name), ())

            m.decide(asked, ask, lambda: NONE)


def _named(m: Machine, value: View) -> Tuple:
    """Return what a view of the names of an object shows now."""
    found = namespaces.content(m, View(value.owner, namespaces.NAMES))
    shown = View(value.owner, value.kind.removeprefix("names").strip() or "keys")
    return Tuple(tuple(_viewed(shown, found.items)), found.shuffled)


def _drive_names(m: Machine, value: View, on_item: OnItem) -> bool:
    """Go through the names of an object, none of which may come or go on the way."""
    before = namespaces.names(m, value.owner)
    found = _named(m, value)
    for item in found.items:
        on_item(item)
        if namespaces.names(m, value.owner) != before:
            raise GiveUp("names are bound while they are gone through")
    return found.shuffled


def _viewed(value: Value, items: tuple[tuple[object, Value, Value], ...]) -> list[Value]:
    match value:
        case View(kind="values"):
            return [each for _, _, each in items]
        case View(kind="items"):
            return [Tuple((key, each)) for _, key, each in items]
        case _:
            return [key for _, key, _ in items]


def _collector(m: Machine) -> Ref:
    found = m.new_list(())
    m.collectors.add(found.oid)
    return found


def collect(m: Machine, run: Callable[[OnItem], bool], part: Callable[[Tuple], Value]) -> Value:
    """Collect what something gives to a callback, and run a part on it."""
    found = _collector(m)
    shuffled = run(lambda item: _append(m, found, item))

    def content(value: Value) -> Value:
        if not isinstance(value, Tuple):
            raise GiveUp("how many there are is not known")
        return part(Tuple(value.items, shuffled and len(value.items) > 1))

    return m.each(m.read(found), content)


def _append(m: Machine, found: Ref, item: Value) -> None:
    def more(content: Value) -> Value:
        if isinstance(content, Tuple):
            m.tick(1 + len(content.items) // 16)
            m.write(found, Tuple((*content.items, item)))
        return NONE

    m.each(m.read(found), more)


def drive(m: Machine, value: Value, on_item: OnItem) -> bool:
    """Run a callback on each item, as it is come to; return whether their order is up to chance.

    Raises ``GiveUp`` where the items are not known.
    """
    shuffled = [False]

    def one(value: Value) -> Value:
        match value:
            case Ref(kind="iterator" | "genexp" | "generator") if not _take(m, value):
                pass
            case Ref(kind="iterator"):
                shuffled[0] |= _drive_iterator(m, value, on_item)
            case Ref(kind="genexp"):
                thing = m.thing(value)
                assert isinstance(thing.node, ast.GeneratorExp)
                assert thing.env is not None
                _drive_genexp(m, thing.node, thing.env, thing.defaults[0][1], on_item, shuffled)
            case Ref(kind="generator"):
                m.generate(value, on_item)
            case Ref(kind="list"):
                _drive_list(m, value, on_item)
            case Ref(kind="instance") if m.special(value, "__iter__"):
                shuffled[0] |= drive(m, _iterator(m, value), on_item)
            case View(kind=kind) if kind.startswith("names"):
                shuffled[0] |= _drive_names(m, value, on_item)
            case Ref(kind="dict") | View():
                owner = value.owner if isinstance(value, View) else value
                m.each(m.read(owner), lambda c: _drive_dict(m, value, owner, c, on_item, shuffled))
            case _:
                with_items(m, value, lambda items: _go_through(items))
        return NONE

    def _go_through(items: Tuple) -> Value:
        before = m.read(value) if isinstance(value, Ref) and value.kind == "set" else NONE

        def every() -> Value:
            for item in items.items:
                on_item(item)
                if before != NONE and isinstance(value, Ref) and m.read(value) != before:
                    raise GiveUp("a set is changed while it is gone through")
            return NONE

        if not items.shuffled:
            return every()
        shuffled[0] = True
        return in_no_order(m, every)

    def whole(value: Value) -> Value:
        one(value)
        if isinstance(value, Ref) and value.kind in ("iterator", "genexp", "generator"):
            m.write(value, TRUE, SPENT)
        return NONE

    m.each(value, whole)
    return shuffled[0]


def _drive_genexp(
    m: Machine, node: ast.GeneratorExp, env: Env, first: Value, on_item: OnItem,
    shuffled: list[bool],
) -> None:  # fmt: skip
    def run() -> Value:
        shuffled[0] |= comprehend(
            m, node.generators, env, first, lambda inner: on_item(m.evaluate(node.elt, inner))
        )
        return NONE

    m.settle(ended_by_itself(m, m.run(run)), FALLS)


def ended_by_itself(m: Machine, outcomes: list[Outcome]) -> list[Outcome]:
    """Return how a generator ends. Raises ``GiveUp`` where what ends iterations leaves it.

    In a generator that is an error; whether it is from whoever goes through it cannot be told.
    """
    stop = Foreign("builtins.StopIteration")
    for each in outcomes:
        values = (
            [o.value for o in each.value.options] if isinstance(each.value, OneOf) else [each.value]
        )
        if each.kind == "raises" and any(m.matches(value, stop) for value in values):
            raise GiveUp("a generator is ended by an exception")
    return outcomes


def delegate(m: Machine, value: Value, on_item: OnItem) -> Value:
    """Run a callback on each item of one value; return what ``yield from`` gives in the end.

    Raises ``GiveUp`` where the items are not known.
    """
    if isinstance(value, Ref) and value.kind == "instance" and m.special(value, "__iter__"):
        found = _iterator(m, value)
        return m.each(found, lambda one: delegate(m, one, on_item))
    if isinstance(value, Ref) and value.kind == "generator":
        if not _take(m, value):
            return NONE
        result = m.generate(value, on_item)
        m.write(value, TRUE, SPENT)
        return result
    if drive(m, value, on_item):
        raise GiveUp("a generator gives items in no order")
    if isinstance(value, Ref) and value.kind == "iterator" and m.thing(value).name != "iter":
        # What goes through generators ends with what they return.
        return m.unknown("what an iterator ends with is not known", value)
    return NONE


def is_iterator(value: Value) -> bool:
    """Say whether a value gives its items once."""
    return isinstance(value, Ref) and value.kind in ("iterator", "genexp", "generator")


def until(m: Machine, source: Value, test: Callable[[Value], Value], *, stop: bool) -> Value:
    """Go through a value until a test of an item is as wanted; return that, or else the opposite.

    Raises ``GiveUp`` where the items are not known.
    """
    kind = f"{_UNTIL}{m.atom('an item')}"

    def stopped() -> Value:
        raise Exit(kind, flag(stop))

    def item(value: Value) -> None:
        yes, no = (stopped, _nothing) if stop else (_nothing, stopped)
        m.choose(test(value), yes, no)

    def body() -> Value:
        drive(m, source, item)
        return flag(not stop)

    found = m.settle(m.run(body), FALLS | {kind})
    if isinstance(source, Ref) and is_iterator(source):
        m.write(source, m.unknown("a generator was gone through in part"), SPENT)
    return found


def _nothing() -> Value:
    return NONE


def in_no_order(m: Machine, run: Callable[[], _T]) -> _T:
    """Run what takes items in no order.

    Raises ``GiveUp`` where that shows: only what leaves everything else as it was, and raises
    nothing, gives the same in all orders.
    """
    start, oid, waiting = len(m.trail), len(m.things), len(m.waiting)
    ended: Exit | None = None
    try:
        found = run()
    except Exit as end:
        if not end.kind.startswith(_UNTIL):
            raise GiveUp("which item of a set raises first is not known") from None
        ended = end
    changed = {c[0] for c, _ in m.trail[start:] if c[0] < oid and c[1] != SPENT}
    left = [each for each in m.waiting[waiting:] if not each.kind.startswith(_UNTIL)]
    if (
        changed - m.collectors
        or left
        or any(
            c[0] < oid and c[1] != SPENT and c[0] not in m.collectors
            for each in m.waiting[waiting:]
            for c in each.delta
        )
    ):
        raise GiveUp("items in no order change something")
    if ended is not None:
        # Whichever item it is that it stops at, it ends alike.
        raise ended
    return found


def _take(m: Machine, value: Ref) -> bool:
    """Take all that is left of an iterator; return whether anything is."""
    spent = m.read(value, SPENT)
    if spent not in (TRUE, MISSING):
        raise GiveUp("how much is left of an iterator is not known")
    if spent == TRUE:
        return False
    # Until it is at its end, what is left of it is not known to whoever looks.
    m.write(value, m.unknown("an iterator is gone through"), SPENT)
    return True


def _drive_list(m: Machine, value: Ref, on_item: OnItem) -> None:
    """Go through a list as it is then: what is added on the way is come to as well."""

    def step(content: Value) -> Value:
        if not isinstance(content, Tuple) or content.shuffled:
            raise GiveUp("what is in a list is not known")
        if place[0] < len(content.items):
            on_item(content.items[place[0]])
            return TRUE
        return MISSING

    place = [0]
    while True:
        content = m.read(value)
        if place[0] > UNROLLED * 4:
            raise GiveUp("a list is too long")
        more = m.each(content, step)
        if more == MISSING:
            return
        if more != TRUE:
            raise GiveUp("how long a list is is not known")
        place[0] += 1


def _drive_dict(
    m: Machine, value: Value, owner: Ref, content: Value, on_item: OnItem, shuffled: list[bool]
) -> Value:
    """Go through a dict: its keys must stay, and its values are as they are then."""
    if not isinstance(content, Pairs):
        raise GiveUp("what is in a dict is not known")

    taken = m.read(owner, TAKEN)

    def every() -> Value:
        for place, (key, _, _) in enumerate(content.items):
            now = m.read(owner)
            if not isinstance(now, Pairs) or len(now.items) != len(content.items):
                raise GiveUp("a dict is changed while it is gone through")
            if now.items[place][0] != key:
                raise GiveUp("a dict is changed while it is gone through")
            on_item(_viewed(value, (now.items[place],))[0])
        now = m.read(owner)
        if not isinstance(now, Pairs) or len(now.items) != len(content.items):
            raise GiveUp("a dict is changed while it is gone through")
        if m.read(owner, TAKEN) != taken:
            raise GiveUp("a dict is changed while it is gone through")
        return NONE

    if not content.shuffled:
        return every()
    shuffled[0] = True
    return in_no_order(m, every)


def _drive_iterator(m: Machine, value: Ref, on_item: OnItem) -> bool:
    thing = m.thing(value)
    args = [each for _, each in thing.defaults]
    match thing.name:
        case "iter":
            start = m.read(value, "place")
            if start == MISSING:
                return drive(m, args[0], on_item)
            return (
                with_items(m, args[0], lambda items: _rest(m, args[0], items, start, on_item))
                == TRUE
            )
        case "enumerate":
            return _numbered(m, args[0], args[1], on_item)
        case "map":
            return _together(m, args[1:], lambda items: on_item(m.call(args[0], items)))
        case "zip":
            return _together(m, args, lambda items: on_item(Tuple(tuple(items))))
        case "filter":

            def kept(item: Value) -> None:
                test = item if args[0] == NONE else m.call(args[0], (item,))
                m.choose(test, lambda: _done(on_item, item), lambda: NONE)

            return drive(m, args[1], kept)
        case "reversed":
            if isinstance(args[0], Ref) and m.read(args[0]) != args[1]:
                raise GiveUp("what is gone through was changed before")
            return (
                with_items(m, args[0], lambda items: _backwards(m, args[0], items, on_item)) == TRUE
            )
        case "chain":
            return any([*(drive(m, each, on_item) for each in args)])
        case "flat":
            orders: list[bool] = []

            def inner(item: Value) -> None:
                def through(one: Value) -> Value:
                    orders.append(drive(m, one, on_item))
                    return NONE

                m.each(item, through)

            return drive(m, args[0], inner) or any(orders)
        case _:
            raise GiveUp("what an iterator gives is not known")


def _numbered(m: Machine, source: Value, start: Value, on_item: OnItem) -> bool:
    count = _collector(m)
    m.write(count, start)

    def numbered(item: Value) -> None:
        def one(number: Value) -> Value:
            if not isinstance(number, Const):
                raise GiveUp("how many there are is not known")
            m.write(count, Const(number.value + 1))
            return _done(on_item, Tuple((number, item)))

        m.each(m.read(count), one)

    if drive(m, source, numbered):
        raise GiveUp("items in no order are numbered")
    return False


def _done(run: Callable[[_T], None], argument: _T) -> Value:
    run(argument)
    return NONE


def _rest(m: Machine, value: Value, items: Tuple, start: Value, on_item: OnItem) -> Value:
    if not isinstance(start, Const) or items.shuffled:
        raise GiveUp("where an iterator stands is not known")
    before = m.read(value) if isinstance(value, Ref) else NONE
    for item in items.items[start.value :]:
        on_item(item)
        if isinstance(value, Ref) and m.read(value) != before:
            raise GiveUp("what is gone through is changed on the way")
    return NONE


def _backwards(m: Machine, value: Value, items: Tuple, on_item: OnItem) -> Value:
    before = m.read(value) if isinstance(value, Ref) else NONE
    for item in reversed(items.items):
        on_item(item)
        if isinstance(value, Ref) and m.read(value) != before:
            raise GiveUp("what is gone through is changed on the way")
    return TRUE if items.shuffled else NONE


def _together(m: Machine, sources: list[Value], on_items: Callable[[list[Value]], None]) -> bool:
    if len(sources) == 1:
        return drive(m, sources[0], lambda item: on_items([item]))
    found: list[Tuple] = []
    before = [(each, m.read(each)) for each in sources if isinstance(each, Ref)]

    def take(items: Tuple) -> Value:
        if items.shuffled:
            raise GiveUp("items in no order are put beside others")
        found.append(items)
        try:
            if len(found) == len(sources):
                for each in zip(*(one.items for one in found), strict=False):
                    on_items([*each])
                    if any(m.read(ref) != content for ref, content in before):
                        raise GiveUp("what is gone through is changed on the way")
            else:
                with_items(m, sources[len(found)], take)
        finally:
            found.pop()
        return NONE

    for each in sources:
        if isinstance(each, Ref) and each.kind in ("generator", "genexp", "iterator"):
            raise GiveUp("generators are gone through side by side")
    with_items(m, sources[0], take)
    return False


def comprehend(
    m: Machine,
    generators: list[ast.comprehension],
    env: Env,
    first: Value,
    on_item: Callable[[Env], None],
) -> bool:
    """Run a comprehension; return whether the order of what it gave is up to chance."""
    names = Names(
        {
            node.id
            for generator in generators
            for node in ast.walk(generator.target)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    )
    frame = m.alloc(Thing("frame"))
    inner = Env(
        "comprehension", frame, names, env, env.module, env.globals, env.klass, env.qualname,
        env.first, env.function,
    )  # fmt: skip
    shuffled = [False]

    def level(place: int, source: Value) -> None:
        generator = generators[place]
        if generator.is_async:
            raise GiveUp("it is an asynchronous comprehension")

        def item(value: Value) -> None:
            m.tick()
            m.assign(generator.target, value, inner)
            test(0)

        def test(number: int) -> None:
            if number < len(generator.ifs):
                m.choose(
                    m.evaluate(generator.ifs[number], inner),
                    lambda: _done(test, number + 1),
                    lambda: NONE,
                )
            elif place + 1 < len(generators):
                level(place + 1, m.evaluate(generators[place + 1].iter, inner))
            else:
                on_item(inner)

        if drive(m, source, item):
            shuffled[0] = True

    m.collectors.add(frame.oid)
    level(0, first)
    if shuffled[0]:
        for name in m.names(frame):
            last = m.unknown("which item of a set comes last is up to chance", m.read(frame, name))
            m.write(frame, last, name)
    return shuffled[0]


def new_genexp(m: Machine, node: ast.GeneratorExp, env: Env) -> Ref:
    """Return a generator expression: only its first iterable is evaluated where it stands."""
    first = protocols.iterator_of(m, m.evaluate(node.generators[0].iter, env))
    return m.alloc(Thing("genexp", node=node, env=env, defaults=(("", first),)))


def next_of(m: Machine, value: Value, default: Value | None) -> Value:
    """Return the next item of an iterator.

    Raises ``GiveUp`` where it is not known.
    """
    if not isinstance(value, Ref) or value.kind not in ("iterator", "genexp", "generator"):
        raise GiveUp("the next of what is not known")
    thing = m.thing(value)
    if value.kind == "iterator" and thing.name == "iter":
        place = m.read(value, "place")
        start = 0 if place == MISSING else place.value if isinstance(place, Const) else -1
        if start < 0 or m.read(value, SPENT) != MISSING:
            raise GiveUp("where an iterator stands is not known")

        def pick(items: Tuple) -> Value:
            if items.shuffled:
                raise GiveUp("the first item of a set is up to chance")
            m.write(value, Const(start + 1), "place")
            if start < len(items.items):
                return items.items[start]
            if default is None:
                m.raise_("StopIteration")
            return default

        return with_items(m, thing.defaults[0][1], pick)
    if m.read(value, SPENT) != MISSING:
        raise GiveUp("what is left of a generator is not known")
    kind = f"stops {m.atom('an item')}"

    def first(item: Value) -> None:
        raise Exit(kind, item)

    def body() -> Value:
        drive(m, value, first)
        if default is None:
            m.raise_("StopIteration")
        return default

    found = m.settle(m.run(body), FALLS | {kind})
    m.write(value, m.unknown("a generator was gone through in part"), SPENT)
    return found
