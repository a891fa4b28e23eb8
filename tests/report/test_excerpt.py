"""What people see of the lines that a finding is about: few, the telling ones, and numbered."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stigmem_review.model import Excerpt, Hunk, Location, Side
from stigmem_review.report.blocks import Found, Page
from stigmem_review.report.budget import EXCERPT, within
from stigmem_review.report.excerpt import shortened
from stigmem_review.report.findings import finding_blocks
from stigmem_review.report.markdown import write_markdown
from stigmem_review.report.text import write_text
from stigmem_review.rulebook import Finding


def finding(
    *hunks: Hunk, line: int = 1, side: Side = "new", more: int = 0, rule: str = "SPR000"
) -> Finding:
    at = Location("m.py", line)
    excerpt = Excerpt("m.py", hunks, more)
    return Finding(rule, "name", "warning", "", (), "", "", True, "", at, side, evidence=excerpt)


def hunk(number: int, lines: Iterable[str]) -> Hunk:
    return Hunk(number, number, tuple(lines))


def page(*findings: Finding) -> Page:
    return Page((), body=tuple(finding_blocks(findings)))


def text(*findings: Finding) -> list[str]:
    """Return the lines of code of findings, without what is said of each."""
    lines = write_text(page(*findings), detail="all").splitlines()
    [start] = [index for index, line in enumerate(lines) if "-->" in line]
    return [f"    {line}" for line in lines[start + 1 :]]


def test_lines_have_the_number_of_the_release_they_are_in() -> None:
    found = finding(hunk(9, [" a", "-b", "-c", "+d", " e"]), line=9)
    assert text(found) == [
        "       9   a",
        "      10 - b",
        "      11 - c",
        "      10 + d",
        "      11   e",
    ]


def test_no_more_than_twelve_lines_are_shown_and_the_rest_is_counted() -> None:
    lines = [" def f():", *(f"+    x{number}" for number in range(30)), " ", "-y"]
    found = finding(Hunk(1, 1, tuple(lines)), more=4)
    shown = text(found)
    assert len(shown) == EXCERPT + 1
    assert shown[-1] == "      and 25 more lines"
    part = write_markdown(page(found), detail="usual")
    block = part[part.index("```diff") : part.rindex("```")]
    assert len(block.rstrip().splitlines()[1:]) == EXCERPT
    assert "and 25 more lines" in part


def test_what_changed_is_shown_before_what_stands_around_it() -> None:
    lines = [" def f():", *(f"     x{number}" for number in range(30)), "-    y", "+    z"]
    shown = text(finding(hunk(1, lines)))
    assert shown[0].endswith("def f():")
    assert shown[1].strip() == "..."
    assert [line.split()[1] for line in shown[-3:-1]] == ["-", "+"]


def test_what_runs_is_shown_before_docstrings_and_comments() -> None:
    prose = ['+    """Say much.', *["+    word word"] * 20, '+    """', "+    # more", "+"]
    lines = ["+def f():", *prose, "+    evil()", "+    return 1"]
    shown = "\n".join(text(finding(hunk(1, lines))))
    assert "evil()" in shown
    assert "return 1" in shown
    # What only looks like prose is none.
    tricky = ["+def f():", *["+    word()"] * 20, '+    """a""" + evil()', '+    """b"""; evil()']
    assert "word()" in "\n".join(text(finding(hunk(1, tricky))))


def test_pieces_are_set_apart_within_the_twelve_lines() -> None:
    pieces = [hunk(number * 10, ["+x"]) for number in range(1, 20)]
    found = shortened(finding(*pieces, line=10))
    assert found is not None
    assert len(found.lines) + len(found.pieces) - 1 <= EXCERPT
    assert found.more == 19 - len(found.lines)


def test_empty_lines_at_the_ends_are_left_out() -> None:
    assert text(finding(hunk(1, [" ", "+", "+x", " ", " "]), line=3)) == ["      3 + x"]
    # Unless there is nothing else to show.
    assert text(finding(hunk(1, ["-", "-"]))) == ["      1 -", "      2 -"]


def test_the_same_lines_are_shown_once() -> None:
    first = finding(hunk(1, [" a", "+b", "+c"]), line=2)
    part = finding(hunk(2, ["+b"]), line=2, rule="SPR001")
    other = finding(hunk(2, ["-b"]), line=2, side="old", rule="SPR002")
    blocks = [each for each in finding_blocks((first, part, other)) if isinstance(each, Found)]
    shown = [each.code is not None for block in blocks for each in block.members]
    assert shown == [True, False, True]


@pytest.mark.parametrize("size", range(200, 1200, 50))
def test_a_cut_summary_ends_outside_of_lists_and_blocks(size: int) -> None:
    found = [
        finding(hunk(1, [f"+```{n}{rule}" for n in range(9)]), rule=rule) for rule in "abcdefghi"
    ]
    cut = within(f"# Verdict\n\n{write_markdown(page(*found), detail='usual')}", size)
    assert len(cut.encode()) <= size
    assert cut.count("````diff") * 2 == cut.count("````")
    assert cut.count("<details") == cut.count("</details>")
    assert "The rest was cut" in cut
