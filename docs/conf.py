"""How the documentation is built: ``sphinx-build -n -W docs OUT``, without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from generated import pages_of, write_all  # noqa: E402 - found only now
from stigmem_review import __version__  # noqa: E402 - in the order of the path above

project = "stigmem-review"
release = version = __version__
author = "the stigmem-review developers"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"stigmem-review {release}"
html_show_sourcelink = False
myst_heading_anchors = 4
smartquotes = False


def setup(app: Any) -> None:
    """Write the pages that are made from the code, before any page is read."""
    app.connect("builder-inited", lambda _: write_all(HERE, dict(pages_of())))
