"""``stigmem-review signer``."""

from __future__ import annotations

import argparse
import os
from typing import Any

from stigmem_review.cli.options import add_policy_options, add_trust_options, policy_of, today

_ABOUT = """\
Say who signed SOURCE (a wheel, an sdist or name==version), and whether that is somebody you
trust. It ends with 0 if the signature is verified, by all whom the policy requires, and its
signer is not distrusted, nor trusted only by the name of a workflow that any repository can
call; 3 if it cannot be verified here, else 1."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "signer", help="say who signed a release", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("source", metavar="SOURCE", help="what is signed")
    parser.add_argument("--bundle", metavar="FILE", help="a file that signs it")
    add_policy_options(parser)
    add_trust_options(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify, print, and return the exit code."""
    from stigmem_review.pipeline.signer import signer
    from stigmem_review.report.json import render_json
    from stigmem_review.report.signer import render_signer

    report = signer(
        options.source,
        bundle=options.bundle,
        policy=policy_of(options),
        env_file=options.env_file,
        environment=os.environ,
        trust_root=options.trust_root,
        today=today(),
    )
    print(render_json(report) if options.format == "json" else render_signer(report), end="")
    return report.exit_code
