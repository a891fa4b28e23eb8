"""A node that is newer than those that are known is judged as the newest, and that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.errors import UsageError
from stigmem_review.report import render
from support.foreseen import forecast
from support.plugins import plugin, write_wheel

NEWEST = host.versions()[-1]
NEWER = f"{NEWEST}.post1"


def test_it_is_judged_as_the_newest_and_by_its_own_version(tmp_path: Path) -> None:
    newer = host.node(NEWER)
    assert (newer.version, newer.judged_as) == (NEWER, NEWEST)
    assert newer.requires_default == f">={NEWER}"
    files = plugin()
    files["demo_plugin/manifest.py"] = files["demo_plugin/manifest.py"].replace(
        ">=0.9.0a10", f">{NEWEST}"
    )
    wheel = write_wheel(tmp_path, files)
    assert forecast(wheel).usual.refusal == "REQ-UNMET"
    assert forecast(wheel, version=f"{int(NEWEST[0]) + 1}.0").usual.kind == "registers"


def test_what_a_newer_node_may_have_is_not_told(tmp_path: Path) -> None:
    lacking = write_wheel(tmp_path, plugin(__init__="import stigmem_node.later\n" + INIT))
    assert forecast(lacking).usual.refusal == "DISC-LOAD"
    end = forecast(lacking, version=NEWER).usual
    assert end.kind == "untold"
    assert end.why == (
        f"whether node {NEWER} has stigmem_node.later is not known; {NEWEST} has not"
    )
    assert "error" not in {
        each.level for each in check(str(lacking), node_version=NEWER).checked[0].mistakes
    }


INIT = "from .manifest import plugin_manifest\n"


def test_the_first_lines_say_what_it_is_judged_as(tmp_path: Path) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    said = f"node {NEWER} (judged as {NEWEST}, the newest that is known here)"
    text = render(review(wheel, wheel, node_version=NEWER), "text", width=200, colour=False)
    assert said in text.splitlines()[0]
    assert review(wheel, wheel).judged_as == ""


@pytest.mark.parametrize("version", ["0.9.0a1", "0.1", "newest"])
def test_a_node_that_nobody_has_described_is_refused(tmp_path: Path, version: str) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    with pytest.raises(UsageError, match="not known here"):
        review(wheel, wheel, node_version=version)
