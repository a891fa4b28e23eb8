"""What the code of a release does and is no news, in a line for each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stigmem_review.compare.behaviour import name_of
from stigmem_review.document.parts import Line
from stigmem_review.model import Observation, Release
from stigmem_review.text import Segment, shorten

_SHOWN = 3
"""Names shown of one kind; JSON has all."""

_WHAT = {
    "early-effect": "{about}, as soon as it is imported",
    "accessor": "interfaces of the node",
    "file": "files that are no Python source",
    "deceptive": "source that hides something",
    "factory-raises": "where the factory stops the node",
}


def code_as_before(old: Release, new: Release) -> Iterator[Line]:
    """Yield what the new release does as the old one did, and what it no longer does.

    Where the old release is a capture, there is no code in it, and everything is listed.
    """
    if old.source.kind == "none" or not new.walked:
        return
    before = {_key(each): each.sha256 for each in old.observed}
    after = {_key(each) for each in new.observed}
    unread = old.source.kind == "capture"
    yield from _lines(
        each for each in new.observed if unread or before.get(_key(each)) == each.sha256
    )
    for line in _lines(each for each in old.observed if _key(each) not in after):
        yield Line(f"no longer: {line.what}", line.says)


def _key(observation: Observation) -> tuple[str, str]:
    return observation.kind, observation.item


def _lines(observed: Iterable[Observation]) -> Iterator[Line]:
    together: dict[str, list[Observation]] = {}
    for each in observed:
        what = _WHAT.get(each.kind, each.about or each.kind.replace("-", " "))
        together.setdefault(what.format(about=each.about), []).append(each)
    for what, members in together.items():
        yield Line(what, tuple(_said(members)))


def _said(members: list[Observation]) -> Iterator[Segment]:
    for index, each in enumerate(members[:_SHOWN]):
        if index:
            yield Segment(", ")
        yield Segment(shorten(name_of(each), 80), theirs=True)
        if each.at and each.kind != "file":
            yield Segment(" at ")
            yield Segment(shorten(str(each.at), 120), theirs=True)
    if len(members) > _SHOWN:
        yield Segment(f" and {len(members) - _SHOWN} more")
