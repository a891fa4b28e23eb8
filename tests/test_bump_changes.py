"""Findings about the pins and about a change as a whole are approved for exactly this change."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stigmem_review import BumpReport, cli
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import APPROVALS_FILE, Change
from stigmem_review.approvals.write import record_text
from stigmem_review.pipeline.bump import Wanted, review_change
from stigmem_review.report import render
from support.bumped import NODE, TODAY, Setting
from support.repository import git

INDEX = "--extra-index-url https://other.example/simple\n"
WORKFLOW = """\
on: pull_request
jobs:
  review:
    steps:
    - uses: stigmem/stigmem-review@v1
"""


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


def approve(setting: Setting, report: BumpReport, *more: str) -> tuple[int, str]:
    """Paste the command that a closed report ends with, and return its code and what was added."""
    assert report.commands is not None
    assert render(report, "text").rstrip().endswith(report.commands.approve)
    assert report.commands.approve in render(report, "markdown")
    words = shlex.split(report.commands.approve.replace('"..."', "CHG-4711"))
    assert words[0] == "stigmem-review"
    with contextlib.chdir(setting.deployment.folder):
        code = cli.run([*words[1:], "--by", "Mara Lind", *more])
    path = setting.deployment.folder / APPROVALS_FILE
    return code, path.read_text("utf-8") if path.exists() else ""


def closed(report: BumpReport) -> list[str]:
    return [each.name for each in report.findings if not each.approval and each.level != "note"]


def test_one_pasted_command_opens_the_gate_for_exactly_this_change(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    base = setting.commit("1.0.0", **{"constraints.txt": "six==1.16.0\n"})
    head = setting.commit("1.0.0", **{"constraints.txt": INDEX + "six==1.16.0\n"})
    report = setting.bump(base, head)
    assert closed(report) == ["index-option-changed"]
    assert report.verdict.exit_code == 1
    git(setting.deployment.folder, "checkout", "--quiet", base)
    code, added = approve(setting, report)
    assert code == 0
    printed = capsys.readouterr().out
    assert "The gate is open for exactly this change." in printed
    assert (
        "        - (nothing)\n        + --extra-index-url https://other.example/simple" in printed
    )
    [record] = parse_approvals(added.encode(), APPROVALS_FILE).changes
    assert [each.change for each in record.findings] == [
        Change("constraints.txt", "", INDEX.rstrip())
    ]
    assert f'+new = "{INDEX.rstrip()}"' in printed
    landed = setting.commit("1.0.0", added, **{"constraints.txt": "six==1.16.0\n"})
    opened = setting.bump(landed, head)
    assert (opened.verdict.state, opened.verdict.exit_code) == ("clear", 0)
    assert opened.commands is None
    assert opened.verdict.approved == 1
    for form in ("text", "markdown"):
        said = " ".join(render(opened, form).split())
        assert "by Mara Lind on" in said.replace("`", "")
        assert "CHG-4711" in said
    after = setting.bump(landed, head, today=record.until + timedelta(days=1))
    assert after.verdict.exit_code == 1
    assert f"ended on {record.until}" in " ".join(render(after, "text").split())


OTHER: dict[str, tuple[dict[str, str], str]] = {
    "another value": (
        {"constraints.txt": INDEX.replace("other", "evil") + "six==1.16.0\n"},
        "",
    ),
    "another file": (
        {"constraints.txt": "six==1.16.0\n", "dev-requirements.txt": INDEX},
        "is for `constraints.txt`",
    ),
    "another state before": (
        {"constraints.txt": INDEX + "six==1.16.0\n"},
        "is for another change of `constraints.txt`: `nothing` there before",
    ),
    "something beside it": (
        {"constraints.txt": INDEX + "--pre\nsix==1.16.0\n"},
        "",
    ),
}


@pytest.mark.parametrize("name", OTHER)
def test_another_change_is_closed_and_the_report_says_why(name: str, setting: Setting) -> None:
    base = setting.commit("1.0.0", **{"constraints.txt": "six==1.16.0\n"})
    head = setting.commit("1.0.0", **{"constraints.txt": INDEX + "six==1.16.0\n"})
    git(setting.deployment.folder, "checkout", "--quiet", base)
    _, added = approve(setting, setting.bump(base, head))
    files, says = OTHER[name]
    before = {"constraints.txt": "six==1.16.0\n"}
    if name == "another state before":
        before = {"constraints.txt": INDEX.replace("other", "our") + "six==1.16.0\n"}
    base = setting.commit("1.0.0", added, **before)
    report = setting.bump(base, setting.commit("1.0.0", added, **files))
    assert report.verdict.exit_code == 1
    assert closed(report) == ["index-option-changed"]
    assert says in render(report, "markdown")
    if not says:
        assert len(report.on_file) == (1 if name == "another value" else 0)


CHANGES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "an open requirement": ({}, {"b.txt": "demo>=1\n"}, "requirement-unpinned"),
    "an option": ({}, {"b.txt": "--pre\n"}, "index-option-changed"),
    "an option that is gone": (
        {"b.txt": "--require-hashes\n"},
        {"b.txt": "# nothing\n"},
        "index-option-changed",
    ),
    "an index of an installer": (
        {"pip.conf": "[global]\nindex-url = https://ours.example/simple\n"},
        {"pip.conf": "[global]\nindex-url = https://other.example/simple\n"},
        "index-option-changed",
    ),
    "signatures that are not asked for": (
        {"node.env": "STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n"},
        {"node.env": "STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n"},
        "signing-loosened",
    ),
    "a signer more": (
        {"node.env": "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=a@acme.example\n"},
        {"node.env": "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=a@acme.example,b@acme.example\n"},
        "signing-loosened",
    ),
    "a review that nobody minds": (
        {".github/workflows/r.yml": WORKFLOW},
        {".github/workflows/r.yml": WORKFLOW + "      continue-on-error: true\n"},
        "check-loosened",
    ),
    "a review that is gone": (
        {".github/workflows/r.yml": WORKFLOW},
        {".github/workflows/r.yml": WORKFLOW.replace("stigmem-review", "other")},
        "check-loosened",
    ),
    "a policy, for the strictest gate": (
        {"stigmem-review.toml": 'fail-on = "note"\n'},
        {"stigmem-review.toml": 'fail-on = "error"\n'},
        "policy-changed",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_that_can_be_approved_is_and_also_the_way_back(
    name: str, setting: Setting
) -> None:
    was, now, rule = CHANGES[name]
    base, head = setting.commit("1.0.0", **was), setting.commit("1.0.0", **now)
    report = setting.bump(base, head)
    assert report.verdict.exit_code == 1
    assert rule in {each.name for each in report.findings}
    git(setting.deployment.folder, "checkout", "--quiet", base)
    code, added = approve(setting, report)
    assert code == 0
    landed = setting.commit("1.0.0", added, **was)
    opened = setting.bump(landed, head)
    assert (opened.verdict.exit_code, closed(opened)) == (0, [])
    back = setting.bump(
        setting.commit("1.0.0", added, **now), setting.commit("1.0.0", added, **was)
    )
    assert (back.verdict.exit_code, closed(back)) == (0, [])


def test_other_extras_of_a_plugin_are_a_change_that_can_be_approved(setting: Setting) -> None:
    plain = setting.pins["1.0.0"]
    more = plain.replace("demo-plugin", "demo-plugin[more]")
    base, head = setting.commit("1.0.0"), setting.commit("1.0.0", **{"requirements.txt": more})
    report = setting.bump(base, head)
    assert "extras-changed" in closed(report)
    assert all(each.change and each.change.new for each in report.findings)
    git(setting.deployment.folder, "checkout", "--quiet", base)
    code, added = approve(setting, report)
    assert code == 0
    assert setting.bump(setting.commit("1.0.0", added), head).verdict.exit_code == 0
    other = more.replace("[more]", "[more,most]")
    other_head = setting.commit("1.0.0", added, **{"requirements.txt": other})
    landed = setting.commit("1.0.0", added)
    assert closed(setting.bump(landed, other_head)) == ["extras-changed"]


def test_lines_that_move_and_other_lines_leave_it_approved(setting: Setting) -> None:
    base = setting.commit("1.0.0", **{"b.txt": "six==1.16.0\n"})
    head = setting.commit("1.0.0", **{"b.txt": "six==1.16.0\n--pre\n"})
    git(setting.deployment.folder, "checkout", "--quiet", base)
    _, added = approve(setting, setting.bump(base, head))
    base = setting.commit("1.0.0", added, **{"b.txt": "# a remark\n\nsix==1.17.0\n"})
    head = setting.commit("1.0.0", added, **{"b.txt": "\n\n--pre\n# a remark\nsix==1.17.0\n"})
    assert setting.bump(base, head).verdict.exit_code == 0


def test_a_plugin_and_the_pins_are_approved_by_one_command(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    base = setting.commit("1.0.0")
    unhashed = setting.pins["1.1.0"].partition(" --hash")[0] + "\n"
    head = setting.deployment.commit({"requirements.txt": unhashed})
    report = setting.bump(base, head)
    assert report.verdict.exit_code == 1
    assert closed(report) == ["pin-unhashed"]
    git(setting.deployment.folder, "checkout", "--quiet", base)
    code, added = approve(setting, report)
    assert code == 0
    assert "exactly these bytes and this change." in capsys.readouterr().out
    records = parse_approvals(added.encode(), APPROVALS_FILE)
    assert (len(records.releases), len(records.changes)) == (1, 1)
    assert records.changes[0].findings[0].change == Change(
        "requirements.txt",
        setting.pins["1.0.0"].strip(),
        "demo-plugin==1.1.0",
    )
    # Whoever pastes it twice records nothing twice.
    again = approve(setting, report)
    assert again == (0, added)
    assert "Nothing was recorded." in capsys.readouterr().out
    landed = setting.commit("1.0.0", added)
    assert setting.bump(landed, head).verdict.exit_code == 0


def test_one_finding_can_be_chosen_and_the_gate_stays_closed(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    base = setting.commit("1.0.0")
    head = setting.commit("1.0.0", **{"b.txt": "--pre\ndemo>=1\n"})
    report = setting.bump(base, head)
    git(setting.deployment.folder, "checkout", "--quiet", base)
    code, added = approve(setting, report, "--finding", "SPR706")
    assert code == 0
    assert "stays closed: 1 finding still needs approval" in capsys.readouterr().out
    assert parse_approvals(added.encode(), "").changes[0].partial
    assert closed(setting.bump(setting.commit("1.0.0", added), head)) == ["requirement-unpinned"]
    assert approve(setting, report, "--finding", "SPR999")[0] == 2


@pytest.mark.parametrize(
    ("was", "now", "rule"),
    [
        ({}, {"stigmem-review.toml": "[levls]\n"}, "policy-broken"),
        ({}, {APPROVALS_FILE: "[[approval]]\n"}, "policy-broken"),
    ],
)
def test_what_can_only_be_mended_stays_closed(
    was: dict[str, str], now: dict[str, str], rule: str, setting: Setting
) -> None:
    base, head = setting.commit("1.0.0", **was), setting.commit("1.0.0", **now)
    report = setting.bump(base, head)
    assert rule in closed(report)
    assert report.commands is not None
    assert (report.commands.approve, report.commands.remark) == (
        "",
        "1 finding is not approvable",
    )
    git(setting.deployment.folder, "checkout", "--quiet", base)
    with contextlib.chdir(setting.deployment.folder):
        words = ["approve", "--bump", base, head, "--by", "M", "--reason", "R"]
        assert cli.run([*words, "--node-version", NODE]) == 1
    assert not (setting.deployment.folder / APPROVALS_FILE).exists()


def test_what_could_not_be_read_of_the_pins_is_never_accepted(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    base = setting.commit("1.0.0")
    head = setting.commit("1.0.0", **{"b-requirements.txt": "--pre\nhttps://x.example/a.whl\n"})
    report = setting.bump(base, head)
    assert report.verdict.exit_code == 3
    assert report.commands is not None
    assert not report.commands.approve
    git(setting.deployment.folder, "checkout", "--quiet", base)
    with contextlib.chdir(setting.deployment.folder):
        words = ["approve", "--bump", base, head, "--by", "M", "--reason", "R", "--incomplete"]
        assert cli.run(words) == 3
    assert "is never accepted" in capsys.readouterr().err


def test_another_change_than_the_one_that_was_read_is_refused(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    base = setting.commit("1.0.0")
    head = setting.commit("1.0.0", **{"b.txt": "--pre\n"})
    other = setting.commit("1.0.0", **{"b.txt": INDEX})
    report = setting.bump(base, head)
    assert report.commands is not None
    with contextlib.chdir(setting.deployment.folder):
        words = ["approve", "--bump", base, other, "--review", report.commands.review]
        assert cli.run([*words, "--by", "M", "--reason", "R", "--node-version", NODE]) == 1
    assert "this is another review than" in capsys.readouterr().err


def test_a_report_in_json_says_it_too(setting: Setting) -> None:
    base = setting.commit("1.0.0")
    head = setting.commit("1.0.0", **{"b.txt": "--pre\n"})
    path = setting.deployment.folder / "report.json"
    path.write_text(render(setting.bump(base, head), "json"), "utf-8")
    git(setting.deployment.folder, "checkout", "--quiet", base)
    with contextlib.chdir(setting.deployment.folder):
        words = ["approve", "report.json", "--by", "M", "--reason", "R", "--node-version", NODE]
        assert cli.run([*words, "--artifacts", str(setting.wheels)]) == 0
    added = (setting.deployment.folder / APPROVALS_FILE).read_text("utf-8")
    path.unlink()
    assert setting.bump(setting.commit("1.0.0", added), head).verdict.exit_code == 0


# Approvals that ride on the change itself


def of_head(setting: Setting, make: Callable[[str], str] = str) -> tuple[str, str]:
    policy = {"stigmem-review.toml": 'approvals-from = "head"\n'}
    base = setting.commit("1.0.0", **policy)
    git(setting.deployment.folder, "branch", "start")
    text = make(record_text(setting.record))
    head = setting.commit("1.1.0", text, **policy)
    return base, head


def test_where_the_base_says_so_an_approval_rides_on_the_change(setting: Setting) -> None:
    base, head = of_head(setting)
    report = setting.bump(base, head)
    assert (report.verdict.exit_code, report.findings) == (0, ())
    for form in ("text", "markdown", "json"):
        said = " ".join(render(report, form).split())
        assert f"{head[:12]} by Somebody <somebody@acme.example>" in said
    [said] = [each.remark for each in report.consulted if each.what == "approvals"]
    assert said.startswith("1 record of the head, which this change adds: commit ")


def test_what_the_base_took_back_is_not_brought_again_by_an_old_branch(setting: Setting) -> None:
    policy = {"stigmem-review.toml": 'approvals-from = "head"\n'}
    text = record_text(setting.record)
    setting.commit("1.0.0", text, **policy)
    git(setting.deployment.folder, "branch", "start")
    head = setting.commit("1.1.0", text, **policy)
    git(setting.deployment.folder, "checkout", "--quiet", "start")
    tip = setting.commit("1.0.0", **policy)
    assert setting.bump(tip, head).verdict.exit_code == 1


def test_the_head_cannot_say_of_itself_that_it_counts(setting: Setting) -> None:
    base = setting.commit("1.0.0")
    policy = {"stigmem-review.toml": 'approvals-from = "head"\n'}
    head = setting.commit("1.1.0", record_text(setting.record), **policy)
    report = setting.bump(base, head)
    assert report.verdict.exit_code == 1
    assert report.verdict.approved == 0


def test_what_the_base_approved_counts_beside_what_the_head_brings(setting: Setting) -> None:
    policy = {"stigmem-review.toml": 'approvals-from = "head"\n'}
    base = setting.commit("1.0.0", record_text(setting.record), **policy)
    head = setting.commit("1.1.0", record_text(setting.record), **policy)
    report = setting.bump(base, head)
    assert report.verdict.exit_code == 0
    assert [each.remark for each in report.consulted if each.what == "approvals"] == [""]


def test_the_commands_name_a_commit_that_others_have(setting: Setting) -> None:
    base = setting.commit("1.0.0")
    head = setting.commit("1.0.0", **{"b.txt": "--pre\n"})
    git(setting.deployment.folder, "checkout", "--quiet", base)
    git(setting.deployment.folder, "merge", "--quiet", "--no-ff", "--message", "merge", head)
    merge = git(setting.deployment.folder, "rev-parse", "HEAD")
    wanted = Wanted(base, merge, str(setting.deployment.folder), today=TODAY, shown=head)
    report = review_change(wanted).report
    assert report.commands is not None
    assert f" --bump {base[:12]} {head[:12]} " in report.commands.approve
    git(setting.deployment.folder, "checkout", "--quiet", base)
    assert approve(setting, report)[0] == 0
