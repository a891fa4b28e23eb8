"""Single rows of the table of fields, where a row says more than what the diff does."""

from __future__ import annotations

import msgspec
import pytest

from stigmem_review import facts, host
from stigmem_review.compare import compare
from stigmem_review.model import Known, Manifest, Release
from stigmem_review.rulebook.examples import ShortRelease, release_of

OUTSIDE = [
    ("site-packages/a.pth", "site-packages", True),
    ("site-packages/sitecustomize.py", "site-packages", True),
    ("site-packages/usercustomize.py", "site-packages", True),
    ("site-packages/inner/a.pth.py", "site-packages", False),
    ("site-packages/other.py", "site-packages", False),
    ("scripts/sitecustomize.py", "scripts", False),
    ("headers/a.pth", "headers", False),
    ("data/usercustomize.py", "data", False),
    ("platlib/a", "other", False),
]


@pytest.mark.parametrize(("item", "place", "runs"), OUTSIDE)
def test_where_a_file_goes_and_whether_python_runs_it(item: str, place: str, runs: bool) -> None:
    with_it, without = (release_of(ShortRelease(outside=each)) for each in ({item: "1"}, {}))
    changed = release_of(ShortRelease(outside={item: "2"}))
    for old, new, kind in (
        (without, with_it, facts.OutsideFileAdded),
        (with_it, without, facts.OutsideFileRemoved),
        (with_it, changed, facts.OutsideFileChanged),
    ):
        [fact] = [each for each in compare(old, new, host.node()).facts if isinstance(each, kind)]
        assert (fact.place, fact.runs) == (place, runs)


def _requiring(wanted: str, default: bool) -> Release:
    release = release_of(ShortRelease())
    assert isinstance(release.manifest, Manifest)
    field = Known(wanted, default=default)
    return msgspec.structs.replace(
        release, manifest=msgspec.structs.replace(release.manifest, requires_stigmem=field)
    )


@pytest.mark.parametrize(
    ("was", "now", "is_said"), [(True, True, False), (True, False, True), (False, True, True)]
)
def test_a_range_that_two_nodes_fill_in_for_themselves_is_no_change(
    was: bool, now: bool, is_said: bool
) -> None:
    old, new = _requiring(">=0.9.0a10", was), _requiring(">=0.9.0a12", now)
    found = compare(old, new, host.node("0.9.0a12"), old_node=host.node("0.9.0a10")).facts
    changed = any(isinstance(each, facts.RequiresStigmemChanged) for each in found)
    assert changed is is_said
