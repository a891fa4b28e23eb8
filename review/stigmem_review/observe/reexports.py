"""What a file uses that another file of the same release gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stigmem_review.observe.names import COMPUTED
from stigmem_review.observe.uses import FileUses, Use

_EACH = 500
"""Things that one name may stand for before it counts as computed."""
_PARTS = 20
"""Parts of a module's name."""


class _Module(NamedTuple):
    package: str
    uses: FileUses


class Modules:
    """The modules of a release by dotted name, and what they take from each other.

    ``own`` are the top-level names among them. What star imports bring through other star imports
    is found out once: each module is a bit, so that however many there are make one number.
    """

    def __init__(self, modules: Mapping[str, _Module]) -> None:
        self.own = frozenset(name.partition(".")[0] for name in modules)
        self._modules = modules
        self._stars: list[str] = []
        self._bits: dict[str, int] = {}
        self._naming: dict[str, int] = {}
        self._foreign = 0
        self._reached: dict[str, int] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        self._follow_stars()

    def _follow_stars(self) -> None:
        brought = {
            name: [self._bit(_absolute(star, module.package)) for star in module.uses.stars]
            for name, module in self._modules.items()
            if module.uses.stars
        }
        for star, bit in self._bits.items():
            if star in self._modules:
                for name in self._modules[star].uses.names:
                    self._naming[name] = self._naming.get(name, 0) | bit
            else:
                self._foreign |= bit
        order = [
            *_inner_first(
                {
                    name: [self._stars[bit.bit_length() - 1] for bit in bits]
                    for name, bits in brought.items()
                }
            )
        ]
        changing = True
        while changing:
            changing = False
            for name in order:
                before = reached = self._reached.get(name, 0)
                for bit in brought[name]:
                    reached |= bit | self._reached.get(self._stars[bit.bit_length() - 1], 0)
                changing = changing or reached != before
                self._reached[name] = reached

    def _bit(self, star: str) -> int:
        if star not in self._bits:
            self._bits[star] = 1 << len(self._stars)
            self._stars.append(star)
        return self._bits[star]

    def origins(self, dotted: str) -> tuple[str, ...]:
        """Return what a name of this release stands for outside of it."""
        if dotted not in self._known:
            self._known[dotted] = tuple(self._origins(dotted))
        return self._known[dotted]

    def _origins(self, dotted: str) -> Iterator[str]:
        seen = {dotted}
        pending = [dotted]
        while pending:
            found = {each for name in pending for each in self._next(name)} - seen
            seen |= found
            yield from sorted(each for each in found if each.partition(".")[0] not in self.own)
            pending = sorted(each for each in found if each.partition(".")[0] in self.own)
            if len(seen) > _EACH:
                yield f"builtins.{COMPUTED}"
                return

    def _next(self, dotted: str) -> Iterator[str]:
        """Yield what a name of a module of this release stands for there."""
        parts = dotted.split(".")
        for length in range(min(len(parts) - 1, _PARTS), 0, -1):
            home = ".".join(parts[:length])
            if home not in self._modules:
                continue
            name, rest = parts[length], parts[length + 1 :]
            reached = self._reached.get(home, 0)
            givers = [home, *self._named(reached & self._naming.get(name, 0))]
            for module in map(self._modules.__getitem__, givers):
                for each in module.uses.names.get(name, ()):
                    yield _absolute(".".join([each, *rest]), module.package)
            for star in self._named(reached & self._foreign):
                yield ".".join([star, name, *rest])
            return

    def _named(self, bits: int) -> Iterator[str]:
        while bits:
            lowest = bits & -bits
            yield self._stars[lowest.bit_length() - 1]
            bits ^= lowest


def _inner_first(graph: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield each module after those that it takes from, as far as they are not in a circle."""
    met: set[str] = set()
    for start in graph:
        waiting = [(start, False)]
        while waiting:
            name, done = waiting.pop()
            if done:
                yield name
            elif name in graph and name not in met:
                met.add(name)
                waiting.append((name, True))
                waiting += [(each, False) for each in graph[name] if each not in met]


def modules_of(files: Mapping[str, FileUses]) -> Modules:
    """Return the modules that source files are, by the places they are installed to."""
    found = {}
    for place, uses in files.items():
        name, package = _named(place)
        found[name] = _Module(package, uses)
    return Modules(found)


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
    for use in uses:
        yield use
        if use.dotted.startswith(".") or use.dotted.partition(".")[0] in release.own:
            for dotted in release.origins(_absolute(use.dotted, package)):
                yield use._replace(dotted=dotted)


def _absolute(dotted: str, package: str) -> str:
    """Return a dotted name without the dots of a relative import."""
    name = dotted.lstrip(".")
    for _ in range(len(dotted) - len(name) - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name}" if name != dotted else dotted
