"""All observations of one release."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import limits
from stigmem_review.host import Node
from stigmem_review.manifest.code import Code
from stigmem_review.manifest.modules import Parsed
from stigmem_review.model import Observation, Release
from stigmem_review.observe.accessors import accessors
from stigmem_review.observe.authority import authorities, host_imports
from stigmem_review.observe.files import odd_files
from stigmem_review.observe.reexports import modules_of, through
from stigmem_review.observe.uses import FileUses, uses_of
from stigmem_review.syntax.parse import Failure

_PAST = Failure(
    f"it is past the {limits.OBSERVED_BYTES:,} bytes of source that are looked through",
    0,
    unreadable=True,
)


class Seen:
    """What was found in files, by content: one that two releases share is walked once."""

    def __init__(self, parsed: Parsed | None = None) -> None:
        self.parsed: Parsed = {} if parsed is None else parsed
        self._uses: dict[bytes, FileUses] = {}

    def uses(self, data: bytes) -> FileUses:
        """Return what one source file uses."""
        if data not in self._uses:
            self._uses[data] = uses_of(data, self.parsed.get(data))
        return self._uses[data]


def observe(release: Release, code: Code, node: Node, seen: Seen) -> tuple[Observation, ...]:
    """Return what the code of a release does, sorted; each thing once, where it is first done."""
    first: dict[tuple[str, str], Observation] = {}
    for each in _observations(release, code, node, seen):
        first.setdefault((each.kind, each.item), each)
    return tuple(first[key] for key in sorted(first))


def _observations(release: Release, code: Code, node: Node, seen: Seen) -> Iterator[Observation]:
    files: dict[str, FileUses] = {}
    left = limits.OBSERVED_BYTES
    for place, data in code.sources():
        left -= len(data)
        files[place] = seen.uses(data) if left >= 0 else FileUses(failure=_PAST)
    modules = modules_of(files)
    for place, found in files.items():
        uses = [*through(place, found.uses, modules)]
        yield from authorities(code, place, uses, modules.own)
        yield from host_imports(code, place, found.imports)
        yield from accessors(code, place, uses, node)
        if found.failure is not None:
            why = f"{place} is Python source that cannot be read: {found.failure.why}"
            yield Observation("file", place, why, "", code.at(place, found.failure.line))
    yield from odd_files(code, release)
