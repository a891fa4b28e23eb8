"""Every story in ``cases`` gives the report that stands beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.report import render

CASES = Path(__file__).parent / "cases"
STORIES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("story", STORIES)
def test_a_story_gives_its_report(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / story)
    case = tomllib.loads(Path("case.toml").read_text("utf-8"))
    report = review(case["old"], case["new"], node_version="0.9.0a12")
    assert (report.verdict.state, report.verdict.exit_code) == (case["verdict"], case["exit-code"])
    assert render(report, "markdown") == Path("review.md").read_text("utf-8")
