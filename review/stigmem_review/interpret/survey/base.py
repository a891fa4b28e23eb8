"""Code that waits to be looked at, what its names stand for, and what was seen."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stigmem_review.host import apis
from stigmem_review.interpret.events import (
    IMPORT,
    UNIMPORTED,
    UNREACHED,
    Arguments,
    Event,
    EventKind,
    Import,
)
from stigmem_review.interpret.survey.things import (
    ALONE,
    BUILTINS,
    CHARS,
    EACH,
    MANY,
    NEVER,
    SOME,
    Attr,
    Body,
    Bound,
    Env,
    Far,
    Klass,
    Mod,
    Space,
    Text,
    Unit,
    Value,
    Values,
    is_itself,
    joined,
)

_AGAIN = 200_000
"""Expressions that are looked at again, and ``_OF_A_LINE`` more for each line of code."""
_OF_A_LINE = 20


class Base(ABC):
    """What a survey keeps; how code is looked at is added above."""

    @abstractmethod
    def look(self, node: ast.expr, env: Env) -> Values:
        """Return what an expression can stand for, and note what evaluating it does."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Look at statements."""

    @abstractmethod
    def bind(self, name: str, values: Values, env: Env) -> None:
        """Bind a name; what stands after it, and nowhere else, then has nothing but that."""

    @abstractmethod
    def call(
        self,
        function: Value,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        """Call something."""

    @abstractmethod
    def items_of(self, values: Values, node: ast.AST, env: Env) -> Values:
        """Return what going through something gives."""

    @abstractmethod
    def operate(
        self, values: Values, operator: str, node: ast.AST, env: Env, *, prefix: str = ""
    ) -> Values:
        """Call the methods of objects that an operator runs."""

    @abstractmethod
    def augmented(self, left: Values, right: Values, node: ast.AugAssign, env: Env) -> Values:
        """Return what an operator makes of what a name stands for."""

    @abstractmethod
    def module(self, name: str, *, quiet: bool = False) -> Values:
        """Import a module, its parents first."""

    @abstractmethod
    def lazily(self, module: Mod, name: str, node: ast.AST, env: Env) -> Values:
        """Return what a module has by star imports of others, or by its own ``__getattr__``."""

    def __init__(self, accessors: Iterable[str] = ()) -> None:
        self.events: dict[tuple[str, str, str, int], Event] = {}
        self.imports: dict[tuple[str, int, str, str], Import] = {}
        self.imported: set[str] = set()
        """Modules of others that are imported as such."""
        self.modules: dict[str, Mod] = {}
        self.tops: set[str] = set()
        self.accessors = frozenset(accessors)
        self.known_names: dict[tuple[str, str], Value] = {}
        self.made: dict[tuple[int, int], Any] = {}
        self.bodies: list[Body] = []
        self.classes: list[Klass] = []
        self.waiting: list[Unit] = []
        self.phases = {IMPORT: 0, UNIMPORTED: NEVER - 2, UNREACHED: NEVER - 1}
        self.unit: Unit = Mod("", "", ast.Module([], []))
        self.guarded = 0
        self.sure = True
        self.nested = 0
        self.looping = 0
        self.now: dict[str, Values] = {}
        """What names stand for at the place that is looked at, as far as that is sure."""
        self.looked = 0
        self.allowed = _AGAIN
        self.exhausted = False
        """Whether there was more to look at again than is done."""

    def add(self, name: str, place: str, tree: ast.Module) -> Mod:
        """Add a module."""
        made = Mod(name, place, tree)
        made.env = Env("module", made, None, made, made)
        self.modules[name] = made
        self.allowed += _OF_A_LINE * (tree.body[-1].end_lineno or 0 if tree.body else 0)
        self.tops.add(name.partition(".")[0])
        return made

    def load(self, name: str, phase: str) -> None:
        """Look at a module, with its parents, as whoever imports it would run it."""
        parts = name.split(".")
        for size in range(1, len(parts) + 1):
            found = self.modules.get(".".join(parts[:size]))
            if found is not None:
                self.reach(found, phase)
        self.run()

    def called(self, unit: Unit, phase: str) -> None:
        """Look at a function that is called in a phase."""
        self.reach(unit, phase)
        self.run()

    def rest(self) -> None:
        """Look at what nothing has reached."""
        for each in [*self.modules.values()]:
            if not each.phase:
                self.reach(each, UNIMPORTED)
                self.run()
        done = 0
        while done < len(self.bodies):
            each_ = self.bodies[done]
            done += 1
            if not each_.phase:
                self.reach(each_, UNREACHED)
                self.run()

    def body_of(self, node: ast.AST, module: str) -> Body | None:
        """Return the function that a definition makes."""
        found = self.made.get((id(node), id(self.modules.get(module))))
        return found if isinstance(found, Body) else None

    def class_of(self, name: str, module: str) -> Klass | None:
        """Return the class of a qualified name in a module."""
        wanted = name.replace(".<locals>", "")
        found = (each for each in self.classes if each.name == wanted and each.module == module)
        return next(found, None)

    def add_event(self, event: Event) -> None:
        """Add an event: the first phase counts, and all that is known of its arguments."""
        key = (event.kind, event.api, event.place, event.line)
        known = self.events.get(key)
        if known is None:
            self.phases.setdefault(event.phase, len(self.phases))
            self.events[key] = event
            return
        earlier = self.phases.setdefault(event.phase, len(self.phases)) < self.phases[known.phase]
        if earlier or known.arguments != event.arguments:
            first = event if earlier else known
            arguments = joined(known.arguments, event.arguments)
            self.events[key] = replace(first, arguments=arguments)

    def reach(self, unit: Unit, phase: str) -> None:
        """Note that a piece of code runs in a phase; the first phase counts."""
        rank = self.phases.setdefault(phase, len(self.phases))
        if rank < unit.rank:
            unit.rank, unit.phase = rank, phase
            self.queue(unit)

    def queue(self, unit: Unit) -> None:
        """Look at a piece of code again."""
        if not unit.queued and unit.phase:
            unit.queued = True
            self.waiting.append(unit)

    def run(self) -> None:
        """Look at all that waits: once at what is new, before again at what has become more."""
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            for unit in waiting:
                if unit.seen and self.looked > self.allowed:
                    self.exhausted = True
                    unit.queued = False
                    continue
                self.visit(unit)

    def visit(self, unit: Unit) -> None:
        unit.queued = False
        unit.seen = True
        before = self.unit, self.guarded, self.sure, self.now, self.looping
        self.unit, self.guarded, self.sure, self.now, self.looping = unit, 0, True, {}, 0
        env = unit.env
        assert env is not None
        node = unit.node
        if isinstance(node, ast.Lambda):
            self.grow(unit, "return", self.look(node.body, env))
        else:
            self.block(node.body, env)  # type: ignore[attr-defined]
        self.unit, self.guarded, self.sure, self.now, self.looping = before

    def far(self, dotted: str) -> Far:
        """Return what others provide under a name."""
        dotted = apis.ALIASES.get(dotted) or apis.SEEN_AS.get(dotted, dotted)
        found = self.known_names.get(("far", dotted))
        if found is None:
            found = self.known_names["far", dotted] = Far(dotted)
        assert isinstance(found, Far)
        return found

    def text(self, text: str) -> Values:
        """Return a constant text; nothing where it is too long to be a name or a destination."""
        if len(text) > CHARS:
            return ()
        found = self.known_names.get(("text", text))
        if found is None:
            found = self.known_names["text", text] = Text(text)
        return (found,)

    def attr(self, name: str) -> Attr:
        """Return an attribute of nobody knows what."""
        found = self.known_names.get(("attr", name))
        if found is None:
            found = self.known_names["attr", name] = Attr(name)
        assert isinstance(found, Attr)
        return found

    def bound(self, function: Value, args: tuple[tuple[Value, ...], ...]) -> Bound:
        """Return a method with its object."""
        key = (id(function), hash(args))
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = Bound(function, args)
        assert isinstance(found, Bound)
        return found

    def grow(self, space: Space, name: str, values: Iterable[Value]) -> None:
        """Let a name stand for more."""
        todo = [(space, name, tuple(values))]
        while todo:
            into, name, more = todo.pop()
            held = into.names.get(name)
            if held is None:
                held = into.names[name] = {}
            size = len(held)
            if not more:
                into.loose.add(name)
            if name in into.loose and any(isinstance(e, Text) for e in (*held, *more)):
                held.setdefault(SOME)
            for each in more:
                if each in held or len(held) < EACH:
                    held[each] = None
                elif isinstance(each, Text):
                    held[SOME] = None
                elif len(held) < MANY and isinstance(each, Far) and each.weighs:
                    held[each] = None
            if len(held) == size:
                continue
            new = [*held][size:]
            for unit in into.readers.get(name, ()):
                self.queue(unit)
            if not name.startswith("_"):
                todo += [(other, name, tuple(new)) for other in into.followers]

    def held(self, space: Space, name: str) -> Values:
        """Return what a name of a space stands for."""
        readers = space.readers.get(name)
        if readers is None:
            readers = space.readers[name] = {}
        readers[self.unit] = None
        return tuple(space.names.get(name, ()))

    def name(self, name: str, env: Env) -> Values:
        """Return what a name stands for."""
        scope: Env | None = env
        inner = True
        while scope is not None:
            if scope.kind != "class" or inner:
                if scope.space is self.unit and name in self.now and name not in self.unit.shared:
                    return self.now[name]
                if name in scope.space.names and name not in scope.globals:
                    found = self.held(scope.space, name)
                    if scope.outer is None and name in BUILTINS and not found:
                        break
                    return found
                if scope.kind == "module":
                    self.held(scope.space, name)
            inner = False
            scope = scope.outer
        if name == "__name__" and env.module.name != ALONE:
            return self.text(env.module.name)
        if name == "__builtins__":
            return (self.far("builtins"),)
        stars = env.module.stars
        found = tuple(self.far(f"{each}.{name}") for each in stars)
        if name in BUILTINS:
            if name in env.module.names and not is_itself(env.module, name):
                return found
            found += (self.far(f"builtins.{name}"),)
        return found

    def event(
        self,
        kind: EventKind,
        api: str,
        node: ast.AST,
        env: Env,
        arguments: Arguments = (),
        phase: str = "",
    ) -> None:
        """Note what code does."""
        line = getattr(node, "lineno", 0)
        unit = self.unit
        phase = phase or unit.phase
        known = self.events.get((kind, api, env.module.place, line))
        told = any(texts for _, texts in arguments)
        if (
            known is None
            or (told and known.arguments != arguments)
            or self.phases[known.phase] > self.phases[phase]
        ):
            self.add_event(Event(kind, api, env.module.place, line, phase, unit.within, arguments))
