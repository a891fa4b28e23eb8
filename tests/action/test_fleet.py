"""The workflow for a fleet does what it says, command by command."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from action.runner import fleet
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git


def _command(job: str, word: str) -> str:
    steps = yaml.safe_load(fleet())["jobs"][job]["steps"]
    [found] = [each["run"] for each in steps if word in each.get("run", "")]
    return str(found)


@pytest.mark.thorough
def test_the_example_of_a_fleet_reviews_a_request(tmp_path: Path) -> None:
    wheels, pins = tmp_path / "wheels", {}
    for version, gains in (("1.0.0", ()), ("1.1.0", ("network.outbound",))):
        pins[version] = "# plugins\n"
        for name in ("plugin-a", "plugin-b", "plugin-c"):
            files = plugin(name, version, ("facts.read", *gains))
            wheel = write_wheel(wheels, files, name=name, version=version)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            pins[version] += f"{name}=={version} --hash=sha256:{digest}\n"
    team = Deployment(tmp_path / "workspace")
    team.commit({"requirements.txt": pins["1.0.0"]})
    git(team.folder, "checkout", "--quiet", "-b", "request")
    head = team.commit({"requirements.txt": pins["1.1.0"]})
    git(team.folder, "checkout", "--quiet", "--detach", "main")
    git(team.folder, "merge", "--quiet", "--no-ff", "--message", "merge", head)
    (team.folder / "shards").mkdir()
    around = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "RUNNER_TEMP": str(team.folder / "shards"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }

    def run(command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", command],
            cwd=team.folder,
            env={**around, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    for shard in yaml.safe_load(fleet())["jobs"]["shard"]["strategy"]["matrix"]["shard"]:
        done = run(_command("shard", "--shard"), SHARD=str(shard))
        assert done.returncode == (1 if shard < 4 else 0), done.stderr
    merged = run(_command("plugins", "merge"))
    assert merged.returncode == 1
    assert merged.stdout.startswith("::error title=stigmem-review%3A blocked::plugin-a 1.0.0")
    summary = (tmp_path / "summary").read_text()
    assert summary.count("- ⛔ `plugin-") == 3
    (team.folder / "shards" / "2.json").unlink()
    assert run(_command("plugins", "merge")).returncode == 3
