"""The command line, run within the process of the tests."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from stigmem_review import cli


class Done(NamedTuple):
    """What a command leaves: its exit code, what it printed, and what it said beside that."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> Done:
    """Run a command in this process: the start of another one is what takes the time."""
    printed, said = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd or Path()),
        mock.patch.dict(os.environ, {"GIT_CONFIG_NOSYSTEM": "1", **environment}),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(said),
    ):
        try:
            code = cli.run([*map(str, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Done(code, printed.getvalue(), said.getvalue())
