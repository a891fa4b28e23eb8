"""What several plugins of one list come to together, where they or their node move."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import BumpReport, bump
from stigmem_review.text import flat
from support.migrating import T, U, one
from support.nodes import add, library
from support.repository import Deployment


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Two plugins that make one table in their next releases, and one that needs another."""
    folder = tmp_path / "wheels"
    for name, table in (("acme-one", T), ("acme-two", U)):
        add(folder, name, "1.0.0", made=[one(table, plugin_name=name)])
        add(folder, name, "1.1.0", made=[one(table, plugin_name=name)])
        shared = one("CREATE TABLE shared (id TEXT);", 2, plugin_name=name)
        add(folder, name, "1.2.0", made=[one(table, plugin_name=name), shared])
    add(folder, "acme-base")
    add(folder, "acme-needs", needs=["acme-base"])
    for number in (11, 12):
        library(folder, "stigmem-node", f"0.9.0a{number}")
    return folder


def reviewed(folder: Path, wheels: Path, old: list[str], new: list[str]) -> BumpReport:
    deployment = Deployment(folder / "deployment")
    base, head = (
        deployment.commit({"requirements.txt": "".join(f"{pin}\n" for pin in pins)})
        for pins in (old, new)
    )
    return bump(base, head, repository=str(deployment.folder), artifacts=str(wheels))


def stops(report: BumpReport) -> list[tuple[str, str, str]]:
    return [
        (each.level, each.item, flat(each.message))
        for each in report.findings
        if each.name == "node-stops"
    ]


ONE, TWO = ("acme-one==1.0.0", "acme-two==1.0.0"), ("acme-one==1.2.0", "acme-two==1.2.0")


def test_what_two_releases_do_to_each_other(tmp_path: Path, wheels: Path) -> None:
    report = reviewed(tmp_path, wheels, [*ONE], [*TWO])
    [(level, item, message)] = stops(report)
    assert (level, item) == ("error", "acme-two")
    assert "table shared already exists" in message
    assert report.verdict.exit_code == 1
    [finding] = [each for each in report.findings if each.name == "node-stops"]
    assert str(finding.at) == "requirements.txt"
    assert finding.change is not None
    assert "acme-two 1.2.0" in finding.change.new


def test_what_goes_together_says_nothing(tmp_path: Path, wheels: Path) -> None:
    new = ["acme-one==1.1.0", "acme-two==1.1.0"]
    assert stops(reviewed(tmp_path, wheels, [*ONE], new)) == []


def test_what_did_not_change_is_taken_to_be_there(tmp_path: Path, wheels: Path) -> None:
    old = ["acme-base==1.0.0"]
    new = ["acme-base==1.0.0", "acme-needs==1.0.0", "acme-one==1.0.0"]
    assert stops(reviewed(tmp_path, wheels, old, new)) == []


def test_a_plugin_that_goes_while_the_node_moves(tmp_path: Path, wheels: Path) -> None:
    old = ["stigmem-node==0.9.0a11", "acme-base==1.0.0", "acme-needs==1.0.0"]
    new = ["stigmem-node==0.9.0a12", "acme-needs==1.0.0"]
    [(level, item, message)] = stops(reviewed(tmp_path, wheels, old, new))
    assert (level, item) == ("error", "acme-needs")
    assert "Node 0.9.0a12" in message
    assert "acme-needs missing acme-base" in message
    assert stops(
        reviewed(tmp_path / "same", wheels, old, ["stigmem-node==0.9.0a12", *old[1:]])
    ) == ([])
