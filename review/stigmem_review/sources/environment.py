"""What is installed in an environment, from its files alone: no interpreter is asked or run."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stigmem_review import limits
from stigmem_review.errors import SourceError, UsageError, reason
from stigmem_review.names import canonicalize_name
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.metadata import as_version, headers
from stigmem_review.sources.record import record_rows
from stigmem_review.sources.strict_json import parse
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from packaging.version import Version

METADATA = (".dist-info", ".egg-info")
"""How the names of folders end in which ``importlib.metadata`` finds distributions."""

_LIBRARIES = {
    "lib*/py*/site-packages": "",
    "lib*/py*/dist-packages": "",
    "Lib/site-packages": "",
    "local/lib/py*/dist-packages": "local",  # of Debian's Python
}
"""Where installers put distributions, and below which folder they put the rest of them."""

_STANDARD = "lib*/python3*"
_SYSTEM = re.compile(r"^include-system-site-packages\s*=\s*true\s*$", re.IGNORECASE | re.MULTILINE)
_HOME = re.compile(r"^home\s*=\s*(.+?)\s*$", re.MULTILINE)


class Environment:
    """The folders that one Python imports from, as far as files say it.

    ``sites`` are those into which installers put distributions, each with the prefix below which
    they put the rest; that of a folder that was installed to with ``--target`` is not known.
    ``also`` are those that are on its path besides, with what ``.pth`` files add.
    """

    def __init__(self, sites: Mapping[Path, Path | None], also: tuple[Path, ...] = ()) -> None:
        self.sites = sites
        self.also = also

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """All distributions that can be found, in the order of the path.

        Raises ``SourceError`` where a folder cannot be listed.
        """
        added = [path for site in self.sites for path in _added(site)]
        folders = dict.fromkeys((*self.sites, *self.also, *map(_real, added)))
        return tuple(
            Distribution(folder, info, self.sites.get(folder))
            for folder in folders
            for info in _infos(folder)
        )

    def named(self, name: str) -> tuple[Distribution, ...]:
        """Return the distributions of a name; only the first of several is what Python finds."""
        wanted = canonicalize_name(name)
        return tuple(each for each in self.distributions if each.name == wanted)


class Distribution:
    """One distribution that is installed: where its metadata lies, and what they say.

    Its files lie in the folder ``site``, and those for other places below ``prefix``, if that is
    known.
    """

    def __init__(self, site: Path, info: str, prefix: Path | None) -> None:
        self.site = site
        self.info = info
        self.prefix = prefix

    @property
    def path(self) -> Path:
        return self.site / self.info

    @cached_property
    def _headers(self) -> Mapping[str, tuple[str, ...]]:
        file = self.path
        if file.is_dir():
            name = "METADATA" if self.info.lower().endswith(".dist-info") else "PKG-INFO"
            file /= name
        # A long description stands in it too.
        data = read_file(file, limits.ENTRY_BYTES)
        try:
            return headers(data)
        except ValueError as error:
            raise SourceError(f"{file}: {error}") from None

    @cached_property
    def name(self) -> str:
        """Its normalised name; that of its folder where its metadata have none that can be read."""
        try:
            said = self._headers.get("name", ())
        except SourceError:
            said = ()
        return canonicalize_name(said[0] if said else self.info.partition("-")[0])

    @cached_property
    def version(self) -> Version | None:
        """Its version, if it has one that can be compared. Raises ``SourceError``."""
        said = self._headers.get("version", ())
        return as_version(said[0]) if said else None

    @cached_property
    def entry_points(self) -> bytes:
        """Its table of entry points. Raises ``SourceError`` where that cannot be read."""
        file = self.path / "entry_points.txt"
        return read_file(file, limits.METADATA_BYTES) if file.exists() else b""

    @cached_property
    def is_editable(self) -> bool:
        """Whether it is installed as a project's own folder (PEP 610)."""
        try:
            said = parse(read_file(self.path / "direct_url.json", limits.METADATA_BYTES).decode())
        except (SourceError, ValueError, RecursionError):
            return False
        info = said.get("dir_info") if isinstance(said, dict) else None
        return isinstance(info, dict) and info.get("editable") is True

    @cached_property
    def top_level(self) -> tuple[str, ...]:
        """What it has at the top of its folder, where no RECORD says what is whose."""
        try:
            text = read_file(self.path / "top_level.txt", limits.METADATA_BYTES).decode()
        except (SourceError, ValueError):
            return (self.name.replace("-", "_"),)
        return tuple(text.split())

    @cached_property
    def record(self) -> Mapping[str, str]:
        """The files that RECORD lists, as paths from ``site``, each with its hash there, if any.

        Nothing where there is no RECORD that can be read: that is not known.
        """
        file = self.path / "RECORD"
        try:
            data = read_file(file, limits.RECORD_BYTES)
            rows = [row for _, row in record_rows(data)]
        except (SourceError, ValueError):
            return {}
        return {self._below(row[0]): row[1] for row in rows}

    def _below(self, path: str) -> str:
        path = path.replace("\\", "/") if os.name == "nt" else path
        if posixpath.isabs(path):
            return posixpath.relpath(path, self.site.as_posix())
        return posixpath.normpath(path)


def environment(python: str) -> Environment:
    """Return the environment that a user names: its folder, its interpreter, or a folder in it.

    A folder that was installed to with ``--target`` is one as well. A link of a virtual environment
    to its interpreter is not followed: it leads out of it. Raises ``UsageError`` where nothing is
    installed there.
    """
    named = shorten(python) or "(an empty path)"
    try:
        # Its own folders are what is above a link to an interpreter.
        path = Path(os.path.normpath(Path.cwd() / python)) if python else Path("\0")
        if path.is_dir():
            found = _of_folder(path)
        elif path.is_file():
            found = _of_prefix(path.parent.parent)
        else:
            raise UsageError(f"{named} is no environment: there is no such path; check it")
    except (OSError, ValueError) as error:
        raise UsageError(f"{named} is no environment: {reason(error)}; check the path") from None
    if not any(next(_infos(site), None) for site in found.sites):
        raise UsageError(
            f"{named} is no environment: there is no site-packages with metadata in it; name its "
            "folder or its python"
        )
    return found


def installed(name: str, python: str | None) -> Distribution:
    """Return a distribution that is installed; by default where this runs.

    Of several it is the one that Python finds. Raises ``UsageError`` where there is none, or no
    such environment, and ``SourceError`` where it cannot be looked into.
    """
    there = environment(sys.prefix if python is None else python)
    found = there.named(name) if name else ()
    if not found:
        where = "the environment that this runs in" if python is None else shorten(python)
        raise UsageError(
            f"there is no {shorten(name) or '(empty name)'} installed in {where}; write "
            "installed:NAME@PYTHON, with the environment's folder or its python"
        )
    return found[0]


def _of_folder(path: Path) -> Environment:
    found = _of_prefix(path)
    if found.sites:
        return found
    # lib/python3.11/site-packages of a prefix, or Lib/site-packages on Windows
    for top in (*path.parents,)[1:3]:
        around = _of_prefix(top)
        if prefix := around.sites.get(_real(path)):
            return Environment({_real(path): prefix}, around.also)
    return Environment({_real(path): None})


def _of_prefix(top: Path) -> Environment:
    tops = [_real(top)]
    config = top / "pyvenv.cfg"
    if config.is_file():
        text = read_file(config, limits.METADATA_BYTES).decode("utf-8", "replace")
        home = _HOME.search(text)
        if home and _SYSTEM.search(text):
            tops.append(_real(Path(home[1]).parent))
    sites: dict[Path, Path | None] = {}
    also: dict[Path, None] = {}
    for each in tops:
        for pattern, below in _LIBRARIES.items():
            for folder in _globbed(each, pattern):
                sites.setdefault(folder, each / below)
        also |= dict.fromkeys(_globbed(each, _STANDARD))
    return Environment(sites, tuple(also))


def _globbed(top: Path, pattern: str) -> Iterator[Path]:
    """Yield the folders of a pattern, of which some are others by another name, as lib64 is."""
    return (_real(each) for each in sorted(top.glob(pattern)) if each.is_dir())


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _infos(folder: Path) -> Iterator[str]:
    """Yield the names of metadata in a folder. Raises ``SourceError`` where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise SourceError(f"{folder} cannot be listed: {reason(error)}") from None
    for name in names:
        # In an egg, which is a folder of the path itself, they have this name.
        in_egg = name == "EGG-INFO" and folder.name.endswith(".egg")
        if in_egg or name.lower().endswith(METADATA):
            yield name


def path_files(site: Path) -> tuple[str, ...]:
    """Return the names of the ``.pth`` files in a folder, which ``site`` reads at every start."""
    return tuple(sorted(each.name for each in site.iterdir() if each.name.endswith(".pth")))


def _added(site: Path) -> Iterator[Path]:
    """Yield the folders that ``.pth`` files add to the path, as ``site`` does."""
    for name in path_files(site):
        try:
            text = read_file(site / name, limits.METADATA_BYTES).decode("utf-8-sig", "replace")
        except SourceError:
            continue
        for line in map(str.rstrip, text.splitlines()):
            if not line or line.startswith(("#", "import ", "import\t")) or "\0" in line:
                continue
            folder = site / line
            if folder.is_dir():
                yield folder
