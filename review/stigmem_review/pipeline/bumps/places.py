"""Plugins that are installed from the repository itself: projects, and archives in it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import product, takewhile
from pathlib import Path
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.document.bump import STAGED, Bump
from stigmem_review.errors import SourceError
from stigmem_review.manifest.declares import is_about_plugin
from stigmem_review.model import Gap, Location, Source, SourceKind
from stigmem_review.pins.changes import What
from stigmem_review.pins.joined import joined
from stigmem_review.pins.model import Aside, Local
from stigmem_review.pins.named import installs, is_binary, ways_to
from stigmem_review.pins.repository import Pins
from stigmem_review.pipeline.bumps.nodes import Pair
from stigmem_review.pipeline.bumps.work import Work, key
from stigmem_review.pipeline.reading import Opening
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.sources.peek import spells_host
from stigmem_review.sources.request import Found, find_in_memory, release_of
from stigmem_review.sources.tree import PROJECT_FILES
from stigmem_review.versions import parse


class Commit(NamedTuple):
    """A commit, or what is staged, and the projects and archives that are in it."""

    id: str
    tree: Tree

    def has(self, path: str) -> bool:
        """Say whether something can be installed from a path."""
        return self.has_archive(path) or any(
            posixpath.normpath(posixpath.join(path, name)) in self.tree.paths
            for name in PROJECT_FILES
        )

    def has_archive(self, path: str) -> bool:
        """Say whether a path is that of a wheel or an sdist."""
        return path.endswith((".whl", ".tar.gz")) and path in self.tree.paths

    def again(self, path: str) -> str:
        """Return what asks for it again; what is staged lies in the work tree as a rule."""
        if self.id == STAGED and self.has(path):
            return path
        return f"{self.id[:12]}:{path}" if path and self.has(path) else "none"

    def opening(self, path: str) -> Opening:
        """Return how what is installed from a path is opened; "" is nothing."""
        if not path or not self.has(path):
            empty = Artifact(Source("none", "none"))
            return Opening(empty.source, lambda: empty, lambda: False)
        asked = f"{path} at {self.id[:12]}"
        try:
            found = self._found(path, asked)
        except SourceError as error:
            return Opening(Source("wheel", asked), partial(_raise, error))

        def is_about() -> bool:
            try:
                return is_about_plugin(found)
            except Exception:
                return True  # opening and reading it says why

        kind: SourceKind = "wheel" if self.has_archive(path) else "directory"
        return Opening(Source(kind, asked), found.read, is_about)

    def _found(self, path: str, asked: str) -> Found:
        if self.has_archive(path):
            return find_in_memory(asked, path.rpartition("/")[2], self.tree.read(path) or b"")
        folder = "" if path == "." else path
        return Found("directory", path, lambda: self.tree.artifact(folder, asked))


def look_at_folders(work: Work, before: Commit, after: Commit, changed: list[str]) -> None:
    """Review each plugin that is installed from the repository itself, where that changed."""
    moved = {name for name, _ in work.reviewed}
    was = {
        **_named_elsewhere(before, changed),
        **_carried(work, work.old, before, changed),
        **_folders(work.old.local),
    }
    was = {path: line for path, line in was.items() if _name_of(path) not in moved}
    now = {
        **_named_elsewhere(after, changed),
        **_carried(work, work.new, after, changed),
        **_folders(work.new.local),
    }
    for old, new in _paired(was, now, before, after):
        stood, line = was.get(old), now.get(new) or was[old]
        pairs = work.nodes.of(stood.at.path if stood else "", line.at.path)
        stays = old == new and not _below(new, changed)
        if stays and not any(pair.moves for pair in pairs):
            continue
        if before.has(old) or after.has(new):
            folder = _Folder(line, new or old, before.again(old), after.again(new), stays)
            for pair in pairs:
                _look_at_folder(work, folder, before.opening(old), after.opening(new), pair)
    known = {key(line) for line in work.old.local}
    for each in work.new.local:
        if any(map(after.has, _folders((each,)))):
            continue
        why = "it installs from a path that is no project and no archive of this repository"
        if key(each) in known:
            work.say_before(Aside(each.text, why, each.at))
        else:
            work.gaps.append(Gap(str(each.at), f"{each.text}: {why}", ""))


def _carried(work: Work, pins: Pins, commit: Commit, changed: list[str]) -> dict[str, Local]:
    """Return the archives of the repository that changed, and that an installer may take.

    Where installers look can be said anywhere, in an image or in the environment, so that where an
    archive lies decides nothing. Those are left out that no installer takes: other releases than
    what is pinned, and what is pinned by its hash. So are those of releases whose pin changed.
    """
    return {
        path: Local(path, path, Location(path, 0))
        for path in changed
        if commit.has_archive(path) and _may_be_taken(work, path, pins)
    }


def _named_elsewhere(commit: Commit, changed: list[str]) -> dict[str, Local]:
    """Return the plugins' projects that changed, and that a file which is no list installs."""
    folders = dict.fromkeys(each for path in changed for each in _above(path))
    projects = [each for each in folders if _is_of_plugin(commit, each)]
    found: dict[str, Local] = {}
    for path in sorted(filter(installs, commit.tree.paths)) if projects else ():
        data = commit.tree.read(path) or b""
        if len(data) > limits.PIN_FILE_BYTES or is_binary(data):
            continue
        said = joined(data.decode("utf-8", "replace"))
        for start, line in said.lines():
            for folder in projects if _INSTALLS.search(line) else ():
                if folder not in found and _names(line, folder, posixpath.dirname(path)):
                    found[folder] = Local(folder, line.strip(), Location(path, said.line(start)))
    return found


_INSTALLS = re.compile(r"\b(?:install|add|sync|path|directory|editable)\b|(?<!\S)-e\b")
_WORD = re.compile(r"[^\s\"'`=,;()\[\]{}&|]+")


def _names(line: str, folder: str, beside: str) -> bool:
    """Say whether a line has a word that stands for a folder, from the top or from the file's."""
    words = (way.removeprefix("file:") for each in _WORD.findall(line) for way in ways_to(each))
    return any(
        posixpath.normpath(posixpath.join(base, word)) == folder
        for word in words
        if word.startswith(".") or "/" in word or word == folder
        for base in {"", beside}
    )


def _above(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in."""
    while path := posixpath.dirname(path):
        yield path
    yield "."


def _is_of_plugin(commit: Commit, folder: str) -> bool:
    paths = (posixpath.normpath(posixpath.join(folder, name)) for name in PROJECT_FILES)
    found = (commit.tree.read(path) or b"" for path in paths if path in commit.tree.paths)
    return any(spells_host(data.replace(b"stigmem-review", b"")) for data in found)


def _may_be_taken(work: Work, path: str, pins: Pins) -> bool:
    name, version = release_of(path.rpartition("/")[2])
    if (name, version) in work.reviewed:
        return False
    of_it = [pin for pin in pins.pins if pin.name == name]
    if not of_it or any(line.name == name for line in pins.loose):
        return True
    return any(not pin.hashes and parse(pin.version) == version for pin in of_it)


class _Folder(NamedTuple):
    """What is installed from the repository: by which line, from where, and what asks for it.

    It ``stays`` where nothing of it changed.
    """

    line: Local
    folder: str
    old: str
    new: str
    stays: bool


def _look_at_folder(work: Work, each: _Folder, old: Opening, new: Opening, pair: Pair) -> None:
    if not (old.is_about_plugin() or new.is_about_plugin()):
        return
    work.moved = True
    report = work.review({"old": old, "new": new}, each.old, each.new, pair, each.line.at.path)
    if each.stays and not (report.findings or report.gaps):
        work.as_fine.setdefault(pair, []).append(report.plugin or each.folder)
        return
    reviewed = {side.side: side.version for side in report.reviewed}
    one, two = (reviewed.get(side, "") for side in ("old", "new"))
    work.bumps.append(
        Bump(
            plugin=report.plugin or each.folder,
            what="same release, other node" if each.stays else _what(one, two),
            old=one,
            new=two,
            at=each.line.at,
            state=report.verdict.state,
            report=report,
        )
    )


def brought(repository: Repository, artifacts: str | None, changed: list[str]) -> frozenset[str]:
    """Name the files in the folder of artifacts that the change itself puts there."""
    if artifacts is None or repository.top is None:
        return frozenset()
    try:
        folder = Path(artifacts).resolve().relative_to(repository.top).as_posix()
    except ValueError:
        return frozenset()
    return frozenset(path.rpartition("/")[2] for path in _directly_in(folder, changed))


def _folders(lines: Iterable[Local]) -> dict[str, Local]:
    """Return the folders that lines can stand for, with the first line for each.

    pip takes them from where it runs, which is the top of the checkout as a rule, or the folder
    of the file; other installers take them from that.
    """
    found: dict[str, Local] = {}
    for line in lines:
        bases = "", posixpath.dirname(line.at.path)
        for base, way in product(bases, ways_to(line.folder)):
            folder = posixpath.normpath(posixpath.join(base, way))
            if folder != ".." and not folder.startswith("../"):
                found.setdefault(folder, line)
    return found


def _below(folder: str, changed: list[str]) -> bool:
    """Say whether anything in a folder is among the paths that changed, which are sorted."""
    if folder == ".":
        return bool(changed)
    at = bisect_left(changed, folder)
    return any(
        path == folder or path.startswith(f"{folder}/")
        for path in takewhile(lambda path: path.startswith(folder), changed[at:])
    )


def _directly_in(folder: str, changed: list[str]) -> list[str]:
    inside = "" if folder == "." else folder
    return [path for path in changed if posixpath.dirname(path) == inside]


def _paired(
    was: Mapping[str, Local], now: Mapping[str, Local], before: Commit, after: Commit
) -> list[tuple[str, str]]:
    """Return which path of the old revision each of the new one replaces; "" for none.

    An archive is named after its release, so that another one of the same distribution has
    another path.
    """
    found = [(path, path) for path in sorted(was.keys() & now.keys())]
    gone = {path for path in was.keys() - now.keys() if before.has(path)}
    for path in sorted(now.keys() - was.keys()):
        if after.has(path):
            name = _name_of(path)
            other = next((each for each in sorted(gone) if name and name == _name_of(each)), "")
            gone.discard(other)
            found.append((other, path))
    return [*found, *((path, "") for path in sorted(gone))]


def _name_of(path: str) -> str:
    return release_of(path.rpartition("/")[2])[0]


def _raise(error: SourceError) -> Artifact:
    raise error


def _what(old: str, new: str) -> What:
    if not old or not new:
        return "removed" if old else "added"
    one, two = parse(old), parse(new)
    if one is None or two is None or one == two:
        return "same version, other files"
    return "upgraded" if one < two else "downgraded"
