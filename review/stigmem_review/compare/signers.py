"""Who signed, old against new, and what the operator thinks of it: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from stigmem_review import facts
from stigmem_review.facts import Fact
from stigmem_review.model import Gap, Known, NotCarried, Release, Signature, Signer
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.settings import OVERRIDE, TRUSTED
from stigmem_review.policy.trust import (
    But,
    Decision,
    Judged,
    Trust,
    address_of,
    judge,
    nearest,
    required,
    required_by,
    signs_for_others,
    stated,
    without_ref,
)

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
"""What became of the signer. ``issuer changed`` if another issuer vouches for the same person or
repository, ``one of several`` if others had signed the old release too; empty where there is no old
release."""

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

_KNOWN: tuple[Continuity, ...] = ("same", "another ref")
_RELATED: tuple[Continuity, ...] = (
    *_KNOWN,
    "workflow changed",
    "repository moved",
    "issuer changed",
)

_DECISIONS: tuple[Decision, ...] = ("trusted", "override", "untrusted", "not judged")

_REFS: dict[str, facts.RefKind] = {
    "refs/tags/": "a tag",
    "refs/heads/": "a branch",
    "refs/pull/": "a pull request",
    "refs/merge-requests/": "a pull request",
}


class Standing(msgspec.Struct, frozen=True):
    """What one signer is to those of the old release, and to the operator.

    ``nearest`` is a trusted signer that this one can be taken for and is not.
    """

    continuity: Continuity
    decision: Decision
    by: str = ""
    but: But = ""
    nearest: str = ""


class SigningOutcome(msgspec.Struct, frozen=True):
    """Who signed, in short: what became of the signer, and what the operator thinks of the new one.

    Where several signed, one that signed before and one that is trusted are enough; ``signers``
    says it of each, in the order of the signature. ``by`` says whose word decided, and is empty
    where nobody's did; ``required`` whether signatures are, absent where nobody said.
    """

    continuity: Continuity
    decision: Decision
    by: str
    required: bool | None
    signers: tuple[Standing, ...] = ()


class Signing(NamedTuple):
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
    whom nobody trusts) is never excused by an old file of which the same was true.
    """
    if new.source.kind == "none":
        return Signing()
    found = list(_settings_facts(trust))
    signature = new.signature
    if not isinstance(signature, Signature):
        signed = isinstance(old.signature, Signature)
        silent = SigningOutcome("not comparable", "not judged", "", required(trust))
        return Signing(tuple(found), (), silent if signed else None)
    pair = _closest(old, signature)
    continuity = _continuity(old, signature, pair)
    decisions = _decisions(new, signature, trust)
    signer, judged = min(decisions, key=_rank, default=(None, Judged("not judged")))
    found += _status_facts(old, signature, trust)
    if pair:
        found += _change_facts(*pair, both_pinned=_are_pinned(new, pair, trust))
    if signer:
        found += _trust_facts(signer, judged, old)
    found += _joined(old, decisions)
    found += _odd(signature)
    if judged.decision not in ("trusted", "override"):
        found += _alike(old, decisions)
        left = list(_left(old, signature))
        continuity = "one of several" if left else continuity
        found += left
    partial = list(_partial(signature))
    already = partial if partial and _was_partial(old, signature) else []
    found += [] if already else partial
    outcome = SigningOutcome(
        continuity,
        judged.decision,
        judged.by,
        required(trust),
        tuple(_standing(old, each, said, continuity) for each, said in decisions),
    )
    return Signing(tuple(found), tuple(already), outcome)


def verification_gap(new: Release, trust: Trust) -> Gap | None:
    """Return what a new release leaves open that cannot be verified where that has to be done.

    It has to be where signatures are required, and where the operator says whom to trust. What
    cannot carry one is a gap only where they are required: else it may be unsigned as well.
    """
    match new.signature:
        case Signature(status="unverifiable", why=why, do=do) if _must_be_verified(trust):
            return Gap("signature", why, do)
        case NotCarried(source="directory" | "capture" as kind) if required(trust):
            return Gap(
                "signature",
                f"a {kind} has none, and {required_by(trust)} requires one",
                "review the file that is to be deployed",
            )
        case _:
            return None


def _must_be_verified(trust: Trust) -> bool:
    return bool(required(trust)) or stated(trust)


# What became of the signer


def _signers(release: Release) -> tuple[Signer, ...]:
    return release.signature.signers if isinstance(release.signature, Signature) else ()


def _closest(old: Release, new: Signature) -> tuple[Signer, Signer] | None:
    """Return the two signers, one of each release, that have most to do with each other."""
    pairs = [(one, two) for one in _signers(old) for two in new.signers]
    return min(pairs, key=_distance, default=None)


def _standing(old: Release, new: Signer, judged: Judged, continuity: Continuity) -> Standing:
    """Return what a signer is by itself; without a signer of the old release, what all are."""
    pair = min(((each, new) for each in _signers(old)), key=_distance, default=None)
    own = _relation(*pair) if pair else continuity
    return Standing(own, judged.decision, judged.by, judged.but, judged.nearest)


def _distance(pair: tuple[Signer, Signer]) -> tuple[int, bool]:
    old, new = pair
    return _CLOSEST.index(_relation(old, new)), old.issuer != new.issuer


def _continuity(old: Release, new: Signature, pair: tuple[Signer, Signer] | None) -> Continuity:
    if old.source.kind == "none":
        return ""
    if pair:
        return _relation(*pair)
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


def _relation(old: Signer, new: Signer) -> Continuity:
    relation = _by_name(old, new)
    # The same name from another issuer can be somebody else; another name is that anyway.
    if old.issuer != new.issuer and relation in (*_KNOWN, "workflow changed"):
        return "issuer changed"
    return relation


def _by_name(old: Signer, new: Signer) -> Continuity:
    """Say what two signers have to do with each other, whoever vouches for them."""
    if not (old.repository and new.repository):
        if old.kind != new.kind or address_of(old) != address_of(new):
            return "another signer"
        return "same" if old.identity == new.identity else "another ref"
    if not _same_repository(old, new):
        return "repository changed"
    if old.repository != new.repository:
        return "repository moved"
    if _runs_another(old, new):
        return "workflow changed"
    # Where no workflow of the repository is named, anybody's project may have built it.
    if address_of(old) != address_of(new) or old.kind != new.kind:
        return "another signer"
    return "same" if old.ref == new.ref and not _reuses_another_ref(old, new) else "another ref"


def _same_repository(old: Signer, new: Signer) -> bool:
    """Say whether two repositories are one: by the forge's number, or else by the address."""
    if old.repository_id and new.repository_id and old.issuer == new.issuer:
        return old.repository_id == new.repository_id
    return old.repository == new.repository


def _runs_another(old: Signer, new: Signer) -> bool:
    """Say whether one repository had another of its workflows sign, or that one another's."""
    named = bool(old.workflow and new.workflow)
    return named and (old.workflow, old.builder) != (new.workflow, new.builder)


def _are_pinned(release: Release, signers: tuple[Signer, ...], trust: Trust) -> bool:
    """Say whether the policy names each of some signers for a release."""
    name = release.distribution.value if isinstance(release.distribution, Known) else ""
    judged = [judge(each, name, trust) for each in signers]
    return all(each.decision == "trusted" and each.pinned for each in judged)


def _change_facts(old: Signer, new: Signer, *, both_pinned: bool) -> Iterator[Fact]:
    # An address that was deleted and made anew is not the one that somebody named.
    anew = old.repository == new.repository and not _same_repository(old, new)
    relation = _relation(old, new)
    if both_pinned and not anew and relation not in _KNOWN:
        yield facts.SignerAlternated(item="signer", old=_named(old), new=_named(new))
        return
    match _by_name(old, new):
        case "another signer":
            yield facts.SignerChanged(
                item="signer",
                old=old.identity,
                new=new.identity,
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
            yield from _run_facts(old, new)
        case "workflow changed" | "another ref":
            yield from _run_facts(old, new)
    if old.issuer != new.issuer:
        yield facts.SignerIssuerChanged(
            item="signer",
            old=old.issuer,
            new=new.issuer,
            identity=new.identity,
            same=_by_name(old, new) in _KNOWN,
        )


def _named(signer: Signer) -> str:
    return f"{signer.identity} ({signer.issuer})"


def _signer_kind(signer: Signer) -> facts.SignerKind:
    return "a workflow" if signer.kind == "uri" else "a person"


def _run_facts(old: Signer, new: Signer) -> Iterator[Fact]:
    """Yield what changed of the workflow and its ref, in one repository."""
    if _runs_another(old, new):
        reusable = old.workflow == new.workflow
        runs = [each.builder if reusable else "" for each in (old, new)]
        yield facts.SignerWorkflowChanged(
            item="signer",
            old=runs[0] or old.workflow,
            new=runs[1] or new.workflow,
            reusable=reusable,
        )
    refs = [(_ref(old), _ref(new))]
    if _reuses_another_ref(old, new):
        refs.append((_reused_ref(old), _reused_ref(new)))
    for one, two in dict.fromkeys(refs):
        if one != two:
            yield facts.SignerRefChanged(
                item="signer", old=one, new=two, was=_ref_kind(one), now=_ref_kind(two)
            )


def _reuses_another_ref(old: Signer, new: Signer) -> bool:
    """Say whether a reusable workflow signed from another branch, or pull request, than before.

    At a tag or a commit it is as its caller pinned it, which is no news.
    """
    ref = _reused_ref(new)
    is_loose = _ref_kind(ref) in ("a branch", "a pull request")
    return is_loose and bool(old.builder) and ref != _reused_ref(old)


def _reused_ref(signer: Signer) -> str:
    """Return the ref of the reusable workflow that signed, or nothing."""
    return signer.identity.removeprefix(f"{signer.builder}@") if signer.builder else ""


def _ref(signer: Signer) -> str:
    return signer.ref or signer.identity.removeprefix(address_of(signer)).removeprefix("@")


def _ref_kind(ref: str) -> facts.RefKind:
    return next((kind for start, kind in _REFS.items() if ref.startswith(start)), "another ref")


# What the operator thinks of it


def _settings_facts(trust: Trust) -> Iterator[Fact]:
    """Yield why the node refuses every plugin (``stigmem_node.plugins.lifecycle``)."""
    if trust.settings.required is False and not trust.settings.acknowledged:
        yield facts.UnsignedUnacknowledged(item="STIGMEM_PLUGIN_UNSIGNED_ACK")


def _decisions(new: Release, signature: Signature, trust: Trust) -> list[tuple[Signer, Judged]]:
    name = new.distribution.value if isinstance(new.distribution, Known) else ""
    return [(signer, judge(signer, name, trust)) for signer in signature.signers]


def _rank(decided: tuple[Signer, Judged]) -> int:
    """Return how much the operator trusts a signer, most first: one that is trusted is enough."""
    return _DECISIONS.index(decided[1].decision)


def _trust_facts(signer: Signer, judged: Judged, old: Release) -> Iterator[Fact]:
    identity, issuer = signer.identity, signer.issuer
    if signs_for_others(signer) and judged.by in (TRUSTED, OVERRIDE) and not judged.pinned:
        yield facts.SignerShared(
            item="signer",
            identity=identity,
            repository=signer.repository,
            by=judged.by,
            write=_policy_lines(signer),
        )
    match judged.decision:
        case "untrusted":
            yield facts.SignerUntrusted(
                item="signer",
                identity=identity,
                issuer=issuer,
                by=judged.by,
                but=judged.but,
                write=_policy_lines(signer) if judged.but == "a shared builder" else (),
            )
        case "override":
            yield facts.SignerOverride(item="signer", identity=identity, issuer=issuer)
        case "trusted" if not judged.pinned:
            relations = {_relation(each, signer) for each in _signers(old)}
            before = any(each in _KNOWN for each in relations)
            # Nobody should pin an issuer only because it is the new one.
            doubtful = "issuer changed" in relations and not before
            yield facts.SignerUnpinned(
                item="signer",
                identity=identity,
                issuer=issuer,
                before=before,
                write=() if doubtful else _policy_lines(signer),
            )


def _policy_lines(signer: Signer) -> tuple[str, ...]:
    """Return the lines of a policy that pin a signer, nothing for one whose name is odd."""
    if any(map(is_odd, _texts(signer))):
        return ()
    fields = {"issuer": signer.issuer}
    if signer.repository and signer.workflow:
        fields |= {"repository": signer.repository, "workflow": signer.workflow}
        if _ref_kind(signer.ref) == "a tag":
            fields["ref"] = "refs/tags/*"
    else:
        fields["identity"] = signer.identity
    # In printable ASCII a string of JSON is one of TOML.
    return (
        "[[signing.trusted]]",
        *(f"{name} = {msgspec.json.encode(value).decode()}" for name, value in fields.items()),
    )


def _texts(signer: Signer) -> tuple[str, ...]:
    place = (signer.repository, signer.workflow, signer.ref, signer.builder)
    return (signer.identity, signer.issuer, *place)


def _joined(old: Release, decisions: list[tuple[Signer, Judged]]) -> Iterator[Fact]:
    """Yield every signer who is new, and whom nobody trusts, beside one who signed before.

    Left alone, they would pass for the author once the author's own signature is left out.
    """
    before = _signers(old)
    kept = {
        two.identity for two, _ in decisions if any(_relation(one, two) in _KNOWN for one in before)
    }
    for signer, judged in decisions:
        if judged.decision in ("untrusted", "not judged") and not any(
            _relation(one, signer) in _RELATED for one in before
        ):
            beside = tuple(sorted(kept))
            if beside:
                yield facts.SignerJoined(item=signer.identity, issuer=signer.issuer, beside=beside)


def _odd(signature: Signature) -> Iterator[Fact]:
    for signer in signature.signers:
        if text := next(filter(is_odd, _texts(signer)), ""):
            yield facts.SignerOdd(item=signer.identity, text=text)


def _alike(old: Release, decisions: list[tuple[Signer, Judged]]) -> Iterator[Fact]:
    """Yield every signer that can be taken for a trusted one, or for one of the old release."""
    before = _signers(old)
    names = [each.identity for each in before] + ([old.signed_by] if old.signed_by else [])
    for signer, judged in decisions:
        related = any(_relation(each, signer) in _RELATED for each in before)
        if judged.nearest:
            yield facts.SignerLookalike(item=signer.identity, like=judged.nearest, trusted=True)
        elif not related and (like := nearest(signer, names)):
            yield facts.SignerLookalike(item=signer.identity, like=like, trusted=False)


def _left(old: Release, new: Signature) -> Iterator[Fact]:
    """Yield who signed the old release and not the new one, where another signer stayed.

    Anybody can sign a file that everybody can have, and who signed the old one beside its author
    would pass for them in the new one.
    """
    before = _signers(old)
    stayed = {one for one in before for two in new.signers if _relation(one, two) in _KNOWN}
    left = tuple(each.identity for each in before if each not in stayed)
    if left and stayed:
        still = tuple(each.identity for each in new.signers)
        yield facts.SignatureDropped(item="signature", signers=left, still=still)


# Whether it is signed at all


def _status_facts(old: Release, new: Signature, trust: Trust) -> Iterator[Fact]:
    item = "signature"
    match new.status:
        case "invalid":
            yield facts.SignatureInvalid(item=item, why=new.why, help=new.do)
        case "unverifiable" if not _must_be_verified(trust):
            before = bool(_signers(old))
            yield facts.SignatureUnverifiable(item=item, why=new.why, help=new.do, before=before)
        case "unsigned":
            if required(trust):
                yield facts.SignatureMissing(item=item, by=required_by(trust))
    was = old.signature
    if isinstance(was, Signature):
        signers = was.signers if new.status == "unsigned" else new.signers
        names = tuple(each.identity for each in signers)
        if new.status == "unsigned" and was.status != "unsigned":
            yield facts.SignatureDropped(item=item, signers=names)
        if new.status == "verified" and was.status == "unsigned":
            yield facts.SignatureGained(item=item, signers=names)
        if new.status == "verified" and was.status in ("invalid", "unverifiable"):
            yield facts.OldSignatureUnproven(item=item, status=was.status, why=was.why)
    if old.signed_by not in ("", "unsigned") and new.status in ("verified", "unsigned"):
        yield from _claim(old.signed_by, new)


def _claim(claimed: str, new: Signature) -> Iterator[Fact]:
    """Hold what a capture of the node says of the old signer against who signed the new file."""
    names = [each.identity for each in new.signers]
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
