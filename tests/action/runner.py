"""Runs the steps of an action as GitHub's runner does, as far as a composite action can tell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stigmem_review.step.run import command
from support.shown import block

CHECKOUT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def example(name: str = "workflow", page: str = "README.md") -> str:
    """Return a workflow of a page, with an owner and a commit filled in."""
    text = block(name, CHECKOUT / page).text
    return text.replace("OWNER/", "acme/").replace("@COMMIT", f"@{COMMIT}")


def fleet() -> str:
    """Return the workflow for a fleet."""
    return example("fleet", "docs/recipes/github.md")


class Outcome(NamedTuple):
    """What a run left: exit code, log, outputs and job summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def commands(self) -> list[str]:
        """The lines of the log that a runner takes for commands."""
        return [line for line in self.log.splitlines() if line.lstrip().startswith("::")]


class Runner:
    """One machine with the action downloaded to it; ``run`` is one job of one step.

    With a folder of what is ``needed`` already, nothing is installed: the review alone is run.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], needed: Path | None = None
    ) -> None:
        self._needed = needed
        self._folder = folder
        self.caches = folder / "caches"
        self._environment = environment
        self._action = folder / "_actions" / "stigmem-review"
        self._action.mkdir(parents=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        for name in filter(None, listed.split("\0")):
            if (CHECKOUT / name).is_file() and not name.startswith("tests/"):
                target = self._action / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((CHECKOUT / name).read_bytes())

    def run(
        self,
        workspace: Path,
        event: str,
        payload: Mapping[str, Any],
        sha: str,
        inputs: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        action = yaml.safe_load((self._action / "action.yml").read_text("utf-8"))
        temporary = self._folder / "temp"
        if temporary.exists():  # it is empty at the start of a job
            shutil.rmtree(temporary)
        temporary.mkdir()
        (temporary / "event").write_text(json.dumps(payload), "utf-8")
        (temporary / "summary").write_text("", "utf-8")
        values = {"github.action_path": str(self._action), "github.token": "token-of-the-job"}
        for name, each in action["inputs"].items():
            given = (inputs or {}).get(name, each.get("default", ""))
            values[f"inputs.{name}"] = _evaluated(given, values)
        around = {
            **self._environment,
            **(environment or {}),
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(temporary / "event"),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
            "GITHUB_SHA": sha,
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temporary),
        }
        code, log, kept = 0, "", []
        for step in action["runs"]["steps"][2 if self._needed else 0 :]:
            if "if" in step and not _holds(step["if"], values):
                continue
            if "uses" in step:
                kept.append({name: _evaluated(text, values) for name, text in step["with"].items()})
                self._restore(step["uses"], **kept[-1])
                continue
            outputs = temporary / f"output-{step['id']}"
            outputs.write_text("", "utf-8")
            more = {name: _evaluated(text, values) for name, text in step["env"].items()}
            script = temporary / "script"
            script.write_text(step["run"], "utf-8")
            run = [*_SHELLS[step["shell"]], str(script)]
            if self._needed and step["id"] == "review":
                more["REPORTS"] = str(temporary)
                run = command(self._needed, self._action / "review")
            done = subprocess.run(
                run,
                cwd=workspace,
                env={**around, **more, "GITHUB_OUTPUT": str(outputs)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            code, log = done.returncode, log + done.stdout
            set_now = _outputs(outputs.read_text("utf-8"))
            values |= {f"steps.{step['id']}.outputs.{name}": set_now[name] for name in set_now}
            if code:
                break
        for each in kept if not code else ():
            self._save(**each)
        said = {name: _evaluated(each["value"], values) for name, each in action["outputs"].items()}
        summary = (temporary / "summary").read_text("utf-8")
        return Outcome(code, log, {name: said[name] for name in said if said[name]}, summary)

    def _restore(self, uses: str, path: str, key: str) -> None:
        """Do what ``actions/cache`` does: nothing is restored under another key."""
        assert re.fullmatch(r"actions/cache@[0-9a-f]{40}", uses)
        if (self.caches / key).is_dir():
            shutil.copytree(self.caches / key, path)

    def _save(self, path: str, key: str) -> None:
        """Keep a folder at the end of a job that passed, unless it was there before."""
        if not (self.caches / key).is_dir() and Path(path).is_dir():
            shutil.copytree(path, self.caches / key)


_SHELLS = {"bash": ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")}
"""What a runner runs scripts with, as its documentation has it."""


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    name, _, text = condition.partition(" == ")
    return values.get(name, "") == text.strip("'")


def _evaluated(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: values.get(found[1], ""), text)


def _outputs(text: str) -> dict[str, str]:
    """Read ``name=value`` lines; a value of several lines would need another form."""
    assert "<<" not in text
    return dict(line.split("=", 1) for line in text.splitlines())


def caller() -> dict[str, str]:
    """Return this process's environment without what only its own Python needs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
