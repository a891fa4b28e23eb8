"""Which files of a project count: those that its build reads, and those that it would install."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.manifest.builds import build_steps
from stigmem_review.manifest.config import Config, read_config
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.manifest.project import read_project
from stigmem_review.model import ENTRY_POINT_GROUP, EntryPoint, Known
from stigmem_review.sources.artifact import Artifact, Layout
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.tree import PROJECT_FILES, tree_digest
from stigmem_review.sources.unread import CLEAN, Unread
from stigmem_review.text import shorten

_BUILD_FILES = (
    *PROJECT_FILES,
    *("MANIFEST.in", "PKG-INFO", ".gitignore", ".hgignore", "hatch.toml", "hatch_build.py"),
    "pdm_build.py",
)


def laid_out(artifact: Artifact) -> Artifact:
    """Return a source tree with what its build would install; any other artifact as it is.

    Of a directory, what the build reads and what it would install is read then, and nothing else.
    Raises ``SourceError`` where one of these files, or the project's configuration, cannot be
    read.
    """
    files = artifact.files
    if artifact.layout is not None or artifact.source.kind not in ("directory", "sdist"):
        return artifact
    tree = SourceTree(files)
    if isinstance(files, Unread):
        files.take(name for name in _BUILD_FILES if tree.is_file(name))
    # Most reviews are of wheels, and need none of it.
    from stigmem_review.manifest.backends.search import ASIDE

    asked = artifact.source.asked
    config = read_config(files, asked)
    layout = _layout(artifact, tree, config)
    if not isinstance(files, Unread):
        return replace(artifact, layout=layout)
    shipped = dict.fromkeys(layout.places.values())
    _check(asked, files, shipped)
    files.take([*shipped, *(path for step in build_steps(artifact) for path in step.code)])
    if layout.why:
        # They only help to say what is wrong, so one that cannot be read is no reason to stop.
        with contextlib.suppress(SourceError):
            files.take(path for path in tree.below("", ASIDE) if path.endswith(".py"))
    taken = dict(sorted(files.taken.items()))
    source = replace(artifact.source, sha256=tree_digest(taken))
    return replace(artifact, source=source, files=taken, layout=layout)


def _layout(artifact: Artifact, tree: SourceTree, config: Config) -> Layout:
    from stigmem_review.manifest.backends.registry import layout_of
    from stigmem_review.manifest.backends.search import search

    layout = layout_of(tree, config)
    declared = read_project(artifact).entry_points
    package = _package(declared.value) if isinstance(declared, Known) else ""
    found = layout.places or (config.named and not layout.why)
    if not package or found or (layout.why and not layout.whole):
        return layout
    return search(tree, package, layout.why or "the project names no build backend")


def _package(entry_points: Iterable[EntryPoint]) -> str:
    """Return the top-level package that the plugin's entry point leads into."""
    for each in entry_points:
        if each.group == ENTRY_POINT_GROUP:
            normal = normal_value(each)
            value = normal.value if normal else each.value
            return value.partition(":")[0].partition(".")[0].strip()
    return ""


def _check(asked: str, files: Unread, shipped: Iterable[str]) -> None:
    """Refuse what would ship and cannot be told apart, listed or counted."""
    folders = set()
    for number, path in enumerate(shipped, 1):
        if number > limits.ENTRIES:
            raise refusal(asked, f"it would install more than {limits.ENTRIES} files", CLEAN)
        try:
            path.encode("utf-8")
        except UnicodeEncodeError as error:
            raise refusal(
                asked, f"the name of {shorten(path)} is not UTF-8", "rename it"
            ) from error
        if len(path) > limits.PATH_CHARS:
            raise refusal(
                asked, f"{shorten(path)} is deeper than {limits.PATH_CHARS} characters", CLEAN
            )
        folders.add(path.rpartition("/")[0])
    for folder, unlistable in files.unlistable.items():
        above = folder.removesuffix("/").rpartition("/")[0]
        if above and above in folders:
            raise unlistable
