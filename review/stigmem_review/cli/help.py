"""``stigmem-review help``."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "help",
        help="explain a command",
        description="Explain a command as its --help does, or list the commands.",
        allow_abbrev=False,
    )
    parser.add_argument("words", metavar="COMMAND", nargs="*", help="such as diff, or rules show")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the help."""
    from stigmem_review.cli import parser

    command = options.words[0] if options.words else ""
    # It prints and ends.
    parser(command).parse_args([*options.words, "--help"])
    return 0
