"""What hatchling puts into a wheel (``hatchling.builders``: ``config``, ``wheel``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stigmem_review.manifest.backends.patterns import Matches, ignored
from stigmem_review.manifest.backends.tree import SourceTree, joined, lines
from stigmem_review.manifest.config import Config, table, texts
from stigmem_review.sources.artifact import Layout

_FOLDERS = frozenset(
    (
        *("__pycache__", ".venv", ".git", ".hg", ".hatch", ".tox", ".nox"),
        *(".ruff_cache", ".pytest_cache", ".mypy_cache", ".pixi"),
    )
)
_FILES = (".DS_Store", ".git")
_ALWAYS = ("*.py[cdo]", "/dist")
# Hooks that write one file, by the option that names it.
_WRITES = {"version": "path", "vcs": "version-file"}
_ELSEWHERE = ("shared-data", "shared-scripts")


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that hatchling builds is installed."""
    return _Build(tree, config).layout()


class _Build:
    def __init__(self, tree: SourceTree, config: Config) -> None:
        self._tree = tree
        self._build = table(config.pyproject, "tool", "hatch", "build")
        self._target = table(self._build, "targets", "wheel")
        self._name = config.name
        self._force = self._mapping("force-include")

    def layout(self) -> Layout:
        include = texts(self._option("include"))
        packages = sorted(joined(each) for each in texts(self._option("packages")))
        only = [joined(each) for each in texts(self._option("only-include"))]
        if not (include or packages or only):
            packages, only = self._by_name()
            if not (packages or only or self._force):
                return Layout(
                    why="hatchling finds no package that is called like the project, and "
                    "[tool.hatch.build.targets.wheel] names none",
                    refuses=not self._runs_code(),
                )
        sources = self._sources(packages)
        written = frozenset(_moved(path, sources) for path in self._written())
        reserved = {_moved(path, sources) for path in self._force}
        places: dict[str, str] = {}
        for path in self._selected(include, packages, only):
            place = _moved(path, sources)
            if place not in reserved:
                places[place] = path
        for source, target in self._forced():
            places[_moved(target, sources)] = source
        whole = not any(self._option(each) for each in _ELSEWHERE) and not self._runs_code()
        inside = not any(each.startswith(("..", "~")) for each in self._force)
        return Layout(places, whole=whole and inside, others=written)

    def _option(self, key: str) -> Any:
        return self._target[key] if key in self._target else self._build.get(key)

    def _mapping(self, key: str) -> dict[str, str]:
        found = self._option(key)
        pairs = found.items() if isinstance(found, Mapping) else ()
        return {joined(str(one)): joined(str(two)) for one, two in pairs}

    def _by_name(self) -> tuple[list[str], list[str]]:
        """Return the packages, or the files, that are taken where nothing is named."""
        for name in dict.fromkeys(
            (_component(self._name), _component(re.sub(r"[-_.]+", "-", self._name).lower()))
        ):
            for package in (name, f"src/{name}"):
                if self._tree.is_file(f"{package}/__init__.py"):
                    return [package], []
            if self._tree.is_file(f"{name}.py"):
                return [], [f"{name}.py"]
            spaces = [
                space
                for space in self._tree.names("", "folder")
                if not space.startswith(".") and self._tree.is_file(f"{space}/{name}/__init__.py")
            ]
            if len(spaces) == 1:
                return spaces, []
        return [], []

    def _sources(self, packages: list[str]) -> dict[str, str]:
        found = self._option("sources")
        sources: dict[str, str] = {}
        if isinstance(found, Mapping):
            for source, target in found.items():
                above = joined(str(target))
                sources[f"{joined(source)}/" if source else ""] = f"{above}/" if above else ""
        else:
            sources = {f"{joined(each)}/": "" for each in texts(found)}
        for package in packages:
            folder = package.rpartition("/")[0]
            if folder and f"{package}/" not in sources:
                sources[f"{folder}/"] = ""
        return dict(sorted(sources.items()))

    def _selected(self, include: list[str], packages: list[str], only: list[str]) -> Iterator[str]:
        excluded, artifacts = self._excluded(), self._artifacts()
        included: Matches | None = None
        if include or packages:
            included = ignored([*include, *(f"/{each}/" for each in packages)])
        explicit = only or packages
        if not explicit and not include:
            return
        for path in self._walk(explicit or [""]):
            if path in explicit or artifacts(path):
                yield path
            elif not excluded(path) and (explicit or included is None or included(path)):
                folder = path.rpartition("/")[0]
                packaged = self._tree.is_file(f"{folder}/__init__.py" if folder else "__init__.py")
                if packaged or not self._option("only-packages"):
                    yield path

    def _walk(self, roots: list[str]) -> Iterator[str]:
        for root in roots:
            if self._tree.is_file(root):
                yield root
                continue
            for path in self._tree.below(root, _FOLDERS):
                if path.rpartition("/")[2] not in _FILES:
                    yield path

    def _excluded(self) -> Matches:
        found = list(_ALWAYS)
        if self._option("ignore-vcs") is not True:
            found += lines(self._tree.text(".gitignore"))
            found += _globs_of_mercurial(self._tree.text(".hgignore"))
        return ignored([*found, *texts(self._option("exclude"))])

    def _artifacts(self) -> Matches:
        return ignored(
            [*texts(self._option("artifacts")), *(f"/{each}" for each in self._written())]
        )

    def _hooks(self) -> dict[str, Mapping[str, Any]]:
        return {
            name: table(hooks, name)
            for hooks in (table(self._build, "hooks"), table(self._target, "hooks"))
            for name in hooks
            if table(hooks, name).get("enable-by-default", True)
        }

    def _written(self) -> list[str]:
        hooks = self._hooks()
        found = [hooks[name].get(option) for name, option in _WRITES.items() if name in hooks]
        return [joined(each) for each in found if isinstance(each, str)]

    def _runs_code(self) -> bool:
        return not self._hooks().keys() <= _WRITES.keys()

    def _forced(self) -> Iterator[tuple[str, str]]:
        for source, target in self._force.items():
            if self._tree.is_file(source):
                yield source, target
                continue
            for path in self._walk([source]):
                yield path, joined(target, path[len(source) :])


def _component(name: str) -> str:
    return re.sub(r"[^\w\d.]+", "_", name)


def _moved(path: str, sources: Mapping[str, str]) -> str:
    """Return where a path ends up: the first of the sources that it is below is replaced."""
    for source, target in sources.items():
        if path.startswith(source):
            return target + path[len(source) :]
    return path


def _globs_of_mercurial(text: str) -> Iterator[str]:
    glob = False
    for line in lines(text):
        if line.strip().startswith("syntax: "):
            glob = line.strip() == "syntax: glob"
        elif glob:
            yield line
