"""What two signers have to do with each other. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from stigmem_review import facts
from stigmem_review.model import Signer
from stigmem_review.policy.identities import address_of, fold, folded, is_commit

Continuity = Literal[
    "",
    "same",
    "another ref",
    "one of several",
    "workflow changed",
    "repository moved",
    "repository changed",
    "another signer",
    "issuer changed",
    "signed for the first time",
    "no longer signed",
    "both unsigned",
    "not comparable",
]
"""What became of the signer; empty where there is no old release.

``issuer changed`` if the same person or repository is known to another issuer now, ``one of
several`` if others had signed the old release too.
"""

_CLOSEST: tuple[Continuity, ...] = (
    "same",
    "another ref",
    "workflow changed",
    "repository moved",
    "issuer changed",
    "repository changed",
    "another signer",
)
"""How much two signers have to do with each other, most first."""

KNOWN: tuple[Continuity, ...] = ("same", "another ref")
"""What is as before."""
OF_THE_REPOSITORY: tuple[Continuity, ...] = ("workflow changed", "repository moved")
"""What is of the same repository, as its forge itself says."""
RELATED: tuple[Continuity, ...] = (*KNOWN, *OF_THE_REPOSITORY, "issuer changed")
"""What is of the same person or repository, whatever else changed."""

_REFS: dict[str, facts.RefKind] = {
    "refs/tags/": "a tag",
    "refs/heads/": "a branch",
    "refs/pull/": "a pull request",
    "refs/merge-requests/": "a pull request",
}


def relation(old: Signer, new: Signer) -> Continuity:
    """Say what two signers have to do with each other."""
    found = by_name(old, new)
    # The same name from another issuer can be somebody else; another name is that anyway.
    if old.issuer != new.issuer and found in (*KNOWN, "workflow changed"):
        return "issuer changed"
    return found


def is_known(signer: Signer, others: Iterable[Signer]) -> bool:
    """Say whether a signer is one of some others, of either release, at whatever ref."""
    return any(relation(each, signer) in KNOWN for each in others)


def is_related(signer: Signer, others: Iterable[Signer]) -> bool:
    """Say whether a signer is of the same person or repository as one of some others."""
    return any(relation(each, signer) in RELATED for each in others)


def is_of_the_repository(signer: Signer, others: Iterable[Signer]) -> bool:
    """Say whether another run of the repository of one of some others signed."""
    return any(relation(each, signer) in OF_THE_REPOSITORY for each in others)


def by_name(old: Signer, new: Signer) -> Continuity:
    """Say what two signers have to do with each other, whatever their issuers are."""
    old, new = folded(old), folded(new)
    if not (old.repository and new.repository):
        if old.kind != new.kind or address_of(old) != address_of(new):
            return "another signer"
        return "same" if old.identity == new.identity else "another ref"
    if not same_repository(old, new):
        return "repository changed"
    if old.repository != new.repository:
        return "repository moved"
    if runs_another(old, new):
        return "workflow changed"
    # Where no workflow of the repository is named, anybody's project may have built it.
    if address_of(old) != address_of(new) or old.kind != new.kind:
        return "another signer"
    return "same" if old.ref == new.ref and not reuses_another_ref(old, new) else "another ref"


def same_repository(old: Signer, new: Signer) -> bool:
    """Say whether two repositories are one: by the forge's number, or else by the address."""
    if old.repository_id and new.repository_id and old.issuer == new.issuer:
        return old.repository_id == new.repository_id
    return fold(old.repository) == fold(new.repository)


def runs_another(old: Signer, new: Signer) -> bool:
    """Say whether one repository had another of its workflows sign, or that one another's."""
    named = bool(old.workflow and new.workflow)
    builders = [fold(each.builder) for each in (old, new)]
    return named and ((old.workflow != new.workflow) or len({*builders}) > 1)


def distance(pair: tuple[Signer, Signer]) -> tuple[int, ...]:
    """Return how little two signers have to do with each other, to be compared.

    Of several runs of one workflow, those that were started in the same way are each other's.
    """
    old, new = pair
    runs = [(each.issuer, each.trigger, each.runner, each.commit) for each in pair]
    return _CLOSEST.index(relation(old, new)), *(one != two for one, two in zip(*runs, strict=True))


def reuses_another_ref(old: Signer, new: Signer) -> bool:
    """Say whether a reusable workflow signed from another branch, or pull request, than before.

    At a tag or a commit it is as its caller pinned it, which is no news.
    """
    ref = reused_ref(new)
    is_loose = ref_kind(ref) in ("a branch", "a pull request")
    return is_loose and bool(old.builder) and ref != reused_ref(old)


def reused_ref(signer: Signer) -> str:
    """Return the ref of the reusable workflow that signed, or nothing."""
    return signer.identity.removeprefix(f"{signer.builder}@") if signer.builder else ""


def ref_of(signer: Signer) -> str:
    """Return the ref that a workflow ran at, or nothing."""
    return signer.ref or signer.identity.removeprefix(address_of(signer)).removeprefix("@")


def ref_kind(ref: str) -> facts.RefKind:
    """Return what a ref is, by how it begins."""
    if is_commit(ref):
        return "a commit"
    return next((kind for start, kind in _REFS.items() if ref.startswith(start)), "another ref")
