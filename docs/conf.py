"""How the documentation is built: ``sphinx-build -n -W docs OUT``, without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from stigmem_review import __version__

HERE = Path(__file__).parent
# The pages that are made from the code are made by the module beside this one.
sys.path.insert(0, str(HERE))

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
    from generated import pages_of, write_all

    app.connect("builder-inited", lambda _: write_all(HERE, dict(pages_of())))
