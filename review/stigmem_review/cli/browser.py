"""A report in the browser."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from pathlib import Path

from stigmem_review.cli import say


def new_page() -> Path:
    """Make an empty file for a page, in the folder for temporary files."""
    handle, name = tempfile.mkstemp(".html", "stigmem-review-")
    os.close(handle)
    return Path(name)


def open_page(path: Path) -> None:
    """Show a file in the browser, and say where it is; without a browser, that alone."""
    say(f"the report is {path}")
    if not webbrowser.open(path.as_uri()):
        say("no browser could be started; open that file")
