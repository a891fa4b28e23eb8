"""The whole source diff: what differs of two releases and can run, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stigmem_review import limits
from stigmem_review.code.lines import Row, changes, lines_of, together
from stigmem_review.code.written import Written
from stigmem_review.document.evidence import AROUND, hunk, runs
from stigmem_review.document.parts import Size
from stigmem_review.model import FileChange, FileDiff, Known, Release, Side, SourceDiff
from stigmem_review.rulebook import Finding

_SITE = "site-packages/"


def source_diff(
    releases: Mapping[Side, Release],
    written: Mapping[Side, Written],
    findings: Iterable[Finding],
) -> SourceDiff:
    """Return what differs of the files that can run, from what was kept of both releases."""
    if any(each.source.kind == "capture" for each in releases.values()):
        return SourceDiff(why="a capture carries no code")
    held = {side: _digests(release, written[side]) for side, release in releases.items()}
    places = held["old"].keys() | held["new"].keys()
    differing = {each for each in places if held["old"].get(each) != held["new"].get(each)}
    running = {each for release in releases.values() for each in _running(release)}
    shown = {each for each in differing if _can_run(each) or each in running}
    order = [each for each in _found(findings, written) if each in shown]
    order += sorted(shown.difference(order))
    files = tuple(_files(list(dict.fromkeys(order)), held, written))
    return SourceDiff(files, len(differing) - len(shown))


def size(releases: Mapping[Side, Release], written: Mapping[Side, Written]) -> Size | None:
    """Return how much of the code and data differs; nothing where a side carries no files."""
    if any(each.source.kind == "capture" for each in releases.values()):
        return None
    held = {side: _digests(release, written[side]) for side, release in releases.items()}
    old, new = held["old"], held["new"]
    differing = [each for each in old.keys() | new.keys() if old.get(each) != new.get(each)]
    added = removed = uncounted = 0
    left = limits.HELD_LINES
    for place in sorted(differing):
        texts = [
            written[side].files.get(place) if place in digests else b""
            for side, digests in held.items()
        ]
        if None in texts or left < 0:
            uncounted += 1
            continue
        one, two = (lines_of(each or b"") for each in texts)
        left -= len(one) + len(two)
        for each in changes(one, two):
            removed += each.old_end - each.old
            added += each.new_end - each.new
    return Size(len(differing), added, removed, uncounted)


def _digests(release: Release, written: Written) -> dict[str, str]:
    """Return the digest of each file by its place: what is installed, and what a build runs."""
    found = {
        written.places.get(part.name, part.name): part.sha256
        for step in release.builds
        for part in step.parts
    }
    if isinstance(release.package, Known):
        found |= {_SITE + place: digest for place, digest in release.package.value.items()}
    if isinstance(release.outside, Known):
        found |= release.outside.value
    return found


def _running(release: Release) -> Iterator[str]:
    """Yield the places of files that can run though their names do not say so."""
    for each in release.observed:
        if each.kind == "unexpected-file":
            yield _SITE + each.item
    for step in release.builds:
        yield from (part.name for part in step.parts)


def _can_run(place: str) -> bool:
    return place.endswith((".py", ".pth")) or place.startswith("scripts/")


def _found(findings: Iterable[Finding], written: Mapping[Side, Written]) -> Iterator[str]:
    """Yield the places of the files that findings are about, in their order."""
    for each in findings:
        if each.at is not None:
            place = written[each.side or "new"].places.get(each.at.path)
            if place is not None:
                yield place


def _files(
    places: list[str], held: Mapping[Side, Mapping[str, str]], written: Mapping[Side, Written]
) -> Iterator[FileDiff]:
    room, left = limits.DIFF_LINES, limits.HELD_LINES
    for place in places:
        has = {side: place in held[side] for side in held}
        side: Side = "new" if has["new"] else "old"
        path = written[side].shown.get(place, place.removeprefix(_SITE))
        gained: FileChange = "added" if has["new"] else "removed"
        change = "changed" if all(has.values()) else gained
        texts = {each: written[each].files.get(place) for each in has if has[each]}
        if None in texts.values():
            yield FileDiff(path, change, why="it is no text, or too large to be shown")
            continue
        one, two = (lines_of(texts.get(each) or b"") for each in ("old", "new"))
        left -= len(one) + len(two)
        if left < 0 or room <= 0:
            yield FileDiff(path, change, why="there is more than is shown at once")
            continue
        rows = together(one, two, changes(one, two))
        kept = sorted(_kept(rows))
        if not kept:
            yield FileDiff(path, change, why="only line ends differ" if rows else "it is empty")
            continue
        shown = kept[:room]
        room -= len(shown)
        hunks = tuple(hunk([rows[index] for index in run]) for run in runs(shown))
        yield FileDiff(path, change, hunks, more=len(kept) - len(shown))


def _kept(rows: list[Row]) -> set[int]:
    """Return the rows that changed, and those around them."""
    last = len(rows)
    return {
        near
        for index, row in enumerate(rows)
        if row.sign != " "
        for near in range(max(0, index - AROUND), min(index + AROUND + 1, last))
    }
