"""The machine: how a program runs on values that may be one of several, or unknown.

A statement or expression is run directly. Where the way is not known, each way is run from the
same state, and what they changed is joined (``fork``). Whatever leaves a piece of code otherwise
than by falling through waits with its changes until something takes it.
"""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import Modules, Unusable
from stigmem_review.code.names import Function, Names, mentions_of
from stigmem_review.host import Node, apis
from stigmem_review.host.destinations import CHECKS, OWN, UNKNOWN
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.events import HANDED_ON, Argument, Arguments, Event, EventKind
from stigmem_review.interpret.heap import (
    ALL,
    ESCAPED,
    FLAGS,
    MADE,
    SHOWN,
    UNORDERED,
    VOLATILE,
    Cell,
    Delta,
    Heap,
    Site,
    Thing,
)
from stigmem_review.interpret.values import (
    ALWAYS,
    MISSING,
    TRUE,
    Atom,
    Bound,
    Conditions,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Option,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    values_of,
    variable_in,
    words,
)
from stigmem_review.model import IMPORT, UNREACHED, Location

_TEXT = 300
"""Characters of a text that says where something leads."""
ONE_OF = 12
"""Values that one value can be said to be one of."""
WAITING = 12
"""Outcomes of one kind that wait before they are joined."""
STEPS = 25_000
_HEAVY = 30_000
"""Values in one value, those that occur again counted again."""
DEPTH = 40

_OWN_ARGUMENTS = frozenset({"KeyError", "AssertionError", "SystemExit", "StopIteration"})
"""Exceptions that are raised with what the program has, not with words."""
_OWN_NAMES = frozenset({"__name__", "__module__", "__package__", "__file__", "__path__"})
"""Cells with names by which code can be found; whoever has the object has no need of them."""
EITHER = "either"
"""What a condition begins with that holds where one of several sets of conditions does."""
_ELSEWHERE = re.compile(r"(?:https?|wss?)://|[/~](?!.*-packages\b)(?!.*\.py\w?\Z)", re.S)
"""What a text begins with that is an address in the network, or a path to no code."""
_SETTERS = ("setattr", "delattr")
_LOGGER = Foreign("logging.getLogger")
"""The type of loggers, whose names are those of modules as a rule, and mean none."""
_FINDING = words("__path__ __package__ __spec__ __loader__ __builtins__")
"""What Python goes by where it looks for modules and builtin names."""
_NAMING = ("module", "instance")
"""Objects whose names can be gone through."""
OTHERWISE = "otherwise"
"""A condition of which only is known that there are many ways for it."""
_WAYS = 6
_PATH = 60
"""Conditions on one way, up to which those of ways that were joined are kept."""
OUTSIDE = "?"
"""The name of what comes from nobody knows whom, such as what the node passes."""
PATHS = ("pathlib.", "anyio.Path")
"""What the names of paths begin with that others gave."""
_NAME = 300
"""Characters of a dotted name; longer ones mean nothing to anybody."""
SEARCHED = Foreign("sys.path_of_package")
"""The type of the list of folders in which the modules of a package are."""
LOADING = "~loading"
"""The flag that says that entry points were looked up, so what is not known may be one of them."""
_DEPENDS = "it depends on {} in the environment of the node's process"
REWRITTEN = "rewritten"
"""The cell that says that files may have been written before they are read."""

Part = Callable[[], Value]
FALLS = frozenset({"falls"})

# What leads from an object to the code that uses it, or to everything.
REFLECTIVE = words(
    "__builtins__ __class__ __closure__ __code__ __defaults__ __dict__ __globals__ "
    "__kwdefaults__ __subclasses__ __bases__ __mro__ __getattribute__ __reduce__ __reduce_ex__ "
    "f_back f_globals f_locals f_builtins gi_frame cr_frame tb_frame _getframe modules "
    "meta_path path_hooks settrace setprofile __annotations__ get_objects get_referrers "
    "import_module reload exec_module load_module run_path run_module cell_contents __import__ "
    "__loader__ __spec__"
)
REACHING = words(
    "exec eval compile globals locals vars __import__ breakpoint setattr delattr __builtins__ "
    "__loader__ __spec__"
)


class Lost(msgspec.Struct, frozen=True):
    """Why, and from where on, nothing can be told of what the program has."""

    why: str
    at: Location | None


class Exhausted(Exception):  # noqa: N818 - not an error: how a run ends that takes too long
    """The steps are used up."""


class Exit(Exception):  # noqa: N818 - not an error: how a piece of code is left
    """Leaves a piece of code: ``returns``, ``raises``, ``breaks`` or ``continues``."""

    def __init__(self, kind: str, value: Value) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class Outcome(msgspec.Struct):
    """How a piece of code ends, with what it changed and what was taken to be so."""

    kind: str
    value: Value
    delta: Delta
    path: dict[Hashable, bool]


class GiveUp(Exception):  # noqa: N818 - not an error: the operands have to escape
    """A model cannot finish: why. Whoever called it lets all operands escape."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _is_heavy(value: Value) -> bool:
    """Say whether there is too much in a value that is compared with all that is in it."""
    todo: list[Any] = [value]
    count = 0
    while todo:
        each = todo.pop()
        inside = each.key if isinstance(each, Opaque) else each
        items = inside.items if isinstance(inside, Tuple) else inside
        if isinstance(items, tuple):
            count += len(items)
            if count > _HEAVY:
                return True
            todo += [item for item in items if isinstance(item, (Tuple, Opaque, tuple))]
    return False


def place_of(site: Site) -> Location | None:
    """Return where a piece of code stands."""
    env, node = site
    return None if env is None else Location(env.module.shown, getattr(node, "lineno", 0))


class Machine(Heap, ABC):
    """State, forks and escapes; what runs expressions and calls is added above."""

    def __init__(self, modules: Modules, node: Node, own: Own | None = None) -> None:
        super().__init__()
        self.modules = modules
        self.node = node
        self.host_members: Mapping[str, Mapping[str, str]] = {}
        """The members of the node's enumerations."""
        self.own = own
        self.waiting: list[Outcome] = []
        self.mark = 0
        self.guarded = 0
        """How many ``try``, ``with`` and generators are around what runs."""
        self.atoms: list[tuple[Hashable, Location | None]] = []
        """What each condition is, and where it is asked for."""
        self._numbers: dict[Hashable, int] = {}
        self._choices: set[Hashable] = set()
        """The conditions that one of several others holds."""
        self._ways: dict[Conditions, list[Conditions]] = {}
        self.steps = 0
        self.limit = STEPS
        """Steps after which it ends, whatever is left to run."""
        self.lost: Lost | None = None
        """Set once code that cannot be seen may have changed anything: it only goes on to see what
        is called from there on, and no value means anything."""
        self.phase = IMPORT
        """What makes run what runs, for events."""
        self.events: dict[Event, None] = {}
        """What was done with what is not the program's own, on every way that was followed."""
        self.entered: dict[tuple[int, str, str], tuple[ast.AST, str, str]] = {}
        """The functions that were called, with their modules, once for each phase."""
        self.given: set[str] = set()
        """The attributes that the program gives to what is not its own."""
        self.roots = False
        """Whether what runs is run for what it does alone, so that code is followed that others
        may have changed, and with arguments that nobody knows."""
        self.escaping: dict[tuple[Value, str], None] = {}
        """Functions that were given to code that is not seen and may call them, and the phase."""
        self.seen: set[int] = set()
        """What was run in this phase."""
        self.unsure: set[int] = set()
        """What was run in this phase, and may do more than could be seen."""
        self.phases = {IMPORT: (self.seen, self.unsure)}
        """What was run in each phase, and what of it may do more."""
        self.incomplete: set[str] = set()
        """The phases in which not all that is run was seen."""
        self.active: list[int] = []
        """The functions that run, the innermost last."""
        self.depth = 0
        self.handling: list[Value] = []
        self.scopes: dict[int, Names] = {}
        self.fields: dict[int, dict[str, ast.expr]] = {}
        self.records: dict[int, tuple[tuple[str, ...], dict[str, Value]]] = {}
        """The fields of classes of named tuples, and their defaults."""
        self.dataclasses: dict[int, tuple[tuple[str, Value], ...]] = {}
        """The fields of dataclasses and their defaults, as they were when these were made."""
        self.defaults: dict[str, tuple[str, ...]] = {}
        """What the program takes environment variables for where they are not set."""
        self.messages: dict[int, str] = {}
        """What exceptions say that the machine raises itself."""
        self.used: set[tuple[str, str]] = set()
        """The modules of the node that were asked for, and names in them."""
        self.places: dict[int, Location] = {}
        """Where exceptions were raised first."""
        self.importing: list[str] = []
        """The modules of the distribution that are being imported."""
        self.shapes: dict[int, dict[str, tuple[tuple[Any, ...], Value]]] = {}
        """What the fields of models take, and their defaults, by class."""
        self.enums: dict[int, str] = {}
        """The builtin type that members of enumerations are of, by class."""
        self.born: dict[int, dict[Hashable, bool]] = {}
        """What was taken to be so when a class was made."""
        self.holders: dict[tuple[int, str], Ref] = {}
        """What has the attributes that members of enumerations are given, by class and name."""
        self.yielding: list[Callable[[Value], None]] = []
        self.collectors: set[int] = set()
        """What only the machine itself has: lists of items, and names of comprehensions."""
        self.leaving: list[Callable[[Value | None], Value]] = []
        """What leaves each context that was entered into a stack."""
        self.open: dict[int, set[str]] = {}
        """What the computed names begin with that modules may have, on whichever way."""
        self.noted: list[Any] = []
        """What was seen to be made for the node, on whichever way (``routers``)."""
        self.imports = self.alloc(Thing("imports"))

    # What is added above.

    @abstractmethod
    def evaluate(self, node: ast.expr, env: Env) -> Value:
        """Return the value of an expression."""

    @abstractmethod
    def execute(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Run statements."""

    @abstractmethod
    def call(
        self, function: Value, args: Sequence[Value], keywords: Sequence[tuple[str, Value]] = ()
    ) -> Value:
        """Call something."""

    @abstractmethod
    def entered_anyhow(self, function: Value, *known: Value) -> Value:
        """Run what is called with arguments of which nobody knows more than the first.

        Raises ``GiveUp`` where that is not code of the program.
        """

    @abstractmethod
    def perhaps(self, function: Value) -> None:
        """Run what may be called now, or never, or at another time."""

    @abstractmethod
    def get(self, owner: Value, name: str) -> Value:
        """Return an attribute."""

    @abstractmethod
    def method(self, owner: Value, name: str) -> Value:
        """Return a special method of an object: what its class has, whatever it has itself."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, env: Env) -> None:
        """Bind a target."""

    @abstractmethod
    def choose(self, test: Value, yes: Part, no: Part) -> Value:
        """Run what is to run if a value counts as true, and what if not."""

    @abstractmethod
    def generate(self, generator: Ref, on_item: Callable[[Value], None]) -> Value:
        """Run a generator to its end; return what it returns."""

    @abstractmethod
    def run_generator(self, generator: Ref, on_item: Callable[[Value], None]) -> None:
        """Run a generator; what the callback raises is raised where the item is given."""

    def comparable(self, value: Value) -> Value:
        """Return a value as it is compared: a constant, or a tuple of such."""
        if isinstance(value, Member) and value.mixin:
            return value.value
        if isinstance(value, OneOf):
            raise GiveUp("it is one of several")
        return value

    @abstractmethod
    def below(self, path: Value, parts: Sequence[Value]) -> Value:
        """Return a path below another."""

    @abstractmethod
    def within(self, item: Value, owner: Foreign) -> Value:
        """Return whether something is in what another distribution provides."""

    @abstractmethod
    def subscripted(self, owner: Value, index: Value) -> Value:
        """Return what a class gives in square brackets."""

    @abstractmethod
    def set_outside(self, owner: Value, index: Value, value: Value) -> Value:
        """Set, or delete, an item of what is not a container of the program."""

    @abstractmethod
    def members(self, kind: Value) -> list[Value]:
        """Return the members of an enumeration; nothing where it is none."""

    @abstractmethod
    def special(self, owner: Value, name: str) -> bool:
        """Say whether an object's class has a method of its own of some name."""

    @abstractmethod
    def text_of(self, value: Value) -> Value:
        """Return what ``str`` makes of a value."""

    @abstractmethod
    def repr_of(self, value: Value) -> Value:
        """Return what ``repr`` makes of a value."""

    @abstractmethod
    def guard(
        self, operands: Sequence[Value], part: Part, shown: tuple[ast.AST, Env] | None = None
    ) -> Value:
        """Run a model: if it cannot finish, its operands escape and what it gives is unknown."""

    @abstractmethod
    def function(self, node: Function, env: Env) -> Ref:
        """Make a function."""

    @abstractmethod
    def yielded(self, value: Value) -> Value:
        """Give an item to whoever goes through the generator that runs."""

    @abstractmethod
    def yielded_from(self, value: Value) -> Value:
        """Give every item of a value, and return what it ends with."""

    @abstractmethod
    def bind_name(self, name: str, value: Value, env: Env) -> None:
        """Bind a name."""

    @abstractmethod
    def import_(self, name: str, asname: str | None, env: Env) -> None:
        """Run an import."""

    @abstractmethod
    def import_from(self, node: ast.ImportFrom, env: Env) -> None:
        """Run an import of names."""

    @abstractmethod
    def imported(self, name: str) -> Value:
        """Return a module of the distribution that was imported."""

    def unusable(self, found: Unusable) -> NoReturn:
        """Say that a module cannot be followed."""
        if self.lost is None:
            self.lost = Lost(found.why, found.at)
        raise GiveUp(found.why)

    @abstractmethod
    def postponed(self, env: Env) -> bool:
        """Say whether annotations are not evaluated in a module."""

    @abstractmethod
    def listed(self, value: Value) -> Value:
        """Return all items of a value."""

    @abstractmethod
    def matches(self, raised: Value, wanted: Value) -> bool | None:
        """Say whether an exception is of a class."""

    @abstractmethod
    def inherited(self, kind: Foreign, name: str) -> Value:
        """Return what a class that others provide has under a name."""

    @abstractmethod
    def lacks(self, kind: Value, name: str) -> None:
        """Raise ``GiveUp`` where a class of others may have what was not found."""

    @abstractmethod
    def derives(self, kind: Value, wanted: Value) -> bool | None:
        """Say whether a class is, or is derived from, another."""

    @abstractmethod
    def is_virtual(self, kind: Ref) -> bool:
        """Say whether a class may take objects for its own that are of no class derived from it."""

    @abstractmethod
    def member_of(self, kind: Ref | Foreign, args: Sequence[Value]) -> Value:
        """Return the member of an enumeration that has a value."""

    @abstractmethod
    def foreign_module(self, name: str) -> Value:
        """Return a module of another distribution, if it is installed."""

    @abstractmethod
    def foreign_name(self, module: Foreign, name: str) -> Value:
        """Return what is imported from a module of another distribution."""

    @abstractmethod
    def foreign_attribute(self, owner: Value, name: str) -> Value:
        """Return an attribute of what another distribution provides."""

    @abstractmethod
    def call_foreign(
        self, function: Foreign, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> Value:
        """Call what another distribution provides. Raises ``GiveUp`` if it is not known."""

    @abstractmethod
    def call_on(
        self, owner: Value, name: str, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> Value:
        """Call a method of an object that another distribution provides."""

    @abstractmethod
    def has_model(self, owner: Ref, name: str) -> bool:
        """Say whether a method of an object of another distribution is known."""

    @abstractmethod
    def is_sized(self, owner: Ref) -> bool:
        """Say whether an object of another distribution may be empty."""

    @abstractmethod
    def shown(self, value: Value) -> None:
        """Show a value to somebody who keeps nothing. Raises ``GiveUp`` if that may run code."""

    @abstractmethod
    def joined(self, separator: Value, value: Value) -> Value:
        """Return texts put together, with something between them."""

    @abstractmethod
    def file(self, path: File) -> bytes | None:
        """Return what is in a file of the distribution; nothing where there is no such file."""

    @abstractmethod
    def file_attribute(self, owner: File, name: str) -> Value:
        """Return an attribute of a path."""

    @abstractmethod
    def enter(self, manager: Value) -> tuple[Value, Callable[[Value | None], Value]]:
        """Enter a context; return what it gives, and what leaves it and says if it swallows."""

    @abstractmethod
    def super_of(self, env: Env) -> Value:
        """Return what ``super()`` gives in a method."""

    @abstractmethod
    def new_class(self, node: ast.ClassDef, env: Env) -> Value:
        """Run a class statement. Raises ``GiveUp`` where its bases are not followed."""

    @abstractmethod
    def dataclass_fields(self, kind: Ref) -> list[tuple[str, Value]]:
        """Return the fields of a dataclass and their defaults, in order."""

    @abstractmethod
    def made(
        self, special: str, kind: Ref, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> Value:
        """Make an object of a class of a special kind."""

    @abstractmethod
    def make_dataclass(self, kind: Ref, options: frozenset[str]) -> None:
        """Make a class a dataclass."""

    @abstractmethod
    def compared_fields(self, left: Value, right: Value) -> tuple[Value, Value] | None:
        """Return what is compared of two objects of one dataclass."""

    @abstractmethod
    def model_fields(self, kind: Ref) -> list[str]:
        """Return the names of the fields of a model."""

    @abstractmethod
    def set_field(self, owner: Ref, name: str, value: Value) -> Value:
        """Set an attribute of an object of a model, or of a manifest."""

    @abstractmethod
    def fields_of(self, kind: Ref) -> Value:
        """Return the names of the fields of a class of named tuples."""

    @abstractmethod
    def is_ordered(self, value: Value) -> bool:
        """Say whether a value is an object of a dataclass whose objects have an order."""

    @abstractmethod
    def fill(
        self, ref: Ref, kind: Ref, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> None:
        """Fill the fields of a new object of a dataclass."""

    @abstractmethod
    def asked(self, value: Value) -> None:
        """Ask what stands in an annotation for a schema: texts are run, classes are called."""

    # Where it is.

    def at(self) -> Location | None:
        """Return the place that runs."""
        return place_of(self.site)

    def called(self, node: ast.AST, module: str) -> None:
        """Note that a function of a module is called."""
        key = (id(node), module, self.phase)
        self.entered.setdefault(key, (node, module, self.phase))

    def note(
        self, kind: EventKind, api: str, args: Sequence[Value] = (),
        keywords: Sequence[tuple[str, Value]] = (), phase: str = "",
    ) -> None:  # fmt: skip
        """Note that something is done with what is not the program's own."""
        env, node = self.site
        if env is None or node is None:
            return
        named = [*((str(number), each) for number, each in enumerate(args)), *keywords]
        told: Arguments = tuple(
            Argument(name, *(_flags(each) if name in CHECKS else _texts(self._held(each))))
            for name, each in named
        )
        api = apis.seen_as(api)
        if api in apis.DECIDED:
            given = {name: self._names(value) for name, value in named}
            api = apis.by_arguments(api, given)
        line = getattr(node, "lineno", 0)
        phase = phase or self.phase
        self.events[Event(kind, api, env.module.path, line, phase, env.qualname, told)] = None

    def _names(self, value: Value) -> tuple[str, ...]:
        every = [
            base
            for each in values_of(value)
            for base in (each, *(self.thing(each).mro if isinstance(each, Ref) else ()))
        ]
        return tuple(each.dotted for each in every if isinstance(each, Foreign))

    def hand_on(
        self, to: str, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> None:
        """Note that what others provide is given to code that is not seen, and may be called."""
        if to and apis.looks(to):
            return
        for value in (*args, *(each for _, each in keywords)):
            for each in values_of(value):
                content = self.cells.get((each.oid, ALL)) if isinstance(each, Ref) else each
                for item in content.items if isinstance(content, Tuple) else (each,):
                    if not isinstance(item, Foreign):
                        continue
                    if item.dotted in apis.PARTLY:
                        whom = f" to {to}" if to else ""
                        self.note("hands on", f"{item.dotted}.{HANDED_ON}{whom}")
                    elif "." in item.dotted and "()" not in item.dotted:
                        phase = UNREACHED if to and apis.keeps(to) else ""
                        self.note("calls", item.dotted, phase=phase)

    def forget(self, count: int) -> None:
        """Let go of all objects but the first ones, of which nothing may be left anywhere."""
        del self.things[count:]
        known: tuple[dict[int, Any], ...] = (
            *(self.fields, self.records, self.dataclasses, self.messages, self.places),
            *(self.shapes, self.enums, self.born),
        )
        for held in known:
            for oid in [each for each in held if each >= count]:
                del held[oid]
        self.holders = {key: each for key, each in self.holders.items() if key[0] < count}
        self.collectors = {each for each in self.collectors if each < count}

    def begin(self, phase: str) -> None:
        """Begin with what runs in a phase."""
        self.phase = phase
        self.seen, self.unsure = self.phases.setdefault(phase, (set(), set()))

    def not_sure(self) -> None:
        """Note that what runs may do more than can be seen."""
        _, node = self.site
        self.unsure.add(id(node))

    def _held(self, value: Value) -> Value:
        """Return what is in a list, and everything else as it is."""
        if isinstance(value, Ref) and value.kind == "list":
            return self.cells.get((value.oid, ALL), MISSING)
        return value

    def tick(self, steps: int = 1) -> None:
        """Count steps. Raises ``Exhausted`` where they are too many."""
        self.steps += steps
        if self.steps > self.limit:
            self.lose(f"following the code takes more than {self.limit:,} steps")
            raise Exhausted

    def atom(self, why: str) -> int:
        """Return a new condition."""
        self.atoms.append((why, self.at()))
        return len(self.atoms) - 1

    def number(self, atom: Hashable) -> int:
        """Return the number of a condition: that of one that is the same again is the same."""
        if isinstance(atom, int):
            return atom
        found = self._numbers.get(atom)
        if found is None:
            found = self._numbers[atom] = len(self.atoms)
            self.atoms.append((atom, self.at()))
        return found

    # Reading and writing.

    def read(self, ref: Ref, name: str = ALL) -> Value:
        """Return what is in a cell; ``MISSING`` where there is nothing."""
        cells = self.cells
        if (ref.oid, ESCAPED) in cells or (ref.oid, VOLATILE + name) in cells:
            return self.unknown("code that could not be followed may have changed it")
        value = cells.get((ref.oid, name), MISSING)
        if value is MISSING and ref.oid in self.open and self.may_name(ref, name):
            return self.unknown("a name may be bound that is computed")
        return self.narrowed(value) if isinstance(value, OneOf) else value

    def open_names(self, ref: Ref, start: str) -> None:
        """Note that any name of a module may be bound that begins with a text."""
        self.open.setdefault(ref.oid, set()).add(start)

    def may_name(self, ref: Ref, name: str = "") -> bool:
        """Say whether a name of a module may be bound, or any, that is computed."""
        if name.startswith("__"):
            return False
        return any(name.startswith(start) or not name for start in self.open.get(ref.oid, ()))

    def write(self, ref: Ref, value: Value, name: str = ALL) -> None:
        """Set a cell; ``MISSING`` unbinds it.

        Raises ``GiveUp`` for a value that has so much inside that it cannot be handled.
        """
        if isinstance(value, (Tuple, Opaque)) and _is_heavy(value):
            raise GiveUp("a value has too much inside")
        if self.is_escaped(ref) or (ref.oid, SHOWN + name) in self.cells:
            self.escape(value)
        if ref.kind == "module" and name in _FINDING and value != self.cells.get((ref.oid, name)):
            self.doom(f"{name} of a module is set")
        if value is MISSING and ref.kind in _NAMING:
            # A name that is bound again comes last.
            self.put((ref.oid, UNORDERED), TRUE)
        self.put((ref.oid, name), value)

    def is_escaped(self, ref: Ref) -> bool:
        """Say whether code that cannot be seen may change an object."""
        return (ref.oid, ESCAPED) in self.cells

    def ordered_names(self, ref: Ref) -> list[str]:
        """Return the names of cells that an object may have, in the order in which it got them.

        Whether that is known, ``UNORDERED`` says.
        """
        self.tick(len(self.cells) // 64)
        names = set(self.names(ref))
        return [name for oid, name in self.cells if oid == ref.oid and name in names]

    def names(self, ref: Ref) -> list[str]:
        """Return the names of cells that an object may have, in order."""
        cells = self.cells
        return [
            name
            for name in self.thing(ref).cells
            if name[0] not in "*!?~" and cells.get((ref.oid, name), MISSING) != MISSING
        ]

    # The unknown.

    def unknown(self, why: str, *sources: Value) -> Unknown:
        """Return an unknown, which may be any of its sources or be made of them: they escape."""
        for each in sources:
            self.escape(each)
        return Unknown(why, self.at())

    def given_by(self, api: str, why: str) -> Unknown:
        """Return what others gave, which is nothing of the program's: by what name it goes."""
        return Unknown(why, self.at(), api if len(api) <= _NAME else OUTSIDE)

    def some_text(self) -> Opaque:
        """Return a text that is not known."""
        return Opaque("str", ("some", self.atom("what a text is")))

    def item_of(self, value: Value, why: str) -> Value:
        """Return what going through a value gives, or entering it, where nobody knows that."""
        match value:
            case Foreign(dotted="os.environ") | Unknown(api="os.environ.keys()"):
                return self.some_text()
            case Unknown(api="os.environ.items()"):
                return Tuple((self.some_text(), self.some_text()))
        if isinstance(value, Unknown) and value.api:
            return self.given_by(value.api, why)
        return self.unknown(why, value)

    def because(self, why: str, operands: Sequence[Value]) -> Unknown:
        """Return what a model cannot tell whose operands escaped: why one of them is not known."""
        waiting = [*operands]
        for each in waiting:
            match each:
                case Unknown():
                    return Unknown(each.why, each.at)
                case Opaque() if name := variable_in(each):
                    return Unknown(_DEPENDS.format(name), self.at())
                case OneOf(options=options):
                    waiting += (option.value for option in options)
                case Ref(kind="list" | "set" | "dict") if (each.oid, ALL) in self.cells:
                    waiting.append(self.cells[each.oid, ALL])
                case _:
                    pass
        return self.unknown(why)

    def escape(self, value: Value) -> None:
        """Let code that cannot be seen have a value: it may change what it reaches at any time."""
        if self.lost:
            return
        todo: list[Value] = [value]
        while todo:
            self.tick()
            match todo.pop():
                case Tuple(items=items, named=named):
                    todo += items
                    if named is not None:
                        todo.append(named)
                case Frozen() as frozen:
                    todo += frozen.items
                case Pairs(items=pairs):
                    for _, key, each in pairs:
                        todo += (key, each)
                case OneOf(options=options):
                    todo += (option.value for option in options)
                case Bound(function=function, owner=owner):
                    todo += (function, owner)
                case Method(owner=owner) | View(owner=owner):
                    todo.append(owner)
                case Unknown(owner=held) if held is not None:
                    todo.append(held)
                case Wrapped(function=function):
                    todo.append(function)
                case Member(enum=Ref() as enum, name=name):
                    todo.append(enum)
                    if (enum.oid, name) in self.holders:
                        todo.append(self.holders[enum.oid, name])
                case Const(value=str() | bytes() as text):
                    if self.names_own(text):
                        self._opened("code that could not be followed gets the name of a module")
                case File():
                    # Whoever has one path has them all, and may write what is read later.
                    self.put((self.imports.oid, REWRITTEN), TRUE)
                case Foreign(dotted=dotted):
                    if apis.decides(dotted):
                        self._opened(f"{dotted} is given to code that could not be followed")
                case Ref() as ref:
                    if self.thing(ref).type == SEARCHED:
                        self._opened("code that could not be followed gets the path of a package")
                    if not self.is_escaped(ref):
                        todo += self._reached(ref)
                case _:
                    pass

    def names_own(self, text: str | bytes) -> bool:
        """Say whether a text has the name of something in the distribution in it."""
        if isinstance(text, bytes):
            return any(top.encode() in text for top in self.modules.tops)
        if _ELSEWHERE.match(text):
            return False
        return any(
            top in text
            and re.search(
                rf"(?<![\w.])(?<!\w://)(?<!\w@){re.escape(top)}\s*[.:/]\s*\w|import\s+{re.escape(top)}",
                text,
            )
            for top in self.modules.tops
        )

    @abstractmethod
    def is_modelled(self, name: str) -> bool:
        """Say whether an attribute of this name decides what models give."""

    @abstractmethod
    def is_object(self, dotted: str) -> bool:
        """Say whether something of another distribution is known to be one object, by its name."""

    @abstractmethod
    def overrides(self, kind: Value, names: tuple[str, ...]) -> bool:
        """Say whether a class, or one it is made of, may have methods of its own of some names."""

    def lose(self, why: str) -> None:
        """Note that everything may have been changed."""
        if self.lost is None:
            self.lost = Lost(why, self.at())

    def doom(self, why: str) -> NoReturn:
        """Say that everything may have been changed, and leave what cannot be followed.

        What is run for what it does alone goes on: what it does is what stands there.
        """
        if self.roots:
            self.not_sure()
        else:
            self.lose(why)
        raise GiveUp(why)

    def _opened(self, why: str) -> None:
        """Say that code that is not seen can change everything."""
        if self.roots:
            self.not_sure()
        else:
            self.doom(why)

    def _reached(self, ref: Ref) -> list[Value]:
        """Mark an object as escaped and return what it leads to."""
        self.put((ref.oid, ESCAPED), TRUE)
        thing = self.thing(ref)
        if thing.kind == "iterator":
            for _, each in thing.defaults:
                self.perhaps(each)
        found: list[Value] = [
            self.cells[ref.oid, name]
            for name in thing.cells
            if name != MADE and name not in _OWN_NAMES and (ref.oid, name) in self.cells
        ]
        if thing.type != _LOGGER:
            found += [each for _, each in thing.defaults]
        found += [each for each in thing.bases if isinstance(each, Ref)]
        if isinstance(thing.type, Ref) or thing.kind == "partial":
            found.append(thing.type)
        if thing.node is not None and thing.env is not None:
            self.show(thing.node, thing.env)
        return found

    def show(self, node: ast.AST, env: Env) -> None:
        """Let a piece of code run at any time: what it mentions escapes, what it binds may change.

        This holds whatever the code does when, so it need not be run for it.
        """
        if self.lost:
            return
        found = mentions_of(node)
        if bad := sorted(found.attributes & REFLECTIVE):
            self._opened(f"code that runs at any time uses {bad[0]}")
        for each in found.imports:
            self._show_import(each, env)
        for mention in found.names:
            # What attributes are set of by name is mentioned as well, as what any are set of.
            if mention.name in REACHING and not (mention.aimed and mention.name in _SETTERS):
                self._opened(f"code that runs at any time uses {mention.name}")
            frame = self.frame_of(mention.name, env, nested=True)
            rebound = mention.stored and not mention.attributes and mention.name in found.rebound
            cell = SHOWN + mention.name
            value = self.cells.get((frame.oid, mention.name), MISSING)
            attributes = mention.attributes
            while attributes and isinstance(value, Ref) and value.kind == "module":
                frame, name, attributes = value, attributes[0], attributes[1:]
                rebound = mention.stored and not attributes
                value = self.cells.get((frame.oid, name), MISSING)
                cell = SHOWN + name
            if rebound and (frame.oid, cell.replace(SHOWN, VOLATILE)) not in self.cells:
                self.put((frame.oid, cell.replace(SHOWN, VOLATILE)), TRUE)
            if (frame.oid, cell) not in self.cells or rebound:
                self.put((frame.oid, cell), TRUE)
                if isinstance(value, Foreign):
                    if mention.stored and attributes:
                        self._opened(f"code that runs at any time changes {value.dotted}")
                    if "environ" in (*value.dotted.split("."), *attributes):
                        self.put((self.imports.oid, VOLATILE + "environ"), TRUE)
                    if not mention.called and not attributes:
                        self.escape(value)
                else:
                    self.escape(value)

    def _show_import(self, node: ast.Import | ast.ImportFrom, env: Env) -> None:
        names = [alias.name for alias in node.names]
        base = getattr(node, "module", None) or ""
        if isinstance(node, ast.ImportFrom):
            if node.level:
                package = env.module.package.split(".")
                kept = package[: len(package) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            names = [base, *(f"{base}.{name}" for name in names)]
        for name in names:
            if name.partition(".")[0] in ("builtins", "gc", "ctypes", "inspect", "importlib"):
                self._opened(f"code that runs at any time imports {name}")
            if self.modules.owns(name) and self.modules.has(name):
                loaded = self.cells.get((self.imports.oid, name), MISSING)
                if not isinstance(loaded, Ref):
                    self._opened(f"{name} may be imported at any time")
                self.escape(loaded)

    def frame_of(self, name: str, env: Env, *, nested: bool = False) -> Ref:
        """Return the frame that a name lies in; ``nested``: of code that is nested in a scope."""
        scope: Env | None = env
        innermost = not nested
        while scope is not None and scope.kind != "module":
            if name in scope.names.globals:
                break
            if name in scope.names.bound and (scope.kind != "class" or innermost):
                return scope.frame
            innermost = False
            scope = scope.outer
        return env.globals

    # Ways.

    def run(self, part: Part, conditions: Conditions = ALWAYS) -> list[Outcome]:
        """Run a part from the state there is, take back what it changed, and return how it ends."""
        waiting, mark, path = self.waiting, self.mark, self.path
        self.waiting, self.mark = [], len(self.trail)
        self.path = {**path, **dict(conditions)}
        handling, guarded, depth = len(self.handling), self.guarded, self.depth
        kind = "falls"
        try:
            value = part()
        except Exit as end:
            kind, value = end.kind, end.value
            del self.handling[handling:]
            self.guarded, self.depth = guarded, depth
        except GiveUp:
            # Whoever called the model lets its operands escape, whatever it has done by now.
            self.undo(self.mark)
            self.waiting, self.mark, self.path = waiting, mark, path
            self.guarded, self.depth = guarded, depth
            del self.handling[handling:]
            raise
        ended = Outcome(kind, value, self.delta(self.mark), self.path)
        self.tick(1 + len(ended.delta) // 8)
        outcomes = [*self.waiting, ended]
        self.undo(self.mark)
        self.waiting, self.mark, self.path = waiting, mark, path
        return outcomes

    def caught(self, part: Part) -> list[Outcome]:
        """Run a part whose exceptions are caught: what may raise does so on a way of its own."""
        self.guarded += 1
        try:
            return self.run(part)
        finally:
            self.guarded -= 1

    def wait(self, kind: str, value: Value) -> None:
        """Let a way that ends here wait at the innermost run."""
        self.tick(1 + len(self.path) // 8)
        self.waiting.append(Outcome(kind, value, self.delta(self.mark), dict(self.path)))
        alike = [each for each in self.waiting if each.kind == kind]
        if len(alike) > WAITING:
            kept = [each for each in self.waiting if each.kind != kind]
            now = self.delta(self.mark)
            self.undo(self.mark)

            def joined() -> Value:
                raise Exit(kind, self._join(alike))

            # What is taken to be so by now need not be so where they ended.
            path, self.path = self.path, {}
            waiting = self.grouped(alike)
            if len(waiting) > WAITING - 2:
                waiting = self.run(joined)
            self.path = path
            self.redo(now)
            self.waiting = [*kept, *waiting]

    def may_raise(self, why: str) -> None:
        """Something may raise an exception that nobody can name."""
        if self.guarded:
            if self.lost:
                # What is caught still runs; when it does means nothing any more.
                self.wait("raises", self.unknown(why))
                return
            atom = self.atom(why)
            path = self.path
            self.path = {**path, atom: True}
            self.wait("raises", self.unknown(why))
            self.path = {**path, atom: False}

    def adopt(self, outcome: Outcome) -> None:
        """Go on from where an outcome is."""
        self.redo(outcome.delta)
        self.path = dict(outcome.path)

    def grouped(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Join outcomes that end alike: in the same way, exceptions of the same class."""
        groups: dict[Hashable, list[Outcome]] = {}
        for each in outcomes:
            groups.setdefault((each.kind, self._class_of(each)), []).append(each)
        found: list[Outcome] = []
        for group in groups.values():
            if len(group) == 1:
                found += group
                continue
            kind = group[0].kind

            def joined(group: list[Outcome] = group, kind: str = kind) -> Value:
                value = self._join(group)
                if kind != "falls":
                    raise Exit(kind, value)
                return value

            found += self.run(joined)
        return found

    def _class_of(self, outcome: Outcome) -> Hashable:
        value = outcome.value
        if outcome.kind == "raises" and isinstance(value, Ref) and value.kind == "instance":
            return self.thing(value).type
        return None

    def settle(self, outcomes: Sequence[Outcome], kinds: frozenset[str]) -> Value:
        """Go on with what ends in one of the wanted ways; the others wait, with what they changed.

        If none ends so, leave as they do.
        """
        mine = [each for each in outcomes if each.kind in kinds]
        others = [each for each in outcomes if each.kind not in kinds]
        last = others.pop() if not mine else None
        for each in others:
            mark, path = len(self.trail), self.path
            self.adopt(each)
            self.wait(each.kind, each.value)
            self.undo(mark)
            self.path = path
        if last is not None:
            self.adopt(last)
            raise Exit(last.kind, last.value)
        return self._join(mine)

    def fork(self, parts: Iterable[tuple[Conditions, Part]]) -> Value:
        """Run parts from the same state, and join how they fall through."""
        outcomes: list[Outcome] = []
        for conditions, part in parts:
            outcomes += self.run(part, conditions)
        return self.settle(outcomes, FALLS)

    def each(self, value: Value, part: Callable[[Value], Value]) -> Value:
        """Run a part for each value that a value can be."""
        value = self.narrowed(value)
        if not isinstance(value, OneOf):
            return part(value)

        def with_(option: Option) -> Part:
            return lambda: part(option.value)

        return self.fork([(option.conditions, with_(option)) for option in value.options])

    def each_of(
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

    def decide(self, atom: Hashable, yes: Part, no: Part) -> Value:
        """Run what is to run if something is so, and what if not."""
        atom = self.number(atom)
        if atom in self.path:
            return yes() if self.path[atom] else no()
        return self.fork([(frozenset({(atom, True)}), yes), (frozenset({(atom, False)}), no)])

    def _join(self, outcomes: Sequence[Outcome]) -> Value:
        if len(outcomes) == 1:
            self.adopt(outcomes[0])
            return outcomes[0].value
        self.tick(len(outcomes) + sum(len(each.path) for each in outcomes) // 8)
        common = dict(self.path)
        for atom, so in outcomes[0].path.items():
            if all(each.path.get(atom) == so for each in outcomes[1:]):
                common[atom] = so
        own = [frozenset(each.path.items()) - frozenset(common.items()) for each in outcomes]
        if len(common) < _PATH:
            ways = own[0]
            for each_ in own[1:]:
                ways = self.either(ways, each_)
            common.update(ways)
        touched: dict[Cell, None] = {}
        for each in outcomes:
            touched.update(dict.fromkeys(each.delta))
        fresh: list[Ref] = []
        joined: list[tuple[Cell, Value]] = []
        spilled: list[Value] = []
        for cell in touched:
            oid, name = cell
            self.tick()
            if name[0] in FLAGS:
                # Flags only ever get set, and hold if they are set on any way.
                joined.append((cell, next(e.delta[cell] for e in outcomes if cell in e.delta)))
                if name == ESCAPED and not all(cell in e.delta for e in outcomes):
                    fresh.append(Ref(oid, self.things[oid].kind))
                continue
            values: list[Value] = []
            conditions: list[Conditions] = []
            old = (oid, MADE) in self.cells
            for each, held in zip(outcomes, own, strict=True):
                value = each.delta.get(cell)
                if value is None:
                    if not (old or (oid, MADE) in each.delta):
                        continue
                    value = self.cells.get(cell, MISSING)
                values.append(value)
                conditions.append(held)
            first = values[0]
            if all(value is first or value == first for value in values):
                joined.append((cell, first))
                continue
            merged = self.merged([Option(*each) for each in zip(values, conditions, strict=True)])
            if merged is None:
                spilled += values
                merged = Unknown("it is one of too many values", self.at())
            joined.append((cell, merged))
        self.path = common
        joined += [((oid, UNORDERED), TRUE) for oid in self._unordered(outcomes, touched)]
        for cell, value in joined:
            if self.cells.get(cell) != value:
                self.put(cell, value)
        for ref in fresh:
            for reached in self._reached(ref):
                self.escape(reached)
        # What is shown or escaped on one way is so for what another way put there.
        for cell, value in joined:
            oid, name = cell
            if name.startswith(SHOWN):
                self.escape(self.cells.get((oid, name[len(SHOWN) :]), MISSING))
            elif name[0] not in FLAGS and (
                (oid, ESCAPED) in self.cells or (oid, SHOWN + name) in self.cells
            ):
                self.escape(value)
        for lost in spilled:
            self.escape(lost)
        result = self.merged(
            [Option(each.value, path) for each, path in zip(outcomes, own, strict=True)]
        )
        if result is None:
            return self.unknown("it is one of too many values", *(e.value for e in outcomes))
        return result

    def _unordered(self, outcomes: Sequence[Outcome], touched: Iterable[Cell]) -> list[int]:
        """Return what gets names in one order on one way, and in another on another."""
        new: dict[int, set[Cell]] = {}
        for cell in touched:
            if self.things[cell[0]].kind in _NAMING and cell not in self.cells:
                new.setdefault(cell[0], set()).add(cell)
        return [
            oid
            for oid, cells in new.items()
            if len(cells) > 1
            and len({tuple(cell for cell in each.delta if cell in cells) for each in outcomes}) > 1
        ]

    def merged(self, options: Sequence[Option]) -> Value | None:
        """Return one value for several; nothing where they are too many."""
        found: dict[Value, Conditions] = {}
        for option in options:
            inner = option.value
            nested = inner.options if isinstance(inner, OneOf) else (Option(inner, ALWAYS),)
            for each in nested:
                conditions = option.conditions | each.conditions
                if len({atom for atom, _ in conditions}) < len(conditions):
                    continue
                kept = found.get(each.value)
                found[each.value] = conditions if kept is None else self.either(kept, conditions)
        if len(found) == 1:
            return next(iter(found))
        if not found or len(found) > ONE_OF:
            return None
        return OneOf(tuple(Option(value, conditions) for value, conditions in found.items()))

    def either(self, one: Conditions, other: Conditions) -> Conditions:
        """Return what has to be so where one of two has to be."""
        if one <= other or other <= one:
            return one & other
        differ = one ^ other
        if len(differ) == 2 and len({atom for atom, _ in differ}) == 1:
            # It does not matter whether that is so.
            return one & other
        ways = {*self.ways(one), *self.ways(other)}
        if len(ways) > _WAYS:
            return (one & other) | {(self.number(OTHERWISE), True)}
        choice = self.number((EITHER, frozenset(ways)))
        self._choices.add(choice)
        return (one & other) | {(choice, True)}

    def possible(self, option: Option) -> bool:
        """Say whether an option can be, on the way that is followed."""
        path = self.path
        if not super().possible(option):
            return False
        open_ = frozenset((atom, True) for atom in path.keys() & self._choices if path[atom])
        if not open_ and not any(atom in self._choices for atom, _ in option.conditions):
            return True
        ways = self.ways(option.conditions | open_)
        return any(all(path.get(atom, so) == so for atom, so in way) for way in ways)

    def ways(self, conditions: Conditions) -> list[Conditions]:
        """Return the ways in which conditions can hold, each without a choice in it.

        Where they are too many, choices are left out.
        """
        found = self._ways.get(conditions)
        if found is None:
            found = self._ways[conditions] = self._ways_of(conditions)
        return found

    def _ways_of(self, conditions: Conditions) -> list[Conditions]:
        plain: list[tuple[Atom, bool]] = []
        choices: list[Iterable[Conditions]] = []
        for atom, so in conditions:
            words = self.atoms[atom][0] if isinstance(atom, int) else atom
            if isinstance(words, tuple) and words[0] == EITHER:
                choices.append(words[1])
            else:
                plain.append((atom, so))
        found: list[Conditions] = [frozenset(plain)]
        for ways in choices:
            more = [one | other for one in found for other in ways]
            more = [each for each in more if len({atom for atom, _ in each}) == len(each)]
            if not more:
                return []
            if len(more) <= 3 * _WAYS:
                found = more
        return found

    # Exceptions.

    def raise_(self, name: str, *args: Value) -> NoReturn:
        """Raise a builtin exception, whose words are Python's and not those that stand here."""
        made = self.exception(Foreign(f"builtins.{name}"), args)
        if args and isinstance(args[0], Const):
            self.messages[made.oid] = str(args[0].value)
        if name not in _OWN_ARGUMENTS:
            self.put((made.oid, "args"), self.unknown("the words of an exception are not known"))
        raise Exit("raises", made)

    def exception(self, kind: Value, args: Sequence[Value]) -> Ref:
        """Make an exception."""
        ref = self.alloc(Thing("instance", type=kind))
        self.put((ref.oid, "args"), Tuple(tuple(args)))
        if (at := self.at()) is not None:
            self.places[ref.oid] = at
        return ref

    def maybe(self, atom: Hashable, value: Value, otherwise: str, *args: Value) -> Value:
        """Return a value if something is so, and raise an exception if not."""

        def no() -> Value:
            self.raise_(otherwise, *args)

        return self.decide(atom, lambda: value, no)

    # Containers.

    def new_list(self, items: Iterable[Value], *, shuffled: bool = False) -> Ref:
        """Make a list."""
        ref = self.alloc(Thing("list"))
        self.put((ref.oid, ALL), Tuple(tuple(items), shuffled))
        return ref

    def new_set(self, content: Value) -> Ref:
        """Make a set of what is in a frozenset, or of what is not known."""
        ref = self.alloc(Thing("set"))
        self.put((ref.oid, ALL), content)
        return ref

    def new_dict(self, content: Value) -> Ref:
        """Make a dict."""
        ref = self.alloc(Thing("dict"))
        self.put((ref.oid, ALL), content)
        return ref


def _texts(value: Value) -> tuple[tuple[str, ...], bool]:
    """Return the texts that an argument is known to be one of, and whether that is all."""
    every = values_of(value)
    found = [text for each in every if (text := _text(each))]
    return tuple(dict.fromkeys(found)), bool(found) and len(found) == len(every)


def _flags(value: Value) -> tuple[tuple[str, ...], bool]:
    """Return what an argument is known to be that says whether something is done."""
    every = values_of(value)
    found = [
        each.dotted if isinstance(each, Foreign) else str(each.value)
        for each in every
        if isinstance(each, (Const, Foreign))
    ]
    return tuple(dict.fromkeys(found)), len(found) == len(every)


def _text(value: object) -> str | None:
    """Return a text with what is not known of it; ``None`` where nothing is, or it is too long."""
    match value:
        case Const(value=str(text)):
            return text if len(text) <= _TEXT else None
        case File(parts=parts):
            return OWN + "/".join(parts)
        case Tuple(items=items) if any(map(_text, items)):
            return " ".join(_number(each) or _part(each) for each in items)[:_TEXT]
        case Opaque(type="str", key=("joined" | "add", *parts)):
            found = "".join(map(_part, parts))[:_TEXT]
            return found if found.replace(UNKNOWN, "") else None
        case Opaque(key=("env", Const(value=str(name)), *_)):
            return f"${{{name}}}"
        case Opaque(key=("int" | "str" | "strip" | "rstrip", inner, *_)):
            return _text(inner)
        case Opaque(key=("format", inner, -1, "")):
            return _text(inner)
        case _:
            return None


def _part(value: object) -> str:
    text = _text(value)
    return UNKNOWN if text is None else text


def _number(value: Value) -> str:
    return str(value.value) if isinstance(value, Const) and type(value.value) is int else ""
