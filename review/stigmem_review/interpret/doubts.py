"""Calls of others that may raise where nothing catches it: whether they do is not known.

What acts on the world may fail by how the world is. What Python or the node's own libraries are
given as constants they may not take, where no model says so. Anything else is taken to do what
whoever wrote it tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stigmem_review.host import apis
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
    """A call that may raise: of what, where, in which phase, and what has to be so for it."""

    api: str
    at: Location | None
    phase: str
    conditions: Conditions


def doubt(m: Machine, function: Value, given: Sequence[Value]) -> None:
    """Note that a call of which a model cannot say what it does may raise."""
    if m.guarded or m.roots or m.lost or m.phase not in (IMPORT, FACTORY):
        return
    api = _api(m, function)
    if not api or apis.asks(api):
        return
    acts = apis.called(api)
    if api not in _LOOPS and (acts is None or acts[0] not in _WORLD):
        is_known = api.partition(".")[0] in _LIBRARIES and "()" not in api
        if not (is_known and given and all(_is_plain(m, each) for each in given)):
            return
        if api.startswith("os.path.") and all(type_name(m, each) == "str" for each in given):
            # What only takes a path to pieces takes any.
            return
    m.noted.append(Doubt(api, m.at(), m.phase, frozenset(m.path.items())))


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


def _is_plain(m: Machine, value: Value) -> bool:
    match value:
        case Const():
            return True
        case Tuple(items=items):
            return all(_is_plain(m, each) for each in items)
        case Ref(kind="list") as ref if isinstance(content := m.read(ref), Tuple):
            return _is_plain(m, content)
        case _:
            return False
