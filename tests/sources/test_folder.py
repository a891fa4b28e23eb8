"""A folder of artifacts gives a project the files that are named after it, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review.sources.folder import Folder

FILES = (
    "Acme.Ledger-1.0-py3-none-any.whl",
    "acme_ledger-2.0.tar.gz",
    "acme-1.0.tar.gz",
    "acme_ledgers-1.0.tar.gz",
    "acmeledger-1.0.tar.gz",
    "acme_ledger",
    "zeta-1.0.tar.gz",
)


@pytest.mark.parametrize(
    ("project", "named"),
    [
        # What comes after the name is for whoever reads the name of the file to say.
        ("acme", {0, 1, 2, 3, 5}),
        ("acme-ledger", {0, 1}),
        ("zeta", {6}),
        ("a", set()),
        ("zz", set()),
    ],
)
def test_files_are_found_by_the_name_they_start_with(
    project: str, named: set[int], tmp_path: Path
) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    (tmp_path / "acme-ledger-3.0").mkdir()
    found = [path.name for path in Folder(tmp_path).named(project)]
    assert found == sorted(FILES[number] for number in named)


def test_what_comes_later_is_not_looked_for(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.named("acme") == []
    (tmp_path / "acme-1.0.tar.gz").touch()
    assert folder.named("acme") == []
