"""What the review needs, installed from wheels that are held against their hashes.

There is no environment: the wheels lie unpacked in a folder of this run, and nothing else that the
job's Python has is seen. Only the wheels themselves are kept for other runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FROM_WHERE = frozenset(
    {
        *("INDEX_URL", "PYPI_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS", "CONFIG_FILE"),
        *("CERT", "CLIENT_CERT", "TRUSTED_HOST", "PROXY", "KEYRING_PROVIDER"),
        *("TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "RESUME_RETRIES"),
    }
)
"""Of pip's variables, those that say where files come from and how they are got.

What others say is about the job's own installs, and pip's reading of them would break this one.
"""

_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class InstallError(Exception):
    """It could not be installed; the text says what to do."""


def fetching(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what pip fetches in: a job's environment with nothing of pip but where from."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(("PIP_", "PYTHON"))
        or name.upper().removeprefix("PIP_") in FROM_WHERE
    }


def unpacking(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what pip unpacks in: nothing of pip, and no file that configures it."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(("PIP_", "PYTHON"))
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def install(requirements: Path, wheels: Path, target: Path, environment: Mapping[str, str]) -> None:
    """Unpack everything that is required into ``target``, from the folder of ``wheels``.

    What is not in that folder is fetched into it first. Raises ``InstallError``.
    """
    wheels.mkdir(parents=True, exist_ok=True)
    if prune(wheels, requirements) and _unpack(requirements, wheels, target, environment, True):
        return
    fetched = _pip(
        ["download", "--no-deps", "--find-links", str(wheels), "--dest", str(wheels)],
        requirements,
        fetching(environment),
    )
    if fetched:
        raise InstallError("What the review needs could not be fetched; see what pip says above.")
    if not _unpack(requirements, wheels, target, environment, False):
        raise InstallError("What the review needs could not be installed; see what pip says above.")


def prune(wheels: Path, requirements: Path) -> int:
    """Remove every file that no requirement's hash names; return how many are left.

    A cache is others' to write, and one bad file in it would fail every run from then on.
    """
    wanted = frozenset(_DIGEST.findall(requirements.read_text("utf-8")))
    left = 0
    for path in sorted(wheels.iterdir()):
        if path.is_file() and not path.is_symlink() and digest(path) in wanted:
            left += 1
        elif path.is_symlink() or path.is_file():
            path.unlink()
    return left


def digest(path: Path) -> str:
    """Return the SHA-256 digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unpack(
    requirements: Path, wheels: Path, target: Path, environment: Mapping[str, str], quietly: bool
) -> bool:
    return not _pip(
        [
            *("install", "--isolated", "--no-deps", "--no-index", "--find-links", str(wheels)),
            *("--no-compile", "--no-warn-script-location", "--target", str(target)),
            *("--quiet", "--quiet"),
        ],
        requirements,
        unpacking(environment),
        quietly=quietly,
    )


def _pip(
    arguments: Sequence[str],
    requirements: Path,
    environment: Mapping[str, str],
    *,
    quietly: bool = False,
) -> int:
    """Run the job's pip, which is the one that knows how this Python is used; return its code."""
    command = [
        *(sys.executable, "-I", "-m", "pip", *arguments),
        *("--disable-pip-version-check", "--no-input", "--quiet"),
        *("--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)),
    ]
    done = subprocess.run(  # noqa: S603 - every word of it is ours, or a path
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if quietly else None,
        check=False,
    )
    return done.returncode
