"""What is said of the node's ledger of migrations, held against what the real node answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stigmem_review import host
from stigmem_review.forecast.ledger import Answer, Database, Declared, start
from stigmem_review.forecast.rollback import play
from stigmem_review.model import Release
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.migrating import (
    DIGITS,
    PAIRS,
    UNDECIDED,
    WAYS,
    Releases,
    ask_node,
    files,
    recorded,
)
from support.plugins import write_wheel

ANSWERS = recorded()


def read_all(releases: Releases, folder: Path) -> list[Release]:
    found = []
    for index, (version, made) in enumerate(releases):
        wheel = write_wheel(folder, files(version, made), version=f"{index}")
        found.append(read(understand(str(wheel)), host.node()))
    return found


def said(answer: Answer) -> dict[str, Any]:
    return {
        "state": answer.state,
        "error": answer.error,
        "message": answer.message.encode("ascii", "backslashreplace").decode(),
        "rows": [
            [row.plugin, row.version, row.number, row.backend, row.checksum[:DIGITS]]
            for row in answer.database.rows
        ],
    }


@pytest.mark.parametrize("name", PAIRS)
def test_the_ledger_answers_as_the_real_one(name: str) -> None:
    """Outcome, exception, message and the ledger afterwards; nothing is left open."""
    releases = PAIRS[name]
    for way, real in zip(WAYS, ANSWERS[name], strict=True):
        database = Database()
        answers = []
        for version, made in (releases[index] for index in way):
            given = [
                Declared(
                    each["plugin_name"],
                    each["migration_id"],
                    each["sql"],
                    each.get("plugin_version", "0.0.0"),
                    each.get("backend", "sqlite"),
                )
                for each in made
            ]
            answers.append(start(database, given, {"demo-plugin": version}))
            database = answers[-1].database
        assert [said(each) for each in answers] == real


@pytest.mark.parametrize("name", PAIRS)
def test_each_start_is_foreseen(name: str, tmp_path: Path) -> None:
    """The same, from the wheels alone."""
    releases = read_all(PAIRS[name], tmp_path)
    for way, real in zip(WAYS, ANSWERS[name], strict=True):
        foreseen = play([releases[index] for index in way])
        assert [said(each) for each in foreseen] == real


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_hangs_on_the_database_is_left_open(name: str, tmp_path: Path) -> None:
    foreseen = play(read_all(UNDECIDED[name], tmp_path))
    assert [each.state for each in foreseen] == ["starts", "cannot be told"]
    assert foreseen[1].why


@pytest.mark.network
def test_the_node_answers_as_recorded(node_python: Path, tmp_path: Path) -> None:
    assert ask_node(node_python, tmp_path) == ANSWERS
