"""What the code of a release does and is no news, in a line for each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stigmem_review.compare.behaviour import NOWHERE, news_of
from stigmem_review.document.parts import Line
from stigmem_review.model import Act, Location, Observation, Release
from stigmem_review.text import Segment, shorten

_SHOWN = 3
"""Names shown of one kind; JSON has all."""

_WHAT = {
    "accessor": "interfaces of the node",
    "unexpected-file": "files that are no Python source",
    "source-deceptive": "source that hides something",
    "factory-raises": "where the factory stops the node",
}

Shown = dict[str, dict[str, Location | None]]
"""Names with their places, by the kind of thing they are."""


def code_as_before(old: Release, new: Release) -> Iterator[Line]:
    """Yield what the new release does as the old one did, and what it no longer does.

    Where the old release is a capture, there is no code in it, and everything is listed.
    """
    if old.source.kind == "none" or not new.walked:
        return
    unread = old.source.kind == "capture"
    before = {_key(each): each.sha256 for each in old.observed}
    after = {_key(each) for each in new.observed}
    same: Shown = {}
    gone: Shown = {}
    news = set() if unread else news_of(new.behaviour, old)
    acts = [each for each in new.behaviour if each not in news]
    _add_acts(same, acts)
    _add_acts(
        gone, [e for e in old.behaviour if e.kind not in {each.kind for each in new.behaviour}]
    )
    for observed in new.observed:
        if unread or before.get(_key(observed)) == observed.sha256:
            _add(same, observed)
    for observed in old.observed:
        if _key(observed) not in after:
            _add(gone, observed)
    for what, names in same.items():
        yield Line(what, tuple(_said(names)))
    for what, names in gone.items():
        yield Line(f"no longer: {what}", tuple(_said(names)))


def _add_acts(shown: Shown, acts: Iterable[Act]) -> None:
    for act in acts:
        if act.kind == "own":
            continue
        what = "in code that nothing calls: " if set(act.roots) <= {*NOWHERE} else ""
        names = shown.setdefault(f"{what}{act.kind}", {})
        for name in act.to or (act.api,):
            names.setdefault(name, act.at)


def _add(shown: Shown, each: Observation) -> None:
    what = _WHAT.get(each.kind, each.kind.replace("-", " "))
    shown.setdefault(what, {}).setdefault(
        each.item, None if each.kind == "unexpected-file" else each.at
    )


def _key(observation: Observation) -> tuple[str, str]:
    return observation.kind, observation.item


def _said(names: dict[str, Location | None]) -> Iterator[Segment]:
    for index, (name, at) in enumerate([*names.items()][:_SHOWN]):
        if index:
            yield Segment(", ")
        yield Segment(shorten(name, 80), theirs=True)
        if at:
            yield Segment(" at ")
            yield Segment(shorten(str(at), 120), theirs=True)
    if len(names) > _SHOWN:
        yield Segment(f" and {len(names) - _SHOWN} more")
