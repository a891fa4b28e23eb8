"""Names in archives: only those that mean the same file to every tool on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stigmem_review import limits
from stigmem_review.text import shorten

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\:]")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"}
)


def fault(path: str) -> str:
    """Return why ``path`` is no canonical relative path, or ``""``."""
    if len(path) > limits.PATH_CHARS:
        return f"is {len(path)} characters long, the limit is {limits.PATH_CHARS}"
    found = _FORBIDDEN.search(path)
    if found:
        return f"holds the character U+{ord(found[0]):04X}, which some systems do not take as text"
    if path.startswith("/"):
        return "is an absolute path"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return f"has the path component '{part}'"
        if part[-1] in ". ":
            return "has a component that ends in a dot or a space, which Windows drops"
        if part.partition(".")[0].rstrip(" ").lower() in _RESERVED:
            return "has a component that Windows reserves for a device"
    return ""


def fold(path: str) -> str:
    """Return what a file system that ignores case and composition takes ``path`` for."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def clash(files: Iterable[str], folders: Iterable[str] = ()) -> str:
    """Return why these canonical paths cannot all be unpacked on every system, or ``""``."""
    known_files: dict[str, str] = {}
    known_folders: dict[str, str] = {}
    for folder in folders:
        if other := _enter(folder, known_folders):
            return _both(other, folder)
    for path in files:
        key = fold(path)
        if key in known_files:
            return _both(known_files[key], path)
        known_files[key] = path
        if other := _enter(path.rpartition("/")[0], known_folders):
            return _both(other, path)
        if len(known_folders) > limits.ENTRIES:
            return f"its files are in more than {limits.ENTRIES} directories"
    for key in known_files.keys() & known_folders.keys():
        return _both(known_files[key], known_folders[key] + "/")
    return ""


def _enter(folder: str, known: dict[str, str]) -> str:
    """Add ``folder`` and those above it; return one that is known in another spelling."""
    while folder:
        spelled = known.setdefault(fold(folder), folder)
        if spelled is not folder:
            return "" if spelled == folder else spelled + "/"
        folder = folder.rpartition("/")[0]
    return ""


def _both(one: str, other: str) -> str:
    return f"{shorten(one)} and {shorten(other)} are one place on some systems"
