"""A defect of the tool closes the gate and says so."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from stigmem_review import host, review
from stigmem_review.observe.observe import Seen
from stigmem_review.pipeline import reading, upgrade
from stigmem_review.pipeline.reading import Reader
from stigmem_review.report import render
from stigmem_review.sources.request import open_source, understand
from support.plugins import plugin, write_wheel

NODE = host.node()


@pytest.mark.parametrize(
    ("module", "part"), [(reading, "read_release"), (upgrade, "build_case")], ids=str
)
def test_an_internal_error_is_an_incomplete_review(
    module: ModuleType, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect\nof ours")

    assert review(wheel, wheel).verdict.exit_code == 0
    monkeypatch.setattr(module, part, broken)
    report = review(wheel, wheel)
    assert (report.verdict.state, report.verdict.exit_code) == ("incomplete", 3)
    printed = render(report, "markdown")
    assert "internal error: RuntimeError" in printed
    assert "please report it" in printed


def test_one_file_twice_is_read_once_and_shown_from_where_it_is(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / wheel.name
    again.write_bytes(wheel.read_bytes())
    reader = Reader(Seen())
    one, two = (reader.read(open_source(understand(str(each))), NODE) for each in (wheel, again))
    assert one.written is two.written
    assert (one.release.source.asked, two.release.source.asked) == (str(wheel), str(again))
    other = write_wheel(tmp_path, plugin(version="1.0.1"))
    assert reader.read(open_source(understand(str(other))), NODE).release != one.release
    older = reader.read(open_source(understand(str(wheel))), host.node("0.9.0a10"))
    assert older.written is not one.written
