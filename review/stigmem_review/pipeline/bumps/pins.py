"""Every plugin whose pin changed, reviewed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stigmem_review.document.bump import Bump
from stigmem_review.document.parts import Line, Report
from stigmem_review.errors import LateError, MismatchError
from stigmem_review.facts import (
    ConflictingPins,
    ExtrasChanged,
    Fact,
    HashUnknown,
    PinMismatch,
    PinUnhashed,
    ReleaseYanked,
)
from stigmem_review.markers import OLDEST
from stigmem_review.model import Gap, Side
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.changes import PinChange, by_name, pin_changes
from stigmem_review.pins.configured import place, places_of
from stigmem_review.pins.formats.locks import REGISTRY
from stigmem_review.pins.model import Aside, Pin
from stigmem_review.pins.repository import Pins, without_hash
from stigmem_review.pipeline.bumps.at_hand import is_at_hand, left_to_others
from stigmem_review.pipeline.bumps.nodes import NODE, Pair
from stigmem_review.pipeline.bumps.releases import Looked, Places, let_go, look_at_all
from stigmem_review.pipeline.bumps.work import Work, few, key, pinned, wanted
from stigmem_review.pipeline.reading import Opening, gap
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import State
from stigmem_review.versions import parse

if TYPE_CHECKING:
    from packaging.version import Version

_INDEX_OPTIONS = (REGISTRY, "--index-url", "--extra-index-url", "--find-links")


def review_pins(work: Work, existed: set[str], exist: set[str]) -> None:
    """Review every plugin whose pin changed; the sets are the files of both revisions."""
    _Pins(work).review(existed, exist)


def look_behind(work: Work, base: Pins) -> None:
    """Say what the base pins otherwise by now: a merge keeps it, a deployment would not."""
    mine = {(change.name, change.new) for change in pin_changes(work.old.pins, work.new.pins)}
    for change in pin_changes(base.pins, work.new.pins):
        if change.is_same:
            continue
        if change.old and (change.name, change.new) not in mine:
            now = wanted(change.new) if change.new else "no pin"
            work.as_before.append(
                Line(
                    wanted(change.old),
                    (
                        Segment("the base has moved on to it, and HEAD has "),
                        Segment(now, theirs=True),
                        Segment("; --exact reviews HEAD as it is"),
                    ),
                )
            )


class _Pins:
    """The pins of both revisions, and what is said of them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._building = _building(work.new.options)
        self._maybe = {*work.old.mentioned, *work.new.mentioned}

    def review(self, existed: set[str], exist: set[str]) -> None:
        """Review every plugin whose pin changed; the sets are the files of both revisions."""
        old, new = self._work.old, self._work.new
        moves = pin_changes(
            (*old.pins, *old.mentioned),
            (*new.pins, *new.mentioned),
            gone=existed - exist,
            come=exist - existed,
            beside=self._work.nodes.beside if self._work.nodes.moves else None,
        )
        same = [each for each in moves if each.is_same]
        moves = tuple(each for each in moves if not each.is_same)
        left = left_to_others(self._work, moves) if self._work.at_hand_alone else frozenset()
        again = [*self._on_another_node(same)]
        self._work.divide(each.name for each in (*moves, *again))
        self._work.looked_at.update(
            each.new.at for each in moves if each.new and each.name in self._work.elsewhere
        )
        self._work.moved = bool(moves)
        self._work.reviewed = {
            (each.name, parse(each.new.version))
            for each in moves
            # Without a folder, what an address names is not opened.
            if each.new and (not each.new.url or self._work.folder)
        }
        open_again = {(each.at.path, each.name) for each in new.loose}
        # An index takes its time, and a bot can bump fifty libraries at once.
        pins = self._work.terms.pins
        places = Places(
            self._work.network, self._work.folder, not pins.whole_files, self._building.keys()
        )
        near = [
            each
            for each in (*moves, *again)
            if each not in left and each.name not in self._work.elsewhere
        ]
        each_listed = ((each, not self._is_maybe(each)) for each in near)
        with closing(look_at_all(each_listed, places)) as looked:
            for change, found in looked:
                stood = change.old and (change.old.at.path, change.name)
                if change.is_same:
                    self._same(change, found)
                else:
                    self._change(change, found, change.new is None and stood in open_again)
                for side in (found.old, found.new):
                    let_go(side.error)
        was, now = by_name(old.pins), by_name(new.pins)
        were, are = (by_name((*each.pins, *each.mentioned)) for each in (old, new))
        for name in sorted(self._work.plugins):
            self._unhashed(name, were.get(name, []), are.get(name, []))
            self._disagreeing(name, was.get(name, []), now.get(name, []))
            self._built(name)
        self._elsewhere(moves)
        self._idle()
        self._went(each for each in same if not each.stays)

    def _on_another_node(self, same: list[PinChange]) -> Iterator[PinChange]:
        """Yield what is pinned as before, beside a node that is not."""
        for each in same:
            if each.name == NODE or not any(pair.moves for pair in self._beside(each)):
                continue
            if not self._work.at_hand_alone or is_at_hand(each, self._work.folder):
                yield each

    def _beside(self, change: PinChange) -> tuple[Pair, ...]:
        return self._work.nodes.beside(change.old, change.new)

    def _same(self, change: PinChange, found: Looked) -> None:
        """Review a release for the node that it is beside now, where that is a plugin."""
        if found.is_plugin:
            for pair in self._beside(change):
                report = self._reviewed(change, found, pair)
                if report.findings or report.gaps:
                    each = _bump(change, report.verdict.state, report)
                    self._work.bumps.append(replace(each, what="same release, other node"))
                else:
                    self._work.as_fine.setdefault(pair, []).append(wanted(change.pin))
        elif found.is_plugin is False:
            self._work.by_contents += found.by_contents
        elif isinstance(found.new.error, LateError):
            self._work.late.append(found.new.wanted)
        elif not found.new.file and self._is_maybe(change):
            self._missing(change.pin)
        else:
            name, error = found.new.wanted, found.new.error
            self._work.untold.append((name, gap(name, error).why if error else ""))

    def _reviewed(self, change: PinChange, found: Looked, pair: Pair) -> Report:
        openings: dict[Side, Opening] = {"old": found.old.opening(), "new": found.new.opening()}
        one, two = (each.again(self._work.shown) for each in (found.old, found.new))
        return self._work.review(openings, one, two, pair, change.pin.at.path)

    def _missing(self, pin: Pin) -> None:
        self._work.not_found.append(f"{wanted(pin)} ({pin.at})")

    def _change(self, change: PinChange, found: Looked, loosened: bool) -> None:
        if change.new and not change.new.hashes and found.new.file in self._work.brought:
            self._believed(change.new, found.new.file)
        if change.new:
            self._said_of_it(change, change.new, found)
        mismatch = found.new.error
        if isinstance(mismatch, MismatchError) and change.new and not change.new.url:
            self._mismatch(change, change.new, mismatch)
        elif found.is_plugin:
            self._work.plugins.add(change.name)
            for pair in () if loosened else self._beside(change):
                report = self._reviewed(change, found, pair)
                self._work.bumps.append(_bump(change, report.verdict.state, report))
        elif found.is_plugin is False:
            self._work.by_contents += found.by_contents
            if not self._is_maybe(change):
                self._work.others.append(Line(change.name, _moved(change, found)))
        elif not (found.new if change.new else found.old).file and self._may_be_none(change):
            self._missing(change.pin)
            if change.new:
                self._work.reviewed.discard((change.name, parse(change.new.version)))
            return
        else:
            self._undecided(change, found)
        if change.new:
            self._work.looked_at.add(change.new.at)

    def _went(self, moves: Iterable[PinChange]) -> None:
        """Say which pins stand in another file now, as they were."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in moves:
            if each.old and each.new:
                way = each.old.at.path, each.new.at.path
                found.setdefault(way, []).append(wanted(each.new))
        for (old, new), pins in found.items():
            says = (
                Segment("the same releases stand there that stood in "),
                Segment(old, theirs=True),
                Segment(": "),
                *few(pins),
            )
            self._work.others.append(Line(new, says))

    def _is_maybe(self, change: PinChange) -> bool:
        return change.pin in self._maybe

    def _may_be_none(self, change: PinChange) -> bool:
        """Say whether nothing may be pinned: what an installer gets by its address is something."""
        return self._is_maybe(change) and not (change.new and "://" in change.new.url)

    def _believed(self, pin: Pin, file: str) -> None:
        """Note that what was read comes with the change, and may not be what is installed."""
        places = {line.text.removeprefix("--find-links ") for line in self._work.new.options}
        if not any(self._work.shown and _same_path(self._work.shown, place) for place in places):
            why = f"its file {file} comes with this change, and no hash of the pin says that it is"
            do = "add its hash to the pin, or review the file that is installed"
            self._work.gaps.append(Gap(wanted(pin), why, do))

    def _said_of_it(self, change: PinChange, pin: Pin, found: Looked) -> None:
        """Judge what the index, and the pin itself, say of a release that is new."""
        old, now = pinned(filter(None, (change.old,))), pinned((pin,))
        if found.unknown:
            fact: Fact = HashUnknown(item=wanted(pin), hashes=found.unknown, at=pin.at)
            self._work.judge(change.name, fact, old, now)
        if not found.is_plugin:
            return
        if found.yanked is not None and change.what != "same version, other extras":
            fact = ReleaseYanked(item=wanted(pin), why=found.yanked, at=pin.at)
            self._work.judge(change.name, fact, old, now)
        if change.old and change.old.extras != pin.extras:
            was, are = {*change.old.extras}, {*pin.extras}
            fact = ExtrasChanged(
                item=wanted(pin),
                added=tuple(sorted(are - was)),
                removed=tuple(sorted(was - are)),
                at=pin.at,
            )
            self._work.judge(change.name, fact, old, now)

    def _mismatch(self, change: PinChange, pin: Pin, error: MismatchError) -> None:
        listed = tuple(f"{file} {digest}" for file, digest in error.found)
        fact = PinMismatch(item=wanted(pin), expected=error.expected, found=listed, at=pin.at)
        self._work.judge(change.name, fact)
        self._work.bumps.append(_bump(change, "blocked", None))

    def _undecided(self, change: PinChange, found: Looked) -> None:
        errors = [(each.wanted, each.error) for each in (found.old, found.new) if each.error]
        late = [asked for asked, error in errors if isinstance(error, LateError)]
        if late:
            self._work.late += late
            return
        for asked, error in errors:
            self._work.gaps.append(gap(f"{asked}, which may be a plugin", error))
        if not errors:
            self._work.gaps.append(
                Gap(
                    change.name,
                    "it may be a plugin: its entry points are known only once it is built",
                    "pin a release that has a wheel, or put one into the folder of artifacts",
                )
            )

    def _unhashed(self, name: str, old: list[Pin], new: list[Pin]) -> None:
        before = any(not pin.hashes for pin in old)
        for pin in without_hash(new):
            if before:
                text = (Segment("pinned without a hash, as before"),)
                self._work.as_before.append(Line(wanted(pin), text))
            fact = PinUnhashed(item=wanted(pin), before=before, at=pin.at)
            stood = pinned(each for each in old if each.at.path == pin.at.path)
            self._work.judge(name, fact, stood, pinned((pin,)))

    def _disagreeing(self, name: str, old: list[Pin], new: list[Pin]) -> None:
        was, now = _first_pins(old), _first_pins(new)
        if len(now) > 1 and now.keys() != was.keys():
            listed = tuple(f"{wanted(pin)} ({pin.at.path})" for pin in now.values())
            at = next(iter(now.values())).at
            fact = ConflictingPins(item=name, pins=listed, at=at)
            self._work.judge(name, fact, pinned(was.values()), pinned(now.values()))

    def _built(self, name: str) -> None:
        """Note that installers are told to build a plugin, which gives what nobody reviewed."""
        for line in (*self._building.get(":all:", ()), *self._building.get(name, ())):
            why = f"{line.text}: installers build {name}, and what a build gives is not reviewed"
            self._work.gaps.append(Gap(str(line.at), why, "install its wheel"))

    def _elsewhere(self, moves: tuple[PinChange, ...]) -> None:
        """Note that installers look where this review did not for plugins that no hash binds."""
        if self._work.folder is not None or not any(
            each.new and not each.new.hashes and each.name in self._work.plugins for each in moves
        ):
            return
        from stigmem_review.sources.listing import places

        read = set(map(place, places(self._work.network.config)))
        unread = [
            line
            for line in self._work.new.options
            if line.text.startswith(_INDEX_OPTIONS) and not read.issuperset(places_of(line.text))
        ]
        if unread:
            self._work.gaps.append(
                Gap(
                    str(unread[0].at),
                    f"{unread[0].text}: installers look there, this review did not, and plugins "
                    "that changed have no hash that says which file is meant",
                    "add hashes, configure pip with that index, or give the files as artifacts",
                )
            )

    def _idle(self) -> None:
        """Say which changed pins nobody reviewed, because no node installs them."""
        old, new = self._work.old, self._work.new
        changes = (each for each in pin_changes(old.idle, new.idle) if not each.is_same)
        idle = [(wanted(each.pin), each.pin.marker) for each in changes]
        known = set(map(key, old.open_idle))
        idle += [(each.name, each.marker) for each in new.open_idle if key(each) not in known]
        oldest = ".".join(map(str, OLDEST[:2]))
        for what, marker in idle:
            says = (
                Segment("the node does not install it: it runs on Python "),
                Segment(f"{oldest} or newer, or as the policy says, and it stands where "),
                Segment(marker, theirs=True),
            )
            self._work.others.append(Line(what, says))


def _bump(change: PinChange, state: State, report: Report | None) -> Bump:
    return Bump(
        plugin=change.name,
        what=change.what,
        old=change.old.version if change.old else "",
        new=change.new.version if change.new else "",
        at=change.pin.at,
        state=state,
        report=report,
    )


def _moved(change: PinChange, found: Looked) -> Message:
    old, new = (pin.version if pin else "none" for pin in (change.old, change.new))
    if not found.is_certain:
        says = [
            Segment(
                "; it is no plugin as far as anybody can tell: its build could compute entry "
                "points, and it names the host nowhere"
            )
        ]
    elif found.elsewhere:
        says = [Segment("; it is not among the artifacts, and in the index it is no plugin")]
    else:
        says = [Segment("; it is no plugin")]
    if found.yanked is not None:
        says += [Segment("; the index says it was yanked: "), Segment(found.yanked, theirs=True)]
    return (
        Segment(f"{change.what}, "),
        Segment(f"{old} -> {new}", theirs=True),
        *says,
    )


def _first_pins(pins: list[Pin]) -> dict[Version | None, Pin]:
    """Return the first pin of each release of a distribution, by version."""
    found: dict[Version | None, Pin] = {}
    for pin in pins:
        found.setdefault(parse(pin.version), pin)
    return found


def _building(options: Iterable[Aside]) -> dict[str, list[Aside]]:
    """Return the lines that tell installers to build a distribution, by its name."""
    found: dict[str, list[Aside]] = {}
    for line in options:
        if line.text.startswith("--no-binary "):
            named = line.text.removeprefix("--no-binary ").split(",")
            for name in [":all:"] if ":all:" in named else set(map(canonicalize_name, named)):
                found.setdefault(name, []).append(line)
    return found


def _same_path(one: str, other: str) -> bool:
    return posixpath.normpath(one) == posixpath.normpath(other.removeprefix("file:"))
