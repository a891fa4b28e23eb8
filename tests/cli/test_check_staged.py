"""``stigmem-review check --staged`` where nothing is named: all that is staged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stigmem_review import cli
from support.broken import copied
from support.repository import git


def test_all_projects_of_the_repository_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    for name, story in (("one", "good-plain"), ("two", "group-unquoted")):
        (tmp_path / name).mkdir()
        copied(story, tmp_path / name).rename(tmp_path / name / "project")
    git(tmp_path, "add", "--all")
    (tmp_path / "two/project/pyproject.toml").unlink()
    policy = '[[check.ignore]]\nrule = "SPR506"\nreason = "tried every night"\n'
    (tmp_path / "one/stigmem-review.toml").write_text(policy)
    git(tmp_path, "add", "one")
    monkeypatch.chdir(tmp_path / "one")
    assert cli.run(["check", "--staged", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    told = {each["source"]["asked"]: len(each["mistakes"]) for each in report["checked"]}
    assert told == {"one/project": 0, "two/project": 1}
    # All there is was checked, so that what is ignored is nowhere.
    assert len(report["unused"]) == 1


def test_a_repository_without_a_plugin_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README.md").write_text("# acme\n")
    git(tmp_path, "add", "--all")
    monkeypatch.chdir(tmp_path)
    assert cli.run(["check", "--staged"]) == 0
