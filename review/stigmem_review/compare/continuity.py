"""Who signed in whose place, beside whom and without whom: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stigmem_review import facts
from stigmem_review.compare.relations import (
    KNOWN,
    RELATED,
    by_name,
    distance,
    relation,
    same_repository,
)
from stigmem_review.compare.runs import run_facts, workflow_facts
from stigmem_review.facts import Fact
from stigmem_review.model import Known, Release, Signature, Signer
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.identities import name_of, nearest, texts_of
from stigmem_review.policy.trust import Approved, Judged


def signers_of(release: Release) -> tuple[Signer, ...]:
    """Return who signed a release, as far as that is verified."""
    return release.signature.signers if isinstance(release.signature, Signature) else ()


Pair = tuple[Signer, Signer]


def pair_of(old: Release, new: Iterable[Signer]) -> Pair | None:
    """Return the two signers, one of each release, that have most to do with each other."""
    pairs = [(one, two) for one in signers_of(old) for two in new]
    return min(pairs, key=distance, default=None)


def changes(old: Release, new: Release, pair: Pair, *, both_pinned: bool) -> Iterator[Fact]:
    """Yield what is another with who signed: with the two that are closest, and with each run.

    ``both_pinned`` if the policy names both of the closest.
    """
    yield from _change_facts(*pair, both_pinned=both_pinned)
    versions = [_version(each) for each in (old, new)]
    found: list[Fact] = []
    for signer in signers_of(new):
        closest = pair_of(old, (signer,))
        if closest is None:
            continue
        if closest != pair and relation(*closest) in KNOWN:
            found += workflow_facts(*closest)
        found += run_facts(*closest, *versions)
    yield from dict.fromkeys(found)


def _version(release: Release) -> str:
    version = release.distribution_version
    return version.value if isinstance(version, Known) else ""


def _change_facts(old: Signer, new: Signer, *, both_pinned: bool) -> Iterator[Fact]:
    # An address that was deleted and made anew is not the one that somebody named.
    anew = old.repository == new.repository and not same_repository(old, new)
    if both_pinned and not anew and relation(old, new) not in KNOWN:
        yield facts.SignerAlternated(item="signer", old=_named(old), new=_named(new))
        return
    match by_name(old, new):
        case "another signer":
            yield facts.SignerChanged(
                item="signer",
                old=name_of(old),
                new=name_of(new),
                was=_signer_kind(old),
                now=_signer_kind(new),
            )
        case "repository changed":
            yield facts.SignerRepositoryChanged(
                item="signer",
                old=old.repository,
                new=new.repository,
                anew=old.repository == new.repository,
            )
        case "repository moved":
            yield facts.SignerMoved(item="signer", old=old.repository, new=new.repository)
            yield from workflow_facts(old, new)
        case "workflow changed" | "another ref":
            yield from workflow_facts(old, new)
    if old.issuer != new.issuer:
        yield facts.SignerIssuerChanged(
            item="signer",
            old=old.issuer,
            new=new.issuer,
            identity=name_of(new),
            same=by_name(old, new) in KNOWN,
        )


def _named(signer: Signer) -> str:
    return f"{name_of(signer)} ({signer.issuer})"


def _signer_kind(signer: Signer) -> facts.SignerKind:
    return "a workflow" if signer.kind == "uri" else "a person"


def joined(old: Release, decisions: Sequence[tuple[Signer, Judged]]) -> Iterator[Fact]:
    """Yield every signer who is new, and whom nobody trusts, beside one who signed before.

    Left alone, they would pass for the author once the author's own signature is left out.
    """
    before = signers_of(old)
    kept = [two for two, _ in decisions if any(relation(one, two) in KNOWN for one in before)]
    beside = tuple(sorted({name_of(each) for each in kept}))
    for signer, judged in decisions:
        if beside and signer not in kept and judged.decision in ("untrusted", "not judged"):
            yield facts.SignerJoined(item=name_of(signer), issuer=signer.issuer, beside=beside)


def odd(signature: Signature) -> Iterator[Fact]:
    """Yield what a certificate says in characters that are not printable ASCII."""
    for signer in signature.signers:
        if text := next(filter(is_odd, texts_of(signer)), ""):
            yield facts.SignerOdd(item=name_of(signer), text=text)


def alike(old: Release, decisions: Sequence[tuple[Signer, Judged]]) -> Iterator[Fact]:
    """Yield every signer that can be taken for a trusted one, or for one of the old release."""
    before = signers_of(old)
    names = [name_of(each) for each in before] + ([old.signed_by] if old.signed_by else [])
    for signer, judged in decisions:
        related = any(relation(each, signer) in RELATED for each in before)
        if judged.nearest:
            yield facts.SignerLookalike(item=name_of(signer), like=judged.nearest, trusted=True)
        elif not related and (like := nearest(signer, names)):
            yield facts.SignerLookalike(item=name_of(signer), like=like, trusted=False)


def unlike_approved(
    old: Release, new: Signature, approved: Approved | None, *, pinned: bool
) -> Iterator[Fact]:
    """Yield that nobody signed who signed the last release that was approved.

    Where the old release was signed by the same, comparing with that one says it.
    """
    if approved is None or new.status == "invalid":
        return
    were = approved.signers
    unsaid = [each for each in were if not _is_known(each, signers_of(old))]
    if not unsaid or any(_is_known(each, new.signers) for each in were):
        return
    yield facts.SignerUnlikeApproved(
        item="signer",
        old=", ".join(map(name_of, were)),
        new=", ".join(map(name_of, new.signers)),
        related=any(relation(one, two) in RELATED for one in were for two in new.signers),
        pinned=pinned,
        why=f"{approved.version or 'a release'}, approved on {approved.day}",
    )


def _is_known(signer: Signer, others: Iterable[Signer]) -> bool:
    return any(relation(signer, each) in KNOWN for each in others)


def left(old: Release, new: Signature) -> Iterator[Fact]:
    """Yield who signed the old release and not the new one, where another signer stayed.

    Anybody can sign a file that everybody can have, and who signed the old one beside its author
    would pass for them in the new one.
    """
    before = signers_of(old)
    stayed = {one for one in before for two in new.signers if relation(one, two) in KNOWN}
    gone = tuple(name_of(each) for each in before if each not in stayed)
    if gone and stayed:
        still = tuple(name_of(each) for each in new.signers)
        yield facts.SignatureDropped(item="signature", signers=gone, still=still)
