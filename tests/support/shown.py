"""What the README and the pages of ``docs/`` show: their blocks of code, and the calls in them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stigmem_review.cli import parser
from stigmem_review.cli.mistakes import words_of

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name not in ("commands", "rules") and path.name != "policy-keys.md"
    ),
)
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^>]+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
_SPAN = re.compile(r"(?<!`)`(?P<text>stigmem-review [^`]+)`(?!`)")
_SAMPLES = {
    "$SHARD": "1",
    "$RUNNER_TEMP/": "",
    "DATE": "2026-12-31",
    "FORMAT=PATH": "json=PATH",
    "I/N": "1/2",
}
"""What stands for what: a call has to be one that can be made."""


class Block(NamedTuple):
    """A block of code: its page, the line it begins at, what stands before it, and itself."""

    page: Path
    line: int
    mark: str
    language: str
    text: str

    def __str__(self) -> str:
        """Return where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of code of a page."""
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(page, line, found["mark"] or "", found["language"], found["text"])


def block(mark: str, page: Path = README) -> Block:
    """Return the one block of a page behind a mark."""
    [found] = [each for each in blocks(page) if each.mark == mark]
    return found


def calls(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield where each call of the command stands on a page, and its arguments."""
    for each in blocks(page):
        for script in _scripts(each):
            for call in _calls(script):
                yield str(each), call
    text = _FENCE.sub("", page.read_text("utf-8"))
    for found in _SPAN.finditer(text):
        for call in _calls(found["text"].replace("\n", " ")):
            yield f"{page.relative_to(ROOT)}: {found['text']}", call


def _scripts(each: Block) -> Iterator[str]:
    match each.language:
        case "sh":
            yield each.text
        case "yaml":
            for document in yaml.safe_load_all(each.text):
                yield from _strings(document)
        case "groovy":
            yield from re.findall(r"\bsh '([^']*)'", each.text)
        case "dockerfile":
            for line in each.text.replace("\\\n", " ").splitlines():
                instruction, _, rest = line.partition(" ")
                if instruction == "RUN":
                    yield shlex.join(json.loads(rest)) if rest.startswith("[") else rest
        case _:
            pass


def _strings(value: Any) -> Iterator[str]:
    """Yield all that could be run of a document of YAML; ``command`` and ``args`` as one call."""
    if isinstance(value, dict):
        if {"command", "args"} <= value.keys():
            yield shlex.join([*value["command"], *value["args"]])
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value


def _calls(script: str) -> Iterator[list[str]]:
    for sample, value in _SAMPLES.items():
        script = script.replace(sample, value)
    # What can be left out or repeated is there once, and of several the first.
    script = re.sub(r"\b(\w+)(\|\w+)+", r"\1", script.replace("\\\n", " "))
    script = script.replace("[-", "-").replace("] ", " ").replace("...", "").replace("]`", "`")
    script = re.sub(r" \[(\w+)", r" \1", script)
    for line in script.splitlines():
        lexer = shlex.shlex(line.replace("]", ""), posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        words = [*lexer]
        for index, word in enumerate(words):
            rest = words[index + 1 :]
            named = word.rpartition("/")[2] == "stigmem-review"
            # The name of the program alone is also what others install.
            if named and rest and re.fullmatch(r"[a-z-]+", rest[0]):
                end = next((n for n, each in enumerate(rest) if set(each) <= {*"();<>|&"}), None)
                yield rest[:end]


def is_call(arguments: list[str]) -> bool:
    """Say whether arguments begin with a command, or an option of the whole command line."""
    return arguments[0] in words_of(parser()) or arguments[0].startswith("-")
