"""What a beginner is told: the word that was meant, the command's own help, and exit code 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review import cli
from support.plugins import plugin, write_wheel

WRONG = [
    ("dif a b", "did you mean diff?", ""),
    ("chekc .", "did you mean check?", ""),
    ("foo", "choose diff, check, node, bump, merge", ""),
    ("--vresion", "did you mean --version?", ""),
    ("help dif", "did you mean diff?", ""),
    ("diff one.whl", "required: NEW", " diff"),
    ("diff a b c", "unexpected arguments: c", " diff"),
    ("diff --formt json a b", "there is no option --formt; did you mean --format?", " diff"),
    ("diff --formt json", "there is no option --formt; did you mean --format?", " diff"),
    ("diff a b -1", "unexpected arguments: -1", " diff"),
    ("diff -- --foo", "required: NEW", " diff"),
    ("diff -f json a b", "did you mean --format or --fail-on?", " diff"),
    ("diff --reason x a b", "no option --reason here; approve and init have it; see", " diff"),
    ("check . --ledger x", "--ledger here; diff, node, bump and approve have it; see", " check"),
    ("check . --receipt x", "there is no option --receipt here; diff and bump have it", " check"),
    ("diff a b --zzz", "there is no option --zzz here; see", " diff"),
    ("diff a b --format jsno", "did you mean json?", " diff"),
    (
        "diff a b --format pdf",
        "--format cannot be 'pdf'; choose text, markdown, ",
        " diff",
    ),
    ("diff a b --output jsno=x", "did you mean json=x?", " diff"),
    ("diff a b --output pdf=x", "with a format of text, markdown, ", " diff"),
    ("diff a b --output report.md", "did you mean markdown=report.md?", " diff"),
    ("diff a b --fail-on=warn", "did you mean warning?", " diff"),
    ("bump", "name the revision to compare with", " bump"),
    ("diff none none", "there is nothing to review", " diff"),
    ("rules", "name one of list, show or test", " rules"),
    ("rules shwo SPR301", "there is no action 'shwo'; did you mean show?", " rules"),
    ("rules show SPR3O1", "did you mean SPR301", " rules"),
    ("rules show hook-aded", "did you mean hook-added", " rules"),
    ("rules show x", "stigmem-review rules list has them", " rules"),
    ("policy kyes", "did you mean keys?", " policy"),
    ("schema reprot", "there is no kind 'reprot'; did you mean report?", " schema"),
    ("check", "required: SOURCE", " check"),
    ("check --fix", "required: SOURCE", " check"),
    ("check --staged", "it is in no git repository", " check"),
    ("check --staged .", "it is in no git repository", " check"),
    ("bump --staged", "it is in no git repository", " bump"),
]


def ended(command: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Return how a command ends, and what it says on standard error."""
    try:
        code = cli.run(command)
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    assert out == ""
    return code, err.splitlines()


@pytest.mark.parametrize(("line", "said", "command"), WRONG)
def test_a_wrong_call_is_told_in_one_line(
    line: str,
    said: str,
    command: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, [told] = ended(line.split(), capsys)
    assert (code, said in told) == (2, True), told
    assert told.endswith(f"stigmem-review{command} --help")


def test_what_cannot_be_meant_is_not_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean" not in ended(["frobnicate"], capsys)[1][0]
    # What the action's step calls is nothing for a person.
    assert "action" not in ended(["acti"], capsys)[1][0].partition("acti")[2]


def test_what_has_a_blank_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unexpected arguments: -x y" in ended(["diff", "a", "b", "-x y"], capsys)[1][0]


def test_a_call_of_a_release_and_no_command_names_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    assert f"did you mean stigmem-review check {wheel}?" in ended([wheel], capsys)[1][0]
    assert f"stigmem-review diff {wheel} none?" in ended([wheel, "none"], capsys)[1][0]
    assert "did you mean" not in ended([wheel, "absent"], capsys)[1][0]


def test_no_call_at_all_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ended([], capsys)
    assert (code, said[0].startswith("usage: ")) == (2, True)


@pytest.mark.parametrize("words", ["", "diff", "rules show"])
def test_help_is_what_the_option_prints(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for command in (["help", *words.split()], [*words.split(), "--help"]):
        with pytest.raises(SystemExit) as stop:
            cli.run(command)
        assert not stop.value.code
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""


def test_what_people_call_markdown_is_markdown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    written = tmp_path / "report.md"
    printed = []
    for name in ("markdown", "md"):
        cli.run(["diff", wheel, wheel, "--format", name, "--output", f"{name}={written}"])
        printed += [capsys.readouterr().out, written.read_text("utf-8")]
    assert len(set(printed)) == 1


def test_the_short_option_prints_the_version() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-m", "stigmem_review", option],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for option in ("-V", "--version")
    }
    assert len(printed) == 1


def completed(line: str) -> list[str]:
    """Return what a shell is told that a command line can go on with."""
    command = shutil.which("stigmem-review", path=Path(sys.executable).parent)
    assert command
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    shell = f"exec {command} 8>&1 9>/dev/null"
    return [
        word.strip()
        for word in subprocess.run(
            ["bash", "-c", shell], env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("stigmem-review di", ["diff"]),
        ("stigmem-review ac", []),
        ("stigmem-review diff --fo", ["--format"]),
        ("stigmem-review diff none none --format js", ["json"]),
        ("stigmem-review rules sh", ["show"]),
        ("stigmem-review schema bu", ["bump"]),
    ],
)
def test_a_shell_can_complete_a_command_line(line: str, words: list[str]) -> None:
    assert completed(line) == words
