"""Old release against new: what a build runs, and whose bytes the files of a release are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from stigmem_review import facts
from stigmem_review.facts import Fact
from stigmem_review.model import BuildStep, Known, Observation, Release, Unlike

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
        elif not step.plain and (step.kind != "setting" or step.parts):
            # What a tool is told is its own affair: that it is needed is said.
            yield _added(step, ())


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
    if was.plain and step.plain and was.value == step.value:
        return
    one, two = ({part.name: part for part in each.parts} for each in (was, step))
    files = tuple(
        name for name, part in two.items() if name not in one or one[name].sha256 != part.sha256
    )
    known = {_key(each) for each in was.observed}
    # What a file reaches that is another one now, it may reach for something else.
    heavy = _heavy(
        each
        for each in step.observed
        if _key(each) not in known or (each.at and each.at.path in files)
    )
    reaches = _names(heavy)
    if was.value == step.value and not files and not reaches:
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
        at=heavy[0].at if heavy else two[files[0]].at if files else step.at,
    )


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
