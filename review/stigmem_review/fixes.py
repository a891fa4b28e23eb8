"""Corrections that can be written for an author, since they change how something is spelled alone.

What a correction says in other words than the author did is a guess, and is left to be pasted.
"""

from __future__ import annotations

import re

from stigmem_review.rulebook import Finding

_RULES = frozenset({"entry-point-invalid", "entry-point-missing", "entry-point-odd"})
_TABLE = re.compile(r"(?P<before>\s*)\[(?P<name>[^\[\]]+)\](?P<after>\s*(?:#.*)?)")
_ENTRY = re.compile(
    r"(?P<before>\s*(?:[\w-]+|\"[^\"]*\"|'[^']*')\s*=\s*)"
    r"(?P<quote>[\"'])(?P<value>[^\"']*)(?P=quote)(?P<after>\s*(?:#.*)?)"
)
_WRITTEN = re.compile(r'(?P<name>[\w-]+|"[^"]*") = "(?P<value>[^"]*)"')


def fixed(finding: Finding, text: str) -> str | None:
    """Return the text of the file that a finding is in with its correction written.

    That is a table's name and a value of which only separators, quotes, white space and capitals
    are changed, each on a line of its own, whose comments stay; line ends stay as well. ``None``
    where it takes more than that.
    """
    at, write = finding.at, finding.write
    if finding.name not in _RULES or at is None or at.path != "pyproject.toml" or len(write) != 2:
        return None
    wanted = _WRITTEN.fullmatch(write[1])
    lines = text.splitlines(keepends=True)
    entry = at.line - 1
    if not wanted or not 0 <= entry < len(lines):
        return None
    if _TABLE.fullmatch(_bare(lines[entry])) and entry + 1 < len(lines):
        entry += 1
    head = next((row for row in range(entry, -1, -1) if lines[row].lstrip().startswith("[")), -1)
    table = _TABLE.fullmatch(_bare(lines[head])) if head >= 0 else None
    value = _ENTRY.fullmatch(_bare(lines[entry])) if entry != head else None
    if not table or not value:
        return None
    called = write[0].removeprefix("[").removesuffix("]")
    if not (_alike(table["name"], called) and _alike(value["value"], wanted["value"])):
        return None
    lines[head] = _put(lines[head], f"{table['before']}[{called}]{table['after']}")
    new = f"{value['quote']}{wanted['value']}{value['quote']}"
    lines[entry] = _put(lines[entry], f"{value['before']}{new}{value['after']}")
    made = "".join(lines)
    return made if made != text else None


def _alike(one: str, two: str) -> bool:
    """Say whether two texts have the same letters and digits, whatever stands between them."""
    return _letters(one) == _letters(two)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text, flags=re.ASCII).lower()


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _put(line: str, bare: str) -> str:
    """Return a line with another content and the end that it has."""
    return bare + line[len(_bare(line)) :]
