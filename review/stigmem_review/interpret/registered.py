"""What the node gets with a manifest, as it is on the heap: handlers, routers, classes."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.routers import ROUTER
from stigmem_review.interpret.values import MISSING, Const, Pairs, Ref, Tuple, Value, values_of


def possible(program: Program, field: str) -> Iterator[Value]:
    """Yield all that a field of the manifest can be, lists and dicts as what is in them."""
    program.make()
    m = program.machine
    for made in values_of(program.made or MISSING):
        if not isinstance(made, Ref) or made.kind != "manifest":
            continue
        for value in values_of(m.read(made, field)):
            inside = isinstance(value, Ref) and value.kind in ("list", "set", "dict")
            content = m.read(value) if isinstance(value, Ref) and inside else value
            yield from values_of(content)


def handlers(program: Program) -> Iterator[tuple[str, Value]]:
    """Yield every handler that the node can get, with the name of its hook."""
    for pairs in possible(program, "hooks"):
        for _, name, handler in pairs.items if isinstance(pairs, Pairs) else ():
            for each in values_of(handler):
                if isinstance(name, Const):
                    yield str(name.value), each


def mounted(program: Program) -> Iterator[Ref]:
    """Yield every router that the node can get."""
    for listed in possible(program, "routes"):
        for router in listed.items if isinstance(listed, Tuple) else ():
            for each in values_of(router):
                if isinstance(each, Ref):
                    yield each


def router_name(m: Machine, value: Ref) -> str:
    """Return the name of a module under which a router can be found, or else where it is made."""
    made = m.thing(value)
    home = made.env.module.name if made.env else made.extra
    modules = sorted(enumerate(m.things), key=lambda each: each[1].name != home)
    for number, thing in modules:
        module = Ref(number, "module")
        if thing.kind != "module" or m.is_escaped(module):
            continue
        for name in m.names(module):
            if m.read(module, name) == value:
                return f"{thing.name}:{name}"
    if made.type != ROUTER or made.env is None:
        raise GiveUp("it is not a router that can be found")
    around = f"{made.env.qualname}.<locals>." if made.env.kind == "function" else ""
    return f"{home}:{around}APIRouter"
