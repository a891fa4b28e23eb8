"""``stigmem-review rules``."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stigmem_review.rulebook import Rule


@click.group()
def rules() -> None:
    """List, explain and test the rules."""


@rules.command("list")
def list_rules() -> None:
    """List the rules."""
    from stigmem_review.rulebook import shipped_rules

    for each in shipped_rules().rules:
        rule = each.rule
        final = "" if rule.approvable else ", cannot be accepted"
        click.echo(f"{rule.id}  {rule.name:<28} {_levels(rule)}{final}")


@rules.command()
@click.argument("wanted", metavar="ID")
def show(wanted: str) -> None:
    """Explain one rule, by its id or its name."""
    from stigmem_review.errors import UsageError
    from stigmem_review.rulebook import shipped_rules
    from stigmem_review.text import clean

    each = shipped_rules().get(wanted)
    if each is None:
        raise UsageError(f"there is no rule {clean(wanted)!r}; stigmem-review rules list has them")
    rule = each.rule
    click.echo(f"{rule.id} {rule.name} ({each.category})")
    for title, text in (
        ("Judges", ", ".join(rule.on)),
        ("Level", _levels(rule) + ("" if rule.approvable else "; cannot be accepted")),
        ("When", rule.when),
        ("Warning when", rule.warning_when),
        ("Error when", rule.error_when),
        ("Says", rule.says),
        ("Why", rule.why),
        ("Do", rule.do),
    ):
        if text:
            click.echo(
                textwrap.fill(
                    text,
                    80,
                    initial_indent=f"{title}: ",
                    subsequent_indent="    ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    click.echo(f"\n{each.examples.strip()}")


@rules.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
def test(path: Path | None) -> int:
    """Run the examples of every rule, of those that come with this tool or of the folder PATH."""
    from stigmem_review.rulebook import load_rules, shipped_rules
    from stigmem_review.rulebook.compiled import compiled
    from stigmem_review.rulebook.examples import run_examples

    book = load_rules(path) if path else shipped_rules()
    ran = failed = 0
    for each in book.rules:
        compiled(each.rule)
        for outcome in run_examples(each):
            ran += 1
            if not outcome.passed:
                failed += 1
                click.echo(
                    f"{each.rule.id} {each.rule.name}, example {outcome.number}: "
                    f"expected {_named(outcome.expected)}, got {_named(outcome.got)}"
                )
    click.echo(f"{len(book.rules)} rules, {ran} examples, {failed} failed")
    return 1 if failed else 0


def _named(findings: tuple[str, ...]) -> str:
    return ", ".join(findings) or "nothing"


def _levels(rule: Rule) -> str:
    levels = [rule.level]
    levels += ["warning"] if rule.warning_when else []
    levels += ["error"] if rule.error_when else []
    return " to ".join(levels[:: max(1, len(levels) - 1)])
