"""What classes have and are derived from, class statements, and enumerations."""

from __future__ import annotations

import abc
import ast
import builtins as real_builtins
import enum
import typing
from collections.abc import Hashable, Sequence
from types import ModuleType

from stigmem_review.code.names import bound_again
from stigmem_review.interpret import (
    annotation,
    builtins,
    calls,
    doubts,
    from_environment,
    generic,
    host,
    making,
    namespaces,
    objects,
    records,
    statements,
)
from stigmem_review.interpret.ends import FALLS, GiveUp
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import FINISHED, Thing
from stigmem_review.interpret.keys import key
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import MODELS
from stigmem_review.interpret.objects import OF_MODELS, UNFOLLOWED, lookup, mro
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    TRUE,
    Bound,
    Const,
    Foreign,
    Member,
    Method,
    Missing,
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

_ENUMS = {
    "enum.Enum": "",
    "enum.StrEnum": "StrEnum",
    "enum.IntEnum": "int",
}
HOST_ERRORS = {
    "stigmem_node.plugins.CapabilityError": "PermissionError",
    "stigmem_node.plugins.ManifestError": "ValueError",
    "stigmem_node.plugins.PluginDependencyError": "RuntimeError",
    "stigmem_node.plugins.PluginDiscoveryError": "RuntimeError",
    "stigmem_node.plugins.PluginExecutionError": "RuntimeError",
    "stigmem_node.plugins.PluginMigrationError": "RuntimeError",
    "stigmem_node.plugins.PluginSignatureError": "RuntimeError",
    "stigmem_node.plugins.RegistryFrozenError": "RuntimeError",
    host.REJECT: "RuntimeError",
}
"""The node's own exceptions, and what each is derived from; only one has a method of its own
(``stigmem_node.plugins.errors``)."""
RAISED = HOST_ERRORS | {
    "dataclasses.FrozenInstanceError": "AttributeError",
    "json.JSONDecodeError": "ValueError",
    "tomllib.TOMLDecodeError": "ValueError",
    "importlib.metadata.PackageNotFoundError": "ModuleNotFoundError",
    "pydantic_core.ValidationError": "ValueError",
    "subprocess.CalledProcessError": "Exception",
    "packaging.version.InvalidVersion": "ValueError",
    "fastapi.exceptions.FastAPIError": "RuntimeError",
    "binascii.Error": "ValueError",
    "decimal.InvalidOperation": "ArithmeticError",
    "ipaddress.AddressValueError": "ValueError",
    "ipaddress.NetmaskValueError": "ValueError",
    "re.error": "Exception",
    "struct.error": "Exception",
}
"""Exception classes of libraries, and the builtin class that each is derived from."""
_PLAIN_BASES = words(
    "builtins.object abc.ABC typing.Protocol typing.Generic typing_extensions.Protocol"
)
GENERIC = tuple(map(Foreign, words("typing.Generic typing.Protocol typing_extensions.Protocol")))
"""Classes of which those that are derived take square brackets."""
_REAL_CLASSES: dict[str, type] = {
    "abc.ABC": abc.ABC,
    "builtins.int": int,
    "builtins.object": object,
    "builtins.str": str,
    "builtins.tuple": tuple,
    "enum.Enum": enum.Enum,
    "enum.IntEnum": enum.IntEnum,
    "enum.StrEnum": enum.StrEnum,
    objects.MODEL.dotted: object,
    **{each.dotted: object for each in namespaces.PLAIN},
    "typing.Generic": typing.Generic,
    "typing.Protocol": typing.Protocol,
    "typing_extensions.Protocol": typing.Protocol,
}
"""Classes of others that classes are derived from: what these do not have is not there."""
_SLOTTED = frozenset({"own slots", "laid out"})
_NOT_INHERITED = words("dataclass frozen slots kw_only order eq=False protocol") | _SLOTTED
"""What a class is itself, and not what is derived from it."""
_EXCEPTION = Foreign("builtins.BaseException")
_SPECIAL = words("enum model namedtuple typeddict dataclass")
_OF_ENUMS = words("_generate_next_value_")
"""Names with an underscore on either side that an enumeration can have and go on plainly."""
_RECORDS = {"typing.NamedTuple": "namedtuple", "typing.TypedDict": "typeddict"}
_REAL_BASES = {"typing.NamedTuple": "builtins.tuple", "typing.TypedDict": "builtins.dict"}
_PLAIN_OF_NAMESPACES = words("__eq__ __ne__ __hash__ __repr__ __str__ __format__ __lt__")
_NOT_OF_MODELS = words(
    "__getattribute__ __bool__ __len__ __contains__ __getitem__ __call__ __set_name__ __get__ "
    "__set__ __del__ __enter__ __exit__ __instancecheck__ __slots__ __format__ __ne__ "
    "__get_validators__ __mro_entries__ __pydantic_init_subclass__"
)
"""Methods that the base of all models does not have; what it has is not followed."""


def overrides(m: Machine, kind: Value, names: tuple[str, ...]) -> bool:
    """Say whether a class, or one it is made of, may have methods of its own of some names."""
    if kind in (objects.MODEL, objects.MANIFEST):
        return not _NOT_OF_MODELS.issuperset(names)
    if kind in namespaces.PLAIN:
        return not _PLAIN_OF_NAMESPACES.isdisjoint(names)
    if isinstance(kind, Foreign):
        return not (
            kind.dotted.startswith("builtins.")
            or kind.dotted in m.host_members
            or kind.dotted in RAISED
            or kind.dotted in _PLAIN_BASES
        )
    if not isinstance(kind, Ref) or m.is_escaped(kind):
        return True
    for each in mro(m, kind):
        if isinstance(each, Ref):
            if m.is_escaped(each):
                return True
            if "dataclass" in m.thing(each).traits and {"__eq__", "__hash__"} & {*names}:
                return True
            if any(m.read(each, name) != MISSING for name in names):
                return True
        elif not isinstance(each, Foreign) or (
            each.dotted not in _ENUMS and m.overrides(each, names)
        ):
            return True
    return False


def special(m: Machine, owner: Value, name: str) -> bool:
    """Say whether an object's class has a method of its own of some name."""
    if isinstance(owner, Ref) and owner.kind == "instance":
        if m.is_escaped(owner):
            raise GiveUp("code that could not be followed may have changed it")
        kind = m.thing(owner).type
        found = lookup(m, kind, name)
        return found != MISSING and not isinstance(found, Foreign)
    if isinstance(owner, Member) and m.overrides(owner.enum, (name,)):
        raise GiveUp("members of an enumeration have methods of their own")
    if isinstance(owner, Unknown):
        raise GiveUp(owner.why)
    return False


def inherited(m: Machine, kind: Foreign, name: str) -> Value:
    """Return what a class that others provide has under a name."""
    if kind.dotted == host.REJECT and name == "__init__":
        return Foreign(host.REJECT_INIT)
    if base := HOST_ERRORS.get(kind.dotted):
        return inherited(m, Foreign(f"builtins.{base}"), name)
    if exception := builtins.exception_class(kind.dotted.removeprefix("builtins.")):
        if name == "__init_subclass__":
            return Foreign("builtins.object.__init_subclass__")
        if name in ("__init__", "__str__", "__repr__", "with_traceback", "add_note"):
            return Foreign(f"builtins.BaseException.{name}")
        if name != "args" and hasattr(exception, name):
            raise GiveUp(f"{name} of an exception is not followed")
        return MISSING
    real = getattr(real_builtins, kind.dotted.removeprefix("builtins."), None)
    if isinstance(real, type) and hasattr(real, name) and not hasattr(object, name):
        raise GiveUp(f"{name} of a builtin type")
    if kind == namespaces.MODULE and name != "__doc__" and name in dir(ModuleType):
        raise GiveUp(f"{name} of a module")
    if kind == objects.MODEL and f"{kind.dotted}.{name}" in MODELS:
        return Foreign(f"{kind.dotted}.{name}")
    if kind == objects.MODEL and (name.startswith(("model_", "__pydantic")) or name in OF_MODELS):
        raise GiveUp(f"{name} of a model")
    if kind == objects.MANIFEST and name in ("model_config", *objects.VALIDATING):
        return MISSING
    if kind == objects.MANIFEST and not name.startswith(("_validate_", "model_", "__pydantic")):
        # What it has of all models comes behind it.
        return MISSING
    if kind.dotted in _PLAIN_BASES and kind != objects.OBJECT:
        # What they have of ``object`` comes behind the classes that stand between.
        return MISSING
    if (
        (name in ("__init__", "__init_subclass__") or kind.dotted == "builtins.object")
        and hasattr(object, name)
        and name not in ("__eq__", "__hash__", "__ne__")
    ):
        return Foreign(f"builtins.object.{name}")
    real = _REAL_CLASSES.get(kind.dotted)
    if real is None:
        raise GiveUp(f"{name} of {kind.dotted} is not followed")
    if real in (str, int, tuple) and hasattr(real, name) and not hasattr(object, name):
        return Foreign(f"{kind.dotted}.{name}")
    return MISSING


def lacks(m: Machine, kind: Value, name: str) -> None:
    """Raise ``GiveUp`` where a class of others may have what was not found."""
    for each in mro(m, kind):
        if isinstance(each, Foreign) and hasattr(_REAL_CLASSES.get(each.dotted, type), name):
            raise GiveUp(f"{name} of {each.dotted} is not followed")


def derives(m: Machine, kind: Value, wanted: Value) -> bool | None:
    """Say whether a class is, or is derived from, another."""
    if isinstance(wanted, Tuple):
        found = [m.derives(kind, each) for each in wanted.items]
        return True if True in found else None if None in found else False
    if not (isinstance(wanted, Foreign) or (isinstance(wanted, Ref) and wanted.kind == "class")):
        # Only a class is derived from another, and what is none may say that it is.
        return None
    if isinstance(kind, Ref):
        if m.is_escaped(kind) or kind.kind != "class":
            return None
        every = [
            True if each == wanted else m.derives(each, wanted)
            for each in mro(m, kind)
            if isinstance(each, Foreign) or each == wanted
        ]
        if isinstance(wanted, Ref):
            return True if True in every else None if m.is_virtual(wanted) else False
        return True if True in every else None if None in every else False
    if not isinstance(kind, Foreign):
        return None
    if wanted in mro(m, kind):
        return True
    if not isinstance(wanted, Foreign):
        if isinstance(wanted, Ref) and wanted.kind == "class":
            return None if m.is_virtual(wanted) else False
        return None
    one = exception_class(m, kind.dotted)
    other = builtins.exception_class(wanted.dotted.removeprefix("builtins."))
    if one is not None and other is not None:
        return issubclass(one, other)
    if one is not None and wanted.dotted in RAISED:
        return False
    if kind.dotted in _PLAIN_BASES or kind.dotted in _ENUMS:
        return False if wanted in (_EXCEPTION, objects.MODEL, objects.MANIFEST) else None
    if kind.dotted in ("builtins.str", "builtins.int"):
        return False if other is not None or wanted == objects.MODEL else None
    if one is not None and wanted == objects.MODEL:
        return False
    return None


def is_virtual(m: Machine, kind: Ref) -> bool:
    """Say whether a class may take objects for its own that are of no class derived from it."""
    return m.overrides(kind, ("__instancecheck__", "__subclasshook__", "__subclasscheck__")) or any(
        isinstance(each, Foreign) and each.dotted.rpartition(".")[2] == "Protocol"
        for each in mro(m, kind)
    )


def exception_class(m: Machine, dotted: str) -> type[BaseException] | None:
    return builtins.exception_class(RAISED.get(dotted, dotted.removeprefix("builtins.")))


def members(m: Machine, kind: Value) -> list[Value]:
    """Return the members of an enumeration; nothing where it is none."""
    if isinstance(kind, Foreign) and kind.dotted in m.host_members:
        return [
            Member(kind, name, Const(value), "StrEnum")
            for name, value in m.host_members[kind.dotted].items()
        ]
    if isinstance(kind, Ref) and "enum" in m.thing(kind).traits:
        if m.is_escaped(kind):
            raise GiveUp("code that could not be followed may have changed it")
        found = [m.read(kind, name) for name in m.names(kind)]
        return [
            each
            for name, each in zip(m.names(kind), found, strict=True)
            if isinstance(each, Member) and each.name == name
        ]
    return []


def member_of(m: Machine, kind: Ref | Foreign, args: Sequence[Value]) -> Value:
    """Return the member of an enumeration that has a value."""
    if len(args) != 1:
        raise GiveUp("an enumeration is made")
    wanted = args[0]
    if isinstance(wanted, OneOf):
        return m.each(wanted, lambda one: m.member_of(kind, (one,)))
    if isinstance(kind, Ref) and m.overrides(kind, ("_missing_", "__new__")):
        raise GiveUp("an enumeration makes members in a way of its own")
    members = m.members(kind)
    if isinstance(wanted, Member) and wanted.enum == kind:
        return wanted
    if isinstance(wanted, Opaque):
        raise GiveUp("which member is meant is not known")
    found = key(m, wanted)
    for each in members:
        assert isinstance(each, Member)
        if key(m, each.value) == found:
            return each
    m.raise_("ValueError", Const("it is not a valid member"))


def super_of(m: Machine, env: Env) -> Value:
    """Return what ``super()`` gives in a method."""
    scope: Env | None = env
    method = None
    while scope is not None and scope.kind != "class":
        if scope.kind == "function":
            method = scope
        scope = scope.outer
    if scope is not None and "slots" in m.thing(scope.frame).traits:
        raise GiveUp("super() means the class as it was before it got slots")
    if scope is None or method is None or not method.first or method is not env:
        raise GiveUp("super() stands where it is not followed")
    me = m.read(method.frame, method.first)
    if isinstance(me, (OneOf, Unknown)):
        raise GiveUp("whose super() it is is not known")
    return m.alloc(Thing("super", defaults=(("", me), ("", scope.frame))))


def new_class(m: Machine, node: ast.ClassDef, env: Env) -> Value:
    """Run a class statement. Raises ``GiveUp`` where its bases are not followed."""
    bases = [generic.bare(m, m.evaluate(each, env)) for each in node.bases]
    given = _class_keywords(m, node, env)
    if getattr(node, "type_params", None):
        raise GiveUp("a class is made in an unusual way")
    traits: set[str] = set()
    mixin = ""
    match given.pop("metaclass", MISSING):
        case Foreign(dotted="abc.ABCMeta"):
            traits.add("abstract")
        case Missing() | Foreign(dotted="builtins.type"):
            pass
        case _:
            raise GiveUp("a class is made in an unusual way")
    for base in bases:
        match base:
            case Ref(kind="class") as ref if not m.is_escaped(ref):
                inner = m.thing(ref).traits
                if "enum" in inner and m.members(ref):
                    m.raise_("TypeError", Const("cannot extend an enumeration"))
                traits |= inner - _NOT_INHERITED
                mixin = mixin or m.enums.get(ref.oid, "")
            case Foreign(dotted="builtins.str" | "builtins.int"):
                mixin = base.dotted.partition(".")[2]
            case Foreign(dotted=dotted) if dotted in _ENUMS:
                traits.add("enum")
                mixin = _ENUMS[dotted] or mixin
            case Foreign(dotted="abc.ABC"):
                traits.add("abstract")
            case Foreign(dotted="typing.Protocol" | "typing_extensions.Protocol"):
                traits |= {"abstract", "protocol"}
            case Foreign(dotted=dotted) if dotted in _PLAIN_BASES:
                pass
            case Foreign(dotted="typing.NamedTuple" | "typing.TypedDict") if len(bases) == 1:
                traits.add(_RECORDS[base.dotted])
            case objects.MODEL | objects.MANIFEST:
                traits.add("model")
            case Foreign(dotted=dotted) if dotted in HOST_ERRORS or (
                dotted.startswith("builtins.") and exception_class(m, dotted) is not None
            ):
                traits.add("exception")
            case Foreign(dotted="builtins.type"):
                if any(isinstance(each, (ast.Raise, ast.Assert)) for each in ast.walk(node)):
                    doubts.note(m, f"whether {node.name} makes its classes is not known")
                raise GiveUp("a class is derived from what is not followed")
            case Foreign(dotted=dotted) if not dotted.startswith("builtins."):
                traits.add(UNFOLLOWED)
            case _:
                raise GiveUp("a class is derived from what is not followed")
    if UNFOLLOWED in traits and (given or mixin or traits & _SPECIAL):
        raise GiveUp("a class is derived from what is not followed")
    if mixin and "enum" not in traits:
        raise GiveUp("a class is derived from a builtin type")
    if traits & {"namedtuple", "typeddict"} and len(bases) > 1:
        raise GiveUp("a class is derived from a builtin type")
    configures = [*filter(making.is_option, given)] if "model" in traits else []
    options = {each: given.pop(each) for each in configures}
    if given and traits & {"enum", "model", "namedtuple"}:
        raise GiveUp("a class is made in an unusual way")
    if "enum" in traits:
        if bound_again(node.body):
            doubts.note(m, f"whether {node.name} names a member twice is not known")
            raise GiveUp("an enumeration binds a name more than once")
        _check_enum_bases(m, bases)
    _check_layout(m, bases)
    real = tuple(
        Foreign(_REAL_BASES[each.dotted])
        if isinstance(each, Foreign) and each.dotted in _REAL_BASES
        else each
        for each in bases
    )
    qualname = calls.qualname_of(env, node.name)
    kind = objects.new_class(m, node.name, qualname, real, frozenset(traits))
    m.enums[kind.oid] = mixin
    m.born[kind.oid] = m.path
    inner_env = m.thing(kind).env = statements.class_env(m, node, env, kind)
    module = m.read(env.globals, "__name__")
    m.write(kind, module, "__module__")
    m.execute(node.body, inner_env)
    if UNFOLLOWED in traits:
        from_environment.note(m, kind)
        # What makes it can do with it what it likes, and it is no news to what it is derived from.
        m.escape(kind)
        m.may_raise("what makes a class is not followed")
        return kind
    if "namedtuple" in traits:
        _finish_named(m, kind, bases)
    _finish_class(m, kind, mixin, traits)
    if "typeddict" not in traits:
        _tell_bases(m, kind, tuple(given.items()))
    if "model" in traits:
        for written in m.fields.get(kind.oid, {}).values():
            annotation.annotated(m, written, inner_env)
        making.finish_model(m, kind, inner_env, options)
    m.put((kind.oid, FINISHED), TRUE)
    return kind


def _class_keywords(m: Machine, node: ast.ClassDef, env: Env) -> dict[str, Value]:
    if any(each.arg is None for each in node.keywords):
        raise GiveUp("a class is made in an unusual way")
    return {str(each.arg): m.evaluate(each.value, env) for each in node.keywords}


def _check_enum_bases(m: Machine, bases: Sequence[Value]) -> None:
    """Raise ``GiveUp`` where an enumeration is made of more than methods and a builtin type."""
    for base in bases:
        if not isinstance(base, Ref) or not m.names(base):
            continue
        if "enum" in m.thing(base).traits:
            continue
        if m.thing(base).traits or any(
            isinstance(each, Foreign) and each != objects.OBJECT for each in mro(m, base)
        ):
            raise GiveUp("an enumeration is derived from classes of the distribution")


def _finish_named(m: Machine, kind: Ref, bases: Sequence[Value]) -> None:
    if bases == [Foreign("typing.NamedTuple")]:
        names = [*m.fields.get(kind.oid, {})]
        late = {name: m.read(kind, name) for name in names}
        late = {name: value for name, value in late.items() if value != MISSING}
        records.name_fields(m, kind, names, late)
    records.check_named(m, kind)


def _tell_bases(m: Machine, kind: Ref, given: Sequence[tuple[str, Value]]) -> None:
    """Call what the bases of a new class have to be told of it."""
    told = lookup(m, kind, "__init_subclass__", after=kind)
    if isinstance(told, Wrapped) and told.kind == "classmethod":
        told = told.function
    match told:
        case Ref(kind="function"):
            m.call(told, (kind,), given)
        case Foreign() | Missing():
            if given:
                m.raise_("TypeError", Const("__init_subclass__() takes no keyword arguments"))
        case _:
            raise GiveUp("a class is told of its subclasses")


def _give_slots(m: Machine, kind: Ref) -> None:
    """Let objects of a class have the attributes that it says, and no others.

    Raises ``GiveUp`` where that is not all that they have.
    """
    thing = m.thing(kind)
    listed = m.read(kind, "__slots__")
    content = m.read(listed) if isinstance(listed, Ref) and listed.kind == "list" else listed
    items = (content,) if isinstance(content, Const) else getattr(content, "items", ())
    names = [each.value for each in items if isinstance(each, Const)]
    behind = [m.thing(e).traits if isinstance(e, Ref) else {e} for e in mro(m, kind)[1:]]
    if thing.traits or any("own slots" not in e and objects.OBJECT not in e for e in behind):
        raise GiveUp("a class is made in an unusual way")
    if (not items and content != Tuple(())) or len(names) != len(items):
        raise GiveUp("which slots a class has is not known")
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or name[:2] == "__":
            raise GiveUp("a class is made in an unusual way")
        if m.read(kind, name) != MISSING:
            m.raise_("ValueError", Const(f"'{name}' in __slots__ conflicts with class variable"))
        m.write(kind, Wrapped("field", NONE), name)
    thing.traits = thing.traits | (_SLOTTED if names else {"own slots"})


def _check_layout(m: Machine, bases: Sequence[Value]) -> None:
    """Raise what Python does where objects of two bases would have their slots in one place.

    Raises ``GiveUp`` where it is not known which slots they have.
    """
    laid: Value | None = None
    for base in bases if len(bases) > 1 else ():
        found = _laid_out(m, mro(m, base))
        if found is None or (laid is not None and m.derives(laid, found)):
            continue
        if laid is not None and not m.derives(found, laid):
            if any(isinstance(e, Ref) and "slots" in m.thing(e).traits for e in (found, laid)):
                raise GiveUp("which slots a class has is not known")
            m.raise_("TypeError", Const("multiple bases have instance lay-out conflict"))
        laid = found


def _laid_out(m: Machine, kinds: Sequence[Value]) -> Value | None:
    """Return the first of some classes that gives objects slots, itself or as a builtin one."""
    for kind in kinds:
        if isinstance(kind, Ref):
            traits = m.thing(kind).traits
            if "laid out" in traits or ("slots" in traits and m.dataclass_fields(kind)):
                return kind
        real: type | None = exception_class(m, kind.dotted) if isinstance(kind, Foreign) else None
        while real is not None and real.__base__ is not None:
            if real.__basicsize__ != real.__base__.__basicsize__:
                return Foreign(f"builtins.{real.__name__}")
            real = real.__base__
    return None


def _finish_class(m: Machine, kind: Ref, mixin: str, traits: set[str]) -> None:
    if m.read(kind, "__metaclass__") != MISSING:
        raise GiveUp("a class is made in an unusual way")
    if m.read(kind, "__slots__") != MISSING:
        _give_slots(m, kind)
    for name in m.names(kind):
        value = m.read(kind, name)
        if isinstance(value, Unknown) and not m.is_escaped(kind) and "enum" in traits:
            raise GiveUp("a member of an enumeration is not known")
        if isinstance(value, Ref) and value.kind == "instance":
            if m.special(value, "__set_name__"):
                _name(m, value, kind, name)
            elif m.overrides(m.thing(value).type, ("__set_name__",)):
                raise GiveUp("a class tells its attributes their names")
        if isinstance(value, (Ref,)) and value.kind == "object" and "enum" in traits:
            raise GiveUp("a member of an enumeration is not known")
    if "enum" in traits:
        _finish_enum(m, kind, mixin)
    qualname = m.read(kind, "__qualname__")
    if isinstance(qualname, Const):
        m.thing(kind).extra = qualname.value
    elif qualname != MISSING:
        raise GiveUp("the name of a class is not known")


def _name(m: Machine, value: Ref, kind: Ref, name: str) -> None:
    """Tell something in a new class its name there."""
    outcomes = m.run(lambda: m.call(m.method(value, "__set_name__"), (kind, Const(name))))
    if any(each.kind == "raises" for each in outcomes):
        raise GiveUp("what is raised by __set_name__ depends on the Python version")
    m.settle(outcomes, FALLS)


def _finish_enum(m: Machine, kind: Ref, mixin: str) -> None:
    found: list[Member] = []
    by_key: dict[Hashable, Member] = {}
    if m.overrides(kind, (
        "__new__", "_ignore_", "_order_", "__order__", "_missing_", "__eq__", "__hash__", "_value_",
        "__getattribute__", "__getattr__", "__set_name__", "__setattr__", "__del__",
    )):  # fmt: skip
        raise GiveUp("an enumeration makes its members in a way of its own")
    init = _own_method(m, kind, "__init__")
    generate = _own_method(m, kind, "_generate_next_value_")
    if init is not None and mixin not in ("", "str"):
        raise GiveUp("an enumeration makes its members in a way of its own")
    seen = False
    automatic: dict[Ref, Value] = {}
    for name in m.names(kind):
        value = m.read(kind, name)
        if name == "_generate_next_value_" and seen:
            raise GiveUp("an enumeration makes its members in a way of its own")
        if _is_special(m.thing(kind).name, name) or isinstance(value, (Wrapped, View)):
            continue
        if isinstance(value, (Foreign, Bound, Method, OneOf, Unknown)):
            raise GiveUp("a member of an enumeration is not known")
        if isinstance(value, Ref) and value.kind != "auto":
            if value.kind == "function":
                continue
            raise GiveUp("a member of an enumeration is not known")
        seen = True
        if isinstance(value, Ref):
            # Another name for it is one for the member.
            if value not in automatic:
                automatic[value] = _automatic(m, name, mixin, found, generate)
            value = automatic[value]
        if mixin in ("str", "StrEnum") and not (
            isinstance(value, Const) and isinstance(value.value, str)
        ):
            raise GiveUp("a member of an enumeration is no text")
        if mixin == "int" and not (isinstance(value, Const) and isinstance(value.value, int)):
            raise GiveUp("a member of an enumeration is no number")
        member = Member(kind, name, value, mixin)
        if found:
            # The first is compared with nothing until there is a second.
            by_key.setdefault(key(m, found[0].value), found[0])
            member = by_key.setdefault(key(m, value), member)
        found.append(member)
        m.write(kind, member, name)
        if init is not None:
            holder = m.alloc(Thing("frame"))
            m.holders[kind.oid, name] = holder
            given = value.items if isinstance(value, Tuple) else (value,)
            m.call(init, (Member(kind, name, value, mixin), *given))


def _is_special(kind: str, name: str) -> bool:
    """Say whether a name in an enumeration of some name never is one of a member."""
    if name[:1] != "_" or (name[:2] == "__" and name[-2:] == "__"):
        return name[:1] == "_"
    if kind[:1] == "_" or (name[-1:] == "_" and name not in _OF_ENUMS):
        raise GiveUp("an enumeration has an unusual name in it")
    return name in _OF_ENUMS or name.startswith(f"_{kind}__")


def _own_method(m: Machine, kind: Ref, name: str) -> Value | None:
    """Return a function of the program that an enumeration has under a name, or nothing."""
    found = lookup(m, kind, name)
    if isinstance(found, Wrapped) and found.kind == "staticmethod":
        found = found.function
    if isinstance(found, (Foreign, Missing)):
        return None
    if not isinstance(found, Ref) or found.kind != "function":
        raise GiveUp("an enumeration makes its members in a way of its own")
    return found


def _automatic(
    m: Machine, name: str, mixin: str, found: list[Member], generate: Value | None
) -> Value:
    m.tick(len(found) // 64)
    if generate is not None:
        values = m.new_list([each.value for each in found])
        return m.call(generate, (Const(name), Const(1), Const(len(found)), values))
    if mixin == "StrEnum":
        return Const(name.lower())
    if mixin == "str":
        raise GiveUp("what auto() gives is not known")
    numbers = [each.value.value for each in found if isinstance(each.value, Const)]
    if len(numbers) != len(found) or not all(type(each) is int for each in numbers):
        raise GiveUp("what auto() gives depends on the Python version")
    return Const(max(numbers, default=0) + 1)
