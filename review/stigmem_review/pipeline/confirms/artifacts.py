"""A folder of files that are about to be installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from stigmem_review.errors import SourceError, UsageError, reason
from stigmem_review.manifest.declares import registers_plugin
from stigmem_review.model import Gap
from stigmem_review.pipeline.reading import gap
from stigmem_review.receipts.confirm import Answer, Confirmed, Receipts, judge_file
from stigmem_review.sources.request import Found, Request, find_source, release_of
from stigmem_review.text import shorten

_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz", ".tar.bz2", ".tar.xz", ".txz", ".tlz", ".tar.lzma")
"""What pip would take for the sdist of a release as well."""


def look_at_artifacts(folder: str, receipts: Receipts) -> Answer:
    """Return what receipts say of the files in a folder, and in the folders in it.

    Every wheel and sdist is asked whether it is a plugin, unless a receipt is about it. Raises
    ``UsageError`` where there is no such folder, ``SourceError`` where one in it cannot be listed.
    """
    plugins: list[Confirmed] = []
    gaps: list[Gap] = []
    others = 0
    for path in files_in(folder):
        if path.is_dir():
            why = "it is a link to a folder, which is not followed"
            gaps.append(Gap(str(path), why, "put the files themselves there, or take it out"))
            continue
        if path.name.endswith(_ARCHIVES):
            gaps.append(Gap(str(path), "it is no form of release that is reviewed", "take it out"))
        if not path.name.endswith((".whl", ".tar.gz")):
            continue
        try:
            found = judged(path, receipts)
        except Exception as error:
            gaps.append(gap(str(path), error))
            continue
        if found is None:
            others += 1
        else:
            plugins.append(found)
    return Answer(tuple(plugins), (), tuple(gaps), others)


def files_in(folder: str) -> list[Path]:
    """Return the files in a folder and in those in it.

    Raises ``UsageError`` where there is no such folder, ``SourceError`` for one in it that cannot
    be listed.
    """
    named = shorten(folder) or "(an empty path)"
    try:
        if folder and Path(folder).is_dir():
            return sorted(_walked(folder))
    except (OSError, ValueError) as error:
        raise UsageError(f"the folder {named} cannot be looked into: {reason(error)}") from None
    raise UsageError(f"there is no folder of artifacts {named}; check the path")


def _walked(folder: str) -> Iterator[Path]:
    """Yield the files in a folder and in those in it, and links to other folders."""
    for place, folders, files in os.walk(folder, onerror=_raised):
        top = Path(place)
        yield from (top / each for each in files)
        yield from (path for each in folders if (path := top / each).is_symlink())


def _raised(error: OSError) -> NoReturn:
    # What is in a folder that cannot be listed may be a plugin.
    raise SourceError(f"{error.filename} cannot be listed: {reason(error)}") from None


def judged(path: Path, receipts: Receipts) -> Confirmed | None:
    """Return what receipts say of a wheel or an sdist; nothing of what is no plugin.

    Raises ``SourceError`` for a file that cannot be read, or where only a build could tell.
    """
    name, version = release_of(path.name)
    with find_source(Request("wheel" if path.suffix == ".whl" else "sdist", str(path))) as found:
        assert found.content is not None  # noqa: S101 - of a file that was opened
        sha256 = found.content.digest()
        known = receipts.of(sha256) or receipts.named(name)
        if not known and not _is_plugin(found):
            return None
    return judge_file(receipts, str(path), sha256, name, str(version or ""))


def _is_plugin(found: Found) -> bool:
    """Say whether a release is a plugin. Raises ``SourceError`` where only a build could tell."""
    is_plugin = registers_plugin(found)
    if is_plugin is None:
        raise SourceError(
            "only building it would show whether it is a plugin; take its wheel instead"
        )
    return is_plugin
