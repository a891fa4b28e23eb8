"""What a file uses that another file of the same release gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stigmem_review.observe.names import member
from stigmem_review.observe.uses import FileUses, Use

_HOPS = 10
"""Files that a name is followed through."""
_EACH = 40
"""Things that one name may stand for."""
_PARTS = 20
"""Parts of a module's name."""


class _Module(NamedTuple):
    package: str
    uses: FileUses


class Modules(NamedTuple):
    """The modules of a release by dotted name, and the top-level names among them."""

    modules: Mapping[str, _Module]
    own: frozenset[str]


def modules_of(files: Mapping[str, FileUses]) -> Modules:
    """Return the modules that source files are, by the places they are installed to."""
    found = {}
    for place, uses in files.items():
        name, package = _named(place)
        found[name] = _Module(package, uses)
    return Modules(found, frozenset(name.partition(".")[0] for name in found))


def _named(place: str) -> tuple[str, str]:
    """Return a module's name, and the package that its relative imports start from."""
    name = place.removesuffix(".py").replace("/", ".")
    if name.endswith(".__init__"):
        name = name.removesuffix(".__init__")
        return name, name
    return name, name.rpartition(".")[0]


def through(place: str, uses: tuple[Use, ...], release: Modules) -> Iterator[Use]:
    """Yield the uses of one file; of what another file of the release gives it, what that is."""
    _, package = _named(place)
    known: dict[str, tuple[str, ...]] = {}
    for use in uses:
        yield use
        if use.dotted.startswith(".") or use.dotted.partition(".")[0] in release.own:
            if use.dotted not in known:
                known[use.dotted] = tuple(_origins(_absolute(use.dotted, package), release))
            for dotted in known[use.dotted]:
                yield use._replace(dotted=dotted)


def _absolute(dotted: str, package: str) -> str:
    """Return a dotted name without the dots of a relative import."""
    name = dotted.lstrip(".")
    for _ in range(len(dotted) - len(name) - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name}" if name != dotted else dotted


def _origins(dotted: str, release: Modules) -> Iterator[str]:
    """Yield what a name of this release stands for outside of it."""
    seen = {dotted}
    pending = [dotted]
    for _ in range(_HOPS):
        found = {each for name in pending for each in _next(name, release)} - seen
        seen |= found
        yield from sorted(each for each in found if each.partition(".")[0] not in release.own)
        pending = sorted(each for each in found if each.partition(".")[0] in release.own)
        if len(seen) > _EACH:
            break


def _next(dotted: str, release: Modules) -> Iterator[str]:
    """Yield what a name of a module of this release stands for there."""
    parts = dotted.split(".")
    for length in range(min(len(parts) - 1, _PARTS), 0, -1):
        module = release.modules.get(".".join(parts[:length]))
        if module is None:
            continue
        name, rest = parts[length], parts[length + 1 :]
        for each in module.uses.names.get(name, ()):
            yield _absolute(".".join([each, *rest]), module.package)
        for star in module.uses.stars:
            yield _absolute(".".join([member(star, name), *rest]), module.package)
        return
