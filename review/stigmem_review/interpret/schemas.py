"""pydantic models: which values a field takes as they are, and what a model is turned into."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret import annotation, generic, host
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import frozen_of, pairs_of
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.objects import mro
from stigmem_review.interpret.values import (
    NONE,
    TRUE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    Wrapped,
    words,
)
from stigmem_review.patterns import late

Shape = tuple[Any, ...]
"""What a field takes: a word, and what that needs."""
_UNKNOWN: Shape = ("unknown",)
_MARKED: Shape = ("marked",)
"""That of a field of which its annotation says more than a type: a default, or how it is shown."""
_LATER: Shape = ("later",)
"""That of a field whose annotation names what was not there when the class was made."""
HOST = "host"
"""The word of a shape that takes what a field of the host's manifest does; that field's name."""
PLAIN = "plain"
"""The same without what the host says of a value that has the right type."""
_DIGIT, _WHOLE = late(r"\d"), late(r"[0-9]{1,18}")
_DECIMAL = late(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_ODD = words("nan inf -inf +inf infinity -infinity +infinity")
_SIMPLE = ("bool", "int", "str", "float")
_HOLDING = ("list", "set", "frozenset", "tuple", "dict")


def shape_of(m: Machine, node: ast.expr, env: Env) -> Shape:
    """Return what an annotation lets a field take, as its names are bound now."""
    match node:
        case ast.Constant(value=None):
            return ("none",)
        case ast.Constant(value=str(written)):
            try:
                return shape_of(m, ast.parse(written.strip(), mode="eval").body, env)
            except (SyntaxError, ValueError):
                return _UNKNOWN
        case _ if annotation.names_nothing(m, node, env):
            return _LATER
        case ast.Name() | ast.Attribute(value=ast.Name()) | ast.Call():
            return _named(m, m.evaluate(node, env))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return ("either", shape_of(m, left, env), shape_of(m, right, env))
        case ast.Subscript(value=ast.Name() | ast.Attribute() as owner, slice=index):
            return _subscripted(m, m.evaluate(owner, env), index, env)
        case ast.Constant():
            return _UNKNOWN
        case ast.List(elts=items):
            return _of_parts(m, items, env)
        case _:
            return _MARKED


def _of_parts(m: Machine, parts: Sequence[ast.expr], env: Env) -> Shape:
    """Return what a type takes that is not followed, and has others inside."""
    found = [shape_of(m, each, env) for each in parts]
    if any(map(is_later, found)):
        return _LATER
    return _MARKED if any(map(is_marked, found)) else _UNKNOWN


def is_later(shape: Shape) -> bool:
    """Say whether a type, or one that is in it, was not there when the model was made."""
    return shape == _LATER or any(isinstance(e, tuple) and is_later(e) for e in shape)


def is_marked(shape: Shape) -> bool:
    """Say whether more is said beside a type, or one that is in it."""
    return shape == _MARKED or any(isinstance(e, tuple) and is_marked(e) for e in shape)


def _named(m: Machine, kind: Value) -> Shape:
    match kind:
        case Foreign(dotted="typing.Any" | "builtins.object"):
            return ("any",)
        case Foreign(dotted=dotted) if dotted.startswith("builtins."):
            name = dotted.removeprefix("builtins.")
            if name in _SIMPLE:
                return ("is", name)
            return (name, ("any",), ("any",)) if name in _HOLDING else _UNKNOWN
        case Ref(kind="class"):
            return ("of", kind)
        case Foreign(dotted=dotted) if dotted.partition(".")[0] in STANDARD | {"pydantic"}:
            return _UNKNOWN
        case Ref(kind="object"):
            return _MARKED if _has_mark(m, kind) else _UNKNOWN
        case _:
            return _MARKED


def _has_mark(m: Machine, value: Value) -> bool:
    return any(_is_mark(m, each) for each in generic.inside(m, value))


_DEFAULTS = frozenset({"", "default", "default_factory"})
"""What ``Field`` takes to give a field that is not given a value."""


def _is_mark(m: Machine, value: Value, told: frozenset[str] = frozenset()) -> bool:
    """Say whether something beside a type says how a field is called, made or shown.

    ``told`` is what it may say as well.
    """
    match value:
        case Ref(kind="object") as ref:
            kind = m.thing(ref).type
            if kind == Foreign("pydantic.Field"):
                return bool(dict(m.thing(ref).defaults).keys() - SAID - BOUNDS - told)
            return isinstance(kind, Foreign) and kind.dotted.endswith("Serializer")
        case Unknown(api=api):
            return not api.startswith("annotated_types.")
        case _:
            return False


def _bounds(m: Machine, value: Value) -> bool:
    """Say whether something beside a type only refuses values, or only describes them."""
    match value:
        case Const():
            return True
        case Ref(kind="object") as ref:
            return m.thing(ref).type == Foreign("pydantic.Field")
        case _:
            return False


def _subscripted(m: Machine, owner: Value, index: ast.expr, env: Env) -> Shape:
    if not isinstance(owner, Foreign):
        return _UNKNOWN
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    match owner.dotted.rpartition(".")[2].lower(), parts:
        case "annotated", [first, *rest]:
            beside = [m.evaluate(each, env) for each in rest]
            inner = shape_of(m, first, env)
            if is_marked(inner) or any(_has_mark(m, each) for each in beside):
                return _MARKED
            if not all(_bounds(m, each) for each in beside):
                return _UNKNOWN
            said = (m.thing(each).defaults for each in beside if isinstance(each, Ref))
            return ("bounded", inner, tuple(e for held in said for e in held if e[0] in BOUNDS))
        case "optional", [inner]:
            return ("either", shape_of(m, inner, env), ("none",))
        case "union", [first, *rest]:
            found = shape_of(m, first, env)
            for each in rest:
                found = ("either", found, shape_of(m, each, env))
            return found
        case ("list" | "set" | "frozenset") as name, [inner]:
            return (name, shape_of(m, inner, env))
        case "tuple", [inner, ast.Constant(value=end)] if end is ...:
            return ("tuple", shape_of(m, inner, env))
        case "dict", [key, value]:
            return ("dict", shape_of(m, key, env), shape_of(m, value, env))
        case "literal", _ if all(isinstance(each, ast.Constant) for each in parts):
            return ("literal", *(each.value for each in parts if isinstance(each, ast.Constant)))
        case _:
            return _of_parts(m, parts, env)


class Refused(GiveUp):
    """A model certainly refuses a value."""


def bounded(m: Machine, bounds: Sequence[tuple[str, Value]], value: Value) -> Value:
    """Return a value of the type of a field, where it is within what that takes of it."""

    limits = [(name, bound.value) for name, bound in bounds if isinstance(bound, Const)]

    def within(one: Value) -> Value:
        if one == NONE:
            # What is optional bounds what is there.
            return one
        if isinstance(one, Const) and len(limits) == len(bounds):
            try:
                held = all(_HOLDS[name](one.value, limit) for name, limit in limits)
            except (TypeError, ZeroDivisionError):
                held = False
            if not held:
                host.refuse(m, "it is not within the bounds of its field")
            return one
        m.may_raise("a model may refuse a value")
        return one

    return m.each(value, within)


def _no_number(m: Machine) -> Value:
    host.refuse(m, "it is no number")


def _converted(name: str, constant: object) -> Value:
    """Return what a field of a plain type makes of a constant of another type.

    Raises ``Refused`` for what no model takes, and ``GiveUp`` where that takes more to tell.
    """
    match name, constant:
        case (("int" | "float"), str(text)) if not _DIGIT.search(text) and text.lower() not in _ODD:
            raise Refused("it is no number")
        case ("int", float(number)) if not number.is_integer():
            raise Refused("it is no whole number")
        case ("bool", str(text)) if text.lower() not in host.TRUE | host.FALSE:
            raise Refused("it is no truth")
        case ("bool", int(number)) if number not in (0, 1):
            raise Refused("it is no truth")
        case ("str", bool() | int() | float()) | (_, None):
            raise Refused("it is of another type")
        case "int", str(text) if _WHOLE.fullmatch(text):
            return Const(int(text))
        case "bool", str(text):
            return Const(text.lower() in host.TRUE)
        case "bool", int(number):
            return Const(bool(number))
        case "float", int() | str() if not isinstance(constant, str) or _is_number(constant):
            return Const(float(constant))
        case _:
            raise GiveUp("what a model makes of a value is not followed")


def _is_number(text: str) -> bool:
    return text.lower() in _ODD or _DECIMAL.fullmatch(text) is not None


def _either(m: Machine, shapes: Sequence[Shape], value: Value) -> Value:
    """Return what a field of one of two types makes of a value: what is of a type stays as it is.

    Raises ``GiveUp`` where it is of neither and not both refuse it.
    """
    unsure: GiveUp | None = None
    kinds = [each for each in shapes if each != ("none",)]
    for each in shapes:
        if isinstance(value, Opaque) and len(kinds) > 1 and each != ("is", value.type):
            unsure = GiveUp("what a model makes of a value is not followed")
            continue
        try:
            found = _taken(m, each, value)
        except Refused:
            continue
        except GiveUp as stop:
            unsure = stop
            continue
        if found != value and len(kinds) > 1:
            unsure = GiveUp("what a model makes of a value is not followed")
            continue
        return found
    raise unsure or Refused("it is of another type")


def taken(m: Machine, shape: Shape, value: Value) -> Value:
    """Return what a field makes of a value that is of its type; ``GiveUp`` for any other."""
    return m.each(value, lambda one: _taken(m, shape, one))


def _taken(m: Machine, shape: Shape, value: Value) -> Value:
    match shape, value:
        case ("any",), _:
            return value
        case ("host" | "plain" as word, name), _:
            found = host.taken(m, m.node, name, value)
            # What a manifest's methods check, they check of whatever type it is.
            return host.judged(m, m.node, name, found) if word == HOST else found
        case ("bounded", inner, bounds), _:
            return bounded(m, bounds, _taken(m, inner, value))
        case ("none",), Const(value=constant):
            if constant is not None:
                raise Refused("it is not None")
            return value
        case ("is", name), Const(value=constant) if type(constant).__name__ == name:
            return value
        case ("is", name), Opaque(type=kind) if kind == name:
            return value
        case ("is", name), Const(value=constant):
            return _converted(name, constant)
        case ("is", "int"), Opaque(type="str"):
            # Whatever Python takes, as far as what variables are set to goes.
            number = Opaque("int", ("int", value))
            return m.decide(("is int", value), lambda: number, lambda: _no_number(m))
        case ("is", _), Ref(kind="list" | "dict" | "set" | "function" | "class" | "module"):
            raise Refused("it is of another type")
        case ("is", _), Tuple() | Frozen():
            raise Refused("it is of another type")
        case ("literal", *wanted), Const(value=constant) if any(
            type(each) is type(constant) and each == constant for each in wanted
        ):
            return value
        case ("of", kind), Member(enum=enum) if enum == kind:
            return value
        case ("of", kind), Ref(kind="instance") as ref if (
            m.thing(ref).type == kind and "model" in m.thing(kind).traits
        ):
            return value
        case ("either", one, other), _:
            return _either(m, (one, other), value)
        case ("list", inner, *_), Ref(kind="list"):
            return with_items(
                m,
                value,
                lambda c: m.new_list([taken(m, inner, e) for e in c.items], shuffled=c.shuffled),
            )
        case ("tuple", inner, *_), Tuple(named=None):
            return Tuple(tuple(taken(m, inner, each) for each in value.items), value.shuffled)
        case ("set", inner, *_), Ref(kind="set"):
            return with_items(
                m,
                value,
                lambda c: m.each(frozen_of(m, [taken(m, inner, e) for e in c.items]), m.new_set),
            )
        case ("frozenset", inner, *_), Frozen():
            return frozen_of(m, [taken(m, inner, each) for each in value.items])
        case ("dict", key, inner), Ref(kind="dict") as ref if not m.thing(ref).name:

            def entries(content: Value) -> Value:
                if not isinstance(content, Pairs):
                    raise GiveUp("what is in a dict is not known")
                held = [(taken(m, key, n), taken(m, inner, v)) for _, n, v in content.items]
                return m.new_dict(pairs_of(m, held, shuffled=content.shuffled))

            return m.each(m.read(ref), entries)
        case _:
            raise GiveUp("what a model makes of a value is not followed")


def _model_of(m: Machine, value: Value) -> Ref | None:
    if isinstance(value, Ref) and value.kind == "instance" and not m.is_escaped(value):
        kind = m.thing(value).type
        if isinstance(kind, Ref) and "model" in m.thing(kind).traits and not m.is_escaped(kind):
            return kind
    return None


def _dumped(m: Machine, value: Value) -> Value:
    if (kind := _model_of(m, value)) is not None:
        assert isinstance(value, Ref)
        names = m.model_fields(kind)
        if fields_are_marked(m, kind):
            raise GiveUp("a model is shown in a way of its own")
        held = [(Const(name), _dumped(m, m.read(value, name))) for name in names]
        return m.new_dict(pairs_of(m, held))
    match value:
        case Const() | Opaque() | Member():
            return value
        case Frozen(items=items) if all(isinstance(each, (Const, Member)) for each in items):
            return value
        case Tuple(named=None):
            return Tuple(tuple(_dumped(m, each) for each in value.items), value.shuffled)
        case Ref(kind="list") if isinstance(content := m.read(value), Tuple):
            found = [_dumped(m, each) for each in content.items]
            return m.new_list(found, shuffled=content.shuffled)
        case Ref(kind="set") if isinstance(content := m.read(value), Frozen) and all(
            isinstance(each, (Const, Member)) for each in content.items
        ):
            return m.new_set(content)
        case Ref(kind="dict") if isinstance(content := m.read(value), Pairs):
            held_ = [(name, _dumped(m, each)) for _, name, each in content.items]
            return m.new_dict(pairs_of(m, held_, shuffled=content.shuffled))
        case _:
            raise GiveUp("what a model is turned into is not followed")


def fields_are_marked(m: Machine, kind: Ref) -> bool:
    """Say whether what a model is turned into may be more than its fields by their names."""
    for each in mro(m, kind):
        for shape, default in m.shapes.get(each.oid, {}).values() if isinstance(each, Ref) else ():
            if is_marked(shape) or _is_mark(m, default, _DEFAULTS):
                return True
    return False


@model("pydantic.ConfigDict", "pydantic_settings.SettingsConfigDict")
def _config(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 0)
    return m.new_dict(pairs_of(m, [(Const(name), value) for name, value in keywords]))


@model("pydantic.BaseModel.model_dump", whole=True)
def _dump(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 1, 1)
    given = dict(keywords)
    left_out = given.pop("exclude_none", Const(False))
    if given or left_out not in (TRUE, Const(False)) or _model_of(m, args[0]) is None:
        raise GiveUp("it is called in an unusual way")
    made = _dumped(m, args[0])
    if left_out == TRUE:
        assert isinstance(made, Ref)
        content = m.read(made)
        if not isinstance(content, Pairs) or any(
            not isinstance(value, (Const, Member)) for _, _, value in content.items
        ):
            raise GiveUp("what a model is turned into is not followed")
        m.write(made, Pairs(tuple(each for each in content.items if each[2] != NONE)))
    return made


@model("pydantic.BaseModel.model_validate_json")
def _validate_json(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return _validate(m, (args[0], m.call(Foreign("json.loads"), args[1:])), ())


@model("pydantic.BaseModel.model_validate")
def _validate(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    kind, value = args
    if not isinstance(kind, Ref) or kind.kind != "class" or m.is_escaped(kind):
        raise GiveUp("it is called in an unusual way")
    if _model_of(m, value) == kind:
        return value
    if not isinstance(value, Ref) or value.kind != "dict":
        raise GiveUp("what a model is made of is not known")

    def entries(content: Value) -> Value:
        if not isinstance(content, Pairs):
            raise GiveUp("what is in a dict is not known")
        found: list[tuple[str, Value]] = []
        for _, key, each in content.items:
            name = m.comparable(key)
            if not isinstance(name, Const) or not isinstance(name.value, str):
                raise GiveUp("what a model is made of is not known")
            found.append((name.value, each))
        return m.made("model", kind, (), found)

    return m.each(m.read(value), entries)


@model("pydantic.PrivateAttr", whole=True)
def _private(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 0, 1)
    held = (*(("", each) for each in args), *keywords)
    return m.alloc(Thing("object", type=PRIVATE_ATTRIBUTE, defaults=held))


PRIVATE = "private"
"""The word of a shape that is no field: each object has such an attribute of its own."""
PRIVATE_ATTRIBUTE = Foreign("pydantic.PrivateAttr")
SAID = words("description title examples")
"""What ``Field`` takes to describe a field with."""
BOUNDS = words("ge gt le lt multiple_of min_length max_length")
"""What ``Field`` takes to refuse values with; those that it does not refuse stay as they are."""
_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "multiple_of": lambda value, bound: value % bound == 0,
    "min_length": lambda value, bound: len(value) >= bound,
    "max_length": lambda value, bound: len(value) <= bound,
}
_BEFORE = Const("before")
_MODES: tuple[dict[str, Value], ...] = ({}, {"mode": Const("after")}, {"mode": _BEFORE})
_RAISED = Tuple((Foreign("builtins.ValueError"), Foreign("builtins.AssertionError")))
"""What a validator raises to refuse a value; any other exception goes through."""
_VALIDATES = "pydantic.field_validator.of"
_VALIDATES_WHOLE = "pydantic.model_validator.of"


def _given_to_models(name: str) -> Run:
    """Return what makes something that models go by, and call what it is given at any time."""

    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        for each in (*args, *(value for _, value in keywords)):
            m.escape(each)
        return m.alloc(Thing("object", type=Foreign(name)))

    return run


for _name in (
    *("AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator", "Strict"),
    *("PlainSerializer", "WrapSerializer", "SkipValidation", "Discriminator", "Tag"),
):
    model(f"pydantic.{_name}", whole=True)(_given_to_models(f"pydantic.{_name}"))


_OF_THEIR_OWN = "a model checks its values in a way of its own"
_DECORATING = {
    "pydantic.field_serializer": words("plain wrap"),
    "pydantic.field_validator": words("after before plain wrap"),
    "pydantic.model_validator": words("after before wrap"),
}
"""The modes of what decorates methods of models, by the names of that."""
_SAID_BESIDE = words("check_fields json_schema_input_type mode return_type when_used")


def _otherwise(m: Machine, dotted: str, args: Args, keywords: Keywords) -> Value:
    """Return what decorates in a way that is not followed, where it certainly does.

    Raises ``GiveUp`` where it may not.
    """
    given = dict(keywords)
    mode = given.get("mode")
    known = mode is None or (isinstance(mode, Const) and mode.value in _DECORATING[dotted])
    if not known or given.keys() - _SAID_BESIDE or not all(map(_is_text, args)):
        raise GiveUp(_OF_THEIR_OWN)
    return m.given_by(f"{dotted}()", _OF_THEIR_OWN)


def _is_text(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str)


@model("pydantic.field_serializer")
def _field_serializer(m: Machine, args: Args, keywords: Keywords) -> Value:
    return _otherwise(m, "pydantic.field_serializer", args, keywords)


@model("pydantic.field_validator")
def _field_validator(m: Machine, args: Args, keywords: Keywords) -> Value:
    if not all(map(_is_text, args)) or Const("*") in args or dict(keywords) not in _MODES:
        return _otherwise(m, "pydantic.field_validator", args, keywords)
    before = dict(keywords) == {"mode": _BEFORE}
    return Bound(Foreign(_VALIDATES), Tuple((Const(before), *args)))


@model(_VALIDATES, whole=True)
def _validates(m: Machine, args: Args, keywords: Keywords) -> Value:
    told, function = args
    assert isinstance(told, Tuple)
    before, *names = told.items
    if isinstance(function, Wrapped) and function.kind == "classmethod":
        function = function.function
    if not isinstance(function, Ref) or function.kind != "function":
        raise GiveUp(_OF_THEIR_OWN)
    node = m.thing(function).node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    taken = node.args
    count_ = len(taken.posonlyargs) + len(taken.args)
    if count_ not in (2, 3) or taken.vararg or taken.kwonlyargs or taken.kwarg or taken.defaults:
        raise GiveUp(_OF_THEIR_OWN)
    held = (("", Tuple(tuple(names))), ("before", before))
    return m.alloc(Thing("validator", type=function, defaults=held, extra=count_ == 3))


@model("pydantic.model_validator")
def _model_validator(m: Machine, args: Args, keywords: Keywords) -> Value:
    if args:
        m.raise_("TypeError", Const("model_validator() takes 0 positional arguments"))
    if dict(keywords) != {"mode": Const("after")}:
        return _otherwise(m, "pydantic.model_validator", args, keywords)
    return Bound(Foreign(_VALIDATES_WHOLE), NONE)


@model(_VALIDATES_WHOLE, whole=True)
def _validates_whole(m: Machine, args: Args, keywords: Keywords) -> Value:
    _, function = args
    node = m.thing(function).node if isinstance(function, Ref) else None
    plain = isinstance(node, ast.FunctionDef) and len(node.args.args) == 1
    if not plain or not isinstance(function, Ref):
        raise GiveUp(_OF_THEIR_OWN)
    return m.alloc(Thing("validator", type=function, defaults=(("", Tuple(())),)))


Validators = dict[str, list[Ref]]


def _held(m: Machine, classes: Sequence[Value]) -> Iterable[Ref]:
    """Return the validators that a model has, the last base first."""
    found: dict[str, Ref] = {}
    for each in classes:
        if not isinstance(each, Ref):
            continue
        for name in m.names(each):
            held = m.read(each, name)
            found.pop(name, None)
            if isinstance(held, Ref) and held.kind == "validator":
                found[name] = held
    return found.values()


def check_whole(m: Machine, made: Ref, classes: Sequence[Value]) -> None:
    """Have the validators of a model as a whole look at an object that has all its fields."""
    for held in _held(m, classes):
        if dict(m.thing(held).defaults)[""] == Tuple(()):
            given = _refused(m, partial(m.call, m.thing(held).type, (made,)))
            if given != made:
                raise GiveUp("a model is checked in a way of its own")


def validators(m: Machine, classes: Sequence[Value]) -> Validators:
    """Return what checks each field of a model that is made of classes, the last base first."""
    fields: Validators = {}
    for held in _held(m, classes):
        names = dict(m.thing(held).defaults)[""]
        assert isinstance(names, Tuple)
        for field in names.items:
            assert isinstance(field, Const)
            fields.setdefault(field.value, []).append(held)
    return fields


def is_before(m: Machine, validator: Ref) -> bool:
    """Say whether a validator has the value before its type is looked at."""
    return dict(m.thing(validator).defaults)["before"] == TRUE


def information(m: Machine) -> tuple[Ref, Ref]:
    """Return what a validator is told of the fields before its own, and the dict with them.

    That dict is the one that the model keeps (pydantic-core, ``validators/model_fields.rs``).
    """
    kind = m.alloc(Thing("class", name="ValidationInfo", extra="ValidationInfo"))
    m.thing(kind).mro = (kind, Foreign("builtins.object"))
    data = m.new_dict(Pairs(()))
    told = m.alloc(Thing("instance", type=kind))
    m.write(told, data, "data")
    return told, data


def checked(m: Machine, kind: Ref, validator: Ref, value: Value, told: Ref) -> Value:
    """Return what a validator makes of the value of a field."""
    thing = m.thing(validator)
    args = (kind, value, told) if thing.extra else (kind, value)
    return _refused(m, partial(m.call, thing.type, args))


def _refused(m: Machine, part: Part) -> Value:
    """Return what a validator gives; what it raises to refuse something is pydantic's then."""
    outcomes = []
    for each in m.run(part):
        if each.kind == "raises" and (refused := m.matches(each.value, _RAISED)) is not False:

            def refuse(each: Outcome = each, sure: bool = refused is True) -> Value:
                m.adopt(each)
                if not sure:
                    raise Exit("raises", m.unknown("what a validator raises is not known"))
                host.refuse(m, "a validator refuses it")

            outcomes += m.run(refuse)
        else:
            outcomes.append(each)
    return m.settle(outcomes, FALLS)
