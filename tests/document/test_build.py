"""What going back installs is what was reviewed, and it is named only where that would work."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from stigmem_review.model import Release, Source
from stigmem_review.report import render
from stigmem_review.rulebook.examples import ShortRelease, release_of
from support.short import report_of

HASH = "a" * 64


def old(**source: Any) -> Release:
    kind = source.pop("kind", "wheel")
    return replace(release_of(ShortRelease()), source=Source(kind, sha256=HASH, **source))


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (
            {"asked": "dist/demo-1.0.0-py3-none-any.whl", "file": "demo-1.0.0-py3-none-any.whl"},
            f"demo-1.0.0-py3-none-any.whl --hash=sha256:{HASH}",
        ),
        (
            {"asked": "demo==1.0.0", "file": "demo-1.whl", "origin": "https://index.example/demo"},
            f"demo==1.0.0 --hash=sha256:{HASH}",
        ),
        (
            {"kind": "sdist", "asked": "demo.tar.gz", "file": "demo.tar.gz"},
            f"demo.tar.gz --hash=sha256:{HASH}",
        ),
        (
            {"kind": "directory", "asked": "a folder", "file": "a folder"},
            f"'a folder' (sha256 of its files {HASH})",
        ),
        ({"kind": "capture", "asked": "demo.json", "file": "demo.json"}, ""),
    ],
)
def test_going_back_installs_the_bytes_that_were_reviewed(
    source: dict[str, str], named: str
) -> None:
    report = report_of(old(**source), {"version": "1.0.1", "routes": ["r"]})
    assert report.go_back == named
    for form in ("text", "markdown"):
        assert ("to go back" in render(report, form, detail="all")) is bool(named)
        assert "pip install" not in render(report, form)


def test_nothing_goes_back_to_what_is_not_there_or_would_be_refused() -> None:
    assert report_of({"none": True}, {}).go_back == ""
    one: dict[str, Any] = {"item": "1 (sqlite)", "number": 1, "sql": "CREATE TABLE a (b)"}
    two = {"item": "2 (sqlite)", "number": 2, "sql": "CREATE TABLE c (d)"}
    asked = {"hooks": {"migration_register": "demo:migrate"}, "migrations": [one]}
    report = report_of(asked, {**asked, "migrations": [one, two], "version": "1.1.0"})
    assert "rollback-refused" in {each.name for each in report.findings}
    assert report.go_back == ""
    assert "to go back" not in render(report, "text", detail="all")
    kept = report_of(asked, {**asked, "routes": ["r"]})
    assert kept.go_back
