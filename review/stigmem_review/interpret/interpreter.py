"""The interpreter: the machine, and everything it runs."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator, Sequence

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import Modules
from stigmem_review.code.names import Function
from stigmem_review.host import Node, apis
from stigmem_review.interpret import (
    annotation,
    calls,
    classes,
    expressions,
    files,
    foreign,
    host,
    imports,
    lazy,
    making,
    objects,
    operators,
    protocols,
    raising,
    stacks,
    statements,
    variables,
)
from stigmem_review.interpret.doubts import doubt
from stigmem_review.interpret.ends import FALLS, GiveUp, Part, place_of
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.escape import REWRITTEN
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    ALWAYS,
    FALSE,
    NONE,
    Bound,
    Const,
    File,
    Foreign,
    Member,
    Method,
    OneOf,
    Ref,
    Tuple,
    Unknown,
    Value,
    flag,
    values_of,
)
from stigmem_review.model import Location

_RUNNABLE = ("function", "partial", "coroutine", "generator")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Interpreter(Machine):
    """Runs the code of one distribution on one node."""

    def __init__(self, modules: Modules, node: Node, own: Own | None = None) -> None:
        super().__init__(modules, node, own)
        self.host_members = host.members(node)

    # Running.

    def evaluate(self, node: ast.expr, env: Env) -> Value:
        """Return the value of an expression: unknown where only running it could tell."""
        if isinstance(node, ast.Constant):
            return Const(node.value, Location(env.module.shown, node.lineno))
        self.tick()
        self.seen.add(id(node))
        site = self.site
        self.site = (env, node)
        try:
            found = expressions.evaluate(self, node, env)
            if isinstance(found, Member) and found.at is None:
                found = Member(
                    found.enum, found.name, found.value, found.mixin, place_of((env, node))
                )
        except GiveUp as stop:
            self.show(node, env)
            self.unsure.add(id(node))
            self.may_raise(stop.why)
            found = self.unknown(stop.why)
        self.site = site
        return found

    def execute(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Run statements."""
        for node in body:
            try:
                statements.execute(self, (node,), env)
            except GiveUp as stop:
                self._abandon(node, env, stop.why)

    def _abandon(self, node: ast.stmt, env: Env, why: str) -> None:
        """Let everything that a statement mentions be changed by it."""
        self.unsure.add(id(node))
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete,
                                 ast.Import, ast.ImportFrom, ast.Assert)):  # fmt: skip
            self._not_followed(node, why)
        with contextlib.suppress(GiveUp):
            self.show(node, env)
        self.may_raise(why)
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
                statements.bind_name(self, each.id, self.unknown(why), env)
            elif isinstance(each, (ast.Import, ast.ImportFrom)):
                self._not_followed(each, why)
        for block in _blocks(node):
            self._see(node, block, env, why)

    def _not_followed(self, node: ast.stmt, why: str) -> None:
        if self.roots:
            self.unsure.update(id(each) for each in ast.walk(node))
        else:
            self.lose(why)

    def _see(self, node: ast.stmt, block: Sequence[ast.stmt], env: Env, why: str) -> None:
        """Run a block of a statement that cannot be followed, to see what it does, if it runs."""

        def run() -> Value:
            self.execute(block, env)
            return NONE

        def ends() -> Value:
            found = []
            for each in self.run(run):
                if each.kind in ("breaks", "continues") and isinstance(node, _LOOPS):
                    each.kind = "falls"
                # What is raised in a ``try`` may be caught in it.
                if each.kind != "raises" or not isinstance(node, (ast.Try, ast.TryStar)):
                    found.append(each)
            return self.settle(found, FALLS) if found else NONE

        if self.roots:
            self.choose(self.unknown(why), ends, lambda: NONE)
            return
        for each in self.run(run):
            if each.kind == "falls":
                self.adopt(each)

    def guard(
        self, operands: Sequence[Value], part: Part, shown: tuple[ast.AST, Env] | None = None
    ) -> Value:
        """Run a model: if it cannot finish, its operands escape and what it gives is unknown."""
        depth, yielding = self.depth, len(self.yielding)
        site = self.site
        try:
            return part()
        except GiveUp as stop:
            self.depth = depth
            self.site = site
            del self.yielding[yielding:]
            if shown:
                self.show(*shown)
            for each in operands:
                if not isinstance(each, Foreign):
                    self.escape(each)
            self.not_sure()
            self.may_raise(stop.why)
            return self.because(stop.why, operands)

    def call(
        self, function: Value, args: Sequence[Value], keywords: Sequence[tuple[str, Value]] = ()
    ) -> Value:
        """Call something."""
        function = self.narrowed(function)
        if isinstance(function, OneOf):
            return self.each(function, lambda one: self.call(one, args, keywords))
        given = (function, *args, *(value for _, value in keywords))
        depth, yielding, site = self.depth, len(self.yielding), self.site
        try:
            return calls.call(self, function, args, keywords)
        except GiveUp as stop:
            self.depth = depth
            self.site = site
            del self.yielding[yielding:]
            for each in _handed_to(function, given[1:]):
                self.escape(each)
            # Code that cannot be seen may set variables of the environment.
            changed = isinstance(function, Foreign) and foreign.is_of_environment(function.dotted)
            variables.forget_variables(self, by_itself=changed)
            self.may_raise(stop.why)
            doubt(self, function, given[1:])
            found = self.because(stop.why, (*given, getattr(function, "owner", NONE)))
            if not (api := calls.given_by(function)):
                self.not_sure()
            self._handed(function, given[1:])
            return self.given_by(api, found.why) if api else found

    def _handed(self, function: Value, given: Sequence[Value]) -> None:
        """Follow functions that are given to code that is not seen, which may call them."""
        match function:
            case Foreign(dotted=api) | Unknown(api=api):
                if not api or apis.keeps(api) or apis.looks(api):
                    return
            case _:
                return
        for each in given:
            for value in values_of(each):
                if not isinstance(value, Foreign):
                    self.perhaps(value)

    def perhaps(self, function: Value) -> None:
        """Run what may be called now, or never, or at another time."""
        if isinstance(function, Foreign) and "." in function.dotted:
            self.note("calls", function.dotted)
            return
        if not isinstance(function, Bound) and not (
            isinstance(function, Ref) and function.kind in _RUNNABLE
        ):
            return
        if not self.roots:
            self.escaping[function, self.phase] = None
            return
        with contextlib.suppress(GiveUp):
            self.fork([(ALWAYS, lambda: calls.enter(self, function)), (ALWAYS, lambda: NONE)])

    def entered_anyhow(self, function: Value, *known: Value) -> Value:
        """Run what is called with arguments of which nobody knows more than the first."""
        return calls.enter(self, function, *known)

    def get(self, owner: Value, name: str) -> Value:
        """Return an attribute: unknown where only running it could tell."""
        return self.guard((owner,), lambda: self.each(owner, lambda o: objects.get(self, o, name)))

    def method(self, owner: Value, name: str) -> Value:
        """Return a special method of an object: what its class has, whatever it has itself."""
        return self.guard(
            (owner,), lambda: self.each(owner, lambda o: objects.method(self, o, name))
        )

    def assign(self, target: ast.expr, value: Value, env: Env) -> None:
        """Bind a target."""
        statements.assign(self, target, value, env)

    def choose(self, test: Value, yes: Part, no: Part) -> Value:
        """Run what is to run if a value counts as true, and what if not."""
        return operators.choose(self, test, yes, no)

    def generate(self, generator: Ref, on_item: Callable[[Value], None]) -> Value:
        """Run a generator to its end; return what it returns."""
        return calls.generate(self, generator, on_item)

    def run_generator(self, generator: Ref, on_item: Callable[[Value], None]) -> None:
        """Run a generator; what the callback raises is raised where the item is given."""
        calls.run_generator(self, generator, on_item)

    def function(self, node: Function, env: Env) -> Ref:
        """Make a function."""
        return calls.make_function(self, node, env)

    def yielded(self, value: Value) -> Value:
        """Give an item to whoever goes through the generator that runs."""
        return calls.yielded(self, value)

    def yielded_from(self, value: Value) -> Value:
        """Give every item of a value, and return what it ends with."""
        return self.each(
            value,
            lambda one: lazy.delegate(self, one, lambda item: _none(calls.yielded(self, item))),
        )

    def bind_name(self, name: str, value: Value, env: Env) -> None:
        """Bind a name."""
        statements.bind_name(self, name, value, env)

    def import_(self, name: str, asname: str | None, env: Env) -> None:
        """Run an import."""
        imports.import_(self, name, asname, env)

    def import_from(self, node: ast.ImportFrom, env: Env) -> None:
        """Run an import of names."""
        imports.import_from(self, node, env)

    def imported(self, name: str) -> Value:
        """Return a module of the distribution that was imported."""
        if not self.modules.owns(name):
            raise GiveUp("a module of another distribution")
        return imports.load(self, name)

    def postponed(self, env: Env) -> bool:
        """Say whether annotations are not evaluated in a module."""
        return self.read(env.globals, "annotations") == Foreign("__future__.annotations")

    def listed(self, value: Value) -> Value:
        """Return all items of a value."""
        return lazy.with_items(self, value, lambda items: items)

    def matches(self, raised: Value, wanted: Value) -> bool | None:
        """Say whether an exception is of a class."""
        return raising.matches(self, raised, wanted)

    # What is known of classes.

    def is_modelled(self, name: str) -> bool:
        """Say whether an attribute of this name decides what models give."""
        return foreign.is_modelled(self, name)

    def is_object(self, dotted: str) -> bool:
        """Say whether something of another distribution is known to be one object, by its name."""
        return foreign.is_object(self, dotted)

    def overrides(self, kind: Value, names: tuple[str, ...]) -> bool:
        """Say whether a class, or one it is made of, may have methods of its own of some names."""
        return classes.overrides(self, kind, names)

    def special(self, owner: Value, name: str) -> bool:
        """Say whether an object's class has a method of its own of some name."""
        return classes.special(self, owner, name)

    def inherited(self, kind: Foreign, name: str) -> Value:
        """Return what a class that others provide has under a name."""
        return classes.inherited(self, kind, name)

    def lacks(self, kind: Value, name: str) -> None:
        """Raise ``GiveUp`` where a class of others may have what was not found."""
        classes.lacks(self, kind, name)

    def derives(self, kind: Value, wanted: Value) -> bool | None:
        """Say whether a class is, or is derived from, another."""
        return classes.derives(self, kind, wanted)

    def is_virtual(self, kind: Ref) -> bool:
        """Say whether a class may take objects for its own that are of no class derived from it."""
        return classes.is_virtual(self, kind)

    def members(self, kind: Value) -> list[Value]:
        """Return the members of an enumeration; nothing where it is none."""
        return classes.members(self, kind)

    def member_of(self, kind: Ref | Foreign, args: Sequence[Value]) -> Value:
        """Return the member of an enumeration that has a value."""
        return classes.member_of(self, kind, args)

    def subscripted(self, owner: Value, index: Value) -> Value:
        """Return what a class gives in square brackets."""
        return foreign.subscripted(self, owner, index)

    def within(self, item: Value, owner: Foreign) -> Value:
        """Return whether something is in what another distribution provides."""
        return foreign.within(self, item, owner)

    # What others provide.

    def foreign_module(self, name: str) -> Value:
        """Return a module of another distribution, if it is installed."""
        return foreign.foreign_module(self, name)

    def foreign_name(self, module: Foreign, name: str) -> Value:
        """Return what is imported from a module of another distribution."""
        return foreign.foreign_name(self, module, name)

    def foreign_attribute(self, owner: Value, name: str) -> Value:
        """Return an attribute of what another distribution provides."""
        return foreign.foreign_attribute(self, owner, name)

    def call_foreign(
        self, function: Foreign, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> Value:
        """Call what another distribution provides. Raises ``GiveUp`` if it is not known."""
        return foreign.call_foreign(self, function, args, keywords)

    def is_sized(self, owner: Ref) -> bool:
        """Say whether an object of another distribution may be empty."""
        return foreign.is_sized(self, owner)

    def has_model(self, owner: Ref, name: str) -> bool:
        """Say whether a method of an object of another distribution is known."""
        return foreign.has_model(self, owner, name)

    def call_on(
        self, owner: Value, name: str, args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
    ) -> Value:  # fmt: skip
        """Call a method of an object that another distribution provides."""
        return foreign.call_on(self, owner, name, args, keywords)

    def set_outside(self, owner: Value, index: Value, value: Value) -> Value:
        """Set, or delete, an item of what is not a container of the program."""
        return foreign.set_outside(self, owner, index, value)

    # Texts.

    def shown(self, value: Value) -> None:
        """Show a value to somebody who keeps nothing. Raises ``GiveUp`` if that may run code."""
        from stigmem_review.interpret import showing

        showing.shown(self, value)

    def text_of(self, value: Value) -> Value:
        """Return what ``str`` makes of a value."""
        from stigmem_review.interpret import showing

        return showing.text_of(self, value)

    def repr_of(self, value: Value) -> Value:
        """Return what ``repr`` makes of a value."""
        from stigmem_review.interpret import showing

        return showing.repr_of(self, value)

    def joined(self, separator: Value, value: Value) -> Value:
        """Return texts put together, with something between them."""
        from stigmem_review.interpret import showing

        return showing.joined(self, separator, value)

    # Files.

    def below(self, path: Value, parts: Sequence[Value]) -> Value:
        """Return a path below another."""
        assert isinstance(path, File)
        found = list(path.parts)
        for each in parts:
            each = self.comparable(each)
            if not isinstance(each, Const) or not isinstance(each.value, str):
                raise GiveUp("a path is not known")
            if each.value.startswith("/") or "\\" in each.value:
                raise GiveUp("a path outside of the distribution")
            for name in each.value.split("/"):
                if name == "..":
                    if not found:
                        raise GiveUp("a path outside of the distribution")
                    found.pop()
                elif name not in ("", "."):
                    found.append(name)
        return File(tuple(found), path.text)

    def file(self, path: File) -> bytes | None:
        """Return what is in a file of the distribution; nothing where there is no such file."""
        env, _ = self.site
        if env is None or self.has((self.imports.oid, REWRITTEN)):
            return None
        return self.modules.data("/".join(path.parts), env.module)

    def file_attribute(self, owner: File, name: str) -> Value:
        """Return an attribute of a path."""
        if owner.text:
            raise GiveUp("the text of a path is not known")
        match name:
            case "parent":
                if not owner.parts:
                    raise GiveUp("a path outside of the distribution")
                return File(owner.parts[:-1])
            case "parents":
                thing = Thing("object", type=files.PARENTS, defaults=(("", owner),))
                return self.alloc(thing)
            case "name" if owner.parts:
                return Const(owner.parts[-1])
            case "stem" if owner.parts:
                return Const(owner.parts[-1].rpartition(".")[0] or owner.parts[-1])
            case _:
                return Method(owner, name)

    # Managers.

    def enter(self, manager: Value) -> tuple[Value, Callable[[Value | None], Value]]:
        """Enter a context; return what it gives, and what leaves it and says if it swallows."""
        match manager:
            case Ref(kind="instance") as ref if not self.is_escaped(ref):
                if self.special(ref, "__enter__") and self.special(ref, "__exit__"):
                    leave = self.method(ref, "__exit__")
                    entered = self.call(self.method(ref, "__enter__"), ())

                    def left(raised: Value | None) -> Value:
                        if raised is None:
                            return self.call(leave, (NONE, NONE, NONE))
                        kind = (
                            self.thing(raised).type
                            if isinstance(raised, Ref) and raised.kind == "instance"
                            else self.unknown("which exception it is", raised)
                        )
                        trace = self.unknown("a traceback leads to every frame")
                        return self.call(leave, (kind, raised, trace))

                    return entered, left
            case Ref(kind="object") as ref:
                thing = self.thing(ref)
                assert isinstance(thing.type, Foreign)
                if thing.type.dotted == "contextlib.suppress":
                    wanted = Tuple(tuple(each for _, each in thing.defaults))

                    def suppressed(raised: Value | None) -> Value:
                        found = self.matches(raised, wanted) if raised is not None else False
                        if found is None:
                            return self.unknown("whether an exception is suppressed")
                        return flag(found)

                    return NONE, suppressed
                if thing.type.dotted == "contextlib.nullcontext":
                    given = thing.defaults[0][1] if thing.defaults else NONE
                    return given, lambda raised: FALSE
                if thing.type == stacks.STACK:
                    return ref, lambda raised: stacks.left(self, ref, raised)
                if thing.type.dotted in ("builtins.open", "threading.Lock", "threading.RLock"):
                    return ref, lambda raised: FALSE
            case Const() | Tuple() | Ref(kind="list" | "dict" | "set" | "function"):
                kind = protocols.type_name(self, manager)
                said = f"'{kind}' object does not support the context manager protocol"
                self.raise_("TypeError", Const(said))
            case _:
                pass
        self.may_raise("what a context does is not known")
        entered = self.item_of(manager, "what a context gives is not known")
        return entered, lambda raised: self.unknown("whether an exception is swallowed")

    # Classes.

    def super_of(self, env: Env) -> Value:
        """Return what ``super()`` gives in a method."""
        return classes.super_of(self, env)

    def new_class(self, node: ast.ClassDef, env: Env) -> Value:
        """Run a class statement. Raises ``GiveUp`` where its bases are not followed."""
        return classes.new_class(self, node, env)

    def asked(self, value: Value) -> None:
        """Ask what stands in an annotation for a schema: texts are run, classes are called."""
        annotation.asked(self, value)

    def answers(self, function: Value, response: Value = NONE) -> None:
        """Have a function answer a path, or be depended on by what does."""
        from stigmem_review.interpret import endpoints

        endpoints.check(self, function, response)

    def made(
        self, special: str, kind: Ref, args: Sequence[Value],
        keywords: Sequence[tuple[str, Value]],
    ) -> Value:  # fmt: skip
        """Make an object of a class of a special kind."""
        return making.made(self, special, kind, args, keywords)

    def model_fields(self, kind: Ref) -> list[str]:
        """Return the names of the fields of a model."""
        return making.model_fields(self, kind)

    def set_field(self, owner: Ref, name: str, value: Value) -> Value:
        """Set an attribute of an object of a model, or of a manifest."""
        return making.set_field(self, owner, name, value)

    def make_dataclass(self, kind: Ref, options: frozenset[str]) -> None:
        """Make a class a dataclass."""
        from stigmem_review.interpret import fields

        fields.make_dataclass(self, kind, options)

    def dataclass_fields(self, kind: Ref) -> list[tuple[str, Value]]:
        """Return the fields of a dataclass and their defaults, in order."""
        from stigmem_review.interpret import fields

        return fields.dataclass_fields(self, kind)

    def compared_fields(self, left: Value, right: Value) -> tuple[Value, Value] | None:
        """Return what is compared of two objects of one dataclass."""
        from stigmem_review.interpret import fields

        return fields.compared_fields(self, left, right)

    def fields_of(self, kind: Ref) -> Value:
        """Return the names of the fields of a class of named tuples."""
        from stigmem_review.interpret import fields

        return fields.fields_of(self, kind)

    def is_ordered(self, value: Value) -> bool:
        """Say whether a value is an object of a dataclass whose objects have an order."""
        from stigmem_review.interpret import fields

        return fields.is_ordered(self, value)

    def fill(
        self, ref: Ref, kind: Ref, args: Sequence[Value], keywords: Sequence[tuple[str, Value]]
    ) -> None:
        """Fill the fields of a new object of a dataclass."""
        from stigmem_review.interpret import fields

        fields.fill(self, ref, kind, args, keywords)


def _handed_to(function: Value, given: Sequence[Value]) -> Sequence[Value]:
    """Return what code that is not seen gets where something is called with arguments."""
    match function:
        case Foreign(dotted=dotted) if apis.asks(dotted):
            return [each for each in given if not isinstance(each, Foreign)]
        case Foreign():
            return given
        case Bound(function=Foreign(), owner=owner):
            return [owner, *given]
        case _:
            return [function, *given]


def _none(_: Value) -> None:
    return None


def _blocks(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yield the blocks of a statement that run in its own scope."""
    match node:
        case ast.Match(cases=cases):
            yield from (each.body for each in cases)
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            yield from (node.body, node.orelse)
        case ast.With() | ast.AsyncWith():
            yield node.body
        case ast.Try() | ast.TryStar():
            yield node.body
            yield from (each.body for each in node.handlers)
            yield from (node.orelse, node.finalbody)
        case _:
            pass
