"""Annotations and job summaries stay within what GitHub takes, and say what they left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stigmem_review import check, review
from stigmem_review.report import render
from stigmem_review.report.budget import within
from support.plugins import plugin, write_project, write_wheel


def test_ten_annotations_are_all_there_are_and_the_last_counts_the_rest(tmp_path: Path) -> None:
    many = tuple(f"made.up{number}" for number in range(40))
    old = write_wheel(tmp_path / "old", plugin())
    new = plugin(version="1.1.0", capabilities=("facts.read", *many))
    report = review(str(old), str(write_wheel(tmp_path / "new", new, version="1.1.0")))
    first, *rest = render(report, "github").splitlines()
    assert len(rest) == 9
    assert first.startswith("::error title=stigmem-review%3A blocked::")
    *heaviest, last = rest
    assert all(line.startswith("::error title=demo-plugin%3A SPR") for line in heaviest)
    assert last.startswith("::notice ")
    assert f"::{len(report.findings) - 8} more findings in the job summary." in last


def test_an_open_gate_is_a_notice(tmp_path: Path) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    assert render(review(wheel, wheel), "github").startswith("::notice ")


def test_properties_and_texts_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "a,b:c%d"
    files = plugin(capabilities=("100%,::x",))
    write_project(folder, files)
    printed = render(check(str(folder)), "github")
    [line] = [line for line in printed.splitlines() if "capability-unknown" in line]
    found = re.match(r"::error file=([^,:]*),line=[0-9]+,title=[^,:]*::(.*)", line)
    assert found
    assert found[1].endswith("a%2Cb%3Ac%25d/src/demo_plugin/manifest.py")
    assert "100%25," in found[2]


@pytest.mark.parametrize(
    "block", ["word " * 30, "<details><summary>x</summary>\n\nword\n\n</details>"]
)
def test_markdown_is_cut_between_paragraphs_and_says_so(block: str) -> None:
    markdown = "\n\n".join(["# Verdict", *[block] * 500]) + "\n"
    cut = within(markdown, 4000)
    assert len(cut.encode()) <= 4000
    assert cut.startswith("# Verdict\n\n")
    assert re.search(r"\*\*The rest was cut \([0-9]+ bytes\)", cut)
    assert cut.count("<details>") == cut.count("</details>")


def test_a_cut_never_ends_within_a_block_of_code() -> None:
    markdown = "# Verdict\n\n```\n" + "line\n\n" * 1000 + "```\n"
    assert within(markdown, 1000).count("```") == 0


def test_what_fits_is_not_touched() -> None:
    assert within("# a\n", 100) == "# a\n"
