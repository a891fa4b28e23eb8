"""Makes the pages that only repeat what the code says: commands, keys of a policy, and rules."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from stigmem_review.cli import parser
from stigmem_review.cli.mistakes import words_of
from stigmem_review.cli.rules import levels
from stigmem_review.model import LEVELS
from stigmem_review.policy.file import Policy
from stigmem_review.policy.schema import Key, keys_of
from stigmem_review.policy.template import explained, in_toml
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import judged_examples
from stigmem_review.rulebook.rules import RuleFile
from stigmem_review.text import Segment

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")
_MADE = "% Made from the code while the documentation is built.\n\n"


def write_all(folder: Path, pages: Mapping[str, str]) -> None:
    """Write pages below a folder, by their paths; one that is as it was keeps its time."""
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for kind in ("commands", "rules"):
        for path in (folder / kind).glob("*.md"):
            if f"{kind}/{path.name}" not in pages:
                path.unlink()


def pages_of() -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each page."""
    yield from _commands()
    yield "policy-keys.md", _MADE + "\n".join(_keys()) + "\n"
    yield from _rules()


def _commands() -> Iterator[tuple[str, str]]:
    top = parser()
    names = words_of(top)
    listed = "\n".join(names)
    yield (
        "commands/index.md",
        f"{_MADE}# Commands\n\n{_prose(top.description or '')}\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n",
    )
    for name in names:
        yield f"commands/{name}.md", _MADE + "\n".join(_command(_chosen(top, name), 1)) + "\n"


def _chosen(above: argparse.ArgumentParser, word: str) -> argparse.ArgumentParser:
    [found] = [each for each in above._actions if isinstance(each, argparse._SubParsersAction)]
    chosen: argparse.ArgumentParser = found.choices[word]
    return chosen


def _command(command: argparse.ArgumentParser, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {command.prog.removeprefix('stigmem-review ')}"
    yield ""
    if command.description:
        yield _prose(command.description)
        yield ""
    command.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=80)
    yield f"```text\n{_usage(command)}\n```"
    yield ""
    for action in command._actions:
        if action.help != argparse.SUPPRESS and action.nargs != argparse.PARSER:
            yield _argument(action, command.prog)
    yield ""
    for word in words_of(command):
        yield from _command(_chosen(command, word), depth + 1)


def _usage(command: argparse.ArgumentParser) -> str:
    formatter = argparse.HelpFormatter(command.prog, width=80)
    formatter.add_usage(command.usage, command._actions, command._mutually_exclusive_groups)
    return formatter.format_help().strip()


def _argument(action: argparse.Action, prog: str) -> str:
    name = str(action.metavar or action.dest.upper())
    if action.choices and not action.metavar:
        name = "|".join(map(str, action.choices))
    value = "" if action.nargs == 0 else name
    if action.option_strings:
        shown = " ".join([", ".join(action.option_strings), value]).strip()
    else:
        shown = value
    choices = ", ".join(map(str, action.choices or ()))
    said = (action.help or "") % {**vars(action), "choices": choices, "prog": prog}
    return f"- `{shown}`: {escaped(said)}"


def _keys() -> Iterator[str]:
    yield "# Every key of a policy"
    yield ""
    yield (
        "What a policy can say, table by table. `stigmem-review policy keys` prints the same, and "
        "`stigmem-review schema policy` as a JSON Schema for editors. [The policy](policy.md) says "
        "how they work together."
    )
    for table, members in explained([*keys_of(Policy)]):
        yield from ("", f"## {f'`{table}`' if table else 'Above the first table'}", "")
        yield from (_key(each) for each in members)


def _key(each: Key) -> str:
    values = f" One of {', '.join(f'`{value}`' for value in each.values)}." if each.values else ""
    example = ""
    if each.example is not None:
        example = f" Example: `{each.name} = {in_toml(each.example)}`"
    return f"- `{each.name}`: {escaped(each.help)}.{values}{example}"


def _rules() -> Iterator[tuple[str, str]]:
    rules = shipped_rules().rules
    lines = [
        "# Rules",
        "",
        "A finding names the rule that it comes from; each rule has a page. `stigmem-review rules "
        "show ID` prints the same, also of [rules of your own](../writing-a-rule.md).",
    ]
    by_category = sorted(rules, key=lambda each: (each.category, each.id))
    for category, members in groupby(by_category, key=lambda each: each.category):
        lines += ["", f"## {category}", "", "| rule | | level |", "|---|---|---|"]
        for each in members:
            link = f"[{each.id}]({each.id}.md)"
            lines.append(f"| {link} | {each.rule.name} | {_level(each)} |")
    lines += ["", "```{toctree}", ":hidden:", "", *(each.id for each in rules), "```"]
    yield "rules/index.md", _MADE + "\n".join(lines) + "\n"
    for each in rules:
        yield f"rules/{each.id}.md", _MADE + "\n".join(_rule(each)) + "\n"


def _level(each: RuleFile) -> str:
    return levels(each.rule) + ("" if each.rule.approvable else ", not approvable")


def _rule(each: RuleFile) -> Iterator[str]:
    rule = each.rule
    yield f"# {rule.id} {rule.name}"
    yield ""
    yield f"Level: {_level(each)}. It judges {', '.join(f'`{kind}`' for kind in rule.on)}."
    for title, text in (
        ("Why", rule.why),
        ("What to do", rule.do),
        ("What the author of the plugin can do", rule.mend),
    ):
        if text:
            yield from ("", f"## {title}", "", escaped(text))
    yield from ("", "## What it says, for example", "")
    for level, message in _said(each):
        yield f"- {level}: {message}"
    yield from ("", "## When it says so", "")
    conditions = (
        ("It applies when", rule.when),
        ("It is a warning when", rule.warning_when),
        ("It is an error when", rule.error_when),
        ("It says", rule.says),
    )
    for title, text in conditions:
        if text:
            yield from (f"{title}", "", "```jinja", *textwrap.wrap(text, 100), "```", "")
    yield from ("", "## Examples", "")
    yield (
        "Each is an upgrade, and what the rule says of it: `fires` are the findings, and without "
        "it the rule is silent."
    )
    yield from ("", "```toml", each.examples.strip(), "```")


def _said(each: RuleFile) -> list[tuple[str, str]]:
    """Return what a rule says of its examples, once for each level, the heaviest first."""
    said: dict[str, str] = {}
    for _, found in judged_examples(each):
        for finding in found:
            said.setdefault(finding.level, "".join(map(_segment, finding.message)))
    return [(level, said[level]) for level in LEVELS if level in said]


def _segment(each: Segment) -> str:
    """Return a piece of a message, what comes from a release as code, as reports show it."""
    if each.theirs and each.text.strip() and "`" not in each.text:
        return f"`{each.text}`"
    return escaped(each.text)


def _prose(text: str) -> str:
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)
