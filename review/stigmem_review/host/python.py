"""Which names this Python's own modules do not have.

Whether a name is there is asked of the source of a module first, and of the module itself only
where nothing in that looks like it: few releases name what is not there, and importing takes time.
"""

from __future__ import annotations

import functools
import os
import re
from importlib import import_module
from pathlib import Path

_NAMED = (
    "abc asyncio base64 bisect calendar collections collections.abc concurrent.futures "
    "configparser contextlib contextvars copy csv dataclasses datetime decimal difflib enum "
    "fractions functools hashlib heapq hmac html importlib importlib.metadata "
    "importlib.resources inspect io ipaddress itertools json logging math operator pathlib "
    "queue random re secrets shlex shutil statistics string struct tempfile textwrap "
    "threading tomllib traceback types typing urllib.parse uuid warnings weakref zoneinfo"
)
_ALIKE = frozenset(_NAMED.split())
"""Modules that have the same names on every platform, and that importing does nothing to."""
_BINDS = (
    r"^[ \t]*(?:(?:(?:async )?def|class) {0}\b|{0}[ \t]*(?:[:=,)]|$))"
    r"|\bimport\b[^\n]*\b{0}\b|\bas {0}\b"
)
_STAR = re.compile(r"^from\s+([\w.]+)\s+import\s+\*", re.MULTILINE)


def lacks(module: str, name: str) -> bool:
    """Say whether a module of this Python certainly has no such name.

    A module below it may have been imported by somebody else, so that is never said to be missing.
    """
    if module not in _ALIKE or name[:2] == "__" or _source(f"{module}.{name}") is not None:
        return False
    if _looks_bound(module, name):
        return False
    try:
        return not hasattr(import_module(module), name)
    except ImportError:
        return False


def _looks_bound(module: str, name: str) -> bool:
    source = _source(module) or ""
    if name in source and re.search(_BINDS.format(re.escape(name)), source, re.MULTILINE):
        return True
    package = module if (_folder(module) / "__init__.py").is_file() else module.rpartition(".")[0]
    return any(
        _looks_bound(f"{package}{each}" if each.startswith(".") else each, name)
        for each in _stars(module)
    )


@functools.cache
def _stars(module: str) -> tuple[str, ...]:
    return tuple(_STAR.findall(_source(module) or ""))


def _folder(module: str) -> Path:
    return Path(os.__file__).parent.joinpath(*module.split("."))


@functools.cache
def _source(module: str) -> str | None:
    """Return the source of a module of Python; nothing where it has none, or there is none."""
    place = _folder(module)
    for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if path.is_file():
            return path.read_bytes().decode("latin-1")
    return None
