"""How much of a report is printed, and what the stream it is printed to takes."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from stigmem_review import cli
from stigmem_review.cli.output import Colour, in_colour, put, waiting
from support.plugins import plugin, write_wheel

RED = "\x1b[31;1m"


class Stream(io.TextIOWrapper):
    """A stream of an encoding, which may be a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding=encoding, newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def written(self) -> str:
        """Return what was written so far."""
        self.flush()
        return self._bytes.getvalue().decode(self.encoding)


@pytest.fixture
def gaining(tmp_path: Path) -> tuple[str, str]:
    more = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    old, new = write_wheel(tmp_path, plugin()), write_wheel(tmp_path, more, version="1.0.1")
    return str(old), str(new)


@pytest.mark.parametrize(
    ("wanted", "environment", "terminal", "is_coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_says_whether_there_are_colours(
    wanted: Colour, environment: dict[str, str], terminal: bool, is_coloured: bool
) -> None:
    assert in_colour(wanted, Stream(terminal=terminal), environment) is is_coloured


def test_what_is_gained_is_red_and_nothing_of_it_green(
    gaining: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["diff", *gaining, "--color", "always", "--all"])
    printed = capsys.readouterr().out
    assert f"{RED}  error  \x1b[0mmay open outbound network connections" in printed
    assert "\x1b[32" not in printed


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_no_stream_breaks_a_report(encoding: str) -> None:
    stream = Stream(encoding)
    put("# ⛔ `demo` `1` → `2` · blocked\n", stream)
    printed = stream.written()
    assert (
        printed
        == {
            "ascii": "# [x] `demo` `1` -> `2` - blocked\n",
            "cp1252": "# [x] `demo` `1` -> `2` \u00b7 blocked\n",
            "utf-8": "# ⛔ `demo` `1` → `2` · blocked\n",
        }[encoding]
    )


def test_in_brief_it_is_what_decides_and_what_to_type(
    gaining: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["diff", *gaining, "--brief"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("BLOCKED (exit 1): ")
    for label in ("signer", "node", "way back", "changed", "read", "refuse", "approve"):
        assert sum(line.startswith(f"  {label} ") for line in lines) == 1
    assert not any("SPR301 capability-added" in line for line in lines)
    assert len(lines) < 20


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        (["--brief"], "BLOCKED (exit 1): 1 error in 1 source"),
        (["--brief", "--format", "markdown"], "**Blocked (exit 1)**: 1 error in 1 source"),
        (["--format", "markdown"], "**Blocked (exit 1)**: 1 error in 1 source"),
        (["--all"], "BLOCKED (exit 1): 1 error in 1 source"),
    ],
    ids=["in brief", "Markdown in brief", "Markdown", "all"],
)
def test_the_verdict_of_a_check_is_said_once_in_every_form(
    options: list[str], verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = write_wheel(tmp_path, plugin(hooks={"pre_recall_authorise": "gate"}))
    assert cli.run(["check", str(wheel), *options]) == 1
    assert capsys.readouterr().out.splitlines().count(verdict) == 1


def test_what_is_folded_is_named_and_shown_where_it_is_asked_for(
    gaining: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["diff", *gaining])
    usual = capsys.readouterr().out
    cli.run(["diff", *gaining, "--all"])
    everything = capsys.readouterr().out
    assert "what did not change (" in usual
    assert "requires Python: >=3.11" not in usual
    assert "requires Python: >=3.11" in everything
    assert "Why: A capability is what the author asks you to allow." in everything
    # What to type, and before that the verdict, is where a terminal ends.
    assert usual.splitlines()[-5].startswith("BLOCKED (exit 1): ")
    assert usual.splitlines()[-1].startswith("  approve  stigmem-review approve ")


def test_quiet_is_silent_only_where_the_gate_is_open(
    gaining: tuple[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old, new = gaining
    written = tmp_path / "report.json"
    assert cli.run(["diff", old, old, "--quiet", "--output", f"json={written}"]) == 0
    assert capsys.readouterr() == ("", "")
    assert written.exists()
    assert cli.run(["diff", old, new, "--quiet"]) == 1
    assert "BLOCKED" in capsys.readouterr().out


def test_one_line_says_what_and_the_verdict_and_what_weighs_most(
    gaining: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["diff", *gaining, "--format", "oneline"])
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("demo-plugin 1.0.0 -> 1.0.1 | BLOCKED (exit 1): ")
    assert "network.outbound" in line


@pytest.mark.parametrize(
    ("terminal", "quiet", "seconds", "is_said"),
    [
        (True, False, 1.3, True),
        (True, False, 0, False),
        (True, True, 1.3, False),
        (False, False, 1.3, False),
    ],
)
def test_a_terminal_is_told_that_something_goes_on_and_keeps_nothing_of_it(
    terminal: bool, quiet: bool, seconds: float, is_said: bool
) -> None:
    stream = Stream(terminal=terminal)
    with waiting("reviewing", stream, quiet=quiet):
        time.sleep(seconds)
    said = stream.written()
    assert ("reviewing: 1 s" in said) is is_said
    assert said == "" or said.endswith(f"\r{' ' * len('reviewing: 1 s')}\r")
