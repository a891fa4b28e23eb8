"""What becomes of databases, as facts: of the old release's, of a new one, and of a ledger's."""

from __future__ import annotations

from typing import Any

from stigmem_review import facts, host
from stigmem_review.compare import compare
from stigmem_review.facts import MigrationsRefused, MigrationUnread, RollbackRefused
from stigmem_review.forecast.ledger import Database, Row, checksum
from stigmem_review.model import Migration
from stigmem_review.rulebook.examples import ShortRelease, release_of

A, B = "CREATE TABLE a (id TEXT);", "CREATE TABLE b (id TEXT);"


def one(sql: str | None, number: int = 1, **more: Any) -> Migration:
    backend = more.get("backend", "sqlite")
    return Migration(f"{number} ({backend})", "demo", number, sql=sql, **more)


def release(version: str, *made: Migration) -> ShortRelease:
    asked = {"migration_register": "demo:migrate"}
    return ShortRelease(version=version, migrations=made, hooks=asked)


def found(old: ShortRelease, new: ShortRelease, *rows: Row) -> list[facts.Fact]:
    given = Database(rows) if rows else None
    told = compare(release_of(old), release_of(new), host.node(), ledger=given)
    kinds = (MigrationsRefused, MigrationUnread, RollbackRefused)
    return [each for each in told.facts if isinstance(each, kinds)]


def row(sql: str, number: int = 1, version: str = "1.0.0", plugin: str = "demo") -> Row:
    return Row(plugin, number, version, checksum(sql))


def test_each_kind_of_database_is_told_once() -> None:
    old = release("1.0.0", one(A), one("x", backend="postgres"))
    new = release("1.0.0", one(A), one(B, 2), one("x", backend="postgres"))
    [refused] = found(old, new)
    assert isinstance(refused, RollbackRefused)
    assert (refused.item, refused.newer, refused.fresh) == ("sqlite", "number", False)
    assert (refused.applied, refused.declared) == ("2", "1")


def test_a_new_database_beside_one_that_is_upgraded() -> None:
    [refused] = found(release("1.0.0", one(A)), release("1.1.0", one(A)))
    assert isinstance(refused, RollbackRefused)
    assert (refused.newer, refused.fresh, refused.upgraded) == ("version", True, "works")


def test_a_new_database_where_no_other_is_upgraded() -> None:
    [refused] = found(release("1.0.0", one(A)), release("1.1.0", one(B)))
    assert isinstance(refused, RollbackRefused)
    assert (refused.fresh, refused.upgraded) == (True, "never")


def test_a_new_database_where_the_old_release_sets_up_none() -> None:
    old, new = release("1.0.0", one(A), one("CREATE TABEL b;", 2)), release("1.0.0", one(A))
    [refused] = found(old, new)
    assert isinstance(refused, RollbackRefused)
    assert (refused.newer, refused.fresh, refused.upgraded) == ("statement", True, "unknown")


def test_a_migration_of_the_old_release_that_fails_on_a_new_database() -> None:
    again = one("CREATE TABLE IF NOT EXISTS a (id TEXT);", 2)
    [refused] = found(release("1.0.0", one(A), again), release("1.0.0", again))
    assert isinstance(refused, RollbackRefused)
    assert (refused.newer, refused.upgraded) == ("statement", "works")
    assert refused.why == "OperationalError: table a already exists"


def test_a_ledger_decides_where_one_is_given() -> None:
    old, new = release("1.0.0", one(A)), release("1.1.0", one(A), one(B, 2))
    assert [type(each) for each in found(old, new)] == [RollbackRefused]
    [refused] = found(old, new, row(A), row(B, 7))
    assert isinstance(refused, MigrationsRefused)
    assert (refused.newer, refused.applied, refused.declared) == ("number", "7", "2")
    assert refused.yours
    [back] = found(old, new, row(A))
    assert isinstance(back, RollbackRefused)
    assert back.yours
    assert back.newer == "number"


def test_a_ledger_of_other_plugins_refuses_none() -> None:
    same = release("1.0.0", one(A))
    assert found(same, same, row(B, 9, "9.0.0", plugin="other")) == []


def test_a_ledger_that_another_release_wrote() -> None:
    same = release("1.1.0", one(A))
    [refused] = found(same, same, row(B))
    assert isinstance(refused, MigrationsRefused)
    assert refused.newer == "SQL"
    # What is said of the migration anyway is not said again.
    assert found(release("1.0.0", one(B)), release("1.1.0", one(A)), row(B)) == []


def test_sql_that_could_not_be_read_before() -> None:
    [unread] = found(release("1.0.0", one(None)), release("1.0.0", one(A)))
    assert isinstance(unread, MigrationUnread)


def test_a_release_whose_code_could_not_be_read_says_nothing() -> None:
    captured = ShortRelease(walked=False, hooks={"migration_register": "demo:migrate"})
    assert found(captured, release("1.1.0", one(A))) == []
