"""Python's builtin functions and types."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence

from stigmem_review.interpret import (
    annotation,
    containers,
    generic,
    lazy,
    namespaces,
    operators,
    protocols,
    sorting,
    text,
)
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.heap import MADE, Thing
from stigmem_review.interpret.keys import frozen_of, key, pairs_of
from stigmem_review.interpret.kinds import IS_OF, asked, kind_of
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.objects import attempt, set_attribute
from stigmem_review.interpret.protocols import type_name
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    flag,
)

NAMES = frozenset(
    name
    for name in dir(builtins)
    if callable(getattr(builtins, name)) and not name.startswith("__")
) | {"__import__", "__build_class__"}
"""Builtins that are functions or classes."""


def exception_class(name: str) -> type[BaseException] | None:
    """Return a builtin exception class by its name."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


_PARTICULAR = {SyntaxError: range(2), UnicodeError: range(0), BaseExceptionGroup: range(0)}
"""Exception classes that look at what they are given, and how many arguments they take as it is."""


def is_particular(name: str, count: int) -> bool:
    """Say whether an exception class may refuse so many arguments."""
    found = exception_class(name.removeprefix("builtins."))
    return found is not None and found is not UnicodeError and any(
        issubclass(found, each) and count not in taken for each, taken in _PARTICULAR.items()
    )  # fmt: skip


@model("builtins.len")
def _len(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="instance") as ref if m.special(ref, "__len__"):
            return protocols.ask(m, ref, "__len__")
        case Opaque(type="str") as opaque:
            return Opaque("int", ("len", opaque))
        case Const(value=str() | bytes() as value):
            return Const(len(value))
        case Member(mixin="str" | "StrEnum", value=Const(value=str(value))):
            return Const(len(value))
        case Const() | Ref(kind="iterator" | "genexp" | "generator" | "function" | "instance"):
            m.raise_("TypeError", Const("object has no len()"))
        case Ref(kind="list") as ref:
            return m.each(m.read(ref), _length)
        case value:
            return lazy.with_items(m, value, lambda items: Const(len(items.items)))


def _length(content: Value) -> Value:
    if not isinstance(content, Tuple):
        raise GiveUp("what is in a list is not known")
    return Const(len(content.items))


@model("builtins.str")
def _str(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    return m.text_of(args[0]) if args else Const("")


@model("builtins.repr")
def _repr(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return m.repr_of(args[0])


@model("builtins.bool")
def _bool(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    return m.choose(args[0], lambda: TRUE, lambda: FALSE) if args else FALSE


@model("builtins.int")
def _int(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 2)
    if args and isinstance(args[0], Opaque):
        return _number_of(m, "int", args[0])
    given = [text.plain(m, each) for each in args]
    return text.really(m, lambda: int(*given))


def _number_of(m: Machine, kind: str, value: Opaque) -> Value:
    if value.type == kind:
        return value
    found = Opaque(kind, (kind, value))
    if value.type in ("int", "bool", "float"):
        return found
    return m.maybe((f"is {kind}", value), found, "ValueError", Const("invalid literal"))


_AS_FLOAT = ("__float__", "__index__")


@model("builtins.float")
def _float(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    match args[0] if args else None:
        case Opaque() as value:
            return _number_of(m, "float", value)
        case Ref(kind="instance") as ref if m.special(ref, "__float__"):
            return protocols.ask(m, ref, "__float__")
        case Ref(kind="instance") as ref if not m.overrides(m.thing(ref).type, _AS_FLOAT):
            name = text.plain(m, m.get(m.thing(ref).type, "__name__"))
            said = f"float() argument must be a string or a real number, not {name!r}"
            raise Exit("raises", m.exception(Foreign("builtins.TypeError"), (Const(said),)))
        case _:
            given = [text.plain(m, each) for each in args]
            return text.really(m, lambda: float(*given))


def _plainly(name: str) -> Run:
    function = getattr(builtins, name)

    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = [text.plain(m, each) for each in args]
        named = {key: text.plain(m, each) for key, each in keywords}
        return text.really(m, lambda: function(*given, **named))

    return run


@model("builtins.bytes")
def _bytes(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = [text.plain(m, each) for each in args]
    if given and isinstance(given[0], int):
        raise GiveUp("bytes are made of a number")
    named = {key: text.plain(m, each) for key, each in keywords}
    text.in_time((*given[1:], *named.values()))
    return text.really(m, lambda: bytes(*given, **named))


for _name in ("abs", "ord", "chr", "round", "divmod", "hex", "oct", "bin", "ascii"):
    model(f"builtins.{_name}")(_plainly(_name))


@model("builtins.list")
def _list(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    if not args:
        return m.new_list(())
    return lazy.with_items(m, args[0], lambda c: m.new_list(c.items, shuffled=c.shuffled))


@model("builtins.tuple")
def _tuple(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    return lazy.with_items(m, args[0], lambda c: c) if args else Tuple(())


@model("builtins.set")
def _new_set(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    if not args:
        return m.new_set(Frozen(()))
    return lazy.with_items(m, args[0], lambda c: m.each(frozen_of(m, c.items), m.new_set))


@model("builtins.frozenset")
def _frozenset(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 1)
    if not args:
        return Frozen(())
    return lazy.with_items(m, args[0], lambda c: frozen_of(m, c.items))


@model("builtins.dict", whole=True)
def _dict(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 1)
    return containers.dict_of(m, args, keywords, m.new_dict)


@model("collections.OrderedDict", whole=True)
def _ordered(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 1)
    return containers.dict_of(m, args, keywords, lambda c: containers.named_dict(m, "ordered", c))


@model("collections.defaultdict", whole=True)
def _default_dict(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 2)
    factory = args[0] if args else NONE
    return containers.dict_of(
        m, args[1:], keywords, lambda c: containers.named_dict(m, "default", c, factory)
    )


@model("builtins.dict.fromkeys", whole=True)
def _from_keys(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    value = args[1] if len(args) > 1 else NONE

    def keys(items: Tuple) -> Value:
        if any(isinstance(each, OneOf) for each in items.items):
            raise GiveUp("the keys of a dict are one of several")
        found = [(each, value) for each in items.items]
        return m.new_dict(pairs_of(m, found, shuffled=items.shuffled))

    return lazy.with_items(m, args[0], keys)


@model("builtins.sorted")
def _sorted(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 1, 1)

    def sort(items: Tuple) -> Value:
        found = sorting.sort(m, items, keywords)
        assert isinstance(found, Tuple)
        return m.new_list(found.items, shuffled=found.shuffled)

    return lazy.with_items(m, args[0], lambda items: _resolved(m, items, sort))


def _resolved(m: Machine, items: Tuple, part: Callable[[Tuple], Value]) -> Value:
    """Run a part on items of which none is one of several."""

    def with_(done: tuple[Value, ...]) -> Value:
        if len(done) == len(items.items):
            return part(Tuple(done, items.shuffled))
        return m.each(items.items[len(done)], lambda one: with_((*done, one)))

    if not any(isinstance(each, OneOf) for each in items.items):
        return part(items)
    return with_(())


def _most(name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = dict(keywords)
        default = given.pop("default", None)
        if given.keys() - {"key"} or not args:
            raise GiveUp("it is called in an unusual way")
        # Of equal ones the first counts, as it comes first in either direction.
        how = (("reverse", flag(name == "max")), *given.items())

        def pick(items: Tuple) -> Value:
            if not items.items:
                if default is None:
                    m.raise_("ValueError", Const("iterable argument is empty"))
                return default
            found = sorting.sort(m, items, how)
            assert isinstance(found, Tuple)
            if found.shuffled:
                raise GiveUp("which of equal items is meant is up to chance")
            return found.items[0]

        source = args[0] if len(args) == 1 else Tuple(tuple(args))
        return lazy.with_items(m, source, lambda items: _resolved(m, items, pick))

    return run


model("builtins.min")(_most("min"))
model("builtins.max")(_most("max"))


@model("builtins.sum")
def _sum(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)

    def add(items: Tuple) -> Value:
        if items.shuffled and not all(
            isinstance(each, Const) and isinstance(each.value, int) for each in items.items
        ):
            raise GiveUp("what is summed up is in no order")
        total = args[1] if len(args) > 1 else Const(0)
        if type_name(m, total) in ("str", "bytes"):
            m.raise_("TypeError", Const("sum() can't sum strings"))
        for each in items.items:
            total = operators.binary(m, _ADD, total, each, inplace=False)
        return total

    return lazy.with_items(m, args[0], add)


_ADD = ast.Add()


def _some(name: str, stops: bool) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        return lazy.until(m, args[0], lambda value: value, stop=stops)

    return run


model("builtins.any")(_some("any", stops=True))
model("builtins.all")(_some("all", stops=False))


@model("builtins.range")
def _range(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 3)
    given = [text.plain(m, each) for each in args]
    if not all(isinstance(each, int) for each in given):
        m.raise_("TypeError", Const("object cannot be interpreted as an integer"))
    try:
        found = range(*given)
    except ValueError:
        m.raise_("ValueError", Const("range() arg 3 must not be zero"))
    # What has no length as Python counts is longer still.
    if found[2_000:]:
        raise GiveUp("a range is too long")
    return m.alloc(Thing("range", defaults=(("", Tuple(tuple(map(Const, found)))),)))


@model("builtins.enumerate", whole=True)
def _enumerate(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    start = args[1] if len(args) > 1 else given.pop("start", Const(0))
    if given or not args or not isinstance(start, Const):
        raise GiveUp("it is called in an unusual way")
    source = protocols.iterator_of(m, args[0])
    if not isinstance(start.value, int):
        m.raise_("TypeError", Const("object cannot be interpreted as an integer"))
    return lazy.new_iterator(m, "enumerate", source, start)


@model("builtins.zip")
def _zip(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    strict = given.pop("strict", FALSE)
    # Tuples of one length end together, whenever they are gone through.
    alike = len({len(each.items) if isinstance(each, Tuple) else -1 for each in args} - {-1})
    together = alike == 1 and all(isinstance(each, Tuple) for each in args)
    if (strict != FALSE and not together) or given or not args:
        raise GiveUp("it is called in an unusual way")
    return lazy.new_iterator(m, "zip", *(protocols.iterator_of(m, each) for each in args))


@model("builtins.map", whole=True)
def _map(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 5)
    sources = [protocols.iterator_of(m, each) for each in args[1:]]
    return lazy.new_iterator(m, "map", args[0], *sources)


@model("builtins.filter", whole=True)
def _filter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return lazy.new_iterator(m, "filter", args[0], protocols.iterator_of(m, args[1]))


@model("builtins.reversed")
def _reversed(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if isinstance(args[0], (Frozen,)) or (isinstance(args[0], Ref) and args[0].kind == "set"):
        m.raise_("TypeError", Const("'set' object is not reversible"))
    if not isinstance(args[0], (Tuple, Const)) and not (
        isinstance(args[0], Ref) and args[0].kind in ("list", "dict")
    ):
        raise GiveUp("what is reversed is not known")
    if isinstance(args[0], Const) and not isinstance(args[0].value, (str, bytes)):
        m.raise_("TypeError", Const("object is not reversible"))
    # Where it starts is decided now, whatever is added until it is gone through.
    now = m.read(args[0]) if isinstance(args[0], Ref) else NONE
    return lazy.new_iterator(m, "reversed", args[0], now)


@model("itertools.chain", whole=True)
def _chain(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 20)
    return lazy.new_iterator(m, "chain", *args)


@model("itertools.chain.from_iterable")
def _chain_from(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return lazy.new_iterator(m, "flat", protocols.iterator_of(m, args[0]))


@model("builtins.iter")
def _iter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="iterator" | "genexp" | "generator") as ref:
            return ref
        case Ref(kind="list" | "dict") | Tuple() | Const(value=str()) | View():
            return lazy.new_iterator(m, "iter", args[0])
        case _:
            found = protocols.iterator_of(m, args[0])
            if found == args[0]:
                raise GiveUp("what is gone through is not known")
            return found


@model("builtins.next", whole=True)
def _next(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    default = args[1] if len(args) > 1 else None
    return m.each(args[0], lambda one: lazy.next_of(m, one, default))


@model("builtins.isinstance")
def _isinstance(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    kinds = annotation.types_in(m, args[1])
    found = [_is_a(m, args[0], each) for each in kinds]
    _refuse_kind(m, kinds, found)
    if True in found:
        return TRUE
    if None in found:
        names = [each.dotted for each in kinds if isinstance(each, Foreign)]
        if isinstance(args[0], Foreign) and len(names) == len(kinds):
            return asked(args[0].dotted, *names)
        raise GiveUp("whether something is of a type is not known")
    return FALSE


def _refuse_kind(m: Machine, kinds: Sequence[Value], found: Sequence[bool | None]) -> None:
    """Raise what Python does where it comes to something that is no class before any fits."""
    for kind, fits in zip(kinds, found, strict=True):
        if fits is True:
            return
        if text.like(m, kind) is not MISSING:
            if None in found[: kinds.index(kind)]:
                raise GiveUp("whether something is of a type is not known")
            m.raise_("TypeError", Const("arg 2 must be a type or tuple of types"))


_VERDICTS = (Foreign("stigmem_node.plugins.Allow"), Foreign("stigmem_node.plugins.Deny"))


def _is_a(m: Machine, value: Value, kind: Value) -> bool | None:
    if kind == Foreign("builtins.object"):
        return True
    if kind == annotation.NONE_TYPE and not isinstance(value, (OneOf, Unknown)):
        return value == NONE
    match value:
        case Ref(kind="instance" | "manifest"):
            return m.derives(m.thing(value).type, kind)
        case Member(enum=enum, mixin=mixin):
            if enum == kind:
                return True
            if isinstance(kind, Foreign) and kind.dotted.startswith("builtins."):
                wanted = kind.dotted.removeprefix("builtins.")
                return wanted == {"StrEnum": "str"}.get(mixin, mixin)
            if isinstance(kind, Ref) and kind.kind == "class":
                return None if m.is_virtual(kind) else m.derives(enum, kind)
            return None
        case Tuple(named=Ref() as named) if isinstance(kind, Ref):
            return m.derives(named, kind)
        case Ref(kind="class"):
            return True if kind == Foreign("builtins.type") else None
        case Ref(kind="object") if kind in _VERDICTS and m.thing(value).type in _VERDICTS:
            return m.thing(value).type == kind
        case _:
            pass
    if isinstance(value, Foreign) and isinstance(kind, Foreign) and kind.dotted in IS_OF:
        found = kind_of(value.dotted)
        return None if found is None else found == IS_OF[kind.dotted]
    path = isinstance(value, File) and value.text
    name = "str" if path else type_name(m, value)
    if isinstance(kind, Ref) and kind.kind == "class":
        return False if name and not m.is_virtual(kind) else None
    if not name or not isinstance(kind, Foreign):
        return None
    wanted = kind.dotted.removeprefix("builtins.")
    if not kind.dotted.startswith("builtins."):
        known = {
            "collections.abc.Mapping": ("dict",),
            "collections.abc.Sequence": ("list", "tuple", "str"),
            "collections.abc.Iterable": ("list", "tuple", "str", "dict", "set", "frozenset"),
            "collections.abc.Set": ("set", "frozenset"),
            "collections.abc.Callable": ("function", "method"),
            "types.FunctionType": ("function",),
            "types.MethodType": ("method",),
            "types.ModuleType": ("module",),
        }
        plain = ("list", "tuple", "str", "dict", "set", "frozenset", "int", "function", "method",
                 "bool", "NoneType", "float", "module")  # fmt: skip
        return name in known[kind.dotted] if kind.dotted in known and name in plain else None
    if exception_class(wanted):
        return False
    real = getattr(builtins, wanted, None)
    mine = {"NoneType": type(None)}.get(name) or getattr(builtins, name, None)
    if isinstance(real, type) and isinstance(mine, type):
        return issubclass(mine, real)
    return False if isinstance(real, type) else None


@model("builtins.issubclass")
def _issubclass(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    if isinstance(args[0], (Const, Tuple, Frozen)):
        m.raise_("TypeError", Const("issubclass() arg 1 must be a class"))
    kinds = annotation.types_in(m, args[1])
    found = [m.derives(args[0], each) for each in kinds]
    _refuse_kind(m, kinds, found)
    if True in found:
        return TRUE
    if None in found:
        raise GiveUp("whether something is a subclass is not known")
    return FALSE


def _attribute(value: Value) -> str:
    if isinstance(value, Const) and isinstance(value.value, str) and value.value.isidentifier():
        return value.value
    raise GiveUp("which attribute is meant is not known")


@model("builtins.getattr")
def _getattr(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)
    name = _attribute(args[1])
    if len(args) == 2:
        return m.get(args[0], name)
    return attempt(m, lambda: m.get(args[0], name), lambda found: found, lambda: args[2])


@model("builtins.hasattr")
def _hasattr(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    name = _attribute(args[1])
    return attempt(m, lambda: m.get(args[0], name), lambda found: TRUE, lambda: FALSE)


@model("builtins.setattr", whole=True)
def _setattr(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 3, 3)
    owner, name, value = args

    def named(name: Value) -> Value:
        computed = isinstance(name, (Opaque, Unknown))
        if computed and isinstance(owner, Ref) and owner.kind == "module":
            namespaces.set_any(m, owner, name, value)
            return NONE
        return set_attribute(m, owner, _attribute(name), value)

    return m.each(name, named)


@model("builtins.delattr")
def _delattr(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return set_attribute(m, args[0], _attribute(args[1]), MISSING)


@model("builtins.callable")
def _callable(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="function" | "class" | "partial") | Bound():
            return TRUE
        case Method(owner=owner) if not isinstance(owner, Ref) or owner.kind != "object":
            return TRUE
        case Ref(kind="instance") as ref:
            return flag(m.special(ref, "__call__"))
        case Ref(kind="object") as ref if generic.parts_of(m, ref) or m.has_model(ref, "__call__"):
            return TRUE
        case Const() | Tuple() | Frozen() | Ref(kind="list" | "dict" | "set" | "module") | File():
            return FALSE
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return TRUE
        case Foreign(dotted=dotted):
            found = kind_of(dotted)
            return flag(found in ("class", "function")) if found else asked(dotted, "callable")
        case _:
            raise GiveUp("whether something can be called is not known")


@model("builtins.type")
def _type(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    match args[0]:
        case Ref(kind="instance") as ref:
            return m.thing(ref).type
        case Member(enum=enum):
            return enum
        case Tuple(named=Ref() as kind):
            return kind
        case Ref(kind="dict") as ref if m.thing(ref).name:
            raise GiveUp("the type of a dict")
        case Ref(kind="manifest") as ref:
            return m.thing(ref).type
        case value:
            name = type_name(m, value)
            if name and hasattr(builtins, name):
                return Foreign(f"builtins.{name}")
            if name in ("function", "module", "NoneType", "method"):
                return Foreign(f"types.{name}")
            raise GiveUp("the type of something is not known")


@model("builtins.print")
def _print(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    for name in given.keys() - {"sep", "end", "file", "flush"}:
        m.raise_("TypeError", Const(f"'{name}' is an invalid keyword argument for print()"))
    if given.keys() - {"sep", "end", "flush"}:
        raise GiveUp("it is called in an unusual way")
    for each in args:
        m.shown(each)
    return NONE


def _wrapper(kind: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        return Wrapped(kind, args[0])

    return run


for _kind in ("property", "staticmethod", "classmethod"):
    model(f"builtins.{_kind}", whole=True)(_wrapper(_kind))
model("functools.cached_property", whole=True)(_wrapper("cached_property"))


@model("builtins.object")
def _object(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 0)
    return m.alloc(Thing("instance", type=Foreign("builtins.object")))


@model("builtins.object.__new__")
def _new(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) != 1 or keywords or not isinstance(args[0], Ref) or args[0].kind != "class":
        raise GiveUp("it is called in an unusual way")
    kind = args[0]
    if m.is_escaped(kind) or m.thing(kind).traits - {"abstract"}:
        raise GiveUp("objects are made in a way of their own")
    if m.overrides(kind, ("__del__",)) or "abstract" in m.thing(kind).traits:
        raise GiveUp("objects are made in a way of their own")
    return m.alloc(Thing("instance", type=kind))


@model("builtins.type.__subclasses__")
def _subclasses(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    found: list[Value] = []
    for oid, thing in enumerate(m.things):
        ref = Ref(oid, "class")
        if thing.kind != "class" or args[0] not in thing.bases or not m.has((oid, MADE)):
            continue
        # One that nothing holds is gone as soon as it is collected, or when its name is bound anew.
        if m.is_escaped(ref) or not _is_held(m, ref, thing.name):
            raise GiveUp("which subclasses there are is not known")
        found.append(ref)
    return m.new_list(found)


def _is_held(m: Machine, kind: Ref, name: str) -> bool:
    return any(
        thing.kind == "module" and m.has((oid, MADE)) and m.read(Ref(oid, "module"), name) == kind
        for oid, thing in enumerate(m.things)
    )


@model("builtins.super")
def _super(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    me = args[1]
    kind = m.thing(me).type if isinstance(me, Ref) and me.kind == "instance" else me
    if not isinstance(args[0], Ref) or m.derives(kind, args[0]) is not True:
        raise GiveUp("whose super() it is is not known")
    return m.alloc(Thing("super", defaults=(("", args[1]), ("", args[0]))))


@model("builtins.object.__init__")
def _nothing(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) != 1 or keywords:
        first = args[0] if args else NONE
        if isinstance(first, Ref) and m.special(first, "__init__"):
            m.raise_("TypeError", Const("object.__init__() takes exactly one argument"))
        raise GiveUp("it is called in an unusual way")
    return NONE


@model("builtins.object.__init_subclass__")
def _told(m: Machine, args: Args, keywords: Keywords) -> Value:
    if keywords:
        m.raise_("TypeError", Const("__init_subclass__() takes no keyword arguments"))
    return NONE


@model("builtins.BaseException.__init__", whole=True)
def _exception(m: Machine, args: Args, keywords: Keywords) -> Value:
    if args and not keywords and isinstance(args[0], Ref) and args[0].kind == "instance":
        m.write(args[0], Tuple(tuple(args[1:])), "args")
        return NONE
    raise GiveUp("it is called in an unusual way")


@model("builtins.hash")
def _hash(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    key(m, args[0])
    raise GiveUp("a number that is another one in every run")


@model("builtins.id")
def _number(m: Machine, args: Args, keywords: Keywords) -> Value:
    raise GiveUp("a number that is another one in every run")


@model("builtins.dict.get")
def _unbound(m: Machine, args: Args, keywords: Keywords) -> Value:
    if args and isinstance(args[0], Ref) and args[0].kind == "dict":
        return m.call(Method(args[0], "get"), args[1:], keywords)
    raise GiveUp("it is called in an unusual way")
