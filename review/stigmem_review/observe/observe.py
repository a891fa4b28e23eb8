"""All observations of one release."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.host import Node
from stigmem_review.manifest.code import Code
from stigmem_review.manifest.modules import Parsed
from stigmem_review.model import Handler, Observation, Release
from stigmem_review.observe.accessors import accessors
from stigmem_review.observe.authority import authorities
from stigmem_review.observe.files import odd_files
from stigmem_review.observe.handlers import handler_observations, handlers_of
from stigmem_review.observe.outline import Outline, outline_of
from stigmem_review.observe.reach import Reach
from stigmem_review.observe.uses import FileUses, uses_of
from stigmem_review.syntax.parse import Failure


class Seen:
    """What was found in files, by content: one that two releases share is walked once."""

    def __init__(self, parsed: Parsed | None = None) -> None:
        self.parsed: Parsed = {} if parsed is None else parsed
        self._uses: dict[bytes, FileUses] = {}
        self._outlines: dict[bytes, Outline | Failure] = {}

    def uses(self, data: bytes) -> FileUses:
        """Return what one source file uses."""
        if data not in self._uses:
            self._uses[data] = uses_of(data, self.parsed.get(data))
        return self._uses[data]

    def outline(self, data: bytes) -> Outline | Failure:
        """Return what the statements of one source file are."""
        if data not in self._outlines:
            self._outlines[data] = outline_of(data, self.parsed.get(data))
        return self._outlines[data]


def observe(release: Release, code: Code, node: Node, seen: Seen) -> tuple[Observation, ...]:
    """Return what the code of a release does, sorted; each thing once, where it is first done."""
    first: dict[tuple[str, str], Observation] = {}
    for each in _observations(release, code, node, seen):
        first.setdefault((each.kind, each.item), each)
    return tuple(first[key] for key in sorted(first))


def handlers(release: Release, code: Code, seen: Seen) -> tuple[Handler, ...]:
    """Return the code behind each hook of a release whose handler is known."""
    return tuple(handlers_of(release, Reach(code, seen.outline)))


def _observations(release: Release, code: Code, node: Node, seen: Seen) -> Iterator[Observation]:
    for place, data in code.sources():
        found = seen.uses(data)
        yield from authorities(code, place, found)
        yield from accessors(code, place, found, node)
        if found.failure is not None:
            why = f"{place} is Python source that cannot be read: {found.failure.why}"
            yield Observation("file", place, why, "", code.at(place, found.failure.line))
    yield from odd_files(code, release)
    yield from handler_observations(release, code, node, seen.parsed)
