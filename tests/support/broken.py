"""The stories in ``broken``: a small plugin project each, and what is to be said about it.

``expected.toml`` beside a project has ``finding``, ``level``, ``at``, ``says`` (a part of the
message) and ``write`` (the corrected lines); ``notes`` where nothing is wrong. ``node`` is a part
of the real node's complaint, or ``starts``, or ``does not see it``; where ``installs`` is false,
``build`` is a part of what the build tools say. ``corrected`` is what the
node still complains about after the correction, such as a plugin that is really not there.
``exit-code`` is what the command ends with if
that does not follow from the level.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

BROKEN = Path(__file__).parents[1] / "broken"
GOOD = sorted(path.name for path in BROKEN.glob("good-*"))
STORIES = sorted({path.parent.name for path in BROKEN.glob("*/expected.toml")} - {*GOOD})


def expected(story: str) -> dict[str, Any]:
    """Return what is expected of a story."""
    return tomllib.loads((BROKEN / story / "expected.toml").read_text("utf-8"))


def copied(story: str, folder: Path) -> Path:
    """Copy the project of a story, so that it can be built or corrected."""
    project = folder / story
    shutil.copytree(BROKEN / story, project, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def can_be_pasted(write: list[str]) -> bool:
    """Say whether corrected lines are whole, with nothing left for their author to fill in."""
    return bool(write) and "..." not in write[-1]


def paste(project: Path, at: str, write: list[str]) -> None:
    """Put corrected lines where the mistake is: a table for a table, and else lines for a line."""
    table = write[0].startswith("[")
    path, _, number = at.partition(":")
    of_setup = write[0] == "[options.entry_points]"
    path = ("setup.cfg" if of_setup else "pyproject.toml") if table else path
    lines = (project / path).read_text("utf-8").splitlines()
    if not table:
        place = int(number) - 1
        indent = lines[place].removesuffix(lines[place].lstrip())
        lines[place : place + 1] = [indent + line for line in write]
    else:
        heads = [place for place, line in enumerate(lines) if line.startswith("[")]
        heads.append(len(lines))
        if write[0] in lines:
            start = lines.index(write[0])
        elif at.startswith(f"{path}:"):
            start = max(head for head in heads if head < int(number))
        else:
            start = len(lines)
        # What is said of these is put right by a table of its own.
        if start < len(lines) and lines[start] in ("[build-system]", "[project]"):
            start = len(lines)
        end = min((head for head in heads if head > start), default=len(lines))
        lines[start:end] = [*write, ""]
    (project / path).write_text("\n".join(lines) + "\n", "utf-8")
