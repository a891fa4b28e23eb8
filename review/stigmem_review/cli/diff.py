"""``stigmem-review diff``."""

from __future__ import annotations

import sys

import click

from stigmem_review.cli.output import Target, target, write_all
from stigmem_review.model import LEVELS, Level
from stigmem_review.report import FORMATS, Format


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--output",
    "outputs",
    type=target,
    multiple=True,
    metavar="FORMAT=PATH",
    help="Also write the report to a file; can be given several times.",
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="warning",
    show_default=True,
    help="The lightest finding that closes the gate.",
)
@click.option(
    "--node-version", metavar="VERSION", help="The node it is for. [default: the newest known]"
)
def diff(
    old: str,
    new: str,
    form: Format,
    outputs: tuple[Target, ...],
    fail_on: Level,
    node_version: str | None,
) -> int:
    """Review the upgrade from OLD to NEW.

    Each is a wheel, an sdist (.tar.gz), a project directory, a requirement name==version from the
    package index that pip is configured for, a capture written by "stigmem plugins describe NAME
    --json", or the word none.
    """
    from stigmem_review.pipeline import review

    report = review(old, new, node_version=node_version, gate=fail_on)
    write_all(report, form, outputs)
    for gap in report.gaps:
        text = f"stigmem-review: incomplete: {gap.what}: {gap.why}"
        click.echo(text + (f"; {gap.do}" if gap.do else ""), err=True)
    sys.stdout.flush()
    return report.verdict.exit_code
