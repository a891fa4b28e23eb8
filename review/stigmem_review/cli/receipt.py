"""``stigmem-review receipt``, and the options that have a review write receipts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stigmem_review.cli import say
from stigmem_review.cli.output import writable

if TYPE_CHECKING:
    from stigmem_review.document.bump import BumpReport
    from stigmem_review.document.parts import Report
    from stigmem_review.pipeline.receipts import Witness


_ABOUT = """\
Print what installs the files that each RECEIPT is about, and nothing else: lines of a requirements
file, with hashes. Nothing is verified here; stigmem-review confirm does that."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "receipt",
        help="print a receipt as lines of a requirements file",
        description=_ABOUT,
        allow_abbrev=False,
    )
    parser.add_argument("receipts", metavar="RECEIPT", nargs="+", help="what --receipt wrote")
    parser.add_argument("--back", action="store_true", help="what goes back to what ran before")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the lines; 1 where a review did not pass, or there is no way back."""
    from stigmem_review.pipeline.confirm import read_receipts
    from stigmem_review.receipts.write import requirement_lines
    from stigmem_review.text import clean

    receipts = [held.receipt for path in options.receipts for held in read_receipts(path)]
    lines = [*requirement_lines(receipts, back=options.back)]
    for line in dict.fromkeys(lines):
        print(clean(line))
    return 0


def add_receipt_options(parser: argparse.ArgumentParser, said: str = "") -> None:
    """Add the options that name files of receipts; ``said`` says more of what they hold."""
    parser.add_argument(
        "--receipt",
        type=writable,
        metavar="FILE",
        help="write a receipt of the review, an in-toto statement with SLSA's verification "
        f"summary, for stigmem-review confirm and for signers{said}",
    )
    parser.add_argument(
        "--receipt-predicate",
        type=writable,
        metavar="FILE",
        help="write the predicate of the receipt alone, for signers that make the statement "
        "themselves",
    )


def witness_of(options: argparse.Namespace) -> Witness | None:
    """Return who looks on at a review, where a receipt of it is asked for."""
    if options.receipt is None and options.receipt_predicate is None:
        return None
    from stigmem_review.pipeline.receipts import Witness

    return Witness()


def receipt_files(
    options: argparse.Namespace, report: Report | BumpReport, witness: Witness | None
) -> tuple[tuple[Path, str], ...] | None:
    """Return the files of receipts that options ask for, with what they hold.

    Nothing where there is one review, and no file with a digest that it could be a receipt of.
    """
    if witness is None:
        return ()
    from datetime import UTC, datetime

    from stigmem_review.document.parts import Report
    from stigmem_review.pipeline.receipts import receipts_of
    from stigmem_review.receipts.write import predicate_text, statement_text

    receipts = receipts_of(report, witness, datetime.now(UTC))
    if isinstance(report, Report) and not receipts:
        return None
    for each in receipts:
        if each.passed and each.review.is_against_itself:
            what = f"{each.review.plugin} {each.review.version}"
            say(f"the receipt compares {what} with itself: alone it confirms nothing")
    files = (
        (options.receipt, statement_text(receipts)),
        (options.receipt_predicate, predicate_text(receipts)),
    )
    return tuple((path, text) for path, text in files if path is not None)
