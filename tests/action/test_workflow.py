"""The action and the workflows, as GitHub's own checks and the linters of the field see them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from action.runner import CHECKOUT, COMMIT, example, fleet
from support.repository import git

pytestmark = pytest.mark.linters

USES_THE_ACTION = """
name: try
on: pull_request
permissions: {}
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - id: review
        uses: ./
        with:
INPUTS
      - env:
          VERDICT: ${{ steps.review.outputs.verdict }}
        run: echo "$VERDICT"
"""


def tool(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a linter that is installed beside this Python."""
    executable = Path(sys.executable).with_name(name)
    return subprocess.run(
        [str(executable), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the action, the project's workflows and those that it shows alone."""
    git(tmp_path, "init", "--quiet")
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    shutil.copy(CHECKOUT / "action.yml", tmp_path)
    for workflow in (CHECKOUT / ".github" / "workflows").glob("*.yml"):
        shutil.copy(workflow, workflows)
    (workflows / "review.yml").write_text(example(), "utf-8")
    (workflows / "fleet.yml").write_text(fleet(), "utf-8")
    return tmp_path


def test_zizmor_has_nothing_to_say(repository: Path) -> None:
    done = tool("zizmor", "--offline", "--no-progress", ".", folder=repository)
    assert (done.returncode, "No findings to report" in done.stdout) == (0, True), done.stdout


def test_zizmor_would_say_it(repository: Path) -> None:
    workflow = repository / ".github" / "workflows" / "review.yml"
    workflow.write_text(example().replace(COMMIT, "main"), "utf-8")
    done = tool("zizmor", "--offline", "--no-progress", ".", folder=repository)
    assert "unpinned-uses" in done.stdout
    assert done.returncode != 0


def _using(repository: Path, *inputs: str) -> subprocess.CompletedProcess[str]:
    lines = "\n".join(f"          {name}: x" for name in inputs)
    workflow = repository / ".github" / "workflows" / "try.yml"
    workflow.write_text(USES_THE_ACTION.replace("INPUTS", lines), "utf-8")
    return tool("actionlint", "-no-color", folder=repository)


INPUTS = (
    *("base", "head", "artifacts", "policy", "fail-on", "node-version", "working-directory"),
    *("exact", "comment", "token"),
)


def test_actionlint_has_nothing_to_say(repository: Path) -> None:
    done = _using(repository, *INPUTS)
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_reads_the_action(repository: Path) -> None:
    done = _using(repository, "no-such-input")
    assert done.returncode == 1
    assert 'input "no-such-input" is not defined' in done.stdout
