"""Every story in ``broken`` gives the one finding that stands beside it, and its correction."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stigmem_review import CheckReport, check, cli
from stigmem_review.text import flat
from support.broken import BROKEN, GOOD, STORIES, can_be_pasted, copied, expected, paste
from support.plugins import plugin, write_project, write_wheel

PASTED = [story for story in STORIES if can_be_pasted(expected(story)["write"])]


def serious(report: CheckReport) -> list[tuple[str, str, str]]:
    """Return the findings at warning or above: which, how heavy, and where."""
    [checked] = report.checked
    return [
        (f"{found.rule} {found.name}", found.level, str(found.at or ""))
        for found in checked.mistakes
        if found.level != "note"
    ]


@pytest.mark.parametrize("story", STORIES)
def test_the_mistake_is_the_only_finding(story: str) -> None:
    wanted = expected(story)
    report = check(str(BROKEN / story))
    assert serious(report) == [(wanted["finding"], wanted["level"], wanted["at"])]
    mistake = report.checked[0].mistakes[0]
    assert wanted["says"] in flat(mistake.message)
    assert list(mistake.write) == wanted["write"]
    assert report.verdict.exit_code == wanted.get("exit-code", 1)


@pytest.mark.parametrize("story", STORIES)
def test_the_command_says_it_as_text(
    story: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BROKEN)
    wanted = expected(story)
    assert cli.run(["check", f"./{story}"]) == wanted.get("exit-code", 1)
    lines = capsys.readouterr().out.splitlines()
    rule, name = wanted["finding"].split()
    place = f"{story}/{wanted['at']}" if wanted["at"] else f"./{story}"
    assert f"{place}: {wanted['level']}: {name} [{rule}]" in lines
    start = lines.index("    Write:") + 1 if wanted["write"] else len(lines)
    end = start + len(wanted["write"])
    assert lines[start:end] == [f"        {line}" for line in wanted["write"]]
    assert "        " not in "".join(lines[end : end + 1])[:8]


@pytest.mark.parametrize("story", STORIES)
def test_the_command_says_it_as_json_and_its_gate_decides(
    story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = expected(story)
    below = wanted["level"] == "warning" and "exit-code" not in wanted
    code = cli.run(["check", str(BROKEN / story), "--format", "json", "--fail-on", "error"])
    assert code == (0 if below else wanted.get("exit-code", 1))
    [checked] = json.loads(capsys.readouterr().out)["checked"]
    [mistake] = [each for each in checked["mistakes"] if each["level"] != "note"]
    assert f"{mistake['rule']} {mistake['name']}" == wanted["finding"]
    assert mistake["write"] == wanted["write"]


@pytest.mark.parametrize("story", PASTED)
def test_pasting_the_correction_leaves_nothing_to_correct(story: str, tmp_path: Path) -> None:
    wanted = expected(story)
    project = copied(story, tmp_path)
    paste(project, wanted["at"], wanted["write"])
    report = check(str(project))
    assert serious(report) == []
    assert (report.checked[0].gaps, report.verdict.exit_code) == ((), 0)


@pytest.mark.parametrize("story", GOOD)
def test_nothing_is_said_about_a_good_plugin(
    story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = check(str(BROKEN / story))
    [checked] = report.checked
    found = list(checked.mistakes)
    notes = expected(story)["notes"]
    assert [f"{each.rule} {each.name}" for each in found] == notes
    assert {each.level for each in found} <= {"note"}
    assert (checked.gaps, report.verdict.exit_code) == ((), 0)
    assert cli.run(["check", str(BROKEN / story)]) == 0
    # One line, and none about nodes that it does not say it is for.
    said = capsys.readouterr().out.splitlines()
    assert [line.endswith("nothing to correct") for line in said] == [True] or notes


def test_a_wheel_is_held_against_the_project_given_with_it(tmp_path: Path) -> None:
    files = plugin()
    project = write_project(tmp_path / "project", files, version="1.0.0")
    wheel = write_wheel(
        tmp_path,
        {**files, "demo_plugin/old.py": files["demo_plugin/manifest.py"]},
        version="0.9.0",
        entry_points="[stigmem.plugins]\ndemo = demo_plugin.old:plugin_manifest\n",
    )
    of_wheel, of_project = check(str(wheel), str(project)).checked
    otherwise = [
        (each.item, str(each.at), each.level)
        for each in of_wheel.mistakes
        if f"{each.rule} {each.name}" == "SPR110 wheel-differs-from-source"
    ]
    info = "demo_plugin-0.9.0.dist-info"
    assert otherwise == [
        ("version", f"{info}/METADATA", "error"),
        ("stigmem.plugins : demo", f"{info}/entry_points.txt:2", "error"),
    ]
    said = [flat(each.message) for each in of_wheel.mistakes]
    assert any("it says 0.9.0" in each and "says 1.0.0" in each for each in said)
    assert any("demo_plugin.old:plugin_manifest" in each for each in said)
    assert of_project.mistakes == ()


@pytest.mark.parametrize(("lacks", "more"), [(1, 0), (5, 0), (7, 2)])
def test_a_wheel_says_what_it_lacks_of_its_project(lacks: int, more: int, tmp_path: Path) -> None:
    files = plugin()
    added = {f"demo_plugin/part{number}.py": "X = 1\n" for number in range(lacks)}
    project = write_project(tmp_path / "project", {**files, **added})
    of_wheel, of_project = check(str(write_wheel(tmp_path, files)), str(project)).checked
    assert [each.item for each in of_wheel.mistakes] == [*sorted(added)[:5], *["more files"][:more]]
    assert {each.rule for each in of_wheel.mistakes} == {"SPR110"}
    said = flat(of_wheel.mistakes[-1].message)
    assert f"it lacks {more} more that" in said if more else "it lacks this file" in said
    assert of_project.mistakes == ()


@pytest.mark.parametrize("both", [True, False])
def test_a_wheel_as_its_project_says_is_not_built_otherwise(both: bool, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", plugin())
    wheel = write_wheel(tmp_path, plugin())
    report = check(str(wheel), *([str(project)] if both else []))
    assert [each.mistakes for each in report.checked] == [()] * (1 + both)
    assert report.verdict.exit_code == 0
