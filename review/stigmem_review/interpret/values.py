"""What an expression can stand for. Values never change; what changes is in the heap's cells.

So none can lead back to itself, and the garbage collector has nothing to look for in them.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import msgspec

from stigmem_review.model import Location

Atom = Hashable
"""Something that is so or not, in one run of the node: what a condition is made of."""
Conditions = frozenset[tuple[Atom, bool]]
ALWAYS: Final[Conditions] = frozenset()


class _Alike(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What says what it is equal to, and so what it is not: a struct answers that by itself."""

    def __ne__(self, other: object) -> bool:
        return not self == other


class Const(_Alike, frozen=True, eq=False, gc=False):
    """A constant of a builtin type; ``1``, ``1.0`` and ``True`` are three of them.

    ``at`` is where it is written, if it is; constants are equal wherever that is.
    """

    value: Any
    at: Location | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Const) or type(other.value) is not type(self.value):
            return False
        if type(self.value) is str:
            return bool(other.value == self.value)
        return repr(other.value) == repr(self.value)

    def __hash__(self) -> int:
        value = self.value
        return hash(value) if type(value) is str else hash((type(value), repr(value)))

    def __repr__(self) -> str:
        return f"Const({self.value!r})"


class Tuple(msgspec.Struct, frozen=True, gc=False):
    """A tuple, or what is in a list; ``shuffled`` if the order of its items is up to chance.

    ``named`` is the class of a tuple whose items have names.
    """

    items: tuple[Value, ...]
    shuffled: bool = False
    named: Ref | None = None


class Frozen(_Alike, frozen=True, eq=False, gc=False):
    """A frozenset, or what is in a set: items of which no two are equal, by their keys."""

    pairs: tuple[tuple[Hashable, Value], ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and dict(self.pairs) == dict(other.pairs)

    def __hash__(self) -> int:
        return hash(frozenset(key for key, _ in self.pairs))

    @property
    def items(self) -> tuple[Value, ...]:
        """The items, in no order that would mean anything."""
        return tuple(value for _, value in self.pairs)


class Pairs(msgspec.Struct, frozen=True, gc=False):
    """What is in a dict: keys as they are compared, keys as they are, and values, in order."""

    items: tuple[tuple[Hashable, Value, Value], ...]
    shuffled: bool = False


class Ref(msgspec.Struct, frozen=True, gc=False):
    """An object on the heap: its number, and what kind of object it is."""

    oid: int
    kind: str


class Bound(msgspec.Struct, frozen=True, gc=False):
    """A method of an object of the program."""

    function: Value
    owner: Value


class Method(msgspec.Struct, frozen=True, gc=False):
    """A method of an object of a builtin type."""

    owner: Value
    name: str


class View(msgspec.Struct, frozen=True, gc=False):
    """The keys, values or items of a dict, as they are when it is looked at.

    ``proxy`` is a dict that cannot be changed by this view, ``names`` the dict of an object.
    """

    owner: Ref
    kind: str


class Wrapped(msgspec.Struct, frozen=True, gc=False):
    """A property, static method, class method or the like, around a function."""

    kind: str
    function: Value


class Foreign(msgspec.Struct, frozen=True, gc=False):
    """Something that another distribution or the standard library provides, by its name."""

    dotted: str


class Member(_Alike, frozen=True, eq=False, gc=False):
    """A member of an enumeration; ``mixin`` is ``str``, ``StrEnum``, ``int`` or nothing.

    ``at`` is where it is named; it is the same one wherever that is.
    """

    enum: Ref | Foreign
    name: str
    value: Value
    mixin: str = ""
    at: Location | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Member) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> Hashable:
        return self.enum, self.name, self.value, self.mixin


class Opaque(msgspec.Struct, frozen=True, gc=False):
    """A value of a builtin type that only the running node has; equal keys, equal values."""

    type: str
    key: Hashable


class File(msgspec.Struct, frozen=True, gc=False):
    """A path below the folder that the distribution is installed in; ``text``: as a text."""

    parts: tuple[str, ...]
    text: bool = False


class Option(msgspec.Struct, frozen=True, gc=False):
    """One of several values, and what has to be so for it."""

    value: Value
    conditions: Conditions


class OneOf(msgspec.Struct, frozen=True, gc=False):
    """One of several values."""

    options: tuple[Option, ...]


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """What cannot be told, why, and where. Only ``Machine.unknown`` makes one.

    ``api`` is the dotted name by which events speak of it, where others gave it: ``name()`` for
    what a call gives, ``?`` and ``?.name`` for what comes from nobody knows whom. It is empty where
    it may as well be something of the program. ``owner`` is the object whose class had it: what is
    found there may be bound to the object, as a method is.
    """

    why: str
    at: Location | None
    api: str = ""
    owner: Value | None = None


class Missing(msgspec.Struct, frozen=True, gc=False):
    """What an unbound name has: no value."""


Value = (
    Const
    | Tuple
    | Frozen
    | Pairs
    | Ref
    | Bound
    | Method
    | View
    | Wrapped
    | Foreign
    | Member
    | Opaque
    | File
    | OneOf
    | Unknown
    | Missing
)

MISSING: Final = Missing()
NONE: Final = Const(None)
TRUE: Final = Const(True)
FALSE: Final = Const(False)


def values_of(value: Value) -> list[Value]:
    """Return all that a value can be."""
    return [each.value for each in value.options] if isinstance(value, OneOf) else [value]


def variable_in(value: Hashable) -> str:
    """Return the environment variable that a value of the node is made of; empty if none is."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case ("env", Const(value=str(name)), *_):
                return name
            case tuple() as parts:
                waiting += parts
            case Opaque(key=key):
                waiting.append(key)
            case _:
                pass
    return ""


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def flag(value: bool) -> Const:
    """Return a truth value."""
    return TRUE if value else FALSE
