"""The names of a source tree, as build backends look at them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from stigmem_review.sources.unread import Kind, Unread


class SourceTree:
    """Files by path, and the folders they are in. A folder is given without a slash at its end."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the files of an sdist, or those of a directory, which may not be read yet."""
        self.files = files
        self._folders: dict[str, dict[str, Kind]] = {}
        if not isinstance(files, Unread):
            for path in sorted(files):
                self._enter(path, "file")

    def _enter(self, path: str, kind: Kind) -> None:
        folder, _, name = path.rpartition("/")
        siblings = self._folders.setdefault(folder, {})
        if name in siblings:
            return
        siblings[name] = kind
        if folder:
            self._enter(folder, "folder")

    def children(self, folder: str) -> Mapping[str, Kind]:
        """Return what is in a folder, by name; nothing where there is no such folder."""
        if isinstance(self.files, Unread):
            return self.files.children(f"{folder}/" if folder else "")
        return self._folders.get(folder, {})

    def is_file(self, path: str) -> bool:
        """Say whether there is a file at a path."""
        folder, _, name = path.rpartition("/")
        return self.children(folder).get(name) == "file"

    def is_folder(self, path: str) -> bool:
        """Say whether there is a folder at a path; the tree itself is one."""
        folder, _, name = path.rpartition("/")
        return not path or self.children(folder).get(name) == "folder"

    def names(self, folder: str, kind: Kind) -> list[str]:
        """Return the names of the files, or of the folders, that are in a folder."""
        return [name for name, each in self.children(folder).items() if each == kind]

    def below(self, folder: str, without: Collection[str] = ()) -> Iterator[str]:
        """Yield the paths of all files below a folder, not looking into folders so called."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            prefix = f"{here}/" if here else ""
            for name, kind in self.children(here).items():
                if kind == "file":
                    yield prefix + name
                elif name not in without:
                    waiting.append(prefix + name)

    def text(self, path: str) -> str:
        """Return a file's text, and nothing where there is none, or none that is UTF-8."""
        try:
            return self.files[path].decode("utf-8") if self.is_file(path) else ""
        except UnicodeDecodeError:
            return ""


def lines(text: str) -> list[str]:
    """Return the lines of a text as reading a file line by line gives them.

    A form feed or a separator of Unicode ends none, which ``str.splitlines`` believes.
    """
    return re.split(r"\r\n?|\n", text)


def joined(*parts: str) -> str:
    """Return a path from parts, normalised; ``""`` for the tree itself, ``..`` kept at its start.

    Build backends take ``./src/`` and ``src`` for the same.
    """
    found: list[str] = []
    for part in "/".join(parts).split("/"):
        if part == ".." and found and found[-1] != "..":
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found)
