"""The action, run as a runner runs it: from its inputs and an event to outputs and a summary."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from action.runner import CHECKOUT, Outcome, Runner, caller
from stigmem_review.step.install import install
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git
from support.sigstore import instance, person

pytestmark = pytest.mark.network

LAX = '[levels]\ncapability-added = "note"\nsemver-mismatch = "note"\n'


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels that the action installs, fetched once and held against their hashes."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    requirements = str(CHECKOUT / "requirements.txt")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--dest", str(folder), "--requirement", requirements),
        ],
        check=True,
        env=caller(),
    )
    return folder


@pytest.fixture(scope="session")
def needed(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the action installs, installed once."""
    folder = tmp_path_factory.mktemp("needed")
    install(CHECKOUT / "requirements.txt", wheelhouse, folder, os.environ)
    return folder


def _machine(tmp_path: Path, wheelhouse: Path) -> dict[str, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    return environment | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse)}


@pytest.fixture
def machine(wheelhouse: Path, tmp_path: Path) -> Runner:
    """A machine on which everything is done."""
    return Runner(tmp_path / "runner", _machine(tmp_path, wheelhouse))


@pytest.fixture
def runner(wheelhouse: Path, needed: Path, tmp_path: Path) -> Runner:
    """A machine on which the install was done before, by the same code."""
    return Runner(tmp_path / "runner", _machine(tmp_path, wheelhouse), needed)


class Team:
    """A deployment with one plugin, and a bot that bumps it."""

    def __init__(self, folder: Path) -> None:
        self.deployment = Deployment(folder / "workspace")
        self.folder = self.deployment.folder
        self.pins: dict[str, str] = {}
        self.wheels: dict[str, bytes] = {}
        self.add("1.0.0", ("facts.read",))
        self.add("1.0.1", ("facts.read",))
        self.add("1.1.0", ("facts.read", "network.outbound"))
        self.base = self.commit("1.0.0")

    def add(self, version: str, capabilities: tuple[str, ...]) -> None:
        files = plugin(version=version, capabilities=capabilities)
        wheel = write_wheel(self.folder.parent / "built", files, version=version)
        self.wheels[f"wheels/{wheel.name}"] = wheel.read_bytes()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.pins[version] = f"demo-plugin=={version} --hash=sha256:{digest}\n"

    def commit(self, version: str, files: dict[str, str | bytes] | None = None) -> str:
        pins = {"requirements.txt": f"# plugins\n{self.pins[version]}"}
        return self.deployment.commit({**self.wheels, **pins, **(files or {})})


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def request(runner: Runner, team: Team, head: str, **more: str) -> Outcome:
    """A pull request from ``head``, whose files stand in the workspace."""
    payload = {"action": "opened", "pull_request": {"base": {"sha": team.base, "ref": "main"}}}
    inputs = {"artifacts": "wheels", **{name.replace("_", "-"): more[name] for name in more}}
    return runner.run(team.folder, "pull_request", payload, head, inputs)


def test_a_bot_bumps_one_plugin(machine: Runner, team: Team) -> None:
    outcome = request(machine, team, team.commit("1.1.0"))
    reports = {name: outcome.outputs.pop(f"report-{name}") for name in ("json", "markdown")}
    assert json.loads(Path(reports["json"]).read_text())["verdict"]["state"] == "blocked"
    assert Path(reports["markdown"]).read_text() == outcome.summary
    assert (outcome.code, outcome.outputs) == (
        1,
        {
            "verdict": "blocked",
            "exit-code": "1",
            "plugins": "1",
            "errors": "1",
            "warnings": "0",
            "notes": "1",
        },
    )
    first, *rest = outcome.commands
    assert first.startswith("::error title=stigmem-review%3A blocked::demo-plugin 1.0.0 -> 1.1.0")
    assert [line.split("::")[1] for line in rest] == [
        "error file=requirements.txt,line=2,title=demo-plugin%3A SPR301 capability-added",
        "notice file=requirements.txt,line=2,title=demo-plugin%3A SPR804 capability-unused",
    ]
    assert outcome.summary.startswith("# ⛔ Plugins from ")
    assert "- ⛔ `demo-plugin` `1.0.0` → `1.1.0`: " in outcome.summary


def test_a_harmless_bump_passes(runner: Runner, team: Team) -> None:
    outcome = request(runner, team, team.commit("1.0.1"))
    assert (outcome.code, outcome.outputs["verdict"]) == (0, "clear")
    assert [line.split(" ")[0] for line in outcome.commands] == ["::notice"]


def test_a_request_that_brings_its_own_policy(runner: Runner, team: Team) -> None:
    outcome = request(runner, team, team.commit("1.1.0", {"stigmem-review.toml": LAX}))
    assert (outcome.code, outcome.outputs["errors"]) == (1, "2")
    assert any("SPR707 policy-changed" in line for line in outcome.commands)


def test_the_base_may_have_a_policy(runner: Runner, team: Team) -> None:
    team.base = team.commit("1.0.0", {"stigmem-review.toml": LAX})
    outcome = request(runner, team, team.commit("1.1.0", {"stigmem-review.toml": LAX}))
    assert (outcome.code, outcome.outputs["verdict"]) == (0, "clear")


def test_the_base_says_whose_signature_counts(runner: Runner, team: Team) -> None:
    for path, data in list(team.wheels.items()):
        bundle = instance().sign(data, person("ada@acme.example"))
        team.wheels[f"{path}.sigstore.json"] = bundle
    trust = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=grace@acme.example\n"
    files: dict[str, str | bytes] = {"node.env": trust, "root.json": instance().root()}
    team.base = team.commit("1.0.0", files)
    head = team.commit("1.0.1", files)
    outcome = request(runner, team, head, env_file="node.env", trust_root="root.json")
    assert (outcome.code, outcome.outputs["verdict"]) == (1, "blocked")
    assert any("SPR008 signer-untrusted" in line for line in outcome.commands)


def test_events_say_what_to_compare(runner: Runner, team: Team) -> None:
    head = team.commit("1.1.0")
    inputs = {"artifacts": "wheels"}
    group = {"merge_group": {"base_sha": team.base, "head_sha": head}}
    assert runner.run(team.folder, "merge_group", group, "", inputs).code == 1
    push = {"before": team.base, "after": head}
    assert runner.run(team.folder, "push", push, head, inputs).code == 1
    by_hand = {**inputs, "base": team.base}
    assert runner.run(team.folder, "workflow_dispatch", {}, head, by_hand).code == 1


@pytest.mark.parametrize(
    ("event", "payload", "word"),
    [
        ("pull_request_target", {"pull_request": {"base": {"sha": "0" * 40}}}, "use pull_request"),
        ("push", {"before": "0" * 40}, "input base"),
        ("workflow_dispatch", {}, "input base"),
        ("pull_request", {}, "pull_request.base.sha"),
    ],
)
def test_an_event_that_cannot_be_reviewed_is_refused(
    event: str, payload: dict[str, object], word: str, runner: Runner, team: Team
) -> None:
    outcome = runner.run(team.folder, event, payload, team.base)
    assert (outcome.code, outcome.outputs) == (2, {})
    [line] = outcome.commands
    assert line.startswith("::error title=stigmem-review%3A nothing was reviewed::")
    assert word in line


def test_the_gate_can_only_be_tightened(runner: Runner, team: Team) -> None:
    head = team.commit("1.0.1")
    assert request(runner, team, head, fail_on="note").code == 0
    assert request(runner, team, head, fail_on="error").code == 2
    assert request(runner, team, head, fail_on="nothing").code == 2


def test_inputs_are_words_and_nothing_more(runner: Runner, team: Team, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hostile = f'"; touch {marker}; $(touch {marker}) `touch {marker}`\n::error::spoofed\n##[error]x'
    names = ("base", "head", "artifacts", "policy", "fail-on", "node-version", "exact")
    for name in (*names, "working-directory"):
        payload = {"pull_request": {"base": {"sha": team.base}}}
        inputs = {"artifacts": "wheels", name: hostile}
        outcome = runner.run(team.folder, "pull_request", payload, team.base, inputs)
        assert outcome.code in (2, 3)
        assert outcome.outputs.get("verdict", "incomplete") == "incomplete"
        assert "##[" not in outcome.log
        assert all(line.startswith("::error title=stigmem-review") for line in outcome.commands)
    assert not marker.exists()


TRAP = "import pathlib\npathlib.Path({marker!r}).touch()\n"


def _traps(marker: Path) -> dict[str, str | bytes]:
    code = TRAP.format(marker=str(marker))
    modules = ("stigmem_review", "packaging", "msgspec", "hatchling", "pip", "venv", "encodings")
    return {
        **{f"{name}/__init__.py": code for name in modules},
        **{f"{name}/__main__.py": code for name in modules},
        **{f"{name}.py": code for name in ("jinja2", "sitecustomize", "usercustomize", "setup")},
        "pip.conf": "[global]\nindex-url = https://evil.example/simple\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "hatchling"\n',
        ".gitattributes": "* filter=trap diff=trap text eol=crlf\n",
    }


def test_nothing_of_a_hostile_repository_runs(machine: Runner, team: Team, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    head = team.commit("1.1.0", _traps(marker))
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    (team.folder / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit"):
        (team.folder / ".git" / "hooks" / hook).write_text(script.read_text())
        (team.folder / ".git" / "hooks" / hook).chmod(0o755)
    for key in ("filter.trap.smudge", "filter.trap.clean", "diff.trap.textconv", "core.fsmonitor"):
        git(team.folder, "config", key, str(script))
    marker.unlink(missing_ok=True)

    # The trap works: a Python that looks at the workspace steps into it.
    subprocess.run([sys.executable, "-c", "import jinja2"], cwd=team.folder, check=True)
    assert marker.exists()
    marker.unlink()

    payload = {"pull_request": {"base": {"sha": team.base}}}
    around = {"PYTHONPATH": str(team.folder), "PYTHONSTARTUP": str(team.folder / "setup.py")}
    inputs = {"artifacts": "wheels"}
    outcome = machine.run(team.folder, "pull_request", payload, head, inputs, around)
    assert (outcome.code, outcome.outputs["verdict"]) == (1, "blocked")
    outcome = machine.run(team.folder, "pull_request_target", payload, head, inputs, around)
    assert (outcome.code, outcome.outputs) == (2, {"verdict": "incomplete", "exit-code": "2"})
    assert not marker.exists()


def test_the_repository_may_lie_below_the_workspace(runner: Runner, team: Team) -> None:
    head = team.commit("1.1.0")
    payload = {"pull_request": {"base": {"sha": team.base}}}
    inputs = {"artifacts": "wheels", "working-directory": team.folder.name}
    above = team.folder.parent
    assert runner.run(above, "pull_request", payload, head, inputs).code == 1
    del inputs["working-directory"]
    assert runner.run(above, "pull_request", payload, head, inputs).code == 2
    for folder in ("..", "no-such-folder"):
        outcome = runner.run(
            team.folder, "pull_request", payload, head, inputs | {"working-directory": folder}
        )
        assert (outcome.code, "no folder of the workspace" in outcome.log) == (2, True)


def test_the_head_may_take_the_place_of_the_base(runner: Runner, team: Team) -> None:
    head = team.commit("1.0.1")
    git(team.folder, "checkout", "--quiet", team.base)
    aside = team.commit("1.1.0")
    by_hand = {"artifacts": "wheels", "base": aside, "head": head}
    merged = runner.run(team.folder, "workflow_dispatch", {}, head, by_hand)
    assert (merged.code, merged.outputs["plugins"]) == (0, "1")
    assert "`1.0.0` → `1.0.1`" in merged.summary
    exact = runner.run(team.folder, "workflow_dispatch", {}, head, by_hand | {"exact": "true"})
    assert "`1.1.0` → `1.0.1`" in exact.summary


def test_a_shallow_checkout_is_told_how_to_be_deeper(
    runner: Runner, team: Team, tmp_path: Path
) -> None:
    head = team.commit("1.1.0")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", team.folder.as_uri(), str(shallow))
    payload = {"pull_request": {"base": {"sha": team.base}}}
    outcome = runner.run(shallow, "pull_request", payload, head, {"artifacts": "wheels"})
    assert outcome.code == 2
    assert "fetch-depth: 0" in outcome.commands[0]


def test_hostile_text_in_a_release_is_no_command(runner: Runner, team: Team) -> None:
    team.add("2.0.0", ("facts.read", "::error::x", "##[error]x", "a\n::set-output name=x::y"))
    outcome = request(runner, team, team.commit("2.0.0"))
    assert outcome.code == 1
    assert "##[" not in outcome.log
    pattern = r"::(error|warning|notice) (file=requirements.txt,line=2,)?title=[^:,]+::.*"
    assert all(re.fullmatch(pattern, line) for line in outcome.commands)


def test_an_old_python_is_refused(machine: Runner, team: Team, tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    outcome = request(machine, team, team.base, python=str(old))
    assert (outcome.code, outcome.outputs) == (1, {"verdict": "incomplete", "exit-code": "1"})
    outcome = request(machine, team, team.base, python="python-that-is-not-there")
    assert outcome.outputs == {"verdict": "incomplete", "exit-code": "127"}


HARMFUL = {
    "PIP_CONSTRAINT": "no-such-file.txt",
    "PIP_USER": "1",
    "PIP_TARGET": "elsewhere",
    "PIP_PREFIX": "elsewhere",
    "PIP_ROOT": "elsewhere",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_DRY_RUN": "1",
    "PIP_PYTHON": "no-such-python",
    "PIP_NO_BINARY": ":all:",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_LOG": "/no/such/folder/log",
}


def test_settings_for_the_jobs_own_installs_do_not_reach_this_one(
    machine: Runner, team: Team
) -> None:
    payload = {"pull_request": {"base": {"sha": team.base}}}
    inputs = {"artifacts": "wheels"}
    head = team.commit("1.0.1")
    outcome = machine.run(team.folder, "pull_request", payload, head, inputs, HARMFUL)
    assert (outcome.code, outcome.outputs["verdict"]) == (0, "clear"), outcome.log
    assert not (team.folder / "elsewhere").exists()

    # What is kept is wheels, and enough: without an index the next run has all it needs, also
    # where somebody put another file beside them.
    [kept] = machine.caches.iterdir()
    assert {path.suffix for path in kept.iterdir()} == {".whl"}
    victim = min(kept.iterdir(), key=lambda path: path.stat().st_size)
    (kept / f"0{victim.name}").write_bytes(b"PK")
    nowhere = HARMFUL | {"PIP_FIND_LINKS": ""}
    outcome = machine.run(team.folder, "pull_request", payload, head, inputs, nowhere)
    assert outcome.outputs["verdict"] == "clear", outcome.log
    victim.write_bytes(b"PK")
    outcome = machine.run(team.folder, "pull_request", payload, head, inputs, nowhere)
    assert (outcome.code, outcome.outputs["verdict"]) == (3, "incomplete")


def test_it_installs_itself_from_the_index(team: Team, tmp_path: Path) -> None:
    machine = Runner(tmp_path / "runner", caller())
    assert request(machine, team, team.commit("1.0.1")).outputs["verdict"] == "clear"
