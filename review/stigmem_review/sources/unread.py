"""The files of a project: listed folder by folder, and read only where somebody asks for them.

What ships is decided by names, and a folder of data or of another tool beside it can hold any
number of files of any size, readable or not. So nothing is refused that nobody needs.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from typing import Literal

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.sources.refusal import refusal

CLEAN = "name a clean checkout, or a wheel built from it"

# What version control, npm and Python keep in a project; environments and caches say so themselves
# (PEP 405, the Cache Directory Tagging Specification).
_OF_TOOLS = frozenset((".git", ".hg", ".svn", "node_modules", "__pycache__"))
_MARKS = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))

Kind = Literal["folder", "file"]
Listed = Callable[[str], Iterable[tuple[str, Kind]]]
Read = Callable[[Iterable[str]], Iterable[tuple[str, bytes]]]


class Unread(Mapping[str, bytes]):
    """The files of a project directory by their path, with ``/`` between components.

    ``unlistable`` are folders that cannot be listed, each with the reason. Reading a file raises
    ``SourceError`` where it cannot be read, and beyond the limit on all that is read; so does
    listing, beyond the limit on what is listed.
    """

    def __init__(self, asked: str, listed: Listed, read: Read) -> None:
        """``listed`` gives the names in a folder and what each one is; ``read`` gives the bytes.

        A folder is ``""`` for the directory itself and ends with ``/`` below it. ``read`` gives
        paths and bytes one by one, in the order in which the paths are asked for.
        """
        self._asked = asked
        self._listed = listed
        self._read = read
        self._folders: dict[str, dict[str, Kind]] = {}
        self._seen = 0
        self._total = 0
        self.unlistable: dict[str, SourceError] = {}
        self.taken: dict[str, bytes] = {}

    def children(self, folder: str) -> Mapping[str, Kind]:
        """Return what is in a folder, by name, sorted; nothing where there is no such folder."""
        if folder not in self._folders:
            found: dict[str, Kind] = {}
            if not folder or self._kind(folder.removesuffix("/")) == "folder":
                try:
                    found = dict(sorted(self._listed(folder)))
                except SourceError as error:
                    if not folder:
                        raise
                    self.unlistable[folder] = error
            self._seen += len(found)
            if self._seen > limits.LISTED:
                raise refusal(
                    self._asked,
                    f"more than {limits.LISTED:,} files and directories would have to be listed",
                    CLEAN,
                )
            self._folders[folder] = found
        return self._folders[folder]

    def take(self, paths: Iterable[str]) -> None:
        """Read files at once, those that have not been read."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self.taken]
        for path, data in self._read(wanted) if wanted else ():
            self._total += len(data)
            if self._total > limits.TOTAL_BYTES:
                raise refusal(
                    self._asked, f"its files have more than {limits.TOTAL_BYTES} bytes", CLEAN
                )
            self.taken[path] = data

    def __getitem__(self, path: str) -> bytes:
        if path not in self:
            raise KeyError(path)
        self.take([path])
        return self.taken[path]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self._kind(path) == "file"

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of the files, without those that tools keep for themselves."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for name, kind in self.children(folder).items():
                below = f"{folder}{name}/"
                if kind == "file":
                    yield folder + name
                elif name not in _OF_TOOLS and not _MARKS & self.children(below).keys():
                    waiting.append(below)

    def items(self) -> ItemsView[str, bytes]:
        """Return all files with their bytes, read at once."""
        self.take(self)
        return self.taken.items()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _kind(self, path: str) -> Kind | None:
        folder, slash, name = path.rpartition("/")
        return self.children(folder + slash).get(name)
