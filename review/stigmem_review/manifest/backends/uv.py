"""What uv's build backend puts into a wheel (``uv-build-backend``: ``settings``, ``wheel``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stigmem_review.manifest.backends.patterns import path_glob
from stigmem_review.manifest.backends.tree import SourceTree, joined
from stigmem_review.manifest.config import Config, table, texts
from stigmem_review.sources.artifact import Layout

_EXCLUDED = ("__pycache__", "*.pyc", "*.pyo")


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that uv builds is installed."""
    settings = table(config.pyproject, "tool", "uv", "build-backend")
    stated = settings.get("module-root", "src")
    root = joined(stated if isinstance(stated, str) else "src")
    modules = texts(settings.get("module-name")) or [_called(config.name)]
    excluded = [*_EXCLUDED] if settings.get("default-excludes", True) is not False else []
    excluded += texts(settings.get("wheel-exclude")) + texts(settings.get("source-exclude"))
    # A pattern from the top that matches a folder leaves what is in it.
    near = [path_glob(each[1:]) for each in excluded if each.startswith("/")]
    deep = [path_glob(f"**/{each}") for each in excluded if not each.startswith("/")]
    prefix = f"{root}/" if root else ""
    places: dict[str, str] = {}
    for module in modules:
        folder = joined(root, module.replace(".", "/"))
        if why := _missing(tree, folder, settings):
            return Layout(why=why, refuses=True)
        for path in tree.below(folder):
            parts = path.split("/")
            above = ("/".join(parts[:size]) for size in range(1, len(parts) + 1))
            out = any(glob.match(path) for glob in near)
            if not (out or any(glob.match(each) for each in above for glob in deep)):
                places[path.removeprefix(prefix)] = path
    return Layout(places, whole="data" not in settings)


def _called(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _missing(tree: SourceTree, folder: str, settings: Mapping[str, Any]) -> str:
    init = "__init__.pyi" if folder.split("/")[-1].endswith("-stubs") else "__init__.py"
    if settings.get("namespace") is True or tree.is_file(f"{folder}/{init}"):
        return ""
    return f"uv finds no {init} in {folder}"
