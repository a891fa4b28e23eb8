"""The modules of a distribution, found and parsed on demand, as imports would find them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import msgspec

from stigmem_review import limits
from stigmem_review.code.parse import Failure, parse
from stigmem_review.host.modules import HOST, STANDARD
from stigmem_review.model import Location

_NATIVE = (".so", ".pyd", ".dll", ".dylib")
_COMPILED = (".pyc", ".pyo", ".pyw")
_AT_START = (".pth", "sitecustomize.py", "usercustomize.py")


class Syntax(msgspec.Struct, frozen=True):
    """One source file, parsed."""

    source: bytes
    tree: ast.Module


def syntax_of(data: bytes) -> Syntax | Failure:
    """Parse one source file."""
    tree = parse(data)
    return tree if isinstance(tree, Failure) else Syntax(data, tree)


Parsed = dict[bytes, Syntax | Failure]
"""Source files that were parsed, by their content."""


class Module(msgspec.Struct, frozen=True):
    """One parsed module of the distribution.

    ``path`` is the place below ``site-packages`` it goes to, ``shown`` what the release calls it.
    """

    name: str
    path: str
    syntax: Syntax
    is_package: bool
    shown: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return self.syntax.tree

    @property
    def package(self) -> str:
        """The package that relative imports in this module start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def at(self, node: ast.AST) -> Location:
        """Return where a node of this module stands."""
        return Location(self.shown, getattr(node, "lineno", 0))


class Unusable(msgspec.Struct, frozen=True):
    """A module that exists and cannot be followed; ``gap`` if its content could not be read."""

    why: str
    at: Location
    gap: bool = False
    do: str = ""
    said: str = ""
    """What Python says of its source, where that does not take it."""


class Built(msgspec.Struct, frozen=True):
    """What a build installs beside files: places it writes, and all if ``whole``."""

    written: frozenset[str] = frozenset()
    whole: bool = True


NO_MORE = Built()


class Modules:
    """Finds modules among files, given by the place below ``site-packages`` they go to."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        paths: Mapping[str, str] | None = None,
        parsed: Parsed | None = None,
        built: Built = NO_MORE,
    ) -> None:
        """``paths`` says what a release calls the file at a place, where that is not the same.

        ``built`` is what its build installs that is not among ``files``.
        ``parsed`` saves work where two releases have files in common: pass both the same dict.
        """
        self._files = files
        self._paths = paths or {}
        self._parsed: Parsed = {} if parsed is None else parsed
        self._taken: set[int] = set()
        self._found: dict[str, Module | Unusable | None] = {}
        self._read = 0
        self._bytes = 0
        self._full = False
        self._tops: set[str] = set()
        self._opaque: dict[str, str] = {}
        self.intruder = ""
        self.read: set[str] = set()
        """The files, other than modules, that were asked for."""
        for place in files:
            self._note(self.shown(place), place)
        self._written = built.written.difference(files)
        self.whole = built.whole
        self._tops |= {place.partition("/")[0].removesuffix(".py") for place in self._written}

    def shown(self, place: str) -> str:
        """Return what the release calls the file at a place."""
        return self._paths.get(place, place)

    def _note(self, path: str, place: str) -> None:
        top, slash, _ = place.partition("/")
        self._tops.add(top if slash else top.partition(".")[0])
        if place.endswith(_NATIVE) or place.endswith(_COMPILED):
            folder, _, name = place.rpartition("/")
            folder = folder.removesuffix("__pycache__").rstrip("/")
            stem = name.partition(".")[0]
            self._opaque.setdefault(f"{folder}/{stem}" if folder else stem, path)
        if (slash and top in HOST) or (not slash and top.endswith(_AT_START)):
            self.intruder = self.intruder or path

    def owns(self, name: str) -> bool:
        """Say whether a dotted name's first part is a package or module of this distribution."""
        return name.partition(".")[0] in self._tops

    def has(self, name: str) -> bool:
        """Say whether there is a module of this name, whatever is in it."""
        if self._found.get(name) is not None or self._locate(name) is not None:
            return True
        return self.is_written(name)

    def is_written(self, name: str) -> bool:
        """Say whether a module is known only to be there: the build writes it."""
        base = name.replace(".", "/")
        return not self._written.isdisjoint((f"{base}/__init__.py", f"{base}.py"))

    def below(self, package: str) -> list[str]:
        """Return the modules that stand directly in a package."""
        folder = f"{package.replace('.', '/')}/"
        below = (place[len(folder) :] for place in self._files if place.startswith(folder))
        names = {place.partition("/")[0].partition(".")[0] for place in below}
        return sorted(f"{package}.{each}" for each in names if self.has(f"{package}.{each}"))

    @property
    def tops(self) -> frozenset[str]:
        """The first parts of the names of this distribution's packages and modules."""
        return frozenset(self._tops)

    def folder(self, name: str) -> bool:
        """Say whether there is a folder where a package of this name would stand."""
        start = f"{name.replace('.', '/')}/"
        return any(path.startswith(start) for path in self._files)

    def data(self, path: str, module: Module) -> bytes | None:
        """Return a file that is installed with a module: one below its top package."""
        top = module.path.partition("/")[0]
        self.read.add(path)
        found = self._files.get(path) if path.startswith(f"{top}/") else None
        return found if found is not None and len(found) <= limits.DATA_BYTES else None

    def get(self, name: str) -> Module | Unusable | None:
        """Return a module by its dotted name; ``None`` where this distribution has none."""
        if name not in self._found:
            self._found[name] = self._load(name)
        return self._found[name]

    def aside(self, name: str) -> Module | None:
        """Return a module that can be read, without counting it among those that were asked for."""
        known, found = self._found.get(name), self._locate(name)
        if isinstance(known, Module) or not isinstance(found, tuple):
            return known if isinstance(known, Module) else None
        place, is_package = found
        data = self._files[place]
        syntax = self._parsed.get(data) or syntax_of(data)
        self._parsed.setdefault(data, syntax)
        if isinstance(syntax, Failure):
            return None
        return Module(name, place, syntax, is_package, self.shown(place))

    @property
    def loaded(self) -> Iterable[Module]:
        """The modules that were parsed."""
        return [module for module in self._found.values() if isinstance(module, Module)]

    @property
    def unusable(self) -> Iterable[Unusable]:
        """The modules that were asked for and cannot be followed."""
        return [module for module in self._found.values() if isinstance(module, Unusable)]

    def _locate(self, name: str) -> tuple[str, bool] | Unusable | None:
        """Find a module in the finder's order.

        A package goes before a module, native before source, source before bytecode. Bytecode
        that comes with its source can be what runs, so it counts like native code.
        """
        if len(name) > limits.PATH_CHARS:
            return None
        base = name.replace(".", "/")
        for stem, is_package in ((f"{base}/__init__", True), (base, False)):
            if opaque := self._opaque.get(stem):
                why = f"{name} comes compiled ({opaque}), and source is what is read"
                return Unusable(why, Location(opaque))
            if stem + ".py" in self._files:
                return f"{stem}.py", is_package
        return None

    def _load(self, name: str) -> Module | Unusable | None:
        found = self._locate(name)
        if found is None or isinstance(found, Unusable):
            return found
        place, is_package = found
        path = self.shown(place)
        if name.partition(".")[0] in STANDARD:
            why = f"{name} has the name of a module of the standard library, which goes first"
            return Unusable(why, Location(path))
        data = self._files[place]
        self._read += 1
        self._bytes += len(data)
        if self._read > limits.MODULES or self._bytes > limits.SOURCES_BYTES:
            first, self._full = not self._full, True
            return Unusable(
                f"it is past the {limits.MODULES:,} modules and {limits.SOURCES_BYTES:,} bytes of "
                "source that are read of one plugin",
                Location(path),
                gap=first,
                do="ask the author to import less when the plugin is loaded",
            )
        syntax = self._syntax(data)
        if isinstance(syntax, Failure):
            at = Location(path, syntax.line)
            return Unusable(syntax.why, at, syntax.unreadable, syntax.do, syntax.said)
        return Module(name, place, syntax, is_package, path)

    def _syntax(self, data: bytes) -> Syntax | Failure:
        known = self._parsed.get(data)
        # Two modules of one release never share a tree: its nodes tell what was read where.
        if known is not None and id(known) not in self._taken:
            self._taken.add(id(known))
            return known
        made = syntax_of(data)
        if known is None:
            self._parsed[data] = made
            self._taken.add(id(made))
        return made
