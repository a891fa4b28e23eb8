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


def said(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> str:
    report = review(release(tmp_path / "old", old), release(tmp_path / "new", new), environment={})
    [found] = [each for each in report.findings if each.rule == "SPR616"]
    return "".join(part.text for part in found.message)


def test_of_files_past_the_limit_no_more_is_said_than_their_bytes_tell(tmp_path: Path) -> None:
    old = {f"demo_plugin/z{n}.py": SAID for n in range(3)}
    laid_out = {place: f"# by hand\n{text}" for place, text in old.items()}
    (tmp_path / "bytes").mkdir()
    found = said(tmp_path / "bytes", old, laid_out)
    assert "too large to tell whether in more than layout and comments: demo_plugin/z2.py" in found
    assert "the code is not what it was" not in found
    (tmp_path / "code").mkdir()
    found = said(tmp_path / "code", old, laid_out | {"demo_plugin/z0.py": f"{SAID}Y = 1\n"})
    assert "the code is not what it was" in found
    assert found.endswith("Of demo_plugin/z2.py only the bytes were compared.")


def test_a_file_that_is_added_is_other_code(tmp_path: Path) -> None:
    found = said(tmp_path, {}, {"demo_plugin/z.py": SAID})
    assert "the code is not what it was. These files differ: demo_plugin/z.py." in found
