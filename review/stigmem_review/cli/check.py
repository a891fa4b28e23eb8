"""``stigmem-review check``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import (
    add_gate_option,
    add_node_option,
    add_policy_options,
    add_report_options,
    policy_of,
)
from stigmem_review.cli.output import finish, waiting
from stigmem_review.errors import UsageError

if TYPE_CHECKING:
    from stigmem_review.document.check import CheckReport

_ABOUT = """\
Say what is wrong with plugins by themselves, and what to write instead. Each SOURCE is a project
directory, a wheel, an sdist (.tar.gz), a requirement name==version, or what is installed
(installed:NAME@PYTHON); a wheel is also held against a project of the same name given with it.
With --staged, each SOURCE is a file or a folder of this git repository, a file standing for the
project it belongs to, and what is staged is checked, by the policy that is staged, whatever the
files in the folder say; without a SOURCE, all of the repository. What is no Stigmem plugin, nor
meant to be one, is left alone and named."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check", help="check plugins by themselves", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help="what to check")
    parser.add_argument("--staged", action="store_true", help="check what is staged in git")
    parser.add_argument(
        "--fix",
        action="store_true",
        help="correct what is only spelled in another way than the node wants it, such as a group "
        "without quotes, in the files of projects, say what was written, and check again",
    )
    parser.add_argument(
        "--against",
        metavar="REV|SOURCE",
        help="also show the report that users of the next release will see, under the default "
        "policy: the project against itself at a revision of git, or against a release",
    )
    add_policy_options(parser)
    add_report_options(parser)
    add_gate_option(parser, None, "the policy's, which it can only tighten, or warning")
    add_node_option(parser, "the policy's, or the newest that is known")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, write and print, and return the exit code."""
    from stigmem_review.sources.disk import watched

    node_version, gate = options.node_version, options.fail_on
    if options.fix and options.staged:
        raise UsageError("--fix writes into files, and --staged does not look at them; use one")
    if not options.sources and not options.staged:
        raise UsageError("the following arguments are required: SOURCE")
    with waiting("checking", sys.stderr, quiet=options.quiet), watched() as watch:
        if options.staged:
            from stigmem_review.pipeline.staged import check_staged

            report = check_staged(
                *options.sources,
                node_version=node_version,
                gate=gate,
                policy=options.policy,
                isolated=options.isolated,
                against=options.against,
                explain=options.verbose,
            )
        else:
            from stigmem_review.pipeline.check import check

            def look() -> CheckReport:
                return check(
                    *options.sources,
                    node_version=node_version,
                    gate=gate,
                    policy=policy,
                    against=options.against,
                    explain=options.verbose,
                )

            policy = policy_of(options)
            if options.fix:
                from stigmem_review.pipeline.fix import check_and_fix

                report = check_and_fix(look)
            else:
                report = look()
    return finish(report, report.verdict, options, watch)
