"""What decides at a glance: where it starts, the way back, and how much there is to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.document.parts import Foretold, Size
from stigmem_review.document.starting import starts_says
from stigmem_review.forecast.model import NodeSettings, Outcome
from stigmem_review.text import flat
from support.plugins import plugin, write_project, write_wheel

OFF = NodeSettings("off")
REGISTERS = Outcome("registers")
REFUSED = Outcome("refused", exception="ManifestError")
SOMETIMES = Outcome("refused", exception="ManifestError", conditions=("`X` is set",))


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((REGISTERS,), "starts on node 1"),
        ((REFUSED,), "does not start on node 1"),
        ((Outcome("ignored"),), "is ignored by node 1"),
        ((SOMETIMES, REGISTERS), "may start on node 1"),
        ((Outcome("untold", why="x"),), "may start on node 1"),
    ],
)
def test_what_becomes_of_it_on_a_node_is_said_in_one_line(
    outcomes: tuple[Outcome, ...], said: str
) -> None:
    assert flat(starts_says([Foretold("1", outcomes)], OFF)) == said


def test_where_it_starts_stands_first_and_what_that_assumes_last() -> None:
    found = [Foretold("1 to 3", (REFUSED,)), Foretold("4", (REGISTERS,)), Foretold("5", (REFUSED,))]
    assert flat(starts_says(found, NodeSettings("unsaid"))) == (
        "starts on node 4, not on 1 to 3, 5 (with signing off)"
    )
    assert starts_says([], NodeSettings("unsaid")) == ()


def test_nodes_in_a_row_that_refuse_it_for_several_reasons_are_one_range() -> None:
    other = Outcome("refused", exception="ImportError")
    found = [Foretold("1 to 3", (REFUSED,)), Foretold("4", (other,)), Foretold("6", (REGISTERS,))]
    assert flat(starts_says(found, OFF)) == "starts on node 6, not on 1 to 4"


def test_lines_that_only_one_release_has_are_counted(tmp_path: Path) -> None:
    new = plugin(version="1.1.0", handlers="def audit(ctx, **_):\n    x = 1\n    return x\n")
    old = plugin(handlers="def audit(ctx, **_):\n    return None\n")
    data = {"demo_plugin/data.bin": b"\0\1"}
    report = review(
        str(write_wheel(tmp_path / "old", old)),
        str(write_wheel(tmp_path / "new", {**new, **data}, version="1.1.0")),
    )
    # The version stands in the manifest.
    assert report.size == Size(files=3, added=3, removed=2, uncounted=1)


def test_nothing_is_counted_of_a_release_and_itself_and_everything_of_a_first_one(
    tmp_path: Path,
) -> None:
    wheel = str(write_wheel(tmp_path / "old", plugin()))
    assert review(wheel, wheel).size == Size()
    first = review("none", wheel).size
    assert first is not None
    assert first.removed == 0
    assert first.lines == first.added > 0
    project = write_project(tmp_path / "project", plugin())
    same = review(wheel, str(project)).size
    assert same is not None
    assert same.lines == 0


def test_the_way_back_is_one_line(tmp_path: Path) -> None:
    old, new = (
        str(write_wheel(tmp_path / each, plugin(version=each), version=each))
        for each in ("1.0.0", "1.1.0")
    )
    assert flat(review(old, new).back) == "1.0.0 loads again on the same database"
    assert flat(review("none", new).back) == "uninstall it"
