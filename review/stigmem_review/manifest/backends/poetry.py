"""What Poetry puts into a wheel (``poetry.core.masonry``: ``utils.module``, ``builders``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stigmem_review.manifest.backends.patterns import ignored, path_glob
from stigmem_review.manifest.backends.tree import SourceTree, joined, lines
from stigmem_review.manifest.config import Config, table, texts
from stigmem_review.sources.artifact import Layout


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that Poetry builds is installed."""
    poetry = table(config.pyproject, "tool", "poetry")
    included = {path for each in _includes(poetry) for path in _matched(tree, each)}
    excluded = {
        path for each in texts(poetry.get("exclude")) for path in _matched(tree, each)
    } - included
    # An unpacked sdist is under no version control.
    versioned = not tree.is_file("PKG-INFO")
    by_vcs = ignored(lines(tree.text(".gitignore")) if versioned else ())
    packages = poetry.get("packages")
    if not isinstance(packages, list) or not packages:
        packages = _by_name(tree, config.name)
    if not packages:
        return Layout(why="Poetry finds no package that is called like the project", refuses=True)
    places: dict[str, str] = {}
    for package in packages:
        if not isinstance(package, Mapping) or not _for_wheel(package, ("sdist", "wheel")):
            continue
        source, target = (joined(str(package.get(key, ""))) for key in ("from", "to"))
        root = f"{source}/" if source else ""
        for path in _matched(tree, joined(source, str(package.get("include", "")))):
            if path in excluded or (by_vcs(path) and path not in included):
                continue
            places[joined(target, path.removeprefix(root))] = path
    taken = set(places.values())
    places |= {path: path for path in included if path not in taken}
    scripts = table(poetry, "scripts").values()
    files = any(isinstance(each, Mapping) and each.get("type") == "file" for each in scripts)
    return Layout(places, whole="build" not in poetry and not files)


def _by_name(tree: SourceTree, name: str) -> list[dict[str, str]]:
    module = re.sub(r"[-_.]+", "_", name).lower()
    for source in ("", "src"):
        if tree.is_folder(joined(source, module)):
            return [{"include": module, "from": source}]
        if tree.is_file(joined(source, f"{module}.py")):
            return [{"include": f"{module}.py", "from": source}]
    return []


def _includes(poetry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is included in the wheel beside packages: only where that is said."""
    included = poetry.get("include")
    for each in included if isinstance(included, list) else ():
        if isinstance(each, Mapping) and _for_wheel(each, ("sdist",)):
            yield str(each.get("path", ""))


def _for_wheel(item: Mapping[str, Any], default: Iterable[str]) -> bool:
    return "wheel" in (texts(item.get("format")) or default)


def _matched(tree: SourceTree, pattern: str) -> Iterator[str]:
    """Yield the files that a glob matches, or that are in a folder which it matches."""
    pattern = joined(pattern)
    fixed = re.match(r"[^*?\[]*", pattern)
    root = (fixed[0] if fixed else "") if pattern else ""
    if root == pattern:
        if tree.is_file(pattern):
            yield pattern
            return
    else:
        root = root.rpartition("/")[0]
    glob = path_glob(pattern)
    for path in tree.below(root, ("__pycache__",)):
        if path.endswith(".pyc"):
            continue
        parts = path.split("/")
        if root == pattern or any(
            glob.match("/".join(parts[:size])) for size in range(len(parts), 0, -1)
        ):
            yield path
