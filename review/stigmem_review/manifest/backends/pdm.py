"""What PDM puts into a wheel (``pdm.backend``: ``base``, ``config``, ``wheel``)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stigmem_review.manifest.backends.patterns import path_glob
from stigmem_review.manifest.backends.tree import SourceTree, joined
from stigmem_review.manifest.config import Config, table, texts
from stigmem_review.sources.artifact import Layout

_MAGIC = re.compile(r"[*?\[]")


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that PDM builds is installed."""
    build = table(config.pyproject, "tool", "pdm", "build")
    root = _root(tree, build)
    beside = texts(build.get("source-includes")) or ["tests"]
    wanted = texts(build.get("includes")) or _packages(tree, root)
    included = _expanded(tree, [*wanted, *beside])
    excluded = _expanded(tree, [".pdm-build", *texts(build.get("excludes")), *beside])
    for path, pattern in [*included.items()]:
        if path in excluded:
            if _weight(pattern) <= _weight(excluded[path]):
                del included[path]
            else:
                del excluded[path]
    prefix = f"{root}/" if root else ""
    places = {
        path.removeprefix(prefix): path
        for top in sorted(included)
        for path in _files(tree, top, excluded)
    }
    hook = build.get("custom-hook", "pdm_build.py")
    more = build.get("run-setuptools") or build.get("wheel-data")
    runs = isinstance(hook, str) and tree.is_file(joined(hook))
    return Layout(places, whole=not (more or runs), others=_written(config))


def _root(tree: SourceTree, build: Mapping[str, Any]) -> str:
    if isinstance(build.get("package-dir"), str):
        return joined(str(build["package-dir"]))
    includes, excludes = texts(build.get("includes")), texts(build.get("excludes"))
    below = any(joined(each).split("/")[0] == "src" for each in includes)
    if (tree.is_folder("src") and not includes) or (below and not {"src", "src/"} & {*excludes}):
        return "src"
    return ""


def _packages(tree: SourceTree, root: str) -> list[str]:
    """Return the packages in the root, or else all modules there."""
    found = [
        joined(root, name)
        for name in tree.names(root, "folder")
        if name not in ("__pycache__", "__pypackages__")
        and (
            tree.is_file(joined(root, name, "__init__.py"))
            or (name.endswith("-stubs") and tree.is_file(joined(root, name, "__init__.pyi")))
        )
    ]
    return found or [joined(root, "*.py")]


def _expanded(tree: SourceTree, patterns: list[str]) -> dict[str, str]:
    """Return the files and folders that globs match, and the last glob that matches each."""
    found: dict[str, str] = {}
    for raw in patterns:
        pattern = joined(raw)
        if not _MAGIC.search(pattern):
            if tree.is_file(pattern) or tree.is_folder(pattern):
                found[pattern] = raw
            continue
        glob = path_glob(pattern, hidden=False)
        fixed = _MAGIC.split(pattern)[0].rpartition("/")[0]
        for path in tree.below(fixed):
            parts = path.split("/")
            for size in range(fixed.count("/") + 1, len(parts) + 1):
                if glob.match(part := "/".join(parts[:size])):
                    found[part] = raw
    return found


def _weight(pattern: str) -> tuple[int, int]:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    wild = sum(2 if part == "**" else 1 for part in parts if _MAGIC.search(part))
    return len(parts), -wild


def _files(tree: SourceTree, top: str, excluded: Mapping[str, str]) -> Iterator[str]:
    if tree.is_file(top):
        yield top
        return
    for path in tree.below(top):
        out = any(
            path == each or path.startswith(f"{each}/") or fnmatch.fnmatchcase(path, each)
            for each in excluded
        )
        if not path.endswith(".pyc") and not out:
            yield path


def _written(config: Config) -> frozenset[str]:
    target = table(config.pyproject, "tool", "pdm", "version").get("write_to")
    return frozenset([joined(target)] if isinstance(target, str) else [])
