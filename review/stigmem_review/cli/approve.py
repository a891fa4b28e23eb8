"""``stigmem-review approve``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import (
    a_day,
    add_approvals_option,
    add_gate_option,
    add_node_option,
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
    from stigmem_review.approvals.store import Added
    from stigmem_review.pipeline.approve import Proposal, Wish

_ABOUT = """\
Accept what a review of the upgrade from OLD to NEW found, for exactly these bytes: it reviews
again, shows what it is about to accept, adds a record to the file of approvals, and prints what
changed in that. Without --finding it is about every finding that closes the gate. Instead of OLD
and NEW, a report that was written as JSON says what to review. Nothing else than the file of
approvals is changed: commit it, and have it reviewed like any other change."""


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
        help="take the files that a report is about from this folder",
    )
    parser.add_argument("--old-bundle", metavar="FILE", help="a file that signs OLD")
    parser.add_argument("--new-bundle", metavar="FILE", help="a file that signs NEW")
    add_policy_options(parser)
    add_approvals_option(parser)
    add_trust_options(parser)
    add_gate_option(parser, None, "the policy's, which it can only tighten, or warning")
    add_node_option(parser, "the policy's, or the newest that is known")
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
    if options.new is not None:
        if options.artifacts is not None:
            raise UsageError("--artifacts is for a report; name the files as OLD and NEW")
        _approve(options, options.old, options.new, wish, claimed)
        return 0
    from stigmem_review.pipeline.reported import again, check_same, read_report

    closed = read_report(options.old)
    if not (closed.reviews or closed.pins):
        print(f"Nothing in {clean(options.old)} needs approval. Nothing was recorded.")
    for each in closed.reviews:
        old, new = again(each, options.artifacts)
        read = each.commands.review if each.commands else ""
        node = options.node_version or each.node
        _approve(
            argparse.Namespace(**{**vars(options), "node_version": node}),
            old,
            new,
            wish._replace(review=wish.review or read),
            claimed,
            partial(check_same, each),
        )
    if closed.pins:
        print(
            f"The gate stays closed for the pins ({', '.join(map(clean, closed.pins))}), which "
            "have no bytes to approve: put them right where they stand, or decide in the policy."
        )
        return 1
    return 0


def _approve(
    options: argparse.Namespace,
    old: str,
    new: str,
    wish: Wish,
    claimed: str,
    check: Callable[[tuple[str, str]], None] = lambda _: None,
) -> None:
    """Approve one review; ``check`` has a say about the digests of both sides."""
    from stigmem_review.approvals.store import append, default_path
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
    )
    one, two = (each.source.sha256 for each in report.reviewed)
    check((one, two))
    proposal = propose(report, wish, day, read_policy(policy).file.policy.approvals)
    if proposal is None:
        print(f"{report.plugin}: {report.verdict.sentence} Nothing was recorded.")
        return
    target = Path(path or default_path(policy))
    for line in _shown(proposal, wish, claimed):
        print(line)
    sys.stdout.flush()
    for line in _changed(target, append(target, proposal.record)):
        print(line)
    print()
    print(_outlook(proposal, target))


def _shown(proposal: Proposal, wish: Wish, claimed: str) -> Iterator[str]:
    from stigmem_review.verdict import count

    record = proposal.record
    old, new = (each.version or each.file if each else "none" for each in (record.old, record.new))
    parts = [count(len(record.findings), "finding")] if record.findings else []
    if record.incomplete:
        parts.append(f"{count(len(record.incomplete), 'part')} that could not be reviewed")
    yield f"{record.plugin} {old} -> {new}: accepting {' and '.join(parts)}"
    yield ""
    for finding in proposal.findings:
        yield f"  {finding.level} {finding.rule} {finding.name}: {finding.item}"
    for gap in record.incomplete:
        yield f"  not reviewed: {gap.what}: {gap.why}"
    yield ""
    for side, artifact in (("old", record.old), ("new", record.new)):
        yield f"  {side}    {artifact.file}" if artifact else f"  {side}    none"
        if artifact:
            yield f"         sha256 {artifact.sha256}"
    yield f"  by     {clean(record.by)} ({claimed}; a claim, which nothing here verifies)"
    yield f"  why    {clean(record.reason)}"
    days = (record.until - record.approved).days
    yield f"  until  {record.until} ({count(days, 'day')}, UTC)"
    yield ""


def _changed(path: Path, added: Added) -> Iterator[str]:
    import difflib

    name = clean(str(path))
    before, after = (text.splitlines() for text in added)
    for line in difflib.unified_diff(before, after, name, name, n=2, lineterm=""):
        yield clean(line)


def _outlook(proposal: Proposal, path: Path) -> str:
    from stigmem_review.verdict import count

    gate = "The gate is open for exactly these bytes."
    if left := len(proposal.left):
        need = "needs" if left == 1 else "need"
        gate = f"The gate stays closed: {count(left, 'finding')} still {need} approval."
    return f"{gate} Commit {clean(str(path))}: bump reads it from the base branch."
