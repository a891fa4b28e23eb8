"""``stigmem-review approvals``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import (
    a_day,
    add_approvals_option,
    add_policy_options,
    approvals_of,
    policy_of,
    today,
)

if TYPE_CHECKING:
    from stigmem_review.pipeline.audit import Audited

_ABOUT = """\
List what was approved: who, why, which findings of which upgrade, until when, and by which commit
it came into this repository; and what the policy and the node's env file let pass without: lowered
rules, what plugins are allowed, and signers that are trusted as exceptions."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "approvals", help="list what was approved", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("--since", metavar="DATE", type=a_day, help="approved on this day or later")
    parser.add_argument("--until", metavar="DATE", type=a_day, help="approved until this day")
    parser.add_argument("--at", metavar="REVISION", help="as they were in this revision")
    add_policy_options(parser)
    add_approvals_option(parser)
    parser.add_argument(
        "--format",
        choices=("text", "csv", "json"),
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what may pass; 0 also where that is nothing."""
    from stigmem_review.approvals.store import default_path
    from stigmem_review.errors import UsageError
    from stigmem_review.pipeline.audit import Where, audit

    if options.since and options.until and options.since > options.until:
        raise UsageError(
            f"--since {options.since} is after --until {options.until}; write the earlier day "
            "after --since"
        )
    policy = policy_of(options)
    path = approvals_of(options, policy)
    where = Where(
        path or default_path(policy),
        options.policy if options.at else policy,
        options.at,
        options.isolated,
        is_named=options.approvals is not None,
    )
    found = audit(where, today(), since=options.since, until=options.until)
    if not any(each.by for each in found):
        # Standard output stays what a program can read.
        print(f"there are no approvals {_asked(options)}", file=sys.stderr)
    match options.format:
        case "json":
            sys.stdout.write(_json(found))
        case "csv":
            sys.stdout.write(_csv(found))
        case _:
            for line in _text(found):
                print(line)
    return 0


def _asked(options: argparse.Namespace) -> str:
    """Return in words which approvals were asked for."""
    from stigmem_review.text import shorten

    where = f"in {shorten(options.at)}" if options.at else "here"
    since = f" since {options.since}" if options.since else ""
    until = f" until {options.until}" if options.until else ""
    return f"{where}{since}{until}"


def _text(found: Iterable[Audited]) -> Iterator[str]:
    from stigmem_review.text import clean

    for index, each in enumerate(found):
        if index:
            yield ""
        yield clean(f"{_about(each)}: {_state(each)}")
        if each.by:
            yield clean(f"  by      {each.by}, on {each.approved}")
            yield clean(f"  why     {each.reason}")
        else:
            yield clean(f"  where   {each.file}:{each.line}")
        for finding in each.findings:
            yield clean(f"  what    {finding}")
        for gap in each.incomplete:
            yield clean(f"  what    not reviewed: {gap}")
        for side, digest in (("old", each.old_sha256), ("new", each.new_sha256)):
            if digest:
                yield f"  {side}     sha256 {digest}"
        if each.commit:
            yield clean(f"  commit  {each.commit[:12]} by {each.author}, {each.committed}")
        else:
            yield "  commit  none: it is not committed as it stands"


def _about(each: Audited) -> str:
    match each.kind:
        case "release" | "baseline":
            found = " (as found)" if each.kind == "baseline" else ""
            return f"{each.plugin} {each.old} -> {each.new}{found}"
        case "change":
            return ", ".join(each.files)
        case _:
            return f"{each.kind}{f' of {each.plugin}' if each.plugin else ''}"


def _state(each: Audited) -> str:
    return f"{each.state}, until {each.until}" if each.until else each.state


def _json(found: tuple[Audited, ...]) -> str:
    import msgspec

    from stigmem_review.text import clean_all

    shown = clean_all(msgspec.to_builtins(found))
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def _csv(found: tuple[Audited, ...]) -> str:
    import csv
    import io

    import msgspec

    from stigmem_review.pipeline.audit import Audited
    from stigmem_review.text import clean_all

    printed = io.StringIO()
    writer = csv.writer(printed, lineterminator="\n")
    writer.writerow(Audited.__struct_fields__)
    for each in found:
        values = clean_all(msgspec.to_builtins(each)).values()
        writer.writerow(map(_cell, values))
    return printed.getvalue()


def _cell(value: Any) -> str:
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    # A spreadsheet takes a cell that starts like this for a formula (OWASP, "CSV Injection").
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
