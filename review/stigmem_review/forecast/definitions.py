"""What SQLite's own compiler says of a script, and nothing of it run.

Each statement is compiled against the definitions of those before it, in an empty database in
memory. Tables and indexes are entered there, which writes no row and evaluates nothing; all else is
compiled and no more, and what reaches out of the database is not even that.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review import limits
from stigmem_review.patterns import late

_OWN = """
CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT,
    version TEXT NOT NULL UNIQUE, applied_at TEXT NOT NULL);
CREATE TABLE plugin_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, plugin_name TEXT NOT NULL,
    plugin_version TEXT NOT NULL, migration_id INTEGER NOT NULL, backend TEXT NOT NULL,
    checksum TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', applied_at TEXT NOT NULL,
    UNIQUE(plugin_name, backend, migration_id));
CREATE INDEX idx_plugin_migrations_plugin ON plugin_migrations(plugin_name, backend);
"""
"""What every node's database has (``stigmem_node.storage``, ``stigmem_node.plugin_migrations``)."""

_BLANK = late(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_TRIGGER = late(r"(?:explain\s+)?create\s+(?:temp(?:orary)?\s+)?trigger\b", re.IGNORECASE)
_TOKEN = late(
    r"""'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^]]*(?:]|\Z)"""
    r"|--[^\n]*|/\*.*?(?:\*/|\Z)|;",
    re.DOTALL,
)
# Each can stand in the next one twice, and compiling that takes twice as long.
_NAMES_QUERIES = late(r"\bWITH\b", re.IGNORECASE)
_WORD = late(r"\w+")
_DEFINES = frozenset(
    {
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)
_REACHES_OUT = {
    sqlite3.SQLITE_ATTACH: "it attaches another database",
    sqlite3.SQLITE_DETACH: "it detaches a database",
    sqlite3.SQLITE_CREATE_VTABLE: "it makes a virtual table",
    sqlite3.SQLITE_DROP_VTABLE: "it drops a virtual table",
}
_UNRUN = frozenset({"ANALYZE", "REINDEX", "VACUUM"})
"""Statements that define nothing, and find nothing that is not there."""
_DEPENDS = ("no such table", "no such view", "no such trigger", "no such index", "no such function")
"""What SQLite says of what others may have put into a database, or built into their SQLite."""


class Runs(msgspec.Struct, frozen=True):
    """A script runs to its end; ``ran`` is what of it did."""

    ran: str


class Fails(msgspec.Struct, frozen=True):
    """A script fails with an exception, after what of it ``ran``."""

    ran: str
    error: str
    message: str


class Hangs(msgspec.Struct, frozen=True):
    """What becomes of a script hangs on what is not known here."""

    ran: str
    why: str


Outcome = Runs | Fails | Hangs


class _Untold(Exception):
    """What a statement comes to cannot be told, and why."""


class Definitions:
    """What the scripts that ran so far have defined in a database."""

    def __init__(self, ran: Iterable[str] = ()) -> None:
        self._statements = 0
        self._seen: set[int] = set()
        self._database = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        self._database.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, limits.MIGRATION_BYTES)
        self._database.execute("PRAGMA foreign_keys=ON")
        self._database.executescript(_OWN)
        self._database.set_authorizer(self._judge)
        for script in ran:
            self.run(script)

    def run(self, script: str) -> Outcome:
        """Say what comes of a script, as ``sqlite3.Connection.executescript`` runs it."""
        if "\0" in script:
            return Fails("", "ValueError", "embedded null character")
        hangs = ""
        end = 0
        try:
            for start, end in _statements(script):
                try:
                    self._take(script[start:end])
                except _Untold as unknown:
                    hangs = hangs or str(unknown)
        except sqlite3.Error as error:
            ran = script[:start]
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
                ran += "ROLLBACK;"
            if hangs:
                return Hangs(ran, hangs)
            return Fails(ran, type(error).__name__, str(error))
        return Hangs(script, hangs) if hangs else Runs(script)

    def _take(self, statement: str) -> None:
        self._statements += 1
        if self._statements > limits.MIGRATION_STATEMENTS:
            raise _Untold("it has more statements than are looked at")
        word = _WORD.search(statement)
        first = word[0].upper() if word else ""
        if first in _UNRUN or first == "PRAGMA":
            return
        if first == "EXPLAIN":
            raise _Untold("it explains a statement")
        if _NAMES_QUERIES.search(statement):
            raise _Untold("it names queries, which are not compiled")
        self._seen = set()
        try:
            self._database.execute(f"EXPLAIN {statement}")
        except sqlite3.OperationalError as error:
            if str(error).startswith(_DEPENDS):
                raise _Untold(f"{error}, unless the database has it already") from None
            raise
        except sqlite3.DatabaseError:
            why = [_REACHES_OUT[each] for each in self._seen if each in _REACHES_OUT]
            if why:
                raise _Untold(why[0]) from None
            raise
        seen = self._seen
        if seen & _DEFINES and not _is_query(seen):
            self._database.execute(statement)
        elif sqlite3.SQLITE_CREATE_TABLE in seen:
            raise _Untold("it makes a table of what a query finds")

    def _judge(self, action: int, *about: str | None) -> int:
        self._seen.add(action)
        if action in _REACHES_OUT or "load_extension" in about:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


def _is_query(seen: set[int]) -> bool:
    """Say whether a definition takes rows from a query; SQLite asks some of itself to alter."""
    asks = sqlite3.SQLITE_SELECT in seen
    return asks and sqlite3.SQLITE_ALTER_TABLE not in seen


def _statements(script: str) -> Iterator[tuple[int, int]]:
    """Yield where each statement of a script begins and ends, those that are blank left out."""
    place = 0
    while True:
        blank = _BLANK.match(script, place)
        place = blank.end() if blank else place
        if place == len(script):
            return
        end = _end(script, place)
        yield place, end
        place = end


def _end(script: str, start: int) -> int:
    """Return where the statement ends that begins somewhere: a trigger has others inside."""
    is_trigger = bool(_TRIGGER.match(script, start))
    asked = 0
    for token in _TOKEN.finditer(script, start):
        if token[0] != ";":
            continue
        asked += 1
        if not is_trigger or asked > limits.MIGRATION_STATEMENTS:
            return token.end()
        if sqlite3.complete_statement(script[start : token.end()]):
            return token.end()
    return len(script)
