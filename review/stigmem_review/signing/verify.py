"""Whether an artifact is signed, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stigmem_review.model import AnySignature, NotCarried, Signature
from stigmem_review.sources.artifact import Artifact

if TYPE_CHECKING:
    from stigmem_review.signing.roots import TrustRoot

_WORST_FIRST = ("invalid", "unverifiable", "verified")


def verify(artifact: Artifact, root: TrustRoot | None = None) -> AnySignature:
    """Verify everything that signs an artifact against a root: ours, unless another is given.

    Nothing is fetched, and whatever a signature holds, nothing is raised for it. Raises
    ``SigningError`` where the root is none.
    """
    if artifact.source.kind not in ("wheel", "sdist"):
        return NotCarried(artifact.source.kind)
    unsigned = tuple(sorted(name for name, signed in artifact.others.items() if not signed))
    signed = tuple(sorted(name for name, signed in artifact.others.items() if signed))
    if not artifact.signatures:
        return Signature("unsigned", unsigned=unsigned, signed=signed)
    from stigmem_review.signing.proofs import proofs_of
    from stigmem_review.signing.roots import shipped_root

    root = root or shipped_root()
    proofs = proofs_of(artifact, root)
    if not proofs:
        names = ", ".join(each.name for each in artifact.signatures)
        return Signature(
            "unsigned", f"{names} holds no attestation", unsigned=unsigned, signed=signed
        )
    worst = min(proofs, key=lambda each: _WORST_FIRST.index(each.status))
    signers = (each.signer for each in proofs if each.signer and worst.status == "verified")
    return Signature(
        worst.status,
        worst.why,
        worst.do,
        signers=tuple(dict.fromkeys(signers)),
        proofs=proofs,
        root=root.name,
        unsigned=unsigned,
        signed=signed,
    )
