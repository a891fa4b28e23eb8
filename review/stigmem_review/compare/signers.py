"""Who signed, old against new, and what the operator thinks of it: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stigmem_review import facts
from stigmem_review.compare.attestations import (
    extras,
    had_extra,
    kind_facts,
    split,
    was_split,
)
from stigmem_review.compare.continuity import (
    TRUSTED,
    Pair,
    alike,
    changes,
    joined,
    left,
    odd,
    pair_of,
    signers_of,
    unlike_approved,
)
from stigmem_review.compare.relations import KNOWN, Continuity, distance, relation
from stigmem_review.compare.sources import Agrees, source_agrees, source_facts
from stigmem_review.compare.trusting import absent_facts, settings_facts, trust_facts
from stigmem_review.facts import Fact
from stigmem_review.model import Gap, Known, NotCarried, Release, Signature, Signer
from stigmem_review.policy.identities import address_of, names_of, without_ref
from stigmem_review.policy.trust import (
    But,
    Decision,
    Judged,
    Trust,
    judge,
    required,
    required_by,
    stated,
)

_DECISIONS: tuple[Decision, ...] = ("trusted", "override", "not listed", "untrusted", "not judged")


class Standing(msgspec.Struct, frozen=True):
    """What one signer is to those of the old release, and to the operator.

    ``nearest`` is a trusted signer that this one can be taken for and is not; ``owner`` is whom
    the policy trusts in any repository, where that is what decided.
    """

    continuity: Continuity
    decision: Decision
    by: str = ""
    but: But = ""
    nearest: str = ""
    owner: str = ""


class SigningOutcome(msgspec.Struct, frozen=True):
    """Who signed, in short: what became of the signer, and what the operator thinks of the new one.

    Where several signed, one that signed before and one that is trusted are enough; ``signers``
    says it of each, in the order of the signature. ``by`` says whose word decided, and is empty
    where none did; ``required`` whether signatures are, absent where that is not said. ``source``
    says of a first signature whether it is of the repository that the metadata names, ``but`` what
    is to be said of whom the operator trusts.
    """

    continuity: Continuity
    decision: Decision
    by: str
    required: bool | None
    signers: tuple[Standing, ...] = ()
    source: Agrees = ""
    but: But = ""


class Signing(msgspec.Struct, frozen=True):
    """What is to be said of the signatures of two releases.

    ``already`` are facts that held for the old release as well; ``outcome`` is absent where
    neither side has anything that could be signed, and where there is no new release.
    """

    facts: tuple[Fact, ...] = ()
    already: tuple[Fact, ...] = ()
    outcome: SigningOutcome | None = None


def signing(old: Release, new: Release, trust: Trust) -> Signing:
    """Compare who signed two releases, and hold the new signer against whom the operator trusts.

    What is said of the new file's own bytes (that it is invalid, not signed, or signed by somebody
    who is not trusted) is never excused by an old file of which the same was true.
    """
    if new.source.kind == "none":
        return Signing()
    trust = trust.of(_distribution(new))
    found = list(settings_facts(trust))
    signature = new.signature
    if not isinstance(signature, Signature):
        signed = isinstance(old.signature, Signature)
        silent = SigningOutcome("not comparable", "not judged", "", required(trust))
        if signature == NotCarried("index") and (names := names_of(signers_of(old))):
            found.append(facts.SignatureNotCarried(item="signature", signers=names))
        return Signing(tuple(found), (), silent if signed else None)
    pair = _pair(old, new, signature, trust)
    continuity = _continuity(old, signature, pair)
    decisions = _decisions(new, signature, trust)
    signer, judged = min(decisions, key=_rank, default=(None, Judged("not judged")))
    found += _status_facts(old, signature, trust)
    if pair:
        found += changes(old, new, pair, both_pinned=_are_pinned(new, pair, trust))
    if signer:
        found += trust_facts(signer, judged, signers_of(old), trust)
    if pair:
        found += joined(old, decisions, pair)
    found += unlike_approved(old, signature, trust.approved, pinned=judged.pinned)
    found += odd(signature)
    if signature.status == "verified":
        found += absent_facts(signature.signers, _distribution(new), trust)
    agrees: Agrees = ""
    if signer and continuity in ("", "signed for the first time"):
        agrees = source_agrees(new, signer)
        if judged.decision not in TRUSTED:
            found += source_facts(new, signer)
    trusted = judged.decision in TRUSTED
    # That somebody else signed it names all who are gone.
    named = (facts.SignerChanged, facts.SignerRepositoryChanged)
    if pair and not any(isinstance(each, named) for each in found):
        gone = list(left(old, signature, pair, trusted=trusted))
        found += gone
        if gone and not trusted and continuity in KNOWN:
            continuity = "one of several"
    if not trusted:
        found += alike(old, decisions)
    by_trusted = frozenset(each for each, said in decisions if said.decision == "trusted")
    found += kind_facts(old, new, by_trusted)
    already: list[Fact] = []
    (already if _was_unproven(old, signature) else found).extend(_unproven(old, signature, trust))
    for fact in extras(signature):
        (already if had_extra(old, fact) else found).append(fact)
    (already if was_split(old, signature) else found).extend(split(signature))
    (already if _was_partial(old, signature) else found).extend(_partial(signature))
    outcome = SigningOutcome(
        continuity,
        judged.decision,
        judged.by,
        required(trust),
        tuple(_standing(old, each, said, continuity) for each, said in decisions),
        agrees,
        judged.but,
    )
    return Signing(tuple(found), tuple(already), outcome)


def _pair(old: Release, new: Release, signature: Signature, trust: Trust) -> Pair | None:
    """Return the two signers to be compared: the closest, or else two whom the policy names.

    Whom it names may alternate, whoever has the same issuer beside them.
    """
    pair = pair_of(old, signature.signers)
    if pair is None or relation(*pair) in KNOWN:
        return pair
    both = [(one, two) for one in signers_of(old) for two in signature.signers]
    return min((each for each in both if _are_pinned(new, each, trust)), key=distance, default=pair)


def _distribution(release: Release) -> str:
    return release.distribution.value if isinstance(release.distribution, Known) else ""


def verification_gap(new: Release, trust: Trust) -> Gap | None:
    """Return what a new release leaves open that cannot be verified where that has to be done.

    It has to be where signatures are required, and where the operator says whom to trust. What
    cannot carry one is a gap only where they are required: else it may be unsigned as well.
    """
    trust = trust.of(_distribution(new))
    match new.signature:
        case Signature(status="unverifiable", why=why, do=do) if _must_be_verified(trust):
            return Gap("signature", why, do)
        case NotCarried(source="directory" | "capture" | "installed" as kind) if required(trust):
            what = "what is installed" if kind == "installed" else f"a {kind}"
            return Gap(
                "signature",
                f"{what} has none, and {required_by(trust)} requires one",
                "review the file that is to be deployed",
            )
        case NotCarried(source="index") if required(trust):
            return Gap(
                "signature",
                f"its index carries no attestations, and {required_by(trust)} requires one",
                "name the file that signs it, or install from an index that has attestations",
            )
        case _:
            return None


def _must_be_verified(trust: Trust) -> bool:
    return bool(required(trust)) or stated(trust)


# What became of the signer


def _standing(old: Release, new: Signer, judged: Judged, continuity: Continuity) -> Standing:
    """Return what a signer is by itself; without a signer of the old release, what all are."""
    pair = pair_of(old, (new,))
    own = relation(*pair) if pair else continuity
    return Standing(own, judged.decision, judged.by, judged.but, judged.nearest, judged.owner)


def _continuity(old: Release, new: Signature, pair: tuple[Signer, Signer] | None) -> Continuity:
    if old.source.kind == "none":
        return ""
    if pair:
        return relation(*pair)
    if not isinstance(old.signature, Signature):
        return "not comparable"
    match old.signature.status, new.status:
        case "unsigned", "unsigned":
            return "both unsigned"
        case "unsigned", "verified":
            return "signed for the first time"
        case _, "unsigned":
            return "no longer signed"
        case _:
            return "not comparable"


def _are_pinned(release: Release, signers: tuple[Signer, ...], trust: Trust) -> bool:
    """Say whether the policy names each of some signers for a release."""
    judged = [judge(each, _distribution(release), trust) for each in signers]
    return all(each.decision == "trusted" and each.pinned for each in judged)


# What the operator thinks of it


def _decisions(new: Release, signature: Signature, trust: Trust) -> list[tuple[Signer, Judged]]:
    name = _distribution(new)
    return [(signer, judge(signer, name, trust)) for signer in signature.signers]


def _rank(decided: tuple[Signer, Judged]) -> int:
    """Return how much the operator trusts a signer, most first: one that is trusted is enough."""
    return _DECISIONS.index(decided[1].decision)


# Whether it is signed at all


def _status_facts(old: Release, new: Signature, trust: Trust) -> Iterator[Fact]:
    item = "signature"
    match new.status:
        case "invalid":
            yield facts.SignatureInvalid(item=item, why=new.why, help=new.do)
        case "unsigned":
            if required(trust):
                yield facts.SignatureMissing(item=item, by=required_by(trust))
    was = old.signature
    if isinstance(was, Signature):
        signers = was.signers if new.status == "unsigned" else new.signers
        names = names_of(signers)
        if new.status == "unsigned" and was.status != "unsigned":
            yield facts.SignatureDropped(item=item, signers=names)
        if new.status == "verified" and was.status == "unsigned":
            yield facts.SignatureGained(item=item, signers=names)
        if new.status == "verified" and was.status in ("invalid", "unverifiable"):
            yield facts.OldSignatureUnproven(item=item, status=was.status, why=was.why)
    if old.signed_by not in ("", "unsigned") and new.status in ("verified", "unsigned"):
        yield from _claim(old.signed_by, new)


def _unproven(old: Release, new: Signature, trust: Trust) -> Iterator[Fact]:
    """Yield that a signature cannot be verified, where nothing says that it has to be."""
    if new.status == "unverifiable" and not _must_be_verified(trust):
        before = bool(signers_of(old))
        yield facts.SignatureUnverifiable(item="signature", why=new.why, help=new.do, before=before)


def _was_unproven(old: Release, new: Signature) -> bool:
    """Say whether the old release could not be verified either, for the very same reason."""
    was = old.signature
    return isinstance(was, Signature) and (was.status, was.why) == (new.status, new.why)


def _claim(claimed: str, new: Signature) -> Iterator[Fact]:
    """Hold what a capture of the node says of the old signer against who signed the new file."""
    names = names_of(new.signers)
    if without_ref(claimed) not in map(address_of, new.signers):
        yield facts.SignerClaimed(item="signer", old=claimed, new=", ".join(names))


def _partial(signature: Signature) -> Iterator[Fact]:
    signed = signature.status != "unsigned"
    files = signature.unsigned if signed else signature.signed
    if files:
        yield facts.SignaturePartial(item="signature", signed=signed, files=files)


def _was_partial(old: Release, new: Signature) -> bool:
    was = old.signature
    if not isinstance(was, Signature) or not any(_partial(was)):
        return False
    return (was.status == "unsigned") == (new.status == "unsigned")
