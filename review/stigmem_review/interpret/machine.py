"""The machine: how a program runs on values that may be one of several, or unknown.

A statement or expression is run directly. Where the way is not known, each way is run from the
same state, and what they changed is joined (``fork``). Whatever leaves a piece of code otherwise
than by falling through waits with its changes until something takes it.

It is built in layers: cells (``heap``), what a run has besides (``state``), reading, writing and
what escapes (``escape``), forks and joins (``ways``), and here what all of them offer to the code
that knows the language.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NoReturn

from stigmem_review.code.modules import Unusable
from stigmem_review.code.names import Function
from stigmem_review.interpret.ends import Exit, GiveUp, Lost, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import ALL, Thing
from stigmem_review.interpret.values import (
    NONE,
    Const,
    File,
    Foreign,
    Member,
    OneOf,
    Ref,
    Tuple,
    Value,
)
from stigmem_review.interpret.ways import Ways

DEPTH = 40
_OWN_ARGUMENTS = frozenset({"KeyError", "AssertionError", "SystemExit", "StopIteration"})
"""Exceptions that are raised with what the program has, not with words."""
PATHS = ("pathlib.", "anyio.Path")
"""What the names of paths begin with that others gave."""
LOADING = "~loading"
"""The flag that says that entry points were looked up, so what is not known may be one of them."""


class Machine(Ways, ABC):
    """State, forks and escapes; what runs expressions and calls is added above."""

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

    @abstractmethod
    def answers(self, function: Value, response: Value = NONE) -> None:
        """Have a function answer a path, or be depended on by what does."""

    @abstractmethod
    def is_modelled(self, name: str) -> bool:
        """Say whether an attribute of this name decides what models give."""

    @abstractmethod
    def is_object(self, dotted: str) -> bool:
        """Say whether something of another distribution is known to be one object, by its name."""

    @abstractmethod
    def overrides(self, kind: Value, names: tuple[str, ...]) -> bool:
        """Say whether a class, or one it is made of, may have methods of its own of some names."""

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
