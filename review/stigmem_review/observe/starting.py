"""What the node gets of each entry point while it starts (``stigmem_node.plugins.discovery``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.machine import Outcome as Way
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.readout import read_raised
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.manifest.factory import read_factory
from stigmem_review.model import (
    ENTRY_POINT_GROUP,
    HOLE,
    EntryPoint,
    Known,
    Refusal,
    Release,
    Start,
    Stop,
)

_DISCOVERY = "PluginDiscoveryError"
_UNCAUGHT = frozenset({"GeneratorExit", "KeyboardInterrupt", "SystemExit"})
"""Exceptions that are no ``Exception``, which the node lets through."""


def starts_of(
    release: Release, programs: Sequence[tuple[EntryPoint, Program]]
) -> tuple[Start, ...]:
    """Return what the node gets of each entry point whose program was run, sorted by name."""
    found = [_start(release, entry, program, len(programs)) for entry, program in programs]
    return tuple(sorted(found, key=lambda each: each.entry_point))


def _start(release: Release, entry: EntryPoint, program: Program, of: int) -> Start:
    program.make()
    # A release with several has no manifest of its own.
    manifest = release.manifest if of == 1 else read_factory(entry, program).manifest
    return Start(
        entry.name,
        manifest,
        tuple(_discovery(entry.name, program)),
        made=program.lost is not None or program.made is not None,
    )


def _discovery(name: str, program: Program) -> Iterator[Stop]:
    """Yield how loading an entry point and calling what it names fail."""
    if program.lost is not None:
        return
    m = program.machine
    for number, way in enumerate(program.raised):
        yield _raised(name, m, way, loading=number < program.loading)


def _raised(name: str, m: Interpreter, way: Way, *, loading: bool) -> Stop:
    raised = read_raised(m, way)
    if raised.kind in _UNCAUGHT:
        return Stop("DISC-BASEEXC", raised.kind, raised.message, raised.conditions, raised.at)
    what = f"failed to load plugin entry point {name!r}"
    if not loading:
        what = f"plugin entry point {name!r} failed while creating PluginManifest"
    message = f"{what}: {raised.message or HOLE}"
    refusal: Refusal = "DISC-LOAD" if loading else "DISC-FACTORY"
    return Stop(refusal, _DISCOVERY, message, raised.conditions, raised.at)


def entries_of(release: Release) -> Iterable[EntryPoint]:
    """Yield the entry points of a release that the node loads, with plain values."""
    declared = release.entry_points.value if isinstance(release.entry_points, Known) else ()
    for each in declared:
        if each.group == ENTRY_POINT_GROUP and (plain := normal_value(each)) is not None:
            yield plain
