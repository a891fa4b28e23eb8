"""Rewrite the expected reports of the stories: ``python tests/update_cases.py``, then read them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from support.stories import CASES, STORIES, page_of, report_of
from update_rules import update

update()  # what the rules say, which may have changed as well

for story in STORIES:
    with tempfile.TemporaryDirectory() as work:
        report = report_of(story, Path(work))
    (CASES / story / "review.md").write_text(page_of(report), "utf-8")
    print(f"{story}: {report.verdict.state}")
