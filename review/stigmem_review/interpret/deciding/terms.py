"""What stands for something in a handler, in the words in which conditions are compared."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from stigmem_review.code.names import Function, names_of
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.values import NONE, Const, Foreign, Ref, Value

WAYS = 256
"""Ways through a handler; with more of them nothing is told."""
GIVEN = "value"
"""What the value is called that the node gives to a hook that rewrites it."""
PASSED = "**"
"""What all that the node passes by name is called."""
CONTEXT = "ctx"
"""What the context is called that the node gives to a handler."""
ALL = "*"
"""What stands for all that the node passes by name."""
_DEEP = 2
"""Attributes of what the node passes that are told apart."""
LONG = 300
"""Characters of what is written, up to which it is told apart."""


class TooMuch(GiveUp):
    """There are more ways than are followed; whoever calls that takes it as it is written."""

    def __init__(self) -> None:
        super().__init__("there are too many ways through it")


class Term(msgspec.Struct, frozen=True):
    """What something stands for: how it is written, and its value where it is the release's own."""

    text: str
    value: Value | None = None
    parts: Any = None
    """What else is known of it: the terms that are in it, in order or by name, the class that a
    call made it of, or one of the below."""
    data: frozenset[str] = frozenset()
    """What of the request is in it: by the name that the node passes it under, with attributes."""
    root: object | None = None
    """What tells the thing from others whatever it is called, or else that which it is in."""
    place: str = ""
    """Where it is in that; empty if it is that itself."""


Held = dict[str, bool]
"""What has to be so, and what not."""
Told = list[tuple[Held, Term]]
NOTHING = Term("None", NONE)


class Not(msgspec.Struct, frozen=True):
    """What is so where something is not."""

    of: Term


class Asked(msgspec.Struct, frozen=True):
    """A comparison that was not asked for yet."""

    op: ast.cmpop
    one: Term
    two: Term


class Alternative(msgspec.Struct, frozen=True):
    """Some of those that something can be: of what, which, and how many there are in all."""

    of: tuple[str, str]
    names: frozenset[str]
    count: int


class Object(msgspec.Struct, frozen=True):
    """An object of a class of the release, of which is known what it was made of."""

    kind: Ref
    fields: dict[str, Term]


class Method(msgspec.Struct, frozen=True):
    """A function of a class, with the object that it is called on."""

    owner: Term


class Property(msgspec.Struct, frozen=True):
    """A function of a class that is run where it is asked for."""

    owner: Term


class Change(msgspec.Struct, frozen=True):
    """What is done to a thing in place, and what of the request gets into it."""

    root: object
    how: str
    data: frozenset[str]


class Frame:
    """The names of a call, and the scope of the function that is called."""

    def __init__(
        self,
        env: Env,
        names: dict[str, Term],
        done: Sequence[Change] = (),
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        """``elsewhere`` are names that are bound in the module instead."""
        self.env = env
        self.names = names
        self.done = [*done]
        self.elsewhere = elsewhere

    def copy(self) -> Frame:
        """Return the same names, for another way."""
        return Frame(self.env, dict(self.names), self.done, self.elsewhere)

    def change(self, change: Change) -> None:
        """Let each name of a thing stand for what it was, changed in place."""
        self.done.append(change)
        for name, term in self.names.items():
            if term.root is change.root and not term.place:
                text = shortened(f"{term.text} after {change.how}")
                kept = term.value if isinstance(term.value, Foreign) else None
                self.names[name] = Term(text, kept, None, term.data | change.data, term.root)


class Closure(msgspec.Struct, frozen=True):
    """A function that a handler makes, and the names that it is made among."""

    node: Function
    frame: Frame


class Exit(msgspec.Struct, frozen=True):
    """How a piece of code is left: what holds then, what names stand for, and what it gives.

    ``kind`` is ``falls``, ``returns``, ``raises``, or ``leaves`` for the end of a loop.
    """

    path: Held
    frame: Frame
    kind: str
    term: Term


def data_of(*terms: Term) -> frozenset[str]:
    """Return what of the request is in any of several things."""
    found = frozenset[str]().union(*(each.data for each in terms))
    for each in terms:
        if isinstance(each.parts, Object):
            found |= data_of(*each.parts.fields.values())
    return found


def passed(name: str) -> Term:
    """Return what the node passes under a name."""
    return Term(name, data=frozenset((name,)))


def rooted(term: Term) -> Term:
    """Return a thing so that it is told from others."""
    return term if term.root is not None else replace(term, root=object())


def inside(owner: Term, step: str, term: Term) -> Term:
    """Return what is in something, by the step that leads to it."""
    return replace(term, root=owner.root, place=f"{owner.place}{step}")


def within(data: frozenset[str], name: str) -> frozenset[str]:
    """Return what of the request an attribute or an item of something is."""
    return frozenset(
        each if each.rpartition(" ")[2] == ALL or each.count(".") >= _DEEP else f"{each}.{name}"
        for each in data
    )


def listed(parts: Sequence[Term], *, ordered: bool) -> Term:
    """Return what a list, a tuple or a set is that is written out."""
    every = [each.text for each in parts]
    inside = ", ".join(every if ordered else sorted(set(every)))
    text = shortened(f"[{inside}]" if ordered else f"{{{inside}}}")
    return Term(text, None, [*parts], data_of(*parts))


def is_display(term: Term) -> bool:
    """Say whether something is a list, a tuple or a set that is written out."""
    return isinstance(term.parts, list) and term.text[0] in "[{"


def rewritten(node: ast.expr, inner: Sequence[ast.expr], terms: Sequence[Term]) -> str:
    """Return how an expression is written where others stand in the places of its parts."""
    if isinstance(node, ast.FormattedValue):
        return f"{{{terms[0].text}}}"
    texts = {id(each): term.text for each, term in zip(inner, terms, strict=True)}
    if isinstance(node, ast.JoinedStr):
        pieces = (e.value if isinstance(e, ast.Constant) else texts[id(e)] for e in node.values)
        return f"f{''.join(map(str, pieces))!r}"

    class Put(ast.NodeTransformer):
        def visit(self, each: ast.AST) -> Any:
            text = texts.get(id(each))
            if text is None:
                return self.generic_visit(each)
            # It is one operand, however it is written.
            plain = " " not in text or text[0] in "([{'\"" or text.endswith(")")
            return ast.Name(text if plain else f"({text})")

    fields = {name: _put(Put(), value) for name, value in ast.iter_fields(node)}
    return ast.unparse(type(node)(**fields))


def _put(put: ast.NodeTransformer, value: Any) -> Any:
    if isinstance(value, list):
        return [_put(put, each) for each in value]
    return put.visit(value) if isinstance(value, ast.expr) else value


def is_late(node: Function) -> bool:
    """Say whether a function is not run when it is called."""
    return isinstance(node, ast.AsyncFunctionDef) or names_of(node).generates


def constant(node: ast.expr) -> Value | None:
    """Return the value of a constant."""
    return Const(node.value) if isinstance(node, ast.Constant) else None


def besides(held: Held, beside: Held) -> str:
    """Return what holds besides something else."""
    return " and ".join(
        sorted(f"{'' if so else 'not '}{atom}" for atom, so in held.items() if atom not in beside)
    )


def shortened(text: str) -> str:
    """Return a text, or how it begins and a digest of all of it."""
    if len(text) <= LONG:
        return text
    return f"{text[: LONG - 12]}\u2026{hashlib.sha256(text.encode()).hexdigest()[:10]}"
