"""What stands beside the pins, in lists and in other files: lines, options and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from stigmem_review.errors import SourceError
from stigmem_review.facts import (
    CheckLoosened,
    IndexOptionChanged,
    PinLoosened,
    RequirementUnpinned,
    SigningLoosened,
)
from stigmem_review.model import Gap, Location
from stigmem_review.pins.checks import loosened_checks
from stigmem_review.pins.configured import (
    Setting,
    changed_settings,
    each_of,
    is_looser,
    is_looser_option,
    values_of,
)
from stigmem_review.pins.formats.locks import REGISTRY
from stigmem_review.pins.model import Aside, Loose, Read
from stigmem_review.pipeline.bumps.work import Work, digest, key, pinned, wanted
from stigmem_review.policy.settings import takes_more
from stigmem_review.sources.git import Tree
from stigmem_review.text import shorten


def look_at_lines(work: Work, changed: list[str], old: Read, new: Read) -> None:
    """Judge what the files say beside the pins, as far as it changed."""
    touched, was_unreadable = set(changed), set(work.old.unreadable)
    for line in work.new.unreadable:
        if line in was_unreadable and touched.isdisjoint(_way_to(line.at.path)):
            work.say_before(line)
        else:
            work.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
    known = {key(line) for line in work.old.unfollowed}
    moved = _variables(work.new.unfollowed, changed, old, new)
    for line in work.new.unfollowed:
        if key(line) in known and not moved.intersection(_names_in(line)):
            work.say_before(line)
        else:
            work.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
    _loose(work)
    was, now = (_options(pins.options) for pins in (work.old, work.new))
    came = [line for line_key, line in now.items() if line_key not in was]
    went = [line for line_key, line in was.items() if line_key not in now]
    locked = {*work.old.files}
    for line in came:
        # A lock that is new names its index in any case.
        is_new_lock = line.text.startswith(REGISTRY) and line.at.path not in locked
        if not is_new_lock and is_looser_option(line.text, added=True):
            fact = IndexOptionChanged(item=line.text, added=True, at=line.at)
            work.judge("", fact, _instead(line, went), line.text)
    for line in went:
        if is_looser_option(line.text, added=False):
            fact = IndexOptionChanged(item=line.text, added=False, at=line.at, side="old")
            work.judge("", fact, line.text, _instead(line, came))


def _instead(line: Aside, others: Iterable[Aside]) -> str:
    """Return what other lines of the same file say of the same option."""
    option = line.text.partition(" ")[0]
    same = (each for each in others if each.at.path == line.at.path)
    return ", ".join(each.text for each in same if each.text.partition(" ")[0] == option)


def look_at_settings(work: Work, changed: list[str], before: Tree, after: Tree) -> None:
    """Judge what other files say of where installers look, and of signatures."""
    old, new = partial(_content, before), partial(_content, after)
    came, went = changed_settings(changed, old, new)
    for setting, at in came:
        stood, said = _stood(setting, at, went), _said(setting)
        if takes_more(setting.name, setting.value):
            item = f"{setting.name.upper()}={setting.value}"
            work.judge("", SigningLoosened(item=item, at=at), stood, said)
        elif is_looser(*setting, added=True):
            fact = IndexOptionChanged(item=shorten(said), added=True, at=at)
            work.judge("", fact, stood, said)
    for setting, at in went:
        if is_looser(*setting, added=False):
            said = _said(setting)
            fact = IndexOptionChanged(item=shorten(said), added=False, at=at, side="old")
            work.judge("", fact, said, _stood(setting, at, came))
    for line, at in loosened_checks(changed, old, new):
        # The same line elsewhere in the file can be about another step: all of it is bound.
        states = (digest(tree.read(at.path)) for tree in (before, after))
        work.judge("", CheckLoosened(item=shorten(line), at=at), *states)


def _stood(setting: Setting, at: Location, others: Iterable[tuple[Setting, Location]]) -> str:
    """Return what else a file sets the same name to, of what changed."""
    same = (each for each, place in others if place.path == at.path and each.name == setting.name)
    return ", ".join(map(_said, same))


def _loose(work: Work) -> None:
    known = {key(line) for line in work.old.loose}
    was = {(pin.at.path, pin.name): pin for pin in work.old.pins}
    for line in work.new.loose:
        if line.name in work.elsewhere:
            continue
        pin = was.get((line.at.path, line.name))
        if pin is not None and line.name in work.plugins:
            loosened = PinLoosened(item=line.text, was=wanted(pin), at=line.at)
            work.judge(line.name, loosened, pinned((pin,)), line.text)
        elif key(line) in known:
            work.say_before(Aside(line.text, "it names no single release", line.at))
        else:
            fact = RequirementUnpinned(item=line.text, name=line.name, at=line.at)
            stood = [each.text for each in work.old.loose if _is_of(each, line)]
            stood += [pinned((pin,))] if pin else []
            work.judge(line.name, fact, ", ".join(stood), line.text)


def _is_of(line: Loose, other: Loose) -> bool:
    return (line.name, line.at.path) == (other.name, other.at.path)


def _options(lines: Iterable[Aside]) -> dict[tuple[str, ...], Aside]:
    """Return the options of lists by what they are known by: their file, name and places."""
    found: dict[tuple[str, ...], Aside] = {}
    for line in lines:
        name, _, value = line.text.partition(" ")
        found.setdefault((line.at.path, name, *each_of(name, value)), line)
    return found


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


def _said(setting: Setting) -> str:
    name = setting.name.upper() if "_" in setting.name else f"--{setting.name}"
    return f"{name}={setting.value}".removesuffix("=")
