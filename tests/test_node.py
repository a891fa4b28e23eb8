"""A whole node: what is on it, what becomes of it, what runs in which order, and what changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import jsonschema
import pytest

from support.command import Done, run
from support.index_server import File, IndexServer
from support.migrating import T, U, one
from support.nodes import add, library
from support.plugins import plugin, write_project

GRADUATED = "stigmem-plugin-memory-garden-acl"
BOTH = {"pre_recall_authorize": "gate", "post_assert_audit": "audit"}


def foreseen(
    *arguments: object, environment: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], Done]:
    with mock.patch.dict(os.environ, environment or {}):
        done = run("node", *arguments, "--format", "json", "--isolated")
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done


def names(report: dict[str, Any], side: str = "after") -> list[str]:
    return [each["plugin"] for each in report[side]["plugins"]]


def runs(report: dict[str, Any], hook: str) -> list[str]:
    [found] = [each for each in report["after"]["hooks"] if each["hook"] == hook]
    return [each["handler"] for each in found["runs"]]


def found(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["level"], each["name"], each["item"]) for each in report["findings"]]


def lines(report: dict[str, Any], title: str) -> dict[str, str]:
    [section] = [each for each in report["sections"] if each["title"].startswith(title)]
    return {
        line["what"]: "".join(part["text"] for part in line["says"]) for line in section["lines"]
    }


def test_a_node_that_starts(tmp_path: Path) -> None:
    add(tmp_path, "acme-base", hooks=BOTH)
    add(tmp_path, "acme-base-more", hooks=BOTH)
    add(tmp_path, "aaa-first", needs=["acme-base"], hooks={"post_assert_audit": "audit"})
    library(tmp_path, "acme-library")
    report, done = foreseen("--artifacts", tmp_path)
    assert done.returncode == 0
    assert report["others"] == 1
    assert names(report) == ["acme-base", "aaa-first", "acme-base-more"]
    # By the whole name of the handler: a hyphen comes before the dot.
    assert runs(report, "pre_recall_authorize") == ["acme-base-more.gate", "acme-base.gate"]
    assert runs(report, "post_assert_audit") == [
        "aaa-first.audit",
        "acme-base-more.audit",
        "acme-base.audit",
    ]
    assert report["after"]["plugins"][0]["needed_by"] == ["aaa-first"]
    assert lines(report, "Capabilities") == {"facts.read": "acme-base, aaa-first, acme-base-more"}
    assert "signing" in lines(report, "Assumed")


def test_the_first_that_fails_and_what_that_prevents(tmp_path: Path) -> None:
    add(tmp_path, "b-plugin")
    add(tmp_path, "c-plugin", instead={">=0.9.0a10": ">=1.0"})
    add(tmp_path, "d-plugin")
    report, done = foreseen("--artifacts", tmp_path, "--node-version", "0.9.0a12")
    assert done.returncode == 1
    assert found(report) == [("error", "node-stops", "c-plugin")]
    assert lines(report, "What that prevents") == {
        "in vain": "b-plugin taken by then, and not run",
        "not reached": "d-plugin",
    }
    said = run("node", "--artifacts", tmp_path, "--isolated").stdout
    assert "stops on c-plugin" in said
    assert "plugin 'c-plugin' requires stigmem '>=1.0'" in " ".join(said.split())


def test_the_node_moves_with_its_plugins(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, number in ((old, 10), (new, 12)):
        add(folder, GRADUATED)
        library(folder, "stigmem-node", f"0.9.0a{number}")
    add(old, "acme-ledger", made=[one(T), one(U, 2)])
    add(old, "acme-gone")
    add(new, "acme-ledger", "1.1.0", made=[one(T), one(U, 2)])
    report, done = foreseen("--artifacts", new, "--against", old)
    assert (report["old_node"], report["node"]) == ("0.9.0a10", "0.9.0a12")
    assert done.returncode == 1
    assert found(report) == [("warning", "plugin-ignored", GRADUATED)]
    changes = lines(report, "What changes")
    assert changes["node"] == "0.9.0a10 -> 0.9.0a12"
    assert changes["acme-ledger"] == "1.0.0 -> 1.1.0"
    assert changes["removed"] == "acme-gone 1.0.0"
    assert changes["post_assert_audit"] == f"acme-gone.audit, then {GRADUATED}.audit -> nothing"


def test_the_node_moves_alone(tmp_path: Path) -> None:
    wheel = add(tmp_path, "acme-narrow", instead={">=0.9.0a10": "<0.9.0a12"})
    report, _ = foreseen(wheel, "--old-node-version", "0.9.0a11", "--node-version", "0.9.0a12")
    assert found(report) == [("error", "node-stops", "acme-narrow")]
    assert report["before"]["forecast"]["outcomes"][-1]["kind"] == "registers"
    again, _ = foreseen(wheel, "--old-node-version", "0.9.0a12", "--node-version", "0.9.0a12")
    assert again["before"] is None
    assert found(again) == [("error", "node-stops", "acme-narrow")]


def test_a_node_newer_than_what_is_known(tmp_path: Path) -> None:
    wheel = add(tmp_path, "acme-base")
    done = run("node", wheel, "--node-version", "0.9.0a999", "--isolated")
    assert done.returncode == 0
    assert "0.9.0a999 (judged as" in done.stdout.splitlines()[0]


def test_what_was_so_before_is_said_as_such(tmp_path: Path) -> None:
    narrow = {">=0.9.0a10": ">=1.0"}
    old = add(tmp_path / "old", "acme-wide", "1.0.0", instead=narrow)
    new = add(tmp_path / "new", "acme-wide", "1.1.0", instead=narrow)
    report, done = foreseen(new, "--against", old)
    assert found(report) == [("note", "node-stops", "acme-wide")]
    assert done.returncode == 0


def test_migrations_meet_the_database_that_the_set_before_made(tmp_path: Path) -> None:
    old = add(tmp_path / "old", "acme-ledger", made=[one(T), one(U, 2)])
    new = add(tmp_path / "new", "acme-ledger", "1.1.0", made=[one(T)])
    assert foreseen(new)[1].returncode == 0
    report, done = foreseen(new, "--against", old)
    assert done.returncode == 1
    [stops] = report["findings"]
    assert "applied migration 2 is newer than declared 1" in json.dumps(stops["message"])
    empty = tmp_path / "ledger.json"
    empty.write_text("[]")
    assert foreseen(new, "--against", old, "--ledger", empty)[1].returncode == 0


def test_a_ledger_stops_the_node(tmp_path: Path) -> None:
    wheel = add(tmp_path, "acme-ledger", made=[one(T)])
    row = {
        "plugin_name": "acme-ledger",
        "plugin_version": "9.0.0",
        "migration_id": 1,
        "backend": "sqlite",
        "checksum": hashlib.sha256(T.encode()).hexdigest(),
    }
    ledger = tmp_path / "ledger.json"
    ledger.write_text(json.dumps([row]))
    report, done = foreseen(wheel, "--ledger", ledger)
    assert done.returncode == 1
    assert found(report) == [("error", "node-stops", "acme-ledger")]


SIGNING = {
    "nobody says": ({}, 0),
    "required": ({"STIGMEM_PLUGIN_SIGNING_REQUIRED": "true"}, 1),
    "off and not acknowledged": ({"STIGMEM_PLUGIN_SIGNING_REQUIRED": "false"}, 1),
    "off": (
        {
            "STIGMEM_PLUGIN_SIGNING_REQUIRED": "false",
            "STIGMEM_PLUGIN_UNSIGNED_ACK": "i-understand-plugins-are-unsigned",
        },
        0,
    ),
}


@pytest.mark.parametrize("name", SIGNING)
def test_the_settings_of_the_node_count(name: str, tmp_path: Path) -> None:
    settings, code = SIGNING[name]
    wheel = add(tmp_path, "acme-base")
    assert foreseen(wheel, environment=settings)[1].returncode == code
    file = tmp_path / "node.env"
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    report, done = foreseen(wheel, "--env-file", file)
    assert done.returncode == code
    assert report["after"]["forecast"]["assumes_unsigned"] == (name == "nobody says")


def hashed(*wheels: Path) -> str:
    return "".join(
        f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
        for wheel in wheels
        for name, version in [wheel.name.split("-")[:2]]
    )


def test_a_file_of_pins_says_what_is_on_it(tmp_path: Path, index: IndexServer) -> None:
    wheels = [
        add(tmp_path, "acme-base"),
        add(tmp_path, "acme-more", needs=["acme-base"]),
        library(tmp_path, "acme-library"),
    ]
    for wheel in wheels:
        project = wheel.name.partition("-")[0].replace("_", "-")
        index.offer(project, File(wheel.name, wheel.read_bytes()))
    pins = tmp_path / "requirements.txt"
    pins.write_text(f"stigmem-node==0.9.0a11\n{hashed(*wheels)}")
    report, done = foreseen("--requirements", pins)
    assert done.returncode == 0, done.stderr
    assert (report["node"], names(report)) == ("0.9.0a11", ["acme-base", "acme-more"])
    assert report["others"] == 1
    fewer = tmp_path / "requirements-new.txt"
    fewer.write_text(f"stigmem-node==0.9.0a11\n{hashed(wheels[1])}")
    report, done = foreseen("--requirements", fewer, "--against", pins)
    assert done.returncode == 1
    assert found(report) == [("error", "node-stops", "acme-more")]
    assert lines(report, "What changes")["removed"] == "acme-base 1.0.0"


def test_what_is_left_open_leaves_it_incomplete(tmp_path: Path, index: IndexServer) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("acme-base>=1\nacme-lost==1.0.0\n-e ./nowhere\n")
    report, done = foreseen("--requirements", pins)
    assert done.returncode == 3
    assert len(report["gaps"]) == 3


def test_two_versions_in_one_folder_leave_it_incomplete(tmp_path: Path) -> None:
    add(tmp_path, "acme-base")
    add(tmp_path, "acme-base", "1.1.0")
    report, done = foreseen("--artifacts", tmp_path)
    assert done.returncode == 3
    assert [each["what"] for each in report["gaps"]] == ["acme-base"]
    both = tmp_path / "nodes"
    library(both, "stigmem-node", "0.9.0a11")
    library(both, "stigmem-node", "0.9.0a12")
    assert foreseen("--artifacts", both)[1].returncode == 3


def test_a_wheel_that_cannot_be_read_leaves_it_incomplete(tmp_path: Path) -> None:
    good = add(tmp_path, "acme-base")
    bad = tmp_path / "acme_torn-1.0.0-py3-none-any.whl"
    bad.write_bytes(good.read_bytes()[:500])
    report, done = foreseen("--artifacts", tmp_path)
    assert done.returncode == 3
    assert names(report) == ["acme-base"]


def test_a_project_is_a_plugin_and_no_folder_of_files(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", plugin())
    report, done = foreseen(project, "--against", project)
    assert (done.returncode, names(report), names(report, "before")) == (
        0,
        ["demo-plugin"],
        ["demo-plugin"],
    )
    assert lines(report, "What changes") == {"nothing": "of what is told here"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "in one way"),
        (["none"], "no code to foresee"),
        (["--artifacts", "nowhere"], "there is no folder"),
        (["--requirements", "nowhere.txt"], "there is no file"),
        (["missing.whl"], "there is no file or directory"),
    ],
)
def test_a_request_that_names_nothing(arguments: list[str], why: str, tmp_path: Path) -> None:
    done = run("node", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert why in done.stderr


def test_it_is_said_in_one_way(tmp_path: Path) -> None:
    wheel = add(tmp_path, "acme-base")
    done = run("node", wheel, "--artifacts", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_every_format_and_its_schema(tmp_path: Path) -> None:
    add(tmp_path, "acme-base", hooks=BOTH)
    add(tmp_path, "bad", instead={'version="1.0.0"': 'version="`x`|\\n# no"'})
    report, _ = foreseen("--artifacts", tmp_path)
    jsonschema.validate(report, json.loads(run("schema", "node").stdout))
    for form in ("text", "markdown", "github", "summary"):
        done = run("node", "--artifacts", tmp_path, "--format", form, "--isolated")
        assert done.returncode == 1
        assert done.stdout.isascii() or form in ("markdown", "summary")
        assert "\n# no" not in done.stdout


# The real node

_ORDER = r"""
import asyncio, json, os, sys
os.environ.update(
    STIGMEM_PLUGIN_SIGNING_REQUIRED="false",
    STIGMEM_PLUGIN_UNSIGNED_ACK="i-understand-plugins-are-unsigned",
    STIGMEM_FEDERATION_ENABLED="false",
    STIGMEM_DB_PATH=sys.argv[1],
)
sys.path.append(sys.argv[2])
import stigmem_node.main as main
from stigmem_node.plugins import get_registry
from stigmem_node.plugins.hooks import HOOK_SPECS


async def start(app):
    async with app.router.lifespan_context(app):
        registry = get_registry()
        print(json.dumps({
            "plugins": registry.plugin_registration_order(),
            "hooks": {
                hook: [each.handler_name for each in found]
                for hook in HOOK_SPECS
                if (found := registry.handlers_for(hook))
            },
        }))


asyncio.run(start(main.create_app()))
"""


@pytest.mark.network
def test_the_real_node_has_that_order(node_python: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    every = dict.fromkeys(("audit_emit", "post_assert_persist", "recall_filter"), "audit")
    fits = {"def audit(ctx, **_)": "def audit(ctx, value=None, **_)"}
    add(wheels, "acme-base", hooks=BOTH | every, instead=fits)
    add(wheels, "acme-base-more", hooks=BOTH)
    add(wheels, "acme-base2", hooks=BOTH | every, needs=["zeta-last"], instead=fits)
    add(wheels, "zeta-last", hooks=every, instead=fits)
    add(wheels, "ledger", made=[one(T)])
    site = tmp_path / "site"
    for wheel in wheels.iterdir():
        zipfile.ZipFile(wheel).extractall(site)
    done = subprocess.run(
        [str(node_python), "-s", "-P", "-c", _ORDER, str(tmp_path / "node.db"), str(site)],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    real = json.loads(done.stdout)
    report, _ = foreseen("--artifacts", wheels)
    assert names(report) == real["plugins"]
    assert {
        each["hook"]: [one["handler"] for one in each["runs"]] for each in report["after"]["hooks"]
    } == real["hooks"]
