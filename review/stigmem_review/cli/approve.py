"""``stigmem-review approve``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import (
    a_day,
    add_approvals_option,
    add_gate_option,
    add_ledger_option,
    add_node_option,
    add_old_node_option,
    add_policy_options,
    add_trust_options,
    approvals_of,
    policy_of,
    repeated,
    today,
)
from stigmem_review.errors import UsageError
from stigmem_review.text import clean

if TYPE_CHECKING:
    from stigmem_review.pipeline.approve import Proposal, Wish

_ABOUT = """\
Accept what a review of the upgrade from OLD to NEW found, for exactly these bytes: it reviews
again, shows what it is about to accept, adds a record to the file of approvals, and prints what
changed in that. Without --finding it is about every finding that closes the gate. With --bump OLD
and NEW are the revisions BASE and HEAD of a repository: it accepts what bump found there, in the
releases and in the pins. Instead of OLD and NEW, a report that was written as JSON says what to
review. Nothing else than the file of approvals is changed: commit it, and have it reviewed like any
other change."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "approve", help="accept what a review found", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("old", metavar="OLD", help="the release that runs now, none, or a report")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the release to deploy, or none")
    parser.add_argument(
        "--by", metavar="NAME", help="who accepts it (default: who git says you are); a claim"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why: a change record, or a link")
    parser.add_argument(
        "--finding",
        metavar="ID",
        action="append",
        default=[],
        help="accept only this: a rule by id or name, or a fingerprint; can be given several times",
    )
    parser.add_argument(
        "--until",
        metavar="DATE",
        type=a_day,
        help="the last day (UTC) on which it counts, such as 2026-12-31 (default: a year from now, "
        "or what the policy allows)",
    )
    parser.add_argument(
        "--incomplete",
        action="store_true",
        help="accept also what could not be reviewed, for at most seven days",
    )
    parser.add_argument(
        "--review",
        metavar="ID",
        default="",
        help="accept only the review with this id, which its report names",
    )
    parser.add_argument(
        "--artifacts",
        metavar="DIR",
        help="take the files that a report or --bump is about from this folder",
    )
    parser.add_argument(
        "--bump",
        action="store_true",
        help="OLD and NEW are BASE and HEAD (default: HEAD) of a repository, as for bump",
    )
    parser.add_argument(
        "--repository", metavar="DIR", help="a folder of the repository, with --bump"
    )
    parser.add_argument(
        "--exact", action="store_true", help="compare with BASE itself, with --bump as in bump"
    )
    parser.add_argument("--old-bundle", metavar="FILE", help="a file that signs OLD")
    parser.add_argument("--new-bundle", metavar="FILE", help="a file that signs NEW")
    add_policy_options(parser)
    add_approvals_option(parser)
    add_trust_options(parser)
    add_gate_option(parser, None, "the policy's, which it can only tighten, or warning")
    add_node_option(parser, "the policy's, or the newest that is known")
    add_old_node_option(parser)
    add_ledger_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review, record, print, and return the exit code."""
    from stigmem_review.document.approvals import PLACEHOLDER
    from stigmem_review.pipeline.approve import Wish, check_wish

    by, claimed = options.by, "as --by says"
    if not by:
        from stigmem_review.sources.git import user

        by, claimed = user(Path()), "as git is configured here"
    reason = options.reason
    if reason in (None, PLACEHOLDER) and sys.stdin.isatty() and sys.stderr.isatty():
        print("Why? A change record or a link: ", end="", file=sys.stderr, flush=True)
        reason = sys.stdin.readline()
    wish = Wish(
        by,
        (reason or "").strip(),
        tuple(options.finding),
        options.until,
        options.incomplete,
        options.review,
    )
    check_wish(wish)
    if options.bump:
        _approve_change(options, options.old, options.new or "HEAD", wish, claimed)
        return 0
    if options.repository or options.exact:
        raise UsageError("--repository and --exact are for --bump")
    if options.new is not None:
        if options.artifacts is not None:
            raise UsageError(
                "--artifacts is for a report, or for --bump; name the files as OLD and NEW"
            )
        _approve(options, options.old, options.new, wish, claimed)
        return 0
    _approve_reported(options, wish, claimed)
    return 0


def _approve_reported(options: argparse.Namespace, wish: Wish, claimed: str) -> None:
    """Approve what was reported as closed, in a report that was written as JSON."""
    from stigmem_review.pipeline.reported import again, check_same, read_report

    closed = read_report(options.old)
    if closed.change is not None:
        asked = closed.change
        wish = wish._replace(review=wish.review or asked.review)
        _approve_change(options, asked.base, asked.head, wish, claimed)
        return
    if not closed.reviews:
        print(f"Nothing in {clean(options.old)} needs approval. Nothing was recorded.")
    for each in closed.reviews:
        old, new = again(each, options.artifacts)
        read = each.commands.review if each.commands else ""
        nodes = {
            "node_version": options.node_version or each.node,
            "old_node_version": options.old_node_version or each.old_node or None,
        }
        _approve(
            argparse.Namespace(**{**vars(options), **nodes}),
            old,
            new,
            wish._replace(review=wish.review or read),
            claimed,
            partial(check_same, each),
        )


def _approve(
    options: argparse.Namespace,
    old: str,
    new: str,
    wish: Wish,
    claimed: str,
    check: Callable[[tuple[str, str]], None] = lambda _: None,
) -> None:
    """Approve one review; ``check`` has a say about the digests of both sides."""
    from stigmem_review.approvals.store import default_path
    from stigmem_review.pipeline.approve import propose
    from stigmem_review.pipeline.terms import read_policy
    from stigmem_review.pipeline.upgrade import review

    day = today()
    policy = policy_of(options)
    path = approvals_of(options, policy)
    report = review(
        old,
        new,
        node_version=options.node_version,
        old_node_version=options.old_node_version,
        gate=options.fail_on,
        old_bundle=options.old_bundle,
        new_bundle=options.new_bundle,
        policy=policy,
        env_file=options.env_file,
        environment=os.environ,
        trust_root=options.trust_root,
        approvals=path if path and os.path.lexists(path) else None,
        today=day,
        repeat=repeated(options),
        ledger=options.ledger,
    )
    one, two = (each.source.sha256 for each in report.reviewed)
    check((one, two))
    proposal = propose(report, wish, day, read_policy(policy).file.policy.approvals)
    if proposal is None:
        print(f"{report.plugin}: {report.verdict.sentence} Nothing was recorded.")
        return
    _record((proposal,), Path(path or default_path(policy)), claimed)


def _approve_change(
    options: argparse.Namespace, base: str, head: str, wish: Wish, claimed: str
) -> None:
    """Approve what a change of the repository deploys, and how it changes what is deployed."""
    if options.isolated or options.old_bundle or options.new_bundle or options.old_node_version:
        raise UsageError(
            "--isolated, bundles and --old-node-version are not for --bump; leave them out"
        )
    from stigmem_review.pipeline.approve import propose_all
    from stigmem_review.pipeline.bump import Wanted, review_change

    folder = options.repository or "."
    change = review_change(
        Wanted(
            base,
            head,
            repository=folder,
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
            recorded=True,
            repeat=("--repository", folder) if options.repository else (),
            ledger=options.ledger,
        )
    )
    proposals = propose_all(change.report, wish, today(), change.limits)
    if proposals:
        _record(proposals, Path(os.path.relpath(change.approvals)), claimed)
    else:
        print(f"{change.report.verdict.sentence} Nothing was recorded.")


def _record(proposals: tuple[Proposal, ...], target: Path, claimed: str) -> None:
    """Show what is accepted, append it, and print what that changed."""
    from stigmem_review.approvals.store import append
    from stigmem_review.cli.accepting import changed, outlook, shown

    for each in proposals:
        for line in shown(each, f"{claimed}; a claim, which nothing here verifies"):
            print(line)
    sys.stdout.flush()
    for line in changed(target, append(target, *(each.record for each in proposals))):
        print(line)
    print()
    print(outlook(proposals, target))
