"""Reads a wheel: what it holds, where it installs what, and whether it says so itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from packaging.version import Version

from stigmem_review.model import Location, Problem, Source
from stigmem_review.names import canonicalize_name
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.installed_files import hidden_distributions, install_map
from stigmem_review.sources.metadata import (
    check_identity,
    names_release,
    one_header,
    read_headers,
)
from stigmem_review.sources.record import record_problems
from stigmem_review.sources.refusal import NOT_AS_NAMED, RENAME, refusal
from stigmem_review.sources.unzip import unzip
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

Headers = Mapping[str, tuple[str, ...]]

_SUFFIX = ".dist-info"
# pip wants numbers, uv a dot, and a newer minor version is one that all three install.
_WHEEL_VERSION = re.compile(r"1(?:\.[0-9]{1,9}){1,9}")
# A name of this length can spell 74,000 tags, and a line of WHEEL as many as memory holds.
_NAME_CHARS = 255
_TAGS = 100_000
# What most are called, whatever runs them.
_PLAIN_NAME = re.compile(
    r"([A-Za-z0-9]+(?:[._][A-Za-z0-9]+)*)-([0-9.]+(?:(?:a|b|rc|\.post|\.dev)[0-9]+)*)"
    r"-(py[0-9]+(?:\.py[0-9]+)*)-none-any\.whl"
)


def read_wheel(asked: str, file: str, data: bytes) -> Artifact:
    """Return the release in ``data``, the bytes of the wheel whose file name is ``file``."""
    name, version, tags = _file_name(file)
    files = unzip(file, data)
    own = _own_metadata(file, files, name, version)
    check_identity(file, f"{own}/METADATA", files, name, version)
    wheel = _wheel_headers(file, f"{own}/WHEEL", files)
    installed = install_map(file, files, own)
    problems = (
        *hidden_distributions(files, installed, own),
        *record_problems(files, f"{own}/RECORD"),
        *_other_tags(f"{own}/WHEEL", wheel, tags),
    )
    digest = hashlib.sha256(data).hexdigest()
    source = Source(kind="wheel", asked=asked, file=file, sha256=digest)
    return Artifact(source, files, installed, own, problems)


def _file_name(file: str) -> tuple[NormalizedName, Version, frozenset[str]]:
    """Return what the name of a wheel says, as ``packaging.utils`` does.

    That is imported only for a name that is not plain, as it takes longer than to read a wheel.
    """
    try:
        if len(file) > _NAME_CHARS:
            raise ValueError
        if plain := _PLAIN_NAME.fullmatch(file):
            tags = frozenset(f"{each}-none-any" for each in plain[3].split("."))
            return canonicalize_name(plain[1]), Version(plain[2]), tags
        from packaging.utils import parse_wheel_filename

        name, version, _, found = parse_wheel_filename(file)
    except ValueError as error:
        raise refusal(file, "its name is not that of a wheel", RENAME) from error
    return name, version, frozenset(map(str, found))


def _own_metadata(
    file: str, files: Mapping[str, bytes], name: NormalizedName, version: Version
) -> str:
    """Return the one metadata directory that is named after this release."""
    folders = {path.partition("/")[0] for path in files if "/" in path}
    found = sorted(folder for folder in folders if folder.endswith(_SUFFIX))
    own = [each for each in found if names_release(each.removesuffix(_SUFFIX), name, version)]
    if len(own) == 1:
        return own[0]
    if len(own) > 1:
        raise refusal(file, f"both {shorten(own[0])} and {shorten(own[1])} could describe it")
    what = f"it has no {_SUFFIX} directory for {name} {version}"
    if not found:
        raise refusal(file, what)
    raise refusal(file, f"{what}, only {shorten(', '.join(found))}", NOT_AS_NAMED)


def _wheel_headers(file: str, entry: str, files: Mapping[str, bytes]) -> Headers:
    """Return the headers of WHEEL, of a form that pip, uv and ``installer`` all install."""
    found = read_headers(file, entry, files)
    form = one_header(file, entry, found, "Wheel-Version")
    if not _WHEEL_VERSION.fullmatch(form):
        raise refusal(file, f"{shorten(entry)} says Wheel-Version {shorten(form)}, only 1 is known")
    return found


def _other_tags(entry: str, found: Headers, named: frozenset[str]) -> Iterator[Problem]:
    """Yield a problem where WHEEL gives other tags than the file name, which alone decides."""
    said: set[str] = set()
    room = _TAGS
    for line in found.get("tag", ()):
        parts = [part.split(".") for part in line.lower().split("-")]
        room -= prod(map(len, parts))
        if len(parts) != 3 or room < 0:
            said = {line}
            break
        said.update(map("-".join, product(*parts)))
    if said != named:
        texts = (shorten(", ".join(sorted(each))) for each in (said, named))
        why = "WHEEL says {}, the file name says {}.".format(*(text or "no tag" for text in texts))
        yield Problem("wheel-tags-differ", "tags", why, Location(entry))
