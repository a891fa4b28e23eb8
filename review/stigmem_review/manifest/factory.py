"""From an entry point to what its factory returns, without calling it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from stigmem_review.code.modules import Module, Unusable
from stigmem_review.code.nodes import children
from stigmem_review.host import nearest
from stigmem_review.interpret.calls import names_in
from stigmem_review.interpret.ends import place_of
from stigmem_review.interpret.heap import Site
from stigmem_review.interpret.host import FIELDS
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.readout import Raised, read_program, written_at
from stigmem_review.interpret.readout import Reading as Read
from stigmem_review.interpret.values import Const, Frozen, Ref, Tuple
from stigmem_review.model import (
    EntryPoint,
    Gap,
    Location,
    Manifest,
    Problem,
    Unknown,
)
from stigmem_review.text import shorten

_UNKNOWN_KEYWORDS = 20
"""Keywords the node does not know that are each named; nobody mistypes more."""
_REASONS = 3
"""Exceptions that are each named where a factory always raises one."""


class Reading(msgspec.Struct, frozen=True):
    """What reading one entry point gave."""

    manifest: Manifest | Unknown
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()


class _Stop(Exception):
    """Carries the answer out of the reading."""

    def __init__(self, why: str, at: Location | None, kind: str | None = None) -> None:
        super().__init__(why)
        self.unknown = Unknown(why, at)
        self.kind = kind


def read_factory(entry_point: EntryPoint, program: Program) -> Reading:
    """Read the manifest an entry point's factory returns, on the given node release.

    ``program`` is the one of the entry point. Never raises for what a release contains: what
    cannot be followed is unknown, a module that cannot be read at all is a gap.
    """
    modules = program.modules
    manifest: Manifest | Unknown
    problems: list[Problem] = []
    try:
        manifest, problems = _read(entry_point, program)
    except _Stop as stop:
        at = stop.unknown.at or entry_point.at or _home(program)
        manifest = Unknown(stop.unknown.why, at)
        if stop.kind:
            problems = [Problem(stop.kind, entry_point.value, manifest.why, at)]
    gaps = [Gap(str(each.at), each.why, each.do) for each in modules.unusable if each.gap]
    return Reading(manifest, tuple(problems), tuple(gaps))


def _home(program: Program) -> Location | None:
    """Return the module that the entry point leads to."""
    found = program.modules.get(program.entry.partition(":")[0])
    return found.at if isinstance(found, Unusable) else Location(found.shown) if found else None


def _read(entry_point: EntryPoint, program: Program) -> tuple[Manifest, list[Problem]]:
    modules = program.modules
    if modules.intruder:
        raise _Stop(
            "the release installs a file that runs at the start of Python, or among the host's "
            "own modules, and can change what any name stands for",
            Location(modules.intruder),
        )
    name, _, attribute = program.entry.partition(":")
    module = modules.get(name)
    if module is None:
        why = f"there is no module {shorten(name, 80)} in this release"
        raise _Stop(why, entry_point.at, "target-missing")
    read = read_program(program)
    if program.lost:
        raise _Stop(program.lost.why, program.lost.at)
    if program.phase == "find" and isinstance(module, Module):
        why = f"{module.shown} does not define {shorten(attribute, 80)}"
        raise _Stop(why, entry_point.at, "target-missing")
    _refuse_no_factory(program)
    if not read.fields:
        raise _Stop(*_raising(program, read.raised), "load-raises")
    unknown = {each if isinstance(each, Unknown) else None for each in read.fields.values()}
    if len(unknown) == 1 and (whole := unknown.pop()):
        raise _Stop(whole.why, whole.at)
    manifest = Manifest(**read.fields)  # type: ignore[arg-type]
    return manifest, [*_problems(read)]


def _problems(read: Read) -> Iterator[Problem]:
    for name, at in [*read.unknown.items()][:_UNKNOWN_KEYWORDS]:
        close = nearest(name, FIELDS) if len(name) < 64 else ""
        yield Problem("keyword-unknown", shorten(name, 80), close, at)
    seen = set()
    for each in read.refused:
        if each.field not in seen:
            seen.add(each.field)
            yield Problem("field-refused", each.field, each.why + _if(each.conditions), each.at)


def _if(conditions: tuple[str, ...]) -> str:
    return f", if {' and '.join(conditions)}" if conditions else ""


def _raising(program: Program, raised: tuple[Raised, ...]) -> tuple[str, Location | None]:
    """Return what always raises, and what, where, and when."""
    # The last is how it ends where all before it goes well.
    raised = raised[::-1]
    what = "the factory" if program.phase == "call" else "importing the module"
    said = [
        f"{each.kind or 'an exception'}{': ' if each.message else ''}{shorten(each.message)}"
        + _if(each.conditions)
        for each in raised
    ]
    more = "; or others" if len(said) > _REASONS else ""
    why = f"{what} always raises {'; or '.join(said[:_REASONS])}{more}"
    return why, next((each.at for each in raised if each.at), None)


def _refuse_no_factory(program: Program) -> None:
    """Stop where the entry point leads to something that gives no manifest when it is called."""
    m, target = program.machine, program.target
    if target is None:
        return
    at = written_at(m, target, None)
    match target:
        case Ref(kind="function"):
            _refuse_function(program, target, at)
        case (
            Const() | Tuple() | Frozen() | Ref(kind="list" | "dict" | "set" | "module" | "manifest")
        ):
            why = "the entry point does not name a function"
            raise _Stop(why, at, "target-not-factory")
        case _:
            pass


def _refuse_function(program: Program, target: Ref, at: Location | None) -> None:
    thing = program.machine.thing(target)
    node = thing.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return
    if isinstance(node, ast.AsyncFunctionDef):
        why = "the factory is a coroutine function; the node calls it and gets no manifest"
        raise _Stop(why, at, "target-not-factory")
    args = node.args
    given = {name for name, _ in thing.defaults}
    if any(each.arg not in given for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)):
        why = "the factory has parameters without a default; the node calls it without arguments"
        raise _Stop(why, at, "target-not-factory")
    if names_in(program.machine, node).generates:
        why = "the factory is a generator function; the node calls it and gets no manifest"
        raise _Stop(why, _yield_in(node, thing.site) or at, "target-not-factory")


def _yield_in(function: ast.AST, site: Site) -> Location | None:
    """Return the first place where a function itself gives an item."""
    waiting = [*children(function)]
    for part in waiting:
        if isinstance(part, (ast.Yield, ast.YieldFrom)):
            return place_of((site[0], part))
        if not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += children(part)
    return None
