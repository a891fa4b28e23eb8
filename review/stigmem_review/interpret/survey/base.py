"""Code that waits to be looked at, what its names stand for, and what was seen."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stigmem_review.host import apis
from stigmem_review.host.destinations import CHECKS, OWN, TEMPORARY, UNKNOWN
from stigmem_review.interpret.events import PHASES, Argument, Arguments, Event, EventKind, Import
from stigmem_review.interpret.survey.mentions import called_somewhere, offered
from stigmem_review.interpret.survey.things import (
    ALONE,
    BUILTINS,
    CHARS,
    EACH,
    MANY,
    SOME,
    Attr,
    Body,
    Bound,
    Box,
    Env,
    Far,
    Klass,
    Made,
    Methods,
    Mod,
    Partly,
    Space,
    Text,
    Unit,
    Value,
    Values,
    filled,
    is_itself,
    joined,
)
from stigmem_review.model import (
    FACTORY,
    IMPORT,
    MORE,
    OFFERED,
    SOMEWHERE,
    UNIMPORTED,
    UNREACHED,
)

_AGAIN = 200_000
"""Expressions that are looked at again, and ``_OF_A_LINE`` more for each of the first lines."""
_OF_A_LINE = 20
_LINES = 15_000
_EVENTS = 50_000
"""Things that code does, each at its place; 1 MB of ordinary source has 9,000."""
AT_ONCE = 50
"""Classes that are passed by in the time in which one expression is looked at."""
_TOLD_AT_ONCE = 5
"""Classes that are told of a name in that time."""
_DEPTH = 50
"""Calls within each other that are looked at at once."""
_ONCE = (IMPORT, FACTORY)
"""What runs first: a module that it imports is not run again."""
_MARKS = ("${", OWN, TEMPORARY)
"""What tells a text that only the node has."""


class Base(ABC):
    """What a survey keeps; how code is looked at is added above."""

    @abstractmethod
    def look(self, node: ast.expr, env: Env) -> Values:
        """Return what an expression can stand for, and note what evaluating it does."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Look at statements."""

    @abstractmethod
    def call_all(self, methods: Methods, env: Env) -> None:
        """Call all methods of an object."""

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
        self.events: dict[tuple[str, str, str, int, str], Event] = {}
        """What code does, once for each place and whatever makes it run; filled by ``rest``."""
        self.covered: Mapping[str, Collection[int]] = {}
        """What was run in each phase so that all it does was seen: nothing else speaks for it."""
        self.noted: dict[tuple[EventKind, str, str, int, Unit, str, int], Arguments] = {}
        """What units do; in the phase that is named, or in all that run the unit."""
        self.told: list[Event] = []
        """What a run did."""
        self.starts: dict[str, dict[Unit, None]] = {}
        """Which units each phase begins with."""
        self.imports: dict[tuple[str, int, str, str], Import] = {}
        self.imported: set[str] = set()
        """Modules of others that are imported as such."""
        self.modules: dict[str, Mod] = {}
        self.tops: set[str] = set()
        self.accessors = frozenset(accessors)
        self.fars: dict[str, Far] = {}
        self.seen_as: dict[str, Far] = {}
        """The same by all names that they have."""
        self.texts: dict[str, tuple[Text]] = {}
        self.attrs: dict[str, Attr] = {}
        self.spellings: dict[str, tuple[Partly]] = {}
        self.paths: dict[tuple[str, str], tuple[Made]] = {}
        self.made: dict[tuple[int, int], Any] = {}
        self.crowds: dict[tuple[Space, str], dict[Value, None]] = {}
        """What names stand for, beyond what is followed one by one, that leads to code."""
        self.given = Space()
        """What is put into objects of others, by the dotted name of its place."""
        self.raised = Box()
        """What exceptions are made of."""
        self.bodies: list[Body] = []
        self.classes: list[Klass] = []
        self.classes_having: dict[str, dict[Space, None]] = {}
        self.asked_of_classes: dict[Unit, None] = {}
        """Who asked any class for a name; for which of them, its ``readers`` say."""
        self.lineages: dict[Value, list[Value]] = {}
        self.derived_from: set[Value] = set()
        """What stands in lineages of others."""
        self.waiting: list[Unit] = []
        self.unit: Unit = Mod("", "", ast.Module([], []))
        self.guarded = 0
        self.sure = True
        self.nested = 0
        self.being_called: set[Value] = set()
        """Classes and objects whose call is looked at: what they call in turn may be themselves."""
        self.looping = 0
        self.apart = False
        """Whether what is looked at runs only where the module is a script."""
        self.now: dict[str, Values] = {}
        """What names stand for at the place that is looked at, as far as that is sure."""
        self.looked = 0
        """Expressions that were looked at."""
        self.again = 0
        """Those of them that had been looked at before, and the like."""
        self.lines = 0
        self.allowed = _AGAIN
        self.full = False
        """Whether so much was seen that nothing more is looked at."""
        self.exhausted = False
        """Whether there was more to look at again than is done."""

    def add(self, name: str, place: str, tree: ast.Module) -> Mod:
        """Add a module."""
        made = Mod(name, place, tree)
        made.env = Env("module", made, None, made, made)
        self.modules[name] = made
        self.lines += tree.body[-1].end_lineno or 0 if tree.body else 0
        self.allowed = _AGAIN + _OF_A_LINE * min(self.lines, _LINES)
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
        """Look at what nothing has reached, and conclude which events there are."""
        for each in [*self.modules.values()]:
            if not each.reached:
                self.reach(each, UNIMPORTED)
                self.run()
        done = 0
        while done < len(self.bodies):
            each_ = self.bodies[done]
            done += 1
            if not each_.reached:
                self.reach(each_, UNREACHED)
                self.run()
        self._conclude()

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
        """Add what a run did."""
        self.told.append(event)

    def reach(self, unit: Unit, phase: str) -> None:
        """Note that a piece of code runs in a phase."""
        if len(self.starts) >= PHASES and phase not in (*self.starts, UNIMPORTED, UNREACHED):
            phase = MORE
        self.starts.setdefault(phase, {})[unit] = None
        if not unit.reached:
            unit.reached = True
            self.queue(unit)

    def runs(self, unit: Unit) -> None:
        """Note that what is looked at runs a piece of code."""
        if self.apart:
            return
        self.unit.calls[unit] = None
        if not unit.reached:
            unit.reached = True
            if self.nested < _DEPTH:
                self.nested += 1
                self.visit(unit)
                self.nested -= 1
            else:
                self.queue(unit)

    def queue(self, unit: Unit) -> None:
        """Look at a piece of code again."""
        if not unit.queued and unit.reached:
            unit.queued = True
            self.waiting.append(unit)

    def _conclude(self) -> None:
        """Give every event a phase for all that make it run."""
        phases = self._phases()
        also: dict[tuple[EventKind, str, str, int, str], Arguments] = {}
        for (kind, api, place, line, unit, fixed, node), arguments in self.noted.items():
            for phase in (fixed,) if fixed else phases.get(unit, ()):
                if node in self.covered.get(phase, ()):
                    key = (kind, api, place, line, phase)
                    also[key] = joined(also[key], arguments) if key in also else arguments
                    continue
                self._add(Event(kind, api, place, line, phase, unit.within, arguments))
        for event in self.told:
            self._add(event)
        for key, arguments in also.items():
            known = self.events.get(key)
            if known is not None:
                told = filled(known.arguments, arguments)
                self.events[key] = replace(known, arguments=told)

    def _add(self, event: Event) -> None:
        """Add an event: all that is known of its arguments counts."""
        key = (event.kind, event.api, event.place, event.line, event.phase)
        known = self.events.get(key)
        if known is not None and known.arguments != event.arguments:
            event = replace(known, arguments=joined(known.arguments, event.arguments))
        elif known is not None:
            return
        self.events[key] = event

    def _phases(self) -> Mapping[Unit, list[str]]:
        """Return which phases run each unit, in the order in which they come."""
        found: dict[Unit, list[str]] = {}
        last = (MORE, SOMEWHERE, OFFERED, UNIMPORTED, UNREACHED)
        order = [*_ONCE, *(each for each in self.starts if each not in (*_ONCE, *last)), *last]
        done: set[Unit] = set()
        for phase in order:
            if phase in last[1:]:
                done.update(found)
            if phase == SOMEWHERE:
                for unit in self._mentioned(found):
                    self.starts.setdefault(phase, {})[unit] = None
            if phase == OFFERED:
                self.starts[phase] = dict.fromkeys(offered(self.modules.values()))
            met = self._run_by(self.starts.get(phase, ()), done)
            for unit in met:
                found.setdefault(unit, []).append(phase)
            if phase in _ONCE:
                done.update(unit for unit in met if isinstance(unit, Mod))
        return found

    def _mentioned(self, run: Iterable[Unit]) -> Iterable[Unit]:
        """Return what may be called by nobody knows what, where that does anything."""
        apis_of: dict[Unit, list[str]] = {}
        for kind, api, _, _, unit, *_ in self.noted:
            if kind == "calls":
                apis_of.setdefault(unit, []).append(api)
        if all(unit in run for unit in apis_of):
            return ()
        asked: dict[Unit, list[Mapping[Value, None]]] = {}
        for (space, name), crowd in self.crowds.items():
            for unit in space.readers.get(name, ()):
                asked.setdefault(unit, []).append(crowd)
        return called_somewhere(self.bodies, run, apis_of, asked)

    @staticmethod
    def _run_by(starts: Iterable[Unit], done: set[Unit]) -> Iterable[Unit]:
        """Return the units that some run, without those that are done."""
        met = dict.fromkeys(unit for unit in starts if unit not in done)
        waiting = [*met]
        while waiting:
            for unit in waiting.pop().calls:
                if unit not in met and unit not in done:
                    met[unit] = None
                    waiting.append(unit)
        return met

    def run(self) -> None:
        """Look at all that waits: once at what is new, before again at what has become more."""
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            for unit in waiting:
                if unit.seen and self.again > self.allowed:
                    self.exhausted = True
                    unit.queued = False
                    continue
                seen, before = unit.seen, self.looked
                self.visit(unit)
                if seen:
                    self.again += self.looked - before

    def visit(self, unit: Unit) -> None:
        unit.queued = False
        unit.seen = True
        before = self.unit, self.guarded, self.sure, self.now, self.looping
        around = self.being_called
        self.unit, self.guarded, self.sure, self.now, self.looping = unit, 0, True, {}, 0
        self.being_called = set()
        env = unit.env
        assert env is not None
        node = unit.node
        if isinstance(unit, Methods):
            self.call_all(unit, env)
        elif isinstance(node, ast.Lambda):
            self.grow(unit, "return", self.look(node.body, env))
        else:
            assert isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef))
            self.block(node.body, env)
        self.unit, self.guarded, self.sure, self.now, self.looping = before
        self.being_called = around

    def far(self, dotted: str) -> Far:
        """Return what others provide under a name."""
        found = self.seen_as.get(dotted)
        if found is None:
            name = apis.ALIASES.get(dotted) or apis.SEEN_AS.get(dotted, dotted)
            found = self.fars.get(name)
            if found is None:
                found = self.fars[name] = Far(name)
            self.seen_as[dotted] = found
        return found

    def text(self, text: str) -> Values:
        """Return a constant text; nothing where it is too long to be a name or a destination."""
        found = self.texts.get(text)
        if found is None:
            if len(text) > CHARS:
                return ()
            found = self.texts[text] = (Text(text),)
        return found

    def spelled(self, text: str) -> Values:
        """Return a text of which parts may not be known; nothing where none is."""
        if UNKNOWN not in text and not any(each in text for each in _MARKS):
            return self.text(text)
        if len(text) > CHARS or not text.replace(UNKNOWN, ""):
            return ()
        found = self.spellings.get(text)
        if found is None:
            found = self.spellings[text] = (Partly(text),)
        return found

    def path(self, dotted: str, text: str) -> Values:
        """Return the path that a call of others gives."""
        if len(text) > CHARS:
            text = UNKNOWN
        found = self.paths.get((dotted, text))
        if found is None:
            found = self.paths[dotted, text] = (Made(dotted, text),)
        return found

    def attr(self, name: str) -> Attr:
        """Return an attribute of nobody knows what."""
        found = self.attrs.get(name)
        if found is None:
            found = self.attrs[name] = Attr(name)
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
        values = tuple(values)
        known = space.names.get(name)
        if known is None or not (values or name in space.loose):
            self._grow(space, name, values)
            return
        for each in values:
            if each not in known:
                self._grow(space, name, values)
                return

    def _grow(self, space: Space, name: str, values: Values) -> None:
        todo = [(space, name, values)]
        while todo:
            into, name, more = todo.pop()
            held = into.names.get(name)
            if held is None:
                held = into.names[name] = {}
                if isinstance(into, Klass):
                    self.classes_having.setdefault(name, {})[into] = None
                    self._hand_down(into, name)
            size = len(held)
            if not more:
                into.loose[name] = None
            if name in into.loose and any(isinstance(e, Text) for e in (*held, *more)):
                held.setdefault(SOME)
            if len(held) + len(more) <= EACH:
                held.update(dict.fromkeys(more))
            else:
                for each in more:
                    if each in held or len(held) < EACH:
                        held[each] = None
                    else:
                        self._crowd(into, name, each)
            if len(held) == size:
                continue
            for unit in into.readers.get(name, ()):
                self.queue(unit)
            if isinstance(into, Mod) and into.followers and not name.startswith("_"):
                new = (*held,)[size:]
                todo += [(other, name, new) for other in into.followers]

    def _crowd(self, space: Space, name: str, value: Value) -> None:
        """Let a name that stands for many things stand for another one.

        What acts on something is kept. For what else it is, the name stands for something that is
        not known; what that leads to in the release may be called by all that ask for the name.
        """
        held = space.names[name]
        if not isinstance(value, (Text, Attr, Made)) and type(value) is not Far:
            self.crowds.setdefault((space, name), {})[value] = None
        weight = value.weighs if isinstance(value, (Far, Attr)) else None
        if weight is None or isinstance(value, (Partly, Made)):
            held[SOME] = None
        elif len(held) >= MANY:
            self.exhausted = True
        elif all(weight != each.weighs for each in held if isinstance(each, (Far, Attr))):
            held[value] = None

    def _hand_down(self, klass: Klass, name: str) -> None:
        """Tell those who asked a class, or one that derives from it, that it has a name now."""
        if self.again > self.allowed and klass.heirs:
            self.exhausted = True
            return
        met = {klass: None}
        todo = [klass]
        for each in todo:
            for unit in each.readers.get(name, ()):
                self.queue(unit)
            if each.methods is not None:
                self.queue(each.methods)
            todo += [heir for heir in each.heirs if heir not in met]
            met.update(each.heirs)
        self.again += len(met) // _TOLD_AT_ONCE

    def held(self, space: Space, name: str) -> Values:
        """Return what a name of a space stands for."""
        readers = space.readers.get(name)
        if readers is None:
            space.readers[name] = {self.unit: None}
        else:
            readers[self.unit] = None
        found = space.names.get(name)
        return tuple(found) if found else ()

    def name(self, name: str, env: Env) -> Values:
        """Return what a name stands for."""
        scope: Env | None = env
        inner = True
        while scope is not None:
            if scope.kind != "class" or inner:
                if scope.space is self.unit and name in self.now and name not in self.unit.shared:
                    return self.now[name]
                if name in scope.space.names and name not in scope.globals:
                    held = self.held(scope.space, name)
                    if scope.outer is None and name in BUILTINS and not held:
                        break
                    return held
                if scope.kind == "module":
                    self.held(scope.space, name)
            inner = False
            scope = scope.outer
        if name == "__name__" and env.module.name != ALONE:
            return self.text(env.module.name)
        if name == "__package__" and env.module.name != ALONE:
            return self.text(env.module.package)
        if name == "__builtins__":
            return (self.far("builtins"),)
        if name == "__file__":
            return self.spelled(f"{OWN}{env.module.place}")
        found: Values = ()
        if stars := env.module.stars:
            found = tuple([self.far(f"{each}.{name}") for each in stars])
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
        if isinstance(node, ast.Call) and node.keywords and (checks := _checks(node)):
            arguments = filled(checks, arguments)
        line = getattr(node, "lineno", 0)
        if self.apart:
            phase = UNREACHED
        key = (kind, api, env.module.place, line, self.unit, phase, id(node))
        known = self.noted.get(key)
        if known is None:
            if len(self.noted) < _EVENTS:
                self.noted[key] = arguments
            else:
                self.full = self.exhausted = True
        elif known != arguments:
            self.noted[key] = joined(known, arguments)


def _checks(node: ast.Call) -> Arguments:
    """Return the arguments of a call that say that it is not made sure who answers."""
    said = [each for each in node.keywords if each.arg in CHECKS]
    return tuple(
        [
            Argument(str(each.arg), (str(each.value.value),), True)
            for each in said
            if isinstance(each.value, ast.Constant)
        ]
    )
