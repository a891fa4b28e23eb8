"""A defect of the tool closes the gate and says so."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from stigmem_review import review
from stigmem_review.pipeline import reading, upgrade
from stigmem_review.report import render
from support.plugins import plugin, write_wheel


@pytest.mark.parametrize(
    ("module", "part"), [(reading, "read_release"), (upgrade, "build_case")], ids=str
)
def test_an_internal_error_is_an_incomplete_review(
    module: ModuleType, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))

    def broken(*_: object) -> None:
        raise RuntimeError("a defect\nof ours")

    assert review(wheel, wheel).verdict.exit_code == 0
    monkeypatch.setattr(module, part, broken)
    report = review(wheel, wheel)
    assert (report.verdict.state, report.verdict.exit_code) == ("incomplete", 3)
    printed = render(report, "markdown")
    assert "internal error: RuntimeError" in printed
    assert "please report it" in printed
