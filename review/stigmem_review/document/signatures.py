"""Who signed, in words: for the table, for the checklist, and line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from stigmem_review.case import Case
from stigmem_review.compare.signers import Continuity, Standing
from stigmem_review.document.parts import Item, Line, Row
from stigmem_review.model import NotCarried, Proof, Release, Signature, Signer
from stigmem_review.policy.trust import But, Decision
from stigmem_review.text import Message, Segment, shorten

_SIGNERS = 3
"""Signers and proofs of one release that are shown; JSON has all."""

_STATUS = {
    "unsigned": "not signed",
    "invalid": "the signature is invalid",
    "unverifiable": "the signature cannot be verified here",
}

_CONTINUITY: dict[Continuity, str] = {
    "same": "same signer",
    "another ref": "same workflow, at another ref",
    "one of several": "one of several old signers",
    "workflow changed": "another workflow",
    "repository moved": "the same repository at another address",
    "repository changed": "another repository",
    "another signer": "another signer",
    "issuer changed": "another issuer",
    "signed for the first time": "signed for the first time",
    "no longer signed": "no longer signed",
    "both unsigned": "as before",
    "not comparable": "nothing to compare it with",
}

_DECISION = {
    "trusted": "trusted",
    "override": "accepted as an exception",
    "untrusted": "not trusted",
    "not judged": "no trust policy configured",
}


def signed_row(case: Case, old: Release, new: Release) -> Iterator[Row]:
    """Yield the row that says who signed, unless neither release is signed."""
    signature, outcome = new.signature, case.comparison.signing
    if not isinstance(signature, Signature) or outcome is None:
        return
    if outcome.continuity == "both unsigned":
        return
    before, after = _short(old, new), _short(new, old)
    remarks = [_remark(each.continuity, each.decision) for each in outcome.signers]
    if outcome.continuity == "no longer signed":
        remarks = [_CONTINUITY["no longer signed"]]
    told = zip_longest(after, remarks[: len(after)], fillvalue="")
    yield Row(
        "signed by",
        (
            *(Item(each, "-") for each in before if each not in after),
            *(Item(each, "" if each in before else "+", remark) for each, remark in told),
        ),
    )


def _short(release: Release, other: Release) -> list[str]:
    """Return the signers of a release, or else what of its signature there is, in a few words.

    The issuer stands beside a name that another one vouches for in the other release.
    """
    signature = release.signature
    if not isinstance(signature, Signature):
        return []
    if signature.status != "verified":
        return [_STATUS[signature.status]]
    others = other.signature.signers if isinstance(other.signature, Signature) else ()
    issuers = {each.identity: each.issuer for each in others}
    shown = [
        each.identity
        if issuers.get(each.identity, each.issuer) == each.issuer
        else f"{each.identity} by {each.issuer}"
        for each in signature.signers[:_SIGNERS]
    ]
    more = len(signature.signers) - len(shown)
    return [*shown, *([f"and {more} more"] if more else [])]


def _remark(continuity: Continuity, decision: Decision) -> str:
    """Return in words what a signer is to those of the old release, and to the operator."""
    return ", ".join(filter(None, (_CONTINUITY.get(continuity), _DECISION[decision])))


_BUT: dict[But, str] = {
    "": "",
    "another issuer": ", which trusts that name from another issuer",
    "another ref": ", which trusts it at another ref",
    "other plugins": ", which trusts it for other plugins",
    "not on the node": ", and the policy trusts it",
    "a shared builder": ", which names a workflow that any repository can call",
}


def standing_says(standing: Standing) -> str:
    """Return in words what the operator thinks of one signer, and by whose word."""
    by = f" by {standing.by}" if standing.by else ""
    alike = f"; easily taken for {standing.nearest}" if standing.nearest else ""
    decision = "untrusted" if standing.decision == "untrusted" else _DECISION[standing.decision]
    return f"{decision}{by}{_BUT[standing.but]}{alike}"


def signature_lines(old: Release, new: Release) -> Iterator[Line]:
    """Yield what is known of the signatures of both releases, a line for each proof.

    Nothing where neither has one: that is said among what is as before.
    """
    sides = [
        (side, release.signature)
        for side, release in (("old", old), ("new", new))
        if isinstance(release.signature, Signature)
    ]
    if all(not (signature.proofs or signature.why) for _, signature in sides):
        return
    for side, signature in sides:
        if not signature.proofs:
            why = f": {signature.why}" if signature.why else ""
            yield Line(side, (Segment(f"not signed{why}"),))
        for proof in signature.proofs[:_SIGNERS]:
            yield Line(side, tuple(proof_says(proof, signature.root)))
        more = len(signature.proofs) - _SIGNERS
        if more > 0:
            yield Line(side, (Segment(f"and {more} more, in the report as JSON"),))


def proof_says(proof: Proof, root: str) -> Iterator[Segment]:
    """Yield what one bundle or attestation shows, as one sentence."""
    yield Segment(proof.status)
    if proof.why:
        yield Segment(": ")
        yield Segment(shorten(proof.why), theirs=True)
    if proof.do:
        yield Segment("; ")
        yield Segment(proof.do, theirs=True)
    for name, value in signer_fields(proof.signer) if proof.signer else ():
        yield Segment(f", {name} ")
        yield Segment(shorten(value), theirs=True)
    # Of attestations only those count that say who made the file; a bundle can hold any statement.
    if proof.predicate and proof.form == "bundle":
        yield Segment(", in a statement of the type ")
        yield Segment(shorten(proof.predicate), theirs=True)
    if proof.signed_at:
        yield Segment(f", signed at {proof.signed_at}")
    if proof.log_index is not None:
        yield Segment(f", log entry {proof.log_index}")
    yield Segment(" (")
    yield Segment(shorten(proof.name, 120), theirs=True)
    if root:
        yield Segment(", against ")
        yield Segment(shorten(root, 120), theirs=True)
    yield Segment(")")


def signer_fields(signer: Signer) -> Iterable[tuple[str, str]]:
    """Return what a certificate says of its holder, named, without what it does not say."""
    fields = (
        ("identity", signer.identity),
        ("issuer", signer.issuer),
        ("repository", signer.repository),
        ("workflow", signer.workflow),
        ("ref", signer.ref),
        ("built by", signer.builder),
        ("trigger", signer.trigger),
    )
    return [(name, value) for name, value in fields if value]


_CHANGED: tuple[Continuity, ...] = (
    "workflow changed",
    "repository moved",
    "repository changed",
    "another signer",
    "issuer changed",
)
"""What somebody has to know the reason of, even where both signers are trusted."""

_SIGNED: dict[Continuity, str] = {
    "": "It is signed",
    "same": "It is signed by the same signer as before",
    "another ref": "It is signed by the same workflow as before, at another ref",
    "one of several": "It is signed by only one of several who signed the old release",
    "workflow changed": "It is signed by another workflow of the same repository",
    "repository moved": "It is signed from the same repository at another address",
    "repository changed": "It is signed from another repository than before",
    "another signer": "It is signed by somebody else than before",
    "issuer changed": "It is signed under the same name, from another issuer",
    "signed for the first time": "It is signed, unlike the old release",
    "not comparable": "It is signed",
}

_AND = {
    "trusted": ", and trusted",
    "override": ", and accepted as an exception",
    "untrusted": ", and not trusted",
    "not judged": "; no trust policy is configured",
}


_AND_UNSIGNED = {
    None: ", and nobody said whether signatures are required; by its default settings the node "
    "refuses every plugin that is not",
    False: ", and signatures are not required",
    True: "",
}


def signed_says(case: Case, new: Release) -> Iterator[Segment]:
    """Yield in one sentence of ours who signed, where there is something to say of it."""
    signature, outcome = new.signature, case.comparison.signing
    if not isinstance(signature, Signature) or outcome is None:
        return
    match signature.status:
        case "verified":
            yield Segment(f"{_SIGNED[outcome.continuity]}{_AND[outcome.decision]}: ")
            for index, signer in enumerate(signature.signers[:_SIGNERS]):
                yield Segment(", " if index else "")
                yield Segment(shorten(_who(signer), 160), theirs=True)
            more = len(signature.signers) - _SIGNERS
            yield Segment(f" and {more} more." if more > 0 else ".")
            if outcome.continuity == "not comparable":
                yield Segment(" Nothing proves who signed the old release.")
        case "invalid":
            yield Segment("Its signature is invalid.")
        case "unverifiable":
            yield Segment("Its signature cannot be verified here.")
        case "unsigned" if outcome.continuity == "no longer signed":
            yield Segment("It is not signed, and the old release is.")
        case "unsigned" if outcome.continuity != "both unsigned" or outcome.required:
            yield Segment(f"It is not signed{_AND_UNSIGNED[outcome.required]}.")
        case "unsigned":
            yield Segment("It is not signed, as before.")


def _who(signer: Signer) -> str:
    """Return who signed in a few words: a workflow by what it is of, and a person by name."""
    if not signer.repository:
        return signer.identity
    repository = "/".join(signer.repository.split("/")[-2:])
    workflow = signer.workflow.rpartition("/")[2]
    ref = signer.ref.replace("refs/tags/", "tag ").replace("refs/heads/", "branch ")
    return ", ".join(filter(None, (repository, workflow, ref)))


def expected(case: Case, new: Release) -> Message:
    """Return where the handbook's step "signing identity expected" stands."""
    signature = new.signature
    outcome = case.comparison.signing
    if new.source.kind == "none":
        return (Segment("nothing is installed"),)
    if not isinstance(signature, Signature) or outcome is None:
        return (Segment("not assessed here: yours to do"),)
    if signature.status == "unverifiable":
        return (Segment("not known: the signature cannot be verified here"),)
    if signature.status != "verified":
        said = _STATUS[signature.status]
        before = ", as before" if outcome.continuity == "both unsigned" else ""
        return (Segment(f"no: {said}{before}"),)
    changed = outcome.continuity in _CHANGED
    start = {
        "trusted": "to be confirmed: " if changed else "yes: ",
        "override": "only with an approval: ",
        "untrusted": "no: ",
        "not judged": "yours to decide: ",
    }[outcome.decision]
    segments = [Segment(f"{start}verified, issuer ")]
    for index, issuer in enumerate(dict.fromkeys(each.issuer for each in signature.signers)):
        segments += [*([Segment(", ")] if index else []), Segment(issuer, theirs=True)]
    segments.append(Segment(f", {_remark(outcome.continuity, outcome.decision)}"))
    if outcome.by:
        segments.append(Segment(f" by {outcome.by}"))
    return tuple(segments)


def unsigned_says(case: Case) -> Iterator[Line]:
    """Yield the line of the appendix for two releases without a signature that need none."""
    outcome = case.comparison.signing
    if outcome is None or outcome.required or outcome.continuity != "both unsigned":
        return
    after = _AND_UNSIGNED[outcome.required]
    yield Line("not signed", (Segment(f"neither release is signed{after}"),))


def unassessed_signature(old: Release, new: Release) -> Iterator[Line]:
    """Yield why the signatures are not assessed, with what captures claim."""
    kinds = {
        each.source
        for each in (old.signature, new.signature)
        if isinstance(each, NotCarried) and each.source != "none"
    }
    if not kinds:
        return
    said: list[Segment] = []
    if "directory" in kinds:
        said.append(Segment("a project directory is not signed; what is built from it can be"))
    if "capture" in kinds:
        said.append(Segment(f"{'; ' if said else ''}a capture carries no signature"))
    for side, release in (("old", old), ("new", new)):
        if release.signed_by == "unsigned":
            said.append(Segment(f"; the {side} capture says that it is not signed"))
        elif release.signed_by:
            said.append(Segment(f"; the {side} capture claims that it was signed by "))
            said.append(Segment(release.signed_by, theirs=True))
    yield Line("signature", tuple(said))
