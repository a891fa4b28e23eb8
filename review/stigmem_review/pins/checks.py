"""What files say of this review itself: whether they run it, and mind what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stigmem_review import limits
from stigmem_review.model import Location
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
        runs = [number for number, line in enumerate(was) if _CHECK.search(line)]
        still = any(map(_CHECK.search, now))
        gained |= still and not runs
        if runs and not still:
            gone.append((was[runs[0]].strip(), Location(path, runs[0] + 1)))
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
            if runs:
                yield from _others(path, was, now)
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


def _is_about_check(lines: list[str], at: int) -> bool:
    """Say whether what lets something fail, or not run, lets this review."""
    shrug = _SHRUG.search(lines[at])
    if shrug is None or shrug["anywhere"]:
        return True
    about = _command(lines, at) if shrug["command"] else _block(lines, at)
    return any(map(_CHECK.search, about))


def _command(lines: list[str], at: int) -> list[str]:
    """Return the lines of the command that a line belongs to."""
    start, end = at, at + 1
    while start and (lines[start - 1].endswith("\\") or lines[start].lstrip().startswith("||")):
        start -= 1
    while end < len(lines) and lines[end - 1].endswith("\\"):
        end += 1
    return lines[start:end]


def _block(lines: list[str], at: int) -> list[str]:
    """Return the lines of the step, or the job, that a key belongs to, as they are indented."""
    column, is_first = _lead(lines[at])
    start, end = at, at + 1
    while start and not is_first and (not lines[start - 1] or _lead(lines[start - 1])[0] >= column):
        start -= 1
        is_first = _lead(lines[start]) == (column, True)
    while end < len(lines) and (not lines[end] or _lead(lines[end])[0] >= column):
        if _lead(lines[end]) == (column, True):
            break
        end += 1
    return lines[start:end]


def _lead(line: str) -> tuple[int, bool]:
    """Return the column in which a line says something, and whether it starts an item there."""
    lead = _LEAD.match(line)
    return (lead.end(), bool(lead[1])) if lead else (0, False)


def _lines(data: bytes) -> list[str]:
    """Return the lines of a file that may run this review, those that are comments empty."""
    if len(data) > limits.PIN_FILE_BYTES or b"stigmem" not in data:
        return []
    lines = [line.rstrip() for line in data.decode("utf-8", "replace").splitlines()]
    return ["" if line.lstrip().startswith("#") else line for line in lines]
