"""``stigmem-review bump``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Any

from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.cli.options import (
    add_gate_option,
    add_ledger_option,
    add_node_option,
    add_report_options,
    add_trust_options,
    today,
)
from stigmem_review.cli.output import finish, waiting, wants_code
from stigmem_review.cli.receipt import add_receipt_options, receipt_files, witness_of
from stigmem_review.errors import UsageError
from stigmem_review.policy.file import POLICY_FILE, PROJECT_FILE
from stigmem_review.text import shorten

_ABOUT = """\
Review every plugin whose pin changed between two revisions of a git repository. Pins are read
from its requirements files, as git has them: nothing is checked out. The files of the releases
come from the folder of artifacts, or else from the package index that pip is configured for, and
each is held against the hashes of its pin. Policy, env file and trust root are read from BASE,
never from HEAD."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bump", help="review the bumps of a change", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument(
        "base",
        metavar="BASE",
        nargs="?",
        help="the revision to merge to, or (with --exact) the one that is deployed",
    )
    parser.add_argument(
        "head",
        metavar="HEAD",
        nargs="?",
        help="the revision to deploy, or to merge (default: HEAD)",
    )
    parser.add_argument(
        "--staged",
        action="store_true",
        help="review what is staged against HEAD, and ask no index: pins have to be exact and "
        "hashed, nothing may be loosened, and plugins are reviewed as far as the artifacts have "
        "their files",
    )
    parser.add_argument(
        "--repository",
        metavar="DIR",
        default=".",
        help="a folder of the repository (default: the current one)",
    )
    parser.add_argument(
        "--artifacts",
        metavar="DIR",
        help="take the files of plugins from this folder alone; an index is only asked whether "
        "what is not in it is a plugin, unless pip has no-index",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="compare with BASE itself even where HEAD does not follow it, as when HEAD is "
        "deployed in its place (default: with their merge base)",
    )
    parser.add_argument(
        "--policy",
        metavar="PATH",
        help=f"the policy's path in BASE (default: {POLICY_FILE}, or [tool.stigmem-review] in "
        f"{PROJECT_FILE}, of DIR or the nearest folder around it)",
    )
    parser.add_argument(
        "--approvals",
        metavar="PATH",
        help=f"what was accepted, as a path in BASE (default: {APPROVALS_FILE} beside the policy)",
    )
    parser.add_argument(
        "--shard",
        metavar="I/N",
        type=shard,
        help="look at one of N shares of the plugins that change, and write --output json=FILE; "
        "merge makes one report of all N",
    )
    add_trust_options(parser, base=True)
    add_ledger_option(parser)
    add_report_options(parser)
    add_receipt_options(parser, "; of several plugins one a line, and none where nothing changes")
    add_gate_option(parser, None, "the policy's, or warning; can only tighten it")
    add_node_option(parser, "the policy's, the one that HEAD pins, or the newest that is known")
    parser.set_defaults(run=run)


def shard(text: str) -> tuple[int, int]:
    """Read ``I/N``."""
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    index, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= of:
        raise argparse.ArgumentTypeError(f"{shorten(text)} is no shard; it is I/N, from 1/N to N/N")
    return index, of


def run(options: argparse.Namespace) -> int:
    """Review, write and print, and return the exit code."""
    from stigmem_review.pipeline.bump import Wanted, review_change
    from stigmem_review.sources.disk import watched

    witness = witness_of(options)
    _check(options)
    with waiting("reviewing the pins", sys.stderr, quiet=options.quiet), watched() as watch:
        wanted = Wanted(
            options.base or "HEAD",
            options.head or "HEAD",
            repository=options.repository,
            artifacts=options.artifacts,
            policy=options.policy,
            node=options.node_version,
            gate=options.fail_on,
            exact=options.exact,
            env_file=options.env_file,
            environment=os.environ,
            trust_root=options.trust_root,
            approvals=options.approvals,
            today=today(),
            repeat=("--repository", options.repository) if options.repository != "." else (),
            witness=witness,
            staged=options.staged,
            shard=options.shard,
            ledger=options.ledger,
            # What shards hand over would be many times as large.
            code=wants_code(options) and options.shard is None,
            explain=options.verbose,
        )
        report = review_change(wanted).report
    more = receipt_files(options, report, witness) or ()
    finish(report, report.verdict, options, watch, more)
    return report.exit_code


def _check(options: argparse.Namespace) -> None:
    """Raise ``UsageError`` where options contradict each other."""
    has_receipt = options.receipt is not None or options.receipt_predicate is not None
    if options.shard is not None and (options.staged or has_receipt):
        raise UsageError("a shard is a part of a change of commits, and has no receipt of its own")
    if not options.staged:
        if options.base is None:
            raise UsageError("name the revision to compare with, or --staged")
        return
    if options.base is not None or options.exact:
        raise UsageError("--staged compares what is staged with HEAD; leave other revisions out")
    if has_receipt:
        raise UsageError("a receipt is about what was committed; leave --staged out for it")
