"""One run of the step: look, install what the review needs, review, comment.

Inputs come as ``INPUT_...``; what the runner says of itself in its own variables. The review is
another process, isolated from the workspace and from what the job's Python has, and without the
token.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from stigmem_review.step.comment import CommentError, comment
from stigmem_review.step.install import InstallError, install
from stigmem_review.step.look import Nothing, nothing_in
from stigmem_review.workflow import annotation, append, outputs, set_outputs, text_of

_START = """\
import sys
sys.path[:0] = sys.argv[1:3]
del sys.argv[1:3]
from stigmem_review.__main__ import main
main()
"""

_TITLE = "stigmem-review"
_SECRETS = frozenset({"INPUT_TOKEN"})
"""What a review of others' files has no use for."""

COMMENT = "comment.md"
"""The report as it fits into a comment, in the folder of the reports."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a part of the step and return its exit code, which is the review's."""
    action = Path(__file__).parents[3]
    nothing = nothing_in(environment)
    if arguments == ["look"]:
        look(action, nothing, environment)
        return 0
    code = 3
    try:
        home = Path(tempfile.mkdtemp(prefix="stigmem-review.", dir=temporary(environment)))
        code = (
            pass_over(nothing, home, environment) if nothing else review(action, home, environment)
        )
        if environment.get("INPUT_COMMENT", "").strip() == "true":
            say(home, environment)
    except InstallError as error:
        print(annotation("error", _TITLE, str(error)), end="", flush=True)
    except OSError as error:
        said = f"{error.filename or 'the machine'}: {error.strerror or error}"
        print(annotation("error", _TITLE, said), end="", flush=True)
    # The code counts also where the review could not say it.
    if "exit-code" not in outputs(environment):
        set_outputs(environment, {"verdict": "incomplete", "exit-code": str(code)})
    return code


def look(action: Path, nothing: Nothing | None, environment: Mapping[str, str]) -> None:
    """Say whether anything is to be installed, and where and how its wheels are kept."""
    needed = {"install": "false" if nothing else "true"}
    set_outputs(environment, {**needed, "wheels": str(wheels(environment)), "key": key(action)})


def pass_over(nothing: Nothing, home: Path, environment: Mapping[str, str]) -> int:
    """Say of a change that cannot matter what a review would; return its exit code."""
    said = {
        0: "Nothing changed.",
        1: "No pin of a plugin changed: the file that changed can hold none.",
    }.get(
        nothing.files,
        f"No pin of a plugin changed: none of the {nothing.files} files that changed can hold one.",
    )
    print(annotation("notice", f"{_TITLE}: clear", said), end="", flush=True)
    compared = f"# Plugins from `{nothing.base[:12]}` to `{nothing.head[:12]}`"
    markdown = f"{compared}\n\n**clear**\n\n{said} Nothing had to be installed to tell.\n"
    append(environment, "GITHUB_STEP_SUMMARY", markdown)
    (home / COMMENT).write_text(markdown, "utf-8")
    counts = dict.fromkeys(("exit-code", "plugins", "errors", "warnings", "notes"), "0")
    set_outputs(environment, {"verdict": "clear", **counts})
    return 0


def review(action: Path, home: Path, environment: Mapping[str, str]) -> int:
    """Install and review; return the exit code. Raises ``InstallError`` or ``OSError``."""
    needed = home / "needed"
    install(action / "requirements.txt", wheels(environment), needed, environment)
    given = {name: value for name, value in environment.items() if name not in _SECRETS}
    done = subprocess.run(  # noqa: S603 - every word of it is ours, or a path
        command(needed, action / "review"),
        cwd=home,
        env={**given, "REPORTS": str(home)},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode


def command(needed: Path, source: Path) -> list[str]:
    """Return what runs the review.

    Isolated (-I) and without the job's own packages (-S): what is imported is ours, what was
    installed for it, and the standard library.
    """
    return [sys.executable, "-I", "-S", "-c", _START, str(source), str(needed), "action"]


def say(home: Path, environment: Mapping[str, str]) -> None:
    """Comment with the report of a run; where that cannot be, say so and leave it at that."""
    markdown = text_of(home / COMMENT)
    if not markdown:
        return
    said_so = outputs(environment)
    needed = (said_so.get("plugins"), said_so.get("exit-code")) != ("0", "0")
    try:
        comment(markdown, environment, needed=needed)
    except CommentError as error:
        said = f"the report is in the job summary alone: {error}"
        print(annotation("notice", f"{_TITLE}: no comment", said), end="", flush=True)


def temporary(environment: Mapping[str, str]) -> str:
    """Return the folder for what is gone after the job."""
    return environment.get("RUNNER_TEMP") or tempfile.gettempdir()


def wheels(environment: Mapping[str, str]) -> Path:
    """Return the folder that the wheels are kept in, which is the same in every run."""
    return Path(temporary(environment)) / "stigmem-review-wheels"


def key(action: Path) -> str:
    """Return the name that the wheels are kept under: what is required, and for which machine."""
    required = hashlib.sha256((action / "requirements.txt").read_bytes()).hexdigest()[:16]
    machine = (sys.implementation.cache_tag, platform.system(), platform.machine())
    named = ("stigmem-review-wheels", *machine, *platform.libc_ver(), required)
    return "-".join(filter(None, named)).lower()
