"""Sentences that are so: of start-up hooks, ways back, versions, syntax and Python itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import check, review
from stigmem_review.document.check import CheckReport
from stigmem_review.document.parts import Report
from stigmem_review.report import render
from support.plugins import plugin, write_project, write_wheel


def says(report: Report | CheckReport) -> str:
    return render(report, "text", width=2_000, detail="all")


@pytest.mark.parametrize("hook", ["config_validate", "migration_register"])
def test_a_hook_of_the_start_fails_no_request(hook: str, tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(tmp_path / "new", plugin(hooks={hook: "gate"}), version="1.1.0")
    said = says(review(str(old), str(new)))
    assert "keeps the node from starting" in said
    assert "fails the request" not in said


MIGRATIONS = """\
from stigmem_node.plugins import Migration


def audit(ctx, value, **_):
    return [*value, Migration(
        plugin_name="demo-plugin", plugin_version="{version}", migration_id=1, backend="sqlite",
        sql="CREATE TABLE demo (id TEXT)", description="",
    )]
"""


def test_there_is_a_way_back_where_only_a_new_database_refuses(tmp_path: Path) -> None:
    old, new = (
        write_wheel(
            tmp_path / each,
            plugin(
                version=each,
                hooks={"migration_register": "audit"},
                handlers=MIGRATIONS.format(version=each),
            ),
            version=each,
        )
        for each in ("1.0.0", "1.1.0")
    )
    said = says(review(str(old), str(new)))
    assert "Going back works with the sqlite database of a node that ran the old release" in said
    assert "no simple way back" not in said


def test_two_kinds_of_versions_are_told_apart(tmp_path: Path) -> None:
    wheels = [
        str(write_wheel(tmp_path / each, plugin(version=each), version="1.1.0"))
        for each in ("1.0.0", "1.1.0")
    ]
    assert "manifest version" in {each.field for each in review(*wheels).rows}
    both = [
        str(write_wheel(tmp_path / "both" / each, plugin(version=each), version=each))
        for each in ("1.0.0", "1.1.0")
    ]
    [row] = review(*both).rows
    assert row.field == "version"


def test_a_question_of_pythons_parser_is_no_sentence(tmp_path: Path) -> None:
    project = write_project(tmp_path, plugin(handlers="def audit(ctx, **_): if = 1\n"))
    other = write_project(tmp_path / "b", plugin(handlers="x = f(a b)\n"))
    for each in (project, other):
        assert "?." not in says(check(str(each)))


def test_what_python_provides_is_not_another_distributions(tmp_path: Path) -> None:
    manifest = plugin()["demo_plugin/manifest.py"]
    for given, by in (("dict", "Python"), ("yaml.dump", "another distribution")):
        text = f"import yaml\n{manifest}".replace("hooks=", f"routes=({given},), hooks=")
        wheel = write_wheel(tmp_path / by, plugin(manifest=text))
        assert f", which {by} provides" in says(review("none", str(wheel)))


def test_what_a_node_prints_on_several_lines_stands_on_one(tmp_path: Path) -> None:
    release = write_wheel(tmp_path, plugin(capabilities=("facts.raed",)))
    said = render(review("none", str(release)), "text", detail="all")
    assert "\\u{a}" not in said
    assert "1 validation error for PluginManifest capabilities Value" in " ".join(said.split())
