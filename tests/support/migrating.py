"""Small plugins that migrate, the real node's start with each, and what it leaves in its database.

A way is a list of releases that are started one after the other on one database.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.plugins import HANDLERS, plugin

Made = dict[str, Any]
"""A migration, by the arguments that differ from those of ``one``."""

RECORDED = Path(__file__).parent.parent / "ledger" / "answers.json"


def one(sql: str, number: int = 1, **more: Any) -> Made:
    """Return the arguments of a migration."""
    return {"plugin_name": "demo-plugin", "migration_id": number, "sql": sql, **more}


T = "CREATE TABLE demo (id TEXT);"
U = "CREATE TABLE more (id TEXT);"
V = "CREATE TABLE third (id TEXT);"
TWICE = "CREATE TABLE IF NOT EXISTS demo (id TEXT);"
AGAIN = "INSERT INTO demo VALUES ('x');"

DIGITS = 12
"""How much of a checksum is recorded."""

Releases = list[tuple[str, list[Made]]]
"""Releases by the version of their manifests, old first."""

PAIRS: dict[str, Releases] = {
    "nothing": [("1.0.0", []), ("1.1.0", [])],
    "the same": [("1.0.0", [one(T)]), ("1.0.0", [one(T)])],
    "a first one": [("1.0.0", []), ("1.1.0", [one(T)])],
    "the last one goes": [("1.0.0", [one(T)]), ("1.1.0", [])],
    "the same under a new version": [("1.0.0", [one(T)]), ("1.1.0", [one(T)])],
    "one more": [("1.0.0", [one(T)]), ("1.1.0", [one(T), one(U, 2)])],
    "one more under one version": [("1.0.0", [one(T)]), ("1.0.0", [one(T), one(U, 2)])],
    "one below": [("1.0.0", [one(U, 2)]), ("1.1.0", [one(T), one(U, 2)])],
    "one below under one version": [("1.0.0", [one(U, 2)]), ("1.0.0", [one(T), one(U, 2)])],
    "one in between": [
        ("1.0.0", [one(T), one(V, 9)]),
        ("1.0.0", [one(T), one(U, 5), one(V, 9)]),
    ],
    "one less": [("1.0.0", [one(T), one(U, 2)]), ("1.1.0", [one(T)])],
    "the first less": [("1.0.0", [one(T), one(U, 2)]), ("1.1.0", [one(U, 2)])],
    "a negative number": [("1.0.0", [one(T, -3)]), ("1.0.0", [one(T, -3), one(U, -1)])],
    "number zero": [("1.0.0", [one(T, 0)]), ("1.1.0", [one(T, 0), one(U, 1)])],
    "other SQL": [("1.0.0", [one(T)]), ("1.1.0", [one(U)])],
    "a blank more": [("1.0.0", [one(T)]), ("1.1.0", [one(f"{T} ")])],
    "another line end": [("1.0.0", [one(f"{T}\n")]), ("1.1.0", [one(f"{T}\r\n")])],
    "other SQL behind a new one": [
        ("1.0.0", [one(U, 2)]),
        ("1.1.0", [one(T, 1), one(f"{U} ", 2)]),
    ],
    "other SQL behind a new one that can run twice": [
        ("1.0.0", [one(U, 2)]),
        ("1.1.0", [one(TWICE, 1), one(f"{U} ", 2)]),
    ],
    "a version of its own": [
        ("1.0.0", [one(T, plugin_version="0.5.0")]),
        ("1.1.0", [one(T, plugin_version="0.5.0")]),
    ],
    "a version of its own goes up": [
        ("1.0.0", [one(T, plugin_version="0.5.0")]),
        ("1.0.0", [one(T, plugin_version="0.6.0")]),
    ],
    "the version of the first one rises": [
        ("1.0.0", [one(T, plugin_version="0.5.0")]),
        ("1.1.0", [one(T, plugin_version="0.5.0"), one(U, 2, plugin_version="0.9.0")]),
    ],
    "a version lower than its number": [
        ("1.0.0", [one(T, plugin_version="2.0.0")]),
        ("1.1.0", [one(T, plugin_version="1.0.0"), one(U, 2, plugin_version="1.0.0")]),
    ],
    "a reset version": [("0.9.0a8", [one(T)]), ("0.1.0", [one(T)])],
    "a pre-release": [("1.0.0rc1", [one(T)]), ("1.0.0", [one(T)])],
    "another spelling of one version": [("1.0.0", [one(T)]), ("01.0.0", [one(T)])],
    "a local version": [("1.0.0", [one(T)]), ("1.0.0+build.7", [one(T)])],
    "a version that the ledger refuses": [("1.0.0", [one(T)]), ("1.1.0-foo", [one(T)])],
    "a version of its own that the ledger refuses": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one(U, 2, plugin_version="later")]),
    ],
    "a version that has no migrations": [("1.0.0", []), ("1.1.0-foo", [])],
    "twice with the same SQL": [("1.0.0", [one(T)]), ("1.1.0", [one(T), one(U, 2), one(U, 2)])],
    "twice with SQL that can run twice": [
        ("1.0.0", []),
        ("1.1.0", [one(TWICE), one(TWICE)]),
    ],
    "twice what is applied": [("1.0.0", [one(T)]), ("1.0.0", [one(T), one(T)])],
    "twice with other SQL": [("1.0.0", [one(T)]), ("1.1.0", [one(T), one(U, 2), one(V, 2)])],
    "SQL that is none": [("1.0.0", [one(T)]), ("1.1.0", [one(T), one("CREATE TABEL x (id);", 2)])],
    "SQL that ends too early": [("1.0.0", []), ("1.0.0", [one("CREATE TABLE x (")])],
    "SQL with a letter that is none": [("1.0.0", []), ("1.0.0", [one("SELECT 1; \u2603")])],
    "an open quote": [("1.0.0", []), ("1.0.0", [one("SELECT 'a")])],
    "a script that fails halfway": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one(f"{U} CREATE TABLE demo (id TEXT);", 2)]),
    ],
    "a script that fails halfway in a transaction": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one(f"BEGIN; {U} CREATE TABLE demo (id TEXT); COMMIT;", 2)]),
    ],
    "a whole transaction": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one(f"BEGIN; {U} COMMIT;", 2)]),
    ],
    "an end without a beginning": [("1.0.0", []), ("1.0.0", [one("COMMIT;")])],
    "a transaction that stays open": [("1.0.0", []), ("1.0.0", [one(f"BEGIN; {T}"), one(U, 2)])],
    "a row for a table of its own": [("1.0.0", [one(T)]), ("1.1.0", [one(T), one(AGAIN, 2)])],
    "a row with too many values": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one("INSERT INTO demo VALUES (1, 2);", 2)]),
    ],
    "a column that is not there": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one("UPDATE demo SET nope = 1;", 2)]),
    ],
    "a column more": [
        ("1.0.0", [one(T)]),
        (
            "1.1.0",
            [one(T), one("ALTER TABLE demo ADD COLUMN at TEXT; CREATE INDEX i ON demo(at);", 2)],
        ),
    ],
    "a column that is there": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one("ALTER TABLE demo ADD COLUMN id TEXT;", 2)]),
    ],
    "a table under another name": [
        ("1.0.0", [one(T)]),
        (
            "1.1.0",
            [one(T), one("ALTER TABLE demo RENAME TO demo2; CREATE TABLE demo (id TEXT);", 2)],
        ),
    ],
    "a table that goes": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one("DROP TABLE demo;", 2)]),
    ],
    "a trigger with statements inside": [
        ("1.0.0", [one(T)]),
        (
            "1.1.0",
            [
                one(T),
                one(
                    "CREATE TRIGGER tr AFTER INSERT ON demo BEGIN DELETE FROM demo; SELECT 1; END;"
                    f" {U}",
                    2,
                ),
            ],
        ),
    ],
    "nothing but a remark": [("1.0.0", []), ("1.0.0", [one("-- later; on\n/* ; */ ;")])],
    "no SQL at all": [("1.0.0", []), ("1.0.0", [one("")])],
    "a NUL": [("1.0.0", []), ("1.0.0", [one(f"{T}\0")])],
    "half of a pair": [("1.0.0", []), ("1.0.0", [one("-- \ud800\n")])],
    "another backend": [
        ("1.0.0", [one(T)]),
        ("1.1.0", [one(T), one("no SQL", 9, backend="postgres")]),
    ],
    "under another plugin's name": [
        ("1.0.0", [one(T, plugin_name="other-plugin")]),
        ("1.1.0", [one(T, plugin_name="other-plugin"), one(U, 2, plugin_name="other-plugin")]),
    ],
    "beside another plugin's name": [
        ("1.0.0", [one(T), one(U, 1, plugin_name="a-plugin")]),
        ("1.1.0", [one(T), one(U, 1, plugin_name="a-plugin"), one(V, 2)]),
    ],
    "out of order": [("1.0.0", []), ("1.0.0", [one("DROP TABLE demo;", 2), one(T, 1)])],
}
"""What two releases of a plugin declare."""

UNDECIDED: dict[str, Releases] = {
    "a table of the node": [
        ("1.0.0", []),
        ("1.1.0", [one("UPDATE facts SET value = 1;")]),
    ],
    "a virtual table": [("1.0.0", []), ("1.1.0", [one("CREATE VIRTUAL TABLE v USING fts5(a);")])],
    "another database": [("1.0.0", []), ("1.1.0", [one("ATTACH ':memory:' AS other;")])],
    "queries with names": [
        ("1.0.0", []),
        ("1.1.0", [one("WITH a AS (SELECT 1 AS x) SELECT x FROM a;")]),
    ],
    "what a query finds": [("1.0.0", []), ("1.1.0", [one("CREATE TABLE q AS SELECT 1;")])],
}
"""What depends on the node's database, or on the SQLite that it runs."""

UP_AND_BACK = (0, 0, 1, 1, 0, 0, 1)
FRESH = (1, 1, 0, 0, 1)
WAYS = (UP_AND_BACK, FRESH)
"""Which of the two releases is started, one after the other on one database."""

_CODE = """
from stigmem_node.plugins import Migration


def migrate(ctx, value, **_):
    return [*value{calls}]
"""


def files(version: str, made: list[Made]) -> dict[str, str]:
    """Return the files of a plugin that declares some migrations."""
    calls = "".join(
        f", Migration({', '.join(f'{name}={value!r}' for name, value in each.items())},"
        " description='')"
        for each in made
    )
    return plugin(
        version=version,
        hooks={"migration_register": "migrate"},
        handlers=HANDLERS + _CODE.format(calls=calls),
    )


_SERVER = r"""
import asyncio, contextlib, io, json, logging, os, sqlite3, sys, tempfile

sys.dont_write_bytecode = True
os.environ.update(
    STIGMEM_PLUGIN_SIGNING_REQUIRED="false",
    STIGMEM_PLUGIN_UNSIGNED_ACK="i-understand-plugins-are-unsigned",
    STIGMEM_FEDERATION_ENABLED="false",
)
import stigmem_node.main as main
from stigmem_node.settings import settings

logging.disable(logging.CRITICAL)


def start(folder, database):
    sys.path.insert(0, folder)
    settings.db_path = database
    app = main.create_app()

    async def lifespan():
        async with app.router.lifespan_context(app):
            pass

    try:
        asyncio.run(lifespan())
        return {"state": "starts", "error": "", "message": ""}
    except BaseException as error:
        said = str(error).encode("ascii", "backslashreplace").decode()
        return {"state": "refused", "error": type(error).__name__, "message": said}


def rows(database):
    asked = (
        "SELECT plugin_name, plugin_version, migration_id, backend, checksum "
        "FROM plugin_migrations ORDER BY id"
    )
    try:
        with contextlib.closing(sqlite3.connect(database)) as opened:
            return opened.execute(asked).fetchall()
    except sqlite3.OperationalError:
        return []


def one(folder, database):
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = {**start(folder, database), "rows": rows(database)}
            os.write(out, json.dumps(answer).encode())
        finally:
            os._exit(0)
    os.close(out)
    with os.fdopen(into, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


for line in sys.stdin:
    folders = json.loads(line)
    with tempfile.TemporaryDirectory() as work:
        answers = [one(folder, work + "/node.db") for folder in folders]
    sys.__stdout__.write(json.dumps(answers) + "\n")
    sys.__stdout__.flush()
"""

Answers = list[dict[str, Any]]


def ask_node(python: Path, work: Path) -> dict[str, list[Answers]]:
    """Start a real node with each pair of releases in each way; return what each start gave."""
    lines: list[str] = []
    keys: list[str] = []
    for name, releases in (PAIRS | UNDECIDED).items():
        folders = [
            _install(work / f"{len(keys)}-{index}", version, made)
            for index, (version, made) in enumerate(releases)
        ]
        for way in WAYS:
            keys.append(name)
            lines.append(json.dumps([str(folders[index]) for index in way]))
    done = subprocess.run(
        [str(python), "-s", "-P", "-c", _SERVER],
        input="\n".join(lines),
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[Answers]] = {}
    for name, text in zip(keys, done.stdout.splitlines(), strict=True):
        starts: Answers = json.loads(text)
        for row in (row for each in starts for row in each["rows"]):
            row[-1] = row[-1][:DIGITS]
        found.setdefault(name, []).append(starts)
    return found


def _install(folder: Path, version: str, made: list[Made]) -> Path:
    info = f"demo_plugin-{version}.dist-info"
    more = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: demo-plugin\nVersion: {version}\n",
        f"{info}/entry_points.txt": "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n",
    }
    for path, text in {**files(version, made), **more}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return folder


def save(answers: dict[str, list[Answers]]) -> None:
    """Write the recording, a start a line."""
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text("\n".join(_lines(answers)) + "\n", "ascii")


def _lines(answers: dict[str, list[Answers]]) -> Iterator[str]:
    yield "{"
    for number, (name, found) in enumerate(answers.items()):
        yield f"{json.dumps(name)}: ["
        for index, way in enumerate(found):
            starts = ",\n  ".join(map(json.dumps, way))
            yield f" [\n  {starts}\n ]{',' if index + 1 < len(found) else ''}"
        yield "]" + ("," if number + 1 < len(answers) else "")
    yield "}"


def recorded() -> dict[str, list[Answers]]:
    """Return what the real node answered."""
    found: dict[str, list[Answers]] = json.loads(RECORDED.read_text("ascii"))
    return found
