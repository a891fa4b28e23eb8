"""Approvals in a change of pins: they come from the branch it goes to, and never from itself."""

from __future__ import annotations

import contextlib
import json
import shlex
from datetime import timedelta
from pathlib import Path

import pytest

from stigmem_review import BumpReport, cli, review
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.approvals.write import record_text
from stigmem_review.cli.action import run_action
from stigmem_review.errors import ApprovalsError
from stigmem_review.report import render
from support.bumped import NODE, Setting
from support.plugins import plugin
from support.repository import git


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


def outcome(report: BumpReport) -> tuple[str, int, list[str]]:
    notes = [each.name for each in report.findings]
    return report.verdict.state, report.verdict.exit_code, notes


def test_what_the_base_approves_is_open(setting: Setting) -> None:
    text = record_text(setting.record)
    base = setting.commit("1.0.0", text)
    report = setting.bump(base, setting.commit("1.1.0", text))
    assert outcome(report) == ("clear", 0, [])
    assert report.verdict.approved == len(setting.record.findings) > 0
    for form in ("text", "markdown"):
        assert "Mara Lind" in render(report, "markdown" if form == "markdown" else "text")
    assert [each.path for each in report.consulted if each.what == "approvals"] == [APPROVALS_FILE]


def test_what_the_head_says_of_itself_is_no_approval(setting: Setting) -> None:
    text = record_text(setting.record)
    report = setting.bump(setting.commit("1.0.0"), setting.commit("1.1.0", text))
    state, code, named = outcome(report)
    assert (state, code, named) == ("blocked", 1, ["policy-changed"])
    assert report.findings[0].level == "error"
    assert report.verdict.approved == 0


def test_approvals_alone_are_a_note(setting: Setting) -> None:
    text = record_text(setting.record)
    report = setting.bump(setting.commit("1.0.0"), setting.commit("1.0.0", text))
    assert outcome(report) == ("clear", 0, ["policy-changed"])


def test_what_landed_meanwhile_counts_for_a_branch_from_before(setting: Setting) -> None:
    base = setting.commit("1.0.0")
    git(setting.deployment.folder, "branch", "start")
    head = setting.commit("1.1.0")
    git(setting.deployment.folder, "checkout", "--quiet", "start")
    tip = setting.commit("1.0.0", record_text(setting.record))
    assert setting.bump(base, head).verdict.exit_code == 1
    assert setting.bump(tip, head).verdict.exit_code == 0


def test_approvals_stand_beside_the_policy(setting: Setting) -> None:
    text = record_text(setting.record)
    inside = {"deploy/stigmem-review.toml": "", f"deploy/{APPROVALS_FILE}": text}
    base = setting.commit("1.0.0", **inside)
    head = setting.commit("1.1.0", **inside)
    assert setting.bump(base, head).verdict.exit_code == 1
    named = {"policy": "deploy/stigmem-review.toml"}
    assert setting.bump(base, head, **named).verdict.exit_code == 0
    assert setting.bump(base, head, approvals=f"deploy/{APPROVALS_FILE}").verdict.exit_code == 0


def test_the_day_after_the_last_it_is_closed(setting: Setting) -> None:
    text = record_text(setting.record)
    base, head = setting.commit("1.0.0", text), setting.commit("1.1.0", text)
    assert setting.bump(base, head, today=setting.record.until).verdict.exit_code == 0
    after = setting.bump(base, head, today=setting.record.until + timedelta(days=1))
    assert after.verdict.exit_code == 1
    assert f"ended on {setting.record.until}" in " ".join(render(after, "text").split())


def test_damaged_approvals_are_an_error_and_missing_ones_too(setting: Setting) -> None:
    base, head = setting.commit("1.0.0", "[[approval]]\n"), setting.commit("1.1.0")
    with pytest.raises(ApprovalsError, match=f"{APPROVALS_FILE}:1: this approval has no `plugin`"):
        setting.bump(base, head)
    with pytest.raises(ApprovalsError, match="is not in the base"):
        setting.bump(base, head, approvals="elsewhere.toml")


def test_a_closed_bump_ends_with_the_command_for_each_plugin(setting: Setting) -> None:
    report = setting.bump(setting.commit("1.0.0"), setting.commit("1.1.0"))
    [each] = report.bumps
    assert each.report is not None
    assert each.report.commands is not None
    approve = each.report.commands.approve
    assert f"{setting.wheels}/demo_plugin-1.1.0-py3-none-any.whl" in approve
    assert approve in render(report, "text")
    # What the command names is the same review, though no repository is asked.
    again = review(
        str(setting.wheels / "demo_plugin-1.0.0-py3-none-any.whl"),
        str(setting.wheels / "demo_plugin-1.1.0-py3-none-any.whl"),
        node_version=NODE,
    )
    assert again.commands is not None
    assert again.commands.review == each.report.commands.review


def test_a_plugin_that_is_installed_from_a_folder_can_be_asked_for_again(setting: Setting) -> None:
    project = {
        "pyproject.toml": '[project]\nname = "demo-plugin"\nversion = "{}"\n'
        '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    }
    commits = []
    for version, capabilities in (("1.0.0", ()), ("1.0.1", ("network.outbound",))):
        files = plugin(version=version, capabilities=capabilities)
        files["pyproject.toml"] = project["pyproject.toml"].format(version)
        inside = {f"demo/{path}": text for path, text in files.items()}
        commits.append(setting.deployment.commit({"requirements.txt": "./demo\n", **inside}))
    report = setting.bump(*commits)
    [each] = report.bumps
    assert each.report is not None
    assert each.report.commands is not None
    with contextlib.chdir(setting.deployment.folder):
        one, two = (f"{commit[:12]}:demo" for commit in commits)
        assert f" {one} {two} " in each.report.commands.approve
        again = review(one, two, node_version=NODE)
    assert again.commands is not None
    assert again.commands.review == each.report.commands.review


def test_the_same_event_run_again_sees_what_was_approved(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = setting.deployment.folder
    wheels = {f"wheels/{each.name}": each.read_bytes() for each in setting.wheels.iterdir()}
    pins: dict[str, dict[str, str | bytes]] = {
        name: {"requirements.txt": text, **wheels} for name, text in setting.pins.items()
    }
    base = setting.deployment.commit(pins["1.0.0"])
    head = setting.deployment.commit(pins["1.1.0"])
    git(folder, "checkout", "--quiet", base)
    git(folder, "merge", "--quiet", "--no-ff", "--message", "merge", head)
    merge = git(folder, "rev-parse", "HEAD")
    event = folder.parent / "event.json"
    event.write_text(
        json.dumps({"pull_request": {"base": {"sha": base, "ref": "main"}, "head": {"sha": head}}})
    )
    summary = folder.parent / "summary.md"
    environment = {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SHA": merge,
        "GITHUB_STEP_SUMMARY": str(summary),
        "INPUT_ARTIFACTS": "wheels",
    }
    assert run_action(environment) == 1
    [line] = [
        each
        for each in summary.read_text("utf-8").splitlines()
        if "stigmem-review approve " in each
    ]
    git(folder, "checkout", "--quiet", base)
    with contextlib.chdir(folder):
        words = shlex.split(line.strip("`").partition("`")[2].replace('"..."', "CHG-4711"))[1:]
        assert cli.run([*words, "--by", "Mara Lind"]) == 0
    approved = (folder / APPROVALS_FILE).read_text("utf-8")
    tip = setting.deployment.commit({**pins["1.0.0"], APPROVALS_FILE: approved})
    git(folder, "update-ref", "refs/remotes/origin/main", tip)
    git(folder, "checkout", "--quiet", merge)
    capsys.readouterr()
    assert run_action(environment) == 0
    printed = capsys.readouterr().out
    assert "approved by Mara Lind" in printed
    assert "::error" not in printed
