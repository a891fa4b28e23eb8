"""An installed distribution held against what its wheel installs, file by file; none is run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.receipts.installed import elsewhere, in_site
from stigmem_review.receipts.model import Files
from stigmem_review.sources.disk import open_file, read_file
from stigmem_review.sources.environment import Distribution
from stigmem_review.sources.installers import script_forms


class Differing(NamedTuple):
    """A file that is not as a wheel installs it: where, and whether it is ``missing``."""

    where: str
    missing: bool


def differing(each: Distribution, files: Files) -> Iterator[Differing]:
    """Yield each file of a wheel that is not installed as it has it.

    ``files`` are those that the wheel installs. Raises ``SourceError`` for a file that cannot be
    read.
    """
    for path, sha256 in in_site(files).items():
        yield from _below(each.site / path, sha256)
    for place, sha256 in elsewhere(files).items():
        yield from _outside(place, sha256, each)


def _below(path: Path, sha256: str) -> Iterator[Differing]:
    if not os.path.lexists(path):
        yield Differing(str(path), missing=True)
        return
    with open_file(path) as file:
        if file.digest() != sha256:
            yield Differing(str(path), missing=False)


_FOLDERS = {"scripts": ("bin", "Scripts"), "data": ("",), "headers": ("include",)}


def _outside(place: str, sha256: str, each: Distribution) -> Iterator[Differing]:
    """Hold a file outside ``site-packages`` against its digest, where installers put it."""
    scheme, _, below = place.partition("/")
    near = [(each.prefix or each.site) / folder / below for folder in _FOLDERS.get(scheme, ())]
    listed = [
        each.site / path
        for path in each.record
        if path.startswith("../") and path.endswith(f"/{below}")
    ]
    path = next(filter(os.path.lexists, (*near, *listed)), None)
    if path is None:
        yield Differing(place, missing=True)
        return
    data = read_file(path, limits.ENTRY_BYTES)
    forms = script_forms(data) if scheme == "scripts" else (data,)
    if sha256 not in (hashlib.sha256(form).hexdigest() for form in forms):
        yield Differing(str(path), missing=False)
