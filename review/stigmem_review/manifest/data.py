"""Data files of a distribution that a factory reads: paths to them, and what is in them."""

from __future__ import annotations

import json
import posixpath
import tomllib
from collections.abc import Callable
from typing import Any

from stigmem_review.manifest.values import Collection, Const, FilePath, Mapping, Scalar, Value
from stigmem_review.model import Location

LOADERS: dict[str, Callable[[str], Any]] = {
    "json.loads": json.loads,
    "tomllib.loads": tomllib.loads,
}
"""Functions that turn a text into values, by the name they are imported by."""
READERS = ("read_bytes", "read_text")
_NESTING = 50


def led_to(path: FilePath, method: str, given: list[Value]) -> FilePath | None:
    """Return where a method of a path leads, or ``None`` where that is not followed."""
    names = [each.value for each in given if isinstance(each, Const)]
    parts = [name for name in names if isinstance(name, str)]
    if path.text or len(parts) != len(given) or any(".." in part for part in parts):
        return None
    match method, parts:
        case "resolve" | "absolute", []:
            return path
        case "parent", [] if "/" in path.path:
            return FilePath(posixpath.dirname(path.path), False, path.at)
        case "joinpath", [_, *_]:
            joined = posixpath.normpath(posixpath.join(path.path, *parts))
            return FilePath(joined, False, path.at) if joined.startswith(path.path) else None
        case "with_name", [name] if "/" not in name and name:
            return FilePath(posixpath.join(posixpath.dirname(path.path), name), False, path.at)
        case _:
            return None


def content(data: bytes, method: str, given: list[Value], encoding: Scalar) -> str | bytes | None:
    """Return what reading a file gives, where that is the same on every machine."""
    if given or encoding not in (None, "utf-8", "utf8", "UTF-8"):
        return None
    if method == "read_bytes":
        return data if encoding is None else None
    if encoding is None and not data.isascii():
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def loaded(load: Callable[[str], Any], text: str, at: Location) -> Value | None:
    """Return the values in a text, or ``None`` where they cannot be told."""
    try:
        return _value(load(text), at, 0)
    except (ValueError, RecursionError):
        return None


def _value(found: Any, at: Location, depth: int) -> Value | None:
    if depth > _NESTING:
        return None
    match found:
        case None | bool() | int() | float() | str():
            return Const(found, at)
        case list():
            items = [_value(each, at, depth + 1) for each in found]
            known = tuple(each for each in items if each is not None)
            return Collection("list", known, at) if len(known) == len(items) else None
        case dict():
            values = [(Const(key, at), _value(each, at, depth + 1)) for key, each in found.items()]
            pairs = tuple((key, each) for key, each in values if each is not None)
            return Mapping(pairs, at) if len(pairs) == len(values) else None
        case _:
            return None
