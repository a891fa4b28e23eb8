"""Conditions: what has to be so for one way, and not for the other."""

from __future__ import annotations

import ast
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from stigmem_review.interpret.deciding.terms import (
    Alternative,
    Asked,
    Frame,
    Held,
    Not,
    Object,
    Term,
    Told,
    is_display,
    listed,
    shortened,
)
from stigmem_review.interpret.deciding.things import Things
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.values import Const, Frozen, Member, Pairs, Ref, Tuple
from stigmem_review.model import Way

Decided = list[tuple[Held, bool]]
_SWAPPED: dict[Any, Any] = {ast.Gt: ast.Lt, ast.LtE: ast.GtE}
_SIGNS: dict[Any, str] = {ast.Eq: "==", ast.Lt: "<", ast.Is: "is", ast.In: "in"}
_NEGATED: dict[Any, Any] = {
    ast.NotEq: ast.Eq,
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
    ast.GtE: ast.Lt,
}


class Conditions(Things, ABC):
    """Adds conditions."""

    @abstractmethod
    def look(self, node: ast.expr, frame: Frame, path: Held) -> Told:
        """Return what an expression gives, on each way."""

    @abstractmethod
    def many(
        self, nodes: Sequence[ast.expr], frame: Frame, path: Held
    ) -> list[tuple[Held, list[Term]]]:
        """Look at expressions one after the other."""

    def test(self, node: ast.expr, frame: Frame, path: Held) -> Decided:
        """Return on which ways a condition holds, and on which not."""
        self.tick()
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return [(way, not so) for way, so in self.test(inner, frame, path)]
            case ast.BoolOp(op=op, values=values):
                is_or = isinstance(op, ast.Or)
                if (asked := self.one_of(values, is_or, frame, path)) is not None:
                    return self.compared(ast.In() if is_or else ast.NotIn(), *asked, path)
                found: Decided = []
                ways = [path]
                for each in values:
                    ended = [e for way in ways for e in self.test(each, frame, way)]
                    found += [(way, so) for way, so in ended if so == is_or]
                    ways = [way for way, so in ended if so != is_or]
                return [*found, *((way, not is_or) for way in ways)]
            case ast.Compare(left=left, ops=ops, comparators=others):
                if len(ops) == 1:
                    return [
                        each
                        for way, (one, two) in self.many([left, others[0]], frame, path)
                        for each in self.compared(ops[0], one, two, way)
                    ]
            case _:
                pass
        return [e for way, term in self.look(node, frame, path) for e in self.truth(term, way)]

    def one_of(
        self, values: Sequence[ast.expr], is_or: bool, frame: Frame, path: Held
    ) -> tuple[Term, Term] | None:
        """Return what is compared with several constants, and these, if that is all it asks."""
        wanted = ast.Eq if is_or else ast.NotEq
        about: Term | None = None
        parts: list[Term] = []
        for each in values:
            if not (isinstance(each, ast.Compare) and [type(op) for op in each.ops] == [wanted]):
                return None
            sides = [self.look(one, frame, path) for one in (each.left, each.comparators[0])]
            if any(len(ways) != 1 for ways in sides):
                return None
            (_, one), (_, other) = (ways[0] for ways in sides)
            if isinstance(one.value, Const):
                one, other = other, one
            if not isinstance(other.value, Const) or (about and about.text != one.text):
                return None
            about = one
            parts.append(other)
        return (about, listed(parts, ordered=False)) if about is not None else None

    def boolean(self, values: Sequence[ast.expr], is_or: bool, frame: Frame, path: Held) -> Told:
        """Return what ``and`` or ``or`` gives."""
        found: Told = []
        ways: Told = self.look(values[0], frame, path)
        for node in values[1:]:
            more: Told = []
            for way, term in ways:
                for onward, so in self.truth(term, way):
                    if so == is_or:
                        found.append((onward, term))
                    else:
                        more += self.look(node, frame, onward)
            ways = more
        return [*found, *ways]

    def truth(self, term: Term, path: Held) -> Decided:
        """Return on which ways something counts as true, and on which not."""
        parts = term.parts
        if isinstance(parts, Not):
            return [(way, not so) for way, so in self.truth(parts.of, path)]
        if isinstance(parts, Asked):
            return self.compared(parts.op, parts.one, parts.two, path)
        if isinstance(parts, Object):
            return [(path, True)]
        if is_display(term):
            return [(path, bool(parts))]
        # What can be changed may be filled by the time that it is asked for.
        value = term.value
        match value:
            case Const(value=found):
                return self.settled(bool(found), path, term)
            case Frozen(items=items) | Tuple(items=items) | Pairs(items=items):
                return self.settled(bool(items), path, term)
            case Ref(kind="function" | "class" | "module"):
                return [(path, True)]
            case _:
                return self.atom(term.text, path)

    def settled(self, so: bool, path: Held, *terms: Term) -> Decided:
        """Return what the release's own values decide."""
        self.folded.update(each.text for each in terms)
        return [(path, so)]

    def atom(self, text: str, path: Held) -> Decided:
        """Return where something is so that only the node can tell, and where not."""
        if text in path:
            return [(path, path[text])]
        return [({**path, text: True}, True), ({**path, text: False}, False)]

    def compared(self, op: ast.cmpop, one: Term, two: Term, path: Held) -> Decided:
        """Return where a comparison holds, and where not."""
        kind: Any = type(op)
        if kind in _SWAPPED:
            kind, one, two = _SWAPPED[kind], two, one
        so = kind in _NEGATED
        kind = _NEGATED.get(kind, kind)
        truth = two.value.value if isinstance(two.value, Const) else None
        is_asked = kind in (ast.Is, ast.Eq) and isinstance(one.parts, (Asked, Not))
        if is_asked and isinstance(truth, bool):
            return [(way, found == (truth != so)) for way, found in self.truth(one, path)]
        if kind is ast.Is and isinstance(two.value, Const) and isinstance(one.value, (Const, Ref)):
            return self.settled((one.value == two.value) != so, path, one, two)
        if kind is ast.Eq:
            if isinstance(one.value, Const) and isinstance(two.value, Const):
                return self.settled((one.value.value == two.value.value) != so, path, one, two)
            one, two = sorted(
                (one, two), key=lambda each: (isinstance(each.value, Const), each.text)
            )
        if kind is ast.In:
            held = two.value
            if isinstance(held, (Frozen, Tuple)) and not held.items:
                return self.settled(so, path, two)
            if is_display(two):
                if not two.parts:
                    return [(path, so)]
                if len(two.parts) == 1:
                    return self.compared(ast.NotEq() if so else ast.Eq(), one, two.parts[0], path)
                two = listed(two.parts, ordered=False)
            elif isinstance(held, (Frozen, Tuple)) and not two.text.startswith("<"):
                two = Term(self.as_set(held), held)
        text = f"{one.text} {_SIGNS[kind]} {two.text}"
        self.of_an_enumeration(text, one, two)
        return [(way, found != so) for way, found in self.atom(text, path)]

    def of_an_enumeration(self, text: str, one: Term, two: Term) -> None:
        """Note what a condition compares with members of an enumeration of the release."""
        if isinstance(one.value, Member):
            one, two = two, one
        every = [each.value for each in two.parts] if is_display(two) else [two.value]
        if isinstance(two.value, (Frozen, Tuple)):
            every = [*two.value.items]
        members = [each for each in every if isinstance(each, Member)]
        kinds = {each.enum for each in members}
        if len(members) == len(every) and len(kinds) == 1:
            of = one.text, self.shown(kinds.pop())
            names = frozenset(each.name for each in members)
            # Nobody knows all of one that code which is not seen may have changed.
            with contextlib.suppress(GiveUp):
                count = len(self.m.members(members[0].enum))
                self.alternatives[text] = Alternative(of, names, count)

    def of_a_union(
        self, text: str, pattern: ast.pattern, subject: Term, frame: Frame, path: Held
    ) -> None:
        """Note a pattern of classes of the release, or of lengths: two of them may be all."""
        every = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
        names = set()
        kind = ""
        for each in every:
            inner = each.pattern if isinstance(each, ast.MatchAs) else each
            match inner:
                case ast.MatchClass(cls=cls, patterns=first, kwd_patterns=rest):
                    term = self.look(cls, frame, path)[0][1]
                    if not isinstance(term.value, Ref) or not all(map(_takes_all, [*first, *rest])):
                        return
                    kind = "a class"
                case ast.MatchSequence(patterns=inside) if all(map(_takes_all, inside)):
                    kind = "a length"
                case _:
                    return
            names.add(ast.unparse(inner))
        self.alternatives[text] = Alternative((subject.text, kind), frozenset(names), 2)

    def is_exhausted(self, way: Way) -> bool:
        """Say whether a way is for what is none of all those that something can be."""
        left: dict[tuple[str, str], set[str]] = {}
        for text, so in way.when:
            found = None if so else self.alternatives.get(text)
            if found:
                names = left.setdefault(found.of, set())
                names |= found.names
                if len(names) >= found.count:
                    return True
        return False

    def as_set(self, held: Frozen | Tuple) -> str:
        """Return what is in something, in whatever order."""
        return f"{{{', '.join(sorted(self.shown(each) for each in held.items))}}}"

    def matched(self, pattern: ast.pattern, subject: Term, frame: Frame, path: Held) -> Decided:
        """Return where something is like a pattern, and where not."""
        match pattern:
            case ast.MatchAs(pattern=None):
                if pattern.name:
                    frame.names[pattern.name] = subject
                return [(path, True)]
            case ast.MatchSingleton(value=value):
                return self.compared(ast.Is(), subject, Term(repr(value), Const(value)), path)
            case ast.MatchValue(value=value):
                [(_, term), *_] = self.look(value, frame, path)
                return self.compared(ast.Eq(), subject, term, path)
            case ast.MatchOr(patterns=patterns) if all(
                isinstance(e, ast.MatchValue) for e in patterns
            ):
                values = [
                    self.look(e.value, frame, path)[0][1]
                    for e in patterns
                    if isinstance(e, ast.MatchValue)
                ]
                return self.compared(ast.In(), subject, listed(values, ordered=False), path)
            case _:
                for each in ast.walk(pattern):
                    name = each.rest if isinstance(each, ast.MatchMapping) else None
                    if isinstance(each, (ast.MatchAs, ast.MatchStar)):
                        name = each.name
                    if name:
                        text = shortened(f"{name} of {subject.text}")
                        frame.names[name] = Term(text, data=subject.data)
                text = shortened(f"{subject.text} is like {ast.unparse(pattern)}")
                self.of_a_union(text, pattern, subject, frame, path)
                return self.atom(text, path)


def _takes_all(pattern: ast.pattern) -> bool:
    """Say whether a pattern is like anything."""
    return isinstance(pattern, ast.MatchStar) or (
        isinstance(pattern, ast.MatchAs) and pattern.pattern is None
    )
