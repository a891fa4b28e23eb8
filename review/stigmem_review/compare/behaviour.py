"""What the code of a release does and the old one did not do.

There is one fact for each kind and whatever makes it run, so that no destination is said of a hook
that does not lead there. New is a kind of act, a destination, an occasion that did not lead to the
kind, and a place in code that changed whose destination cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from stigmem_review import facts
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing, value_of
from stigmem_review.conditions import When
from stigmem_review.facts import Declared, Fact, Occasion, Reached
from stigmem_review.host import Node
from stigmem_review.model import (
    CARRIES,
    DOES,
    FACTORY,
    HEALTH,
    IMPORT,
    NAMED,
    OFFERED,
    SOMEWHERE,
    UNIMPORTED,
    UNREACHED,
    Act,
    ActKind,
    Location,
    Release,
)
from stigmem_review.outcomes import is_read, members

START = (IMPORT, FACTORY)
NOWHERE = (UNIMPORTED, UNREACHED)
_HOOK = "handler "
_CLASSES: Mapping[ActKind, type[facts.Reaches]] = {
    "network": facts.NetworkUsed,
    "server": facts.NetworkUsed,
    "credentials": facts.CredentialsRead,
    "process": facts.CodeRun,
    "code": facts.CodeRun,
    "native code": facts.CodeRun,
}
_OCCASIONS: tuple[tuple[str, Occasion], ...] = (
    ("migration_register", "while the node starts"),
    ("config_validate", "while the node starts"),
    ("audit_emit", "on every audit event"),
    ("federation_", "in exchanges with other nodes"),
    ("assert_", "on every assertion"),
    ("recall_", "on every recall"),
    ("identity_", "whenever an identity, a tenant or a capability is checked"),
    ("tenant_", "whenever an identity, a tenant or a capability is checked"),
    ("capability_", "whenever an identity, a tenant or a capability is checked"),
)
"""When the node calls a hook, by what its name has."""


class _Before(msgspec.Struct, frozen=True):
    """What the old release does, by kind: to where, on which occasions, in which code."""

    kinds: set[ActKind]
    to: set[tuple[ActKind, str]]
    roots: set[tuple[ActKind, str]]
    code: set[tuple[ActKind, str]]
    data: set[tuple[ActKind, str, str, str]]

    def more(self, act: Act) -> Iterator[tuple[str, str]]:
        """Yield what of a request an act is given that was not sent there."""
        for hook, name in act.data:
            if any(not self.had(act.kind, to, hook, name) for to in act.to or ("",)):
                yield hook, name

    def had(self, kind: ActKind, to: str, hook: str, name: str) -> bool:
        """Say whether something of a request was sent somewhere: itself, or what it is part of.

        Where a call does not say itself where it leads, it does so to where others do.
        """
        return any((kind, to, hook, each) in self.data for each in _wholes(name))

    def never(self, kind: ActKind, root: str) -> bool:
        """Say whether something did not lead to a kind of act."""
        if root == OFFERED:
            # Whether a package offers code or only has it says nothing about what it does.
            return kind not in self.kinds
        if root == SOMEWHERE:
            # Which occasion that is is not known: it is one of those there were.
            return all(one != kind or other in NOWHERE for one, other in self.roots)
        return (kind, _occasion_of(root)) not in self.roots


class _News(msgspec.Struct, frozen=True):
    """An act that is new in when it runs, by what, or to where."""

    when: str
    act: Act
    roots: tuple[str, ...]
    to: tuple[str, ...]


def newly_reached(old: Release, new: Release, node: Node) -> Iterator[Fact]:
    """Yield what the new release does by itself and the old one did not.

    Nothing where the old one is a capture: there is no code in it, so nobody can say what is new.
    """
    if old.source.kind == "capture":
        return
    before = _before(old)
    groups: dict[tuple[ActKind, str], dict[frozenset[str], list[_News]]] = {}
    for act in new.behaviour:
        for news in _new(act, before):
            runs = frozenset(each if each.startswith(_HOOK) else _one(each) for each in news.roots)
            groups.setdefault((act.kind, news.when), {}).setdefault(runs, []).append(news)
    for kind in DOES:
        for when in ("start", "run", "nowhere"):
            for found in groups.get((kind, when), {}).values():
                yield _fact(kind, when, found, old, new, node)
    for (kind, hook), found in _sent(before, new).items():
        fact = _fact(kind, "run", found, old, new, node, facts.DataSent)
        named = {name for each in found for by, name in before.more(each.act) if by == hook}
        kept = () if hook in fact.hooks else (hook,)
        yield replace(fact, data=tuple(sorted(named)), kept=kept)
    for (kind, _), found in _untold(before, old, new).items():
        fact = _fact(kind, "run", found, old, new, node, facts.DataSent)
        yield replace(fact, data=(), untold=True)


def _sent(before: _Before, new: Release) -> dict[tuple[ActKind, str], list[_News]]:
    """Return what is given more of a request than before, by kind and hook, and else is no news."""
    found: dict[tuple[ActKind, str], list[_News]] = {}
    for act in new.behaviour:
        said = {root for news in _new(act, before) for root in news.roots}
        for hook in dict.fromkeys(hook for hook, _ in before.more(act)):
            root = f"{_HOOK}{hook}"
            # What does not run there is given what was kept, whenever it runs.
            roots = (root,) if root in act.roots else act.roots
            if left := tuple(each for each in roots if each not in said):
                found.setdefault((act.kind, hook), []).append(_News("run", act, left, act.to))
    return found


def _untold(before: _Before, old: Release, new: Release) -> dict[tuple[ActKind, str], list[_News]]:
    """Return what other code does as before that could not be gone through, by kind and hook."""
    one, two = ({each.hook: each for each in side.handlers} for side in (old, new))
    found: dict[tuple[ActKind, str], list[_News]] = {}
    for hook in one.keys() & two.keys():
        if not two[hook].untold or not two[hook].is_other_code(one[hook]):
            continue
        root = f"{_HOOK}{hook}"
        for act in new.behaviour:
            said = {each for news in _new(act, before) for each in news.roots}
            if act.kind in CARRIES and root in act.roots and root not in said:
                found.setdefault((act.kind, hook), []).append(_News("run", act, (root,), act.to))
    return found


def newly_used(old: Release, new: Release, node: Node) -> Iterator[facts.CapabilityUsed]:
    """Yield what only the new release's code asks the node for, though both declare it.

    A capability that is declared only now, or not at all, is said as that.
    """
    if not old.walked:
        return
    before, declared = (_capabilities(each) for each in (old, new))
    known = {each.item for each in old.observed if each.kind == "accessor"}
    for each in new.observed:
        capability = each.item
        if each.kind == "accessor" and capability in before.keys() & declared.keys() - known:
            known.add(capability)
            yield facts.CapabilityUsed(
                item=capability,
                accessor=each.about,
                capability=node.capability(capability),
                when=declared[capability],
                at=each.at,
            )


def news_of(acts: Iterable[Act], old: Release) -> set[Act]:
    """Return which of a release's acts are news where the old release is known."""
    before = _before(old)
    return {act for act in acts if [*_new(act, before)]}


def _before(old: Release) -> _Before:
    return _Before(
        {each.kind for each in old.behaviour},
        {(each.kind, to) for each in old.behaviour for to in each.to},
        {(each.kind, _occasion_of(root)) for each in old.behaviour for root in each.roots},
        {(each.kind, each.code) for each in old.behaviour if not each.whole},
        {
            (each.kind, to, hook, name)
            for each in old.behaviour
            for hook, name in each.data
            for to in (*each.to, "")
        },
    )


def _wholes(name: str) -> Iterator[str]:
    """Yield all that has something of a request in it, itself included."""
    parts = name.split(".")
    yield "*"
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _new(act: Act, before: _Before) -> Iterator[_News]:
    """Yield when a new act runs; nothing where it is as before."""
    if act.kind == "own":
        return
    to = tuple(each for each in act.to if (act.kind, each) not in before.to)
    lead = (
        act.kind not in before.kinds
        or bool(to)
        or (not act.whole and (act.kind, act.code) not in before.code)
    )
    live = [each for each in act.roots if each not in NOWHERE]
    new = [each for each in live if lead or before.never(act.kind, each)]
    for when, found in (
        ("start", tuple(each for each in new if each in START)),
        ("run", tuple(each for each in new if each not in START)),
    ):
        if found:
            first = any(before.never(act.kind, each) for each in found)
            yield _News(when, act, found, act.to if first else to)
    if lead and not live:
        yield _News("nowhere", act, (), to)


def _occasion_of(root: str) -> str:
    """Return what a root is recognised by: importing and the factory both load the plugin."""
    return IMPORT if root in START else root


def _fact(
    kind: ActKind,
    when: str,
    found: list[_News],
    old: Release,
    new: Release,
    node: Node,
    of: type[facts.Reaches] | None = None,
) -> facts.Reaches:
    acts = [each.act for each in found]
    roots = tuple(dict.fromkeys(root for each in found for root in each.roots))
    hooks = tuple(each.removeprefix(_HOOK) for each in roots if each.startswith(_HOOK))
    if of is None:
        of = facts.ImportTimeEffect if when == "start" else _CLASSES.get(kind, facts.AuthorityUsed)
    return of(
        item=kind,
        act=kind,
        does=DOES[kind],
        to=tuple(dict.fromkeys(to for each in found for to in each.to)),
        whole=all(act.whole for act in acts),
        apis=tuple(dict.fromkeys(act.api for act in acts)),
        occasion=_occasion(roots),
        hooks=hooks,
        decides=any(node.hook(each).power != "observe" for each in hooks),
        reached=when != "nowhere",
        before=_did(old, kind),
        declared=_declared(new) if kind in ("network", "server") else "",
        code=tuple(sorted({act.code for act in acts if act.code})),
        data=tuple(sorted({name for act in acts for hook, name in _of(act, hooks)})),
        kept=tuple(sorted({hook for act in acts for hook, _ in _of(act, hooks)} - {*hooks})),
        at=min((act.at for act in acts if act.at), key=_place, default=None),
    )


def _of(act: Act, hooks: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what of requests an act is given on some hooks: theirs, and what others kept."""
    for hook, name in act.data:
        if hook in hooks or f"{_HOOK}{hook}" not in act.roots:
            yield hook, name


def _occasion(roots: Iterable[str]) -> Occasion:
    found: dict[Occasion, None] = {}
    for root in roots:
        found[_one(root)] = None
    if not found:
        return "in code that nothing in the plugin calls"
    return next(iter(found)) if len(found) == 1 else "on several occasions"


def _one(root: str) -> Occasion:
    if root == NAMED:
        return "where it is imported"
    if root == IMPORT:
        return "as soon as the node imports it"
    if root == FACTORY:
        return "when the node calls its factory"
    if root == HEALTH:
        return "when its health is checked"
    if root == OFFERED:
        return "when other code calls it"
    if root.startswith("route"):
        return "on requests to its routes"
    if root.startswith("migration"):
        return "while the node starts"
    if root.startswith(_HOOK):
        for part, occasion in _OCCASIONS:
            if part in root:
                return occasion
    return "on an occasion that is not known"


def _place(at: Location) -> tuple[str, int]:
    return at.path, at.line


def _did(old: Release, kind: ActKind) -> Reached:
    if old.source.kind != "none" and not old.walked:
        return "unknown"
    return "yes" if any(each.kind == kind for each in old.behaviour) else "no"


def _declared(release: Release) -> Declared:
    """Say whether a release declares, if only at times, that it opens network connections."""
    if not is_read(value_of(release, "capabilities")):
        return "unknown"
    return "yes" if "network.outbound" in _capabilities(release) else "no"


def _capabilities(release: Release) -> dict[str, When]:
    """Return what a release declares, and when, as far as that is known."""
    return {each.value: each.when for each in members(value_of(release, "capabilities"))}


# The proof


def _laid_out(found: tuple[Act, ...], release: Release) -> Entries:
    """Lay out to where, on which occasions, and in which code something is done."""
    entries: Entries = {}
    for act in found:
        ways = (
            *(("to", act.to), ("on", map(_occasion_of, act.roots)), ("in", _unread_in(act))),
            ("with", (f"{hook} {name}" for hook, name in act.data)),
        )
        for way, names in ways if act.kind != "own" else ():
            for name in names:
                key = f"{act.kind} {way} {name}"
                about = {"act": act.kind, "way": way, "name": name}
                entries[key] = Entry(key, {"value": "done"}, act.at, about)
    return entries


def _unread_in(act: Act) -> tuple[str, ...]:
    return () if act.whole else (act.code,)


def _what_is_more(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out what is no news: what is not done any more, and what has no occasion of its own."""
    if sides.old.source.kind == "capture":
        return {}, {}
    live = {
        entry.about["act"]
        for entry in before.values()
        if entry.about["way"] == "on" and entry.about["name"] not in NOWHERE
    }
    # As in what is news: offered is what was there at all, somewhere what was run.
    known = {OFFERED: {entry.about["act"] for entry in before.values()}, SOMEWHERE: live}
    more = {
        key: entry
        for key, entry in after.items()
        if not before.keys() & {key, *_also(entry)}
        and entry.about["name"] not in NOWHERE
        and entry.about["act"] not in known.get(entry.about["name"], ())
    }
    return {}, more


def _also(entry: Entry) -> Iterator[str]:
    """Yield the keys of the entries that say of a whole what an entry says of a part of it."""
    if entry.about["way"] == "with":
        hook, _, name = entry.about["name"].partition(" ")
        yield from (f"{entry.about['act']} with {hook} {each}" for each in _wholes(name))


def _is_told(fact: Fact, thing: Thing) -> bool:
    if not isinstance(fact, facts.Reaches) or fact.act != thing.about["act"]:
        return False
    name = thing.about["name"]
    match thing.about["way"]:
        case "to":
            return name in fact.to
        case "in":
            return name in fact.code
        case "with":
            hook, _, passed = name.partition(" ")
            return hook in (*fact.hooks, *fact.kept) and passed in fact.data
        case _ if name == IMPORT:
            return isinstance(fact, facts.ImportTimeEffect)
        case _:
            return name.removeprefix(_HOOK) in fact.hooks or fact.occasion in (
                _one(name),
                "on several occasions",
            )


BEHAVIOUR = Field(
    name="behaviour", read=_laid_out, match=_what_is_more, told=_is_told, is_shown=False
)
"""The row of the table of fields about what the code does."""
