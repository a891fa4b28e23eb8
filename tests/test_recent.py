"""What reviews of one process keep for the next: it saves work, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stigmem_review import limits, review
from stigmem_review.forecast import definitions, ledger
from stigmem_review.host import Node
from stigmem_review.observe.observe import Seen
from stigmem_review.pipeline import reading
from stigmem_review.recent import Recent
from stigmem_review.sources.artifact import Artifact
from support.migrating import AGAIN, T, U, files, one
from support.plugins import plugin, write_wheel

KEPT_BYTES, KEPT_SQL = limits.REMEMBERED_BYTES, limits.REMEMBERED_SQL
STEPS = [("1.0.0", [one(T)]), ("1.1.0", [one(T), one(U, 2)]), ("1.2.0", [one(T), one(AGAIN, 2)])]
"""Releases of one plugin: the last one's start is refused where the one before it ran."""


def test_what_was_asked_for_last_is_kept() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.keep("one", 1)
    recent.keep("two", 2)
    assert recent.get("one") == 1
    recent.keep("three", 3)

    assert [recent.get(each) for each in ("one", "two", "three")] == [1, None, 3]
    recent.forget()
    assert recent.get("one") is None


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what other tests do without, and nothing for them."""
    monkeypatch.setattr(limits, "REMEMBERED_BYTES", KEPT_BYTES)
    monkeypatch.setattr(limits, "REMEMBERED_SQL", KEPT_SQL)
    yield
    reading.KEPT.forget()
    ledger.OUTCOMES.forget()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read from here on, whatever is kept of them."""
    found: list[str] = []
    real = reading.read_artifact

    def noted(
        artifact: Artifact, node: Node, seen: Seen | None = None, *, to_start: bool = False
    ) -> reading.ReadRelease:
        found.append(artifact.source.file)
        return real(artifact, node, seen, to_start=to_start)

    monkeypatch.setattr(reading, "read_artifact", noted)
    return found


def steps(folder: Path) -> list[str]:
    made = []
    for version, migrations in STEPS:
        source = files(version, migrations)
        made.append(str(write_wheel(folder, source, version=version)))
    return made


def test_a_release_that_is_reviewed_again_is_read_once(tmp_path: Path, read: list[str]) -> None:
    first, second, third = steps(tmp_path)
    pairs = [(first, second), (second, third), (third, first)]
    fresh = []
    for pair in pairs:
        reading.KEPT.forget()
        ledger.OUTCOMES.forget()
        fresh.append(review(*pair, node_version="0.9.0a12"))
    read.clear()

    assert [review(*pair, node_version="0.9.0a12") for pair in pairs] == fresh
    assert [review(*pair, node_version="0.9.0a12") for pair in pairs] == fresh
    assert read == [Path(second).name]
    assert fresh[0] != fresh[1]


def test_what_is_kept_is_small(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = str(write_wheel(tmp_path, plugin()))
    monkeypatch.setattr(limits, "REMEMBERED_BYTES", 10)

    for _ in range(2):
        review(release, release)

    assert len(read) == 2


def test_another_file_of_the_same_name_is_another_release(tmp_path: Path) -> None:
    release = str(write_wheel(tmp_path, plugin()))
    before = review(release, release)
    write_wheel(tmp_path, plugin(capabilities=("facts.read", "facts.write")))

    assert before != review(release, release)


def test_sqlite_is_asked_once_for_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = steps(tmp_path)
    asked: list[str] = []
    real = definitions.Definitions.run

    def noted(self: definitions.Definitions, script: str) -> definitions.Outcome:
        asked.append(script)
        return real(self, script)

    monkeypatch.setattr(definitions.Definitions, "run", noted)
    found = review(first, second)
    assert len(asked) <= 4
    asked.clear()

    assert review(first, second) == found
    assert asked == []
