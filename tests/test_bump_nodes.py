"""A node whose own pin moves: what did not move beside it is looked at for the other node."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import BumpReport, bump, cli
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.host import versions
from stigmem_review.report import render
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel
from support.repository import Deployment

GRADUATED = "stigmem-plugin-memory-garden-acl"
TENANT = "from stigmem_node.tenant import TenantContext\nfrom .manifest import plugin_manifest\n"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Plugins that fit every node, only some, or none any more; a library; and nodes."""
    folder = tmp_path / "wheels"
    write_wheel(folder, plugin())
    write_wheel(folder, plugin(version="1.0.1"), version="1.0.1")
    _add(folder, "demo-narrow", {'requires_stigmem=">=0.9.0a10"': _requires("<0.9.0a12")})
    _add(folder, "demo-narrow", {'requires_stigmem=">=0.9.0a10"': _requires("<=0.9.0a11")}, "1.0.1")
    _add(folder, "demo-default", {'        requires_stigmem=">=0.9.0a10",\n': ""})
    _add(folder, "demo-tenant", {"from .manifest import plugin_manifest\n": TENANT})
    _add(folder, "demo-child", {"hooks={": f'depends_on=["{GRADUATED}"], hooks={{'})
    write_wheel(folder, plugin(name=GRADUATED), name=GRADUATED)
    write_wheel(folder, {"acme/__init__.py": ""}, name="acme-library", entry_points="")
    for number in (7, 8, 10, 11, 12, 99):
        node = {"stigmem_node/__init__.py": ""}
        write_wheel(folder, node, name="stigmem-node", version=f"0.9.0a{number}", entry_points="")
    return folder


def _requires(said: str) -> str:
    return f'requires_stigmem="{said}"'


def _add(folder: Path, name: str, instead: Mapping[str, str], version: str = "1.0.0") -> None:
    files = {}
    for path, text in plugin(name=name, version=version).items():
        for old, new in instead.items():
            text = text.replace(old, new)
        files[path] = text
    write_wheel(folder, files, name=name, version=version)


Files = Mapping[str, str]
Reviewed = Callable[..., BumpReport]


@pytest.fixture
def reviewed(tmp_path: Path, wheels: Path) -> Reviewed:
    """Commit two states (a text is a requirements.txt) and review what changed."""
    deployment = Deployment(tmp_path / "deployment")

    def review(old: str | Files, new: str | Files, **options: Any) -> BumpReport:
        base, head = (
            deployment.commit({"requirements.txt": each} if isinstance(each, str) else each)
            for each in (old, new)
        )
        where: dict[str, Any] = {"repository": str(deployment.folder), "artifacts": str(wheels)}
        return bump(base, head, **where, **options)

    return review


def pins(node: int | str, *names: str) -> str:
    lines = [f"stigmem-node==0.9.0a{node}"] if node else []
    return "\n".join([*lines, *(each if "==" in each else f"{each}==1.0.0" for each in names), ""])


def said(report: BumpReport) -> list[str]:
    """What is said of each plugin, and what is counted of those of which nothing is."""
    found = [
        f"{each.plugin}: {finding.level} {finding.name}"
        for each in report.bumps
        if each.report
        for finding in each.report.findings
    ]
    return found + [
        flat(line.says) for line in report.others if line.what.startswith("stigmem-node ")
    ]


ONE = "1 release that did not move is no worse on it than on 0.9.0a{}: {}==1.0.0"

MOVES = {
    "a plugin that the other node refuses": (
        pins(11, "demo-narrow"),
        pins(12, "demo-narrow"),
        ["demo-narrow: error requires-stigmem-unmet"],
    ),
    "a plugin that imports what the other node does not have": (
        pins(8, "demo-tenant"),
        pins(7, "demo-tenant"),
        ["demo-tenant: error import-missing", "demo-tenant: note factory-raises"],
    ),
    "a plugin that is part of the other node": (
        pins(10, GRADUATED), pins(12, GRADUATED), [f"{GRADUATED}: warning plugin-graduated"]
    ),
    "a plugin that depends on one": (
        pins(10, "demo-child"), pins(12, "demo-child"), ["demo-child: error dependency-graduated"]
    ),
    "a plugin that moves with the node": (
        pins(11, "demo-narrow"),
        pins(12, "demo-narrow==1.0.1"),
        ["demo-narrow: note requires-stigmem-changed", "demo-narrow: error requires-stigmem-unmet"],
    ),
    "a node in another file": (
        {"Dockerfile": f"RUN pip install {pins(11)}", "requirements.txt": pins("", "demo-narrow")},
        {"Dockerfile": f"RUN pip install {pins(12)}", "requirements.txt": pins("", "demo-narrow")},
        ["demo-narrow: error requires-stigmem-unmet"],
    ),
    "a node in a list that is included": (
        {"requirements.txt": f"-r node.list\n{pins('', 'demo-narrow')}", "node.list": pins(11)},
        {"requirements.txt": f"-r node.list\n{pins('', 'demo-narrow')}", "node.list": pins(12)},
        ["demo-narrow: error requires-stigmem-unmet"],
    ),
    "a plugin in a file that did not change": (
        {"Dockerfile": "RUN pip install demo-narrow==1.0.0\n", "requirements.txt": pins(11)},
        {"Dockerfile": "RUN pip install demo-narrow==1.0.0\n", "requirements.txt": pins(12)},
        ["demo-narrow: error requires-stigmem-unmet"],
    ),
    "a plugin that goes to another list meanwhile": (
        {"requirements.txt": pins(11, "demo-narrow")},
        {"requirements.txt": pins(12), "more-requirements.txt": pins("", "demo-narrow")},
        ["demo-narrow: error requires-stigmem-unmet"],
    ),
    "two nodes that move, and a list without one": (
        {
            "a-requirements.txt": pins(10), "b-requirements.txt": pins(11),
            "requirements.txt": pins("", "demo-narrow", GRADUATED),
        },
        {
            "a-requirements.txt": pins(11), "b-requirements.txt": pins(12),
            "requirements.txt": pins("", "demo-narrow", GRADUATED),
        },
        [
            "demo-narrow: error requires-stigmem-unmet",
            f"{GRADUATED}: warning plugin-graduated",
            ONE.format(10, "demo-narrow"),
            ONE.format(11, GRADUATED),
        ],
    ),
}  # fmt: skip

QUIET = {
    "plugins that fit both": (
        pins(11, "demo-plugin", "demo-default", GRADUATED),
        pins(12, "demo-plugin", "demo-default", GRADUATED),
        ["3 releases that did not move are no worse on it than on 0.9.0a11: demo-default==1.0.0, "
         f"demo-plugin==1.0.0, {GRADUATED}==1.0.0"],
    ),
    "a plugin that was refused before": (
        pins(12, "demo-narrow"), pins(12, "demo-narrow") + "# x\n", []
    ),
    "a node that is pinned as it was, in other words": (
        pins(11, "demo-narrow"), "stigmem-node==0.9.0.a11\n" + pins("", "demo-narrow"), []
    ),
    "a node of another deployment": (
        {"a-requirements.txt": pins(11, "demo-narrow"), "b-requirements.txt": pins(11)},
        {"a-requirements.txt": pins(11, "demo-narrow"), "b-requirements.txt": pins(12)},
        [],
    ),
    "libraries": (pins(11, "acme-library"), pins(12, "acme-library"), []),
    "a node that is not pinned any more": (
        pins(11, "demo-narrow"), pins("", "demo-narrow"), []
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_what_did_not_move_is_reviewed_for_the_other_node(name: str, reviewed: Reviewed) -> None:
    old, new, wanted = MOVES[name]
    report = reviewed(old, new)
    assert sorted(said(report)) == sorted(wanted)
    assert report.gaps == ()
    assert report.verdict.exit_code == 1


@pytest.mark.parametrize("name", QUIET)
def test_what_the_other_node_does_not_change_is_counted(name: str, reviewed: Reviewed) -> None:
    old, new, wanted = QUIET[name]
    report = reviewed(old, new)
    assert (said(report), report.bumps, report.gaps) == (wanted, (), ())
    assert report.verdict.exit_code == 0


def test_the_report_names_both_nodes(reviewed: Reviewed) -> None:
    report = reviewed(pins(11, "demo-narrow"), pins(12, "demo-narrow"))
    [each] = report.bumps
    assert each.what == "same release, other node"
    assert render(report, "text").count(" node 0.9.0a11 -> 0.9.0a12\n") == 2
    assert "--old-node-version 0.9.0a11" in render(report, "text")


def test_the_command_in_the_report_approves_it(
    reviewed: Reviewed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = pins(10, GRADUATED), pins(12, GRADUATED)
    [each] = reviewed(old, new).bumps
    assert each.report is not None
    assert each.report.commands is not None
    words = shlex.split(each.report.commands.approve)
    assert cli.run([*words[1:-1], "CHG-4711", "--by", "Mara Lind"]) == 0
    approvals = {APPROVALS_FILE: (tmp_path / APPROVALS_FILE).read_text()}
    states = ({**approvals, "requirements.txt": text} for text in (old, new))
    report = reviewed(*states, today=datetime.now(UTC).date())
    assert (report.verdict.exit_code, report.verdict.approved) == (0, 1)


def test_the_pins_say_which_node_it_is_where_they_move(reviewed: Reviewed) -> None:
    policy = {"stigmem-review.toml": '[node]\nversion = "0.9.0a10"\n'}
    old, new = ({**policy, "requirements.txt": pins(node, GRADUATED)} for node in (10, 12))
    report = reviewed(old, new)
    assert said(report) == [f"{GRADUATED}: warning plugin-graduated"]
    [each] = report.bumps
    assert each.report is not None
    # By itself it would be reviewed for the node of the policy.
    assert each.report.commands is None
    assert report.commands is not None
    assert "approve --bump" in report.commands.approve
    assert said(reviewed(old, new, node="0.9.0a10")) == said(report)


def test_a_node_that_is_newer_than_those_known_is_judged_as_the_newest(reviewed: Reviewed) -> None:
    report = reviewed(pins(10, "demo-narrow"), pins(99, "demo-narrow"))
    assert report.gaps == ()
    assert f"(judged as {versions()[-1]}, the newest that is known here)" in report.nodes
    [each] = report.bumps
    assert "0.9.0a99 (judged as" in render(report, "text", width=200)
    assert "requires-stigmem-unmet" in {one.name for one in each.report.findings}  # type: ignore[union-attr]


def test_a_node_that_nobody_described_leaves_the_review_incomplete(reviewed: Reviewed) -> None:
    report = reviewed(pins(12, "demo-plugin"), pins(1, "demo-plugin"))
    assert "stigmem-node==0.9.0a1" in {each.what for each in report.gaps}
    assert report.verdict.exit_code == 3


def test_what_is_installed_from_the_repository_is_looked_at_too(reviewed: Reviewed) -> None:
    declared = (
        '[project]\nname = "demo-plugin"\nversion = "1.0.0"\n'
        '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    )
    project = {f"plug/{path}": text for path, text in plugin().items()}
    narrow = {path: text.replace(">=0.9.0a10", "<0.9.0a12") for path, text in project.items()}

    def state(node: int, files: Mapping[str, str]) -> Files:
        return {
            "requirements.txt": f"-e plug\n{pins(node)}",
            "plug/pyproject.toml": declared,
            **files,
        }

    assert said(reviewed(state(11, narrow), state(12, narrow))) == [
        "demo-plugin: error requires-stigmem-unmet"
    ]
    report = reviewed(state(11, project), state(12, project))
    assert (said(report), report.bumps) == (
        ["1 release that did not move is no worse on it than on 0.9.0a11: demo-plugin"],
        (),
    )


def test_that_it_is_not_known_what_did_not_move_is_said_once(
    reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    names = [f"nobody-{number}" for number in range(9)]
    report = reviewed(pins(11, *names), pins(12, *names))
    assert [each.what for each in report.gaps] == [
        "nobody-0==1.0.0, nobody-1==1.0.0, nobody-2==1.0.0 and 6 more"
    ]
