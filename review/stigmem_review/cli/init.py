"""``stigmem-review init``."""

from __future__ import annotations

import argparse
from typing import Any

_ABOUT = """\
Write a first policy, stigmem-review.toml, into this folder: with the node's version and its env
file, as far as they are found, and everything else explained and left as it is by default. Of what
is installed only the metadata is read. A policy that is there is never changed."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init", help="write a first policy", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        help="the node's env file (default: the one in this folder that says something about "
        "plugins, if that is one)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="the node's environment: its folder, its python or its site-packages (default: the "
        "one that this runs in)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write it, and print what it was made from."""
    from stigmem_review.pipeline.init import init
    from stigmem_review.text import clean

    path, said = init(options.env_file, options.python)
    print(f"{path} was written")
    for line in said:
        print(f"  {clean(line)}")
    print("  read it, then commit it: stigmem-review bump goes by the one of the target branch")
    return 0
