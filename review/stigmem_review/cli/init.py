"""``stigmem-review init``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from stigmem_review.cli.options import a_day, today
from stigmem_review.errors import UsageError

_ABOUT = """\
Write a first policy, stigmem-review.toml, into this folder: with the node's version and its env
file, as far as they are found, and everything else explained and left as it is by default. Of what
is installed only the metadata is read. A policy that is there is never changed. With --baseline
the plugins that are installed are reviewed, and recorded as accepted as found in one record beside
the policy: the first installation of exactly these releases is approved then."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init", help="write a first policy", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        help="the node's env file (default: the one in this folder that says something about "
        "plugins, if that is one)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="the node's environment: its folder, its python or its site-packages (default: the "
        "one that this runs in)",
    )
    found = parser.add_argument_group("with --baseline")
    found.add_argument(
        "--baseline",
        action="store_true",
        help="record what already runs as accepted as found; a policy that is there is used",
    )
    found.add_argument(
        "--artifacts",
        metavar="DIR",
        help="take the wheels of what is installed from this folder (default: the package index)",
    )
    found.add_argument(
        "--by", metavar="NAME", help="who accepts it (default: who git says you are); a claim"
    )
    found.add_argument(
        "--reason", metavar="TEXT", default="", help="why (default: accepted as found)"
    )
    found.add_argument(
        "--until", metavar="DATE", type=a_day, help="the last day (UTC) on which it counts"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write it, and print what it was made from."""
    from stigmem_review.pipeline.init import init
    from stigmem_review.pipeline.terms import policy_on_disk
    from stigmem_review.text import clean

    given = [name for name in ("artifacts", "by", "reason", "until") if getattr(options, name)]
    if given and not options.baseline:
        raise UsageError(f"--{given[0]} is for --baseline; add that, or leave it out")
    if not options.baseline or policy_on_disk() is None:
        path, said = init(options.env_file, options.python)
        print(f"{path} was written")
        for line in said:
            print(f"  {clean(line)}")
        print("  read it, then commit it: stigmem-review bump goes by the one of the target branch")
    return _baseline(options) if options.baseline else 0


def _baseline(options: argparse.Namespace) -> int:
    """Record what already runs, print it, and return the exit code."""
    from stigmem_review.approvals.record import Records
    from stigmem_review.approvals.store import append, default_path, read_approvals
    from stigmem_review.cli.accepting import changed
    from stigmem_review.pipeline.approve import Wish, check_wish
    from stigmem_review.pipeline.baseline import FOUND, take_baseline
    from stigmem_review.pipeline.terms import policy_on_disk
    from stigmem_review.sources.git import user

    wish = Wish(options.by or user(Path()), options.reason.strip() or FOUND, until=options.until)
    check_wish(wish)
    policy = policy_on_disk()
    path = Path(default_path(policy))
    taken = take_baseline(
        wish,
        today(),
        read_approvals(path)[1] if os.path.lexists(path) else Records(),
        python=options.python,
        artifacts=options.artifacts,
        policy=policy,
        environment=os.environ,
    )
    for line in taken.said:
        print(line)
    if taken.record is None:
        print("No plugin was recorded.")
        return taken.code
    print()
    for line in changed(path, append(path, taken.record)):
        print(line)
    print()
    print(f"Read it, then commit {path}: bump reads it from the base branch.")
    return taken.code
