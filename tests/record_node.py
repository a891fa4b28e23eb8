"""Record what the real node answers for programs: ``python tests/record_node.py [set ...]``.

Needs the package index once, for the node (``STIGMEM_REVIEW_NODE_PYTHON`` can name the Python of
an environment that has it). Every program runs in a process of its own, once for each environment
and each of two orders of sets, and what differs is kept.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from support import oracle, programs
from support.real_node import NODE, RealNode


def main(wanted: list[str]) -> None:
    """Record the sets that are named, or all."""
    with tempfile.TemporaryDirectory() as work:
        python = Path(os.environ.get("STIGMEM_REVIEW_NODE_PYTHON") or install(Path(work)))
        with RealNode(python, 1) as one, RealNode(python, 2) as other:
            for name in wanted or programs.SETS:
                now = [oracle.ask(program, (one, other)) for program in programs.SETS[name]()]
                oracle.save(name, now)
                print(f"{name}: {len(now)} programs")


def install(work: Path) -> Path:
    venv.create(work, with_pip=True)
    python = work / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", NODE], check=True)
    return python


if __name__ == "__main__":
    main(sys.argv[1:])
