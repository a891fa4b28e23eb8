"""The ledger of a node's database, as files that users and others give."""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import limits
from stigmem_review.errors import UsageError
from stigmem_review.pipeline.ledger import read_ledger
from support.command import run
from support.migrating import T, U, files, one
from support.plugins import write_wheel
from support.repository import Deployment

TABLE = """CREATE TABLE plugin_migrations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, plugin_name TEXT NOT NULL, plugin_version TEXT NOT NULL,
    migration_id INTEGER NOT NULL, backend TEXT NOT NULL, checksum TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '', applied_at TEXT NOT NULL,
    UNIQUE(plugin_name, backend, migration_id))"""
ONE: dict[str, Any] = {
    "id": 1,
    "plugin_name": "demo-plugin",
    "plugin_version": "1.0.0",
    "migration_id": 1,
    "backend": "sqlite",
    "checksum": hashlib.sha256(T.encode()).hexdigest(),
    "description": 'a "thing", with\na line',
    "applied_at": "2026-11-27T19:08:29+00:00",
}


def database(path: Path, *rows: dict[str, Any], table: str = TABLE) -> Path:
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute(table)
        for each in rows:
            marks = ", ".join("?" * len(each))
            made.execute(
                f"INSERT INTO plugin_migrations ({', '.join(each)}) VALUES ({marks})",
                tuple(each.values()),
            )
        made.commit()
    made.close()
    return path


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()}


def test_every_form_says_the_same(tmp_path: Path) -> None:
    more = {**ONE, "id": 2, "migration_id": -2, "plugin_name": "other"}
    stored = database(tmp_path / "node.db", ONE, more)
    told = read_ledger(str(stored))
    assert [(row.plugin, row.number, row.version) for row in told.rows] == [
        ("demo-plugin", 1, "1.0.0"),
        ("other", -2, "1.0.0"),
    ]
    rows = written(tmp_path / "a.json", json.dumps([ONE, more]))
    assert read_ledger(str(rows)) == told
    lines = ["plugin_version,plugin_name,migration_id,checksum,backend,description"]
    lines += [
        f"{e['plugin_version']},{e['plugin_name']},{e['migration_id']},{e['checksum']},sqlite,"
        '"a ""thing"", with\na line"'
        for e in (ONE, more)
    ]
    for name, end in (("unix.csv", "\n"), ("dos.csv", "\r\n")):
        assert read_ledger(str(written(tmp_path / name, end.join(lines) + end))) == told
    assert read_ledger(str(written(tmp_path / "none.json", "[]"))).rows == ()


PRINTED = {
    "json": """[{"id":1,"plugin_name":"demo-plugin","plugin_version":"1.0.0","migration_id":1,\
"backend":"sqlite","checksum":"CHECKSUM","description":"a \\"thing\\", with\\na line",\
"applied_at":"2026-11-27T19:08:29+00:00"}]
""",
    "csv": """id,plugin_name,plugin_version,migration_id,backend,checksum,description,applied_at
1,demo-plugin,1.0.0,1,sqlite,CHECKSUM,"a ""thing"", with
a line",2026-11-27T19:08:29+00:00
""",
}
"""What sqlite3 3.40 prints of one row."""


@pytest.mark.parametrize("form", PRINTED)
def test_what_sqlite3_prints_is_read(form: str, tmp_path: Path) -> None:
    text = PRINTED[form].replace("CHECKSUM", ONE["checksum"])
    stored = database(tmp_path / "node.db", ONE)
    assert read_ledger(str(written(tmp_path / "export", text))) == read_ledger(str(stored))


def test_a_database_is_never_written(tmp_path: Path) -> None:
    folder = tmp_path / "a folder?#%20"
    folder.mkdir()
    stored = database(folder / "node.db", ONE)
    before = state(folder)
    stored.chmod(0o400)
    folder.chmod(0o500)
    assert len(read_ledger(str(stored)).rows) == 1
    assert state(folder) == before


def test_what_a_running_node_has_not_written_yet_is_not_left_out(tmp_path: Path) -> None:
    stored = database(tmp_path / "node.db")
    node = sqlite3.connect(stored)
    node.execute("PRAGMA wal_autocheckpoint=0")
    with node:
        marks = ", ".join("?" * len(ONE))
        node.execute(
            f"INSERT INTO plugin_migrations ({', '.join(ONE)}) VALUES ({marks})",
            tuple(ONE.values()),
        )
    linked = tmp_path / "elsewhere"
    linked.symlink_to(stored)
    for path in (stored, linked):
        with pytest.raises(UsageError, match="stop the node, or export the table"):
            read_ledger(str(path))
    node.close()
    assert len(read_ledger(str(stored)).rows) == 1


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def with_view(path: Path) -> Path:
    with sqlite3.connect(path) as made:
        made.execute(
            f"CREATE VIEW plugin_migrations AS {ENDLESS} SELECT 'a' AS plugin_name, '1' AS "
            "plugin_version, i AS migration_id, 'sqlite' AS backend, 'x' AS checksum FROM n"
        )
    made.close()
    return path


def computed(path: Path) -> Path:
    rest = ONE["checksum"]
    return database(
        path,
        table="CREATE TABLE plugin_migrations (plugin_name, plugin_version, migration_id, backend, "
        f"checksum GENERATED ALWAYS AS ('{rest}'))",
    )


def huge(path: Path) -> Path:
    return database(path, {**ONE, "plugin_version": "9" * 100_000})


def torn(path: Path) -> Path:
    whole = database(path, *({**ONE, "id": n, "migration_id": n} for n in range(1, 400)))
    data = whole.read_bytes()
    return written(path, data[: len(data) // 2])


def damaged(path: Path) -> Path:
    data = bytearray(database(path, ONE).read_bytes())
    data[100:4000] = bytes(b ^ 0x5A for b in data[100:4000])
    return written(path, bytes(data))


DATABASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no table": (
        lambda path: database(path, table="CREATE TABLE other (id)"),
        "no table plugin_migrations",
    ),
    "a view": (with_view, "no table plugin_migrations"),
    "a computed column": (computed, "no table plugin_migrations"),
    "a huge cell": (huge, "cannot be read"),
    "half a file": (torn, "cannot be read"),
    "another page": (damaged, "cannot be read"),
    "other columns": (
        lambda path: database(path, table="CREATE TABLE plugin_migrations (id)"),
        "no such column",
    ),
    "a number that is none": (
        lambda path: database(path, {**ONE, "migration_id": "x"}),
        "migration_id of row 1",
    ),
    "a blob": (lambda path: database(path, {**ONE, "plugin_name": b"x"}), "plugin_name of row 1"),
    "no checksum": (lambda path: database(path, {**ONE, "checksum": "x"}), "checksum of row 1"),
    "a header alone": (lambda path: written(path, b"SQLite format 3\0"), "cannot be"),
    "encrypted": (lambda path: written(path, bytes(range(256)) * 32), "no SQLite database"),
}


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    make, why = DATABASES[name]
    path = make(tmp_path / "node.db")
    before = state(tmp_path)
    with pytest.raises(UsageError, match=why) as refused:
        read_ledger(str(path))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600
    assert state(tmp_path) == before


def test_a_database_that_is_refused_is_closed_by_whoever_opened_it(tmp_path: Path) -> None:
    path = str(database(tmp_path / "node.db", {**ONE, "checksum": "none"}))
    before = connections()
    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(read_ledger, path).exception()
    assert isinstance(refused, UsageError)
    # SQLite refuses to close in one thread what another one opened.
    for each in connections():
        if each not in before:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                each.execute("SELECT 1")


def connections() -> list[sqlite3.Connection]:
    return [each for each in gc.get_objects() if isinstance(each, sqlite3.Connection)]


def lines(*cells: Any) -> str:
    head = "plugin_name,plugin_version,migration_id,backend,checksum\n"
    return head + ",".join(map(str, cells)) + "\n"


SUM: str = ONE["checksum"]
EXPORTS: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "it is empty"),
    "blanks": ("\n\n", "it is empty"),
    "an object": (json.dumps(ONE), "no list of rows"),
    "a list of others": ("[1]", "no list of rows"),
    "half a list": ("[{", "no JSON"),
    "deep": ("[" * 100_000, "nested too deep"),
    "a key twice": ('[{"checksum": 1, "checksum": 2}]', "twice"),
    "a number that no reader has": ('[{"migration_id": NaN}]', "no number"),
    "long digits": ('[{"migration_id": ' + "9" * 9_999 + "}]", "too long"),
    "a column less": (json.dumps([{"plugin_name": "a"}]), "no column plugin_version"),
    "a number as a text": (json.dumps([{**ONE, "migration_id": "1"}]), "migration_id of row 1"),
    "a truth value": (json.dumps([{**ONE, "migration_id": True}]), "migration_id of row 1"),
    "a large number": (json.dumps([{**ONE, "migration_id": 2**63}]), "migration_id of row 1"),
    "no name": (json.dumps([{**ONE, "plugin_name": ""}]), "plugin_name of row 1"),
    "capital digits": (json.dumps([{**ONE, "checksum": SUM.upper()}]), "checksum of row 1"),
    "a row twice": (json.dumps([ONE, ONE]), "row 2 is about a migration"),
    "no heading": (f"1,demo-plugin,1.0.0,1,sqlite,{SUM}\n1,b,1,1,sqlite,x\n", "no column"),
    "a cell less": (lines("a", "1", "1", "sqlite"), "checksum of row 1"),
    "a fraction": (lines("a", "1", "1.5", "sqlite", SUM), "migration_id of row 1"),
    "digits of others": (lines("a", "1", "\u0661", "sqlite", SUM), "migration_id of row 1"),
    "an open quote": (lines("a", "1", "1", '"sqlite', SUM), "no CSV|backend of row 1"),
    "a wide cell": (lines("a" * 200_000, "1", "1", "sqlite", SUM), "no CSV"),
    "columns that sqlite3 draws": ("plugin_name|plugin_version\na|1\n", "no column"),
    "bytes": (b"\xff\xfe\x00a", "no UTF-8"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    text, why = EXPORTS[name]
    with pytest.raises(UsageError, match=why) as refused:
        read_ledger(str(written(tmp_path / "export", text)))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_so_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LEDGER_ROWS", 1)
    rows = [ONE, {**ONE, "migration_id": 2}]
    with pytest.raises(UsageError, match="more than 1 rows"):
        read_ledger(str(written(tmp_path / "export", json.dumps(rows))))


@pytest.mark.parametrize("name", ["", "missing", "."])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the ledger"):
        read_ledger(str(tmp_path / name) if name else "")


# From the command line


def wheels(folder: Path) -> list[str]:
    return [
        str(write_wheel(folder / version, files(version, made), version=version))
        for version, made in (("1.0.0", [one(T)]), ("1.1.0", [one(T), one(U, 2)]))
    ]


def test_the_way_back_of_one_database(tmp_path: Path) -> None:
    stored = database(tmp_path / "node.db", ONE)
    done = run("diff", *wheels(tmp_path), "--ledger", str(stored), "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    [back] = report["backs"]
    assert (back["on"], back["upgrade"], back["rollback"]) == ("yours", "starts", "refused")
    assert {"what": "ledger", "path": str(stored), "sha256": "",
            "remark": "1 migration of 1 plugin"} in report["consulted"]  # fmt: skip
    again = f"--ledger {stored}"
    assert again in report["commands"]["approve"]
    assert again in report["commands"]["look"]


def test_a_database_that_refuses_the_upgrade(tmp_path: Path) -> None:
    stored = database(tmp_path / "node.db", {**ONE, "migration_id": 9})
    done = run("diff", *wheels(tmp_path), "--ledger", str(stored), "--all")
    assert done.returncode == 1
    assert "SPR906 migrations-refused" in done.stdout
    assert "the new release does not start there" in done.stdout


def test_a_ledger_that_is_none_ends_the_command(tmp_path: Path) -> None:
    done = run("diff", *wheels(tmp_path), "--ledger", str(written(tmp_path / "x", "what")))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_bump_goes_by_it_too(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "deployment")
    found = wheels(tmp_path)
    folder = tmp_path / "wheels"
    folder.mkdir()
    for each in found:
        Path(each).rename(folder / Path(each).name)
    base, head = (
        deployment.commit({"requirements.txt": f"demo-plugin=={version}\n"})
        for version in ("1.0.0", "1.1.0")
    )
    stored = database(tmp_path / "node.db", {**ONE, "migration_id": 9})
    given = ("--repository", deployment.folder, "--artifacts", folder, "--ledger", stored)
    done = run("bump", base, head, *given, "--format", "json")
    report = json.loads(done.stdout)
    [bump] = report["bumps"]
    assert "migrations-refused" in {each["name"] for each in bump["report"]["findings"]}
    assert [each["path"] for each in report["consulted"] if each["what"] == "ledger"] == [
        str(stored)
    ]
    assert f"--ledger {stored}" in bump["report"]["commands"]["look"]
