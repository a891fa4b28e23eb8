"""What the base's policy decides about a change: which files count, and what if it is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stigmem_review import BumpReport, bump
from stigmem_review.errors import PolicyError
from stigmem_review.report import render
from stigmem_review.text import flat
from support.command import run
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment

POLICY = "stigmem-review.toml"
BROKEN = "fail-on = \n"
GOOD = 'fail-on = "warning"\n'
PIN = "demo-plugin=={}\n"


class World:
    """A repository, and a folder with two releases of a plugin."""

    def __init__(self, folder: Path) -> None:
        self.deployment = Deployment(folder / "deployment")
        self.wheels = folder / "wheels"
        for version in ("1.0.0", "1.1.0"):
            write_wheel(self.wheels, plugin(version=version), version=version)

    def reviewed(self, old: dict[str, str], new: dict[str, str]) -> BumpReport:
        base, head = (self.deployment.commit(each) for each in (old, new))
        where = str(self.deployment.folder)
        return bump(base, head, repository=where, artifacts=str(self.wheels))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_change_that_mends_the_policy_is_reviewed_by_the_defaults(world: World) -> None:
    lists = {"requirements.txt": PIN.format("1.0.0")}
    report = world.reviewed({**lists, POLICY: BROKEN}, {**lists, POLICY: GOOD})
    assert report.verdict.exit_code == 0
    [line] = [each for each in report.as_before if each.what == POLICY]
    assert "cannot be read, and HEAD's can: reviewed by the defaults" in flat(line.says)
    # What rides on it is held to the defaults, whatever the head's policy would allow.
    lax = {"requirements.txt": PIN.format("1.1.0"), POLICY: 'fail-on = "error"\n'}
    report = world.reviewed({**lists, POLICY: BROKEN}, lax)
    assert [each.plugin for each in report.bumps] == ["demo-plugin"]
    assert "policy-changed" in [each.name for each in report.findings]
    assert (report.verdict.gate, report.verdict.exit_code) == ("warning", 1)


def test_a_change_that_leaves_the_policy_broken_is_an_error(world: World) -> None:
    old = {"requirements.txt": PIN.format("1.0.0"), POLICY: BROKEN}
    for new in ({POLICY: BROKEN}, {POLICY: "fail_on = 1\n"}, {}):
        with pytest.raises(PolicyError, match="line 1"):
            world.reviewed(old, {"requirements.txt": PIN.format("1.1.0"), **new})


ROWS = {
    "": ["a/requirements.txt", "b/c/requirements.txt"],
    "[pins]\ninclude = ['a/**']\n": ["a/requirements.txt"],
    "[pins]\ninclude = ['./a/*.txt', '**/c/*']\n": ["a/requirements.txt", "b/c/requirements.txt"],
    "[pins]\ninclude = ['*.txt']\n": [],
    "[pins]\nexclude = ['b/**']\n": ["a/requirements.txt"],
    "[pins]\nexclude = ['b/*']\n": ["a/requirements.txt", "b/c/requirements.txt"],
    "[pins]\ninclude = ['a/**']\nexclude = ['**/*.txt']\n": [],
}


@pytest.mark.parametrize(("policy", "counted"), ROWS.items())
def test_a_policy_says_which_files_count(policy: str, counted: list[str], world: World) -> None:
    paths = ["a/requirements.txt", "b/c/requirements.txt"]
    said = {POLICY: policy} if policy else {}
    old, new = ({**said, **{path: PIN.format(v) for path in paths}} for v in ("1.0.0", "1.1.0"))
    report = world.reviewed(old, new)
    assert list(report.files) == counted
    assert len(report.bumps) == min(1, len(counted))
    left = len(paths) - len(counted)
    assert (f"{left} changed file" in render(report, "text", detail="all")) == bool(left)


def test_what_is_left_out_still_changes_what_reviews_go_by(world: World) -> None:
    old = {"requirements.txt": PIN.format("1.0.0"), POLICY: "[pins]\ninclude = ['*.txt']\n"}
    report = world.reviewed(old, {**old, POLICY: "[pins]\nexclude = ['*.txt']\n"})
    assert [each.name for each in report.findings] == ["policy-changed"]


def test_a_folder_that_a_counted_list_installs_from_counts(world: World, tmp_path: Path) -> None:
    project = {
        f"plug/{path}": text.read_text()
        for text in write_project(tmp_path / "plug", plugin()).rglob("*")
        if text.is_file() and (path := text.relative_to(tmp_path / "plug").as_posix())
    }
    old = {POLICY: "[pins]\ninclude = ['deploy/**']\n", "deploy/requirements.txt": "-e ./plug\n"}
    new = {**project, "plug/demo_plugin/more.py": "import os\n"}
    report = world.reviewed({**old, **project}, {**old, **new})
    assert [each.plugin for each in report.bumps] == ["demo-plugin"]


WARNS = "warn-only = true\n"


def _ended(world: World, old: str, new: str, form: str = "text") -> tuple[int, str]:
    """Review a release without a hash; return what bump ends with, and prints."""
    where = ("--repository", world.deployment.folder, "--artifacts", world.wheels)
    lists = (PIN.format("1.0.0") + "demo==1 --hash=sha256:aa\n", PIN.format("1.1.0") + "-r gone\n")
    states = [
        {"requirements.txt": pins} | ({POLICY: policy} if policy else {})
        for pins, policy in zip(lists, (old, new), strict=True)
    ]
    base, head = map(world.deployment.commit, states)
    done = run("bump", base, head, *where, "--format", form)
    return done.returncode, done.stdout


def test_a_base_that_only_wants_to_be_warned_is_only_warned(world: World) -> None:
    code, text = _ended(world, "", "")
    assert (code, "warn-only" in text) == (3, False)
    for form in ("text", "markdown", "github"):
        code, text = _ended(world, WARNS, WARNS, form)
        assert code == 0
        said = " ".join(text.split())
        assert "The base's policy says warn-only, so this does not fail." in said
        assert "incomplete" in said.lower()
        assert "::error" not in text
    code, text = _ended(world, WARNS, WARNS, "json")
    assert (code, json.loads(text)["verdict"]["exit_code"]) == (0, 3)


def test_a_change_cannot_make_itself_a_warning(world: World) -> None:
    assert _ended(world, "", WARNS)[0] == 3
    assert _ended(world, "fail-on = 'warning'\n", WARNS)[0] == 3


def test_what_is_only_warned_of_is_listed_with_what_passes(world: World) -> None:
    world.deployment.commit({POLICY: f"# for a while\n{WARNS}"})
    done = run("approvals", cwd=world.deployment.folder)
    assert "a change of pins is only warned of, and never fails" in done.stdout
