"""A change that can hold no pin passes on a machine that can install nothing."""

from __future__ import annotations

import os
from pathlib import Path

from action.runner import Runner
from support.repository import Deployment

PINS = f"rich==14.0.0 --hash=sha256:{'0' * 64}\n"
CODE = "import os\n"


def test_nothing_is_installed_where_nothing_can_be_a_pin(tmp_path: Path) -> None:
    team = Deployment(tmp_path / "workspace")
    before = team.commit({"requirements.txt": PINS, "app.py": CODE})
    after = team.commit({"requirements.txt": PINS, "app.py": f"{CODE}import sys\n"})
    pinned = team.commit({"requirements.txt": f"{PINS}acme==1\n", "app.py": CODE})
    nothing = {"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    machine = Runner(tmp_path / "runner", nothing)

    outcome = machine.run(team.folder, "push", {"before": before}, after)
    assert (outcome.code, outcome.outputs.pop("verdict")) == (0, "clear"), outcome.log
    counts = ("exit-code", "plugins", "errors", "warnings", "notes")
    assert outcome.outputs == dict.fromkeys(counts, "0")
    assert "Plugins from " in outcome.summary.splitlines()[0]

    outcome = machine.run(team.folder, "push", {"before": before}, pinned)
    assert (outcome.code, outcome.outputs["verdict"]) == (3, "incomplete")
    assert "could not be fetched" in outcome.log
    assert not machine.caches.exists()
