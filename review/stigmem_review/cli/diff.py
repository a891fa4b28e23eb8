"""``stigmem-review diff``."""

from __future__ import annotations

import argparse
from typing import Any

from stigmem_review.cli.output import say_gaps, target, write_all
from stigmem_review.errors import UsageError
from stigmem_review.model import LEVELS
from stigmem_review.report import FORMATS

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
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=target,
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="also write the report to a file; can be given several times",
    )
    parser.add_argument(
        "--fail-on",
        choices=LEVELS,
        default="warning",
        help="the lightest finding that closes the gate (default: %(default)s)",
    )
    parser.add_argument(
        "--node-version",
        metavar="VERSION",
        help="the node it is for (default: the newest that is known)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review, write and print, and return the exit code."""
    from stigmem_review.pipeline import review

    paths = [each.path for each in options.output]
    if len(set(paths)) < len(paths):
        raise UsageError("two reports are to be written to the same file; give each its own")
    report = review(
        options.old, options.new, node_version=options.node_version, gate=options.fail_on
    )
    write_all(report, options.format, options.output)
    say_gaps(report.gaps)
    return report.verdict.exit_code
