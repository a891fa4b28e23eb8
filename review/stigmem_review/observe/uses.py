"""What one source file uses: imports, and dotted names as far as they can be followed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stigmem_review.code.modules import Syntax
from stigmem_review.code.nodes import children
from stigmem_review.code.parse import Failure
from stigmem_review.code.scope import arguments_of, outer_parts
from stigmem_review.observe.names import COMPUTED, Names, member


class Use(NamedTuple):
    """A name that is used, as far as it can be followed.

    ``dotted`` is absolute for what is imported (``socket.create_connection``), starts with dots
    for a relative import, is ``builtins.open`` for a builtin, and ``?.name`` for an attribute of
    anything else. What a constant names in ``getattr``, ``import_module`` and the like counts like
    what is written out; what is computed ends in ``COMPUTED``, and a module that is handed to
    where nobody can follow it in ``HANDED_ON`` (both in ``observe.names``). ``early`` if the line
    runs when the module is imported, ``stored`` if it is assigned to or deleted.
    """

    dotted: str
    line: int
    early: bool
    called: bool = False
    stored: bool = False


class Import(NamedTuple):
    """One name in an import statement.

    ``module`` starts with dots where it is relative; ``name`` is empty for ``import module`` and
    ``*`` for a star import. ``guarded`` if an ``except``, a ``with`` or a condition stands around
    it, so that it may fail, or not run, where that is meant. ``within`` is the function of the
    module that runs it whenever it is called, and ``?`` where it is in another place in a function.
    """

    module: str
    name: str
    line: int
    early: bool
    guarded: bool
    within: str = ""


class FileUses(NamedTuple):
    """What was found in one file; ``failure`` where it is no Python that can be read.

    ``names`` is what its names stand for, so that other files can get at them through it.
    """

    uses: tuple[Use, ...] = ()
    imports: tuple[Import, ...] = ()
    failure: Failure | None = None
    names: Mapping[str, tuple[str, ...]] = {}
    stars: tuple[str, ...] = ()


_Once = tuple[str, bool, bool, bool]


def uses_of(known: Syntax | Failure) -> FileUses:
    """Return what a source file uses, in the order of its lines; each use once, where it is first.

    What only type checkers see is left out.
    """
    if isinstance(known, Failure):
        return FileUses(failure=known)
    names = Names(known.scope)
    walk = _Walk(known.scope.skipped, names)
    walk.run(known.tree)
    names.follow()
    early = walk.early_owners()
    found: dict[_Once, int] = {}
    for node, owner, called, followed in walk.events:
        for dotted, is_called, stored in names.uses(node, called=called, followed=followed):
            if dotted != "?":
                once = (dotted, owner in early, is_called, stored)
                found[once] = min(node.lineno, found.get(once, node.lineno))
    for each in walk.stars:
        found.setdefault((each.module, each.early, False, False), each.line)
    if names.too_many_stars:
        found[(f"builtins.{COMPUTED}", False, False, False)] = walk.stars[0].line
    listed = (Use(dotted, line, *flags) for (dotted, *flags), line in found.items())
    uses = tuple(sorted(listed, key=lambda each: each.line))
    imports = tuple(sorted(walk.imports, key=lambda each: each.line))
    stands_for = {name: tuple(dotted) for name, dotted in names.known.items()}
    return FileUses(uses, imports, None, stands_for, tuple(names.stars))


_HERE = ""
"""What owns the lines that run when the module is imported."""
_INITIALISERS = ("", ".__init__", ".__new__", ".__post_init__")
_ELSEWHERE = "?"
_GUARDS = (
    *(ast.AsyncFor, ast.AsyncWith, ast.For, ast.If, ast.Match, ast.Try, ast.TryStar),
    *(ast.While, ast.With),
)
"""What may keep an import from running, or its failure from mattering."""


class _Where(NamedTuple):
    """Where a node stands: the function and the class around it, and as ``Import`` has it."""

    owner: str = _HERE
    around: str = ""
    guarded: bool = False
    within: str = ""


class _Walk:
    """Visits every node of a file once and writes down what is to be followed."""

    def __init__(self, skipped: set[int], names: Names) -> None:
        self.imports: list[Import] = []
        self.stars: list[Import] = []
        self.events: list[tuple[ast.expr, str, bool, bool]] = []
        self._names = names
        self._skipped = skipped
        self._calls: dict[str, set[str]] = {}
        self._stack: list[tuple[ast.AST, _Where]] = []
        self._followed: set[int] = set()
        self._top: set[int] = set()

    def early_owners(self) -> set[str]:
        """Return the functions of the file that run at import: called there, and so on."""
        reached = {_HERE}
        pending = [_HERE]
        while pending:
            for name in self._calls.get(pending.pop(), ()):
                for owner in (name + suffix for suffix in _INITIALISERS):
                    if owner not in reached:
                        reached.add(owner)
                        pending.append(owner)
        return reached

    def run(self, tree: ast.Module) -> None:
        stack = self._stack
        self._top = {id(node) for node in tree.body}
        stack += [(node, _Where()) for node in tree.body]
        while stack:
            node, where = stack.pop()
            if isinstance(node, ast.Constant):
                continue
            if isinstance(node, (ast.Name, ast.Attribute)):
                self._chain(node, where)
            elif isinstance(node, ast.Call):
                self._call(node, where)
            elif isinstance(node, ast.stmt):
                self._statement(node, where)
            else:
                self._expression(node, where)

    def _push(self, nodes: Sequence[ast.AST], where: _Where) -> None:
        self._stack += [(node, where) for node in nodes]

    def _chain(
        self, node: ast.expr, where: _Where, *, called: bool = False, followed: bool = False
    ) -> None:
        """Note a name with its attributes, and visit what the attributes are of."""
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self._names.stored(node.id)
            return
        self.events.append((node, where[0], called, followed or id(node) in self._followed))
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            self._follow(node)
            self._stack.append((node, where))

    def _follow(self, node: ast.expr) -> None:
        """Note that what a value is will be followed, so that it is not handed to anywhere."""
        pending = [node]
        while pending:
            node = pending.pop()
            self._followed.add(id(node))
            match node:
                case ast.IfExp():
                    pending += [node.body, node.orelse]
                case ast.BoolOp():
                    pending += node.values
                case ast.NamedExpr():
                    pending.append(node.value)
                case _:
                    pass

    def _call(self, node: ast.Call, where: _Where) -> None:
        function = node.func
        followed = 0
        match function:
            case ast.Name(id=name):
                self._chain(function, where, called=True)
                self._calls.setdefault(where[0], set()).add(name)
                followed = 1 if name in _LOOKS_INTO else 0
            case ast.Attribute():
                self._chain(function, where, called=True)
            case ast.Lambda():
                self._push([*outer_parts(function), function.body], where)
            case _:
                self._stack.append((function, where))
        self.events.append((node, where[0], True, False))
        for index, each in enumerate(node.args):
            if index < followed and isinstance(each, (ast.Name, ast.Attribute)):
                self._chain(each, where, followed=True)
            else:
                self._stack.append((each, where))
        self._push([word.value for word in node.keywords], where)

    def _expression(self, node: ast.AST, where: _Where) -> None:
        match node:
            case ast.Lambda():
                self._defaults(node.args)
                self._push(outer_parts(node), where)
                inside = _Where(where.owner or "<lambda>", "", where.guarded, _ELSEWHERE)
                self._stack.append((node.body, inside))
            case ast.Subscript():
                self.events.append((node, where[0], False, False))
                self._push([node.value, node.slice], where)
            case ast.NamedExpr():
                self._assigned(node.target, node.value, where)
            case ast.arg():
                self._names.stored(node.arg)
                self._push(children(node), where)
            case _:
                self._push(children(node), where)

    def _statement(self, node: ast.stmt, where: _Where) -> None:
        owner, around, guarded, _ = where
        match node:
            case ast.If() if id(node) in self._skipped:
                pass
            case ast.Import() | ast.ImportFrom():
                self._import(node, where)
            case ast.Assign():
                for target in node.targets:
                    self._assigned(target, node.value, where, visit=target is node.targets[-1])
            case ast.AnnAssign(value=ast.expr() as value):
                self._assigned(node.target, value, where)
                self._stack.append((node.annotation, where))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._defaults(node.args)
                for each in node.decorator_list:
                    self._decorator(each, where)
                self._push(outer_parts(node)[len(node.decorator_list) :], where)
                within = node.name if id(node) in self._top else _ELSEWHERE
                inside = _Where(owner or f"{around}{node.name}", "", guarded, within)
                for part in node.body:
                    self._stack.append((part, inside))
                    if isinstance(part, _GUARDS):
                        inside = inside._replace(within=_ELSEWHERE)
            case ast.ClassDef():
                for each in node.decorator_list:
                    self._decorator(each, where)
                self._push(outer_parts(node)[len(node.decorator_list) :], where)
                self._push([*node.body], where._replace(around=f"{around}{node.name}."))
            case ast.Try() | ast.TryStar() if not node.handlers:
                self._push(children(node), where)
            case _:
                around_it = guarded or isinstance(node, _GUARDS)
                self._push(children(node), where._replace(guarded=around_it))

    def _decorator(self, node: ast.expr, where: _Where) -> None:
        if isinstance(node, (ast.Name, ast.Attribute)):
            # What stands above a definition is called with it.
            self._chain(node, where, called=True)
            if isinstance(node, ast.Name):
                self._calls.setdefault(where[0], set()).add(node.id)
        else:
            self._stack.append((node, where))

    def _defaults(self, arguments: ast.arguments) -> None:
        for each in arguments_of(arguments):
            self._names.stored(each.arg)
        plain = [*arguments.posonlyargs, *arguments.args]
        given = arguments.defaults
        pairs = [*zip(plain[len(plain) - len(given) :], given, strict=True)]
        pairs += [
            (name, value)
            for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value is not None
        ]
        for name, value in pairs:
            self._names.alias(name.arg, value)
            self._follow(value)

    def _assigned(
        self, target: ast.expr, value: ast.expr, where: _Where, *, visit: bool = True
    ) -> None:
        """Note that a target stands for a value from now on, and visit both."""
        match target, value:
            case ast.Name(id=name), _:
                self._names.alias(name, value)
                if where[1]:
                    self._names.alias(f".{name}", value)
                self._follow(value)
            case ast.Attribute(attr=name), _:
                self._names.alias(f".{name}", value)
                self._follow(value)
            case (
                (ast.Tuple(elts=targets) | ast.List(elts=targets)),
                (ast.Tuple(elts=values) | ast.List(elts=values)),
            ) if len(targets) == len(values):
                for one, two in zip(targets, values, strict=True):
                    self._assigned(one, two, where, visit=visit)
                return
            case _:
                pass
        self._stack.append((target, where))
        if visit:
            self._stack.append((value, where))

    def _import(self, node: ast.Import | ast.ImportFrom, where: _Where) -> None:
        owner, _, guarded, within = where
        early = owner == _HERE
        for alias in node.names:
            if isinstance(node, ast.Import):
                self.imports.append(Import(alias.name, "", node.lineno, early, guarded, within))
                top = alias.name.partition(".")[0]
                self._names.imported(alias.asname or top, alias.name if alias.asname else top)
                self._names.modules.add(alias.name)
                continue
            module = "." * node.level + (node.module or "")
            found = Import(module, alias.name, node.lineno, early, guarded, within)
            self.imports.append(found)
            if alias.name == "*":
                self.stars.append(found)
                self._names.starred(module)
                continue
            self._names.imported(alias.asname or alias.name, member(module, alias.name))


_LOOKS_INTO = frozenset({"delattr", "getattr", "hasattr", "isinstance", "setattr", "vars"})
"""Builtins whose first argument is followed, or goes nowhere."""
