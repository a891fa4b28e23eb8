"""Imports that nothing provides on a node that has the release and what it requires, and no more.

An import is left alone where its failure may be meant: an ``except``, a ``with`` or a condition
stands around it, or around the only way to its module. ``providers`` tells what can be said of
requirements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from stigmem_review import limits
from stigmem_review.code.installed import Code
from stigmem_review.host import Node
from stigmem_review.host.modules import STANDARD, HostModules, modules
from stigmem_review.interpret.behaviour import module_of
from stigmem_review.interpret.events import Event, Import
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.model import ENTRY_POINT_GROUP, Known, Observation, Release
from stigmem_review.observe.providers import (
    ALWAYS,
    Provided,
    distributions,
    provided,
    without_extras,
)
from stigmem_review.text import shorten

_HOST = "stigmem_node"
_FAILS = ("start", "later", "perhaps")
_REARRANGES = ("site.addsitedir", "sys.meta_path", "sys.modules", "sys.path")
"""With these, code can make modules importable that no requirement provides."""


class _Module(msgspec.Struct, frozen=True):
    """One source file of the release, as a module."""

    name: str
    place: str
    imports: list[Import]


_Own = Mapping[str, _Module]
_Functions = set[tuple[str, str]]
"""Functions by module and name."""


def missing_imports(
    release: Release,
    code: Code,
    node: Node,
    imports: Iterable[Import],
    events: Iterable[Event],
) -> Iterator[Observation]:
    """Yield imports that fail, those first that keep the node from starting.

    ``about`` says when an import fails: at
    the ``start``, because loading the plugin runs it; ``later``, when the code around it runs; or
    ``perhaps``, where a requirement that is not known here, or the build, may provide it after all.
    """
    own = _modules(code, imports)
    factories = _factories(release, own)
    at_start = _reached(factories, own, at_start=True)
    check = _Check(release, code, node, events)
    seen = []
    for name in _reached(factories, own, at_start=False):
        module = own[name]
        for each in module.imports:
            if each.guarded:
                continue
            early = name in at_start and _runs(each, name, factories)
            if missing := check.missing(each.module, each.name, early):
                seen.append((_FAILS.index(missing.fails), module.place, each.line, missing))
    for _, place, line, (item, fails, why) in sorted(seen):
        yield Observation(
            "import-missing", shorten(item), shorten(why), fails, code.at(place, line)
        )


def _modules(code: Code, imports: Iterable[Import]) -> _Own:
    places = [place for place, _ in code.sources()]
    by_place: dict[str, list[Import]] = {place: [] for place in places}
    for each in sorted(imports, key=lambda each: each.line):
        by_place[each.place].append(each)
    own = {}
    for place in places:
        name = module_of(place)
        own[name] = _Module(name, place, by_place[place])
    return own


def _factories(release: Release, own: _Own) -> _Functions:
    """Return what the node calls to load the plugin, also by the names it is imported under."""
    declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
    found: _Functions = set()
    for entry_point in declared:
        plain = normal_value(entry_point) if entry_point.group == ENTRY_POINT_GROUP else None
        if plain is None:
            continue
        module, _, name = plain.value.partition(":")
        while module in own and (module, name) not in found:
            found.add((module, name))
            for each in own[module].imports:
                if each.name == name and each.early:
                    module = each.module
                    break
    return found


def _reached(factories: _Functions, own: _Own, *, at_start: bool) -> set[str]:
    """Return the modules that loading the plugin imports, or those that it can ever import."""
    reached: set[str] = set()
    met: set[str] = set()
    waiting = [part for module, _ in factories for part in _with_parents(module)]
    while waiting:
        name = waiting.pop()
        if name not in own or name in reached:
            continue
        reached.add(name)
        for each in own[name].imports:
            if not each.guarded and (not at_start or _runs(each, name, factories)):
                module = f"{each.module}.{each.name}"
                if module not in met:
                    met.add(module)
                    waiting += _with_parents(module)
    return reached


def _runs(each: Import, module: str, factories: _Functions) -> bool:
    """Say whether loading the plugin runs an import of a module that it imports."""
    return each.early or (module, each.within) in factories


def _with_parents(name: str) -> list[str]:
    """Return a dotted name and the packages above it, all of which importing it imports."""
    if len(name) > limits.PATH_CHARS:
        return []
    parts = name.split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]


class _Missing(NamedTuple):
    item: str
    fails: str
    why: str


class _Check:
    """Says of single imports whether anything provides them."""

    def __init__(self, release: Release, code: Code, node: Node, events: Iterable[Event]) -> None:
        self._node = node
        self._own = {place.partition("/")[0].partition(".")[0] for place in code.files}
        self._own |= code.beside
        self._requires = release.requires_dist
        self._whole = code.built.whole
        self._rearranged = any(place.endswith(".pth") for place in code.files) or any(
            each.kind != "looks" and each.api.startswith(_REARRANGES) for each in events
        )

    def missing(self, module: str, name: str, early: bool) -> _Missing | None:
        """Return what an import lacks; ``early`` if loading the plugin runs it."""
        top = module.partition(".")[0]
        if not top or top in STANDARD or top in self._own or top in ALWAYS:
            return None
        host = modules(self._node.version)
        if top == _HOST:
            return self._of_host(host, module, name, early)
        if top in host.tops or provided(host.requires).names(top):
            return None
        return self._of_requirements(top, early)

    def _of_host(self, host: HostModules, module: str, name: str, early: bool) -> _Missing | None:
        item = host.missing(module, name)
        if not item:
            return None
        known = self._node.judged_as or self._node.version
        why = f"it imports {item}, which node {known} does not have"
        # A newer node than those that are known may have it.
        return _Missing(item, "perhaps" if self._node.judged_as else self._fails(early), why)

    def _of_requirements(self, top: str, early: bool) -> _Missing | None:
        if not isinstance(self._requires, Known):
            return None
        # What only works with an extra is for those who ask for the extra.
        requires = self._requires.value
        asked = without_extras(requires) if early else requires
        given: Provided = provided(distributions(asked))
        if given.names(top):
            return None
        why = f"it imports {top}, and nothing that it requires provides that"
        # What a build makes can stand beside the packages that are read.
        known = self._whole and not given.strangers
        return _Missing(top, self._fails(early) if known else "perhaps", why)

    def _fails(self, early: bool) -> str:
        if self._rearranged:
            return "perhaps"
        return "start" if early else "later"
