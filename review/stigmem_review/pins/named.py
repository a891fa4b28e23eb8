"""What files are by their names alone; the standard library alone."""

from __future__ import annotations

import re
from typing import Literal

LISTS = (".txt", ".in", ".pip", ".lock", ".req", ".reqs", ".list", ".lst")
"""How the names of files end that may be lists, where what they hold is like one."""

_CALLED = frozenset({"requirements", "constraints"})
_FOREIGN = frozenset({".git", "node_modules", "site-packages", ".venv", "venv"})

Lock = Literal["uv", "poetry", "pdm", "pylock", "pipenv"]
LOCKS: dict[Lock, re.Pattern[str]] = {
    "uv": re.compile(r"uv\.lock"),
    "poetry": re.compile(r"poetry\.lock"),
    "pdm": re.compile(r"pdm(\.[^./]+)?\.lock"),
    "pylock": re.compile(r"pylock(\.[^./]+)?\.toml"),
    "pipenv": re.compile(r"Pipfile\.lock"),
}
"""The kinds of locks, and what such files are called."""

_PROSE = (".md", ".rst", ".adoc", ".html", ".svg", ".ipynb", ".po")
_SOURCE = (
    *(".py", ".pyi", ".js", ".ts", ".jsx", ".tsx", ".css", ".go", ".rs", ".java", ".kt", ".c"),
    *(".h", ".cc", ".cpp", ".cs", ".rb", ".php", ".swift", ".sql"),
)
_INSTALLS = (
    *(".toml", ".cfg", ".ini", ".conf", ".yml", ".yaml", ".sh", ".bash", ".bat", ".cmd", ".ps1"),
    *(".env", ".hcl", ".tf", ".tpl", ".j2", ".mk", ".nix", ".json", ".service"),
)


def is_requirements_file(path: str) -> bool:
    """Return whether a file at ``path`` is a requirements or constraints file by convention.

    Any file can be one; these are the names that people and tools give them.
    """
    path = path.lower()
    if not path.endswith(".txt"):
        return False
    *folders, name = path.split("/")
    if _FOREIGN.intersection(folders):
        return False
    if folders and folders[-1] in _CALLED:
        return True
    return not _CALLED.isdisjoint(re.split(r"[-_.]", name.removesuffix(".txt")))


def is_lock(kind: Lock, path: str) -> bool:
    """Return whether a file is a lock of a kind."""
    return bool(LOCKS[kind].fullmatch(path.rpartition("/")[2]))


def configures(path: str) -> bool:
    """Say whether a file may set something, or install it: prose and source code do not."""
    return not path.lower().endswith((*_PROSE, *_SOURCE))


def installs(path: str) -> bool:
    """Say whether a file may install something, by what such files are called."""
    name = path.rpartition("/")[2]
    return name.lower().endswith(_INSTALLS) or "." not in name or "ockerfile" in name


def is_binary(data: bytes) -> bool:
    """Say whether a file holds no text; what is UTF-8 is text, also with a NUL in a comment."""
    if b"\0" not in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def ways_to(path: str) -> tuple[str, ...]:
    """Return the paths that a written one stands for: a backslash parts folders, or only quotes."""
    if "\\" not in path:
        return (path,)
    return path, path.replace("\\", "/"), path.replace("\\", "")
