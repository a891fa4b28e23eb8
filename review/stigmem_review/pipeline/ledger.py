"""The ledger of migrations of a node's database, as a user gives it: read, and never written.

That is the database itself (SQLite), or what its own tool exports of the table::

    sqlite3 -json node.db "SELECT * FROM plugin_migrations" > ledger.json
    sqlite3 -csv -header node.db "SELECT * FROM plugin_migrations" > ledger.csv

Columns are those of ``stigmem_node.plugin_migrations``; those that decide nothing may be missing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stigmem_review import limits
from stigmem_review.document.parts import Consulted
from stigmem_review.errors import SourceError, UsageError, reason
from stigmem_review.forecast.ledger import Database, Row
from stigmem_review.patterns import late
from stigmem_review.sources.disk import open_file
from stigmem_review.text import shorten
from stigmem_review.verdict import count

TABLE = "plugin_migrations"
_COLUMNS = ("plugin_name", "plugin_version", "migration_id", "backend", "checksum")
_MAGIC = b"SQLite format 3\0"
_SHA256 = late(r"[0-9a-f]{64}")
_WHOLE = late(r"-?[0-9]{1,19}")
_ASKED = (
    "SELECT plugin_name, plugin_version, migration_id, backend, checksum "
    "FROM plugin_migrations ORDER BY rowid LIMIT ?"
)
_STEPS = 1_000
_TURNS = 20_000
_CELL = 4_096
_EXPORT = 'sqlite3 -json FILE "SELECT * FROM plugin_migrations"'


def read_ledger(path: str) -> Database:
    """Return the ledger in a file. Raises ``UsageError`` for one that is none.

    A database is opened for reading, as one that nobody changes: no log, no lock and no byte is
    written. What a node that runs has not written into it yet is in a file beside it, and then the
    database is refused.
    """
    try:
        with open_file(path) as stored:
            start = stored.at(0, len(_MAGIC))
            rows = [] if start == _MAGIC else [*_exported(stored.read(limits.LEDGER_BYTES))]
    except (SourceError, ValueError) as error:
        said = error.text if isinstance(error, SourceError) else str(error)
        raise _refused(path, said) from None
    try:
        found = [*_rows(_stored(path) if start == _MAGIC else rows)]
    except ValueError as error:
        raise _refused(path, str(error)) from None
    return Database(tuple(found))


def consulted(path: str, ledger: Database) -> Consulted:
    """Return what a report says of the ledger that it went by."""
    plugins = len({row.plugin for row in ledger.rows})
    remark = f"{count(len(ledger.rows), 'migration')} of {count(plugins, 'plugin')}"
    return Consulted("ledger", path, remark=remark)


def _refused(path: str, why: str) -> UsageError:
    why = why.removeprefix(f"{path}: ")
    return UsageError(f"the ledger {shorten(path)}: {why}")


def _stored(path: str) -> list[Mapping[str, Any]]:
    """Return the rows of a database, of too many as many as show that."""
    import sqlite3

    file = Path(path).resolve()
    if any(_size(file.with_name(f"{file.name}{end}")) for end in _LOGS):
        raise ValueError(
            "a log lies beside it that is not written into it yet, so it is not all there is; "
            f"stop the node, or export the table: {_EXPORT}"
        )
    place = f"{file.as_uri()}?mode=ro&immutable=1"
    turns = iter(range(_TURNS))
    try:
        database = sqlite3.connect(place, uri=True)
    except sqlite3.Error as error:
        raise ValueError(f"it cannot be opened: {error}") from None
    try:
        database.execute("PRAGMA trusted_schema=OFF")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL)
        database.set_progress_handler(lambda: next(turns, None) is None, _STEPS)
        database.set_authorizer(_reads_alone)
        database.row_factory = sqlite3.Row
        asked = "SELECT type, sql FROM sqlite_master WHERE name = ?"
        found = database.execute(asked, (TABLE,)).fetchall()
        if [(each["type"], _is_plain(each["sql"])) for each in found] != [("table", True)]:
            raise ValueError(
                f"it has no table {TABLE}, which every database has that a node has started on"
            )
        return [dict(each) for each in database.execute(_ASKED, (limits.LEDGER_ROWS + 1,))]
    except sqlite3.Error as error:
        raise ValueError(
            f"it cannot be read: {error}; export the table with the tool that opens it: {_EXPORT}"
        ) from None
    finally:
        database.close()


_LOGS = ("-wal", "-journal")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise ValueError(f"what lies beside it cannot be looked at: {reason(error)}") from None


def _is_plain(sql: object) -> bool:
    """Say whether a table is one that holds its rows itself, and computes none of them."""
    words = str(sql).upper()
    return words.startswith("CREATE TABLE") and not re.search(r"\b(?:GENERATED|AS)\b", words)


def _reads_alone(action: int, *about: str | None) -> int:
    import sqlite3

    reads = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY


def _exported(data: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of what ``sqlite3`` printed."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is no SQLite database, and byte {error.start} is no UTF-8, so no export either"
        ) from None
    if not text.strip():
        raise ValueError(
            "it is empty, as sqlite3 prints a table without rows; "
            "write [] where nothing was applied"
        )
    if text.lstrip()[0] in "[{":
        yield from _json(text)
    else:
        yield from _csv(text)


def _json(text: str) -> Iterator[Mapping[str, Any]]:
    from stigmem_review.sources.strict_json import parse

    try:
        rows = parse(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise ValueError("it is nested too deep for an export of a table") from None
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise ValueError(f"it is no list of rows, as this prints: {_EXPORT}")
    yield from rows


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_columns(1, reader.fieldnames or ())
        for row in reader:
            whole = _WHOLE.fullmatch(row.get("migration_id") or "")
            yield {**row, "migration_id": int(whole[0])} if whole else row
    except csv.Error as error:
        raise ValueError(f"it is no CSV: {error} in line {reader.line_num}") from None


def _check_columns(number: int, names: Collection[str]) -> None:
    if missing := [name for name in _COLUMNS if name not in names]:
        raise ValueError(
            f"row {number} has no column {missing[0]}; it is to have those that this prints: "
            f"{_EXPORT.replace('-json', '-csv -header')}"
        )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    seen = set()
    for number, each in enumerate(found, 1):
        if number > limits.LEDGER_ROWS:
            raise ValueError(f"it has more than {limits.LEDGER_ROWS} rows")
        _check_columns(number, each)
        plugin, version, migration, backend, digest = (each[name] for name in _COLUMNS)
        texts = {"plugin_name": plugin, "plugin_version": version, "backend": backend}
        for name, value in texts.items():
            if not isinstance(value, str) or not value or len(value) > _CELL:
                raise ValueError(f"{name} of row {number} is no text that a ledger has")
        if type(migration) is not int or abs(migration) >= 2**63:
            raise ValueError(f"migration_id of row {number} is no whole number")
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise ValueError(f"checksum of row {number} is no SHA-256 in hexadecimal digits")
        if (plugin, backend, migration) in seen:
            raise ValueError(f"row {number} is about a migration that another row is about")
        seen.add((plugin, backend, migration))
        yield Row(plugin, migration, version, digest, backend)
