"""The interpreter: the machine, and everything it runs."""

from __future__ import annotations

import abc
import ast
import builtins as real_builtins
import contextlib
import enum
import re
import typing
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import NoReturn

from stigmem_review.code.modules import Modules, Unusable
from stigmem_review.code.names import Function
from stigmem_review.host import Node, apis
from stigmem_review.host.modules import STANDARD, HostModules
from stigmem_review.host.modules import modules as host_modules
from stigmem_review.interpret import (
    builtins,
    calls,
    containers,
    expressions,
    functions,
    host,
    imports,
    installed,
    lazy,
    objects,
    operators,
    records,
    routers,
    schemas,
    settings,
    statements,
    stdlib,
    text,
)
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import key
from stigmem_review.interpret.machine import (
    FALLS,
    REWRITTEN,
    GiveUp,
    Lost,
    Machine,
    Own,
    Part,
    place_of,
)
from stigmem_review.interpret.models import MODELS
from stigmem_review.interpret.objects import lookup, mro
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
    Missing,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    flag,
    words,
)
from stigmem_review.model import Location

MODELLED = (builtins, functions, host, installed, records, schemas, settings, stdlib)
"""The modules that say what calls of what others provide do."""
_ENUMS = {
    "enum.Enum": "",
    "enum.StrEnum": "StrEnum",
    "enum.IntEnum": "int",
}
_RAISED = {
    "json.JSONDecodeError": "ValueError",
    "tomllib.TOMLDecodeError": "ValueError",
    "importlib.metadata.PackageNotFoundError": "ModuleNotFoundError",
    "pydantic_core.ValidationError": "ValueError",
    "subprocess.CalledProcessError": "Exception",
    "packaging.version.InvalidVersion": "ValueError",
}
"""Exception classes of libraries, and the builtin class that each is derived from."""
_PLAIN_BASES = words(
    "builtins.object abc.ABC typing.Protocol typing.Generic typing_extensions.Protocol"
)
_MODEL = Foreign("pydantic.BaseModel")
_REAL_CLASSES: dict[str, type] = {
    "abc.ABC": abc.ABC,
    "builtins.int": int,
    "builtins.object": object,
    "builtins.str": str,
    "builtins.tuple": tuple,
    "enum.Enum": enum.Enum,
    "enum.IntEnum": enum.IntEnum,
    "enum.StrEnum": enum.StrEnum,
    "pydantic.BaseModel": object,
    "types.SimpleNamespace": object,
    "typing.Generic": typing.Generic,
    "typing.Protocol": typing.Protocol,
    "typing_extensions.Protocol": typing.Protocol,
}
"""Classes of others that classes are derived from: what these do not have is not there."""
_FIELD_OPTIONS = words("default default_factory repr compare hash metadata")
_SEALED = (Foreign("importlib.machinery.ModuleSpec"),)
"""Types of objects of which no attribute is followed."""
_NOT_INHERITED = words("dataclass frozen slots kw_only order eq=False")
"""What a class is itself, and not what is derived from it."""
_RECORDS = {"typing.NamedTuple": "namedtuple", "typing.TypedDict": "typeddict"}
_REAL_BASES = {"typing.NamedTuple": "builtins.tuple", "typing.TypedDict": "builtins.dict"}
_TYPING = frozenset(("typing", "collections.abc", "typing_extensions", "types", "builtins"))
_SCHEMA = (
    *("__get_pydantic_core_schema__", "__get_pydantic_json_schema__", "__get_validators__"),
    *("__pydantic_init_subclass__", "__class_getitem__", "__mro_entries__"),
)
_PLAIN_NAMES = re.compile(r"[\w.,|\s\[\]]*")
_KNOWN = (
    frozenset(
        ".".join(parts[: place + 1])
        for parts in (name.split(".") for name in MODELS)
        for place in range(len(parts))
    )
    | apis.EVERYWHERE
)
"""What is there in every version of Python and of the node's libraries."""
_MODELLED = frozenset(name.rpartition(".")[2] for name in _KNOWN) | frozenset(host.FIELDS)
_NAMES_OF_CLASSES = words("__module__ __doc__ __qualname__")
_PLAIN_OF_NAMESPACES = words("__eq__ __ne__ __hash__ __repr__ __str__ __format__ __lt__")
_NOT_OF_MODELS = words(
    "__getattribute__ __bool__ __len__ __contains__ __getitem__ __call__ __set_name__ __get__ "
    "__set__ __del__ __enter__ __exit__ __instancecheck__ __slots__ __format__ __ne__ "
    "__get_validators__ __mro_entries__ __pydantic_init_subclass__"
)
"""Methods that the base of all models does not have; what it has is not followed."""
_OF_MODELS = words("copy dict json schema schema_json construct validate from_orm")
_ODD_TEXTS = (
    *("builtins.OSError", "builtins.SyntaxError", "builtins.UnicodeError"),
    "pydantic_core.ValidationError",
)


class Interpreter(Machine):
    """Runs the code of one distribution on one node."""

    def __init__(self, modules: Modules, node: Node, own: Own | None = None) -> None:
        super().__init__(modules, own)
        self.node = node
        self._members = host.members(node)
        self._host: HostModules | None = None
        self._enums: dict[int, str] = {}
        self._born: dict[int, dict[Hashable, bool]] = {}
        """What was taken to be so when a class was made."""

    # Running.

    def evaluate(self, node: ast.expr, env: Env) -> Value:
        """Return the value of an expression: unknown where only running it could tell."""
        if isinstance(node, ast.Constant):
            return Const(node.value, Location(env.module.shown, node.lineno))
        self.tick()
        site = self.site
        self.site = (env, node)
        try:
            found = expressions.evaluate(self, node, env)
            if isinstance(found, Member) and found.at is None:
                found = Member(
                    found.enum, found.name, found.value, found.mixin, place_of((env, node))
                )
        except GiveUp as stop:
            self.show(node, env)
            self.may_raise(stop.why)
            found = self.unknown(stop.why)
        self.site = site
        return found

    def execute(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Run statements."""
        for node in body:
            try:
                statements.execute(self, (node,), env)
            except GiveUp as stop:
                self._abandon(node, env, stop.why)

    def _abandon(self, node: ast.stmt, env: Env, why: str) -> None:
        """Let everything that a statement mentions be changed by it."""
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete,
                                 ast.Import, ast.ImportFrom, ast.Assert)):  # fmt: skip
            self.lose(why)
        with contextlib.suppress(GiveUp):
            self.show(node, env)
        self.may_raise(why)
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
                statements.bind_name(self, each.id, self.unknown(why), env)
            elif isinstance(each, (ast.Import, ast.ImportFrom)):
                self.lose(why)
        for block in _blocks(node):
            self._see(block, env)

    def _see(self, block: Sequence[ast.stmt], env: Env) -> None:
        """Run a block of a statement that cannot be followed, to see what it calls."""

        def run() -> Value:
            self.execute(block, env)
            return NONE

        for each in self.run(run):
            if each.kind == "falls":
                self.adopt(each)

    def guard(
        self, operands: Sequence[Value], part: Part, shown: tuple[ast.AST, Env] | None = None
    ) -> Value:
        """Run a model: if it cannot finish, its operands escape and what it gives is unknown."""
        depth, yielding = self.depth, len(self.yielding)
        site = self.site
        try:
            return part()
        except GiveUp as stop:
            self.depth = depth
            self.site = site
            del self.yielding[yielding:]
            if shown:
                self.show(*shown)
            for each in operands:
                if not isinstance(each, Foreign):
                    self.escape(each)
            self.may_raise(stop.why)
            return self.because(stop.why, operands)

    def call(
        self, function: Value, args: Sequence[Value], keywords: Sequence[tuple[str, Value]] = ()
    ) -> Value:
        """Call something."""
        function = self.narrowed(function)
        if isinstance(function, OneOf):
            return self.each(function, lambda one: self.call(one, args, keywords))
        given = (function, *args, *(value for _, value in keywords))
        depth, yielding, site = self.depth, len(self.yielding), self.site
        try:
            return calls.call(self, function, args, keywords)
        except GiveUp as stop:
            self.depth = depth
            self.site = site
            del self.yielding[yielding:]
            for each in given[1:] if isinstance(function, Foreign) else given:
                self.escape(each)
            # Code that cannot be seen may set variables of the environment.
            self.put((self.imports.oid, "environ"), Const(self.atom("the environment")))
            self.may_raise(stop.why)
            return self.because(stop.why, (*given, getattr(function, "owner", NONE)))

    def get(self, owner: Value, name: str) -> Value:
        """Return an attribute: unknown where only running it could tell."""
        return self.guard((owner,), lambda: self.each(owner, lambda o: objects.get(self, o, name)))

    def method(self, owner: Value, name: str) -> Value:
        """Return a special method of an object: what its class has, whatever it has itself."""
        return self.guard(
            (owner,), lambda: self.each(owner, lambda o: objects.method(self, o, name))
        )

    def assign(self, target: ast.expr, value: Value, env: Env) -> None:
        """Bind a target."""
        statements.assign(self, target, value, env)

    def choose(self, test: Value, yes: Part, no: Part) -> Value:
        """Run what is to run if a value counts as true, and what if not."""
        return operators.choose(self, test, yes, no)

    def generate(self, generator: Ref, on_item: Callable[[Value], None]) -> Value:
        """Run a generator to its end; return what it returns."""
        calls.check_generator(self, generator)
        return calls.run_generator(self, generator, on_item)

    def run_generator(self, generator: Ref, on_item: Callable[[Value], None]) -> None:
        """Run a generator; what the callback raises is raised where the item is given."""
        calls.run_generator(self, generator, on_item)

    def function(self, node: Function, env: Env) -> Ref:
        """Make a function."""
        return calls.make_function(self, node, env)

    def yielded(self, value: Value) -> Value:
        """Give an item to whoever goes through the generator that runs."""
        return calls.yielded(self, value)

    def yielded_from(self, value: Value) -> Value:
        """Give every item of a value, and return what it ends with."""
        return self.each(
            value,
            lambda one: lazy.delegate(self, one, lambda item: _none(calls.yielded(self, item))),
        )

    def bind_name(self, name: str, value: Value, env: Env) -> None:
        """Bind a name."""
        statements.bind_name(self, name, value, env)

    def import_(self, name: str, asname: str | None, env: Env) -> None:
        """Run an import."""
        imports.import_(self, name, asname, env)

    def import_from(self, node: ast.ImportFrom, env: Env) -> None:
        """Run an import of names."""
        imports.import_from(self, node, env)

    def imported(self, name: str) -> Value:
        """Return a module of the distribution that was imported."""
        if not self.modules.owns(name):
            raise GiveUp("a module of another distribution")
        return imports.load(self, name)

    def unusable(self, found: Unusable) -> NoReturn:
        """Say that a module cannot be followed."""
        if self.lost is None:
            self.lost = Lost(found.why, found.at)
        raise GiveUp(found.why)

    def postponed(self, env: Env) -> bool:
        """Say whether annotations are not evaluated in a module."""
        return self.read(env.globals, "annotations") == Foreign("__future__.annotations")

    def listed(self, value: Value) -> Value:
        """Return all items of a value."""
        return lazy.with_items(self, value, lambda items: items)

    def matches(self, raised: Value, wanted: Value) -> bool | None:
        """Say whether an exception is of a class."""
        return statements.matches(self, raised, wanted)

    # What is known of classes.

    def is_sensitive(self, dotted: str) -> bool:
        """Say whether something of another distribution decides what manifests are."""
        return apis.decides(dotted)

    def names_own(self, text: str | bytes) -> bool:
        """Say whether a text has the name of something in the distribution in it."""
        if isinstance(text, bytes):
            return any(top.encode() in text for top in self.modules.tops)
        return any(
            top in text
            and re.search(
                rf"(?<![\w.]){re.escape(top)}\s*[.:/]\s*\w|import\s+{re.escape(top)}", text
            )
            for top in self.modules.tops
        )

    def is_modelled(self, name: str) -> bool:
        """Say whether an attribute of this name decides what models give."""
        return name[:1] == "_" or name in _MODELLED or name in builtins.NAMES

    def is_object(self, dotted: str) -> bool:
        """Say whether something of another distribution is known to be one object, by its name."""
        top, _, rest = dotted.partition(".")
        if top == "builtins":
            owner, _, name = rest.partition(".")
            if name and owner in builtins.NAMES:
                return callable(getattr(getattr(real_builtins, owner, None), name, None))
            return rest in builtins.NAMES
        return dotted in MODELS or dotted in self._members or dotted == host.MANIFEST

    def overrides(self, kind: Value, names: tuple[str, ...]) -> bool:
        """Say whether a class, or one it is made of, may have methods of its own of some names."""
        if kind == Foreign("pydantic.BaseModel"):
            return not _NOT_OF_MODELS.issuperset(names)
        if kind == Foreign("types.SimpleNamespace"):
            return not _PLAIN_OF_NAMESPACES.isdisjoint(names)
        if isinstance(kind, Foreign):
            return not (
                kind.dotted.startswith("builtins.")
                or kind.dotted in self._members
                or kind.dotted in _RAISED
                or kind.dotted in _PLAIN_BASES
            )
        if not isinstance(kind, Ref) or self.is_escaped(kind):
            return True
        for each in mro(self, kind):
            if isinstance(each, Ref):
                if self.is_escaped(each):
                    return True
                if "dataclass" in self.thing(each).traits and {"__eq__", "__hash__"} & {*names}:
                    return True
                if any(self.read(each, name) != MISSING for name in names):
                    return True
            elif not isinstance(each, Foreign) or (
                each.dotted not in _ENUMS and self.overrides(each, names)
            ):
                return True
        return False

    def special(self, owner: Value, name: str) -> bool:
        """Say whether an object's class has a method of its own of some name."""
        if isinstance(owner, Ref) and owner.kind == "instance":
            if self.is_escaped(owner):
                raise GiveUp("code that could not be followed may have changed it")
            kind = self.thing(owner).type
            found = lookup(self, kind, name)
            return found != MISSING and not isinstance(found, Foreign)
        if isinstance(owner, Member) and self.overrides(owner.enum, (name,)):
            raise GiveUp("members of an enumeration have methods of their own")
        if isinstance(owner, Unknown):
            raise GiveUp(owner.why)
        return False

    def inherited(self, kind: Foreign, name: str) -> Value:
        """Return what a class that others provide has under a name."""
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
        if kind == _MODEL and f"{kind.dotted}.{name}" in MODELS:
            return Foreign(f"{kind.dotted}.{name}")
        if kind.dotted == "pydantic.BaseModel" and (
            name.startswith(("model_", "__pydantic", "parse_")) or name in _OF_MODELS
        ):
            raise GiveUp(f"{name} of a model")
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

    def lacks(self, kind: Value, name: str) -> None:
        """Raise ``GiveUp`` where a class of others may have what was not found."""
        for each in mro(self, kind):
            if isinstance(each, Foreign) and hasattr(_REAL_CLASSES.get(each.dotted, type), name):
                raise GiveUp(f"{name} of {each.dotted} is not followed")

    def derives(self, kind: Value, wanted: Value) -> bool | None:
        """Say whether a class is, or is derived from, another."""
        if isinstance(wanted, Tuple):
            found = [self.derives(kind, each) for each in wanted.items]
            return True if True in found else None if None in found else False
        if isinstance(kind, Ref):
            if self.is_escaped(kind):
                return None
            every = [
                True if each == wanted else self.derives(each, wanted)
                for each in mro(self, kind)
                if isinstance(each, Foreign) or each == wanted
            ]
            if isinstance(wanted, Ref):
                return True if True in every else None if self.is_virtual(wanted) else False
            return True if True in every else None if None in every else False
        if not isinstance(kind, Foreign):
            return None
        if kind == wanted:
            return True
        if not isinstance(wanted, Foreign):
            if isinstance(wanted, Ref) and wanted.kind == "class":
                return None if self.is_virtual(wanted) else False
            return None
        one = self._exception(kind.dotted)
        other = builtins.exception_class(wanted.dotted.removeprefix("builtins."))
        if one is not None and other is not None:
            return issubclass(one, other)
        if one is not None and wanted.dotted in _RAISED:
            return False
        if kind.dotted in _PLAIN_BASES or kind.dotted in _ENUMS:
            return (
                False if wanted.dotted in ("builtins.BaseException", "pydantic.BaseModel") else None
            )
        if kind.dotted in ("builtins.str", "builtins.int"):
            return False if other is not None or wanted.dotted == "pydantic.BaseModel" else None
        if one is not None and wanted.dotted == "pydantic.BaseModel":
            return False
        return None

    def is_virtual(self, kind: Ref) -> bool:
        """Say whether a class may take objects for its own that are of no class derived from it."""
        return self.overrides(
            kind, ("__instancecheck__", "__subclasshook__", "__subclasscheck__")
        ) or any(
            isinstance(each, Foreign) and each.dotted.rpartition(".")[2] == "Protocol"
            for each in mro(self, kind)
        )

    def _exception(self, dotted: str) -> type[BaseException] | None:
        return builtins.exception_class(_RAISED.get(dotted, dotted.removeprefix("builtins.")))

    def members(self, kind: Value) -> list[Value]:
        """Return the members of an enumeration; nothing where it is none."""
        if isinstance(kind, Foreign) and kind.dotted in self._members:
            return [
                Member(kind, name, Const(value), "StrEnum")
                for name, value in self._members[kind.dotted].items()
            ]
        if isinstance(kind, Ref) and "enum" in self.thing(kind).traits:
            if self.is_escaped(kind):
                raise GiveUp("code that could not be followed may have changed it")
            found = [self.read(kind, name) for name in self.names(kind)]
            return [
                each
                for name, each in zip(self.names(kind), found, strict=True)
                if isinstance(each, Member) and each.name == name
            ]
        return []

    def member_of(self, kind: Ref | Foreign, args: Sequence[Value]) -> Value:
        """Return the member of an enumeration that has a value."""
        if len(args) != 1:
            raise GiveUp("an enumeration is made")
        wanted = args[0]
        if isinstance(wanted, OneOf):
            return self.each(wanted, lambda one: self.member_of(kind, (one,)))
        if isinstance(kind, Ref) and self.overrides(kind, ("_missing_", "__new__")):
            raise GiveUp("an enumeration makes members in a way of its own")
        members = self.members(kind)
        if isinstance(wanted, Member) and wanted.enum == kind:
            return wanted
        if isinstance(wanted, Opaque):
            raise GiveUp("which member is meant is not known")
        found = key(self, wanted)
        for each in members:
            assert isinstance(each, Member)
            if key(self, each.value) == found:
                return each
        self.raise_("ValueError", Const("it is not a valid member"))

    def subscripted(self, owner: Value, index: Value) -> Value:
        """Return what a class gives in square brackets."""
        if isinstance(owner, Foreign) and owner.dotted == "os.environ":
            return stdlib.read_variable(self, index)
        if isinstance(owner, Foreign) and owner.dotted == "sys.modules":

            def listed(found: Value) -> Value:
                if found == MISSING:
                    self.raise_("KeyError", index)
                return found

            return self.each(self._listed(index), listed)
        if members := self.members(owner):
            if not isinstance(index, Const):
                raise GiveUp("which member is meant is not known")
            if isinstance(owner, Ref):
                member = self.read(owner, str(index.value))
                if isinstance(member, Member):
                    return member
            for each in members:
                if isinstance(each, Member) and each.name == index.value:
                    return each
            self.raise_("KeyError", index)
        if isinstance(owner, Foreign):
            module, _, name = owner.dotted.rpartition(".")
            if name != "Literal":
                self.run_texts(index)
            if name == "Annotated" and (alias := routers.annotated(self, index)):
                return alias
            if module in _TYPING:
                # A generic alias stands for its class where manifests are concerned.
                return owner
            raise GiveUp("what another distribution provides is looked into")
        if self.overrides(owner, ("__class_getitem__",)):
            raise GiveUp("a class is looked into")
        if isinstance(owner, Ref) and any(
            each == Foreign("typing.Generic") for each in self.thing(owner).mro
        ):
            return owner
        self.raise_("TypeError", Const("type is not subscriptable"))

    def _listed(self, index: Value) -> Value:
        if not isinstance(index, Const) or not isinstance(index.value, str):
            raise GiveUp("which module is meant is not known")
        if not self.modules.owns(index.value):
            raise GiveUp("a module of another distribution")
        return self.read(self.imports, index.value)

    def within(self, item: Value, owner: Foreign) -> Value:
        """Return whether something is in what another distribution provides."""
        if owner.dotted == "os.environ":
            return stdlib.is_set(self, item)
        if owner.dotted == "sys.modules":
            if isinstance(item, Const) and not self.modules.owns(str(item.value)):
                return Opaque("bool", ("imported", item))
            return self.each(self._listed(item), lambda found: flag(found != MISSING))
        if (members := self.members(owner)) and isinstance(item, Member):
            return flag(item in members)
        raise GiveUp("whether something is in what another distribution provides")

    # What others provide.

    def foreign_module(self, name: str) -> Value:
        """Return a module of another distribution, if it is installed."""
        top = name.partition(".")[0]
        if top in STANDARD or name == "__future__":
            return Foreign(name)
        known = self._known_host()
        if top in known.tops:
            if absent := known.missing(name):
                self.raise_("ModuleNotFoundError", Const(f"No module named '{absent}'"))
            return Foreign(name)
        requires = {each.lower().replace("-", "_") for each in known.requires}
        if top in {re.split(r"\W", each)[0] for each in requires} | {"pydantic_core", "starlette"}:
            return Foreign(name)
        return self.maybe(
            ("installed", top),
            Foreign(name),
            "ModuleNotFoundError",
            Const(f"No module named '{name}'"),
        )

    def _known_host(self) -> HostModules:
        if self._host is None:
            self._host = host_modules(self.node.version)
        return self._host

    def foreign_name(self, module: Foreign, name: str) -> Value:
        """Return what is imported from a module of another distribution."""
        dotted = apis.canonical(f"{module.dotted}.{name}")
        known = self._known_host()
        if module.dotted.partition(".")[0] in known.tops and known.missing(module.dotted, name):
            self.raise_("ImportError", Const(f"cannot import name '{name}'"))
        if dotted not in _KNOWN and module.dotted.partition(".")[0] not in known.tops:
            self.may_raise(f"whether {module.dotted} has {name} is not known")
        return self._plain_foreign(dotted)

    def _plain_foreign(self, dotted: str) -> Value:
        dotted = apis.canonical(dotted)
        match dotted:
            case "sys.platform" | "os.name" | "sys.version" | "sys.executable" | "os.sep":
                return Opaque("str", dotted)
            case "sys.argv" | "sys.flags" | "sys.version_info.minor":
                return self.unknown("only the node has it")
            case "typing.TYPE_CHECKING":
                return FALSE
            case _:
                return Foreign(dotted)

    def foreign_attribute(self, owner: Value, name: str) -> Value:
        """Return an attribute of what another distribution provides."""
        if isinstance(owner, Ref):
            kind = self.thing(owner).type
            if kind == objects.CACHED and not self.is_escaped(owner):
                if name in ("cache_clear", "cache_info", "cache_parameters", "__call__"):
                    return Method(owner, name)
                if name in objects.OPENING:
                    raise GiveUp(f"{name} is asked for")
                return self.get(self.thing(owner).defaults[0][1], name)
            if name in objects.OPENING or owner.kind == "partial" or kind in _SEALED:
                raise GiveUp(f"{name} is asked for")
            if kind == routers.MIGRATION:
                return dict(self.thing(owner).defaults).get(name, Method(owner, name))
            if kind == Foreign("importlib.metadata.Distribution") and name in ("name", "version"):
                return self.call_on(owner, "get", (Const(name),), ())
            return Method(owner, name)
        assert isinstance(owner, Foreign)
        if members := self._members.get(owner.dotted):
            if name in members:
                return Member(owner, name, Const(members[name]), "StrEnum")
            if name in objects.OPENING or name.startswith("_"):
                self.doom(f"{name} of {owner.dotted} is asked for")
            if name == "__name__":
                return Const(owner.dotted.rpartition(".")[2])
            raise GiveUp(f"{name} of {owner.dotted}")
        if owner.dotted.startswith("builtins.") or self.is_object(owner.dotted):
            if name == "__name__":
                return Const(owner.dotted.rpartition(".")[2])
            if name in objects.OPENING:
                self.doom(f"{name} of {owner.dotted} is asked for")
        if owner.dotted.startswith("builtins.") and owner.dotted.count(".") == 1:
            real = getattr(real_builtins, owner.dotted.partition(".")[2], None)
            if real is not None and not hasattr(real, name):
                self.raise_("AttributeError", Const(f"type object has no attribute '{name}'"))
        if apis.leads(owner.dotted, name):
            self.doom(f"{owner.dotted}.{name} is asked for")
        if owner.dotted == "builtins" and name in builtins.NAMES:
            return Foreign(f"builtins.{name}")
        known = self._known_host()
        if (
            owner.dotted.partition(".")[0] in known.tops
            and owner.dotted in known.tops
            and known.missing(owner.dotted, name)
        ):
            self.raise_("AttributeError", Const(f"module has no attribute '{name}'"))
        dotted = apis.canonical(f"{owner.dotted}.{name}")
        if dotted not in _KNOWN and not dotted.startswith("builtins."):
            self.may_raise(f"whether {owner.dotted} has {name} is not known")
        return self._plain_foreign(dotted)

    def call_foreign(
        self, function: Foreign, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> Value:
        """Call what another distribution provides. Raises ``GiveUp`` if it is not known."""
        dotted = apis.canonical(function.dotted)
        self.note("calls", dotted, args, keywords)
        if dotted == host.MANIFEST:
            return host.new_manifest(self, self.node, args, keywords)
        if dotted == f"{host.MANIFEST}.model_validate":
            return host.validated(self, self.node, args, keywords)
        if dotted == f"{host.MANIFEST}.model_construct":
            return host.constructed(self, self.node, args, keywords)
        if dotted in self._members:
            return self.member_of(Foreign(dotted), args)
        if found := MODELS.get(dotted):
            if found.whole:
                return found.run(self, args, keywords)
            return self._with(args, keywords, lambda a, k: found.run(self, a, k))
        if self._exception(dotted) is not None and (
            dotted.startswith("builtins.") or dotted in _RAISED
        ):
            if keywords:
                raise GiveUp("an exception is made in an unusual way")
            if dotted == "builtins.OSError" and len(args) > 1:
                number = args[0]
                if not isinstance(number, Const) or not isinstance(number.value, int):
                    raise GiveUp("which exception it is is not known")
                dotted = f"builtins.{type(OSError(number.value, '')).__name__}"
            return self.exception(Foreign(dotted), args)
        parts = dotted.split(".")
        if len(parts) == 3 and parts[0] == "builtins" and args:
            wanted = {"str": Const, "list": Ref, "dict": Ref, "set": Ref, "frozenset": Frozen}
            first = self.narrowed(args[0])
            if (
                parts[1] == "object"
                and isinstance(first, Ref)
                and first.kind == "instance"
                and parts[2] == "__setattr__"
                and len(args) == 3
                and isinstance(args[1], Const)
            ):
                self.write(first, args[2], str(args[1].value))
                return NONE
            kind = wanted.get(parts[1])
            if kind and isinstance(first, kind) and builtins.type_name(self, first) == parts[1]:
                return self.call(Method(first, parts[2]), args[1:], keywords)
        if dotted == "builtins.__import__" and len(args) == 1 and isinstance(args[0], Const):
            name = str(args[0].value)
            if "." not in name and not self.modules.owns(name):
                return self.foreign_module(name)
        changed = apis.changes(dotted, named=bool(keywords))
        if changed == "everything":
            self.doom(f"{dotted.removeprefix('builtins.')}() is called")
        if changed == "files":
            self.put((self.imports.oid, REWRITTEN), TRUE)
        if dotted.startswith("os.environ.") or dotted in ("os.putenv", "os.unsetenv"):
            raise GiveUp("the environment is changed")
        if dotted in ("sys.exit", "os._exit", "os.abort"):
            self.raise_("SystemExit", *args)
        raise GiveUp(f"what {dotted}() gives is not known")

    def _with(
        self,
        args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
        part: Callable[[Sequence[Value], Sequence[tuple[str, Value]]], Value],
    ) -> Value:
        """Run a part for each way in which arguments can be."""
        every = [*args, *(value for _, value in keywords)]
        names = [name for name, _ in keywords]

        def step(done: tuple[Value, ...]) -> Value:
            if len(done) == len(every):
                named = tuple(zip(names, done[len(args) :], strict=True))
                return part(done[: len(args)], named)
            return self.each(every[len(done)], lambda one: step((*done, one)))

        return step(())

    def is_sized(self, owner: Ref) -> bool:
        """Say whether an object of another distribution may be empty."""
        return any(self.has_model(owner, name) for name in ("__getitem__", "__iter__"))

    def has_model(self, owner: Ref, name: str) -> bool:
        """Say whether a method of an object of another distribution is known."""
        kind = self.thing(owner).type
        return isinstance(kind, Foreign) and f"{kind.dotted}.{name}" in MODELS

    def call_on(
        self, owner: Value, name: str, args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
    ) -> Value:  # fmt: skip
        """Call a method of an object that another distribution provides."""
        if isinstance(owner, Ref) and owner.kind == "manifest":
            return host.call_manifest(self, owner, name, args, keywords)
        if isinstance(owner, File):
            dotted = f"pathlib.Path.{name}"
        else:
            assert isinstance(owner, Ref)
            kind = self.thing(owner).type
            assert isinstance(kind, Foreign)
            dotted = f"{kind.dotted}.{name}"
        if dotted in MODELS:
            return self.call_foreign(Foreign(dotted), (owner, *args), keywords)
        raise GiveUp(f"what {dotted}() gives is not known")

    def set_outside(self, owner: Value, index: Value, value: Value) -> Value:
        """Set, or delete, an item of what is not a container of the program."""
        if isinstance(owner, Foreign):
            self.note("sets", f"{owner.dotted}[]")
            if owner.dotted == "os.environ":
                return self._set_variable(index, value)
            self.doom(f"{owner.dotted} is changed")
        raise GiveUp("an item of what is not followed is set")

    def _set_variable(self, name: Value, value: Value) -> Value:
        if value == MISSING:
            stdlib.read_variable(self, name)
        elif builtins.type_name(self, value) != "str" or builtins.type_name(self, name) != "str":
            raise GiveUp("whether a variable can have a value is not known")
        self.put((self.imports.oid, "environ"), Const(self.atom("the environment")))
        return NONE

    def absent(self, owner: Ref, index: Value) -> Value:
        """Return what a dict with a default gives for a key it does not have."""
        thing = self.thing(owner)
        if thing.name == "default" and thing.defaults[0][1] != NONE:
            made = self.call(thing.defaults[0][1], ())
            containers.set_item(self, owner, index, made)
            return made
        self.raise_("KeyError", index)

    # Texts.

    def comparable(self, value: Value) -> Value:
        """Return a value as it is compared: a constant, or a tuple of such."""
        if isinstance(value, Member) and value.mixin:
            return value.value
        if isinstance(value, OneOf):
            raise GiveUp("it is one of several")
        return value

    def shown(self, value: Value) -> None:
        """Show a value to somebody who keeps nothing. Raises ``GiveUp`` if that may run code."""
        match value:
            case Const() | Opaque() | File() | Foreign():
                pass
            case Member(enum=enum) if not self.overrides(
                enum, ("__str__", "__repr__", "__format__")
            ):
                pass
            case Ref(kind="list" | "dict" | "set") | Tuple() | Frozen():
                content = self.read(value) if isinstance(value, Ref) else value
                if isinstance(content, Pairs):
                    for _, name, each in content.items:
                        self.shown(name)
                        self.shown(each)
                elif isinstance(content, (Tuple, Frozen)):
                    for each in content.items:
                        self.shown(each)
                else:
                    raise GiveUp("what is shown is not known")
            case OneOf(options=options):
                for option in options:
                    self.shown(option.value)
            case Ref(kind="function" | "class" | "module" | "manifest" | "object"):
                pass
            case Ref(kind="instance") as ref if not self.is_escaped(ref) and not self.overrides(
                self.thing(ref).type, ("__str__", "__repr__", "__format__")
            ):
                pass
            case _:
                raise GiveUp("what is shown is not known")

    def text_of(self, value: Value) -> Value:
        """Return what ``str`` makes of a value."""
        match value:
            case OneOf():
                return self.each(value, self.text_of)
            case Const(value=constant) if not isinstance(constant, bytes):
                return text.really(self, lambda: str(constant))
            case Opaque(type="str"):
                return value
            case Opaque():
                return Opaque("str", ("str", value))
            case Member(enum=enum, name=name, mixin=mixin, value=inner) as value:
                if self.overrides(enum, ("__str__",)):
                    own = self.get(value, "__str__")
                    if not isinstance(own, Bound) or isinstance(own.function, Foreign):
                        raise GiveUp("members of an enumeration have a text of their own")
                    return self.call(own, ())
                if mixin == "StrEnum":
                    return inner
                if mixin == "int":
                    raise GiveUp("how a number of an enumeration is shown is not known")
                shown = self.thing(enum).name if isinstance(enum, Ref) else enum.dotted
                return Const(f"{shown.rpartition('.')[2]}.{name}")
            case File():
                return File(value.parts, text=True)
            case Ref(kind="instance") as ref:
                for name in ("__str__", "__repr__"):
                    if self.special(ref, name):
                        return self.call(self.method(ref, name), ())
                return self._exception_text(ref)
            case Ref(kind="list" | "dict") | Tuple():
                return self.repr_of(value)
            case _:
                raise GiveUp("the text of something is not known")

    def _exception_text(self, ref: Ref) -> Value:
        kind = self.thing(ref).type
        args = self.read(ref, "args")
        if self.derives(kind, Foreign("builtins.BaseException")) is not True or not isinstance(
            args, Tuple
        ):
            raise GiveUp("the text of an object is not known")
        if any(self.derives(kind, Foreign(each)) is not False for each in _ODD_TEXTS):
            raise GiveUp("the text of an exception is not known")
        if len(args.items) == 1:
            # What the machine raises itself says it in words of its own.
            raise GiveUp("the text of an exception is not known")
        return Const("") if not args.items else self.repr_of(args)

    def repr_of(self, value: Value) -> Value:
        """Return what ``repr`` makes of a value."""
        match value:
            case OneOf():
                return self.each(value, self.repr_of)
            case Const(value=constant):
                return text.really(self, lambda: repr(constant))
            case Ref(kind="list" | "dict") | Tuple():
                self.steps += 1
                found = text.plain(self, value)
                if not _is_plain(self, value):
                    raise GiveUp("how something is shown is not known")
                return text.really(self, lambda: repr(found))
            case _:
                raise GiveUp("how something is shown is not known")

    def joined(self, separator: Value, value: Value) -> Value:
        """Return texts put together, with something between them."""

        def join(items: Tuple) -> Value:
            if items.shuffled:
                raise GiveUp("texts are put together in no order")
            return self._with(items.items, (), lambda done, _: whole(done))

        def whole(done: Sequence[Value]) -> Value:
            parts = [self.comparable(each) for each in done]
            if any(isinstance(each, Opaque) for each in parts) and all(
                (isinstance(e, Opaque) and e.type == "str")
                or (isinstance(e, Const) and isinstance(e.value, str))
                for e in parts
            ):
                return Opaque("str", ("join", separator, *parts))
            between = text.plain(self, separator)
            found = [text.plain(self, each) for each in parts]
            return text.really(self, lambda: between.join(found))

        return lazy.with_items(self, value, join)

    # Files.

    def below(self, path: Value, parts: Sequence[Value]) -> Value:
        """Return a path below another."""
        assert isinstance(path, File)
        found = list(path.parts)
        for each in parts:
            each = self.comparable(each)
            if not isinstance(each, Const) or not isinstance(each.value, str):
                raise GiveUp("a path is not known")
            if each.value.startswith("/") or "\\" in each.value:
                raise GiveUp("a path outside of the distribution")
            for name in each.value.split("/"):
                if name == "..":
                    if not found:
                        raise GiveUp("a path outside of the distribution")
                    found.pop()
                elif name not in ("", "."):
                    found.append(name)
        return File(tuple(found), path.text)

    def file(self, path: File) -> bytes | None:
        """Return what is in a file of the distribution; nothing where there is no such file."""
        env, _ = self.site
        if env is None or self.has((self.imports.oid, REWRITTEN)):
            return None
        return self.modules.data("/".join(path.parts), env.module)

    def file_attribute(self, owner: File, name: str) -> Value:
        """Return an attribute of a path."""
        if owner.text:
            raise GiveUp("the text of a path is not known")
        match name:
            case "parent":
                if not owner.parts:
                    raise GiveUp("a path outside of the distribution")
                return File(owner.parts[:-1])
            case "parents":
                thing = Thing("object", type=stdlib.PARENTS, defaults=(("", owner),))
                return self.alloc(thing)
            case "name" if owner.parts:
                return Const(owner.parts[-1])
            case "stem" if owner.parts:
                return Const(owner.parts[-1].rpartition(".")[0] or owner.parts[-1])
            case _:
                return Method(owner, name)

    # Managers.

    def enter(self, manager: Value) -> tuple[Value, Callable[[Value | None], Value]]:
        """Enter a context; return what it gives, and what leaves it and says if it swallows."""
        match manager:
            case Ref(kind="instance") as ref if not self.is_escaped(ref):
                if self.special(ref, "__enter__") and self.special(ref, "__exit__"):
                    leave = self.method(ref, "__exit__")
                    entered = self.call(self.method(ref, "__enter__"), ())

                    def left(raised: Value | None) -> Value:
                        if raised is None:
                            return self.call(leave, (NONE, NONE, NONE))
                        kind = (
                            self.thing(raised).type
                            if isinstance(raised, Ref) and raised.kind == "instance"
                            else self.unknown("which exception it is", raised)
                        )
                        trace = self.unknown("a traceback leads to every frame")
                        return self.call(leave, (kind, raised, trace))

                    return entered, left
            case Ref(kind="object") as ref:
                thing = self.thing(ref)
                assert isinstance(thing.type, Foreign)
                if thing.type.dotted == "contextlib.suppress":
                    wanted = Tuple(tuple(each for _, each in thing.defaults))

                    def suppressed(raised: Value | None) -> Value:
                        found = self.matches(raised, wanted) if raised is not None else False
                        if found is None:
                            return self.unknown("whether an exception is suppressed")
                        return flag(found)

                    return NONE, suppressed
                if thing.type.dotted == "contextlib.nullcontext":
                    given = thing.defaults[0][1] if thing.defaults else NONE
                    return given, lambda raised: FALSE
                if thing.type.dotted in ("builtins.open", "threading.Lock", "threading.RLock"):
                    return ref, lambda raised: FALSE
            case _:
                pass
        self.may_raise("what a context does is not known")
        entered = self.unknown("what a context gives is not known", manager)
        return entered, lambda raised: self.unknown("whether an exception is swallowed")

    # Classes.

    def super_of(self, env: Env) -> Value:
        """Return what ``super()`` gives in a method."""
        scope: Env | None = env
        method = None
        while scope is not None and scope.kind != "class":
            if scope.kind == "function":
                method = scope
            scope = scope.outer
        if scope is not None and "slots" in self.thing(scope.frame).traits:
            raise GiveUp("super() means the class as it was before it got slots")
        if scope is None or method is None or not method.first or method is not env:
            raise GiveUp("super() stands where it is not followed")
        me = self.read(method.frame, method.first)
        if isinstance(me, (OneOf, Unknown)):
            raise GiveUp("whose super() it is is not known")
        return self.alloc(Thing("super", defaults=(("", me), ("", scope.frame))))

    def new_class(self, node: ast.ClassDef, env: Env) -> Value:
        """Run a class statement. Raises ``GiveUp`` where its bases are not followed."""
        bases = [self.evaluate(each, env) for each in node.bases]
        given = self._class_keywords(node, env)
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
                case Ref(kind="class") as ref if not self.is_escaped(ref):
                    inner = self.thing(ref).traits
                    if "enum" in inner and self.members(ref):
                        self.raise_("TypeError", Const("cannot extend an enumeration"))
                    traits |= inner - _NOT_INHERITED
                    mixin = mixin or self._enums.get(ref.oid, "")
                case Foreign(dotted="builtins.str" | "builtins.int"):
                    mixin = base.dotted.partition(".")[2]
                case Foreign(dotted=dotted) if dotted in _ENUMS:
                    traits.add("enum")
                    mixin = _ENUMS[dotted] or mixin
                case Foreign(dotted="abc.ABC"):
                    traits.add("abstract")
                case Foreign(dotted=dotted) if dotted in _PLAIN_BASES:
                    pass
                case Foreign(dotted="typing.NamedTuple" | "typing.TypedDict") if len(bases) == 1:
                    traits.add(_RECORDS[base.dotted])
                case Foreign(dotted="pydantic.BaseModel"):
                    traits.add("model")
                case Foreign(dotted=dotted) if dotted.startswith("builtins.") and (
                    self._exception(dotted) is not None
                ):
                    traits.add("exception")
                case _:
                    raise GiveUp("a class is derived from what is not followed")
        if mixin and "enum" not in traits:
            raise GiveUp("a class is derived from a builtin type")
        if traits & {"namedtuple", "typeddict"} and len(bases) > 1:
            raise GiveUp("a class is derived from a builtin type")
        if given and traits & {"enum", "model", "namedtuple"}:
            raise GiveUp("a class is made in an unusual way")
        if "enum" in traits:
            self._check_enum_bases(bases)
        real = tuple(
            Foreign(_REAL_BASES[each.dotted])
            if isinstance(each, Foreign) and each.dotted in _REAL_BASES
            else each
            for each in bases
        )
        qualname = calls.qualname_of(env, node.name)
        kind = objects.new_class(self, node.name, qualname, real, frozenset(traits))
        self._enums[kind.oid] = mixin
        self._born[kind.oid] = self.path
        inner_env = self.thing(kind).env = statements.class_env(self, node, env, kind)
        module = self.read(env.globals, "__name__")
        self.write(kind, module, "__module__")
        self.execute(node.body, inner_env)
        if "namedtuple" in traits:
            self._finish_named(kind, bases)
        self._finish_class(kind, mixin, traits)
        if "typeddict" not in traits:
            self._tell_bases(kind, tuple(given.items()))
        if "model" in traits:
            for annotation in self.fields.get(kind.oid, {}).values():
                self.annotated(annotation, inner_env)
            self._finish_model(kind, inner_env)
        return kind

    def _finish_model(self, kind: Ref, env: Env) -> None:
        """Note the fields of a model and their defaults, which its class no longer has."""
        found: dict[str, tuple[schemas.Shape, Value]] = {}
        for name, annotation in self.fields.get(kind.oid, {}).items():
            if "ClassVar" not in ast.unparse(annotation):
                default = self.read(kind, name)
                found[name] = (schemas.shape_of(self, annotation, env), default)
                if default != MISSING and name[:1] != "_":
                    self.put((kind.oid, name), MISSING)
        self.shapes[kind.oid] = found

    def _class_keywords(self, node: ast.ClassDef, env: Env) -> dict[str, Value]:
        if any(each.arg is None for each in node.keywords):
            raise GiveUp("a class is made in an unusual way")
        return {str(each.arg): self.evaluate(each.value, env) for each in node.keywords}

    def _check_enum_bases(self, bases: Sequence[Value]) -> None:
        """Raise ``GiveUp`` where an enumeration is made of more than methods and a builtin type."""
        for base in bases:
            if not isinstance(base, Ref) or not self.names(base):
                continue
            if "enum" in self.thing(base).traits:
                continue
            if self.thing(base).traits or any(
                isinstance(each, Foreign) and each != objects.OBJECT for each in mro(self, base)
            ):
                raise GiveUp("an enumeration is derived from classes of the distribution")

    def _finish_named(self, kind: Ref, bases: Sequence[Value]) -> None:
        if bases == [Foreign("typing.NamedTuple")]:
            names = [*self.fields.get(kind.oid, {})]
            late = {name: self.read(kind, name) for name in names}
            late = {name: value for name, value in late.items() if value != MISSING}
            records.name_fields(self, kind, names, late)
        records.check_named(self, kind)

    def _tell_bases(self, kind: Ref, given: Sequence[tuple[str, Value]]) -> None:
        """Call what the bases of a new class have to be told of it."""
        told = lookup(self, kind, "__init_subclass__", after=kind)
        if isinstance(told, Wrapped) and told.kind == "classmethod":
            told = told.function
        match told:
            case Ref(kind="function"):
                self.call(told, (kind,), given)
            case Foreign() | Missing():
                if given:
                    self.raise_(
                        "TypeError", Const("__init_subclass__() takes no keyword arguments")
                    )
            case _:
                raise GiveUp("a class is told of its subclasses")

    def _finish_class(self, kind: Ref, mixin: str, traits: set[str]) -> None:
        if self.read(kind, "__slots__") != MISSING or self.read(kind, "__metaclass__") != MISSING:
            raise GiveUp("a class is made in an unusual way")
        for name in self.names(kind):
            value = self.read(kind, name)
            if isinstance(value, Unknown) and not self.is_escaped(kind) and "enum" in traits:
                raise GiveUp("a member of an enumeration is not known")
            if isinstance(value, Ref) and value.kind == "instance":
                if self.special(value, "__set_name__"):
                    self.call(self.method(value, "__set_name__"), (kind, Const(name)))
                elif self.overrides(self.thing(value).type, ("__set_name__",)):
                    raise GiveUp("a class tells its attributes their names")
            if isinstance(value, (Ref,)) and value.kind == "object" and "enum" in traits:
                raise GiveUp("a member of an enumeration is not known")
        if "enum" in traits:
            self._finish_enum(kind, mixin)
        qualname = self.read(kind, "__qualname__")
        if isinstance(qualname, Const):
            self.thing(kind).extra = qualname.value
        elif qualname != MISSING:
            raise GiveUp("the name of a class is not known")

    def _finish_enum(self, kind: Ref, mixin: str) -> None:
        found: list[Member] = []
        by_key: dict[Hashable, Member] = {}
        if self.overrides(kind, (
            "__new__", "_ignore_", "_missing_", "__eq__", "__hash__", "_value_",
            "__getattribute__", "__getattr__", "__set_name__", "__setattr__", "__del__",
        )):  # fmt: skip
            raise GiveUp("an enumeration makes its members in a way of its own")
        init = self._own_method(kind, "__init__")
        generate = self._own_method(kind, "_generate_next_value_")
        if init is not None and mixin not in ("", "str"):
            raise GiveUp("an enumeration makes its members in a way of its own")
        seen = False
        for name in self.names(kind):
            value = self.read(kind, name)
            if name == "_generate_next_value_" and seen:
                raise GiveUp("an enumeration makes its members in a way of its own")
            if name.startswith("_") or isinstance(value, (Wrapped, View)):
                continue
            if isinstance(value, (Foreign, Bound, Method, OneOf, Unknown)):
                raise GiveUp("a member of an enumeration is not known")
            if isinstance(value, Ref) and value.kind != "auto":
                if value.kind == "function":
                    continue
                raise GiveUp("a member of an enumeration is not known")
            seen = True
            if isinstance(value, Ref):
                value = self._automatic(name, mixin, found, generate)
            if mixin in ("str", "StrEnum") and not (
                isinstance(value, Const) and isinstance(value.value, str)
            ):
                raise GiveUp("a member of an enumeration is no text")
            if mixin == "int" and not (isinstance(value, Const) and isinstance(value.value, int)):
                raise GiveUp("a member of an enumeration is no number")
            member = Member(kind, name, value, mixin)
            if found:
                # The first is compared with nothing until there is a second.
                by_key.setdefault(key(self, found[0].value), found[0])
                member = by_key.setdefault(key(self, value), member)
            found.append(member)
            self.write(kind, member, name)
            if init is not None:
                holder = self.alloc(Thing("frame"))
                self.holders[kind.oid, name] = holder
                given = value.items if isinstance(value, Tuple) else (value,)
                self.call(init, (Member(kind, name, value, mixin), *given))

    def _own_method(self, kind: Ref, name: str) -> Value | None:
        """Return a function of the program that an enumeration has under a name, or nothing."""
        found = lookup(self, kind, name)
        if isinstance(found, Wrapped) and found.kind == "staticmethod":
            found = found.function
        if isinstance(found, (Foreign, Missing)):
            return None
        if not isinstance(found, Ref) or found.kind != "function":
            raise GiveUp("an enumeration makes its members in a way of its own")
        return found

    def _automatic(
        self, name: str, mixin: str, found: list[Member], generate: Value | None
    ) -> Value:
        if generate is not None:
            values = self.new_list([each.value for each in found])
            return self.call(generate, (Const(name), Const(1), Const(len(found)), values))
        if mixin == "StrEnum":
            return Const(name.lower())
        if mixin == "str":
            raise GiveUp("what auto() gives is not known")
        numbers = [each.value.value for each in found if isinstance(each.value, Const)]
        if len(numbers) != len(found) or not all(type(each) is int for each in numbers):
            raise GiveUp("what auto() gives depends on the Python version")
        return Const(max(numbers, default=0) + 1)

    def made(
        self, special: str, kind: Ref, args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
    ) -> Value:  # fmt: skip
        """Make an object of a class of a special kind."""
        if special != "model":
            raise GiveUp("objects are made in a way of their own")
        if args:
            self.raise_("TypeError", Const("BaseModel.__init__() takes 1 positional argument"))
        fields, checks = self._model_fields(kind)
        ref = self.alloc(Thing("instance", type=kind))
        given = dict(keywords)
        checking = schemas.validators(self, [*reversed(mro(self, kind))])
        told, data = schemas.information(self) if checking else (None, None)
        for name, (shape, default) in fields.items():
            try:
                if checks:
                    # Validators escaped where they were decorated; what they give is not known.
                    raise GiveUp("a model checks its values")
                value = self._model_value(name, shape, given, default)
                # A default is taken as it is.
                for each in checking.get(name, ()) if name in given else ():
                    value = schemas.checked(self, kind, each, value, told or ref)
            except GiveUp as stop:
                # That costs the one field: a model does nothing to its class.
                self.may_raise(stop.why)
                given_to = (*checking[name], told or ref) if name in checking else ()
                value = self.unknown(stop.why, given.get(name, NONE), default, *given_to)
            if data:
                operators.set_subscript(self, data, Const(name), value)
            else:
                self.write(ref, value, name)
        for name in fields if data else ():
            assert data
            # A validator can have changed the others' values.
            held = self.guard((data,), partial(operators.subscript, self, data, Const(name)))
            self.write(ref, held, name)
        return ref

    def _model_value(
        self, name: str, shape: schemas.Shape, given: dict[str, Value], default: Value
    ) -> Value:
        """Return what an object of a model has in one of its fields."""
        options: dict[str, Value] = {}
        if isinstance(default, Ref) and default.kind == "object":
            options = self._field_options(default)
            default = options.get("", options.get("default", MISSING))
        if name in given:
            if options.keys() & schemas.BOUNDS:
                self.may_raise("a model may refuse a value")
            return schemas.taken(self, shape, given[name])
        if "default_factory" in options:
            return self.call(options["default_factory"], ())
        if default == MISSING or default == Const(...):
            host.refuse(self, f"{name}: Field required")
        if isinstance(default, (Const, Frozen, Member, Opaque)):
            return default
        if isinstance(default, Tuple) or (
            isinstance(default, Ref) and default.kind in ("list", "dict", "set")
        ):
            # Every object has a copy of its own.
            return self.call(Foreign("copy.deepcopy"), (default,))
        raise GiveUp("a default of a model is not followed")

    def model_fields(self, kind: Ref) -> list[str]:
        """Return the names of the fields of a model."""
        return [*self._model_fields(kind)[0]]

    def _model_fields(self, kind: Ref) -> tuple[dict[str, tuple[schemas.Shape, Value]], bool]:
        """Return the fields of a model with what they take, and whether it has validators."""
        found: dict[str, tuple[schemas.Shape, Value]] = {}
        checks = False
        for each in reversed(mro(self, kind)):
            if isinstance(each, Foreign) and each not in (_MODEL, objects.OBJECT):
                raise GiveUp("a model is derived from what is not followed")
            if not isinstance(each, Ref):
                continue
            fields = self.shapes.get(each.oid, {})
            for name in self.names(each):
                value = self.read(each, name)
                odd = name.startswith(("model_", "__")) and name not in _NAMES_OF_CLASSES
                odd = odd or name == "Config" or name in found
                private = name.startswith("_") and not isinstance(value, (Ref, Unknown, Wrapped))
                if odd or (private and name not in _NAMES_OF_CLASSES):
                    raise GiveUp("a model is made in a way of its own")
                checks = checks or (name not in fields and isinstance(value, (Unknown, OneOf)))
            found.update(fields)
        if any(name.startswith("_") for name in found):
            raise GiveUp("a model has fields of its own")
        return found, checks

    def _field_options(self, field: Ref) -> dict[str, Value]:
        options = dict(self.thing(field).defaults)
        if self.thing(field).type != Foreign("pydantic.Field"):
            raise GiveUp("a default of a model is not followed")
        known = {"", "default", "default_factory", "description", "title", "examples"}
        if options.keys() - known - schemas.BOUNDS:
            raise GiveUp("a model checks its values in a way of its own")
        return options

    def make_dataclass(self, kind: Ref, options: frozenset[str]) -> None:
        """Make a class a dataclass."""
        thing = self.thing(kind)
        if self._born.get(kind.oid) != self.path:
            raise GiveUp("whether a class is a dataclass is not known")
        found: dict[str, Value] = {}
        for each in reversed(mro(self, kind)[1:]):
            if isinstance(each, Ref) and each.oid in self.dataclasses:
                found.update(self.dataclasses[each.oid])
        for name, annotation in self.fields.get(kind.oid, {}).items():
            value = self.read(kind, name)
            if isinstance(value, Ref) and value.kind in ("list", "dict", "set"):
                self.raise_("ValueError", Const("mutable default for field"))
            if isinstance(value, (Unknown, OneOf)):
                raise GiveUp("a field of a dataclass is not known")
            words = ast.unparse(annotation)
            if "InitVar" in words or "KW_ONLY" in words:
                raise GiveUp("a field of a dataclass is of an unusual kind")
            if "ClassVar" in words:
                continue
            if isinstance(value, Ref) and value.kind == "object":
                given = dict(self.thing(value).defaults)
                if given.keys() - _FIELD_OPTIONS:
                    raise GiveUp("a field of a dataclass is of an unusual kind")
            found[name] = value
        if not options & {"init=False", "kw_only"}:
            late = [value != MISSING for value in found.values()]
            if late != sorted(late):
                self.raise_("TypeError", Const("non-default argument follows default argument"))
        if self.overrides(kind, ("__setattr__", "__getattribute__", "__match_args__")):
            raise GiveUp("a dataclass of an unusual kind")
        if "order" in options:
            for name in ("__lt__", "__le__", "__gt__", "__ge__"):
                if self.read(kind, name) != MISSING:
                    self.raise_("TypeError", Const(f"Cannot overwrite attribute {name}"))
        if "order" in options and (
            "eq=False" in options or self.overrides(kind, ("__lt__", "__le__", "__gt__", "__ge__"))
        ):
            raise GiveUp("a dataclass of an unusual kind")
        for name in self.fields.get(kind.oid, {}):
            value = found.get(name, MISSING)
            if "slots" in options and name in found:
                self.write(kind, Wrapped("field", NONE), name)
            elif isinstance(value, Ref) and value.kind == "object":
                # The class has what is the default, and nothing where that is made anew.
                given = dict(self.thing(value).defaults)
                self.write(kind, given.get("default", MISSING), name)
        thing.traits = thing.traits | {"dataclass"} | options
        self.dataclasses[kind.oid] = tuple(found.items())

    def run_texts(self, value: Value) -> None:
        """Follow what takes texts for annotations: only names may stand in them."""
        match value:
            case Const(value=str(written)):
                if not _PLAIN_NAMES.fullmatch(written):
                    self.doom("a text in an annotation is run")
            case Tuple(items=items):
                for each in items:
                    self.run_texts(each)
            case OneOf() | Opaque() | Unknown():
                self.doom("a text in an annotation is run")
            case Ref(kind="list") as ref:
                self.run_texts(self.read(ref))
            case _:
                pass

    def typed(self, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> None:
        """Follow what reads the annotations of a function: texts in them are run."""
        for each in ast.walk(node.args):
            if isinstance(each, ast.arg) and each.annotation:
                self.annotated(each.annotation, env)
        if node.returns:
            self.annotated(node.returns, env)

    def annotated(self, node: ast.expr, env: Env) -> None:
        """Follow what makes a schema of an annotation: texts are run, classes are asked."""
        match node:
            case ast.Constant(value=str(written)):
                try:
                    inner = ast.parse(written.strip(), mode="eval").body
                except (SyntaxError, ValueError):
                    self.doom("a text in an annotation is run")
                for each in ast.walk(inner):
                    if "lineno" in each._attributes:
                        each.lineno = node.lineno  # type: ignore[attr-defined]
                self.annotated(inner, env)
            case ast.Constant():
                pass
            case ast.Name() | ast.Attribute():
                self.asked(self.evaluate(node, env))
            case ast.Subscript(value=owner, slice=index):
                found = self.evaluate(owner, env)
                if not isinstance(found, Foreign):
                    self.doom("an annotation is looked into")
                match found.dotted.rpartition(".")[2], index:
                    case "Literal", _:
                        pass
                    case "Annotated", ast.Tuple(elts=[first, *rest]):
                        self.annotated(first, env)
                        for each_ in rest:
                            # A text beside a type is nobody's annotation.
                            if not isinstance(each_, ast.Constant):
                                self._computed(each_, env)
                    case _:
                        self.annotated(index, env)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for each_ in items:
                    self.annotated(each_, env)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                self.annotated(left, env)
                self.annotated(right, env)
            case _:
                self._computed(node, env)

    def _computed(self, node: ast.expr, env: Env) -> None:
        """Follow a part of an annotation that is evaluated once more for whoever reads it."""
        count = len(self.things)
        outcomes = self.run(lambda: self.evaluate(node, env))
        if len(outcomes) > 1 or any(oid < count for oid, _ in outcomes[0].delta):
            self.doom("an annotation changes something")
        self.asked(self.settle(outcomes, FALLS))

    def _is_plain_model(self, kind: Ref) -> bool:
        """Say whether a class is a model that makes its schema as all models do."""
        if "model" not in self.thing(kind).traits or self.is_escaped(kind):
            return False
        every = [each for each in mro(self, kind) if each not in (_MODEL, objects.OBJECT)]
        return all(
            isinstance(each, Ref) and all(self.read(each, name) == MISSING for name in _SCHEMA)
            for each in every
        )

    def asked(self, value: Value) -> None:
        """Ask what stands in an annotation for a schema: texts are run, classes are called."""
        match value:
            case Foreign() | Const(value=None) | Ref(kind="object"):
                pass
            case Ref(kind="class") as ref if not self.overrides(ref, _SCHEMA) and (
                "dataclass" not in self.thing(ref).traits
            ):
                pass
            case Ref(kind="class") as ref if self._is_plain_model(ref):
                pass
            case Const(value=str()):
                self.doom("a text in an annotation is run")
            case _:
                self.escape(value)

    def dataclass_fields(self, kind: Ref) -> list[tuple[str, Value]]:
        """Return the fields of a dataclass and their defaults, in order."""
        for each in mro(self, kind):
            if isinstance(each, Ref) and each.oid in self.dataclasses:
                return [*self.dataclasses[each.oid]]
        return []

    def compared_fields(self, left: Value, right: Value) -> tuple[Value, Value] | None:
        """Return what is compared of two objects of one dataclass."""
        if not isinstance(left, Ref) or not isinstance(right, Ref):
            return None
        if left.kind != "instance" or right.kind != "instance":
            return None
        kind = self.thing(left).type
        if self.thing(right).type != kind or not isinstance(kind, Ref):
            return None
        if self.is_escaped(kind) or "dataclass" not in self.thing(kind).traits:
            return None
        if "eq=False" in self.thing(kind).traits:
            return None
        names = []
        for name, default in self.dataclass_fields(kind):
            options = (
                dict(self.thing(default).defaults)
                if isinstance(default, Ref) and default.kind == "object"
                else {}
            )
            compared = options.get("compare", TRUE)
            if compared not in (TRUE, FALSE):
                raise GiveUp("whether two objects are equal is not known")
            if compared == TRUE:
                names.append(name)
        one, other = (Tuple(tuple(self.read(e, n) for n in names)) for e in (left, right))
        return one, other

    def fields_of(self, kind: Ref) -> Value:
        """Return the names of the fields of a class of named tuples."""
        return Tuple(tuple(Const(name) for name in records.positional(self, kind)))

    def is_ordered(self, value: Value) -> bool:
        """Say whether a value is an object of a dataclass whose objects have an order."""
        if not isinstance(value, Ref) or value.kind != "instance" or self.is_escaped(value):
            return False
        kind = self.thing(value).type
        return isinstance(kind, Ref) and "order" in self.thing(kind).traits

    def fill(
        self, ref: Ref, kind: Ref, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> None:
        """Fill the fields of a new object of a dataclass."""
        fields = self.dataclass_fields(kind)
        given = dict(keywords)
        place = 0
        for name, default in fields:
            options: dict[str, Value] = {}
            if isinstance(default, Ref) and default.kind == "object":
                options = dict(self.thing(default).defaults)
                default = options.get("default", MISSING)
            if place < len(args) and "kw_only" not in self.thing(kind).traits:
                value = args[place]
                place += 1
                if name in given:
                    self.raise_("TypeError", Const(f"multiple values for argument '{name}'"))
            elif name in given:
                value = given.pop(name)
            elif "default_factory" in options:
                value = self.call(options["default_factory"], ())
            elif default != MISSING:
                value = default
            else:
                self.raise_("TypeError", Const(f"missing argument: '{name}'"))
            self.write(ref, value, name)
        if place < len(args) or given:
            self.raise_("TypeError", Const("unexpected argument"))
        after = lookup(self, self.thing(ref).type, "__post_init__")
        if after != MISSING:
            self.call(Bound(after, ref), ())


def _none(_: Value) -> None:
    return None


def _blocks(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yield the blocks of a statement that run in its own scope."""
    match node:
        case ast.Match(cases=cases):
            yield from (each.body for each in cases)
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            yield from (node.body, node.orelse)
        case ast.With() | ast.AsyncWith():
            yield node.body
        case ast.Try() | ast.TryStar():
            yield node.body
            yield from (each.body for each in node.handlers)
            yield from (node.orelse, node.finalbody)
        case _:
            pass


def _is_plain(m: Machine, value: Value) -> bool:
    match value:
        case Const():
            return True
        case Ref(kind="dict") if m.thing(value).name:
            return False
        case Tuple(items=items, named=None):
            return all(_is_plain(m, each) for each in items)
        case Ref(kind="list"):
            return _is_plain(m, m.read(value))
        case Ref(kind="dict"):
            content = m.read(value)
            return isinstance(content, Pairs) and all(
                _is_plain(m, name) and _is_plain(m, each) for _, name, each in content.items
            )
        case _:
            return False
