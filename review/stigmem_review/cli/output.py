"""Where reports go: standard output, and files that are written whole or not at all."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stigmem_review.errors import ReportError
from stigmem_review.model import Gap
from stigmem_review.report import FORMATS, Format, render
from stigmem_review.text import clean

if TYPE_CHECKING:
    from stigmem_review.document import Report

_WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is."""


class Target(NamedTuple):
    """A file to write a report to, and its format."""

    form: Format
    path: Path


def target(text: str) -> Target:
    """Read ``FORMAT=PATH``."""
    name, equals, path = text.partition("=")
    form = next((form for form in FORMATS if form == name), None)
    if form is None or not equals or not path:
        raise argparse.ArgumentTypeError(
            f"{clean(text)} is not FORMAT=PATH with a format of {', '.join(FORMATS)}"
        )
    resolved = Path(os.path.realpath(path))
    if not resolved.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"there is no directory {clean(str(resolved.parent))} to write to"
        )
    if resolved.is_dir():
        raise argparse.ArgumentTypeError(f"{clean(path)} is a directory; name a file in it")
    return Target(form, resolved)


def write_all(report: Report, form: Format, targets: Iterable[Target]) -> None:
    """Write every file, then print. Raises ``ReportError`` where a file cannot be written."""
    for each in targets:
        write_file(each.path, render(report, each.form))
    if form == "text" and not report.plugin:
        # Nothing was read; the reason goes to standard error, in one line.
        return
    on_terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, _WIDEST) if on_terminal else 80
    colour = on_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    text = render(report, form, width=width, colour=colour)
    if (sys.stdout.encoding or "").lower() in ("utf-8", "utf8"):
        sys.stdout.write(text)
    else:
        sys.stdout.write(text.encode("ascii", "replace").decode())


def say_gaps(gaps: Iterable[Gap]) -> None:
    """Print what could not be reviewed, a line each, on standard error."""
    for gap in gaps:
        text = f"{gap.what}: {gap.why}" + (f"; {gap.do}" if gap.do else "")
        print(f"stigmem-review: incomplete: {clean(text)}", file=sys.stderr)


def write_file(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all.

    What exists and is no ordinary file, such as ``/dev/stdout`` or a pipe, is written to.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ReportError(f"{path}: {error.strerror}; the report was not written there") from None
