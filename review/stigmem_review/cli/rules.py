"""``stigmem-review rules``."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stigmem_review.rulebook.rule import Rule
    from stigmem_review.rulebook.rules import Rulebook


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "rules", help="list, explain and test the rules", allow_abbrev=False
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="list the rules")
    listed.set_defaults(run=list_rules)
    shown = actions.add_parser("show", help="explain one rule")
    shown.add_argument("wanted", metavar="ID", help="the rule's id or name")
    shown.set_defaults(run=show_rule)
    tested = actions.add_parser("test", help="check rules and run their examples")
    tested.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        type=Path,
        help="a folder of rules (default: those that come with this tool, and those of the policy "
        "that holds in this folder)",
    )
    tested.set_defaults(run=run_tests)


def _rulebook() -> Rulebook:
    """Return our rules, and the own ones of the policy that holds in this folder."""
    from stigmem_review.pipeline.terms import policy_on_disk, read_policy
    from stigmem_review.rulebook import shipped_rules

    return read_policy(policy_on_disk()).rulebook or shipped_rules()


def list_rules(_: argparse.Namespace) -> int:
    """Print a line for each rule; of an operator's own rules with their folder."""
    for each in _rulebook().rules:
        rule = each.rule
        final = "" if rule.approvable else ", not approvable"
        origin = f"  ({each.origin})" if each.origin else ""
        print(f"{rule.id}  {rule.name:<28} {levels(rule)}{final}{origin}")
    return 0


def show_rule(options: argparse.Namespace) -> int:
    """Print everything one rule says of itself."""
    from stigmem_review.errors import UsageError
    from stigmem_review.text import shorten

    book = _rulebook()
    each = book.get(options.wanted)
    if each is None:
        from stigmem_review.cli.mistakes import near

        known = [name for each in book.rules for name in (each.rule.id, each.rule.name)]
        close = " or ".join(near(options.wanted, known))
        hint = f"did you mean {close}?" if close else "stigmem-review rules list has them"
        raise UsageError(f"there is no rule {shorten(options.wanted, 120)!r}; {hint}")
    rule = each.rule
    print(f"{rule.id} {rule.name} ({each.origin or each.category})")
    for title, text in (
        ("Level", levels(rule) + ("" if rule.approvable else "; not approvable")),
        ("Why", rule.why),
        ("Do", rule.do),
        ("Authors", rule.mend),
        ("Formerly", ", ".join(rule.formerly)),
        ("Judges", ", ".join(rule.on)),
        ("Says", rule.says),
        ("When", rule.when),
        ("Warning when", rule.warning_when),
        ("Error when", rule.error_when),
    ):
        if text:
            print(_paragraph(title, text))
    print(f"\n{each.examples.strip()}")
    return 0


def _paragraph(title: str, text: str) -> str:
    return textwrap.fill(
        text,
        80,
        initial_indent=f"{title}: ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def run_tests(options: argparse.Namespace) -> int:
    """Check every rule and run its examples; 1 where one does not hold."""
    from stigmem_review.rulebook import load_rules
    from stigmem_review.rulebook.examples import run_examples
    from stigmem_review.rulebook.parsing import parse

    book = load_rules(options.path) if options.path else _rulebook()
    ran = failed = 0
    for each in book.rules:
        parse(each.rule)
        for outcome in run_examples(each):
            ran += 1
            if not outcome.passed:
                failed += 1
                print(
                    f"{each.rule.id} {each.rule.name}, example {outcome.number}: "
                    f"expected {_named(outcome.expected)}, got {_named(outcome.got)}"
                )
    print(f"{len(book.rules)} rules, {ran} examples, {failed} failed")
    return 1 if failed else 0


def _named(findings: tuple[str, ...]) -> str:
    return ", ".join(findings) or "nothing"


def levels(rule: Rule) -> str:
    """Return the level of a rule, or the lightest and the heaviest that it can have."""
    can = [rule.level]
    can += ["warning"] if rule.warning_when else []
    can += ["error"] if rule.error_when else []
    return " to ".join(can[:: max(1, len(can) - 1)])
