"""``diff --code`` shows all that differs and can run, exactly, and counts the rest."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from stigmem_review import cli, limits, review
from stigmem_review.document.parts import Report
from stigmem_review.model import FileDiff, SourceDiff
from stigmem_review.report import render
from stigmem_review.report.json import schema
from support.plugins import plugin, write_project, write_sdist, write_wheel


def compared(
    folder: Path, old: Mapping[str, str | bytes], new: Mapping[str, str | bytes]
) -> Report:
    """Review a plugin with some more files against itself with others."""
    wheels = [
        write_wheel(folder / side, plugin(version=version), version=version, extra=extra)
        for side, version, extra in (("old", "1.0.0", old), ("new", "1.0.1", new))
    ]
    return review(*map(str, wheels), code=True)


def diff_of(report: Report) -> SourceDiff:
    assert report.source is not None
    return report.source


def one(report: Report, path: str) -> FileDiff:
    [found] = [each for each in diff_of(report).files if each.path == path]
    return found


def applied(old: list[str], file: FileDiff) -> list[str]:
    """Return what a diff makes of a file, as ``patch`` would."""
    made, at = [], 0
    for hunk in file.hunks:
        made += old[at : hunk.old - 1]
        kept = [line[1:] for line in hunk.lines if line[0] in " -"]
        assert old[hunk.old - 1 : hunk.old - 1 + len(kept)] == kept
        made += [line[1:] for line in hunk.lines if line[0] in " +"]
        assert len(made) - sum(line[0] in " +" for line in hunk.lines) == hunk.new - 1
        at = hunk.old - 1 + len(kept)
    return made + old[at:]


def test_it_makes_the_new_file_of_the_old_one(tmp_path: Path) -> None:
    choose = random.Random(5)
    for number in range(12):
        old, new = ([f"x{choose.randint(0, 9)} = 1" for _ in range(40)] for _ in "ab")
        new[5:15] = old[5:15]
        one_side, other = ({"demo_plugin/m.py": "\n".join(each) + "\n"} for each in (old, new))
        file = one(compared(tmp_path / str(number), one_side, other), "demo_plugin/m.py")
        assert applied(old, file) == new


def test_files_with_findings_come_first_in_their_order_and_then_the_rest(tmp_path: Path) -> None:
    new = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    new["demo_plugin/handlers.py"] += "\n\nimport subprocess\nsubprocess.run(['x'])\n"
    new["demo_plugin/a.py"] = "x = 1\n"
    wheels = write_wheel(tmp_path / "old", plugin()), write_wheel(tmp_path / "new", new)
    report = review(*map(str, wheels), code=True)
    order = [each.at.path for each in report.findings if each.at]
    paths = [each.path for each in diff_of(report).files]
    first = [path for path in dict.fromkeys(order) if path in paths]
    assert len(first) >= 2
    assert paths == [*first, *sorted({*paths} - {*first})]
    assert paths[-1] == "demo_plugin/a.py"


def test_what_comes_and_goes_is_whole_and_what_cannot_run_is_counted(tmp_path: Path) -> None:
    report = compared(
        tmp_path,
        {"demo_plugin/gone.py": "a\nb\n", "demo_plugin/data.json": "{}"},
        {
            "demo_plugin/come.py": "a\n\nb\n",
            "demo_plugin/data.json": "[]",
            "demo_plugin/new.txt": "",
        },
    )
    gone, come = one(report, "demo_plugin/gone.py"), one(report, "demo_plugin/come.py")
    assert (gone.change, gone.hunks[0].lines) == ("removed", ("-a", "-b"))
    assert (come.change, come.hunks[0].lines) == ("added", ("+a", "+", "+b"))
    assert {each.path for each in diff_of(report).files} == {
        gone.path,
        come.path,
        "demo_plugin/manifest.py",
    }
    text = render(report, "text")
    for line in ("--- demo_plugin/gone.py", "+++ /dev/null", "@@ -1,2 +0,0 @@", "@@ -0,0 +1,3 @@"):
        assert line in text.splitlines()
    assert "2 files that cannot run differ, too." in text


def test_whatever_can_run_is_named_also_where_it_is_no_text(tmp_path: Path) -> None:
    report = compared(
        tmp_path,
        {},
        {
            "demo_plugin/native.so": b"\x7fELF\0\0\0",
            "demo_plugin/run": "#!/bin/sh\nrm -r /\n",
            "demo.pth": "import os\n",
            "demo_plugin-1.0.1.data/scripts/tool": "#!python\nx = 1\n",
        },
    )
    assert one(report, "demo_plugin/native.so").why == "it is no text, or too large to be shown"
    assert one(report, "demo_plugin/run").hunks[0].lines[-1] == "+rm -r /"
    assert one(report, "demo.pth").hunks[0].lines == ("+import os",)
    assert one(report, "scripts/tool").hunks[0].lines == ("+#!python", "+x = 1")
    assert "demo_plugin/native.so: added, it is no text" in render(report, "text")


def test_only_line_ends_and_an_empty_file_are_said(tmp_path: Path) -> None:
    report = compared(
        tmp_path,
        {"demo_plugin/a.py": "x = 1\n"},
        {"demo_plugin/a.py": "x = 1\r\n", "demo_plugin/b.py": ""},
    )
    assert one(report, "demo_plugin/a.py").why == "only line ends differ"
    assert one(report, "demo_plugin/b.py").why == "it is empty"


def test_a_wheel_and_a_project_are_held_together_file_by_file(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "wheel", plugin())
    for write in (write_project, write_sdist):
        files = plugin(version="1.0.1")
        other = write(tmp_path / write.__name__, files, version="1.0.1")
        report = review(str(wheel), str(other), code=True)
        [file] = [
            each for each in diff_of(report).files if each.path.endswith("plugin/manifest.py")
        ]
        assert (file.change, len(file.hunks)) == ("changed", 1)
        assert not any("handlers.py" in each.path for each in diff_of(report).files)


def test_what_is_shown_has_a_limit_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DIFF_LINES", 30)
    files = {f"demo_plugin/m{number}.py": "x = 1\n" * 20 for number in range(3)}
    report = compared(tmp_path, {}, files)
    shown = [sum(len(hunk.lines) for hunk in each.hunks) for each in diff_of(report).files]
    assert sum(shown) == 30
    assert sum(each.more for each in diff_of(report).files) > 0
    assert diff_of(report).files[-1].why == "there is more than is shown at once"
    assert "more line" in render(report, "text")


def test_a_capture_has_no_code_and_the_same_release_no_difference(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    capture = tmp_path / "capture.json"
    fields = {"name": "demo-plugin", "version": "1.0.0", "capabilities": [], "depends_on": []}
    capture.write_text(json.dumps({**fields, "hooks": []}), "utf-8")
    report = review(str(capture), str(wheel), code=True)
    assert "No code is compared: a capture carries no code." in render(report, "text")
    report = review(str(wheel), str(wheel), code=True)
    assert "No file that can run differs." in render(report, "text")
    report = review("none", str(wheel), code=True)
    assert {each.change for each in diff_of(report).files} == {"added"}


def test_every_format_has_it_and_only_where_it_is_asked_for(tmp_path: Path) -> None:
    report = compared(tmp_path, {}, {"demo_plugin/a.py": "text = '```'\n</details>\n"})
    document = json.loads(render(report, "json"))
    jsonschema.validate(document, schema("report"))
    assert [each["path"] for each in document["source"]["files"]]
    markdown = render(report, "markdown")
    assert "<details><summary>The code that differs (2)</summary>" in markdown
    assert "````diff\n--- /dev/null\n+++ demo_plugin/a.py" in markdown
    assert "What did not change" not in render(report, "text")
    plain = review(
        *(
            str(tmp_path / side / each.source.file)
            for side, each in zip(("old", "new"), report.reviewed, strict=True)
        )
    )
    assert plain.source is None
    assert "The code that differs" not in render(plain, "markdown")


def test_a_report_names_the_command_that_shows_the_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write_wheel(tmp_path / "the old", plugin())
    files = plugin(version="1.1.0", capabilities=("facts.read", "recall.read"), a="x = 1\n")
    new = write_wheel(tmp_path / "new", files, version="1.1.0")
    cli.run(["diff", str(old), str(new), "--fail-on", "note"])
    closed = capsys.readouterr().out
    assert cli.run(["diff", str(old), str(new), "--fail-on", "error"]) == 0
    [line] = [x for x in capsys.readouterr().out.splitlines() if x.startswith("  read ")]
    command = shlex.split(line)[1:]
    assert shlex.join(command[:-1]) in closed
    assert command[0] == "stigmem-review"
    assert cli.run(command[1:]) in (0, 1)
    assert "+x = 1" in capsys.readouterr().out.splitlines()
