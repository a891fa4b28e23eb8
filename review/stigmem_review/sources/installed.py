"""Reads a distribution that is installed, as the wheel that it would be."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from stigmem_review import limits
from stigmem_review.errors import SourceError, reason
from stigmem_review.model import Location, Problem, Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.environment import Distribution
from stigmem_review.sources.installers import is_bytecode, is_written, packages, script_forms
from stigmem_review.sources.record import difference
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.tree import tree_digest
from stigmem_review.text import shorten

_SITE = "site-packages/"
_SCRIPTS = ("bin/", "Scripts/")


def read_installed(asked: str, found: Distribution) -> Artifact:
    """Return what is installed of a distribution, without what installers write themselves.

    Its files are those that RECORD lists and all others in its packages, as they are now; where
    that is not what RECORD says, it is a problem. Its digest is one of all of them
    (``tree.tree_digest``). Raises ``SourceError`` where there is no RECORD, where it is installed
    from a project's folder, and where a file cannot be read.
    """
    if found.is_editable:
        raise refusal(
            asked, "it is installed from a project's folder", "name that folder, or a wheel"
        )
    if not found.record or not found.info.endswith(".dist-info"):
        raise refusal(
            asked, "nothing lists what is installed of it", "install its wheel with a current pip"
        )
    listed = {path for path in found.record if not path.startswith("../") and not _is_own(path)}
    files: dict[str, bytes] = {}
    size = 0
    for path in sorted({*listed, *_inside(found.site, listed)}):
        if not os.path.lexists(found.site / path):
            continue
        files[path] = read_file(found.site / path, limits.ENTRY_BYTES)
        size += len(files[path])
        if size > limits.TOTAL_BYTES or len(files) > limits.ENTRIES:
            raise refusal(asked, "it is larger than a release can be", "review its wheel")
    problems = tuple(_problems(found, listed, files))
    installed = {_SITE + path: path for path in files}
    for place, data in _outside(found, files):
        path = f"{found.info.removesuffix('.dist-info')}.data/{place}"
        files[path], installed[place] = data, path
    source = Source("installed", asked, found.info, tree_digest(files))
    if f"{found.info}/METADATA" not in files:
        raise refusal(asked, f"it has no {shorten(found.info)}/METADATA", "install it again")
    return Artifact(source, files, installed, found.info, problems)


def _is_own(path: str) -> bool:
    """Say whether a file is an installer's own."""
    return is_written(path) or is_bytecode(path)


def _inside(site: Path, listed: set[str]) -> Iterator[str]:
    """Yield every file in the packages of some files, but for those of installers."""
    for folder in packages(listed):
        # Links to folders lead elsewhere; what is in them has no place here.
        for top, _, names in os.walk(site / folder, onerror=_unlisted):
            below = Path(top).relative_to(site).as_posix()
            for path in (posixpath.join(below, name) for name in names):
                if not _is_own(path):
                    yield path


def _unlisted(error: OSError) -> None:
    raise SourceError(f"{error.filename} cannot be listed: {reason(error)}")


def _problems(
    found: Distribution, listed: set[str], files: Mapping[str, bytes]
) -> Iterator[Problem]:
    record = f"{found.info}/RECORD"
    for path in sorted({*listed, *files}):
        said = found.record.get(path)
        if path not in files:
            why = "is listed in RECORD and not installed"
        elif said is None:
            why = "is installed and not listed in RECORD"
        elif not said or not (why := difference(files[path], said)):
            continue
        yield Problem("record-mismatch", path, f"{shorten(path)} {why}.", Location(record))


def _outside(found: Distribution, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the files that a wheel has for other places, but for the scripts that installers make.

    Of a folder that was installed to with ``--target`` these are not known.
    """
    if found.prefix is None:
        return
    made = _commands(files.get(f"{found.info}/entry_points.txt", b""))
    for path in sorted(found.record):
        file = Path(os.path.normpath(found.site / path))  # in which links stay links
        if not path.startswith("../") or not os.path.lexists(file) or is_bytecode(path):
            continue
        try:
            below = file.relative_to(found.prefix).as_posix()
        except ValueError:
            continue
        if not below.startswith(_SCRIPTS):
            yield f"data/{below}", read_file(file, limits.ENTRY_BYTES)
            continue
        name = below.partition("/")[2]
        if name.removesuffix(".exe").removesuffix("-script.py") not in made:
            data = read_file(file, limits.ENTRY_BYTES)
            forms = script_forms(data)
            is_rewritten = len(forms) > 1 and b"python" in data.partition(b"\n")[0]
            yield f"scripts/{name}", forms[1] if is_rewritten else data


def _commands(table: bytes) -> set[str]:
    """Return the names in a table of entry points, among which are the commands."""
    lines = table.decode("utf-8", "replace").splitlines()
    return {line.partition("=")[0].strip() for line in lines if "=" in line}
