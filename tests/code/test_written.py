"""What is kept of a release so that lines of it can be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.code.written import Written, written_of
from stigmem_review.manifest.layout import laid_out
from stigmem_review.sources.request import open_source, understand
from support.plugins import plugin, write_project, write_sdist, write_wheel


def opened(path: Path) -> Written:
    return written_of(laid_out(open_source(understand(str(path)))))


def test_a_file_has_one_place_however_it_is_released(tmp_path: Path) -> None:
    wheel = opened(write_wheel(tmp_path / "wheel", plugin()))
    project = opened(write_project(tmp_path / "project", plugin()))
    sdist = opened(write_sdist(tmp_path / "sdist", plugin()))
    assert wheel.places["demo_plugin/manifest.py"] == "site-packages/demo_plugin/manifest.py"
    for each in (project, sdist):
        [path] = [path for path in each.places if path.endswith("demo_plugin/manifest.py")]
        assert each.places[path] == "site-packages/demo_plugin/manifest.py"
        assert each.files[each.places[path]] == wheel.files["site-packages/demo_plugin/manifest.py"]


def test_metadata_has_one_place_in_every_version(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        wheel = write_wheel(tmp_path / version, plugin(), version=version)
        kept = opened(wheel)
        path = f"demo_plugin-{version}.dist-info/METADATA"
        assert kept.shown[kept.places[path]] == path
        assert kept.places[path] == ".dist-info/METADATA"


def test_what_is_moved_by_its_wheel_is_found_by_both_names(tmp_path: Path) -> None:
    extra = {"demo_plugin-1.0.0.data/purelib/demo_plugin/more.py": "x = 1\n"}
    kept = opened(write_wheel(tmp_path, plugin(), extra=extra))
    place = "site-packages/demo_plugin/more.py"
    assert kept.files[place] == b"x = 1\n"
    assert {kept.places[name] for name in ("demo_plugin/more.py", *extra)} == {place}


def test_text_is_kept_and_nothing_else_and_source_whatever_is_in_it(tmp_path: Path) -> None:
    extra: dict[str, str | bytes] = {
        "demo_plugin/a.bin": b"\0",
        "demo_plugin/b.py": b"\0",
        "demo_plugin/c.txt": b"\xff",
    }
    kept = opened(write_wheel(tmp_path, plugin(), extra=extra))
    names = {each.rpartition("/")[2] for each in kept.files}
    assert {"b.py", "c.txt"} <= names
    assert "a.bin" not in names


def test_what_is_kept_has_a_limit_and_source_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITTEN_BYTES", 2_000)
    extra = {f"demo_plugin/a{number}.txt": "x" * 400 for number in range(9)}
    kept = opened(write_wheel(tmp_path, plugin(), extra=extra))
    assert sum(map(len, kept.files.values())) <= 2_000
    assert {f"site-packages/{path}" for path in plugin()} <= kept.files.keys()


def test_that_a_release_lacks_a_file_is_said_only_where_it_is_known(tmp_path: Path) -> None:
    wheel = opened(write_wheel(tmp_path / "wheel", plugin()))
    project = opened(write_project(tmp_path / "project", plugin()))
    for place, one, two, lacks in (
        ("site-packages/new.py", wheel, wheel, True),
        ("site-packages/new.py", wheel, project, True),
        ("scripts/new", wheel, wheel, True),
        # A project has no such file, whatever is built from it.
        (".dist-info/METADATA", project, wheel, False),
        ("pyproject.toml", wheel, project, False),
        ("setup.py", project, project, True),
        # It may be there, and nobody had to look.
        ("tools/new.py", project, project, False),
        ("pyproject.toml", project, project, False),
        ("site-packages/new.py", Written(), wheel, False),
    ):
        assert one.lacks(place, two) is lacks, place
