"""The formats in which files pin releases, one module each.

A format is a row here and a module: ``is_one`` knows its files by their path, and ``read`` gives
what one of them says, with everything that it includes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from stigmem_review.pins.formats import pdm, pipenv, poetry, pylock, uv
from stigmem_review.pins.formats.locks import Entries, read_lock
from stigmem_review.pins.formats.requirements import read_requirements
from stigmem_review.pins.model import Known, PinFile, Read
from stigmem_review.pins.named import Lock, is_lock, is_requirements_file


class Format(NamedTuple):
    """One format."""

    is_one: Callable[[str], bool]
    read: Callable[[str, Read, Known], PinFile]


def _lock(kind: Lock, entries: Callable[[str], Entries]) -> Format:
    """Return the format of locks of a kind."""
    return Format(partial(is_lock, kind), partial(read_lock, entries=entries))


FORMATS = (
    Format(is_requirements_file, read_requirements),
    _lock("uv", uv.entries),
    _lock("poetry", poetry.entries),
    _lock("pdm", pdm.entries),
    _lock("pylock", pylock.entries),
    _lock("pipenv", pipenv.entries),
)


def format_of(path: str) -> Format | None:
    """Return the format of a file by its path; ``None`` for one that pins nothing as a rule."""
    return next((each for each in FORMATS if each.is_one(path)), None)
