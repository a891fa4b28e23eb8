"""``stigmem-review confirm``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import add_policy_options, policy_of
from stigmem_review.cli.output import say_gaps

if TYPE_CHECKING:
    from stigmem_review.receipts.confirm import Confirmation, Confirmed, Refused

_ABOUT = """\
Say whether what is about to be installed, or is installed, is what was reviewed: every plugin
there needs a RECEIPT of a review that passed, and has to be what that is about, byte by byte.
Nothing of it is imported or run. It ends with 0 if all is what was reviewed, 1 if something is
not, 2 for a wrong request, and 3 if something cannot be read."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "confirm",
        help="say whether what is deployed is what was reviewed",
        description=_ABOUT,
        allow_abbrev=False,
    )
    parser.add_argument(
        "receipts", metavar="RECEIPT", nargs="+", help="what --receipt wrote, or a bundle around it"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--artifacts", metavar="DIR", help="a folder of wheels and sdists")
    place.add_argument(
        "--requirements",
        metavar="FILE",
        help="a requirements file, with what it includes; pins that no receipt is about are looked "
        "up where pip would look",
    )
    place.add_argument("--lock", metavar="FILE", help="a lock, in the same way")
    place.add_argument(
        "--python",
        metavar="PATH",
        help="what is installed in an environment: its folder, its python, or its site-packages; "
        "it is not run",
    )
    parser.add_argument(
        "--signed-by",
        metavar="WHO",
        nargs="?",
        const="",
        help="count only receipts that are signed by somebody whom the policy trusts to, by "
        "[[receipts.trusted]] or else [[signing.trusted]]; with an identity, or the address of a "
        "workflow's repository, by that one alone",
    )
    parser.add_argument(
        "--back",
        action="store_true",
        help="what ran before a release that was reviewed counts as well, unless the review found "
        "that there is no way back",
    )
    add_policy_options(parser)
    parser.add_argument(
        "--trust-root",
        action="append",
        metavar="FILE",
        help="the trust root of a private Sigstore instance (default: the policy's, or our copy of "
        "the public-good instance's)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Confirm, print, and return the exit code."""
    from datetime import UTC, datetime

    from stigmem_review.pipeline.confirm import confirm
    from stigmem_review.report.json import render_json

    found = confirm(
        *options.receipts,
        now=datetime.now(UTC),
        artifacts=options.artifacts,
        requirements=options.requirements,
        lock=options.lock,
        python=options.python,
        policy=policy_of(options),
        trust_root=options.trust_root,
        signed_by=options.signed_by,
        back=options.back,
    )
    if options.format == "json":
        print(render_json(found), end="")
    else:
        for line in _lines(found):
            print(line)
    say_gaps(found.gaps)
    return found.exit_code


_STATES = {0: "CONFIRMED", 1: "REFUSED", 3: "INCOMPLETE"}


def _lines(found: Confirmation) -> Iterator[str]:
    yield f"{_STATES[found.exit_code]} | {found.against}"
    others = ""
    if found.others:
        others = f" {found.others} other{'s are no plugins' if found.others > 1 else ' is none'}."
    yield found.sentence + others
    # What has to be looked at stands first.
    for each in sorted(found.plugins, key=lambda each: not each.refused):
        yield from _plugin(each)
    for refused in found.refused:
        yield ""
        yield from _refused(refused)


def _plugin(each: Confirmed) -> Iterator[str]:
    yield ""
    state = "REFUSED" if each.refused else "as it ran before" if each.back else "as reviewed"
    yield f"{each.plugin} {each.version}".rstrip() + f": {state}"
    yield f"  at       {each.at}"
    if each.receipt:
        yield f"  receipt  {each.receipt}, of {each.verified}"
    if each.signer:
        yield f"  signer   {each.signer}"
    for refused in each.refused:
        yield from _refused(refused)


def _refused(refused: Refused) -> Iterator[str]:
    import textwrap

    said = f"refused: {refused.what}: {refused.why}" + (f"; {refused.do}" if refused.do else "")
    # Whoever looks at a file copies its path from here.
    yield from textwrap.wrap(
        said,
        96,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )
