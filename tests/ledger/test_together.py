"""Migrations of several plugins in one start of a node."""

from __future__ import annotations

from pathlib import Path

from stigmem_review import host
from stigmem_review.forecast import foresee
from stigmem_review.forecast.ledger import EMPTY, Database, Row, checksum
from stigmem_review.forecast.migrations import migrating
from stigmem_review.forecast.model import Outcome
from stigmem_review.model import Release
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.migrating import Made, T, U, files, one
from support.plugins import write_wheel


def plugin(folder: Path, name: str, *made: Made) -> Release:
    package = name.replace("-", "_")
    code = {
        path.replace("demo_plugin", package): text.replace("demo-plugin", name)
        for path, text in files("1.0.0", list(made)).items()
    }
    entry = f"[stigmem.plugins]\n{name} = {package}:plugin_manifest\n"
    wheel = write_wheel(folder, code, name=name, entry_points=entry)
    return read(understand(str(wheel)), host.node())


def comes(*plugins: Release, on: Database = EMPTY) -> Outcome:
    return foresee(plugins, host.node(), migrating=migrating(on)).usual


def test_a_table_that_two_plugins_make(tmp_path: Path) -> None:
    one_of_them = plugin(tmp_path, "a-plugin", one(T))
    other = plugin(tmp_path, "b-plugin", one(T))
    assert comes(one_of_them).kind == comes(other).kind == "registers"
    refused = comes(one_of_them, other)
    assert (refused.refusal, refused.plugin) == ("MIG-SQL", "b-plugin")
    assert (refused.exception, refused.message) == (
        "OperationalError",
        "table demo already exists",
    )


def test_a_table_of_another_plugin_that_runs_before(tmp_path: Path) -> None:
    made, used = one(T), one("ALTER TABLE demo ADD COLUMN at TEXT;")
    before = plugin(tmp_path, "a-plugin", made)
    assert comes(before, plugin(tmp_path, "b-plugin", used)).kind == "registers"
    after = plugin(tmp_path, "aa-plugin", used)
    assert comes(after).kind == "untold"


def test_a_database_that_refuses_one_of_two(tmp_path: Path) -> None:
    both = plugin(tmp_path, "a-plugin", one(U)), plugin(tmp_path, "b-plugin", one(T))
    newer = Row("b-plugin", 7, "1.0.0", checksum(T))
    refused = comes(*both, on=Database((newer,)))
    assert (refused.kind, refused.refusal, refused.plugin) == ("refused", "MIG-IDDOWN", "b-plugin")
    assert comes(*both, on=Database((Row("b-plugin", 1, "1.0.0", checksum(T)),))).kind == (
        "registers"
    )


def test_a_release_that_is_met_twice_migrates_once(tmp_path: Path) -> None:
    code = files("1.0.0", [one(T)])
    entries = (
        "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n"
        "other = demo_plugin.other:plugin_manifest\n"
    )
    more = code["demo_plugin/manifest.py"].replace("demo-plugin", "other-plugin")
    code["demo_plugin/other.py"] = more.replace("'migration_register': handlers.migrate", "")
    wheel = write_wheel(tmp_path, code, entry_points=entries)
    release = read(understand(str(wheel)), host.node())
    assert len(release.starts) == 2
    assert comes(release) == Outcome("registers")
