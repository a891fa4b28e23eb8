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
from stigmem_review.pins.joined import follows, joined
from stigmem_review.pins.named import configures, is_binary

_PROJECT = "pyproject.toml"
_INSTALLER_FILES = ("pip.conf", "pip.ini", "uv.toml", _PROJECT)

_VALUE = r"""("[^"\r\n]*"|'[^'\r\n]*'|(?!\{(?!\{))[^\s#"']+)"""
_VARIABLE = re.compile(
    r"(?i)\b((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[\"']?(?:[ \t]*=[ \t]*|"
    # In YAML and JSON it may stand on the next line, behind a tag, an anchor or the like.
    r"\s*:\s*(?:[!&|>]\S*\s+)*+(?![\"']?[\w.-]+[\"']?[ \t]*:\s|-\s))" + _VALUE
)
_ENV = re.compile(r"(?im)^[ \t]*ENV[ \t]+((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[ \t]+" + _VALUE)
_NAMED = re.compile(
    r"(?i)\bname[\"']?[ \t]*[:=][ \t]*[\"']?((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)[\"']?[ \t]*,?\s*"
    r"[\"']?value[\"']?[ \t]*[:=][ \t]*" + _VALUE
)
_VALUED = re.compile(
    r"(?i)\bvalue[\"']?[ \t]*[:=][ \t]*" + _VALUE + r"[ \t]*,?\s*"
    r"[\"']?name[\"']?[ \t]*[:=][ \t]*[\"']?((?:STIGMEM_PLUGIN|PIP|UV)_[A-Z_]+)\b"
)
_OPTION = re.compile(
    r"(?<!\S)--((?:extra-)?index-url|default-index|index|find-links|trusted-host|"
    r"allow-insecure-host|no-require-hashes|pre)(?:(?:=|[ \t]+)" + _VALUE + r")?"
)
_SHORT = re.compile(r"(?<!\S)-([if])[ \t]+" + _VALUE)
_CALLED = {"i": "index-url", "f": "find-links", "": "index"}
_PIP_INSTALLS = re.compile(
    r"\bpip[0-9.]*[ \t]+(?:[^\s&|]+[ \t]+){0,20}?(?:install|download|wheel)[ \t]"
)
_PIP_CONFIG = re.compile(
    r"\bpip[0-9.]*[ \t]+config[ \t]+(?:--\w+[ \t]+)*set[ \t]+[\"']?[\w-]+\.([a-z-]+)[\"']?[ \t]+"
    + _VALUE
)
_ADDRESS = re.compile(r"(?<=[\s\"'])()((?:https?|file)://[^\s\"']+)")
_ADDS_PLACE = re.compile(
    r"\bpoetry[ \t]+(?:[^\s&|]+[ \t]+){0,20}?source[ \t]+add[ \t]|"
    r"\bpdm[ \t]+(?:[^\s&|]+[ \t]+){0,20}?config[ \t]"
)
"""How a command has Poetry or PDM look at an address, too."""
_INSTALLER = re.compile(r"\b(?:pip[0-9.]*|uv)[ \t]")
_COMMENT = re.compile(r"[ \t]*(?:#|//|;)")
_KEY = re.compile(
    r"(?m)^[ \t]*([a-z]+(?:[-_][a-z]+)*)[ \t]*[=:][ \t]*((?:[^\r\n]|\r?\n[ \t]+(?=\S))*)"
)
_UV_TABLE = re.compile(r"(?ms)^\[tool\.uv(?:\.[^\]\r\n]*)?\][^\r\n]*$(.*?)(?=^\[|\Z)")
_INDEX_TABLE = re.compile(
    r"(?ms)^\[\[(?:(?:tool\.uv\.)?index|tool\.(?:poetry|pdm)\.source)\]\](.*?)(?=^\[|\Z)"
)

_SOURCE_TABLE = re.compile(r"(?ms)^[ \t]*\[\[[ \t]*source[ \t]*\]\](.*?)(?=^[ \t]*\[|\Z)")
_PLACES = frozenset(
    {
        *("index-url", "default-index", "index", "extra-index-url", "find-links"),
        *("trusted-host", "insecure-host", "allow-insecure-host"),
    }
)
_INSTEAD = frozenset({"index-url", "default-index"})
_STRICT = frozenset(
    {"no-index", "require-hashes", "only-binary", "only-final", "no-build", "verify-hashes"}
)
_LAX = frozenset(
    {"pre", "prerelease", "all-releases", "no-binary", "no-require-hashes", "no-verify-hashes"}
)
JUDGED = _PLACES | _STRICT | _LAX
"""The options of pip and uv of which it is known which way is the strict one."""

_EITHER = frozenset({"prefer-binary", "use-feature"})
"""Options of pip of which no way is the strict one, for what is pinned."""
_CREDENTIALS = re.compile(r"//[^/@\s]*@")

_NO = frozenset({"", ":none:", "0", "false", "no", "off", "n", "f"})


class Setting(NamedTuple):
    """A name, in lower case, and one of the things that it is set to."""

    name: str
    value: str


Content = Callable[[str], bytes]
"""Returns what a file holds; nothing where it cannot be read."""

Settings = dict[Setting, Location]


def changed_settings(
    paths: Iterable[str], old: Content, new: Content
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


def is_looser_option(text: str, *, added: bool) -> bool:
    """Say the same of an option as it stands in a list; what is not known of it may be so."""
    name, _, value = text.removeprefix("--").partition(" ")
    if not text.startswith("--") or name not in JUDGED | _EITHER:
        return True
    return is_looser(name, value, added=added)


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


def places_of(option: str) -> frozenset[str]:
    """Return the places that an option of a list names, as ``place`` writes them."""
    name, _, value = option.removeprefix("--").partition(" ")
    return frozenset(each_of(name, value))


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
    if not data or len(data) > limits.PIN_FILE_BYTES or is_binary(data):
        return {}
    said = joined(data.decode("utf-8", "replace"))
    found: Settings = {}
    for name, value, start in _found(path, said.text):
        if _COMMENT.match(said.text, said.text.rfind("\n", 0, start) + 1):
            continue
        for one in each_of(name, value):
            at = Location(path, said.line(start))
            found.setdefault(Setting(name.lower(), one), at)
    return found


def _found(path: str, text: str) -> Iterator[tuple[str, str, int]]:
    for pattern in (_VARIABLE, _NAMED, _ENV):
        for each in pattern.finditer(text):
            yield each[1], each[2], each.start(1)
    for each in _VALUED.finditer(text):
        yield each[2], each[1], each.start(2)
    for form, command in (
        (_OPTION, _INSTALLER),
        (_SHORT, _PIP_INSTALLS),
        (_ADDRESS, _ADDS_PLACE),
    ):
        is_given = follows(command, text)
        for each in form.finditer(text):
            if is_given(each.start()):
                yield _CALLED.get(each[1], each[1]), each[2] or "", each.start()
    for each in _PIP_CONFIG.finditer(text):
        if each[1] in JUDGED:
            yield each[1], each[2], each.start()
    name = path.rpartition("/")[2]
    if name == "Pipfile":
        yield from _sources(text)
    if name in _INSTALLER_FILES:
        whole = name != _PROJECT
        for part in [(0, len(text))] if whole else map(re.Match.span, _UV_TABLE.finditer(text)):
            for each in _KEY.finditer(text, *part):
                if each[1].replace("_", "-") in JUDGED | {"index-strategy"}:
                    yield each[1].replace("_", "-"), each[2], each.start()
        for table in _INDEX_TABLE.finditer(text):
            for each in _KEY.finditer(table[1]):
                if each[1] == "url":
                    yield "index", each[2], table.start()


def _sources(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield where Pipenv looks: first in the place of the public index, then in others."""
    # What it imports takes longer than all files here.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    usual = place(PYPI_SIMPLE_ENDPOINT)
    for number, table in enumerate(_SOURCE_TABLE.finditer(text)):
        said = {each[1]: each[2] for each in _KEY.finditer(table[1])}
        address = said.get("url", "")
        if number or place(address) != usual:
            yield "index" if number else "index-url", address, table.start()
        if said.get("verify_ssl", "").startswith("false"):
            yield "trusted-host", address, table.start()


def each_of(name: str, value: str) -> Iterator[str]:
    """Yield each of what a setting lists: addresses between blanks, signers between commas."""
    bare = _bare(value)
    if name.lower().endswith("_publishers"):
        yield from filter(None, map(str.strip, bare.split(",")))
    elif name.lower().startswith("stigmem_"):
        yield bare
    else:
        yield from map(place, filter(None, re.split(r"[\s,\[\]]+", bare))) if bare else [""]


def place(value: str) -> str:
    """Return an address without what makes no other place of it: credentials, a last slash."""
    return _CREDENTIALS.sub("//", _bare(value)).rstrip("/") or value


def _bare(value: str) -> str:
    return value.strip().rstrip("\\,;").strip().strip("\"'").strip()
