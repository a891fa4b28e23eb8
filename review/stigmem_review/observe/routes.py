"""What the routers of a release answer, and what each path depends on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from stigmem_review.code.installed import Code
from stigmem_review.code.scope import arguments_of
from stigmem_review.manifest.frames import Place
from stigmem_review.manifest.values import Collection, Const, Made
from stigmem_review.model import Endpoint, Location, Manifest, Release
from stigmem_review.observe.places import Reader, source
from stigmem_review.outcomes import is_read, members
from stigmem_review.text import shorten

_METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})
_ANY = frozenset({"add_api_route", "api_route"})
_SOCKETS = frozenset({"add_api_websocket_route", "websocket", "websocket_route"})
_ROUTER = "APIRouter"
_DEPENDS = frozenset({"Depends", "Security"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTED = 10
_MOUNTED = 200
_ENDPOINTS = 5_000
"""Routers within routers, and paths, that are looked at; no plugin has as many."""
_UNREAD = "(a path that cannot be read)"


class _Router(NamedTuple):
    prefix: str
    guards: tuple[str, ...]


class _Path(NamedTuple):
    router: str
    methods: tuple[str, ...]
    path: str
    guards: tuple[str, ...]
    at: Location


class _Included(NamedTuple):
    parent: str
    child: str
    prefix: str
    guards: tuple[str, ...]


def endpoints(release: Release, code: Code, reader: Reader) -> tuple[Endpoint, ...]:
    """Return the paths of every router that the node would mount, sorted by item.

    Where the manifest's routes are not known, those of every router in the code.
    """
    routers: dict[str, _Router] = {}
    paths: list[_Path] = []
    included: list[_Included] = []
    if not any(_ROUTER.encode() in data for _, data in code.sources()):
        return ()
    for place, _ in code.sources():
        module = reader.module(place)
        for node, where in reader.everywhere(module) if module else ():
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and where.local is None:
                routers.update(_made(node, where, reader))
            elif isinstance(node, ast.Call):
                paths += _called(node, where, reader)
                included += _including(node, where, reader)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                paths += _decorated(node, where, reader)
    by_router: dict[str, list[_Path]] = {}
    for path in paths:
        by_router.setdefault(path.router, []).append(path)
    found: dict[str, Endpoint] = {}
    for root in _roots(release, routers):
        for router, prefix, guards in islice(_mounted(root, routers, included), _MOUNTED):
            for path in by_router.get(router, ()) if len(found) < _ENDPOINTS else ():
                for each in _endpoints(path, root, prefix, guards):
                    found.setdefault(each.item, each)
    return tuple(found[item] for item in sorted(found))


def _roots(release: Release, routers: dict[str, _Router]) -> list[str]:
    manifest = release.manifest
    routes = manifest.routes if isinstance(manifest, Manifest) else None
    return [each.value for each in members(routes)] if is_read(routes) else [*routers]


def _mounted(
    root: str, routers: dict[str, _Router], included: list[_Included]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield a router and those included in it, with the prefix and guards that they have there."""
    waiting: list[tuple[str, str, tuple[str, ...], int]] = [(root, "", (), 0)]
    while waiting:
        name, prefix, guards, depth = waiting.pop()
        own = routers.get(name, _Router("", ()))
        prefix, guards = prefix + own.prefix, (*guards, *own.guards)
        yield name, prefix, guards
        if depth < _NESTED:
            waiting += [
                (each.child, prefix + each.prefix, (*guards, *each.guards), depth + 1)
                for each in included
                if each.parent == name
            ]


def _endpoints(path: _Path, root: str, prefix: str, guards: tuple[str, ...]) -> Iterator[Endpoint]:
    for method in path.methods:
        item = f"{method} {prefix}{path.path}"
        yield Endpoint(item, root, tuple(dict.fromkeys((*guards, *path.guards))), path.at)


def _made(
    node: ast.Assign | ast.AnnAssign, place: Place, reader: Reader
) -> Iterator[tuple[str, _Router]]:
    call = node.value
    if not isinstance(call, ast.Call) or not reader.foreign(call.func, place).endswith(_ROUTER):
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Name):
            prefix = _word(call, "prefix")
            shown = (reader.text(prefix, place) or f"{{{_shown(prefix)}}}") if prefix else ""
            router = _Router(shown, _guards(_word(call, "dependencies"), place, reader))
            yield f"{place.module.name}:{target.id}", router


def _decorated(node: _Function, place: Place, reader: Reader) -> Iterator[_Path]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            yield from _route(decorator, (node, place), place, reader)


def _called(node: ast.Call, place: Place, reader: Reader) -> Iterator[_Path]:
    """Yield the path of ``router.add_api_route(path, endpoint)``."""
    match node.func:
        case ast.Attribute(attr="add_api_route" | "add_api_websocket_route"):
            handler = _word(node, "endpoint") or (node.args[1] if len(node.args) > 1 else None)
            yield from _route(node, _function(handler, place, reader), place, reader)
        case _:
            return


def _route(
    node: ast.Call, handler: tuple[_Function | None, Place], place: Place, reader: Reader
) -> Iterator[_Path]:
    verb = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if not isinstance(node.func, ast.Attribute) or verb not in _METHODS | _ANY | _SOCKETS:
        return
    router = _router(node.func.value, place, reader)
    if not router:
        return
    methods: tuple[str, ...] = (verb.upper(),)
    if verb in _ANY:
        methods = _named_methods(_word(node, "methods"), place, reader)
    elif verb in _SOCKETS:
        methods = ("WEBSOCKET",)
    path = _word(node, "path") or (node.args[0] if node.args else None)
    stated = reader.text(path, place)
    guards = _guards(_word(node, "dependencies"), place, reader)
    function, home = handler
    if function is not None:
        guards += _parameters(function, home, reader)
    yield _Path(
        router, methods, _UNREAD if stated is None else stated, guards, reader.at(node, place)
    )


def _including(node: ast.Call, place: Place, reader: Reader) -> Iterator[_Included]:
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="include_router"), args=[child, *_]):
            one, two = _router(owner, place, reader), _router(child, place, reader)
            if one and two:
                prefix = _word(node, "prefix")
                shown = (reader.text(prefix, place) or f"{{{_shown(prefix)}}}") if prefix else ""
                guards = _guards(_word(node, "dependencies"), place, reader)
                yield _Included(one, two, shown, guards)
        case _:
            return


def _router(node: ast.expr, place: Place, reader: Reader) -> str:
    value = reader.value(node, place)
    return value.target if isinstance(value, Made) else ""


def _function(
    node: ast.expr | None, place: Place, reader: Reader
) -> tuple[_Function | None, Place]:
    found = reader.definition(reader.value(node, place)) if node is not None else None
    if found is None or not isinstance(found[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None, place
    return found[0], Place(found[1])


def _named_methods(node: ast.expr | None, place: Place, reader: Reader) -> tuple[str, ...]:
    if node is None:
        return ("GET",)
    value = reader.value(node, place)
    names = [
        item.value.upper()
        for item in (value.items if isinstance(value, Collection) else ())
        if isinstance(item, Const) and isinstance(item.value, str)
    ]
    return tuple(sorted(names)) or ("(any method)",)


def _word(node: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in node.keywords if word.arg == name), None)


def _shown(node: ast.expr | None) -> str:
    return shorten(source(node), 60) if node is not None else ""


# What a path depends on


def _guards(node: ast.expr | None, place: Place, reader: Reader) -> tuple[str, ...]:
    """Return what a list of dependencies names."""
    return () if node is None else tuple(_dependencies(node, place, reader, 0))


def _parameters(function: _Function, place: Place, reader: Reader) -> tuple[str, ...]:
    """Return what the parameters of a function depend on."""
    arguments = function.args
    parts: list[ast.expr] = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    parts += [arg.annotation for arg in arguments_of(arguments) if arg.annotation]
    return tuple(name for part in parts for name in _dependencies(part, place, reader, 0))


def _dependencies(node: ast.expr, place: Place, reader: Reader, depth: int) -> Iterator[str]:
    """Yield what ``Depends(...)`` and ``Security(...)`` in an expression name.

    Names are followed to what they stand for, such as ``User = Annotated[..., Depends(user)]``.
    """
    if depth > _NESTED:
        return
    match node:
        case ast.Call(func=called) if _is_depends(called, place, reader):
            wanted = _word(node, "dependency") or (node.args[0] if node.args else None)
            yield _shown(wanted) or "its own type"
        case ast.Name():
            written, home = _alias(node, place, reader)
            if written is not node:
                yield from _dependencies(written, home, reader, depth + 1)
        case ast.Constant(value=str(text)):
            try:
                parsed = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            yield from _dependencies(parsed, place, reader, depth + 1)
        case ast.Subscript(slice=inner):
            yield from _dependencies(inner, place, reader, depth + 1)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                yield from _dependencies(item, place, reader, depth + 1)
        case ast.BinOp(left=left, right=right):
            yield from _dependencies(left, place, reader, depth + 1)
            yield from _dependencies(right, place, reader, depth + 1)
        case _:
            return


def _is_depends(called: ast.expr, place: Place, reader: Reader) -> bool:
    return reader.foreign(called, place).rpartition(".")[2] in _DEPENDS


def _alias(node: ast.Name, place: Place, reader: Reader) -> tuple[ast.expr, Place]:
    """Follow a name to what it is given, also where that is another module of the release."""
    written, home = reader.written(node, place)
    if isinstance(written, ast.Name):
        return reader.imported(written, home) or (written, home)
    return written, home
