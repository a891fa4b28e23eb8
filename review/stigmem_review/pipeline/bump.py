"""Every plugin whose pin changed between two revisions of a repository, reviewed."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import date
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from stigmem_review import host
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.case import build_pin_case
from stigmem_review.document.approvals import Asked
from stigmem_review.document.bump import Bump, BumpReport, Compared, build_bump_report
from stigmem_review.document.parts import Line, Report
from stigmem_review.errors import MismatchError, PolicyError, SourceError, UsageError, reason
from stigmem_review.facts import (
    CheckLoosened,
    Fact,
    IndexOptionChanged,
    PinLoosened,
    PinMismatch,
    PinsDisagree,
    PinUnhashed,
    PolicyBroken,
    PolicyChanged,
    RequirementUnpinned,
    SigningLoosened,
)
from stigmem_review.manifest.declares import is_about_plugin, registers_plugin
from stigmem_review.markers import OLDEST
from stigmem_review.model import Gap, Level, Location, Side, Source, SourceKind
from stigmem_review.pins.changes import PinChange, What, pin_changes
from stigmem_review.pins.configured import (
    JUDGED,
    Setting,
    changed_settings,
    is_looser,
    loosened_checks,
    values_of,
)
from stigmem_review.pins.formats import format_of
from stigmem_review.pins.formats.locks import REGISTRY
from stigmem_review.pins.model import Aside, Known, Local, Loose, Pin, Read
from stigmem_review.pins.repository import (
    Pins,
    find_lists,
    is_constraint,
    read_pins,
    unread_pins,
)
from stigmem_review.pipeline.reading import Opening, gap
from stigmem_review.pipeline.terms import (
    Terms,
    find_policy,
    from_tree,
    in_tree,
    read_decisions,
    read_records,
)
from stigmem_review.pipeline.upgrade import review_releases
from stigmem_review.policy.file import is_policy, parse_policy, policy_of
from stigmem_review.policy.settings import takes_more
from stigmem_review.rulebook import Finding
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.sources.request import Found, find_in_memory, find_pinned, release_of
from stigmem_review.sources.tree import PROJECT_FILES
from stigmem_review.text import Message, Segment, shorten
from stigmem_review.verdict import State
from stigmem_review.versions import parse

_NODE = "stigmem-node"

_IN_THE_BASE = "in the base; it counts once it is there"
"""Where a file is not, in words."""


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
    env_file: str | None = None,
    environment: Mapping[str, str] | None = None,
    trust_root: str | None = None,
    approvals: str | None = None,
    today: date | None = None,
) -> BumpReport:
    """Review every plugin whose pin changed between two revisions of a git repository.

    ``repository`` is a folder in it, ``artifacts`` a folder that holds the files of the releases
    (without one they come from the package index), ``policy`` the path of the policy in the tree
    of ``base``. ``node`` is the version of the node, ``gate`` may tighten the policy's. Where the
    two have gone different ways, ``head`` is taken for a branch to be merged, and compared with
    where they part; ``exact`` takes it for what is deployed in the place of ``base``. The node's
    settings are read from ``env_file``, or else from ``environment``; ``trust_root`` is that of a
    private Sigstore instance. Both are paths in the tree of ``base``. What was accepted is read
    from the path ``approvals`` (without one: beside the policy, where it is) in the tree of
    ``base``, and held to the day ``today`` (UTC); without a day nothing is approved.

    Raises ``UsageError`` where there is no such repository, revision, folder or node version,
    ``PolicyError`` for a policy or settings in error, ``ApprovalsError`` for approvals in error,
    ``SigningError`` for a root that is none,
    and ``SourceError`` where a revision's list of files cannot be read. Whatever else cannot be
    read makes the report incomplete.
    """
    folder = None if artifacts is None else _folder(artifacts)
    try:
        opened = Repository(Path(repository))
        base_id, head_id = opened.commit(base), opened.commit(head)
    except SourceError as error:
        raise UsageError(error.text) from None
    pins_from = base_id if exact else _pins_from(opened, base_id, head_id)
    base_tree, after = opened.tree(base_id), opened.tree(head_id)
    before = base_tree if pins_from == base_id else opened.tree(pins_from)
    looked: tuple[str, ...] = ()
    named = policy
    if policy is None:
        policy, looked = find_policy(_below_top(opened, repository), base_tree.read)
    else:
        policy = posixpath.normpath(policy)
    decisions = read_decisions(
        policy,
        env_file,
        environment or {},
        trust_root,
        partial(from_tree, base_tree, _IN_THE_BASE),
        partial(in_tree, base_tree, _IN_THE_BASE),
    )
    changed = before.changed(after)
    known: Known = {}
    for tree in (before, after):
        tree.read_ahead(filter(format_of, tree.paths))
        tree.read_ahead({*changed}.intersection(tree.paths))
    lists = find_lists(changed, before.read, after.read)
    old, new = (_pins(tree, lists, known, changed) for tree in (before, after))
    pinned = _pinned_node(new)
    asked = node or decisions.file.policy.node.version
    known_node = pinned if pinned in host.versions() else None
    terms = decisions.terms(node, gate, known_node, base=True)._replace(consulted=())
    consulted = list(decisions.consulted)
    accepted = approvals or posixpath.join(posixpath.dirname(policy or ""), APPROVALS_FILE)
    if today is not None and (approvals or base_tree.read(accepted) is not None):
        read_base = partial(from_tree, base_tree, _IN_THE_BASE)
        records, read = read_records(accepted, today, terms.limits, read_base)
        terms = terms._replace(approvals=records)
        consulted.append(read)
    given = {
        "--policy": named,
        "--env-file": env_file,
        "--trust-root": trust_root,
        "--approvals": approvals,
        "--fail-on": gate,
        "--node-version": terms.node.version,
    }
    again = tuple(word for name, value in given.items() if value for word in (name, value))
    work = _Work(terms, old, new, folder, again, _from_top(opened, artifacts))
    work.brought = _brought(opened, artifacts, changed)
    work.review(set(before.paths), set(after.paths))
    if pinned and not (asked or known_node) and work.bumps:
        work.gaps.append(
            Gap(
                f"{_NODE}=={pinned}",
                "it is pinned beside the plugins, and this version does not know that node",
                f"update stigmem-review, or accept a review for node {terms.node.version} with "
                "version below [node] in the policy",
            )
        )
    work.look_at_lines(changed, before.read, after.read)
    beside = sorted(set(changed).difference(old.files, new.files))
    work.look_at_settings(beside, before, after)
    work.look_at_folders(_Commit(pins_from, before), _Commit(head_id, after), changed)
    work.look_at_files()
    work.look_at_names(lists, after)
    for path in dict.fromkeys((*looked, *decisions.paths, accepted)):
        if path in after.paths and path not in changed:
            continue
        found = policy_of(after.read(path), path)
        if found not in (policy_of(tree.read(path), path) for tree in (base_tree, before)):
            work.policy_changed(path)
            if path in (*looked, decisions.file.path) and (why := _broken(after.read(path), path)):
                work.policy_broken(path, why)
    for rules in decisions.folders:
        if any(path.startswith(f"{rules}/") for path in changed):
            work.policy_changed(rules)
    for line in unread_pins(changed, new.files, before.read, after.read):
        if line.at in work.looked_at:
            continue
        work.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
    if pins_from != base_id:
        base_tree.read_ahead(filter(format_of, base_tree.paths))
        work.left_behind(_pins(base_tree, lists, known))
    return build_bump_report(
        node=terms.node.version,
        compared=Compared(base_id, head_id, pins_from),
        consulted=tuple(consulted),
        bumps=tuple(work.bumps),
        findings=tuple(work.findings),
        off=tuple(work.off),
        gaps=tuple(work.gaps),
        others=tuple(work.others),
        as_before=tuple(work.as_before),
        files=new.files,
        rulebook=terms.rulebook,
        gate=terms.gate,
    )


def _below_top(repository: Repository, folder: str) -> str:
    """Return where a folder lies in its repository; of a bare one, only the top is there."""
    if repository.top is None:
        return ""
    below = Path(folder).resolve().relative_to(repository.top).as_posix()
    return "" if below == "." else below


def _from_top(repository: Repository, artifacts: str | None) -> str | None:
    """Return a folder as whoever has the repository elsewhere can name it, where that is so."""
    if artifacts is None or repository.top is None or not Path(artifacts).is_absolute():
        return artifacts
    try:
        return Path(artifacts).resolve().relative_to(repository.top).as_posix()
    except ValueError:
        return artifacts


def _folder(artifacts: str) -> Folder:
    named = shorten(artifacts) or "(an empty path)"
    try:
        if artifacts and Path(artifacts).is_dir():
            return Folder(Path(artifacts))
    except (OSError, ValueError) as error:
        why = f"cannot be looked into: {reason(error)}"
        raise UsageError(f"the folder of artifacts {named} {why}; check the path") from None
    raise UsageError(f"there is no folder of artifacts {named}; check the path")


def _pins(tree: Tree, lists: frozenset[str], known: Known, changed: Collection[str] = ()) -> Pins:
    return read_pins((*tree.paths, *tree.links), lists, tree.read, known, changed)


def _pins_from(repository: Repository, base: str, head: str) -> str:
    """Return where a branch to be merged parts from its base.

    Going back to what the base already left behind is no merge, and is compared with the base.
    """
    parted = repository.merge_base(base, head)
    return base if parted in ("", head) else parted


class _Opened(NamedTuple):
    """One side of a bump: its files, or why they are not to be had; ``wanted`` names it."""

    wanted: str
    artifact: Artifact | None = None
    error: Exception | None = None
    file: str = ""

    def again(self, artifacts: str | None) -> str:
        """Return what asks for it again: its file in a folder of artifacts, or its release."""
        return posixpath.join(artifacts, self.file) if artifacts and self.file else self.wanted

    def opening(self) -> Opening:
        return Opening(Source("wheel", self.wanted), self._again)

    def _again(self) -> Artifact:
        if self.artifact is None:
            raise self.error or SourceError(f"{self.wanted} was not opened")
        return self.artifact


class _Looked(NamedTuple):
    """Both sides of a bump; whether one of them is a plugin (``None``: nobody can say).

    ``is_certain`` is false where a build could still make a plugin of what says nothing of it;
    ``by`` is the wheel that says so of the new release, and ``unread`` are the others, which
    nobody opened.
    """

    old: _Opened
    new: _Opened
    is_plugin: bool | None
    is_certain: bool
    by: str = ""
    unread: tuple[str, ...] = ()


class _Pinned:
    """One side of a bump, found in its place and read no further than somebody asks."""

    def __init__(self, pin: Pin | None, before: tuple[str, ...], folder: Folder | None) -> None:
        self.wanted = _wanted(pin) if pin else "none"
        self._error: Exception | None = None
        self._found: Found | None = None
        if pin is None:
            self._found = Found("none", "none", lambda: Artifact(Source("none", "none")))
            return
        # Of files that were allowed before, nobody needs to be told.
        hashes = tuple(each for each in pin.hashes if each not in before) or pin.hashes
        if pin.url and folder is None:
            self._error = SourceError(
                f"{self.wanted}: it is installed from {shorten(pin.url)}, which is not fetched",
                f"it is installed from {shorten(pin.url)}, which is not fetched",
                "download that file, and name its folder with --artifacts",
            )
            return
        try:
            self._found = find_pinned(self.wanted, pin.name, Version(pin.version), hashes, folder)
        except Exception as error:
            self._error = error

    @property
    def is_built(self) -> bool:
        """Whether a build has yet to make what is installed."""
        return self._found is not None and self._found.kind == "sdist"

    @property
    def file(self) -> str:
        return self._found.file if self._found else ""

    @property
    def unread(self) -> tuple[str, ...]:
        """Name the other wheels of the release that are not looked at either."""
        if self._found is None:
            return ()
        looked_at = {path.name for path in self._found.at_hand}
        return tuple(name for name in self._found.unread if name not in looked_at)

    def registers_plugin(self) -> bool | None:
        """Say whether it is a plugin; ``None`` if nobody can say, and ``opened`` may say why."""
        if self._found is None:
            return None
        try:
            return registers_plugin(self._found)
        except Exception as error:
            self._error = error
            return None

    def opened(self, *, read: bool) -> _Opened:
        """Let go of it, and return its files if they are to be read."""
        try:
            artifact = self._found.read() if self._found and read else None
            file = "" if self.wanted == "none" else self.file
            return _Opened(self.wanted, artifact, self._error, file)
        except Exception as error:
            return _Opened(self.wanted, None, error)
        finally:
            if self._found:
                self._found.close()


def _look(change: PinChange, folder: Folder | None) -> _Looked:
    """Find both releases, and read them where one of them is a plugin."""
    old = _Pinned(change.old, (), folder)
    new = _Pinned(change.new, change.old.hashes if change.old else (), folder)
    known = {old.registers_plugin(), new.registers_plugin()}
    is_plugin = True if True in known else None if None in known else False
    read = is_plugin is True
    return _Looked(
        old.opened(read=read),
        new.opened(read=read),
        is_plugin,
        is_certain=not (old.is_built or new.is_built),
        by=new.file,
        unread=new.unread,
    )


class _Work:
    """Collects what the report says."""

    def __init__(
        self,
        terms: Terms,
        old: Pins,
        new: Pins,
        folder: Folder | None,
        again: tuple[str, ...],
        shown: str | None,
    ) -> None:
        self._terms = terms
        self._folder = folder
        self._again = again
        self._shown = shown
        self._old = old
        self._new = new
        self.bumps: list[Bump] = []
        self.findings: list[Finding] = []
        self.off: list[Finding] = []
        self.gaps: list[Gap] = []
        self.others: list[Line] = []
        self.as_before: list[Line] = []
        self._plugins: set[str] = set()
        self._building = _building(new.options)
        self._moved = False
        self._reviewed: set[tuple[str, str]] = set()
        self._maybe = {*old.mentioned, *new.mentioned}
        self._not_found: list[Pin] = []
        self.looked_at: set[Location] = set()
        self.brought: frozenset[str] = frozenset()

    # The pins

    def review(self, existed: set[str], exist: set[str]) -> None:
        """Review every plugin whose pin changed; the sets are the files of both revisions."""
        old, new = self._old, self._new
        moves = pin_changes(
            (*old.pins, *old.mentioned),
            (*new.pins, *new.mentioned),
            gone=existed - exist,
            come=exist - existed,
        )
        went = [each for each in moves if each.is_same]
        moves = tuple(each for each in moves if not each.is_same)
        self._moved = bool(moves)
        self._reviewed = {(each.name, each.new.version) for each in moves if each.new}
        open_again = {(each.at.path, each.name) for each in new.loose}
        # An index takes its time, and a bot can bump fifty libraries at once.
        with closing(_look_at_all(moves, self._folder)) as looked:
            for change, found in looked:
                place = change.old and (change.old.at.path, change.name)
                self._change(change, found, change.new is None and place in open_again)
                for side in (found.old, found.new):
                    _let_go(side.error)
        was, now = (_of_plugins(pins, self._plugins) for pins in (old, new))
        for name in sorted(self._plugins):
            self._unhashed(
                name,
                [*was.get(name, []), *(pin for pin in old.mentioned if pin.name == name)],
                [*now.get(name, []), *(pin for pin in new.mentioned if pin.name == name)],
            )
            self._disagreeing(name, was.get(name, []), now.get(name, []))
            self._built(name)
        self.bumps.sort(key=_heaviest)
        self._elsewhere(moves)
        self._idle()
        self._unfound()
        self._went(went)

    def left_behind(self, base: Pins) -> None:
        """Say what the base pins otherwise by now: a merge keeps it, a deployment would not."""
        mine = {(change.name, change.new) for change in pin_changes(self._old.pins, self._new.pins)}
        for change in pin_changes(base.pins, self._new.pins):
            if change.is_same:
                continue
            if change.old and (change.name, change.new) not in mine:
                now = _wanted(change.new) if change.new else "no pin"
                self.as_before.append(
                    Line(
                        _wanted(change.old),
                        (
                            Segment("the base has moved on to it, and HEAD has "),
                            Segment(now, theirs=True),
                            Segment("; --exact reviews HEAD as it is"),
                        ),
                    )
                )

    def _change(self, change: PinChange, found: _Looked, loosened: bool) -> None:
        if change.new and not change.new.hashes and found.new.file in self.brought:
            self._believed(change.new, found.new.file)
        mismatch = found.new.error
        if isinstance(mismatch, MismatchError) and change.new and not change.new.url:
            self._mismatch(change, change.new, mismatch)
        elif found.is_plugin:
            self._plugins.add(change.name)
            if not loosened:
                openings: dict[Side, Opening] = {
                    "old": found.old.opening(),
                    "new": found.new.opening(),
                }
                one, two = (each.again(self._shown) for each in (found.old, found.new))
                asked = Asked(one, two, self._again)
                report = review_releases(openings, self._terms, asked)
                self.bumps.append(_bump(change, report.verdict.state, report))
        elif found.is_plugin is False:
            if not self._is_maybe(change):
                self.others.append(Line(change.name, _moved(change, found)))
        elif not (found.new if change.new else found.old).file and self._is_maybe(change):
            self._not_found += filter(None, (change.new or change.old,))
            return
        else:
            self._undecided(change, found)
        if change.new:
            self.looked_at.add(change.new.at)

    def _went(self, moves: list[PinChange]) -> None:
        """Say which pins stand in another file now, as they were."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in moves:
            if each.old and each.new:
                way = each.old.at.path, each.new.at.path
                found.setdefault(way, []).append(_wanted(each.new))
        for (old, new), pins in found.items():
            more = f", and {len(pins) - 3} more" if len(pins) > 3 else ""
            says = (
                Segment("the same releases stand there that stood in "),
                Segment(old, theirs=True),
                Segment(": "),
                Segment(", ".join(pins[:3]), theirs=True),
                Segment(more),
            )
            self.others.append(Line(new, says))

    def _is_maybe(self, change: PinChange) -> bool:
        return (change.new or change.old) in self._maybe

    def _believed(self, pin: Pin, file: str) -> None:
        """Note that what was read comes with the change, and may not be what is installed."""
        places = {line.text.removeprefix("--find-links ") for line in self._new.options}
        if not any(self._shown and _same_path(self._shown, place) for place in places):
            why = f"its file {file} comes with this change, and no hash of the pin says that it is"
            do = "add its hash to the pin, or review the file that is installed"
            self.gaps.append(Gap(_wanted(pin), why, do))

    def _unfound(self) -> None:
        """Say how many texts there are that look like pins, and that nobody could look for."""
        if self._not_found:
            listed = ", ".join(f"{_wanted(pin)} ({pin.at})" for pin in self._not_found[:3])
            count = len(self._not_found)
            more = f", and {count - 3} more" if count > 3 else ""
            says = (
                Segment("they may be pins, and no file of them was found: "),
                Segment(listed, theirs=True),
                Segment(more),
            )
            self.others.append(Line("other files", says))

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

    def _unhashed(self, name: str, old: list[Pin], new: list[Pin]) -> None:
        before = any(not pin.hashes for pin in old)
        hashed = {pin.version for pin in new if pin.hashes}
        for pin in new:
            # A constraint says which release, and the requirement beside it which files.
            if not pin.hashes and not (pin.version in hashed and is_constraint(pin)):
                if before:
                    text = (Segment("pinned without a hash, as before"),)
                    self.as_before.append(Line(_wanted(pin), text))
                self._judge(name, PinUnhashed(item=_wanted(pin), before=before, at=pin.at))

    def _disagreeing(self, name: str, old: list[Pin], new: list[Pin]) -> None:
        was, now = _first_pins(old), _first_pins(new)
        if len(now) > 1 and now.keys() != was.keys():
            listed = tuple(f"{_wanted(pin)} ({pin.at})" for pin in now.values())
            at = next(iter(now.values())).at
            self._judge(name, PinsDisagree(item=name, pins=listed, at=at))

    def _built(self, name: str) -> None:
        """Note that installers are told to build a plugin, which gives what nobody reviewed."""
        for line in (*self._building.get(":all:", ()), *self._building.get(name, ())):
            why = f"{line.text}: installers build {name}, and what a build gives is not reviewed"
            self.gaps.append(Gap(str(line.at), why, "install its wheel"))

    def _elsewhere(self, moves: tuple[PinChange, ...]) -> None:
        """Note that installers look elsewhere for files that no hash binds."""
        open_pins = [each.new for each in moves if each.new and not each.new.hashes]
        named = [line for line in self._new.options if line.text.startswith(_INDEX_OPTIONS)]
        if open_pins and named and self._folder is None:
            self.gaps.append(
                Gap(
                    str(named[0].at),
                    f"{named[0].text}: installers look there, this review did not, and "
                    f"{_wanted(open_pins[0])} has no hash that says which file is meant",
                    "add hashes, configure pip with that index, or give the files as artifacts",
                )
            )

    def _idle(self) -> None:
        """Say which changed pins nobody reviewed, because no node installs them."""
        for change in pin_changes(self._old.idle, self._new.idle):
            if change.is_same:
                continue
            oldest = ".".join(map(str, OLDEST[:2]))
            for pin in filter(None, (change.new or change.old,)):
                says = (
                    Segment("no node installs it: it needs Python "),
                    Segment(f"{oldest} or newer, and it is pinned where "),
                    Segment(pin.marker, theirs=True),
                )
                self.others.append(Line(_wanted(pin), says))

    # The lines beside the pins

    def look_at_lines(self, changed: list[str], old: Read, new: Read) -> None:
        """Judge what the files say beside the pins, as far as it changed."""
        touched, was_unreadable = set(changed), set(self._old.unreadable)
        for line in self._new.unreadable:
            if line in was_unreadable and touched.isdisjoint(_way_to(line.at.path)):
                self._as_before(line)
            else:
                self.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
        known = {_key(line) for line in self._old.unfollowed}
        moved = _variables(self._new.unfollowed, changed, old, new)
        for line in self._new.unfollowed:
            if _key(line) in known and not moved.intersection(_names_in(line)):
                self._as_before(line)
            else:
                self.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
        self._loose()
        was, now = ({_key(line): line for line in pins.options} for pins in (self._old, self._new))
        locked = {*self._old.files}
        for key, line in now.items():
            # A lock that is new names its index in any case.
            is_new_lock = line.text.startswith(REGISTRY) and line.at.path not in locked
            if key not in was and not is_new_lock and _is_looser(line, added=True):
                self._judge("", IndexOptionChanged(item=line.text, added=True, at=line.at))
        for key, line in was.items():
            if key not in now and _is_looser(line, added=False):
                fact = IndexOptionChanged(item=line.text, added=False, at=line.at, side="old")
                self._judge("", fact)

    def look_at_settings(self, changed: list[str], before: Tree, after: Tree) -> None:
        """Judge what other files say of where installers look, and of signatures."""
        old, new = partial(_content, before), partial(_content, after)
        came, went = changed_settings(changed, old, new)
        for setting, at in came:
            said = f"{setting.name.upper()}={setting.value}"
            if takes_more(setting.name, setting.value):
                self._judge("", SigningLoosened(item=said, at=at))
            elif is_looser(*setting, added=True):
                self._judge("", IndexOptionChanged(item=_shown(setting), added=True, at=at))
        for setting, at in went:
            if is_looser(*setting, added=False):
                item = _shown(setting)
                self._judge("", IndexOptionChanged(item=item, added=False, at=at, side="old"))
        for line, at in loosened_checks(changed, old, new):
            self._judge("", CheckLoosened(item=shorten(line), at=at))

    # Folders of the repository

    def look_at_folders(self, before: _Commit, after: _Commit, changed: list[str]) -> None:
        """Review each plugin that is installed from the repository itself, where that changed."""
        was = {**_folders(self._old.local), **self._offered(self._old, before, changed)}
        now = {**_folders(self._new.local), **self._offered(self._new, after, changed)}
        for old, new in _paired(was, now, before, after):
            if old == new and not _below(new, changed):
                continue
            sides = ((before, old, was), (after, new, now))
            if any(commit.has(path) for commit, path, _ in sides):
                line = now.get(new) or was[old]
                one, two = (commit.again(path) for commit, path, _ in sides)
                opened = before.opening(old), after.opening(new)
                self._folder_changed(line, new or old, *opened, Asked(one, two, self._again))
        known = {_key(line) for line in self._old.local}
        for each in self._new.local:
            if any(map(after.has, _folders((each,)))):
                continue
            why = "it installs from a path that is no project and no archive of this repository"
            if _key(each) in known:
                self._as_before(Aside(each.text, why, each.at))
            else:
                self.gaps.append(Gap(str(each.at), f"{each.text}: {why}", ""))

    def _offered(self, pins: Pins, commit: _Commit, changed: list[str]) -> dict[str, Local]:
        """Return the archives in folders where installers look, as far as they changed.

        Those are left out that no installer takes: of releases that are not pinned, and where
        hashes say which file is meant. So are those of releases whose pin changed.
        """
        found: dict[str, Local] = {}
        for option in pins.options:
            named, _, folder = option.text.partition(" ")
            if named != "--find-links" or ":" in folder.removeprefix("file:"):
                continue
            for place in _folders((Local(folder.removeprefix("file:"), option.text, option.at),)):
                for path in _directly_in(place, changed):
                    if commit.has(path) and self._may_be_taken(path, pins):
                        found[path] = Local(path, option.text, option.at)
        return found

    def _may_be_taken(self, path: str, pins: Pins) -> bool:
        name, version = release_of(path.rpartition("/")[2])
        if any(line.name == name for line in pins.loose):
            return True
        return any(
            pin.name == name and not pin.hashes and parse(pin.version) == version
            for pin in pins.pins
            if (name, pin.version) not in self._reviewed
        )

    def _folder_changed(
        self, line: Local, folder: str, old: Opening, new: Opening, asked: Asked
    ) -> None:
        if not (old.is_about_plugin() or new.is_about_plugin()):
            return
        self._moved = True
        report = review_releases({"old": old, "new": new}, self._terms, asked)
        reviewed = {each.side: each.version for each in report.reviewed}
        self.bumps.append(
            Bump(
                plugin=report.plugin or folder,
                what=_what(reviewed.get("old", ""), reviewed.get("new", "")),
                old=reviewed.get("old", ""),
                new=reviewed.get("new", ""),
                at=line.at,
                state=report.verdict.state,
                report=report,
            )
        )
        self.bumps.sort(key=_heaviest)

    def _as_before(self, line: Aside) -> None:
        says = (Segment(line.text, theirs=True), Segment(f": {line.why}, as before"))
        self.as_before.append(Line(str(line.at), says))

    def _loose(self) -> None:
        known = {_key(line) for line in self._old.loose}
        was = {(pin.at.path, pin.name): pin for pin in self._old.pins}
        for line in self._new.loose:
            pin = was.get((line.at.path, line.name))
            if pin is not None and line.name in self._plugins:
                fact: Fact = PinLoosened(item=line.text, was=_wanted(pin), at=line.at)
            elif _key(line) in known:
                self._as_before(Aside(line.text, "it names no single release", line.at))
                continue
            else:
                fact = RequirementUnpinned(item=line.text, name=line.name, at=line.at)
            self._judge(line.name, fact)

    def look_at_files(self) -> None:
        """Note that nothing pins anything."""
        if not self._old.files and not self._new.files:
            self.gaps.append(
                Gap(
                    "pins",
                    "neither revision has a requirements file or a lock, so nothing was reviewed",
                    "name the file requirements.txt, or requirements-NAME.txt",
                )
            )

    def look_at_names(self, lists: Iterable[str], after: Tree) -> None:
        """Note lists whose names are no text, so that nothing can be said of them."""
        for path in sorted(lists):
            if not {path}.intersection((*after.paths, *after.links)) and after.read(path):
                why = "it is a list, and its name is not UTF-8; give it another name"
                self.gaps.append(Gap(shorten(path), why, ""))

    def policy_broken(self, path: str, why: str) -> None:
        """Judge that the policy cannot be read any more."""
        self._judge("", PolicyBroken(item=path, why=why, at=Location(path)))

    def policy_changed(self, path: str) -> None:
        """Judge that the policy changed."""
        self._judge("", PolicyChanged(item=path, with_pins=self._moved, at=Location(path)))

    def _judge(self, name: str, fact: Fact) -> None:
        case = build_pin_case(name or "this repository", self._terms.node)
        judged = self._terms.policy.judge((fact,), case, self._terms.rulebook, name)
        self.findings += judged.findings
        self.off += judged.off


_AT_ONCE = 4
"""Releases that are fetched side by side: each may take 256 MiB of memory."""


def _look_at_all(
    moves: tuple[PinChange, ...], folder: Folder | None
) -> Generator[tuple[PinChange, _Looked], None, None]:
    """Yield each move with both its releases, some of which are fetched while others are read."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    waiting: deque[tuple[PinChange, Future[_Looked]]] = deque()
    try:
        for change in moves:
            waiting.append((change, pool.submit(_look, change, folder)))
            if len(waiting) >= _AT_ONCE:
                first, found = waiting.popleft()
                yield first, found.result()
        while waiting:
            first, found = waiting.popleft()
            yield first, found.result()
    finally:
        # Whoever interrupts this does not wait for an index.
        pool.shutdown(wait=False, cancel_futures=True)


_INDEX_OPTIONS = (REGISTRY, "--index-url", "--extra-index-url", "--find-links", "--no-index")

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


def _moved(change: PinChange, found: _Looked) -> Message:
    old, new = (pin.version if pin else "none" for pin in (change.old, change.new))
    if not found.is_certain:
        says = [
            Segment(
                "; it is no plugin as far as anybody can tell: its build could compute entry "
                "points, and it names the host nowhere"
            )
        ]
    elif found.unread:
        count = len(found.unread)
        others = f"{count} other wheels of it were" if count > 1 else "another wheel of it was"
        says = [
            Segment("; going by "),
            Segment(found.by, theirs=True),
            Segment(f" it is no plugin, and {others} not opened"),
        ]
    else:
        says = [Segment("; it is no plugin")]
    return (
        Segment(f"{change.what}, "),
        Segment(f"{old} -> {new}", theirs=True),
        *says,
    )


def _wanted(pin: Pin) -> str:
    return f"{pin.name}=={pin.version}"


def _let_go(error: BaseException | None) -> None:
    """Forget where an error came from: the frames on the way hold both releases in memory."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def _of_plugins(pins: Pins, plugins: set[str]) -> dict[str, list[Pin]]:
    """Return the pins of each of some distributions."""
    found: dict[str, list[Pin]] = {}
    for pin in pins.pins:
        if pin.name in plugins:
            found.setdefault(pin.name, []).append(pin)
    return found


def _first_pins(pins: list[Pin]) -> dict[str, Pin]:
    """Return the first pin of each release of a distribution, by version."""
    found: dict[str, Pin] = {}
    for pin in pins:
        found.setdefault(pin.version, pin)
    return found


def _building(options: Iterable[Aside]) -> dict[str, list[Aside]]:
    """Return the lines that tell installers to build a distribution, by its name."""
    found: dict[str, list[Aside]] = {}
    for line in options:
        if line.text.startswith("--no-binary "):
            named = line.text.removeprefix("--no-binary ").lower().replace("_", "-").split(",")
            for name in [":all:"] if ":all:" in named else dict.fromkeys(named):
                found.setdefault(name, []).append(line)
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


def _folders(lines: Iterable[Local]) -> dict[str, Local]:
    """Return the folders that lines can stand for, with the first line for each.

    pip takes them from where it runs, which is the top of the checkout as a rule, or the folder
    of the file; other installers take them from that.
    """
    found: dict[str, Local] = {}
    for line in lines:
        for base in ("", posixpath.dirname(line.at.path)):
            folder = posixpath.normpath(posixpath.join(base, line.folder))
            if folder != ".." and not folder.startswith("../"):
                found.setdefault(folder, line)
    return found


def _brought(repository: Repository, artifacts: str | None, changed: list[str]) -> frozenset[str]:
    """Name the files in the folder of artifacts that the change itself puts there."""
    if artifacts is None or repository.top is None:
        return frozenset()
    try:
        folder = Path(artifacts).resolve().relative_to(repository.top).as_posix()
    except ValueError:
        return frozenset()
    return frozenset(path.rpartition("/")[2] for path in _directly_in(folder, changed))


def _same_path(one: str, other: str) -> bool:
    return posixpath.normpath(one) == posixpath.normpath(other.removeprefix("file:"))


def _broken(data: bytes | None, path: str) -> str:
    """Return what is wrong with a policy, if anything is."""
    if data is None or not is_policy(data, path):
        return ""
    try:
        parse_policy(data, path)
    except PolicyError as error:
        return error.text
    return ""


def _way_to(path: str) -> list[str]:
    """Return a path and the folders on the way to it, one of which can be a submodule."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _names_in(line: Aside) -> list[str]:
    return re.findall(r"\$\{([A-Z0-9_]+)\}", line.text)


def _variables(lines: Iterable[Aside], changed: list[str], old: Read, new: Read) -> set[str]:
    """Return the variables in some lines that a file sets to something else than before."""
    names = {name for line in lines for name in _names_in(line)}
    moved: set[str] = set()
    for path in changed if names else ():
        was, now = (values_of(_bytes(read, path), names) for read in (old, new))
        moved.update(name for name in names if was.get(name) != now.get(name))
    return moved


def _bytes(read: Read, path: str) -> bytes:
    try:
        return read(path) or b""
    except SourceError:
        return b""


def _content(tree: Tree, path: str) -> bytes:
    return _bytes(tree.read, path)


def _shown(setting: Setting) -> str:
    name = setting.name.upper() if "_" in setting.name else f"--{setting.name}"
    return shorten(f"{name}={_CREDENTIALS.sub('//', setting.value)}".removesuffix("="))


def _is_looser(line: Aside, *, added: bool) -> bool:
    """Say whether an option of a list makes installers take more, or from elsewhere."""
    name, _, value = line.text.removeprefix("--").partition(" ")
    is_judged = line.text.startswith("--") and name in JUDGED
    return is_looser(name, value, added=added) if is_judged else True


_CREDENTIALS = re.compile(r"//[^/@\s]*@")


def _directly_in(folder: str, changed: list[str]) -> list[str]:
    inside = "" if folder == "." else folder
    return [path for path in changed if posixpath.dirname(path) == inside]


def _paired(
    was: Mapping[str, Local], now: Mapping[str, Local], before: _Commit, after: _Commit
) -> list[tuple[str, str]]:
    """Return which path of the old revision each of the new one replaces; "" for none.

    An archive is named after its release, so that another one of the same distribution has
    another path.
    """
    found = [(path, path) for path in sorted(was.keys() & now.keys())]
    gone = {path for path in was.keys() - now.keys() if before.has(path)}
    for path in sorted(now.keys() - was.keys()):
        if after.has(path):
            name = release_of(path.rpartition("/")[2])[0]
            other = next((each for each in sorted(gone) if name and name == _name_of(each)), "")
            gone.discard(other)
            found.append((other, path))
    return [*found, *((path, "") for path in sorted(gone))]


def _name_of(path: str) -> str:
    return release_of(path.rpartition("/")[2])[0]


class _Commit(NamedTuple):
    """A commit, and the projects and archives that are in it."""

    id: str
    tree: Tree

    def has(self, path: str) -> bool:
        """Say whether something can be installed from a path."""
        return self._has_archive(path) or any(
            posixpath.normpath(posixpath.join(path, name)) in self.tree.paths
            for name in PROJECT_FILES
        )

    def _has_archive(self, path: str) -> bool:
        return path.endswith((".whl", ".tar.gz")) and path in self.tree.paths

    def again(self, path: str) -> str:
        """Return what asks for it again."""
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

        kind: SourceKind = "wheel" if self._has_archive(path) else "directory"
        return Opening(Source(kind, asked), found.read, is_about)

    def _found(self, path: str, asked: str) -> Found:
        if self._has_archive(path):
            return find_in_memory(asked, path.rpartition("/")[2], self.tree.read(path) or b"")
        folder = "" if path == "." else path
        return Found("directory", path, lambda: self.tree.artifact(folder, asked))


def _raise(error: SourceError) -> Artifact:
    raise error


def _what(old: str, new: str) -> What:
    if not old or not new:
        return "removed" if old else "added"
    one, two = parse(old), parse(new)
    if one is None or two is None or one == two:
        return "same version, other files"
    return "upgraded" if one < two else "downgraded"


def _heaviest(each: Bump) -> tuple[int, str]:
    return _WEIGHT.index(each.state), each.plugin


def _key(line: Aside | Local | Loose) -> tuple[str, str]:
    return line.at.path, line.text


def _pinned_node(pins: Pins) -> str | None:
    """Return the node release that is pinned beside the plugins, if it is one."""
    found = {pin.version for pin in pins.pins if pin.name == _NODE}
    return found.pop() if len(found) == 1 else None
