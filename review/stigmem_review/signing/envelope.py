"""Statements that are signed for themselves, in a Sigstore bundle around them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stigmem_review import limits
from stigmem_review.model import Proof
from stigmem_review.signing.forms import Material, is_larger
from stigmem_review.signing.library import load_library
from stigmem_review.signing.outcome import invalid, unverifiable
from stigmem_review.signing.roots import TrustRoot, shipped_root

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

PAYLOAD = "application/vnd.in-toto+json"
"""What an envelope says that it holds, if that is a statement (DSSE; in-toto, "Envelope")."""


def verify_statement(
    name: str, bundle: dict[str, Any], statement: bytes, roots: Sequence[TrustRoot] = ()
) -> Proof:
    """Return whether a bundle signs the statement in its envelope, and who did.

    ``bundle`` is decoded JSON, ``statement`` what was read from its envelope, ``roots`` are ours,
    unless others are given. Nothing is raised for what a bundle holds; raises ``SigningError``
    where a root is none.
    """
    load_library()
    from stigmem_review.signing.proofs import Anybody, proof_of

    def look(read: Bundle, verifier: Verifier) -> str:
        # A statement may be large; for what signs it the same limits hold as elsewhere.
        around = len(json.dumps(bundle)) - len(statement) * 4 // 3
        if around > limits.SIGNATURE_BYTES or is_larger(bundle, limits.SIGNATURE_VALUES):
            raise unverifiable("what signs it is larger than the limit for signatures")
        if verifier.verify_dsse(read, Anybody()) != (PAYLOAD, statement):
            raise invalid("its envelope can be read in two ways")
        return ""

    return proof_of(Material(name, "bundle", bundle), roots or (shipped_root(),), look)
