"""Objects that are mostly their fields: named tuples, dataclasses, namespaces, typed dicts."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from functools import partial

from stigmem_review.interpret import namespaces, protocols
from stigmem_review.interpret.containers import METHODS, dict_of, get_item
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import pairs_of
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.objects import OBJECT, mro, new_class
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    words,
)

_TUPLE = Foreign("builtins.tuple")
_KEPT = words("__module__ __doc__ __qualname__ __str__ __repr__ __format__")
"""What a class of named tuples can have without being another kind of tuple."""


# Named tuples.


def name_fields(m: Machine, kind: Ref, names: Sequence[str], defaults: dict[str, Value]) -> None:
    """Make a class one of named tuples. Raises ``GiveUp`` where it is an unusual one."""
    if any(name[:1] == "_" or keyword.iskeyword(name) for name in names):
        raise GiveUp("a named tuple has fields of unusual names")
    if len({*names}) < len(names):
        raise GiveUp("a named tuple has fields of unusual names")
    late = [name in defaults for name in names]
    if late != sorted(late):
        raise GiveUp("a field without a default stands behind one that has one")
    m.records[kind.oid] = (tuple(names), defaults)
    for place, name in enumerate(names):
        m.write(kind, Wrapped("field", Const(place)), name)


def check_named(m: Machine, kind: Ref) -> None:
    """Raise ``GiveUp`` for a class of named tuples that does not behave as tuples do."""
    fields = m.records.get(kind.oid, ((), {}))[0]
    for name in m.names(kind):
        if name[:2] == "__" and name not in _KEPT:
            raise GiveUp("a named tuple behaves in a way of its own")
        if kind.oid not in m.records and name in _fields(m, kind)[0]:
            raise GiveUp("a named tuple behaves in a way of its own")
        if name in ("_replace", "_asdict", "_fields", "_make") and name not in fields:
            raise GiveUp("a named tuple behaves in a way of its own")


def _fields(m: Machine, kind: Ref) -> tuple[tuple[str, ...], dict[str, Value]]:
    for each in mro(m, kind):
        if isinstance(each, Ref) and each.oid in m.records:
            return m.records[each.oid]
    raise GiveUp("the fields of a named tuple are not known")


def new_named(m: Machine, kind: Ref, args: Args, keywords: Keywords) -> Value:
    """Make a named tuple."""
    names, defaults = _fields(m, kind)
    if len(args) > len(names):
        m.raise_("TypeError", Const("takes fewer positional arguments"))
    found = dict(zip(names, args, strict=False))
    for name, value in keywords:
        if name in found or name not in names:
            m.raise_("TypeError", Const(f"got an unexpected keyword argument '{name}'"))
        found[name] = value
    for name in names:
        if name not in found:
            if name not in defaults:
                m.raise_("TypeError", Const(f"missing a required argument: '{name}'"))
            found[name] = defaults[name]
    return Tuple(tuple(found[name] for name in names), named=kind)


def call_named(m: Machine, owner: Tuple, name: str, args: Args, keywords: Keywords) -> Value:
    """Call a method that only named tuples have."""
    kind = owner.named
    assert kind is not None
    names, _ = _fields(m, kind)
    if args or name not in ("_replace", "_asdict"):
        raise GiveUp(f"{name}() is not followed")
    held = dict(zip(names, owner.items, strict=True))
    if name == "_asdict":
        if keywords:
            m.raise_("TypeError", Const("takes no keyword arguments"))
        return m.new_dict(Pairs(tuple((("c", n), Const(n), v) for n, v in held.items())))
    if any(each not in held for each, _ in keywords):
        m.raise_("ValueError", Const("got unexpected field names"))
    return Tuple(tuple({**held, **dict(keywords)}.values()), named=kind)


@model("collections.namedtuple", "typing.NamedTuple", whole=True)
def _named(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 2, 2)
    given = dict(keywords)
    defaults = given.pop("defaults", NONE)
    if given or not isinstance(args[0], Const) or not str(args[0].value).isidentifier():
        raise GiveUp("it is called in an unusual way")
    title = str(args[0].value)

    def of(names: list[str], held: Sequence[Value]) -> Value:
        if len(held) > len(names):
            m.raise_("TypeError", Const("Got more default values than field names"))
        env, _ = m.site
        kind = new_class(m, title, title, (_TUPLE,), frozenset({"namedtuple"}))
        if env is not None:
            m.write(kind, m.read(env.globals, "__name__"), "__module__")
        late = dict(zip(names[len(names) - len(held) :], held, strict=True))
        name_fields(m, kind, names, late)
        return kind

    def named(items: Tuple) -> Value:
        found: list[str] = []
        for each in items.items:
            if isinstance(each, Tuple) and len(each.items) == 2:
                each = each.items[0]
            each = m.comparable(each)
            if not isinstance(each, Const) or not isinstance(each.value, str) or items.shuffled:
                raise GiveUp("the fields of a named tuple are not known")
            found.append(each.value)
        if defaults == NONE:
            return of(found, ())
        return with_items(m, defaults, lambda held: of(found, held.items))

    if isinstance(args[1], Const) and isinstance(args[1].value, str):
        parts = args[1].value.replace(",", " ").split()
        return named(Tuple(tuple(map(Const, parts))))
    return with_items(m, args[1], named)


# Dataclasses.


def positional(m: Machine, kind: Ref) -> Sequence[str]:
    """Return the names of the fields that positional patterns of a class stand for."""
    traits = m.thing(kind).traits
    if "namedtuple" in traits:
        return _fields(m, kind)[0]
    if "dataclass" in traits:
        if "kw_only" in traits:
            raise GiveUp("which attributes a pattern means is not known")
        return [name for name, _ in m.dataclass_fields(kind)]
    return ()


def _dataclass_of(m: Machine, value: Value) -> Ref | None:
    if isinstance(value, Ref) and value.kind == "instance" and not m.is_escaped(value):
        kind = m.thing(value).type
        if isinstance(kind, Ref) and "dataclass" in m.thing(kind).traits:
            return kind
    return None


def _as_plain(m: Machine, value: Value, make: str) -> Value:
    """Return what ``asdict`` and ``astuple`` make of a value."""
    kind = _dataclass_of(m, value)
    if kind is not None:
        found = [
            (name, _as_plain(m, m.get(value, name), make)) for name, _ in m.dataclass_fields(kind)
        ]
        if make == "astuple":
            return Tuple(tuple(each for _, each in found))
        return m.new_dict(Pairs(tuple((("c", n), Const(n), v) for n, v in found)))
    match value:
        case Const() | Opaque() | Member():
            return value
        case Frozen(pairs=pairs) if all(isinstance(v, (Const, Member)) for _, v in pairs):
            return value
        case Tuple(named=None):
            return Tuple(tuple(_as_plain(m, e, make) for e in value.items), value.shuffled)
        case Ref(kind="list"):
            return with_items(
                m,
                value,
                lambda c: m.new_list([_as_plain(m, e, make) for e in c.items], shuffled=c.shuffled),
            )
        case Ref(kind="dict") if not m.thing(value).name and isinstance(
            content := m.read(value), Pairs
        ):
            held = [(n, _as_plain(m, v, make)) for _, n, v in content.items]
            return m.new_dict(pairs_of(m, held, shuffled=content.shuffled))
        case _:
            return m.call(Foreign("copy.deepcopy"), (value,))


def _plainly(name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        if _dataclass_of(m, args[0]) is None:
            raise GiveUp("what is taken apart is not known to be a dataclass")
        return _as_plain(m, args[0], name)

    return run


for _name in ("asdict", "astuple"):
    model(f"dataclasses.{_name}")(_plainly(_name))


@model("dataclasses.replace", "copy.replace", whole=True)
def _replaced(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 1, 1)
    kind = _dataclass_of(m, args[0])
    if kind is None:
        raise GiveUp("what is replaced is not known to be a dataclass")
    given = dict(keywords)
    for name, default in m.dataclass_fields(kind):
        if isinstance(default, Ref) and default.kind == "object":
            options = dict(m.thing(default).defaults)
            if "init" in options:
                raise GiveUp("a field of a dataclass is of an unusual kind")
        if name not in given:
            given[name] = m.get(args[0], name)
    return m.call(kind, (), tuple(given.items()))


@model("dataclasses.fields")
def _fields_of(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    kind = _dataclass_of(m, args[0]) or args[0]
    if not isinstance(kind, Ref) or kind.kind != "class" or m.is_escaped(kind):
        raise GiveUp("what is taken apart is not known to be a dataclass")
    if "dataclass" not in m.thing(kind).traits:
        m.raise_("TypeError", Const("must be called with a dataclass type or instance"))
    found: list[Value] = []
    for name, _ in m.dataclass_fields(kind):
        thing = Thing(
            "object", type=Foreign("dataclasses.Field"), defaults=(("name", Const(name)),)
        )
        found.append(m.alloc(thing))
    return Tuple(tuple(found))


@model("dataclasses.is_dataclass")
def _is_dataclass(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Const() | Tuple() | Frozen() | Ref(kind="list" | "dict" | "set" | "function"):
            return Const(False)
        case Ref(kind="class") as kind if not m.is_escaped(kind):
            return Const("dataclass" in m.thing(kind).traits)
        case value if _dataclass_of(m, value) is not None:
            return Const(True)
        case _:
            raise GiveUp("whether something is a dataclass is not known")


# Namespaces.


@model("types.SimpleNamespace", whole=True)
def _simple(m: Machine, args: Args, keywords: Keywords) -> Value:
    if args:
        raise GiveUp("it is called in an unusual way")
    made = m.alloc(Thing("instance", type=Foreign("types.SimpleNamespace")))
    for name, value in keywords:
        m.write(made, value, name)
    return made


@model(namespaces.MODULE.dotted)
def _module(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    if protocols.type_name(m, args[0]) != "str":
        raise GiveUp("what a module is called is not known")
    made = m.alloc(Thing("instance", type=namespaces.MODULE))
    given = {"__name__": args[0], "__doc__": args[1] if len(args) > 1 else NONE}
    for name in ("__name__", "__doc__", "__package__", "__loader__", "__spec__"):
        m.write(made, given.get(name, NONE), name)
    return made


@model("types.MappingProxyType")
def _proxy(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], Ref) or args[0].kind != "dict":
        raise GiveUp("what is shown is not known to be a dict")
    return View(args[0], "proxy")


@model("collections.ChainMap")
def _chain(m: Machine, args: Args, keywords: Keywords) -> Value:
    if keywords or not args or not all(isinstance(e, Ref) and e.kind == "dict" for e in args):
        raise GiveUp("it is called in an unusual way")
    held = tuple(("", each) for each in args)
    return m.alloc(Thing("object", type=Foreign("collections.ChainMap"), defaults=held))


def _in_chain(m: Machine, owner: Value, index: Value, default: Value | None) -> Value:
    assert isinstance(owner, Ref)
    for _, each in m.thing(owner).defaults:
        assert isinstance(each, Ref)
        content = m.read(each)
        if not isinstance(content, Pairs) or m.thing(each).name:
            raise GiveUp("what is in a dict is not known")
        found = get_item(m, content, index)
        if found is not None:
            return found
    if default is None:
        m.raise_("KeyError", index)
    return default


@model("collections.ChainMap.__getitem__")
def _from_chain(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return _in_chain(m, args[0], args[1], None)


@model("collections.ChainMap.get")
def _get_from_chain(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)
    return _in_chain(m, args[0], args[1], args[2] if len(args) > 2 else NONE)


@model("collections.ChainMap.__contains__")
def _has_in_chain(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return Const(_in_chain(m, args[0], args[1], MISSING) != MISSING)


@model("builtins.globals")
def _globals(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 0)
    env, _ = m.site
    if env is None:
        m.doom("globals() is called")
    return namespaces.namespace(m, env.globals)


@model("builtins.locals")
def _locals(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 0)
    env, _ = m.site
    if env is None or env.kind not in ("module", "function"):
        m.doom("locals() is called")
    if env.kind == "module":
        return namespaces.namespace(m, env.globals)
    if env.outer is not None and env.outer.kind != "module":
        raise GiveUp("locals() is called where names of other functions are seen")
    held = View(env.frame, namespaces.NAMES)
    return m.new_dict(namespaces.content(m, held))


@model("builtins.vars")
def _vars(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    return namespaces.namespace(m, args[0]) if args else _locals(m, args, keywords)


@model("builtins.dir")
def _dir(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    owner = args[0]
    if not isinstance(owner, Ref) or owner.kind != "module" or m.read(owner, "__dir__") != MISSING:
        raise GiveUp("the names of an object are listed")
    content = namespaces.content(m, View(owner, namespaces.NAMES))
    names = sorted(name.value for _, name, _ in content.items if isinstance(name, Const))
    return m.new_list([Const(name) for name in names])


_IS_METHOD = Foreign("inspect.ismethod")


def _methods_of(m: Machine, owner: Ref) -> Value:
    """Return the methods of an object with their names, which asks for all that it has."""
    kind = m.thing(owner).type
    classes = mro(m, kind)
    odd = any(
        each not in (OBJECT, Foreign("abc.ABC")) for each in classes if not isinstance(each, Ref)
    )
    if odd or m.overrides(kind, ("__dir__", "__getattr__", "__getattribute__", "__slots__")):
        m.doom("inspect.getmembers() is called")
    every = [name for each in (owner, *classes) if isinstance(each, Ref) for name in m.names(each)]
    found: list[Value] = []
    for name in sorted({*every} - {"__qualname__", "__annotations__"}):
        value = m.get(owner, name)
        if isinstance(value, (OneOf, Unknown)):
            m.doom("inspect.getmembers() is called")
        if isinstance(value, Bound):
            found.append(Tuple((Const(name), value)))
    return m.new_list(found)


@model("inspect.getmembers", whole=True)
def _members_of(m: Machine, args: Args, keywords: Keywords) -> Value:
    if keywords or not 1 <= len(args) <= 2:
        m.doom("inspect.getmembers() is called")
    owner = args[0]
    if isinstance(owner, Ref) and owner.kind == "instance" and tuple(args[1:]) == (_IS_METHOD,):
        return _methods_of(m, owner)
    if not isinstance(owner, Ref) or owner.kind != "module" or m.read(owner, "__dir__") != MISSING:
        m.doom("inspect.getmembers() is called")
    content = namespaces.content(m, View(owner, namespaces.NAMES))
    found = m.new_list(())
    for _, name, value in sorted(content.items, key=lambda each: str(each[0])):
        add = partial(_added, m, found, Tuple((name, value)))
        if len(args) == 1 or args[1] == NONE:
            add()
        else:
            m.choose(m.call(args[1], (value,)), add, lambda: NONE)
    return found


def _added(m: Machine, found: Ref, item: Value) -> Value:
    return METHODS["list", "append"](m, found, (item,), ())


# Typed dicts.


def new_typed(m: Machine, args: Args, keywords: Keywords) -> Value:
    """Make a dict of a class of typed dicts, which is a plain one."""
    return dict_of(m, args, keywords, m.new_dict)
