"""What a function returns, followed statement by statement without running it.

Only what is listed here is followed. A statement that is not makes what it binds unknown; one that
could return from the middle, or change a collection that has a second name, makes the whole
function unknown. That nothing else changes what is followed is looked at in ``factory``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from stigmem_review.code.nodes import walk
from stigmem_review.manifest.frames import Followed, Frame, Leaves, Place, Stop
from stigmem_review.manifest.leaks import MUTATORS, changed_names, is_fresh, leaks_late, own_nodes
from stigmem_review.manifest.values import Collection, Const, Raised, Value

if TYPE_CHECKING:
    from stigmem_review.manifest.evaluate import Evaluator


class _Loop(Exception):  # noqa: N818 - how a loop is left, not an error
    """``break`` or ``continue``."""


class _Break(_Loop):
    pass


class _Continue(_Loop):
    pass


class _Returned(Exception):  # noqa: N818 - carries the answer out of nested statements
    def __init__(self, value: Value | Raised) -> None:
        super().__init__()
        self.value = value


class Body:
    """The body of one function that is followed; ``frame`` holds its parameters already."""

    def __init__(
        self, function: ast.FunctionDef, place: Place, frame: Frame, evaluator: Evaluator
    ) -> None:
        self._function = function
        self._frame = frame
        self._place = place
        self._evaluator = evaluator
        self._shape = evaluator.shape(function)
        self._changed = self._shape.changed
        given = [each.value for each in frame.values.values() if isinstance(each, Followed)]
        self._holds_others = any(map(evaluator.may_change_inside, given))
        """Whether what a parameter stands for has things in it that others hold, too."""
        self._refuse()

    def run(self) -> Value | Raised:
        """Return what the function returns. Raises ``Stop`` where it cannot be followed."""
        try:
            self._block(self._function.body)
        except _Returned as returned:
            return returned.value
        except Leaves as leaving:
            return leaving.raised
        return Const(None, self._place.module.at(self._function))

    def _refuse(self) -> None:
        """Refuse a function in which something could change behind the names that are followed."""
        for outer in self._shape.nonlocals:
            why = "a function inside this one assigns to it"
            self._frame.loosen(outer.names, self._place.unknown(why, outer))
        for part in self._shape.notable:
            match part:
                case ast.Global():
                    # What the module binds in several places, nobody follows.
                    self._frame.names.difference_update(part.names)
                case ast.Yield() | ast.YieldFrom() | ast.Await():
                    raise self._stop("it is no plain function", part)
                case ast.Call(func=ast.Attribute(value=owner, attr=name)) if (
                    name in MUTATORS and not isinstance(owner, ast.Name)
                ):
                    if not isinstance(owner, ast.Constant):
                        raise self._stop("it changes something in place", part)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                    method in MUTATORS
                    and id(part) not in self._shape.alone
                    and self._frame.has(name)
                ):
                    raise self._stop("it changes something in place", part)
                case ast.comprehension(target=target) if any(
                    isinstance(inner, (ast.Attribute, ast.Subscript)) for inner in walk(target)
                ):
                    raise self._stop("it changes something in place", target)
                case ast.NamedExpr():
                    raise self._stop("it assigns inside an expression", part)
                case ast.Subscript(ctx=ast.Store() | ast.Del(), value=owner) if not isinstance(
                    owner, ast.Name
                ):
                    raise self._stop("it changes something in place", part)
                case _:
                    pass
        # What is of another scope, whoever looks at what live code mentions sees.
        leaks = self._evaluator.leaks(self._function, self._place.module)
        for name in sorted(self._changed & self._frame.names):
            self._evaluator.count(self._function, self._place, self._shape.size)
            shared = name in leaks.names and not leaks_late(self._function, name, leaks)
            if shared or not is_fresh(self._function, name, leaks.copying):
                raise self._stop(f"{name[:80]} is changed, and may have a second name", None)

    def _stop(self, why: str, node: ast.AST | None) -> Stop:
        return Stop(
            self._place.unknown(f"{self._function.name[:80]}: {why}", node or self._function)
        )

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self._evaluator.count(statement, self._place)
            self._evaluator.alive.add(id(statement))
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Return(value=None):
                raise _Returned(Const(None, self._place.module.at(node)))
            case ast.Return(value=ast.expr() as value):
                raise _Returned(self._evaluator.evaluate(value, self._place))
            case ast.Raise():
                raise _Returned(Raised(self._place.module.at(node)))
            case ast.Assign(targets=targets, value=value):
                self._assign(node, targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(node, [target], value)
            case ast.AugAssign():
                self._augment(node)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name()))) as statement:
                self._method(statement)
            case ast.If():
                self._block(node.body if self._decide(node.test) else node.orelse)
            case ast.For():
                self._loop(node)
            case ast.Try(
                body=[ast.Import() | ast.ImportFrom() | ast.Assign(targets=[ast.Name()])],
                handlers=[_],
                orelse=[],
                finalbody=[],
            ):
                self._try(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._frame.define(node.name, node)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    self._frame.define(alias.asname or alias.name.partition(".")[0], node)
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case ast.Pass():
                pass
            case ast.Expr() | ast.Assert() | ast.AnnAssign():
                self._evaluator.untold(node, self._place)
            case _:
                self._skip(node)

    def _decide(self, test: ast.expr) -> bool:
        decided = self._evaluator.decide(test, self._place)
        if decided is None:
            raise self._stop("which way it goes is not known", test)
        return decided

    def _try(self, node: ast.Try) -> None:
        """Follow one statement, or what stands for it where it raises."""
        works = self._evaluator.works(node, self._place)
        if works is None:
            raise self._stop("whether it raises is not known", node)
        handler = node.handlers[0]
        if not works and handler.name:
            self._frame.put(handler.name, self._place.unknown("it is an exception", handler))
        self._block(node.body if works else handler.body)

    def _skip(self, node: ast.stmt) -> None:
        """Take what a statement binds for unknown, unless it may leave the function."""
        why = self._place.unknown(f"{type(node).__name__.lower()} is not followed", node)
        parts = {id(part) for part in walk(node)}
        self._evaluator.count(node, self._place, len(parts))
        self._evaluator.alive |= parts
        self._evaluator.untold(node, self._place)
        for part in own_nodes(node):
            if isinstance(part, (ast.Return, ast.Break, ast.Continue)):
                raise Stop(why)
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                self._frame.put(part.id, why)
            elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._frame.put(part.name, why)
            elif isinstance(part, (ast.Import, ast.ImportFrom)):
                for alias in part.names:
                    self._frame.put(alias.asname or alias.name.partition(".")[0], why)
            elif isinstance(part, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and part.name:
                self._frame.put(part.name, why)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                self._frame.put(part.rest, why)
        for name in changed_names(node):
            self._frame.put(name, why)

    # Assignments

    def _assign(
        self, node: ast.Assign | ast.AnnAssign, targets: list[ast.expr], value: ast.expr
    ) -> None:
        read = self._evaluator.assigned_value(node, targets, value, self._place)
        for target in targets:
            self._give(target, read, node)

    def _give(
        self, target: ast.expr, read: Followed, node: ast.AST, *, inside: bool = False
    ) -> None:
        """Give a target its value; ``inside`` says that something else holds that value, too."""
        value = read.value
        match target:
            case ast.Name(id=name):
                shared = (inside and self._evaluator.may_change(value)) or (
                    self._holds_others and self._evaluator.may_change_inside(value)
                )
                if shared and name in self._frame.leaking:
                    raise self._stop(f"{name[:80]} has a second name, and may be changed", node)
                self._frame.keep(name, read)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items: list[Value] = [self._place.unknown("it is taken apart", node)] * len(targets)
                if (
                    isinstance(value, Collection)
                    and value.kind in ("tuple", "list")
                    and len(value.items) == len(targets)
                    and not any(isinstance(each, ast.Starred) for each in targets)
                ):
                    items = list(value.items)
                elif self._evaluator.may_change_inside(value):
                    raise self._stop("it takes apart something that may be changed", node)
                for each, item in zip(targets, items, strict=True):
                    inner = each.value if isinstance(each, ast.Starred) else each
                    self._give(inner, Followed(item, [read]), node, inside=True)
            case ast.Subscript(value=ast.Name(id=name)) if self._frame.has(name):
                stored = self._evaluator.stored_value(target, read, self._place)
                self._frame.change(name, stored)
            case _ if self._evaluator.may_change_inside(value) or (
                inside and self._evaluator.may_change(value)
            ):
                raise self._stop("it is kept somewhere, and may be changed there", node)
            case _:
                pass

    def _augment(self, node: ast.AugAssign) -> None:
        match node.target:
            case ast.Name(id=name) if self._frame.has(name):
                self._frame.change(name, self._evaluator.augmented_value(node, self._place))
            case _:
                pass

    def _method(self, statement: ast.Expr) -> None:
        match statement.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) as call:
                pass
            case _:
                return
        if method not in MUTATORS or not self._frame.has(name):
            self._evaluator.untold(statement, self._place)
            return
        self._frame.change(name, self._evaluator.changed_value(call, method, self._place))

    def _loop(self, node: ast.For) -> None:
        found = self._evaluator.items_of(node.iter, self._place)
        if found is None:
            self._skip(node)
            return
        items, followed = found
        match node.iter:
            case ast.Name(id=name) | ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                self._evaluator.count(node, self._place, sum(1 for _ in walk(node)))
                if any(name in changed_names(each) for each in node.body):
                    raise self._stop(f"{name[:80]} is changed while a loop goes over it", node)
            case _:
                pass
        self._frame.control.append(followed)
        for item in items:
            self._evaluator.count(node, self._place)
            self._give(node.target, Followed(item, []), node, inside=True)
            try:
                self._block(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self._block(node.orelse)
