"""What a person sees of ``stigmem-review diff``, and what a deploy depends on: the exit code."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command import run
from support.plugins import plugin, write_project, write_wheel


@pytest.fixture
def calm(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases between which nothing needs a decision."""
    return (
        write_wheel(tmp_path, plugin()),
        write_wheel(tmp_path, plugin(version="1.0.1"), version="1.0.1"),
    )


@pytest.fixture
def gaining(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases of which the new one asks for more."""
    more = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    folder = tmp_path / "gaining"
    return write_wheel(folder, plugin()), write_wheel(folder, more, version="1.0.1")


def test_a_calm_upgrade_is_three_lines_and_passes(calm: tuple[Path, Path]) -> None:
    done = run("diff", *calm)
    assert (done.returncode, done.stderr) == (0, "")
    title, verdict, signed = done.stdout.splitlines()
    assert title.split() == ["demo-plugin", "1.0.0", "->", "1.0.1", "node", "0.9.0a12"]
    assert verdict == (
        "CLEAR (exit 0): This patch release gains nothing. 2 lines in 1 file changed."
    )
    assert signed == "Not signed, as before."


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_exit_code_does_not_depend_on_the_format(gaining: tuple[Path, Path], form: str) -> None:
    done = run("diff", *gaining, "--format", form)
    assert (done.returncode, done.stderr) == (1, "")
    assert "network.outbound" in done.stdout


LIBRARY = {"demo_plugin/__init__.py": "x = 1\n"}


def library(folder: Path, version: str = "1.0") -> Path:
    return write_wheel(folder, LIBRARY, name="acme-library", version=version, entry_points="")


@pytest.mark.parametrize("form", ["text", "markdown", "json", "github", "summary"])
def test_two_libraries_are_never_clear(tmp_path: Path, form: str) -> None:
    old, new = library(tmp_path), library(tmp_path, "2.0")
    odd = tmp_path / "acme_odd-1.0-py3-none-any.whl"
    odd.write_bytes(b"#!/bin/sh\n" + new.read_bytes())
    written = tmp_path / "report"
    more = ((old, old), (old, odd), ("none", new), (old, "none")) if form == "text" else ()
    for one, two in ((old, new), *more):
        done = run("diff", one, two, "--format", form, "--output", f"{form}={written}")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.endswith(
            "a Stigmem plugin: no entry point in the group stigmem.plugins; there is nothing to "
            "review; see stigmem-review diff --help\n"
        )
        assert not written.exists()
        named = f"{old} is not" if one == two else f"neither {old} nor {two} is"
        if "none" not in (one, two):
            assert done.stderr.startswith(f"stigmem-review: {named} ")


def test_a_library_that_becomes_a_plugin_is_reviewed(tmp_path: Path) -> None:
    new = write_wheel(tmp_path, plugin(), name="acme-library", version="2.0.0")
    for pair, words in (
        ((library(tmp_path), new), "entry point"),
        ((new, library(tmp_path, "3.0")), "entry-point"),
    ):
        done = run("diff", *pair)
        assert done.returncode == 1
        assert words in done.stdout


def test_a_library_and_what_cannot_be_read_is_an_incomplete_review(tmp_path: Path) -> None:
    (tmp_path / "x-1.0-py3-none-any.whl").write_bytes(b"no archive")
    done = run("diff", library(tmp_path), tmp_path / "x-1.0-py3-none-any.whl")
    assert done.returncode == 3


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_check_leaves_libraries_alone_and_names_them(tmp_path: Path, form: str) -> None:
    project = write_project(tmp_path / "lib", LIBRARY, entry_points="")
    mistaken = write_wheel(tmp_path, LIBRARY, entry_points="[stigmem.plugin]\nx = y:z\n")
    done = run("check", library(tmp_path), project, "--format", form)
    assert (done.returncode, done.stderr) == (0, "")
    for each in (library(tmp_path), project):
        assert str(each) in done.stdout
    if form != "json":
        assert " ".join(done.stdout.split()).count("not a Stigmem plugin, not checked") == 2
    done = run("check", library(tmp_path), mistaken, "--format", form)
    assert done.returncode == 1
    assert "stigmem.plugin" in done.stdout


def test_a_wheel_that_lost_its_plugin_is_held_against_its_project(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", plugin())
    built = write_wheel(tmp_path, {"demo_plugin/__init__.py": ""}, entry_points="")
    done = run("check", built, project)
    assert done.returncode == 1
    assert "entry-point-missing" in done.stdout
    assert "wheel-differs-from-source" in done.stdout


@pytest.mark.parametrize(("gate", "code"), [("error", 0), ("warning", 1), ("note", 1)])
def test_the_gate_is_where_the_user_puts_it(tmp_path: Path, gate: str, code: int) -> None:
    old = write_wheel(tmp_path, plugin())
    more = plugin(version="1.1.0", capabilities=("facts.read", "recall.read"))
    new = write_wheel(tmp_path, more, version="1.1.0")
    assert run("diff", old, new, "--fail-on", gate).returncode == code


def test_several_reports_are_written_in_one_run(gaining: tuple[Path, Path], tmp_path: Path) -> None:
    page, data = tmp_path / "report.md", tmp_path / "report.json"
    done = run("diff", *gaining, "--output", f"markdown={page}", "--output", f"json={data}")
    assert done.returncode == 1
    assert page.read_text("utf-8").startswith("# ⛔ `demo-plugin` `1.0.0` → `1.0.1` · blocked\n")
    assert json.loads(data.read_text("utf-8"))["verdict"]["exit_code"] == 1


def test_nothing_is_printed_in_colour_unless_it_is_a_terminal(gaining: tuple[Path, Path]) -> None:
    assert "\x1b" not in run("diff", *gaining).stdout


def test_no_code_of_a_release_runs(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    touch = f"open({str(marker)!r}, 'w').close()\n"
    files = plugin()
    hostile = {path: touch + text for path, text in files.items()}
    old = write_wheel(tmp_path, files)
    new = write_project(tmp_path / "new", {**hostile, "demo_plugin/setup.py": touch})
    (new / "setup.py").write_text(touch, "utf-8")
    assert run("diff", old, new).returncode in (0, 1)
    assert not marker.exists()


def test_a_wheel_and_a_project_of_the_same_release_have_nothing_between_them(
    tmp_path: Path,
) -> None:
    wheel = write_wheel(tmp_path, plugin(), headers="")
    project = write_project(tmp_path / "project", plugin())
    done = run("diff", wheel, project, "--format", "json")
    assert json.loads(done.stdout)["findings"] == []
    assert done.returncode == 0


def test_an_argument_that_is_empty_is_not_the_current_directory(tmp_path: Path) -> None:
    write_project(tmp_path, plugin())
    done = run("diff", "none", "", cwd=tmp_path)
    assert done.returncode == 2
    assert "empty" in done.stderr


def test_nothing_against_nothing_is_refused() -> None:
    assert run("diff", "none", "none").returncode == 2


def test_two_reports_for_one_file_are_refused(calm: tuple[Path, Path], tmp_path: Path) -> None:
    same = f"json={tmp_path / 'report'}"
    done = run("diff", *calm, "--output", same, "--output", same)
    assert done.returncode == 2
    assert not (tmp_path / "report").exists()


def test_a_pipe_is_written_to_and_not_replaced(calm: tuple[Path, Path], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        done = run("diff", *calm, "--output", f"json={pipe}")
        text, _ = reader.communicate(timeout=60)
    assert done.returncode == 0
    assert pipe.is_fifo()
    assert json.loads(text)["verdict"]["state"] == "clear"


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_a_closed_stream_does_not_change_the_exit_code(
    calm: tuple[Path, Path], gaining: tuple[Path, Path], closed: str
) -> None:
    for pair, code in ((calm, 0), (gaining, 1)):
        line = f"{sys.executable} -m stigmem_review diff {pair[0]} {pair[1]} {closed}"
        assert (
            subprocess.run(["sh", "-c", line], capture_output=True, check=False).returncode == code
        )


def test_what_a_report_says_to_paste_is_safe_to_paste(tmp_path: Path) -> None:
    name = "x'; touch injected #"
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, version in ((old, "1.0.0"), (new, "1.0.1")):
        write_project(folder, plugin(name=name, version=version), version=version)
        declared = (folder / "pyproject.toml").read_text("utf-8")
        declared = declared.replace('name = "demo-plugin"', f'name = "{name}"')
        (folder / "pyproject.toml").write_text(declared, "utf-8")
    report = json.loads(run("diff", old, new, "--format", "json").stdout)
    command = report["checklist"][-1]["says"][-1]["text"]
    assert any(word.startswith(name) for word in shlex.split(command))
    folder = tmp_path / name
    old.rename(folder)
    report = json.loads(run("diff", folder, new, "--format", "json").stdout)
    assert shlex.split(report["go_back"])[0] == str(folder)


# Bad input: (the name of a case, its arguments made from a folder, exit code, words of the line)


def _wheel(folder: Path) -> Path:
    return write_wheel(folder, plugin())


def _broken(folder: Path) -> Path:
    whole = _wheel(folder / "whole")
    cut = folder / whole.name
    cut.write_bytes(whole.read_bytes()[:-30])
    return cut


def _json(folder: Path) -> Path:
    other = folder / "other.json"
    other.write_text('{"hello": 1}', "utf-8")
    return other


def _bare(folder: Path) -> Path:
    (folder / "bare").mkdir()
    return folder / "bare"


def _text(folder: Path) -> Path:
    (folder / "notes.txt").write_text("hello", "utf-8")
    return folder / "notes.txt"


def _unparsable(folder: Path) -> Path:
    return write_wheel(folder / "later", plugin(handlers="def audit(ctx, **_:\n"))


REFUSED = [
    ("a missing file", lambda folder: folder / "absent.whl", 2, "absent.whl"),
    ("not a source", _text, 2, "notes.txt"),
    ("a range", lambda _: "demo-plugin>=1.0", 2, "demo-plugin>=1.0"),
    ("a directory without a project", _bare, 3, "pyproject.toml"),
    ("a truncated wheel", _broken, 3, "demo_plugin-1.0.0-py3-none-any.whl"),
    ("a JSON that is no capture", _json, 3, "other.json"),
    ("a source file that does not parse", _unparsable, 3, "demo_plugin/handlers.py"),
]


@pytest.mark.parametrize(("make", "code", "word"), [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])  # fmt: skip
def test_bad_input_is_one_line_and_no_traceback(
    make: Callable[[Path], object], code: int, word: str, tmp_path: Path
) -> None:
    good, report = _wheel(tmp_path / "good"), tmp_path / "report.json"
    done = run("diff", good, make(tmp_path), "--output", f"json={report}")
    assert done.returncode == code
    [line] = done.stderr.splitlines()
    assert word in line
    assert "Traceback" not in done.stdout + done.stderr
    if code == 3:
        verdict = json.loads(report.read_text("utf-8"))["verdict"]
        assert (verdict["state"], verdict["exit_code"]) == ("incomplete", 3)
    else:
        assert not report.exists()


FOUND = [
    ("no entry point", {"entry_points": ""}, "entry-point-missing"),
    (
        "several entry points",
        {"entry_points": "[stigmem.plugins]\na = demo_plugin:a\nb = demo_plugin:b\n"},
        "entry-points-several",
    ),
    (
        "a target that is not there",
        {"entry_points": "[stigmem.plugins]\ndemo = demo_plugin:absent\n"},
        "target-missing",
    ),
    (
        "a second distribution inside",
        {"extra": {"other-1.0.dist-info/METADATA": "Name: other\nVersion: 1.0\n"}},
        "hidden-distribution",
    ),
    ("a file that Python runs at every start", {"extra": {"demo.pth": "import os\n"}}, "outside"),
]


@pytest.mark.parametrize(("change", "name"), [row[1:] for row in FOUND],
                         ids=[row[0] for row in FOUND])  # fmt: skip
def test_what_can_be_read_is_a_finding_however_bad(
    change: dict[str, Any], name: str, tmp_path: Path
) -> None:
    new = write_wheel(tmp_path / "new", plugin(version="1.1.0"), version="1.1.0", **change)
    done = run("diff", write_wheel(tmp_path, plugin()), new, "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    findings = json.loads(done.stdout)["findings"]
    assert [each for each in findings if name in each["name"] and each["level"] == "error"]


def test_an_unknown_node_version_is_refused_with_those_known(calm: tuple[Path, Path]) -> None:
    done = run("diff", *calm, "--node-version", "0.8.0")
    assert done.returncode == 2
    assert "0.9.0a2 to 0.9.0a12" in done.stderr


def test_a_report_that_cannot_be_written_closes_the_gate(calm: tuple[Path, Path]) -> None:
    done = run("diff", *calm, "--output", "json=/dev/null/report.json")
    assert done.returncode in (2, 3)
    assert "/dev/null" in done.stderr


def test_a_reader_that_stops_reading_does_not_cause_a_traceback(
    gaining: tuple[Path, Path],
) -> None:
    command = [sys.executable, "-m", "stigmem_review", "diff", *map(str, gaining)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
