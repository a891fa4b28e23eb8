"""Conditions and exceptions in words, for whoever decides about a release."""

from __future__ import annotations

import itertools
from typing import Any

from stigmem_review.interpret.machine import OTHERWISE, Machine
from stigmem_review.interpret.values import Conditions, Const, Foreign, Frozen, Opaque, Ref, Tuple

_SYSTEMS = {
    "win32": "Windows",
    "nt": "Windows",
    "windows": "Windows",
    "win": "Windows",
    "darwin": "macOS",
    "linux": "Linux",
}
_PLATFORM = ("sys.platform", "os.name", "platform.system")
_CHANGES = {
    "lower": " in lower case",
    "casefold": " in lower case",
    "upper": " in upper case",
    "int": " as a number",
    "float": " as a number",
    "len": "",
}
"""What a text is after a call; what is not here is left out, as blanks at its ends are."""
_ORDER = {"__lt__": "less than", "__le__": "at most", "__gt__": "more than", "__ge__": "at least"}


def variable(value: Any) -> str:
    """Return the name of the environment variable that a value is made of; empty without one."""
    match value:
        case Opaque(key=("env", Const(value=name), _)):
            return str(name)
        case Opaque(key=(str(), inner, *_)):
            return variable(inner)
        case _:
            return ""


def subject(value: Any) -> str:
    """Return what a value is that only the node has."""
    match value:
        case Opaque(key=("env", Const(value=name), _)):
            return str(name)
        case Opaque(key=("env", _, _)):
            return "a variable of the environment"
        case Opaque(key="sys.platform" | "os.name"):
            return str(value.key)
        case Opaque(key=("platform.python_version", _)):
            return "the version of the node's Python"
        case Opaque(key=("len", inner)):
            return f"the length of {subject(inner)}"
        case Opaque(key=(str(name), Opaque() as inner, *_)):
            return f"{subject(inner)}{_CHANGES.get(name, '')}"
        case Opaque(key=(str(name), *_)) if "." in name:
            return f"{name}()"
        case Const(value=constant):
            return repr(constant)
        case _:
            return "what only the node has"


Part = tuple[Any, bool]
"""A condition in one form, however the code asks for it, and whether it is so."""


def say(m: Machine, conditions: Conditions) -> tuple[str, ...]:
    """Return what has to be so, in words: each once, and nothing that follows from the others."""
    places: dict[Any, object] = {}
    ways: list[frozenset[Part]] = []
    for way in m.ways(conditions):
        parts: set[Part] = set()
        for atom, so in way:
            part, at = _form(m, atom), m.atoms[m.number(atom)][1]
            places.setdefault(part, at)
            parts.add((part, so))
        if len({part for part, _ in parts}) == len(parts):
            ways.append(_plainly(parts))
    # That there are more conditions than are kept says nothing beside one that is.
    ways = _simplified([_without_others(way) for way in ways])
    if not ways:
        return ()
    common = frozenset.intersection(*ways)
    found = {_one(m, part, places.get(part), so) for part, so in common}
    rest = [way - common for way in ways]
    if len(rest) > 1 and all(rest):
        said = [
            " and ".join(sorted(_one(m, part, places.get(part), so) for part, so in way))
            for way in rest
        ]
        found.add(" or ".join(sorted({*said}, key=lambda each: (len(each), each))))
    return tuple(sorted(found))


def possible(m: Machine, conditions: Conditions) -> bool:
    """Say whether conditions can hold: a node runs on one system, however that is asked for."""
    for way in m.ways(conditions):
        parts = {(_form(m, atom), so) for atom, so in way}
        if len({part for part, _ in parts}) == len(parts):
            systems = [part for part, so in parts if so and part[:1] == ("runs",)]
            if len(systems) < 2:
                return True
    return False


def _form(m: Machine, atom: Any) -> Any:
    """Return a condition in the form that it is said in: systems are asked for in several."""
    number = m.number(atom)
    match words := m.atoms[number][0]:
        case str() if words != OTHERWISE:
            # The same words do not make two conditions one.
            return ("told", number, words)
        case ("truth", Opaque(key=("=", Opaque() as value, Const(value=str(name))))) if (
            _is_platform(value) and name.lower() in _SYSTEMS
        ):
            return ("runs", _SYSTEMS[name.lower()])
        case ("truth", Opaque(key=("startswith", Opaque() as value, Const(value=str(name))))) if (
            _is_platform(value) and name.lower() in _SYSTEMS
        ):
            return ("runs", _SYSTEMS[name.lower()])
        case _:
            return words


def _without_others(way: frozenset[Part]) -> frozenset[Part]:
    return frozenset(each for each in way if each[0] != OTHERWISE) or way


def _plainly(parts: set[Part]) -> frozenset[Part]:
    """Return parts without those that follow from others."""
    read = {_about(part) for part, _ in parts if not _is_set(part)} - {""}
    equal = {_about(part) for part, so in parts if so and _is_equality(part)} - {""}
    return frozenset(
        (part, so)
        for part, so in parts
        if not (_is_set(part) and so and _about(part) in read)
        and not (_is_equality(part) and not so and _about(part) in equal)
    )


def _simplified(ways: list[frozenset[Part]]) -> list[frozenset[Part]]:
    """Return fewer ways that say the same."""
    found = [*dict.fromkeys(ways)]
    for _ in range(64):
        for one, other in itertools.permutations(found, 2):
            if (less := _together(one, other)) is not None:
                found = [*dict.fromkeys([less, *(w for w in found if w not in (one, other))])]
                break
        else:
            return found
    return found


def _together(one: frozenset[Part], other: frozenset[Part]) -> frozenset[Part] | None:
    """Return one way that says what two do, if there is one."""
    if one <= other:
        return one
    left, right = one - other, other - one
    if len(left) != 1 or len(right) != 1:
        return None
    ((part, so),), ((less, too),) = left, right
    if part == less:
        return one & other
    if _is_set(part) and not so and _about(part) == _about(less):
        # What holds of a variable by its default holds where it is not set.
        return (one & other) | {(("unset", less) if less[0] != "unset" else less, too)}
    return None


def _is_set(atom: Any) -> bool:
    return isinstance(atom, tuple) and atom[0] == "set"


def _about(atom: Any) -> str:
    match atom:
        case ("runs", _):
            return "the system of the node"
        case ("unset", inner):
            return _about(inner)
        case ("set", value):
            return variable(value)
        case ("truth", Opaque(key=(_, Opaque() as inner, *_))):
            return variable(inner) or variable(Opaque("", atom[1].key))
        case ("truth", value) | (_, value):
            return variable(value)
        case ("=", one, other):
            return variable(one) or variable(other)
        case _:
            return ""


def _is_equality(atom: Any) -> bool:
    match atom:
        case ("runs", _):
            return True
        case ("truth", Opaque(key=("=", Opaque(), Const()))):
            return True
        case ("=", Opaque(), Const()) | ("=", Const(), Opaque()):
            return True
        case _:
            return False


def _one(m: Machine, atom: Any, at: object, so: bool) -> str:
    """Return one condition in words."""
    no = "" if so else "not "
    match atom:
        case ("runs", system):
            return _runs(system, so)
        case ("unset", ("truth", Opaque(type="str", key=("env", *_)) as value)):
            says = "set" if so else "not set or is empty"
            return f"{subject(value)} is {says}{_default(m, value)}"
        case ("unset", inner):
            return _one(m, inner, at, so)
        case ("set", value):
            name = variable(value)
            return f"{name or 'a variable that is computed'} is {no}set"
        case ("truth", Opaque(key=key)) if isinstance(key, tuple) and (
            found := _comparison(m, key, so)
        ):
            return found
        case ("truth", Opaque() as value):
            if value.type == "str" and isinstance(value.key, tuple) and value.key[0] == "env":
                return f"{subject(value)} is {'set' if so else 'empty'}{_default(m, value)}"
            if value.type == "str":
                return f"{subject(value)} is {'not ' if so else ''}empty{_default(m, value)}"
            if value.type in ("int", "float"):
                return f"{subject(value)} is {'not ' if so else ''}0{_default(m, value)}"
            return f"{subject(value)} is {no}true"
        case ("=", one, other):
            left, right = (one, other) if isinstance(one, Opaque) else (other, one)
            return _equal(m, left, right, so)
        case ("installed", name):
            return f"{name} is {no}installed"
        case ("there", place):
            return f"{place} is {no}there"
        case ("is int", value):
            return f"{subject(value)} is {no}a whole number{_default(m, value)}"
        case ("is float", value):
            return f"{subject(value)} is {no}a number{_default(m, value)}"
        case ("is a name", value):
            return f"{subject(value)} is {no}a valid name"
        case ("is a version", value):
            return f"{subject(value)} is {no}a valid version"
        case "otherwise":
            return OTHERWISE
        case ("told", _, why):
            where = f" ({at})" if at else ""
            return f"it depends on what cannot be told: {why}{where}"
        case _:
            where = f" ({at})" if at else ""
            return f"it depends on what only the node has{where}"


def _equal(m: Machine, left: Any, right: Any, so: bool) -> str:
    no = "" if so else "not "
    return f"{subject(left)} is {no}{subject(right)}{_default(m, left)}"


def _is_platform(value: Any) -> bool:
    match value:
        case Opaque(key=str(name)):
            return name in _PLATFORM
        case Opaque(key=(str(name), *rest)):
            return name in _PLATFORM or bool(rest and _is_platform(rest[0]))
        case _:
            return False


def _runs(system: str, so: bool) -> str:
    return f"the node {'runs' if so else 'does not run'} on {system}"


def _comparison(m: Machine, key: tuple[Any, ...], so: bool) -> str:
    no = "" if so else "not "
    match key:
        case ("=", left, right):
            return _equal(m, left, right, so)
        case ("in", item, Const(value=str(text))):
            return f"{subject(item)} is {no}a part of {text!r}{_default(m, item)}"
        case ("in", item, Opaque() as owner):
            return f"{subject(item)} is {no}in {subject(owner)}{_default(m, owner)}"
        case ("in", item, Frozen() | Tuple() as owner):
            names = sorted(subject(each) for each in owner.items)
            return f"{subject(item)} is {no}one of {', '.join(names)}{_default(m, item)}"
        case ("startswith" | "endswith" as how, owner, Const(value=str(text))):
            if _is_platform(owner) and text.lower() in _SYSTEMS:
                return _runs(_SYSTEMS[text.lower()], so)
            verb = {"startswith": ("starts", "start"), "endswith": ("ends", "end")}[how]
            says = verb[0] if so else f"does not {verb[1]}"
            return f"{subject(owner)} {says} with {text!r}{_default(m, owner)}"
        case ("sys.version_info", str(name), Const(value=str(version))):
            wanted = ".".join(part.strip() for part in version.strip("()").split(",") if part)
            says = _ORDER.get(name, name)
            return f"the node's Python is {no}{says} {wanted}"
        case (("__lt__" | "__le__" | "__gt__" | "__ge__") as how, left, right):
            return f"{subject(left)} is {no}{_ORDER[how]} {subject(right)}{_default(m, left)}"
        case ("imported", Const(value=name)):
            return f"{name} was {no}imported before"
        case (("isdigit" | "isdecimal" | "isnumeric"), owner):
            return f"{subject(owner)} is {no}made of digits{_default(m, owner)}"
        case _:
            return ""


def _default_of(m: Machine, value: Any) -> str:
    found = m.defaults.get(variable(value), ())
    return found[0] if len(found) == 1 else ""


def _default(m: Machine, value: Any) -> str:
    """Return what a variable is taken for where it is not set."""
    found = _default_of(m, value)
    return f" (default {found})" if found else ""


def exception(m: Machine, value: Any) -> tuple[str, str]:
    """Return the class of an exception and its message, as far as they are known."""
    if not isinstance(value, Ref) or value.kind != "instance":
        return "", ""
    kind = m.thing(value).type
    name = ""
    if isinstance(kind, Foreign):
        name = kind.dotted.removeprefix("builtins.").rpartition(".")[2]
    elif isinstance(kind, Ref):
        name = m.thing(kind).name
    given = m.cells.get((value.oid, "args"))
    if value.oid in m.messages:
        return name, m.messages[value.oid]
    if isinstance(given, Tuple) and len(given.items) == 1 and isinstance(given.items[0], Const):
        return name, str(given.items[0].value)
    return name, ""
