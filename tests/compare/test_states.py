"""What readers find is judged as the state that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import stigmem_review
from stigmem_review.compare.states import built_otherwise, left_to_the_build, states
from stigmem_review.facts import kind_of
from stigmem_review.host import node
from stigmem_review.model import (
    Known,
    Location,
    Manifest,
    Migration,
    Observation,
    Problem,
    Release,
    Unknown,
)
from stigmem_review.rulebook.examples import ShortRelease, release_of

READERS = ("manifest", "observe", "sources")
OTHERS = {"accessor", "authority", "import-time-effect"}
"""An accessor is held against the manifest, and a build's code against that of another build."""


def named(struct: type) -> list[str]:
    """Return what the readers' code calls what it finds, where it says so at once."""
    room = Path(stigmem_review.__file__).parent
    written = re.compile(rf"\b{struct.__name__}\(\s*['\"]([\w-]+)['\"]")
    found = {
        name
        for reader in READERS
        for file in (room / reader).rglob("*.py")
        for name in written.findall(file.read_text("utf-8"))
    }
    assert len(found) > 5
    return sorted(found - OTHERS)


@pytest.mark.parametrize("kind", named(Problem))
def test_a_problem_is_the_state_of_its_name(kind: str) -> None:
    [state] = judged(ShortRelease(problems=(Problem(kind, "an item", "a reason"),)))
    assert state == (kind, "a reason")


@pytest.mark.parametrize("kind", named(Observation))
def test_an_observation_is_the_state_of_its_name(kind: str) -> None:
    [state] = judged(ShortRelease(observed=(Observation(kind, "an item", "a reason"),)))
    assert state == (kind, "a reason")


def judged(short: ShortRelease) -> list[tuple[str, str]]:
    """Return the states that something of a release is, and the reasons they give."""
    found = [each for each in states(release_of(short), node()) if each.item == "an item"]
    return [
        (kind_of(each), getattr(each, "why", "") or getattr(each, "nearest", "")) for each in found
    ]


# What a build made, and what it was made from


def wheel(**fields: Any) -> Release:
    return release_of(ShortRelease(capabilities=(), **fields))


def project(**fields: Any) -> Release:
    return release_of(ShortRelease(kind="directory", **fields))


OTHER = {"stigmem.plugins : demo": "demo:other"}
MORE = {**OTHER, "x : y": "z"}


@pytest.mark.parametrize(
    ("made", "of", "items"),
    [
        (wheel(), project(), []),
        (wheel(), project(version="2.0.0"), ["version"]),
        (wheel(), project(entry_points=OTHER), ["stigmem.plugins : demo"]),
        (
            wheel(),
            project(entry_points={**OTHER, "x : y": "z"}),
            ["stigmem.plugins : demo", "x : y"],
        ),
        (wheel(), project(distribution="other", version="2.0.0"), []),
        (wheel(), wheel(version="2.0.0"), []),
        (project(), project(version="2.0.0"), []),
    ],
)
def test_a_wheel_is_what_its_project_says(made: Release, of: Release, items: list[str]) -> None:
    assert [each.item for each in built_otherwise(made, [of])] == items


@pytest.mark.parametrize(
    ("project_has", "wheel_has", "said"),
    [
        ("a.py b.py", "a.py b.py c.py", []),
        ("a.py b.py c.py", "b.py", ["a.py", "c.py"]),
        ("a b c d e", "", ["a", "b", "c", "d", "e"]),
        ("a b c d e f g", "", ["a", "b", "c", "d", "e", "more files"]),
    ],
)
def test_files_that_a_wheel_lacks_are_named_and_of_many_how_many(
    project_has: str, wheel_has: str, said: list[str]
) -> None:
    made, of = (
        kind(outside={f"site-packages/{name}": "" for name in names.split()})
        for kind, names in ((wheel, wheel_has), (project, project_has))
    )
    found = built_otherwise(made, [of])
    assert [each.item for each in found] == said
    if len(said) > 5:
        assert "it lacks 2 more that" in found[-1].why
    unread = msgspec.structs.replace(of, outside=Unknown("a build decides"))
    assert built_otherwise(made, [unread]) == ()


def test_what_a_project_leaves_to_its_build_is_no_other_wheel() -> None:
    unknown = msgspec.structs.replace(
        project(), distribution_version=Unknown("x"), entry_points=Unknown("x")
    )
    assert built_otherwise(wheel(), [unknown]) == ()
    assert left_to_the_build(unknown, [unknown, wheel()])
    assert not left_to_the_build(unknown, [unknown, wheel(distribution="other")])
    assert not left_to_the_build(project(), [wheel()])
    assert not left_to_the_build(msgspec.structs.replace(wheel(), entry_points=Unknown("x")), [])


def test_what_an_import_lacks_says_more_than_what_it_raises() -> None:
    at = Location("demo/__init__.py", 1)
    raises = Problem("load-raises", "demo:plugin_manifest", "ImportError", at)
    lacks = Observation("import-missing", "acme", "x", "start", at)
    for observed, expected in (((), ["load-raises"]), ((lacks,), ["import-missing"])):
        made = wheel(problems=(raises,), observed=observed)
        assert [kind_of(each) for each in states(made, node())] == expected


def test_a_migration_of_another_plugin_has_no_version_to_judge() -> None:
    migrations = tuple(
        Migration(str(number), plugin, number, version="one")
        for number, plugin in enumerate(("", "other"))
    )
    found = states(wheel(migrations=migrations), node())
    assert [(kind_of(each), each.item) for each in found] == [
        ("migration-version-invalid", "0"),
        ("migration-foreign", "1"),
    ]


def test_a_range_that_nobody_stated_is_not_held_against_the_node() -> None:
    for default, expected in ((True, []), (False, ["requires-stigmem-unmet"])):
        old = wheel()
        assert isinstance(old.manifest, Manifest)
        wanted = Known(">=99", default=default)
        manifest = msgspec.structs.replace(old.manifest, requires_stigmem=wanted)
        found = states(msgspec.structs.replace(old, manifest=manifest), node())
        assert [kind_of(each) for each in found] == expected
