"""What is said of a plugin on every node release, and what it takes to say it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import host, review
from stigmem_review.forecast.alone import alone, on_every_node
from stigmem_review.host import Node
from stigmem_review.model import Release
from stigmem_review.pipeline import reading
from stigmem_review.sources.request import open_source, understand
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel

MIGRATING = """\
from stigmem_node.plugins import Migration


def migrate(ctx, migrations, **_):
    sql = "CREATE TABLE demo (id TEXT)"
    return [*migrations, Migration("demo-plugin", 1, sql, "what it keeps")]
"""


def test_a_migration_is_not_compiled_for_each_node_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = {"migration_register": "migrate"}
    files = plugin(hooks=hooks, handlers=MIGRATING)
    # A node that it does not load on does not come to its migrations.
    loads = files["demo_plugin/manifest.py"].replace("0.9.0a10", host.versions()[0])
    files["demo_plugin/manifest.py"] = loads
    old = write_wheel(tmp_path / "old", files)
    new = write_wheel(tmp_path / "new", {**files, "demo_plugin/more.py": "MORE = 1\n"})
    opened: list[Any] = []
    connect = sqlite3.connect

    def counted(*args: Any, **more: Any) -> sqlite3.Connection:
        opened.append(args)
        made: sqlite3.Connection = connect(*args, **more)
        return made

    monkeypatch.setattr(sqlite3, "connect", counted)
    report = review(str(old), str(new))
    assert report.verdict.exit_code != 3
    assert 1 <= len(opened) < len(host.versions())


def test_nodes_that_say_the_same_of_their_versions_are_one_line(tmp_path: Path) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))  # for a node of 0.9.0a10 or newer
    lines = [flat(each.says) for each in review("none", wheel).starting]
    assert [each.split(":")[0] for each in lines][:2] == ["does not start", "registers it"]


BETA = """\
from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    return PluginManifest(name="demo-plugin", version="1.0.0b1", hooks={})
"""
"""Older nodes do not take the version of a beta, and newer ones do."""


def test_a_release_is_read_again_once_for_nodes_that_read_it_alike(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin(manifest=BETA))
    node = host.node(host.versions()[-1])
    asked: list[Node] = []

    def read(other: Node) -> Release:
        asked.append(other)
        return reading.read(understand(str(wheel)), other)

    found = on_every_node(reading.read(understand(str(wheel)), node), node, read)

    assert [each.node for each in found] == [*host.versions()]
    refused = [each.usual.kind == "refused" for each in found]
    assert refused == sorted(refused, reverse=True)
    assert 0 < sum(refused) < len(refused)
    assert len(asked) == 1
    for each in found:
        other = host.node(each.node)
        assert each.outcomes == alone(reading.read(understand(str(wheel)), other), other)


CHECKED = """\
from stigmem_node import audit
from stigmem_node.plugins import PluginManifest


def check(ctx, config, **_):
    return config


def plugin_manifest():
    return PluginManifest(name="demo-plugin", version="1.0.0", hooks={"config_validate": check})
"""
STARTING = {
    "plain": plugin(),
    "a beta": plugin(manifest=BETA),
    "migrates": plugin(hooks={"migration_register": "migrate"}, handlers=MIGRATING),
    "checks settings": plugin(manifest=CHECKED),
    "does not compile": plugin(handlers="def"),
}


@pytest.mark.parametrize("name", STARTING)
def test_a_start_hangs_on_what_is_read_for_it_alone(name: str, tmp_path: Path) -> None:
    artifact = open_source(understand(str(write_wheel(tmp_path, STARTING[name]))))
    for node in map(host.node, host.versions()):
        full = reading.read_artifact(artifact, node).release
        found = reading.read_artifact(artifact, node, to_start=True).release

        assert alone(found, node) == alone(full, node) != ()
        assert (found.starts, found.given, found.migrations) == (
            full.starts,
            full.given,
            full.migrations,
        )
        assert not found.behaviour
