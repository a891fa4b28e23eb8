"""Whether what is about to be installed, or is installed, is what was reviewed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from stigmem_review import limits
from stigmem_review.errors import PolicyError, ReceiptError, SourceError, UsageError
from stigmem_review.model import Signer
from stigmem_review.pipeline.terms import named_file, roots_of
from stigmem_review.policy.file import NO_POLICY, PolicyFile, parse_policy
from stigmem_review.policy.trust import Trust, judge
from stigmem_review.policy.trusted import SigningPolicy
from stigmem_review.receipts.confirm import (
    Answer,
    Confirmation,
    Counted,
    Receipts,
    Refused,
    conclude,
)
from stigmem_review.receipts.read import Held, parse_receipts
from stigmem_review.sources.disk import read_file
from stigmem_review.text import shorten

PLACES = ("artifacts", "requirements", "lock", "python")
"""What receipts can be held against, one at a time."""


def confirm(
    *receipts: str,
    now: datetime,
    artifacts: str | None = None,
    requirements: str | None = None,
    lock: str | None = None,
    python: str | None = None,
    policy: str | None = None,
    trust_root: str | Sequence[str] | None = None,
    signed_by: str | None = None,
    back: bool = False,
) -> Confirmation:
    """Say whether what is in one place is what receipts say was reviewed.

    ``receipts`` are files, each with one or several. The place is a folder of ``artifacts``, a
    file of ``requirements``, a ``lock``, or what is installed for a ``python``: its environment's
    folder, its interpreter, or its ``site-packages``. Nothing there is imported or run. With
    ``signed_by`` only those receipts count that somebody signed whom the policy trusts to, by a
    ``trust_root`` of Sigstore instances, or else ours; unless it is empty, that is an
    identity, or the address of a workflow's repository. With ``back`` what ran before a release
    that was reviewed counts too. Receipts are held to the time ``now``.

    Raises ``UsageError`` where there is no such file or place, or not one place, ``ReceiptError``
    for a receipt that cannot be read, ``PolicyError`` for a policy in error and one that trusts
    nobody to sign. What cannot be read of the place is in the answer.
    """
    given = dict(zip(PLACES, (artifacts, requirements, lock, python), strict=True))
    named = {name: path for name, path in given.items() if path is not None}
    if len(named) != 1:
        options = ", ".join(f"--{name}" for name in PLACES)
        raise UsageError(f"name one thing to hold receipts against: one of {options}")
    if not receipts:
        raise UsageError("no receipt is named; name those that --receipt wrote")
    file = NO_POLICY
    if policy is not None:
        file = parse_policy(named_file(policy, "the policy", limits.POLICY_BYTES), policy)
    terms = file.policy.receipts
    count: Callable[[Held], Counted] = _anyhow
    if signed_by is not None or terms.signed:
        count = _Signed(file, trust_root, signed_by or "")
    counted = [count(held) for path in dict.fromkeys(receipts) for held in read_receipts(path)]
    known = Receipts(counted, terms, now, back=back)
    [(name, path)] = named.items()
    return conclude(known, path, _LOOKS[name](path, known))


def read_receipts(path: str) -> tuple[Held, ...]:
    """Return the receipts in a file.

    Raises ``UsageError`` where there is none, ``ReceiptError`` where it cannot be read.
    """
    try:
        there = os.path.lexists(path) and not Path(path).is_dir()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UsageError(f"there is no receipt {shorten(path) or '(an empty path)'}; name its file")
    try:
        return parse_receipts(read_file(Path(path), limits.RECEIPT_BYTES), path)
    except SourceError as error:
        raise ReceiptError(f"the receipt {error.text}") from None


def _anyhow(held: Held) -> Counted:
    return Counted(held.receipt, held.at)


class _Signed:
    """Makes a receipt count only where somebody signed it who is trusted to.

    Raises ``PolicyError`` where nobody is, ``SigningError`` for a root that is none.
    """

    def __init__(self, file: PolicyFile, trust_root: str | Sequence[str] | None, only: str) -> None:
        trusted = file.policy.receipt_signers
        if not trusted:
            where = file.path or "a policy"
            raise PolicyError(
                f"no signer of receipts is trusted; write [[receipts.trusted]] in {where}"
            )
        self._trust = Trust(SigningPolicy(trusted=trusted))
        self._roots = roots_of(file, trust_root).roots.usual
        self._only = only

    def __call__(self, held: Held) -> Counted:
        """Return a receipt with who signed it, void unless that is somebody who is trusted."""
        if held.bundle is None:
            void = Refused(held.at, "it is not signed", "name the bundle that its signer wrote")
            return Counted(held.receipt, held.at, void=void)
        from stigmem_review.signing.envelope import verify_statement

        proof = verify_statement(held.at, held.bundle, held.payload, self._roots)
        if proof.signer is None:
            why = f"its signature is {proof.status}: {proof.why}"
            return Counted(held.receipt, held.at, void=Refused(held.at, why, proof.do))
        signer = proof.signer
        return Counted(held.receipt, held.at, signer.identity, self._void(held, signer))

    def _void(self, held: Held, signer: Signer) -> Refused | None:
        found = judge(signer, held.receipt.review.plugin, self._trust)
        by = f"it is signed by {signer.identity} (issued by {signer.issuer})"
        if found.decision != "trusted":
            but = f": {found.but}" if found.but else ""
            like = f", who is not {found.nearest}" if found.nearest else ""
            why = f"{by}{like}, whom the policy does not trust to sign receipts{but}"
            return Refused(held.at, why, "have it signed by somebody whom it trusts")
        if self._only not in ("", signer.identity, signer.repository):
            return Refused(held.at, f"{by}, and not by {self._only}")
        return None


def _artifacts(path: str, receipts: Receipts) -> Answer:
    from stigmem_review.pipeline.confirms.artifacts import look_at_artifacts

    return look_at_artifacts(path, receipts)


def _requirements(path: str, receipts: Receipts, *, is_lock: bool = False) -> Answer:
    from stigmem_review.pipeline.confirms.pins import look_at_pins

    return look_at_pins(path, receipts, is_lock=is_lock)


def _python(path: str, receipts: Receipts) -> Answer:
    from stigmem_review.pipeline.confirms.environment import look_at_environment

    return look_at_environment(path, receipts)


_LOOKS: dict[str, Callable[[str, Receipts], Answer]] = {
    "artifacts": _artifacts,
    "requirements": _requirements,
    "lock": partial(_requirements, is_lock=True),
    "python": _python,
}
