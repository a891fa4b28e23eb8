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
_CFG_GROUP = re.compile(r"(?P<name>[^\s=:\[][^=:]*?)(?P<after>\s*[=:]\s*)")
_CFG_ENTRY = re.compile(r"(?P<before>\s+[^\s=][^=]*=\s*)(?P<value>\S.*?)(?P<after>\s*)")
_WRITTEN = re.compile(r'(?P<name>[\w-]+|"[^"]*") = "(?P<value>[^"]*)"')


def fixed(finding: Finding, text: str) -> str | None:
    """Return the text of the file that a finding is in with its correction written.

    That is a table's name and a value of which only separators, quotes, white space and capitals
    are changed, each on a line of its own, whose comments stay; line ends stay as well. ``None``
    where it takes more than that.
    """
    if finding.name not in _RULES or finding.at is None:
        return None
    lines = text.splitlines(keepends=True)
    row = finding.at.line - 1
    if not 0 <= row < len(lines):
        return None
    match finding.at.path, finding.write:
        case "pyproject.toml", (table, entry):
            is_written = _in_toml(lines, row, table, entry)
        case "setup.cfg", (_, group, entry):
            is_written = _in_cfg(lines, row, group.removesuffix(" ="), entry)
        case _:
            return None
    made = "".join(lines)
    return made if is_written and made != text else None


def _in_toml(lines: list[str], row: int, header: str, written: str) -> bool:
    """Correct a table and its entry, and say whether that was possible."""
    wanted = _WRITTEN.fullmatch(written)
    entry = row
    if _TABLE.fullmatch(_bare(lines[entry])) and entry + 1 < len(lines):
        entry += 1
    head = next((at for at in range(entry, -1, -1) if lines[at].lstrip().startswith("[")), -1)
    table = _TABLE.fullmatch(_bare(lines[head])) if head >= 0 else None
    value = _ENTRY.fullmatch(_bare(lines[entry])) if entry != head else None
    if not wanted or not table or not value:
        return False
    called = header.removeprefix("[").removesuffix("]")
    if not (_alike(table["name"], called) and _alike(value["value"], wanted["value"])):
        return False
    lines[head] = _put(lines[head], f"{table['before']}[{called}]{table['after']}")
    new = f"{value['quote']}{wanted['value']}{value['quote']}"
    lines[entry] = _put(lines[entry], f"{value['before']}{new}{value['after']}")
    return True


def _in_cfg(lines: list[str], row: int, called: str, written: str) -> bool:
    """Correct a group of a ``setup.cfg`` and its entry, and say whether that was possible."""
    head = next((at for at in range(row, -1, -1) if lines[at][:1] not in " \t\r\n#;"), -1)
    group = _CFG_GROUP.fullmatch(_bare(lines[head])) if head >= 0 else None
    value = _CFG_ENTRY.fullmatch(_bare(lines[row])) if row != head else None
    wanted = written.partition("=")[2].strip()
    if not group or not value:
        return False
    if not (_alike(group["name"], called) and _alike(value["value"], wanted)):
        return False
    lines[head] = _put(lines[head], f"{called}{group['after']}")
    lines[row] = _put(lines[row], f"{value['before']}{wanted}{value['after']}")
    return True


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
