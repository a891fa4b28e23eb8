"""A page says first what it is about and what weighs most, however much there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from stigmem_review import check
from stigmem_review.document.bump import BumpReport
from stigmem_review.report import render
from stigmem_review.report.budget import FINDINGS
from support.broken import BROKEN
from support.listed import KINDS

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


def test_what_weighs_most_is_named_first_wherever_it_was_given() -> None:
    report = check(GOOD, GOOD, GOOD, GOOD, BAD)
    said = render(report, "oneline")
    assert "group-capitals): 1 error; " in said


def test_a_plugin_that_closes_the_gate_is_not_cut_off_behind_others(tmp_path: Path) -> None:
    report = KINDS["bumped"](tmp_path)
    assert isinstance(report, BumpReport)
    closed = next(each for each in report.bumps if each.state != "clear")
    others = (replace(closed, plugin="acme-clear", state="clear"),) * FINDINGS
    many = replace(report, bumps=(*others, replace(closed, plugin="zeta")))
    listed = render(many, "text", detail="brief")
    assert listed.index("zeta") < listed.index("acme-clear")
    assert "and 1 more plugin" in listed
