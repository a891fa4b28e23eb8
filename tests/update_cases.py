"""Rewrite the expected reports of the stories: ``python tests/update_cases.py``, then read them."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from stigmem_review import review
from stigmem_review.report import render

for story in sorted(Path(__file__).parent.joinpath("cases").iterdir()):
    os.chdir(story)
    case = tomllib.loads(Path("case.toml").read_text("utf-8"))
    report = review(case["old"], case["new"], node_version="0.9.0a12")
    Path("review.md").write_text(render(report, "markdown"), "utf-8")
    print(f"{story.name}: {report.verdict.state}")
