"""A rule that is ready to judge facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from stigmem_review.case import Case
from stigmem_review.errors import RuleError
from stigmem_review.facts import Fact
from stigmem_review.model import Level
from stigmem_review.rulebook.rule import Rule
from stigmem_review.rulebook.rules import RuleFile
from stigmem_review.rulebook.trees import Expression, Names, Trees
from stigmem_review.text import Message, Segment, shorten


class Compiled:
    """One rule and what it says, ready to judge facts of the kinds it is about."""

    def __init__(self, rule: Rule, trees: Trees) -> None:
        self._rule = rule
        self._when = trees.when
        self._heavier: tuple[tuple[Level, Expression | None], ...] = (
            ("error", trees.error_when),
            ("warning", trees.warning_when),
        )
        self._says = trees.says

    def level(self, fact: Fact, case: Case) -> Level | None:
        """Return the level at which the rule fires on a fact; ``None`` if it does not."""
        names = _names(fact, case)
        if self._when is not None and not self._true("when", self._when, names):
            return None
        for level, condition in self._heavier:
            if condition is not None and self._true(f"{level}-when", condition, names):
                return level
        return self._rule.level

    def says(self, fact: Fact, case: Case) -> Message:
        """Return the rule's message about a fact."""
        names = _names(fact, case)
        try:
            return tuple(_joined(each for part in self._says for each in part.segments(names)))
        except TypeError as error:
            raise self._error("says", str(error)) from None

    def _true(self, key: str, condition: Expression, names: Names) -> bool:
        try:
            result = condition.of(names)
        except TypeError as error:  # what ``in`` is asked of may hold nothing
            raise self._error(key, str(error)) from None
        if not isinstance(result, bool):
            raise self._error(key, f"it must be true or false and is {type(result).__name__}")
        return result

    def _error(self, key: str, why: str) -> RuleError:
        return RuleError(f"rule {self._rule.id}, {key}: {shorten(why)}")


@cache
def compiled(each: RuleFile) -> Compiled:
    """Return a rule compiled; once in a process. Raises ``RuleError`` where it is not valid."""
    if each.prepared:
        return Compiled(each.prepared.rule, each.prepared.trees)
    # Jinja2 takes longer to import than everything else together.
    from stigmem_review.rulebook.parsing import parse

    return Compiled(each.rule, parse(each.rule))


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield segments with neighbours of ours put together."""
    ours = ""
    for segment in segments:
        if not segment.theirs:
            ours += segment.text
            continue
        if ours:
            yield Segment(ours)
            ours = ""
        yield segment
    if ours:
        yield Segment(ours)


def _names(fact: Fact, case: Case) -> Names:
    return {
        "fact": fact,
        "old": case.old,
        "new": case.new,
        "node": case.node,
        "purpose": case.purpose,
    }
