"""Findings stand in the order in which somebody decides about them; nothing needed is folded."""

from __future__ import annotations

from pathlib import Path

from stigmem_review import review
from stigmem_review.document.parts import Report
from stigmem_review.facts import Gain
from stigmem_review.model import Level
from stigmem_review.report import render
from stigmem_review.report.blocks import Fold, Found
from stigmem_review.report.findings import finding_blocks, ordered
from stigmem_review.report.review import review_page
from stigmem_review.rulebook import Finding
from support.plugins import plugin, write_wheel

RUNS = Gain("hook", "can deny a recall", ("pre_recall_authorize",))
ASKS = Gain("capability", "may read facts", ("facts.read",))


def finding(
    rule: str,
    level: Level,
    *,
    gain: Gain | None = None,
    final: bool = False,
    own: Level | None = None,
) -> Finding:
    return Finding(
        rule, rule, level, "", (), "why", "do", not final, "", gain=gain, rule_level=own or ""
    )


def test_what_cannot_be_approved_is_first_and_then_what_runs() -> None:
    found = (
        finding("note", "note"),
        finding("asks", "error", gain=ASKS),
        finding("runs", "warning", gain=RUNS),
        finding("final", "warning", final=True),
        finding("other", "warning"),
    )
    assert [each.rule for each in ordered(found)] == ["final", "runs", "asks", "other", "note"]


def test_notes_are_folded_unless_the_policy_made_them_some() -> None:
    *shown, fold = finding_blocks((finding("plain", "note"), finding("made", "note", own="error")))
    assert [each.rule for each in shown if isinstance(each, Found)] == ["made"]
    assert isinstance(fold, Fold)
    assert fold.title == "1 note: plain"


def test_why_and_what_to_do_are_said_once_a_rule() -> None:
    one, two = finding_blocks(
        (finding("same", "error", final=True), finding("same", "warning", final=True))
    )
    assert isinstance(one, Found)
    assert isinstance(two, Found)
    assert (one.why, two.why) == ("why", "")


def upgrade(folder: Path, old: dict[str, str], new: dict[str, str]) -> Report:
    return review(
        *(
            str(
                write_wheel(folder / version, {**plugin(version=version), **files}, version=version)
            )
            for version, files in (("1.0.0", old), ("1.0.1", new))
        )
    )


def test_a_calm_upgrade_says_that_it_does_not_start_though_it_did_not_before(
    tmp_path: Path,
) -> None:
    broken = {"demo_plugin/__init__.py": "import nothing_at_all\n"}
    report = upgrade(tmp_path, broken, broken)
    assert review_page(report).is_calm
    assert "does not start on node" in " ".join(render(report, "text").split())
    fine = upgrade(tmp_path / "fine", {}, {})
    assert review_page(fine).is_calm
    assert len(render(fine, "text").splitlines()) == 3
