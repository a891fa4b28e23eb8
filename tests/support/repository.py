"""A throw-away git repository of a deployment, made with the real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ME = (
    *("-c", "user.name=Somebody", "-c", "user.email=somebody@acme.example"),
    *("-c", "commit.gpgsign=false", "-c", "core.autocrlf=false", "-c", "init.defaultBranch=main"),
    # Each would start one more process for every commit.
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),
)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with nothing of the user's own configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *_ME, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class Deployment:
    """A repository; ``commit`` replaces all its files and returns the commit's id."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        git(folder, "init", "--quiet", "--template=")
        self._empty = True

    def commit(self, files: Mapping[str, str | bytes]) -> str:
        for path in [] if self._empty else git(self.folder, "ls-files").splitlines():
            (self.folder / path).unlink()
        self._empty = False
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode() if isinstance(text, str) else text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "a state")
        head = (self.folder / ".git" / "HEAD").read_text().strip()
        branch = head.removeprefix("ref: ")
        return head if branch == head else (self.folder / ".git" / branch).read_text().strip()
