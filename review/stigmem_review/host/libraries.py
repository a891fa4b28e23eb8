"""Which names the libraries have that every node installs, as far as they were released.

``libraries.json`` is written by ``tests/record_apis.py``, which imports them. A node takes the
newest releases that its own allows, so a name that is not listed may come with the next one: that
it is missing is never certain.
"""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from stigmem_review.host.modules import ANY_NAME

FILE = Path(__file__).with_name("libraries.json")


def lacks(module: str, name: str = "") -> str:
    """Return the first part of an import that a library is not known to have, or nothing.

    ``name`` is what is imported from the module, if anything is. Modules and names with an
    underscore are nobody's promise, and nothing is said of them.
    """
    parts = [*module.split("."), *filter(None, [name])]
    for size in range(1, len(parts)):
        names = _names(".".join(parts[:size]))
        if names is None or parts[size][:1] in ("_", ANY_NAME) or ANY_NAME in names:
            return ""
        if parts[size] not in names:
            return ".".join(parts[: size + 1])
    return ""


def _names(module: str) -> frozenset[str] | None:
    """Return the names of a module of a library; ``None`` for what is none."""
    lines = _data().get(module)
    return None if lines is None else frozenset(" ".join(lines).split())


@functools.cache
def _data() -> dict[str, list[str]]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, list[str]])
