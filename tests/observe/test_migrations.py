"""Which migrations a release makes, with which SQL, and what becomes of a database."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import check, host, review
from stigmem_review.document.parts import Report
from stigmem_review.model import Migration
from stigmem_review.observe.sql import statements
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import HANDLERS, plugin, write_wheel

SQL = "CREATE TABLE demo (id TEXT);\r\n-- über\r\n"
HOOKS = {"migration_register": "migrate"}
START = "from stigmem_node.plugins import Migration\n"
MIGRATE = """
def migrate(ctx, value, **_):
    return [*value, Migration("demo-plugin", 1, {sql}, "what it does")]
"""


def files(code: str, version: str = "1.0.0", **more: str) -> dict[str, str | bytes]:
    made = plugin(version=version, hooks=HOOKS, **{"handlers": HANDLERS + START + code, **more})  # type: ignore[arg-type]
    return {
        **made,
        "demo_plugin/sql/__init__.py": "",
        "demo_plugin/sql/001.sql": SQL.encode(),
        "demo_plugin/sql/002.sql": b"DROP TABLE facts;",
    }


def migrations(code: str, folder: Path, **more: str) -> list[Migration]:
    wheel = write_wheel(folder, files(code, **more))
    return list(read(understand(str(wheel)), host.node()).migrations)


def using(sql: str, before: str = "") -> str:
    return before + MIGRATE.format(sql=sql)


FROM_PATHLIB = "from pathlib import Path\n"
FROM_RESOURCES = "from importlib import resources\n"
FROM_OS = "import os\n"
LOCAL = """
def migrate(ctx, value, **_):
    sql = resources.files(__package__).joinpath("sql/001.sql").read_text(encoding="utf-8")
    return [*value, Migration(plugin_name="demo-plugin", migration_id=1, sql=sql, description="")]
"""
HELPER = """
def text(name):
    \"\"\"Read it.\"\"\"
    folder = Path(__file__).parent / "sql"
    return (folder / f"{name}.sql").read_text("utf-8")
"""
READS = {
    "a literal": using('"CREATE TABLE demo (id TEXT)"'),
    "a constant": using("SQL", 'SQL = "CREATE TABLE " + "demo (id TEXT)"\n'),
    "another module's constant": using("SQL", "from .more import SQL\n"),
    "dedent": using("textwrap.dedent(SQL)", "import textwrap\nSQL = '''\n  CREATE\n  X\n'''\n"),
    "strip": using('" CREATE TABLE demo (id TEXT)\\n".strip()'),
    "a path": using('(Path(__file__).parent / "sql" / "001.sql").read_text()', FROM_PATHLIB),
    "a path's parents": using(
        '(Path(__file__).resolve().parents[0] / "sql/001.sql").read_text()', FROM_PATHLIB
    ),
    "a folder by name": using(
        '(HERE / "001.sql").read_text("utf-8")',
        FROM_PATHLIB + 'HERE = Path(__file__).with_name("sql")\n',
    ),
    "bytes": using(
        'Path(__file__).with_name("sql").joinpath("001.sql").read_bytes().decode()'
    ).replace("def migrate", FROM_PATHLIB + "def migrate"),
    "a resource": FROM_RESOURCES + LOCAL,
    "a resource's own package": using(
        'resources.files("demo_plugin.sql").joinpath("001.sql").read_text()', FROM_RESOURCES
    ),
    "a resource divided": using(
        '(files("demo_plugin") / "sql" / "001.sql").read_text("utf-8")',
        "from importlib.resources import files\n",
    ),
    "os.path": using(
        'open(os.path.join(os.path.dirname(__file__), "sql", "001.sql"), encoding="utf-8").read()',
        FROM_OS,
    ),
    "a helper": using('text("001")', FROM_PATHLIB + HELPER),
}
MORE = 'SQL = "CREATE TABLE demo (id TEXT)"\n'


@pytest.mark.parametrize("code", READS.values(), ids=READS)
def test_sql_that_is_read(code: str, tmp_path: Path) -> None:
    [found] = migrations(code, tmp_path, more=MORE)
    assert found.sql
    assert (found.item, found.number, found.plugin) == ("1 (sqlite)", 1, "demo-plugin")


UNREADS = {
    "a file chosen at run time": using("open(ctx.path).read()"),
    "a file that is not there": using(
        '(Path(__file__).parent / "gone.sql").read_text()', FROM_PATHLIB
    ),
    "another encoding": using(
        '(Path(__file__).parent / "sql/001.sql").read_text("latin-1")', FROM_PATHLIB
    ),
    "one of two texts": using(
        "SQL", 'import os\nSQL = "a"\nif os.environ.get("DEMO"):\n    SQL = "b"\n'
    ),
    "a helper with two ways out": using(
        "text(ctx)", 'def text(x):\n    if x.new():\n        return "a"\n    return "b"\n'
    ),
    "a loop": """
SQL = "CREATE TABLE demo (id TEXT)"
def migrate(ctx, value, **_):
    return [Migration("demo-plugin", 1, SQL, "") for SQL in ctx.all()]
""",
    "the name of the function around it": """
SQL = "CREATE TABLE demo (id TEXT)"
def migrate(ctx, value, **_):
    SQL = ctx.sql
    def inner():
        return Migration("demo-plugin", 1, SQL, "")
    return [inner()]
""",
    "two of one number": using('"a"') + using('"b"').replace("migrate", "other"),
}


@pytest.mark.parametrize("code", UNREADS.values(), ids=UNREADS)
def test_sql_that_is_not_read_is_never_guessed(code: str, tmp_path: Path) -> None:
    [found] = migrations(code, tmp_path)
    assert found.sql is None
    report = review("none", str(next(tmp_path.glob("*.whl"))))
    assert "migration-unread" in [each.name for each in report.findings]


TWO = """
NAMES = ("001", "002")
def migrate(ctx, value, **_):
    folder = Path(__file__).parent / "sql"
    return value + [
        Migration("demo-plugin", number, (folder / f"{name}.sql").read_text(), name)
        for number, name in enumerate(NAMES, start=1)
    ]
"""
MADE = """
SQL = ("CREATE TABLE demo (id TEXT)", "DROP TABLE facts;")
def every():
    for number, sql in enumerate(SQL):
        yield Migration("demo-plugin", number + 1, sql, "")
ALL = [*every()]
def migrate(ctx, value, **_):
    return [*value, *ALL]
"""
PARTLY = """
step = functools.partial(Migration, "demo-plugin", description="")
ALL = []
for number, sql in {1: "CREATE TABLE demo (id TEXT)", 2: "DROP TABLE facts;"}.items():
    ALL.append(step(number, sql))
def migrate(ctx, value, **_):
    return value + ALL
"""
OF_AN_OBJECT = """
class Base:
    def text(self, name):
        return resources.files("demo_plugin").joinpath("sql", name).read_text()
class Steps(Base):
    def __init__(self, plugin):
        self.plugin = plugin
    def migrate(self, ctx, value, **_):
        one = Migration(self.plugin, 1, self.text("001.sql"), "")
        return [*value, one, Migration(self.plugin, 2, self.text("002.sql"), "")]
migrate = Steps("demo-plugin").migrate
"""
NOT_IMPORTED = """
def migrate(ctx, value, **_):
    from .later import everything
    return value + everything()
"""
UNCALLED = NOT_IMPORTED.replace("everything()", "ctx.more()")
LATER = """
from stigmem_node.plugins import Migration
def everything():
    return [Migration("demo-plugin", 1, "CREATE TABLE demo (id TEXT)", ""), second()]
def second():
    return Migration("demo-plugin", 2, "DROP TABLE facts;", "")
"""
TWICE = {
    "in a loop, from files": FROM_PATHLIB + TWO,
    "by a generator, at import": MADE,
    "by a partial, in a loop": "import functools\n" + PARTLY,
    "by a method of an object": FROM_RESOURCES + OF_AN_OBJECT,
    "by a module that is imported late": NOT_IMPORTED,
    "in a function nobody calls": UNCALLED,
}


@pytest.mark.parametrize("code", TWICE.values(), ids=TWICE)
def test_migrations_however_they_are_made(code: str, tmp_path: Path) -> None:
    more = {"later": LATER} if code in (NOT_IMPORTED, UNCALLED) else {}
    one, two = migrations(code, tmp_path, **more)
    assert (one.number, one.plugin, two.number) == (1, "demo-plugin", 2)
    assert one.sql is not None
    assert one.sql.startswith("CREATE TABLE demo (id TEXT)")
    assert two.sql == "DROP TABLE facts;"


def test_a_call_that_cannot_be_run_is_not_left_out(tmp_path: Path) -> None:
    broken = "raise RuntimeError\n" + using('"a"')
    [found] = migrations(broken, tmp_path)
    assert found.unread == "what makes it could not be followed"
    assert str(found.at).startswith("demo_plugin/handlers.py:")


def test_a_handler_whose_migrations_are_not_found(tmp_path: Path) -> None:
    elsewhere = "def migrate(ctx, value, **_):\n    return value + ctx.more()\n"
    [found] = migrations(elsewhere, tmp_path / "a")
    assert found.unread.endswith("none is found in the code")
    assert migrations('def migrate(c, v, **_):\n    "none"\n    return v\n', tmp_path / "b") == []


def one(sql: str, number: int = 1, **more: str) -> dict[str, Any]:
    return {"plugin_name": "demo-plugin", "migration_id": number, "sql": sql, **more}


def migrating(*made: Mapping[str, Any]) -> str:
    calls = ", ".join(
        f"Migration({', '.join(f'{name}={value!r}' for name, value in each.items())})"
        for each in ({**each, "description": ""} for each in made)
    )
    return f"\ndef migrate(ctx, value, **_):\n    return [*value, {calls}]\n"


def upgrade(folder: Path, old: str, new: str, versions: tuple[str, str]) -> Report:
    wheels = [
        write_wheel(folder / str(index), files(code, version), version=version)
        for index, (code, version) in enumerate(zip((old, new), versions, strict=True))
    ]
    return review(*map(str, wheels))


def found(report: Report) -> dict[str, str]:
    return {each.name: each.level for each in report.findings if each.rule.startswith("SPR9")}


CREATE = "CREATE TABLE demo (id TEXT);"
MORE_OF_IT = "CREATE TABLE more (id TEXT);"
UP, DOWN = ("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")
ADDED = {"migration-added": "warning"}
CHANGES = {
    "nothing": ([one(CREATE)], [one(CREATE)], ("1.0.0", "1.0.0"), {}),
    "the first one": ([], [one(CREATE)], UP, ADDED),
    "another one": (
        [one(CREATE)],
        [one(CREATE), one(MORE_OF_IT, 2)],
        UP,
        {**ADDED, "rollback-refused": "warning"},
    ),
    "one below": (
        [one(MORE_OF_IT, 2)],
        [one(CREATE), one(MORE_OF_IT, 2)],
        UP,
        {**ADDED, "rollback-refused": "warning"},
    ),
    "a higher version": ([one(CREATE)], [one(CREATE)], UP, {"rollback-refused": "note"}),
    "a version of its own": (
        [one(CREATE, plugin_version="0.9.0")],
        [one(CREATE, plugin_version="0.9.0")],
        UP,
        {},
    ),
    "other SQL": (
        [one(CREATE, plugin_version="1.0.0")],
        [one(f"{CREATE} ", plugin_version="1.0.0")],
        UP,
        {"migration-rewritten": "error"},
    ),
    "one less": (
        [one(CREATE), one(MORE_OF_IT, 2)],
        [one(CREATE)],
        ("1.0.0", "1.0.0"),
        {"migration-removed": "note", "migrations-refused": "error"},
    ),
    "all of them less": ([one(CREATE)], [], UP, {"migration-removed": "note"}),
    "a downgrade": ([one(CREATE)], [one(CREATE)], DOWN, {"migrations-refused": "error"}),
    "a downgrade under a version of its own": (
        [one(CREATE, plugin_version="0.9.0")],
        [one(CREATE, plugin_version="0.9.0")],
        DOWN,
        {},
    ),
    "a version that is none": (
        [],
        [one(CREATE, plugin_version="1.0.0-foo")],
        UP,
        {**ADDED, "migration-version-invalid": "error"},
    ),
}
NAMES = ("old", "new", "versions", "expected")


@pytest.mark.parametrize(NAMES, CHANGES.values(), ids=CHANGES)
def test_what_changes(
    old: list[Any],
    new: list[Any],
    versions: tuple[str, str],
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    report = upgrade(tmp_path, migrating(*old), migrating(*new), versions)
    assert found(report) == expected


def test_the_name_of_another_plugin(tmp_path: Path) -> None:
    code = migrating({**one(CREATE), "plugin_name": "other-plugin"})
    wheel = write_wheel(tmp_path, files(code))
    [mistake] = check(str(wheel)).checked[0].mistakes
    assert mistake.name == "migration-foreign"
    assert mistake.item == "other-plugin 1 (sqlite)"


def test_a_file_that_changes_is_a_migration_that_changes(tmp_path: Path) -> None:
    old = files(READS["a resource"])
    wheels = [
        write_wheel(tmp_path / "old", old),
        write_wheel(tmp_path / "new", {**old, "demo_plugin/sql/001.sql": b"DROP TABLE facts;"}),
    ]
    report = review(*map(str, wheels))
    assert found(report) == {"migration-rewritten": "error"}
    [finding] = [each for each in report.findings if each.name == "migration-rewritten"]
    assert finding.at is not None
    assert finding.at.path == "demo_plugin/handlers.py"


STATEMENTS = {
    "CREATE TABLE IF NOT EXISTS a (b TEXT DEFAULT ';');": ["CREATE TABLE a"],
    "-- DROP TABLE x;\n/* ; */ INSERT INTO a VALUES (1)": ["INSERT INTO a"],
    "CREATE INDEX i ON a(b); DROP TABLE IF EXISTS facts;": [
        "DROP TABLE facts",
        "CREATE INDEX i ON a",
    ],
    "UPDATE facts SET a = 'x; DROP'": ["UPDATE facts"],
    "'never closed": ["'never closed"],
    "DO $x$ a; b; $x$; DELETE FROM c WHERE d": ["DELETE FROM c", "DO $x$ a; b; $x$"],
    "": [],
}


@pytest.mark.parametrize(("sql", "heads"), STATEMENTS.items())
def test_the_first_words_of_statements(sql: str, heads: list[str]) -> None:
    assert list(statements(sql)) == heads


# On the real node

READ = """
import json, sys
found = []
for folder in json.load(sys.stdin):
    sys.path.insert(0, folder)
    from demo_plugin.handlers import migrate
    found.append([(m.plugin_name, m.migration_id, m.backend, m.sql) for m in migrate(None, [])])
    sys.path.remove(folder)
    for name in [name for name in sys.modules if name.startswith("demo_plugin")]:
        del sys.modules[name]
print(json.dumps(found))
"""
APPLY = """
import json, sys
from stigmem_node.plugin_migrations import apply_registered_plugin_migrations
from stigmem_node.plugins import Migration, PluginMigrationError
from stigmem_node.storage import make_backend
answers = []
for index, releases in enumerate(json.load(sys.stdin)):
    backend = make_backend(db_path=f"{sys.argv[1]}/{index}.db")
    answer = []
    for version, made in releases:
        made = [Migration(**each, description="") for each in made]
        try:
            apply_registered_plugin_migrations(
                backend, made, plugin_versions={"demo-plugin": version}
            )
            answer.append("")
        except PluginMigrationError as error:
            answer.append(str(error))
    answers.append(answer)
print(json.dumps(answers))
"""


def on_the_node(python: Path, code: str, given: Any, *arguments: str) -> Any:
    done = subprocess.run(
        [str(python), "-I", "-c", code, *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.network
def test_the_node_gets_the_sql_that_is_read(node_python: Path, tmp_path: Path) -> None:
    folders = []
    for index, code in enumerate(READS.values()):
        folders.append(tmp_path / str(index))
        for path, data in files(code, more=MORE).items():
            target = folders[-1] / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data if isinstance(data, bytes) else data.encode())
    real = on_the_node(node_python, READ, [str(each) for each in folders])
    for code, [got], folder in zip(READS.values(), real, folders, strict=True):
        [said] = migrations(code, folder / "wheel", more=MORE)
        assert [said.plugin, said.number, said.backend, said.sql] == got


@pytest.mark.network
def test_the_node_refuses_what_is_said_to_be_refused(node_python: Path, tmp_path: Path) -> None:
    """Each upgrade is made on a database of the old release, and then taken back.

    A third database is set up by the new release from nothing before it goes back.
    """
    runs = []
    for old, new, (one_version, other_version), _ in CHANGES.values():
        before, after = (one_version, old), (other_version, new)
        runs += [[before, after, before], [after, before]]
    answers = on_the_node(node_python, APPLY, runs, str(tmp_path))
    for index, (what, (*_, expected)) in enumerate(CHANGES.items()):
        (_, up, back), fresh = answers[2 * index], answers[2 * index + 1]
        refuses = {"migration-rewritten", "migrations-refused", "migration-version-invalid"}
        assert bool(up) == bool(refuses & {*expected}), (what, up)
        if up:
            continue
        level = expected.get("rollback-refused")
        assert bool(back) == (level == "warning"), (what, back)
        assert bool(fresh[1]) == (level is not None), (what, fresh)


@pytest.mark.parametrize(
    "code",
    [
        START.replace("Migration", "Migration as M") + "def later(): M('demo-plugin', 7, '', '')\n",
        START.replace("Migration", "Migration \\\n as M")
        + "def later(): M('demo-plugin', 7, '', '')\n",
        START + "def later():\n    return \uff2digration('demo-plugin', 7, '', '')\n",
        "from stigmem_node.plugins import \uff2digration\n"
        "def later(): return [\uff2digration('demo-plugin', 7, '', '')]\n",
        "import stigmem_node.plugins as p\n@print(p\n.Migration('demo-plugin', 7, '', ''))\n"
        "def later(): ...\n",
    ],
)
def test_a_migration_is_seen_however_it_is_named(code: str, tmp_path: Path) -> None:
    found = migrations("", tmp_path, later=code)
    assert [(each.number, each.unread) for each in found if each.number] == [(7, "")]
