"""Old release against new: typed changes, and what could not be compared."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stigmem_review import facts, versions
from stigmem_review.compare.acts import code_changed
from stigmem_review.compare.behaviour import newly_reached, newly_used
from stigmem_review.compare.builds import build_changes, rebuilt, unlike_sdist
from stigmem_review.compare.certainty import first_read, lost, unclear, unread, without_echoes
from stigmem_review.compare.code import refusals
from stigmem_review.compare.decisions import decided_otherwise, denials, gates_lost
from stigmem_review.compare.fields import Sides, hooks_of
from stigmem_review.compare.ledger import changes, ledgers, unchanged, unexplained
from stigmem_review.compare.news import news
from stigmem_review.compare.signers import SigningOutcome, signing
from stigmem_review.compare.states import states
from stigmem_review.compare.table import GAINS, field_pairs, move, version_of_captures
from stigmem_review.conditions import spelled
from stigmem_review.facts import Fact
from stigmem_review.forecast.alone import alone
from stigmem_review.forecast.ledger import Database
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.rollback import Way, ways
from stigmem_review.host import Node
from stigmem_review.model import NotCarried, Release
from stigmem_review.policy.trust import Trust

_NOBODY = Trust()

_SURPRISING: tuple[facts.Step, ...] = ("patch", "rebuild", "same")


class Comparison(msgspec.Struct, frozen=True):
    """What comparing two releases gave.

    ``facts`` are for the rules to judge; ``already`` are states that the old release was in too;
    ``ways`` are what becomes of both on a database, and ``old_stops`` what the node of the old one
    does not start with it for in any case;
    ``unchanged`` names the fields that are the same; ``not_carried`` those that a side's kind of
    source does not carry, with that kind. ``signing`` says in short who signed, and is absent
    where neither side has a signature to look at.
    """

    facts: tuple[Fact, ...]
    already: tuple[Fact, ...]
    unchanged: tuple[str, ...]
    not_carried: tuple[tuple[str, str], ...]
    signing: SigningOutcome | None = None
    ways: tuple[Way, ...] = ()
    old_stops: Outcome | None = None


def compare(
    old: Release,
    new: Release,
    node: Node,
    trust: Trust = _NOBODY,
    old_node: Node | None = None,
    ledger: Database | None = None,
) -> Comparison:
    """Compare two releases as one node would see them; each may be the empty release.

    ``trust`` is whom the operator trusts to sign: nobody has said it where it is not given.
    ``old_node`` is the one that the old release was read for, where the new one meets another, and
    ``ledger`` that of the node's database, if one is given.
    """
    found_ways = ways(old, new, ledger)
    sides = Sides(old, new, node)
    before, after = ledgers(sides)
    step = move(sides)
    same = unchanged(before, after)
    found = [
        *_presence(old, new),
        *changes(before, after, sides),
        *version_of_captures(sides),
        *refusals(sides, found_ways),
    ]
    states_found, already = _judged(old, new, node, old_node or node)
    found += states_found
    found += denials(old, new, node)
    found += decided_otherwise(old, new, node)
    found += gates_lost(old, new)
    found += newly_used(old, new, node)
    found += newly_reached(old, new, node)
    found += build_changes(old, new)
    surprise = list(_surprise(step, found))
    if step is not None and versions.same(*step):
        rewritten = list(code_changed(step[1], old, new))
        found += rebuilt(step[1], old, new, [*found, *rewritten])
        # That it is other code under one version is said once, with what that code gains.
        files = tuple(file for each in rewritten for file in each.files)
        surprise = [msgspec.structs.replace(each, files=files) for each in surprise]
        found += rewritten if not surprise else ()
    found += surprise
    unlike, as_before = unlike_sdist(old, new)
    found += unlike
    already += as_before
    signed = signing(old, new, trust)
    found += signed.facts
    already += signed.already
    found += unexplained(before, after, found, sides)
    return Comparison(
        tuple(found),
        tuple(already),
        same,
        tuple(_not_carried(old, new)),
        signed.outcome,
        found_ways,
        next((each for each in alone(old, old_node or node) if each.ends), None),
    )


def inspect(release: Release, node: Node) -> Comparison:
    """Return what is wrong with one release by itself, and what of it cannot be read."""
    found = tuple(states(release, node))
    left = without_echoes(unread(release), found)
    return Comparison((*found, *left), (), (), ())


def _judged(
    old: Release, new: Release, node: Node, old_node: Node
) -> tuple[list[Fact], list[Fact]]:
    """Return what is news of the new release's states, and apart what the old one was in too."""
    found, already = news(states(new, node), states(old, old_node), old, new)
    doubts = tuple(unclear(old, new))
    unreads = (each for state in unread(new) for each in lost(state, old))
    certainty = without_echoes((*unreads, *first_read(old, new), *doubts), (*found, *already))
    told, as_before = news(certainty, (*unread(old), *doubts), old, new)
    return [*told, *found], [*already, *as_before]


def _presence(old: Release, new: Release) -> Iterator[Fact]:
    if old.source.kind == "none":
        yield facts.PluginInstalled(item="plugin")
    if new.source.kind == "none":
        names = tuple(hook.name for hook in hooks_of(old))
        yield facts.PluginRemoved(item="plugin", hooks=names, side="old")


def _surprise(
    move: tuple[str, str] | None, changes: list[facts.Fact]
) -> Iterator[facts.SemverMismatch]:
    """Yield one fact where a small step of the version comes with more rights."""
    gained = tuple(
        spelled(change.item, change.when)
        for change in changes
        if isinstance(change, GAINS)
        and not (isinstance(change, facts.Reconditioned) and change.shift == "sometimes")
        and not (isinstance(change, facts.RouteAdded) and change.moved)
    )
    if not gained or move is None:
        return
    size = versions.step(*move)
    if size in _SURPRISING:
        yield facts.SemverMismatch(item="version", step=size, gained=gained)


def _not_carried(old: Release, new: Release) -> Iterator[tuple[str, str]]:
    for name, one, two in field_pairs(old, new):
        for value in (one, two):
            if isinstance(value, NotCarried) and value.source != "none":
                yield name, value.source
                break
