"""Operations on constants, done for real, within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from stigmem_review import limits
from stigmem_review.host import apis
from stigmem_review.interpret import protocols
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.heap import ALL
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Value,
    View,
    words,
)
from stigmem_review.patterns import late

_CHARS = 512
_ITEMS = 8
"""Characters, and items, of what is handed over that count as one step."""
_PLAIN = (type(None), bool, int, float, str, bytes, complex, type(Ellipsis))
_NESTED = late(r"\{[^{}]*\{")
"""A width that is given apart from the text that it is for."""
_WIDE = late(r"\d{4,}")
_PURE_TEXT = words(
    "capitalize casefold center count encode endswith expandtabs find format index isalnum "
    "isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace "
    "istitle isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind "
    "rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
    "upper zfill decode hex"
)
_PURE_NUMBER = words("bit_length bit_count conjugate is_integer as_integer_ratio hex")
RESULTS = {
    **dict.fromkeys(
        words(
            "capitalize casefold center expandtabs ljust lower lstrip removeprefix removesuffix "
            "replace rjust rstrip strip swapcase title upper zfill"
        ),
        "str",
    ),
    **dict.fromkeys(["count", "find", "rfind"], "int"),
    **dict.fromkeys(
        words(
            "endswith isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric "
            "isprintable isspace istitle isupper startswith"
        ),
        "bool",
    ),
}


def plain(m: Machine, value: Value) -> Any:
    """Return a value as Python's own object. Raises ``GiveUp`` where it is not a plain one."""
    match value:
        case Const(value=constant):
            if isinstance(constant, (str, bytes)):
                m.tick(len(constant) // _CHARS)
            return constant
        case Member(mixin="StrEnum" | "str" | "int", value=inner):
            return plain(m, inner)
        case Tuple(items=items, shuffled=False):
            m.tick(1 + len(items) // _ITEMS)
            return tuple(plain(m, each) for each in items)
        case Ref(kind="list"):
            content = m.read(value)
            if isinstance(content, Tuple) and not content.shuffled:
                m.tick(1 + len(content.items) // _ITEMS)
                return [plain(m, each) for each in content.items]
        case Ref(kind="dict"):
            content = m.read(value)
            if isinstance(content, Pairs) and not content.shuffled:
                m.tick(1 + len(content.items) // _ITEMS)
                return {plain(m, name): plain(m, each) for _, name, each in content.items}
        case _:
            pass
    raise GiveUp("it is no plain constant")


_LIKE: dict[str, Callable[[], Any]] = {
    "dict": dict,
    "function": lambda: plain,
    "list": list,
    "module": lambda: limits,
    "set": set,
}
_VIEWS: dict[str, Any] = {"items": {}.items(), "keys": {}.keys(), "values": {}.values()}


def like(m: Machine, value: Value) -> Any:
    """Return a constant, or an empty one of the builtin type that a value is of.

    ``MISSING`` where its type is not known to be a builtin one.
    """
    match value:
        case Const(value=constant):
            return constant
        case Tuple(named=None):
            return ()
        case Frozen():
            return frozenset()
        case View(kind=kind, owner=owner) if kind in _VIEWS and not m.thing(owner).name:
            return _VIEWS[kind]
        case Ref(kind="dict") if m.thing(value).name:
            # Such as a defaultdict, which has operators of its own.
            return MISSING
        case Ref(kind=kind) if kind in _LIKE:
            return _LIKE[kind]()
        case _:
            return MISSING


def from_plain(m: Machine, value: Any) -> Value:
    """Return Python's own object as a value."""
    if isinstance(value, _PLAIN):
        if isinstance(value, (str, bytes)):
            m.tick(1 + len(value) // 64)
            if len(value) > limits.TEXT_CHARS:
                raise GiveUp("a text is too long")
        if type(value) is int and value.bit_length() > 4000:
            raise GiveUp("a number is too large")
        return Const(value)
    if type(value) is tuple:
        return Tuple(tuple(from_plain(m, each) for each in value))
    if isinstance(value, list):
        return m.new_list([from_plain(m, each) for each in value])
    if isinstance(value, dict):
        entries: list[tuple[Hashable, Value, Value]] = [
            (("c", name), from_plain(m, name), from_plain(m, each)) for name, each in value.items()
        ]
        return m.new_dict(Pairs(tuple(entries)))
    raise GiveUp("what comes out is no plain constant")


def really(m: Machine, run: Callable[[], Any]) -> Value:
    """Do something with constants for real: what it gives, or the exception it raises."""
    m.tick()
    try:
        found = run()
    except GiveUp:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise raised(m, error) from None
    except (RecursionError, MemoryError):
        raise GiveUp("it takes too much memory") from None
    return from_plain(m, found)


def raised(m: Machine, error: Exception, *, worded: bool = True) -> Exit:
    """Return the end of a program in which Python itself raised an exception.

    ``worded`` says whether every Python says the same of it.

    Raises ``GiveUp`` for classes of which nothing is known.
    """
    kind = type(error)
    dotted = apis.canonical(f"{kind.__module__}.{kind.__qualname__}")
    if m.derives(Foreign(dotted), Foreign("builtins.Exception")) is not True:
        raise GiveUp("which exception it raises is not known")
    builtin = kind.__module__ == "builtins"
    known = worded and builtin and all(isinstance(each, _PLAIN) for each in error.args)
    made = m.exception(Foreign(dotted), [*map(Const, error.args)] if known else ())
    if not known:
        m.put((made.oid, "args"), m.unknown("the words of an exception are not known"))
    if not (worded and builtin):
        m.messages[made.oid] = str(error)
    return Exit("raises", made)


def call_method(m: Machine, owner: Value, name: str, args: Sequence[Value],
                keywords: Sequence[tuple[str, Value]]) -> Value:  # fmt: skip
    """Call a method of a text, number or the like."""
    if isinstance(owner, Opaque):
        return _opaque(m, owner, name, args, keywords)
    me = plain(m, owner)
    if any(isinstance(each, Opaque) for each in args) and name in RESULTS and not keywords:
        return Opaque(RESULTS[name], (name, owner, *args))
    given = [plain(m, each) for each in args]
    named = {key: plain(m, each) for key, each in keywords}
    if name not in (_PURE_TEXT if isinstance(me, (str, bytes)) else _PURE_NUMBER):
        raise GiveUp(f"{name}() is not followed")
    if name in ("encode", "decode"):
        in_time((*given, *named.values()))
    _guard(me, name, given)
    return really(m, lambda: getattr(me, name)(*given, **named))


_SLOW = ("idna", "punycode")
"""Encodings that take time by the square of a text: of all that Python has, each was timed."""


def in_time(encodings: Sequence[Any]) -> None:
    """Raise ``GiveUp`` where one of what may name an encoding names one that is slow."""
    for each in encodings:
        if isinstance(each, str) and re.sub(r"\W|_", "", each).lower() in _SLOW:
            raise GiveUp("a text is put into an encoding that takes long")


def _guard(me: Any, name: str, given: list[Any]) -> None:
    if name in ("ljust", "rjust", "center", "zfill", "expandtabs"):
        if given and isinstance(given[0], int) and given[0] > limits.TEXT_CHARS:
            raise GiveUp("a text is too long")
    elif name == "replace" and len(given) > 1:
        if len(me) * (1 + len(given[1])) > limits.TEXT_CHARS * 4:
            raise GiveUp("a text is too long")
    elif (
        (
            name == "format"
            and me.count("{") * max(map(_length, given), default=0) > (limits.TEXT_CHARS * 4)
        )
        or (name == "format" and (_WIDE.search(me) or _NESTED.search(me)))
        or (name == "join" and given and len(me) * len(given[0]) > limits.TEXT_CHARS * 4)
    ):
        raise GiveUp("a text is too long")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes)) else 1


def _opaque(m: Machine, owner: Opaque, name: str, args: Sequence[Value],
            keywords: Sequence[tuple[str, Value]]) -> Value:  # fmt: skip
    if owner.type != "str" or keywords:
        raise GiveUp("a method of what is not known")
    given = [each if isinstance(each, Opaque) else Const(plain(m, each)) for each in args]
    if name in RESULTS and all(
        each.type == "str" if isinstance(each, Opaque) else isinstance(each.value, (str, int))
        for each in given
    ):
        return Opaque(RESULTS[name], (name, owner, *given))
    if name in ("split", "rsplit", "splitlines"):
        found = m.new_list(())
        m.put((found.oid, ALL), m.because("it is made of a text that only the node has", (owner,)))
        return found
    raise GiveUp("a text that only the node has is taken apart")


def formatted(m: Machine, value: Value, conversion: int, spec: str) -> Value:
    """Return a value as an f-string shows it."""
    if isinstance(value, Opaque):
        if value.type == "str" and conversion in (-1, ord("s")) and not spec:
            return value
        return Opaque("str", ("format", value, conversion, spec))
    if conversion == ord("r"):
        shown = m.repr_of(value)
        given, how = plain(m, shown), _spec(spec)
        return really(m, lambda: format(given, how))
    if (
        conversion == -1
        and isinstance(value, Member)
        and value.mixin not in ("", "StrEnum")
        and not m.overrides(value.enum, ("__str__",))
    ):
        raise GiveUp("how a member of an enumeration is formatted depends on the Python version")
    if isinstance(value, Member) and conversion == -1 and m.overrides(value.enum, ("__format__",)):
        raise GiveUp("how a member of an enumeration is formatted is not known")
    if (
        isinstance(value, Ref)
        and value.kind == "instance"
        and conversion == -1
        and m.special(value, "__format__")
    ):
        return protocols.ask(m, value, "__format__", Const(spec))
    if isinstance(value, Const) and conversion == -1:
        return really(m, lambda: format(value.value, _spec(spec)))
    if spec and conversion == -1 and _is_formatted_plainly(value):
        m.raise_("TypeError", Const("unsupported format string"))
    shown = m.text_of(value)
    if isinstance(shown, Opaque):
        return shown if not spec else Opaque("str", ("format", shown, -1, spec))
    given, how = plain(m, shown), _spec(spec)
    return really(m, lambda: format(given, how))


def _is_formatted_plainly(value: Value) -> bool:
    """Say whether a value takes no format, as ``object`` does."""
    match value:
        case Tuple() | Frozen() | File(text=False) | Bound():
            return True
        case Ref(kind="list" | "dict" | "set" | "function" | "class" | "module" | "instance"):
            return True
        case _:
            return False


def _spec(spec: str) -> str:
    if _WIDE.search(spec):
        raise GiveUp("a text is too long")
    return spec


def joined(m: Machine, parts: Sequence[Value]) -> Value:
    """Return texts put together."""
    if all(isinstance(each, Const) for each in parts):
        texts = [plain(m, each) for each in parts]
        return really(m, lambda: "".join(texts))
    if len(parts) == 1:
        return parts[0]
    return Opaque("str", ("joined", *parts))
