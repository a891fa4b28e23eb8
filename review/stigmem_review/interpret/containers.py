"""The methods of lists, dicts, sets and tuples."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from stigmem_review.interpret import namespaces, sorting
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.heap import ALL, Thing
from stigmem_review.interpret.keys import frozen, frozen_of, key, pairs_of, same
from stigmem_review.interpret.lazy import TAKEN, is_iterator, until, with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.text import really
from stigmem_review.interpret.values import (
    NONE,
    Const,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Option,
    Pairs,
    Ref,
    Tuple,
    Value,
    View,
    flag,
    values_of,
)

Args = Sequence[Value]
Keywords = Sequence[tuple[str, Value]]
Run = Callable[[Machine, Any, Args, Keywords], Value]
"""What a method does with an object of the kind that it is listed under."""

METHODS: dict[tuple[str, str], Run] = {}


def method(kind: str, *names: str) -> Callable[[Run], Run]:
    """Register what a method does."""

    def register(run: Run) -> Run:
        for name in names:
            METHODS[kind, name] = run
        return run

    return register


def _count(args: Args, keywords: Keywords, least: int, most: int) -> None:
    if keywords or not least <= len(args) <= most:
        raise GiveUp("it is called in an unusual way")


def _on_list(m: Machine, owner: Ref, part: Callable[[Tuple], Value]) -> Value:
    def content(found: Value) -> Value:
        if not isinstance(found, Tuple):
            raise GiveUp("what is in a list is not known")
        m.tick(1 + len(found.items) // 16)
        return part(found)

    return m.each(m.read(owner), content)


def _put(m: Machine, owner: Ref, content: Value) -> Value:
    m.write(owner, content)
    return NONE


Put = Callable[[Value], Value]


def _filled(
    m: Machine, owner: Ref, content: Value, sources: Args, fill: Callable[[Put], Value]
) -> Value:
    """Fill a container from sources, item by item; ``fill`` is given what sets the new content.

    Code that a source runs on the way finds in it what nobody knows, and leaves that behind where
    it raises. Raises ``GiveUp`` where that code changes the container itself.
    """
    hidden: Value | None = None
    if any(_is_lazy(each) for source in sources for each in values_of(source)):
        hidden = m.hidden("a container is used while it is filled", content)
        m.write(owner, hidden)

    def put(new: Value) -> Value:
        if hidden is not None and (m.is_escaped(owner) or m.cells[owner.oid, ALL] != hidden):
            raise GiveUp("a container is used while it is filled")
        return _put(m, owner, new)

    return fill(put)


def _is_lazy(source: Value) -> bool:
    return is_iterator(source) or (isinstance(source, Ref) and source.kind == "instance")


@method("list", "append")
def _append(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)
    content = m.read(owner)
    if isinstance(content, OneOf) and all(isinstance(o.value, Tuple) for o in content.options):
        # The same whichever it is, so no way has to be gone for each.
        m.tick(len(content.options))
        longer = [
            Option(Tuple((*o.value.items, args[0]), o.value.shuffled), o.conditions)
            for o in content.options
            if isinstance(o.value, Tuple)
        ]
        return _put(m, owner, OneOf(tuple(longer)))
    return _on_list(m, owner, lambda c: _put(m, owner, Tuple((*c.items, args[0]), c.shuffled)))


@method("list", "extend", "__iadd__")
def _extend(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)

    def onto(content: Tuple) -> Value:
        def fill(put: Put) -> Value:
            def more(items: Tuple) -> Value:
                shuffled = content.shuffled or items.shuffled
                return put(Tuple((*content.items, *items.items), shuffled))

            return with_items(m, args[0], more)

        return _filled(m, owner, content, args, fill)

    return _on_list(m, owner, onto)


@method("list", "insert")
def _insert(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 2, 2)
    place = _number(args[0])

    def put(content: Tuple) -> Value:
        found = [*content.items]
        found.insert(place, args[1])
        return _put(m, owner, Tuple(tuple(found), content.shuffled))

    return _on_list(m, owner, put)


def _number(value: Value) -> int:
    if isinstance(value, Const) and isinstance(value.value, int):
        return int(value.value)
    raise GiveUp("a number is not known")


@method("list", "pop")
def _pop(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 1)
    place = _number(args[0]) if args else -1

    def pop(content: Tuple) -> Value:
        found = [*content.items]
        if not -len(found) <= place < len(found):
            m.raise_("IndexError", Const("pop from empty list"))
        if content.shuffled:
            raise GiveUp("which item comes last is up to chance")
        gone = found.pop(place)
        m.write(owner, Tuple(tuple(found)))
        return gone

    return _on_list(m, owner, pop)


def _place(m: Machine, content: Tuple, wanted: Value) -> int | None:
    for place, each in enumerate(content.items):
        m.tick()
        match same(m, each, wanted):
            case True:
                return place
            case None:
                raise GiveUp("whether something is equal is not known")
            case False:
                pass
    return None


@method("list", "remove")
def _remove(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)

    def remove(content: Tuple) -> Value:
        place = _place(m, content, args[0])
        if place is None:
            m.raise_("ValueError", Const("list.remove(x): x not in list"))
        left = (*content.items[:place], *content.items[place + 1 :])
        return _put(m, owner, Tuple(left, content.shuffled))

    return _on_list(m, owner, remove)


@method("list", "index")
@method("tuple", "index")
def _index(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)

    def find(content: Tuple) -> Value:
        place = _place(m, content, args[0])
        if place is None:
            m.raise_("ValueError", Const("it is not in list"))
        if content.shuffled:
            raise GiveUp("where an item stands is up to chance")
        return Const(place)

    return with_items(m, owner, find)


@method("list", "count")
@method("tuple", "count")
def _counted(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)

    def count(content: Tuple) -> Value:
        found = [same(m, each, args[0]) for each in content.items]
        if None in found:
            raise GiveUp("whether something is equal is not known")
        return Const(sum(each is True for each in found))

    return with_items(m, owner, count)


@method("list", "clear")
def _clear(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    return _put(m, owner, Tuple(()))


@method("list", "copy")
def _copy(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    return _on_list(m, owner, lambda c: m.new_list(c.items, shuffled=c.shuffled))


@method("list", "reverse")
def _reverse(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    return _on_list(m, owner, lambda c: _put(m, owner, Tuple(c.items[::-1], c.shuffled)))


@method("list", "sort")
def _sort(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, (), 0, 0)

    def sorted_(content: Tuple) -> Value:
        # While it is sorted a list is empty to whoever looks, and may not be changed.
        empty = Tuple(())
        m.write(owner, empty)

        def put(found: Value) -> Value:
            if m.read(owner) != empty:
                raise GiveUp("a list is changed while it is sorted")
            return _put(m, owner, found)

        def left(how: Outcome) -> Part:
            def run() -> Value:
                m.adopt(how)
                # It has its items again, in an order that is nobody's promise.
                m.write(owner, content)
                m.escape(owner)
                raise Exit(how.kind, how.value)

            return run

        ended: list[Outcome] = []
        for each in m.run(lambda: m.each(sorting.sort(m, content, keywords), put)):
            ended += m.run(left(each)) if each.kind == "raises" else [each]
        return m.settle(ended, FALLS)

    return _on_list(m, owner, sorted_)


# Dicts.


def _on_dict(m: Machine, owner: Ref, part: Callable[[Pairs], Value]) -> Value:
    def content(found: Value) -> Value:
        if not isinstance(found, Pairs):
            raise GiveUp("what is in a dict is not known")
        m.tick(1 + len(found.items) // 16)
        return part(found)

    return m.each(m.read(owner), content)


def set_item(m: Machine, owner: Ref, name: Value, value: Value) -> Value:
    """Put something into a dict."""

    def put(content: Pairs) -> Value:
        wanted = key(m, name)
        if any(each == wanted for each, _, _ in content.items):
            items = tuple(
                (each, old, value if each == wanted else kept) for each, old, kept in content.items
            )
            return _put(m, owner, Pairs(items, content.shuffled))
        return _put(m, owner, Pairs((*content.items, (wanted, name, value)), content.shuffled))

    if isinstance(name, OneOf):
        return m.each(name, lambda one: set_item(m, owner, one, value))
    return _on_dict(m, owner, put)


def get_item(m: Machine, content: Pairs, name: Value) -> Value | None:
    """Return what a dict has for a key."""
    wanted = key(m, name)
    for each, _, value in content.items:
        if each == wanted:
            return value
    return None


@method("dict", "get")
def _get(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 2)
    default = args[1] if len(args) > 1 else NONE

    def get(content: Pairs) -> Value:
        found = get_item(m, content, args[0])
        return default if found is None else found

    return _on_dict(m, owner, get)


@method("dict", "pop")
def _pop_item(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 2)

    def pop(content: Pairs) -> Value:
        found = get_item(m, content, args[0])
        if found is None:
            if len(args) == 1:
                m.raise_("KeyError", args[0])
            return args[1]
        remove_item(m, owner, content, args[0])
        return found

    return _on_dict(m, owner, pop)


def remove_item(m: Machine, owner: Ref, content: Pairs, name: Value) -> None:
    """Take a key out of a dict."""
    wanted = key(m, name)
    left = tuple(each for each in content.items if each[0] != wanted)
    if len(left) == len(content.items):
        m.raise_("KeyError", name)
    m.write(owner, Pairs(left, content.shuffled))
    _taken_out(m, owner)


def _taken_out(m: Machine, owner: Ref) -> None:
    """Note that something was taken out of a dict: whoever goes through it notices."""
    m.write(owner, Const(m.steps), TAKEN)


@method("dict", "setdefault")
def _set_default(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 2)
    default = args[1] if len(args) > 1 else NONE

    def get(content: Pairs) -> Value:
        found = get_item(m, content, args[0])
        if found is None:
            set_item(m, owner, args[0], default)
            return default
        return found

    return _on_dict(m, owner, get)


@method("dict", "update", "__ior__")
def _update(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, (), 0, 1)

    def onto(content: Pairs) -> Value:
        def fill(put: Put) -> Value:
            def more(entries: Pairs) -> Value:
                every = [(name, value) for _, name, value in (*content.items, *entries.items)]
                shuffled = content.shuffled or entries.shuffled
                return put(pairs_of(m, every, shuffled=shuffled))

            return dict_of(m, args, keywords, more)

        return _filled(m, owner, content, args, fill)

    return _on_dict(m, owner, onto)


def dict_of(m: Machine, args: Args, keywords: Keywords, part: Callable[[Pairs], Value]) -> Value:
    """Run a part on what ``dict(...)`` would have in it."""
    named = [(Const(name), value) for name, value in keywords]

    def entries(value: Value) -> Value:
        match value:
            case Ref(kind="dict"):
                return _on_dict(
                    m,
                    value,
                    lambda c: part(
                        pairs_of(m, [*((n, v) for _, n, v in c.items), *named], shuffled=c.shuffled)
                    ),
                )
            case View(kind="names"):
                content = namespaces.content(m, value)
                every = [*((n, v) for _, n, v in content.items), *named]
                return part(pairs_of(m, every, shuffled=content.shuffled))
            case View(kind="proxy", owner=owner):
                return entries(owner)
            case Ref(kind="instance" | "object"):
                raise GiveUp("a dict is made of an object")
            case _:
                return with_items(m, value, of_items)

    def of_items(items: Tuple) -> Value:
        found: list[tuple[Value, Value]] = []

        def pair(place: int) -> Value:
            if place == len(items.items):
                return part(pairs_of(m, [*found, *named], shuffled=items.shuffled))

            def two(pair_: Tuple) -> Value:
                if len(pair_.items) != 2:
                    m.raise_("ValueError", Const("dictionary update sequence element"))
                if pair_.shuffled:
                    raise GiveUp("which is the key is up to chance")
                found.append((pair_.items[0], pair_.items[1]))
                try:
                    return m.each(pair_.items[0], lambda name: rest(name, place))
                finally:
                    found.pop()

            return with_items(m, items.items[place], two)

        def rest(name: Value, place: int) -> Value:
            found[-1] = (name, found[-1][1])
            return pair(place + 1)

        if len(items.items) > 60:
            raise GiveUp("a dict is made of too many pairs")
        return pair(0)

    if not args:
        return part(pairs_of(m, named))
    return m.each(args[0], entries)


def named_dict(m: Machine, name: str, content: Value, *held: Value) -> Ref:
    """Make a dict of a class that is derived from ``dict``."""
    ref = m.alloc(Thing("dict", name=name, defaults=tuple(("", each) for each in held)))
    m.put((ref.oid, ALL), content)
    return ref


def view(owner: Ref, name: str, args: Args, keywords: Keywords) -> Value:
    """Return a view of a dict."""
    _count(args, keywords, 0, 0)
    return View(owner, name)


@method("dict", "copy")
def _copy_dict(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    thing = m.thing(owner)
    held = [each for _, each in thing.defaults]
    return _on_dict(m, owner, lambda c: named_dict(m, thing.name, c, *held))


@method("dict", "clear")
def _clear_dict(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    _taken_out(m, owner)
    return _put(m, owner, Pairs(()))


@method("dict", "popitem")
def _pop_last(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)

    def pop(content: Pairs) -> Value:
        if not content.items:
            m.raise_("KeyError", Const("popitem(): dictionary is empty"))
        if content.shuffled:
            raise GiveUp("which item comes last is up to chance")
        _, name, value = content.items[-1]
        m.write(owner, Pairs(content.items[:-1]))
        _taken_out(m, owner)
        return Tuple((name, value))

    return _on_dict(m, owner, pop)


# Sets.


def _on_set(m: Machine, owner: Value, part: Callable[[Frozen], Value]) -> Value:
    def content(found: Value) -> Value:
        if not isinstance(found, Frozen):
            raise GiveUp("what is in a set is not known")
        m.tick(1 + len(found.pairs) // 16)
        return part(found)

    if isinstance(owner, Frozen):
        return content(owner)
    assert isinstance(owner, Ref)
    return m.each(m.read(owner), content)


def as_set(m: Machine, value: Value, part: Callable[[Frozen], Value]) -> Value:
    """Run a part on the different items of a value."""

    def different(items: Tuple) -> Value:
        def known(found: Value) -> Value:
            assert isinstance(found, Frozen)
            return part(found)

        return m.each(frozen_of(m, items.items), known)

    if isinstance(value, Frozen):
        return part(value)
    return with_items(m, value, different)


def combined(name: str, one: Frozen, other: Frozen) -> Frozen:
    """Return what an operation makes of two sets."""
    left, right = dict(one.pairs), dict(other.pairs)
    match name:
        case "union":
            found = {**left, **{k: v for k, v in right.items() if k not in left}}
        case "difference":
            found = {k: v for k, v in left.items() if k not in right}
        case "intersection":
            found = {k: v for k, v in left.items() if k in right}
            if any(right[k] != v for k, v in found.items()):
                raise GiveUp("which of two equal items is kept is not known")
        case _:
            found = {k: v for k, v in left.items() if k not in right}
            found |= {k: v for k, v in right.items() if k not in left}
    return Frozen(tuple(found.items()))


_CHANGING = {
    "update": "union",
    "difference_update": "difference",
    "intersection_update": "intersection",
    "symmetric_difference_update": "symmetric_difference",
}


def _combine_all(
    m: Machine, name: str, done: Frozen, args: Args, part: Callable[[Frozen], Value]
) -> Value:
    if not args:
        return part(done)
    return m.each(
        args[0],
        lambda a: as_set(
            m, a, lambda o: _combine_all(m, name, combined(name, done, o), args[1:], part)
        ),
    )


def _changing(name: str, m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 9)

    def onto(content: Frozen) -> Value:
        return _filled(
            m,
            owner,
            content,
            args,
            lambda put: _combine_all(m, _CHANGING[name], content, args, put),
        )

    return _on_set(m, owner, onto)


def _making(name: str, m: Machine, owner: Value, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 9)
    part: Callable[[Frozen], Value] = (lambda c: c) if isinstance(owner, Frozen) else m.new_set
    return _on_set(m, owner, lambda content: _combine_all(m, name, content, args, part))


for _name in _CHANGING:
    METHODS["set", _name] = functools.partial(_changing, _name)
for _name in _CHANGING.values():
    METHODS["set", _name] = functools.partial(_making, _name)
    METHODS["frozenset", _name] = functools.partial(_making, _name)


@method("set", "add")
def _add(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)
    return m.each(
        args[0],
        lambda a: as_set(
            m,
            Tuple((a,)),
            lambda o: _on_set(m, owner, lambda c: _put(m, owner, combined("union", c, o))),
        ),
    )


def _found_by(m: Machine, item: Value) -> Hashable:
    """Return what an item is found by in a set: a set as the frozenset it is equal to."""
    if isinstance(item, Ref) and item.kind == "set":
        content = frozen(m, item)
        if content is None:
            raise GiveUp("what is in a set is not known")
        return key(m, content)
    return key(m, item)


@method("set", "discard")
def _discard(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)
    wanted = _found_by(m, args[0])

    def remove(content: Frozen) -> Value:
        left = tuple(each for each in content.pairs if each[0] != wanted)
        return _put(m, owner, Frozen(left))

    return _on_set(m, owner, remove)


@method("set", "remove")
def _remove_item(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 1, 1)
    wanted = _found_by(m, args[0])

    def remove(content: Frozen) -> Value:
        left = tuple(each for each in content.pairs if each[0] != wanted)
        if len(left) == len(content.pairs):
            m.raise_("KeyError", args[0])
        return _put(m, owner, Frozen(left))

    return _on_set(m, owner, remove)


@method("set", "pop")
def _pop_any(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)

    def pop(content: Frozen) -> Value:
        if not content.pairs:
            m.raise_("KeyError", Const("pop from an empty set"))
        if len(content.pairs) > 1:
            raise GiveUp("which item a set gives is up to chance")
        m.write(owner, Frozen(()))
        return content.pairs[0][1]

    return _on_set(m, owner, pop)


@method("set", "clear")
def _clear_set(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    return _put(m, owner, Frozen(()))


@method("set", "copy")
def _copy_set(m: Machine, owner: Ref, args: Args, keywords: Keywords) -> Value:
    _count(args, keywords, 0, 0)
    return _on_set(m, owner, m.new_set)


def compared(m: Machine, name: str, owner: Value, other: Value) -> Value:
    """Return how two sets compare."""

    def found(one: Frozen, two: Frozen) -> Value:
        left, right = dict(one.pairs).keys(), dict(two.pairs).keys()
        if name == "isdisjoint":
            return flag(not left & right)
        return flag(left <= right if name == "issubset" else left >= right)

    if is_iterator(other):
        raise GiveUp("how much of an iterator is gone through is not known")
    return m.each(
        other,
        lambda o: _on_set(m, owner, lambda one: as_set(m, o, lambda two: found(one, two))),
    )


def contains(m: Machine, owner: Value, item: Value) -> Value:
    """Return whether something is in a container."""
    match owner:
        case Member(mixin="str" | "StrEnum", value=inner):
            return contains(m, inner, item)
        case Ref(kind="iterator" | "genexp" | "generator"):
            return _come_to(m, owner, item)
        case Const(value=bytes(data)) if isinstance(item, Const):
            return really(m, lambda: item.value in data)
        case Ref(kind="set") | Frozen():
            return _on_set(m, owner, lambda c: _is_member(m, c, item))
        case View(kind="names"):
            return namespaces.has_item(m, owner, item)
        case Ref(kind="object"):
            return m.call_on(owner, "__contains__", (item,), ())
        case Ref(kind="dict") | View(kind="keys" | "proxy"):
            ref = owner.owner if isinstance(owner, View) else owner
            return _on_dict(m, ref, lambda c: flag(get_item(m, c, item) is not None))
        case Const(value=str(text)):
            if isinstance(item, Opaque):
                return Opaque("bool", ("in", item, owner))
            found = m.comparable(item)
            if isinstance(found, Const) and isinstance(found.value, str):
                return flag(found.value in text)
            if isinstance(found, Const):
                m.raise_("TypeError", Const("'in <string>' requires string as left operand"))
            raise GiveUp("whether a text is in another is not known")
        case Opaque(type="str"):
            return Opaque("bool", ("in", item, owner))
        case _:
            return with_items(m, owner, lambda c: _among(m, c, item))


def _come_to(m: Machine, iterator: Ref, item: Value) -> Value:
    """Return whether an iterator gives something; it is gone through only until it does."""

    def stops(each: Value) -> Value:
        found = same(m, each, item)
        if found is None:
            raise GiveUp("whether something is equal is not known")
        return flag(found)

    return until(m, iterator, stops, stop=True)


def _is_member(m: Machine, content: Frozen, item: Value) -> Value:
    if not isinstance(item, Opaque):
        return flag(_found_by(m, item) in dict(content.pairs))
    if not all(isinstance(each, Const) for each in content.items):
        raise GiveUp("whether something is in a set is not known")
    return Opaque("bool", ("in", item, content)) if content.pairs else flag(False)


def _kept(value: Value) -> Value:
    return value


def _among(m: Machine, content: Tuple, item: Value) -> Value:
    unsure: list[Value] = []
    for each in content.items:
        m.tick()
        match same(m, each, item):
            case True:
                return Const(True)
            case None:
                unsure.append(each)
            case False:
                pass
    if not unsure:
        return Const(False)
    if all(isinstance(each, Opaque) or isinstance(item, Opaque) for each in unsure):
        found: Value = Const(False)
        for each in reversed(unsure):
            found = m.decide(
                ("=", item, each), lambda: Const(True), functools.partial(_kept, found)
            )
        return found
    raise GiveUp("whether something is in it is not known")


def absent(m: Machine, owner: Ref, index: Value) -> Value:
    """Return what a dict with a default gives for a key it does not have."""
    thing = m.thing(owner)
    if thing.name == "default" and thing.defaults[0][1] != NONE:
        made = m.call(thing.defaults[0][1], ())
        set_item(m, owner, index, made)
        return made
    m.raise_("KeyError", index)
