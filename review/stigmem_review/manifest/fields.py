"""From values to the fields of a manifest, as the host's model would take them.

``PluginManifest`` is a pydantic model in lax mode (``stigmem_node.plugins.manifest``): it turns
any list, tuple or set into a frozenset, takes ``"yes"`` for a bool, refuses what it cannot turn,
and drops keywords that it does not know without a word.
"""

from __future__ import annotations

from collections.abc import Callable

from stigmem_review.host import Node
from stigmem_review.manifest.core import unordered
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    Foreign,
    Made,
    Mapping,
    Member,
    ModuleValue,
    Result,
    Value,
)
from stigmem_review.model import (
    AnyValue,
    Hook,
    Known,
    Location,
    Manifest,
    Problem,
    ProblemKind,
    Text,
    Unknown,
)
from stigmem_review.text import shorten

FIELDS = Manifest.__struct_fields__
_REQUIRED = ("name", "version")
_TRUE = {"1", "true", "t", "yes", "y", "on"}
_FALSE = {"0", "false", "f", "no", "n", "off"}


class _Refused(Exception):  # noqa: N818 - not an error here: it is what the host would do
    pass


class Reader:
    """Collects the fields of one manifest and what is wrong with them."""

    def __init__(self, node: Node, at: Location) -> None:
        self.problems: list[Problem] = []
        self.node = node
        self._at = at
        self._fields: dict[str, AnyValue] = {}
        nothing: Known[tuple[str, ...]] = Known((), default=True)
        absent: Known[str | None] = Known(None, default=True)
        no_hooks: Known[tuple[Hook, ...]] = Known((), default=True)
        self._defaults: dict[str, AnyValue] = {
            "requires_stigmem": Known(node.requires_default, default=True),
            "capabilities": nothing,
            "hooks": no_hooks,
            "depends_on": nothing,
            "async_safe": Known(True, default=True),
            "routes": nothing,
            "health_check": absent,
            "config_schema": absent,
        }

    def problem(self, kind: ProblemKind, item: str, why: str, at: Location | None = None) -> None:
        self.problems.append(Problem(kind, item, why, at or self._at))

    def read(self, name: str, value: Value) -> None:
        """Take one keyword of the call."""
        at = value.at
        if isinstance(value, Unknown):
            self._fields[name] = value
            return
        try:
            self._fields[name] = _READERS[name](value)
        except _Refused as refused:
            self.problem("field-refused", name, str(refused), at)
            self._fields[name] = Unknown(f"the node refuses it: {refused}", at)

    def finish(self, spread: Unknown | None) -> Manifest:
        """Return the manifest; ``spread`` says why unnamed fields are not the defaults."""
        for name in FIELDS:
            if name in self._fields:
                continue
            if spread is not None:
                self._fields[name] = spread
            elif name in _REQUIRED:
                self.problem("field-refused", name, "it is required and not given")
                self._fields[name] = Unknown(
                    "the node refuses it: it is required and not given", self._at
                )
            else:
                self._fields[name] = self._defaults[name]
        own, depends_on = self._fields["name"], self._fields["depends_on"]
        if (
            isinstance(own, Known)
            and isinstance(depends_on, Known)
            and isinstance(depends_on.value, tuple)
            and own.value in depends_on.value
        ):
            self.problem(
                "field-refused", "depends_on", "a plugin cannot depend on itself", depends_on.at
            )
        return Manifest(**self._fields)  # type: ignore[arg-type]


def _shown(value: Value) -> str:
    match value:
        case Const(value=constant):
            large = isinstance(constant, int) and constant.bit_length() > 256
            return "a very large number" if large else shorten(repr(constant), 60)
        case Collection(kind=kind):
            return f"a {kind}"
        case Mapping():
            return "a dict"
        case Definition():
            return f"a {value.kind}"
        case ModuleValue():
            return "a module"
        case _:
            return "an object"


def _known(value: Value, expected: str) -> None:
    """Refuse a value whose type is certain and wrong; raise nothing for the others."""
    if isinstance(value, (Const, Collection, Mapping, Definition, ModuleValue)):
        raise _Refused(f"it is {_shown(value)}, and the node wants {expected}")


def _opaque(value: Value) -> Unknown:
    if isinstance(value, Foreign):
        return Unknown(f"it is {value.dotted}, which another distribution provides", value.at)
    return Unknown("it is an object made by a call", value.at)


def _text(value: Value) -> AnyValue:
    match value:
        case Const(value=str(text)):
            try:
                text.encode()
            except UnicodeEncodeError:
                return Unknown("it is not valid Unicode", value.at)
            return Known(text, value.at)
        case Const(value=bytes(data)):
            try:
                return Known(data.decode(), value.at)
            except UnicodeDecodeError:
                raise _Refused("it is bytes that are no text") from None
        case Member(value=text, text=True):
            return Known(text, value.at)
        case Unknown():
            return value
        case _:
            _known(value, "text")
            return _opaque(value)


def _flag(value: Value) -> AnyValue:
    match value:
        case Const(value=bool(flag)):
            return Known(flag, value.at)
        case Const(value=0 | 1 | 0.0 | 1.0 as number):
            return Known(bool(number), value.at)
        case Const(value=str(text)) if text.isascii() and text.lower() in _TRUE | _FALSE:
            return Known(text.lower() in _TRUE, value.at)
        case _:
            _known(value, "true or false")
            return _opaque(value)


def _names(value: Value) -> AnyValue:
    if not isinstance(value, Collection):
        _known(value, "a set of names")
        return _opaque(value)
    places: dict[str, Location] = {}
    for item in value.items:
        text = _text(item)
        if not isinstance(text, Known):
            return text
        places.setdefault(str(text.value), item.at or Location(""))
    names = tuple(sorted(places))
    return Known(names, value.at, each=tuple(places[name] for name in names))


def _callable(value: Value) -> Text:
    match value:
        case Definition():
            return Known(value.target, value.at)
        case Unknown():
            return value
        case _:
            _known(value, "something callable")
            return _opaque(value)


def _optional_callable(value: Value) -> AnyValue:
    if isinstance(value, Const) and value.value is None:
        none: Known[str | None] = Known(None, value.at)
        return none
    return _callable(value)


def _optional_class(value: Value) -> AnyValue:
    if isinstance(value, Definition) and value.kind != "class":
        raise _Refused("it is a function, and the node wants a configuration class")
    return _optional_callable(value)


def _hooks(value: Value) -> AnyValue:
    if not isinstance(value, Mapping):
        _known(value, "a dict of handlers by hook name")
        return _opaque(value)
    hooks: dict[str, Hook] = {}
    # A dict keeps a key where it was first given, and a text and bytes are two keys.
    last = {
        key.value if isinstance(key, Const) else id(key): (key, handler)
        for key, handler in value.pairs
    }
    for key, handler in last.values():
        name = _text(key)
        if not isinstance(name, Known):
            return name
        target = _callable(handler)
        bound = isinstance(handler, Definition) and handler.bound
        hooks[str(name.value)] = Hook(str(name.value), target, key.at, bound)
    return Known(tuple(hooks[name] for name in sorted(hooks)), value.at)


def _routes(value: Value) -> AnyValue:
    if not isinstance(value, Collection):
        _known(value, "a tuple of routers")
        return _opaque(value)
    if unordered(value):
        return Unknown("it is a set, whose order is not certain", value.at)
    routes = []
    for item in value.items:
        match item:
            case Made() | Definition():
                routes.append(item.target)
            case Foreign(dotted=dotted) if dotted.startswith("stigmem_node."):
                routes.append(":".join(dotted.rsplit(".", 1)))
            case Unknown():
                return item
            case Foreign() | Result():
                return _opaque(item)
            case _:
                return Unknown(f"there is {_shown(item)} among them, which is no router", item.at)
    return Known(tuple(routes), value.at)


_READERS: dict[str, Callable[[Value], AnyValue]] = {
    "name": _text,
    "version": _text,
    "requires_stigmem": _text,
    "capabilities": _names,
    "hooks": _hooks,
    "depends_on": _names,
    "async_safe": _flag,
    "routes": _routes,
    "health_check": _optional_callable,
    "config_schema": _optional_class,
}
