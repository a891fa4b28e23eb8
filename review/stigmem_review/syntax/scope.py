"""Which names a scope binds, where, and whether each binding is the only one and unconditional."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
Inline = ast.Module | Function
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name.

    ``node`` is the statement; ``plain`` says that it stands directly in the scope's body and is
    of a kind whose value can be followed: an assignment to one name, a definition, an import.
    """

    node: ast.AST
    plain: bool


@dataclass(slots=True)
class Scope:
    """The names bound in a module or function body.

    ``star`` is the first star import, after which any name could be any other.
    """

    body: Inline
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    star: ast.ImportFrom | None = None

    def only(self, name: str) -> Binding | None:
        """Return the binding of a name that is bound exactly once, plainly, else ``None``."""
        found = self.bindings.get(name, [])
        return found[0] if len(found) == 1 and found[0].plain else None


def scope_of(body: Inline) -> Scope:
    """Collect what a module or function binds, ``global`` declarations of inner functions too."""
    scope = Scope(body)
    if not isinstance(body, ast.Module):
        for arg in arguments_of(body.args):
            _bind(scope, arg.arg, arg, plain=True)
    checking = type_checking_names(body)
    for statement in body.body:
        _statement(scope, statement, checking)
    return scope


def _bind(scope: Scope, name: str, node: ast.AST, *, plain: bool) -> None:
    scope.bindings.setdefault(name, []).append(Binding(node, plain))


def _statement(scope: Scope, statement: ast.stmt, checking: frozenset[str]) -> None:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            _bind(scope, statement.name, statement, plain=True)
        case ast.Import() | ast.ImportFrom():
            for name in _imported(scope, statement):
                _bind(scope, name, statement, plain=True)
        case ast.Assign() | ast.AnnAssign(value=ast.expr()):
            for target in _plain_targets(statement):
                _bind(scope, target.id, statement, plain=True)
        case ast.AnnAssign(value=None):
            return
        case ast.If() if is_type_checking(statement.test, checking) and not statement.orelse:
            return
        case _:
            pass
    for name, node in _bound_within(scope, statement):
        _bind(scope, name, node, plain=False)


def _imported(scope: Scope, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for alias in statement.names:
        if alias.name == "*":
            if isinstance(statement, ast.ImportFrom):
                scope.star = scope.star or statement
        elif alias.asname:
            yield alias.asname
        else:
            yield alias.name.partition(".")[0] if isinstance(statement, ast.Import) else alias.name


def _bound_within(scope: Scope, statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Yield every binding of the scope inside ``statement`` other than the plain one itself."""
    plain_targets = _plain_targets(statement)
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()) if node not in plain_targets:
                yield node.id, node
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name, node
            case ast.Import() | ast.ImportFrom() if node is not statement:
                for name in _imported(scope, node):
                    yield name, node
            case _:
                pass
        if isinstance(node, _SCOPES):
            if node is not statement and not isinstance(node, ast.Lambda):
                yield node.name, node
            yield from _bound_from_inside(node)
            stack.extend(outer_parts(node))
        elif isinstance(node, _COMPREHENSIONS):
            for inner in ast.walk(node):
                if isinstance(inner, ast.NamedExpr):
                    yield inner.target.id, inner
        else:
            stack.extend(ast.iter_child_nodes(node))


def _plain_targets(statement: ast.stmt) -> list[ast.Name]:
    match statement:
        case ast.Assign(targets=targets):
            names = [target for target in targets if isinstance(target, ast.Name)]
            return names if len(names) == len(targets) else []
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr()):
            return [target]
        case _:
            return []


def _bound_from_inside(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield names that an inner scope binds outside itself with ``global`` or ``nonlocal``.

    A class body runs at once, and what it declares ``global`` binds in the module.
    """
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            for name in inner.names:
                yield name, inner


def outer_parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a definition that are evaluated in the scope around it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            returns = [node.returns] if node.returns else []
            return [*node.decorator_list, *_defaults(node.args), *_annotations(node.args), *returns]
        case ast.Lambda():
            return _defaults(node.args)
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]
        case _:
            return []


def arguments_of(arguments: ast.arguments) -> list[ast.arg]:
    """Return every parameter of a function, the starred ones too."""
    starred = [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(value for value in arguments.kw_defaults if value)]


def _annotations(arguments: ast.arguments) -> list[ast.AST]:
    return [arg.annotation for arg in arguments_of(arguments) if arg.annotation]


def type_checking_names(body: Inline) -> frozenset[str]:
    """Return the names by which a module reaches ``typing.TYPE_CHECKING``, if nothing rebinds it.

    A block under it never runs, so what it imports is bound for type checkers alone.
    """
    names = set()
    stores: list[str] = []
    for node in ast.walk(body):
        match node:
            case ast.ImportFrom(module="typing", level=0):
                names |= {a.asname or a.name for a in node.names if a.name == "TYPE_CHECKING"}
            case ast.Import():
                names |= {f"{a.asname or a.name}." for a in node.names if a.name == "typing"}
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                stores.append(name)
            case ast.Attribute(attr="TYPE_CHECKING", ctx=ast.Store() | ast.Del()):
                return frozenset()
            case _:
                pass
    return frozenset(name for name in names if name.removesuffix(".") not in stores)


def is_type_checking(test: ast.expr, names: frozenset[str]) -> bool:
    """Say whether a condition is ``TYPE_CHECKING``, reached by one of ``names``."""
    match test:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(value=ast.Name(id=name), attr="TYPE_CHECKING"):
            return f"{name}." in names
        case _:
            return False
