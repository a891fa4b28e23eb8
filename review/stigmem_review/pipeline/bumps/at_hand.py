"""Pins whose files are not at hand, where no index may be asked: what they say by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from stigmem_review.facts import PinUnhashed
from stigmem_review.pins.changes import PinChange, by_name
from stigmem_review.pins.model import Pin
from stigmem_review.pins.repository import without_hash
from stigmem_review.pipeline.bumps.work import Work, pinned, wanted
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.request import release_of
from stigmem_review.versions import parse


def left_to_others(work: Work, moves: Iterable[PinChange]) -> frozenset[PinChange]:
    """Return the moves whose files are not at hand, having judged what their pins say.

    Each of them can be a plugin's, which another review finds out.
    """
    left = {each: None for each in moves if not is_at_hand(each, work.folder)}
    for change in left:
        work.left.append(wanted(change.pin))
        if change.new:
            work.looked_at.add(change.new.at)
    _judge_hashes(work, left)
    return frozenset(left)


def is_at_hand(change: PinChange, folder: Folder | None) -> bool:
    """Say whether the folder of artifacts has files of what moves."""
    return all(_is_at_hand(pin, folder) for pin in (change.old, change.new) if pin)


def _is_at_hand(pin: Pin, folder: Folder | None) -> bool:
    if folder is None:
        return False
    try:
        named = folder.named(pin.name)
    except OSError:
        return True  # whoever looks for it there says what is wrong
    return any(release_of(file.name)[1] == parse(pin.version) for file in named)


def _judge_hashes(work: Work, left: Iterable[PinChange]) -> None:
    """Judge pins without a hash where one is expected: it had one, or its file has no other such.

    A list in which pins have no hashes was that of somebody who does without.
    """
    was, now = by_name(work.old.pins), by_name(work.new.pins)
    without = {pin.at.path for pin in work.old.pins if not pin.hashes}
    for change in left:
        for pin in without_hash(now.get(change.name, [])):
            stood = [each for each in was.get(change.name, []) if each.at.path == pin.at.path]
            stood = stood or [each for each in [change.old] if each]
            bare = any(not each.hashes for each in stood)
            before = bare if stood else pin.at.path in without
            fact = PinUnhashed(item=wanted(pin), before=before, at=pin.at)
            work.judge(change.name, fact, pinned(stood), pinned((pin,)))
