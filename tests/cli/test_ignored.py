"""``[[check.ignore]]``: findings that an author does not want to hear of, each with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stigmem_review import cli
from support.broken import copied
from support.repository import git

ENTRY = '[[check.ignore]]\nrule = "{}"\nreason = "tried every night"\n'


def project_with(policy: str, folder: Path, story: str = "requires-of-npm") -> Path:
    project = copied(story, folder)
    (project / "stigmem-review.toml").write_text(policy)
    return project


@pytest.mark.parametrize("rule", ["SPR506", "requires-stigmem-unmet"])
@pytest.mark.parametrize("item", ["", 'item = "^0.9.0"\n', 'item = "^*"\n'])
def test_what_is_ignored_does_not_count_and_is_said(
    rule: str,
    item: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project_with(ENTRY.format(rule) + item, tmp_path))
    assert cli.run(["check", "."]) == 0
    out = capsys.readouterr().out
    assert "nothing to correct; 1 ignored" in out
    assert "ignored: requires-stigmem-unmet (SPR506), ^0.9.0: tried every night" in out
    assert "ignores nothing" not in out
    assert cli.run(["check", ".", "--isolated"]) == 1
    capsys.readouterr()
    cli.run(["check", ".", "--format", "json"])
    [checked] = json.loads(capsys.readouterr().out)["checked"]
    assert (checked["mistakes"], checked["ignored"][0]["reason"]) == ([], "tried every night")
    cli.run(["check", ".", "--format", "markdown"])
    assert "tried every night" in capsys.readouterr().out


@pytest.mark.parametrize("entry", [ENTRY.format("SPR608"), ENTRY.format("SPR506") + 'item = "x"\n'])
def test_an_entry_that_ignores_nothing_is_said(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = project_with(entry, tmp_path)
    monkeypatch.chdir(project)
    assert cli.run(["check", "."]) == 1
    unused = "an entry of [[check.ignore]] that ignores nothing: "
    assert unused in capsys.readouterr().out
    cli.run(["check", ".", "--format", "markdown"])
    assert unused.strip() in capsys.readouterr().out
    # Of what is staged another project can be the one that it is about.
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    assert cli.run(["check", "--staged", "."]) == 1
    assert unused not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (ENTRY.format("SPR50"), "is no rule: did you mean `SPR5"),
        (ENTRY.format("nothing-like-it"), "is no rule"),
        ('[[check.ignore]]\nrule = "SPR506"\n', "reason"),
        ('[[check.ignore]]\nrule = "SPR506"\nreason = " "\n', "`reason` in entry 1"),
        ('[[check.ignore]]\nreason = "SPR506"\n', "`rule` in entry 1"),
        (ENTRY.format("SPR506") + "until = 1\n", "until"),
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused(
    policy: str,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project_with(policy, tmp_path))
    assert cli.run(["check", "."]) == 2
    assert why in capsys.readouterr().err


def test_a_review_is_never_told_to_ignore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = project_with(ENTRY.format("SPR506"), tmp_path)
    monkeypatch.chdir(project)
    assert cli.run(["diff", "none", "."]) == 1
    assert "requires-stigmem-unmet" in capsys.readouterr().out
