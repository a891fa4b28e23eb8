"""Conditions and exceptions in words, for whoever decides about a release."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from stigmem_review.conditions import EMPTY, FILLED, UNSET, of_variable
from stigmem_review.interpret import stdlib, variables
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.text import RESULTS
from stigmem_review.interpret.values import Conditions, Const, Foreign, Frozen, Opaque, Ref, Tuple
from stigmem_review.interpret.ways import OTHERWISE

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
}
"""What a text is after a call; that blanks at its ends are taken off is left out."""
_ORDER = {"__lt__": "less than", "__le__": "at most", "__gt__": "more than", "__ge__": "at least"}


def variable(value: Any) -> str:
    """Return the name of the environment variable that a value is made of; empty without one."""
    match value:
        case Opaque(key=("env", Const(value=name), (variables.CHANGED, _) | Const(value=tuple()))):
            return f"{name} (perhaps set by the code)"
        case Opaque(key=("env", Const(value=name), _)):
            return str(name)
        case Opaque(key=("env", name, _)):
            named = variable(name)
            return f"the variable that {named} names" if named else ""
        case Opaque(key=(str(), inner, *_)):
            return variable(inner)
        case _:
            return ""


def subject(value: Any) -> str:
    """Return what a value is that only the node has."""
    match value:
        case Opaque(key=("env", *_)):
            return variable(value) or "a variable of the environment"
        case Opaque(key="sys.platform" | "os.name"):
            return str(value.key)
        case Opaque(key=("platform.python_version", _)):
            return "the version of the node's Python"
        case Opaque(key=("len", inner)):
            return f"the length of {subject(inner)}"
        case Opaque(key=("strip" | "lstrip" | "rstrip", Opaque() as inner)):
            return subject(inner)
        case Opaque(key=(str(name), Opaque() as inner)) if name in _CHANGES:
            return f"{subject(inner)}{_CHANGES[name]}"
        case Opaque(key=(str(), Opaque() as inner, *_)) if variable(inner):
            return f"what the code makes of {subject(inner)}"
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
            ways.append(_plainly(m, parts))
    # That there are more conditions than are kept says nothing beside one that is.
    ways = _simplified(m, [_without_others(way) for way in ways])
    ways = _listed([_set_ones(way) for way in ways])
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


def _plainly(m: Machine, parts: set[Part]) -> frozenset[Part]:
    """Return parts without those that follow from others."""
    read = {_about(part) for part, so in parts if _where_unset(m, part, so) is False} - {""}
    equal = {_compared(part) for part, so in parts if so} - {None}
    return frozenset(
        (part, so)
        for part, so in parts
        if not (_is_set(part) and so and _about(part) in read)
        and not (not so and _compared(part) in equal)
    )


def _listed(ways: list[frozenset[Part]]) -> list[frozenset[Part]]:
    """Return ways in which what is equal to one of several is said so."""
    groups: dict[Any, list[Any]] = {}
    for way in ways:
        equal = [each for each, so in way if so and _equated(each) is not None]
        rest = way - {(equal[0], True)} if len(equal) == 1 else way
        wrapped, value = _equated(equal[0])[:2] if len(equal) == 1 else ("", None)
        groups.setdefault((wrapped, value, rest), []).append(equal[0] if len(equal) == 1 else None)
    found: list[frozenset[Part]] = []
    for (wrapped, value, rest), parts in groups.items():
        if value is None:
            found.append(rest)
        elif len(parts) == 1:
            found.append(rest | {(parts[0], True)})
        else:
            constants = sorted((_equated(each)[2] for each in parts), key=lambda one: repr(one))
            part: Any = ("truth", Opaque("bool", ("in", value, Tuple(tuple(constants)))))
            found.append(rest | {((wrapped, part) if wrapped else part, True)})
    return found


def _equated(part: Any) -> Any:
    """Return how a part is marked, what is equal to a text, and that text; nothing for others."""
    match part:
        case ("unset" | "given" as mark, inner) if (found := _equated(inner)) is not None:
            return (mark, *found[1:])
        case (
            ("truth", Opaque(key=("=", Opaque() as value, Const(value=str()) as text)))
            | ("=", Opaque() as value, Const(value=str()) as text)
            | ("=", Const(value=str()) as text, Opaque() as value)
        ):
            return "", value, text
        case _:
            return None


def _set_ones(parts: frozenset[Part]) -> frozenset[Part]:
    """Return parts in which those about a variable that is set anyway name no default."""
    there = {_about(part) for part, so in parts if _is_set(part) and so}
    return frozenset(
        (part if _is_set(part) or _about(part) not in there else ("given", part), so)
        for part, so in parts
    )


def _simplified(m: Machine, ways: list[frozenset[Part]]) -> list[frozenset[Part]]:
    """Return fewer ways that say the same."""
    found = [*dict.fromkeys(ways)]
    for _ in range(64):
        for one, other in itertools.permutations(found, 2):
            if (less := _together(m, one, other)) is not None:
                found = [*dict.fromkeys([less, *(w for w in found if w not in (one, other))])]
                break
        else:
            return found
    return found


def _together(m: Machine, one: frozenset[Part], other: frozenset[Part]) -> frozenset[Part] | None:
    """Return one way that says what two do, if there is one."""
    if one <= other:
        return one
    left, right = one - other, other - one
    if len(left) != 1:
        return None
    ((part, so),) = left
    if right == {(part, not so)}:
        return one & other
    if not _is_set(part) or so:
        return None
    # What is said of a variable by its default holds where it is not set.
    said = {
        (each if each[0] == "unset" else ("unset", each), too)
        for each, too in right - {(part, True)}
    }
    if all(_about(each) == _about(part) and _where_unset(m, each, too) for each, too in said):
        return (one & other) | said
    return None


def _where_unset(m: Machine, part: Any, so: bool) -> bool | None:
    """Say whether what is said of a variable is so where that is not set; nothing: who knows.

    Where words name a default, they are about that.
    """
    match part:
        case ("unset", inner):
            return _is_truth(inner) or _where_unset(m, inner, so)
        case ("truth", _) if _is_truth(part):
            return False
        case ("truth", Opaque(key=tuple() as key) as value):
            held = _holds(m, key, value)
        case ("=" | "is int" | "is float" | "is a level", *_):
            held = _holds(m, part, Const(None))
        case _:
            return None
    return None if held is None else held == so


def _is_truth(part: Any) -> bool:
    """Say whether a part asks if a variable is true, which is said in words of its own."""
    match part:
        case ("truth", Opaque(type="str", key=("env", *_))):
            return True
        case _:
            return False


def _holds(m: Machine, key: tuple[Any, ...], value: Any) -> bool | None:
    """Say whether a comparison holds where the variable that it is about is not set."""
    try:
        match key:
            case ("=", left, right):
                return bool(_taken(m, left) == _taken(m, right))
            case ("in", item, Frozen() | Tuple() as owner):
                return _taken(m, item) in [_taken(m, each) for each in owner.items]
            case ("in", item, Const(value=str(text))):
                return str(_taken(m, item)) in text
            case ("startswith", owner, Const(value=str(text))):
                return str(_taken(m, owner)).startswith(text)
            case ("endswith", owner, Const(value=str(text))):
                return str(_taken(m, owner)).endswith(text)
            case ("__lt__" | "__le__" | "__gt__" | "__ge__" as how, left, right):
                return bool(getattr(_taken(m, left), how)(_taken(m, right)) is True)
            case ("is int", inner):
                int(_taken(m, inner))
                return True
            case ("is float", inner):
                float(_taken(m, inner))
                return True
            case ("is a level", inner):
                return _taken(m, inner) in stdlib.LEVELS
            case _:
                return bool(_taken(m, value))
    except _Unset:
        # Nothing is so of a variable that is not set and has no default.
        return False
    except (LookupError, TypeError):
        return None
    except ValueError:
        return False


_SHORT = 200
"""Characters of a default up to which it is told what the code makes of it."""


class _Unset(Exception):
    """A variable has no value where it is not set."""


def _taken(m: Machine, value: Any) -> Any:
    """Return what a value is where its variable is not set.

    Raises ``_Unset`` where there is no default, ``LookupError`` where it cannot be told.
    """
    match value:
        case Const(value=found):
            return found
        case Opaque(key=("env", *_)):
            default = _default_of(m, value)
            if not default:
                raise _Unset
            if (found := _written(default)) is None:
                raise LookupError
            return found
        case Opaque(key=("add", left, right)):
            return _taken(m, left) + _taken(m, right)
        case Opaque(key=(str(how), inner, *rest)) if how in RESULTS:
            owner, given = _taken(m, inner), [_taken(m, each) for each in rest]
            if len(owner) > _SHORT or any(
                not isinstance(each, str) or len(each) > _SHORT for each in given
            ):
                raise LookupError
            return getattr(owner, how)(*given)
        case Opaque(key=("int", inner)):
            return int(_taken(m, inner))
        case Opaque(key=("float", inner)):
            return float(_taken(m, inner))
        case Opaque(key=("len", inner)):
            return len(_taken(m, inner))
        case _:
            raise LookupError


def _written(default: str) -> Any:
    try:
        return ast.literal_eval(default)
    except (SyntaxError, ValueError):
        return None


def _is_set(atom: Any) -> bool:
    return isinstance(atom, tuple) and atom[0] == "set"


def _about(atom: Any) -> str:
    match atom:
        case ("runs", _):
            return "the system of the node"
        case ("unset" | "given", inner):
            return _about(inner)
        case ("set", value) | ("truth", Opaque(key=("env", *_)) as value):
            return variable(value)
        case ("truth", Opaque(key=(_, Opaque() as inner, *_))):
            return variable(inner) or variable(Opaque("", atom[1].key))
        case ("truth", value) | (_, value):
            return variable(value)
        case ("=", one, other):
            return variable(one) or variable(other)
        case _:
            return ""


def _compared(atom: Any) -> Any:
    """Return what is said to be equal to a constant; nothing for other conditions."""
    match atom:
        case ("runs", _):
            return "the system of the node"
        case ("truth", Opaque(key=("=", Opaque() as value, Const()))):
            return value
        case ("=", Opaque() as value, Const()) | ("=", Const(), Opaque() as value):
            return value
        case _:
            return None


def _one(m: Machine, atom: Any, at: object, so: bool) -> str:
    """Return one condition in words."""
    no = "" if so else "not "
    match atom:
        case ("runs", system):
            return _runs(system, so)
        case ("unset", ("truth", Opaque(type="str", key=("env", *_)) as value)):
            return of_variable(subject(value), UNSET, FILLED if so else EMPTY)
        case ("unset", inner):
            return _one(m, inner, at, so)
        case ("given", inner):
            said = _one(m, inner, at, so)
            default = _default_of(m, Opaque("str", ("env", Const(_about(inner)), None)))
            return said.removesuffix(f" (default {default})") if default else said
        case ("set", value):
            return of_variable(subject(value), *((EMPTY, FILLED) if so else (UNSET,)))
        case ("truth", Opaque(key=key)) if isinstance(key, tuple) and (
            found := _comparison(m, key, so)
        ):
            return found
        case ("truth", Opaque(type="str", key=("env", *_)) as value):
            return of_variable(subject(value), FILLED if so else EMPTY)
        case ("truth", Opaque() as value):
            if value.type in ("str", "int", "float"):
                return (
                    f"{subject(value)} is {'not ' if so else ''}{_false(value)}{_default(m, value)}"
                )
            return f"{subject(value)} is {no}true"
        case ("=", one, other):
            left, right = (one, other) if isinstance(one, Opaque) else (other, one)
            return _equal(m, left, right, so)
        case ("installed", name):
            return f"{name} is {no}installed"
        case ("distribution", name):
            return f"the distribution {name} is {no}installed"
        case ("there", place):
            return f"{place} is {no}there"
        case ("on the machine", place, _):
            return f"{place} is {no}on the node's machine"
        case ("is int", value):
            return f"{subject(value)} is {no}a whole number{_default(m, value)}"
        case ("is float", value):
            return f"{subject(value)} is {no}a number{_default(m, value)}"
        case ("is a level", value):
            return f"{subject(value)} is {no}a level of logging{_default(m, value)}"
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


def _false(value: Opaque) -> str:
    """Return what a text or a number is that counts as false."""
    if value.type != "str":
        return "0"
    match value.key:
        case ("strip" | "lstrip" | "rstrip", Opaque()):
            return "blank"
        case _:
            return "empty"


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
    return found[0] if len(found) == 1 and found != ("None",) else ""


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
