"""The values an expression can have for a reader who never runs it."""

from __future__ import annotations

from dataclasses import dataclass

from stigmem_review.model import Location, Unknown

Scalar = str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True)
class Const:
    """A constant."""

    value: Scalar
    at: Location


@dataclass(frozen=True, slots=True)
class Collection:
    """A list, tuple, set or frozenset (``kind``) whose every item was followed."""

    kind: str
    items: tuple[Value, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict whose every key and value was followed, in order, later keys winning."""

    pairs: tuple[tuple[Value, Value], ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class (``kind``) that this distribution defines."""

    kind: str
    module: str
    qualname: str
    at: Location

    @property
    def target(self) -> str:
        """The ``module:qualname`` it is known by."""
        return f"{self.module}:{self.qualname}"


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a module of this distribution makes by a call and binds to a name, once."""

    module: str
    name: str
    at: Location

    @property
    def target(self) -> str:
        """The ``module:name`` it is known by."""
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a call of something foreign returned: an object of which nothing else is known."""

    at: Location


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of this distribution."""

    name: str
    at: Location


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that another distribution, or the standard library, provides."""

    dotted: str
    at: Location


Value = Const | Collection | Mapping | Definition | Made | Result | ModuleValue | Foreign | Unknown
