"""Whether an artifact is signed, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stigmem_review.errors import SourceError
from stigmem_review.model import AnySignature, NotCarried, Sibling, Signature
from stigmem_review.sources.artifact import Artifact

if TYPE_CHECKING:
    from stigmem_review.signing.roots import TrustRoot

_WORST_FIRST = ("invalid", "unverifiable", "verified")


def verify(
    artifact: Artifact, roots: Sequence[TrustRoot] = (), today: date | None = None
) -> AnySignature:
    """Verify everything that signs an artifact against roots: ours, unless others are given.

    With ``today``, ours says how old it is.
    Nothing is fetched but the signed sdist of an index's wheel, and whatever a signature holds,
    nothing is raised for it. Raises ``SigningError`` where a root is none.
    """
    if artifact.source.kind not in ("wheel", "sdist"):
        return NotCarried(artifact.source.kind)
    if artifact.silent and not artifact.signatures:
        return NotCarried("index")
    if artifact.signatures and not roots:
        from stigmem_review.signing.roots import shipped_root

        roots = (shipped_root(today),)
    found = _verified(artifact, roots)
    return replace(
        found,
        unsigned=tuple(sorted(name for name, signed in artifact.others.items() if not signed)),
        signed=tuple(sorted(name for name, signed in artifact.others.items() if signed)),
        siblings=tuple(_siblings(artifact, roots)) if artifact.signatures else (),
        seen=(*artifact.seen, *found.seen),
    )


def _verified(artifact: Artifact, roots: Sequence[TrustRoot]) -> Signature:
    if not artifact.signatures:
        return Signature("unsigned")
    from stigmem_review.signing.proofs import proofs_of

    proofs, seen = proofs_of(artifact, roots)
    if not proofs:
        names = [each.name for each in artifact.signatures if each.name not in seen]
        why = f"{', '.join(names)} holds no attestation" if names else ""
        return Signature("unsigned", why, seen=seen)
    good = [each for each in proofs if each.status == "verified"]
    worst = min(proofs, key=lambda each: _WORST_FIRST.index(each.status))
    against = [each for each in proofs if each.status == "invalid" and not each.unread]
    if good and not against:
        worst = good[0]
    signers = (each.signer for each in good if each.signer and worst.status == "verified")
    return Signature(
        worst.status,
        worst.why,
        worst.do,
        signers=tuple(dict.fromkeys(signers)),
        proofs=proofs,
        root=", ".join(each.name for each in roots),
        seen=seen,
    )


def _siblings(artifact: Artifact, roots: Sequence[TrustRoot]) -> Iterator[Sibling]:
    """Yield what verifying the signed sdist beside a wheel shows."""
    if artifact.sdist_signed is None:
        return
    try:
        sdist = artifact.sdist_signed()
    except SourceError as error:
        file = next((each for each in artifact.others if not each.endswith(".whl")), "the sdist")
        yield Sibling(file, "unverifiable", error.text)
        return
    found = _verified(sdist, roots)
    yield Sibling(sdist.source.file, found.status, found.why, found.signers)
