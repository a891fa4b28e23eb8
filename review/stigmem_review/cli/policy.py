"""``stigmem-review policy``."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "policy", help="check a policy, and explain what it can say", allow_abbrev=False
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    checked = actions.add_parser(
        "check",
        help="say everything that is wrong with a policy",
        description="Say everything that is wrong with a policy and with what it names, offline. "
        "It ends with 0 if that is nothing, and else with 2.",
    )
    checked.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="the policy (default: the one that holds in this folder)",
    )
    checked.set_defaults(run=check)
    listed = actions.add_parser(
        "keys",
        help="explain every key",
        description="Explain every key of a policy; stigmem-review schema policy prints the same "
        "as a JSON Schema.",
    )
    listed.add_argument("--format", choices=("text", "markdown"), default="text")
    listed.set_defaults(run=keys)


def check(options: argparse.Namespace) -> int:
    """Print what is wrong, a line each; 2 where anything is."""
    from stigmem_review.cli import say
    from stigmem_review.errors import PolicyError
    from stigmem_review.pipeline.policy import examined
    from stigmem_review.pipeline.terms import policy_on_disk

    path = policy_on_disk() if options.file is None else options.file
    if path is None:
        raise PolicyError(
            "no policy holds in this folder: no stigmem-review.toml, nor [tool.stigmem-review] in "
            "a pyproject.toml; stigmem-review init writes one"
        )
    summary, errors = examined(path)
    for each in errors:
        say(each)
    if errors:
        return PolicyError.exit_code
    print(f"{path}: nothing to correct")
    for line in summary:
        print(f"  {line}")
    return 0


def keys(options: argparse.Namespace) -> int:
    """Print every key, what it means and an example."""
    from stigmem_review.policy.file import Policy
    from stigmem_review.policy.schema import keys_of

    lines = _markdown if options.format == "markdown" else _text
    print("\n".join(lines([*keys_of(Policy)])))
    return 0


def _text(listed: list[Any]) -> Iterator[str]:
    from stigmem_review.policy.template import explained, in_toml

    for table, members in explained(listed):
        yield table or "Above the first table"
        for each in members:
            shown = "" if each.example is None else f" = {in_toml(each.example)}"
            yield f"  {each.name}{shown}"
            values = f" ({', '.join(each.values)})" if each.values else ""
            yield from textwrap.wrap(
                f"{each.help}{values}",
                80,
                initial_indent="      ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
        yield ""


def _markdown(listed: list[Any]) -> Iterator[str]:
    from stigmem_review.policy.template import explained, in_toml

    yield from ("| key | meaning | example |", "|---|---|---|")
    for table, members in explained(listed):
        for each in members:
            example = "" if each.example is None else f"`{in_toml(each.example)}`"
            values = f" ({', '.join(each.values)})" if each.values else ""
            place = f"`{table}` " if table else ""
            yield f"| {place}`{each.name}` | {each.help}{values} | {example} |"
