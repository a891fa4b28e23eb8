"""What of the states of a new release is news, by what their classes say."""

from __future__ import annotations

from collections.abc import Iterable

from stigmem_review.compare.acts import is_same_code
from stigmem_review.facts import Baseline, Fact, State
from stigmem_review.model import Manifest, Release
from stigmem_review.outcomes import is_read


def news(
    found: Iterable[Fact], before: Iterable[State], old: Release, new: Release
) -> tuple[list[Fact], list[Fact]]:
    """Return what is found in a new release and was not so before, and apart what was.

    ``before`` are the states of the old release. A change is always news.
    """
    said: list[Fact] = []
    already: list[Fact] = []
    was: dict[tuple[type[Fact], str], list[State]] = {}
    for state in before:
        was.setdefault((type(state), state.item), []).append(state)
    for fact in found:
        if not isinstance(fact, State):
            said.append(fact)
        elif not _shows(old, fact.baseline):
            continue
        elif not _excused(fact, was.get((type(fact), fact.item), ()), old, new):
            said.append(fact)
        elif fact.listed:
            already.append(fact)
    return said, already


def _excused(state: State, before: Iterable[State], old: Release, new: Release) -> bool:
    if state.excuse == "none":
        return False
    # What was so at some times does not excuse what is so at others.
    as_before = any(each.when in ((), state.when) and each.covers(state) for each in before)
    return as_before and (state.excuse == "as before" or is_same_code(state, old, new))


def _shows(old: Release, baseline: Baseline) -> bool:
    """Say whether an old release shows that a state is new."""
    if baseline == "any":
        return True
    if baseline == "code":
        return old.source.kind != "capture"
    declared = old.manifest.capabilities if isinstance(old.manifest, Manifest) else None
    return old.source.kind == "none" or (old.walked and is_read(declared))
