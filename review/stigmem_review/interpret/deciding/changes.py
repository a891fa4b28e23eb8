"""What functions of a release change of its modules and their objects, whenever they run.

Asked for one name of something at a time: only functions that mention it, or that compute names,
are gone through, and those that they give it to.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Set
from functools import cached_property

import msgspec

from stigmem_review.code.names import Function, arguments
from stigmem_review.interpret.deciding.kept import Place
from stigmem_review.interpret.deciding.meaning import (
    ANY,
    CONTAINERS,
    MANY,
    Code,
    Meant,
    Parameter,
    Reader,
    Release,
    Space,
    text_in,
)
from stigmem_review.interpret.deciding.places import Scope, inside, lines_with, on_lines
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import Foreign, Ref, Value

CHANGES = (
    *("append", "add", "insert", "extend", "update", "setdefault", "appendleft"),
    *("put", "put_nowait", "write", "writelines", "__setitem__", "__delitem__"),
    *("clear", "discard", "pop", "popitem", "popleft", "remove", "reverse", "sort"),
    *("difference_update", "intersection_update", "symmetric_difference_update"),
)
"""What changes its object."""
SETS = ("builtins.setattr", "builtins.object.__setattr__")
_NAMING = (*SETS, "builtins.delattr")
_COMPUTING = frozenset(("setattr", "delattr", "__setattr__", "globals", "vars", "__dict__"))
"""What code needs to change something without its name."""
_IMPORTING = ("import", "import_module")
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef)
_HANDED_ON = 6
"""Functions that hand on to each other what they are given, up to which that is followed."""

_STEPS = 200_000
"""Things that calls hand on which are looked at; with more of them, anything may be changed."""


class Handed(msgspec.Struct, frozen=True):
    """What a call gives: by a word or at a place, and what it can stand for."""

    word: str
    place: int
    means: list[Meant]


class Given(msgspec.Struct, frozen=True):
    """A call that gives something which can be changed."""

    reader: Reader
    node: ast.Call
    scopes: tuple[Scope, ...]
    handed: list[Handed]


class Changes:
    """What was found to be changed by the release that a machine ran, once it was asked for."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.names: set[tuple[int, str]] = set()
        """The names that are bound anew, with what they are names of."""
        self.things: set[int] = set()
        """What is changed in place."""
        self.given: dict[Parameter, set[Ref]] = {}
        """What was asked for and is given to functions."""
        self.done: dict[Parameter, set[str]] = {}
        """What functions change of what they are given: names of it; none if it is changed in
        place."""
        self.calls: list[Given] = []
        self.steps = 0
        self.seen: set[int] = set()
        """What was gone through."""
        self.functions: dict[int, str] = {}
        """What functions are called."""
        self.asked: set[tuple[frozenset[str], Set[Ref]]] = set()
        self.called: dict[int, set[str]] = {}
        """What containers go by."""

    @cached_property
    def release(self) -> Release:
        """The release, with what it imports late."""
        found = Release(self.m)
        for (_, name), value in self.m.cells.items():
            if isinstance(value, Ref) and value.kind in CONTAINERS and name.isidentifier():
                self.called.setdefault(value.oid, set()).add(name)
        return found

    def has(self, owner: Ref, name: str, value: Value) -> bool:
        """Say whether a name of something is changed, or what it stands for."""
        if not self.asked:
            self.import_late()
            self.look_for(_COMPUTING)
        words, these = frozenset((name,)), frozenset((owner,))
        if isinstance(value, Ref) and value.kind in CONTAINERS:
            words, these = words.union(self.called.get(value.oid, ())), these | {value}
        self.look_for(words, these, {name, ANY})
        bound = (owner.oid, name) in self.names or (owner.oid, ANY) in self.names
        in_place = isinstance(value, Ref) and value.oid in self.things
        return bound or in_place or self.steps > _STEPS

    def mentioning(self, places: Collection[Place]) -> Iterator[tuple[Ref, list[Ref]]]:
        """Yield the functions that mention what is at some places, with whose they are, if any."""
        words = {name for _, name in places if name}
        things = {oid for oid, _ in places}
        for (_, name), value in self.m.cells.items():
            if isinstance(value, Ref) and value.oid in things and name.isidentifier():
                words.add(name)
        made = {
            id(thing.node): Ref(oid, thing.kind)
            for oid, thing in enumerate(self.m.things)
            if thing.kind == "function"
        }
        for reader in [*self.release.readers.values()]:
            lines = lines_with(reader.text, words)
            for node, scopes in on_lines(reader.module.tree, lines):
                if id(node) in made and isinstance(node, Function):
                    kind = reader.class_of(scopes)
                    objects = self.release.objects.get(kind.oid, []) if kind is not None else []
                    yield made[id(node)], objects[:1]

    def import_late(self) -> None:
        """Read the modules that are only imported when a function runs."""
        done: set[str] = set()
        while todo := self.release.readers.keys() - done:
            done |= todo
            for reader in [self.release.readers[name] for name in todo]:
                lines = lines_with(reader.text, _IMPORTING)
                for node, scopes in on_lines(reader.module.tree, lines):
                    if reader.ref is None or not is_outside(scopes):
                        for dotted in _imported(reader, node):
                            self.release.reader(dotted)

    def look_for(
        self,
        words: frozenset[str],
        these: Set[Ref] = frozenset(),
        names: Set[str] = frozenset(),
    ) -> None:
        """Go through all that mentions one of some words, and through what that leads to.

        ``these`` is what the words stand for, and ``names`` what is bound of it.
        """
        if (words, these) in self.asked:
            return
        self.asked.add((words, these))
        giving: set[str] = set()
        for reader in [*self.release.readers.values()]:
            tree = reader.module.tree
            lines = lines_with(reader.text, words)
            if lines and reader.ref is None:
                self.read(reader, (tree,))
                lines = lines_with(reader.text, [*words, *reader.names_for(these)])
            for node, scopes in on_lines(tree, lines):
                if isinstance(node, Function) and is_outside(scopes):
                    self.read(reader, (*scopes, node))
                if isinstance(node, _NAMED) and these:
                    code = Code(reader.module.name, (*scopes, node))
                    if not these.isdisjoint(reader.returned(code)):
                        giving.add(node.name)
        self.hand_on(these)
        giving |= {self.functions[e.function] for e, done in self.done.items() if done & names}
        if more := frozenset(giving - {""} - words):
            self.look_for(more, these, names)

    def read(self, reader: Reader, scopes: tuple[Scope, ...]) -> None:
        """Note what is changed in a piece of code."""
        if id(scopes[-1]) in self.seen:
            return
        self.seen.add(id(scopes[-1]))
        self.functions[id(scopes[-1])] = getattr(scopes[-1], "name", "")
        called: set[int] = set()
        for node, around in inside(scopes):
            if isinstance(node, ast.Call):
                called.add(id(node.func))
                self.note_call(reader, node, around)
                given = _handed(reader, node, around)
                if any(isinstance(thing, (Ref, Parameter)) for e in given for thing in e.means):
                    self.calls.append(Given(reader, node, around, given))
            elif id(node) not in called:
                self.note(reader, node, around)

    def note(self, reader: Reader, node: ast.AST, scopes: tuple[Scope, ...]) -> None:
        """Note what a piece of code changes that is no call."""
        match node:
            case ast.Global(names=names) if reader.ref is not None:
                for name in names:
                    self.bound(reader.ref, name)
            case ast.Attribute(value=owner, attr=attr, ctx=ast.Store() | ast.Del()):
                for each in reader.values(owner, scopes):
                    self.bound(each, attr)
            case ast.Subscript(value=owner, slice=index, ctx=ast.Store() | ast.Del()):
                for each in reader.values(owner, scopes):
                    self.changed(each, text_in(index))
            case ast.AugAssign(target=ast.Name() | ast.Attribute() as target):
                for each in reader.values(target, scopes):
                    self.changed(each)
            case ast.Attribute(value=owner, attr=attr) if attr in CHANGES:
                for each in reader.values(owner, scopes):
                    self.changed(each)
            case _:
                pass

    def note_call(self, reader: Reader, node: ast.Call, scopes: tuple[Scope, ...]) -> None:
        """Note what a call changes."""
        function, args = node.func, node.args
        dotted = [e.dotted for e in reader.values(function, scopes) if isinstance(e, Foreign)]
        if any(each in _NAMING for each in dotted) and len(args) > 1:
            for each in reader.values(args[0], scopes):
                self.bound(each, text_in(args[1]))
        elif isinstance(function, ast.Attribute) and function.attr in CHANGES:
            for thing in reader.values(function.value, scopes):
                if isinstance(thing, Foreign) and args:
                    # A method that is asked of its class: ``list.append(THESE, x)``.
                    for each in reader.values(args[0], scopes):
                        for name in _given(args[1:], node.keywords):
                            self.changed(each, name)
                for name in _given(args, node.keywords) if isinstance(thing, Space) else (ANY,):
                    self.changed(thing, name)

    def bound(self, owner: Meant, name: str) -> None:
        """Note that a name of something is bound anew."""
        match owner:
            case Ref():
                self.names.add((owner.oid, name))
            case Parameter():
                self.done.setdefault(owner, set()).add(name)
            case _:
                pass

    def changed(self, thing: Meant, name: str = ANY) -> None:
        """Note that something is changed in place; ``name`` where it is the names of something."""
        match thing:
            case Space(owner=owner):
                self.bound(owner, name)
            case Ref(kind=kind) if kind in CONTAINERS:
                self.things.add(thing.oid)
            case Parameter():
                self.done.setdefault(thing, set()).add("")
            case _:
                pass

    def hand_on(self, these: Set[Ref]) -> None:
        """Note what is changed of some things by functions that they are given to."""
        for _ in range(_HANDED_ON):
            before = self.size()
            for each in [*self.calls]:
                self.hand(each, these)
            if before == self.size():
                break
        for parameter in self.given.keys() & self.done.keys():
            for thing in self.given[parameter]:
                for name in self.done[parameter]:
                    if name:
                        self.bound(thing, name)
                    else:
                        self.changed(thing)

    def size(self) -> tuple[int, ...]:
        """Return how much is known of what is given to functions."""
        known = [each for told in (self.given, self.done) for each in told.values()]
        return len(self.calls), sum(map(len, known))

    def hand(self, given: Given, these: Set[Ref]) -> None:
        """Note to what functions a call gives some things."""
        for each in given.handed:
            self.steps += 1
            found = {thing for thing in each.means if isinstance(thing, Ref) and thing in these}
            own = [thing for thing in each.means if isinstance(thing, Parameter)]
            found = found.union(*(self.given.get(one, ()) for one in own))
            if not found and not own:
                continue
            for code in given.reader.values(given.node.func, given.scopes):
                if isinstance(code, Code):
                    names = arguments(code.node.args)
                    place = code.filled + each.place
                    taken = [each.word] if each.word else names[place : place + 1]
                    self.give(code, taken, found, own)
            # What others are given together with it, they can hand it on to.
            for code in [e for one in given.handed for e in one.means]:
                if isinstance(code, Code):
                    self.give(code, arguments(code.node.args), found, own)

    def give(
        self, code: Code, names: Iterable[str], things: Set[Ref], own: Iterable[Parameter]
    ) -> None:
        """Note that a function is given things under one of some names, ``own`` by their own."""
        reader = self.release.reader(code.module) if things else None
        if reader is not None:
            self.read(reader, code.scopes)
        for name in names:
            taken = Parameter(id(code.node), name)
            self.given.setdefault(taken, set()).update(things)
            for each in own:
                self.done.setdefault(each, set()).update(self.done.get(taken, ()))


def is_outside(scopes: tuple[Scope, ...]) -> bool:
    """Say whether something stands in no function."""
    return not any(isinstance(each, Function) for each in scopes)


def _imported(reader: Reader, node: ast.AST) -> Iterator[str]:
    """Yield the modules that a piece of code may import."""
    match node:
        case ast.Import(names=aliases):
            yield from (each.name for each in aliases)
        case ast.ImportFrom(names=aliases, level=level, module=base):
            package = reader.absolute(level, base or "")
            yield package
            yield from (f"{package}.{each.name}" for each in aliases)
        case ast.Call(args=[ast.Constant(value=str(text)), *_]):
            level = len(text) - len(text.lstrip("."))
            yield reader.absolute(level, text[level:]) if level else text
        case _:
            pass


def _handed(reader: Reader, node: ast.Call, scopes: tuple[Scope, ...]) -> list[Handed]:
    """Return what a call gives, what is in a tuple one by one."""
    every = [("", place, each) for place, each in enumerate(node.args)]
    every += [(each.arg or "", MANY, each.value) for each in node.keywords]
    return [
        Handed(word, place, reader.values(each, scopes))
        for word, place, given in every[:MANY]
        for each in (given.elts[:MANY] if isinstance(given, ast.Tuple) else [given])
    ]


def _given(args: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[str]:
    """Yield the names that a dict of names is given."""
    yield from (each.arg or ANY for each in keywords)
    for each in args[:1]:
        if isinstance(each, ast.Dict):
            yield from (text_in(key) for key in each.keys)
        else:
            yield text_in(each)
    if not args and not keywords:
        yield ANY
