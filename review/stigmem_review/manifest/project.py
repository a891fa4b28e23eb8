"""What a source tree says it would build: ``pyproject.toml``, and an sdist's ``PKG-INFO``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from stigmem_review import toml
from stigmem_review.errors import SourceError
from stigmem_review.manifest.entry_points import parse_entry_points, project_entry_points
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

_FILE = "pyproject.toml"
_PKG_INFO = "PKG-INFO"
# Where build backends are told which packages to build.
_PACKAGES = ("packages", "include", "only-include", "py-modules", "modules", "module-name")
# Folders in which a second copy of a package is never the one that is built.
_ASIDE = ("tests/", "test/", "docs/", "examples/", "build/")


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

    What the project leaves to the backend (``dynamic``) is unknown, unless an sdist's
    ``PKG-INFO`` has it. Raises ``SourceError`` where ``pyproject.toml`` is not TOML.
    """
    source, pyproject = _pyproject(artifact)
    table = _mapping(pyproject, "project") or _mapping(pyproject, "tool", "poetry")
    entry_points, problems = _entry_points(artifact, pyproject, source)
    standard = _mapping(pyproject, "project")
    project = Project(
        _text(table, "name"),
        _text(table, "version"),
        entry_points,
        _requirements(standard),
        _requires_python(standard),
        problems,
    )
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


def find_root(artifact: Artifact, entry_points: tuple[EntryPoint, ...]) -> str | Unknown:
    """Return the folder of a source tree below which the plugin's package stands.

    Build backends map it in their own ways; here it is found by looking for the package that the
    entry point names. Two candidates are one too many to decide.
    """
    files = artifact.files
    plugins = [each for each in entry_points if each.group == ENTRY_POINT_GROUP]
    if not plugins:
        return ""
    top = plugins[0].value.partition(":")[0].partition(".")[0].strip()
    if top == "src" and "src/__init__.py" not in files:
        return _root_beside_src(artifact)
    wanted = re.compile(rf"(?:^|/){re.escape(top)}(?:\.py|/.*\.py)$")
    roots = set()
    for path in files:
        if found := wanted.search(path):
            start = found.start()
            root = path[: start + 1] if path[start] == "/" else ""
            if not root.startswith(_ASIDE) and f"{top}/" not in root:
                roots.add(root)
    if len(roots) > 1:
        where = ", ".join(shorten(root or "./", 60) for root in sorted(roots)[:4])
        return Unknown(
            f"the package {top} stands in more than one folder ({where}), "
            "and which one is built is up to the build backend"
        )
    return roots.pop() if roots else ""


def _root_beside_src(artifact: Artifact) -> str | Unknown:
    """Return the root where an entry point names a module below a folder ``src``.

    Every build backend takes that folder for the one that packages stand in, and then there is no
    module of that name; unless the project says that the folder is a package itself.
    """
    _, pyproject = _pyproject(artifact)
    if "setup.py" in artifact.files or _names_src(_mapping(pyproject, "tool")):
        return Unknown(
            "the entry point names a module in src, and whether a package of that name is built "
            "is up to the build backend; review the built wheel"
        )
    return "src/"


def _names_src(value: Any, key: str = "") -> bool:
    match value:
        case str():
            return key in _PACKAGES and value.strip("./*") in ("", "src")
        case Mapping():
            return any(_names_src(each, str(name)) for name, each in value.items())
        case list():
            return any(_names_src(each, key) for each in value)
        case _:
            return False


def _pyproject(artifact: Artifact) -> tuple[str, Mapping[str, Any]]:
    data = artifact.files.get(_FILE)
    if data is None:
        return "", {}
    try:
        source = data.decode("utf-8")
        return source, toml.parse(source)
    except ValueError as error:
        raise SourceError(
            f"{artifact.source.asked}: {_FILE} cannot be read: {shorten(str(error))}; mend it first"
        ) from None


def _entry_points(
    artifact: Artifact, pyproject: Mapping[str, Any], source: str
) -> tuple[EntryPoints, tuple[Problem, ...]]:
    project = _mapping(pyproject, "project")
    if "entry-points" in _dynamic(project):
        return Unknown(
            "the project leaves its entry points to the build backend (dynamic); review the "
            "built wheel",
            Location(_FILE),
        ), ()
    found, problems = project_entry_points(pyproject, _FILE, source)
    if found or problems:
        return Known(found), problems
    for path in sorted(artifact.files) if artifact.source.kind == "sdist" else ():
        # In a directory it can be left over from another build.
        if path.endswith(".egg-info/entry_points.txt"):
            text = artifact.files[path].decode("utf-8", "replace")
            entry_points, unreadable = parse_entry_points(text, path)
            return Known(entry_points), unreadable
    if not project and not _mapping(pyproject, "tool", "poetry"):
        if {"setup.py", "setup.cfg"} & artifact.files.keys():
            return Unknown(
                "the project declares its entry points in setup.py or setup.cfg, which only a "
                "build can read; review the built wheel"
            ), ()
        if backend := _mapping(pyproject, "build-system").get("build-backend"):
            return Unknown(
                f"pyproject.toml has no table [project], so what it declares is up to "
                f"{shorten(str(backend), 60)}; review the built wheel",
                Location(_FILE),
            ), ()
    return Known(()), ()


def _dynamic(project: Mapping[str, Any]) -> list[Any]:
    dynamic = project.get("dynamic")
    return dynamic if isinstance(dynamic, list) else []


def _missing(table: Mapping[str, Any], key: str) -> Unknown | NotCarried:
    if key in _dynamic(table):
        # The build backend computes it, and a source tree does not hold the result.
        return NotCarried("directory")
    return Unknown(f"{_FILE} does not say it", Location(_FILE))


def _text(table: Mapping[str, Any], key: str) -> Text:
    value = table.get(key)
    return Known(value, Location(_FILE)) if isinstance(value, str) else _missing(table, key)


def _requires_python(table: Mapping[str, Any]) -> OptionalText:
    value = table.get("requires-python")
    if isinstance(value, str):
        return Known(value, Location(_FILE))
    if not table or "requires-python" in _dynamic(table):
        return NotCarried("directory")
    return Known(None, Location(_FILE))


def _requirements(table: Mapping[str, Any]) -> Names:
    if not table or {"dependencies", "optional-dependencies"} & set(map(str, _dynamic(table))):
        return NotCarried("directory")
    dependencies = table.get("dependencies", [])
    if not isinstance(dependencies, list):
        return NotCarried("directory")
    found = [each for each in dependencies if isinstance(each, str)]
    extras = _mapping(table, "optional-dependencies")
    for extra, requirements in extras.items():
        for each in requirements if isinstance(requirements, list) else ():
            text, _, marker = str(each).partition(";")
            condition = f'extra == "{extra}"'
            condition = f"({marker.strip()}) and {condition}" if marker.strip() else condition
            found.append(f"{text.strip()} ; {condition}")
    return Known(tuple(sorted(found)), Location(_FILE))


def _mapping(value: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
