"""Runs the steps of an action as GitHub's runner does, as far as a composite action can tell."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CHECKOUT = Path(__file__).parents[2]


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
    """One machine with the action downloaded to it; ``run`` is one job of one step."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
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
        [step] = action["runs"]["steps"]
        given = {name: each.get("default", "") for name, each in action["inputs"].items()}
        given |= inputs or {}
        temporary = self._folder / "temp"
        temporary.mkdir(exist_ok=True)
        files = {}
        for name in ("event", "output", "summary", "script"):
            files[name] = temporary / name
            files[name].write_text("", "utf-8")
        files["event"].write_text(json.dumps(payload), "utf-8")
        files["script"].write_text(step["run"], "utf-8")
        values = {f"inputs.{name}": value for name, value in given.items()}
        values["github.action_path"] = str(self._action)
        done = subprocess.run(
            [part.replace("{0}", str(files["script"])) for part in step["shell"].split()],
            cwd=workspace,
            env={
                **self._environment,
                **(environment or {}),
                **{name: _evaluated(text, values) for name, text in step["env"].items()},
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(files["event"]),
                "GITHUB_OUTPUT": str(files["output"]),
                "GITHUB_STEP_SUMMARY": str(files["summary"]),
                "GITHUB_SHA": sha,
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(temporary),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(
            done.returncode,
            done.stdout,
            _outputs(files["output"].read_text("utf-8")),
            files["summary"].read_text("utf-8"),
        )


def _evaluated(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: values[found[1]], text)


def _outputs(text: str) -> dict[str, str]:
    """Read ``name=value`` lines; a value of several lines would need another form."""
    assert "<<" not in text
    return dict(line.split("=", 1) for line in text.splitlines())


def caller() -> dict[str, str]:
    """Return this process's environment without what only its own Python needs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
