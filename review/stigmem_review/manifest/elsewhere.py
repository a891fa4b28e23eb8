"""Plugins that a project declares where its build does not look."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from stigmem_review.manifest.config import PYPROJECT, Config, table, texts
from stigmem_review.manifest.entry_points import line_of, normal_value, parse_entry_points
from stigmem_review.model import (
    ENTRY_POINT_GROUP,
    EntryPoint,
    Known,
    Location,
    Problem,
    Release,
    Unknown,
)
from stigmem_review.text import shorten


class Declared(NamedTuple):
    """A plugin's entry point, and the table or the file that it is declared in."""

    entry_point: EntryPoint
    where: str


def declared(config: Config) -> Iterator[Declared]:
    """Yield every declaration of a plugin in the files of a project, whether it counts or not.

    That is any table called like the group, wherever it stands in ``pyproject.toml``: each tool has
    one of its own, and what one does not read another did.
    """
    yield from _tables(config.pyproject, (), config.source)
    option = config.setup.get("entry_points")
    value = option.value if option else None
    if option and isinstance(value, Mapping):
        for name, text in _pairs(value.get(ENTRY_POINT_GROUP)):
            at = option.place(ENTRY_POINT_GROUP, name)
            yield Declared(EntryPoint(ENTRY_POINT_GROUP, name, text, at), at.path)
    if option and isinstance(value, str) and not value.strip().startswith("file:"):
        found, _ = parse_entry_points(value, option.at.path)
        for each in found:
            if each.group == ENTRY_POINT_GROUP:
                yield Declared(replace(each, at=option.at), option.at.path)


def _tables(value: Any, keys: tuple[str, ...], source: str) -> Iterator[Declared]:
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        path = (*keys, str(key))
        if key != ENTRY_POINT_GROUP:
            yield from _tables(inner, path, source)
            continue
        for name, text in _pairs(inner):
            at = Location(PYPROJECT, line_of(source, (*path, name)))
            table = ".".join((*keys, f'"{ENTRY_POINT_GROUP}"'))
            yield Declared(EntryPoint(ENTRY_POINT_GROUP, name, text, at), f"[{table}]")


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Yield names and values of a table, or of lines ``name = value``."""
    if isinstance(value, Mapping):
        yield from ((str(name), text) for name, text in value.items() if isinstance(text, str))
    lines = value.splitlines() if isinstance(value, str) else value
    for line in lines if isinstance(lines, list) else ():
        name, equals, text = str(line).partition("=")
        if equals:
            yield name.strip(), text.strip()


def held_against(release: Release, config: Config) -> Release:
    """Return the release of a project with what is declared of it where its build does not look."""
    if not isinstance(release.entry_points, Known):
        return release
    counting = {
        each.name: each for each in release.entry_points.value if each.group == ENTRY_POINT_GROUP
    }
    places = {each.at for each in counting.values()}
    others = [each for each in declared(config) if each.entry_point.at not in places]
    if counting:
        odd = tuple(_disagreeing(counting, others, config.backend))
        return replace(release, problems=(*release.problems, *odd))
    backend = shorten(config.backend, 60)
    if others:
        why = f"{others[0].where} declares one, which {backend} does not read"
        at = others[0].entry_point.at
    elif "entry-points" in texts(table(config.pyproject, "project").get("dynamic")):
        why = f"the project leaves them to {backend} (dynamic), which is not told of any"
        at = Location(PYPROJECT, line_of(config.source, ("project", "dynamic")))
    else:
        return release
    problems = (
        replace(each, why=f"{each.why}; {why}", at=at)
        if each.kind == "entry-point-missing"
        else each
        for each in release.problems
    )
    return replace(release, problems=tuple(problems))


def _disagreeing(
    counting: Mapping[str, EntryPoint], others: list[Declared], backend: str
) -> Iterator[Problem]:
    for each in others:
        name, stated = each.entry_point.name, "".join(each.entry_point.value.split())
        counts = counting.get(name)
        if counts and "".join(counts.value.split()) == stated:
            continue
        built = f"declares it as {shorten(counts.value, 80)!r}" if counts else "does not declare it"
        why = (
            f"{each.where} declares it as {shorten(stated, 80)!r}, and what "
            f"{shorten(backend, 60)} builds {built}"
        )
        yield Problem("entry-point-odd", name, why, each.entry_point.at)


def meant(release: Release, modules: Mapping[str, str], provides: Collection[str]) -> Release:
    """Return a release that says of an entry point which leads nowhere what is probably meant.

    ``modules`` are the files of the project by the place they are installed to, and ``provides``
    are the packages that its requirements are called like, one of which may be meant.
    """
    only = [
        each
        for each in (release.entry_points.value if isinstance(release.entry_points, Known) else ())
        if each.group == ENTRY_POINT_GROUP
    ]
    normal = normal_value(only[0]) if len(only) == 1 else None
    tops = {place.partition("/")[0].removesuffix(".py") for place in modules}
    top = normal.value.partition(":")[0].partition(".")[0] if normal else ""
    if not normal or not isinstance(release.manifest, Unknown) or top in {*tops, *provides}:
        return release
    close = difflib.get_close_matches(top, sorted(tops), n=1, cutoff=0.8)
    if not close or any(each.kind == "target-missing" for each in release.problems):
        return release
    why = f"there is no module {top} in this release, and what it requires is not called so; "
    problem = Problem(
        "target-missing", normal.value, f"{why}{close[0]} is probably meant", only[0].at
    )
    return replace(release, problems=(*release.problems, problem))
