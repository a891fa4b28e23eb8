"""Objects of models, manifests of the program's own classes among them: how they are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from stigmem_review.interpret import annotation, calls, doubts, host, objects, operators, schemas
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import pairs_of
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, model
from stigmem_review.interpret.objects import lookup, mro
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    Wrapped,
    words,
)

_NAMES_OF_CLASSES = words("__module__ __doc__ __qualname__ __init__ __repr__ __str__")
"""Names with underscores that a model can have, and its fields are as any other's."""
_CONFIG = "model_config"
_VALIDATES = "validate_default"
_ANY_TYPES = "arbitrary_types_allowed"
_OPTIONS = {
    _ANY_TYPES: (TRUE, FALSE),
    "extra": (Const("ignore"), Const("forbid")),
    "frozen": (TRUE, FALSE),
    "populate_by_name": (TRUE, FALSE),
    _VALIDATES: (TRUE, FALSE),
}
"""What a model can be configured to be, and makes the same of what it is given."""
_OF_MANIFESTS = {_ANY_TYPES: TRUE, "frozen": TRUE}
"""How the host's manifest is configured (``stigmem_node.plugins.manifest``)."""
_CHECKS = words(
    "_validate_capabilities _validate_hook_names _validate_health_check _validate_self_dependency"
)
"""Methods that check a manifest; a class that has one of its own takes the host's away."""
_USER_ERROR = Foreign("pydantic.errors.PydanticUserError")
_ALIKE: dict[str, schemas.Shape] = {
    **dict.fromkeys(("name", "version", "requires_stigmem"), ("is", "str")),
    **dict.fromkeys(("capabilities", "depends_on"), ("frozenset", ("is", "str"))),
    "async_safe": ("is", "bool"),
}
"""What the host's manifest takes for a field, where a class says it again without a pattern."""


def is_manifest(m: Machine, kind: Ref) -> bool:
    """Say whether a class is derived from the host's manifest."""
    return objects.MANIFEST in m.thing(kind).mro


def finish_model(m: Machine, kind: Ref, env: Env, options: Mapping[str, Value]) -> None:
    """Note the fields of a model and their defaults, which its class no longer has.

    ``options`` are those that the class statement configures it with.
    """
    found: dict[str, tuple[schemas.Shape, Value]] = {}
    for name, written in m.fields.get(kind.oid, {}).items():
        if "ClassVar" not in ast.unparse(written):
            default = m.read(kind, name)
            private = name[:1] == "_" and name[:2] != "__"
            shape = (schemas.PRIVATE,) if private else schemas.shape_of(m, written, env)
            found[name] = (shape, default)
            if default != MISSING and name[:2] != "__":
                m.put((kind.oid, name), MISSING)
    m.shapes[kind.oid] = found
    _note_schemaless(m, kind, env, options)
    classes = [each for each in mro(m, kind) if isinstance(each, Ref)]
    there = {name for each in classes for name in m.fields.get(each.oid, {})}
    if not is_manifest(m, kind) and schemas.validators(m, [kind]).keys() - there:
        raise Exit("raises", m.exception(_USER_ERROR, (m.unknown("a field is not there"),)))
    for name in _unannotated(m, kind):
        raise Exit("raises", m.exception(_USER_ERROR, (m.unknown(f"{name} is not annotated"),)))
    said = [(Const(name), value) for name, value in options.items()]
    if said or m.read(kind, _CONFIG) != MISSING:
        # The class has one of its own, which whoever has the dict does not change.
        m.write(kind, m.new_dict(pairs_of(m, [*_configured(m, kind), *said])), _CONFIG)


def _note_schemaless(m: Machine, kind: Ref, env: Env, options: Mapping[str, Value]) -> None:
    """Note fields that a model may refuse to have, unless it is configured to have any."""
    from stigmem_review.interpret import schemaless

    written = [each for name, each in m.fields.get(kind.oid, {}).items() if name[:1] != "_"]
    found = [name for each in written for name in schemaless.annotated(m, each, env)]
    if found and not is_manifest(m, kind) and m.read(kind, "Config") == MISSING:
        config = [*_configured(m, kind), *((Const(name), value) for name, value in options.items())]
        if not any(name == Const(_ANY_TYPES) and value != FALSE for name, value in config):
            schemaless.note(m, found)


def is_option(name: str) -> bool:
    """Say whether a keyword of a class statement configures a model in a way that is followed."""
    return name in _OPTIONS


def _unannotated(m: Machine, kind: Ref) -> Iterator[str]:
    """Yield the public names that a model gives a plain value, and no type."""
    inherited = any(isinstance(each, Ref) and each != kind for each in mro(m, kind))
    if inherited or m.read(kind, _CONFIG) != MISSING:
        return
    for name in m.names(kind):
        value = m.read(kind, name)
        plain = isinstance(value, (Const, Tuple)) or (
            isinstance(value, Ref) and value.kind in ("list", "dict", "set")
        )
        if plain and name[:1] != "_" and name not in m.fields.get(kind.oid, {}):
            yield name


def _configured(m: Machine, kind: Ref) -> list[tuple[Value, Value]]:
    """Return how a model is configured, the last word last."""
    held = [m.read(each, _CONFIG) for each in reversed(mro(m, kind)) if isinstance(each, Ref)]
    return [option for each in held if each != MISSING for option in _config_of(m, each)]


def _forbids(m: Machine, kind: Ref, fields: Mapping[str, tuple[schemas.Shape, Value]]) -> bool:
    """Say whether a model certainly takes nothing but its fields, by their names."""
    config = [(name, value) for name, value in _configured(m, kind) if name == Const("extra")]
    plain = not any(schemas.is_marked(shape) or _is_field(m, one) for shape, one in fields.values())
    return plain and _is_usual(m, kind) and bool(config) and config[-1][1] == Const("forbid")


def _is_field(m: Machine, default: Value) -> bool:
    return isinstance(default, Ref) and default.kind == "object"


def _is_usual(m: Machine, kind: Ref) -> bool:
    """Say whether a model takes values as models do that say nothing of that."""
    held = _configured(m, kind)
    return all(isinstance(name, Const) and name.value in _OPTIONS for name, _ in held)


def _config_of(m: Machine, held: Value) -> list[tuple[Value, Value]]:
    content = m.read(held) if isinstance(held, Ref) and held.kind == "dict" else NONE
    if not isinstance(content, Pairs):
        raise GiveUp("how a model is configured is not known")
    return [(name, value) for _, name, value in content.items]


def _option(m: Machine, kind: Ref, wanted: str) -> bool:
    """Say whether a model is configured to be something."""
    found: dict[str, Value] = dict(_OF_MANIFESTS) if is_manifest(m, kind) else {}
    for name, value in _configured(m, kind):
        known = _OPTIONS.get(name.value) if isinstance(name, Const) else None
        if known is None or value not in known:
            raise GiveUp("a model is configured in a way that is not followed")
        assert isinstance(name, Const)
        found[name.value] = value
    return found.get(wanted) == TRUE


def made(
    m: Machine, special: str, kind: Ref, args: Sequence[Value],
    keywords: Sequence[tuple[str, Value]],
) -> Value:  # fmt: skip
    """Make an object of a class of a special kind."""
    if special != "model":
        raise GiveUp("objects are made in a way of their own")
    of_host = is_manifest(m, kind)
    ref = m.alloc(Thing("manifest" if of_host else "instance", type=kind))
    init = lookup(m, kind, "__init__")
    if isinstance(init, Ref) and init.kind == "function":
        calls.initialised(m, m.call(init, (ref, *args), keywords))
    elif isinstance(init, Foreign):
        _fill(m, ref, args, keywords)
    else:
        raise GiveUp("objects are made in a way of their own")
    if of_host and any(m.read(ref, name) == MISSING for name in host.FIELDS):
        raise GiveUp("whether a manifest has all of its fields is not known")
    return ref


@model(f"{objects.MODEL.dotted}.__init__", f"{host.MANIFEST}.__init__", whole=True)
def _initialise(m: Machine, args: Args, keywords: Keywords) -> Value:
    ref = args[0]
    if not isinstance(ref, Ref) or ref.kind not in ("instance", "manifest"):
        raise GiveUp("it is called in an unusual way")
    _fill(m, ref, args[1:], keywords)
    return NONE


def _fill(m: Machine, ref: Ref, args: Args, keywords: Keywords) -> None:
    """Give a new object of a model its fields."""
    kind = m.thing(ref).type
    if not isinstance(kind, Ref):
        raise GiveUp("it is called in an unusual way")
    if args:
        m.raise_("TypeError", Const("BaseModel.__init__() takes 1 positional argument"))
    _option(m, kind, "frozen")
    if ref.kind == "manifest":
        m.thing(ref).extra = host.written(m, keywords)
    fields, checks = _model_fields(m, kind)
    given = dict(keywords)
    checking = schemas.validators(m, [*reversed(mro(m, kind))])
    told, data = schemas.information(m) if checking else (None, None)
    if any(schemas.is_later(shape) for shape, _ in fields.values()):
        _finish_late(m, kind)
    if given.keys() - fields.keys() and _forbids(m, kind, fields):
        host.refuse(m, "Extra inputs are not permitted")
    usual = not given or _is_usual(m, kind)
    for name, (shape, default) in fields.items():
        value = given.get(name, MISSING)
        try:
            if schemas.is_marked(shape):
                raise GiveUp("more is said of a field of a model than its type")
            if checks or (name in given and not usual):
                # Validators escaped where they were decorated; what they give is not known.
                raise GiveUp("a model checks its values")
            if value == MISSING and _validates(m, kind, default):
                value = _default_of(m, name, shape, default)
            taking = value != MISSING
            each_of = checking.get(name, ()) if taking else ()
            for each in reversed(each_of):
                if schemas.is_before(m, each):
                    value = schemas.checked(m, kind, each, value, told or ref)
            value = _model_value(m, name, shape, value, default)
            if taking and ref.kind == "manifest":
                value = _checked_by_host(m, name, shape, value)
            # A default is taken as it is.
            for each in each_of:
                if not schemas.is_before(m, each):
                    value = schemas.checked(m, kind, each, value, told or ref)
        except GiveUp as stop:
            # That costs the one field: a model does nothing to its class.
            m.may_raise(stop.why)
            if value != MISSING and doubts.is_plain(m, value):
                named = m.thing(kind).name
                doubts.note(m, f"whether {named} takes what it is given for {name} is not known")
            given_to = (*checking[name], told or ref) if name in checking else ()
            value = m.unknown(stop.why, given.get(name, NONE), default, *given_to)
        if data:
            operators.set_subscript(m, data, Const(name), value)
        else:
            m.write(ref, value, name)
    for name in fields if data else ():
        assert data
        # A validator can have changed the others' values.
        held = m.guard((data,), partial(operators.subscript, m, data, Const(name)))
        m.write(ref, held, name)
    _hide(m, ref, kind)
    try:
        schemas.check_whole(m, ref, [*reversed(mro(m, kind))])
    except GiveUp as stop:
        m.may_raise(stop.why)
        m.escape(ref)
    if ref.kind == "manifest":
        host.check_dependencies(m, m.read(ref, "name"), m.read(ref, "depends_on"))


def _finish_late(m: Machine, kind: Ref) -> None:
    """Make an object of a model of which a type was not there: it is looked for once more."""
    for each in mro(m, kind):
        env = m.thing(each).env if isinstance(each, Ref) else None
        written = m.fields.get(each.oid, {}).values() if isinstance(each, Ref) else ()
        if env and any(annotation.names_nothing(m, node, env) for node in written):
            raise Exit("raises", m.exception(_USER_ERROR, (m.unknown("what is missing"),)))
    m.doom("a model is finished where it is first used")


def _hide(m: Machine, ref: Ref, kind: Ref) -> None:
    """Give a new object of a model the attributes that are no fields."""
    for each in reversed(mro(m, kind)):
        held = m.shapes.get(each.oid, {}) if isinstance(each, Ref) else {}
        for name, (shape, default) in held.items():
            if shape[0] == schemas.PRIVATE and default != MISSING:
                try:
                    value = _model_value(m, name, shape, MISSING, default)
                except GiveUp as stop:
                    value = m.unknown(stop.why, default)
                m.write(ref, value, name)


def _checked_by_host(m: Machine, name: str, shape: schemas.Shape, value: Value) -> Value:
    """Return what the methods that check a manifest leave of the value of a field."""
    if name not in ("capabilities", "hooks", "health_check"):
        return value
    if shape[0] not in (schemas.HOST, schemas.PLAIN):
        raise GiveUp("what the node says of a field of another type is not followed")
    return host.judged(m, m.node, name, value)


def _field_value(m: Machine, name: str, shape: schemas.Shape, value: Value) -> Value:
    try:
        return schemas.taken(m, shape, value)
    except schemas.Refused as stop:
        host.refuse(m, f"{name}: {stop.why}")


def _model_value(
    m: Machine, name: str, shape: schemas.Shape, value: Value, default: Value
) -> Value:
    """Return what an object of a model has in one of its fields."""
    if value == MISSING:
        return _default_of(m, name, shape, default)
    found = m.each(value, partial(_field_value, m, name, shape))
    options = _options_of(m, default)
    bounds = [each for each in options.items() if each[0] in schemas.BOUNDS]
    return schemas.bounded(m, bounds, found) if bounds else found


def _validates(m: Machine, kind: Ref, default: Value) -> bool:
    """Say whether a model takes the default of a field as if it were given."""
    own = _options_of(m, default).get(_VALIDATES)
    if own not in (None, TRUE, FALSE):
        raise GiveUp("a model checks its values in a way of its own")
    return own == TRUE if own is not None else _option(m, kind, _VALIDATES)


def _options_of(m: Machine, default: Value) -> dict[str, Value]:
    return _field_options(m, default) if isinstance(default, Ref) and _is_field(m, default) else {}


def _default_of(m: Machine, name: str, shape: schemas.Shape, default: Value) -> Value:
    """Return what an object of a model has in a field that it is not given."""
    options = _options_of(m, default)
    if options:
        default = options.get("", options.get("default", MISSING))
    if "default_factory" in options:
        return m.call(options["default_factory"], ())
    if shape[0] == schemas.HOST:
        default = host.defaults(m, m.node).get(name, MISSING)
    if default == MISSING or default == Const(...):
        host.refuse(m, f"{name}: Field required")
    if isinstance(default, (Const, Frozen, Member, Opaque)) or default == Tuple(()):
        return default
    if isinstance(default, Tuple) or (
        isinstance(default, Ref) and default.kind in ("list", "dict", "set")
    ):
        # Every object has a copy of its own.
        return m.call(Foreign("copy.deepcopy"), (default,))
    raise GiveUp("a default of a model is not followed")


def model_fields(m: Machine, kind: Ref) -> list[str]:
    """Return the names of the fields of a model."""
    return [*_model_fields(m, kind)[0]]


def _model_fields(m: Machine, kind: Ref) -> tuple[dict[str, tuple[schemas.Shape, Value]], bool]:
    """Return the fields of a model with what they take, and whether it has validators."""
    found: dict[str, tuple[schemas.Shape, Value]] = {}
    checks = False
    of_host = is_manifest(m, kind)
    for each in reversed(mro(m, kind)):
        if each == objects.MANIFEST:
            found.update({name: ((schemas.HOST, name), MISSING) for name in host.FIELDS})
        elif isinstance(each, Foreign) and each not in (objects.MODEL, objects.OBJECT):
            raise GiveUp("a model is derived from what is not followed")
        if not isinstance(each, Ref):
            continue
        fields = m.shapes.get(each.oid, {})
        for name in m.names(each):
            value = m.read(each, name)
            odd = name.startswith(("model_", "__")) and name not in _NAMES_OF_CLASSES
            odd = (odd and name != _CONFIG) or name == "Config" or name in found
            private = name.startswith("_") and not isinstance(value, (Ref, Unknown, Wrapped))
            if odd or (private and name not in _NAMES_OF_CLASSES) or (of_host and name in _CHECKS):
                raise GiveUp("a model is made in a way of its own")
            checks = checks or (name not in fields and isinstance(value, (Unknown, OneOf)))
        for name, (shape, default) in fields.items():
            if shape[0] == schemas.PRIVATE:
                continue
            alike = of_host and _ALIKE.get(name) == shape
            found[name] = ((schemas.PLAIN, name) if alike else shape, default)
    if any(name.startswith("_") for name in found):
        raise GiveUp("a model has fields of its own")
    return found, checks


def _field_options(m: Machine, field: Ref) -> dict[str, Value]:
    options = dict(m.thing(field).defaults)
    if m.thing(field).type not in (Foreign("pydantic.Field"), schemas.PRIVATE_ATTRIBUTE):
        raise GiveUp("a default of a model is not followed")
    known = {"", "default", "default_factory", _VALIDATES} | schemas.SAID
    if options.keys() - known - schemas.BOUNDS:
        raise GiveUp("a model checks its values in a way of its own")
    return options


def set_field(m: Machine, owner: Ref, name: str, value: Value) -> Value:
    """Set an attribute of an object of a model, or of a manifest, as pydantic does."""
    kind = m.thing(owner).type
    hidden = isinstance(kind, Ref) and any(
        m.shapes.get(each.oid, {}).get(name, ("", MISSING))[0] == (schemas.PRIVATE,)
        for each in mro(m, kind)
        if isinstance(each, Ref)
    )
    if value == MISSING or (name.startswith("_") and not hidden):
        raise GiveUp("an object of a model is changed in an unusual way")
    if hidden:
        m.write(owner, value, name)
        return NONE
    if not isinstance(kind, Ref) or _option(m, kind, "frozen"):
        host.refuse(m, "Instance is frozen")
    fields, _ = _model_fields(m, kind)
    own = [each for each in mro(m, kind) if isinstance(each, Ref)]
    if name not in fields or any(m.read(each, "__setattr__") != MISSING for each in own):
        raise GiveUp("an object of a model is changed in an unusual way")
    m.write(owner, value, name)
    return NONE
