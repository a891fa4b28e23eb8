"""Files of two releases of one version: held against each other by what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import review
from support.plugins import plugin, write_wheel

SAID = "X = '" + "x" * 100_000 + "'\n"


def release(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir()
    return str(write_wheel(folder, plugin() | files))


def closes(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> bool:
    """Say whether the gate closes for the code that two releases of one version have."""
    report = review(release(tmp_path / "old", old), release(tmp_path / "new", new), environment={})
    return any(each.rule == "SPR616" and each.level == "warning" for each in report.findings)


@pytest.mark.parametrize(("number", "closed"), [(1, False), (2, False), (3, True)])
def test_layout_is_no_other_code_within_the_limit(
    tmp_path: Path, number: int, closed: bool
) -> None:
    old = {f"demo_plugin/z{n}.py": SAID for n in range(number)}
    new = {place: f"# by hand\n{text}" for place, text in old.items()}
    assert closes(tmp_path, old, new) == closed


def test_files_that_are_the_same_take_nothing_of_the_limit(tmp_path: Path) -> None:
    old = {f"demo_plugin/z{n}.py": SAID for n in range(9)}
    assert not closes(tmp_path, old, old | {"demo_plugin/z8.py": f"# by hand\n{SAID}"})
    (tmp_path / "other").mkdir()
    assert closes(tmp_path / "other", old, old | {"demo_plugin/z8.py": f"{SAID}Y = 1\n"})
