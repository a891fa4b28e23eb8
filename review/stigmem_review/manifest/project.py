"""What a source tree says it would build: ``pyproject.toml``, ``setup.cfg``, ``setup.py``,
and an sdist's ``PKG-INFO``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from stigmem_review.code.parse import Failure, parse
from stigmem_review.manifest.backends.tree import SourceTree, joined
from stigmem_review.manifest.config import PYPROJECT, Config, read_config, table, texts
from stigmem_review.manifest.entry_points import (
    line_of,
    parse_entry_points,
    project_entry_points,
)
from stigmem_review.manifest.setup_files import Computed, Option
from stigmem_review.model import (
    ENTRY_POINT_GROUP,
    EntryPoint,
    EntryPoints,
    Known,
    Location,
    Names,
    NotCarried,
    OptionalText,
    Problem,
    Text,
    Unknown,
)
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.metadata import as_version, one_header, read_headers
from stigmem_review.text import shorten

_AT = Location(PYPROJECT)
_PKG_INFO = "PKG-INFO"


class Project(msgspec.Struct, frozen=True):
    """The static metadata of a source tree."""

    name: Text
    version: Text
    entry_points: EntryPoints
    requires_dist: Names
    requires_python: OptionalText
    problems: tuple[Problem, ...] = ()


def read_project(artifact: Artifact) -> Project:
    """Read a project's metadata without asking its build backend.

    What the project leaves to the backend (``dynamic``), and what only running ``setup.py`` would
    tell, is unknown, unless an sdist's ``PKG-INFO`` has it. Raises ``SourceError`` where
    ``pyproject.toml`` or ``setup.cfg`` cannot be read.
    """
    config = read_config(artifact.files, artifact.source.asked)
    project = _Reader(artifact, config).project()
    if _PKG_INFO not in artifact.files:
        return project
    asked = artifact.source.asked
    found = read_headers(asked, _PKG_INFO, artifact.files)
    for name in ("Name", "Version"):
        one_header(asked, _PKG_INFO, found, name)
    return _with_pkg_info(project, found)


def _with_pkg_info(project: Project, found: Mapping[str, tuple[str, ...]]) -> Project:
    """Return a project with what its sdist's ``PKG-INFO`` says.

    Before version 2.2 of the metadata, and where a header is said to be dynamic, only the name
    and the version in there can be relied on.
    """
    at = Location(_PKG_INFO)
    named = replace(
        project, name=Known(found["name"][0], at), version=Known(found["version"][0], at)
    )
    version = as_version(found.get("metadata-version", ("0",))[0])
    if version is None or version.release < (2, 2):
        return named
    dynamic = {header.lower() for header in found.get("dynamic", ())}
    if "requires-dist" not in dynamic:
        requires = tuple(sorted(found.get("requires-dist", ())))
        named = replace(named, requires_dist=Known(requires, at))
    if "requires-python" not in dynamic:
        python = next(iter(found.get("requires-python", ())), None)
        named = replace(named, requires_python=Known(python, at))
    return named


class _Reader:
    """Reads the metadata of one project."""

    def __init__(self, artifact: Artifact, config: Config) -> None:
        self._artifact = artifact
        self._config = config
        self._pyproject = config.pyproject
        self._standard = table(config.pyproject, "project")
        self._by_setuptools = config.backend.startswith("setuptools.")
        # setuptools does not look at its own files for what [project] could say and does not
        # leave to them.
        self._setup = config.setup if self._by_setuptools else {}

    def project(self) -> Project:
        entry_points, problems = self._entry_points()
        return Project(
            self._name(),
            self._version(),
            entry_points,
            self._requirements(),
            self._requires_python(),
            problems,
        )

    def _own(self) -> Mapping[str, Any]:
        """Return the table that says name and version: the standard one, or Poetry's own."""
        return self._standard or table(self._pyproject, "tool", "poetry")

    def _dynamic(self) -> list[str]:
        return texts(self._standard.get("dynamic"))

    def _option(self, key: str, keyword: str) -> Option | None:
        """Return what setuptools' own files say of a field, where setuptools looks at them."""
        if self._standard and key not in self._dynamic():
            return None
        return self._setup.get(keyword)

    def _missing(self, key: str) -> Unknown | NotCarried:
        if key in self._dynamic() or "" in self._setup:
            # The build backend computes it, and a source tree does not hold the result.
            return NotCarried("directory")
        return Unknown(f"{PYPROJECT} does not say it", _AT)

    # Name and version

    def _name(self) -> Text:
        legacy = table(self._pyproject, "tool", "flit", "metadata")
        for value in (
            self._own().get("name"),
            table(self._pyproject, "tool", "poetry").get("name"),
            legacy.get("dist-name") or legacy.get("module"),
        ):
            if isinstance(value, str):
                return Known(value, _AT)
        option = self._option("name", "name")
        if option is None:
            return self._missing("name")
        known = isinstance(option.value, str)
        return Known(option.value, option.at) if known else NotCarried("directory")

    def _version(self) -> Text:
        poetry = table(self._pyproject, "tool", "poetry")
        stated = self._own().get("version", poetry.get("version"))
        if isinstance(stated, str):
            return Known(stated, _AT)
        option = self._option("version", "version")
        return self._dynamic_version(option) or (
            NotCarried("directory") if option else self._missing("version")
        )

    def _dynamic_version(self, option: Option | None) -> Known[str] | None:
        """Return the version that a backend would take from a file, where that is written out."""
        tool = table(self._pyproject, "tool")
        backend = self._config.backend
        if self._by_setuptools and "version" in self._dynamic():
            given = table(tool, "setuptools", "dynamic", "version")
            attribute, file = given.get("attr"), given.get("file")
            if isinstance(attribute, str):
                return self._attribute(attribute)
            if texts(file):
                return self._in_files(texts(file))
        if option is not None and isinstance(option.value, str):
            directive, _, value = option.value.partition(":")
            if directive == "attr":
                return self._attribute(value.strip())
            if directive == "file":
                return self._in_files([each.strip() for each in value.split(",")])
            return Known(option.value, option.at)
        if backend == "hatchling.build" and "version" in self._dynamic():
            given = table(tool, "hatch", "version")
            if given.get("source", "regex") == "regex" and "pattern" not in given:
                return self._matched(given.get("path"), _HATCH)
        if backend == "pdm.backend" and "version" in self._dynamic():
            given = table(tool, "pdm", "version")
            if given.get("source") == "file":
                return self._matched(given.get("path"), _PDM)
        if backend.startswith("flit"):
            return self._of_module()
        return None

    def _attribute(self, dotted: str) -> Known[str] | None:
        """Return a text that a module assigns (``setuptools.config.expand.read_attr``)."""
        from stigmem_review.manifest.backends import setuptools

        module, _, name = dotted.strip().rpartition(".")
        tree = SourceTree(self._artifact.files)
        base = setuptools.packaging(tree, self._config).folder(module)
        for path in (f"{base}.py", joined(base, "__init__.py")):
            if tree.is_file(path):
                found = _assigned(self._artifact.files[path], name)
                return Known(found[0], Location(path, found[1])) if found else None
        return None

    def _of_module(self) -> Known[str] | None:
        """Return the ``__version__`` of the module that flit builds."""
        from stigmem_review.manifest.backends import flit

        tree = SourceTree(self._artifact.files)
        found = flit.module(tree, self._config)
        if not isinstance(found, tuple):
            return None
        paths = [found[1]]
        if tree.is_folder(found[1]):
            names = ("__version__.py", "_version.py", "version.py", "__init__.py")
            paths = [joined(found[1], name) for name in names]
        for path in paths:
            if tree.is_file(path) and (value := _assigned(self._artifact.files[path], _DUNDER)):
                return Known(value[0], Location(path, value[1]))
        return None

    def _in_files(self, paths: list[str]) -> Known[str] | None:
        found = [self._artifact.files.get(joined(path)) for path in paths]
        text = "\n".join(data.decode("utf-8", "replace") for data in found if data).strip()
        return Known(text, Location(joined(paths[0]))) if text else None

    def _matched(self, path: Any, pattern: re.Pattern[str]) -> Known[str] | None:
        data = self._artifact.files.get(joined(path)) if isinstance(path, str) else None
        match = pattern.search(data.decode("utf-8", "replace")) if data else None
        return Known(match["version"], Location(joined(path))) if match else None

    # What it requires

    def _requires_python(self) -> OptionalText:
        value = self._standard.get("requires-python")
        if isinstance(value, str):
            return Known(value, _AT)
        option = self._option("requires-python", "python_requires")
        if option is not None:
            known = isinstance(option.value, str)
            return Known(option.value, option.at) if known else NotCarried("directory")
        legacy = table(self._pyproject, "tool", "flit", "metadata").get("requires-python")
        if isinstance(legacy, str) and not self._standard:
            return Known(legacy, _AT)
        if self._only_setup() or (self._standard and "requires-python" not in self._dynamic()):
            return Known(None, _AT if self._standard else None)
        return NotCarried("directory")

    def _only_setup(self) -> bool:
        """Say whether setuptools' own files say all, and say it written out."""
        return not self._standard and bool(self._setup) and "" not in self._setup

    def _requirements(self) -> Names:
        if self._standard:
            if {"dependencies", "optional-dependencies"} & {*self._dynamic()}:
                return NotCarried("directory")
            dependencies = self._standard.get("dependencies", [])
            extras: Any = self._standard.get("optional-dependencies", {})
            return _required(dependencies, extras, _AT)
        if not self._only_setup():
            return NotCarried("directory")
        given = {name: self._setup.get(name) for name in ("install_requires", "extras_require")}
        values = {name: option.value if option else None for name, option in given.items()}
        required = values["install_requires"]
        if isinstance(required, str):
            required = None if required.startswith("file:") else required.splitlines()
        elif required is None:
            required = []
        extras = {} if values["extras_require"] is None else values["extras_require"]
        at = next((option.at for option in given.values() if option), None)
        return _required(required, extras, at)

    # Entry points

    def _entry_points(self) -> tuple[EntryPoints, tuple[Problem, ...]]:
        if "entry-points" in self._dynamic():
            return self._left_to_the_backend()
        found, problems = self._written_out()
        if found.value or problems:
            return found, problems
        if (built := self._of_an_sdist()) is not None:
            return built
        if self._standard and (option := self._setup.get("entry_points")):
            # setuptools only warns that [project] does not leave them to its own files.
            return self._of_setup(option)
        if not self._standard and not table(self._pyproject, "tool", "poetry"):
            if self._setup:
                return self._of_setup(self._setup.get("entry_points"))
            return self._without_metadata()
        return Known(()), ()

    def _left_to_the_backend(self) -> tuple[EntryPoints, tuple[Problem, ...]]:
        backend = self._config.backend
        stated = "entry-points" in self._standard
        if backend.startswith(("flit", "uv_build")) or (
            stated and backend.startswith(("hatchling", "setuptools"))
        ):
            return Known(()), (self._refused(stated=stated),)
        if stated or backend.startswith("poetry"):
            # Both take what is written out, whatever else is said of it.
            return self._written_out()
        if backend.startswith("hatchling") and not self._metadata_hooks():
            return Known(()), ()
        given = table(self._pyproject, "tool", "setuptools", "dynamic", "entry-points")
        if self._by_setuptools and texts(given.get("file")):
            return self._of_files(texts(given.get("file")))
        if self._by_setuptools and (option := self._setup.get("entry_points")):
            return self._of_setup(option)
        if (built := self._of_an_sdist()) is not None:
            return built
        return Unknown(
            "the project leaves its entry points to the build backend (dynamic); review the "
            "built wheel",
            _AT,
        ), ()

    def _written_out(self) -> tuple[Known[tuple[EntryPoint, ...]], tuple[Problem, ...]]:
        found, problems = project_entry_points(self._pyproject, PYPROJECT, self._config.source)
        return Known(found), problems

    def _refused(self, *, stated: bool) -> Problem:
        """Return why a backend does not build what leaves its entry points to it."""
        backend = shorten(self._config.backend, 60)
        why = (
            "the project has a table of entry points and says that it leaves them to the backend "
            f"(dynamic), where {backend} ends the build"
            if stated
            else f"the project leaves its entry points to the backend (dynamic), and {backend} "
            "takes them from nowhere and ends the build"
        )
        at = Location(PYPROJECT, line_of(self._config.source, ("project", "dynamic")))
        return Problem("entry-point-invalid", ENTRY_POINT_GROUP, why, at)

    def _metadata_hooks(self) -> bool:
        return bool(table(self._pyproject, "tool", "hatch", "metadata", "hooks"))

    def _of_an_sdist(self) -> tuple[EntryPoints, tuple[Problem, ...]] | None:
        """Return what an sdist says that it would build; in a directory it can be left over."""
        files = self._artifact.files
        for path in sorted(files) if self._artifact.source.kind == "sdist" else ():
            if path.endswith(".egg-info/entry_points.txt"):
                return _parsed(files[path].decode("utf-8", "replace"), path, 0)
        return None

    def _of_setup(self, option: Option | None) -> tuple[EntryPoints, tuple[Problem, ...]]:
        whole = self._setup.get("")
        if option is None and whole is None:
            return Known(()), ()
        said = option or whole or Option(None, _AT)
        value, at = said.value, said.at
        if isinstance(value, str):
            directive, _, file = value.partition(":")
            if directive.strip() == "file" and "\n" not in value:
                return self._of_files(file.split(","))
            return _parsed(value, at.path, at.line)
        if isinstance(value, Mapping):
            try:
                return Known(tuple(sorted(_grouped(value, said), key=_order))), ()
            except _NotWrittenOutError as error:
                value = Computed(str(error))
        why = value.why if isinstance(value, Computed) else "they are no table"
        return Unknown(
            f"its entry points are not written out: {why}; review the built wheel", at
        ), ()

    def _of_files(self, named: list[str]) -> tuple[EntryPoints, tuple[Problem, ...]]:
        """Return the entry points of files, which setuptools puts together and reads as one."""
        paths = [joined(each.strip()) for each in named]
        data = [self._artifact.files.get(path, b"").decode("utf-8", "replace") for path in paths]
        if len(paths) == 1:
            return _parsed(data[0], paths[0], 0)
        return _parsed("\n".join(data), paths[0], 1)

    def _without_metadata(self) -> tuple[EntryPoints, tuple[Problem, ...]]:
        if table(self._pyproject, "tool", "flit", "metadata"):
            return Known(()), ()
        if {"setup.py", "setup.cfg"} & self._artifact.files.keys():
            return Unknown(
                "the project declares its entry points in setup.py or setup.cfg, which "
                f"{shorten(self._config.backend, 60)} need not look at; review the built wheel"
            ), ()
        if self._config.named:
            return Unknown(
                f"pyproject.toml has no table [project], so what it declares is up to "
                f"{shorten(self._config.backend, 60)}; review the built wheel",
                _AT,
            ), ()
        return Known(()), ()


_DUNDER = "__version__"
# The defaults of hatchling.version.source.regex and of pdm.backend.hooks.version.
_HATCH = re.compile(
    r"""(?i)^(__version__|VERSION)(?: ?\: ?str)? *= *(['"])v?(?P<version>.+?)\2""", re.MULTILINE
)
_PDM = re.compile(r"""^__version__\s*=\s*["'](?P<version>.+?)["']\s*(?:#.*)?$""", re.MULTILINE)


class _NotWrittenOutError(Exception):
    pass


def _order(each: EntryPoint) -> tuple[str, str, str]:
    return each.group, each.name, each.value


def _grouped(groups: Mapping[str, Any], said: Option) -> Iterator[EntryPoint]:
    """Yield entry points in the form that ``setup`` takes: lines of ``name = value`` by group."""
    for group, given in groups.items():
        lines = given.splitlines() if isinstance(given, str) else given
        if not isinstance(lines, list):
            raise _NotWrittenOutError(given.why if isinstance(given, Computed) else "no list")
        for line in lines:
            if not isinstance(line, str):
                raise _NotWrittenOutError("an entry point is no text")
            name, equals, value = line.partition("=")
            if equals:
                name = name.strip()
                yield EntryPoint(group, name, value.strip(), said.place(group, name))


def _parsed(text: str, path: str, line: int) -> tuple[EntryPoints, tuple[Problem, ...]]:
    """Read a table in the form of ``entry_points.txt``, which may be a text in another file."""
    found, problems = parse_entry_points(text, path)
    if line:
        found = tuple(replace(each, at=Location(path, line)) for each in found)
        problems = tuple(replace(each, at=Location(path, line)) for each in problems)
    return Known(found), problems


def _required(dependencies: Any, extras: Any, at: Location | None) -> Names:
    if not isinstance(dependencies, list) or not isinstance(extras, Mapping):
        return NotCarried("directory")
    found = [each.strip() for each in dependencies if isinstance(each, str) and each.strip()]
    for name, requirements in extras.items():
        extra, _, condition = str(name).partition(":")
        for each in requirements if isinstance(requirements, list) else texts(requirements):
            text, _, marker = str(each).partition(";")
            parts = [f"({part.strip()})" for part in (condition, marker) if part.strip()]
            parts += [f'extra == "{extra}"'] if extra else []
            found.append(f"{text.strip()} ; {' and '.join(parts)}")
    return Known(tuple(sorted(found)), at)


def _assigned(data: bytes, name: str) -> tuple[str, int] | None:
    """Return the text that a module first assigns to a name, and the line."""
    tree = parse(data)
    for part in () if isinstance(tree, Failure) else tree.body:
        targets = part.targets if isinstance(part, ast.Assign) else []
        if isinstance(part, ast.AnnAssign):
            targets = [part.target]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            value = getattr(part, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value, part.lineno
            return None
    return None
