"""From a program that was run to what the node gets: fields, what raises, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import msgspec

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import Modules
from stigmem_review.host import Node
from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret import host, words
from stigmem_review.interpret.ends import GiveUp, place_of
from stigmem_review.interpret.ends import Outcome as Way
from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.objects import CACHED, lookup
from stigmem_review.interpret.printed import printed
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.registered import router_name
from stigmem_review.interpret.values import (
    ALWAYS,
    NONE,
    Bound,
    Conditions,
    Const,
    Foreign,
    Frozen,
    Member,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Value,
    variable_in,
)
from stigmem_review.interpret.values import OneOf as Several
from stigmem_review.interpret.values import Unknown as Untold
from stigmem_review.interpret.ways import ONE_OF
from stigmem_review.model import (
    HOLE,
    AnyValue,
    Hook,
    Known,
    Location,
    Manifest,
    OneOf,
    Outcome,
    Text,
    Unknown,
)

_NO_MANIFEST = "what the factory returns is not a plain PluginManifest(...)"


class Raised(msgspec.Struct, frozen=True):
    """An exception that reaches the node: its class and what it says, as far as they are known.

    It is raised where all ``conditions`` hold, which are in words.
    """

    kind: str
    message: str
    at: Location | None
    conditions: tuple[str, ...]
    printed: str = HOLE
    """What ``str`` gives of it, with a ``HOLE`` for what is not known."""


class Refused(msgspec.Struct, frozen=True):
    """A field that the node refuses, why, and where all ``conditions`` have to hold for it."""

    field: str
    why: str
    at: Location | None
    conditions: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """What running an entry point gives.

    ``made`` is false where it always raises. ``fields`` are those of the manifest, or, where the
    node refuses every manifest, what is written for the first; nothing where there is none.
    ``unknown`` are keywords that the node drops.
    """

    made: bool
    fields: dict[str, AnyValue]
    raised: tuple[Raised, ...]
    refused: tuple[Refused, ...]
    unknown: dict[str, Location | None]
    steps: int


def read(entry: str, modules: Modules, node: Node, own: Own | None = None) -> Reading:
    """Read what the factory behind an entry point (``module:name``) returns.

    Never raises for what a release contains.
    """
    return read_program(Program(entry, modules, node, own))


def read_program(program: Program) -> Reading:
    """Read what the factory of a program returns. Never raises for what a release contains."""
    program.make()
    m, made = program.machine, program.made
    if program.lost:
        untold = Unknown(program.lost.why, program.lost.at)
        return Reading(True, dict.fromkeys(host.FIELDS, untold), (), (), {}, m.steps)
    raised = tuple(read_raised(m, each) for each in program.raised)
    calls = [each for each in (_written(m, way) for way in program.raised) if each]
    refused: list[Refused] = []
    fields: dict[str, AnyValue] = {}
    if made is None:
        for way in program.raised[:1]:
            fields, refused = _as_written(m, program.node, way)
    else:
        fallback = written_at(m, program.target or made, None)
        fields = {name: _field(m, made, name, fallback) for name in host.FIELDS}
        calls += [call for each, _ in _options(made) if (call := _call(m, each))]
        for way in program.raised:
            refused += _as_written(m, program.node, way, judged=True)[1]
    unknown = {name: at for each in calls for name, at in each.unknown.items()}
    return Reading(made is not None, fields, raised, tuple(refused), unknown, m.steps)


def _call(m: Interpreter, value: Value) -> host.Written | None:
    """Return the call that made a manifest; nothing where it is none."""
    if not isinstance(value, Ref) or value.kind != "manifest":
        return None
    return m.thing(value).extra or host.Written(None, {}, {}, {})


# What is raised.


def read_raised(m: Interpreter, way: Way) -> Raised:
    """Return an exception that reaches the node, as it leaves a part of a program."""
    found = ("", "")
    text = HOLE

    def look() -> Value:
        nonlocal found, text
        m.adopt(way)
        found = words.exception(m, way.value)
        text = printed(m, way.value, m.node)
        return NONE

    m.run(look)
    at = m.places.get(way.value.oid) if isinstance(way.value, Ref) else None
    return Raised(*found, at, words.say(m, frozenset(way.path.items())), text)


def _written(m: Interpreter, way: Way) -> host.Written | None:
    """Return the call that the node refuses, if that is what is raised."""
    value = way.value
    if isinstance(value, Ref) and isinstance(found := m.thing(value).extra, host.Written):
        return found
    return None


def _as_written(
    m: Interpreter, node: Node, way: Way, *, judged: bool = False
) -> tuple[dict[str, AnyValue], list[Refused]]:
    """Return what is written for the fields of a manifest that the node refuses, and what it is.

    ``judged``: what the node refuses of values that have the right type counts as well.
    """
    written = _written(m, way)
    if written is None:
        return {}, []
    fields: dict[str, AnyValue] = {}
    refused: list[Refused] = []
    conditions = words.say(m, frozenset(way.path.items()))

    def refuse(name: str, why: str, at: Location | None) -> None:
        refused.append(Refused(name, why, at, conditions))
        fields[name] = Unknown(f"the node refuses it: {why}", at)

    def read() -> Value:
        m.adopt(way)
        defaults = host.defaults(m, node)
        for name in host.FIELDS:
            if name in written.given:
                found = _taken(m, node, written, name, judged=judged)
                if isinstance(found, str):
                    refuse(name, found, written_at(m, written.given[name], written.places[name]))
                else:
                    fields[name] = found
            elif name in host.REQUIRED:
                refuse(name, "it is required and not given", written.at)
            else:
                fields[name] = _of_value(m, written, name, defaults[name])
        return NONE

    m.run(read)
    own, others = fields["name"], fields["depends_on"]
    named = others.value if isinstance(others, Known) and isinstance(others.value, tuple) else ()
    if isinstance(own, Known) and own.value in named:
        why = "a plugin cannot depend on itself"
        at = written.places.get("depends_on", written.at)
        refused.append(Refused("depends_on", why, at, conditions))
    return fields, refused


def _taken(
    m: Interpreter, node: Node, written: host.Written, name: str, *, judged: bool
) -> AnyValue | str:
    """Return what is read of one field that is given, or why the node refuses it."""
    found: list[AnyValue] = []

    def read() -> Value:
        def take(one: Value) -> Value:
            value = host.taken(m, node, name, one)
            return host.judged(m, node, name, value) if judged else value

        found.append(_of_value(m, written, name, m.each(written.given[name], take)))
        return NONE

    try:
        ways = m.run(read)
    except GiveUp as stop:
        return Unknown(stop.why, written.places[name])
    if not found:
        said = [read_raised(m, way).message for way in ways if way.kind == "raises"]
        return said[0] if said else "it is refused"
    return found[0]


# What the fields are.


class _Found(msgspec.Struct, frozen=True):
    """One value of a field, what has to be so for it, and where it is written."""

    value: Any
    conditions: Conditions = ALWAYS
    at: Location | None = None
    each: tuple[Location, ...] = ()

    @property
    def key(self) -> str:
        """What is the same of two values wherever they are written."""
        if isinstance(self.value, tuple):
            return repr([_key(each) for each in self.value])
        return repr(self.value)


def _key(each: Any) -> Any:
    if not isinstance(each, Hook):
        return each
    match each.target:
        case Known(value=target):
            return each.name, target, each.bound
        case OneOf(outcomes=outcomes):
            return each.name, [(one.value, one.conditions) for one in outcomes]
        case _:
            return each.name, None


def _field(m: Interpreter, made: Value, name: str, fallback: Location | None) -> AnyValue:
    """Return one field of what a factory returns."""
    found: list[_Found] = []
    written: host.Written | None = None
    for manifest, before in _options(made):
        if isinstance(manifest, Untold):
            return Unknown(manifest.why, manifest.at or fallback)
        if manifest == NONE:
            return Unknown("the factory does not return in every case", fallback)
        written = _call(m, manifest)
        if written is None:
            return Unknown(_NO_MANIFEST, written_at(m, manifest, fallback))
        assert isinstance(manifest, Ref)
        read = _read_field(m, written, name, m.read(manifest, name), before)
        if isinstance(read, Unknown):
            return read
        found += read
    assert written is not None
    return _merged(m, found, written, name)


def _of_value(m: Interpreter, written: host.Written, name: str, value: Value) -> AnyValue:
    found = _read_field(m, written, name, value, ALWAYS)
    return found if isinstance(found, Unknown) else _merged(m, found, written, name)


def _read_field(
    m: Interpreter, written: host.Written, name: str, value: Value, before: Conditions
) -> list[_Found] | Unknown:
    """Return every value that a field can have, or why they are not known."""
    given = written.given.get(name)
    place = written.places.get(name, written.at)
    at = place if given is None else written_at(m, given, place)
    found: list[_Found] = []
    try:
        for one, after in _options(value):
            for each in _reader(name)(m, one, at):
                conditions = before | after | each.conditions
                if len({atom for atom, _ in conditions}) == len(conditions):
                    found.append(msgspec.structs.replace(each, conditions=conditions))
    except _Stop as stop:
        return Unknown(stop.why, stop.at or place)
    except GiveUp as stop:
        return Unknown(stop.why, place)
    return found


def _merged(m: Interpreter, found: list[_Found], written: host.Written, name: str) -> AnyValue:
    kept: dict[str, _Found] = {}
    for each in found:
        same = kept.get(each.key)
        conditions = each.conditions if same is None else m.either(same.conditions, each.conditions)
        kept[each.key] = msgspec.structs.replace(same or each, conditions=conditions)
    place = written.places.get(name, written.at)
    if len(kept) > 1:
        kept = {key: each for key, each in kept.items() if words.possible(m, each.conditions)}
    if not kept or len(kept) > ONE_OF:
        return Unknown("it is one of too many values", place)
    if len(kept) > 1:
        outcomes = (Outcome(e.value, words.say(m, e.conditions), e.at) for e in kept.values())
        return OneOf(tuple(outcomes), place)
    [only] = kept.values()
    if name not in written.given:
        return Known(only.value, default=True)
    return Known(only.value, only.at, each=only.each)


class _Stop(Exception):
    """Carries the answer out of the reading."""

    def __init__(self, why: str, at: Location | None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


def _options(value: Value) -> list[tuple[Value, Conditions]]:
    if isinstance(value, Several):
        return [(each.value, each.conditions) for each in value.options]
    return [(value, ALWAYS)]


def written_at(m: Interpreter, value: Value, otherwise: Location | None) -> Location | None:
    """Return where a value is written: an object where it is made, or defined."""
    match value:
        case Const(at=at) | Member(at=at):
            return at or otherwise
        case Bound(function=function):
            return written_at(m, function, otherwise)
        case Ref():
            return place_of(m.thing(value).site) or otherwise
        case _:
            return otherwise


def _stop(m: Interpreter, value: Value) -> _Stop:
    match value:
        case Untold(why=why, at=at):
            return _Stop(why, at)
        case Opaque() if name := variable_in(value):
            why = f"it depends on {name} in the environment of the node's process"
            return _Stop(why, None)
        case Opaque():
            return _Stop(f"it is made of {words.subject(value)}, which only the node has", None)
        case Foreign(dotted=dotted):
            by = "Python" if dotted.partition(".")[0] in STANDARD else "another distribution"
            return _Stop(f"it is {dotted}, which {by} provides", None)
        case Ref(kind="instance" | "object" | "partial"):
            return _Stop(
                f"it is {host.shown(m, value)}, made by a call", written_at(m, value, None)
            )
        case _:
            return _Stop("it is not known what the node makes of it", None)


Read = Iterator[_Found]


def _text(m: Interpreter, value: Value, at: Location | None) -> Read:
    if not isinstance(value, Const) or not isinstance(value.value, str):
        raise _stop(m, value)
    yield _Found(value.value, at=value.at or at)


def _flag(m: Interpreter, value: Value, at: Location | None) -> Read:
    if not isinstance(value, Const) or not isinstance(value.value, bool):
        raise _stop(m, value)
    yield _Found(value.value, at=at)


def _names(m: Interpreter, value: Value, at: Location | None) -> Read:
    # A copy of a manifest has what it was given as it is.
    if isinstance(value, Ref) and value.kind in ("set", "list"):
        value = m.read(value)
    for content, before in _options(value):
        if not isinstance(content, (Frozen, Tuple)):
            raise _stop(m, content)
        places: dict[str, Location] = {}
        for item in content.items:
            name, place = _name(m, item)
            places.setdefault(name, place or at or Location(""))
        names = tuple(sorted(places))
        yield _Found(names, before, at, tuple(places[name] for name in names))


def _name(m: Interpreter, value: Value) -> tuple[str, Location | None]:
    """Return a text, and where it is written."""
    match value:
        case Const(value=str(found), at=at):
            return found, at
        case Member(value=Const(value=str(found)), mixin="StrEnum", at=at):
            return found, at
        case _:
            raise _stop(m, value)


def _hooks(m: Interpreter, value: Value, at: Location | None) -> Read:
    if not isinstance(value, Ref) or value.kind != "dict":
        raise _stop(m, value)
    for content, before in _options(m.read(value)):
        if not isinstance(content, Pairs):
            raise _stop(m, content)
        hooks: dict[str, Hook] = {}
        for _, key, handler in content.items:
            name, place = _name(m, key)
            target, bound = _handler(m, handler, place or at)
            hooks[name] = Hook(name, target, place or at, bound)
        yield _Found(tuple(hooks[name] for name in sorted(hooks)), before, at)


def _handler(m: Interpreter, value: Value, at: Location | None) -> tuple[Text, bool]:
    """Return the target of a handler, and whether it is a method of an object."""
    outcomes: dict[str, Outcome[str]] = {}
    bound = True
    for one, conditions in _options(value):
        target = _target(m, one)
        if target is None:
            stop = _stop(m, one)
            return Unknown(stop.why, stop.at or at), False
        is_object = isinstance(one, Ref) and one.kind == "instance"
        bound = bound and (is_object or isinstance(one, Bound))
        outcomes.setdefault(
            target, Outcome(target, words.say(m, conditions), written_at(m, one, at))
        )
    found = tuple(outcomes.values())
    if len(found) > 1:
        return OneOf(found, at), bound
    return Known(found[0].value, found[0].at), bound


def _target(m: Interpreter, value: Value) -> str | None:
    match value:
        case Bound(function=Ref(kind="function") as function):
            return _target(m, function)
        case Ref(kind="function") | Ref(kind="class"):
            if m.is_escaped(value):
                return None
            module = (
                m.read(value, "__module__") if value.kind == "class" else m.get(value, "__module__")
            )
            name = m.get(value, "__qualname__")
            if isinstance(module, Const) and isinstance(name, Const):
                return f"{module.value}:{name.value}"
            return None
        case Ref(kind="instance") if not m.is_escaped(value):
            called = lookup(m, m.thing(value).type, "__call__")
            return _target(m, called) if isinstance(called, Ref) else None
        case Ref(kind="object") if m.thing(value).type == CACHED and not m.is_escaped(value):
            return _target(m, m.thing(value).defaults[0][1])
        case Foreign(dotted=dotted) if dotted.startswith("builtins.") and dotted.count(".") == 1:
            return dotted.replace(".", ":")
        case _:
            return None


def _optional(m: Interpreter, value: Value, at: Location | None) -> Read:
    target = None if value == NONE else _target(m, value)
    if target is None and value != NONE:
        raise _stop(m, value)
    yield _Found(target, at=written_at(m, value, at))


def _routes(m: Interpreter, value: Value, at: Location | None) -> Read:
    if isinstance(value, Ref) and value.kind == "list":
        value = m.read(value)
    if isinstance(value, Tuple) and value.shuffled:
        raise _Stop("it is a set, whose order is not certain", None)
    if not isinstance(value, Tuple):
        raise _stop(m, value)
    parts = [[(_place(m, one), held) for one, held in _options(each)] for each in value.items]
    ways = 1
    for part in parts:
        ways *= len(part)
    if ways > _MANY:
        raise _Stop("it is one of too many values", None)
    for chosen in product(*parts):
        conditions = ALWAYS.union(*(held for _, held in chosen))
        if len({atom for atom, _ in conditions}) == len(conditions):
            yield _Found(tuple(place for place, _ in chosen), conditions, at)


_MANY = 200
"""Ways to choose items that are each tried."""


def _place(m: Interpreter, value: Value) -> str:
    """Return the name of a module under which a router can be found."""
    if isinstance(value, Foreign) and value.dotted.startswith("stigmem_node."):
        return ":".join(value.dotted.rsplit(".", 1))
    if isinstance(value, Ref):
        return router_name(m, value)
    raise _stop(m, value)


_READERS: dict[str, Callable[[Interpreter, Value, Location | None], Read]] = {
    "Text": _text,
    "OptionalText": _optional,
    "Names": _names,
    "Flag": _flag,
    "Hooks": _hooks,
    "routes": _routes,
}
"""How a field is read, by its own name or by what the manifest says it is."""


def _reader(name: str) -> Callable[[Interpreter, Value, Location | None], Read]:
    return _READERS.get(name) or _READERS[Manifest.__annotations__[name]]
