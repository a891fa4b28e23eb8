"""The host's classes, as they are when a manifest is made.

``PluginManifest`` is a pydantic model in lax mode: it takes any list, tuple or set for a set,
copies what it is given, drops keywords that it does not know, and refuses what it cannot turn
(``stigmem_node.plugins.manifest``, node 0.9.0a12).
"""

from __future__ import annotations

from typing import NoReturn

from stigmem_review.host import Node
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import frozen_of, pairs_of
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Exit, GiveUp, Machine
from stigmem_review.interpret.models import Args, Keywords, model
from stigmem_review.interpret.values import (
    NONE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    flag,
)

MANIFEST = "stigmem_node.plugins.PluginManifest"
REFUSED = Foreign("pydantic_core.ValidationError")
FIELDS = (
    *("name", "version", "requires_stigmem", "capabilities", "async_safe", "hooks", "routes"),
    *("health_check", "config_schema", "depends_on"),
)
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


def defaults(m: Machine, node: Node) -> dict[str, Value]:
    """Return what the host fills in."""
    return {
        "requires_stigmem": Const(node.requires_default),
        "capabilities": Frozen(()),
        "async_safe": Const(True),
        "hooks": m.new_dict(Pairs(())),
        "routes": Tuple(()),
        "health_check": NONE,
        "config_schema": NONE,
        "depends_on": Frozen(()),
    }


def new_manifest(m: Machine, node: Node, args: Args, keywords: Keywords) -> Value:
    """Make a manifest of what it is given, or refuse it as the host does."""
    if args:
        m.raise_("TypeError", Const("BaseModel.__init__() takes 1 positional argument"))
    given = {name: value for name, value in keywords if name in FIELDS}
    for name in ("name", "version"):
        if name not in given:
            refuse(m, f"{name}: Field required")

    def field(place: int, done: dict[str, Value]) -> Value:
        if place == len(FIELDS):
            return _made(m, node, done)
        name = FIELDS[place]
        if name not in given:
            return field(place + 1, done)
        value = given[name]
        checked = m.each(value, lambda one: _checked(m, node, name, one))
        return field(place + 1, {**done, name: checked})

    return field(0, {})


def _checked(m: Machine, node: Node, name: str, value: Value) -> Value:
    try:
        return _CHECKS[name](m, node, value)
    except GiveUp as stop:
        m.may_raise(stop.why)
        return m.unknown(stop.why, value)


def refuse(m: Machine, why: str) -> NoReturn:
    """Refuse a manifest as the host does."""
    raise Exit("raises", m.exception(REFUSED, (Const(why),)))


def _made(m: Machine, node: Node, given: dict[str, Value]) -> Value:
    name, depends = given.get("name", NONE), given.get("depends_on", Frozen(()))

    def depends_on_itself(one: Value, other: Value) -> Value:
        if (
            isinstance(one, Const)
            and isinstance(other, Frozen)
            and ("c", one.value) in dict(other.pairs)
        ):
            refuse(m, "depends_on: plugin cannot depend on itself")
        return NONE

    m.each(name, lambda one: m.each(depends, lambda other: depends_on_itself(one, other)))
    ref = m.alloc(Thing("manifest"))
    for field, value in {**defaults(m, node), **given}.items():
        m.write(ref, value, field)
    return ref


def text(m: Machine, value: Value) -> Const | Opaque:
    """Return the text that the host takes a value for."""
    match value:
        case Const(value=str(found)):
            try:
                found.encode()
            except UnicodeEncodeError:
                raise GiveUp("it is not valid Unicode") from None
            return value
        case Const(value=bytes(data)):
            try:
                return Const(data.decode())
            except UnicodeDecodeError:
                refuse(m, "it is bytes that are no text")
        case Member(mixin="str" | "StrEnum", value=Const() as inner):
            return inner
        case Opaque(type="str"):
            return value
        case Const() | Tuple() | Frozen() | Opaque() | Bound():
            refuse(m, "Input should be a valid string")
        case Ref(kind="list" | "dict" | "set" | "function" | "class" | "module"):
            refuse(m, "Input should be a valid string")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("it is no text that is known")


def _text(m: Machine, node: Node, value: Value) -> Value:
    return text(m, value)


def _matching(m: Machine, node: Node, value: Value, what: str) -> Value:
    found = text(m, value)
    pattern = node.name_pattern if what == "name" else node.version_pattern
    if isinstance(found, Opaque):
        return m.maybe((f"is a {what}", found), found, "ValueError", Const(f"{what} is refused"))
    if not pattern.fullmatch(found.value):
        refuse(m, "String should match pattern")
    return found


def _flag(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const(value=bool()):
            return value
        case Const(value=0 | 1 | 0.0 | 1.0 as number):
            return flag(bool(number))
        case Const(value=bytes() | str() as found) if not isinstance(found, bytes):
            if found.isascii() and found.lower() in _TRUE | _FALSE:
                return flag(found.lower() in _TRUE)
            refuse(m, "Input should be a valid boolean")
        case Opaque(type="bool"):
            return m.decide(("truth", value), lambda: Const(True), lambda: Const(False))
        case (
            Const(value=None) | Tuple() | Frozen() | Ref(kind="list" | "dict" | "set" | "function")
        ):
            refuse(m, "Input should be a valid boolean")
        case _:
            raise GiveUp("whether it is true is not known")


def _names(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const() | Opaque() | Ref(kind="dict" | "function" | "class" | "module"):
            refuse(m, "Input should be a valid frozenset")
        case View(kind="items"):
            raise GiveUp("a set is made of items")
        case Unknown(why=why):
            raise GiveUp(why)
        case (
            Ref(kind="iterator" | "range" | "genexp" | "generator" | "list" | "set")
            | Tuple()
            | (Frozen() | View())
        ):
            return with_items(m, value, lambda items: _texts(m, items))
        case _:
            raise GiveUp("what is in it is not known")


def _texts(m: Machine, items: Tuple) -> Value:

    found: list[Value] = []
    for item in items.items:
        item = m.narrowed(item)
        if isinstance(item, OneOf):
            found.append(m.each(item, lambda one: text(m, one)))
        else:
            found.append(text(m, item))
    return frozen_of(m, found)


def _capabilities(m: Machine, node: Node, value: Value) -> Value:
    found = _names(m, node, value)
    known = frozenset(node.capabilities)

    def check(content: Value) -> Value:
        if isinstance(content, Frozen):
            for item in content.items:
                if isinstance(item, Const) and item.value not in known:
                    refuse(m, f"unknown plugin capabilities: {item.value}")
        return content

    return m.each(found, check)


def callable_(m: Machine, value: Value) -> Value:
    """Return something that can be called."""
    match value:
        case Ref(kind="function" | "class" | "partial") | Bound() | Method():
            return value
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return value
        case Ref(kind="object") as ref if m.has_model(ref, "__call__"):
            return value
        case Ref(kind="instance") as ref:
            if m.special(ref, "__call__"):
                return value
            refuse(m, "Input should be callable")
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="list" | "dict" | "set" | "module"):
            refuse(m, "Input should be callable")
        case Member():
            raise GiveUp("whether it can be called is not known")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("whether it can be called is not known")


def _hooks(m: Machine, node: Node, value: Value) -> Value:
    known = frozenset(node.hooks)

    def entries(content: Value) -> Value:
        if not isinstance(content, Pairs):
            raise GiveUp("what is in a dict is not known")
        found: list[tuple[Value, Value]] = []
        for _, name, handler in content.items:
            named = text(m, name)
            if not isinstance(named, Const):
                raise GiveUp("the name of a hook is not known")
            found.append((named, m.each(handler, lambda one: _handler(m, one))))
        made = pairs_of(m, found, shuffled=content.shuffled)
        for _, name, _ in made.items:
            if isinstance(name, Const) and name.value not in known:
                refuse(m, f"unknown plugin hooks: {name.value}")
        return m.new_dict(made)

    match value:
        case Ref(kind="dict"):
            return m.each(m.read(value), entries)
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="list" | "set" | "function"):
            refuse(m, "Input should be a valid dictionary")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("what is in it is not known")


def _handler(m: Machine, value: Value) -> Value:
    """Return the handler of a hook: what is not known of one costs only this one."""
    try:
        return callable_(m, value)
    except GiveUp as stop:
        m.may_raise(stop.why)
        return m.unknown(stop.why, value)


def _routes(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const() | Opaque() | Ref(kind="function" | "class" | "module"):
            refuse(m, "Input should be a valid tuple")
        case Ref(kind="dict"):
            refuse(m, "Input should be a valid tuple")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            return with_items(m, value, lambda items: items)


def _health(m: Machine, node: Node, value: Value) -> Value:
    return value if value == NONE else callable_(m, value)


def _schema(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const(value=None):
            return value
        case Ref(kind="class") as ref:
            match m.derives(ref, Foreign("pydantic.BaseModel")):
                case True:
                    return value
                case False:
                    refuse(m, "Input should be a subclass of BaseModel")
                case _:
                    raise GiveUp("whether it is a model is not known")
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="function" | "instance" | "list"):
            refuse(m, "Input should be a subclass of BaseModel")
        case Foreign(dotted="pydantic.BaseModel"):
            return value
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("whether it is a model is not known")


_CHECKS = {
    "name": lambda m, node, value: _matching(m, node, value, "name"),
    "version": lambda m, node, value: _matching(m, node, value, "version"),
    "requires_stigmem": _text,
    "capabilities": _capabilities,
    "async_safe": _flag,
    "hooks": _hooks,
    "routes": _routes,
    "health_check": _health,
    "config_schema": _schema,
    "depends_on": _names,
}


def validated(m: Machine, node: Node, args: Args, keywords: Keywords) -> Value:
    """Make a manifest of a dict, as ``model_validate`` does."""
    given = dict(keywords)
    value = args[0] if args else given.pop("obj", NONE)
    if given or len(args) > 1:
        raise GiveUp("it is called in an unusual way")

    def one(value: Value) -> Value:
        match value:
            case Ref(kind="manifest"):
                return value
            case Ref(kind="dict"):
                return m.each(m.read(value), entries)
            case Const() | Tuple() | Frozen() | Ref(kind="list" | "set" | "function"):
                refuse(m, "Input should be a valid dictionary or instance of PluginManifest")
            case _:
                raise GiveUp("what a manifest is made of is not known")

    def entries(content: Value) -> Value:
        return new_manifest(m, node, (), named(m, content))

    return m.each(value, one)


def named(m: Machine, content: Value) -> Keywords:
    """Return what is in a dict of texts."""
    if not isinstance(content, Pairs):
        raise GiveUp("what is in a dict is not known")
    found: list[tuple[str, Value]] = []
    for _, key, value in content.items:
        name = m.comparable(key)
        if not isinstance(name, Const) or not isinstance(name.value, str):
            raise GiveUp("what a manifest is made of is not known")
        found.append((name.value, value))
    return found


def constructed(m: Machine, node: Node, args: Args, keywords: Keywords) -> Value:
    """Make a manifest without looking at what it is given, as ``model_construct`` does."""
    if args or any(name.startswith("_") for name, _ in keywords):
        raise GiveUp("it is called in an unusual way")
    given = dict(keywords)
    if not {"name", "version"} <= given.keys():
        raise GiveUp("a manifest is made without all of its fields")
    ref = m.alloc(Thing("manifest"))
    for field, value in {**defaults(m, node), **given}.items():
        if field in FIELDS:
            m.write(ref, value, field)
    return ref


def call_manifest(m: Machine, owner: Ref, name: str, args: Args, keywords: Keywords) -> Value:
    """Call a method of a manifest."""
    if name == "model_copy" and not args:
        given = dict(keywords)
        update = given.pop("update", NONE)
        if given:
            raise GiveUp("it is called in an unusual way")
        made = m.alloc(Thing("manifest"))
        for field in FIELDS:
            m.write(made, m.read(owner, field), field)
        if update == NONE:
            return made

        def put(content: Value) -> Value:
            if not isinstance(content, Pairs):
                raise GiveUp("what is changed in a manifest is not known")
            for _, key, value in content.items:
                found = m.comparable(key)
                if not isinstance(found, Const) or found.value not in FIELDS:
                    raise GiveUp("what is changed in a manifest is not known")
                m.write(made, value, found.value)
            return made

        if not isinstance(update, Ref) or update.kind != "dict":
            raise GiveUp("what is changed in a manifest is not known")
        return m.each(m.read(update), put)
    raise GiveUp(f"{name}() of a manifest is not followed")


@model("stigmem_node.plugins.handler_timeout")
def _timeout(m: Machine, args: Args, keywords: Keywords) -> Value:
    if keywords or len(args) != 1 or not isinstance(args[0], Const):
        raise GiveUp("it is called in an unusual way")
    try:
        seconds = float(args[0].value)
    except (TypeError, ValueError):
        m.raise_("ValueError", Const("could not convert to float"))
    if seconds <= 0 or seconds > 30:
        m.raise_("ValueError", Const("handler timeout must be positive, and at most 30 seconds"))
    return Bound(Foreign("stigmem_node.plugins.handler_timeout.set"), args[0])


@model("stigmem_node.plugins.handler_timeout.set", whole=True)
def _set_timeout(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) == 2 and isinstance(args[1], Ref) and args[1].kind == "function":
        m.write(args[1], args[0], "__plugin_timeout__")
        return args[1]
    raise GiveUp("what is decorated is not followed")


def members(node: Node) -> dict[str, dict[str, str]]:
    """Return the members of the host's enumerations, by the names of the classes."""
    return {
        "stigmem_node.plugins.Capability": dict(node.capability_members),
        "stigmem_node.plugins.HookName": dict(node.hook_members),
    }
