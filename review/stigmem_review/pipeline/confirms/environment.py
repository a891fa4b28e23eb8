"""What is installed for a Python, file by file; it is not run."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from stigmem_review import limits
from stigmem_review.errors import SourceError, reason
from stigmem_review.manifest.declares import declares
from stigmem_review.model import Gap
from stigmem_review.pipeline.confirms.held import differing
from stigmem_review.pipeline.reading import gap
from stigmem_review.receipts.confirm import (
    Answer,
    Confirmed,
    Counted,
    Receipts,
    Refused,
    another_release,
    confirmed,
    no_receipt,
)
from stigmem_review.receipts.installed import (
    VIRTUALENV,
    Folders,
    Kept,
    in_site,
    is_module,
    is_package,
)
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.environment import Distribution, Environment, environment
from stigmem_review.sources.record import difference
from stigmem_review.verdict import count

_SHOWN = 20
"""Files that are listed one by one; one wrong release has as many as there are."""

_INSTALL = "install the wheel that was reviewed again"


def look_at_environment(python: str, receipts: Receipts) -> Answer:
    """Return what receipts say of what is installed for a Python.

    Raises ``UsageError`` where nothing is installed there, ``SourceError`` where its folders cannot
    be listed.
    """
    there = environment(python)
    found = _Installed(receipts)
    for each in there.distributions:
        found.look(each)
    refused = [*found.twice]
    for site in there.sites:
        try:
            refused += _limited(_besides(site, found, there), "files are there besides")
        except SourceError as error:
            found.gaps.append(gap(str(site), error))
    return Answer(tuple(found.plugins), tuple(refused), tuple(found.gaps), found.others)


class _Installed:
    """The plugins of an environment, each held against its receipts.

    ``kept`` is by folder what was reviewed of its files; ``held`` is what a receipt is about.
    """

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self.plugins: list[Confirmed] = []
        self.twice: list[Refused] = []
        self._first: dict[str, Distribution] = {}
        self.kept: dict[Path, set[str]] = {}
        self.held: set[Path] = set()
        self.gaps: list[Gap] = []
        self.others = 0

    def look(self, each: Distribution) -> None:
        """Look at a distribution, if it is a plugin."""
        try:
            if not declares(each.entry_points):
                self.others += 1
                return
            first = self._first.setdefault(each.name, each)
            if first is not each:
                self._again(each, first)
                return
            version = each.version
            if version is None:
                raise SourceError("its metadata have no version that can be compared")
            self.plugins.append(self._judged(each, str(version)))
        except Exception as error:
            self.gaps.append(gap(str(each.path), error))

    def _again(self, each: Distribution, first: Distribution) -> None:
        # The folder of an editable project, which is refused, has metadata of its own as a rule.
        if not first.is_editable:
            why = (
                f"it is installed twice, in {first.path} as well; which one runs is left to chance"
            )
            self.twice.append(Refused(str(each.path), why, "remove one of them"))

    def _judged(self, each: Distribution, version: str) -> Confirmed:
        at = str(each.path)
        if each.is_editable:
            why = "it is installed from a project's folder, and not from a file that was reviewed"
            refused = Refused(at, why, "install its wheel")
            return Confirmed(each.name, version, at, refused=(refused,))
        best: tuple[Counted, list[Refused]] | None = None
        for counted in self._receipts.named(each.name, version):
            wrong = [*self._wrong(each, counted)]
            if best is None or (best[1] and not wrong):
                best = counted, wrong
        if best is None:
            if self._receipts.named(each.name):
                refused = another_release(self._receipts, at, each.name, version)
            else:
                refused = no_receipt(at)
            return Confirmed(each.name, version, at, refused=(refused,))
        counted, wrong = best
        self.kept.setdefault(each.site, set()).update(in_site(counted.files))
        self.held.add(each.path)
        return confirmed(self._receipts, counted, at, _limited(wrong, "files are not as reviewed"))

    def _wrong(self, each: Distribution, counted: Counted) -> Iterator[Refused]:
        if not counted.files:
            why = f"{counted.at} is about an sdist, and what building it gave was not reviewed"
            yield Refused(str(each.path), why, "install a wheel that was reviewed")
            return
        for file in differing(each, counted.files):
            why = "it is missing" if file.missing else "it is not as it was reviewed"
            yield Refused(file.where, why, _INSTALL)


def _limited(found: Iterable[Refused], what: str) -> Iterator[Refused]:
    found = iter(found)
    yield from islice(found, _SHOWN)
    if more := sum(1 for _ in found):
        yield Refused(count(more, "more"), what)


# What is there besides


def _besides(site: Path, found: _Installed, there: Environment) -> Iterator[Refused]:
    """Yield what is in one ``site-packages`` and belongs to nobody, as far as it can be imported.

    What other distributions than plugins say is theirs is believed; a ``.pth`` file has to be as
    they say, since it runs at every start.
    """
    others = [
        each for each in there.distributions if each.site == site and each.path not in found.held
    ]
    names = [name for each in others if not each.record for name in (*each.top_level, each.info)]
    kept = Kept.of(
        found.kept.get(site, ()), (path for each in others for path in each.record), names
    )
    yield from _Walk(site, Folders(kept), others).besides("")


class _Walk:
    def __init__(self, site: Path, folders: Folders, others: list[Distribution]) -> None:
        self._site = site
        self._folders = folders
        self._hashes = {path: said for each in others for path, said in each.record.items()}
        self._left = limits.LISTED

    def besides(self, folder: str) -> Iterator[Refused]:
        for entry in self._listed(folder):
            path = posixpath.join(folder, entry.name)
            if entry.is_dir(follow_symlinks=False):
                yield from self._folder(path, entry)
            elif entry.is_symlink() and entry.is_dir() and self._folders.is_looked_into(path):
                yield self._refused(path, "it is a link to a folder elsewhere")
            else:
                yield from self._file(path, entry)

    def _folder(self, path: str, entry: os.DirEntry[str]) -> Iterator[Refused]:
        if self._folders.is_looked_into(path):
            yield from self.besides(path)
        elif not self._folders.allows_folder(path):
            is_top = "/" not in path
            if not is_top or is_package(entry.name, self._files(path)):
                new = (
                    "it is a package that no distribution has"
                    if is_top
                    else "no distribution has it"
                )
                yield self._refused(path, new)

    def _file(self, path: str, entry: os.DirEntry[str]) -> Iterator[Refused]:
        if "/" not in path and not is_module(entry.name):
            return
        if path in VIRTUALENV and self._sha256(path) in VIRTUALENV[path]:
            return
        if not self._folders.allows_file(path):
            runs = path.endswith(".pth")
            why = "it is no file of what was reviewed"
            yield self._refused(path, f"{why}, and runs at every start" if runs else why)
        elif path.endswith(".pth") and not self._is_as_listed(path):
            yield self._refused(path, "it is not as its distribution lists it, and runs at start")

    def _is_as_listed(self, path: str) -> bool:
        said = self._hashes.get(path, "")
        return not said or not difference(self._read(path), said)

    def _refused(self, path: str, why: str) -> Refused:
        return Refused(str(self._site / path), why, "remove it, or find out where it is from")

    def _sha256(self, path: str) -> str:
        return hashlib.sha256(self._read(path)).hexdigest()

    def _read(self, path: str) -> bytes:
        return read_file(self._site / path, limits.ENTRY_BYTES)

    def _files(self, folder: str) -> Iterator[str]:
        for entry in self._listed(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from self._files(posixpath.join(folder, entry.name))
            else:
                yield entry.name

    def _listed(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._site / folder) as entries:
                found = sorted(entries, key=lambda each: each.name)
        except OSError as error:
            raise SourceError(f"{self._site / folder} cannot be listed: {reason(error)}") from None
        self._left -= len(found)
        if self._left < 0:
            raise SourceError(f"there are more than the limit of {limits.LISTED} files in it")
        return found
