"""``check --fix``: what is only spelled in another way is written, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import cli
from support.broken import STORIES, copied
from support.repository import git

SPELLED = (
    "group-capitals",
    "group-dash",
    "group-dash-setup-cfg",
    "group-dash-setuptools",
    "group-underscore",
    "group-unquoted",
    "group-unquoted-setuptools",
    "group-with-underscore-in-the-table",
    "value-call",
    "value-dash",
    "value-dash-setuptools",
    "value-dotted",
    "value-dotted-setup-cfg",
    "value-double-colon",
    "value-slash",
    "value-white-space",
)
"""The stories whose correction has the letters that their author wrote."""


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {f"{each}": each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("story", STORIES)
def test_only_what_is_spelled_otherwise_is_written(
    story: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copied(story, tmp_path)
    before = bytes_below(project)
    cli.run(["check", str(project), "--isolated"])
    promised = "1 can be corrected with --fix" in capsys.readouterr().out
    assert bytes_below(project) == before
    code = cli.run(["check", str(project), "--isolated", "--fix"])
    out = capsys.readouterr().out
    assert (story in SPELLED) == promised == (bytes_below(project) != before)
    assert ("corrected " in out) == promised
    if promised:
        assert (code, cli.run(["check", str(project), "--isolated"])) == (0, 0)
        written = bytes_below(project)
        cli.run(["check", str(project), "--isolated", "--fix"])
        assert bytes_below(project) == written


def test_all_else_of_a_file_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copied("group-unquoted", tmp_path)
    path = project / "pyproject.toml"
    text = path.read_text("utf-8").replace(
        "[project.entry-points.stigmem.plugins]\nacme-ledger = ",
        "  [ project.entry-points.stigmem.plugins ]  # ours\n\t'acme-ledger'   = ",
    )
    crooked = text.replace("acme_ledger.plugin:plugin", "acme_ledger.plugin.plugin")
    path.write_bytes(f"{crooked}# \u00e4\n".replace("\n", "\r\n").encode())
    path.chmod(0o640)
    assert cli.run(["check", str(project), "--isolated", "--fix"]) == 0
    after = path.read_bytes().decode()
    assert '  [project.entry-points."stigmem.plugins"]  # ours\r\n' in after
    assert "\t'acme-ledger'   = \"acme_ledger.plugin:plugin_manifest\"\r\n" in after
    assert after.endswith("# \u00e4\r\n")
    assert after.count("\n") == after.count("\r\n") == text.count("\n") + 1
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in project.iterdir() if each.name.startswith(".")] == []
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("corrected")]
    assert len(said) == 1
    assert f"{path}:9: " in said[0]


def test_a_mistake_that_a_correction_shows_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copied("group-dash", tmp_path)
    plugin = project / "acme_ledger" / "plugin.py"
    plugin.write_text(plugin.read_text().replace("post_assert_audit", "post_assert_adit"))
    assert cli.run(["check", str(project), "--isolated", "--fix"]) == 1
    out = capsys.readouterr().out
    assert "hook-unknown" in out
    assert "corrected " in out
    assert 'entry-points."stigmem.plugins"' in (project / "pyproject.toml").read_text()


def test_a_link_stays_one(tmp_path: Path) -> None:
    project = copied("group-unquoted", tmp_path)
    real = project / "shared.toml"
    (project / "pyproject.toml").rename(real)
    (project / "pyproject.toml").symlink_to(real.name)
    assert cli.run(["check", str(project), "--isolated", "--fix"]) == 0
    assert (project / "pyproject.toml").is_symlink()
    assert b'"stigmem.plugins"' in real.read_bytes()


def test_what_leads_out_of_a_project_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copied("group-unquoted", tmp_path)
    real = tmp_path / "shared.toml"
    (project / "pyproject.toml").rename(real)
    (project / "pyproject.toml").symlink_to(real)
    before = real.read_bytes()
    assert cli.run(["check", str(project), "--isolated", "--fix"]) == 3
    assert real.read_bytes() == before
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "INCOMPLETE (exit 3): 1 source could not be checked completely"


def test_what_is_staged_is_not_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = copied("group-unquoted", tmp_path)
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    monkeypatch.chdir(project)
    before = bytes_below(project)
    assert cli.run(["check", "--staged", "--fix", "."]) == 2
    assert "use one" in capsys.readouterr().err
    assert bytes_below(project) == before


def test_outside_a_repository_nothing_is_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(copied("good-plain", tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert cli.run(["check", "--staged", "."]) == 2
    assert "it is in no git repository" in capsys.readouterr().err


def test_several_projects_have_a_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = [
        str(copied(story, tmp_path)) for story in ("good-plain", "group-dash", "declared-twice")
    ]
    assert cli.run(["check", *sources, "--isolated"]) == 1
    said = capsys.readouterr().out.splitlines()
    summed = "1 error, 1 warning in 3 sources; 1 can be corrected with --fix"
    assert f"BLOCKED (exit 1): {summed}" in said
    assert cli.run(["check", sources[0], "--isolated"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
