"""Options that several commands share."""

from __future__ import annotations

import argparse
from datetime import date

from stigmem_review.cli.output import format_name, target
from stigmem_review.model import LEVELS
from stigmem_review.report import FORMATS


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where reports go, and in which format."""
    parser.add_argument(
        "--format",
        type=format_name,
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
        "--open",
        action="store_true",
        help="show the report in a browser: the file of --output html=PATH, or a new one in the "
        "folder for temporary files",
    )
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--brief", action="store_true", help="show the first screen alone")
    much.add_argument("--all", action="store_true", help="show what is folded as well")
    much.add_argument(
        "--verbose",
        action="store_true",
        help="as --all, and why rules do not apply and fields are not known",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="print a report only where the gate is closed"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours (default: on a terminal, unless NO_COLOR is set, or where FORCE_COLOR is)",
    )


def add_gate_option(parser: argparse.ArgumentParser, default: str | None, said: str) -> None:
    """Add the option that sets the gate; ``said`` is its default in words."""
    parser.add_argument(
        "--fail-on",
        choices=LEVELS,
        default=default,
        help=f"minimum severity that fails (default: {said})",
    )


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which policy counts."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--policy",
        metavar="FILE",
        help="a policy (default: stigmem-review.toml, or [tool.stigmem-review] in pyproject.toml, "
        "of this folder or the nearest around it, up to the top of the repository)",
    )
    which.add_argument("--isolated", action="store_true", help="read no policy at all")


def policy_of(options: argparse.Namespace) -> str | None:
    """Return the policy that options ask for, or else the one that holds in this folder.

    Raises ``PolicyError`` where that cannot be said.
    """
    named: str | None = options.policy
    if named is not None or options.isolated:
        return named
    from stigmem_review.pipeline.terms import policy_on_disk

    return policy_on_disk()


def add_trust_options(parser: argparse.ArgumentParser, *, base: bool = False) -> None:
    """Add the options that say whom to trust; with ``base`` they name files of the base."""
    name, where = ("PATH", ", as a path in BASE") if base else ("FILE", "")
    parser.add_argument(
        "--env-file",
        metavar=name,
        help=f"the node's env file{where}, which says whom it trusts to sign (default: the "
        "policy's, or the environment)",
    )
    parser.add_argument(
        "--trust-root",
        metavar=name,
        action="append",
        help=f"a trust root of a Sigstore instance{where}, or public-good; several are tried one "
        "by one (default: the policy's, or our copy of the public-good instance's)",
    )


def add_approvals_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the file of approvals."""
    parser.add_argument(
        "--approvals",
        metavar="FILE",
        help="what was accepted (default: stigmem-review.approvals.toml beside the policy, or the "
        "nearest from this folder up to the top of the repository)",
    )


def a_day(text: str) -> date:
    """Read a day from an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-12-31") from None


def today() -> date:
    """Return the day that approvals are held to: that of UTC, wherever this runs."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def approvals_of(options: argparse.Namespace, policy: str | None) -> str | None:
    """Return the path of the approvals that count, if there are any.

    In isolation those count that are named. Raises ``ApprovalsError`` where they are of another
    repository than the policy.
    """
    from stigmem_review.approvals.store import approvals_for

    if options.isolated and options.approvals is None:
        return None
    return approvals_for(options.approvals, policy)


_REPEATED = (
    *("old_bundle", "new_bundle", "policy", "env_file", "trust_root", "approvals", "fail_on"),
    "ledger",
    "node_version",
    "old_node_version",
)


def repeated(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the options that decide what a review finds, as they were given."""
    given = ((name, getattr(options, name, None)) for name in _REPEATED)
    said = [
        (f"--{name.replace('_', '-')}", each)
        for name, value in given
        if value is not None
        for each in (value if isinstance(value, list) else [value])
    ]
    isolated = ("--isolated",) if getattr(options, "isolated", False) else ()
    return (*isolated, *(word for pair in said for word in pair))


def add_ledger_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a ledger of migrations."""
    parser.add_argument(
        "--ledger",
        metavar="FILE",
        help="the node's database (SQLite, only read), or its table plugin_migrations as sqlite3 "
        "-json or -csv -header prints it: the way back is then told for this database",
    )


def add_node_option(
    parser: argparse.ArgumentParser, said: str = "the newest that is known"
) -> None:
    """Add the option that names the node; ``said`` is its default in words."""
    parser.add_argument(
        "--node-version", metavar="VERSION", help=f"the node it is for (default: {said})"
    )


def add_old_node_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the node of the old release."""
    parser.add_argument(
        "--old-node-version",
        metavar="VERSION",
        help="the node that OLD runs on, where the node moves as well (default: the same)",
    )
