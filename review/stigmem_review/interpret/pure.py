"""Functions of the standard library that only make something of their arguments, called for real.

With constants, what they give or raise is what our own copy of them does: each of them takes time
in proportion to what it is given, looks at nothing else, and does the same in every Python that a
node runs on.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any

from stigmem_review.interpret import text
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, model
from stigmem_review.interpret.values import Foreign, Value

_PLAIN = {
    "base64": "b16decode b16encode b32decode b32encode b64decode b64encode standard_b64decode "
    "standard_b64encode urlsafe_b64decode urlsafe_b64encode",
    "binascii": "a2b_base64 a2b_hex b2a_base64 b2a_hex crc32 hexlify unhexlify",
    "html": "escape unescape",
    "math": "acos asin atan atan2 ceil copysign cos degrees exp fabs floor fmod gcd hypot isclose "
    "isfinite isinf isnan log log10 log1p log2 pow radians sin sqrt tan trunc",
    "shlex": "quote split",
    "struct": "calcsize",
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
    "string": "Template",
    "urllib.parse": "urlparse urlsplit",
    "uuid": "UUID",
}
"""Classes and functions that give values of which no more is known than that they were made."""
_PATTERN = "re.compile"
_CHARS = 16
"""Characters that count as one step: the slowest of them reads one at a time in Python."""
_RANGE = 120
"""Steps that a range of characters in a pattern counts as: without case it is gone through."""


def _real(dotted: str) -> Callable[..., Any]:
    module = next(each for each in (*_PLAIN, *_VALUES, "re") if dotted.startswith(f"{each}."))
    found: Callable[..., Any] = attrgetter(dotted[len(module) + 1 :])(import_module(module))
    return found


def _call(m: Machine, dotted: str, args: Args, keywords: Keywords) -> Any:
    """Call a function for real: what it gives, or the exception it raises.

    Raises ``GiveUp`` where it is given anything but constants.
    """
    given = [text.plain(m, each) for each in args]
    named = {name: text.plain(m, each) for name, each in keywords}
    if dotted == _PATTERN and given and isinstance(given[0], (str, bytes)):
        dashes = given[0].count("-") if isinstance(given[0], str) else given[0].count(b"-")
        m.tick(dashes * _RANGE)
    every = (*given, *named.values())
    m.tick(1 + sum(len(each) for each in every if isinstance(each, (str, bytes))) // _CHARS)
    try:
        return _real(dotted)(*given, **named)
    except (RecursionError, MemoryError):
        raise GiveUp("it takes too much memory") from None
    except Exception as error:  # Whatever it raises is what the program gets.
        raise text.raised(m, error) from None


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


for _run, _table in ((_giving, _PLAIN), (_making, _VALUES)):
    for _module, _names in _table.items():
        for _name in _names.split():
            model(f"{_module}.{_name}")(_run(f"{_module}.{_name}"))
