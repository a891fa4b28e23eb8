"""Pins in files that install things and are no lists: images, scripts, pipelines, projects.

What an installer makes of such a file is not known. So each text of the form ``name==version`` is
taken for a pin that there may be, which somebody then looks for, and so is the name of a wheel or
an sdist: as it is written, and as a shell has it that joins lines and takes quotes away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from packaging.version import Version

from stigmem_review import limits
from stigmem_review.model import Location
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.joined import Joined, follows, joined, unquoted
from stigmem_review.pins.model import Pin
from stigmem_review.pins.named import is_binary
from stigmem_review.text import shorten

_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[([A-Za-z0-9,._ -]*)\])?"
_VERSION = r"(v?[0-9][\w.!+-]*+)"
_PIN = re.compile(
    # As a shell has it; between quotes, or in a list, with blanks; and as a key of its own.
    rf"(?<![\w.$/@}}-]){_NAME}===?{_VERSION}(?![*=(])|"
    rf"(?:[\"'][ ]*|^[ \t]*-[ \t]+){_NAME}[ ]*\(?===?[ ]*{_VERSION}(?!\.?\*)|"
    rf"^[ \t]*[\"']?{_NAME}[\"']?[ \t]*=[ \t]*(?:\{{[^}}]*version[ \t]*=[ \t]*)?"
    rf"[\"']===?[ ]*{_VERSION}[\"']"
)
_EXTRAS = re.compile(r"\bextras[ \t]*=[ \t]*\[([^\[\]]*)\]")
_APART = r"\s\"'`=,;()\[\]{}"
_ARCHIVE = re.compile(rf"(?<![^{_APART}])[^{_APART}]*\.(?:whl|tar\.gz)(?![\w.*-])")
_INSTALLER = re.compile(r"\b(?:pip[0-9.]*|uv|poetry|pdm)\b")
_SET = re.compile(
    r"(?m)^[ \t]*(?:(?:ARG|ENV|export|set|-)[ \t]+)?"
    rf"[\"']?(\w+)[\"']?[ \t]*[:= ][ \t]*[\"']?{_VERSION}"
)
_USED = re.compile(r"\$(?:\{(\w+)[^}\s]*\}|\{\{[ ]*(?:env\.)?(\w+)[ ]*\}\}|(\w+))")
"""A variable, in an image, a script or a workflow."""
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
    text = data.decode("utf-8", "replace")
    if values := dict(_SET.findall(text)) if "$" in text else {}:
        text = _USED.sub(lambda each: values.get(each[each.lastindex or 0], each[0]), text)
    for each in (text, unquoted(text)):
        found.update((pin, None) for pin in _in_text(path, joined(each), is_poetry=is_poetry))
    return tuple(found)


def _in_text(path: str, said: Joined, *, is_poetry: bool) -> Iterator[Pin]:
    installs = follows(_INSTALLER, said.text)
    table: re.Match[str] | None = None
    for start, line in said.lines():
        if not line.lstrip().startswith("#"):
            here = partial(_at, path, said, start)
            yield from _in_line(line, here)
            yield from _archives(line, here, partial(_from, installs, start))
            if is_poetry:
                header = _TABLE.fullmatch(line.strip())
                table = _POETRY.fullmatch(header[1]) if header else table
                yield from _of_poetry(line.strip(), table, here(0))


def _at(path: str, said: Joined, start: int, at: int) -> Location:
    return Location(path, said.line(start + at))


def _from(does: Callable[[int], bool], start: int, at: int) -> bool:
    return does(start + at)


def _in_line(line: str, here: Callable[[int], Location]) -> Iterator[Pin]:
    for each in _PIN.finditer(line) if "==" in line else ():
        name, extras, version = _parts(each)
        asked = _EXTRAS.search(line) if each[7] else None
        at = here(each.end() - 1)
        yield from _pin(name, version.rstrip(".-+!"), at, extras=asked[1] if asked else extras)


def _archives(
    line: str, here: Callable[[int], Location], installs: Callable[[int], bool]
) -> Iterator[Pin]:
    """Yield the wheels and sdists in a line, with where they are installed from."""
    for each in _ARCHIVE.finditer(line) if ".whl" in line or ".tar.gz" in line else ():
        file, is_wheel = each[0], each[0].endswith(".whl")
        is_installed = installs(each.start())
        # What is fetched besides is packed as an sdist is, and records name wheels.
        if is_installed or (is_wheel and "/" in file):
            name, _, version = _release(file.rpartition("/")[2])
            url = file if is_installed or "://" in file else ""
            yield from _pin(name, version, here(each.start()), url)


def _parts(pin: re.Match[str]) -> tuple[str, str, str]:
    """Return the name, the extras and the version, whichever form they have."""
    first = next(number for number in (1, 4, 7) if pin[number])
    return pin[first], pin[first + 1] or "", pin[first + 2]


def _of_poetry(line: str, table: re.Match[str] | None, at: Location) -> Iterator[Pin]:
    if table and (each := _EXACT.match(line)):
        name = table[1] if table[1] and each[1] == "version" else "" if table[1] else each[1]
        if name != "python":  # which is no distribution there
            asked = _EXTRAS.search(line)
            yield from _pin(name, each[3], at, extras=asked[1] if asked else "")


def _pin(name: str, version: str, at: Location, url: str = "", extras: str = "") -> Iterator[Pin]:
    wanted = filter(None, (each.strip(" \t\"'") for each in extras.split(",")))
    with suppress(ValueError):  # also of a number with more digits than Python converts
        Version(version)
        if name:
            asked = tuple(sorted(map(canonicalize_name, wanted)))
            yield Pin(canonicalize_name(name), version, (), "", at, shorten(url), asked)


def _release(file: str) -> tuple[str, str, str]:
    """Return the name and the version that are in the name of an archive, around a dash."""
    if file.endswith(".whl"):
        name, dash, rest = file.partition("-")
        return name, dash, rest.partition("-")[0]
    return file.removesuffix(".tar.gz").rpartition("-")
