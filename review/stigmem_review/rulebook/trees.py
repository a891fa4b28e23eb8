"""What the conditions and the message of a rule say, as trees that are evaluated as they stand.

Fields of a fact, comparisons, ``and``, ``or``, ``not``, ``if`` and one filter that marks outside
text: there is nothing else. No code is generated, and what a release says is only ever a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from stigmem_review.text import Segment, shorten

_SHOWN = 400
"""How many characters of one outside text a message shows."""

_LISTED = 10
"""How many items of a list a message shows."""

Names = Mapping[str, Any]
"""What a rule can look at: ``fact``, ``old``, ``new``, ``node`` and ``purpose``."""


class Const(msgspec.Struct, frozen=True, array_like=True, tag="is"):
    """A value that the rule writes."""

    value: bool | int | float | str | None

    def of(self, names: Names) -> Any:
        """Return its value."""
        return self.value


class Field(msgspec.Struct, frozen=True, array_like=True, tag="field"):
    """What a rule can look at, or a field of it: the names that lead there."""

    path: tuple[str, ...]

    def of(self, names: Names) -> Any:
        """Return its value."""
        value = names[self.path[0]]
        for each in self.path[1:]:
            value = getattr(value, each)
        return value


class Several(msgspec.Struct, frozen=True, array_like=True, tag="list"):
    """A list."""

    items: tuple[Expression, ...]

    def of(self, names: Names) -> Any:
        """Return its value."""
        return [each.of(names) for each in self.items]


class And(msgspec.Struct, frozen=True, array_like=True, tag="and"):
    """Both of two."""

    left: Expression
    right: Expression

    def of(self, names: Names) -> Any:
        """Return its value."""
        return self.left.of(names) and self.right.of(names)


class Or(msgspec.Struct, frozen=True, array_like=True, tag="or"):
    """One of two."""

    left: Expression
    right: Expression

    def of(self, names: Names) -> Any:
        """Return its value."""
        return self.left.of(names) or self.right.of(names)


class Not(msgspec.Struct, frozen=True, array_like=True, tag="not"):
    """The opposite."""

    operand: Expression

    def of(self, names: Names) -> Any:
        """Return its value."""
        return not self.operand.of(names)


class Compare(msgspec.Struct, frozen=True, array_like=True, tag="compare"):
    """Two values compared, by ``eq``, ``ne``, ``in`` or ``notin``.

    ``of`` raises ``TypeError`` where the second is asked what is in it and can hold nothing.
    """

    left: Expression
    operator: str
    right: Expression

    def of(self, names: Names) -> Any:
        """Return its value."""
        left, right = self.left.of(names), self.right.of(names)
        match self.operator:
            case "eq":
                return bool(left == right)
            case "ne":
                return bool(left != right)
            case "in":
                return left in right
            case _:
                return left not in right


class Choice(msgspec.Struct, frozen=True, array_like=True, tag="choice"):
    """One of two values, or nothing in place of the second."""

    test: Expression
    then: Expression
    other: Expression

    def of(self, names: Names) -> Any:
        """Return its value."""
        return (self.then if self.test.of(names) else self.other).of(names)


class Code(msgspec.Struct, frozen=True, array_like=True, tag="code"):
    """Outside text, marked as such; of several, the first."""

    value: Expression

    def of(self, names: Names) -> Any:
        """Return its value: segments that stay recognisable."""
        return tuple(_code(self.value.of(names)))


Expression = Const | Field | Several | And | Or | Not | Compare | Choice | Code


class Show(msgspec.Struct, frozen=True, array_like=True, tag="show"):
    """A value that a message shows."""

    value: Expression

    def segments(self, names: Names) -> Iterator[Segment]:
        """Yield what it says."""
        value = self.value.of(names)
        if isinstance(value, tuple):
            yield from value
        else:
            yield Segment(str(value))


class If(msgspec.Struct, frozen=True, array_like=True, tag="if"):
    """Parts of a message that depend on something."""

    test: Expression
    body: tuple[Part, ...]
    other: tuple[Part, ...] = ()

    def segments(self, names: Names) -> Iterator[Segment]:
        """Yield what it says."""
        for part in self.body if self.test.of(names) else self.other:
            yield from part.segments(names)


Part = Show | If


class Trees(msgspec.Struct, frozen=True, array_like=True):
    """All that a rule says; no condition is one that holds."""

    says: tuple[Part, ...]
    when: Expression | None = None
    error_when: Expression | None = None
    warning_when: Expression | None = None


def _code(value: Any) -> Iterator[Segment]:
    texts = value if isinstance(value, tuple) else (value,)
    for index, text in enumerate(texts[:_LISTED]):
        if index:
            yield Segment(", ")
        yield Segment(shorten(str(text), _SHOWN), theirs=True)
    if len(texts) > _LISTED:
        yield Segment(f" and {len(texts) - _LISTED} more")
