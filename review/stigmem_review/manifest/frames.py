"""Where an expression stands, and what the names of a running function stand for there."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import msgspec

from stigmem_review.code.modules import Module
from stigmem_review.code.scope import Scope
from stigmem_review.manifest.values import Raised, Value
from stigmem_review.model import Unknown


class Use(msgspec.Struct, frozen=True):
    """A name that a value was reached through, and the module that it belongs to.

    ``changeable``: it stands for something that other code could change in place.
    """

    name: str
    module: str
    changeable: bool = False


class Followed(msgspec.Struct):
    """What a name was found to stand for, and what that leans on."""

    value: Value
    trace: list[Step]


Step = int | Use | Followed


class Frame(msgspec.Struct):
    """The names of one call of a function.

    ``names`` are all that are its own; ``control`` is what the ways taken lean on; ``loose`` are
    names that other code gives values, too; the values of ``leaking`` ones may have other names.
    ``owner`` is the function, as live code names it.
    """

    names: set[str]
    values: dict[str, Followed | ast.AST] = msgspec.field(default_factory=dict)
    control: list[Step] = msgspec.field(default_factory=list)
    loose: dict[str, Unknown] = msgspec.field(default_factory=dict)
    leaking: frozenset[str] = frozenset()
    owner: str = ""

    def has(self, name: str) -> bool:
        return name in self.names

    def keep(self, name: str, followed: Followed) -> None:
        """Give a name a value."""
        self.values[name] = self._unless_loose(name, followed)

    def put(self, name: str, unknown: Unknown) -> None:
        """Take a name's value for unknown."""
        if name in self.names:
            self.values[name] = Followed(unknown, [])

    def change(self, name: str, followed: Followed) -> None:
        """Give a name the value that what it stands for was changed to."""
        was = self.values.get(name)
        before: list[Step] = [was] if isinstance(was, Followed) else []
        changed = Followed(followed.value, [*before, *followed.trace])
        self.values[name] = self._unless_loose(name, changed)

    def loosen(self, names: Iterable[str], why: Unknown) -> None:
        """Take names for unknown whatever they are given: other code gives them values, too."""
        for name in names:
            self.loose[name] = why
            self.values[name] = Followed(why, [])

    def _unless_loose(self, name: str, followed: Followed) -> Followed:
        return Followed(self.loose[name], []) if name in self.loose else followed

    def define(self, name: str, node: ast.AST) -> None:
        """Bind a name to a definition or an import, which is followed where it is read."""
        self.values[name] = Followed(self.loose[name], []) if name in self.loose else node

    def inner(self, names: Iterable[str]) -> Frame:
        """Return the frame of a comprehension, whose names are its own."""
        values = {**self.values}
        every = {*self.names, *names}
        return Frame(every, values, self.control, self.loose, self.leaking, self.owner)


class Place(msgspec.Struct, frozen=True):
    """Where an expression stands: its module and, inside a function, its scope and its frame."""

    module: Module
    local: Scope | None = None
    qualname: str = ""
    frame: Frame | None = None

    def unknown(self, why: str, node: ast.AST) -> Unknown:
        return Unknown(why, self.module.at(node))


class Leaves(Exception):  # noqa: N818 - what the followed function does, not an error of ours
    """An exception leaves the function that is followed."""

    def __init__(self, raised: Raised) -> None:
        super().__init__()
        self.raised = raised


class Stop(Exception):  # noqa: N818 - not an error: it carries the answer out of the reading
    """What is read cannot be followed any further."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.why)
        self.unknown = unknown
