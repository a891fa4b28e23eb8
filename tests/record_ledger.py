"""Record what the real node's ledger of migrations answers: ``python tests/record_ledger.py``.

Every pair of releases in ``tests/support/migrating.py`` is started one after the other, up and back
and from nothing, each start a whole one of the node. Needs the package index once, for the node
(``STIGMEM_REVIEW_NODE_PYTHON`` can name the Python of an environment that has it).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from record_node import install
from support.migrating import ask_node, save


def main() -> None:
    """Ask the node, and write its answers."""
    with tempfile.TemporaryDirectory() as work:
        python = os.environ.get("STIGMEM_REVIEW_NODE_PYTHON") or install(Path(work))
        answers = ask_node(Path(python), Path(work))
    save(answers)
    print(f"{sum(len(way) for each in answers.values() for way in each)} starts")


if __name__ == "__main__":
    main()
