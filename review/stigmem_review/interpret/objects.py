"""Attributes: of objects, classes, modules and functions, as Python looks them up."""

from __future__ import annotations

import abc
import ast
import pathlib
import sys
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable

from stigmem_review.host import apis
from stigmem_review.host.destinations import CHECKS
from stigmem_review.interpret import namespaces
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.escape import OUTSIDE, REFLECTIVE
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import LOADING, Machine
from stigmem_review.interpret.routers import ROUTER, Changed
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
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
    words,
)

OPENING = words(
    "__dict__ __class__ __code__ __globals__ __closure__ __defaults__ __kwdefaults__ __mro__ "
    "__bases__ __subclasses__ __builtins__ __loader__ __spec__ __path__ __getattribute__ "
    "__reduce__ __reduce_ex__ __getstate__ __annotations__ __setattr__ __delattr__ __weakref__ "
    "__self__ __func__ gi_frame cr_frame tb_frame __traceback__ __init_subclass__ mro "
    "__annotate__ __type_params__ __base__ __slots__"
)
"""Attributes that lead further than is followed: what they are asked of escapes."""
PATH = "pathlib.Path()"
"""The name of a path that is outside of the distribution."""
OBJECT = Foreign("builtins.object")
MODEL = Foreign("pydantic.BaseModel")
MANIFEST = Foreign("stigmem_node.plugins.PluginManifest")
OF_MODELS = words(
    "construct copy dict from_orm json mro parse_file parse_obj parse_raw register schema "
    "schema_json update_forward_refs validate"
)
"""Public attributes of ``pydantic.BaseModel`` and of its class that do not begin with model_."""
_BEHIND: dict[Value, tuple[Value, ...]] = {MANIFEST: (MODEL,)}
"""What classes of others are derived from, where that is more than ``object``."""
CACHED = Foreign("functools.lru_cache.cached")
"""The type of a function that remembers what it gave."""
UNFOLLOWED = "unfollowed"
"""The trait of a class that is derived from one of others which is not followed."""
LIKE_FUNCTIONS = (CACHED, Foreign("contextlib.contextmanager.made"))
"""Types of objects that become methods where a class has them."""
_BARE = words("builtins.object abc.ABC typing.Generic typing.Protocol") | {
    each.dotted for each in namespaces.PLAIN
}
VALIDATING = words("model_validate model_validate_json")
"""Methods of a model's class that make an object of what they are given."""
_VALIDATING = frozenset(f"{MODEL.dotted}.{each}" for each in VALIDATING)
_OF_MANIFESTS = words("model_copy model_dump")
"""Methods that manifests have of their own kind, whatever their class."""
_LATE = words("__init__ __call__ __len__ __iter__ __contains__ __enter__ __exit__")
"""Special methods that a class can get after it was made, and has as if they stood in it."""
_ANCESTORS = 60
"""Classes that one class can be derived from, before it is not followed."""
_NAMED: dict[str, type] = {"ordered": OrderedDict, "default": defaultdict}
_BUILTIN: dict[str, type] = {
    "list": list,
    "dict": dict,
    "set": set,
    "genexp": types.GeneratorType,
    "generator": types.GeneratorType,
    "iterator": type(iter(())),
}


def get(m: Machine, owner: Value, name: str) -> Value:
    """Return an attribute. Raises ``GiveUp`` where only running it could tell."""
    match owner:
        case Unknown():
            if name in REFLECTIVE and name not in ("__class__", "__dict__"):
                m.doom(f"{name} of what is not known is asked for")
            if name == "load" and m.has((m.imports.oid, LOADING)):
                m.doom("an entry point is loaded")
            if owner.api != PATH or not hasattr(pathlib.Path, name):
                m.may_raise(owner.why)
            return _of_unknown(m, owner, name)
        case Ref(kind="module"):
            return _of_module(m, owner, name)
        case Ref(kind="instance"):
            return _of_instance(m, owner, name)
        case Ref(kind="class"):
            return _of_class(m, owner, name)
        case Ref(kind="super"):
            return _of_super(m, owner, name)
        case Ref(kind="function"):
            return _of_function(m, owner, name)
        case Ref(kind="manifest"):
            kind = m.thing(owner).type
            if name == "__class__":
                return kind
            found = m.read(owner, name)
            if found != MISSING:
                return found
            if kind == MANIFEST and not name.startswith(("_", "model_")) and name not in OF_MODELS:
                m.raise_(
                    "AttributeError", Const(f"'PluginManifest' object has no attribute '{name}'")
                )
            own = isinstance(kind, Ref) and name not in _OF_MANIFESTS
            return _of_instance(m, owner, name) if own else Method(owner, name)
        case Ref(kind="object" | "partial"):
            return m.foreign_attribute(owner, name)
        case Member():
            return _of_member(m, owner, name)
        case Foreign():
            return m.foreign_attribute(owner, name)
        case File():
            return m.file_attribute(owner, name)
        case Bound(function=function):
            if name in ("__name__", "__qualname__", "__module__", "__doc__", "__wrapped__"):
                return m.get(function, name)
            if name == "__self__":
                return owner.owner
            if name == "__func__":
                return function
            if name in OPENING or hasattr(types.MethodType, name):
                raise GiveUp("an attribute of a method")
            # What a method does not have itself it takes from its function.
            return m.get(function, name)
        case Wrapped(function=function):
            if name in ("setter", "getter", "deleter"):
                raise GiveUp("a property is changed")
            if name in ("__func__", "__wrapped__", "fget", "func"):
                return function
            raise GiveUp("an attribute of a property")
        case Opaque(type=kind):
            known: dict[str, type] = {"str": str, "int": int, "bool": bool, "float": float}
            real = known.get(kind, object)
        case Const(value=constant):
            real = type(constant)
            if name in ("real", "numerator") and isinstance(constant, int):
                return Const(int(constant))
        case Tuple():
            real = tuple
            if owner.named is not None:
                return _of_named(m, owner, owner.named, name)
        case Frozen():
            real = frozenset
        case View(kind="proxy" | "names"):
            real = dict
        case View():
            real = type({}.items())
        case Ref(kind="dict") if m.thing(owner).name:
            real = _NAMED[m.thing(owner).name]
            if name == "default_factory":
                raise GiveUp("an attribute of a dict")
        case Ref(kind=kind) if kind in _BUILTIN:
            real = _BUILTIN[kind]
        case _:
            raise GiveUp("an attribute of what is not followed")
    if name == "__class__" and real.__module__ == "builtins":
        return Foreign(f"builtins.{real.__name__}")
    if name in OPENING:
        raise GiveUp(f"{name} is asked for")
    if not hasattr(real, name):
        m.raise_("AttributeError", Const(f"'{real.__name__}' object has no attribute '{name}'"))
    if not callable(getattr(real, name)):
        raise GiveUp(f"{name} is asked for")
    return Method(owner, name)


def _of_unknown(m: Machine, owner: Unknown, name: str) -> Value:
    """Return an attribute of what cannot be told: what others give goes by its name there."""
    if not owner.api or name in m.given:
        m.not_sure()
        return Unknown(owner.why, owner.at)
    api = f"?.{name}" if owner.api[:1] == OUTSIDE else f"{owner.api}.{name}"
    if name in m.node.accessors or apis.looked_at(api):
        m.note("looks", api)
    return m.given_by(api, owner.why)


def lookup(m: Machine, kind: Value, name: str, after: Value | None = None) -> Value:
    """Return what a class has under a name, or ``MISSING``."""
    for each in mro(m, kind, after):
        if isinstance(each, Ref):
            found = m.read(each, name)
            if isinstance(found, OneOf) and any(o.value == MISSING for o in found.options):
                raise GiveUp("whether a class has an attribute is not known")
            if found != MISSING:
                return found
        elif isinstance(each, Foreign) and (found := m.inherited(each, name)) != MISSING:
            return found
    return MISSING


def mro(m: Machine, kind: Value, after: Value | None = None) -> tuple[Value, ...]:
    """Return the classes in which attributes are looked up; ``after``: those behind one."""
    behind = m.thing(kind).mro if isinstance(kind, Ref) else _BEHIND.get(kind, ())
    every = (kind, *behind)
    if after is None:
        return every
    return every[every.index(after) + 1 :] if after in every else ()


def _bind(m: Machine, found: Value, owner: Value, kind: Value) -> Value:
    match found:
        case Ref(kind="function"):
            return Bound(found, owner)
        case Ref(kind="object") if m.thing(found).type in LIKE_FUNCTIONS:
            return Bound(found, owner)
        case Wrapped(kind="property", function=function):
            return m.call(function, (owner,))
        case Wrapped(kind="classmethod", function=function):
            return Bound(function, kind)
        case Wrapped(kind="staticmethod", function=function):
            return function
        case Wrapped(kind="field", function=Const(value=int(place))) if isinstance(owner, Tuple):
            return owner.items[place]
        case Wrapped():
            raise GiveUp("a descriptor that is not followed")
        case Ref(kind="instance") if m.special(found, "__get__"):
            return m.call(m.method(found, "__get__"), (owner, kind))
        case Foreign(dotted=dotted) if dotted.startswith("pydantic.BaseModel."):
            return Bound(found, kind if dotted in _VALIDATING else owner)
        case Foreign(dotted=dotted) if dotted.endswith(".__init__"):
            return Bound(found, owner)
        case Foreign(dotted=dotted) if not dotted.startswith("builtins."):
            raise GiveUp("whether it becomes a method is not known")
        case Foreign(dotted=dotted) if dotted.count(".") > 1:
            return Bound(found, owner)
        case OneOf():
            return m.each(found, lambda one: _bind(m, one, owner, kind))
        case Unknown(why=why, at=at, api=api):
            # It may be a descriptor, whose code is run with the object.
            m.may_raise(why)
            return Unknown(why, at, api, owner) if api else m.unknown(why, owner)
        case _:
            return found


def method(m: Machine, owner: Value, name: str) -> Value:
    """Return a special method of an object: what its class has. Raises ``GiveUp`` without one."""
    if not isinstance(owner, Ref) or owner.kind != "instance":
        return get(m, owner, name)
    kind = m.thing(owner).type
    found = lookup(m, kind, name)
    if found == MISSING:
        raise GiveUp(f"{name} is not known")
    return _bind(m, found, owner, kind)


def _of_instance(m: Machine, owner: Ref, name: str) -> Value:
    kind = m.thing(owner).type
    if name == "__class__":
        return kind
    if name == "__dict__":
        return namespaces.namespace(m, owner)
    if name in OPENING and lookup(m, kind, name) == MISSING:
        raise GiveUp(f"{name} is asked for")
    if m.overrides(kind, ("__getattribute__",)):
        raise GiveUp("objects look up their attributes in a way of their own")
    found = lookup(m, kind, name)
    if isinstance(found, (Unknown, OneOf)) and m.read(owner, name) != MISSING:
        raise GiveUp("whether a class says how an attribute is read is not known")
    fallback = lookup(m, kind, "__getattr__")
    if fallback == MISSING:
        return _found_on(m, owner, kind, name, found)

    def otherwise() -> Value:
        return m.call(_bind(m, fallback, owner, kind), (Const(name),))

    if found == MISSING:
        return m.each(m.read(owner, name), lambda value: otherwise() if value == MISSING else value)
    # An AttributeError from whatever is run to find it counts as well.
    return attempt(
        m, lambda: _found_on(m, owner, kind, name, found), lambda value: value, otherwise
    )


def attempt(m: Machine, find: Part, part: Callable[[Value], Value], default: Part) -> Value:
    """Run a part with what is found, and another where finding it raises ``AttributeError``."""
    outcomes = m.caught(find)
    found = [each for each in outcomes if each.kind == "falls"]
    rest: list[Outcome] = []
    for each in outcomes:
        if each.kind != "raises":
            if each.kind != "falls":
                rest.append(each)
            continue

        def missing(each: Outcome = each) -> Value:
            m.adopt(each)
            match m.matches(each.value, Foreign("builtins.AttributeError")):
                case True:
                    return default()
                case False:
                    raise Exit("raises", each.value)
                case _:
                    raise GiveUp("whether there is an attribute is not known")

        rest += m.run(missing)
    for each in found:
        value = each.value

        def there(each: Outcome = each, value: Value = value) -> Value:
            m.adopt(each)
            return part(value)

        rest += m.run(there)
    return m.settle(rest, FALLS)


def _found_on(m: Machine, owner: Ref, kind: Value, name: str, found: Value) -> Value:
    """Return an attribute of an object: ``found`` is what its class has."""
    if isinstance(found, Wrapped) and found.kind == "property":
        return _bind(m, found, owner, kind)
    if isinstance(found, Wrapped) and found.kind == "cached_property":
        function = found.function

        def cached(value: Value) -> Value:
            if value != MISSING:
                return value
            made = m.call(function, (owner,))
            m.write(owner, made, name)
            return made

        return m.each(m.read(owner, name), cached)
    if (
        isinstance(found, Ref)
        and found.kind == "instance"
        and (m.special(found, "__set__") or m.special(found, "__delete__"))
    ):
        return m.call(m.method(found, "__get__"), (owner, kind))

    def own(value: Value) -> Value:
        if value != MISSING:
            return value
        if found != MISSING:
            return _bind(m, found, owner, kind)
        if _is_hidden(m, kind, name):
            raise GiveUp(f"{name} is asked for")
        m.raise_("AttributeError", Const(f"object has no attribute '{name}'"))

    return m.each(m.read(owner, name), own)


def _is_hidden(m: Machine, kind: Value, name: str) -> bool:
    """Say whether a class of others that a class is derived from may have a name nobody lists."""
    if name[:1] != "_":
        return False
    every = [each.dotted for each in mro(m, kind) if isinstance(each, Foreign)]
    generic = name[:2] == "__" and any(each.startswith("typing") for each in every)
    return generic or not _BARE.issuperset(every)


def _of_named(m: Machine, owner: Tuple, kind: Ref, name: str) -> Value:
    if m.is_escaped(kind):
        return m.unknown("code that could not be followed may have changed it", owner)
    found = lookup(m, kind, name)
    if found != MISSING and not isinstance(found, Foreign):
        return _bind(m, found, owner, kind)
    if name in ("_replace", "_asdict"):
        return Method(owner, name)
    if name == "_fields":
        return m.fields_of(kind)
    if name[:1] == "_":
        raise GiveUp(f"{name} of a named tuple")
    return get(m, Tuple(owner.items), name)


def _of_class(m: Machine, owner: Ref, name: str) -> Value:
    thing = m.thing(owner)
    if m.is_escaped(owner):
        return m.read(owner, name)
    if name == "__name__":
        return Const(thing.name)
    if name == "__qualname__":
        return Const(thing.extra)
    if name in ("__members__", "_member_map_", "_value2member_map_", "_member_names_"):
        raise GiveUp("the members of an enumeration are asked for")
    if name == "__subclasses__" and isinstance(lookup(m, owner, name), Foreign):
        return Bound(Foreign("builtins.type.__subclasses__"), owner)
    if name in OPENING:
        raise GiveUp(f"{name} is asked for")
    found = lookup(m, owner, name)
    if found == MISSING:
        if name == "__doc__":
            return NONE
        if "namedtuple" in thing.traits and name == "_fields":
            return m.fields_of(owner)
        if hasattr(abc.ABCMeta, name) or _is_hidden(m, owner, name):
            raise GiveUp(f"{name} of a class is asked for")
        m.lacks(owner, name)
        m.raise_("AttributeError", Const(f"type object '{thing.name}' has no attribute '{name}'"))

    def bind(one: Value) -> Value:
        match one:
            case Wrapped(kind="classmethod", function=function):
                return Bound(function, owner)
            case Wrapped(kind="staticmethod", function=function):
                return function
            case Wrapped(kind="field"):
                raise GiveUp("a field of a class is asked for")
            case Foreign(dotted=dotted) if dotted in _VALIDATING:
                return Bound(one, owner)
            case Ref(kind="instance") if m.special(one, "__get__"):
                return m.call(m.method(one, "__get__"), (NONE, owner))
            case _:
                return one

    return m.each(found, bind)


def _of_super(m: Machine, owner: Ref, name: str) -> Value:
    thing = m.thing(owner)
    (_, me), (_, klass) = thing.defaults
    kind = me if isinstance(me, Ref) and me.kind == "class" else m.get(me, "__class__")
    found = lookup(m, kind, name, after=klass)
    if found == MISSING:
        m.lacks(kind, name)
        m.raise_("AttributeError", Const(f"'super' object has no attribute '{name}'"))
    if me == kind:
        if isinstance(found, Wrapped) and found.kind == "classmethod":
            return Bound(found.function, me)
        if name == "__init_subclass__":
            return Bound(found, me)
        return found.function if isinstance(found, Wrapped) else found
    return _bind(m, found, me, kind)


def _of_function(m: Machine, owner: Ref, name: str) -> Value:
    found = m.read(owner, name)

    def own(value: Value) -> Value:
        if value != MISSING:
            return value
        thing = m.thing(owner)
        assert thing.env is not None
        match name:
            case "__name__":
                return Const(thing.name)
            case "__qualname__":
                return Const(thing.extra)
            case "__module__":
                return Const(thing.env.module.name)
            case "__doc__":
                return _doc(m, owner)
            case _:
                if name in REFLECTIVE:
                    m.doom(f"{name} of a function is asked for")
                if name in OPENING or hasattr(get, name):
                    raise GiveUp(f"{name} of a function is asked for")
                m.raise_("AttributeError", Const(f"'function' object has no attribute '{name}'"))

    return m.each(found, own)


def _doc(m: Machine, owner: Ref) -> Value:
    """Return what a function says of itself, without indentation in newer Pythons only."""
    node = m.thing(owner).node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return NONE
    text = ast.get_docstring(node, clean=False)
    if text is not None and ("\n" in text or text[:1].isspace()):
        return Opaque("str", ("doc", Const(text)))
    return Const(text)


def _of_member(m: Machine, owner: Member, name: str) -> Value:
    if isinstance(owner.enum, Ref):
        found = lookup(m, owner.enum, name)
        if m.is_escaped(owner.enum):
            return m.unknown("code that could not be followed may have changed it")
        if isinstance(found, Member) and name in ("name", "value"):
            raise GiveUp("a member of an enumeration has the name of an attribute")
        holder = m.holders.get((owner.enum.oid, owner.name))
        if holder is not None and not isinstance(found, Wrapped):
            own = m.read(holder, name)
            if isinstance(own, OneOf):
                raise GiveUp("whether a member has an attribute is not known")
            if own != MISSING:
                return own
        if found != MISSING and not (isinstance(found, Foreign) and owner.mixin):
            return _bind(m, found, owner, owner.enum)
    match name:
        case "value" | "_value_":
            return owner.value
        case "name" | "_name_":
            return Const(owner.name)
        case "__class__":
            return owner.enum
        case _ if owner.mixin in ("str", "StrEnum"):
            if not hasattr(str, name):
                m.raise_("AttributeError", Const(f"object has no attribute '{name}'"))
            return m.get(owner.value, name)
        case _:
            raise GiveUp("an attribute of a member of an enumeration")


def has_every_module(name: str) -> bool:
    """Say whether modules have something under a name that the program does not bind."""
    return (hasattr(sys, name) and name[:2] == "__") or name in OPENING


def _of_module(m: Machine, owner: Ref, name: str) -> Value:
    found = m.read(owner, name)
    if name == "__dict__":
        return namespaces.namespace(m, owner)
    if found == MISSING and name in namespaces.OF_MODULES:
        return namespaces.value_of(m, owner, name)
    if found == MISSING and has_every_module(name):
        m.doom(f"{name} of a module is asked for")

    def own(value: Value) -> Value:
        if value != MISSING:
            return value
        fallback = m.read(owner, "__getattr__")
        if fallback != MISSING:
            return m.call(fallback, (Const(name),))
        shown = m.thing(owner).name
        m.raise_("AttributeError", Const(f"module '{shown}' has no attribute '{name}'"))

    return m.each(found, own)


def set_attribute(m: Machine, owner: Value, name: str, value: Value) -> Value:
    """Set an attribute, or delete it if the value is ``MISSING``."""

    def one(owner: Value) -> Value:
        match owner:
            case Ref(kind="instance"):
                return _set_on_instance(m, owner, name, value)
            case Ref(kind="module" | "function" | "class"):
                if name in OPENING or (
                    owner.kind == "class"
                    and ("enum" in m.thing(owner).traits or name[:2] == "__")
                    and not (name in _LATE and m.thing(owner).traits <= {"abstract"})
                ):
                    raise GiveUp(f"{name} is set")
                if value == MISSING:
                    _there(m, owner, name)
                m.write(owner, value, name)
                return NONE
            case Ref(kind="manifest"):
                return m.set_field(owner, name, value)
            case Foreign(dotted=dotted):
                m.note("sets", f"{dotted}.{name}")
                m.doom(f"{dotted}.{name} is changed")
            case Member(enum=Ref(oid=oid), name=named) if (oid, named) in m.holders:
                if name[:1] == "_" or name in ("name", "value") or value == MISSING:
                    raise GiveUp(f"{name} of a member is set")
                if lookup(m, owner.enum, name) != MISSING:
                    raise GiveUp(f"{name} of a member is set")
                m.write(m.holders[oid, named], value, name)
                return NONE
            case Unknown(api=api) if api and value != MISSING and not m.is_modelled(name):
                if name in CHECKS:
                    m.note("sets", f"{api}.{name}", (), ((name, value),))
                m.given.add(name)
                raise GiveUp("an attribute of what is not followed is set")
            case Unknown() if m.roots:
                m.note("sets", f"?.{name}")
                return NONE
            case Member() | Unknown() if isinstance(owner, Member) or m.is_modelled(name):
                m.doom(f"{name} of what is not followed is changed")
            case Ref(kind="dict") as ref if m.thing(ref).name:
                raise GiveUp(f"{name} of a dict is set")
            case Tuple(named=Ref()):
                raise GiveUp("an attribute of a named tuple is set")
            case Ref(kind="list" | "dict" | "set") | Const() | Tuple() | Frozen():
                m.raise_("AttributeError", Const(f"object has no attribute '{name}'"))
            case _:
                if isinstance(owner, Ref) and m.thing(owner).type == ROUTER and name == "prefix":
                    m.noted.append(Changed(owner))
                raise GiveUp("an attribute of what is not followed is set")

    return m.guard((value, owner), lambda: m.each(owner, one))


def _set_on_instance(m: Machine, owner: Ref, name: str, value: Value) -> Value:
    thing = m.thing(owner)
    kind = thing.type
    special = ("__setattr__", "__delattr__")
    if isinstance(kind, Ref) and "model" in m.thing(kind).traits and name not in OPENING:
        return m.set_field(owner, name, value)
    if kind == namespaces.MODULE and name[:2] == "__":
        raise GiveUp(f"{name} of a module is set")
    if name in OPENING or m.overrides(kind, special) or _odd_slots(m, kind):
        raise GiveUp("an object sets its attributes in a way of its own")
    for each in mro(m, kind):
        if isinstance(each, Ref) and "frozen" in m.thing(each).traits:
            if each != kind:
                raise GiveUp("an object that cannot be changed is changed")
            does = "delete" if value == MISSING else "assign to"
            said = Const(f"cannot {does} field '{name}'")
            raise Exit("raises", m.exception(Foreign("dataclasses.FrozenInstanceError"), (said,)))
    return set_plainly(m, owner, name, value)


def set_plainly(m: Machine, owner: Ref, name: str, value: Value) -> Value:
    """Set or delete an attribute as ``object`` does, whatever the object's class says of it."""
    kind = m.thing(owner).type
    if name in OPENING or _odd_slots(m, kind):
        raise GiveUp("an object sets its attributes in a way of its own")
    if kind == OBJECT:
        m.raise_("AttributeError", Const(f"'object' object has no attribute '{name}'"))
    if isinstance(kind, Ref) and "slots" in m.thing(kind).traits:
        if name not in dict(m.dataclass_fields(kind)):
            raise GiveUp("an object with slots gets an attribute")
        m.write(owner, value, name)
        return NONE
    found = lookup(m, kind, name)
    if isinstance(found, (Unknown, OneOf)):
        raise GiveUp("whether a class says how an attribute is set is not known")
    if isinstance(kind, Ref) and "own slots" in m.thing(kind).traits:
        if found == MISSING:
            m.raise_("AttributeError", Const(f"object has no attribute '{name}'"))
        if not isinstance(found, (Wrapped, Ref)) or value == MISSING:
            raise GiveUp("an object with slots gets an attribute")
        if isinstance(found, Wrapped) and found.kind not in ("field", "property"):
            raise GiveUp("an object with slots gets an attribute")
        if isinstance(found, Ref) and not m.special(found, "__set__"):
            raise GiveUp("an object with slots gets an attribute")
    if isinstance(found, Wrapped) and found.kind == "property":
        m.raise_("AttributeError", Const(f"property '{name}' of object has no setter"))
    if isinstance(found, Ref) and m.special(found, "__set__") and value != MISSING:
        return m.call(m.method(found, "__set__"), (owner, value))
    if isinstance(found, Ref) and (m.special(found, "__set__") or m.special(found, "__delete__")):
        raise GiveUp("a descriptor is set")
    if value == MISSING:
        _there(m, owner, name)
    m.write(owner, value, name)
    return NONE


def _odd_slots(m: Machine, kind: Value) -> bool:
    """Say whether objects of a class may have slots other than those that were understood."""
    if isinstance(kind, Ref) and "own slots" in m.thing(kind).traits and not m.is_escaped(kind):
        return False
    return m.overrides(kind, ("__slots__",))


def _there(m: Machine, owner: Ref, name: str) -> None:
    """Raise what deleting an attribute raises on the ways on which there is none."""

    def one(held: Value) -> Value:
        if held == MISSING:
            m.raise_("AttributeError", Const(name))
        return NONE

    m.each(m.read(owner, name), one)


def new_class(
    m: Machine, name: str, qualname: str, bases: tuple[Value, ...], traits: frozenset[str]
) -> Ref:
    """Make a class. Raises ``GiveUp`` where its bases have no order."""
    found = Thing("class", name=name, extra=qualname, bases=bases, traits=traits)
    orders = [[*mro(m, base)] for base in bases]
    if sum(map(len, orders)) > _ANCESTORS:
        raise GiveUp("a class has too many bases")
    # What has no other base has ``object``, after everything else.
    found.mro = _linear([*orders, [OBJECT]], [*bases])
    return m.alloc(found)


def _linear(orders: list[list[Value]], bases: list[Value]) -> tuple[Value, ...]:
    """Return the one order of bases that keeps the order of each (C3)."""
    waiting = [order for order in (*orders, bases) if order]
    found: list[Value] = []
    while waiting:
        for order in waiting:
            first = order[0]
            if not any(first in other[1:] for other in waiting):
                break
        else:
            raise GiveUp("the bases of a class have no order")
        found.append(first)
        waiting = [[each for each in order if each != first] for order in waiting]
        waiting = [order for order in waiting if order]
    return tuple(found)
