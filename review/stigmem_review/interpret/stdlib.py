"""The standard library, as far as manifests are made with it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stigmem_review.interpret import annotation, doubts, generic, lazy, text
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
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
    Value,
    words,
)

LEVELS = words("CRITICAL DEBUG ERROR FATAL INFO NOTSET WARN WARNING")
"""The names of the levels that log records have of Python's own accord."""


# Functions.


@model("functools.partial", whole=True)
def _partial(m: Machine, args: Args, keywords: Keywords) -> Value:
    if not args:
        m.raise_("TypeError", Const("type 'partial' takes at least one argument"))
    held = (*(("", each) for each in args[1:]), *keywords)
    return m.alloc(Thing("partial", type=args[0], defaults=held))


@model("functools.reduce", whole=True)
def _reduce(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)

    def fold(items: Tuple) -> Value:
        if items.shuffled:
            raise GiveUp("what is reduced is in no order")
        found = [*args[2:], *items.items]
        if not found:
            m.raise_("TypeError", Const("reduce() of empty iterable with no initial value"))
        total = found[0]
        for each in found[1:]:
            total = m.call(args[0], (total, each))
        return total

    return lazy.with_items(m, args[1], fold)


_SETTING = ("__setattr__", "__slots__", "__dict__")
_COPIED = ("__module__", "__name__", "__qualname__")


@model("functools.wraps")
def _wraps(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], (Ref, Bound)):
        raise GiveUp("what is wrapped is not followed")
    return Bound(Foreign("functools.wraps.inner"), args[0])


@model("functools.wraps.inner")
def _wraps_inner(m: Machine, args: Args, keywords: Keywords) -> Value:
    """Called with the wrapped function first, as ``wraps`` gives it."""
    count(args, keywords, 2, 2)
    return _updated(m, args[1], args[0])


@model("functools.update_wrapper")
def _update_wrapper(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) == 2 and not keywords:
        wrapper, wrapped = args
        if isinstance(wrapped, Ref) and wrapped.kind == "function":
            return _updated(m, wrapper, wrapped)
    m.doom("functools.update_wrapper() is called")


def _updated(m: Machine, wrapper: Value, wrapped: Value) -> Value:
    """Let a wrapper look like what it wraps."""
    if not isinstance(wrapper, Ref) or not (
        wrapper.kind == "function" or (wrapper.kind == "instance" and _is_plain(m, wrapper))
    ):
        raise GiveUp("what wraps is not followed")
    for name in _COPIED:
        m.write(wrapper, m.get(wrapped, name), name)
    if wrapper.kind == "instance":
        for name in ("__doc__", "__annotations__"):
            m.write(wrapper, m.unknown(f"{name} of a function is not followed"), name)
    if isinstance(wrapped, Ref) and wrapped.kind == "function":
        for name in m.names(wrapped):
            if name not in _COPIED:
                m.write(wrapper, m.read(wrapped, name), name)
    m.write(wrapper, wrapped, "__wrapped__")
    return wrapper


def _is_plain(m: Machine, ref: Ref) -> bool:
    """Say whether an object takes any attribute, and does nothing but keep it."""
    kind = m.thing(ref).type
    own = isinstance(kind, Ref) and not m.is_escaped(ref) and not m.overrides(kind, _SETTING)
    return isinstance(kind, Ref) and own and "slots" not in m.thing(kind).traits


@model(
    "typing.cast",
    whole=True,
)
def _cast(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return args[1]


def _marking(mark: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        if isinstance(args[0], Ref) and args[0].kind in ("function", "class"):
            m.write(args[0], TRUE, mark)
            return args[0]
        raise GiveUp("what is decorated is not followed")

    return run


for _name in ("final", "override"):
    model(f"typing.{_name}", whole=True)(_marking(f"__{_name}__"))
model("typing.runtime_checkable", whole=True)(_marking("_is_runtime_protocol"))


@model("enum.unique", whole=True)
def _unique(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    kind = args[0]
    if not isinstance(kind, Ref) or kind.kind != "class" or m.is_escaped(kind):
        raise GiveUp("what is decorated is not followed")
    for name in m.names(kind):
        value = m.read(kind, name)
        if isinstance(value, OneOf):
            raise GiveUp("what is decorated is not followed")
        if isinstance(value, Member) and value.enum == kind and value.name != name:
            m.raise_("ValueError", Const("duplicate values found"))
    return kind


@model("abc.abstractmethod")
def _abstract(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if isinstance(args[0], Ref) and args[0].kind == "function":
        m.write(args[0], Const(True), "__isabstractmethod__")
        return args[0]
    raise GiveUp("what is decorated is not followed")


@model("typing.overload", whole=True)
def _overloaded(m: Machine, args: Args, keywords: Keywords) -> Value:
    # Only what stands behind it under the same name can be called.
    return Foreign("typing.overload.declared")


@model("enum.auto")
def _auto(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 0, 0)
    return m.alloc(Thing("auto"))


@model("typing.TypeVar", "typing.NewType", "typing.ParamSpec", whole=True)
def _type_variable(m: Machine, args: Args, keywords: Keywords) -> Value:
    for each in (*args, *(value for _, value in keywords)):
        annotation.run_texts(m, each)
    if len(args) != 1 or keywords:
        m.may_raise("whether a variable of types can be so is not known")
    return m.alloc(Thing("object", type=Foreign("typing.TypeVar")))


# Contexts.


def _manager(name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        if keywords:
            raise GiveUp("it is called in an unusual way")
        held = tuple(("", each) for each in args)
        return m.alloc(Thing("object", type=Foreign(name), defaults=held))

    return run


for _name in ("contextlib.nullcontext", "contextlib.suppress"):
    model(_name)(_manager(_name))


@model("warnings.warn")
def _warn(m: Machine, args: Args, keywords: Keywords) -> Value:
    for each in (*args, *(value for _, value in keywords)):
        m.shown(each)
    m.may_raise("a warning may be an error, if Python is told so")
    return NONE


# What gives an object that only matters to its owner, and takes nothing from others.


def _harmless(name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        for each in (*args, *(value for _, value in keywords)):
            m.shown(each)
        held = (*(("", each) for each in args), *keywords)
        env, _ = m.site
        place = env.module.name if env else ""
        return m.alloc(Thing("object", type=Foreign(name), defaults=held, extra=place))

    return run


for _name in (
    *("logging.getLogger", "threading.Lock", "threading.RLock"),
    *("logging.info", "logging.debug", "logging.warning", "logging.error", "logging.exception"),
    *("datetime.datetime.now", "time.time", "time.monotonic", "uuid.uuid4"),
    *("warnings.filterwarnings", "warnings.simplefilter", "logging.NullHandler"),
    *("logging.getLogger.info", "logging.getLogger.debug", "logging.getLogger.warning"),
    *("logging.getLogger.error", "logging.getLogger.exception", "contextvars.ContextVar"),
):
    model(_name)(_harmless(_name))


@model("contextvars.ContextVar.get", whole=True)
def _context_variable(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    variable = args[0]
    assert isinstance(variable, Ref)
    default = dict(m.thing(variable).defaults).get("default")
    otherwise = args[1] if len(args) > 1 else default
    why = "whether a context variable is set is not known"
    if otherwise is None:
        doubts.note(m, why)
        raise GiveUp(why)
    return m.unknown(why, otherwise)


def _plain_only(name: str) -> Run:
    """Return what takes constants only: it would call, or keep, anything else."""

    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        for each in (*args, *(value for _, value in keywords)):
            _plain_value(m, each)
        return _harmless(name)(m, args, keywords)

    return run


def _plain_value(m: Machine, value: Value) -> None:
    match value:
        case Const() | Opaque() | Foreign():
            return
        case Tuple(items=items):
            for each in items:
                _plain_value(m, each)
        case Ref(kind="list") as ref if isinstance(content := m.read(ref), Tuple):
            _plain_value(m, content)
        case _:
            raise GiveUp("it is called with what is not a constant")


for _name in (
    *("fastapi.Query", "fastapi.Path", "fastapi.Body", "fastapi.Header", "fastapi.Cookie"),
    *("fastapi.Form", "fastapi.File", "pydantic.StringConstraints", "pydantic.conint"),
    *("pydantic.confloat", "pydantic.constr", "pydantic.conlist", "pydantic.conset"),
):
    model(_name)(_plain_only(_name))


@model("logging.config.dictConfig")
def _configure_logging(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    try:
        written = repr(text.plain(m, args[0]))
    except GiveUp as stop:
        m.doom(stop.why)
    if m.names_own(written):
        m.doom("what is named in a text is made")
    m.may_raise("what logging makes of what it is configured with is not known")
    return NONE


@model("pydantic.Field", whole=True)
def _model_field(m: Machine, args: Args, keywords: Keywords) -> Value:
    for each in (*args, *(value for name, value in keywords if name != "default_factory")):
        _plain_value(m, each)
    held = (*(("", each) for each in args), *keywords)
    return m.alloc(Thing("object", type=Foreign("pydantic.Field"), defaults=held))


@model("pydantic.TypeAdapter")
def _type_adapter(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    m.asked(args[0])
    return m.alloc(Thing("object", type=Foreign("pydantic.TypeAdapter")))


@model("logging.getLogger.setLevel")
@model("logging.NullHandler.setLevel")
def _set_level(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = (*args, *(value for name, value in keywords if name == "level"))
    count(given, keywords if len(given) == len(args) else (), 2, 2)
    match given[1]:
        case Const(value=str(level)) if level in LEVELS:
            return NONE
        case Opaque(type="str") | Const(value=str()) as level:
            return m.maybe(("is a level", level), NONE, "ValueError", Const("Unknown level"))
        case Opaque(type="int" | "bool") | Member(mixin="int"):
            return NONE
        case Foreign(dotted=dotted) if dotted.removeprefix("logging.") in LEVELS:
            return NONE
        case level if (found := text.like(m, level)) is not MISSING:
            if not isinstance(found, int):
                m.raise_("TypeError", Const("Level not an integer or a valid string"))
            return NONE
        case level:
            m.shown(level)
            m.may_raise("whether it is a level of logging is not known")
            return NONE


@model("logging.getLogger.addHandler")
def _add_handler(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    if isinstance(args[1], Ref) and m.thing(args[1]).type == Foreign("logging.NullHandler"):
        return NONE
    raise GiveUp("a handler of log records runs at any time")


# Data.


def _pairs(m: Machine, value: Any) -> Value:
    """Return data as a value; JSON and TOML give no other types than these."""
    if isinstance(value, dict):
        entries = tuple((("c", k), Const(k), _pairs(m, v)) for k, v in value.items())
        return m.new_dict(Pairs(entries))
    if isinstance(value, list):
        return m.new_list([_pairs(m, each) for each in value])
    return text.from_plain(m, value)


def _parsed(module: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        data = text.plain(m, args[0])
        m.tick(1 + len(data) // 32 if isinstance(data, (str, bytes)) else 1)
        try:
            found = import_module(module).loads(data)
        except RecursionError:
            raise GiveUp("it is nested too deeply to be followed") from None
        except (ValueError, TypeError) as error:
            raise text.raised(m, error) from None
        return _pairs(m, found)

    return run


model("json.loads")(_parsed("json"))
model("tomllib.loads")(_parsed("tomllib"))


def _from_file(loads: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 1, 1)
        data = m.call(m.get(args[0], "read"), ())
        if isinstance(data, Const) and isinstance(data.value, bytes):
            try:
                data = Const(data.value.decode())
            except UnicodeDecodeError:
                m.raise_("UnicodeDecodeError", Const("it is not UTF-8"))
        elif loads == "tomllib.loads":
            raise GiveUp("TOML is read from what is not known to be open in binary mode")
        return m.call(Foreign(loads), (data,))

    return run


model("json.load")(_from_file("json.loads"))
model("tomllib.load")(_from_file("tomllib.loads"))


@model("copy.copy")
def _copied(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return _copy(m, args[0], None)


@model("copy.deepcopy")
def _deeply(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return _copy(m, args[0], {})


_COPYING = (
    *("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"),
    *("__new__", "__getnewargs__", "__getnewargs_ex__", "__setattr__", "__getattr__"),
    *("__getattribute__", "__del__", "__slots__"),
)


def _copy(m: Machine, value: Value, done: dict[int, Value] | None) -> Value:
    """Copy a value; ``done`` has the copies of what is inside, where that is copied as well."""
    m.tick()

    def inner(each: Value) -> Value:
        if done is None:
            return each
        if isinstance(each, OneOf):
            raise GiveUp("what is copied is one of several")
        return _copy(m, each, done)

    match value:
        case Const() | Opaque() | Member() | Ref(kind="function" | "class"):
            return value
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return value
        case Frozen(items=items) if done is None or all(
            isinstance(each, (Const, Member)) for each in items
        ):
            return value
        case Tuple(items=items, named=None):
            return value if done is None else Tuple(tuple(map(inner, items)), value.shuffled)
        case Ref(kind="list" | "set" | "dict" | "instance", oid=oid):
            if done is not None and oid in done:
                return done[oid]
        case _:
            raise GiveUp("what is copied is not followed")
    content = m.read(value)
    match value:
        case Ref(kind="list") if isinstance(content, Tuple):
            made = m.new_list(())
            if done is not None:
                done[value.oid] = made
            m.write(made, Tuple(tuple(map(inner, content.items)), content.shuffled))
        case Ref(kind="set") if isinstance(content, Frozen) and (
            done is None or all(isinstance(each, (Const, Member)) for each in content.items)
        ):
            made = m.new_set(content)
            if done is not None:
                done[value.oid] = made
        case Ref(kind="dict") if isinstance(content, Pairs) and (
            done is None or all(isinstance(k, (Const, Member)) for _, k, _ in content.items)
        ):
            thing = m.thing(value)
            made = m.alloc(Thing("dict", name=thing.name, defaults=thing.defaults))
            if done is not None:
                done[value.oid] = made
            held = tuple((k, name, inner(each)) for k, name, each in content.items)
            m.write(made, Pairs(held, content.shuffled))
        case Ref(kind="instance") if not m.is_escaped(value):
            kind = m.thing(value).type
            if not isinstance(kind, Ref) or m.thing(kind).traits - {"dataclass", "frozen", "order"}:
                raise GiveUp("what is copied is not followed")
            if m.overrides(kind, _COPYING):
                raise GiveUp("objects are copied in a way of their own")
            made = m.alloc(Thing("instance", type=kind))
            if done is not None:
                done[value.oid] = made
            for name in m.names(value):
                m.write(made, inner(m.read(value, name)), name)
        case _:
            raise GiveUp("what is copied is not followed")
    return made


def _opaque(kind: str, name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = [text.plain(m, each) for each in args]
        return Opaque(kind, (name, repr(given)))

    return run


for _kind, _names in {
    "str": ("platform.system", "platform.machine", "platform.python_version", "socket.gethostname"),
    "int": ("os.getpid", "os.cpu_count"),
}.items():
    for _name in _names:
        model(_name)(_opaque(_kind, _name))


# Dataclasses.


@model("dataclasses.field", whole=True)
def _field(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 0)
    return m.alloc(Thing("object", type=Foreign("dataclasses.field"), defaults=tuple(keywords)))


@model("dataclasses.dataclass", whole=True)
def _dataclass(m: Machine, args: Args, keywords: Keywords) -> Value:
    if not args:
        allowed = {"frozen", "slots", "kw_only", "eq", "order", "repr"}
        if {name for name, _ in keywords} - allowed:
            raise GiveUp("a dataclass of an unusual kind")
        if any(value not in (Const(True), FALSE) for _, value in keywords):
            raise GiveUp("a dataclass of an unusual kind")
        names = frozenset(name for name, value in keywords if value == Const(True))
        names |= {f"{name}=False" for name, value in keywords if value == FALSE}
        return Bound(Foreign("dataclasses.dataclass"), Const(" ".join(sorted(names))))
    options: frozenset[str] = frozenset()
    if isinstance(args[0], Const):
        options = frozenset(args[0].value.split())
    kind = args[-1]
    if keywords or not isinstance(kind, Ref) or kind.kind != "class" or m.is_escaped(kind):
        raise GiveUp("what is decorated is not followed")
    m.make_dataclass(kind, options)
    return kind


@model("inspect.getdoc")
def _getdoc(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], Ref) or args[0].kind not in ("function", "module"):
        raise GiveUp("what something says of itself is not known")
    # It takes modules that few releases have a use for.
    from inspect import cleandoc

    match m.get(args[0], "__doc__"):
        case Const(value=str(said)) | Opaque(key=("doc", Const(value=str(said)))):
            return Const(cleandoc(said))
        case Const() as nothing:
            return nothing
        case _:
            raise GiveUp("what something says of itself is not known")


@model("typing.get_args")
def _get_args(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    owner, index = generic.parts_of(m, args[0]) or (NONE, NONE)
    items = index.items if isinstance(index, Tuple) else (index,)
    if owner != Foreign("typing.Literal") or not all(isinstance(each, Const) for each in items):
        raise GiveUp("what a type is made of is not followed")
    return Tuple(tuple(dict.fromkeys(items)))
