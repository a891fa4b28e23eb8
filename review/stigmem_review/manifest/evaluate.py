"""Reads the value of an expression from its syntax, following names to their one binding.

Sound before complete: a name counts only if its scope binds it exactly once and plainly, so that
its value does not depend on when it is read. What is not listed here is unknown, with the reason.
What live code could still change behind a name's back is looked at in ``factory``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeVar

from stigmem_review import limits
from stigmem_review.code.live import local_to
from stigmem_review.code.modules import Module
from stigmem_review.code.nodes import walk
from stigmem_review.code.scope import scope_of
from stigmem_review.manifest.calls import Calls
from stigmem_review.manifest.contacts import Contact, contacts
from stigmem_review.manifest.core import (
    READING_ALL,
    SET_OPERATORS,
    TOO_MANY,
    Exports,
    Trace,
    Way,
    brief,
    changeable,
    is_deep,
    unordered,
)
from stigmem_review.manifest.data import led_to
from stigmem_review.manifest.frames import Followed, Frame, Leaves, Place, Step, Stop, Use
from stigmem_review.manifest.names import FINAL
from stigmem_review.manifest.operations import (
    changed,
    compared,
    constants,
    item_of,
    of_sets,
    truth,
)
from stigmem_review.manifest.statements import Body
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    FilePath,
    Foreign,
    Mapping,
    Raised,
    Value,
)
from stigmem_review.model import Unknown

T = TypeVar("T")

_INT_BITS = 10_000
"""Python refuses to write out numbers of more than 4,300 digits."""
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


class Evaluator(Calls):
    """Evaluates expressions of one distribution."""

    def read(self, node: ast.expr, place: Place) -> tuple[Value, Trace]:
        """Return the value of an expression, and what reading it leans on."""
        return self._whole(lambda: self.evaluate(node, place), node, place)

    def _whole(self, work: Callable[[], Value], node: ast.AST, place: Place) -> tuple[Value, Trace]:
        """Return what is read outside of any way through a factory; it ends here."""
        self._trace = []
        try:
            return work(), Trace(self._trace)
        except Stop as stop:
            unknown = stop.unknown
        except Leaves:
            unknown = place.unknown("an exception leaves what is read", node)
        except RecursionError:
            unknown = place.unknown("it is nested too deeply to be read", node)
        self._forget(0)
        return unknown, Trace([])

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
            self._exports = Exports()
        at = self._ways[0].at
        raise Stop(Unknown(f"there are more than {limits.PATHS} ways through the factory", at))

    def read_name(self, name: str, node: ast.AST, place: Place) -> tuple[Value, Trace]:
        """Return what a name of a module stands for once its import is over."""
        scope = place.module.scope
        return self._whole(lambda: self._bound(name, node, place, scope, FINAL), node, place)

    def evaluate(self, node: ast.expr, place: Place) -> Value:
        """Return the value of an expression, or that it is unknown, where and why."""
        self._steps += 1
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(TOO_MANY, node)
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
        return changeable(value)

    def may_change_inside(self, value: Value) -> bool:
        """Say whether something inside a value could be changed in place."""
        return is_deep(value)

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
            and changeable(held.value)
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
            if not changeable(value):
                continue
            self.count(contact.name, place)
            if is_deep(value) or not all(self._is_plain(o, contact, place) for o in contact.met):
                name = brief(contact.name.id)
                raise Stop(place.unknown(f"{name} may be changed, in a way not followed", node))

    def _is_plain(self, node: ast.expr, contact: Contact, place: Place) -> bool:
        """Say whether an expression gives something whose operators and methods are known."""
        names = {part.id for part in walk(node) if isinstance(part, ast.Name)}
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
            return place.unknown(TOO_MANY, nodes[0])
        return tuple(items)

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
            return place.unknown(TOO_MANY, node)
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
                left_over = of_sets(SET_OPERATORS[type(operator)], left, right)
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
            return place.unknown(TOO_MANY, node)
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
            for part in walk(generator.target)
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
            read = self._argument if method in READING_ALL else self.evaluate
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
                if not changeable(value) or (plain and self._runs == runs):
                    # What a function gives, or what is kept elsewhere, others may hold as well.
                    self.accounted |= {each for each in self._trace if isinstance(each, int)}
                if changeable(value):
                    names = {
                        part.id
                        for target in targets
                        for part in walk(target)
                        if isinstance(part, ast.Name)
                    }
                    if place.frame and not is_deep(value):
                        # Nobody else can get hold of what has no other name.
                        names &= place.frame.leaking
                    for name in sorted(names):
                        own = place.frame.owner if place.frame and place.frame.has(name) else ""
                        self._trace.append(Use(name, own or place.module.name, True))
            return Followed(value, self._trace)
        finally:
            self._trace = outer

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
            self._sizes[id(function)] = sum(1 for _ in walk(function))
        self.count(function, place, self._sizes[id(function)])
        return Body(function, place, frame, self).run(), frame.control


def _construct(node: ast.expr) -> str:
    return _NAMES.get(type(node).__name__, "this expression")
