"""The hook for authors runs for all files that decide what ``check`` says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOOKS = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
[FILES] = re.findall(r"^  files: (.*)$", HOOKS, re.MULTILINE)


@pytest.mark.parametrize("folder", ["", "plugins/ledger/"])
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("pyproject.toml", True),
        ("setup.py", True),
        ("setup.cfg", True),
        ("hatch.toml", True),
        ("MANIFEST.in", True),
        ("stigmem-review.toml", True),
        ("acme_ledger/plugin.py", True),
        ("README.md", False),
        ("mypyproject.toml", False),
        ("plugin.pyc", False),
    ],
)
def test_the_hook_runs_for_what_check_reads(folder: str, name: str, counts: bool) -> None:
    assert bool(re.search(FILES, folder + name)) is counts
