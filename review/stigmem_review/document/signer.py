"""Who signed one artifact, and whether that is somebody the operator trusts."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review.compare.signers import SigningOutcome
from stigmem_review.document.sanitise import sanitised
from stigmem_review.model import AnySignature, Signature, Source


class SignerReport(msgspec.Struct, frozen=True):
    """What verifying one artifact showed. Every string in it is printable ASCII on one line.

    ``format`` is the version of this document's structure. ``absent`` is who has to have signed, as
    the policy says, and did not. ``exit_code`` is 0 where it is verified, signed by all of those,
    and not by somebody whom the operator does not trust, or trusts for a workflow that any
    repository can call, 3 where it cannot be verified here, and else 1.
    """

    format: Literal[1]
    source: Source
    signature: AnySignature
    trust: SigningOutcome | None
    absent: tuple[str, ...]
    exit_code: Literal[0, 1, 3]


def build_signer_report(
    source: Source, signature: AnySignature, trust: SigningOutcome | None, absent: tuple[str, ...]
) -> SignerReport:
    """Put the report together; everything in it is sanitised here, once."""
    code = _exit_code(signature, trust, absent)
    return sanitised(SignerReport(1, source, signature, trust, absent, code))


def _exit_code(
    signature: AnySignature, trust: SigningOutcome | None, absent: tuple[str, ...]
) -> Literal[0, 1, 3]:
    if not isinstance(signature, Signature) or signature.status == "unverifiable":
        return 3
    if (
        absent
        or signature.status != "verified"
        or (trust and trust.decision in ("untrusted", "not listed"))
    ):
        return 1
    # Whoever calls that workflow is trusted, which decides nothing about this signer.
    if trust and trust.decision == "trusted" and trust.but == "a shared builder":
        return 1
    return 0
