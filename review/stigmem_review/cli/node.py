"""``stigmem-review node``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from stigmem_review.cli.options import (
    add_gate_option,
    add_ledger_option,
    add_node_option,
    add_policy_options,
    add_report_options,
    policy_of,
)
from stigmem_review.cli.output import finish, waiting

_ABOUT = """\
Foresee the start of a whole node: its plugins in the order in which it registers them, what they
depend on, what runs on each hook and in which order, and which plugin it stops on, if any. What is
on it is said by each SOURCE (as for diff), by the folder that they are installed from, or by the
file that pins them; with --against both what was on it before and what changes. A stigmem-node
among them says which node it is."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "node", help="foresee the start of a whole node", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help="a plugin that is on it")
    parser.add_argument(
        "--artifacts", metavar="DIR", help="the folder with the files that are installed on it"
    )
    parser.add_argument(
        "--requirements", metavar="FILE", help="the requirements file, or lock, that pins them"
    )
    parser.add_argument(
        "--against",
        metavar="PLACE",
        nargs="+",
        default=[],
        help="what was on it before: such a folder, such a file, or plugins",
    )
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        help="the node's env file, which says whether it takes unsigned plugins (default: the "
        "policy's, or the environment)",
    )
    add_policy_options(parser)
    add_report_options(parser)
    add_gate_option(parser, None, "the policy's, which it can only tighten, or warning")
    add_node_option(parser, "the policy's, the one that is there, or the newest that is known")
    parser.add_argument(
        "--old-node-version",
        metavar="VERSION",
        help="the node before, where it moves (default: the one that is there, or the same)",
    )
    add_ledger_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Foresee, write and print, and return the exit code."""
    from stigmem_review.pipeline.node import Wanted, foresee_node
    from stigmem_review.sources.disk import watched

    with waiting("foreseeing the start", sys.stderr, quiet=options.quiet), watched() as watch:
        wanted = Wanted(
            tuple(options.sources),
            options.artifacts,
            options.requirements,
            tuple(options.against),
            node_version=options.node_version,
            old_node_version=options.old_node_version,
            gate=options.fail_on,
            policy=policy_of(options),
            env_file=options.env_file,
            environment=os.environ,
            ledger=options.ledger,
            explain=options.verbose,
        )
        report = foresee_node(wanted)
    return finish(report, report.verdict, options, watch)
