"""What a handler decides, and what has to be so for it, in a form that two releases share.

The body of a handler is gone through once, with the functions of its own release that it calls.
What it is given, and what comes from elsewhere, stands in conditions as it is written there; a
name of the release stands for what the factory left in it. So a name, a helper, an early return or
an ``else`` makes no difference, and a loop counts as what is done with one of its items.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stigmem_review.code import nodes
from stigmem_review.interpret.deciding.alike import as_comprehension, as_condition
from stigmem_review.interpret.deciding.changes import Changes
from stigmem_review.interpret.deciding.expressions import Expressions, each_of
from stigmem_review.interpret.deciding.kept import Keeping, Kept
from stigmem_review.interpret.deciding.terms import (
    ALL,
    CONTEXT,
    GIVEN,
    NOTHING,
    PASSED,
    WAYS,
    Closure,
    Exit,
    Frame,
    Held,
    Term,
    TooMuch,
    data_of,
    passed,
    rooted,
    shortened,
)
from stigmem_review.interpret.deciding.things import Call
from stigmem_review.interpret.ends import Exhausted, GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.values import Const, Ref, Value
from stigmem_review.model import Location, Way

__all__ = ["KEPT_STEPS", "Call", "Changes", "Told", "decisions", "kept_and_sent"]


KEPT_STEPS = 40_000
"""Steps in which code is gone through for what it sends of what is kept."""


class Told(NamedTuple):
    """The ways in which a handler ends, the constants that they hang on, and what it hands on.

    ``sent`` says what of the request is in each argument of calls of others, ``asked_for`` which
    attributes it asks the context for, and where first.
    """

    ways: tuple[Way, ...]
    constants: dict[str, str]
    sent: Mapping[Call, Mapping[str, frozenset[str]]]
    asked_for: Mapping[str, Location]
    leaves: Kept
    """What of the request it leaves in the state of the release."""
    exhausted: frozenset[Way]
    """The ways for what is none of those that it can be, as far as the release says which."""


def decisions(changes: Changes, handler: Value, rewrites: bool) -> Told | None:
    """Return what a handler decides, and what it does with what it is given.

    ``changes`` says what the release that the handler is of changes while it runs.
    ``rewrites`` if the node gives it a value to hand on. ``None`` where there are too many ways,
    or what is called is not code that can be gone through.
    """
    walk = Walk(changes.m, changes, Keeping({}))
    given = [Term(CONTEXT), *([passed(GIVEN)] if rewrites else [])]
    named = Term(PASSED, parts={}, data=frozenset((ALL,)))
    try:
        ends = walk.called(Term("handler", handler), given, {PASSED: named}, {})
    except (GiveUp, Exhausted, RecursionError):
        return None
    if ends is None:
        return None
    ways = {(walk.end(each.term), frozenset(each.path.items())) for each in [*ends, *walk.raised]}
    found = [Way(end, tuple(sorted(path))) for end, path in ways]
    texts = {*walk.folded, *(each.end for each in found)}
    texts |= {atom for each in found for atom, _ in each.when}
    used = {
        name: value
        for name, value in walk.constants.items()
        if any(f"<{name}>" in text for text in texts)
    }
    listed = tuple(sorted(found, key=lambda each: (each.end, each.when)))
    never = frozenset(filter(walk.is_exhausted, listed))
    return Told(listed, used, walk.sent, walk.asked_for, walk.keeping.leaves, never)


def kept_and_sent(changes: Changes, kept: Kept) -> tuple[dict[Call, frozenset[str]], bool]:
    """Return which calls of others are given what is kept, and what of that, wherever they are.

    A function that cannot be gone through is taken to give all of it to whatever it calls. Then,
    whether all that mentions it was looked at, or there is more than is followed.
    """
    found: dict[Call, frozenset[str]] = {}
    all_of_it = frozenset[str]().union(*kept.values())
    left = KEPT_STEPS
    for function, owners in changes.mentioning(kept):
        if left <= 0:
            return found, False
        walk = Walk(changes.m, changes, Keeping(kept))
        own = [Term("self", each) for each in owners]
        named = Term(PASSED, parts={})
        try:
            walk.called(Term("function", function), own, {PASSED: named}, {}, late=True)
        except (GiveUp, Exhausted, RecursionError):
            for call in _calls_in(changes.m.thing(function)):
                walk.sent[call] = {"": all_of_it}
        left -= walk.steps
        for call, given in walk.sent.items():
            if data := frozenset(each for one in given.values() for each in one):
                found[call] = found.get(call, frozenset()) | data
    return found, True


def _calls_in(function: Thing) -> Iterator[Call]:
    if function.node is None or function.env is None:
        return
    for each in nodes.walk(function.node):
        match each:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                yield function.env.module.path, each.lineno, name
            case _:
                pass


class Walk(Expressions):
    """Goes through the statements of a handler, on every way at once."""

    def bind(self, target: ast.expr, term: Term, frame: Frame) -> None:
        """Bind a target."""
        match target:
            case ast.Name(id=name):
                frame.names[name] = rooted(term)
                if name in frame.elsewhere:
                    self.keeping.keep(data_of(term), self.elsewhere(name, frame))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for place, each in enumerate(parts):
                    inner = each.value if isinstance(each, ast.Starred) else each
                    self.bind(inner, self.item(term, Term(str(place), Const(place))), frame)
            case ast.Attribute(value=owner, attr=attr):
                self.set_attribute(self.changed(owner, frame), attr, term, frame)
            case ast.Subscript(value=owner, slice=index):
                how = f"[{ast.unparse(index)}] = {term.text}"
                self.change(self.changed(owner, frame), how, data_of(term), frame)
            case _:
                pass

    def block(self, body: Sequence[ast.stmt], ways: Sequence[tuple[Held, Frame]]) -> list[Exit]:
        """Return how statements end on each way; ``falls`` where they go on after them."""
        found: list[Exit] = []
        for statement in body:
            onward: list[tuple[Held, Frame]] = []
            for path, frame in ways:
                for each in self.statement(statement, frame.copy(), path):
                    if each.kind == "falls":
                        onward.append((each.path, each.frame))
                    else:
                        found.append(each)
            ways = onward
            if len(ways) + len(found) > WAYS:
                raise TooMuch
        return [*found, *(Exit(path, frame, "falls", NOTHING) for path, frame in ways)]

    def statement(self, node: ast.stmt, frame: Frame, path: Held) -> list[Exit]:
        """Return how a statement ends, on each way."""
        self.tick()
        match node:
            case ast.Return(value=value):
                told = self.look(value, frame, path) if value is not None else [(path, NOTHING)]
                return [Exit(way, frame, "returns", term) for way, term in told]
            case ast.Raise(exc=raised):
                told = self.look(raised, frame, path) if raised is not None else [(path, NOTHING)]
                self.raised += [
                    Exit(way, frame, "raises", self.failure(term)) for way, term in told
                ]
                return []
            case ast.If(test=test, body=body, orelse=orelse):
                found = []
                for way, so in self.test(test, frame, path):
                    found += self.block(body if so else orelse, [(way, frame.copy())])
                return found
            case ast.Assign(targets=targets, value=value):
                return self.assigned(targets, value, frame, path)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                return self.assigned([target], value, frame, path)
            case ast.AugAssign(target=target, op=op, value=value):
                exits = []
                for way, terms in self.many([target, value], frame, path):
                    mine = frame.copy()
                    text = f" {type(op).__name__} ".join(each.text for each in terms)
                    self.bind(target, Term(shortened(text), data=data_of(*terms)), mine)
                    exits.append(Exit(way, mine, "falls", NOTHING))
                return exits
            case ast.Expr(value=value):
                if (filled := self.gathered(node, frame, path)) is not None:
                    return filled
                return [
                    Exit(way, frame, "falls", NOTHING) for way, _ in self.look(value, frame, path)
                ]
            case ast.For() | ast.AsyncFor() | ast.While():
                return self.loop(node, frame, path)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                ways = [(path, frame)]
                for each in items:
                    more = []
                    for way, held in ways:
                        for onward, term in self.look(each.context_expr, held, way):
                            if each.optional_vars is not None:
                                self.bind(each.optional_vars, term, held)
                            more.append((onward, held))
                    ways = more
                return self.block(body, ways)
            case ast.Try() | ast.TryStar():
                return self.attempt(node, frame, path)
            case ast.Match():
                return self.match(node, frame, path)
            case ast.Delete(targets=targets):
                for gone in targets:
                    self.bind(gone, Term("nothing"), frame)
            case ast.Global(names=names):
                frame.elsewhere |= {*names}
            case ast.Break() | ast.Continue():
                return [Exit(path, frame, "leaves", NOTHING)]
            case ast.Import() | ast.ImportFrom():
                self.imported(node, frame)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                # What decorates it is left out: what it does is done with it.
                frame.names[name] = Term(f"a function {name}", None, Closure(node, frame))
            case _:
                pass
        return [Exit(path, frame, "falls", NOTHING)]

    def imported(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        """Bind what an import binds."""
        for each in node.names:
            if isinstance(node, ast.Import):
                dotted = each.name if each.asname else each.name.partition(".")[0]
                name = each.asname or dotted
                frame.names[name] = self.module(dotted)
                continue
            base = node.module or ""
            if node.level:
                package = frame.env.module.package.split(".")
                kept = package[: len(package) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            owner = self.module(base)
            inner = self.module(f"{base}.{each.name}")
            frame.names[each.asname or each.name] = (
                inner if isinstance(inner.value, Ref) else self.attribute(owner, each.name)
            )

    def assigned(
        self, targets: Sequence[ast.expr], value: ast.expr, frame: Frame, path: Held
    ) -> list[Exit]:
        """Bind targets to what an expression gives."""
        found = []
        for way, term in self.look(value, frame, path):
            mine = frame.copy()
            same = rooted(term) if len(targets) > 1 else term
            for each in targets:
                self.bind(each, same, mine)
            found.append(Exit(way, mine, "falls", NOTHING))
        return found

    def loop(
        self, node: ast.For | ast.AsyncFor | ast.While, frame: Frame, path: Held
    ) -> list[Exit]:
        """Return how what is done with one of the items ends."""
        if isinstance(node, ast.For):
            if (told := self.gathered(node, frame, path)) is not None:
                return told
            if (told := self.searched(node, frame, path)) is not None:
                return told
        ways: list[tuple[Held, Frame]] = []
        if not isinstance(node, ast.While):
            for way, term in self.look(node.iter, frame, path):
                mine = frame.copy()
                self.bind(node.target, each_of(term), mine)
                ways.append((way, mine))
        else:
            ways = [(way, frame) for way, so in self.test(node.test, frame, path) if so]
        exits = self.block(node.body, ways)
        after = [(each.path, each.frame) for each in exits if each.kind in ("falls", "leaves")]
        found = [each for each in exits if each.kind not in ("falls", "leaves")]
        return [*found, *self.block(node.orelse, after)]

    def gathered(self, node: ast.For | ast.Expr, frame: Frame, path: Held) -> list[Exit] | None:
        """Return how a statement ends that makes a list as a comprehension does."""
        made = as_comprehension(node)
        if made is None:
            return None
        name, listed = made
        before = frame.names.get(name)
        if before is None or before.parts != [] or before.text != "[]":
            return None
        others = (each for other, each in frame.names.items() if other != name)
        if any(each.root is before.root for each in others):
            return None
        self.bind(ast.Name(name), self.comprehension(listed, frame, path), frame)
        return [Exit(path, frame, "falls", NOTHING)]

    def searched(self, node: ast.For, frame: Frame, path: Held) -> list[Exit] | None:
        """Return how a loop ends that asks whether something is among its items."""
        asked = as_condition(node)
        if asked is None or not self.holds_items(asked[0].comparators[0], frame, path):
            return None
        test, found = asked
        return self.statement(ast.If(test, found.body, []), frame, path)

    def attempt(self, node: ast.Try | ast.TryStar, frame: Frame, path: Held) -> list[Exit]:
        """Return how a ``try`` ends: whether something is raised is a condition."""
        exits: list[Exit] = []
        ways = [(path, frame)]
        for handler in node.handlers:
            kind = ast.unparse(handler.type) if handler.type is not None else "anything"
            some, ways = ways, []
            for way, held in some:
                for onward, so in self.atom(f"{kind} is raised", way):
                    if so:
                        mine = held.copy()
                        if handler.name:
                            mine.names[handler.name] = Term(f"the {kind}")
                        exits += self.block(handler.body, [(onward, mine)])
                    else:
                        ways.append((onward, held.copy()))
        exits += self.block([*node.body, *node.orelse], ways)
        last = [each for each in exits if each.kind == "falls"]
        kept = [each for each in exits if each.kind != "falls"]
        after = self.block(node.finalbody, [(each.path, each.frame) for each in last])
        return [*kept, *after]

    def match(self, node: ast.Match, frame: Frame, path: Held) -> list[Exit]:
        """Return how the cases end."""
        found: list[Exit] = []
        for way, subject in self.look(node.subject, frame, path):
            ways = [way]
            for case in node.cases:
                onward = []
                for each in ways:
                    for then, so in self.matched(case.pattern, subject, frame, each):
                        mine = frame.copy()
                        told = (
                            self.test(case.guard, mine, then) if so and case.guard else [(then, so)]
                        )
                        for last, holds in told:
                            if holds:
                                found += self.block(case.body, [(last, mine)])
                            else:
                                onward.append(last)
                ways = onward
            found += [Exit(each, frame, "falls", NOTHING) for each in ways]
        return found
