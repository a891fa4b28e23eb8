"""What a report draws: where a plugin acts, what it may and does reach, who signed, what holds.

Pure functions from a report to what a template lays out; nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from stigmem_review import host
from stigmem_review.approvals.record import Approval
from stigmem_review.document.node import NodeReport
from stigmem_review.document.parts import Report, Reviewed
from stigmem_review.document.signatures import who
from stigmem_review.forecast.whole import Whole
from stigmem_review.host import Impact, Node, Power
from stigmem_review.model import (
    DOES,
    FACTORY,
    IMPORT,
    NAMED,
    Act,
    Manifest,
    Signature,
)
from stigmem_review.outcomes import hooks, is_read, members
from stigmem_review.text import Message

_PATHS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Assert", "a fact is asserted", ("pre_assert_", "post_assert_")),
    ("Recall", "facts are recalled", ("pre_recall_", "recall_", "post_recall_")),
    ("Federation in", "a peer sends facts", ("federation_peer_", "federation_inbound_")),
    ("Federation out", "facts are sent to a peer", ("federation_outbound_",)),
    ("Identity", "a request is told who asks", ("identity_", "tenant_", "capability_")),
    ("Audit", "events are recorded", ("audit_",)),
    ("Start", "the node starts", ("config_", "migration_")),
)
"""The ways through the node by what their hooks are called, in the order in which they fire; those
of one prefix fire in the order in which the host lists them."""

_OTHER = ("Other", "not a hook of this node")

Becomes = Literal["", "new", "gone", "stays", "changed"]
"""What becomes of a thing from the old release to the new one; nothing where neither has it."""


class Step(msgspec.Struct, frozen=True):
    """One hook of a path: what a handler of it can do, and those that ran and run, in order."""

    hook: str
    power: Power
    acts: str
    failure: str
    becomes: Becomes
    old: tuple[str, ...]
    new: tuple[str, ...]


class Path(msgspec.Struct, frozen=True):
    """A way through the node, with its hooks in the order in which they fire."""

    name: str
    when: str
    steps: tuple[Step, ...]

    @property
    def is_used(self) -> bool:
        """Whether anything runs on it, or did."""
        return any(each.becomes for each in self.steps)


class Held(msgspec.Struct, frozen=True):
    """A capability: whether it was and is declared, and whether code asks for what it opens.

    ``used`` is absent where the code could not be followed.
    """

    name: str
    impact: Impact
    opens: str
    before: bool
    now: bool
    used: bool | None
    becomes: Becomes


class Reached(msgspec.Struct, frozen=True):
    """Something outside that code reaches, and whether the old release did, in the same place."""

    to: str
    at: str
    is_new: bool


When = Literal["at import", "at start", "on requests", "otherwise"]
WHENS: tuple[When, ...] = ("at import", "at start", "on requests", "otherwise")


class Reach(msgspec.Struct, frozen=True):
    """What code does of one kind, by when it runs."""

    kind: str
    does: str
    cells: dict[When, tuple[Reached, ...]]


class SignedBy(msgspec.Struct, frozen=True):
    """Who signed one release, as far as that was verified."""

    side: str
    version: str
    status: str
    signers: tuple[tuple[str, str], ...]
    signed_at: str


class Bar(msgspec.Struct, frozen=True):
    """An approval in time; ``start`` and ``length`` are per mille of the whole axis."""

    by: str
    reason: str
    what: str
    approved: date
    until: date
    start: int
    length: int


class Pictures(msgspec.Struct, frozen=True):
    """All that is drawn of one review, or of a node; what there is nothing of is empty.

    ``compares`` if there is anything to compare with. ``unread`` is what could not be read, so that
    its absence from a picture says nothing.
    """

    paths: tuple[Path, ...]
    compares: bool
    capabilities: tuple[Held, ...] = ()
    reach: tuple[Reach, ...] = ()
    signed: tuple[SignedBy, ...] = ()
    signed_says: Message = ()
    approvals: tuple[Bar, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of paths on which nothing runs."""
        return tuple(each.name for each in self.paths if not each.is_used)

    @property
    def whens(self) -> tuple[When, ...]:
        """The times at which anything is reached."""
        return tuple(when for when in WHENS if any(when in each.cells for each in self.reach))


def of_review(report: Report) -> Pictures:
    """Return what is drawn of a review."""
    old, new = report.reviewed
    node = _node(report.node)
    handlers = [_handlers(each) for each in (old, new)]
    touched = {each.item for each in report.findings}
    return Pictures(
        paths=tuple(_paths(node, handlers[0], handlers[1], touched)),
        compares=True,
        capabilities=tuple(_held(old, new, node)),
        reach=tuple(_reach(old.behaviour, new.behaviour)),
        signed=tuple(_signed(report)),
        signed_says=report.signed,
        approvals=tuple(_bars(report)),
        unread=tuple(_unread(report)),
    )


def of_node(report: NodeReport) -> Pictures:
    """Return what is drawn of a node with all its plugins."""
    new, before = _runs(report.after), report.before
    old = new if before is None else _runs(before)
    paths = tuple(_paths(_node(report.node), old, new, set()))
    return Pictures(paths, compares=before is not None)


def _node(version: str) -> Node:
    return host.node(version if host.is_known(version) else None)


Handlers = Mapping[str, tuple[str, ...]]


def _handlers(side: Reviewed) -> Handlers:
    if not isinstance(side.manifest, Manifest):
        return {}
    return {
        each.name: tuple(str(target) for target in each.targets) or ("not known",)
        for each in hooks(side.manifest.hooks)
    }


def _runs(whole: Whole) -> Handlers:
    return {each.hook: tuple(one.handler for one in each.runs) for each in whole.hooks}


def _paths(node: Node, old: Handlers, new: Handlers, touched: set[str]) -> Iterator[Path]:
    left = [*dict.fromkeys((*node.hooks, *sorted(old.keys() | new.keys())))]
    for name, when, prefixes in _PATHS:
        mine = [hook for prefix in prefixes for hook in left if hook.startswith(prefix)]
        left = [hook for hook in left if hook not in mine]
        yield Path(name, when, tuple(_step(each, node, old, new, touched) for each in mine))
    if left:
        yield Path(*_OTHER, tuple(_step(each, node, old, new, touched) for each in left))


def _step(hook: str, node: Node, old: Handlers, new: Handlers, touched: set[str]) -> Step:
    info = node.hook(hook)
    was, now = old.get(hook, ()), new.get(hook, ())
    differs = was != now or hook in touched
    becomes = _becomes(hook in old, hook in new, differs=differs)
    return Step(hook, info.power, info.acts, info.failure, becomes, was, now)


def _becomes(before: bool, now: bool, *, differs: bool = False) -> Becomes:
    if before and now:
        return "changed" if differs else "stays"
    return "gone" if before else "new" if now else ""


def _held(old: Reviewed, new: Reviewed, node: Node) -> Iterator[Held]:
    before, now = (_capabilities(each) for each in (old, new))
    side = old if new.source.kind == "none" else new
    used = {each.item for each in side.observed if each.kind == "accessor"}
    named = [*node.capabilities, *sorted(before | now | used)]
    for name in dict.fromkeys(named):
        if name in before | now | used:
            info = node.capability(name)
            asks = name in used if side.walked else None
            becomes = _becomes(name in before, name in now)
            yield Held(name, info.impact, info.opens, name in before, name in now, asks, becomes)


def _capabilities(side: Reviewed) -> set[str]:
    if not isinstance(side.manifest, Manifest):
        return set()
    return {str(each.value) for each in members(side.manifest.capabilities)}


def _reach(old: Sequence[Act], new: Sequence[Act]) -> Iterator[Reach]:
    was = {(each.kind, when, to) for each in old for when in _when(each) for to in _to(each)}
    for kind, does in DOES.items():
        cells: dict[When, dict[str, Reached]] = {when: {} for when in WHENS}
        for act in new:
            if act.kind != kind or kind == "own":
                continue
            for when in _when(act):
                for to in _to(act):
                    is_new = (kind, when, to) not in was
                    found = Reached(to, str(act.at or ""), is_new)
                    cells[when].setdefault(to, found)
        if any(cells.values()):
            filled = {
                when: tuple(sorted(cell.values(), key=lambda each: not each.is_new))
                for when, cell in cells.items()
                if cell
            }
            yield Reach(kind, does, filled)


def _to(act: Act) -> tuple[str, ...]:
    """Return where an act leads, what it calls where that leads nowhere else, and what is open."""
    if not act.whole:
        return (*act.to, f"{act.api}: not known where to")
    return act.to or (act.api,)


_STARTS = (FACTORY, "handler config_validate", "handler migration_register")


def _when(act: Act) -> Iterable[When]:
    return dict.fromkeys(map(_at, act.roots))


def _at(root: str) -> When:
    if root in (IMPORT, NAMED):
        return "at import"
    if root in _STARTS:
        return "at start"
    if root.startswith(("handler ", "route ")) or root == "health check":
        return "on requests"
    return "otherwise"


def _signed(report: Report) -> Iterator[SignedBy]:
    signatures = (each.signature for each in report.reviewed)
    if all(each.status == "unsigned" for each in signatures if isinstance(each, Signature)):
        return
    for side in report.reviewed:
        signature = side.signature
        if not isinstance(signature, Signature):
            yield SignedBy(side.side, side.version, "nothing that can be signed", (), "")
            continue
        times = [each.signed_at for each in signature.proofs if each.signed_at]
        yield SignedBy(
            side.side,
            side.version,
            signature.status,
            tuple(dict.fromkeys((who(each), each.issuer) for each in signature.signers)),
            times[0] if times else "",
        )


def _bars(report: Report) -> Iterator[Bar]:
    about: dict[Approval, list[str]] = {}
    for finding in report.findings:
        if finding.approval:
            about.setdefault(finding.approval, []).append(f"{finding.rule} {finding.name}")
    for part in report.accepted:
        about.setdefault(part.approval, []).append("an incomplete review")
    if not about:
        return
    first = min(each.approved for each in about)
    last = max(each.until for each in about)
    days = max(1, (last - first).days)
    for each, what in about.items():
        start = 1000 * (each.approved - first).days // days
        length = max(10, 1000 * (each.until - each.approved).days // days)
        named = ", ".join(dict.fromkeys(what))
        yield Bar(each.by, each.reason, named, each.approved, each.until, start, length)


def _unread(report: Report) -> Iterator[str]:
    for side in report.reviewed:
        if side.source.kind == "none":
            continue
        if not isinstance(side.manifest, Manifest):
            yield f"the manifest of the {side.side} release"
            continue
        for name in ("hooks", "capabilities"):
            if not is_read(getattr(side.manifest, name)):
                yield f"the {name} of the {side.side} release"
        if not side.walked:
            yield f"what the code of the {side.side} release does"
