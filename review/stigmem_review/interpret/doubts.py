"""What may raise where nothing catches it: whether it does is not known.

What acts on the world may fail by how the world is. What Python or the node's own libraries are
given as constants they may not take, where no model says so, and a name that they are not known to
have may be a slip. Anything else is taken to do what whoever wrote it tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stigmem_review.host import apis, libraries
from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.protocols import type_name
from stigmem_review.interpret.values import (
    Conditions,
    Const,
    File,
    Foreign,
    Method,
    Ref,
    Tuple,
    Unknown,
    Value,
)
from stigmem_review.model import FACTORY, IMPORT, Location

_WORLD = ("databases", "files", "native code", "network", "process")
"""What is not there, or not as it has to be, on one node and is on another."""
_LOOPS = ("asyncio.run",)
"""What raises where a loop of events runs already, as it does where a node loads its plugins."""
_LIBRARIES = STANDARD | {"fastapi", "pydantic", "starlette", "stigmem_node"}


class Doubt(msgspec.Struct, frozen=True):
    """Something that may raise: why, where, in which phase, and what has to be so for it."""

    why: str
    at: Location | None
    phase: str
    conditions: Conditions


def doubt(m: Machine, function: Value, given: Sequence[Value]) -> None:
    """Note that a call of which a model cannot say what it does may raise."""
    api = _api(m, function)
    if not api or apis.asks(api):
        return
    acts = apis.called(api)
    if api not in _LOOPS and (acts is None or acts[0] not in _WORLD):
        is_known = api.partition(".")[0] in _LIBRARIES and "()" not in api
        if not (is_known and given and all(is_plain(m, each) for each in given)):
            return
        if api.startswith("os.path.") and all(type_name(m, each) == "str" for each in given):
            # What only takes a path to pieces takes any.
            return
    note(m, f"whether {api}() raises is not known")


def note(m: Machine, why: str) -> None:
    """Note that something may raise, unless that is caught or the node does not come to it."""
    if m.guarded or m.roots or m.lost or m.phase not in (IMPORT, FACTORY):
        return
    m.noted.append(Doubt(why, m.at(), m.phase, frozenset(m.path.items())))


def lacking(m: Machine, module: str, name: str = "") -> None:
    """Note that a library of the node is not known to have a module, or a name in it."""
    if absent := libraries.lacks(module, name):
        note(m, f"whether {absent.rpartition('.')[0]} has {absent.rpartition('.')[2]} is not known")


def _api(m: Machine, function: Value) -> str:
    match function:
        case Foreign(dotted=api) | Unknown(api=api):
            return apis.canonical(api)
        case Method(owner=File(), name=name):
            return f"pathlib.Path.{name}"
        case Method(owner=Ref(kind="object") as owner, name=name):
            kind = m.thing(owner).type
            return f"{kind.dotted}.{name}" if isinstance(kind, Foreign) else ""
        case _:
            return ""


def is_plain(m: Machine, value: Value) -> bool:
    """Say whether a value is a constant, or a list of them."""
    match value:
        case Const():
            return True
        case Tuple(items=items):
            return all(is_plain(m, each) for each in items)
        case Ref(kind="list") as ref if isinstance(content := m.read(ref), Tuple):
            return is_plain(m, content)
        case _:
            return False
