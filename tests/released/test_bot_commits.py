"""What bots changed in the requirements of real repositories, none of which is about a plugin.

``bot_commits.jsonl`` has one commit a line: where it is from, and for each file the names and
versions that it took away and those that it wrote.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review import bump
from support.history import Files, history

pytestmark = pytest.mark.network

COMMITS = [
    json.loads(line)
    for line in Path(__file__).with_name("bot_commits.jsonl").read_text("utf-8").splitlines()
]
MOST = 0.03
"""The share of commits that may close the gate, where nobody asked for a plugin."""


def _side(files: Mapping[str, tuple[list[str], list[str]]], side: int) -> Files:
    return {path: "".join(f"{pin}\n" for pin in pins[side]) for path, pins in files.items()}


def test_bots_that_bump_libraries_are_let_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "repository"
    pairs = history(
        folder, [(_side(each["files"], 0), _side(each["files"], 1)) for each in COMMITS]
    )
    closed: list[str] = []
    began = time.monotonic()
    for commit, (base, head) in zip(COMMITS, pairs, strict=True):
        report = bump(base, head, repository=str(folder))
        if report.verdict.exit_code:
            why = [gap.why for gap in report.gaps] + [each.name for each in report.findings]
            closed.append(f"{commit['repository']}@{commit['commit']}: {'; '.join(why)}")
    with capsys.disabled():
        took = time.monotonic() - began
        print(f"\n{len(closed)} of {len(COMMITS)} bot commits close the gate ({took:.0f} s)")
        print("".join(f"  {line}\n" for line in closed), end="")
    assert len(COMMITS) >= 30
    assert len(closed) <= MOST * len(COMMITS)
