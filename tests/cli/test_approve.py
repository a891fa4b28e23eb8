"""From a closed gate to an open one: what is pasted, what is recorded, and what closes it again."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import APPROVALS_FILE, Record
from support.command import run
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git

ME = ("--by", "Mara Lind <mara@acme.example>", "--reason", "CHG-4711")
OLD, NEW = "demo_plugin-1.0.0-py3-none-any.whl", "demo_plugin-1.0.1-py3-none-any.whl"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with two releases of which the new one asks for more."""
    write_wheel(tmp_path, plugin())
    gaining(tmp_path)
    return tmp_path


def gaining(folder: Path, **more: str) -> None:
    files = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    files |= {f"demo_plugin/{stem}.py": text for stem, text in more.items()}
    write_wheel(folder, files, version="1.0.1")


def records(folder: Path) -> tuple[Record, ...]:
    return parse_approvals((folder / APPROVALS_FILE).read_bytes(), APPROVALS_FILE).releases


def code(folder: Path, *arguments: object) -> int:
    return run("diff", *(arguments or (OLD, NEW)), cwd=folder).returncode


def pasted(printed: str) -> list[str]:
    """Return the command to approve that a report ends with, with a reason in it."""
    line = printed.rstrip().splitlines()[-1].strip().removeprefix("approve").lstrip()
    assert line.startswith("stigmem-review approve ")
    return [*shlex.split(line.replace('"..."', "CHG-4711"))[1:], "--by", "Mara Lind"]


def test_one_pasted_command_opens_the_gate_for_exactly_this(work: Path) -> None:
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 1
    done = run(*pasted(closed.stdout), cwd=work)
    assert (done.returncode, done.stderr) == (0, "")
    assert '+item = "network.outbound"' in done.stdout
    assert f"  until  {TODAY + timedelta(days=365)} (365 days, UTC)" in done.stdout
    assert "Mara Lind (as --by says; a claim, which nothing here verifies)" in done.stdout
    assert done.stdout.rstrip().endswith(
        f"The gate is open for exactly these bytes. Commit {APPROVALS_FILE}: bump reads it from "
        "the base branch."
    )
    opened = run("diff", OLD, NEW, cwd=work)
    assert opened.returncode == 0
    assert "CLEAR (exit 0): 1 error" in opened.stdout
    assert "2 approved" in opened.stdout
    said = " ".join(opened.stdout.split())
    assert said.count(f"approved by Mara Lind on {TODAY}, until") == 3  # in short, and each
    assert "\n  approve  stigmem" not in opened.stdout
    gaining(work, handlers="def audit(ctx, **_):\n    return None \n")
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 1
    said = " ".join(closed.stdout.split())
    assert "not approved: 2 findings: the approval of" in said
    assert f"is for other bytes of the new release: {NEW} was" in said


def test_going_back_to_what_ran_is_approved_with_it(work: Path) -> None:
    assert code(work, NEW, OLD) == 1
    assert run("approve", OLD, NEW, *ME, cwd=work).returncode == 0
    back = run("diff", NEW, OLD, cwd=work)
    assert back.returncode == 0
    said = " ".join(back.stdout.split())
    assert "as the way back from what was approved: CHG-4711" in said
    # A note needs none: what is counted as approved is what its approval is said to cover.
    assert ", 1 note, 1 approved." in said
    assert "1 finding approved by" in said
    assert code(work, NEW, "none") == 1


@pytest.mark.parametrize("form", ["markdown", "json", "github", "summary"])
def test_every_format_says_who_and_why(work: Path, form: str) -> None:
    run("approve", OLD, NEW, *ME, cwd=work)
    done = run("diff", OLD, NEW, "--format", form, cwd=work)
    assert done.returncode == 0
    assert "Mara Lind <mara@acme.example>" in done.stdout
    assert "CHG-4711" in done.stdout
    if form == "json":
        document = json.loads(done.stdout)
        approval = {each["approval"]["by"] for each in document["findings"] if each["approval"]}
        assert approval == {"Mara Lind <mara@acme.example>"}
        assert document["verdict"]["approved"] == 2
        assert [each["what"] for each in document["consulted"]] == ["approvals"]
    if form == "github":
        assert "::error" not in done.stdout


def test_what_is_approved_in_part_stays_closed(work: Path) -> None:
    done = run("approve", OLD, NEW, *ME, "--finding", "semver-mismatch", cwd=work)
    assert done.returncode == 0
    assert "The gate stays closed: 1 finding still needs approval." in done.stdout
    assert code(work, NEW, OLD) == 1
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 1
    assert "1 finding needs approval, 1 more is approved." in " ".join(closed.stdout.split())
    assert run(*pasted(closed.stdout), cwd=work).returncode == 0
    assert code(work) == code(work, NEW, OLD) == 0
    assert [each.partial for each in records(work)] == [True, False]
    assert [[each.rule for each in record.findings] for record in records(work)] == [
        ["SPR602"],
        ["SPR301"],
    ]


def test_approving_what_is_open_records_nothing(work: Path) -> None:
    run("approve", OLD, NEW, *ME, cwd=work)
    before = (work / APPROVALS_FILE).read_bytes()
    again = run("approve", OLD, NEW, *ME, cwd=work)
    assert again.returncode == 0
    assert again.stdout == (
        "demo-plugin: The gate is open: 2 findings are approved. Nothing was recorded.\n"
    )
    assert (work / APPROVALS_FILE).read_bytes() == before


def test_what_is_asked_is_checked_where_nothing_needs_approval_too(work: Path) -> None:
    closed = pasted(run("diff", OLD, NEW, cwd=work).stdout)
    assert run(*closed, cwd=work).returncode == 0
    again = run(*closed, cwd=work)
    assert (again.returncode, "Nothing was recorded." in again.stdout) == (0, True)
    other = run("approve", OLD, NEW, *ME, "--review", "f" * 24, cwd=work)
    assert (other.returncode, other.stdout) == (1, "")
    assert "another review than ffffffffffffffffffffffff, which was read" in other.stderr
    passed = run("approve", OLD, NEW, *ME, "--until", TODAY - timedelta(days=1), cwd=work)
    assert (passed.returncode, "has passed" in passed.stderr) == (2, True)
    Deployment(work / "repository").commit({"requirements.txt": ""})
    for more, expected in ((("--review", "f"), 1), (("--until", "2020-01-01"), 2)):
        bump = ("approve", "--bump", "HEAD", *ME, *more)
        assert run(*bump, cwd=work / "repository").returncode == expected


def test_what_was_read_and_what_is_there_now_have_to_be_the_same(work: Path) -> None:
    command = pasted(run("diff", OLD, NEW, cwd=work).stdout)
    gaining(work, handlers="def audit(ctx, **_):\n    return None \n")
    done = run(*command, cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a byte, a line, a finding or its level has changed since" in done.stderr
    assert not (work / APPROVALS_FILE).exists()


def test_what_is_not_approvable_stays_closed(work: Path) -> None:
    write_wheel(work, plugin(version="1.0.1", hooks={"post_asert_audit": "audit"}), version="1.0.1")
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.stdout.rstrip().endswith("approve  not possible: 1 finding is not approvable")
    for more in ((), ("--finding", "SPR205")):
        done = run("approve", OLD, NEW, *ME, *more, cwd=work)
        assert (done.returncode, done.stdout) == (1, "")
        assert "1 finding is not approvable: SPR205 post_asert_audit" in done.stderr
    assert not (work / APPROVALS_FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--by", "Mara", "--reason", "..."), "the reason is '...'; write in its place why"),
        (("--by", "Mara"), "there is no reason; add --reason"),
        (("--by", "Mara", "--reason", " "), "there is no reason"),
        (("--by", " - ", "--reason", "CHG-1"), "no approver is named; add --by"),
        ((*ME, "--until", "2020-01-01"), "--until 2020-01-01 has passed"),
        ((*ME, "--until", "2999-01-01"), "is more than 365 days away"),
        ((*ME, "--until", "tomorrow"), "'tomorrow' is not a day such as 2026-12-31"),
        ((*ME, "--finding", "SPR999"), "there is no finding 'SPR999' in this review; there"),
        ((*ME, "--approvals", "missing/a.toml"), "missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_said(
    work: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run("approve", OLD, NEW, *arguments, cwd=work)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert not (work / APPROVALS_FILE).exists()


def test_git_says_who_it_is_and_that_this_is_a_claim(work: Path) -> None:
    git(work, "init", "--quiet")
    git(work, "config", "user.name", "Ada Example")
    git(work, "config", "user.email", "ada@acme.example")
    done = run("approve", OLD, NEW, "--reason", "CHG-1", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "Ada Example <ada@acme.example> (as git is configured here; a claim," in done.stdout
    assert records(work)[0].by == "Ada Example <ada@acme.example>"


def test_a_git_that_comes_with_the_repository_is_not_asked(work: Path) -> None:
    git(work, "init", "--quiet")
    git(work, "config", "user.name", "Ada Example")
    program = work / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho Mallory\n", "utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = run("approve", OLD, NEW, "--reason", "CHG-1", cwd=work, PATH=path)
    assert done.returncode == 0, done.stderr
    assert records(work)[0].by.startswith("Ada Example")


def test_where_git_says_nothing_somebody_has_to(work: Path) -> None:
    environment = {"GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(work)}
    done = run("approve", OLD, NEW, "--reason", "CHG-1", cwd=work, **environment)
    assert done.returncode == 2
    assert 'no approver is named; add --by "Your Name <address>"' in done.stderr


def test_a_damaged_file_closes_the_gate_and_is_left_as_it_is(work: Path) -> None:
    damaged = b'[[approval]]\nby = "Mara\n'
    (work / APPROVALS_FILE).write_bytes(damaged)
    for command in (("diff", OLD, NEW), ("approve", OLD, NEW, *ME)):
        done = run(*command, cwd=work)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"stigmem-review: {APPROVALS_FILE}:2: it is not TOML" in done.stderr
    assert (work / APPROVALS_FILE).read_bytes() == damaged


def test_an_incomplete_review_is_accepted_by_name_and_for_a_week(work: Path) -> None:
    deep = "x = " + "(" * 300 + "1" + ")" * 300 + "\n"
    gaining(work, manifest=deep + "def plugin_manifest():\n    return x\n")
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 3
    done = run("approve", OLD, NEW, *ME, cwd=work)
    assert done.returncode == 3
    assert "accept it for at most 7 days with --incomplete" in done.stderr
    command = pasted(closed.stdout)
    assert "--incomplete" in command
    done = run(*command, cwd=work)
    assert done.returncode == 0, done.stderr
    assert f"until  {TODAY + timedelta(days=7)} (7 days, UTC)" in done.stdout
    opened = run("diff", OLD, NEW, cwd=work)
    assert opened.returncode == 0
    assert "ends in 7 days" in " ".join(opened.stdout.split())
    assert "which was accepted" in " ".join(opened.stdout.split())


def test_what_did_not_arrive_is_never_accepted(work: Path) -> None:
    (work / NEW).write_bytes(b"PK")
    done = run("approve", OLD, NEW, *ME, "--incomplete", cwd=work)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the new release could not be read, and what has no digest is never" in done.stderr
    assert not (work / APPROVALS_FILE).exists()


def test_a_file_of_another_repository_than_the_policy_is_refused(work: Path) -> None:
    for name in ("one", "two"):
        (work / name).mkdir()
        git(work / name, "init", "--quiet")
        (work / name / "stigmem-review.toml").write_text("")
        (work / name / APPROVALS_FILE).write_text("")
    policy, elsewhere = "one/stigmem-review.toml", f"two/{APPROVALS_FILE}"
    done = run("diff", OLD, NEW, "--policy", policy, "--approvals", elsewhere, cwd=work)
    assert done.returncode == 2
    assert "are of different repositories" in done.stderr
    run("approve", OLD, NEW, *ME, "--policy", policy, cwd=work)
    assert len(records(work / "one")) == 1


def test_it_is_written_at_the_top_of_the_repository_and_found_from_below(work: Path) -> None:
    git(work, "init", "--quiet")
    below = work / "deploy" / "eu"
    below.mkdir(parents=True)
    sides = [f"../../{each}" for each in (OLD, NEW)]
    assert run("approve", *sides, *ME, cwd=below).returncode == 0
    assert len(records(work)) == 1
    assert code(below, *sides) == 0


def test_a_path_that_no_report_can_show_is_pasted_as_it_is(work: Path) -> None:
    folder = work / "caf\u00e9 `$(touch x)` it's ::x #[y]"
    folder.mkdir()
    (work / NEW).rename(folder / NEW)
    closed = run("diff", OLD, f"{folder.name}/{NEW}", cwd=work)
    line = closed.stdout.rstrip().splitlines()[-1].strip().removeprefix("approve").lstrip()
    assert line.isascii()
    words = line.replace('"..."', "CHG-1").replace("stigmem-review", 'printf "%s\\n"', 1)
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=True)
    assert f"{folder.name}/{NEW}" in done.stdout.splitlines()


def written(work: Path, *arguments: object) -> Path:
    run(*arguments, "--output", "json=report.json", cwd=work)
    return work / "report.json"


def test_a_report_says_what_to_approve(work: Path) -> None:
    written(work, "diff", OLD, NEW)
    done = run("approve", "report.json", *ME, cwd=work)
    assert (done.returncode, done.stderr) == (0, "")
    assert code(work) == 0
    written(work, "diff", OLD, NEW)
    done = run("approve", "report.json", *ME, cwd=work)
    assert done.stdout == "Nothing in report.json needs approval. Nothing was recorded.\n"


def test_a_report_about_other_bytes_approves_nothing(work: Path) -> None:
    written(work, "diff", OLD, NEW)
    gaining(work, handlers="def audit(ctx, **_):\n    return None \n")
    done = run("approve", "report.json", *ME, cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the new release is not the one that was reported: {NEW} was" in done.stderr
    assert not (work / APPROVALS_FILE).exists()


def test_the_files_of_a_report_can_be_elsewhere(work: Path) -> None:
    written(work, "diff", OLD, NEW)
    (work / "wheels").mkdir()
    for name in (OLD, NEW):
        (work / name).rename(work / "wheels" / name)
    done = run("approve", "report.json", *ME, cwd=work)
    assert (done.returncode, "there is no file or directory" in done.stderr) == (2, True)
    done = run("approve", "report.json", *ME, "--artifacts", "nowhere", cwd=work)
    assert (done.returncode, f"there is no {OLD} in nowhere" in done.stderr) == (3, True)
    assert run("approve", "report.json", *ME, "--artifacts", "wheels", cwd=work).returncode == 0


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', "not json"])
def test_what_is_no_report_is_refused(work: Path, text: str) -> None:
    (work / "report.json").write_text(text)
    done = run("approve", "report.json", *ME, cwd=work)
    assert (done.returncode, done.stdout) == (2, "")
    assert "report.json is no report of diff or bump" in done.stderr


def test_a_report_of_a_change_approves_every_plugin_in_it(work: Path) -> None:
    pins = {
        version: f"demo-plugin=={version} --hash=sha256:{sha256((work / name).read_bytes())}\n"
        for version, name in (("1.0.0", OLD), ("1.0.1", NEW))
    }
    deployment = Deployment(work / "deployment")
    base = deployment.commit({"requirements.txt": pins["1.0.0"]})
    head = deployment.commit({"requirements.txt": pins["1.0.1"]})
    there = ("--repository", "deployment", "--artifacts", ".")
    assert code_of(work, "bump", base, head, *there) == 1
    written(work, "bump", base, head, *there)
    done = run("approve", "report.json", *ME, "--artifacts", ".", cwd=work)
    assert (done.returncode, done.stderr) == (0, "")
    landed = (work / APPROVALS_FILE).read_text()
    git(deployment.folder, "checkout", "--quiet", base)
    files = {"requirements.txt": pins["1.0.0"], APPROVALS_FILE: landed}
    tip = deployment.commit(files)
    assert code_of(work, "bump", tip, head, *there) == 0


def code_of(folder: Path, *arguments: object) -> int:
    return run(*arguments, cwd=folder).returncode


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_another_level_is_another_review(work: Path) -> None:
    command = pasted(run("diff", OLD, NEW, cwd=work).stdout)
    (work / "stigmem-review.toml").write_text('[levels]\ncapability-added = "warning"\n')
    done = run(*command, cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a finding or its level has changed since" in done.stderr


def test_the_policy_says_how_far_something_can_be_approved(work: Path) -> None:
    policy = work / "stigmem-review.toml"
    policy.write_text("[approvals]\nlongest-days = 30\nincomplete = false\n")
    beyond = (TODAY + timedelta(days=31)).isoformat()
    done = run("approve", OLD, NEW, *ME, "--until", beyond, cwd=work)
    assert (done.returncode, "more than 30 days away" in done.stderr) == (2, True)
    assert run("approve", OLD, NEW, *ME, cwd=work).returncode == 0
    assert records(work)[0].until == TODAY + timedelta(days=30)
    assert code(work) == 0
    deep = "x = " + "(" * 300 + "1" + ")" * 300 + "\n"
    gaining(work, manifest=deep + "def plugin_manifest():\n    return x\n")
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 3
    assert "approve  not possible: the policy accepts no incomplete review" in closed.stdout
    done = run("approve", OLD, NEW, *ME, "--incomplete", cwd=work)
    assert (done.returncode, "which the policy never accepts" in done.stderr) == (3, True)


def test_a_policy_that_is_shorter_than_a_record_counts(work: Path) -> None:
    run("approve", OLD, NEW, *ME, cwd=work)
    path = work / APPROVALS_FILE
    before = (TODAY - timedelta(days=40)).isoformat()
    path.write_text(path.read_text().replace(f"approved = {TODAY}", f"approved = {before}"))
    assert code(work) == 0
    (work / "stigmem-review.toml").write_text("[approvals]\nlongest-days = 30\n")
    closed = run("diff", OLD, NEW, cwd=work)
    assert closed.returncode == 1
    assert "the longest that is allowed" in " ".join(closed.stdout.split())
