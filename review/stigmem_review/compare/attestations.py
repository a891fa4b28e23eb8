"""Which kinds of attestations two releases have, and by whom each is: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stigmem_review import facts
from stigmem_review.compare.relations import is_known
from stigmem_review.facts import Fact
from stigmem_review.model import Proof, Release, Sibling, Signature, Signer
from stigmem_review.patterns import late
from stigmem_review.policy.identities import names_of

_KINDS = (
    (late(""), "signature of the file"),
    (late(r"https://docs\.\w+\.org/attestations/publish/v1"), "publish attestation"),
    (late(r"https://slsa\.dev/provenance/v1"), "SLSA provenance"),
)
"""What the types of statements are called (PEP 740; SLSA); a bundle of the bytes has none."""


def kind_facts(old: Release, new: Release, trusted: frozenset[Signer]) -> Iterator[Fact]:
    """Yield the kinds that come, go, or are another's, among those who signed both releases.

    Who joins or leaves is said elsewhere, with whatever they signed. ``trusted`` are the signers of
    the new release whom the operator trusts.
    """
    before, after = _kinds(old), _kinds(new)
    if not (before and after):
        return
    olds, news = ({s for each in kinds.values() for s in each} for kinds in (before, after))
    gained = tuple(kind for kind in after if kind not in before)
    replaced = False
    for kind in before:
        stayed = _known(before[kind], news)
        if kind not in after and stayed:
            replaced = True
            yield facts.AttestationDropped(item=kind, signers=names_of(stayed), instead=gained)
    for kind in () if replaced else gained:
        if same := _known(after[kind], olds):
            yield facts.AttestationGained(item=kind, signers=names_of(same))
    for kind in before.keys() & after.keys():
        stayed, same = _known(before[kind], news), _known(after[kind], olds)
        if stayed and same and not _known(stayed, {*same}):
            yield facts.AttestationSigner(
                item=kind,
                old=", ".join(names_of(stayed)),
                new=", ".join(names_of(same)),
                trusted=trusted.issuperset(same),
            )


def extras(new: Signature) -> Iterator[Fact]:
    """Yield what cannot be read or verified beside a good signature."""
    for each in new.extra:
        yield facts.SignatureExtra(item=each.name, why=each.why, help=each.do)


def had_extra(old: Release, fact: Fact) -> bool:
    """Say whether the old release had something beside its signature that was no better."""
    signature = old.signature
    whys = {each.why for each in signature.extra} if isinstance(signature, Signature) else set()
    return isinstance(fact, facts.SignatureExtra) and fact.why in whys


def split(signature: Signature) -> Iterator[Fact]:
    """Yield other files of a release that somebody else signed, or in a way that is not good."""
    own = names_of(signature.signers)
    for each in signature.siblings if own else ():
        names = names_of(each.signers)
        if each.status in ("invalid", "unverifiable"):
            yield facts.SignerSplit(item=each.file, signers=(), own=own, why=each.why)
        elif names and not _shared(each, signature.signers):
            yield facts.SignerSplit(item=each.file, signers=names, own=own)


def was_split(old: Release, new: Signature) -> bool:
    """Say whether the sdist of the old release was signed by the same other signer."""
    signature = old.signature
    if not isinstance(signature, Signature) or not any(split(signature)):
        return False
    others = {s for each in signature.siblings for s in each.signers}
    now = [s for each in new.siblings for s in each.signers]
    return bool(now) and all(_known((each,), others) for each in now)


def _shared(sibling: Sibling, own: tuple[Signer, ...]) -> bool:
    return bool(_known(sibling.signers, {*own}))


def _kinds(release: Release) -> Mapping[str, tuple[Signer, ...]]:
    """Return who made each kind of attestation that is verified."""
    signature = release.signature
    found: dict[str, dict[Signer, None]] = {}
    for each in signature.proofs if isinstance(signature, Signature) and signature.signers else ():
        if each.signer is not None:
            found.setdefault(_kind(each), {})[each.signer] = None
    return {kind: tuple(signers) for kind, signers in found.items()}


def _kind(proof: Proof) -> str:
    words = (word for pattern, word in _KINDS if pattern.fullmatch(proof.predicate))
    return next(words, proof.predicate)


def _known(some: tuple[Signer, ...], others: set[Signer]) -> tuple[Signer, ...]:
    """Return those of some signers who are among others too, at whatever ref."""
    return tuple(each for each in some if is_known(each, others))
