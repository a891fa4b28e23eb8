"""What an auditor is told: who, why, what, until when, and by whose commit it came in."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import cli
from stigmem_review.approvals.record import (
    APPROVALS_FILE,
    Accepted,
    AcceptedChange,
    AcceptedGap,
    Change,
    ChangeRecord,
    Record,
)
from stigmem_review.approvals.store import append
from support.approvals import HOOK, record
from support.repository import git

TODAY = datetime.now(UTC).date()


def made(by: str, days_ago: int, lasts: int = 365, **more: Any) -> Record:
    start = TODAY - timedelta(days=days_ago)
    return record(by=by, approved=start, until=start + timedelta(days=lasts), **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one approval in a commit of Ada's, and one in a commit of Grace's."""
    git(tmp_path, "init", "--quiet")
    for name, each in (("Ada", made("One", 400)), ("Grace", made("Two", 360))):
        append(tmp_path / APPROVALS_FILE, each)
        commit(tmp_path, name)
    append(tmp_path / APPROVALS_FILE, made("Three", 1, reason="=1+1"))
    return tmp_path


def commit(folder: Path, name: str) -> None:
    who = f"{name} <{name.lower()}@acme.example>"
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--author", who, "--message", f"by {name}")


def told(folder: Path, *arguments: str, form: str = "json") -> Any:
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        assert cli.run(["approvals", "--format", form, *arguments]) == 0
    text = printed.getvalue()
    return json.loads(text) if form == "json" else text


def names(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["by"], each["state"], each["author"].partition(" ")[0]) for each in found]


def test_each_approval_has_its_state_and_the_commit_it_came_by(folder: Path) -> None:
    found = told(folder)
    assert names(found) == [
        ("One", "ended", "Ada"),
        ("Two", "ends soon", "Grace"),
        ("Three", "in force", ""),
    ]
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    assert found[0]["commit"] == first
    assert found[0]["findings"] == [f"{HOOK.rule} {HOOK.item}: {HOOK.says}"]
    assert found[0]["fingerprints"] == [HOOK.fingerprint]
    assert (found[0]["old_sha256"], found[0]["new_sha256"]) == ("a" * 64, "b" * 64)


def test_a_record_that_was_edited_is_whoever_s_edited_it(folder: Path) -> None:
    path = folder / APPROVALS_FILE
    path.write_text(path.read_text("utf-8").replace("CHG-4711", "CHG-4712", 1), "utf-8")
    assert names(told(folder))[0] == ("One", "ended", "")
    commit(folder, "Eve")
    found = told(folder)
    assert [each["reason"] for each in found[:2]] == ["CHG-4712", "CHG-4711"]
    assert [name for _, _, name in names(found)] == ["Eve", "Grace", "Eve"]


def test_a_remark_between_records_changes_nobody(folder: Path) -> None:
    commit(folder, "Ada")
    path = folder / APPROVALS_FILE
    path.write_text("# a remark\n\n" + path.read_text("utf-8") + "\n# the end\n", "utf-8")
    commit(folder, "Eve")
    assert [name for _, _, name in names(told(folder))] == ["Ada", "Grace", "Ada"]


def test_the_days_and_the_revision_are_chosen(folder: Path) -> None:
    def day(days_ago: int) -> str:
        return (TODAY - timedelta(days=days_ago)).isoformat()

    assert [each["by"] for each in told(folder, "--since", day(360))] == ["Two", "Three"]
    assert [each["by"] for each in told(folder, "--until", day(360))] == ["One", "Two"]
    both = ("--since", day(399), "--until", day(2))
    assert [each["by"] for each in told(folder, *both)] == ["Two"]
    assert names(told(folder, "--at", "HEAD~1")) == [("One", "ended", "Ada")]
    below = folder / "deploy"
    below.mkdir()
    assert names(told(below, "--at", "HEAD")) == names(told(folder))[:2]


def test_of_other_days_it_is_not_said_that_there_are_none_at_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = ("--since", "2020-01-01", "--until", "2020-12-31")
    assert told(folder, *past) == []
    said = capsys.readouterr().err
    assert said == "there are no approvals here since 2020-01-01 until 2020-12-31\n"
    with contextlib.chdir(folder):
        assert cli.run(["approvals", "--since", "2020-12-31", "--until", "2020-01-01"]) == 2
    assert "--since 2020-12-31 is after --until 2020-01-01" in capsys.readouterr().err


def test_a_spreadsheet_gets_no_formula(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(told(folder, form="csv"))))
    assert [row["by"] for row in rows] == ["One", "Two", "Three"]
    assert rows[2]["reason"] == "'=1+1"
    assert rows[0]["author"] == "Ada <ada@acme.example>"


def test_a_person_reads_it_too(folder: Path) -> None:
    gap = AcceptedGap("new release", "it is \u202edeep")
    append(folder / APPROVALS_FILE, made("Four", 0, 7, incomplete=(gap,)))
    text = told(folder, form="text")
    assert "demo-plugin 1.0.0 -> 1.0.1: ended, until" in text
    assert "  by      One, on" in text
    assert "  commit  none: it is not committed as it stands" in text
    assert "  what    not reviewed: new release: it is \\u{202e}deep" in text
    assert text.isascii()


def test_outside_a_repository_nobody_committed_it(tmp_path: Path) -> None:
    append(tmp_path / APPROVALS_FILE, made("One", 0))
    assert names(told(tmp_path)) == [("One", "in force", "")]


def test_where_there_is_nothing_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path) == []
    assert "there are no approvals here" in capsys.readouterr().err
    git(tmp_path, "init", "--quiet")
    commit_nothing = ("commit", "--quiet", "--allow-empty", "--message", "none")
    git(tmp_path, *commit_nothing)
    with contextlib.chdir(tmp_path):
        assert cli.run(["approvals", "--at", "HEAD"]) == 0
        assert "there are no approvals in HEAD\n" in capsys.readouterr().err
        assert cli.run(["approvals", "--at", "HEAD", "--approvals", APPROVALS_FILE]) == 2
        assert cli.run(["approvals", "--at", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert f"the approvals {APPROVALS_FILE} is not in HEAD" in said
    assert 'revision "nowhere"' in said


def test_a_damaged_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / APPROVALS_FILE).write_text("[[approval]]\n")
    with contextlib.chdir(tmp_path):
        assert cli.run(["approvals"]) == 2
    assert f"{APPROVALS_FILE}:1: this approval has no `plugin`" in capsys.readouterr().err


def test_two_records_alike_are_both_told(tmp_path: Path) -> None:
    other = Accepted("SPR301", "network.outbound", "f" * 16, "It asks for more.")
    for each in (made("One", 0), made("One", 0), made("One", 0, new=None)):
        append(tmp_path / APPROVALS_FILE, each)
    append(tmp_path / APPROVALS_FILE, record(other, by="One"))
    assert len(told(tmp_path)) == 4


POLICY = """\
fail-on = "error"

[node]
env-file = "node.env"

[levels]
capability-added = "note"
requirement-unpinned = "error"

[plugins.acme-ledger]
levels.hook-added = "off"
allow.destinations = ["network: *.acme.example"]
"""
ENV = """\
STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=a@acme.example
STIGMEM_PLUGIN_TRUST_OVERRIDE_PUBLISHERS=b@acme.example
"""


def test_what_passes_without_an_approval_is_listed_with_whose_commit_it_is(folder: Path) -> None:
    (folder / "stigmem-review.toml").write_text(POLICY, "utf-8")
    (folder / "node.env").write_text(ENV, "utf-8")
    assert {each["kind"] for each in told(folder)} >= {"lowered gate", "override"}
    # What nobody has committed yet is not of the past.
    past = told(folder, "--until", TODAY.isoformat())
    assert {each["kind"] for each in past} == {"release"}
    commit(folder, "Linus")
    (folder / "stigmem-review.toml").write_text(POLICY.replace('"note"', '"off"'), "utf-8")
    commit(folder, "Eve")
    found = [each for each in told(folder) if not each["by"]]
    assert [(each["kind"], each["line"], each["author"].split()[0]) for each in found] == [
        ("lowered gate", 1, "Linus"),
        ("lowered rule", 7, "Eve"),
        ("lowered rule", 11, "Linus"),
        ("allowed", 12, "Linus"),
        ("override", 2, "Linus"),
    ]
    assert [each["findings"][0] for each in found[1:]] == [
        "SPR301 capability-added is off, and error without the policy",
        "SPR201 hook-added is off, and error without the policy",
        "[plugins.acme-ledger.allow] destinations: network: *.acme.example",
        "STIGMEM_PLUGIN_TRUST_OVERRIDE_PUBLISHERS: b@acme.example is trusted as an exception",
    ]
    assert [each["plugin"] for each in found] == ["", "", "acme-ledger", "acme-ledger", ""]
    before = [each for each in told(folder, "--at", "HEAD~1") if not each["by"]]
    assert before[1]["findings"] == [
        "SPR301 capability-added is note, and error without the policy"
    ]
    assert not [each for each in told(folder, "--at", "HEAD~2") if not each["by"]]
    tomorrow = (TODAY + timedelta(days=2)).isoformat()
    assert told(folder, "--since", tomorrow) == []
    text = told(folder, form="text")
    assert "lowered rule of acme-ledger: in force\n  where   stigmem-review.toml:11\n" in text
    rows = list(csv.DictReader(io.StringIO(told(folder, form="csv"))))
    assert [row["kind"] for row in rows[-2:]] == ["allowed", "override"]
    assert rows[-1]["approved"] == ""


def test_an_incomplete_review_that_was_accepted_is_listed(folder: Path) -> None:
    gap = AcceptedGap("new release", "it is deep")
    append(folder / APPROVALS_FILE, made("Four", 0, 7, incomplete=(gap,)))
    assert told(folder)[-1]["incomplete"] == ["new release: it is deep"]


def test_a_change_that_was_approved_is_listed_by_its_files(tmp_path: Path) -> None:
    change = Change("requirements.txt", "", "--pre")
    accepted = AcceptedChange("SPR706", "--pre", "f" * 16, "Installers are now told --pre.", change)
    record = ChangeRecord(by="One", reason="CHG", approved=TODAY, until=TODAY, findings=(accepted,))
    append(tmp_path / APPROVALS_FILE, record)
    [found] = told(tmp_path)
    assert (found["kind"], found["files"]) == ("change", ["requirements.txt"])
    assert "(requirements.txt: nothing -> --pre)" in found["findings"][0]
    assert told(tmp_path, form="text").startswith("requirements.txt: ends soon, until")
