"""What a project holds and its build would not install, though the node needs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from stigmem_review import toml
from stigmem_review.manifest.backends.registry import layout_of
from stigmem_review.manifest.backends.search import search
from stigmem_review.manifest.backends.tree import SourceTree, joined
from stigmem_review.manifest.config import HATCH, PYPROJECT, Config, read_config, table
from stigmem_review.manifest.entry_points import line_of
from stigmem_review.model import ENTRY_POINT_GROUP, HOLE, Known, Location, Problem, Release
from stigmem_review.sources.artifact import Artifact, Layout

KIND = "not-shipped"
_MODULE = re.compile(r"No module named '(?P<module>[\w.]+)'")
_USUAL = ("", "src/")


class Backend(NamedTuple):
    """How one build backend is told what to install: its tables, and what can be written there.

    ``ways`` yields lines that may do, for the folder a package stands in, its name, and a file.
    """

    keys: tuple[str, ...]
    ways: Callable[[str, str, str], Iterator[tuple[str, ...]]]


def _of_hatch(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    wheel = "[tool.hatch.build.targets.wheel]"
    yield wheel, f'packages = ["{joined(root, package)}"]'
    if not path.endswith(".py"):
        yield wheel, f'artifacts = ["/{path}"]'


def _of_setuptools(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    found = "[tool.setuptools.packages.find]", f'where = ["{root or "."}"]'
    inside = path.removeprefix(f"{joined(root, package)}/")
    if not path.endswith(".py"):
        folder, _, name = inside.rpartition("/")
        pattern = joined(folder, f"*.{name.rpartition('.')[2]}" if "." in name else name)
        yield "[tool.setuptools.package-data]", f'{package} = ["{pattern}"]'
    yield found if root else (*found, f'include = ["{package}*"]')


def _of_flit(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    del root, path
    yield "[tool.flit.module]", f'name = "{package}"'


def _of_poetry(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    below = f', from = "{root}"' if root else ""
    yield "[tool.poetry]", f'packages = [{{ include = "{package}"{below} }}]'
    if not root:
        yield "[tool.poetry]", f'include = [{{ path = "{path}", format = ["sdist", "wheel"] }}]'


def _of_pdm(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    del path
    found = "[tool.pdm.build]", f'includes = ["{joined(root, package)}"]'
    yield (*found, f'package-dir = "{root}"') if root else found


def _of_uv(root: str, package: str, path: str) -> Iterator[tuple[str, ...]]:
    del path
    yield "[tool.uv.build-backend]", f'module-name = "{package}"', f'module-root = "{root}"'


_BACKENDS: Mapping[str, Backend] = {
    "flit": Backend(("tool", "flit", "module"), _of_flit),
    "hatchling": Backend(("tool", "hatch", "build", "targets", "wheel"), _of_hatch),
    "pdm": Backend(("tool", "pdm", "build"), _of_pdm),
    "poetry": Backend(("tool", "poetry", "packages"), _of_poetry),
    "setuptools": Backend(("tool", "setuptools"), _of_setuptools),
    "uv_build": Backend(("tool", "uv", "build-backend"), _of_uv),
}
"""By how the name of the backend begins (each tool's documentation of these tables)."""


class Shipping:
    """Holds what a node needs of a project against what its build installs."""

    def __init__(self, opened: Artifact, artifact: Artifact) -> None:
        """Take a source tree as it was opened, all of it, and as it was laid out."""
        self._tree = SourceTree(opened.files)
        self.config: Config = read_config(artifact.files, artifact.source.asked)
        self._layout = artifact.layout or Layout()
        self._shipped = {*self._layout.places.values()}

    @property
    def places(self) -> Mapping[str, str]:
        """What the build installs: the path in the project, by the place."""
        return self._layout.places

    def problems(self, release: Release) -> tuple[Problem, ...]:
        """Return the problems of a release, with what its build leaves out in place of some.

        A module or a file that is missing where the node looks, and stands in the project, is not
        missing but left out.
        """
        return (*self._unbuilt(release), *(self._explained(each) for each in release.problems))

    def absent(self, release: Release) -> Iterator[Problem]:
        """Yield the files that loading the release reads, and that its build leaves out."""
        said = set()
        for start in release.starts:
            for stop in start.stops:
                for place in stop.absent:
                    path = self._standing(place)
                    if path and path not in said:
                        said.add(path)
                        printed = stop.message.replace(HOLE, "...")
                        why = f"the node reads it while it starts: {printed}"
                        yield Problem(KIND, path, why, stop.at)

    def lines(self, path: str) -> tuple[str, ...]:
        """Return what to write so that a file is installed, where that is known to do."""
        backend, package = self._backend(), self._package(path)
        ways = backend.ways(*package, path) if backend and package else ()
        return next(filter(lambda lines: self._does(lines, path), ways), ())

    def _does(self, lines: tuple[str, ...], path: str) -> bool:
        """Say whether a file is installed with some more lines, and all that is installed now."""
        more = toml.parse("\n".join(lines))
        changed = replace(self.config, pyproject=_merged(self.config.pyproject, more))
        layout = layout_of(self._tree, changed)
        now = layout_of(self._tree, self.config).places.values()
        return {path, *now} <= {*layout.places.values()}

    def _unbuilt(self, release: Release) -> Iterator[Problem]:
        """Yield what the backend refuses to build, where it finds nothing that it knows."""
        if self._layout.whole and not self._layout.refuses:
            return
        layout = layout_of(self._tree, self.config)
        if layout.refuses:
            path = next(iter(self._layout.places.values()), "") or self._of_target(release)
            yield Problem(
                KIND, path or "the package", f"{layout.why}; the build ends there", self._at()
            )

    def _of_target(self, release: Release) -> str:
        declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
        modules = (
            each.value.partition(":")[0] for each in declared if each.group == ENTRY_POINT_GROUP
        )
        return next(filter(None, map(self._module, modules)), "")

    def _explained(self, problem: Problem) -> Problem:
        if problem.kind == "target-missing":
            module = problem.item.partition(":")[0]
            why = "the entry point leads into it"
        elif problem.kind == "load-raises" and (named := _MODULE.search(problem.why)):
            module, why = named["module"], problem.why
        else:
            return problem
        path = self._module(module)
        if not path:
            return problem
        at = problem.at if problem.kind == "load-raises" else self._at() or problem.at
        return replace(problem, kind=KIND, item=path, why=why, at=at)

    def _module(self, module: str) -> str:
        """Return the path of a module that stands in the project and is left out, if it is."""
        base = module.replace(".", "/")
        for place in (f"{base}.py", f"{base}/__init__.py"):
            if path := self._standing(place):
                return path
        return ""

    def _standing(self, place: str) -> str:
        """Return the path in the project of what would be installed to a place and is left out."""
        if place in self._layout.places:
            return ""
        package = place.partition("/")[0].removesuffix(".py")
        found = search(self._tree, package, "").places.get(place)
        beside = (root + place for root in _USUAL if self._tree.is_file(root + place))
        path = found or next(beside, "")
        return path if path not in self._shipped else ""

    def _backend(self) -> Backend | None:
        named = self.config.backend
        return next((each for name, each in _BACKENDS.items() if named.startswith(name)), None)

    def _at(self) -> Location | None:
        """Return where the project says what is installed, or who builds it."""
        backend = self._backend()
        keys = backend.keys if backend else ()
        while len(keys) > 1:
            if HATCH in self._tree.names("", "file") and keys[1] == "hatch":
                return Location(HATCH)
            if table(self.config.pyproject, *keys):
                return Location(PYPROJECT, line_of(self.config.source, keys))
            keys = keys[:-1]
        at = line_of(self.config.source, ("build-system", "build-backend"))
        return Location(PYPROJECT, at) if at else None

    def _package(self, path: str) -> tuple[str, str] | None:
        """Return the folder that a file's top-level package stands in, and the package."""
        for root in _USUAL:
            top = path.removeprefix(root).partition("/")[0]
            if path.startswith(root) and self._tree.is_file(f"{root}{top}/__init__.py"):
                return root.rstrip("/"), top
        return None


def _merged(one: Mapping[str, Any], two: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return two tables as one; what the second says of a key is what counts."""
    return {**one, **{key: _over(one.get(key), value) for key, value in two.items()}}


def _over(one: Any, two: Any) -> Any:
    return _merged(one, two) if isinstance(one, Mapping) and isinstance(two, Mapping) else two
