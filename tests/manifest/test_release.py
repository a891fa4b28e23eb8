"""What of a wheel's metadata counts as a change, and what only another tool writes otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.document.parts import Report
from support.plugins import plugin, write_project, write_wheel

OLD = "Requires-Python: >=3.11\n"


def between(tmp_path: Path, old: str, new: str) -> Report:
    """Review one plugin with some headers against itself with others."""
    wheels = (
        str(write_wheel(tmp_path / side, plugin(), headers=headers))
        for side, headers in (("old", old), ("new", new))
    )
    return review(*wheels)


def found(report: Report) -> list[tuple[str, str, str]]:
    """Return what was found, but that the two wheels of one version differ."""
    return [
        (each.level, each.rule, each.item)
        for each in report.findings
        if each.name != "artifact-rebuilt"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Import-Name: demo_plugin",
        "Import-Name: demo_plugin ; private\nImport-Namespace: demo",
        "Platform: any",
        "Platform: Any",
        "Platform: UNKNOWN",
        "Platform:",
        "Platform: all",
        "Platform: Platform Independent",
        "Platform: OS Independent",
        "Platform: any\nPlatform: linux",
        "Dynamic: Import-Name",
        "License-Expression: MIT\nLicense-File: LICENSE",
        "Summary: a plugin\nProject-URL: home, https://demo.example",
    ],
)
def test_what_describes_a_release_is_no_change(line: str, tmp_path: Path) -> None:
    for old, new in ((OLD, f"{OLD}{line}\n"), (f"{OLD}{line}\n", OLD)):
        report = between(tmp_path, old, new)
        assert (found(report), report.verdict.exit_code) == ([], 0)


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("Platform: win32", "metadata.platform"),
        ("Requires-External: libacme", "metadata.requires-external"),
        ("Provides-Dist: acme", "metadata.provides-dist"),
        ("Obsoletes-Dist: acme", "metadata.obsoletes-dist"),
        ("Supported-Platform: vax", "metadata.supported-platform"),
        ("Runs-As: root", "metadata.runs-as"),
    ],
)
def test_what_says_something_else_is_one(line: str, item: str, tmp_path: Path) -> None:
    report = between(tmp_path, OLD, f"{OLD}{line}\n")
    assert [each[1:] for each in found(report)] == [("SPR615", item)]


def test_requirements_that_another_tool_writes_otherwise_are_no_change(tmp_path: Path) -> None:
    old = "Requires-Dist: Acme_Client (>=1.0,<2) ; python_version < '3.11'\nProvides-Extra: x\n"
    new = 'Requires-Dist: acme-client<2, >=1 ; python_full_version < "3.11"\n'
    report = between(tmp_path, OLD + old, OLD.replace("3.11", "3.11.0") + new)
    assert (found(report), report.verdict.exit_code) == ([], 0)


def test_requirements_of_another_meaning_are_one(tmp_path: Path) -> None:
    old = "Requires-Dist: acme ; python_version < '3.11'\n"
    new = "Requires-Dist: acme ; python_full_version < '3.11.5'\n"
    report = between(tmp_path, OLD + old, OLD + new)
    assert {each[1] for each in found(report)} == {"SPR503", "SPR505"}


@pytest.mark.parametrize("kind", ["Requires-Dist: acme<", "Requires-Python: <", "Import-Name: "])
def test_a_number_with_too_many_digits_is_no_internal_error(kind: str, tmp_path: Path) -> None:
    report = between(tmp_path, "", f"{kind}{'9' * 5000}\n")
    assert report.verdict.exit_code in (0, 1)
    assert report.verdict.state != "incomplete"


def test_a_wheel_built_by_a_tool_that_spells_markers_otherwise_is_its_project(
    tmp_path: Path,
) -> None:
    declared = (
        'requires-python = ">=3.11"\n'
        "dependencies = [\"Acme>=1.0; python_version < '3.13'\"]\n"
        "[project.optional-dependencies]\n"
        "Big_One = [\"client; os_name == 'nt' or python_version >= '3.12'\"]\n"
        '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    )
    project = write_project(tmp_path / "project", plugin(), entry_points=declared)
    built = (
        "Requires-Dist: acme>=1.0 ; python_full_version < '3.13'\n"
        "Requires-Dist: client ; (python_full_version >= '3.12' and extra == 'big-one')"
        " or (os_name == 'nt' and extra == 'big-one')\n"
        "Requires-Python: >=3.11\nProvides-Extra: big-one\n"
    )
    wheel = write_wheel(tmp_path / "wheel", plugin(), headers=built)
    report = review(str(project), str(wheel))
    assert found(report) == []


def test_tags_that_differ_from_the_file_name_are_a_note(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(tmp_path / "new", plugin())
    renamed = new.rename(new.with_name(new.name.replace("py3-none-any", "py3-none-linux_x86_64")))
    report = review(str(old), str(renamed))
    assert found(report) == [("note", "SPR620", "tags")]
    assert report.verdict.exit_code == 0
