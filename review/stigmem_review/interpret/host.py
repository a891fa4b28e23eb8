"""The host's classes, as they are when a manifest is made.

``PluginManifest`` is a pydantic model in lax mode: it takes any list, tuple or set for a set,
copies what it is given, drops keywords that it does not know, and refuses what it cannot turn
(``stigmem_node.plugins.manifest``, node 0.9.0a12).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from stigmem_review.host import Node
from stigmem_review.interpret import objects
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Part
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import frozen_of, pairs_of
from stigmem_review.interpret.kinds import UNION
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, model
from stigmem_review.interpret.operators import compare
from stigmem_review.interpret.routers import REFUSALS, ROUTER
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
from stigmem_review.model import Location
from stigmem_review.text import shorten

MANIFEST = objects.MANIFEST.dotted
REFUSED = Foreign("pydantic_core.ValidationError")
TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


def defaults(m: Machine, node: Node) -> dict[str, Value]:
    """Return what the host fills in."""
    return {name: each.default(m, node) for name, each in _MODEL.items() if each.default}


def new_manifest(m: Machine, node: Node, args: Args, keywords: Keywords) -> Value:
    """Make a manifest of what it is given, or refuse it as the host does."""
    if args:
        m.raise_("TypeError", Const("it is given positional arguments, which the node refuses"))
    told = written(m, keywords)
    given = told.given

    def field(place: int, done: dict[str, Value]) -> Value:
        if place == len(FIELDS):
            return _made(m, node, told, done)
        name = FIELDS[place]
        if name not in given:
            if name in REQUIRED:
                refuse(m, "it is required and not given")
            return field(place + 1, done)
        value = given[name]
        checked = m.each(value, lambda one: _checked(m, node, name, one))
        return field(place + 1, {**done, name: checked})

    outcomes = m.run(lambda: field(0, {}))
    for each in outcomes:
        refused = m.thing(each.value) if isinstance(each.value, Ref) else None
        if each.kind == "raises" and refused and refused.type == REFUSED and refused.extra is None:
            refused.extra = told
    return m.settle(outcomes, FALLS)


class Written(msgspec.Struct, frozen=True):
    """A call that makes a manifest: what it is given, and where each keyword stands.

    ``unknown`` are keywords that the host drops.
    """

    at: Location | None
    given: dict[str, Value]
    places: dict[str, Location | None]
    unknown: dict[str, Location | None]


def written(m: Machine, keywords: Keywords) -> Written:
    """Return the call that makes a manifest where the program is."""
    at = m.at()
    env, node = m.site
    places = {
        each.arg: Location(env.module.shown, each.value.lineno)
        for each in (node.keywords if isinstance(node, ast.Call) else ())
        if env is not None and each.arg is not None
    }
    return Written(
        at,
        {name: value for name, value in keywords if name in FIELDS},
        {name: places.get(name, at) for name, _ in keywords},
        {name: places.get(name, at) for name, _ in keywords if name not in FIELDS},
    )


def _checked(m: Machine, node: Node, name: str, value: Value) -> Value:
    try:
        return judged(m, node, name, taken(m, node, name, value))
    except GiveUp as stop:
        m.may_raise(stop.why)
        m.escape(value)
        return m.because(stop.why, (value,))


def taken(m: Machine, node: Node, name: str, value: Value) -> Value:
    """Return what the host's model makes of the value of a field, or refuse it.

    What it says of texts that have the right type is not asked. Raises ``GiveUp`` where only
    running it could tell.
    """
    return _MODEL[name].take(m, node, value)


def judged(m: Machine, node: Node, name: str, value: Value) -> Value:
    """Return what a field's model made of a value, if the host does not refuse that."""
    judge = _MODEL[name].judge
    return m.each(value, lambda one: judge(m, node, one)) if judge else value


def refuse(m: Machine, why: str) -> NoReturn:
    """Refuse a manifest as the host does."""
    raise Exit("raises", m.exception(REFUSED, (Const(why),)))


def _wrong(m: Machine, value: Value, wanted: str) -> NoReturn:
    refuse(m, f"it is {shown(m, value)}, and the node wants {wanted}")


def shown(m: Machine, value: Value) -> str:
    """Return words for a value."""
    match value:
        case Const(value=constant):
            large = isinstance(constant, int) and constant.bit_length() > 256
            return "a very large number" if large else shorten(repr(constant), 60)
        case Tuple():
            return "a tuple"
        case Frozen():
            return "a frozenset"
        case Ref(kind="instance" | "object"):
            kind = m.thing(value).type
            dotted = kind.dotted if isinstance(kind, Foreign) else ""
            name = m.thing(kind).name if isinstance(kind, Ref) else dotted.rpartition(".")[2]
            return f"an object of {shorten(name, 60)}" if name else "an object"
        case Ref(kind=kind_):
            return f"a {'PluginManifest' if kind_ == 'manifest' else kind_}"
        case Foreign(dotted=dotted):
            return shorten(dotted.removeprefix("builtins."), 60)
        case Bound() | Method():
            return "a method"
        case _:
            return "an object"


def check_dependencies(m: Machine, name: Value, depends: Value) -> None:
    """Refuse a manifest that depends on itself, as the host does."""

    def depends_on_itself(one: Value, other: Value) -> Value:
        if (
            isinstance(one, Const)
            and isinstance(other, Frozen)
            and ("c", one.value) in dict(other.pairs)
        ):
            refuse(m, "a plugin cannot depend on itself")
        return NONE

    m.each(name, lambda one: m.each(depends, lambda other: depends_on_itself(one, other)))


def _made(m: Machine, node: Node, told: Written, given: dict[str, Value]) -> Value:
    check_dependencies(m, given.get("name", NONE), given.get("depends_on", Frozen(())))
    ref = m.alloc(Thing("manifest", type=objects.MANIFEST, extra=told))
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
        case Member(mixin="str" | "StrEnum", value=Const(value=inner), at=at):
            return Const(inner, at)
        case Opaque(type="str"):
            return value
        case Const() | Tuple() | Frozen() | Opaque() | Bound():
            _wrong(m, value, "text")
        case Ref(kind="list" | "dict" | "set" | "function" | "class" | "module"):
            _wrong(m, value, "text")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("it is no text that is known")


def _text(m: Machine, node: Node, value: Value) -> Value:
    return text(m, value)


def _matching(m: Machine, node: Node, value: Value, what: str) -> Value:
    pattern = node.name_pattern if what == "name" else node.version_pattern
    if isinstance(value, Opaque):
        return m.maybe((f"is a {what}", value), value, "ValueError", Const(f"{what} is refused"))
    if isinstance(value, Const) and not pattern.fullmatch(value.value):
        refuse(m, f"it is {shown(m, value)}, which is no {what} that the node takes")
    return value


def _flag(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const(value=bool()):
            return value
        case Const(value=0 | 1 | 0.0 | 1.0 as number):
            return flag(bool(number))
        case Const(value=int() | float()):
            _wrong(m, value, "true or false")
        case Const(value=str(found)):
            if found.isascii() and found.lower() in TRUE | FALSE:
                return flag(found.lower() in TRUE)
            _wrong(m, value, "true or false")
        case Opaque(type="bool"):
            return m.decide(("truth", value), lambda: Const(True), lambda: Const(False))
        case (
            Const(value=None) | Tuple() | Frozen() | Ref(kind="list" | "dict" | "set" | "function")
        ):
            _wrong(m, value, "true or false")
        case _:
            raise GiveUp("whether it is true is not known")


def _names(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const() | Opaque() | Ref(kind="dict" | "function" | "class" | "module"):
            _wrong(m, value, "a set of names")
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


def _capabilities(m: Machine, node: Node, content: Value) -> Value:
    known = frozenset(node.capabilities)
    if isinstance(content, Frozen):
        for item in content.items:
            if isinstance(item, Const) and item.value not in known:
                refuse(m, f"it has {shown(m, item)}, which is no capability of the node")
    return content


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
            _wrong(m, value, "something callable")
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="list" | "dict" | "set" | "module"):
            _wrong(m, value, "something callable")
        case Member():
            raise GiveUp("whether it can be called is not known")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("whether it can be called is not known")


def _hooks(m: Machine, node: Node, value: Value) -> Value:
    def entries(content: Value) -> Value:
        if not isinstance(content, Pairs):
            raise GiveUp("what is in a dict is not known")
        found: list[tuple[Value, Value]] = []
        for _, name, handler in content.items:
            named = text(m, name)
            if not isinstance(named, Const):
                raise GiveUp("the name of a hook is not known")
            found.append((named, m.each(handler, lambda one: _handler(m, one))))
        return m.new_dict(pairs_of(m, found, shuffled=content.shuffled))

    match value:
        case Ref(kind="dict"):
            return m.each(m.read(value), entries)
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="list" | "set" | "function"):
            _wrong(m, value, "a dict of handlers by hook name")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("what is in it is not known")


def _known_hooks(m: Machine, node: Node, value: Value) -> Value:
    known = frozenset(node.hooks)
    content = m.read(value) if isinstance(value, Ref) else value
    if isinstance(content, Pairs):
        for _, name, _ in content.items:
            if isinstance(name, Const) and name.value not in known:
                refuse(m, f"it has {shown(m, name)}, which is no hook of the node")
    return value


def _handler(m: Machine, value: Value) -> Value:
    """Return the handler of a hook: what is not known of one costs only this one."""
    try:
        return callable_(m, value)
    except GiveUp as stop:
        m.may_raise(stop.why)
        m.escape(value)
        return m.because(stop.why, (value,))


def _routes(m: Machine, node: Node, value: Value) -> Value:
    match value:
        case Const() | Opaque() | Ref(kind="function" | "class" | "module" | "dict"):
            _wrong(m, value, "a tuple of routers")
        case Ref(kind="object") as ref if m.thing(ref).type == ROUTER:
            _wrong(m, value, "a tuple of routers")
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
        case Ref(kind="class") as ref if "typeddict" in m.thing(ref).traits:
            _wrong(m, value, "a configuration class")
        case Ref(kind="object") as ref if m.thing(ref).type == UNION:
            _wrong(m, value, "a configuration class")
        case Ref(kind="class") as ref:
            match m.derives(ref, objects.MODEL):
                case True:
                    return value
                case False:
                    _wrong(m, value, "a configuration class")
                case _:
                    raise GiveUp("whether it is a model is not known")
        case Const() | Tuple() | Frozen() | Opaque() | Ref(kind="function" | "instance" | "list"):
            _wrong(m, value, "a configuration class")
        case objects.MODEL:
            return value
        case Foreign(dotted=dotted) if dotted.startswith("builtins."):
            _wrong(m, value, "a configuration class")
        case Unknown(why=why):
            raise GiveUp(why)
        case _:
            raise GiveUp("whether it is a model is not known")


_Check = Callable[[Machine, Node, Value], Value]


class _Taken(msgspec.Struct, frozen=True):
    """How the host takes a field: what its model makes of a value, what it fills in where none is
    given, and what it says of a value that the model takes.
    """

    take: _Check
    default: Callable[[Machine, Node], Value] | None = None
    judge: _Check | None = None


_MODEL: dict[str, _Taken] = {
    "name": _Taken(_text, judge=lambda m, node, value: _matching(m, node, value, "name")),
    "version": _Taken(_text, judge=lambda m, node, value: _matching(m, node, value, "version")),
    "requires_stigmem": _Taken(_text, lambda m, node: Const(node.requires_default)),
    "capabilities": _Taken(_names, lambda m, node: Frozen(()), _capabilities),
    "async_safe": _Taken(_flag, lambda m, node: Const(True)),
    "hooks": _Taken(_hooks, lambda m, node: m.new_dict(Pairs(())), _known_hooks),
    "routes": _Taken(_routes, lambda m, node: Tuple(())),
    "health_check": _Taken(_health, lambda m, node: NONE),
    "config_schema": _Taken(_schema, lambda m, node: NONE),
    "depends_on": _Taken(_names, lambda m, node: Frozen(())),
}
"""The fields of the host's model, in its order (``stigmem_node.plugins.manifest``)."""
FIELDS = tuple(_MODEL)
REQUIRED = tuple(name for name, each in _MODEL.items() if each.default is None)


def validated_json(m: Machine, node: Node, args: Args, keywords: Keywords) -> Value:
    """Make a manifest of JSON, as ``model_validate_json`` does."""
    if keywords or len(args) != 1:
        raise GiveUp("it is called in an unusual way")
    return validated(m, node, (m.call(Foreign("json.loads"), args),), ())


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
    ref = m.alloc(Thing("manifest", type=objects.MANIFEST, extra=written(m, keywords)))
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
        thing = m.thing(owner)
        made = m.alloc(Thing("manifest", type=thing.type, extra=thing.extra))
        for field in m.names(owner):
            m.write(made, m.read(owner, field), field)
        if update == NONE:
            return made

        def put(content: Value) -> Value:
            if not isinstance(content, Pairs):
                raise GiveUp("what is changed in a manifest is not known")
            thing, at = m.thing(made), m.at()
            for _, key, value in content.items:
                found = m.comparable(key)
                if not isinstance(found, Const) or found.value not in FIELDS:
                    raise GiveUp("what is changed in a manifest is not known")
                m.write(made, value, found.value)
                place = key.at if isinstance(key, (Const, Member)) else None
                thing.extra = replace(
                    thing.extra,
                    given={**thing.extra.given, found.value: value},
                    places={**thing.extra.places, found.value: place or at},
                )
            return made

        if not isinstance(update, Ref) or update.kind != "dict":
            raise GiveUp("what is changed in a manifest is not known")
        return m.each(m.read(update), put)
    raise GiveUp(f"{name}() of a manifest is not followed")


def _bound(
    m: Machine, fields: tuple[str, ...], least: int, args: Args, keywords: Keywords
) -> dict[str, Value]:
    """Return arguments by the names of parameters, of which the first few have no default."""
    given = dict(zip(fields, args, strict=False))
    if len(args) > len(fields) or any(e in given or e not in fields for e, _ in keywords):
        m.raise_("TypeError", Const("got an unexpected argument"))
    given |= keywords
    if any(name not in given for name in fields[:least]):
        m.raise_("TypeError", Const("missing a required argument"))
    return given


def _refusal(dotted: str) -> None:
    def make(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = _bound(m, ("status_code", "detail", "headers"), 1, args, keywords)
        made = m.exception(Foreign(dotted), args)
        for name, value in given.items():
            m.write(made, value, name)
        return made

    model(dotted, whole=True)(make)


for _name in REFUSALS:
    _refusal(_name)


def _record(dotted: str, fields: tuple[str, ...], least: int) -> None:
    def make(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = _bound(m, fields, least, args, keywords)
        return m.alloc(Thing("object", type=Foreign(dotted), defaults=tuple(given.items())))

    model(dotted, whole=True)(make)


REJECT = "stigmem_node.plugins.RejectError"
REJECT_INIT = f"{REJECT}.__init__"
ALLOW = "stigmem_node.plugins.Allow"
ALLOWS = "stigmem_node.plugins.ALLOW_SINGLETON"
DENY = "stigmem_node.plugins.Deny"
_record(ALLOW, (), 0)
_record(DENY, ("reason",), 1)
_record("stigmem_node.plugins.PluginHealth", ("status", "message"), 1)


@model(REJECT, whole=True)
def _reject(m: Machine, args: Args, keywords: Keywords) -> Value:
    made = m.exception(Foreign(REJECT), ())
    _rejecting(m, (made, *args), keywords)
    return made


@model(REJECT_INIT, whole=True)
def _rejecting(m: Machine, args: Args, keywords: Keywords) -> Value:
    made = args[0]
    if not isinstance(made, Ref) or made.kind != "instance":
        raise GiveUp("it is called in an unusual way")
    reason = _bound(m, ("reason",), 1, args[1:], keywords)["reason"]
    m.write(made, Tuple((reason,)), "args")
    m.write(made, reason, "reason")
    return NONE


@model("stigmem_node.plugins.handler_timeout")
def _timeout(m: Machine, args: Args, keywords: Keywords) -> Value:
    seconds = _bound(m, ("seconds",), 1, args, keywords)["seconds"]
    if isinstance(seconds, Ref) and seconds.kind == "function":
        m.raise_("TypeError", Const("a function is no number of seconds"))
    check_timeout(m, seconds)
    return Bound(Foreign("stigmem_node.plugins.handler_timeout.set"), seconds)


def check_timeout(m: Machine, seconds: Value) -> None:
    """Raise what the node raises for a time that no handler may take."""

    def refuse(said: str) -> Part:
        return lambda: m.raise_("ValueError", Const(said))

    def passes() -> Value:
        return NONE

    def at_most() -> Value:
        said = "handler timeout cannot exceed 30 seconds"
        return m.choose(compare(m, ast.Gt(), seconds, Const(30)), refuse(said), passes)

    said = "handler timeout must be positive"
    m.choose(compare(m, ast.LtE(), seconds, Const(0)), refuse(said), at_most)


@model("stigmem_node.plugins.handler_timeout.set", whole=True)
def _set_timeout(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) == 2 and isinstance(args[1], Ref) and args[1].kind == "function":
        m.write(args[1], args[0], "__plugin_timeout__")
        return args[1]
    raise GiveUp("what is decorated is not followed")


CONTEXT = Foreign("stigmem_node.plugins.PluginContext")
"""What the node gives every handler first."""


def new_context(m: Machine, manifest: Ref) -> Ref:
    """Return the context that the handlers of a plugin are given."""
    given = (
        ("plugin_name", m.read(manifest, "name")),
        ("plugin_version", m.read(manifest, "version")),
        ("capabilities", m.read(manifest, "capabilities")),
    )
    return m.alloc(Thing("object", type=CONTEXT, defaults=given))


def call_context(m: Machine, owner: Ref, accessor: str) -> Value:
    """Ask a context for an interface of the node: no release has any to give."""
    held = dict(m.thing(owner).defaults)
    wanted = m.node.accessors[accessor]

    def of(declared: Value) -> Value:
        if not isinstance(declared, Frozen):
            raise GiveUp("what is declared is not known")
        if ("c", wanted) in dict(declared.pairs):
            return NONE
        name = held["plugin_name"]
        said = (
            f"plugin {name.value!r} cannot call {accessor}: capability {wanted!r} not declared"
            if isinstance(name, Const)
            else ""
        )
        kind = Foreign("stigmem_node.plugins.CapabilityError")
        raise Exit("raises", m.exception(kind, (Const(said),)))

    return m.each(held["capabilities"], of)


def members(node: Node) -> dict[str, dict[str, str]]:
    """Return the members of the host's enumerations, by the names of the classes."""
    return {
        "stigmem_node.plugins.Capability": dict(node.capability_members),
        "stigmem_node.plugins.HookName": dict(node.hook_members),
    }
