"""A check says in its title what it was about, however many sources it was given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stigmem_review import check
from stigmem_review.report import render
from support.broken import BROKEN

GOOD, BAD = str(BROKEN / "good-plain"), str(BROKEN / "group-capitals")


@pytest.mark.parametrize("sources", [(GOOD,), (BAD,), (GOOD, GOOD), (GOOD, BAD), (BAD, BAD), ()])
def test_there_is_one_title_and_it_stands_first(sources: tuple[str, ...], tmp_path: Path) -> None:
    # What is no plugin, nor meant to be one, has no line of its own above.
    other = tmp_path / "pyproject.toml"
    other.write_text('[project]\nname = "tools"\nversion = "1"\n')
    report = check(*sources, str(tmp_path))
    markdown = render(report, "markdown")
    titles = re.findall("^# .*", markdown, re.MULTILINE)
    assert len(titles) == 1
    assert markdown.startswith(titles[0])
    html = render(report, "html")
    assert html.count("<h1") == 1
    if len(sources) > 1:
        assert f"Check of {len(sources)} sources" in titles[0]
        assert f"Check of {len(sources)} sources" in html
    if BAD in sources:
        assert "Blocked (exit 1)" in markdown
        assert "BLOCKED (exit 1)" in html
