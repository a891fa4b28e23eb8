"""What is found of a change, and the report that is made of it: of all of it, or of its shards.

A report that is put together from shards is made by the same function from the same values as one
that was never divided, so that there is no second way to say anything.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from stigmem_review import limits
from stigmem_review.document.approvals import Asked
from stigmem_review.document.bump import Bump, BumpReport, Compared, Shard, build_bump_report
from stigmem_review.document.parts import Consulted, Line, Tool
from stigmem_review.model import Gap, Level
from stigmem_review.pipeline.bumps.nodes import NODE
from stigmem_review.pipeline.bumps.work import few, heaviest
from stigmem_review.pipeline.consent import Approvals, change_consents, change_id
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.judge import by_weight
from stigmem_review.text import Segment, flat

T = TypeVar("T", bound=msgspec.Struct)


class Common(msgspec.Struct, frozen=True):
    """What each shard of a change knows alike; two that differ in it are of different reviews.

    ``names`` are the distributions whose pins changed, ``changed`` the files, and ``settings``
    stands for what the operator said, wherever that was.
    """

    tool: Tool
    compared: Compared
    files: tuple[str, ...]
    changed: tuple[str, ...]
    names: tuple[str, ...]
    consulted: tuple[Consulted, ...]
    settings: str
    node: str
    old_node: str
    gate: Level
    warn_only: bool
    asked: Asked
    seconds: float
    approvals: Approvals | None


class Parts(msgspec.Struct, frozen=True):
    """What is found of a change, or of a part of it.

    ``late`` are releases for which there was no time, ``by_contents`` the wheels of which only the
    table of contents was read, and ``not_found`` what may be pins and has no file. Where the node
    moves, ``as_fine`` are the releases that stay and are no worse on it (the node before, the node
    now, the release), and ``untold`` those of which that is not known, with the reason.
    """

    bumps: tuple[Bump, ...]
    findings: tuple[Finding, ...]
    off: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    others: tuple[Line, ...]
    as_before: tuple[Line, ...]
    left: tuple[str, ...]
    late: tuple[str, ...]
    by_contents: tuple[str, ...]
    not_found: tuple[str, ...]
    untold: tuple[tuple[str, str], ...]
    as_fine: tuple[tuple[str, str, str], ...]


class Packed(msgspec.Struct, frozen=True):
    """What a shard hands over."""

    common: Common
    parts: Parts


def assemble(common: Common, shards: Sequence[Parts]) -> BumpReport:
    """Return the report of a change from what was found of all of its parts."""
    late = sorted({each for shard in shards for each in shard.late})
    found = sorted(_each(each for shard in shards for each in shard.findings), key=_finding)
    gaps = [*(each for shard in shards for each in shard.gaps), *_late(late, common.seconds)]
    gaps += _untold(sorted({each for shard in shards for each in shard.untold}))
    others = [
        *sorted(_each(each for shard in shards for each in shard.others), key=_line),
        *_as_fine(sorted({each for shard in shards for each in shard.as_fine})),
        *_rests(sum(len(shard.by_contents) for shard in shards)),
        *_unfound(sorted(each for shard in shards for each in shard.not_found)),
    ]
    bumps = tuple(sorted(_each(each for shard in shards for each in shard.bumps), key=heaviest))
    agreed = change_consents(found, common.changed, common.gate, common.approvals)
    return build_bump_report(
        node=common.node,
        old_node=common.old_node,
        compared=common.compared,
        consulted=common.consulted,
        bumps=bumps,
        consents=agreed,
        off=tuple(sorted(_each(each for shard in shards for each in shard.off), key=_finding)),
        gaps=tuple(sorted(_each(gaps), key=lambda each: (each.what, each.why, each.do))),
        others=tuple(others),
        as_before=tuple(
            sorted(_each(each for shard in shards for each in shard.as_before), key=_line)
        ),
        files=common.files,
        tool=common.tool,
        gate=common.gate,
        warn_only=common.warn_only,
        asked=common.asked,
        review=change_id((each.report for each in bumps if each.report), agreed.findings),
        left=tuple(dict.fromkeys(each for shard in shards for each in shard.left)),
    )


def pack(common: Common, parts: Parts, index: int, of: int) -> Shard:
    """Return what a shard hands over: as it is, and as nothing that a log could take for ours."""
    # In ASCII also where a path is no text; JSON alone would carry what reports have to escape.
    text = json.dumps(msgspec.to_builtins(Packed(common, parts)))
    return Shard(index, of, base64.b64encode(zlib.compress(text.encode())).decode())


def unpack(shard: Shard) -> Packed:
    """Return what a shard handed over. Raises ``ValueError`` where that is not what it is."""
    unpacked = zlib.decompressobj()
    try:
        data = unpacked.decompress(base64.b64decode(shard.work), limits.REPORT_BYTES)
        if unpacked.unconsumed_tail or not unpacked.eof:
            raise ValueError("it is larger than a report may be, or cut off")
        return msgspec.convert(json.loads(data), Packed)
    except (zlib.error, RecursionError) as error:
        raise ValueError(str(error)) from None


def _each(items: Iterable[T]) -> Iterator[T]:
    """Yield each item once: what is so of the whole change every shard has found."""
    seen: set[bytes] = set()
    for item in items:
        told = json.dumps(msgspec.to_builtins(item)).encode()
        if told not in seen:
            seen.add(told)
            yield item


def _finding(finding: Finding) -> tuple[int, str, str, str, str]:
    return *by_weight(finding), finding.item, str(finding.at), flat(finding.message)


def _line(line: Line) -> tuple[str, str]:
    return line.what, flat(line.says)


def _late(releases: list[str], seconds: float) -> Iterator[Gap]:
    """Name the releases that nobody looked at, because the time was used up."""
    if releases:
        yield Gap(
            ", ".join(releases),
            f"not looked at within the {seconds:g} seconds that there are for the releases of a "
            "change",
            "run it again, or give it more (seconds below [pins] in the base's policy)",
        )


def _rests(count: int) -> Iterator[Line]:
    """Say what it rests on that libraries are no plugins, where no hash binds that."""
    if count:
        wheels = "a wheel that is" if count == 1 else f"{count} wheels that are"
        says = (
            Segment(
                f"of {wheels} no plugin only the table of contents was read, which no hash of "
                "a pin binds; whole-files below [pins] in the policy reads all"
            ),
        )
        yield Line("what this rests on", says)


def _unfound(pins: list[str]) -> Iterator[Line]:
    """Say how many texts there are that look like pins, and that nobody could look for."""
    if pins:
        says = (Segment("they may be pins, and no file of them was found: "), *few(pins))
        yield Line("other files", says)


def _untold(releases: list[tuple[str, str]]) -> Iterator[Gap]:
    """Note once that it is not known of releases whether the other node matters to them."""
    if releases:
        shown = "".join(each.text for each in few([name for name, _ in releases]))
        why = "it is not known whether what did not move is a plugin, and fits the other node"
        error = next((error for _, error in releases if error), "")
        yield Gap(shown, f"{why}; {error}" if error else why, "give their files as artifacts")


def _as_fine(releases: list[tuple[str, str, str]]) -> Iterator[Line]:
    """Say how many releases did not move while their node did, and are no worse on it."""
    for (old, new), each in groupby(releases, key=lambda each: each[:2]):
        names = [name for _, _, name in each]
        did = (
            "release that did not move is" if len(names) == 1 else "releases that did not move are"
        )
        says = (
            Segment(f"{len(names)} {did} no worse on it than on "),
            Segment(old, theirs=True),
            Segment(": "),
            *few(names),
        )
        yield Line(f"{NODE} {new}", says)
