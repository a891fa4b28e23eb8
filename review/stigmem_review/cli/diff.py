"""``stigmem-review diff``."""

from __future__ import annotations

import argparse
from typing import Any

from stigmem_review.cli.options import add_gate_option, add_node_option, add_report_options
from stigmem_review.cli.output import finish

_ABOUT = """\
Review the upgrade from OLD to NEW. Each is a wheel, an sdist (.tar.gz), a project directory,
a requirement name==version from the package index that pip is configured for, a capture written
by "stigmem plugins describe NAME --json", or the word none."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "diff", help="review an upgrade", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("old", metavar="OLD", help="the release that runs now, or none")
    parser.add_argument("new", metavar="NEW", help="the release to deploy, or none")
    add_report_options(parser)
    add_gate_option(parser, "warning", "warning")
    add_node_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review, write and print, and return the exit code."""
    from stigmem_review.pipeline.upgrade import review

    report = review(
        options.old, options.new, node_version=options.node_version, gate=options.fail_on
    )
    return finish(report, report.verdict, options)
