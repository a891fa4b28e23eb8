"""What installers make of a wheel: which files are theirs, and how they change others.

https://packaging.python.org/en/latest/specifications/ (recording-installed-packages, direct-url,
binary-distribution-format). Paths are those below ``site-packages``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

_WRITTEN = frozenset(
    {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
)
"""What installers write into the metadata of a distribution; nothing of it is ever run."""


def is_written(path: str) -> bool:
    """Say whether a file is one that installers write into the metadata of a distribution."""
    folder, _, name = path.partition("/")
    return folder.endswith(".dist-info") and name in _WRITTEN


MODULES = (".py", ".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib")
CACHE = "__pycache__"


def packages(paths: Collection[str]) -> set[str]:
    """Return the folders of some files that are packages of their own, or metadata.

    A folder without an ``__init__`` is a part of a namespace package, which others may be in too.
    """
    return {
        folder
        for folder in folders_around(paths)
        if folder.endswith(".dist-info")
        or any(posixpath.join(folder, f"__init__{ending}") in paths for ending in MODULES)
    }


def folders_around(paths: Iterable[str]) -> set[str]:
    """Return all folders that files are in, whatever is around them."""
    found: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def is_bytecode(path: str) -> bool:
    """Say whether a file is bytecode where Python looks for it."""
    # Python reads it there alone, and only where the source is there too.
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2] == CACHE and name.endswith((".pyc", ".pyo"))


def script_forms(script: bytes) -> tuple[bytes, ...]:
    """Return what an installed script can have been in its wheel.

    Installers put the interpreter into a first line that starts with ``#!python``, and where that
    line would be too long for a kernel, lines of a shell in its place (``distlib.scripts``).
    """
    first, newline, rest = script.partition(b"\n")
    if not first.startswith(b"#!"):
        return (script,)
    if first.rstrip() == b"#!/bin/sh" and rest.startswith(b"'''exec'"):
        rest = rest.partition(b"\n")[2].partition(b"\n")[2]
    end = b"\r\n" if first.endswith(b"\r") else newline
    return (script, *(start + end + rest for start in (b"#!python", b"#!pythonw")))
