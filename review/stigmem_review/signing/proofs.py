"""Each signature of an artifact, verified against each root by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from stigmem_review.model import Proof, Source
from stigmem_review.signing.forms import Material, materials
from stigmem_review.signing.library import load_library
from stigmem_review.signing.outcome import Unproven, in_our_words, invalid
from stigmem_review.signing.private import signs_bytes, verified_times
from stigmem_review.signing.roots import TrustRoot
from stigmem_review.sources.artifact import Artifact

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

    from stigmem_review.signing.instance import Instance


class Proofs(NamedTuple):
    """What the signatures of an artifact prove; ``seen`` are files of no form that is read.

    What cannot be verified of those counts where there is nothing else.
    """

    found: tuple[Proof, ...] = ()
    seen: tuple[str, ...] = ()


def proofs_of(artifact: Artifact, roots: Sequence[TrustRoot]) -> Proofs:
    """Return what each signature of an artifact proves, or why it proves nothing.

    Each root is tried by itself: were they one, a certificate of one instance in the log of
    another would pass. Raises ``SigningError`` where a root is none, and nothing for what a
    signature holds.
    """
    held = [(file.name, materials(file)) for file in artifact.signatures]
    if any(each.found and not each.seen for _, each in held):
        held = [(name, each._replace(found=()) if each.seen else each) for name, each in held]
    seen = tuple(name for name, each in held if each.seen and not each.found)
    found = [each for _, contents in held for each in contents.found]
    if not any(isinstance(each, Material) for each in found):
        return Proofs(tuple(each for each in found if isinstance(each, Proof)), seen)
    load_library()
    proofs = (
        each
        if isinstance(each, Proof)
        else proof_of(each, roots, partial(_predicate, each, artifact.source))
        for each in found
    )
    return Proofs(tuple(proofs), seen)


Look = Callable[["Bundle", "Verifier"], str]
"""Verifies what a bundle signs, and returns what kind of statement that is, if it is one."""


def proof_of(material: Material, roots: Sequence[TrustRoot], look: Look) -> Proof:
    """Return what a bundle or attestation proves against the first root that verifies it.

    ``look`` verifies what it signs. Where no root does, what is wrong with it counts before what is
    not known of it, and that before its being of another instance.
    """
    from stigmem_review.signing.instance import instance_of

    refused: list[Unproven] = []
    for root in roots:
        instance = instance_of(root)
        try:
            return replace(_verified(material, instance, look), root=root.name)
        except Unproven as error:
            refused.append(error)
        except (KeyboardInterrupt, SystemExit):
            raise
        # A panic of the libraries that are written in Rust is no Exception. Whatever goes wrong
        # with what a release brings along, it is not verified.
        except BaseException as error:
            refused.append(invalid(in_our_words(error)))
    worst = min(refused, key=lambda each: (each.status == "unverifiable", each.elsewhere))
    return Proof(
        material.name, material.form, worst.status, worst.why, worst.do, unread=worst.unread
    )


def _verified(material: Material, instance: Instance, look: Look) -> Proof:
    """Return the proof of what verifies.

    Raises ``Unproven``, and whatever the libraries raise, where it does not.
    """
    from sigstore.errors import VerificationError

    from stigmem_review.signing.bundles import (
        bundle_of,
        check_digest,
        check_key,
        check_spelling,
        log_index,
        signed_at,
    )
    from stigmem_review.signing.certificate import claims_of, signer_of
    from stigmem_review.signing.statement import check_publisher

    bundle = bundle_of(material)
    certificate = bundle.signing_certificate
    check_key(certificate)
    held = instance.hold(bundle)
    try:
        predicate = look(bundle, held.verifier)
    except VerificationError as error:
        check_digest(certificate, error)
        check_spelling(bundle, error)
        held.check_layout(certificate, error)
        raise
    # Only from here on is what the bundle says true.
    times = verified_times(held.verifier, bundle)
    held.check_periods(certificate, [each.time for each in times])
    index = log_index(bundle)
    claims = claims_of(certificate)
    signer = signer_of(certificate, claims)
    if material.form == "provenance":
        check_publisher(material.publisher, signer, claims)
    return Proof(
        material.name,
        material.form,
        "verified",
        signer=signer,
        predicate=predicate,
        signed_at=signed_at(times),
        log_index=index,
    )


class Anybody:
    """The policy of the library that accepts every signer.

    It asks its policy before it has verified the log entry and the signature: whom to trust is
    not decided here, and later.
    """

    def verify(self, cert: Certificate) -> None:
        """Accept a certificate."""


def _predicate(material: Material, source: Source, bundle: Bundle, verifier: Verifier) -> str:
    """Verify a bundle of an artifact, and return what kind of statement it signs, if it is one."""
    from sigstore.hashes import Hashed
    from sigstore_models.common.v1 import HashAlgorithm

    from stigmem_review.signing.statement import predicate_of_attestation, predicate_of_bundle

    if signs_bytes(bundle):
        digest = bytes.fromhex(source.sha256)
        hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest)
        verifier.verify_artifact(hashed, bundle, Anybody())
        return ""
    payload_type, payload = verifier.verify_dsse(bundle, Anybody())
    is_bundle = material.form == "bundle"
    read = predicate_of_bundle if is_bundle else predicate_of_attestation
    return read(payload_type, payload, source)
