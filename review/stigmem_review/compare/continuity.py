"""Who signed in whose place, beside whom and without whom: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stigmem_review import facts
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing
from stigmem_review.compare.relations import (
    KNOWN,
    by_name,
    distance,
    is_known,
    is_of_the_repository,
    is_related,
    ref_of,
    relation,
    same_repository,
)
from stigmem_review.facts import Fact
from stigmem_review.model import AnySignature, IdentityKind, Known, Release, Signature, Signer
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.identities import fold, name_of, names_of, nearest, texts_of
from stigmem_review.policy.trust import Approved, Decision, Judged


def signers_of(release: Release) -> tuple[Signer, ...]:
    """Return who signed a release, as far as that is verified."""
    return release.signature.signers if isinstance(release.signature, Signature) else ()


Pair = tuple[Signer, Signer]

TRUSTED: tuple[Decision, ...] = ("trusted", "override")
"""What the operator thinks of a signer who is enough."""


def pair_of(old: Release, new: Iterable[Signer]) -> Pair | None:
    """Return the two signers, one of each release, that have most to do with each other."""
    pairs = [(one, two) for one in signers_of(old) for two in new]
    return min(pairs, key=distance, default=None)


def changes(old: Release, new: Release, pair: Pair, *, both_pinned: bool) -> Iterator[Fact]:
    """Yield what is another with who signed: with the two that are closest, and with each run.

    ``both_pinned`` if the policy names both of the closest.
    """
    from stigmem_review.compare.runs import run_facts, workflow_facts

    also = tuple(name for name in names_of(signers_of(old)) if name != name_of(pair[0]))
    yield from _change_facts(*pair, also, both_pinned=both_pinned)
    versions = [_version(each) for each in (old, new)]
    found: list[Fact] = []
    for signer in signers_of(new):
        closest = pair_of(old, (signer,)) or pair
        if closest != pair and relation(*closest) in KNOWN:
            found += workflow_facts(*closest)
        found += run_facts(*closest, *versions)
        found += _case(*closest)
    yield from dict.fromkeys(found)


def _case(old: Signer, new: Signer) -> Iterator[Fact]:
    """Yield that one signer is written with other capitals than before."""
    for was, now in zip(_cased(old), _cased(new), strict=True):
        if relation(old, new) in KNOWN and was != now and fold(was) == fold(now):
            yield facts.SignerCaseChanged(item="signer", old=was, new=now)
            return


def _cased(signer: Signer) -> tuple[str, str]:
    """Return what of a signer can be written with other capitals."""
    return signer.repository or signer.identity, signer.builder


def _version(release: Release) -> str:
    version = release.distribution_version
    return version.value if isinstance(version, Known) else ""


def _change_facts(
    old: Signer, new: Signer, also: tuple[str, ...], *, both_pinned: bool
) -> Iterator[Fact]:
    from stigmem_review.compare.runs import looser_refs, workflow_facts

    # An address that was deleted and made anew is not the one that somebody named.
    anew = old.repository == new.repository and not same_repository(old, new)
    if both_pinned and not anew and relation(old, new) not in KNOWN:
        yield facts.SignerAlternated(item="signer", old=_named(old), new=_named(new))
        yield from looser_refs(old, new)
        return
    name = by_name(old, new)
    other_issuer = new.issuer if old.issuer != new.issuer else ""
    match name:
        case "another signer":
            yield facts.SignerChanged(
                item="signer",
                old=name_of(old),
                new=name_of(new),
                was=_signer_kind(old),
                now=_signer_kind(new),
                also=also,
                issuer=other_issuer,
            )
        case "repository changed":
            yield facts.SignerRepositoryChanged(
                item="signer",
                old=old.repository,
                new=new.repository,
                anew=old.repository == new.repository,
                also=also,
                issuer=other_issuer,
            )
        case "repository moved":
            yield facts.SignerMoved(item="signer", old=old.repository, new=new.repository)
            yield from workflow_facts(old, new)
        case "workflow changed" | "another ref":
            yield from workflow_facts(old, new)
    # Another name is another signer, wherever it is from.
    if other_issuer and name not in ("another signer", "repository changed"):
        yield facts.SignerIssuerChanged(
            item="signer",
            old=old.issuer,
            new=new.issuer,
            identity=name_of(new),
            same=name in KNOWN,
        )


def _named(signer: Signer) -> str:
    built = f", built by {signer.identity}" if name_of(signer) != signer.identity else ""
    return f"{name_of(signer)}{built} ({signer.issuer})"


_KINDS: dict[IdentityKind, facts.SignerKind] = {
    "email": "a person",
    "username": "a user name",
    "uri": "a workflow",
}


def _signer_kind(signer: Signer) -> facts.SignerKind:
    return _KINDS[signer.kind]


def joined(old: Release, decisions: Sequence[tuple[Signer, Judged]], pair: Pair) -> Iterator[Fact]:
    """Yield every signer who is new, beside one who signed before or is in the place of one.

    Left alone, they would pass for the author once the author's own signature is left out. In
    ``pair`` are the two that are closest.
    """
    before = signers_of(old)
    kept = [each for each, _ in decisions if is_known(each, before)]
    beside = tuple(sorted(names_of(kept)))
    for signer, judged in decisions:
        if signer != pair[1] and signer not in kept:
            yield facts.SignerJoined(
                item=name_of(signer),
                issuer=signer.issuer,
                beside=beside,
                trusted=judged.decision in TRUSTED,
            )


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
        like = judged.nearest or ("" if is_related(signer, before) else nearest(signer, names))
        if like:
            name = name_of(signer)
            case = name.lower() == like.lower()
            yield facts.SignerLookalike(
                item=name, like=like, trusted=bool(judged.nearest), case=case
            )


def unlike_approved(
    old: Release, new: Signature, approved: Approved | None, *, pinned: bool
) -> Iterator[Fact]:
    """Yield that none of those signed who signed the last release that was approved.

    Where the old release was signed by the same, comparing with that one says it.
    """
    if approved is None or new.status == "invalid":
        return
    were = approved.signers
    unsaid = [each for each in were if not is_known(each, signers_of(old))]
    if not unsaid or any(is_known(each, new.signers) for each in were):
        return
    yield facts.SignerUnlikeApproved(
        item="signer",
        old=", ".join(names_of(were)),
        new=", ".join(names_of(new.signers)),
        related=any(is_related(each, were) for each in new.signers),
        pinned=pinned,
        why=f"{approved.version or 'a release'}, approved on {approved.day}",
    )


def left(old: Release, new: Signature, pair: Pair, *, trusted: bool) -> Iterator[Fact]:
    """Yield who signed the old release and not the new one, where another signer did.

    Anybody can sign a file that everybody can have, and who signed the old one beside its author
    would pass for them in the new one, unless one of its signers is ``trusted``.
    """
    gone = [each for each in signers_of(old) if each != pair[0] and not is_known(each, new.signers)]
    names, still = names_of(gone), names_of(new.signers)
    if gone and trusted:
        yield facts.SignerLeft(item="signature", signers=names, still=still)
    elif gone:
        related = all(is_of_the_repository(each, new.signers) for each in gone)
        yield facts.SignatureDropped(item="signature", signers=names, still=still, related=related)


# The proof


def _laid_out(found: AnySignature | None, release: Release) -> Entries:
    """Lay out what became of a signature, and each signer by its name, with what it ran."""
    if not isinstance(found, Signature):
        return {}
    entries = {"status": Entry("signature", {"value": found.status})}
    for each in found.signers:
        key = " ".join((each.kind, name_of(each).removesuffix(f"@{ref_of(each)}"), each.issuer))
        known = entries.get(key, Entry(name_of(each), {}, None, {"words": set()}))
        runs = each.workflow and f"{each.workflow} {each.builder}"
        more = {"number": each.repository_id, "ref": ref_of(each), "runs": runs}
        cell = {name: known.cell.get(name, set()) | {text} - {""} for name, text in more.items()}
        words = known.about["words"] | {*texts_of(each), name_of(each), _named(each)}
        entries[key] = Entry(known.item, cell, None, {"words": words})
    return entries


def _comparable(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    """Leave out what only the old certificates say, and a signature that cannot be verified.

    That is a fact, or a gap of the review.
    """
    if not before or not after or after["status"].cell["value"] == "unverifiable":
        return {}, {}
    for key in (before.keys() & after.keys()) - {"status"}:
        one, two = before[key].cell, after[key].cell
        # What an old certificate does not say, a new one may.
        alike = {name: two[name] for name in one if two[name] <= one[name] or not one[name]}
        before[key] = before[key].saying(**alike)
    return before, after


def _is_told(fact: Fact, thing: Thing) -> bool:
    """Say whether a fact speaks of a signer who is new or gone, or of what changed of one."""
    match fact:
        case facts.SignatureInvalid() | facts.OldSignatureUnproven():
            return True
        case facts.SignatureGained() | facts.SignatureDropped() | facts.SignerLeft():
            names = {thing.item, *_words(thing.old), *_words(thing.new)}
            return not names.isdisjoint((fact.item, *fact.signers))
        case facts.SignerJoined():
            return fact.item in _words(thing.new)
        case facts.SignerRefChanged() | facts.SignerTagMoved() | facts.SignerTagMismatch():
            return bool(thing.old and thing.new)
        case facts.SignerChanged() | facts.SignerRepositoryChanged() if not _words(
            thing.old
        ).isdisjoint(fact.also):
            return True
        case facts.Replaced():
            return fact.old in _words(thing.old) or fact.new in _words(thing.new)
        case _:
            return False


def _words(entry: Entry | None) -> set[str]:
    """Return all that names a signer."""
    words: set[str] = entry.about.get("words", set()) if entry else set()
    return words


SIGNERS = Field(name="signature", read=_laid_out, match=_comparable, told=_is_told, is_shown=False)
"""The row of the table of fields about who signed."""
