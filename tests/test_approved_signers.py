"""Who signs is judged against the last signer that was approved, whatever stands beside a file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from stigmem_review import Report, review
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.approvals.store import append, read_approvals
from stigmem_review.pipeline.approve import Wish, propose
from stigmem_review.policy.file import ApprovalsPolicy
from support.approvals import APPROVED
from support.approved import signed_and_approved
from support.identities import Identity, person, workflow
from support.plugins import plugin, write_wheel

ADA, EVE = person("ada@acme.example"), person("eve@acme.example")
NAME = "signer-unlike-approved"


def reviewed(folder: Path, old: object, new: object, today: date = APPROVED) -> Report:
    return review(
        str(old),
        str(new),
        trust_root=str(folder / "root.json"),
        approvals=str(folder / APPROVALS_FILE),
        today=today,
    )


def about(report: Report) -> list[tuple[str, bool]]:
    return [(each.level, bool(each.approval)) for each in report.findings if each.name == NAME]


def strip(wheel: Path) -> None:
    wheel.with_name(f"{wheel.name}.sigstore.json").unlink()


def test_a_record_says_who_signed_what_it_approves(tmp_path: Path) -> None:
    path = tmp_path / APPROVALS_FILE
    signed_and_approved(tmp_path, workflow(), None, path)
    [record] = read_approvals(path)[1].releases
    assert record.new is not None
    [signer] = record.new.signers
    assert signer.repository == "https://github.com/acme/ledger"
    assert (signer.repository_id, signer.commit) == ("1001", "")
    assert "[[approval.new.signer]]\n" in path.read_text("utf-8")
    damaged = path.read_text("utf-8").replace('kind = "uri"', 'kind = "url"', 1)
    with pytest.raises(Exception, match='`kind` is "url", and has to be email or uri'):
        parse_approvals(damaged.encode(), "a.toml")


@pytest.mark.parametrize(
    ("first", "last", "level"),
    [
        (ADA, ADA, None),
        (ADA, EVE, "error"),
        (ADA, None, "error"),
        (workflow(), workflow(ref="refs/tags/v1.0.2"), None),
        (workflow(), workflow(path=".github/workflows/nightly.yml"), "warning"),
    ],
)
@pytest.mark.parametrize("from_nothing", [True, False])
def test_a_signature_that_was_taken_away_hides_nobody(
    first: Identity, last: Identity | None, level: str | None, from_nothing: bool, tmp_path: Path
) -> None:
    _, two, three = signed_and_approved(tmp_path, first, last, tmp_path / APPROVALS_FILE)
    strip(two)
    found = about(reviewed(tmp_path, "none" if from_nothing else two, three))
    assert found == ([(level, False)] if level else [])


def test_a_release_under_another_name_is_held_against_what_it_replaces(tmp_path: Path) -> None:
    _, two, _ = signed_and_approved(tmp_path, ADA, EVE, tmp_path / APPROVALS_FILE)
    strip(two)
    files = {
        path: text.replace("demo-plugin", "another")
        for path, text in plugin(version="1.0.2").items()
    }
    points = "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n"
    other = write_wheel(tmp_path, files, name="another", version="1.0.2", entry_points=points)
    assert about(reviewed(tmp_path, two, other)) == [("error", False)]
    assert about(reviewed(tmp_path, "none", other)) == []


def test_what_the_old_release_shows_is_said_once(tmp_path: Path) -> None:
    _, two, three = signed_and_approved(tmp_path, ADA, EVE, tmp_path / APPROVALS_FILE)
    report = reviewed(tmp_path, two, three)
    assert about(report) == []
    assert "signer-changed" in {each.name for each in report.findings}


def test_it_is_approved_as_everything_else_and_then_is_the_last(tmp_path: Path) -> None:
    path = tmp_path / APPROVALS_FILE
    one, two, three = signed_and_approved(tmp_path, ADA, EVE, path)
    strip(two)
    report = reviewed(tmp_path, two, three)
    next_day = APPROVED + timedelta(days=1)
    proposal = propose(report, Wish("Mara", "CHG"), next_day, ApprovalsPolicy())
    assert proposal is not None
    append(path, proposal.record)
    approved = reviewed(tmp_path, two, three, next_day)
    assert (approved.verdict.exit_code, about(approved)) == (0, [("error", True)])
    assert reviewed(tmp_path, three, two, next_day).verdict.exit_code == 0
    # Who signed before is somebody else by now.
    assert about(reviewed(tmp_path, "none", one, next_day)) == [("error", False)]


def test_an_approval_that_has_ended_says_all_the_same_who_signed(tmp_path: Path) -> None:
    _, two, three = signed_and_approved(tmp_path, ADA, EVE, tmp_path / APPROVALS_FILE)
    strip(two)
    later = APPROVED + timedelta(days=4000)
    assert about(reviewed(tmp_path, two, three, later)) == [("error", False)]
    before = APPROVED - timedelta(days=1)
    assert about(reviewed(tmp_path, two, three, before)) == []
