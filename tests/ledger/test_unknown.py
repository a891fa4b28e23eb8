"""What is not known of migrations leaves open what it decides, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stigmem_review.forecast.ledger import EMPTY, Database, Declared, Row, checksum, start
from stigmem_review.forecast.rollback import play
from stigmem_review.model import Migration
from stigmem_review.rulebook.examples import ShortOutcome, ShortRelease, release_of
from support.migrating import T, U

NAME = "demo-plugin"
APPLIED = Database((Row(NAME, 1, "1.0.0", checksum(T)),))


def one(number: int | None = 1, sql: str | None = T, **more: Any) -> Declared:
    return Declared(more.pop("plugin", NAME), number, sql, **more)


CASES: dict[str, tuple[Database, list[Declared], str | None, str, str]] = {
    "SQL that was applied": (APPLIED, [one(sql=None)], "1.0.0", "cannot be told", ""),
    "SQL that was not": (EMPTY, [one(sql=None)], "1.0.0", "cannot be told", ""),
    "SQL of one that is declared twice": (
        APPLIED,
        [one(), one(sql=None)],
        "1.0.0",
        "cannot be told",
        "",
    ),
    "a number": (EMPTY, [one(None)], "1.0.0", "cannot be told", ""),
    "whose it is": (EMPTY, [one(plugin="")], "1.0.0", "cannot be told", ""),
    "a backend": (EMPTY, [one(backend="")], "1.0.0", "cannot be told", ""),
    "another backend, whatever else": (
        EMPTY,
        [one(None, backend="postgres", plugin="")],
        "1.0.0",
        "starts",
        "",
    ),
    "the version, and it matters": (APPLIED, [one()], None, "cannot be told", ""),
    "the version, and another one is high enough": (
        APPLIED,
        [one(), one(2, U, version="2.0.0")],
        None,
        "starts",
        "",
    ),
    "the version, and nothing was applied": (EMPTY, [one()], None, "starts", ""),
    "the version that was applied": (
        Database((Row(NAME, 1, "", checksum(T)),)),
        [one()],
        "1.0.0",
        "cannot be told",
        "",
    ),
    "SQL, and the number is too low anyway": (
        Database((Row(NAME, 7, "1.0.0", checksum(T)),)),
        [one(sql=None)],
        "1.0.0",
        "refused",
        "MIG-IDDOWN",
    ),
    "the version, and the number is too low anyway": (
        Database((Row(NAME, 7, "1.0.0", checksum(T)),)),
        [one()],
        None,
        "refused",
        "MIG-IDDOWN",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_known(name: str) -> None:
    database, declared, version, state, check = CASES[name]
    answer = start(database, declared, {NAME: version})
    assert (answer.state, answer.check) == (state, check)
    assert bool(answer.why) == (state == "cannot be told")


def test_a_version_that_is_none_in_the_ledger_stops_every_plugin() -> None:
    other = Database((Row("other", 1, "later", checksum(T)),))
    answer = start(other, [one()], {NAME: "1.0.0"})
    assert answer.message == "invalid plugin migration version 'later'"


def release(**more: Any) -> ShortRelease:
    made = (Migration("1 (sqlite)", "demo", 1, sql=T),)
    asked = {"migration_register": "demo:migrate"}
    return ShortRelease(**{"version": "1.0.0", "migrations": made, "hooks": asked, **more})


def at_times(**fields: list[Any]) -> dict[str, tuple[ShortOutcome, ...]]:
    said = {
        name: [
            {"value": value, "conditions": [f"X is {index}"]} for index, value in enumerate(each)
        ]
        for name, each in fields.items()
    }
    return msgspec.convert(said, dict[str, tuple[ShortOutcome, ...]])


def states(*releases: ShortRelease) -> list[str]:
    return [each.state for each in play([release_of(each) for each in releases])]


def test_a_handler_that_is_there_at_times() -> None:
    both = release(one_of=at_times(hooks=[{"migration_register": "demo:migrate"}, {}]))
    lower = release(version="0.9.0")
    assert states(both, lower) == ["starts", "cannot be told"]
    assert states(release(), lower) == ["starts", "refused"]
    assert states(release(hooks={}), lower) == ["starts", "starts"]


def test_versions_of_which_each_is_possible() -> None:
    several = release(one_of=at_times(version=["1.0.0", "0.9.0"]))
    assert states(release(version="0.8.0"), several) == ["starts", "starts"]
    assert states(release(version="0.9.5"), several) == ["starts", "cannot be told"]
    assert states(release(version="1.5.0"), several) == ["starts", "refused"]


def test_too_many_to_be_played_are_not_taken_for_all() -> None:
    many = release(one_of=at_times(version=[f"2.{number}.0" for number in range(40)]))
    assert states(release(), many) == ["cannot be told", "cannot be told"]


def test_queries_that_stand_in_each_other_take_no_time() -> None:
    named = "a0 AS (SELECT 1 AS x)" + "".join(
        f", a{each} AS (SELECT p.x FROM a{each - 1} p, a{each - 1} q)" for each in range(1, 60)
    )
    answer = start(EMPTY, [one(sql=f"WITH {named} SELECT count(*) FROM a59;")], {NAME: "1.0.0"})
    assert answer.state == "cannot be told"
