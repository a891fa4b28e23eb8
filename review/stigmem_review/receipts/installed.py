"""What of an environment belongs to plugins that were reviewed, and what came besides.

Pure functions on paths below ``site-packages``. A wheel says what it installs; what installers
write themselves is known by its name: https://packaging.python.org/en/latest/specifications/
(recording-installed-packages, direct-url, binary-distribution-format).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stigmem_review.receipts.model import Files
from stigmem_review.sources.installers import (
    CACHE,
    MODULES,
    folders_around,
    is_bytecode,
    is_written,
    packages,
)

SITE = "site-packages/"

VIRTUALENV: Mapping[str, frozenset[str]] = {
    "_virtualenv.pth": frozenset(
        {"69ac3d8f27e679c81b94ab30b3b56e9cd138219b1ba94a1fa3606d5a76a1433d"}
    ),
    "_virtualenv.py": frozenset(
        {
            "684b8c07932ba4a84ac2e5ae9afe49ef04e92bac3d8d4191d455cf09d093e5fc",
            "c9199315871b11b12df226f890a38e66e63191e1adbfb11a66e6861151b33fca",
            "0aeb86546345c1d0fada097536e35525714d5cdbcc2d8eb3f9912a955044fcff",
            "0f20351ea7e90039c46d3fabdef991f28b1e3ff33eb13ee6f0d5cd21ea0e8b14",
            "cfe56cafbd68fd31a0e87100f111d7d2f6b7157241096500013c07e88d80a22f",
            "ee52b2e2e720a40885a6b4b90c40e28e5c70e550af74d5efd169eaa5db2a6f6f",
            "6cf30c56faf2a55228914dbbd17f8088ed371ebb08f5e7fa6fd931f913fcaf1d",
        }
    ),
}
"""What virtualenv (20.0 to 20.31) and uv (0.1 to 0.9) put into a new environment for older Pythons,
by their SHA-256: no distribution lists it, and it runs at every start."""


def in_site(files: Files) -> dict[str, str]:
    """Return what of a wheel's files goes below ``site-packages``, and their SHA-256."""
    return {
        place.removeprefix(SITE): sha256
        for place, sha256 in files.items()
        if place.startswith(SITE) and not is_written(place.removeprefix(SITE))
    }


def elsewhere(files: Files) -> dict[str, str]:
    """Return the other files of a wheel, such as ``scripts/tool``."""
    return {place: sha256 for place, sha256 in files.items() if not place.startswith(SITE)}


class Kept(NamedTuple):
    """Who may have files in one ``site-packages``.

    ``own`` are those of plugins that were reviewed. Of other distributions ``theirs`` are the
    files, and ``names`` what is theirs at the top, whatever it holds.
    """

    own: frozenset[str]
    theirs: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, own: Iterable[str], theirs: Iterable[str], names: Iterable[str]) -> Kept:
        return cls(frozenset(own), frozenset(theirs), frozenset(names))


class Folders:
    """The folders below one ``site-packages`` by whose they are.

    A package with an ``__init__`` is its plugin's alone, with all that is in it, and so is its
    metadata. A folder without one is a part of a namespace package, which others may be in too.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._theirs = folders_around(kept.theirs)
        self._shared = folders_around(kept.own)
        self._alone = packages(kept.own)

    def is_alone(self, folder: str) -> bool:
        """Say whether a folder is a plugin's alone, or in one that is."""
        while folder:
            if folder in self._alone:
                return True
            folder = posixpath.dirname(folder)
        return False

    def is_looked_into(self, folder: str) -> bool:
        """Say whether anything in a folder may be one too many."""
        return folder in self._shared or self.is_alone(folder)

    def allows_folder(self, folder: str) -> bool:
        """Say whether a folder that nobody looks into is somebody's."""
        top, name = folder.partition("/")[0], folder.rpartition("/")[2]
        return folder in self._theirs or top in self._kept.names or name == CACHE

    def allows_file(self, path: str) -> bool:
        """Say whether a file is one that was reviewed, or somebody else's and not in the way."""
        folder, _, name = path.rpartition("/")
        if path in self._kept.own or is_bytecode(path):
            return True
        if self.is_alone(folder):
            return is_written(path)
        stem = name.partition(".")[0]
        return path in self._kept.theirs or (not folder and stem in self._kept.names)


def is_module(name: str) -> bool:
    """Say whether a file at the top can be imported, or runs at every start."""
    stem, _, _ = name.partition(".")
    return name.endswith(".pth") or (stem.isidentifier() and name.endswith(MODULES))


def is_package(name: str, files: Iterable[str]) -> bool:
    """Say whether a folder at the top can be imported, with any code in it."""
    return name.isidentifier() and any(each.endswith(MODULES) for each in files)
