"""``stigmem-review schema``."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="print the schema of what this tool writes and reads",
        description="Print the JSON Schema of a kind of report, or of a policy.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "of",
        metavar="KIND",
        choices=("report", "check", "node", "bump", "signer", "confirm", "policy"),
        help="what to print the schema of: %(choices)s",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    import msgspec

    if options.of == "policy":
        from stigmem_review.policy.file import Policy
        from stigmem_review.policy.schema import json_schema

        found = json_schema(Policy)
    else:
        from stigmem_review.report.json import schema

        found = schema(options.of)
    print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    return 0
