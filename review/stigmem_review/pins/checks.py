"""What files say of this review itself: whether they run it, and mind what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.model import LEVELS, Location
from stigmem_review.pins.configured import Content
from stigmem_review.pins.named import configures

_CHECK = re.compile(r"stigmem[-_]review(?!(?:\.approvals)?\.toml|:(?:[ \t]|$))")
"""The name of this review, where it is no file of ours, and no name of a job or a target."""
_OWNER = re.compile(r"\b(?:uses|repo):[ ]*[\"']?([^\s\"'@]*stigmem[-_]review)\b")
"""Whose review a workflow, or the configuration of hooks, runs."""
_TRIGGER = re.compile(r"\bpull_request\b|\bmerge_group\b")
_SHRUG = re.compile(
    r"(?P<command>\|\|[ \t]*(?:true|:|exit 0|echo)(?:[ \t;]|$))|"
    r"(?P<block>continue-on-error:[ ]*(?:\$\{\{[ ]*)?[\"']?true|allow_failure:[ ]*true|"
    r"^[ \t]*(?:-[ ]*)?(?:if:(?!.*(?:always\(\)|!cancelled\(\)))|stages:|exclude:|files:))|"
    r"(?P<anywhere>warn-only:[ ]*[\"']?true|"
    r"^[ \t]+(?:paths|branches|tags|types)(?:-ignore)?:)"
)
"""What a command, or a step or a job, may fail by, or is left out by, and where that is said."""
_STEP = re.compile(r"\b(?:uses|id):[ ]*[\"']?[^\s\"'@]*stigmem[-_]review")
_COMMAND = re.compile(r"stigmem[-_]review[\"']?[ \t]+bump\b")
_ENDS = re.compile(r"(?P<keeps>&&|\|\|)|[|;&]")
_REDIRECTS = re.compile(r"[0-9]*>>?&?[ \t]*[^\s|;&]+")
_GIVEN = re.compile(r"[ \t]*(?:-[ \t]+)*[\"']?(?:with|env|args)[\"']?[ \t]*:")
_FLOW = re.compile(r"[{}\[\],]|(?<!\S)#.*")
_COLON = re.compile(r"[ \t]*(?::[ \t]|=)[ \t]*")
_GATE = re.compile(r"--fail-on[= \t]+(\S+)")
_GATES = tuple(f"fail-on: {level}" for level in LEVELS)
"""What the gate is given, from the loosest to the strictest; without, it is the policy's."""
_REPORTS = re.compile(r"--(?:format|output|receipt|receipt-predicate)[= \t]+\S+")
_QUIET = re.compile(r"(?:comment|token):")
"""What decides where reports go, and nothing else."""
_TRIED = 100
"""Lines of a file that are held against what they belong to; of more, each counts."""
_LEAD = re.compile(r"[ \t]*((?:-[ \t]+)*)")


def loosened_checks(
    paths: Iterable[str], old: Content, new: Content
) -> Iterator[tuple[str, Location]]:
    """Yield each line by which a file runs this review no more, or no longer minds its answer.

    What other commands, steps and jobs of the file do not mind is their own affair.
    """
    gone: list[tuple[str, Location]] = []
    gained = False
    for path in filter(configures, paths):
        was, now = _lines(old(path)), _lines(new(path))
        named = [number for number, line in enumerate(was) if _CHECK.search(line)]
        still = any(map(_CHECK.search, now))
        ran, runs = _runs(was), _runs(now)
        gained |= (still and not named) or bool(runs and not ran)
        if named and (not still or (ran and not runs)):
            first = ran[0].line if ran else named[0]
            gone.append((was[first].strip(), Location(path, first + 1)))
        elif still:
            before = {line.strip() for line in was}
            shrugs = (
                number
                for number, line in enumerate(now)
                if _SHRUG.search(line) and line.strip() not in before
            )
            for count, number in enumerate(shrugs):
                if count >= _TRIED or _is_about_check(now, number):
                    yield now[number].strip(), Location(path, number + 1)
            if named:
                yield from _others(path, was, now)
                yield from _given_otherwise(path, ran, runs)
    if not gained:
        yield from gone


def _others(path: str, was: list[str], now: list[str]) -> Iterator[tuple[str, Location]]:
    """Yield lines that run somebody else's review, and those by which nothing starts it now."""
    owners = {found[1] for line in was if (found := _OWNER.search(line))}
    for number, line in enumerate(now, 1):
        if owners and (found := _OWNER.search(line)) and found[1] not in owners:
            yield line.strip(), Location(path, number)
    started = {found[0]: line for line in was if (found := _TRIGGER.search(line))}
    start = {found[0] for line in now if (found := _TRIGGER.search(line))}
    for name in started.keys() - start:
        yield started[name].strip(), Location(path, 0)


class _Run(NamedTuple):
    """A run of this review: the line that starts it, what it is given, and on which lines."""

    line: int
    given: Mapping[str, int]


def _given_otherwise(
    path: str, ran: list[_Run], runs: list[_Run]
) -> Iterator[tuple[str, Location]]:
    """Yield what is not as it was of each run that no run is left of as it was given."""
    for old in ran:
        each = [(run, _otherwise(old.given.keys(), run.given.keys())) for run in runs]
        if each and all(other for _, other in each):
            run, other = min(each, key=lambda one: len(one[1]))
            said = min(other & run.given.keys() or other)
            yield said, Location(path, run.given.get(said, run.line) + 1)


def _otherwise(old: Set[str], new: Set[str]) -> Set[str]:
    """Return what only one of two runs is given, unless it only tightens the gate."""
    gates = [
        max((_GATES.index(each) for each in side if each in _GATES), default=-1)
        for side in (old, new)
    ]
    return (old ^ new) - (set(_GATES) if gates[0] <= gates[1] else set())


def _runs(lines: list[str]) -> list[_Run]:
    found: list[_Run] = []
    until = 0
    for at, line in enumerate(lines):
        if len(found) >= _TRIED:
            break
        if at < until:
            continue
        if _STEP.search(line):
            start, block = _block(lines, at)
            until = start + len(block)
            found.append(_Run(at, dict(_inputs(start, block))))
        elif _COMMAND.search(line):
            start, command = _command(lines, at)
            until = start + len(command)
            text = " ".join(each.removesuffix("\\") for each in command)
            words = _REDIRECTS.sub("", re.sub("[\"']", "", _COMMAND.split(text, maxsplit=1)[-1]))
            last: list[str] = []
            if end := _ENDS.search(words):
                # What comes last gives the answer.
                last = [] if end["keeps"] else [words[end.start() :].strip()]
                words = words[: end.start()]
            gates = [f"fail-on: {each}" for each in _GATE.findall(words)]
            rest = _GATE.sub("", _REPORTS.sub("", words)).split()
            found.append(_Run(at, dict.fromkeys([*gates, *rest, *last], at)))
    return found


def _inputs(start: int, block: list[str]) -> Iterator[tuple[str, int]]:
    """Yield what stands below the keys of a step by which it is given something."""
    column = next((_lead(line)[0] for line in block if line), 0)
    is_given = False
    for number, line in enumerate(block, start):
        text = line
        if line and _lead(line)[0] <= column:
            is_given = bool(_GIVEN.match(line))
            text = line.partition(":")[2]
        for part in _FLOW.split(text) if is_given else ():
            said = _COLON.sub(": ", re.sub("[\"']", "", part), count=1).strip().removeprefix("--")
            if said and not _QUIET.match(said):
                yield said, number


def _is_about_check(lines: list[str], at: int) -> bool:
    """Say whether what lets something fail, or not run, lets this review."""
    shrug = _SHRUG.search(lines[at])
    if shrug is None or shrug["anywhere"]:
        return True
    _, about = _command(lines, at) if shrug["command"] else _block(lines, at)
    return any(map(_CHECK.search, about))


def _command(lines: list[str], at: int) -> tuple[int, list[str]]:
    """Return where the command that a line belongs to starts, and its lines."""
    start, end = at, at + 1
    while start and (lines[start - 1].endswith("\\") or lines[start].lstrip().startswith("||")):
        start -= 1
    while end < len(lines) and lines[end - 1].endswith("\\"):
        end += 1
    return start, lines[start:end]


def _block(lines: list[str], at: int) -> tuple[int, list[str]]:
    """Return where the step, or the job, that a key belongs to starts, and its lines.

    They are those that are indented like the key, or further.
    """
    column, is_first = _lead(lines[at])
    start, end = at, at + 1
    while start and not is_first and (not lines[start - 1] or _lead(lines[start - 1])[0] >= column):
        start -= 1
        is_first = _lead(lines[start]) == (column, True)
    while end < len(lines) and (not lines[end] or _lead(lines[end])[0] >= column):
        if _lead(lines[end]) == (column, True):
            break
        end += 1
    return start, lines[start:end]


def _lead(line: str) -> tuple[int, bool]:
    """Return the column in which a line says something, and whether it starts an item there."""
    lead = _LEAD.match(line)
    return (lead.end(), bool(lead[1])) if lead else (0, False)


def _lines(data: bytes) -> list[str]:
    """Return the lines of a file that may run this review, those that are comments empty.

    One within a command is no end of it.
    """
    if len(data) > limits.PIN_FILE_BYTES or b"stigmem" not in data:
        return []
    lines = [line.rstrip() for line in data.decode("utf-8", "replace").splitlines()]
    found: list[str] = []
    for line in lines:
        is_comment = line.lstrip().startswith("#")
        found.append("" if is_comment else line)
        if is_comment and len(found) > 1 and found[-2].endswith("\\"):
            found[-1] = "\\"
    return found
