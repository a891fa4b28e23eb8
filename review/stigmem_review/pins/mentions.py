"""Pins in files that install things and are no lists: images, scripts, pipelines, projects.

What an installer makes of such a file is not known. So each text of the form ``name==version`` is
taken for a pin that there may be, which somebody then looks for, and so is the name of a wheel or
an sdist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from packaging.version import InvalidVersion, Version

from stigmem_review import limits
from stigmem_review.model import Location
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.model import Pin
from stigmem_review.pins.named import is_binary
from stigmem_review.text import shorten

_LINE_CHARS = 10_000
_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9,._ -]*\])?"
_VERSION = r"(v?[0-9][\w.!+-]*+)"
_PIN = re.compile(
    # As a shell has it; between quotes, or in a list, with blanks; and as a key of its own.
    rf"(?<![\w.$/@}}-]){_NAME}===?{_VERSION}(?![*=(])|"
    rf"(?:[\"'][ ]*|^[ \t]*-[ \t]+){_NAME}[ ]*\(?===?[ ]*{_VERSION}(?!\.?\*)|"
    rf"^[ \t]*[\"']?{_NAME}[\"']?[ \t]*=[ \t]*(?:\{{[^}}]*version[ \t]*=[ \t]*)?"
    rf"[\"']===?[ ]*{_VERSION}[\"']"
)
_ARCHIVE = re.compile(r"[^\s\"'`=,;()\[\]{}]*\.(?:whl|tar\.gz)(?![\w.*-])")
_INSTALLER = re.compile(r"\b(?:pip[0-9.]*|uv|poetry|pdm)\b")
_SET = re.compile(
    r"(?m)^[ \t]*(?:(?:ARG|ENV|export|set|-)[ \t]+)?"
    rf"[\"']?(\w+)[\"']?[ \t]*[:= ][ \t]*[\"']?{_VERSION}"
)
_USED = re.compile(r"(?<===)[\"']?\$(?:\{(\w+)[^}\s]*\}|\{\{[ ]*(?:env\.)?(\w+)[ ]*\}\}|(\w+))")
"""A variable in the place of a version."""
_TABLE = re.compile(r"\[([^\[\]]+)\]")
_POETRY = re.compile(
    r"tool\.poetry\.(?:group\.[^.]+\.|dev-)?dependencies(?:\.[\"']?([\w.-]+)[\"']?)?"
)
_EXACT = re.compile(
    rf"[\"']?{_NAME}[\"']?[ \t]*=[ \t]*(?:\{{.*?\bversion[ \t]*=[ \t]*)?[\"']{_VERSION}[\"']"
)
"""How Poetry has one release without a word that says so."""


def mentioned(path: str, data: bytes) -> tuple[Pin, ...]:
    """Return what may be pins in a file."""
    if len(data) > limits.PIN_FILE_BYTES or is_binary(data):
        return ()
    is_poetry = b"[tool.poetry" in data and path.endswith("pyproject.toml")
    if not is_poetry and not any(each in data for each in (b"==", b".whl", b".tar.gz")):
        return ()
    found: dict[Pin, None] = {}
    table: re.Match[str] | None = None
    text = data.decode("utf-8", "replace")
    if "==$" in text or '=="$' in text:
        said = dict(_SET.findall(text))
        text = _USED.sub(lambda each: said.get(each[each.lastindex or 0], each[0]), text)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LINE_CHARS or line.lstrip().startswith("#"):
            continue
        at = Location(path, number)
        found.update((each, None) for each in _in_line(line, at))
        if is_poetry:
            header = _TABLE.fullmatch(line.strip())
            table = _POETRY.fullmatch(header[1]) if header else table
            found.update((each, None) for each in _of_poetry(line.strip(), table, at))
    return tuple(found)


def _in_line(line: str, at: Location) -> Iterator[Pin]:
    for each in _PIN.finditer(line) if "==" in line else ():
        name, version = (part for part in each.groups() if part)
        yield from _pin(name, version.rstrip(".-+!"), at)
    if ".whl" not in line and ".tar.gz" not in line:
        return
    installs = bool(_INSTALLER.search(line))
    for each in _ARCHIVE.finditer(line):
        # What is fetched besides is packed as an sdist is, and records name wheels.
        if installs or (each[0].endswith(".whl") and ("/" in each[0] or line.endswith("\\"))):
            name, _, version = _release(each[0].rpartition("/")[2])
            yield from _pin(name, version, at, each[0])


def _of_poetry(line: str, table: re.Match[str] | None, at: Location) -> Iterator[Pin]:
    if table and (each := _EXACT.match(line)):
        name = table[1] if table[1] and each[1] == "version" else "" if table[1] else each[1]
        if name != "python":  # which is no distribution there
            yield from _pin(name, each[2], at)


def _pin(name: str, version: str, at: Location, url: str = "") -> Iterator[Pin]:
    with suppress(InvalidVersion):
        if name and str(Version(version)):
            yield Pin(canonicalize_name(name), version, (), "", at, shorten(url))


def _release(file: str) -> tuple[str, str, str]:
    """Return the name and the version that are in the name of an archive, around a dash."""
    if file.endswith(".whl"):
        name, dash, rest = file.partition("-")
        return name, dash, rest.partition("-")[0]
    return file.removesuffix(".tar.gz").rpartition("-")
