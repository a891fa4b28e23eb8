"""A folder that holds the files of many releases."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from stigmem_review.names import canonicalize_name


class Folder:
    """A folder of artifacts, which is listed once however many releases are looked for in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def named(self, project: str) -> list[Path]:
        """Return the files whose names can be those of releases of a project, sorted.

        ``project`` is a normalised name. Raises ``OSError`` where the folder cannot be listed.
        """
        top, listed = self._listed
        start = f"{project}-"
        near = listed[bisect_left(listed, (start,)) :]
        names = [name for _, name in takewhile(lambda each: each[0].startswith(start), near)]
        return [path for name in sorted(names) if (path := top / name).is_file()]

    @cached_property
    def _listed(self) -> tuple[Path, list[tuple[str, str]]]:
        """Where it is, and the names in it, each behind the name of a project that it starts with.

        Every release of a project stands together: wheels and sdists are named after it.
        """

        top = self.path.resolve()
        names = (each.name for each in top.iterdir())
        return top, sorted((canonicalize_name(name), name) for name in names)
