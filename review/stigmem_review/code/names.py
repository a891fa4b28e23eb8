"""Which names a scope binds, which a function mentions, and what of a module never runs."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stigmem_review.code.nodes import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(msgspec.Struct):
    """The names of one scope."""

    bound: set[str] = msgspec.field(default_factory=set)
    globals: set[str] = msgspec.field(default_factory=set)
    nonlocals: set[str] = msgspec.field(default_factory=set)
    generates: bool = False
    nests: bool = False
    """Whether something that stands in it can outlive it."""


class Mention(msgspec.Struct, frozen=True):
    """A name that code mentions, the attributes behind it, and how the last is used."""

    name: str
    attributes: tuple[str, ...]
    stored: bool
    called: bool
    aimed: bool = False
    """Whether it is called with a name first, which is mentioned as well."""


class Mentions(msgspec.Struct):
    """Everything that a function mentions, whatever it is nested in."""

    names: list[Mention] = msgspec.field(default_factory=list)
    attributes: set[str] = msgspec.field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = msgspec.field(default_factory=list)
    rebound: set[str] = msgspec.field(default_factory=set)


def arguments(node: ast.arguments) -> list[str]:
    """Return the names of all parameters."""
    every = [*node.posonlyargs, *node.args, *node.kwonlyargs]
    names = [each.arg for each in every]
    names += [each.arg for each in (node.vararg, node.kwarg) if each]
    return names


def names_of(node: Function | ast.ClassDef | ast.Module) -> Names:
    """Return the names that a scope binds itself."""
    found = Names()
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        found.bound.update(arguments(node.args))
    _collect([node.body] if isinstance(node, ast.Lambda) else node.body, found)
    found.bound -= found.globals | found.nonlocals
    return found


def _collect(nodes: Iterable[ast.AST], found: Names) -> None:
    """Collect what nodes bind."""
    # Inside a comprehension only ``:=`` binds outside of it.
    waiting = [(node, False) for node in nodes]
    while waiting:
        node, inside = waiting.pop()
        _bind(node, found, inside=inside)
        if isinstance(node, (*_SCOPES, ast.GeneratorExp)):
            found.nests = True
        if isinstance(node, _SCOPES):
            if not isinstance(node, ast.Lambda):
                found.bound.add(node.name)
            waiting += [(each, inside) for each in _outer(node)]
        elif below := children(node):
            inside = inside or isinstance(node, _COMPREHENSIONS)
            waiting += [(each, inside) for each in below]


def _bind(node: ast.AST, found: Names, *, inside: bool) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if not inside:
            found.bound.add(name)
        case ast.NamedExpr(target=ast.Name(id=name)):
            found.bound.add(name)
        case ast.Global(names=names):
            found.globals.update(names)
        case ast.Nonlocal(names=names):
            found.nonlocals.update(names)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                found.bound.add(alias.asname or alias.name.partition(".")[0])
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            found.bound.add(name)
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            found.bound.add(name)
        case ast.Yield() | ast.YieldFrom():
            found.generates = True
        case _:
            pass


def _outer(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a definition that are run where it stands."""
    match node:
        case ast.Lambda(args=args):
            yield from (each for each in (*args.defaults, *args.kw_defaults) if each)
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *(k.value for k in node.keywords))
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            yield from node.decorator_list
            yield from (each for each in (*args.defaults, *args.kw_defaults) if each)
        case _:
            pass


def bound_again(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements may bind more than once."""
    return {name for name, count in _counted(body).items() if count > 1}


def _counted(body: Sequence[ast.stmt]) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in body:
        if isinstance(node, ast.If):
            # Only one of the two is run.
            found += _counted(node.body) | _counted(node.orelse)
            continue
        names = Names()
        _collect([node], names)
        blocks = [getattr(node, each, ()) for each in ("body", "orelse", "finalbody", "handlers")]
        again = bool(any(blocks)) and not isinstance(node, _SCOPES)
        found.update(dict.fromkeys(names.bound, 1 + again))
    return found


def declared(node: ast.AST) -> set[str]:
    """Return the names that anything in a piece of code declares ``global``."""
    return {name for each in walk(node) if isinstance(each, ast.Global) for name in each.names}


def never_run(module: ast.Module) -> frozenset[int]:
    """Return the ids of the ``if`` statements in a module whose body the node never runs.

    They test ``TYPE_CHECKING``, or whether the module is a script, and nothing in the module may
    give what they test another value.
    """
    guards = [each for each in module.body if isinstance(each, ast.If) and not each.orelse]
    tested = {id(each): test for each in guards if (test := _tested(each.test))}
    if not tested:
        return frozenset()
    given: dict[str, set[str]] = {}
    rest: list[ast.stmt] = []
    for each in module.body:
        if not isinstance(each, (ast.Import, ast.ImportFrom)):
            rest.append(each)
            continue
        for alias in each.names:
            name, stands_for = alias.asname or alias.name, alias.name
            if isinstance(each, ast.ImportFrom):
                stands_for = f"{'.' * each.level}{each.module}.{alias.name}"
            elif not alias.asname:
                name = stands_for = alias.name.partition(".")[0]
            given.setdefault(name, set()).add(stands_for)
    bound = names_of(ast.Module(rest, [])).bound
    bound |= declared(module)
    found = {
        guard
        for guard, (name, wanted) in tested.items()
        if name not in bound and given.get(name, set()) == wanted
    }
    run = names_of(ast.Module([each for each in rest if id(each) not in found], [])).bound
    return frozenset() if "*" in run | given.keys() else frozenset(found)


def _tested(test: ast.expr) -> tuple[str, set[str]] | None:
    """Return the name that decides a test which is never true, and what it has to stand for."""
    match test:
        case ast.Name(id=name):
            return name, {"typing.TYPE_CHECKING"}
        case ast.Attribute(value=ast.Name(id=name), attr="TYPE_CHECKING"):
            return name, {"typing"}
        case ast.Compare(
            left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]
        ):
            return "__name__", set()
        case _:
            return None


def mentions_of(node: ast.AST) -> Mentions:
    """Return what a function mentions when it runs, nested definitions included."""
    found = Mentions()
    todo: list[ast.AST] = [*_run_later(node)]
    every: list[ast.AST] = []
    while todo:
        each = todo.pop()
        every.append(each)
        todo += (child for child in children(each) if not _is_annotation(child, each))
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        found.rebound |= {e.target.id for e in every if isinstance(e, ast.NamedExpr)}
    calls = [each for each in every if isinstance(each, ast.Call)]
    called = {id(each.func) for each in calls}
    aimed = {id(each.func) for each in calls if each.args and isinstance(each.args[0], ast.Name)}
    inner = {id(each.value) for each in every if isinstance(each, ast.Attribute)}
    for each in every:
        if isinstance(each, (ast.Name, ast.Attribute)) and id(each) not in inner:
            _mention(each, found, called, aimed)
        elif isinstance(each, (ast.Global, ast.Nonlocal)):
            found.rebound.update(each.names)
        elif isinstance(each, (ast.Import, ast.ImportFrom)):
            found.imports.append(each)
        if isinstance(each, ast.Attribute):
            found.attributes.add(each.attr)
    return found


def _run_later(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            yield from body
        case ast.Lambda(body=value):
            yield value
        case _ if isinstance(node, _COMPREHENSIONS):
            # What is gone through first is evaluated where it stands.
            first = node.generators[0]
            yield from (each for each in children(node) if each is not first)
            yield from (first.target, *first.ifs)
        case _:
            yield node


def _is_annotation(node: ast.AST, outer: ast.AST) -> bool:
    return node is getattr(outer, "annotation", None) or node is getattr(outer, "returns", None)


def _mention(
    node: ast.Name | ast.Attribute, found: Mentions, called: set[int], aimed: set[int]
) -> None:
    attributes: list[str] = []
    last: ast.expr = node
    while isinstance(last, ast.Attribute):
        attributes.append(last.attr)
        last = last.value
    if isinstance(last, ast.Name):
        stored = not isinstance(node.ctx, ast.Load)
        found.names.append(
            Mention(
                last.id, tuple(reversed(attributes)), stored, id(node) in called, id(node) in aimed
            )
        )
