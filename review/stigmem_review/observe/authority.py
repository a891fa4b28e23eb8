"""What code reaches by itself, without asking the node for a capability.

The node hands its own interfaces to whoever declares the right capability, and stops nobody from
opening a socket. What acts on what is in the catalogue, ``host.apis``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stigmem_review.code.installed import Code
from stigmem_review.host import Node, apis
from stigmem_review.interpret.events import HANDED_ON, Event
from stigmem_review.interpret.survey.things import COMPUTED
from stigmem_review.model import FACTORY, IMPORT, UNIMPORTED, Authority, Observation

_EARLY = frozenset({IMPORT, FACTORY, UNIMPORTED})
"""What runs before the node has looked at any signature, or would if the module were imported."""


def authorities(code: Code, events: Iterable[Event]) -> Iterator[Observation]:
    """Yield what a build's code reaches by itself, and which of it importing it already does."""
    for event in events:
        known = reached(event)
        if known is None:
            continue
        authority, by = known
        at = code.at(event.place, event.line)
        says = f"it reaches {by}"
        yield Observation("authority", f"{authority}: {by}", says, authority, at)
        acts = event.kind == "calls" or (event.kind == "sets" and authority == "monkeypatching")
        if event.phase in _EARLY and acts and authority in apis.HEAVY:
            yield Observation("import-time-effect", f"{authority}: {by}", says, authority, at)


def reached(event: Event) -> tuple[Authority, str] | None:
    """Return which authority an event reaches, and the name it is recognised by."""
    owner, _, last = event.api.rpartition(".")
    match event.kind:
        case "hands on":
            module, _, whom = event.api.partition(f".{HANDED_ON}")
            return "dynamic code", f"handing on {module}{whom}"
        case "sets" if last == COMPUTED:
            return "monkeypatching", f"assigning something computed in {owner}"
        case "sets":
            return apis.stored(event.api)
        case "looks" if last == COMPUTED:
            return "dynamic code", f"something computed in {owner}"
        case "looks":
            return apis.looked_at(event.api)
        case _:
            return apis.called(event.api)


def accessors(code: Code, events: Iterable[Event], node: Node) -> Iterator[Observation]:
    """Yield the capabilities whose accessor code asks for, on whatever object.

    The names are the context's alone (``stigmem_node.plugins.context``), so a variable, a helper
    or ``getattr`` with a constant in between does not hide them.
    """
    for event in events:
        accessor = event.api.rpartition(".")[2]
        if event.kind == "looks" and (capability := node.accessors.get(accessor)):
            why = f"it calls {accessor}"
            at = code.at(event.place, event.line)
            yield Observation("accessor", capability, why, accessor, at)
