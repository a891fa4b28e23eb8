"""Old release against new: what a build runs, and whose bytes the files of a release are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stigmem_review import facts
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing
from stigmem_review.facts import Fact
from stigmem_review.model import BuildStep, Known, Location, Observation, Release, Unlike

_NAMED = 5
"""Files that one fact names; the rest is counted."""

_HEAVY = frozenset(
    (
        *("network", "process", "native code", "dynamic code", "monkeypatching"),
        *("host internals", "databases"),
    )
)
"""What a build has no need to reach. Nearly every build reads files and the environment."""


def build_changes(old: Release, new: Release) -> Iterator[Fact]:
    """Yield what a build of the new release runs, and no installation of the old one did.

    Where the old release was not built, the tool that builds the new one speaks for all that it
    does by itself.
    """
    before = {(each.kind, each.item): each for each in old.builds}
    for step in new.builds:
        was = before.get((step.kind, step.item))
        if was is not None and bool(was.by) >= bool(step.by):
            yield from _changed(was, step)
        elif before or step.kind == "backend":
            yield _added(step, () if before else _needs(new))
        elif not _is_of_its_tool(step):
            yield _added(step, ())
    if new.builds:
        yield from _removed(old, new)


def _is_of_its_tool(step: BuildStep) -> bool:
    """Say whether a step is only what a tool is told: that the tool is needed says that."""
    return step.plain or (step.kind == "setting" and not step.parts)


def _removed(old: Release, new: Release) -> Iterator[facts.BuildStepRemoved]:
    """Yield what building runs no more, but for what goes with the tool that it was told to."""
    after = {(each.kind, each.item): each for each in new.builds}
    is_other_tool = any(
        each.kind == "backend" and each.value != after[each.kind, each.item].value
        for each in old.builds
        if (each.kind, each.item) in after
    )
    for step in old.builds:
        if (step.kind, step.item) not in after and not (is_other_tool and _is_of_its_tool(step)):
            yield facts.BuildStepRemoved(item=step.item, step=step.kind, side="old", at=step.at)


def _needs(release: Release) -> tuple[str, ...]:
    return tuple(each.item for each in release.builds if each.kind == "requirement")


def _added(step: BuildStep, needs: tuple[str, ...]) -> Fact:
    heavy = _heavy(step.observed)
    reaches = _names(heavy)
    return facts.BuildStepAdded(
        item=step.item,
        step=step.kind,
        by=step.by,
        value=step.value,
        plain=step.plain,
        danger=_danger(step, reaches),
        files=tuple(part.name for part in step.parts if part.name != step.item),
        reaches=reaches,
        needs=needs,
        sha256=_digest(step),
        why=step.unread,
        at=heavy[0].at if heavy else step.at,
    )


def _changed(was: BuildStep, step: BuildStep) -> Iterator[Fact]:
    one, two = _files(was), _files(step)
    files = tuple(name for name in {**two, **one} if one.get(name) != two.get(name))
    known = {_key(each) for each in was.observed}
    # What a file reaches that is another one now, it may reach for something else.
    heavy = _heavy(
        each
        for each in step.observed
        if _key(each) not in known or (each.at and each.at.path in files)
    )
    reaches = _names(heavy)
    lost = bool(step.unread) and not was.unread
    if was.value == step.value and not files and not reaches and not lost:
        return
    tools = step.kind == "backend" and was.plain and step.plain
    yield facts.BuildStepChanged(
        item=step.item,
        old=was.value,
        new=step.value,
        step=step.kind,
        by=step.by,
        minor=tools or step.kind == "requirement",
        danger=_danger(step, reaches),
        files=files,
        reaches=reaches,
        sha256=_digest(step),
        why=step.unread,
        at=heavy[0].at if heavy else _place(step, files),
    )


def _place(step: BuildStep, files: tuple[str, ...]) -> Location | None:
    """Return where the first of some files is, or what makes a step run."""
    return next((each.at for name in files for each in step.parts if each.name == name), step.at)


def _files(step: BuildStep) -> dict[str, str]:
    """Return the release's own code that a step runs; a public tool's settings are none."""
    return {} if step.plain else {part.name: part.sha256 for part in step.parts}


def _key(observation: Observation) -> tuple[str, str]:
    return observation.kind, observation.item


def _heavy(observed: Iterable[Observation]) -> list[Observation]:
    """Return what a build reaches that it has no need to."""
    return [each for each in observed if each.about in _HEAVY]


def _names(observed: Iterable[Observation]) -> tuple[str, ...]:
    return tuple(sorted({each.item for each in observed}))


def _danger(step: BuildStep, reaches: tuple[str, ...]) -> facts.Danger:
    if step.unread:
        return "unread"
    if step.kind == "requirement" and "@" in step.value:
        return "address"
    return "reaches" if reaches else "none"


def _digest(step: BuildStep) -> str:
    text = "".join(f"{part.name}\0{part.sha256}\n" for part in step.parts)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest() if text else ""


# The proof


def _steps(found: tuple[BuildStep, ...], release: Release) -> Entries:
    return {
        f"{each.kind} {each.item}": Entry(
            each.item,
            _cell(each),
            each.at,
            {"step": each.kind, "of_its_tool": _is_of_its_tool(each)},
        )
        for each in found
    }


def _cell(step: BuildStep) -> dict[str, Any]:
    return {
        "value": step.value,
        "files": _files(step),
        "reaches": {*_names(_heavy(step.observed))},
        "runs": bool(step.by),
        "unread": bool(step.unread),
    }


def _of_builds(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out a build that is no more, and a step that does less."""
    for key in before.keys() & after.keys():
        one, two = before[key].cell, after[key].cell
        alike: dict[str, Any] = {}
        if two["reaches"] <= one["reaches"]:
            alike["reaches"] = two["reaches"]
        for name in ("runs", "unread"):
            if one[name]:
                alike[name] = two[name]
        before[key] = before[key].saying(**alike)
    return (before, after) if after else ({}, {})


def _is_told(fact: Fact, thing: Thing) -> bool:
    """Say whether a fact speaks of a step; another tool does for what it needs and is told."""
    match fact:
        case facts.BuildStepAdded(step="backend") if thing.item in fact.needs:
            return True
        case facts.BuildStepAdded(step="backend") | facts.BuildStepChanged(step="backend") if (
            thing.about["of_its_tool"] and not (thing.old and thing.new)
        ):
            return True
        case facts.BuildStepAdded() | facts.BuildStepChanged() | facts.BuildStepRemoved():
            return (fact.item, fact.step) == (thing.item, thing.about["step"])
        case _:
            return False


BUILDS = Field(
    name="builds",
    read=_steps,
    match=_of_builds,
    told=_is_told,
    is_shown=False,
)
"""The row of the table of fields about what a build runs."""


# Bytes


def rebuilt(
    version: str, old: Release, new: Release, said: Iterable[Fact]
) -> Iterator[facts.ArtifactRebuilt]:
    """Yield that a file of one version has other bytes, unless what was said names all of it.

    ``version`` is that of both; ``said`` are the other changes.
    """
    one, two = old.source, new.source
    if one.kind != two.kind or one.kind not in ("wheel", "sdist") or one.sha256 == two.sha256:
        return
    before, after = _contents(old), _contents(new)
    differing = {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }
    names = _named(said)
    named = {path for path in differing if any(each in names for each in _ends(path))}
    # The list of a wheel's files differs wherever a file does.
    left = sorted(path for path in differing - named if not path.endswith(".dist-info/RECORD"))
    if left or not named:
        files = left or sorted(differing)
        yield facts.ArtifactRebuilt(
            item=version, files=tuple(files[:_NAMED]), more=len(files[_NAMED:])
        )


def _contents(release: Release) -> Mapping[str, str]:
    return release.contents.value if isinstance(release.contents, Known) else {}


def _ends(path: str) -> Iterator[str]:
    """Yield a path as it is, and as it can be installed: without the first of its folders."""
    while path:
        yield path
        path = path.partition("/")[2]


def _named(said: Iterable[Fact]) -> set[str]:
    """Return the files that other facts name, by where they are or are installed to."""
    found: set[str] = set()
    for fact in said:
        match fact:
            case facts.CodeChanged() | facts.BuildStepChanged() | facts.BuildStepAdded():
                found |= {*fact.files, fact.item}
            case facts.OutsideFileAdded() | facts.OutsideFileRemoved():
                found.add(fact.item.removeprefix("site-packages/"))
            case facts.OutsideFileChanged():
                found.add(fact.item.removeprefix("site-packages/"))
            case _:
                pass
    return found


# A wheel and the sdist of its release


def unlike_sdist(
    old: Release, new: Release
) -> tuple[list[facts.WheelDiffersFromSdist], list[facts.WheelDiffersFromSdist]]:
    """Return what a wheel has and its sdist has not, and apart what was so in the old release."""
    found: list[facts.WheelDiffersFromSdist] = []
    already: list[facts.WheelDiffersFromSdist] = []
    if new.held_against is None:
        return found, already
    before = {
        (each.path, bool(each.beside))
        for each in (old.held_against.unlike if old.held_against else ())
    }
    for runs in (True, False):
        for known, facts_of in ((False, found), (True, already)):
            files = [
                each
                for each in new.held_against.unlike
                if each.runs == runs and ((each.path, bool(each.beside)) in before) == known
            ]
            if files:
                facts_of.append(_unlike(new, files, runs))
    return found, already


def _unlike(new: Release, files: list[Unlike], runs: bool) -> facts.WheelDiffersFromSdist:
    shown = files[:_NAMED]
    return facts.WheelDiffersFromSdist(
        item=new.source.file,
        sdist=new.held_against.file if new.held_against else "",
        runs=runs,
        absent=tuple(each.path for each in shown if not each.beside),
        other=tuple(each.path for each in shown if each.beside),
        more=len(files) - len(shown),
    )
