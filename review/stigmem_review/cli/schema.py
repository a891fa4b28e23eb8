"""``stigmem-review schema``."""

from __future__ import annotations

import click


@click.group()
def schema() -> None:
    """Print the schemas of what this tool writes."""


@schema.command()
def report() -> None:
    """Print the JSON Schema of the report."""
    import msgspec

    from stigmem_review.report.json import report_schema

    click.echo(msgspec.json.format(msgspec.json.encode(report_schema()), indent=2))
