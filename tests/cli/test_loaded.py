"""How much of the tool a command loads: most of the time of a small review goes into that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.plugins import plugin, write_wheel

HEAVY = {"deepdiff", "inspect", "jinja2", "requests", "sigstore", "tomllib"}
"""Modules that it has no use for, each as much as a tenth of its time and more."""


def loaded(folder: Path, *command: str) -> set[str]:
    """Return the modules that a command run in a folder loads, beyond those of any Python."""
    asked = [sys.executable, "-X", "importtime"]
    ran, bare = (
        subprocess.run(
            [*asked, *rest], capture_output=True, text=True, check=True, cwd=folder
        ).stderr
        for rest in (("-m", "stigmem_review", *command), ("-c", "pass"))
    )

    def names(text: str) -> set[str]:
        lines = (line.split("|") for line in text.splitlines())
        return {parts[2].strip() for parts in lines if len(parts) == 3}

    return names(ran) - names(bare)


def test_an_unchanged_release_needs_no_more_than_reading_it(tmp_path: Path) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    modules = loaded(tmp_path, "diff", wheel, wheel)
    assert modules & HEAVY == set()
    # How many of ours there are is held in tests/test_costs.py.
    assert "stigmem_review.pipeline.upgrade" in modules


def test_who_wants_what_msgspec_went_without_gets_it() -> None:
    code = "import sys; sys.argv = ['x', '--version']; import stigmem_review.__main__ as m; "
    code += "m._import_msgspec(); import typing_extensions; print(typing_extensions.TypeVar)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "TypeVar" in ended.stdout
