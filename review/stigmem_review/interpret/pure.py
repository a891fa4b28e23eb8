"""Functions of the standard library that only make something of their arguments, called for real.

With constants, what they give or raise is what our own copy of them does: each of them takes time
in proportion to what it is given, does nothing else, and does the same in every Python that a node
runs on. What of their arguments they do not do the same with is given up on, and so is what a
program may have changed that they go by.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Any

from stigmem_review.interpret import text
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, model
from stigmem_review.interpret.protocols import type_name
from stigmem_review.interpret.values import Const, Foreign, Value
from stigmem_review.patterns import late

_PLAIN = {
    "base64": "b16decode b16encode b32decode b32encode b64decode b64encode standard_b64decode "
    "standard_b64encode urlsafe_b64decode urlsafe_b64encode",
    "binascii": "a2b_base64 a2b_hex b2a_base64 b2a_hex crc32 hexlify unhexlify",
    "html": "escape unescape",
    "math": "ceil copysign degrees fabs floor fmod gcd isclose isfinite isinf isnan radians sqrt "
    "trunc",
    "shlex": "quote split",
    "textwrap": "dedent",
    "urllib.parse": "quote quote_plus unquote unquote_plus",
}
"""Functions that give constants, by their modules."""
_VALUES = {
    "collections": "Counter",
    "datetime": "date date.fromisoformat datetime datetime.fromisoformat time timedelta",
    "decimal": "Decimal",
    "hashlib": "blake2b blake2s md5 sha1 sha224 sha256 sha384 sha3_256 sha512",
    "ipaddress": "IPv4Address IPv4Network IPv6Address IPv6Network ip_address ip_network",
    "math": "acos asin atan atan2 cos exp hypot log log10 log1p log2 pow sin tan",
    "string": "Template",
    "struct": "calcsize",
    "urllib.parse": "urlparse urlsplit",
    "uuid": "UUID",
}
"""Classes and functions that give values of which no more is known than that they were made, such
as numbers that the machine's own library rounds."""
_KEEPING = {
    "asyncio": "BoundedSemaphore LifoQueue PriorityQueue Queue Semaphore",
    "concurrent.futures": "ThreadPoolExecutor",
    "logging": "Formatter",
    "queue": "LifoQueue PriorityQueue Queue",
    "threading": "BoundedSemaphore Semaphore",
}
"""Classes whose objects keep what they are made with, and begin to do something only when they are
asked to."""
_DIFFERENT = {
    "base64": r"(altchars|casefold|map01|validate)=(?!True|False|b')",
    "binascii": r"(newline|strict_mode)=(?!True|False)",
    "datetime.datetime.fromisoformat": r"\A.{7,8}[^\d-]24|\A.{10}[^\d-]24",
    "hashlib": r"\b(data|string)=",
    "re.compile": r"\\z",
    "struct.calcsize": r"[DF]",
    "textwrap.dedent": r"[^\S \t\n]",
    "urllib.parse.url": r"[\[\]]|[^!-~\n]",
    "uuid.UUID": r"version=",
}
"""What is in arguments with which Pythons from 3.11 on do not do the same: their change logs, and a
comparison of 3.11, 3.12 and 3.13 call by call."""
_TEXTS = {
    **dict.fromkeys(("findall", "finditer", "fullmatch", "match", "search"), "string flags"),
    **dict.fromkeys(("sub", "subn"), "repl string count flags"),
    "split": "string maxsplit flags",
}
"""What functions of ``re`` take after a pattern, which they compile before anything else."""
_OPTIONAL = frozenset({"count", "flags", "maxsplit"})
_PATTERN = "re.compile"
_CHARS = 16
"""Characters that count as one step: the slowest of them reads one at a time in Python."""
_SQUARE = 64
"""Pairs of characters that count as one step where each may be read again from each other."""
_RANGE = 120
"""Steps that a range of characters in a pattern counts as: without case it is gone through."""
_SET = 8
"""Steps that a set of characters in a pattern counts as: it may be looked up in a table."""
_NESTED = 100
"""Groups of a pattern: how deep Python may nest them depends on what calls it."""
_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE
"""Those flags of patterns that say how to match, and nothing else."""
FLAGS = {
    f"{owner}.{name}": int(each)
    for owner in ("re", "re.RegexFlag")
    for name, each in re.RegexFlag.__members__.items()
    if each & _FLAGS
}
"""What they are as numbers, by their names in every Python."""
_COMBINED = late(r"re\.RegexFlag\((\d+)\)\Z")
"""The name of several flags, of which Python has one only for each."""


def flags_of(value: Value) -> int | None:
    """Return what flags of patterns are as a number; nothing where a value is none of them."""
    if not isinstance(value, Foreign):
        return None
    if combined := _COMBINED.match(value.dotted):
        return int(combined[1])
    return FLAGS.get(value.dotted)


def united_flags(left: Value, right: Value) -> Value | None:
    """Return what ``|`` makes of flags of patterns; nothing where either may be something else."""
    one, other = flags_of(left), flags_of(right)
    return None if one is None or other is None else Foreign(f"re.RegexFlag({one | other})")


def _real(dotted: str) -> Callable[..., Any]:
    module = next(e for e in (*_PLAIN, *_VALUES, *_KEEPING, "re") if dotted.startswith(f"{e}."))
    found: Callable[..., Any] = attrgetter(dotted[len(module) + 1 :])(import_module(module))
    return found


def _call(m: Machine, dotted: str, args: Args, keywords: Keywords) -> Any:
    """Call a function for real: what it gives, or the exception it raises.

    Raises ``GiveUp`` where it is given anything but constants.
    """
    given = [_plain(m, each) for each in args]
    named = {name: _plain(m, each) for name, each in keywords}
    every = (*given, *named.values())
    text.in_time(every[1:])
    if dotted == _PATTERN:
        _tick_pattern(m, every)
    m.tick(1 + sum(len(each) for each in every if isinstance(each, (str, bytes))) // _CHARS)
    _refuse_different(dotted, given, named)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _real(dotted)(*given, **named)
    except Warning:
        raise GiveUp("Python warns of it, and may do something else in another version") from None
    except (RecursionError, MemoryError):
        raise GiveUp("it takes too much memory") from None
    except Exception as error:  # Whatever it raises is what the program gets.
        raise text.raised(m, error, worded=False) from None


def _plain(m: Machine, value: Value) -> Any:
    flags = flags_of(value)
    return text.plain(m, value) if flags is None else flags


def _tick_pattern(m: Machine, every: Sequence[Any]) -> None:
    """Count what a pattern costs beside its length. Raises ``GiveUp`` where it may do more."""
    written = _written(every[:1])
    m.tick(written.count("-") * _RANGE + written.count("[") * _SET)
    if written.count("(") > _NESTED:
        raise GiveUp("a pattern has too many groups")
    if any(not isinstance(each, int) or each & ~_FLAGS for each in every[1:]):
        raise GiveUp("which flags a pattern has is not known")


def _refuse_different(dotted: str, given: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise ``GiveUp`` where not every Python does the same."""
    if any(each is None for each in (*given, *named.values())):
        # It stands for the standard input, or for what only some versions take.
        raise GiveUp("it is called in an unusual way")
    written = _written([*given, *(f"{name}={each!r}" for name, each in named.items())])
    for start, pattern in _DIFFERENT.items():
        if dotted.startswith(start) and re.search(pattern, written):
            raise GiveUp("what it does depends on the Python version")


def _written(values: Sequence[Any]) -> str:
    return "\n".join(
        each.decode("latin-1") if isinstance(each, bytes) else each
        for each in values
        if isinstance(each, (str, bytes))
    )


def _giving(dotted: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        return text.from_plain(m, _call(m, dotted, args, keywords))

    return run


def _making(dotted: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        if dotted.startswith("decimal.") and any(
            each.api.startswith("decimal.") and "ontext" in each.api for each in m.events
        ):
            raise GiveUp("what numbers are made of goes by a context that may have been changed")
        _call(m, dotted, args, keywords)
        return m.given_by(f"{dotted}()", f"what {dotted}() gives is not known")

    return run


def _keeping(dotted: str) -> Run:
    make = _making(dotted)

    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = (*args, *(each for _, each in keywords))
        constants = [each.value for each in given if isinstance(each, Const)]
        if len(constants) < len(given):
            # What can change would be shared with the object.
            raise GiveUp(f"what {dotted}() gives is not known")
        m.tick(len(_written(constants)) ** 2 // _SQUARE)
        return make(m, args, keywords)

    return run


@model(_PATTERN)
def _compile(m: Machine, args: Args, keywords: Keywords) -> Value:
    try:
        _call(m, _PATTERN, args, keywords)
    except GiveUp:
        m.may_raise("whether it is a regular expression is not known")
    for each in (*args, *(value for _, value in keywords)):
        m.shown(each)
    held = (*(("", each) for each in args), *keywords)
    return m.alloc(Thing("object", type=Foreign(_PATTERN), defaults=held))


def _matching(name: str, parameters: Sequence[str]) -> Run:
    dotted = f"re.{name}"

    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        m.hand_on(dotted, args, keywords)
        given = {**dict(zip(parameters, args, strict=False)), **dict(keywords)}
        if len(given) < len(args) + len(keywords) or not given.keys() <= {*parameters}:
            raise GiveUp("it is called in an unusual way")
        if not {*parameters} - _OPTIONAL <= given.keys():
            raise GiveUp("it is called in an unusual way")
        flags = [given["flags"]] if "flags" in given else []
        _call(m, _PATTERN, (given["pattern"], *flags), ())
        if not _is_taken(m, given):
            raise GiveUp(f"what {dotted}() gives is not known")
        return m.given_by(f"{dotted}()", f"what {dotted}() gives is not known")

    return run


def _is_taken(m: Machine, given: Mapping[str, Value]) -> bool:
    """Say whether what is given beside a pattern and its flags is what any pattern takes."""
    texts = {type_name(m, each) for name, each in given.items() if name not in _OPTIONAL}
    numbers = {type_name(m, given[each]) for each in _OPTIONAL - {"flags"} if each in given}
    # What stands behind a backslash has to be a group of the pattern.
    repl = given.get("repl", Const(""))
    return (
        texts in ({"str"}, {"bytes"})
        and numbers <= {"int"}
        and isinstance(repl, Const)
        and "\\" not in _written([repl.value])
    )


for _function, _names in _TEXTS.items():
    model(f"re.{_function}")(_matching(_function, ("pattern", *_names.split())))
for _run, _table in ((_giving, _PLAIN), (_making, _VALUES), (_keeping, _KEEPING)):
    for _module, _names in _table.items():
        for _name in _names.split():
            model(f"{_module}.{_name}")(_run(f"{_module}.{_name}"))
