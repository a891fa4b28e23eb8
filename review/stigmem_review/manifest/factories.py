"""Functions that look like a plugin's factory, found without following anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set

from stigmem_review import limits, toml
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import Failure, parse
from stigmem_review.manifest.entry_points import misspelt_group, project_entry_points
from stigmem_review.model import ENTRY_POINT_GROUP

_PROJECT = "pyproject.toml"
_ASIDE = ("tests", "test", "docs", "examples")


def factories(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield functions without arguments that make a manifest, as ``module:function``.

    A project that stands in a folder of another is not a part of it.
    """
    room = limits.SOURCES_BYTES
    nested = tuple(path.removesuffix(_PROJECT) for path in files if path.endswith(f"/{_PROJECT}"))
    for path in sorted(files):
        if not path.endswith(".py") or path.partition("/")[0] in _ASIDE or path.startswith(nested):
            continue
        data = files[path]
        if b"PluginManifest" not in data or room < len(data):
            continue
        room -= len(data)
        tree = parse(data)
        if isinstance(tree, Failure):
            continue
        names = {"PluginManifest", *_aliases(tree)}
        for part in tree.body:
            if isinstance(part, ast.FunctionDef) and _makes_manifest(part, names):
                yield f"{_module_name(path, files)}:{part.name}"


def _aliases(tree: ast.Module) -> Iterator[str]:
    for part in walk(tree):
        if isinstance(part, ast.ImportFrom):
            yield from (
                each.asname
                for each in part.names
                if each.name == "PluginManifest" and each.asname is not None
            )


def _makes_manifest(function: ast.FunctionDef, names: Set[str]) -> bool:
    required = len(function.args.posonlyargs) + len(function.args.args)
    if required > len(function.args.defaults) or None in function.args.kw_defaults:
        return False
    for part in walk(function):
        if isinstance(part, ast.Call):
            if getattr(part.func, "id", "") in names:
                return True
            if getattr(part.func, "attr", "") == "PluginManifest":
                return True
    return False


def _module_name(path: str, files: Mapping[str, bytes]) -> str:
    folder, _, file = path.rpartition("/")
    parts = [] if file == "__init__.py" else [file.removesuffix(".py")]
    while folder and f"{folder}/__init__.py" in files:
        folder, _, last = folder.rpartition("/")
        parts.insert(0, last)
    return ".".join(parts)


def is_called_plugin(name: str) -> bool:
    """Say whether a distribution, or a file of one, has the name of a plugin."""
    return name.lower().replace("_", "-").startswith("stigmem-plugin-")


def makes_plugin(files: Mapping[str, bytes]) -> bool:
    """Say whether there is a factory in any of the files, which are not those of the host.

    The host makes manifests too, in its own tests and examples.
    """
    is_host = any("/stigmem_node/" in f"/{path}" for path in files)
    return not is_host and any(factories(files))


def concerns_plugins(files: Mapping[str, bytes]) -> bool:
    """Say whether a project has to do with a plugin: it declares one, is called one, or makes one.

    A project that does not is nobody's mistake.
    """
    try:
        pyproject = toml.parse(files.get(_PROJECT, b"").decode("utf-8"))
    except ValueError:
        return b"stigmem" in files[_PROJECT]
    if any(
        ENTRY_POINT_GROUP.encode() in files.get(name, b"") for name in ("setup.py", "setup.cfg")
    ):
        return True
    declared, problems = project_entry_points(pyproject, _PROJECT, "")
    if problems or any(each.group == ENTRY_POINT_GROUP for each in declared):
        return True
    project = pyproject.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    if (isinstance(name, str) and is_called_plugin(name)) or misspelt_group(declared):
        return True
    return makes_plugin(files)
