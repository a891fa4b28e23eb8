"""Every story in ``cases`` gives the report that stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import __version__
from stigmem_review.report import render
from stigmem_review.rulebook import shipped_rules
from support.stories import CASES, STORIES, page_of, read_story, report_of


@pytest.mark.parametrize("story", STORIES)
def test_a_story_gives_its_report(story: str, tmp_path: Path) -> None:
    case = read_story(story)
    report = report_of(story, tmp_path)
    assert (report.verdict.state, report.verdict.exit_code) == (case["verdict"], case["exit-code"])
    assert page_of(report) == (CASES / story / "review.md").read_text("utf-8")
    rules = shipped_rules()
    made = f"**by**: stigmem-review {__version__}, {len(rules.rules)} rules (`{rules.digest[:12]}`)"
    assert made in render(report, "markdown")
