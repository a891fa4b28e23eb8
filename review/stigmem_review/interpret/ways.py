"""Ways through a program: forks that run from one state, and joins of what they changed."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Hashable, Iterable, Sequence

from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.escape import NAMING, Escaping
from stigmem_review.interpret.heap import ESCAPED, FLAGS, MADE, SHOWN, UNORDERED, Cell
from stigmem_review.interpret.values import (
    ALWAYS,
    MISSING,
    TRUE,
    Atom,
    Conditions,
    OneOf,
    Option,
    Ref,
    Unknown,
    Value,
)

ONE_OF = 12
"""Values that one value can be said to be one of."""
WAITING = 12
"""Outcomes of one kind that wait before they are joined."""
EITHER = "either"
"""What a condition begins with that holds where one of several sets of conditions does."""
OTHERWISE = "otherwise"
"""A condition of which only is known that there are many ways for it."""
_WAYS = 6
_PATH = 60
"""Conditions on one way, up to which those of ways that were joined are kept."""


class Ways(Escaping, ABC):
    """Forks and joins."""

    def run(self, part: Part, conditions: Conditions = ALWAYS) -> list[Outcome]:
        """Run a part from the state there is, take back what it changed, and return how it ends."""
        waiting, mark, path = self.waiting, self.mark, self.path
        self.waiting, self.mark = [], len(self.trail)
        self.path = {**path, **dict(conditions)}
        handling, guarded, depth = len(self.handling), self.guarded, self.depth
        kind = "falls"
        try:
            value = part()
        except Exit as end:
            kind, value = end.kind, end.value
            del self.handling[handling:]
            self.guarded, self.depth = guarded, depth
        except GiveUp:
            # Whoever called the model lets its operands escape, whatever it has done by now.
            self.undo(self.mark)
            self.waiting, self.mark, self.path = waiting, mark, path
            self.guarded, self.depth = guarded, depth
            del self.handling[handling:]
            raise
        ended = Outcome(kind, value, self.delta(self.mark), self.path)
        self.tick(1 + len(ended.delta) // 8)
        outcomes = [*self.waiting, ended]
        self.undo(self.mark)
        self.waiting, self.mark, self.path = waiting, mark, path
        return outcomes

    def caught(self, part: Part) -> list[Outcome]:
        """Run a part whose exceptions are caught: what may raise does so on a way of its own."""
        self.guarded += 1
        try:
            return self.run(part)
        finally:
            self.guarded -= 1

    def wait(self, kind: str, value: Value) -> None:
        """Let a way that ends here wait at the innermost run."""
        self.tick(1 + len(self.path) // 8)
        self.waiting.append(Outcome(kind, value, self.delta(self.mark), dict(self.path)))
        alike = [each for each in self.waiting if each.kind == kind]
        if len(alike) > WAITING:
            kept = [each for each in self.waiting if each.kind != kind]
            now = self.delta(self.mark)
            self.undo(self.mark)

            def joined() -> Value:
                raise Exit(kind, self._join(alike))

            # What is taken to be so by now need not be so where they ended.
            path, self.path = self.path, {}
            waiting = self.grouped(alike)
            if len(waiting) > WAITING - 2:
                waiting = self.run(joined)
            self.path = path
            self.redo(now)
            self.waiting = [*kept, *waiting]

    def may_raise(self, why: str) -> None:
        """Something may raise an exception that nobody can name."""
        if self.guarded:
            if self.lost:
                # What is caught still runs; when it does means nothing any more.
                self.wait("raises", self.unknown(why))
                return
            atom = self.atom(why)
            path = self.path
            self.path = {**path, atom: True}
            self.wait("raises", self.unknown(why))
            self.path = {**path, atom: False}

    def adopt(self, outcome: Outcome) -> None:
        """Go on from where an outcome is."""
        self.redo(outcome.delta)
        self.path = dict(outcome.path)

    def grouped(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Join outcomes that end alike: in the same way, exceptions of the same class."""
        groups: dict[Hashable, list[Outcome]] = {}
        for each in outcomes:
            groups.setdefault((each.kind, self._class_of(each)), []).append(each)
        found: list[Outcome] = []
        for group in groups.values():
            if len(group) == 1:
                found += group
                continue
            kind = group[0].kind

            def joined(group: list[Outcome] = group, kind: str = kind) -> Value:
                value = self._join(group)
                if kind != "falls":
                    raise Exit(kind, value)
                return value

            found += self.run(joined)
        return found

    def _class_of(self, outcome: Outcome) -> Hashable:
        value = outcome.value
        if outcome.kind == "raises" and isinstance(value, Ref) and value.kind == "instance":
            return self.thing(value).type
        return None

    def settle(self, outcomes: Sequence[Outcome], kinds: frozenset[str]) -> Value:
        """Go on with what ends in one of the wanted ways; the others wait, with what they changed.

        If none ends so, leave as they do.
        """
        mine = [each for each in outcomes if each.kind in kinds]
        others = [each for each in outcomes if each.kind not in kinds]
        last = others.pop() if not mine else None
        for each in others:
            mark, path = len(self.trail), self.path
            self.adopt(each)
            self.wait(each.kind, each.value)
            self.undo(mark)
            self.path = path
        if last is not None:
            self.adopt(last)
            raise Exit(last.kind, last.value)
        return self._join(mine)

    def fork(self, parts: Iterable[tuple[Conditions, Part]]) -> Value:
        """Run parts from the same state, and join how they fall through."""
        outcomes: list[Outcome] = []
        for conditions, part in parts:
            outcomes += self.run(part, conditions)
        return self.settle(outcomes, FALLS)

    def each(self, value: Value, part: Callable[[Value], Value]) -> Value:
        """Run a part for each value that a value can be."""
        value = self.narrowed(value)
        if not isinstance(value, OneOf):
            return part(value)

        def with_(option: Option) -> Part:
            return lambda: part(option.value)

        return self.fork([(option.conditions, with_(option)) for option in value.options])

    def each_of(
        self,
        args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
        part: Callable[[Sequence[Value], Sequence[tuple[str, Value]]], Value],
    ) -> Value:
        """Run a part for each way in which arguments can be."""
        every = [*args, *(value for _, value in keywords)]
        names = [name for name, _ in keywords]

        def step(done: tuple[Value, ...]) -> Value:
            if len(done) == len(every):
                named = tuple(zip(names, done[len(args) :], strict=True))
                return part(done[: len(args)], named)
            return self.each(every[len(done)], lambda one: step((*done, one)))

        return step(())

    def decide(self, atom: Hashable, yes: Part, no: Part) -> Value:
        """Run what is to run if something is so, and what if not."""
        atom = self.number(atom)
        if atom in self.path:
            return yes() if self.path[atom] else no()
        return self.fork([(frozenset({(atom, True)}), yes), (frozenset({(atom, False)}), no)])

    def _join(self, outcomes: Sequence[Outcome]) -> Value:
        if len(outcomes) == 1:
            self.adopt(outcomes[0])
            return outcomes[0].value
        self.tick(len(outcomes) + sum(len(each.path) for each in outcomes) // 8)
        common = dict(self.path)
        for atom, so in outcomes[0].path.items():
            if all(each.path.get(atom) == so for each in outcomes[1:]):
                common[atom] = so
        shared = common.items()
        own = [frozenset(each.path.items() - shared) for each in outcomes]
        if len(common) < _PATH:
            ways = own[0]
            for each_ in own[1:]:
                ways = self.either(ways, each_)
            common.update(ways)
        touched: dict[Cell, None] = {}
        for each in outcomes:
            touched.update(dict.fromkeys(each.delta))
        fresh: list[Ref] = []
        joined: list[tuple[Cell, Value]] = []
        spilled: list[Value] = []
        for cell in touched:
            oid, name = cell
            self.tick()
            if name[0] in FLAGS:
                # Flags only ever get set, and hold if they are set on any way.
                joined.append((cell, next(e.delta[cell] for e in outcomes if cell in e.delta)))
                if name == ESCAPED and not all(cell in e.delta for e in outcomes):
                    fresh.append(Ref(oid, self.things[oid].kind))
                continue
            values: list[Value] = []
            conditions: list[Conditions] = []
            old = (oid, MADE) in self.cells
            for each, held in zip(outcomes, own, strict=True):
                value = each.delta.get(cell)
                if value is None:
                    if not (old or (oid, MADE) in each.delta):
                        continue
                    value = self.cells.get(cell, MISSING)
                values.append(value)
                conditions.append(held)
            first = values[0]
            for value in values:
                if value is not first and value != first:
                    break
            else:
                joined.append((cell, first))
                continue
            merged = self.merged([Option(*each) for each in zip(values, conditions, strict=True)])
            if merged is None:
                spilled += values
                merged = Unknown("it is one of too many values", self.at())
            joined.append((cell, merged))
        self.path = common
        joined += [((oid, UNORDERED), TRUE) for oid in self._unordered(outcomes, touched)]
        for cell, value in joined:
            if self.cells.get(cell) != value:
                self.put(cell, value)
        for ref in fresh:
            for reached in self._reached(ref):
                self.escape(reached)
        # What is shown or escaped on one way is so for what another way put there.
        for cell, value in joined:
            oid, name = cell
            if name.startswith(SHOWN):
                self.escape(self.cells.get((oid, name[len(SHOWN) :]), MISSING))
            elif name[0] not in FLAGS and (
                (oid, ESCAPED) in self.cells or (oid, SHOWN + name) in self.cells
            ):
                self.escape(value)
        for lost in spilled:
            self.escape(lost)
        result = self.merged(
            [Option(each.value, path) for each, path in zip(outcomes, own, strict=True)]
        )
        if result is None:
            return self.unknown("it is one of too many values", *(e.value for e in outcomes))
        return result

    def _unordered(self, outcomes: Sequence[Outcome], touched: Iterable[Cell]) -> list[int]:
        """Return what gets names in one order on one way, and in another on another."""
        new: dict[int, set[Cell]] = {}
        for cell in touched:
            if self.things[cell[0]].kind in NAMING and cell not in self.cells:
                new.setdefault(cell[0], set()).add(cell)
        return [
            oid
            for oid, cells in new.items()
            if len(cells) > 1
            and len({tuple(cell for cell in each.delta if cell in cells) for each in outcomes}) > 1
        ]

    def merged(self, options: Sequence[Option]) -> Value | None:
        """Return one value for several; nothing where they are too many."""
        found: dict[Value, Conditions] = {}
        for option in options:
            inner = option.value
            nested = inner.options if isinstance(inner, OneOf) else (Option(inner, ALWAYS),)
            for each in nested:
                conditions = option.conditions | each.conditions
                if len(dict(conditions)) < len(conditions):
                    continue
                kept = found.get(each.value)
                found[each.value] = conditions if kept is None else self.either(kept, conditions)
        if len(found) == 1:
            return next(iter(found))
        if not found or len(found) > ONE_OF:
            return None
        return OneOf(tuple(Option(value, conditions) for value, conditions in found.items()))

    def either(self, one: Conditions, other: Conditions) -> Conditions:
        """Return what has to be so where one of two has to be."""
        if one <= other or other <= one:
            return one & other
        differ = one ^ other
        if len(differ) == 2 and len(dict(differ)) == 1:
            # It does not matter whether that is so.
            return one & other
        ways = {*self.ways(one), *self.ways(other)}
        if len(ways) > _WAYS:
            return (one & other) | {(self.number(OTHERWISE), True)}
        choice = self.number((EITHER, frozenset(ways)))
        self._choices.add(choice)
        return (one & other) | {(choice, True)}

    def possible(self, option: Option) -> bool:
        """Say whether an option can be, on the way that is followed."""
        path = self.path
        if not super().possible(option):
            return False
        if not self._choices:
            return True
        open_ = frozenset((atom, True) for atom in path.keys() & self._choices if path[atom])
        if not open_ and not any(atom in self._choices for atom, _ in option.conditions):
            return True
        ways = self.ways(option.conditions | open_)
        for way in ways:
            for atom, so in way:
                if path.get(atom, so) != so:
                    break
            else:
                return True
        return False

    def ways(self, conditions: Conditions) -> list[Conditions]:
        """Return the ways in which conditions can hold, each without a choice in it.

        Where they are too many, choices are left out.
        """
        found = self._ways.get(conditions)
        if found is None:
            found = self._ways[conditions] = self._ways_of(conditions)
        return found

    def _ways_of(self, conditions: Conditions) -> list[Conditions]:
        plain: list[tuple[Atom, bool]] = []
        choices: list[Iterable[Conditions]] = []
        for atom, so in conditions:
            words = self.atoms[atom][0] if isinstance(atom, int) else atom
            if isinstance(words, tuple) and words[0] == EITHER:
                choices.append(words[1])
            else:
                plain.append((atom, so))
        found: list[Conditions] = [frozenset(plain)]
        for ways in choices:
            more = [one | other for one in found for other in ways]
            more = [each for each in more if len(dict(each)) == len(each)]
            if not more:
                return []
            if len(more) <= 3 * _WAYS:
                found = more
        return found
