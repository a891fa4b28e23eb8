"""What the node's ledger of migrations answers, start by start. Pure functions.

It is what ``stigmem_node.db.apply_migrations`` has ``stigmem_node.plugin_migrations`` do with the
migrations that plugins declare: the same checks in the same order, and what each start leaves in
the database, also where it ends in an exception.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NoReturn

import msgspec
from packaging.version import InvalidVersion, Version

from stigmem_review import limits
from stigmem_review.recent import Recent

if TYPE_CHECKING:
    from stigmem_review.forecast.definitions import Definitions, Outcome

SQLITE = "sqlite"
"""The node's backend unless it is told another one; the only one that runs scripts."""

DEFAULT_VERSION = "0.0.0"
"""The version of a migration that states none; the manifest's takes its place."""

State = Literal["starts", "refused", "cannot be told"]

Check = Literal[
    "",
    "MIG-DUPDIFF",
    "MIG-VERSION",
    "MIG-IDDOWN",
    "MIG-VERDOWN",
    "MIG-CHECKSUM",
    "MIG-SQL",
    "MIG-DUPSAME",
]
"""Which check refuses, in the order in which the node makes them.

Two declarations of one number differ in their SQL; a version is none; the highest number, or the
highest version, is below what was applied; the SQL of a number differs from what was applied; SQL
fails; one number is declared twice.
"""


class Declared(msgspec.Struct, frozen=True):
    """A migration that a plugin gives the node.

    ``item`` names it in words. ``number``, ``sql`` and ``version`` are absent where they are not
    known; ``plugin`` and ``backend`` are empty then.
    """

    plugin: str
    number: int | None
    sql: str | None
    version: str | None = DEFAULT_VERSION
    backend: str = SQLITE
    item: str = ""


class Row(msgspec.Struct, frozen=True):
    """What the ledger keeps of a migration: what first applied it, and the digest of its SQL.

    ``version`` and ``checksum`` are empty where they are not known.
    """

    plugin: str
    number: int
    version: str
    checksum: str
    backend: str = SQLITE


class Database(msgspec.Struct, frozen=True):
    """A database of the node: its ledger in the order it was written, and the scripts that ran."""

    rows: tuple[Row, ...] = ()
    ran: tuple[str, ...] = ()


EMPTY = Database()
"""What a node without a database makes."""


class Answer(msgspec.Struct, frozen=True):
    """What a start comes to, as far as migrations decide it, and the database it leaves.

    Where it is ``refused``, ``error`` is the exception's class and ``message`` its text, about
    ``plugin``; of a ``check`` that compares, ``applied`` is what the database has and ``declared``
    what it meets. ``why`` is what cannot be told.
    """

    state: State
    database: Database
    check: Check = ""
    error: str = ""
    message: str = ""
    plugin: str = ""
    applied: str = ""
    declared: str = ""
    why: str = ""


_Key = tuple[str, str, int]
_MIGRATION_ERROR = "PluginMigrationError"


class _Refused(Exception):
    def __init__(self, **said: str) -> None:
        super().__init__()
        self.said = said


class _Given(msgspec.Struct, frozen=True):
    """A migration of which number and plugin are known, under the version that the node gives."""

    plugin: str
    number: int
    sql: str | None
    version: str | None
    backend: str
    item: str

    @property
    def key(self) -> _Key:
        return self.plugin, self.backend, self.number

    @property
    def checksum(self) -> str:
        """The digest of the SQL; empty where that is not known."""
        if self.sql is None:
            return ""
        try:
            return checksum(self.sql)
        except UnicodeEncodeError as error:
            _refuse("MIG-SQL", "UnicodeEncodeError", str(error), self.plugin)


def checksum(sql: str) -> str:
    """Return what the ledger keeps of a migration's SQL.

    Raises ``UnicodeEncodeError`` for half of a surrogate pair, as the node does.
    """
    return hashlib.sha256(sql.encode()).hexdigest()


def start(
    database: Database,
    declared: Iterable[Declared],
    versions: Mapping[str, str | None],
    backend: str = SQLITE,
) -> Answer:
    """Say what comes of starting a node with some migrations on a database.

    ``versions`` are those of the registered plugins' manifests in the order of registration, which
    is the order in which their migrations run; an absent one is not known.
    """
    doubts: list[str] = []
    asked = _ordered(declared, versions, backend, doubts)
    applied = {_key(row): row for row in database.rows if row.backend == backend}
    run = _Run(database, backend)
    said: dict[str, str] = {}
    try:
        _check_duplicates(asked, doubts)
        _check_downgrades(asked, [*applied.values()], doubts)
        for each in asked:
            row = applied.get(each.key)
            if row is None:
                run.apply(each, doubts)
            elif not (row.checksum and each.checksum):
                doubts.append(f"the SQL of migration {each.item} could not be read")
            elif row.checksum != each.checksum:
                text = f"plugin migration checksum mismatch for {each.plugin}:{each.number}"
                numbers = {"applied": str(each.number), "declared": str(each.number)}
                _refuse("MIG-CHECKSUM", _MIGRATION_ERROR, text, each.plugin, **numbers)
        run.commit()
    except _Refused as refused:
        said = refused.said
        run.undo()
    left = Database(tuple(run.rows), tuple(run.ran))
    # What was not known before a refusal may have stopped the start earlier, which is one as well.
    if said:
        return msgspec.structs.replace(_REFUSED, database=left, **said)
    if doubts:
        return Answer("cannot be told", left, why=" and ".join(dict.fromkeys(doubts)))
    return Answer("starts", left)


_REFUSED = Answer("refused", EMPTY)


def _refuse(check: Check, error: str, message: str, plugin: str, **more: str) -> NoReturn:
    raise _Refused(check=check, error=error, message=message, plugin=plugin, **more)


def _key(row: Row) -> _Key:
    return row.plugin, row.backend, row.number


def _ordered(
    declared: Iterable[Declared],
    versions: Mapping[str, str | None],
    backend: str,
    doubts: list[str],
) -> list[_Given]:
    found = []
    for each in declared:
        if each.backend and each.backend != backend:
            continue
        if not (each.backend and each.plugin) or each.number is None:
            doubts.append(f"not everything about migration {each.item} could be read")
            continue
        version = each.version
        if version == DEFAULT_VERSION:
            version = versions.get(each.plugin, DEFAULT_VERSION)
        item = each.item or f"{each.plugin}:{each.number}"
        found.append(_Given(each.plugin, each.number, each.sql, version, backend, item))
    place = {name: index for index, name in enumerate(versions)}
    found.sort(key=lambda each: (place.get(each.plugin, len(place)), each.plugin, each.number))
    return found


def _check_duplicates(asked: Sequence[_Given], doubts: list[str]) -> None:
    seen: dict[_Key, str] = {}
    for each in asked:
        digest, before = each.checksum, seen.get(each.key)
        if before is not None and not (digest and before):
            doubts.append(f"whether migration {each.item} is declared twice with the same SQL")
        elif before is not None and digest != before:
            text = "duplicate plugin migration declaration with different SQL for "
            text += f"{each.plugin}:{each.number}"
            _refuse("MIG-DUPDIFF", _MIGRATION_ERROR, text, each.plugin)
        seen[each.key] = digest


def _check_downgrades(asked: Sequence[_Given], applied: Sequence[Row], doubts: list[str]) -> None:
    highest: dict[str, int] = {}
    newest: dict[str, Version | None] = {}
    for row in applied:
        highest[row.plugin] = max(highest.get(row.plugin, row.number), row.number)
        _raise_to(newest, row.plugin, row.version or None)
    numbers: dict[str, int] = {}
    stated: dict[str, Version | None] = {}
    open_ended = set()
    for each in asked:
        numbers[each.plugin] = max(numbers.get(each.plugin, each.number), each.number)
        _raise_to(stated, each.plugin, each.version)
        if each.version is None:
            open_ended.add(each.plugin)
    for plugin, top in highest.items():
        if plugin in numbers and numbers[plugin] < top:
            _refuse_lower("MIG-IDDOWN", "migration", plugin, f"{top}", f"{numbers[plugin]}")
    for plugin, newer in newest.items():
        if plugin not in numbers:
            continue
        has = stated[plugin]
        if newer is not None and has is not None and has < newer and plugin not in open_ended:
            _refuse_lower("MIG-VERDOWN", "version", plugin, f"{newer}", f"{has}")
        enough = newer is not None and has is not None and newer <= has
        known = all(row.version for row in applied if row.plugin == plugin)
        if not (enough and known):
            doubts.append(f"which version the migrations of {plugin} have could not be read")


def _refuse_lower(check: Check, what: str, plugin: str, top: str, has: str) -> NoReturn:
    kind = "migration" if what == "migration" else "version"
    named = f"applied migration {top}" if what == "migration" else f"applied {top}"
    text = f"plugin {kind} downgrade refused for {plugin}: {named} is newer than declared {has}"
    _refuse(check, _MIGRATION_ERROR, text, plugin, applied=top, declared=has)


def _raise_to(found: dict[str, Version | None], plugin: str, text: str | None) -> None:
    """Keep the highest version of a plugin that is known."""
    version = None if text is None else _version(text, plugin)
    before = found.get(plugin)
    found[plugin] = max((each for each in (before, version) if each is not None), default=None)


def _version(text: str, plugin: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        said = f"invalid plugin migration version {text!r}"
        _refuse("MIG-VERSION", _MIGRATION_ERROR, said, plugin, declared=text)
    except ValueError as error:  # a number with more digits than Python converts
        _refuse("MIG-VERSION", "ValueError", str(error), plugin, declared=text)


OUTCOMES: Recent[tuple[str, ...], Outcome] = Recent(limits.REMEMBERED)
"""What became of scripts, each after those that ran before it: one review asks several times."""


class _Run:
    """The writing part of a start: what it adds to the database, and what of it is kept.

    A script commits what was written before it, and is not taken back itself; the row of the last
    one that ran is, where the start then ends in an exception.
    """

    def __init__(self, database: Database, backend: str) -> None:
        self.rows = [*database.rows]
        self.ran = [*database.ran]
        self._pending: list[Row] = []
        self._is_sqlite = backend == SQLITE
        self._definitions: Definitions | None = None
        self._defined = 0

    def apply(self, each: _Given, doubts: list[str]) -> None:
        """Run a migration that the ledger does not have, and write its row."""
        if self._is_sqlite:
            self.commit()
            self._script(each, doubts)
        row = Row(each.plugin, each.number, each.version or "", each.checksum, each.backend)
        if _key(row) in {_key(other) for other in (*self.rows, *self._pending)}:
            columns = ("plugin_name", "backend", "migration_id")
            names = ", ".join(f"plugin_migrations.{column}" for column in columns)
            text = f"UNIQUE constraint failed: {names}"
            _refuse("MIG-DUPSAME", "IntegrityError", text, each.plugin)
        self._pending.append(row)

    def _script(self, each: _Given, doubts: list[str]) -> None:
        if each.sql is None:
            doubts.append(f"the SQL of migration {each.item} could not be read")
            return
        # It brings SQLite, which most releases have no use for.
        from stigmem_review.forecast.definitions import Fails, Hangs

        outcome = self._outcome(each.sql)
        self.ran.append(outcome.ran)
        if isinstance(outcome, Fails):
            _refuse("MIG-SQL", outcome.error, outcome.message, each.plugin)
        if isinstance(outcome, Hangs):
            doubts.append(f"migration {each.item}: {outcome.why}")

    def _outcome(self, script: str) -> Outcome:
        """Return what comes of a script after those that ran, asking SQLite once for the same."""
        from stigmem_review.forecast.definitions import Definitions

        key = *self.ran, script
        small = sum(map(len, key)) <= limits.REMEMBERED_SQL
        found = OUTCOMES.get(key) if small else None
        if found is None:
            if self._definitions is None:
                self._definitions = Definitions()
            for each in self.ran[self._defined :]:
                self._definitions.run(each)
            found = self._definitions.run(script)
            self._defined = len(self.ran) + 1
            if small:
                OUTCOMES.keep(key, found)
        return found

    def commit(self) -> None:
        """Keep the rows that were written."""
        self.rows += self._pending
        self._pending = []

    def undo(self) -> None:
        """Take back the rows that were not kept yet."""
        self._pending = []
