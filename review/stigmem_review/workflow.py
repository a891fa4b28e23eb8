"""What a runner of GitHub reads: commands in a log, and lines in its files.

``%``, line ends and, in properties, ``:`` and ``,`` are escaped as its toolkit does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def annotation(command: str, title: str, text: str, *properties: str) -> str:
    """Return an annotation as a workflow command, with a line end."""
    said = ",".join((*properties, f"title={escaped(title)}"))
    return f"::{command} {said}::{data(text)}\n"


def data(text: str) -> str:
    """Return a text as it stands behind a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped(text: str) -> str:
    """Return a text as it stands in a property of a command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


_FILES = {"GITHUB_OUTPUT": "the outputs", "GITHUB_STEP_SUMMARY": "the job summary"}
"""The files of a runner that are written to, by the variables that name them."""


def append(environment: Mapping[str, str], name: str, text: str) -> None:
    """Append to a file of the runner; where that fails, the verdict stands all the same."""
    path = environment.get(name)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        said = f"{_short(path)} ({name}) cannot be written to: {why}; see to the disk"
        title = f"stigmem-review: {_FILES.get(name, name)} could not be written"
        print(annotation("warning", title, said), end="", flush=True)


def _short(path: str) -> str:
    shown = ascii(path)[1:-1]
    return shown if len(shown) <= 200 else f"{shown[:200]}..."


def set_outputs(environment: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Set outputs of the step. A value that is not one line of text is left out."""
    lines = (f"{name}={value}\n" for name, value in values.items() if value.isprintable())
    append(environment, "GITHUB_OUTPUT", "".join(lines))


def outputs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the outputs that the step has by now."""
    lines = text_of(Path(environment.get("GITHUB_OUTPUT") or ".")).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def text_of(path: Path) -> str:
    """Return what a file says; nothing where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""
