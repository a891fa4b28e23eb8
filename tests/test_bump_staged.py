"""What a commit would change of a deployment, before it is one: from git's index, and offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stigmem_review.cli import run
from support.index_server import IndexServer
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git

PINS = "requirements.txt"
ONE, TWO = (f" --hash=sha256:{each * 64}" for each in "12")
LIBRARY = f"lib==1.0{ONE}\n"


class Staged(NamedTuple):
    """How the command ended, and its report as JSON."""

    code: int
    report: dict[str, Any]

    @property
    def findings(self) -> list[str]:
        return [
            f"{each['level']} {each['rule']} {each['item']}" for each in self.report["findings"]
        ]

    @property
    def left(self) -> list[str]:
        return [*self.report["left"]]

    @property
    def bumps(self) -> list[str]:
        return [f"{each['plugin']} {each['old']}>{each['new']}" for each in self.report["bumps"]]


Stage = Callable[..., Staged]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    found = Deployment(tmp_path / "deployment")
    monkeypatch.chdir(found.folder)
    return found


@pytest.fixture
def stage(repository: Deployment, capsys: pytest.CaptureFixture[str], index: IndexServer) -> Stage:
    """Commit files, stage others in their place, and review that; the index must not be asked."""

    def staged(old: dict[str, str], new: dict[str, str], *options: str) -> Staged:
        if old:
            repository.commit(old)
        for path in old:
            (repository.folder / path).unlink()
        for path, text in new.items():
            (repository.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (repository.folder / path).write_text(text)
        git(repository.folder, "add", "--all")
        code = run(["bump", "--staged", "--format", "json", *options])
        assert index.seen == []
        return Staged(code, json.loads(capsys.readouterr().out))

    return staged


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (f"acme==1.0{ONE}\n", f"acme==1.1{TWO}\n", ["acme==1.1"]),
        (LIBRARY, f"{LIBRARY}acme==1.1{TWO}\n", ["acme==1.1"]),
        (f"{LIBRARY}acme==1.0{ONE}\n", LIBRARY, ["acme==1.0"]),
        # Whoever pins without hashes in this list is not asked again and again.
        ("acme==1.0\n", "acme==1.1\n", ["acme==1.1"]),
        ("other==1.0\n", "other==1.0\nacme==1.1\n", ["acme==1.1"]),
        ("acme>=1.0\n", "acme>=1.0\n# why\n", []),
    ],
)
def test_an_ordinary_change_passes_and_says_what_nobody_looked_behind(
    stage: Stage, old: str, new: str, left: list[str]
) -> None:
    found = stage({PINS: old}, {PINS: new})
    assert (found.code, found.findings, found.left) == (0, [], left)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("acme==1.1\n", "warning SPR702 acme==1.1"),
        (f"acme==1.0{ONE}\nnew==1.0\n", "warning SPR702 new==1.0"),
        ("acme\n", "warning SPR704 acme"),
        ("acme>=1.0\n", "warning SPR704 acme>=1.0"),
        (
            f"--extra-index-url https://x.example\nacme==1.0{ONE}\n",
            "warning SPR706 --extra-index-url https://x.example",
        ),
    ],
)
def test_a_pin_that_lets_in_more_stops_the_commit(stage: Stage, new: str, said: str) -> None:
    found = stage({PINS: f"{LIBRARY}acme==1.0{ONE}\n"}, {PINS: LIBRARY + new})
    assert (found.code, found.findings) == (1, [said])


def test_a_hash_is_missed_in_the_file_that_had_it(stage: Stage) -> None:
    pins = {"prod.txt": f"acme==1.0{ONE}\n", "dev.txt": "acme==1.0\n"}
    found = stage(pins, {"prod.txt": "acme==1.1\n", "dev.txt": "acme==1.1\n"})
    assert (found.code, found.findings) == (1, ["warning SPR702 acme==1.1"])
    assert found.report["findings"][0]["at"]["path"] == "prod.txt"


def test_a_new_list_has_hashes_and_one_that_was_renamed_is_what_it_was(stage: Stage) -> None:
    assert stage({}, {PINS: "acme==1.0\n"}).findings == ["warning SPR702 acme==1.0"]
    found = stage({PINS: "acme==1.0\n"}, {"prod-requirements.txt": "acme==1.1\n"})
    assert (found.code, found.left) == (0, ["acme==1.1"])


def test_a_setting_that_is_loosened_stops_the_commit(stage: Stage) -> None:
    found = stage({}, {"node.env": "STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n"})
    assert (found.code, found.findings) == (
        1,
        ["warning SPR708 STIGMEM_PLUGIN_SIGNING_REQUIRED=false"],
    )
    assert found.report["commands"]["look"] == "git diff --cached -- node.env"
    assert found.report["commands"]["approve"] == ""


def test_a_pin_in_an_image_is_left_to_the_pull_request_too(stage: Stage) -> None:
    found = stage({"README": ""}, {"Dockerfile": "RUN pip install stigmem-plugin-acme==1.1\n"})
    assert (found.code, found.left) == (0, ["stigmem-plugin-acme==1.1"])


def test_a_repository_without_pins_is_left_alone(stage: Stage) -> None:
    assert stage({}, {"README": "new\n"}).code == 0
    assert stage({"README": "old\n"}, {"README": "new\n"}).code == 0


def test_what_is_staged_counts_and_not_the_work_tree(
    stage: Stage, repository: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    hashed = {PINS: f"acme==1.0{ONE}\n"}
    repository.commit(hashed)
    (repository.folder / PINS).write_text("acme\n")
    assert run(["bump", "--staged"]) == 0
    git(repository.folder, "add", "--all")
    (repository.folder / PINS).write_text(hashed[PINS])
    assert run(["bump", "--staged"]) == 1
    assert "from" in capsys.readouterr().out


@pytest.fixture
def wheels(tmp_path: Path) -> dict[str, str]:
    """The pins of two wheels of a plugin in a folder of artifacts, by version."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    pins = {}
    for version, more in (("1.0.0", ()), ("1.1.0", ("network.outbound",))):
        files = plugin(version=version, capabilities=("facts.read", *more))
        wheel = write_wheel(folder, files, version=version)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins[version] = f"demo-plugin=={version} --hash=sha256:{digest}\n"
    return pins


def test_a_plugin_is_reviewed_where_both_its_files_are_at_hand(
    stage: Stage, wheels: dict[str, str], tmp_path: Path
) -> None:
    folder = ("--artifacts", str(tmp_path / "wheels"))
    change = {PINS: wheels["1.0.0"]}, {PINS: wheels["1.1.0"]}
    found = stage(*change, *folder)
    assert (found.code, found.bumps, found.left) == (1, ["demo-plugin 1.0.0>1.1.0"], [])
    wrong = stage({PINS: wheels["1.0.0"]}, {PINS: f"demo-plugin==1.1.0{ONE}\n"}, *folder)
    assert (wrong.code, wrong.findings) == (1, ["error SPR701 demo-plugin==1.1.0"])
    next((tmp_path / "wheels").glob("*1.0.0*")).unlink()
    found = stage(*change, *folder)
    assert (found.code, found.bumps, found.left) == (0, [], ["demo-plugin==1.1.0"])


def test_no_index_is_asked_of_what_the_folder_has_in_another_form(
    stage: Stage, tmp_path: Path
) -> None:
    (tmp_path / "acme-1.1.zip").write_bytes(b"")
    found = stage({PINS: LIBRARY}, {PINS: f"{LIBRARY}acme==1.1\n"}, "--artifacts", str(tmp_path))
    assert (found.code, found.left, len(found.report["gaps"])) == (3, [], 1)


def test_a_plugin_of_the_repository_itself_is_reviewed(stage: Stage) -> None:
    def project(version: str, *capabilities: str) -> dict[str, str]:
        text = (
            f'[project]\nname = "demo"\nversion = "{version}"\n'
            '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
        )
        files = plugin(version=version, capabilities=capabilities)
        return {
            PINS: "-e ./plug\n",
            "plug/pyproject.toml": text,
            **{f"plug/{path}": content for path, content in files.items()},
        }

    found = stage(
        project("1.0.0", "facts.read"), project("1.1.0", "facts.read", "network.outbound")
    )
    assert found.code != 0
    assert found.bumps == ["demo-plugin 1.0.0>1.1.0"]
    commands = found.report["bumps"][0]["report"]["commands"]
    assert commands["look"].startswith("stigmem-review diff ")
    assert ":plug plug --" in commands["look"]


def test_the_policy_is_that_of_the_last_commit(stage: Stage) -> None:
    off = '[levels]\nrequirement-unpinned = "off"\n'
    old, new = {PINS: LIBRARY}, {PINS: f"{LIBRARY}acme\n"}
    found = stage({**old, "stigmem-review.toml": off}, {**new, "stigmem-review.toml": off})
    assert (found.code, found.findings) == (0, [])
    found = stage(old, {**new, "stigmem-review.toml": off})
    assert "warning SPR704 acme" in found.findings


def test_approvals_that_are_staged_do_not_count(stage: Stage) -> None:
    policy = {"stigmem-review.toml": 'approvals-from = "head"\n'}
    brought = {"stigmem-review.approvals.toml": "format = 1\n"}
    found = stage({PINS: LIBRARY, **policy}, {PINS: f"{LIBRARY}acme\n", **policy, **brought})
    assert (found.code, found.findings) == (1, ["warning SPR704 acme"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--staged", "HEAD"), "leave other revisions out"),
        (("--staged", "--exact"), "leave other revisions out"),
        (("--staged", "--receipt", "r.json"), "leave --staged out"),
        ((), "name the revision to compare with, or --staged"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    repository: Deployment,
    options: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository.commit({PINS: LIBRARY})
    assert run(["bump", *options]) == 2
    assert said in capsys.readouterr().err
