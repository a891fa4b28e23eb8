"""``stigmem-review merge``."""

from __future__ import annotations

import argparse
from typing import Any

from stigmem_review.cli.options import add_report_options
from stigmem_review.cli.output import finish

_ABOUT = """\
Put the reports of all shards of a change (bump --shard I/N --output json=FILE) together into the
report that bump gives without shards, and decide by that. Where a shard is missing or there twice,
or where they are of different changes, policies or versions, the review is incomplete (3)."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "merge",
        help="put the reports of a change's shards together",
        description=_ABOUT,
        allow_abbrev=False,
    )
    parser.add_argument(
        "reports", metavar="REPORT.json", nargs="+", help="the report of one shard, as JSON"
    )
    add_report_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Merge, write and print, and return the exit code."""
    from stigmem_review.pipeline.merge import merge_reports
    from stigmem_review.sources.disk import watched

    with watched() as watch:
        report = merge_reports(options.reports)
    finish(report, report.verdict, options, watch)
    return report.exit_code
