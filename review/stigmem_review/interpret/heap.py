"""Objects, the cells they consist of, and a trail by which every change can be undone."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import msgspec

from stigmem_review.interpret.values import MISSING, OneOf, Option, Ref, Value

if TYPE_CHECKING:
    from stigmem_review.interpret.environment import Env

Cell = tuple[int, str]
Delta = dict[Cell, Value]
Site = tuple["Env | None", ast.AST | None]
"""A piece of code, and the scope it runs in."""

ALL = "*"
"""The cell for what is in a list, dict or set."""
MADE = "!"
"""The cell that says that an object was made."""
ESCAPED = "?"
"""The cell that says that code which cannot be seen may change the object at any time."""
SHOWN = "~shown "
"""Before the name of a cell: what is in it reaches code that runs at any time."""
FLAGS = "!?~"
"""What the names of cells begin with that are set once, and never changed."""
VOLATILE = "~volatile "
"""Before the name of a cell: code that runs at any time may write it."""
UNORDERED = "~unordered"
"""The cell that says that nobody knows in which order an object got its names."""


FINISHED = "~finished"
"""The cell that says that the statement that makes a class is at its end."""


class Thing(msgspec.Struct):
    """What never changes of an object."""

    kind: str
    name: str = ""
    node: ast.AST | None = None
    env: Env | None = None
    defaults: tuple[tuple[str, Value], ...] = ()
    bases: tuple[Value, ...] = ()
    mro: tuple[Value, ...] = ()
    traits: frozenset[str] = frozenset()
    type: Value = MISSING
    extra: Any = None
    site: Site = (None, None)
    """Where it was made."""
    cells: dict[str, None] = msgspec.field(default_factory=dict)
    """Every cell it ever had, in the order in which they were first written."""


class Heap:
    """The state of the program: one map of cells."""

    def __init__(self) -> None:
        self.cells: dict[Cell, Value] = {}
        self.things: list[Thing] = []
        self.trail: list[tuple[Cell, Value | None]] = []
        self.path: dict[Hashable, bool] = {}
        """What is taken to be so on the way that is followed."""
        self.site: Site = (None, None)
        """What runs."""

    def alloc(self, thing: Thing) -> Ref:
        """Make an object."""
        thing.site = self.site
        self.things.append(thing)
        ref = Ref(len(self.things) - 1, thing.kind)
        self.put((ref.oid, MADE), ref)
        return ref

    def thing(self, ref: Ref) -> Thing:
        """Return what never changes of an object."""
        return self.things[ref.oid]

    def put(self, cell: Cell, value: Value) -> None:
        """Set a cell, whatever it is; ``Machine.write`` is what programs write with."""
        old = self.cells.get(cell)
        if old is None:
            self.things[cell[0]].cells[cell[1]] = None
        self.trail.append((cell, old))
        self.cells[cell] = value

    def undo(self, mark: int) -> None:
        """Take back every change since a mark."""
        trail, cells = self.trail, self.cells
        while len(trail) > mark:
            cell, old = trail.pop()
            if old is None:
                del cells[cell]
            else:
                cells[cell] = old

    def delta(self, mark: int) -> Delta:
        """Return every cell that was changed since a mark, with what is in it now."""
        return {cell: self.cells[cell] for cell, _ in self.trail[mark:]}

    def redo(self, delta: Delta) -> None:
        """Make changes again."""
        for cell, value in delta.items():
            self.put(cell, value)

    def has(self, cell: Cell) -> bool:
        """Say whether a cell has a value."""
        return cell in self.cells

    def narrowed(self, value: Value) -> Value:
        """Return a value without the options that cannot be on the way that is followed."""
        if not isinstance(value, OneOf) or not self.path:
            return value
        kept = [each for each in value.options if self.possible(each)]
        if not kept or len(kept) == len(value.options):
            return value
        return kept[0].value if len(kept) == 1 else OneOf(tuple(kept))

    def possible(self, option: Option) -> bool:
        """Say whether an option can be, on the way that is followed."""
        path = self.path
        return all(path.get(atom, so) == so for atom, so in option.conditions)
