"""``stigmem-review diff``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from stigmem_review.cli import say
from stigmem_review.cli.options import (
    add_approvals_option,
    add_gate_option,
    add_ledger_option,
    add_node_option,
    add_old_node_option,
    add_policy_options,
    add_report_options,
    add_trust_options,
    approvals_of,
    policy_of,
    repeated,
    today,
)
from stigmem_review.cli.output import finish, waiting, wants_code
from stigmem_review.cli.receipt import add_receipt_options, receipt_files, witness_of
from stigmem_review.errors import UsageError

_ABOUT = """\
Review the upgrade from OLD to NEW. Each is a wheel, an sdist (.tar.gz), a project directory,
a requirement name==version from the package index that pip is configured for, what is installed
(installed:NAME@PYTHON), a capture written by "stigmem plugins describe NAME --json", or the word
none. What signs a file is found beside it (FILE.sigstore.json, FILE.sigstore,
FILE.publish.attestation, FILE.provenance), or in the index.
Where neither is a Stigmem plugin, nor meant to be one, there is nothing to review (exit code 2)."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "diff", help="review an upgrade", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("old", metavar="OLD", help="the release that runs now, or none")
    parser.add_argument("new", metavar="NEW", help="the release to deploy, or none")
    parser.add_argument("--old-bundle", metavar="FILE", help="a file that signs OLD")
    parser.add_argument("--new-bundle", metavar="FILE", help="a file that signs NEW")
    add_policy_options(parser)
    add_approvals_option(parser)
    parser.add_argument(
        "--code",
        action="store_true",
        help="what differs of the code, file by file: as text instead of the findings, in Markdown "
        "and JSON beside them",
    )
    add_trust_options(parser)
    add_report_options(parser)
    add_receipt_options(parser)
    add_gate_option(parser, None, "the policy's, which it can only tighten, or warning")
    add_node_option(parser, "the policy's, or the newest that is known")
    add_old_node_option(parser)
    add_ledger_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review, write and print, and return the exit code."""
    from stigmem_review.pipeline.upgrade import review
    from stigmem_review.sources.disk import watched

    witness = witness_of(options)
    with waiting("reviewing", sys.stderr, quiet=options.quiet), watched() as watch:
        policy = policy_of(options)
        report = review(
            options.old,
            options.new,
            node_version=options.node_version,
            old_node_version=options.old_node_version,
            gate=options.fail_on,
            old_bundle=options.old_bundle,
            new_bundle=options.new_bundle,
            policy=policy,
            env_file=options.env_file,
            environment=os.environ,
            trust_root=options.trust_root,
            code=wants_code(options),
            approvals=approvals_of(options, policy),
            today=today(),
            repeat=repeated(options),
            witness=witness,
            ledger=options.ledger,
            explain=options.verbose,
        )
    receipts = receipt_files(options, report, witness)
    code = finish(report, report.verdict, options, watch, receipts or ())
    if receipts is None:
        say(
            "no receipt was written: NEW is no file with a digest that could be confirmed; a "
            "receipt is about a wheel, an sdist or name==version"
        )
        return code or UsageError.exit_code
    return code
