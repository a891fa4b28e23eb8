"""What a function returns, followed statement by statement without running it.

Only what is listed here is followed. A statement that is not makes what it binds unknown; one that
could return from the middle, or change a collection that has a second name, makes the whole
function unknown. That nothing else changes what is followed is looked at in ``factory``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from stigmem_review.manifest.contacts import stored
from stigmem_review.manifest.frames import Followed, Frame, Leaves, Place, Stop
from stigmem_review.manifest.values import Collection, Const, Raised, Value
from stigmem_review.syntax.nodes import children
from stigmem_review.syntax.scope import Scope, arguments_of, outer_parts, scope_of

if TYPE_CHECKING:
    from stigmem_review.manifest.evaluate import Evaluator

_MUTATORS = frozenset(
    (
        *("add", "append", "clear", "difference_update", "discard", "extend", "insert"),
        *("intersection_update", "pop", "popitem", "remove", "reverse", "setdefault", "sort"),
        *("symmetric_difference_update", "update", "__setitem__", "__delitem__", "__ior__"),
        *("__iadd__", "__isub__", "__iand__", "__ixor__"),
    )
)
_READING = frozenset(
    (
        *("copy", "count", "difference", "get", "index", "intersection", "isdisjoint"),
        *("issubset", "issuperset", "items", "join", "keys", "symmetric_difference", "union"),
        *("values",),
    )
)
COPYING = frozenset(
    ("any", "all", "bool", "dict", "frozenset", "len", "list", "set", "sorted", "tuple")
)
_FRESH = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.Compare,
)


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
        self._changed = set(_changed(function))
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
        alone = {id(part.value) for part in _own(self._function) if isinstance(part, ast.Expr)}
        for part in ast.walk(self._function):
            if isinstance(part, ast.Nonlocal):
                why = "a function inside this one assigns to it"
                self._frame.loosen(part.names, self._place.unknown(why, part))
        for part in _own(self._function):
            match part:
                case ast.Global():
                    # What the module binds in several places, nobody follows.
                    self._frame.names.difference_update(part.names)
                case ast.Yield() | ast.YieldFrom() | ast.Await():
                    raise self._stop("it is no plain function", part)
                case ast.Call(func=ast.Attribute(value=owner, attr=name)) if (
                    name in _MUTATORS and not isinstance(owner, ast.Name)
                ):
                    if not isinstance(owner, ast.Constant):
                        raise self._stop("it changes something in place", part)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                    method in _MUTATORS and id(part) not in alone and self._frame.has(name)
                ):
                    raise self._stop("it changes something in place", part)
                case ast.comprehension(target=target) if any(
                    isinstance(inner, (ast.Attribute, ast.Subscript)) for inner in ast.walk(target)
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
        size = sum(1 for _ in ast.walk(self._function))
        for name in sorted(self._changed & self._frame.names):
            self._evaluator.count(self._function, self._place, size)
            shared = name in leaks.names and not _leaks_late(self._function, name, leaks)
            if shared or not _is_fresh(self._function, name, leaks.copying):
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
        parts = {id(part) for part in ast.walk(node)}
        self._evaluator.count(node, self._place, len(parts))
        self._evaluator.alive |= parts
        self._evaluator.untold(node, self._place)
        for part in _own(node):
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
        for name in _changed(node):
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
        if method not in _MUTATORS or not self._frame.has(name):
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
                self._evaluator.count(node, self._place, sum(1 for _ in ast.walk(node)))
                if any(name in _changed(each) for each in node.body):
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


class Leaks(NamedTuple):
    """The names of a function whose value may get a second name, or be kept elsewhere.

    ``loads`` are the places where that may happen; ``inner`` are those that functions inside use,
    whenever they run.
    """

    names: frozenset[str]
    loads: tuple[ast.Name, ...]
    inner: frozenset[str]
    copying: frozenset[str]
    """The builtins that copy what they are given, as far as nothing else has their name."""


def leaks_of(function: ast.FunctionDef, module: Scope, builtin: frozenset[str]) -> Leaks:
    """Return where values get other names; what copies a value, or looks at it, gives it none.

    ``builtin`` are the names of ``COPYING`` that mean what they mean everywhere.
    """
    own = {*scope_of(function, b"global :=").bindings, *stored(function)}
    copying = builtin - own
    manifest = {name for name in module.bindings if _is_manifest_class(name, module)} - own
    fine: set[int] = set()
    loads: list[ast.Name] = []
    inner: set[str] = set()
    stack: list[ast.AST] = [*function.body]
    while stack:
        node = stack.pop()
        match node:
            case ast.Name(ctx=ast.Load()):
                loads.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                # It runs when nobody looks.
                inner |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                continue
            case ast.Return(value=ast.expr() as value):
                fine |= _returned(value, copying)
            case ast.Call(func=ast.Name(id=called)):
                if called in manifest:
                    fine |= {id(word.value) for word in node.keywords}
                elif called in copying:
                    fine |= {id(each) for each in node.args}
            case ast.Call(func=ast.Attribute(value=owner, attr=method)):
                if method in _READING:
                    fine |= {id(owner), *map(id, node.args)}
                elif method in ("extend", "update"):
                    fine |= {id(each) for each in node.args}
            case ast.For(iter=source) | ast.comprehension(iter=source):
                fine.add(id(source))
            case ast.BinOp(left=left, right=right):
                fine |= {id(left), id(right)}
            case ast.AugAssign(value=value):
                fine.add(id(value))
            case ast.Compare(left=left, comparators=others):
                fine |= {id(left), *map(id, others)}
            case ast.Starred(value=value) | ast.keyword(arg=None, value=value):
                fine.add(id(value))
            case ast.Dict(keys=keys, values=values):
                fine |= {id(v) for k, v in zip(keys, values, strict=True) if k is None}
            case ast.If(test=test) | ast.IfExp(test=test):
                fine.add(id(test))
            case ast.UnaryOp(op=ast.Not(), operand=value):
                fine.add(id(value))
            case ast.Subscript(value=ast.Name() as value, ctx=ast.Store()):
                fine.add(id(value))
            case _:
                pass
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called_on = node.value.func
            if isinstance(called_on, ast.Attribute) and called_on.attr in _MUTATORS:
                fine.add(id(called_on.value))
        stack += children(node)
    leaky = tuple(each for each in loads if id(each) not in fine)
    return Leaks(frozenset(inner | {each.id for each in leaky}), leaky, frozenset(inner), copying)


def _leaks_late(function: ast.FunctionDef, name: str, leaks: Leaks) -> bool:
    """Say whether a name's value gets a second name only once nothing changes it any more.

    That is plain to see where it happens below the last change, and in no loop.
    """
    if name in leaks.inner:
        return False
    last = max(
        (
            getattr(each, "end_lineno", 0)
            for each in _own(function)
            if name in {*_changed_here(each)}
        ),
        default=0,
    )
    looped = {
        id(inner)
        for part in _own(function)
        if isinstance(part, (ast.For, ast.AsyncFor, ast.While))
        for inner in ast.walk(part)
    }
    return all(
        each.lineno > last and id(each) not in looped for each in leaks.loads if each.id == name
    )


def _is_manifest_class(name: str, module: Scope) -> bool:
    binding = module.only(name)
    match binding.node if binding else None:
        case ast.ImportFrom(module=str(source), level=0, names=names):
            return source.startswith("stigmem_node.plugins") and any(
                (each.asname or each.name) == name and each.name == "PluginManifest"
                for each in names
            )
        case _:
            return False


def _returned(value: ast.expr, copying: frozenset[str]) -> set[int]:
    """Return the names that a function gives back, also inside what it makes for that."""
    match value:
        case ast.Name():
            return {id(value)}
        case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return set().union(*(_returned(each, copying) for each in values))
        case ast.Call(func=ast.Name("dict"), keywords=words) if "dict" in copying:
            return set().union(*(_returned(word.value, copying) for word in words))
        case _:
            return set()


def _is_fresh(function: ast.FunctionDef, name: str, copying: frozenset[str]) -> bool:
    """Say whether a name is only ever given values that nothing else holds."""
    fine: set[int] = set()
    stored: list[ast.AST] = [arg for arg in arguments_of(function.args) if arg.arg == name]
    for part in _own(function):
        match part:
            case (
                ast.Assign(targets=[ast.Name() as target], value=value)
                | ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value)
            ):
                if _makes_something(value, copying):
                    fine.add(id(target))
            case ast.AnnAssign(target=target, value=None) | ast.AugAssign(target=target):
                fine.add(id(target))
            case ast.Name(id=found, ctx=ast.Store() | ast.Del()) if found == name:
                stored.append(part)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if part.name == name:
                stored.append(part)
            case ast.ExceptHandler(name=found) if found == name:
                stored.append(part)
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name.partition(".")[0] for alias in part.names]
                stored += [part] * (name in names)
            case _:
                pass
    return all(id(each) in fine for each in stored)


def _makes_something(value: ast.expr, copying: frozenset[str]) -> bool:
    return isinstance(value, _FRESH) or (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in copying
    )


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield names whose values are changed in place."""
    for part in _own(node):
        yield from _changed_here(part)


def _changed_here(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            if method in _MUTATORS:
                yield name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            yield name
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a body that run with it, not those of functions defined in it."""
    stack: list[ast.AST] = (
        list(getattr(node, "body", ())) if isinstance(node, ast.FunctionDef) else [node]
    )
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack += outer_parts(part)
        elif isinstance(part, ast.ClassDef):
            stack += [*outer_parts(part), *part.body]
        else:
            stack += children(part)
