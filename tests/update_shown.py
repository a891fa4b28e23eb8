"""Writes what the README shows of reports: python tests/update_shown.py."""

from __future__ import annotations

import subprocess
import sys

from support.shown import README, ROOT, block


def printed(*arguments: str) -> str:
    """Return what a command prints in the clone."""
    command = [sys.executable, "-m", "stigmem_review", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def main() -> None:
    """Replace both blocks; of the report as many lines are shown as were."""
    command = block("review command").text.rpartition("&& .venv/bin/stigmem-review ")[2]
    shown = block("report").text
    lines = printed(*command.split()).splitlines(keepends=True)
    text = README.read_text("utf-8")
    text = text.replace(shown, "".join(lines[: shown.count("\n")]))
    text = text.replace(block("check").text, printed("check", "tests/broken/group-unquoted"))
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
