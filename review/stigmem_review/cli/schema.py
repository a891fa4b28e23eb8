"""``stigmem-review schema``."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="print the schema of what this tool writes",
        description="Print the JSON Schema of what this tool writes.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "of", choices=("report", "check", "bump", "signer"), help="what to print the schema of"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the JSON Schema of a kind of report."""
    import msgspec

    from stigmem_review.report.json import schema

    print(msgspec.json.format(msgspec.json.encode(schema(options.of)), indent=2).decode())
    return 0
