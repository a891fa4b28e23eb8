"""What the routers of a release answer, and what each path depends on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

import msgspec
from msgspec import structs

from stigmem_review.code.nodes import walk
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.registered import mounted, router_name
from stigmem_review.interpret.roots import ran
from stigmem_review.interpret.routers import VERBS, Changed, Included, Made, Needed, Path, written
from stigmem_review.interpret.values import Ref, Value
from stigmem_review.model import Endpoint, Location, Manifest, Release, Unknown

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WRITTEN = {
    **{verb: verb.upper() for verb in VERBS},
    "api_route": "(any method)",
    "websocket": "WEBSOCKET",
}
_NESTED = 10
_MOUNTED = 200
_ENDPOINTS = 5_000
"""Routers within routers, and paths, that are looked at; no plugin has as many."""


class _Mounted(msgspec.Struct, frozen=True):
    router: Ref
    prefix: str
    guards: tuple[str, ...]
    bare: str
    """The prefix of paths that do not take that of their router."""


def endpoints(release: Release, programs: Iterable[Program]) -> tuple[Endpoint, ...]:
    """Return the paths of every router that the node would mount, sorted by item.

    Where the manifest's routes are not known, those of every router that is made. Paths count
    that are added on whichever way: which of them the node gets is not decided.
    """
    found: dict[str, Endpoint] = {}
    for program in programs:
        program.make()
        refusals = _refusals(program)
        for each in islice(_endpoints(release, program, refusals), _ENDPOINTS):
            before = found.setdefault(each.item, each)
            if before != each:
                # What holds on one way only is not relied on.
                both = tuple(name for name in before.guards if name in each.guards)
                refuses = tuple(sorted({*before.refuses, *each.refuses}))
                found[each.item] = structs.replace(before, guards=both, refuses=refuses)
    return tuple(found[item] for item in sorted(found))


def _refusals(program: Program) -> dict[Value, tuple[str, ...]]:
    """Return the statuses with which functions refuse, ``?`` where not all of one was seen."""
    found: dict[Value, set[str]] = {}
    for each in ran(program):
        unseen = {"?"} if each.lost else set()
        found.setdefault(each.root.value, set()).update(each.refuses | unseen)
    return {value: tuple(sorted(statuses)) for value, statuses in found.items()}


def _endpoints(
    release: Release, program: Program, refusals: Mapping[Value, tuple[str, ...]]
) -> Iterator[Endpoint]:
    noted = program.machine.noted
    needed = {
        each.name: refusals.get(each.function, ("?",)) for each in noted if isinstance(each, Needed)
    }
    made = {each.router: each for each in noted if isinstance(each, Made)}
    for changed in {each.router for each in noted if isinstance(each, Changed)} & made.keys():
        made[changed] = structs.replace(made[changed], prefixes=("{prefix}",))
    paths: dict[Ref, list[Path]] = {}
    included: dict[Ref, list[Included]] = {}
    for each in noted:
        if isinstance(each, Path):
            paths.setdefault(each.router, []).append(each)
        elif isinstance(each, Included):
            included.setdefault(each.parent, []).append(each)
    if _is_unknown(release):
        yield from _unfollowed(program, {each.at for each in noted if isinstance(each, Path)})
    for name, root in _roots(release, program, made):
        for here in islice(_within(root, made, included), _MOUNTED):
            for each in paths.get(here.router, ()):
                prefix = here.bare if each.bare else here.prefix
                for method, path in product(each.methods, each.paths):
                    guards = each.guards if each.bare else (*here.guards, *each.guards)
                    made_of = _endpoint(f"{method} {prefix}{path}", name, guards, each.at)
                    needs = tuple((name, needed[name]) for name in made_of.guards if name in needed)
                    own = refusals.get(each.function, ("?",))
                    yield structs.replace(made_of, refuses=own, needs=needs)
            for inner in included.get(here.router, ()):
                if not isinstance(inner.child, Ref) or inner.child not in made:
                    for prefix in inner.prefixes:
                        item = f"(any method) {here.prefix}{prefix}(paths that cannot be read)"
                        yield _endpoint(item, name, (*here.guards, *inner.guards), inner.at)


def _endpoint(item: str, name: str, guards: tuple[str, ...], at: Location | None) -> Endpoint:
    return Endpoint(item, name, tuple(dict.fromkeys(guards)), at=at)


def _roots(release: Release, program: Program, made: dict[Ref, Made]) -> Iterator[tuple[str, Ref]]:
    """Yield the routers that are mounted, with their names."""
    mounts = made if _is_unknown(release) else mounted(program)
    for root in dict.fromkeys(mounts):
        if root in made:
            yield router_name(program.machine, root), root


def _is_unknown(release: Release) -> bool:
    manifest = release.manifest
    return not isinstance(manifest, Manifest) or isinstance(manifest.routes, Unknown)


def _unfollowed(program: Program, seen: set[Location | None]) -> Iterator[Endpoint]:
    """Yield what is written like a path, and was not seen to be given to a router."""
    for thing in program.machine.things:
        for node in walk(thing.extra.tree) if thing.kind == "module" else ():
            for call in node.decorator_list if isinstance(node, _FUNCTIONS) else ():
                match call:
                    case ast.Call(
                        func=ast.Attribute(value=owner, attr=verb),
                        args=[ast.Constant(str(path)), *_],
                    ) if path.startswith("/") and verb in _WRITTEN:
                        at = thing.extra.at(call)
                        if at not in seen:
                            item = f"{_WRITTEN[verb]} {path}"
                            yield _endpoint(item, f"{thing.name}:{written(owner)}", (), at)
                    case _:
                        pass


def _within(
    root: Ref, made: dict[Ref, Made], included: dict[Ref, list[Included]]
) -> Iterator[_Mounted]:
    """Yield a router and those included in it, with the prefix and guards that they have there."""
    waiting: list[tuple[Ref, str, tuple[str, ...], int]] = [(root, "", (), 0)]
    while waiting:
        router, before, guards, depth = waiting.pop()
        own = made[router]
        for prefix in own.prefixes:
            found = _Mounted(router, before + prefix, (*guards, *own.guards), before)
            yield found
            if depth < _NESTED:
                waiting += [
                    (each.child, found.prefix + more, (*found.guards, *each.guards), depth + 1)
                    for each in reversed(included.get(router, ()))
                    if isinstance(each.child, Ref) and each.child in made
                    for more in each.prefixes
                ]
