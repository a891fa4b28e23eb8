"""What files beside the lists say of how plugins get onto a node.

Where installers look, and whether a node wants signatures, can stand in an image, a chart, a
compose or an env file, in a script, or in the configuration of an installer. These have no format
in common, so what is read are names and what stands behind them. Prose and source code are not
looked into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.model import Location

_PROSE = (".md", ".rst", ".adoc", ".html", ".svg", ".ipynb", ".po")
_SOURCE = (
    *(".py", ".pyi", ".js", ".ts", ".jsx", ".tsx", ".css", ".go", ".rs", ".java", ".kt", ".c"),
    *(".h", ".cc", ".cpp", ".cs", ".rb", ".php", ".swift", ".sql"),
)
_INSTALLER_FILES = ("pip.conf", "pip.ini", "uv.toml", "pyproject.toml")

_VALUE = r"""("[^"\r\n]*"|'[^'\r\n]*'|[^\s#"']+)"""
_VARIABLE = re.compile(r"(?i)\b((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[\"']?[ \t]*[:=][ \t]*" + _VALUE)
_ENV = re.compile(r"(?im)^[ \t]*ENV[ \t]+((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[ \t]+" + _VALUE)
_NAMED = re.compile(
    r"(?i)\bname[\"']?:[ \t]*[\"']?((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[\"']?[ \t]*,?\s*"
    r"[\"']?value[\"']?:[ \t]*" + _VALUE
)
_OPTION = re.compile(
    r"(?<!\S)--((?:extra-)?index-url|default-index|index|find-links|trusted-host|"
    r"allow-insecure-host|no-require-hashes|pre)(?:(?:=|[ \t]+)" + _VALUE + r")?"
)
_INSTALLER = re.compile(r"\b(?:pip[0-9.]*|uv)[ \t]")
_NEAR = 400
"""How far behind the name of an installer its options are looked for."""
_COMMENT = re.compile(r"[ \t]*(?:#|//|;)")
_KEY = re.compile(
    r"(?m)^[ \t]*([a-z]+(?:[-_][a-z]+)*)[ \t]*[=:][ \t]*((?:[^\r\n]|\r?\n[ \t]+(?=\S))*)"
)
_INDEX_TABLE = re.compile(r"(?ms)^\[\[(?:tool\.uv\.)?index\]\](.*?)(?=^\[|\Z)")

_PLACES = frozenset(
    {
        *("index-url", "default-index", "index", "extra-index-url", "find-links"),
        *("trusted-host", "insecure-host", "allow-insecure-host"),
    }
)
_INSTEAD = frozenset({"index-url", "default-index"})
_STRICT = frozenset({"no-index", "require-hashes", "only-binary", "no-build", "verify-hashes"})
_LAX = frozenset({"pre", "prerelease", "no-binary", "no-require-hashes", "no-verify-hashes"})
JUDGED = _PLACES | _STRICT | _LAX
"""The options of pip and uv of which it is known which way is the strict one."""

_NO = frozenset({"", "0", "false", "no", "off", "n", "f"})


class Setting(NamedTuple):
    """A name, in lower case, and one of the things that it is set to."""

    name: str
    value: str


Read = Callable[[str], bytes]
"""Returns what a file holds; nothing where it cannot be read."""

Settings = dict[Setting, Location]


def configures(path: str) -> bool:
    """Say whether a file may set something, or install it: prose and source code do not."""
    return not path.lower().endswith((*_PROSE, *_SOURCE))


def changed_settings(
    paths: Iterable[str], old: Read, new: Read
) -> tuple[list[tuple[Setting, Location]], list[tuple[Setting, Location]]]:
    """Return the settings that were added to files, and those that were removed from some.

    What went from one file to another did neither.
    """
    came: list[tuple[Setting, Location]] = []
    went: list[tuple[Setting, Location]] = []
    for path in filter(configures, paths):
        was, now = _settings(path, old(path)), _settings(path, new(path))
        came += ((each, at) for each, at in now.items() if each not in was)
        went += ((each, at) for each, at in was.items() if each not in now)
    moved = Counter(each for each, _ in came) & Counter(each for each, _ in went)
    return _without(came, moved), _without(went, moved)


def _without(
    found: list[tuple[Setting, Location]], moved: Counter[Setting]
) -> list[tuple[Setting, Location]]:
    left, kept = moved.copy(), []
    for each in found:
        if left[each[0]] > 0:
            left[each[0]] -= 1
        else:
            kept.append(each)
    return kept


def is_looser(name: str, value: str, *, added: bool) -> bool:
    """Say whether installers may take more, or from elsewhere, than before.

    ``name`` is that of an option of pip or uv, or of the variable that stands for it.
    """
    option = re.sub("^(?:pip|uv)_", "", name).replace("_", "-")
    if option == "index-strategy":
        return added and value != "first-index"
    if option in _PLACES:
        return added or option in _INSTEAD
    if option in _STRICT:  # without a value, a word on a line of its own: yes
        return added is (value.lower() in _NO - {""})
    return option in _LAX and added and value.lower() not in (_NO - {""})


def values_of(data: bytes, names: Collection[str]) -> dict[str, set[str]]:
    """Return what a file sets some variables to."""
    found: dict[str, set[str]] = {}
    if names and len(data) <= limits.PIN_FILE_BYTES:
        wanted = "|".join(map(re.escape, sorted(names)))
        text = data.decode("utf-8", "replace")
        for each in re.finditer(rf"\b({wanted})[\"']?[ \t]*[:=][ \t]*{_VALUE}", text):
            found.setdefault(each[1], set()).add(_bare(each[2]))
    return found


def _settings(path: str, data: bytes) -> Settings:
    if not data or len(data) > limits.PIN_FILE_BYTES or b"\0" in data:
        return {}
    text = data.decode("utf-8", "replace")
    found: Settings = {}
    for name, value, start in _found(path, text):
        if _COMMENT.match(text, text.rfind("\n", 0, start) + 1):
            continue
        for one in _each(name, value):
            at = Location(path, text.count("\n", 0, start) + 1)
            found.setdefault(Setting(name.lower(), one), at)
    return found


def _found(path: str, text: str) -> Iterator[tuple[str, str, int]]:
    for pattern in (_VARIABLE, _NAMED, _ENV):
        for each in pattern.finditer(text):
            yield each[1], each[2], each.start(1)
    for each in _OPTION.finditer(text):
        if _INSTALLER.search(text, max(0, each.start() - _NEAR), each.start()):
            yield each[1], each[2] or "", each.start()
    if path.rpartition("/")[2] in _INSTALLER_FILES:
        for each in _KEY.finditer(text):
            if each[1].replace("_", "-") in JUDGED:
                yield each[1].replace("_", "-"), each[2], each.start()
        for table in _INDEX_TABLE.finditer(text):
            for each in _KEY.finditer(table[1]):
                if each[1] == "url":
                    yield "index", each[2], table.start()


def _each(name: str, value: str) -> Iterator[str]:
    """Yield each of what a setting lists: addresses between blanks, signers between commas."""
    bare = _bare(value)
    if name.lower().endswith("_publishers"):
        yield from filter(None, map(str.strip, bare.split(",")))
    else:
        yield from (_bare(each) for each in re.split(r"[\s,\[\]]+", bare) if each) if bare else [""]


def _bare(value: str) -> str:
    return value.strip().rstrip("\\,;").strip().strip("\"'").strip()


_CHECK = re.compile(r"stigmem[-_]review(?!(?:\.approvals)?\.toml|:(?:[ \t]|$))")
"""The name of this review, where it is no file of ours, and no name of a job or a target."""
_SHRUG = re.compile(
    r"(?P<command>\|\|[ \t]*(?:true|:|exit 0|echo)(?:[ \t;]|$))|"
    r"(?P<block>continue-on-error:[ ]*(?:\$\{\{[ ]*)?[\"']?true|allow_failure:[ ]*true|"
    r"^[ \t]*(?:-[ ]*)?if:[ ]*(?:\$\{\{[ ]*)?false)|"
    r"(?P<anywhere>paths-ignore:|warn-only:[ ]*[\"']?true)"
)
"""What a command, or a step or a job, may fail by, or is left out by, and where that is said."""
_TRIED = 100
"""Lines of a file that are held against what they belong to; of more, each counts."""
_LEAD = re.compile(r"[ \t]*((?:-[ \t]+)*)")


def loosened_checks(paths: Iterable[str], old: Read, new: Read) -> Iterator[tuple[str, Location]]:
    """Yield each line by which a file runs this review no more, or no longer minds its answer.

    What other commands, steps and jobs of the file do not mind is their own affair.
    """
    gone: list[tuple[str, Location]] = []
    gained = False
    for path in filter(configures, paths):
        was, now = _lines(old(path)), _lines(new(path))
        runs = [number for number, line in enumerate(was) if _CHECK.search(line)]
        still = any(map(_CHECK.search, now))
        gained |= still and not runs
        if runs and not still:
            gone.append((was[runs[0]].strip(), Location(path, runs[0] + 1)))
        elif still:
            before = {line.strip() for line in was}
            shrugs = (
                number
                for number, line in enumerate(now)
                if _SHRUG.search(line) and line.strip() not in before
            )
            for count, number in enumerate(shrugs):
                if count >= _TRIED or _is_about_check(now, number):
                    yield now[number].strip(), Location(path, number + 1)
    if not gained:
        yield from gone


def _is_about_check(lines: list[str], at: int) -> bool:
    """Say whether what lets something fail, or not run, lets this review."""
    shrug = _SHRUG.search(lines[at])
    if shrug is None or shrug["anywhere"]:
        return True
    about = _command(lines, at) if shrug["command"] else _block(lines, at)
    return any(map(_CHECK.search, about))


def _command(lines: list[str], at: int) -> list[str]:
    """Return the lines of the command that a line belongs to."""
    start, end = at, at + 1
    while start and (lines[start - 1].endswith("\\") or lines[start].lstrip().startswith("||")):
        start -= 1
    while end < len(lines) and lines[end - 1].endswith("\\"):
        end += 1
    return lines[start:end]


def _block(lines: list[str], at: int) -> list[str]:
    """Return the lines of the step, or the job, that a key belongs to, as they are indented."""
    column, is_first = _lead(lines[at])
    start, end = at, at + 1
    while start and not is_first and (not lines[start - 1] or _lead(lines[start - 1])[0] >= column):
        start -= 1
        is_first = _lead(lines[start]) == (column, True)
    while end < len(lines) and (not lines[end] or _lead(lines[end])[0] >= column):
        if _lead(lines[end]) == (column, True):
            break
        end += 1
    return lines[start:end]


def _lead(line: str) -> tuple[int, bool]:
    """Return the column in which a line says something, and whether it starts an item there."""
    lead = _LEAD.match(line)
    return (lead.end(), bool(lead[1])) if lead else (0, False)


def _lines(data: bytes) -> list[str]:
    """Return the lines of a file that may run this review, those that are comments empty."""
    if len(data) > limits.PIN_FILE_BYTES or b"stigmem" not in data:
        return []
    lines = [line.rstrip() for line in data.decode("utf-8", "replace").splitlines()]
    return ["" if line.lstrip().startswith("#") else line for line in lines]
