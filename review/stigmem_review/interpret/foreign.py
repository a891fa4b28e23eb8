"""What other distributions provide: modules, attributes, calls."""

from __future__ import annotations

import builtins as real_builtins
import types
from collections.abc import Sequence

from stigmem_review.host import apis, python
from stigmem_review.host.modules import STANDARD, HostModules
from stigmem_review.host.modules import modules as host_modules
from stigmem_review.interpret import (
    annotation,
    builtins,
    classes,
    doubts,
    files,
    functions,
    generic,
    host,
    installed,
    objects,
    operating,
    protocols,
    pure,
    records,
    routers,
    schemas,
    settings,
    stdlib,
    table,
    variables,
)
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.escape import REWRITTEN
from stigmem_review.interpret.kinds import MODULE_OF, kind_of, lacks
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import MODELS
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    Opaque,
    Ref,
    Tuple,
    Value,
    Wrapped,
    flag,
)
from stigmem_review.model import HOLE

MODELLED = (
    *(builtins, files, functions, host, installed, operating, pure, records),
    *(schemas, settings, stdlib, table, variables),
)
"""The modules that say what calls of what others provide do."""
_SEALED = (Foreign("importlib.machinery.ModuleSpec"),)
"""Types of objects of which no attribute is followed."""
_KNOWN = (
    frozenset(
        ".".join(parts[: place + 1])
        for parts in (name.split(".") for name in (*MODELS, *pure.FLAGS))
        for place in range(len(parts))
    )
    | apis.EVERYWHERE
) - {"copy.replace", "typing.override"}
"""What is there in every version of Python and of the node's libraries."""
_MODELLED = frozenset(name.rpartition(".")[2] for name in _KNOWN) | frozenset(host.FIELDS)


def is_object(m: Machine, dotted: str) -> bool:
    """Say whether something of another distribution is known to be one object, by its name."""
    top, _, rest = dotted.partition(".")
    if top == "builtins":
        owner, _, name = rest.partition(".")
        if name and owner in builtins.NAMES:
            return callable(getattr(getattr(real_builtins, owner, None), name, None))
        return rest in builtins.NAMES
    return dotted in MODELS or dotted in m.host_members or dotted == host.MANIFEST


def subscripted(m: Machine, owner: Value, index: Value) -> Value:
    """Return what a class gives in square brackets."""
    if isinstance(owner, Foreign) and owner.dotted == "os.environ":
        return variables.read_variable(m, index)
    if owner == table.TABLE:
        return table.get_item(m, index)
    if members := m.members(owner):
        if not isinstance(index, Const):
            raise GiveUp("which member is meant is not known")
        if isinstance(owner, Ref):
            member = m.read(owner, str(index.value))
            if isinstance(member, Member):
                return member
        for each in members:
            if isinstance(each, Member) and each.name == index.value:
                return each
        m.raise_("KeyError", index)
    if isinstance(owner, Foreign):
        module, _, name = owner.dotted.rpartition(".")
        if name != "Literal":
            match name, index:
                case "Annotated", Tuple(items=(first, *_)):
                    # A text beside a type is nobody's annotation.
                    annotation.run_texts(m, first)
                case _:
                    annotation.run_texts(m, index)
        if name == "Annotated" and (alias := routers.annotated(m, index)):
            return alias
        if module in generic.MODULES and not generic.is_container(owner.dotted):
            if not generic.takes_brackets(owner.dotted):
                m.may_raise(f"whether {owner.dotted} takes square brackets is not known")
            elif name != "Literal" and not generic.takes(m, owner.dotted, index):
                raise GiveUp(f"whether {owner.dotted} takes this in square brackets is not known")
            return generic.alias(m, owner, index)
        raise GiveUp("what another distribution provides is looked into")
    if m.overrides(owner, ("__class_getitem__",)):
        match objects.lookup(m, owner, "__class_getitem__"):
            case Wrapped(kind="classmethod", function=function) | (
                Ref(kind="function") as function
            ):
                return m.call(function, (owner, index))
            case _:
                raise GiveUp("a class is looked into")
    if isinstance(owner, Ref) and (
        m.thing(owner).traits & {"namedtuple", "typeddict"}
        or any(each in classes.GENERIC for each in m.thing(owner).mro)
    ):
        return generic.alias(m, owner, index)
    m.raise_("TypeError", Const("type is not subscriptable"))


def within(m: Machine, item: Value, owner: Foreign) -> Value:
    """Return whether something is in what another distribution provides."""
    if owner.dotted == "os.environ":
        return variables.is_set(m, item)
    if owner == table.TABLE:
        return table.has_item(m, item)
    if (members := m.members(owner)) and isinstance(item, Member):
        return flag(item in members)
    raise GiveUp("whether something is in what another distribution provides")


def foreign_module(m: Machine, name: str) -> Value:
    """Return a module of another distribution, if it is installed."""
    top = name.partition(".")[0]
    if name == "__future__" or apis.is_everywhere(name):
        return Foreign(name)
    if apis.is_optional(name):
        m.may_raise(f"whether this Python has {name} is not known")
        return Foreign(name)
    known = _known_host(m)
    if top in known.tops:
        m.used.add((name, ""))
        if absent := known.missing(name):
            if m.node.judged_as:
                m.may_raise(f"whether this node has {absent} is not known")
                return Foreign(name)
            m.raise_("ModuleNotFoundError", Const(f"No module named '{absent}'"))
        return Foreign(name)
    requires = {each.partition("[")[0].replace("-", "_") for each in known.requires}
    if top in requires | {"pydantic_core", "starlette"}:
        doubts.lacking(m, name)
        return Foreign(name)
    return m.maybe(
        ("installed", name if top in STANDARD else top),
        Foreign(name),
        "ModuleNotFoundError",
        Const(f"No module named '{name if top in STANDARD else top}'"),
    )


def _known_host(m: Machine) -> HostModules:
    return host_modules(m.node.version)


def foreign_name(m: Machine, module: Foreign, name: str) -> Value:
    """Return what is imported from a module of another distribution."""
    dotted = apis.canonical(f"{module.dotted}.{name}")
    known = _known_host(m)
    if module.dotted.partition(".")[0] in known.tops:
        m.used.add((module.dotted, name))
    lacks = module.dotted.partition(".")[0] in known.tops and known.missing(module.dotted, name)
    if lacks and m.node.judged_as:
        m.may_raise(f"whether this node has {lacks} is not known")
    elif lacks:
        said = f"cannot import name '{name}' from '{module.dotted}' ({HOLE})"
        m.raise_("ImportError", Const(said))
    if dotted not in _KNOWN and module.dotted.partition(".")[0] not in known.tops:
        if python.lacks(module.dotted, name):
            said = f"cannot import name '{name}' from '{module.dotted}' ({HOLE})"
            there = ("installed", f"{module.dotted}.{name}")
            return m.maybe(there, _plain_foreign(m, dotted), "ImportError", Const(said))
        m.may_raise(f"whether {module.dotted} has {name} is not known")
        doubts.lacking(m, module.dotted, name)
    return _plain_foreign(m, dotted)


def _plain_foreign(m: Machine, dotted: str) -> Value:
    dotted = apis.canonical(dotted)
    match dotted:
        case "sys.platform" | "os.name" | "sys.version" | "sys.executable" | "os.sep":
            return Opaque("str", dotted)
        case "sys.argv" | "sys.flags" | "sys.version_info.minor":
            return m.unknown("only the node has it")
        case "typing.TYPE_CHECKING":
            return FALSE
        case _:
            return Foreign(dotted)


def foreign_attribute(m: Machine, owner: Value, name: str) -> Value:
    """Return an attribute of what another distribution provides."""
    if isinstance(owner, Ref):
        kind = m.thing(owner).type
        if kind == objects.CACHED and not m.is_escaped(owner):
            if name in ("cache_clear", "cache_info", "cache_parameters", "__call__"):
                return Method(owner, name)
            if name in objects.OPENING:
                raise GiveUp(f"{name} is asked for")
            return m.get(m.thing(owner).defaults[0][1], name)
        if parts := generic.parts_of(m, owner):
            if name[:2] == "__":
                raise GiveUp(f"{name} of a type with others in square brackets")
            return m.get(parts[0], name)
        if name in objects.OPENING or owner.kind == "partial" or kind in _SEALED:
            raise GiveUp(f"{name} is asked for")
        if kind == Foreign("dataclasses.Field"):
            if (found := dict(m.thing(owner).defaults).get(name)) is None:
                raise GiveUp(f"{name} of a field is not followed")
            return found
        if kind == host.CONTEXT:
            held = dict(m.thing(owner).defaults)
            if name not in held and name not in m.node.accessors:
                raise GiveUp(f"{name} of a context is not followed")
            return held.get(name, Method(owner, name))
        if kind == routers.ROUTER and routers.lacks(name):
            m.raise_("AttributeError", Const(f"'APIRouter' object has no attribute '{name}'"))
        if kind == routers.MIGRATION:
            return dict(m.thing(owner).defaults).get(name, Method(owner, name))
        if kind == Foreign("importlib.metadata.Distribution") and name in ("name", "version"):
            return m.call_on(owner, "get", (Const(name),), ())
        return Method(owner, name)
    assert isinstance(owner, Foreign)
    if lacks(owner.dotted, name):
        m.raise_("AttributeError", Const(f"object has no attribute '{name}'"))
    if name == "__module__" and kind_of(owner.dotted) in ("class", "function"):
        return Opaque("str", (MODULE_OF, Const(owner.dotted)))
    if members := m.host_members.get(owner.dotted):
        if name in members:
            return Member(owner, name, Const(members[name]), "StrEnum")
        if name in objects.OPENING or name.startswith("_"):
            m.doom(f"{name} of {owner.dotted} is asked for")
        if name == "__name__":
            return Const(owner.dotted.rpartition(".")[2])
        if name.isupper() and not m.node.judged_as:
            m.raise_("AttributeError", Const(name))
        raise GiveUp(f"{name} of {owner.dotted}")
    if owner.dotted.startswith("builtins.") or m.is_object(owner.dotted):
        if name == "__name__" and owner.dotted.startswith("types."):
            # Python has names of its own for them.
            return Const(getattr(types, owner.dotted.rpartition(".")[2]).__name__)
        if name == "__name__":
            return Const(owner.dotted.rpartition(".")[2])
        if name in objects.OPENING and (owner, name) != (objects.OBJECT, "__setattr__"):
            m.doom(f"{name} of {owner.dotted} is asked for")
    if owner.dotted.startswith("builtins.") and owner.dotted.count(".") == 1:
        real = getattr(real_builtins, owner.dotted.partition(".")[2], None)
        if name in ("__args__", "__origin__", "__parameters__"):
            raise GiveUp("whether a class stands for itself is not known")
        if real is not None and not hasattr(real, name):
            m.raise_("AttributeError", Const(f"type object has no attribute '{name}'"))
    if apis.leads(owner.dotted, name):
        m.doom(f"{owner.dotted}.{name} is asked for")
    if owner.dotted == "builtins" and name in builtins.NAMES:
        return Foreign(apis.canonical(f"builtins.{name}"))
    if owner.dotted == "builtins" and not hasattr(real_builtins, name):
        raise GiveUp(f"whether there is a builtin {name} is not known")
    known = _known_host(m)
    if owner.dotted in known.tops:
        m.used.add((owner.dotted, name))
    if (
        owner.dotted.partition(".")[0] in known.tops
        and owner.dotted in known.tops
        and known.missing(owner.dotted, name)
    ):
        m.raise_("AttributeError", Const(f"module '{owner.dotted}' has no attribute '{name}'"))
    dotted = apis.canonical(f"{owner.dotted}.{name}")
    if dotted not in _KNOWN and not dotted.startswith("builtins."):
        if python.lacks(owner.dotted, name):
            said = f"module '{owner.dotted}' has no attribute '{name}'"
            there = ("installed", f"{owner.dotted}.{name}")
            return m.maybe(there, _plain_foreign(m, dotted), "AttributeError", Const(said))
        m.may_raise(f"whether {owner.dotted} has {name} is not known")
        doubts.lacking(m, owner.dotted, name)
    return _plain_foreign(m, dotted)


def call_foreign(
    m: Machine, function: Foreign, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
) -> Value:
    """Call what another distribution provides. Raises ``GiveUp`` if it is not known."""
    dotted = apis.canonical(function.dotted)
    m.note("calls", dotted, args, keywords)
    if dotted == host.MANIFEST:
        return host.new_manifest(m, m.node, args, keywords)
    if dotted == f"{host.MANIFEST}.model_validate":
        return host.validated(m, m.node, args, keywords)
    if dotted == f"{host.MANIFEST}.model_validate_json":
        return host.validated_json(m, m.node, args, keywords)
    if dotted == f"{host.MANIFEST}.model_construct":
        return host.constructed(m, m.node, args, keywords)
    if dotted in m.host_members:
        return m.member_of(Foreign(dotted), args)
    if dotted not in MODELS:
        m.hand_on(dotted, args, keywords)
    if found := MODELS.get(dotted):
        if found.whole:
            return found.run(m, args, keywords)
        return m.each_of(args, keywords, lambda a, k: found.run(m, a, k))
    if classes.exception_class(m, dotted) is not None and (
        dotted.startswith("builtins.") or dotted in classes.RAISED
    ):
        if keywords or builtins.is_particular(dotted, len(args)):
            raise GiveUp("an exception is made in an unusual way")
        if dotted == "builtins.OSError" and len(args) > 1:
            number = args[0]
            if not isinstance(number, Const) or not isinstance(number.value, int):
                raise GiveUp("which exception it is is not known")
            dotted = f"builtins.{type(OSError(number.value, '')).__name__}"
        return m.exception(Foreign(dotted), args)
    parts = dotted.split(".")
    if len(parts) == 3 and parts[0] == "builtins" and args:
        wanted = {"str": Const, "list": Ref, "dict": Ref, "set": Ref, "frozenset": Frozen}
        first = m.narrowed(args[0])
        if (
            parts[1] == "object"
            and isinstance(first, Ref)
            and first.kind in ("instance", "manifest")
            and parts[2] == "__setattr__"
            and len(args) == 3
            and isinstance(args[1], Const)
        ):
            return objects.set_plainly(m, first, str(args[1].value), args[2])
        kind = wanted.get(parts[1])
        if kind and isinstance(first, kind) and protocols.type_name(m, first) == parts[1]:
            return m.call(Method(first, parts[2]), args[1:], keywords)
    if dotted == "builtins.__import__" and len(args) == 1 and isinstance(args[0], Const):
        name = str(args[0].value)
        if "." not in name and not m.modules.owns(name):
            return m.foreign_module(name)
    if dotted in ("builtins.exit", "builtins.quit"):
        m.raise_("SystemExit", *(args or (NONE,)))
    changed = apis.changes(dotted, named=bool(keywords))
    if changed == "everything":
        m.doom(f"{dotted.removeprefix('builtins.')}() is called")
    if changed == "files":
        m.put((m.imports.oid, REWRITTEN), TRUE)
    if is_of_environment(dotted):
        raise GiveUp("the environment is changed")
    if dotted in ("sys.exit", "os._exit", "os.abort"):
        m.raise_("SystemExit", *args)
    if dotted in ("typing.assert_never", "typing_extensions.assert_never"):
        m.raise_("AssertionError", m.unknown("it names what it is given"))
    raise GiveUp(f"what {dotted}() gives is not known")


def is_sized(m: Machine, owner: Ref) -> bool:
    """Say whether an object of another distribution may be empty."""
    return any(m.has_model(owner, name) for name in ("__getitem__", "__iter__"))


def has_model(m: Machine, owner: Ref, name: str) -> bool:
    """Say whether a method of an object of another distribution is known."""
    kind = m.thing(owner).type
    return isinstance(kind, Foreign) and f"{kind.dotted}.{name}" in MODELS


def call_on(
    m: Machine, owner: Value, name: str, args: Sequence[Value],
    keywords: Sequence[tuple[str, Value]],
) -> Value:  # fmt: skip
    """Call a method of an object that another distribution provides."""
    if isinstance(owner, Ref) and owner.kind == "manifest":
        return host.call_manifest(m, owner, name, args, keywords)
    if isinstance(owner, File):
        dotted = f"pathlib.Path.{name}"
    else:
        assert isinstance(owner, Ref)
        kind = m.thing(owner).type
        assert isinstance(kind, Foreign)
        if kind == host.CONTEXT and not args and not keywords:
            return host.call_context(m, owner, name)
        dotted = f"{kind.dotted}.{name}"
    if dotted in MODELS:
        return m.call_foreign(Foreign(dotted), (owner, *args), keywords)
    raise GiveUp(f"what {dotted}() gives is not known")


def set_outside(m: Machine, owner: Value, index: Value, value: Value) -> Value:
    """Set, or delete, an item of what is not a container of the program."""
    if isinstance(owner, Foreign):
        m.note("sets", f"{owner.dotted}[]")
        if owner.dotted == "os.environ":
            return _set_variable(m, index, value)
        if owner == table.TABLE:
            return table.set_item(m, index, value)
        m.doom(f"{owner.dotted} is changed")
    raise GiveUp("an item of what is not followed is set")


def _set_variable(m: Machine, name: Value, value: Value) -> Value:
    if value == MISSING:
        variables.read_variable(m, name)
        variables.set_variable(m, name, value)
        return NONE

    def set_(one: Value) -> Value:
        if protocols.type_name(m, one) != "str" or protocols.type_name(m, name) != "str":
            variables.forget_variables(m, by_itself=True)
            raise GiveUp("whether a variable can have a value is not known")
        variables.set_variable(m, name, one)
        return NONE

    return m.each(value, set_)


def is_of_environment(dotted: str) -> bool:
    """Say whether something that is called may change the variables of the environment."""
    return dotted.startswith("os.environ.") or dotted in ("os.putenv", "os.unsetenv")


def is_modelled(m: Machine, name: str) -> bool:
    """Say whether an attribute of this name decides what models give."""
    return name[:1] == "_" or name in _MODELLED or name in builtins.NAMES
