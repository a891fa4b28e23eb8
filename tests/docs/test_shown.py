"""What the README and the documentation show is so: every call, policy, rule and report."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from stigmem_review import cli
from stigmem_review.policy.file import Policy
from stigmem_review.policy.schema import mistakes
from stigmem_review.report import FORMATS
from stigmem_review.rulebook import load_rules
from stigmem_review.rulebook.examples import run_examples
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git
from support.shown import PAGES, README, ROOT, Block, block, blocks, calls, is_call

CALLS = [(where, call) for page in PAGES for where, call in calls(page)]
SHOWN = [each for page in PAGES for each in blocks(page)]
RUN = [page for page in PAGES if any(each.mark.startswith("run: ") for each in blocks(page))]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
MARK = r"run( network)?: [0-9]"


def of(*languages: str) -> list[Block]:
    return [each for each in SHOWN if each.language in languages]


def test_the_pages_show_many_calls() -> None:
    assert len(CALLS) > 60
    assert {call[0] for _, call in CALLS} >= {"diff", "check", "bump", "approve", "confirm", "node"}


@pytest.mark.parametrize(("where", "call"), CALLS, ids=[where for where, _ in CALLS])
def test_every_call_is_one_that_can_be_made(
    where: str, call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("receipts").mkdir()
    assert is_call(call), where
    # A page speaks of a command by its name as well.
    if len(call) > 1:
        cli.parser(call[0]).parse_args(call)


@pytest.mark.parametrize("each", of("toml"), ids=str)
def test_every_policy_and_every_rule_is_one(each: Block, tmp_path: Path) -> None:
    data = tomllib.loads(each.text)
    if each.mark != "rule":
        assert not [*mistakes(data, Policy)]
        return
    folder = tmp_path / "review-rules"
    folder.mkdir()
    (folder / f"{data['id']}-{data['name']}.toml").write_text(each.text, "utf-8")
    [rule] = load_rules(folder).rules
    outcomes = [*run_examples(rule)]
    assert len(outcomes) > 1
    assert all(outcome.passed for outcome in outcomes)


@pytest.mark.parametrize("each", of("yaml", "json", "python"), ids=str)
def test_what_other_programs_read_can_be_read(each: Block) -> None:
    if each.language == "python":
        compile(each.text, str(each), "exec")
    else:
        assert [*yaml.safe_load_all(each.text)]


def test_a_language_that_nothing_looks_at_is_none_of_the_pages() -> None:
    known = {"sh", "toml", "yaml", "json", "python", "text", "dockerfile", "groovy"}
    assert {each.language for each in SHOWN} <= known


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone as far as pages speak of it, in a repository whose pins change."""
    deployment, wheels, pins = Deployment(tmp_path / "work"), tmp_path / "work" / "wheels", {}
    for version, gains in (("1.0.0", ()), ("1.0.1", ("network.outbound",))):
        files = plugin("acme-ledger", version, ("facts.read", *gains))
        wheel = write_wheel(wheels, files, name="acme-ledger", version=version)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins[version] = f"acme-ledger=={version} --hash=sha256:{digest}\n"
    shutil.move(wheels, tmp_path / "wheels")
    deployment.commit({"requirements.txt": pins["1.0.0"]})
    git(deployment.folder, "checkout", "--quiet", "-b", "upgrade")
    deployment.commit({"requirements.txt": pins["1.0.1"]})
    shutil.move(tmp_path / "wheels", wheels)
    story = ROOT / "tests" / "cases" / "quiet-gain"
    for side in ("old", "new"):
        shutil.copytree(story / side, deployment.folder / side)
        shutil.copytree(story / side, deployment.folder / "tests" / "cases" / "quiet-gain" / side)
    return deployment.folder


def run_all(page: Path, folder: Path, kind: str) -> None:
    """Run the blocks of a kind, one after the other; each has to end as it says."""
    for each in blocks(page):
        found = re.fullmatch(rf"{kind}: ([0-9])", each.mark)
        if not found:
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", each.text],
            cwd=folder,
            env=ENVIRONMENT | ({"PIP_NO_INDEX": "1"} if kind == "run" else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == int(found[1]), f"{each}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_what_a_page_runs_ends_as_it_says(page: Path, folder: Path) -> None:
    run_all(page, folder, "run")


@pytest.mark.network
def test_the_repository_to_try_it_on_can_be_made(folder: Path) -> None:
    run_all(ROOT / "docs" / "start" / "team.md", folder, "run network")


def test_every_block_that_is_marked_to_run_is_run() -> None:
    marked = [each for each in SHOWN if each.mark.startswith("run")]
    assert [str(each) for each in marked if not re.fullmatch(MARK, each.mark)] == []


def test_the_readme_shows_how_its_report_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    command = block("review command").text.rpartition("&& .venv/bin/stigmem-review ")[2]
    assert cli.run(command.split()) == 1
    report = capsys.readouterr().out
    assert report.startswith(block("report").text), "python tests/update_shown.py"
    # The rule that the README has explained is one of this report's.
    shown = README.read_text("utf-8").replace(block("check").text, "")
    explained = re.findall(r"rules show (SPR[0-9]+)", shown)
    cli.run([*command.split(), "--format", "json"])
    printed = capsys.readouterr().out
    assert [each for each in explained if f'"{each}"' not in printed] == []


def test_the_readme_shows_what_check_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.run(["check", "tests/broken/group-unquoted"]) == 1
    assert block("check").text == capsys.readouterr().out, "python tests/update_shown.py"


def test_every_input_of_the_action_is_explained() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    recipe = (ROOT / "docs" / "recipes" / "github.md").read_text("utf-8")
    assert [name for name in inputs if f"`{name}`" not in recipe] == []
    outputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["outputs"]
    assert [name for name in outputs if f"`{name}`" not in recipe] == []


def test_every_link_of_a_page_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            made = target.startswith(("rules/", "commands/")) or target == "policy-keys.md"
            if not target.startswith("https://") and not made:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_format_is_explained() -> None:
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in text] == []


def test_every_hook_that_is_shown_is_there() -> None:
    there = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    shown = [
        hook["id"]
        for each in of("yaml")
        for document in yaml.safe_load_all(each.text)
        for repository in document.get("repos", ())
        for hook in repository["hooks"]
    ]
    assert set(shown) == there


@pytest.mark.parametrize("kind", ["report", "check", "node", "bump", "signer", "confirm", "policy"])
def test_a_schema_has_the_id_that_is_promised(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["schema", kind]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:stigmem-review:{kind}:1"
    if kind != "policy":
        name = schema["$ref"].removeprefix("#/$defs/")
        assert schema["$defs"][name]["properties"]["format"]["enum"] == [1]
