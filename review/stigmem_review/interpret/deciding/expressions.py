"""Expressions: what they give, and the calls of the release's own code in them."""

from __future__ import annotations

import ast
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stigmem_review.code.names import Function
from stigmem_review.interpret.deciding.alike import as_list, as_membership
from stigmem_review.interpret.deciding.changes import CHANGES, SETS
from stigmem_review.interpret.deciding.conditions import Conditions
from stigmem_review.interpret.deciding.kept import Place, State
from stigmem_review.interpret.deciding.meaning import PARTS
from stigmem_review.interpret.deciding.terms import (
    ALL,
    CONTEXT,
    LONG,
    NOTHING,
    PASSED,
    WAYS,
    Asked,
    Change,
    Closure,
    Exit,
    Frame,
    Held,
    Method,
    Not,
    Object,
    Property,
    Term,
    Told,
    TooMuch,
    besides,
    constant,
    data_of,
    inside,
    is_display,
    is_late,
    listed,
    rewritten,
    rooted,
    shortened,
)
from stigmem_review.interpret.deciding.things import ENDS
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.values import Bound, Const, Foreign, Frozen, Pairs, Ref, Tuple

_INSIDE = 12
"""Ways through what a handler calls, up to which they are ways of the handler's own."""
_CALLS = 6
"""Calls within each other that are gone into."""
_BRACKETS = {ast.ListComp: "[]", ast.SetComp: "{}", ast.DictComp: "{}", ast.GeneratorExp: "()"}
_CASTS = ("typing.cast",)
_EVERYTHING = frozenset((ALL,))
_SIZES = ("len", "bool", "isinstance", "issubclass", "type", "id", "hasattr", "callable")
"""What says nothing of what is in what it is given."""
_NAMES = ("sorted", "list", "tuple", "set", "frozenset", "iter", "enumerate", "join")
"""What gives the names of what is passed by name, and nothing else of it."""


class Expressions(Conditions, ABC):
    """Adds expressions and calls."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt], ways: Sequence[tuple[Held, Frame]]) -> list[Exit]:
        """Return how statements end on each way."""

    @abstractmethod
    def bind(self, target: ast.expr, term: Term, frame: Frame) -> None:
        """Bind a target."""

    def many(
        self, nodes: Sequence[ast.expr], frame: Frame, path: Held
    ) -> list[tuple[Held, list[Term]]]:
        """Look at expressions one after the other."""
        ways: list[tuple[Held, list[Term]]] = [(path, [])]
        for node in nodes:
            ways = [
                (onward, [*terms, term])
                for way, terms in ways
                for onward, term in self.look(node, frame, way)
            ]
            if len(ways) > WAYS:
                raise TooMuch
        return ways

    def look(self, node: ast.expr, frame: Frame, path: Held) -> Told:
        """Return what an expression gives, on each way."""
        self.tick()
        match node:
            case ast.Constant(value=value):
                return [(path, Term(repr(value), Const(value)))]
            case ast.Name(id=name):
                return [(path, self.name(name, frame))]
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                found = self.look(value, frame, path)
                for _, term in found:
                    frame.names[name] = term
                return found
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return [
                    each
                    for way, so in self.test(test, frame, path)
                    for each in self.look(body if so else orelse, frame, way)
                ]
            case ast.Attribute(value=value):
                return [
                    each
                    for way, term in self.look(value, frame, path)
                    for each in self.asked_of(self.attribute_at(term, node, frame), way)
                ]
            case ast.Call():
                return (
                    self.look(same, frame, path)
                    if (same := self.otherwise(node, frame, path)) is not None
                    else self.call(node, frame, path)
                )
            case ast.Await(value=value):
                return self.look(value, frame, path)
            case ast.Lambda():
                told = self.made_of(node, frame, path)
                return [(way, replace(term, parts=Closure(node, frame))) for way, term in told]
            case ast.Compare(left=left, ops=[op], comparators=[other]):
                return [
                    (way, self.asked(op, *terms))
                    for way, terms in self.many([left, other], frame, path)
                ]
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return [
                    (way, Term(f"not {term.text}", None, Not(term)))
                    for way, term in self.look(inner, frame, path)
                ]
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts) if not any(
                isinstance(each, ast.Starred) for each in elts
            ):
                return [
                    (way, listed(terms, ordered=not isinstance(node, ast.Set)))
                    for way, terms in self.many(elts, frame, path)
                ]
            case ast.BoolOp(op=op, values=values):
                return self.boolean(values, isinstance(op, ast.Or), frame, path)
            case ast.Subscript(value=value, slice=index):
                return [
                    (way, self.item(owner, key))
                    for way, (owner, key) in self.many([value, index], frame, path)
                ]
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return [(path, self.comprehension(node, frame, path))]
            case _:
                return self.made_of(node, frame, path)

    def asked(self, op: ast.cmpop, one: Term, two: Term) -> Term:
        """Return what a comparison gives, which is asked for where it decides."""
        return Term(
            shortened(f"({one.text} {type(op).__name__} {two.text})"), None, Asked(op, one, two)
        )

    def made_of(self, node: ast.expr, frame: Frame, path: Held) -> Told:
        """Return an expression as it is written, with what its parts stand for in their places."""
        inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        return [
            (way, Term(shortened(rewritten(node, inner, terms)), data=data_of(*terms)))
            for way, terms in self.many(inner, frame, path)
        ]

    def comprehension(self, node: Any, frame: Frame, path: Held) -> Term:
        """Return what a comprehension makes."""
        inside = frame.copy()
        clauses = []
        for each in node.generators:
            source = self.look(each.iter, inside, dict(path))[0][1]
            self.bind(each.target, each_of(source), inside)
            clauses.append(f"for each of {source.text}")
            for test in each.ifs:
                held = [way for way, so in self.test(test, inside, dict(path)) if so]
                clauses.append(f"if {' or '.join(sorted(besides(way, path) for way in held))}")
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        ways = self.many(parts, inside, dict(path))
        gives = " or ".join(sorted({": ".join(term.text for term in terms) for _, terms in ways}))
        brackets = _BRACKETS[type(node)]
        text = shortened(f"{brackets[0]}{gives} {' '.join(clauses)}{brackets[1]}")
        return Term(text, data=data_of(*(term for _, terms in ways for term in terms)))

    def attribute_at(self, owner: Term, node: ast.Attribute, frame: Frame) -> Term:
        """Return an attribute, and note where the context is asked for one."""
        if owner.text == CONTEXT:
            self.asked_for.setdefault(node.attr, frame.env.module.at(node))
        return self.attribute(owner, node.attr)

    def asked_of(self, term: Term, path: Held) -> Told:
        """Run a property."""
        if not isinstance(term.parts, Property):
            return [(path, term)]
        exits = self.called(Term(term.text, term.value), [term.parts.owner], {}, path)
        return (
            [(path, Term(term.text, data=data_of(term.parts.owner)))]
            if exits is None
            else [(e.path, e.term) for e in exits]
        )

    def otherwise(self, node: ast.Call, frame: Frame, path: Held) -> ast.expr | None:
        """Return how else a call is written, in the form that is compared."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("any", "list") or not self.is_builtin(name, frame):
            return None
        if name == "list":
            return as_list(node) if self.is_builtin("filter", frame) else None
        asked = as_membership(node)
        if asked is None or not self.holds_items(asked.comparators[0], frame, path):
            return None
        return asked

    def is_builtin(self, name: str, frame: Frame) -> bool:
        """Say whether a name stands for what Python has under it."""
        return self.name(name, frame).value == Foreign(f"builtins.{name}")

    def holds_items(self, node: ast.expr, frame: Frame, path: Held) -> bool:
        """Say whether ``in`` asks for items of something, and not, as of a text, for parts."""
        [(_, term), *more] = self.look(node, frame, dict(path))
        held = term.value
        known = isinstance(held, (Frozen, Tuple, Pairs)) or (
            isinstance(held, Ref) and held.kind in ("list", "set", "dict")
        )
        return not more and (known or is_display(term))

    def call(self, node: ast.Call, frame: Frame, path: Held) -> Told:
        """Call what an expression gives."""
        found: Told = []
        starred = [each.value if isinstance(each, ast.Starred) else each for each in node.args]
        words = [each.value for each in node.keywords]
        for way, (function, *given) in self.many([node.func, *starred, *words], frame, path):
            args: list[Term] = []
            for each, term in zip(node.args, given, strict=False):
                if isinstance(each, ast.Starred) and isinstance(term.parts, list):
                    args += term.parts
                else:
                    args.append(term)
            keywords: dict[str, Term] = {}
            for word, term in zip(node.keywords, given[len(node.args) :], strict=True):
                if word.arg is not None:
                    keywords[word.arg] = term
                elif isinstance(term.parts, dict):
                    keywords.update(term.parts)
                    if term.text == PASSED:
                        keywords[PASSED] = term
                else:
                    keywords[PASSED] = Term(term.text, parts={}, data=term.data)
            found += self.run(node, function, args, keywords, frame, way)
        return found

    def run(
        self,
        node: ast.Call,
        function: Term,
        args: list[Term],
        keywords: dict[str, Term],
        frame: Frame,
        path: Held,
    ) -> Told:
        """Return what a call gives: on each way through it, or else as it is written."""
        dotted = function.value.dotted if isinstance(function.value, Foreign) else ""
        if dotted in ENDS:
            return [(path, Term(ENDS[dotted], Foreign(dotted)))]
        if dotted == "builtins.bool" and len(args) == 1 and isinstance(args[0].parts, (Asked, Not)):
            return [(path, args[0])]
        if dotted in _CASTS and len(args) == 2:
            return [(path, args[1])]
        if dotted == "builtins.getattr" and len(args) in (2, 3):
            name = args[1].value
            if isinstance(name, Const) and isinstance(name.value, str):
                return [(path, self.attribute(args[0], name.value))]
        if dotted in SETS and len(args) == 3:
            known = args[1].value
            attr = str(known.value) if isinstance(known, Const) else f"({args[1].text})"
            self.set_attribute(args[0], attr, args[2], frame)
            return [(path, NOTHING)]
        if function.text == f"{PASSED}.get" and args:
            return [(path, self.item(Term(PASSED, parts={}, data=_EVERYTHING), args[0]))]
        raised = len(self.raised)
        try:
            exits = self.called(function, args, keywords, path)
        except TooMuch:
            exits = None
        else:
            # What does not run yet is waited for, or asked for what it gives.
            if (begun := exits) is None:
                begun = self.aside(function, args, keywords, path, late=True)
            self.takes_over(begun, frame)
        if exits is not None and len(exits) <= _INSIDE:
            return [(each.path, each.term) for each in exits]
        # What it does in so many ways is what it is called.
        del self.raised[raised:]
        if made := self.record(function.value, args, keywords):
            return [(path, made)]
        if made := self.instance(function, args, keywords, path):
            return [(path, made)]
        data = self.given(node, function, args, keywords, frame, path)
        said = [each.text for each in args]
        said += [f"{name}={each.text}" for name, each in sorted(keywords.items())]
        text = shortened(f"{function.text}({', '.join(said)})")
        is_class = isinstance(function.value, Ref) and function.value.kind == "class"
        kind = function.value if is_class or dotted else None
        value = Foreign(f"{dotted}()") if dotted and len(dotted) < LONG else None
        made = Term(text, value, kind, data)
        if isinstance(node.func, ast.Attribute) and node.func.attr in PARTS:
            made = inside(function, "()", made)
        return [(path, made)]

    def aside(
        self,
        function: Term,
        args: Sequence[Term],
        keywords: Mapping[str, Term],
        path: Held,
        *,
        late: bool = False,
    ) -> list[Exit]:
        """Go through what is called at another time: what it raises does not end the handler."""
        raised = len(self.raised)
        exits = None
        with contextlib.suppress(TooMuch):
            exits = self.called(function, args, keywords, path, late=late)
        del self.raised[raised:]
        return exits or []

    def takes_over(self, exits: Sequence[Exit], frame: Frame) -> None:
        """Change what a call changed, on any of the ways through it."""
        every = [each.frame.done for each in exits]
        for root in dict.fromkeys(id(each.root) for done in every for each in done):
            mine = [[each for each in done if id(each.root) == root] for done in every]
            hows = {" after ".join(each.how for each in done) or "nothing" for done in mine}
            data = frozenset[str]().union(*(each.data for done in mine for each in done))
            thing = next(each.root for done in mine for each in done)
            self.keep(thing, data, frame)
            frame.change(Change(thing, " or ".join(sorted(hows)), data))

    def given(
        self,
        node: ast.Call,
        function: Term,
        args: Sequence[Term],
        keywords: Mapping[str, Term],
        frame: Frame,
        path: Held,
    ) -> frozenset[str]:
        """Note what of the request code of others is given; return what is in what that gives."""
        name = function.text.rpartition(".")[2]
        if isinstance(function.value, Foreign):
            name = function.value.dotted.rpartition(".")[2]
        told = {str(place): data_of(each) for place, each in enumerate(args)}
        told |= {word: data_of(each) for word, each in keywords.items()}
        held = self.sent.setdefault((frame.env.module.path, node.lineno, name), {})
        for word, data in told.items():
            held[word] = held.get(word, frozenset()) | data
        if name in _SIZES or function.text == f"{PASSED}.keys":
            return frozenset()
        owner = frozenset(
            each.removesuffix(f".{name}") if isinstance(node.func, ast.Attribute) else each
            for each in function.data
        )
        if name in _NAMES and len(args) == 1 and args[0].text == PASSED:
            return frozenset()
        data = owner.union(*told.values())
        if name.startswith("get_") and function.text == f"{CONTEXT}.{name}":
            return frozenset((function.text,))
        if name == "locals":
            return data_of(*frame.names.values())
        for each in (*args, *keywords.values()):
            self.handed(each, data, path)
            if isinstance(each.value, Foreign):
                called = each.value.dotted.rpartition(".")[2]
                lent = self.sent.setdefault((frame.env.module.path, node.lineno, called), {})
                lent[name] = lent.get(name, frozenset()) | data
        match node.func:
            case ast.Attribute(value=node_of, attr=attr) if attr in CHANGES:
                how = f".{attr}({', '.join(each.text for each in args)})"
                self.change(self.changed(node_of, frame, function), how, data, frame)
            case _:
                pass
        return data

    def handed(self, term: Term, data: frozenset[str], path: Held) -> None:
        """Go through a function of the release that others are given with something, and call."""
        value = term.value
        is_own = isinstance(value, Bound) or (isinstance(value, Ref) and value.kind == "function")
        is_own = is_own or isinstance(term.parts, Closure)
        if not is_own or isinstance(term.parts, Property):
            return
        self.aside(term, [], {PASSED: Term("what it is given", parts={}, data=data)}, path)

    def changed(self, node: ast.expr, frame: Frame, asked: Term | None = None) -> Term:
        """Return what is changed in place; ``asked`` is its attribute that is called to do so."""
        if asked is not None and not isinstance(node, ast.Name):
            step = f".{asked.text.rpartition('.')[2]}"
            return replace(asked, place=asked.place.removesuffix(step))
        found = self.look(node, frame, {})[0][1]
        if isinstance(node, ast.Name) and not _is_module(found):
            # What a name of a module stands for goes by that name as well once it is changed.
            found = frame.names[node.id] = rooted(found)
        return found

    def change(self, term: Term, how: str, data: frozenset[str], frame: Frame) -> None:
        """Change something in place, and so what it is in."""
        self.keep(term.root, data, frame)
        if term.root is not None and not isinstance(term.parts, Object) and not _is_module(term):
            frame.change(Change(term.root, f"{term.place}{how}", data))

    def keep(self, root: object, data: frozenset[str], frame: Frame) -> None:
        """Note what is put into something that stays when the handler has ended."""
        if isinstance(root, State):
            self.keeping.keep(data, *root.places)
        for name in frame.elsewhere & frame.names.keys() if root is not None else ():
            if frame.names[name].root is root:
                self.keeping.keep(data, self.elsewhere(name, frame))

    def elsewhere(self, name: str, frame: Frame) -> Place:
        """Return what a name goes by that is bound in the module instead."""
        return self.m.frame_of(name, frame.env, nested=True).oid, name

    def set_attribute(self, owner: Term, attr: str, term: Term, frame: Frame) -> None:
        """Set an attribute of something."""
        if isinstance(owner.value, Ref):
            self.keeping.keep(data_of(term), (owner.value.oid, attr))
        if isinstance(owner.parts, Object):
            owner.parts.fields[attr] = term
        else:
            self.change(owner, f".{attr} = {term.text}", data_of(term), frame)

    def instance(
        self, function: Term, args: Sequence[Term], keywords: Mapping[str, Term], path: Held
    ) -> Term | None:
        """Return an object of a class of the release, as its ``__init__`` makes it."""
        kind = function.value
        if not isinstance(kind, Ref) or kind.kind != "class":
            return None
        thing = self.m.thing(kind)
        if any(
            each != Foreign("builtins.object") for each in thing.mro if isinstance(each, Foreign)
        ):
            return None
        said = [each.text for each in args]
        said += [f"{name}={each.text}" for name, each in sorted(keywords.items())]
        made = Term(shortened(f"{thing.name}({', '.join(said)})"), None, Object(kind, {}))
        init = self.in_class(kind, "__init__")
        if isinstance(init, Ref) and init.kind == "function":
            raised = len(self.raised)
            try:
                self.called(Term("", init, Method(made)), args, keywords, path)
            except TooMuch:
                del self.raised[raised:]
        return made

    def called(
        self,
        function: Term,
        args: Sequence[Term],
        keywords: Mapping[str, Term],
        path: Held,
        *,
        late: bool = False,
    ) -> list[Exit] | None:
        """Return how a call of the release's own code ends; nothing where it is not that.

        ``late`` takes what does not run when it is called as if it did.
        """
        value = function.value
        args = list(args)
        if isinstance(function.parts, Method):
            args.insert(0, function.parts.owner)
        if isinstance(value, Bound):
            args.insert(0, Term("self", value.owner))
            value = value.function
        if isinstance(value, Ref) and value.kind == "partial":
            thing = self.m.thing(value)
            args[:0] = [self.term(each, "?") for name, each in thing.defaults if not name]
            keywords = {
                **{name: self.term(each, "?") for name, each in thing.defaults if name},
                **keywords,
            }
            value = thing.type
        if isinstance(value, Ref) and value.kind == "instance":
            args.insert(0, Term("self", value))
            value = self.in_class(self.m.thing(value).type, "__call__")
        around: Mapping[str, Term] = {}
        if isinstance(function.parts, Closure):
            node: Any = function.parts.node
            env: Env | None = function.parts.frame.env
            around = function.parts.frame.names
        elif isinstance(value, Ref) and value.kind == "function":
            thing = self.m.thing(value)
            node, env = thing.node, thing.env
        else:
            return None
        if not isinstance(node, Function) or env is None:
            return None
        if len(self.active) > _CALLS or id(node) in self.active or (is_late(node) and not late):
            return None
        frame = Frame(env, {**around, **self.parameters(node, args, keywords)})
        self.active.append(id(node))
        try:
            if isinstance(node, ast.Lambda):
                return [
                    Exit(way, frame, "returns", term)
                    for way, term in self.look(node.body, frame, dict(path))
                ]
            exits = self.block(node.body, [(dict(path), frame)])
        finally:
            self.active.pop()
        return [
            each if each.kind == "returns" else replace(each, kind="returns", term=NOTHING)
            for each in exits
        ]

    def parameters(
        self,
        node: Function,
        args: Sequence[Term],
        keywords: Mapping[str, Term],
    ) -> dict[str, Term]:
        """Return what the parameters of a function stand for."""
        both = [*node.args.posonlyargs, *node.args.args]
        more = keywords.get(PASSED)
        names: dict[str, Term] = {}
        last = zip(reversed(both), reversed(node.args.defaults), strict=False)
        defaults = {each.arg: default for each, default in last}
        defaults |= {
            each.arg: default
            for each, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        }
        for place, each in enumerate([*both, *node.args.kwonlyargs]):
            name = each.arg
            if place < len(both) and place < len(args):
                names[name] = rooted(args[place])
            elif name in keywords:
                names[name] = rooted(keywords[name])
            elif more is not None:
                names[name] = more.parts.get(name) or Term(name, data=_named(more, name))
            elif name in defaults:
                names[name] = Term(shortened(ast.unparse(defaults[name])), constant(defaults[name]))
            else:
                names[name] = Term(name)
        if node.args.vararg is not None:
            rest = [*args[len(both) :]]
            names[node.args.vararg.arg] = Term("*", parts=rest, data=data_of(*rest))
        if node.args.kwarg is not None:
            known = {
                name: each
                for name, each in keywords.items()
                if name != PASSED and name not in names
            }
            held = {**(more.parts if more is not None else {}), **known}
            data = data_of(*held.values(), *([more] if more is not None else []))
            text = PASSED if more is not None else "{}"
            names[node.args.kwarg.arg] = Term(text, parts=held, data=data)
        return names


def each_of(term: Term) -> Term:
    """Return what one of the items of something is; of what is passed by name, a name."""
    data = frozenset() if term.text == PASSED else data_of(term)
    return inside(term, "[each]", Term(shortened(f"each of {term.text}"), data=data))


def _is_module(term: Term) -> bool:
    """Say whether something is of others as it stands, and not what a call of theirs made."""
    return isinstance(term.value, Foreign) and not term.value.dotted.endswith("()")


def _named(more: Term, name: str) -> frozenset[str]:
    return frozenset((name,)) if more.text == PASSED else more.data
