"""Who signed, in words: for the table, for the checklist, and line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from stigmem_review.case import Case
from stigmem_review.compare.continuity import Pair, pair_of, signers_of
from stigmem_review.compare.relations import KNOWN, Continuity, ref_kind, ref_of, relation
from stigmem_review.compare.signers import SigningOutcome, Standing
from stigmem_review.document.parts import Item, Line, Row
from stigmem_review.model import NotCarried, Proof, Release, Sibling, Signature, Signer
from stigmem_review.policy.identities import ON_GITHUB, name_of, signs_for_others
from stigmem_review.policy.trust import But
from stigmem_review.text import Message, Segment, shorten

_SIGNERS = 3
"""Signers and proofs of one release that are shown; JSON has all."""

_STATUS = {
    "unsigned": "not signed",
    "invalid": "the signature is invalid",
    "unverifiable": "the signature cannot be verified here",
}

_CONTINUITY: dict[Continuity, str] = {
    "same": "as before",
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
    "not listed": "not in the node's list",
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
    yield Row("signed by", tuple(_row_items(old, new, outcome)))


def _row_items(old: Release, new: Release, outcome: SigningOutcome) -> Iterator[Item]:
    """Yield who signed, of the new release with what each is to those before."""
    signers, before = signers_of(new), signers_of(old)
    stayed = {who(each) for each in signers if (pair := _as_before(old, each)) and _at_one(*pair)}
    gone = dict.fromkeys(_with_issuer(each, signers) for each in before if who(each) not in stayed)
    for each in [*gone][:_SIGNERS]:
        yield Item(each, "-")
    yield from _rest(len(gone), "-")
    was, now = map(_status_of, (old, new))
    if was and was != now:
        yield Item(was, "-")
    distinct = _distinct(signers, outcome)
    for signer, standing in distinct[:_SIGNERS]:
        remark = "as before" if _as_before(old, signer) else _CONTINUITY.get(standing.continuity)
        yield Item(
            _with_issuer(signer, before),
            "" if who(signer) in stayed else "+",
            ", ".join(filter(None, (remark, _decided(standing)))),
        )
    yield from _rest(len(distinct), "+")
    if now and was == now:
        yield Item(now, remark="as before")
    elif now:
        dropped = outcome.continuity == "no longer signed"
        yield Item(now, "+", _CONTINUITY["no longer signed"] if dropped else "")


def _decided(standing: Standing) -> str:
    """Return what the operator thinks of a signer, and whether that is because of its builder."""
    decision = _DECISION[standing.decision]
    is_shared = standing.but == "a shared builder" and standing.decision != "untrusted"
    return f"{decision} by the name of its builder alone" if is_shared else decision


def _distinct(
    signers: tuple[Signer, ...], outcome: SigningOutcome
) -> tuple[tuple[Signer, Standing], ...]:
    """Return each signer with its standing, and several runs of one workflow as one."""
    found = {
        (who(signer), signer.issuer, standing.decision, standing.owner): (signer, standing)
        for signer, standing in reversed([*zip(signers, outcome.signers, strict=True)])
    }
    return tuple(reversed(found.values()))


def _rest(count: int, sign: Literal["+", "-"]) -> Iterator[Item]:
    if count > _SIGNERS:
        yield Item(f"and {count - _SIGNERS} more", sign)


def _status_of(release: Release) -> str:
    signature = release.signature
    return _STATUS.get(signature.status, "") if isinstance(signature, Signature) else ""


def _as_before(old: Release, signer: Signer) -> Pair | None:
    """Return a signer and whom it follows as an ordinary next release does: at its own tag."""
    pair = pair_of(old, (signer,))
    if pair is None or relation(*pair) not in KNOWN:
        return None
    both_tags = {ref_kind(ref_of(each)) for each in pair} == {"a tag"}
    return pair if both_tags or _at_one(*pair) else None


def _at_one(old: Signer, new: Signer) -> bool:
    return ref_of(old) == ref_of(new)


def _with_issuer(signer: Signer, others: Iterable[Signer]) -> str:
    """Return who signed, with the issuer where the other release has the name from another one."""
    issuers = {each.issuer for each in others if name_of(each) == name_of(signer)}
    issuer = f" by {signer.issuer}" if issuers - {signer.issuer} else ""
    return f"{who(signer)}{issuer}"


_BUT: dict[But, str] = {
    "": "",
    "another issuer": ", which trusts that name from another issuer",
    "another ref": ", which trusts it at another ref",
    "another workflow": ", which trusts another workflow of its repository",
    "other plugins": ", which trusts it for other plugins",
    "not on the node": ", and the policy trusts it",
    "a shared builder": ", which names a workflow that any repository can call",
    "another trigger": ", which wants it started by something else",
    "another environment": ", which wants it run elsewhere",
    "another builder": ", which wants it built by another workflow",
    "other capitals": ", which has that name in other capitals",
    "another tag": ", which names the same workflow at another tag",
    "list not read": ", which the node does not read",
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
    if all(not (each.proofs or each.why or each.seen) for _, each in sides):
        return
    for side, signature in sides:
        if not signature.proofs:
            why = f": {signature.why}" if signature.why else ""
            yield Line(side, (Segment(f"not signed{why}"),))
        for proof in signature.proofs[:_SIGNERS]:
            yield Line(side, tuple(proof_says(proof, signature.root)))
        for sibling in signature.siblings:
            yield Line(side, tuple(_sibling_says(sibling)))
        more = len(signature.proofs) - _SIGNERS
        if more > 0:
            yield Line(side, (Segment(f"and {more} more, in the report as JSON"),))
        if signature.seen:
            yield Line(side, tuple(_seen_says(signature.seen)))


def _sibling_says(sibling: Sibling) -> Iterator[Segment]:
    """Yield who signed another file of the release."""
    yield Segment(f"{sibling.status}: ")
    yield Segment(shorten(sibling.file, 120), theirs=True)
    for index, signer in enumerate(sibling.signers[:_SIGNERS]):
        yield Segment(_joint(index, len(sibling.signers)) or ", by ")
        yield Segment(shorten(who(signer), 160), theirs=True)
    if sibling.why and not sibling.signers:
        yield Segment(", ")
        yield Segment(shorten(sibling.why), theirs=True)


def _seen_says(names: tuple[str, ...]) -> Iterator[Segment]:
    yield Segment("seen beside it and not verified: ")
    yield Segment(shorten(", ".join(names), 300), theirs=True)


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
    if against := proof.root or root:
        yield Segment(", against ")
        yield Segment(shorten(against, 120), theirs=True)
    yield Segment(")")


def signer_fields(signer: Signer) -> Iterable[tuple[str, str]]:
    """Return what a certificate says of its holder, named, without what it does not say."""
    fields = (
        ("identity", signer.identity),
        ("issuer", signer.issuer),
        ("repository", signer.repository),
        ("workflow", signer.workflow),
        ("ref", signer.ref),
        ("commit", signer.commit),
        ("built by", signer.builder),
        ("trigger", signer.trigger),
        ("runner", signer.runner),
        ("environment", signer.environment),
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

_AND_UNSIGNED = {
    None: "; by default the node requires signatures",
    False: "; signatures are not required",
    True: "",
}


def signed_says(case: Case, old: Release, new: Release) -> Iterator[Segment]:
    """Yield in one line who made the new release, and whether that is who made the old one."""
    signature, outcome = new.signature, case.comparison.signing
    if signature == NotCarried("index") and signers_of(old):
        yield Segment("Signer not known: this index carries no attestations")
        yield from _before(old)
        yield Segment(".")
    if not isinstance(signature, Signature) or outcome is None:
        return
    match signature.status:
        case "verified":
            yield Segment("Signed by ")
            yield from _each_says(old, signature.signers, outcome)
            yield Segment(".")
        case "unsigned" if outcome.continuity == "both unsigned" and outcome.required is not None:
            yield Segment(f"Not signed, as before{_AND_UNSIGNED[outcome.required]}.")
        case "unsigned" if outcome.continuity == "both unsigned":
            yield Segment("Not signed, as before.")
        case "unsigned":
            yield Segment("Not signed")
            yield from _before(old)
            yield Segment(f"{_AND_UNSIGNED[outcome.required]}.")
        case status if _status_of(old) == _STATUS[status]:
            yield Segment(f"{_STATUS[status].capitalize()}, as before.")
        case status:
            yield Segment(_STATUS[status].capitalize())
            yield from _before(old)
            yield Segment(".")


def _each_says(
    old: Release, signers: tuple[Signer, ...], outcome: SigningOutcome
) -> Iterator[Segment]:
    """Yield each signer, whom it follows, and what the operator thinks of it."""
    distinct = _distinct(signers, outcome)
    shown = distinct[:_SIGNERS]
    same = len({(_decided(standing), standing.owner) for _, standing in distinct}) == 1
    # Somebody else signed the old release too: that it is as before is not the whole of it.
    left = outcome.continuity == "one of several"
    for index, (signer, standing) in enumerate(shown):
        yield Segment(_joint(index, len(distinct)))
        yield Segment(shorten(who(signer), 160), theirs=True)
        pair = _as_before(old, signer)
        if left:
            pass
        elif pair and _at_one(*pair):
            yield Segment(" (as before)")
        elif pair:
            yield Segment(" (as before: ")
            yield Segment(_ref_name(pair[0]), theirs=True)
            yield Segment(")")
        elif len(shown) == 1:
            yield from _before(old, signer)
        elif signers_of(old):
            yield Segment(" (new)")
        if not same:
            yield Segment(f", {_decided(standing)}")
            yield from _owner_says(standing)
    if (more := len(distinct) - len(shown)) > 0:
        yield Segment(f" and {more} more")
    if left or (len(shown) > 1 and outcome.continuity not in ("same", "another ref")):
        yield from _before(old)
    if outcome.source == "agrees":
        yield Segment(", the repository that its metadata names")
    if same:
        [(_, first), *_] = shown
        is_stated = outcome.decision != "not judged"
        yield Segment(f", {_decided(first)}" if is_stated else f"; {_DECISION['not judged']}")
        yield from _owner_says(first)


def _owner_says(standing: Standing) -> Iterator[Segment]:
    """Yield that a signer is trusted for whose repository it is, whichever that is."""
    if standing.owner:
        yield Segment(" as any repository of ")
        yield Segment(standing.owner, theirs=True)


def _joint(index: int, count: int) -> str:
    """Return what stands before one of several."""
    if index == 0:
        return ""
    return " and " if index == count - 1 else ", "


def _before(old: Release, new: Signer | None = None) -> Iterator[Segment]:
    """Yield in brackets who made the old release; with the issuers where those are what differs."""
    if old.source.kind == "none":
        return
    signers = signers_of(old)
    if not signers:
        yield Segment(f" (before: {_status_of(old) or 'not known'})")
        return
    is_issuer = new is not None and [(who(each), each.kind) for each in signers] == [
        (who(new), new.kind)
    ]
    if new is not None and is_issuer:
        yield Segment(", issued by ")
        yield Segment(shorten(new.issuer, 160), theirs=True)
    yield Segment(" (before: ")
    names = [*dict.fromkeys(each.issuer if is_issuer else who(each) for each in signers)]
    for index, name in enumerate(names[:_SIGNERS]):
        yield Segment(_joint(index, len(names)))
        yield Segment(shorten(name, 160), theirs=True)
    more = len(names) - _SIGNERS
    yield Segment(f" and {more} more)" if more > 0 else ")")


def who(signer: Signer) -> str:
    """Return who signed in a few words: a workflow by what it is of, and a person by name.

    The builder is named where a workflow of another repository built it.
    """
    if not signer.repository:
        return signer.identity
    folder = ".github/workflows/" if signer.repository.startswith(ON_GITHUB) else ""
    shared = f"built by {_place(signer.builder)}" if signs_for_others(signer) else ""
    workflow = signer.workflow.removeprefix(folder) or _place(signer.builder)
    return ", ".join(filter(None, (_place(signer.repository), workflow, _ref_said(signer), shared)))


def _place(address: str) -> str:
    """Return an address without what everybody takes for granted of it."""
    return address.removeprefix(ON_GITHUB).removeprefix("https://")


_REFS = {"refs/tags/": "tag ", "refs/heads/": "branch "}


def _ref_said(signer: Signer) -> str:
    """Return the ref that a workflow ran at, with what it is."""
    ref = ref_of(signer)
    for start, kind in _REFS.items():
        if ref.startswith(start):
            return f"{kind}{ref.removeprefix(start)}"
    return ref


def _ref_name(signer: Signer) -> str:
    """Return the ref that a workflow ran at, without what it is."""
    ref = ref_of(signer)
    return next((ref.removeprefix(each) for each in _REFS if ref.startswith(each)), ref)


def expected(case: Case, new: Release) -> Message:
    """Return where the handbook's step "signing identity expected" stands."""
    signature = new.signature
    outcome = case.comparison.signing
    if new.source.kind == "none":
        return (Segment("nothing is installed"),)
    if not isinstance(signature, Signature) or outcome is None:
        return (Segment("not assessed here: manual step"),)
    if signature.status == "unverifiable":
        return (Segment("not known: the signature cannot be verified here"),)
    if signature.status != "verified":
        said = _STATUS[signature.status]
        before = ", as before" if outcome.continuity == "both unsigned" else ""
        return (Segment(f"no: {said}{before}"),)
    is_shared = outcome.but == "a shared builder"
    changed = is_shared or outcome.continuity in _CHANGED
    decision = _DECISION[outcome.decision]
    start = {
        "trusted": "to be confirmed: " if changed else "yes: ",
        "override": "only with an approval: ",
        "not listed": "to be listed: ",
        "untrusted": "no: ",
        "not judged": "to be decided: ",
    }[outcome.decision]
    segments = [Segment(f"{start}verified, issuer ")]
    for index, issuer in enumerate(dict.fromkeys(each.issuer for each in signature.signers)):
        segments += [*([Segment(", ")] if index else []), Segment(issuer, theirs=True)]
    remark = ", ".join(filter(None, (_CONTINUITY.get(outcome.continuity), decision)))
    segments.append(Segment(f", {remark}"))
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
    if "installed" in kinds:
        named = "what is installed carries no signature; name the file that it is from"
        said.append(Segment(f"{'; ' if said else ''}{named}"))
    if "index" in kinds:
        said.append(
            Segment(
                f"{'; ' if said else ''}this index carries no attestations, so that nothing says "
                "who signed; name the file that signs it, or take an index that has them"
            )
        )
    if "capture" in kinds:
        said.append(Segment(f"{'; ' if said else ''}a capture carries no signature"))
    for side, release in (("old", old), ("new", new)):
        if release.signed_by == "unsigned":
            said.append(Segment(f"; the {side} capture says that it is not signed"))
        elif release.signed_by:
            said.append(Segment(f"; the {side} capture claims that it was signed by "))
            said.append(Segment(release.signed_by, theirs=True))
    yield Line("signature", tuple(said))
