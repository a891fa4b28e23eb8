"""What a report says of going back: only what is so, and the steps that work."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.text import flat
from support.migrating import PAIRS, Releases, T, files, one
from support.plugins import plugin, write_wheel

AGAIN = "stop the node, install 1.0.0 again, and start it"
BACKUP = "stop the node, put back that backup, install 1.0.0 again, and start it"
NO_BACKUP = f"{AGAIN}; a database that the new release set up has no backup from before"
NOTHING_ELSE = "back up the node's database: nothing else brings the old release back"


def said(folder: Path, releases: Releases) -> dict[str, str]:
    wheels = [
        str(write_wheel(folder / str(index), files(version, made), version=f"1.{index}.0"))
        for index, (version, made) in enumerate(releases)
    ]
    return {each.what: flat(each.says) for each in review(*wheels).way_back}


def test_nothing_is_in_the_way(tmp_path: Path) -> None:
    assert said(tmp_path, PAIRS["nothing"]) == {
        "on the same database": "1.0.0 loads again",
        "steps back": AGAIN,
    }


def test_only_a_backup_helps(tmp_path: Path) -> None:
    found = said(tmp_path, PAIRS["one more"])
    assert found["before the upgrade"] == NOTHING_ELSE
    assert found["steps back"] == BACKUP
    assert found["what stays"] == "what the SQL did of migration 2 (sqlite)"
    assert "applied migration 2 is newer than declared 1" in found["on a database that it set up"]


def test_only_a_new_database_refuses(tmp_path: Path) -> None:
    found = said(tmp_path, PAIRS["the same under a new version"])
    assert found["on a database that was upgraded"] == "1.0.0 loads again"
    assert found["steps back"] == NO_BACKUP
    assert "before the upgrade" not in found
    assert "what stays" not in found


@pytest.mark.parametrize("name", ["SQL that is none", "a version that the ledger refuses"])
def test_a_release_that_starts_nowhere_leaves_nothing(name: str, tmp_path: Path) -> None:
    assert said(tmp_path, PAIRS[name]) == {
        "on a database that was upgraded": "the new release does not start there; "
        "1.0.0 loads again",
        "steps back": AGAIN,
    }


def test_a_release_that_fails_halfway_leaves_something(tmp_path: Path) -> None:
    assert "what stays" in said(tmp_path, PAIRS["a script that fails halfway"])


def test_what_cannot_be_told_is_no_reason_to_say_that_nothing_else_helps(tmp_path: Path) -> None:
    wheels = []
    for version in ("1.0.0", "1.1.0"):
        made = files(version, [one(T)])
        handlers = made["demo_plugin/handlers.py"].replace(repr(T), "open('/etc/sql').read()")
        made["demo_plugin/handlers.py"] = handlers
        wheels.append(str(write_wheel(tmp_path / version, made, version=version)))
    found = {each.what: flat(each.says) for each in review(*wheels).way_back}
    assert found["on a database that was upgraded"].startswith("1.0.0: cannot be told, since ")
    assert found["before the upgrade"].endswith("the old release may not load without that")


def test_an_old_release_that_starts_nowhere(tmp_path: Path) -> None:
    broken = {**plugin(), "demo_plugin/__init__.py": "import nothing_at_all\n"}
    old = write_wheel(tmp_path / "old", broken)
    new = write_wheel(tmp_path / "new", plugin(version="1.1.0"), version="1.1.0")
    report = review(str(old), str(new))
    found = {each.what: flat(each.says) for each in report.way_back}
    assert [*found] == ["on any database"]
    assert "No module named 'nothing_at_all'" in found["on any database"]
    assert "loads again" not in flat(report.back)


def test_the_node_goes_back_too(tmp_path: Path) -> None:
    wheels = [
        str(write_wheel(tmp_path / version, plugin(version=version), version=version))
        for version in ("1.0.0", "1.1.0")
    ]
    report = review(*wheels, old_node_version="0.9.0a11", node_version="0.9.0a12")
    found = {each.what: flat(each.says) for each in report.way_back}
    assert found["steps back"] == (
        "stop the node, install 1.0.0 and the node 0.9.0a11 again, and start it"
    )


def test_a_first_installation_and_a_removal(tmp_path: Path) -> None:
    wheel = str(write_wheel(tmp_path, files("1.0.0", [one(T)])))
    first = {each.what: flat(each.says) for each in review("none", wheel).way_back}
    assert first["steps back"].startswith("uninstall it")
    assert first["what stays"] == "what the SQL did of migration 1 (sqlite)"
    gone = {each.what: flat(each.says) for each in review(wheel, "none").way_back}
    assert gone["on the same database"] == "1.0.0 loads again"
