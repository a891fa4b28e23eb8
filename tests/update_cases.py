"""Rewrite the expected reports of the stories: ``python tests/update_cases.py``, then read them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stigmem_review.report import render
from support.stories import CASES, STORIES, report_of
from update_rules import update

update()  # what the rules say, which may have changed as well

for story in STORIES:
    with tempfile.TemporaryDirectory() as work:
        report = report_of(story, Path(work))
    (CASES / story / "review.md").write_text(render(report, "markdown"), "utf-8")
    print(f"{story}: {report.verdict.state}")
