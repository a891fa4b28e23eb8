"""Operators, comparisons, truth, and what stands in square brackets."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from stigmem_review import limits
from stigmem_review.interpret import annotation, containers, generic, namespaces, protocols, pure
from stigmem_review.interpret.ends import GiveUp, Part
from stigmem_review.interpret.escape import OUTSIDE
from stigmem_review.interpret.keys import frozen, pairs_of, same
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import PATHS, Machine
from stigmem_review.interpret.text import like, plain, really
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    flag,
)
from stigmem_review.patterns import late

_BINARY: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul),
    ast.Div: ("truediv", operator.truediv),
    ast.FloorDiv: ("floordiv", operator.floordiv),
    ast.Mod: ("mod", operator.mod),
    ast.Pow: ("pow", operator.pow),
    ast.LShift: ("lshift", operator.lshift),
    ast.RShift: ("rshift", operator.rshift),
    ast.BitOr: ("or", operator.or_),
    ast.BitXor: ("xor", operator.xor),
    ast.BitAnd: ("and", operator.and_),
    ast.MatMult: ("matmul", operator.matmul),
}
_OBJECT = Foreign("builtins.object")
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_SETS = {"or": "union", "sub": "difference", "and": "intersection", "xor": "symmetric_difference"}
_NUMBERS = {"float", "int"}
"""Types of which either can be compared with the other."""
_ORDER: dict[type[ast.cmpop], tuple[str, str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("__lt__", "__gt__", operator.lt),
    ast.LtE: ("__le__", "__ge__", operator.le),
    ast.Gt: ("__gt__", "__lt__", operator.gt),
    ast.GtE: ("__ge__", "__le__", operator.ge),
}


_NOT_AS_TEXT = late(r"%(?!%|s)")
"""What puts something else than its ``str`` into a text."""


def choose(m: Machine, test: Value, yes: Part, no: Part) -> Value:
    """Run what is to run if a value counts as true, and what if not."""

    def one(value: Value) -> Value:
        match truth(m, value):
            case True:
                return yes()
            case False:
                return no()
            case atom:
                return m.decide(atom, yes, no)

    return m.each(test, one)


def truth(m: Machine, value: Value) -> Any:
    """Return whether a value counts as true, or the condition for it."""
    match value:
        case Const(value=constant):
            return bool(constant)
        case Tuple(items=items):
            return bool(items)
        case Frozen(pairs=pairs):
            return bool(pairs)
        case View(kind="names"):
            return True if value.owner.kind == "module" else m.atom("something counts as true")
        case Ref(kind="object") if m.has_model(value, "__len__"):
            return _truth_of(m, m.call_on(value, "__len__", (), ()))
        case Ref(kind="list" | "dict" | "set") | View():
            content = m.read(value.owner if isinstance(value, View) else value)
            if isinstance(content, (Tuple, Pairs)):
                return bool(content.items)
            if isinstance(content, Frozen):
                return bool(content.pairs)
            if isinstance(content, OneOf):
                found = {truth(m, each.value) for each in content.options}
                if len(found) == 1:
                    return found.pop()
            return m.atom("something counts as true")
        case Ref(kind="instance"):
            for name in ("__bool__", "__len__"):
                if m.special(value, name):
                    return _truth_of(m, protocols.ask(m, value, name))
            return True
        case Ref(kind="range"):
            return truth(m, m.thing(value).defaults[0][1])
        case Ref(kind="object") if m.is_sized(value):
            m.may_raise("whether something counts as true is not known")
            return m.atom("something counts as true")
        case Method() if protocols.may_be_data(value):
            m.may_raise("whether something counts as true is not known")
            return m.atom("something counts as true")
        case Ref() | Bound() | Method() | Wrapped() | File():
            return True
        case Member(mixin="str" | "StrEnum" | "int", value=Const(value=constant)):
            return bool(constant)
        case Member(enum=enum) if not m.overrides(enum, ("__bool__", "__len__")):
            return True
        case Foreign(dotted=dotted) if m.is_object(dotted):
            return True
        case Opaque(key=("not", inner)):
            return m.atom("something counts as true") if inner is None else ("truth", value)
        case Opaque():
            return ("truth", value)
        case _:
            m.may_raise("whether something counts as true is not known")
            return m.atom("something counts as true")


def _truth_of(m: Machine, value: Value) -> Any:
    return m.atom("something counts as true") if isinstance(value, OneOf) else truth(m, value)


def negated(m: Machine, value: Value) -> Value:
    """Return whether a value counts as false."""
    return choose(m, value, lambda: FALSE, lambda: Const(True))


def unary(m: Machine, op: ast.unaryop, value: Value) -> Value:
    """Return what an operator makes of a value."""
    if isinstance(op, ast.Not):
        return negated(m, value)
    function = _UNARY[type(op)]

    def one(value: Value) -> Value:
        _refuse(m, function, value)
        operand = plain(m, value)
        return really(m, lambda: function(operand))

    return m.each(value, one)


def binary(m: Machine, op: ast.operator, left: Value, right: Value, *, inplace: bool) -> Value:
    """Return what an operator makes of two values. Raises ``GiveUp`` where it is not known."""
    name, function = _BINARY[type(op)]
    if inplace:
        function = getattr(operator, f"i{name}")
    return m.each(
        left, lambda one: m.each(right, lambda two: _binary(m, name, function, one, two, inplace))
    )


def _of_others(m: Machine, name: str, left: Value, right: Value) -> Value:
    """Return what an operator makes of what others gave: a text, a path, or nobody knows what."""
    why = next(each.why for each in (left, right) if isinstance(each, Unknown))
    m.may_raise(why)
    m.escape(left)
    m.escape(right)
    if m.roots and name == "add" and any(isinstance(e, (Const, Opaque)) for e in (left, right)):
        texts = [m.some_text() if isinstance(each, Unknown) else each for each in (left, right)]
        if all(_is_text(each) for each in texts):
            return Opaque("str", ("joined", *texts))
    for each in (left, right):
        if isinstance(each, Unknown) and each.api.startswith(PATHS):
            return each
    return m.given_by(OUTSIDE, why)


def _is_text(value: Value) -> bool:
    return isinstance(value, Opaque) or (isinstance(value, Const) and isinstance(value.value, str))


def _binary(
    m: Machine, name: str, function: Callable[[Any, Any], Any], left: Value, right: Value,
    inplace: bool,
) -> Value:  # fmt: skip
    match left, right:
        case (Ref(kind="instance") as ref, Const(value=other)) if m.thing(ref).type == _OBJECT:
            return really(m, lambda: function(object(), other))
        case (Ref(kind="instance"), _) | (_, Ref(kind="instance")):
            return _own(m, name, left, right, inplace)
        case (Tuple(), Tuple()) if name == "add":
            m.tick(len(left.items) + len(right.items))
            return Tuple((*left.items, *right.items), left.shuffled or right.shuffled)
        case (Ref(kind="list"), _) if name == "add" and inplace:
            containers.METHODS["list", "extend"](m, left, (right,), ())
            return left
        case (Ref(kind="list"), Ref(kind="list")) if name == "add":
            return with_items(
                m,
                left,
                lambda a: with_items(
                    m,
                    right,
                    lambda b: m.new_list((*a.items, *b.items), shuffled=a.shuffled or b.shuffled),
                ),
            )
        case (Ref(kind="list") | Tuple(), Const(value=int(count))) if name == "mul":
            return with_items(m, left, lambda a: _repeated(m, left, a, count, inplace))
        case (Const(value=int(count)), Ref(kind="list") | Tuple()) if name == "mul":
            return with_items(m, right, lambda a: _repeated(m, right, a, count, False))
        case (Ref(kind="dict"), Ref(kind="dict")) if name == "or":
            if inplace:
                containers.METHODS["dict", "update"](m, left, (right,), ())
                return left
            if m.thing(left).name or m.thing(right).name:
                raise GiveUp("dicts of another class are put together")
            return containers.dict_of(m, (left,), (), lambda a: _united(m, a, right))
        case (Ref(kind="dict"), _) if name == "or" and inplace:
            containers.METHODS["dict", "update"](m, left, (right,), ())
            return left
        case (
            Ref(kind="set") | Frozen() | View(kind="keys"),
            Ref(kind="set") | Frozen() | View(kind="keys"),
        ) if name in _SETS:
            operation = _SETS[name]
            if inplace and isinstance(left, Ref):
                changing = "update" if operation == "union" else f"{operation}_update"
                containers.METHODS["set", changing](m, left, (right,), ())
                return left
            if isinstance(left, View):
                return containers.as_set(
                    m, left, lambda a: containers.METHODS["set", operation](
                        m, m.new_set(a), (right,), ()
                    ),
                )  # fmt: skip
            kind = "frozenset" if isinstance(left, Frozen) else "set"
            return containers.METHODS[kind, operation](m, left, (right,), ())
        case (File(), _) if name == "truediv":
            return m.below(left, (right,))
        case (Const(value=str() | bytes() as pattern), _) if name == "mod":
            return _percent(m, pattern, right)
        case _ if name == "or" and (found := annotation.united(m, left, right)):
            return found
        case _ if name == "or" and (found := pure.united_flags(left, right)):
            return found
        case (Unknown(api=str(api)), _) | (_, Unknown(api=str(api))) if api:
            return _of_others(m, name, left, right)
        case (Opaque(), _) | (_, Opaque()):
            return _opaque(m, name, left, right)
        case _:
            pass
    if (isinstance(left, Member) and left.mixin == "int") or (
        isinstance(right, Member) and (right.mixin == "int")
    ):
        raise GiveUp("members of an enumeration are counted with")
    _refuse(m, function, left, right)
    one, two = plain(m, left), plain(m, right)
    _guard(name, one, two)
    return really(m, lambda: function(one, two))


def _refuse(m: Machine, function: Callable[..., Any], *operands: Value) -> None:
    """Raise what Python raises for operands whose types do not go with an operator.

    That is up to the types of containers and functions, whatever is in them.
    """
    found = [like(m, each) for each in operands]
    if MISSING in found or all(isinstance(each, Const) for each in operands):
        return
    try:
        function(*found)
    except TypeError:
        really(m, lambda: function(*found))


def _united(m: Machine, one: Pairs, right: Value) -> Value:
    def more(other: Value) -> Value:
        if not isinstance(other, Pairs):
            raise GiveUp("what is in a dict is not known")
        every = [(name, value) for _, name, value in (*one.items, *other.items)]
        return m.new_dict(pairs_of(m, every, shuffled=one.shuffled or other.shuffled))

    assert isinstance(right, Ref)
    return m.each(m.read(right), more)


def _own(m: Machine, name: str, left: Value, right: Value, inplace: bool) -> Value:
    def nobody() -> Value:
        raise GiveUp("an operator of an object")

    if not isinstance(left, Ref) or left.kind != "instance":
        return nobody()
    plain_, other = (left, f"__{name}__", right), (right, f"__r{name}__", left)
    attempts: list[protocols.Asked] = [plain_]
    if isinstance(right, Ref) and right.kind == "instance":
        if protocols.comes_first(m, left, right) and protocols.is_overridden(
            m, f"__r{name}__", left, right
        ):
            attempts = [other, plain_]
        elif m.thing(left).type != m.thing(right).type:
            attempts = [plain_, other]
    if inplace:
        attempts.insert(0, (left, f"__i{name}__", right))
    return protocols.answered(m, attempts, nobody)


def _guard(name: str, left: Any, right: Any) -> None:
    if name == "mul":
        for one, other in ((left, right), (right, left)):
            if (
                isinstance(one, (str, bytes))
                and isinstance(other, int)
                and len(one) * other > limits.TEXT_CHARS
            ):
                raise GiveUp("a text is too long")
    elif name in ("pow", "lshift") and isinstance(right, int) and abs(right) > 64:
        raise GiveUp("a number is too large")


def _repeated(m: Machine, value: Value, items: Tuple, count: int, inplace: bool) -> Value:
    if len(items.items) * count > 2_000:
        raise GiveUp("something is repeated too often")
    found = Tuple(items.items * count, items.shuffled)
    if isinstance(value, Tuple):
        return found
    if inplace and isinstance(value, Ref):
        m.write(value, found)
        return value
    return m.new_list(found.items, shuffled=found.shuffled)


_FILLED = 400_000
"""Characters that are put into a text at most."""


def _percent(m: Machine, pattern: str | bytes, right: Value) -> Value:
    if "*" in str(pattern) or (
        any(char.isdigit() for char in str(pattern))
        and "%" in str(pattern)
        and len([c for c in str(pattern) if c.isdigit()]) > 3
    ):
        raise GiveUp("a text is too long")
    items = right.items if isinstance(right, Tuple) else (right,)
    if (
        isinstance(pattern, str)
        and any(isinstance(each, Opaque) for each in items)
        and pattern.count("%") == len(items) == pattern.count("%s")
    ):
        return Opaque("str", ("percent", pattern, *items))
    if isinstance(right, Ref) and right.kind == "dict":
        given: Any = plain(m, right)
        longest = max((len(str(each)) for each in given.values()), default=0)
        if str(pattern).count("%") * longest > _FILLED:
            raise GiveUp("a text is too long")
    else:
        if not all(isinstance(each, Const) for each in items) and _NOT_AS_TEXT.search(str(pattern)):
            raise GiveUp("how something is formatted is not known")
        texts = [_percented(m, each) for each in items]
        given = tuple(texts)
    return really(m, lambda: pattern % given)


def _percented(m: Machine, value: Value) -> Any:
    if isinstance(value, Const):
        return value.value
    return plain(m, m.text_of(value))


def _opaque(m: Machine, name: str, left: Value, right: Value) -> Value:
    kinds = [
        each.type if isinstance(each, Opaque) else type(plain(m, each)).__name__
        for each in (left, right)
    ]
    if name == "add" and kinds == ["str", "str"]:
        return Opaque("str", ("add", left, right))
    if kinds == ["int", "int"] and name in ("add", "sub"):
        return Opaque("int", (name, left, right))
    raise GiveUp("a value that only the node has is used")


def compare(m: Machine, op: ast.cmpop, left: Value, right: Value) -> Value:
    """Return how two values compare. Raises ``GiveUp`` where it is not known."""
    return m.each(left, lambda one: m.each(right, lambda two: _compare(m, op, one, two)))


def _compare(m: Machine, op: ast.cmpop, left: Value, right: Value) -> Value:
    match op:
        case ast.Is():
            return _identical(m, left, right)
        case ast.IsNot():
            return negated(m, _identical(m, left, right))
        case ast.Eq():
            return equal(m, left, right)
        case ast.NotEq():
            if m.special(left, "__ne__") or m.special(right, "__ne__"):
                return _unequal(m, left, right)
            return negated(m, equal(m, left, right))
        case ast.In():
            return _within(m, left, right)
        case ast.NotIn():
            return negated(m, _within(m, left, right))
        case _:
            return _ordered(m, op, left, right)


def _within(m: Machine, item: Value, owner: Value) -> Value:
    if isinstance(owner, Ref) and owner.kind == "instance":
        if m.special(owner, "__contains__"):
            found = m.call(m.method(owner, "__contains__"), (item,))
            return choose(m, found, lambda: Const(True), lambda: FALSE)
        if not m.special(owner, "__iter__"):
            raise GiveUp("whether something is in an object is not known")
    if isinstance(owner, Foreign):
        return m.within(item, owner)
    return containers.contains(m, owner, item)


def _identical(m: Machine, left: Value, right: Value) -> Value:
    if any(isinstance(e, Unknown) or protocols.may_be_data(e) for e in (left, right)):
        raise GiveUp("whether two are the same object is not known")
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        other = right if isinstance(left, Opaque) else left
        if other == NONE:
            return FALSE
        raise GiveUp("whether two are the same object is not known")
    singles = (None, True, False, Ellipsis, NotImplemented)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const) and any(one.value is each for each in singles):
            return flag(isinstance(other, Const) and other.value is one.value)
    if any(generic.parts_of(m, e) and generic.is_form(m, e) for e in (left, right)):
        raise GiveUp("whether two are the same type is not known")
    match left, right:
        case (Ref(), Ref()):
            return flag(left == right)
        case (Ref(), _) | (_, Ref()):
            return FALSE
        case (Member(enum=one), Member(enum=other)):
            return flag(one == other and left.name == right.name)
        case (Member(), Const() | Tuple() | Frozen()) | (Const() | Tuple() | Frozen(), Member()):
            return FALSE
        case (Foreign(), Foreign()) if m.is_object(left.dotted) and m.is_object(right.dotted):
            return flag(left == right)
        case _:
            raise GiveUp("whether two are the same object is not known")


def equal(m: Machine, left: Value, right: Value) -> Value:
    """Return whether two values are equal."""
    return protocols.answered(
        m, _both(m, left, right, "__eq__", "__eq__"), lambda: _alike(m, left, right)
    )


def _both(m: Machine, left: Value, right: Value, name: str, reverse: str) -> list[protocols.Asked]:
    """Return which of two values is asked first how they compare, and which then."""
    attempts = [(left, name, right), (right, reverse, left)]
    return attempts[::-1] if protocols.comes_first(m, left, right) else attempts


def _unequal(m: Machine, left: Value, right: Value) -> Value:
    """Return whether two values differ, where one says so itself; what does not inverts ``==``."""
    for owner, _, other in _both(m, left, right, "__ne__", "__ne__"):
        if m.special(owner, "__ne__"):

            def nobody() -> Value:
                raise GiveUp("whether two objects differ is not known")

            return protocols.answered(m, [(owner, "__ne__", other)], nobody)
        if m.special(owner, "__eq__"):
            break
    raise GiveUp("whether two objects differ is not known")


def _alike(m: Machine, left: Value, right: Value) -> Value:
    """Return whether two values are equal of which none says so by a method of its own."""
    fields = m.compared_fields(left, right)
    if fields is not None:
        return equal(m, *fields)
    if any(m.special(each, "__eq__") for each in (left, right)):
        return _identical(m, left, right)
    found_ = same(m, left, right)
    if found_ is not None:
        return flag(found_)
    if isinstance(left, Opaque) and not isinstance(right, Opaque):
        return Opaque("bool", ("=", left, _plain_side(m, right)))
    if isinstance(right, Opaque):
        return Opaque("bool", ("=", right, _plain_side(m, left)))
    raise GiveUp("whether two values are equal is not known")


def _plain_side(m: Machine, value: Value) -> Value:
    match value:
        case Const() | Opaque():
            return value
        case Member(mixin="StrEnum" | "str", value=inner):
            return inner
        case _:
            raise GiveUp("whether two values are equal is not known")


def _ordered(m: Machine, op: ast.cmpop, left: Value, right: Value) -> Value:
    name, reverse, _ = _ORDER[type(op)]
    attempts = [each for each in _both(m, left, right, name, reverse) if m.special(*each[:2])]
    if not attempts:
        return _in_order(m, op, left, right)

    def nobody() -> Value:
        if m.is_ordered(left) or m.is_ordered(right):
            raise GiveUp("whether one is smaller is not known")
        m.raise_("TypeError", Const("they have no order"))

    return protocols.answered(m, attempts, nobody)


def _in_order(m: Machine, op: ast.cmpop, left: Value, right: Value) -> Value:
    name, reverse, function = _ORDER[type(op)]
    if m.is_ordered(left):
        fields = m.compared_fields(left, right)
        if fields is not None:
            return _ordered(m, op, *fields)
    if _no_order(m, left, right):
        m.raise_("TypeError", Const("they have no order"))
    if m.is_ordered(left) or m.is_ordered(right):
        raise GiveUp("whether one is smaller is not known")
    one, other = frozen(m, left), frozen(m, right)
    if one is not None and other is not None:
        return flag(function(dict(one.pairs).keys(), dict(other.pairs).keys()))
    if isinstance(left, Foreign) and left.dotted == "sys.version_info":
        return _version(m, name, right)
    if isinstance(left, Const) and isinstance(right, Opaque):
        # As in the first half of ``1 <= limit < 5``.
        left, right, name = right, left, reverse
    if isinstance(left, Opaque) and isinstance(right, Const):
        kinds = {left.type, type(right.value).__name__}
        if len(kinds) > 1 and not kinds <= _NUMBERS:
            raise GiveUp("whether one is smaller is not known")
        return Opaque("bool", (name, left, right))
    _refuse(m, function, left, right)
    first, second = plain(m, left), plain(m, right)
    return really(m, lambda: function(first, second))


def _no_order(m: Machine, left: Value, right: Value) -> bool:
    """Say whether an object of a dataclass is compared with what is of another type, in order."""
    for one, other in ((left, right), (right, left)):
        if m.is_ordered(one) and (m.is_ordered(other) or like(m, other) is not MISSING):
            return True
    return False


def _version(m: Machine, name: str, right: Value) -> Value:
    """Compare the version of the Python that runs the node: 3.11 or later."""
    wanted = plain(m, right)
    if isinstance(wanted, tuple) and wanted and all(isinstance(each, int) for each in wanted):
        if wanted[:2] <= (3, 10) or (wanted == (3, 11) and name in ("__ge__", "__lt__")):
            return flag(name in ("__ge__", "__gt__"))
        if wanted[:1] >= (4,):
            return flag(name in ("__le__", "__lt__"))
    return Opaque("bool", ("sys.version_info", name, Const(repr(wanted))))


def subscript(m: Machine, owner: Value, index: Value) -> Value:
    """Return what stands at a place. Raises ``GiveUp`` where it is not known."""
    return m.each(owner, lambda one: m.each(index, lambda i: _subscript(m, one, i)))


def _subscript(m: Machine, owner: Value, index: Value) -> Value:
    match owner:
        case Ref(kind="dict"):

            def get(content: Value) -> Value:
                if not isinstance(content, Pairs):
                    raise GiveUp("what is in a dict is not known")
                found = containers.get_item(m, content, index)
                if found is None:
                    if m.thing(owner).name:
                        return containers.absent(m, owner, index)
                    m.raise_("KeyError", index)
                return found

            return m.each(m.read(owner), get)
        case View(kind="proxy"):
            return _subscript(m, owner.owner, index)
        case View(kind="names"):
            return namespaces.get_item(m, owner, index, None)
        case Ref(kind="object"):
            return m.call_on(owner, "__getitem__", (index,), ())
        case Tuple():
            return _picked(m, owner, index)
        case Ref(kind="list"):
            if isinstance(index, Ref) and index.kind == "slice":
                return with_items(m, owner, lambda c: _sliced(m, c, index))
            return with_items(m, owner, lambda c: _picked(m, c, index))
        case Const(value=str() | bytes() as text):
            place = _place(m, index)
            return really(m, lambda: text[place])
        case Ref(kind="instance") if m.special(owner, "__getitem__"):
            return m.call(m.method(owner, "__getitem__"), (index,))
        case Ref(kind="class") | Foreign():
            return m.subscripted(owner, index)
        case Ref(kind="function") | Const():
            m.raise_("TypeError", Const("object is not subscriptable"))
        case Unknown(api=api, why=why) if api:
            m.may_raise(why)
            m.escape(index)
            return owner
        case Opaque(type="str"):
            if isinstance(index, Ref) and index.kind == "slice":
                return Opaque("str", ("slice", owner, repr(_place(m, index))))
            raise GiveUp("a part of a text that only the node has")
        case _:
            raise GiveUp("what is looked into is not known")


def _place(m: Machine, index: Value) -> Any:
    if isinstance(index, Ref) and index.kind == "slice":
        parts = [plain(m, each) for _, each in m.thing(index).defaults]
        return slice(*parts)
    return plain(m, index)


def _sliced(m: Machine, content: Tuple, index: Value) -> Value:
    found = _picked(m, content, index)
    assert isinstance(found, Tuple)
    return m.new_list(found.items, shuffled=found.shuffled)


def _picked(m: Machine, content: Tuple, index: Value) -> Value:
    place = _place(m, index)
    if isinstance(place, slice):
        try:
            part = content.items[place]
        except (TypeError, ValueError) as error:
            m.raise_(type(error).__name__)
        if content.shuffled and len(part) < len(content.items):
            raise GiveUp("which items come first is up to chance")
        return Tuple(part, content.shuffled)
    if not isinstance(place, int):
        m.raise_("TypeError", Const("indices must be integers or slices"))
    if not -len(content.items) <= place < len(content.items):
        m.raise_("IndexError", Const("index out of range"))
    if content.shuffled:
        raise GiveUp("which item comes first is up to chance")
    return content.items[place]


def set_subscript(m: Machine, owner: Value, index: Value, value: Value) -> Value:
    """Put something at a place. Raises ``GiveUp`` where that is not known."""

    def one(owner: Value) -> Value:
        match owner:
            case Ref(kind="dict"):
                return containers.set_item(m, owner, index, value)
            case View(kind="names"):
                return m.each(index, lambda i: namespaces.set_item(m, owner, i, value))
            case Ref(kind="list"):
                return m.each(
                    index,
                    lambda i: with_items(m, owner, lambda c: _replaced(m, owner, c, i, value)),
                )
            case Ref(kind="instance") if m.special(owner, "__setitem__"):
                return m.call(m.method(owner, "__setitem__"), (index, value))
            case Tuple() | Const() | Frozen() | Ref(kind="set"):
                m.raise_("TypeError", Const("object does not support item assignment"))
            case _:
                return m.set_outside(owner, index, value)

    return m.each(owner, one)


def _replaced(m: Machine, owner: Ref, content: Tuple, index: Value, value: Value) -> Value:
    place = _place(m, index)
    if isinstance(place, slice):
        if content.shuffled:
            raise GiveUp("which items are replaced is up to chance")

        def put(items: Tuple) -> Value:
            found = [*content.items]
            try:
                found[place] = items.items
            except ValueError:
                m.raise_("ValueError", Const("attempt to assign sequence"))
            m.write(owner, Tuple(tuple(found), items.shuffled))
            return NONE

        return with_items(m, value, put)
    if not isinstance(place, int):
        m.raise_("TypeError", Const("list indices must be integers or slices"))
    if not -len(content.items) <= place < len(content.items):
        m.raise_("IndexError", Const("list assignment index out of range"))
    if content.shuffled:
        raise GiveUp("which item is replaced is up to chance")
    items = [*content.items]
    items[place] = value
    m.write(owner, Tuple(tuple(items)))
    return NONE


def delete_subscript(m: Machine, owner: Value, index: Value) -> Value:
    """Take out what stands at a place. Raises ``GiveUp`` where that is not known."""

    def one(owner: Value, index: Value) -> Value:
        match owner:
            case Ref(kind="dict"):

                def remove(content: Value) -> Value:
                    if not isinstance(content, Pairs):
                        raise GiveUp("what is in a dict is not known")
                    containers.remove_item(m, owner, content, index)
                    return NONE

                return m.each(m.read(owner), remove)
            case View(kind="names"):
                return namespaces.set_item(m, owner, index, MISSING)
            case Ref(kind="list"):
                return with_items(m, owner, lambda c: _without(m, owner, c, index))
            case Tuple() | Const() | Frozen() | Ref(kind="set"):
                m.raise_("TypeError", Const("object doesn't support item deletion"))
            case _:
                return m.set_outside(owner, index, MISSING)

    return m.each(owner, lambda each: m.each(index, lambda i: one(each, i)))


def _without(m: Machine, owner: Ref, content: Tuple, index: Value) -> Value:
    place = _place(m, index)
    if content.shuffled:
        raise GiveUp("which item is taken out is up to chance")
    items = [*content.items]
    try:
        del items[place]
    except (IndexError, TypeError) as error:
        m.raise_(type(error).__name__)
    m.write(owner, Tuple(tuple(items)))
    return NONE
