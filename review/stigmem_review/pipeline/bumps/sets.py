"""What the plugins of one list come to together, where several of them or their node move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stigmem_review.case import plugin_name, plugin_version
from stigmem_review.document.node import printed
from stigmem_review.facts import NodeStops
from stigmem_review.forecast import foresee
from stigmem_review.forecast.ledger import EMPTY
from stigmem_review.forecast.migrations import migrating
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.rollback import together
from stigmem_review.host import Node
from stigmem_review.model import Location, Release
from stigmem_review.pipeline.bumps.work import Beside, Work

_TOGETHER = frozenset({"DISC-DUP", "DEP-CYCLE", "DEP-MISSING", "MIG-DUPSAME", "MIG-SQL"})
"""What stops a node on several plugins, none of which stops it alone."""


def look_at_sets(work: Work) -> None:
    """Judge what stops a node on its plugins together and is in no review of one of them.

    Of a list whose node moves every plugin was reviewed; of another one those that change, and
    what they need of others is taken to be there.
    """
    for (file, pair), beside in sorted(work.sets.items()):
        if len(beside.new) < 2 and not pair.moves:
            continue
        old, new = (_pins(side) for side in (beside.old, beside.new))
        for outcome in _stops(beside, is_whole=pair.moves):
            fact = NodeStops(
                item=outcome.plugin,
                exception=outcome.exception,
                prints=printed(outcome).removeprefix(f"{outcome.exception}: "),
                at=Location(file),
            )
            work.judge(outcome.plugin, fact, old, new, node=beside.terms.node)


def _stops(beside: Beside, *, is_whole: bool) -> Iterator[Outcome]:
    terms = beside.terms
    before = _comes(beside, beside.old, terms.old_node or terms.node, is_whole=is_whole)
    after = _comes(beside, beside.new, terms.node, is_whole=is_whole)
    # What is part of the node by now, the review of whoever depends on it says.
    gone = after.refusal == "DEP-MISSING" and any(
        name in after.message for name in terms.node.graduated
    )
    if after.ends and after.refusal in _TOGETHER and after != before and not gone:
        alone = [e for e in beside.new if plugin_name(e) == after.plugin]
        if all(not _comes(beside, [e], terms.node, is_whole=False).ends for e in alone):
            yield after


def _comes(beside: Beside, releases: Sequence[Release], node: Node, *, is_whole: bool) -> Outcome:
    terms = beside.terms
    database = terms.ledger or EMPTY
    if terms.ledger is None and releases is beside.new:
        database = together(beside.old).database
    others = terms.plugins if is_whole else None
    return foresee(releases, node, terms.settings, migrating(database), others=others).usual


def _pins(releases: Sequence[Release]) -> str:
    return ", ".join(sorted(f"{plugin_name(each)} {plugin_version(each)}" for each in releases))
