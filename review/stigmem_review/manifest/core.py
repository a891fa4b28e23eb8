"""What all parts of the evaluator share: its state, what a reading leans on, and its limits."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from stigmem_review import limits
from stigmem_review.code.modules import Modules
from stigmem_review.code.scope import Scope
from stigmem_review.host import Node
from stigmem_review.manifest.contacts import Contact
from stigmem_review.manifest.frames import Followed, Place, Step, Stop, Use
from stigmem_review.manifest.leaks import Leaks, Shape
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    Made,
    MadeManifest,
    Mapping,
    Value,
)
from stigmem_review.model import Location
from stigmem_review.text import shorten

T = TypeVar("T")

ANY = ""
"""In place of a module: whichever module mentions the name."""
TOO_MANY = f"reading it takes more than {limits.EVALUATION_STEPS:,} steps"
COLLECTIONS = ("frozenset", "set", "tuple", "list")
BUILTINS = frozenset({*COLLECTIONS, "bool", "dict", "len", "sorted", "str"})
_HOST = ("stigmem_node.plugins", "stigmem_node.plugins.manifest")
MANIFEST_CLASSES = frozenset(f"{module}.PluginManifest" for module in _HOST)
CAPABILITY = frozenset(
    {"stigmem_node.plugins.Capability", "stigmem_node.plugins.capabilities.Capability"}
)
HOOK_NAME = frozenset({"stigmem_node.plugins.HookName", "stigmem_node.plugins.hooks.HookName"})
SET_OPERATORS: dict[type[ast.operator], str] = {
    ast.Sub: "difference",
    ast.BitAnd: "intersection",
    ast.BitXor: "symmetric_difference",
}
READING_ALL = frozenset({"extend", "join", "union", "update", *SET_OPERATORS.values()})
"""Methods that read all of what they are given at once, and do not keep it."""


class Own(NamedTuple):
    """The distribution that is read: what it is called, and its version."""

    name: str
    version: str


class Way(NamedTuple):
    """Which way was taken where a condition is not known."""

    condition: str
    at: Location
    taken: bool


class Export(NamedTuple):
    """What a star import of a module brings along: what the modules of these bits provide."""

    own: int
    every: int
    leaning: Followed


class Exports:
    """What star imports bring along, each module once however many import it.

    Modules are bits, so that what is brought through many of them is one number.
    """

    def __init__(self) -> None:
        self.of: dict[str, Export | None] = {}
        """By module; ``None`` where that cannot be told."""
        self.brought: dict[str, Export | None] = {}
        """What all star imports of a module bring it."""
        self._modules: list[str] = []
        self._providers: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def provide(self, module: str, names: Iterable[str], *, open_package: bool) -> int:
        """Return the bit of a module that provides names.

        A star import of an ``open_package`` also brings submodules that something imported.
        """
        bit = 1 << len(self._modules)
        self._modules.append(module)
        for name in names:
            self._providers[name] = self._providers.get(name, 0) | bit
        if open_package:
            self._open[module] = bit
        return bit

    def providers(self, name: str, among: int) -> list[str]:
        """Return the modules that provide a name."""
        found = among & self._providers.get(name, 0)
        return [self._modules[index] for index in _bits(found)]

    def packages(self, name: str, among: int) -> Iterable[str]:
        """Return packages that do not provide a name, but may have a submodule of it."""
        among &= ~self._providers.get(name, 0)
        return [module for module, bit in self._open.items() if among & bit]


def _bits(number: int) -> Iterable[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


class Trace:
    """What the reading of one expression leans on."""

    def __init__(self, steps: list[Step]) -> None:
        self.seen: set[int] = set()
        """The ids of the syntax nodes whose reading is accounted for."""
        self.uses: set[Use] = set()
        walked: set[int] = set()
        waiting = [steps]
        while waiting:
            for step in waiting.pop():
                if isinstance(step, int):
                    self.seen.add(step)
                elif isinstance(step, Use):
                    self.uses.add(step)
                elif id(step) not in walked:
                    walked.add(id(step))
                    waiting.append(step.trace)


class Core(ABC):
    """The state of one reading."""

    def __init__(self, modules: Modules, node: Node, own: Own | None = None) -> None:
        """``own`` is the distribution that the modules are of, where that is known."""
        self.modules = modules
        self.node = node
        self.unaccounted: set[int] = set()
        """The ids of nodes that one reading could not account for, whatever another one said."""
        self.accounted: set[int] = set()
        """The ids of nodes in statements that were read, whether or not their values matter."""
        self.handed: dict[Use, set[Use]] = {}
        """Functions that were found to give away what can be changed, by the names of that."""
        self.called: dict[int, tuple[str, ast.FunctionDef]] = {}
        """Functions that were followed where they are called, and the modules they stand in."""
        self._own = own
        self._plan: list[bool] | None = None
        self._ways: list[Way] = []
        self._steps = 0
        self._depth = 0
        self._chars = 0
        self._trace: list[Step] = []
        self._followed: dict[tuple[str, int, str, str], Followed] = {}
        self._scopes: dict[int, Scope] = {}
        self._leaks: dict[int, Leaks] = {}
        self._shapes: dict[int, Shape] = {}
        self.alive: set[int] = set()
        """The ids of statements of followed functions that ran, on any way through them."""
        self.untaken: dict[int, ast.expr] = {}
        self.taken: set[int] = set()
        """Parts of conditional expressions that were passed by, and those that were read."""
        self._calls = 0
        self._runs = 0
        """Functions that were followed so far, where they are called."""
        self._comprehending = 0
        self._star_imports: dict[str, list[str]] = {}
        self._exports = Exports()
        self._begun: dict[str, frozenset[str]] = {}
        self._importing = ""
        """The module whose own code gives the value that is looked for, while it is imported."""
        self._loads: dict[str, frozenset[str]] = {}
        self._members: dict[int, dict[str, str] | None] = {}
        self._blocks: dict[int, dict[str, list[tuple[ast.stmt, Scope]]]] = {}
        self._branches: dict[str, dict[int, ast.stmt]] = {}
        self._imported: dict[int, tuple[bool, Followed]] = {}
        """Which way statements of modules go, on the path that is followed."""
        self._contacts: dict[int, list[Contact]] = {}
        self._sizes: dict[int, int] = {}
        self._conditions: dict[int, str] = {}

    @abstractmethod
    def evaluate(self, node: ast.expr, place: Place) -> Value:
        """Return the value of an expression, or that it is unknown, where and why."""

    def count(self, node: ast.AST, place: Place, steps: int = 1) -> None:
        """Count steps. Raises ``Stop`` where they are too many."""
        self._steps += steps
        if self._steps > limits.EVALUATION_STEPS:
            raise Stop(place.unknown(TOO_MANY, node))

    def trace(self, control: list[Step] | None = None) -> Trace:
        """Return what the latest run leans on."""
        return Trace([*self._trace, *(control or ())])

    def _forget(self, start: int) -> None:
        waiting = [self._trace[start:]]
        while waiting:
            for step in waiting.pop():
                if isinstance(step, int):
                    self.unaccounted.add(step)
        del self._trace[start:]

    def _unsee(self, start: int) -> None:
        """Keep what the latest steps lean on, but not that the code was accounted for."""
        self._trace[start:] = [step for step in self._trace[start:] if not isinstance(step, int)]

    def _weigh(self, values: Iterable[Value]) -> None:
        """Count as steps what it takes to look through collections."""
        for value in values:
            match value:
                case Collection(items=items):
                    self._steps += len(items)
                case Mapping(pairs=pairs):
                    self._steps += len(pairs)
                case _:
                    pass

    def _copied(self, items: tuple[T, ...]) -> tuple[T, ...]:
        """Return items that are put into something new, unless they are too many by now."""
        self._steps += len(items)
        return items if self._steps <= limits.EVALUATION_STEPS else ()

    def _text(self, text: str, node: ast.AST, place: Place) -> Value:
        self._chars += len(text)
        if self._chars > limits.TEXT_CHARS:
            return place.unknown(
                f"more than {limits.TEXT_CHARS:,} characters of text are put together", node
            )
        return Const(text, place.module.at(node))

    def _keeps_hold(self, item: Value, owner: ast.expr, place: Place) -> bool:
        """Say whether it is seen that something in a collection gets another name."""
        if place.frame is None or not changeable(item):
            return True
        while isinstance(owner, (ast.Attribute, ast.Subscript)):
            owner = owner.value
        if not isinstance(owner, ast.Name):
            return False
        return not place.frame.has(owner.id) or owner.id in place.frame.leaking


def changeable(value: Value) -> bool:
    """Say whether a value, or one inside it, could be changed in place."""
    match value:
        case Collection(kind="tuple" | "frozenset"):
            return not all(isinstance(item, (Const, Definition, Made)) for item in value.items)
        case Collection() | Mapping() | MadeManifest():
            return True
        case _:
            return False


def is_deep(value: Value) -> bool:
    """Say whether something inside a value could be changed in place."""
    match value:
        case Collection(items=items):
            return any(map(changeable, items))
        case Mapping(pairs=pairs):
            return any(changeable(item) for _, item in pairs)
        case _:
            return False


def unordered(value: Collection) -> bool:
    """Say whether the order of a collection's items is up to chance."""
    return value.kind in ("set", "frozenset") and len(value.items) > 1


def brief(name: str) -> str:
    return shorten(name, 80)


def called_name(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "a call"
    return shorten(".".join([node.id, *reversed(parts)]), 80) + "()"
