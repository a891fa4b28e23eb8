"""All observations of one release."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.installed import Code
from stigmem_review.code.modules import syntax_of
from stigmem_review.code.parse import Failure
from stigmem_review.host import Node
from stigmem_review.interpret.program import Program, Programs
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.manifest.release import itself_of
from stigmem_review.model import ENTRY_POINT_GROUP, Gap, Known, Observation, Release
from stigmem_review.observe.accessors import accessors
from stigmem_review.observe.authority import authorities, host_imports
from stigmem_review.observe.deceptive import Looked, look, lookalikes
from stigmem_review.observe.encoded import Decoder
from stigmem_review.observe.files import odd_files
from stigmem_review.observe.handlers import handler_observations, handlers_of
from stigmem_review.observe.imports import missing_imports
from stigmem_review.observe.migrations import migrations
from stigmem_review.observe.outline import Outline, outline_of
from stigmem_review.observe.raising import factory_raises
from stigmem_review.observe.reach import Reach
from stigmem_review.observe.reexports import modules_of, through
from stigmem_review.observe.routes import endpoints
from stigmem_review.observe.schema import settings
from stigmem_review.observe.uses import FileUses, uses_of
from stigmem_review.text import shorten


class Seen:
    """What was found in files, by content: one that two releases share is walked once."""

    def __init__(self, programs: Programs | None = None) -> None:
        self.programs = Programs() if programs is None else programs
        self._seen: dict[bytes, tuple[FileUses, Looked]] = {}
        self._decoder = Decoder()
        self._outlines: dict[bytes, Outline | Failure] = {}

    def uses(self, data: bytes) -> FileUses:
        """Return what one source file uses."""
        return self._walked(data)[0]

    def programs_of(self, release: Release, code: Code, node: Node) -> list[Program]:
        """Return what each entry point of a release runs."""
        declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
        itself = itself_of(release.distribution, release.distribution_version)
        return [
            self.programs.get(plain.value, code.site, code.paths, node, itself)
            for each in declared
            if each.group == ENTRY_POINT_GROUP and (plain := normal_value(each)) is not None
            if ":" in plain.value
        ]

    def looked(self, data: bytes) -> Looked:
        """Return what is deceptive in one source file."""
        return self._walked(data)[1]

    def _walked(self, data: bytes) -> tuple[FileUses, Looked]:
        if data not in self._seen:
            syntax = self.programs.parsed.get(data) or syntax_of(data)
            self._seen[data] = uses_of(syntax), look(data, syntax, self._decoder)
        return self._seen[data]

    def outline(self, data: bytes) -> Outline | Failure:
        """Return what the statements of one source file are."""
        if data not in self._outlines:
            self._outlines[data] = outline_of(data, self.programs.parsed.get(data))
        return self._outlines[data]

    def forget(self) -> None:
        """Let go of syntax trees where they take much room; they are made again where needed."""
        if sum(map(len, self.programs.parsed)) > limits.KEPT_BYTES:
            self.programs.forget()


def observe(release: Release, code: Code, node: Node, seen: Seen) -> Release:
    """Return a release with what its code does: all that is found, sorted, each thing once."""
    programs = seen.programs_of(release, code, node)
    return replace(
        release,
        observed=_first(release, code, node, seen),
        migrations=migrations(release, code, programs),
        endpoints=endpoints(release, programs),
        settings=settings(release, programs),
        handlers=tuple(handlers_of(release, Reach(code, seen.outline))),
        walked=True,
        gaps=(*release.gaps, *_unseen(code)),
    )


def _first(release: Release, code: Code, node: Node, seen: Seen) -> tuple[Observation, ...]:
    first: dict[tuple[str, str], Observation] = {}
    for each in _observations(release, code, node, seen):
        first.setdefault((each.kind, each.item), each)
    return tuple(first[key] for key in sorted(first))


def _unseen(code: Code) -> tuple[Gap, ...]:
    """Return the gap that source leaves which is more than what is looked through."""
    places = [place for place, _ in code.sources()]
    seen = sum(1 for _ in _within(code))
    if seen == len(places):
        return ()
    return (
        Gap(
            "what the code does",
            f"{len(places) - seen} files of source, from {places[seen]} on, are past the "
            f"{limits.OBSERVED_BYTES:,} bytes that are looked through",
            "ask the author to release less code, or to split the plugin",
        ),
    )


def _within(code: Code) -> Iterator[tuple[str, bytes]]:
    left = limits.OBSERVED_BYTES
    for place, data in code.sources():
        left -= len(data)
        if left < 0:
            return
        yield place, data


def _digest(release: Release, place: str) -> str:
    return release.package.value.get(place, "") if isinstance(release.package, Known) else ""


def _deceptions(code: Code, place: str, looked: Looked) -> Iterator[Observation]:
    like = lookalikes(looked.drawn, (data for _, data in _within(code)))
    for each in (*looked.found, *((like,) if like else ())):
        about = "misleads" if each.misleads else ""
        yield Observation(
            "deceptive",
            f"{place}: {each.name}",
            shorten(f"{place} {each.why}"),
            about,
            code.at(place, each.line),
            each.sha256,
        )


def _observations(release: Release, code: Code, node: Node, seen: Seen) -> Iterator[Observation]:
    files = {place: seen.uses(data) for place, data in _within(code)}
    modules = modules_of(files)
    for place, found in files.items():
        uses = [*through(place, found.uses, modules)]
        yield from authorities(code, place, uses, modules.own)
        yield from host_imports(code, place, found.imports)
        yield from accessors(code, place, uses, node)
        if found.failure is not None:
            why = f"{place} is Python source that cannot be read: {found.failure.why}"
            at, sha256 = code.at(place, found.failure.line), _digest(release, place)
            yield Observation("file", place, why, "runs", at, sha256)
        yield from _deceptions(code, place, seen.looked(code.files[place]))
    yield from odd_files(code, release)
    yield from missing_imports(release, code, node, files)
    yield from handler_observations(release, seen.programs_of(release, code, node), node)
    yield from factory_raises(seen.programs_of(release, code, node))
