"""Where reports go: standard output, and files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from stigmem_review.document import Report
from stigmem_review.errors import ReportError
from stigmem_review.report import FORMATS, Format, render

_WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write a report to, and its format."""

    form: Format
    path: Path


def target(text: str) -> Target:
    """Read ``FORMAT=PATH``."""
    name, equals, path = text.partition("=")
    form = next((form for form in FORMATS if form == name), None)
    if form is None or not equals or not path:
        raise click.BadParameter(
            f"{text!r} is not FORMAT=PATH with a format of {', '.join(FORMATS)}"
        )
    if not Path(path).parent.is_dir():
        raise click.BadParameter(f"there is no directory {str(Path(path).parent)!r} to write to")
    return Target(form, Path(path))


def write_all(report: Report, form: Format, targets: tuple[Target, ...]) -> None:
    """Write every file, then print. Raises ``ReportError`` where a file cannot be written."""
    for each in targets:
        write_file(each.path, render(report, each.form))
    if form == "text" and not report.plugin:
        # Nothing was read; the reason goes to standard error, in one line.
        return
    on_terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, _WIDEST) if on_terminal else 80
    colour = on_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    click.echo(render(report, form, width=width, colour=colour), nl=False, color=colour)


def write_file(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=path.name, delete=False
        ) as handle:
            temporary = Path(handle.name)
            handle.write(text)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; the report was not written") from None
