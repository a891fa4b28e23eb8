"""The values an expression can have for a reader who never runs it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from stigmem_review.model import Location, Unknown

if TYPE_CHECKING:
    from stigmem_review.manifest.frames import Followed, Place

Scalar = str | int | float | bool | bytes | None


class Const(msgspec.Struct, frozen=True):
    """A constant."""

    value: Scalar
    at: Location


class Collection(msgspec.Struct, frozen=True):
    """A list, tuple, set or frozenset (``kind``) whose every item was followed."""

    kind: str
    items: tuple[Value, ...]
    at: Location


class Mapping(msgspec.Struct, frozen=True):
    """A dict whose every key and value was followed, in order, later keys winning."""

    pairs: tuple[tuple[Value, Value], ...]
    at: Location


class Definition(msgspec.Struct, frozen=True):
    """A function or class (``kind``) that this distribution defines.

    ``bound`` if it is a method that an object is given to as its first argument.
    """

    kind: str
    module: str
    qualname: str
    at: Location
    bound: bool = False

    @property
    def target(self) -> str:
        """The ``module:qualname`` it is known by."""
        return f"{self.module}:{self.qualname}"


class Made(msgspec.Struct, frozen=True):
    """An object that a module of this distribution makes by a call and binds to a name, once."""

    module: str
    name: str
    at: Location

    @property
    def target(self) -> str:
        """The ``module:name`` it is known by."""
        return f"{self.module}:{self.name}"


class Result(msgspec.Struct, frozen=True):
    """What a call of something foreign returned: an object of which nothing else is known."""

    at: Location


class Instance(msgspec.Struct, frozen=True):
    """An object of a plain class of this distribution."""

    made_of: Definition
    at: Location


class Member(msgspec.Struct, frozen=True):
    """A member of a plain enumeration of this distribution; ``text`` if it is a text as well."""

    value: str
    text: bool
    at: Location


class FilePath(msgspec.Struct, frozen=True):
    """A path among the files of this distribution; ``text`` while it is still a text."""

    path: str
    text: bool
    at: Location


class ModuleValue(msgspec.Struct, frozen=True):
    """A module of this distribution."""

    name: str
    at: Location


class Foreign(msgspec.Struct, frozen=True):
    """Something that another distribution, or the standard library, provides."""

    dotted: str
    at: Location


class Given(msgspec.Struct, frozen=True):
    """One keyword of a call and what reading it leans on.

    Its expression, and where that stands, are absent where a dict is spread.
    """

    name: str
    value: Value
    followed: Followed
    at: Location
    expression: ast.expr | None
    place: Place | None


class MadeManifest(msgspec.Struct, frozen=True):
    """What a call of the host's manifest class makes; ``spread`` says why it may be given more."""

    given: tuple[Given, ...]
    spread: Unknown | None
    at: Location


class Raised(msgspec.Struct, frozen=True):
    """Nothing: an exception leaves the function here."""

    at: Location


Value = (
    Const
    | Collection
    | Mapping
    | Definition
    | Made
    | Result
    | Instance
    | Member
    | FilePath
    | ModuleValue
    | Foreign
    | Unknown
    | MadeManifest
)
