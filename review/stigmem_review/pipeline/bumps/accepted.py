"""What was accepted, as far as it counts for a change of a repository."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import AnyRecord, Records
from stigmem_review.approvals.store import read_approvals
from stigmem_review.document.bump import STAGED
from stigmem_review.document.parts import Consulted
from stigmem_review.errors import ApprovalsError
from stigmem_review.pipeline.consent import Approvals
from stigmem_review.pipeline.origins import Committed, record_origins
from stigmem_review.pipeline.terms import IN_THE_BASE, from_tree, named_file, read_records
from stigmem_review.policy.file import Policy
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.verdict import count


class States(NamedTuple):
    """A repository, and what it holds: at the tip of the base, at the merge base, and at the head.

    ``head_id`` is the commit of the last, or ``STAGED``.
    """

    repository: Repository
    base: Tree
    parted: Tree
    head: Tree
    head_id: str


def read_accepted(
    states: States, path: str, today: date, policy: Policy, *, is_named: bool
) -> tuple[Approvals | None, tuple[Consulted, ...]]:
    """Return the approvals that count for a change, held to a day, and where they were read.

    They are those of the base, and where its policy says so those that the change itself brings.
    ``is_named`` if somebody named the file, which then has to be there. Raises ``ApprovalsError``.
    """
    approvals: Approvals | None = None
    consulted: list[Consulted] = []
    if is_named or states.base.read(path) is not None:
        read = partial(from_tree, states.base, IN_THE_BASE)
        approvals, said = read_records(path, today, policy.approvals, read)
        consulted.append(said)
    is_committed = states.head_id != STAGED
    if is_committed and policy.approvals_from == "head" and (brought := _brought(states, path)):
        records, said = brought
        known = approvals.records if approvals else Records()
        approvals = Approvals(known.with_more(records), today, policy.approvals)
        consulted.append(said)
    return approvals, tuple(consulted)


def on_disk_accepted(path: Path, today: date, policy: Policy) -> Approvals:
    """Return the approvals in a file of this machine; none where it is not there."""
    records = read_approvals(path)[1] if os.path.lexists(path) else Records()
    return Approvals(records, today, policy.approvals)


def _brought(states: States, path: str) -> tuple[tuple[AnyRecord, ...], Consulted] | None:
    """Return the records that a change adds, each with the commit that it is from."""
    if states.head.read(path) is None:
        return None
    read = partial(from_tree, states.head, "in the head")
    data = named_file(path, "the approvals", limits.APPROVALS_BYTES, read, ApprovalsError)
    now = parse_approvals(data, f"{path} of the head")
    # What the base had when the two parted, and took back since, is not brought again.
    was = states.parted.read(path) or b""
    known = Counter(parse_approvals(was, path).unplaced().all())
    committed = Committed(data, states.repository.origins(states.head_id, path))
    origins = record_origins(committed, now, path)
    added: list[AnyRecord] = []
    for each in now.all():
        same = replace(each, line=0)
        if known[same]:
            known[same] -= 1
            continue
        origin = origins[each.line]
        if not origin.commit:
            raise ApprovalsError(
                f"{path} of the head:{each.line}: which commit this is from is not known, so it "
                "does not count; fetch the history of the head"
            )
        added.append(replace(each, committed=f"{origin.commit[:12]} by {origin.author}"))
    if not added:
        return None
    commits = "; ".join(dict.fromkeys(each.committed for each in added))
    remark = f"{count(len(added), 'record')} of the head, which this change adds: commit {commits}"
    return tuple(added), Consulted("approvals", path, sha256(data).hexdigest(), remark)
