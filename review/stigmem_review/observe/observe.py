"""All observations of one release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.digest import is_documented
from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Syntax, syntax_of
from stigmem_review.code.parse import Failure
from stigmem_review.host import Node
from stigmem_review.interpret.behaviour import behaviour, module_of
from stigmem_review.interpret.deciding import KEPT_STEPS, Told
from stigmem_review.interpret.events import Event
from stigmem_review.interpret.program import Program, Programs
from stigmem_review.interpret.survey import Survey
from stigmem_review.interpret.survey.things import ALONE
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.manifest.release import itself_of
from stigmem_review.model import EntryPoint, Gap, Known, Observation, Release
from stigmem_review.observe.acts import decided_by, is_unsure, stated
from stigmem_review.observe.authority import accessors
from stigmem_review.observe.behaviour import Acts
from stigmem_review.observe.deceptive import Looked, look, lookalikes
from stigmem_review.observe.encoded import Decoder
from stigmem_review.observe.files import odd_files
from stigmem_review.observe.handlers import (
    handler_observations,
    handlers_of,
    health_observations,
    named_handlers,
    told_of,
)
from stigmem_review.observe.imports import missing_imports
from stigmem_review.observe.migrations import given, migrations
from stigmem_review.observe.outline import Outline, outline_of
from stigmem_review.observe.raising import factory_raises
from stigmem_review.observe.reach import Reach
from stigmem_review.observe.routes import endpoints
from stigmem_review.observe.schema import settings
from stigmem_review.observe.starting import entries_of, starts_of
from stigmem_review.text import shorten


class Seen:
    """What was found in files, by content: one that two releases share is walked once."""

    def __init__(self, programs: Programs | None = None) -> None:
        self.programs = Programs() if programs is None else programs
        self._surveys: dict[bytes, Survey | Failure] = {}
        self._looked: dict[bytes, Looked] = {}
        self._decoder = Decoder()
        self._outlines: dict[tuple[bytes, bool], Outline | Failure] = {}

    def programs_of(self, release: Release, code: Code, node: Node) -> list[Program]:
        """Return what each entry point of a release runs."""
        return [program for each, program in self.started(release, code, node) if ":" in each.value]

    def started(self, release: Release, code: Code, node: Node) -> list[tuple[EntryPoint, Program]]:
        """Return each entry point that names something in a module, and what it runs."""
        itself = itself_of(release.distribution, release.distribution_version)
        site, paths, built = code.site, code.paths, code.built
        return [
            (plain, self.programs.get(plain.value, site, paths, node, itself, built))
            for each in entries_of(release)
            if (plain := normal_value(each)) is not None
        ]

    def syntax(self, data: bytes) -> Syntax | Failure:
        """Return one source file, parsed."""
        found = self.programs.parsed.get(data)
        if found is None:
            found = self.programs.parsed[data] = syntax_of(data)
        return found

    def survey(self, data: bytes) -> Survey | Failure:
        """Return what one source file does, whatever it is a part of."""
        if data not in self._surveys:
            syntax = self.syntax(data)
            self._surveys[data] = (
                behaviour([(ALONE, "", syntax.tree)], (), ())
                if isinstance(syntax, Syntax)
                else syntax
            )
        return self._surveys[data]

    def looked(self, data: bytes) -> Looked:
        """Return what is deceptive in one source file."""
        if data not in self._looked:
            self._looked[data] = look(data, self.syntax(data), self._decoder)
        return self._looked[data]

    def outline(self, data: bytes, *, documented: bool = False) -> Outline | Failure:
        """Return what the statements of one source file are, docstrings if they count."""
        key = data, documented
        if key not in self._outlines:
            known = self.programs.parsed.get(data)
            self._outlines[key] = outline_of(data, known, documented=documented)
        return self._outlines[key]

    def forget(self) -> None:
        """Let go of syntax trees where they take much room; they are made again where needed."""
        if sum(map(len, self.programs.parsed)) > limits.KEPT_BYTES:
            self.programs.forget()


def observe(release: Release, code: Code, node: Node, seen: Seen) -> Release:
    """Return a release with what its code does: all that is found, sorted, each thing once."""
    programs = seen.programs_of(release, code, node)
    for each in programs:
        each.make()
    found = _surveyed(code, node, seen, programs)
    documented = is_documented(data for _, data in code.sources())
    outline = partial(seen.outline, documented=documented)
    said = stated(release)
    told, late, is_whole = told_of(programs, node)
    return replace(
        release,
        observed=_first(release, code, node, seen, found, programs, told),
        behaviour=Acts(release, code, outline, said, told, late).of(found.events.values()),
        migrations=migrations(release, code, programs),
        given=given(release, programs),
        endpoints=endpoints(release, programs),
        settings=settings(release, programs),
        handlers=tuple(handlers_of(release, Reach(code, outline, said), programs, node, told)),
        decided=decided_by(release, code, programs, seen.syntax) if is_unsure(release) else "",
        starts=starts_of(release, seen.started(release, code, node), node),
        walked=True,
        gaps=(*release.gaps, *_unseen(code), *_unfollowed(found), *_unkept(is_whole)),
    )


def observe_start(release: Release, code: Code, node: Node, seen: Seen) -> Release:
    """Return a release with what a node's start with it hangs on, and nothing else that it does.

    It has no code behind its handlers: what another node makes of it is compared with nothing.
    """
    programs = seen.programs_of(release, code, node)
    for each in programs:
        each.make()
    return replace(
        release,
        migrations=migrations(release, code, programs),
        given=given(release, programs),
        handlers=tuple(named_handlers(release)),
        starts=starts_of(release, seen.started(release, code, node), node),
        walked=True,
    )


def _nearest(event: Event) -> tuple[bool, str, int]:
    """Sort what is called by its name before what is done with what that gives."""
    return "()" in event.api, event.place, event.line


def _surveyed(code: Code, node: Node, seen: Seen, programs: list[Program]) -> Survey:
    """Return what the code does: run from its entry points, and looked through."""
    run = {module.path: module.tree for each in programs for module in each.modules.loaded}
    modules = []
    for place, data in _within(code):
        syntax = seen.syntax(data)
        if isinstance(syntax, Syntax):
            modules.append((module_of(place), place, run.get(place, syntax.tree)))
    return behaviour(modules, programs, node.accessors)


def _first(
    release: Release,
    code: Code,
    node: Node,
    seen: Seen,
    survey: Survey,
    programs: list[Program],
    told: Mapping[str, list[Told]],
) -> tuple[Observation, ...]:
    first: dict[tuple[str, str], Observation] = {}
    for each in _observations(release, code, node, seen, survey, programs, told):
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


def _unfollowed(survey: Survey) -> tuple[Gap, ...]:
    """Return the gap that code leaves in which names stand for too many things."""
    if not survey.exhausted:
        return ()
    return (
        Gap(
            "what the code does",
            f"its names stand for more than is followed in {survey.allowed:,} steps",
            "ask the author to release less code, or to split the plugin",
        ),
    )


def _unkept(is_whole: bool) -> tuple[Gap, ...]:
    """Return the gap that code leaves in which too much mentions what handlers keep."""
    if is_whole:
        return ()
    return (
        Gap(
            "what the code does",
            "what handlers keep of requests is mentioned in more code than is followed in "
            f"{KEPT_STEPS:,} steps",
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
            "source-deceptive",
            f"{place}: {each.name}",
            shorten(f"{place} {each.why}"),
            about,
            code.at(place, each.line),
            each.sha256,
        )


def _observations(
    release: Release,
    code: Code,
    node: Node,
    seen: Seen,
    survey: Survey,
    programs: list[Program],
    told: Mapping[str, list[Told]],
) -> Iterator[Observation]:
    events = sorted(survey.events.values(), key=_nearest)
    imports = survey.imports.values()
    yield from accessors(code, events, node)
    for place, data in _within(code):
        syntax = seen.syntax(data)
        if isinstance(syntax, Failure):
            why = f"{place} is Python source that cannot be read: {syntax.why}"
            at, sha256 = code.at(place, syntax.line), _digest(release, place)
            yield Observation("unexpected-file", place, why, "runs", at, sha256)
        yield from _deceptions(code, place, seen.looked(code.files[place]))
    yield from odd_files(code, release)
    yield from missing_imports(release, code, node, imports, events)
    yield from handler_observations(release, programs, node, told)
    yield from health_observations(programs)
    yield from factory_raises(programs)
