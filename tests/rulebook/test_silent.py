"""Rules that are about a fact and do not apply to it are told, each with where it would."""

from __future__ import annotations

from pathlib import Path

from stigmem_review.pipeline.upgrade import review
from support.plugins import plugin, write_wheel


def test_a_rule_that_found_something_is_not_among_those_that_do_not_apply(tmp_path: Path) -> None:
    old = str(write_wheel(tmp_path, plugin()))
    files = plugin(version="2.0.0", hooks={"pre_recall_authorize": "gate"})
    new = str(write_wheel(tmp_path, files, version="2.0.0"))
    report = review(old, new, explain=True)
    silent = [each.what for each in report.silent]
    assert silent == sorted(silent)
    assert silent
    assert "SPR201 hook-added" not in silent
    assert "hook-added" in {each.name for each in report.findings}
    assert all(each.says[-1].text for each in report.silent)
    assert review(old, new).silent == ()
