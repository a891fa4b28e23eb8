"""Which names a scope binds, where, and whether each binding is the only one and unconditional."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review.code.nodes import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef
Body = ast.Module | Function | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TARGETS = (ast.Tuple, ast.List, ast.Starred)

Found = Iterator[tuple[str, ast.AST]]


class Binding(msgspec.Struct, frozen=True):
    """One place that binds a name.

    ``node`` is the statement; ``plain`` says that it stands directly in the scope's body and is
    of a kind whose value can be followed: an assignment to one name, a definition, an import.
    """

    node: ast.AST
    plain: bool


class Scope(msgspec.Struct):
    """The names bound in a module, function or class body.

    ``star`` is the first star import, after which any name could be any other. ``skipped`` are
    the ids of the ``if`` statements whose body never runs in the node.
    """

    body: Body
    bindings: dict[str, list[Binding]] = msgspec.field(default_factory=dict)
    star: ast.ImportFrom | None = None
    skipped: set[int] = msgspec.field(default_factory=set)

    def only(self, name: str) -> Binding | None:
        """Return the binding of a name that is bound exactly once, plainly, else ``None``.

        Several ``import a.b`` of one ``a`` bind it to the same module and count as one.
        """
        found = self.bindings.get(name, [])
        if not found or not all(each.plain for each in found):
            return None
        if len(found) > 1 and not all(_imports_top(each.node, name) for each in found):
            return None
        return found[0]


def _imports_top(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Import) and not any(alias.asname == name for alias in node.names)


class _Source(msgspec.Struct, frozen=True):
    """What a file's text rules out, so that most of its tree need not be walked.

    Keywords and operators have one spelling each, so they are not in the tree if that spelling
    is not in the text.
    """

    declares: bool
    walrus: bool


def scope_of(body: Body, source: bytes) -> Scope:
    """Collect what a body binds, ``global`` declarations of inner functions too.

    ``source`` is the text of the file.
    """
    known = _Source(b"global" in source or b"nonlocal" in source, b":=" in source)
    scope = Scope(body)
    guarded: list[tuple[ast.If, Scope]] = []
    if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for arg in arguments_of(body.args):
            _bind(scope, arg.arg, arg, plain=True)
    for parameter in getattr(body, "type_params", ()):
        _bind(scope, parameter.name, parameter, plain=False)
    for statement in body.body:
        if isinstance(statement, ast.If) and _is_guard(statement) and isinstance(body, ast.Module):
            inner = Scope(body)
            for name, node in _inside([*statement.body], inner, known):
                _bind(inner, name, node, plain=False)
            guarded.append((statement, inner))
        else:
            _statement(scope, statement, known)
    rebound = {name for _, inner in guarded for name in inner.bindings}
    never = {id(guard) for guard, _ in guarded if _never_runs(guard.test, scope, rebound)}
    if not any(inner.star for guard, inner in guarded if id(guard) not in never):
        scope.skipped = never
    for guard, inner in guarded:
        if id(guard) not in scope.skipped:
            scope.star = scope.star or inner.star
            for name, found in inner.bindings.items():
                scope.bindings.setdefault(name, []).extend(found)
    return scope


def _bind(scope: Scope, name: str, node: ast.AST, *, plain: bool) -> None:
    scope.bindings.setdefault(name, []).append(Binding(node, plain))


def _statement(scope: Scope, statement: ast.stmt, known: _Source) -> None:
    rest: list[ast.AST] = [statement]
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            _bind(scope, statement.name, statement, plain=True)
            for name in _declared(statement) if known.declares else ():
                _bind(scope, name, statement, plain=False)
            rest = outer_parts(statement)
        case ast.Import() | ast.ImportFrom():
            for name in _imported(scope, statement):
                _bind(scope, name, statement, plain=True)
            return
        case ast.Assign() if all(isinstance(each, ast.Name) for each in statement.targets):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    _bind(scope, target.id, statement, plain=True)
            rest = [statement.value]
        case ast.AnnAssign(target=ast.Name(id=name)):
            if statement.value:
                _bind(scope, name, statement, plain=True)
            rest = [statement.annotation, *([statement.value] if statement.value else [])]
        case _:
            pass
    for name, node in _inside(rest, scope, known):
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


def _inside(nodes: Iterable[ast.AST], scope: Scope, known: _Source) -> Found:
    """Yield every binding of the scope inside some nodes of its body."""
    stack = [*nodes]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            if isinstance(node, ast.Name):
                if not isinstance(node.ctx, ast.Load):
                    yield node.id, node
            elif isinstance(node, ast.Lambda):
                stack.extend(outer_parts(node))
            elif isinstance(node, _COMPREHENSIONS):
                if known.walrus:
                    yield from (
                        (inner.target.id, inner)
                        for inner in walk(node)
                        if isinstance(inner, ast.NamedExpr)
                    )
            elif known.walrus or isinstance(node, _TARGETS):
                stack.extend(children(node))
            continue
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node
                if known.declares:
                    yield from ((name, node) for name in _declared(node))
                stack.extend(outer_parts(node))
                continue
            case ast.Import() | ast.ImportFrom():
                yield from ((name, node) for name in _imported(scope, node))
                continue
            case ast.Global() | ast.Nonlocal():
                yield from ((name, node) for name in node.names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name, node
            case _:
                pass
        stack.extend(children(node))


def _declared(definition: ast.AST) -> Iterator[str]:
    """Yield names that an inner scope binds outside itself with ``global`` or ``nonlocal``.

    A class body runs at once, and what it declares ``global`` binds in the module.
    """
    for inner in walk(definition):
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            yield from inner.names


def outer_parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a definition that are evaluated in the scope around it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            returns = [node.returns] if node.returns else []
            return [
                *node.decorator_list,
                *defaults(node.args),
                *parameter_annotations(node.args),
                *returns,
            ]
        case ast.Lambda():
            return defaults(node.args)
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]
        case _:
            return []


def arguments_of(arguments: ast.arguments) -> list[ast.arg]:
    """Return every parameter of a function, the starred ones too."""
    starred = [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def defaults(arguments: ast.arguments) -> list[ast.AST]:
    """Return the defaults of a function's parameters."""
    return [*arguments.defaults, *(value for value in arguments.kw_defaults if value)]


def parameter_annotations(arguments: ast.arguments) -> list[ast.AST]:
    """Return the annotations of a function's parameters."""
    return [arg.annotation for arg in arguments_of(arguments) if arg.annotation]


def _is_guard(statement: ast.If) -> bool:
    if statement.orelse:
        return False
    match statement.test:
        case ast.Name() | ast.Attribute(value=ast.Name(), attr="TYPE_CHECKING"):
            return True
        case ast.Compare(
            left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]
        ):
            return True
        case _:
            return False


def _never_runs(test: ast.expr, scope: Scope, rebound: set[str]) -> bool:
    """Say whether a guard is ``TYPE_CHECKING`` or ``__name__ == "__main__"``, and not rebound."""
    match test:
        case ast.Name(id=name):
            origin = scope.only(name)
            sure = origin is not None and _gives_type_checking(origin.node, name)
        case ast.Attribute(value=ast.Name(id=name)):
            origin = scope.only(name)
            sure = origin is not None and _gives_typing(origin.node, name)
        case _:
            name = "__name__"
            sure = name not in scope.bindings
    return sure and scope.star is None and name not in rebound


def _gives_type_checking(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.ImportFrom)
        and (node.module, node.level) == ("typing", 0)
        and [each.name for each in node.names if (each.asname or each.name) == name]
        == ["TYPE_CHECKING"]
    )


def _gives_typing(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Import) and [
        each.name for each in node.names if (each.asname or each.name.partition(".")[0]) == name
    ] == ["typing"]
