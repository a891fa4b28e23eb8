"""Every plugin whose pin changed between two revisions of a repository, reviewed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from stigmem_review import host
from stigmem_review.case import build_pin_case
from stigmem_review.document import (
    Bump,
    BumpReport,
    Compared,
    Line,
    Policed,
    Report,
    build_bump_report,
)
from stigmem_review.errors import MismatchError, PolicyError, SourceError
from stigmem_review.facts import (
    Fact,
    IndexOptionChanged,
    PinLoosened,
    PinMismatch,
    PinsDisagree,
    PinUnhashed,
    PolicyChanged,
    RequirementUnpinned,
)
from stigmem_review.manifest.declares import declares_plugin
from stigmem_review.model import Gap, Level, Location, Side, Source
from stigmem_review.pins.changes import PinChange, pin_changes
from stigmem_review.pins.model import Aside, Loose, Pin
from stigmem_review.pins.repository import Pins, read_pins, unread_locks, unread_pins
from stigmem_review.pipeline.reading import Opening, gap
from stigmem_review.pipeline.upgrade import review_releases
from stigmem_review.policy import POLICY_FILE, Policy, node_version, parse_policy, tightened
from stigmem_review.rulebook import Finding, judge, shipped_rules
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.sources.request import open_pinned
from stigmem_review.text import Message, Segment
from stigmem_review.verdict import State

_NODE = "stigmem-node"


def bump(
    base: str,
    head: str = "HEAD",
    *,
    repository: str = ".",
    artifacts: str | None = None,
    policy: str | None = None,
    node: str | None = None,
    gate: Level | None = None,
    exact: bool = False,
) -> BumpReport:
    """Review every plugin whose pin changed between two revisions of a git repository.

    ``repository`` is a folder in it, ``artifacts`` a folder that holds the files of the releases
    (without one they come from the package index), ``policy`` the path of the policy in the tree
    of ``base``. ``node`` is the version of the node, ``gate`` may tighten the policy's. Where the
    two have gone different ways, ``head`` is taken for a branch to be merged, and compared with
    where they part; ``exact`` takes it for what is deployed in the place of ``base``.

    Raises ``SourceError`` where the revisions cannot be read, ``PolicyError`` for a policy in
    error, and ``UsageError`` for a node version nobody knows. Whatever else cannot be read makes
    the report incomplete.
    """
    opened = Repository(Path(repository))
    base_id, head_id = opened.commit(base), opened.commit(head)
    pins_from = base_id if exact else _pins_from(opened, base_id, head_id)
    before, after = opened.tree(pins_from), opened.tree(head_id)
    decided, policed = _policy(opened.tree(base_id), policy)
    changed = before.changed(after)
    old, new = (
        read_pins((*tree.paths, *tree.links), changed, tree.read) for tree in (before, after)
    )
    wanted = node_version(decided, node) or _pinned_node(new)
    terms = _Terms(
        host.node(wanted),
        shipped_rules().at_levels(decided.levels),
        tightened(decided, gate),
        Path(artifacts) if artifacts else None,
    )
    work = _Work(terms)
    work.review(old, new)
    work.look_at_lines(old, new)
    work.look_at_files(changed, policy or POLICY_FILE, old, new)
    for line in unread_pins(changed, new.files, before.read, after.read):
        work.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
    return build_bump_report(
        node=terms.node.version,
        compared=Compared(base_id, head_id, pins_from),
        policy=policed,
        bumps=tuple(work.bumps),
        findings=tuple(work.findings),
        gaps=tuple(work.gaps),
        others=tuple(work.others),
        as_before=tuple(work.as_before),
        files=new.files,
        rulebook=terms.rulebook,
        gate=terms.gate,
    )


def _pins_from(repository: Repository, base: str, head: str) -> str:
    """Return where a branch to be merged parts from its base.

    Going back to what the base already left behind is no merge, and is compared with the base.
    """
    parted = repository.merge_base(base, head)
    return base if parted in ("", head) else parted


class _Terms(NamedTuple):
    """What the reviews go by."""

    node: host.Node
    rulebook: Rulebook
    gate: Level
    folder: Path | None


class _Opened(NamedTuple):
    """One side of a bump: its files, or why they are not to be had; ``wanted`` names it."""

    wanted: str
    artifact: Artifact | None = None
    error: Exception | None = None

    def opening(self) -> Opening:
        return Opening(Source("wheel", self.wanted), self._again)

    def _again(self) -> Artifact:
        if self.artifact is None:
            raise self.error or SourceError(f"{self.wanted} was not opened")
        return self.artifact


class _Looked(NamedTuple):
    """Both sides of a bump; whether one of them is a plugin (``None``: nobody can say)."""

    old: _Opened
    new: _Opened
    is_plugin: bool | None


def _look(change: PinChange, folder: Path | None) -> _Looked:
    """Open both releases, and forget the files of what is no plugin."""
    old = _open(change.old, (), folder)
    new = _open(change.new, change.old.hashes if change.old else (), folder)
    known: list[bool | None] = []
    sides: list[_Opened] = []
    for side in (old, new):
        declares: bool | None = None
        try:
            declares = declares_plugin(side.artifact) if side.artifact else None
        except SourceError as error:
            side = _Opened(side.wanted, None, error)
        known.append(declares)
        sides.append(side)
    is_plugin = True if True in known else None if None in known else False
    if is_plugin is False:
        sides = [_Opened(side.wanted) for side in sides]
    return _Looked(sides[0], sides[1], is_plugin)


def _open(pin: Pin | None, before: tuple[str, ...], folder: Path | None) -> _Opened:
    if pin is None:
        return _Opened("none", Artifact(Source("none", "none")))
    # Of files that were allowed before, nobody needs to be told.
    hashes = tuple(each for each in pin.hashes if each not in before) or pin.hashes
    wanted = _wanted(pin)
    try:
        return _Opened(wanted, open_pinned(wanted, pin.name, Version(pin.version), hashes, folder))
    except Exception as error:
        return _Opened(wanted, None, error)


class _Work:
    """Collects what the report says."""

    def __init__(self, terms: _Terms) -> None:
        self._terms = terms
        self.bumps: list[Bump] = []
        self.findings: list[Finding] = []
        self.gaps: list[Gap] = []
        self.others: list[Line] = []
        self.as_before: list[Line] = []
        self._plugins: set[str] = set()
        self._moved = False

    # The pins

    def review(self, old: Pins, new: Pins) -> None:
        """Review every plugin whose pin changed."""
        moves = pin_changes(old.pins, new.pins)
        self._moved = bool(moves)
        open_again = {each.name for each in new.loose}
        # An index takes its time, and a bot can bump fifty libraries at once.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            looked = pool.map(_look, moves, repeat(self._terms.folder))
            for change, found in zip(moves, looked, strict=True):
                self._change(change, found, change.new is None and change.name in open_again)
        for name in sorted(self._plugins):
            self._unhashed(name, old, new)
            self._disagreeing(name, old, new)
        self.bumps.sort(key=lambda each: (_WEIGHT.index(each.state), each.plugin))

    def _change(self, change: PinChange, found: _Looked, loosened: bool) -> None:
        mismatch = found.new.error
        if isinstance(mismatch, MismatchError) and change.new:
            self._mismatch(change, change.new, mismatch)
        elif found.is_plugin:
            self._plugins.add(change.name)
            if not loosened:
                terms = self._terms
                openings: dict[Side, Opening] = {
                    "old": found.old.opening(),
                    "new": found.new.opening(),
                }
                report = review_releases(openings, terms.node, terms.rulebook, terms.gate)
                self.bumps.append(_bump(change, report.verdict.state, report))
        elif found.is_plugin is False:
            self.others.append(Line(change.name, _moved(change)))
        else:
            self._undecided(change, found)

    def _mismatch(self, change: PinChange, pin: Pin, error: MismatchError) -> None:
        listed = tuple(f"{file} {digest}" for file, digest in error.found)
        fact = PinMismatch(item=_wanted(pin), expected=error.expected, found=listed, at=pin.at)
        self._judge(change.name, fact)
        self.bumps.append(_bump(change, "blocked", None))

    def _undecided(self, change: PinChange, found: _Looked) -> None:
        errors = [(each.wanted, each.error) for each in (found.old, found.new) if each.error]
        for wanted, error in errors:
            self.gaps.append(
                gap(f"{wanted}, of which nobody can say whether it is a plugin", error)
            )
        if not errors:
            self.gaps.append(
                Gap(
                    change.name,
                    "nobody can say whether it is a plugin: its entry points are known only once "
                    "it is built",
                    "pin a release that has a wheel, or put one into the folder of artifacts",
                )
            )

    def _unhashed(self, name: str, old: Pins, new: Pins) -> None:
        pins = [pin for pin in new.pins if pin.name == name]
        before = any(pin.name == name and not pin.hashes for pin in old.pins)
        hashed = {pin.version for pin in pins if pin.hashes}
        for pin in pins:
            # A constraint says which release, and the requirement beside it which files.
            if not pin.hashes and not (pin.version in hashed and "constraint" in pin.at.path):
                if before:
                    text = (Segment("pinned without a hash, as before"),)
                    self.as_before.append(Line(_wanted(pin), text))
                self._judge(name, PinUnhashed(item=_wanted(pin), before=before, at=pin.at))

    def _disagreeing(self, name: str, old: Pins, new: Pins) -> None:
        was, now = (_first_pins(name, pins) for pins in (old, new))
        if len(now) > 1 and now.keys() != was.keys():
            listed = tuple(f"{_wanted(pin)} ({pin.at})" for pin in now.values())
            at = next(iter(now.values())).at
            self._judge(name, PinsDisagree(item=name, pins=listed, at=at))

    # The lines beside the pins

    def look_at_lines(self, old: Pins, new: Pins) -> None:
        """Judge what the files say beside the pins, as far as it changed."""
        for line in new.unreadable:
            self.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
        known = {_key(line) for line in old.unfollowed}
        for line in new.unfollowed:
            if _key(line) in known:
                says = (Segment(line.text, theirs=True), Segment(f": {line.why}, as before"))
                self.as_before.append(Line(str(line.at), says))
            else:
                self.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
        self._loose(old, new)
        was, now = ({_key(line): line for line in pins.options} for pins in (old, new))
        for key, line in now.items():
            if key not in was:
                self._judge("", IndexOptionChanged(item=line.text, added=True, at=line.at))
        for key, line in was.items():
            if key not in now:
                fact = IndexOptionChanged(item=line.text, added=False, at=line.at, side="old")
                self._judge("", fact)

    def _loose(self, old: Pins, new: Pins) -> None:
        pinned = {pin.name for pin in new.pins}
        known = {_key(line) for line in old.loose}
        was = {pin.name: pin for pin in old.pins}
        for line in new.loose:
            if line.name in pinned:
                continue
            if line.name in self._plugins and line.name in was:
                fact: Fact = PinLoosened(item=line.text, was=_wanted(was[line.name]), at=line.at)
            elif _key(line) in known:
                says = (
                    Segment(line.text, theirs=True),
                    Segment(": it names no single release, as before"),
                )
                self.as_before.append(Line(str(line.at), says))
                continue
            else:
                fact = RequirementUnpinned(item=line.text, name=line.name, at=line.at)
            self._judge(line.name, fact)

    def look_at_files(self, changed: list[str], policy: str, old: Pins, new: Pins) -> None:
        """Judge which files changed, whatever they say."""
        for path in unread_locks(changed):
            self.gaps.append(
                Gap(
                    path,
                    "it changed, and this version reads requirements files only",
                    "export it to a requirements file with hashes, and deploy from that",
                )
            )
        if policy in changed:
            at = Location(policy)
            self._judge("", PolicyChanged(item=policy, with_pins=self._moved, at=at))
        if not old.files and not new.files:
            self.gaps.append(
                Gap(
                    "pins",
                    "neither revision has a requirements file, so nothing was reviewed",
                    "name the file requirements.txt, or requirements-NAME.txt",
                )
            )

    def _judge(self, name: str, fact: Fact) -> None:
        case = build_pin_case(name or "this repository", self._terms.node)
        self.findings += judge((fact,), case, self._terms.rulebook)


_AT_ONCE = 4
"""Releases that are fetched side by side: each may take 256 MiB of memory."""

_WEIGHT = ("incomplete", "blocked", "needs approval", "clear")


def _bump(change: PinChange, state: State, report: Report | None) -> Bump:
    pin = change.new or change.old
    return Bump(
        plugin=change.name,
        what=change.what,
        old=change.old.version if change.old else "",
        new=change.new.version if change.new else "",
        at=pin.at if pin else Location(""),
        state=state,
        report=report,
    )


def _moved(change: PinChange) -> Message:
    old, new = (pin.version if pin else "none" for pin in (change.old, change.new))
    return (
        Segment(f"{change.what}, "),
        Segment(f"{old} -> {new}", theirs=True),
        Segment("; it is no plugin"),
    )


def _wanted(pin: Pin) -> str:
    return f"{pin.name}=={pin.version}"


def _first_pins(name: str, pins: Pins) -> dict[str, Pin]:
    """Return the first pin of each release of a distribution, by version."""
    found: dict[str, Pin] = {}
    for pin in pins.pins:
        if pin.name == name:
            found.setdefault(pin.version, pin)
    return found


def _key(line: Aside | Loose) -> tuple[str, str]:
    return line.at.path, line.text


def _pinned_node(pins: Pins) -> str | None:
    """Return the node release that is pinned beside the plugins, if it is one."""
    found = {pin.version for pin in pins.pins if pin.name == _NODE}
    return found.pop() if len(found) == 1 else None


def _policy(tree: Tree, asked: str | None) -> tuple[Policy, Policed]:
    path = asked or POLICY_FILE
    data = tree.read(path)
    if data is None:
        if asked:
            raise PolicyError(
                f"there is no policy {asked} in the base; a policy counts once it is there"
            )
        return Policy(), Policed("", "")
    return parse_policy(data, path), Policed(path, hashlib.sha256(data).hexdigest())
