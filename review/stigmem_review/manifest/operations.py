"""What operations give on values that are known. ``None`` stands for: that is not decided here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from collections.abc import Mapping as TypingMapping

from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    Mapping,
    Member,
    ModuleValue,
    Value,
)
from stigmem_review.model import Unknown

SETS = ("set", "frozenset")


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true."""
    match value:
        case Const(value=constant):
            return bool(constant)
        case Collection(items=items):
            return bool(items)
        case Mapping(pairs=pairs):
            return bool(pairs)
        case Definition(kind="function") | ModuleValue():
            return True
        case _:
            return None


def constants(values: Sequence[Value]) -> list[str] | None:
    """Return values as texts if all of them are texts, which equal only themselves."""
    found = []
    for value in values:
        match value:
            case Const(value=str(text)) | Member(value=text, text=True):
                found.append(text)
            case _:
                return None
    return found


def compared(operator: ast.cmpop, left: Value, right: Value) -> bool | None:
    """Return what one comparison gives."""
    match operator, left, right:
        case ast.Is() | ast.IsNot(), _, Const(value=None):
            if isinstance(left, (Const, Collection, Mapping, Definition, ModuleValue)):
                none = isinstance(left, Const) and left.value is None
                return none is isinstance(operator, ast.Is)
        case ast.Eq() | ast.NotEq(), Const(value=one), Const(value=two):
            if type(one) is type(two) and not isinstance(one, float):
                return (one == two) is isinstance(operator, ast.Eq)
        case ast.In() | ast.NotIn(), Const(value=str(text)), Collection(items=items):
            if (texts := constants(items)) is not None:
                return (text in texts) is isinstance(operator, ast.In)
        case ast.In() | ast.NotIn(), Const(value=str(text)), Mapping(pairs=pairs):
            if (texts := constants([key for key, _ in pairs])) is not None:
                return (text in texts) is isinstance(operator, ast.In)
        case _:
            pass
    return None


def of_sets(operator: str, left: Collection, right: Value) -> tuple[Value, ...] | None:
    """Return the items that a difference, intersection or symmetric difference leaves."""
    if isinstance(right, Mapping):
        others = constants([key for key, _ in right.pairs])
        more: tuple[Value, ...] = tuple(key for key, _ in right.pairs)
    elif isinstance(right, Collection):
        others, more = constants(right.items), right.items
    else:
        return None
    own = constants(left.items)
    if own is None or others is None:
        return None
    mine, theirs = {*own}, {*others}
    match operator:
        case "difference":
            return tuple(i for i, text in zip(left.items, own, strict=True) if text not in theirs)
        case "intersection":
            return tuple(i for i, text in zip(left.items, own, strict=True) if text in theirs)
        case "symmetric_difference":
            rest = tuple(i for i, text in zip(more, others, strict=True) if text not in mine)
            kept = (i for i, text in zip(left.items, own, strict=True) if text not in theirs)
            return (*kept, *rest)
        case _:
            return None


def item_of(owner: Value, key: Value) -> Value | None:
    """Return what a subscript with a constant gives."""
    match owner, key:
        case Collection(kind="list" | "tuple", items=items), Const(value=int(index)):
            return items[index] if -len(items) <= index < len(items) else None
        case Mapping(pairs=pairs), Const(value=str(text)):
            if constants([each for each, _ in pairs]) is None:
                return None
            found = [
                value for each, value in pairs if isinstance(each, Const) and each.value == text
            ]
            return found[-1] if found else None
        case _:
            return None


def of_text(text: str, method: str, given: Sequence[Value]) -> str | bool | list[str] | None:
    """Return what a method of a text gives for constant arguments."""
    texts = constants(given)
    if texts is None:
        return None
    match method, texts:
        case "lower" | "upper" | "strip" | "title" | "capitalize", []:
            return str(getattr(text, method)())
        case "strip" | "lstrip" | "rstrip" | "removeprefix" | "removesuffix", [_]:
            return str(getattr(text, method)(*texts))
        case "replace", [old, new] if old and len(text) * max(1, len(new)) < 100_000:
            return text.replace(old, new)
        case "startswith" | "endswith", [_]:
            return bool(getattr(text, method)(*texts))
        case "split", []:
            return text.split()
        case "split", [separator] if separator:
            return text.split(separator)
        case _:
            return None


def changed(
    was: Value,
    method: str,
    given: Sequence[Value],
    words: TypingMapping[str, Value],
    copied: Callable[[tuple[Value, ...]], tuple[Value, ...]],
) -> Value | None:
    """Return what a method that changes a collection in place leaves of it."""
    if any(isinstance(each, Unknown) for each in (was, *given)):
        return None
    match was, method, given:
        case Collection(kind="set"), "add", [item]:
            return Collection("set", (*copied(was.items), item), was.at)
        case Collection(kind="list"), "append", [item]:
            return Collection("list", (*copied(was.items), item), was.at)
        case Collection(kind="list"), "extend", [Collection() as more]:
            if more.kind in SETS and len(more.items) > 1:
                return None
            return Collection("list", (*copied(was.items), *copied(more.items)), was.at)
        case Collection(kind="set"), "update", _:
            items = was.items
            for each in given:
                if isinstance(each, Mapping):
                    items = (*items, *copied(tuple(key for key, _ in each.pairs)))
                elif isinstance(each, Collection):
                    items = (*items, *copied(each.items))
                else:
                    return None
            return None if words else Collection("set", items, was.at)
        case Collection(kind="set"), "discard" | "remove", [Const() as item]:
            left = of_sets("difference", was, Collection("set", (item,), was.at))
            return None if left is None else Collection("set", left, was.at)
        case Mapping(), "update", [] | [Mapping()]:
            pairs = was.pairs
            if given and isinstance(given[0], Mapping):
                pairs = (*pairs, *copied(given[0].pairs))  # type: ignore[arg-type]
            more_pairs = tuple((Const(name, was.at), value) for name, value in words.items())
            return Mapping((*pairs, *more_pairs), was.at)
        case Mapping(), "setdefault", [Const(value=str(text)) as key, item]:
            keys = constants([each for each, _ in was.pairs])
            if keys is None:
                return None
            return was if text in keys else Mapping((*was.pairs, (key, item)), was.at)
        case (Collection(kind="set" | "list"), "clear", []):
            return Collection(was.kind, (), was.at)
        case Mapping(), "clear", []:
            return Mapping((), was.at)
        case _:
            return None
