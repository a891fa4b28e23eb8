"""Reads the value of an expression from its syntax, following names to their one binding.

Sound before complete: a name counts only if its scope binds it exactly once and plainly, so that
its value does not depend on when it is read. What is not listed here is unknown, with the reason.
What live code could still change behind a name's back is looked at in ``factory``.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

from packaging.utils import canonicalize_name

from stigmem_review import limits
from stigmem_review.host import Node
from stigmem_review.manifest.data import LOADERS, READERS, content, led_to, loaded
from stigmem_review.manifest.frames import Followed, Frame, Leaves, Place, Step, Stop, Use
from stigmem_review.manifest.modules import Module, Modules, Unusable
from stigmem_review.manifest.operations import (
    SETS,
    changed,
    compared,
    constants,
    item_of,
    of_sets,
    of_text,
    truth,
)
from stigmem_review.manifest.statements import COPYING, Body, Leaks, leaks_of
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    FilePath,
    Foreign,
    Given,
    Instance,
    Made,
    MadeManifest,
    Mapping,
    Member,
    ModuleValue,
    Raised,
    Result,
    Value,
)
from stigmem_review.model import Location, Unknown
from stigmem_review.syntax.live import PRIVATE, local_to
from stigmem_review.syntax.scope import Binding, Function, Scope, scope_of
from stigmem_review.text import shorten

T = TypeVar("T")

ANY = ""
"""In place of a module: whichever module mentions the name."""

_COLLECTIONS = ("frozenset", "set", "tuple", "list")
_BUILTINS = frozenset({*_COLLECTIONS, "bool", "dict", "len", "sorted", "str"})
_HOST = ("stigmem_node.plugins", "stigmem_node.plugins.manifest")
MANIFEST_CLASSES = frozenset(f"{module}.PluginManifest" for module in _HOST)
_CAPABILITY = frozenset(
    {"stigmem_node.plugins.Capability", "stigmem_node.plugins.capabilities.Capability"}
)
_KEEPING = frozenset(
    {"stigmem_node.plugins.handler_timeout", "stigmem_node.plugins.handlers.handler_timeout"}
)
_ENUMERATIONS = frozenset({"enum.Enum", "enum.StrEnum"})
_FILES = frozenset({"importlib.resources.files", "importlib_resources.files"})
_PARTIAL = frozenset({"functools.partial", "functools.partialmethod"})
_PLAIN_IN_CLASS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Expr, ast.Pass, ast.AnnAssign)
_OTHER_CALLS = frozenset({"pathlib.Path", *LOADERS, *_FILES})
_VERSION = frozenset({"importlib.metadata.version", "importlib_metadata.version"})
_SET_OPERATORS: dict[type[ast.operator], str] = {
    ast.Sub: "difference",
    ast.BitAnd: "intersection",
    ast.BitXor: "symmetric_difference",
}
_READING_ALL = frozenset({"extend", "join", "union", "update", *_SET_OPERATORS.values()})
"""Methods that read all of what they are given at once, and do not keep it."""
_TOO_MANY = f"reading it takes more than {limits.EVALUATION_STEPS:,} steps"
_INT_BITS = 10_000
"""Python refuses to write out numbers of more than 4,300 digits."""
_HOOK_NAME = frozenset({"stigmem_node.plugins.HookName", "stigmem_node.plugins.hooks.HookName"})


class Own(NamedTuple):
    """The distribution that is read: what it is called, and its version."""

    name: str
    version: str


class Way(NamedTuple):
    """Which way was taken where a condition is not known."""

    condition: str
    at: Location
    taken: bool


class Contact(NamedTuple):
    """A name that is read, and the operands and objects that it meets there.

    Of ``bound`` names nothing is known at that place; ``several``: it meets more than these.
    """

    name: ast.Name
    met: list[ast.expr]
    bound: set[str]
    several: bool = False


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


class Evaluator:
    """Evaluates expressions of one distribution."""

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
        self._followed: dict[tuple[str, int, str, bool], Followed] = {}
        self._scopes: dict[int, Scope] = {}
        self._leaks: dict[int, Leaks] = {}
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
        self._exports: dict[str, frozenset[str] | None] = {}
        self._branches: dict[str, dict[int, ast.stmt]] = {}
        self._imported: dict[int, tuple[bool, Followed]] = {}
        """Which way statements of modules go, on the path that is followed."""
        self._contacts: dict[int, list[Contact]] = {}
        self._sizes: dict[int, int] = {}
        self._conditions: dict[int, str] = {}

    def read(self, node: ast.expr, place: Place) -> tuple[Value, Trace]:
        """Return the value of an expression, and what reading it leans on."""
        self._trace = []
        return self.evaluate(node, place), Trace(self._trace)

    def paths(self, run: Callable[[], T]) -> Iterator[tuple[tuple[Way, ...], T]]:
        """Yield what ``run`` gives, once for every way that conditions nobody knows can go.

        Raises ``Stop`` where there are too many.
        """
        plan: list[bool] = []
        # What was read while no way was taken is not what a way finds.
        self._followed.clear()
        for _ in range(limits.PATHS):
            self._plan, self._ways, self._trace = plan, [], []
            result = run()
            ways, self._plan = tuple(self._ways), None
            yield ways, result
            plan = [way.taken for way in ways]
            while plan and not plan[-1]:
                plan.pop()
            if not plan:
                return
            plan[-1] = False
            self._followed.clear()
            self._imported.clear()
            self._exports.clear()
        at = self._ways[0].at
        raise Stop(Unknown(f"there are more than {limits.PATHS} ways through the factory", at))

    def decide(self, test: ast.expr, place: Place, *, here: bool = False) -> bool | None:
        """Return which way a condition goes; where it is not known, the way this path takes.

        What that leans on is kept for all that follows in the frame, or else only ``here``.
        """
        start = len(self._trace)
        known = truth(self.evaluate(test, place))
        if known is None:
            self._forget(start)
            return self._fork(test, place)
        if not here and place.frame:
            place.frame.control += self._trace[start:]
            del self._trace[start:]
        return known

    def _fork(self, test: ast.expr | ast.stmt, place: Place) -> bool | None:
        if self._plan is None:
            return None
        index = len(self._ways)
        if index >= limits.PATHS:
            # Each of them is one way more.
            why = f"there are more than {limits.PATHS} ways through the factory"
            raise Stop(place.unknown(why, test))
        taken = self._plan[index] if index < len(self._plan) else True
        if id(test) not in self._conditions:
            source = place.module.syntax.source.decode("utf-8", "replace")
            text = ast.get_source_segment(source, test)
            condition = " ".join((text or "a condition").split())
            if isinstance(test, ast.stmt):
                condition += " works"
            self._conditions[id(test)] = shorten(condition, 80)
        self._ways.append(Way(self._conditions[id(test)], place.module.at(test), taken))
        return taken

    def count(self, node: ast.AST, place: Place, steps: int = 1) -> None:
        """Count steps. Raises ``Stop`` where they are too many."""
        self._steps += steps
        if self._steps > limits.EVALUATION_STEPS:
            raise Stop(place.unknown(_TOO_MANY, node))

    def trace(self, control: list[Step] | None = None) -> Trace:
        """Return what the latest run leans on."""
        return Trace([*self._trace, *(control or ())])

    def defaults_of(self, function: ast.FunctionDef, module: Module) -> dict[str, Followed] | None:
        """Return the parameters of a function that is called without arguments."""
        call = ast.Call(ast.Name(function.name, ast.Load()), [], [], lineno=function.lineno)
        return self._arguments(function, module, call, Place(module))

    def read_name(self, name: str, node: ast.AST, place: Place) -> tuple[Value, Trace]:
        """Return what a name of a module stands for once its import is over."""
        self._trace = []
        return self._bound(name, node, place, place.module.scope, final=True), Trace(self._trace)

    def evaluate(self, node: ast.expr, place: Place) -> Value:
        """Return the value of an expression, or that it is unknown, where and why."""
        self._steps += 1
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        start = len(self._trace)
        try:
            value = self._dispatch(node, place)
        finally:
            self._depth -= 1
        if isinstance(value, Unknown):
            # Nothing in it was accounted for: what it names may be called, or changed.
            self._forget(start)
            self.untold(node, place)
        elif isinstance(value, Foreign):
            self._unsee(start)
        return value

    def may_change(self, value: Value) -> bool:
        """Say whether a value, or one inside it, could be changed in place."""
        return _changeable(value)

    def may_change_inside(self, value: Value) -> bool:
        """Say whether something inside a value could be changed in place."""
        return _is_deep(value)

    def untold(self, node: ast.AST, place: Place) -> None:
        """Make sure that code whose effect is not known gets hold of nothing that is followed.

        What may have a second name counts as changed where it is mentioned. What has none can
        still be handed on: to an operator or a method of something unknown, or what is in it.
        Raises ``Stop``.
        """
        if place.frame is None:
            return
        self._steps += len(place.frame.values) // 8
        if not any(
            isinstance(held, Followed)
            and _changeable(held.value)
            and name not in place.frame.leaking
            for name, held in place.frame.values.items()
        ):
            return
        if id(node) not in self._contacts:
            self._contacts[id(node)], walked = contacts(node)
            self.count(node, place, walked)
        for contact in self._contacts[id(node)]:
            held = place.frame.values.get(contact.name.id)
            if not isinstance(held, Followed) or contact.name.id in place.frame.leaking:
                continue
            value = held.value
            if not _changeable(value):
                continue
            self.count(contact.name, place)
            if _is_deep(value) or not all(self._is_plain(o, contact, place) for o in contact.met):
                name = _short(contact.name.id)
                raise Stop(place.unknown(f"{name} may be changed, in a way not followed", node))

    def _is_plain(self, node: ast.expr, contact: Contact, place: Place) -> bool:
        """Say whether an expression gives something whose operators and methods are known."""
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if contact.several or names & contact.bound:
            return False
        plan, self._plan = self._plan, None
        start = len(self._trace)
        try:
            value = self.evaluate(node, place)
        except Leaves:
            return False
        finally:
            self._plan = plan
        del self._trace[start:]
        return isinstance(value, (Const, Collection, Mapping))

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

    def _dispatch(self, node: ast.expr, place: Place) -> Value:
        at = place.module.at(node)
        match node:
            case ast.Constant(value=str() | int() | float() | bytes() | None as value):
                return Const(value, at)
            case ast.JoinedStr():
                return self._format(node, place)
            case ast.Tuple() | ast.List() | ast.Set():
                kind = type(node).__name__.lower()
                items = self._items(node.elts, place, ordered=kind != "set")
                return items if isinstance(items, Unknown) else Collection(kind, items, at)
            case ast.Dict():
                return self._dict(node, place)
            case ast.BinOp():
                return self._operation(node, place)
            case ast.Name(id=name):
                self._trace.append(id(node))
                return self.name(name, node, place)
            case ast.Attribute():
                return self._attribute(node, place)
            case ast.Call():
                return self._call(node, place)
            case ast.IfExp():
                decided = self.decide(node.test, place, here=True)
                if decided is None:
                    return place.unknown("which way it goes is not known", node)
                way, other = (node.body, node.orelse) if decided else (node.orelse, node.body)
                self.taken.add(id(way))
                self.untaken[id(other)] = other
                return self.evaluate(way, place)
            case ast.BoolOp():
                return self._either(node, place)
            case ast.UnaryOp(op=ast.Not()):
                known = truth(self.evaluate(node.operand, place))
                if known is None:
                    return place.unknown("this operation is not followed", node)
                return Const(not known, at)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return Const(-number, at)
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                sides = self.evaluate(left, place), self.evaluate(right, place)
                self._weigh(sides)
                result = compared(operator, *sides)
                if result is None:
                    return place.unknown("this comparison is not followed", node)
                return Const(result, at)
            case ast.Subscript(value=owner, slice=key, ctx=ast.Load()):
                found = self.evaluate(owner, place)
                if isinstance(found, Unknown):
                    return found
                self._weigh([found])
                if isinstance(key, ast.Slice):
                    return self._slice(found, key, place)
                item = item_of(found, self.evaluate(key, place))
                if item and not self._keeps_hold(item, owner, place):
                    item = None
                return item or place.unknown("this subscript is not followed", node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                return self._comprehension(node, place)
            case ast.Lambda() if not self._comprehending:
                prefix = f"{place.qualname}.<locals>." if place.local else ""
                return Definition("function", place.module.name, f"{prefix}<lambda>", at)
            case _:
                # A generator runs when somebody reads it, and gives what it gives once.
                return place.unknown(f"{_construct(node)} is not followed", node)

    def _slice(self, owner: Value, node: ast.Slice, place: Place) -> Value:
        bounds: list[int | None] = []
        for part in (node.lower, node.upper, node.step):
            bound = self.evaluate(part, place) if part else Const(None, place.module.at(node))
            if not isinstance(bound, Const) or not isinstance(bound.value, int | None):
                return place.unknown("this slice is not followed", node)
            bounds.append(bound.value)
        cut = slice(*bounds)
        match owner:
            case Collection(kind="list" | "tuple", items=items) if cut.step != 0:
                return Collection(owner.kind, self._copied(items[cut]), place.module.at(node))
            case Const(value=str(text)) if cut.step != 0:
                return self._text(text[cut], node, place)
            case _:
                return place.unknown("this slice is not followed", node)

    def _keeps_hold(self, item: Value, owner: ast.expr, place: Place) -> bool:
        """Say whether it is seen that something in a collection gets another name."""
        if place.frame is None or not _changeable(item):
            return True
        while isinstance(owner, (ast.Attribute, ast.Subscript)):
            owner = owner.value
        if not isinstance(owner, ast.Name):
            return False
        return not place.frame.has(owner.id) or owner.id in place.frame.leaking

    # Displays

    def _items(
        self, nodes: list[ast.expr], place: Place, *, ordered: bool
    ) -> tuple[Value, ...] | Unknown:
        items: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                spread = self._argument(node.value, place)
                if isinstance(spread, Unknown):
                    return spread
                if not isinstance(spread, Collection):
                    return place.unknown(
                        "it spreads something that is not a known collection", node
                    )
                if ordered and unordered(spread):
                    return place.unknown("it spreads a set, whose order is not certain", node)
                items.extend(self._copied(spread.items))
            else:
                items.append(self.evaluate(node, place))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, nodes[0])
        return tuple(items)

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

    def _dict(self, node: ast.Dict, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.evaluate(value, place)
                if isinstance(spread, Unknown):
                    return spread
                if not isinstance(spread, Mapping):
                    return place.unknown("it spreads something that is not a known dict", value)
                pairs.extend(self._copied(spread.pairs))
                continue
            known_key = self.evaluate(key, place)
            if isinstance(known_key, Unknown):
                return known_key
            pairs.append((known_key, self.evaluate(value, place)))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return Mapping(tuple(pairs), place.module.at(node))

    def _format(self, node: ast.JoinedStr, place: Place) -> Value:
        parts: list[str] = []
        for piece in node.values:
            match piece:
                case ast.Constant(value=str(text)):
                    parts.append(text)
                case ast.FormattedValue(conversion=-1 | 115, format_spec=None):
                    value = self.evaluate(piece.value, place)
                    if isinstance(value, Unknown):
                        return value
                    if not isinstance(value, Const) or not isinstance(value.value, (str, int)):
                        return place.unknown("it formats something that is not text", piece)
                    if isinstance(value.value, int) and value.value.bit_length() > _INT_BITS:
                        return place.unknown("it formats a very large number", piece)
                    parts.append(str(value.value))
                case _:
                    return place.unknown("a format specification is not followed", piece)
        return self._text("".join(parts), node, place)

    def _text(self, text: str, node: ast.AST, place: Place) -> Value:
        self._chars += len(text)
        if self._chars > limits.TEXT_CHARS:
            return place.unknown(
                f"more than {limits.TEXT_CHARS:,} characters of text are put together", node
            )
        return Const(text, place.module.at(node))

    def _operation(self, node: ast.BinOp, place: Place) -> Value:
        left = self.evaluate(node.left, place)
        if isinstance(left, Unknown):
            return left
        right = self.evaluate(node.right, place)
        if isinstance(right, Unknown):
            return right
        return self._operated(node.op, left, right, node, place)

    def _operated(
        self, operator: ast.operator, left: Value, right: Value, node: ast.AST, place: Place
    ) -> Value:
        at = place.module.at(node)
        match operator, left, right:
            case ast.Add(), Const(value=str(one)), Const(value=str(two)):
                return self._text(one + two, node, place)
            case ast.Add(), Collection(kind="list" | "tuple"), Collection() if (
                left.kind == right.kind
            ):
                made: Value = Collection(left.kind, self._copied(left.items + right.items), at)
            case ast.BitOr(), Collection(kind="set" | "frozenset"), Collection(
                kind="set" | "frozenset"
            ):
                made = Collection(left.kind, self._copied(left.items + right.items), at)
            case (
                ast.Sub() | ast.BitAnd() | ast.BitXor(),
                Collection(kind="set" | "frozenset"),
                Collection(kind="set" | "frozenset"),
            ):
                left_over = of_sets(_SET_OPERATORS[type(operator)], left, right)
                if left_over is None:
                    return place.unknown("this operation is not followed", node)
                made = Collection(left.kind, self._copied(left_over), at)
            case ast.Div(), FilePath(), Const(value=str()):
                joined = led_to(left, "joinpath", [right])
                return joined or place.unknown("this path is not followed", node)
            case ast.BitOr(), Mapping(), Mapping():
                made = Mapping(self._copied(left.pairs + right.pairs), at)
            case _:
                return place.unknown("this operation is not followed", node)
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return made

    def _either(self, node: ast.BoolOp, place: Place) -> Value:
        for part in node.values[:-1]:
            value = self.evaluate(part, place)
            known = truth(value)
            if known is None:
                return place.unknown("an expression with and/or is not followed", node)
            if known is isinstance(node.op, ast.Or):
                return value
        return self.evaluate(node.values[-1], place)

    # Loops

    def items_of(self, node: ast.expr, place: Place) -> tuple[list[Value], Followed] | None:
        """Return what a loop over an expression gives, and what reading that leans on."""
        outer, self._trace = self._trace, []
        items = self._iterated(node, place)
        if items is None:
            self._forget(0)
        followed = Followed(Const(None, place.module.at(node)), self._trace)
        self._trace = outer
        return None if items is None else (items, followed)

    def _iterated(self, node: ast.expr, place: Place) -> list[Value] | None:
        view = ""
        match node:
            case ast.Call(
                func=ast.Attribute(value=owner, attr="items" | "keys" | "values" as view),
                args=[],
                keywords=[],
            ):
                value = self.evaluate(owner, place)
                self._trace.append(id(node.func))
                if not isinstance(value, Mapping):
                    return None
            case _:
                value = self._argument(node, place)
        match value:
            case Collection() if not unordered(value):
                return [*self._copied(value.items)]
            case Mapping():
                keys = constants([key for key, _ in value.pairs])
                if keys is None:
                    return None
                last = dict(zip(keys, self._copied(value.pairs), strict=False))
                match view:
                    case "values":
                        return [item for _, item in last.values()]
                    case "items":
                        return [Collection("tuple", pair, value.at) for pair in last.values()]
                    case _:
                        return [key for key, _ in last.values()]
            case _:
                return None

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, place: Place
    ) -> Value:
        targets = [
            part.id
            for generator in node.generators
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name)
        ]
        frame = place.frame.inner(targets) if place.frame else Frame({*targets})
        self._steps += len(frame.values) // 8
        inner = Place(place.module, place.local, place.qualname, frame)
        found: list[tuple[Value, Value]] = []

        def follow(index: int) -> None:
            self.count(node, place)
            if index == len(node.generators):
                if isinstance(node, ast.DictComp):
                    pair = self.evaluate(node.key, inner), self.evaluate(node.value, inner)
                else:
                    pair = (self.evaluate(node.elt, inner),) * 2
                for part in pair:
                    if isinstance(part, Unknown):
                        raise Stop(part)
                found.append(pair)
                return
            generator = node.generators[index]
            items = self.items_of(generator.iter, inner if index else place)
            if items is None or generator.is_async:
                raise Stop(place.unknown("what a comprehension goes over is not known", node))
            self._trace.append(items[1])
            for item in items[0]:
                self._unpack(generator.target, item, frame, place)
                if all(self._passes(test, inner) for test in generator.ifs):
                    follow(index + 1)

        self._comprehending += 1
        try:
            follow(0)
        except Stop as stop:
            return stop.unknown
        finally:
            self._comprehending -= 1
        at = place.module.at(node)
        if isinstance(node, ast.DictComp):
            return Mapping(tuple(found), at)
        return Collection(
            "set" if isinstance(node, ast.SetComp) else "list", tuple(item for item, _ in found), at
        )

    def _passes(self, test: ast.expr, place: Place) -> bool:
        decided = self.decide(test, place, here=True)
        if decided is None:
            raise Stop(place.unknown("which way it goes is not known", test))
        return decided

    def _unpack(self, target: ast.expr, item: Value, frame: Frame, place: Place) -> None:
        match target:
            case ast.Name(id=name):
                frame.keep(name, Followed(item, []))
            case ast.Tuple(elts=targets) | ast.List(elts=targets) if (
                isinstance(item, Collection)
                and item.kind in ("tuple", "list")
                and len(item.items) == len(targets)
                and not any(isinstance(each, ast.Starred) for each in targets)
            ):
                for each, part in zip(targets, item.items, strict=True):
                    self._unpack(each, part, frame, place)
            case _:
                raise Stop(place.unknown("it is taken apart in a way that is not followed", target))

    # What statements give to names

    def assigned_value(
        self, node: ast.stmt, targets: list[ast.expr], value: ast.expr, place: Place
    ) -> Followed:
        """Return what a statement assigns."""
        return self._isolated(node, targets, lambda: self.evaluate(value, place), place)

    def augmented_value(self, node: ast.AugAssign, place: Place) -> Followed:
        """Return what ``name += value`` and the like leave in the name."""

        def work() -> Value:
            was = self._current(node.target, place)
            given = self.evaluate(node.value, place)
            for part in (was, given):
                if isinstance(part, Unknown):
                    return part
            return self._operated(node.op, was, given, node, place)

        return self._isolated(node, [node.target], work, place)

    def changed_value(self, call: ast.Call, method: str, place: Place) -> Followed:
        """Return what a method leaves of the collection that a name stands for."""
        owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func

        def work() -> Value:
            self._trace += [id(call.func), id(owner)]
            was = self._current(owner, place)
            if any(isinstance(arg, ast.Starred) for arg in call.args):
                return place.unknown("it is changed in place", call)
            read = self._argument if method in _READING_ALL else self.evaluate
            given = [read(arg, place) for arg in call.args]
            words = {word.arg: self.evaluate(word.value, place) for word in call.keywords}
            self._weigh([was, *given])
            made = None if None in words else changed(was, method, given, words, self._copied)  # type: ignore[arg-type]
            if made is None or self._steps > limits.EVALUATION_STEPS:
                return place.unknown("it is changed in place", call)
            return made

        return self._isolated(call, [owner], work, place)

    def stored_value(self, target: ast.Subscript, item: Followed, place: Place) -> Followed:
        """Return what ``name[key] = item`` leaves of the dict that a name stands for."""

        def work() -> Value:
            self._trace += [id(target), id(target.value), item]
            was = self._current(target.value, place)
            key = self.evaluate(target.slice, place)
            if isinstance(was, Mapping) and isinstance(key, Const):
                return Mapping((*self._copied(was.pairs), (key, item.value)), was.at)
            return place.unknown("it is changed in place", target)

        return self._isolated(target, [target.value], work, place)

    def _current(self, target: ast.expr, place: Place) -> Value:
        found = None
        if isinstance(target, ast.Name) and place.frame:
            found = place.frame.values.get(target.id)
        if isinstance(found, Followed):
            self._trace.append(found)
            return found.value
        return place.unknown("it is changed before it is given a value", target)

    def _isolated(
        self, node: ast.AST, targets: list[ast.expr], work: Callable[[], Value], place: Place
    ) -> Followed:
        outer, self._trace, runs = self._trace, [], self._runs
        try:
            value = work()
            if isinstance(value, Unknown):
                self._forget(0)
                self.untold(node, place)
            else:
                self._trace.append(id(node))
                plain = all(isinstance(each, ast.Name) for each in targets)
                if not _changeable(value) or (plain and self._runs == runs):
                    # What a function gives, or what is kept elsewhere, others may hold as well.
                    self.accounted |= {each for each in self._trace if isinstance(each, int)}
                if _changeable(value):
                    names = {
                        part.id
                        for target in targets
                        for part in ast.walk(target)
                        if isinstance(part, ast.Name)
                    }
                    if place.frame and not _is_deep(value):
                        # Nobody else can get hold of what has no other name.
                        names &= place.frame.leaking
                    for name in sorted(names):
                        own = place.frame.owner if place.frame and place.frame.has(name) else ""
                        self._trace.append(Use(name, own or place.module.name, True))
            return Followed(value, self._trace)
        finally:
            self._trace = outer

    # Names

    def name(self, name: str, node: ast.AST, place: Place) -> Value:
        """Return what a name stands for where it is read."""
        if place.frame and place.frame.has(name):
            return self._in_frame(name, node, place, place.frame)
        if place.local and name in place.local.bindings:
            return self._bound(name, node, place, place.local)
        return self._bound(name, node, Place(place.module), place.module.scope)

    def _in_frame(self, name: str, node: ast.AST, place: Place, frame: Frame) -> Value:
        if PRIVATE.match(name):
            return place.unknown(f"{_short(name)} is a name that a class can spell otherwise", node)
        found = frame.values.get(name)
        if found is None:
            return place.unknown(f"{_short(name)} is not given a value before", node)
        if isinstance(found, ast.AST):
            return self._follow(name, Binding(found, plain=True), place)
        self._trace.append(found)
        return found.value

    def _bound(
        self, name: str, node: ast.AST, place: Place, scope: Scope, *, final: bool = False
    ) -> Value:
        key = (place.module.name, id(scope), name, final)
        if key not in self._followed:
            outer, self._trace = self._trace, []
            value = self._resolve(name, node, place, scope, final=final)
            self._followed[key] = Followed(value, self._trace)
            self._trace = outer
        found = self._followed[key]
        self._trace.append(found)
        return found.value

    def _resolve(
        self, name: str, node: ast.AST, place: Place, scope: Scope, *, final: bool
    ) -> Value:
        if PRIVATE.match(name):
            return place.unknown(f"{_short(name)} is a name that a class can spell otherwise", node)
        if place.local is None:
            self._trace.append(Use(name, place.module.name))
        if scope.star:
            sources = self._starred(name, place)
            if sources is None or (sources and name in scope.bindings) or len(sources) > 1:
                line = scope.star.lineno
                return place.unknown(
                    f"{_short(name)} could come from the star import in line {line}", node
                )
            if sources:
                return self.member(sources[0], name, node, place)
        found = scope.bindings.get(name, [])
        if not found:
            if name in _BUILTINS:
                return Foreign(f"builtins.{name}", place.module.at(node))
            if name == "__name__":
                return Const(place.module.name, place.module.at(node))
            if name == "__package__":
                return Const(place.module.package, place.module.at(node))
            if name == "__file__":
                return FilePath(place.module.path, True, place.module.at(node))
            return place.unknown(f"{_short(name)} is not defined in this module", node)
        binding = scope.only(name)
        if binding is None and place.local is None:
            binding = self._conditional(name, found, place)
        if binding is None:
            lines = sorted({getattr(each.node, "lineno", 0) for each in found})
            where = ", ".join(map(str, lines[:5]))
            return place.unknown(
                f"{_short(name)} is bound more than once, or only under a condition (line {where})",
                node,
            )
        module = place.module
        if place.local is None and module.is_package and self.modules.has(f"{module.name}.{name}"):
            # Importing the submodule binds it in the package, whenever that happens.
            source = (
                origin(binding.node, module) if isinstance(binding.node, ast.ImportFrom) else ""
            )
            if not (final and source == f"{module.name}.{name}"):
                return place.unknown(
                    f"{_short(module.name)}.{_short(name)} is both a submodule and bound in the "
                    "package",
                    node,
                )
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        try:
            return self._follow(name, binding, place)
        finally:
            self._depth -= 1

    def _starred(self, name: str, place: Place) -> list[str] | None:
        """Return the modules that a module's star imports take a name from.

        ``None`` where that cannot be told: a star import of another distribution could bring any.
        """
        if place.local is not None:
            return None
        found = []
        for source in self._stars(place.module):
            names = self._exported(source)
            if names is None:
                return None
            if name in names and source not in found:
                found.append(source)
        return found

    def _stars(self, module: Module) -> list[str]:
        """Return what a module takes everything from; an empty name where that is not plain."""
        if module.name not in self._star_imports:
            self._star_imports[module.name] = [
                (origin(node, module) or "") if node in module.tree.body else ""
                for node in ast.walk(module.tree)
                if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names)
            ]
        return self._star_imports[module.name]

    def _exported(self, source: str) -> frozenset[str] | None:
        """Return the names that a star import of a module brings along."""
        if source not in self._exports:
            self._exports[source] = None  # what it is in a circle
            self._exports[source] = self._export(source)
        self._trace.append(Use("__all__", source, True))
        return self._exports[source]

    def _export(self, source: str) -> frozenset[str] | None:
        module = self.modules.get(source) if source and self.modules.owns(source) else None
        if not isinstance(module, Module):
            return None
        if "__getattr__" in module.scope.bindings:
            return None
        found = {*module.scope.bindings}
        for inner in self._stars(module) if module.scope.star else ():
            more = self._exported(inner)
            if more is None:
                return None
            found |= more
        if "__all__" in found:
            listed = self._bound("__all__", module.tree, Place(module), module.scope)
            names = constants(listed.items) if isinstance(listed, Collection) else None
            if names is None:
                return None
            found = {*names}
        else:
            found = {name for name in found if not name.startswith("_")}
        if any(self.modules.has(f"{source}.{name}") for name in found):
            return None
        return frozenset(found)

    def _conditional(self, name: str, found: list[Binding], place: Place) -> Binding | None:
        """Return the binding that this path takes of a name bound in one ``if`` or ``try``.

        The whole of it stands in one statement of the module, so no other value is seen before.
        """
        module = place.module
        if module.name not in self._branches:
            self._branches[module.name] = {
                id(part): statement
                for statement in module.tree.body
                if isinstance(statement, (ast.If, ast.Try))
                for part in ast.walk(statement)
            }
        branches = self._branches[module.name]
        around = {id(branches.get(id(each.node))): branches.get(id(each.node)) for each in found}
        statement = next(iter(around.values()))
        if len(around) > 1 or statement is None:
            return None
        return self._taken(name, [statement], place)

    def _taken(self, name: str, statements: list[ast.stmt], place: Place) -> Binding | None:
        """Return the one plain binding of a name in statements, on the way that this path goes."""
        binding = None
        for statement in statements:
            scope = scope_of(ast.Module([statement], []), place.module.syntax.source)
            if name not in scope.bindings:
                continue
            if binding is not None or scope.star:
                return None
            match statement:
                case ast.If():
                    way = self._at_import(statement, place)
                    if way is None:
                        return None
                    taken = statement.body if way else statement.orelse
                    binding = self._taken(name, taken, place)
                case ast.Try(body=body, handlers=[handler], orelse=[], finalbody=[]):
                    way = self._at_import(statement, place)
                    if way is None:
                        return None
                    binding = self._taken(name, body, place)
                    if not way:
                        binding = self._taken(name, handler.body, place) or binding
                case _:
                    binding = scope.only(name)
            if binding is None:
                return None
        return binding

    def _at_import(self, statement: ast.If | ast.Try, place: Place) -> bool | None:
        """Return which way a statement of a module goes, the same for all that it binds."""
        if id(statement) not in self._imported:
            outer, self._trace = self._trace, []
            if isinstance(statement, ast.If):
                way = self.decide(statement.test, place, here=True)
            else:
                way = self.works(statement, place)
            leaning, self._trace = (
                Followed(Const(None, place.module.at(statement)), self._trace),
                outer,
            )
            if way is None:
                return None
            self._imported[id(statement)] = way, leaning
        way, leaning = self._imported[id(statement)]
        self._trace.append(leaning)
        return way

    def works(self, statement: ast.Try, place: Place) -> bool | None:
        """Return whether what is tried raises nothing; where it is not known, the path decides."""
        match statement.body:
            case [ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)]:
                start = len(self._trace)
                if isinstance(self.evaluate(value, place), Const):
                    return True
                self._forget(start)
            case _:
                pass
        return self._fork(statement.body[0], place)

    def _follow(self, name: str, binding: Binding, place: Place) -> Value:
        match binding.node:
            case ast.Assign() | ast.AnnAssign() as statement if statement.value:
                return self._assigned(name, statement, statement.value, place)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as definition:
                return self._definition(definition, place)
            case ast.Import() as statement:
                return self._import(name, statement, place)
            case ast.ImportFrom() as statement:
                return self._import_from(name, statement, place)
            case other:
                return place.unknown(f"{_short(name)} is a parameter", other)

    def _assigned(
        self, name: str, statement: ast.Assign | ast.AnnAssign, node: ast.expr, place: Place
    ) -> Value:
        self._trace.append(id(statement))
        value = self.evaluate(node, place)
        if _changeable(value):
            self._trace += [Use(each, place.module.name, True) for each in assigned(statement)]
        if isinstance(value, Result) and place.local is None:
            return Made(place.module.name, name, place.module.at(node))
        return value

    def _definition(self, node: Function | ast.ClassDef, place: Place) -> Value:
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not self._keeps(decorator, place):
                return place.unknown(
                    f"{_short(node.name)} is decorated, and a decorator can replace what it "
                    "decorates",
                    node,
                )
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        prefix = f"{place.qualname}.<locals>." if place.local else ""
        return Definition(kind, place.module.name, prefix + node.name, place.module.at(node))

    def _keeps(self, decorator: ast.Call, place: Place) -> bool:
        """Say whether a decorator is one of the host's that gives back what it decorates."""
        found = self.evaluate(decorator.func, place)
        return isinstance(found, Foreign) and found.dotted in _KEEPING

    def _import(self, name: str, statement: ast.Import, place: Place) -> Value:
        for alias in statement.names:
            if name == (alias.asname or alias.name.partition(".")[0]):
                return self._module(alias.name if alias.asname else name, statement, place)
        return place.unknown(f"{_short(name)} is not imported here", statement)

    def _module(self, dotted: str, node: ast.AST, place: Place) -> Value:
        """Return what ``import dotted as name`` gives: attribute after attribute."""
        first, *rest = dotted.split(".")
        if not self.modules.owns(first):
            return Foreign(dotted, place.module.at(node))
        value: Value = ModuleValue(first, place.module.at(node))
        for part in rest:
            if not isinstance(value, ModuleValue):
                return place.unknown(f"{_short(dotted)} is not a module of this release", node)
            value = self.member(value.name, part, node, place)
        return value

    def _import_from(self, name: str, statement: ast.ImportFrom, place: Place) -> Value:
        source = origin(statement, place.module)
        if source is None:
            return place.unknown("this relative import leads out of its package", statement)
        for alias in statement.names:
            if name == (alias.asname or alias.name):
                return self.member(source, alias.name, statement, place)
        return place.unknown(f"{_short(name)} is not imported here", statement)

    def member(self, source: str, name: str, node: ast.AST, place: Place) -> Value:
        """Return what ``from source import name`` gives, as the import system decides it."""
        self._trace.append(Use(name, source))
        if not self.modules.owns(source):
            return Foreign(f"{source}.{name}", place.module.at(node))
        module = self.modules.get(source)
        if isinstance(module, Unusable):
            return Unknown(module.why, module.at)
        if module is not None and (name in module.scope.bindings or module.scope.star):
            return self._bound(name, node, Place(module), module.scope)
        if self.modules.has(f"{source}.{name}"):
            return ModuleValue(f"{source}.{name}", place.module.at(node))
        if module is None:
            return place.unknown(f"there is no module {_short(source)} in the release", node)
        return place.unknown(f"{_short(source)} does not define {_short(name)}", node)

    def _attribute(self, node: ast.Attribute, place: Place) -> Value:
        self._trace.append(id(node))
        owner = self.evaluate(node.value, place)
        match owner:
            case ModuleValue(name=name):
                return self.member(name, node.attr, node, place)
            case Foreign(dotted=dotted):
                self._trace.append(Use(node.attr, dotted))
                return self._member_of(dotted, node, place)
            case Const(value=str()) if node.attr == "value" and isinstance(
                node.value, ast.Attribute
            ):
                return owner
            case Member(value=text) if node.attr == "value":
                return Const(text, owner.at)
            case Definition(kind="class"):
                return self._class_attribute(owner, node, place)
            case Instance(made_of=made_of):
                self._trace.append(Use("__class__", ANY))
                return _bound_to_object(self._method(made_of, node, place))
            case FilePath():
                found = led_to(owner, node.attr, []) if node.attr == "parent" else None
                return found or place.unknown("this part of a path is not followed", node)
            case Unknown():
                return owner
            case _:
                return place.unknown(f"the attribute {_short(node.attr)} is not followed", node)

    def _member_of(self, dotted: str, node: ast.Attribute, place: Place) -> Value:
        """Return an attribute of something foreign: the host's enumerations are known."""
        at = place.module.at(node)
        if dotted in _CAPABILITY and node.attr in self.node.capability_members:
            return Const(self.node.capability_members[node.attr], at)
        if dotted in _HOOK_NAME and node.attr in self.node.hook_members:
            return Const(self.node.hook_members[node.attr], at)
        return Foreign(f"{dotted}.{node.attr}", at)

    def _class_attribute(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        member = self._enum_member(owner, node.attr)
        return member or self._method(owner, node, place)

    def _enum_member(self, owner: Definition, name: str) -> Value | None:
        """Return a member of an enumeration that has texts for members and nothing else."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        definition = binding.node if binding else None
        if not isinstance(module, Module) or not isinstance(definition, ast.ClassDef):
            return None
        bases = [self.evaluate(each, Place(module)) for each in definition.bases]
        dotted = [each.dotted if isinstance(each, Foreign) else "" for each in bases]
        if definition.keywords or definition.decorator_list or not dotted:
            return None
        if dotted[-1] not in _ENUMERATIONS or dotted[:-1] not in ([], ["builtins.str"]):
            return None
        found: dict[str, str] = {}
        for part in definition.body:
            match part:
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case ast.Assign(targets=[ast.Name(id=member)], value=ast.Constant(value=str(text))):
                    if member.startswith("_") or member in ("name", "value") or member in found:
                        return None
                    found[member] = text
                case _:
                    return None
        if name not in found:
            return None
        self._trace += [Use(name, owner.module), Use("_value_", ANY), Use("__class__", ANY)]
        at = module.at(definition)
        if dotted == ["enum.StrEnum"]:
            return Const(found[name], at)
        return Member(found[name], len(dotted) > 1, at)

    def _instance(self, called: Definition, node: ast.Call, place: Place) -> Value:
        """Return what calling a class of this distribution makes, unless something decides."""
        module = self.modules.get(called.module)
        binding = module.scope.only(called.qualname) if isinstance(module, Module) else None
        match binding.node if binding else None:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[], body=body):
                special = [
                    each.name
                    for each in body
                    if isinstance(each, Function)
                    and each.name.startswith("__")
                    and each.name not in ("__init__", "__repr__", "__str__")
                ]
                if not special and all(isinstance(each, _PLAIN_IN_CLASS) for each in body):
                    return Instance(called, place.module.at(node))
            case _:
                pass
        what = f"it is made by {_called(node.func)}, of which only a running node knows more"
        return place.unknown(what, node)

    def _method(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        """Follow ``Class.method`` where nothing but the class's own body can decide it."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        if not isinstance(module, Module) or binding is None:
            return place.unknown("a class inside a function is not followed", node)
        match binding.node:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[]) as definition:
                scope = scope_of(definition, module.syntax.source)
                found = scope.only(node.attr)
                method = found.node if found and not scope.star else None
                if (
                    isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
                    and self._is_plain_method(method, scope, module)
                    and not node.attr.startswith("__")
                ):
                    self._trace.append(Use(node.attr, owner.module))
                    qualname = f"{owner.qualname}.{method.name}"
                    return Definition("function", owner.module, qualname, module.at(method))
            case _:
                pass
        return place.unknown(f"the attribute {_short(node.attr)} of a class is not followed", node)

    def _is_plain_method(self, method: Function, scope: Scope, module: Module) -> bool:
        match method.decorator_list:
            case []:
                return True
            case [ast.Name(id="staticmethod" | "classmethod" as name)]:
                shadowed = name in scope.bindings or name in module.scope.bindings
                self._trace.append(Use(name, module.name))
                return not shadowed and not module.scope.star
            case _:
                return False

    # Calls

    def _call(self, node: ast.Call, place: Place) -> Value:
        if isinstance(node.func, ast.Attribute):
            start = len(self._trace)
            found = self._method_call(node, node.func, place)
            if found is not None:
                return found
            self._forget(start)
        start = len(self._trace)
        called = self.evaluate(node.func, place)
        match called:
            case Foreign(dotted=dotted) if dotted in MANIFEST_CLASSES:
                return self._manifest(node, place)
            case Definition(kind="function"):
                return self._function_call(called, node, place)
            case Definition(kind="class"):
                self._unsee(start)
                return self._instance(called, node, place)
            case _:
                self._unsee(start)
        match called:
            case Foreign(dotted=dotted) if dotted.startswith("builtins."):
                return self._builtin(dotted.removeprefix("builtins."), node, place)
            case Foreign(dotted=dotted) if dotted in _OTHER_CALLS:
                known = self._file_call(dotted, node, place)
                return Result(place.module.at(node)) if known is None else known
            case Foreign(dotted=dotted) if dotted in _VERSION | _CAPABILITY | _HOOK_NAME:
                known = self._foreign_call(dotted, node, place)
                return Result(place.module.at(node)) if known is None else known
            case Foreign(dotted=dotted) if dotted in _PARTIAL and node.args:
                of = self.evaluate(node.args[0], place)
                if isinstance(of, Definition):
                    why = f"it is {of.target} with some arguments given, made by functools.partial"
                    return place.unknown(why, node)
                return Result(place.module.at(node))
            case Foreign():
                return Result(place.module.at(node))
            case Unknown() if not _is_builtin(node.func):
                why = f"{called.why}, and it is called"
            case _:
                why = f"it is computed by {_called(node.func)}, which is not followed"
        return place.unknown(why, node)

    def _foreign_call(self, dotted: str, node: ast.Call, place: Place) -> Value | None:
        """Return what a few calls of other libraries give."""
        at = place.module.at(node)
        given = [self.evaluate(arg, place) for arg in node.args]
        match given:
            case [Const(value=str(text))] if not node.keywords:
                pass
            case _:
                return None
        if dotted in _VERSION:
            if self._own and canonicalize_name(text) == canonicalize_name(self._own.name):
                return Const(self._own.version, at)
            return None
        members = self.node.capability_members if dotted in _CAPABILITY else self.node.hook_members
        return Const(text, at) if text in members.values() else None

    def _file_call(self, dotted: str, node: ast.Call, place: Place) -> Value | None:
        """Return a path to a file of this distribution, or what is in a text."""
        at = place.module.at(node)
        given = [self.evaluate(arg, place) for arg in node.args]
        match dotted, given:
            case _ if node.keywords:
                return None
            case "pathlib.Path", [FilePath(path=path)]:
                return FilePath(path, False, at)
            case _, [Const(value=str(package))] if dotted in _FILES:
                module = self.modules.get(package) if self.modules.owns(package) else None
                if isinstance(module, Module) and module.is_package:
                    return FilePath(module.path.rpartition("/")[0], False, at)
            case _, [Const(value=str(text) | bytes(text))] if dotted in LOADERS:
                if isinstance(text, bytes):
                    text = text.decode("utf-8", "replace") if dotted == "json.loads" else ""
                if self._count_characters(text):
                    return loaded(LOADERS[dotted], text, at)
            case _:
                pass
        return None

    def _count_characters(self, text: str) -> bool:
        """Count what a text holds as steps; return whether there is room for it."""
        self._steps += len(text) // 4
        return self._steps <= limits.EVALUATION_STEPS

    def _path_call(
        self, owner: FilePath, method: str, node: ast.Call, place: Place
    ) -> Value | None:
        """Return what a method of a path gives: another path, or what is in the file."""
        at = place.module.at(node)
        self._trace += [Use(each, ANY) for each in (method, "open", "decode", "__truediv__")]
        given = [self.evaluate(arg, place) for arg in node.args]
        words = {word.arg: self.evaluate(word.value, place) for word in node.keywords}
        if method not in READERS:
            return None if words else led_to(owner, method, given)
        encoding = words.pop("encoding", Const(None, at))
        data = self.modules.data(owner.path, place.module)
        if words or data is None or owner.text or not isinstance(encoding, Const):
            return None
        read = content(data, method, given, encoding.value)  # type: ignore[arg-type]
        return None if read is None else Const(read, Location(owner.path))

    def _method_call(self, node: ast.Call, called: ast.Attribute, place: Place) -> Value | None:
        """Return what a method of a known text, set, dict, path or manifest gives."""
        at = place.module.at(node)
        if called.attr in ("joinpath", "with_name", "resolve", "absolute", *READERS):
            path = self.evaluate(called.value, place)
            self._trace.append(id(called))
            if isinstance(path, FilePath) and not any(
                isinstance(a, ast.Starred) for a in node.args
            ):
                return self._path_call(path, called.attr, node, place)
            return None
        if called.attr == "model_copy":
            return self._copied_manifest(node, called, place)
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            return None
        owner = self.evaluate(called.value, place)
        self._trace.append(id(called))
        if not isinstance(owner, (Const, Collection, Mapping)):
            return None
        read = self._argument if called.attr in _READING_ALL else self.evaluate
        given = [read(arg, place) for arg in node.args]
        self._weigh([owner, *given])
        if any(isinstance(each, Unknown) for each in given):
            return None
        match owner, called.attr:
            case Const(value=str(text)), "join" if len(given) == 1:
                parts = given[0]
                if not isinstance(parts, Collection) or unordered(parts):
                    return None
                texts = constants(parts.items)
                return None if texts is None else self._text(text.join(texts), node, place)
            case Const(value=str(text)), method:
                made = of_text(text, method, given)
                if isinstance(made, list):
                    words = tuple(Const(each, at) for each in self._copied(tuple(made)))
                    return Collection("list", words, at)
                if isinstance(made, bool):
                    return Const(made, at)
                return None if made is None else self._text(made, node, place)
            case Collection() | Mapping(), "copy" if not given:
                return owner
            case Collection(kind="set" | "frozenset"), "union":
                items = owner.items
                for each in given:
                    if isinstance(each, Mapping):
                        each = Collection("list", tuple(key for key, _ in each.pairs), at)
                    if not isinstance(each, Collection):
                        return None
                    items = (*items, *self._copied(each.items))
                return Collection(owner.kind, items, at)
            case Collection(kind="set" | "frozenset"), method if len(given) == 1:
                left = of_sets(method, owner, given[0])
                return None if left is None else Collection(owner.kind, left, at)
            case Mapping(), "get" if len(given) in (1, 2):
                keys = constants([key for key, _ in owner.pairs])
                if keys is None or constants(given[:1]) is None:
                    return None
                other = given[1] if len(given) > 1 else Const(None, at)
                item = item_of(owner, given[0]) or other
                return item if self._keeps_hold(item, called.value, place) else None
            case _:
                return None

    def _copied_manifest(self, node: ast.Call, called: ast.Attribute, place: Place) -> Value | None:
        """Return what ``model_copy`` makes of a manifest: pydantic takes an update as it is."""
        owner = self.evaluate(called.value, place)
        self._trace.append(id(called))
        if not isinstance(owner, MadeManifest) or node.args:
            return None
        given = {each.name: each for each in owner.given}
        for word in node.keywords:
            outer, self._trace = self._trace, []
            update = self.evaluate(word.value, place)
            followed, self._trace = Followed(update, self._trace), outer
            if word.arg != "update" or not isinstance(update, Mapping):
                return None
            self._trace.append(followed)
            for key, item in update.pairs:
                if not isinstance(key, Const) or not _is_as_validated(key.value, item):
                    return None
                name = str(key.value)
                if name in given:
                    self._trace.append(given[name].followed)
                given[name] = Given(name, item, followed, key.at, None, None)
        return MadeManifest(tuple(given.values()), owner.spread, place.module.at(node))

    def _manifest(self, node: ast.Call, place: Place) -> Value:
        """Read the keywords of a call of the manifest class, each by itself."""
        module = place.module
        if node.args:
            raise Stop(
                place.unknown(
                    "PluginManifest is called with positional arguments, which the node refuses",
                    node,
                )
            )
        self._trace += [id(part) for part in ast.walk(node.func)]
        self._trace.append(Use("PluginManifest", ANY, True))
        here = Place(module, place.local, place.qualname)
        given: list[Given] = []
        spread: Unknown | None = None
        for word in node.keywords:
            outer, self._trace = self._trace, []
            value = self.evaluate(word.value, place)
            followed, self._trace = Followed(value, self._trace), outer
            at = module.at(word.value)
            if word.arg is not None:
                given.append(Given(word.arg, value, followed, at, word.value, here))
            elif isinstance(value, Mapping):
                # What is spread decides which fields there are, so it must be certain as a whole.
                self._trace.append(followed)
                for key, item in value.pairs:
                    if not isinstance(key, Const) or not isinstance(key.value, str):
                        spread = Unknown("keywords are spread into PluginManifest", at)
                        continue
                    given.append(Given(key.value, item, followed, at, None, None))
            else:
                why = value.why if isinstance(value, Unknown) else "it is not a known dict"
                spread = Unknown(f"keywords are spread into PluginManifest: {why}", at)
        return MadeManifest(tuple(given), spread, module.at(node))

    def _function_call(self, called: Definition, node: ast.Call, place: Place) -> Value:
        """Follow a function of this distribution with the arguments it is given."""
        module = self.modules.get(called.module)
        binding = module.scope.only(called.qualname) if isinstance(module, Module) else None
        function = binding.node if binding else None
        why = f"it is computed by {_called(node.func)}, which is not followed"
        if not isinstance(module, Module) or not isinstance(function, ast.FunctionDef):
            return place.unknown(why, node)
        arguments = self._arguments(function, module, node, place)
        if arguments is None or self._calls >= limits.CALLS:
            return place.unknown(why, node)
        self._calls += 1
        self._runs += 1
        start = len(self._trace)
        try:
            value, control = self.run(function, module, arguments)
        except Stop as stop:
            return Unknown(f"{why}: {stop.unknown.why}", stop.unknown.at)
        finally:
            self._calls -= 1
        if isinstance(value, Raised):
            raise Leaves(value)
        self._trace += control
        changeable = _changeable(value) or isinstance(value, MadeManifest)
        owner = ANY if isinstance(value, MadeManifest) else module.name
        use = Use(function.name, owner, changeable)
        if _changeable(value):
            for each in Trace(self._trace[start:]).uses:
                if each.changeable:
                    self.handed.setdefault(each, set()).add(use)
        self._trace.append(use)
        return value

    def run(
        self, function: ast.FunctionDef, module: Module, arguments: dict[str, Followed]
    ) -> tuple[Value | Raised, list[Step]]:
        """Return what a function gives for these arguments, and what the ways it takes lean on.

        Raises ``Stop`` where it cannot be followed.
        """
        self.called[id(function)] = (module.name, function)
        if id(function) not in self._scopes:
            self._scopes[id(function)] = scope_of(function, module.syntax.source)
        local = self._scopes[id(function)]
        frame = Frame({*local.bindings}, {**arguments})
        frame.leaking = self.leaks(function, module).names
        frame.owner = local_to(function)
        place = Place(module, local, function.name, frame)
        if id(function) not in self._sizes:
            self._sizes[id(function)] = sum(1 for _ in ast.walk(function))
        self.count(function, place, self._sizes[id(function)])
        return Body(function, place, frame, self).run(), frame.control

    def leaks(self, function: ast.FunctionDef, module: Module) -> Leaks:
        """Return which values of a function may get names that are not followed."""
        if id(function) not in self._leaks:
            builtin = frozenset(
                name
                for name in COPYING - module.scope.bindings.keys()
                if not module.scope.star or self._starred(name, Place(module)) == []
            )
            self._leaks[id(function)] = leaks_of(function, module.scope, builtin)
        return self._leaks[id(function)]

    def _arguments(
        self, function: ast.FunctionDef, module: Module, node: ast.Call, place: Place
    ) -> dict[str, Followed] | None:
        """Bind the arguments of a call, where that is plain to see."""
        wanted = function.args
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            return None
        rest = self._rest(wanted, module, node, place, self.leaks(function, module).names)
        if rest is None:
            return None
        named = [arg.arg for arg in wanted.args]
        order = [*(arg.arg for arg in wanted.posonlyargs), *named]
        by_name = {*named, *(arg.arg for arg in wanted.kwonlyargs)}
        expressions: dict[str, tuple[ast.expr, Place]] = {}
        for name, expression in zip(order, node.args, strict=False):
            expressions[name] = (expression, place)
        for word in node.keywords:
            if word.arg is None or word.arg in expressions:
                return None
            if word.arg in by_name:
                expressions[word.arg] = (word.value, place)
        at_home = Place(module)
        late = zip(reversed(order), reversed(wanted.defaults), strict=False)
        kept: dict[str, ast.expr] = dict(late)
        for arg, default in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True):
            if default is not None:
                kept[arg.arg] = default
        found = rest
        for name in [*order, *(arg.arg for arg in wanted.kwonlyargs)]:
            if name not in expressions and name not in kept:
                return None
            given = name in expressions
            expression, where = expressions[name] if given else (kept[name], at_home)
            outer, self._trace = self._trace, []
            value = self.evaluate(expression, where)
            # A default is made once and stays; what is handed on can be changed elsewhere.
            kept_elsewhere = not given or name in self.leaks(function, module).names
            if kept_elsewhere and _changeable(value):
                self._forget(0)
                self._trace = outer
                return None
            found[name] = Followed(value, self._trace)
            self._trace = outer
            self._trace.append(found[name])
        return found

    def _rest(
        self,
        wanted: ast.arguments,
        module: Module,
        node: ast.Call,
        place: Place,
        leaks: frozenset[str],
    ) -> dict[str, Followed] | None:
        """Bind what ``*args`` and ``**kwargs`` take of a call; ``None`` where that is too much."""
        found: dict[str, Followed] = {}
        order = len(wanted.posonlyargs) + len(wanted.args)
        named = {arg.arg for arg in (*wanted.args, *wanted.kwonlyargs)}
        extra = [word for word in node.keywords if word.arg not in named]
        if (node.args[order:] and not wanted.vararg) or (extra and not wanted.kwarg):
            return None
        at = place.module.at(node)
        for arg in (wanted.vararg, wanted.kwarg):
            if arg is None:
                continue
            if arg.arg in leaks:
                return None
            outer, self._trace = self._trace, []
            if arg is wanted.vararg:
                items = tuple(self.evaluate(each, place) for each in node.args[order:])
                value: Value = Collection("tuple", items, at)
            else:
                value = Mapping(
                    tuple(
                        (Const(word.arg, at), self.evaluate(word.value, place)) for word in extra
                    ),
                    at,
                )
            found[arg.arg] = Followed(value, self._trace)
            self._trace = outer
            self._trace.append(found[arg.arg])
        return found

    def _builtin(self, name: str, node: ast.Call, place: Place) -> Value:
        at = place.module.at(node)
        if name == "dict":
            return self._dict_call(node, place)
        if (
            node.keywords
            or len(node.args) > 1
            or any(isinstance(arg, ast.Starred) for arg in node.args)
        ):
            return place.unknown(f"this call of {name}() is not followed", node)
        value = self._argument(node.args[0], place) if node.args else None
        match name, value:
            case "bool", _ if value is not None:
                known = truth(value)
                if known is None:
                    return place.unknown("this call of bool() is not followed", node)
                return Const(known, at)
            case "len", Collection(kind="list" | "tuple", items=items):
                return Const(len(items), at)
            case "sorted", Collection() | Mapping():
                items = (
                    value.items
                    if isinstance(value, Collection)
                    else tuple(key for key, _ in value.pairs)
                )
                texts = constants(items)
                if texts is None:
                    return place.unknown("this call of sorted() is not followed", node)
                if isinstance(value, Mapping) or value.kind in SETS:
                    texts = [*{*texts}]
                places = dict(zip(constants(items) or (), items, strict=True))
                return Collection("list", tuple(places[text] for text in sorted(texts)), at)
            case _, Unknown():
                return value
            case "str", None:
                return Const("", at)
            case "str", Const(value=str()):
                return Const(value.value, at)
            case _, None if name in _COLLECTIONS:
                return Collection(name, (), at)
            case "tuple" | "list", Collection() if unordered(value):
                return place.unknown("it lists a set, whose order is not certain", node)
            case _, Collection() if name in _COLLECTIONS:
                return Collection(name, value.items, at)
            case _, Mapping() if name in ("set", "frozenset"):
                return Collection(name, tuple(key for key, _ in value.pairs), at)
            case _:
                return place.unknown(f"this call of {name}() is not followed", node)

    def _argument(self, node: ast.expr, place: Place) -> Value:
        """Return what a builtin is given that copies it at once: also what can be read once."""
        match node:
            case ast.GeneratorExp():
                return self._comprehension(node, place)
            case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values"), args=[]):
                found = self.items_of(node, place)
                if found is not None:
                    self._trace.append(found[1])
                    return Collection("list", tuple(found[0]), place.module.at(node))
            case _:
                pass
        return self.evaluate(node, place)

    def _dict_call(self, node: ast.Call, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        sources: list[ast.expr] = [*node.args]
        if len(sources) > 1 or any(isinstance(arg, ast.Starred) for arg in sources):
            return place.unknown("this call of dict() is not followed", node)
        sources += [word.value for word in node.keywords if word.arg is None]
        for source in sources:
            value = self._argument(source, place)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, Collection) and source in node.args and not unordered(value):
                for pair in value.items:
                    match pair:
                        case Collection(kind="tuple" | "list", items=(key, item)) if isinstance(
                            key, Const
                        ):
                            pairs.append((key, item))
                        case _:
                            return place.unknown("this call of dict() is not followed", source)
                self._copied(value.items)
                continue
            if not isinstance(value, Mapping):
                return place.unknown("this call of dict() is not followed", source)
            pairs.extend(self._copied(value.pairs))
        for word in node.keywords:
            if word.arg is not None:
                key = Const(word.arg, place.module.at(word.value))
                pairs.append((key, self.evaluate(word.value, place)))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(_TOO_MANY, node)
        return Mapping(tuple(pairs), place.module.at(node))


def origin(statement: ast.ImportFrom, module: Module) -> str | None:
    """Return the absolute name of the module a ``from`` import reads; ``None`` if it leads out."""
    if not statement.level:
        return statement.module or ""
    parts = module.package.split(".") if module.package else []
    if statement.level > len(parts):
        return None
    base = parts[: len(parts) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def assigned(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return every name that a plain assignment gives its value to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _changeable(value: Value) -> bool:
    """Say whether a value, or one inside it, could be changed in place."""
    match value:
        case Collection(kind="tuple" | "frozenset"):
            return not all(isinstance(item, (Const, Definition, Made)) for item in value.items)
        case Collection() | Mapping() | MadeManifest():
            return True
        case _:
            return False


def _is_deep(value: Value) -> bool:
    """Say whether something inside a value could be changed in place."""
    match value:
        case Collection(items=items):
            return any(map(_changeable, items))
        case Mapping(pairs=pairs):
            return any(_changeable(item) for _, item in pairs)
        case _:
            return False


def unordered(value: Collection) -> bool:
    """Say whether the order of a collection's items is up to chance."""
    return value.kind in ("set", "frozenset") and len(value.items) > 1


def _is_as_validated(name: object, value: Value) -> bool:
    """Say whether a value is of the type that a field has after its validation."""
    match name, value:
        case "name" | "version" | "requires_stigmem", Const(value=str()):
            return True
        case "capabilities" | "depends_on", Collection(kind="set" | "frozenset", items=items):
            return constants(items) is not None
        case "async_safe", Const(value=bool()):
            return True
        case "hooks", Mapping(pairs=pairs):
            return constants([key for key, _ in pairs]) is not None
        case "health_check" | "config_schema", Definition() | Const(value=None):
            return True
        case _:
            return False


def _bound_to_object(method: Value) -> Value:
    return replace(method, bound=True) if isinstance(method, Definition) else method


_COMPOUND = (
    ast.For
    | ast.AsyncFor
    | ast.While
    | ast.With
    | ast.AsyncWith
    | ast.Try
    | ast.TryStar
    | ast.Match
)


def contacts(node: ast.AST) -> tuple[list[Contact], int]:
    """Return every name that is read in a node, with what it meets; and how large the node is."""
    met: dict[int, list[ast.expr]] = {}
    several: set[int] = set()
    names: list[ast.Name] = []
    bound = _stored(node) if isinstance(node, _COMPOUND) else set()
    size = 0

    def meet(one: ast.expr, other: ast.expr) -> None:
        met.setdefault(id(one), []).append(other)

    for part in ast.walk(node):
        size += 1
        match part:
            case ast.Name(ctx=ast.Load()):
                names.append(part)
            case ast.comprehension(target=target):
                bound |= _stored(target)
            case ast.arg(arg=name):
                bound.add(name)
            case ast.BinOp(left=one, right=two) | ast.AugAssign(target=one, value=two):
                meet(one, two)
                meet(two, one)
            case ast.Compare(left=one, ops=[ast.In() | ast.NotIn()], comparators=[two]):
                meet(one, two)
            case ast.Compare(left=one, comparators=[two]):
                meet(one, two)
                meet(two, one)
            case ast.Compare(left=one, comparators=more):
                several |= {id(one), *map(id, more)}
                meet(one, one)
                for each in more:
                    meet(each, each)
            case ast.Call(func=ast.Attribute(value=owner), args=args):
                for each in args:
                    meet(each, owner)
            case _:
                pass
    found = [Contact(name, met.get(id(name), []), bound, id(name) in several) for name in names]
    return found, size


def _stored(node: ast.AST) -> set[str]:
    """Return the names that the statements in a node may bind."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            found.add(part.id)
        elif isinstance(part, ast.alias):
            found.add((part.asname or part.name).partition(".")[0])
        else:
            found |= {
                each
                for each in (getattr(part, "name", None), getattr(part, "rest", None))
                if isinstance(each, str)
            }
    return found


def _is_builtin(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and hasattr(builtins, node.id)


def _short(name: str) -> str:
    return shorten(name, 80)


def _called(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "a call"
    return shorten(".".join([node.id, *reversed(parts)]), 80) + "()"


_NAMES: dict[str, str] = {
    "IfExp": "a conditional expression",
    "BoolOp": "an expression with and/or",
    "Compare": "a comparison",
    "Subscript": "a subscript",
    "Lambda": "a lambda in a comprehension",
    "Await": "an await expression",
    "NamedExpr": "an assignment inside an expression",
    "UnaryOp": "this operation",
    "ListComp": "a comprehension",
    "SetComp": "a comprehension",
    "DictComp": "a comprehension",
    "GeneratorExp": "a generator expression",
}


def _construct(node: ast.expr) -> str:
    return _NAMES.get(type(node).__name__, "this expression")
