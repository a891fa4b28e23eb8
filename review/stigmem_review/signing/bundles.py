"""Bundles as the library has them, and what it leaves to us of them."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC
from typing import TYPE_CHECKING, Any

from stigmem_review.signing.forms import Material, at, decode
from stigmem_review.signing.outcome import Unproven, first_of, invalid, unreadable, unverifiable
from stigmem_review.signing.private import VerifiedTime, earliest, entry_of, size_signed, spelt
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from pydantic import ValidationError
    from sigstore.models import Bundle

_BUNDLE = "application/vnd.dev.sigstore.bundle"
_CHECKED = {("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2"), ("dsse", "0.0.1")}
"""The log entries that ``sigstore.verify`` can check: of Rekor, and of its second version."""

_IS_ANOTHER = ("entry is inconsistent with other materials", "entry signatures do not match")
_DOES_NOT_FIT = ("Signature is invalid for input", "DSSE: invalid signature")


def bundle_of(material: Material) -> Bundle:
    """Return a bundle or an attestation as a bundle.

    Raises ``Unproven`` where it is of a kind that the library cannot check, and what the library
    raises where it is not well-formed.
    """
    return (_bundle if material.form == "bundle" else _attestation)(material.content)


def check_key(certificate: Certificate) -> None:
    """Raise ``Unproven`` unless a certificate is for a key that the library can check."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        raise unverifiable("it is signed with a key of an unknown kind, not ECDSA") from None
    if not isinstance(key, EllipticCurvePublicKey):
        kind = type(key).__name__.removesuffix("PublicKey").strip("_")
        raise unverifiable(f"it is signed with a key of the kind {kind}, not ECDSA")


def check_digest(certificate: Certificate, error: Exception) -> None:
    """Raise ``Unproven`` where a signature may only not fit because it is of another digest.

    A key on another curve than P-256 may go with SHA-384 or SHA-512 (sigstore/architecture-docs,
    "algorithm-registry"); the library takes SHA-256 for all of them.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    key = certificate.public_key()
    is_other = isinstance(key, EllipticCurvePublicKey) and not isinstance(key.curve, SECP256R1)
    if is_other and any(words in str(error) for words in _DOES_NOT_FIT):
        raise unverifiable("its key may sign another digest than SHA-256, which alone is checked")


def check_spelling(bundle: Bundle, error: Exception) -> None:
    """Raise ``Unproven`` where a log entry may only spell the certificate of a bundle otherwise.

    The library compares its PEM character by character, of which the lines may be of any length.
    """
    from cryptography.x509 import load_pem_x509_certificate

    if not any(words in str(error) for words in _IS_ANOTHER):
        return
    spec = at(decode(entry_of(bundle).canonicalized_body), "spec")
    logged = at(spec, "signature", "publicKey", "content") or at(spec, "signatures", 0, "verifier")
    try:
        certificate = load_pem_x509_certificate(b64decode(logged))
    except (TypeError, ValueError):
        return
    own = bundle.signing_certificate
    if certificate == own and logged != spelt(own):
        raise unverifiable("its log entry spells the certificate in a way that cannot be compared")


def signed_at(times: list[VerifiedTime]) -> str:
    """Return when a bundle was signed, by the times that the library verified."""
    return earliest(times).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def log_index(bundle: Bundle) -> int:
    """Return where in its log a verified bundle stands, as its proof of inclusion has it.

    The index is proven only together with the size of the tree, which the log signs in its
    checkpoint, and which the library does not compare. Raises ``Unproven`` where they differ.
    """
    proof = entry_of(bundle).inclusion_proof
    envelope = proof.checkpoint.envelope if proof.checkpoint else ""
    size = size_signed(envelope)
    if size != proof.tree_size:
        raise invalid(
            f"its log entry is proven for a log of {proof.tree_size} entries, and the log says "
            f"that it has {size}"
        )
    return proof.log_index


def _bundle(content: dict[str, Any]) -> Bundle:
    from pydantic import ValidationError
    from sigstore.models import Bundle
    from sigstore_models.bundle.v1 import Bundle as BundleModel

    _check_bundle(content)
    _fill(at(content, "verificationMaterial", "tlogEntries"))
    try:
        # What was looked at is written again, so that the library reads nothing else out of it.
        return Bundle(BundleModel.from_json(json.dumps(content)))
    except ValidationError as error:
        raise _malformed(error) from None


def _attestation(content: dict[str, Any]) -> Bundle:
    from pydantic import ValidationError
    from pypi_attestations import Attestation, ConversionError

    _check_attestation(content)
    _fill(at(content, "verification_material", "transparency_entries"))
    try:
        return Attestation.model_validate_json(json.dumps(content)).to_bundle()
    except ValidationError as error:
        raise _malformed(error) from None
    except ConversionError as error:
        if isinstance(error.__cause__, ValidationError):
            raise _malformed(error.__cause__) from None
        raise


def _malformed(error: ValidationError) -> Unproven:
    """Return what is wrong with a form; a field from a later version need not be."""
    kinds = {each["type"] for each in error.errors()}
    said = first_of(error)
    if kinds == {"extra_forbidden"}:
        return unverifiable(f"it has a field that is not known here: {said}")
    return unreadable(f"it is not well-formed: {said}")


def _fill(entries: Any) -> None:
    """Write log entries as the library wants them.

    The JSON of protocol buffers may have 64-bit integers as numbers, and leaves out what is zero
    or empty, as for the first entry of a log.
    """
    for entry in entries if isinstance(entries, list) else ():
        proof = at(entry, "inclusionProof")
        if not isinstance(entry, dict) or not isinstance(proof, dict):
            continue
        proof.setdefault("hashes", [])
        for holder in (entry, proof):
            holder.setdefault("logIndex", "0")
            for key in ("logIndex", "integratedTime", "treeSize"):
                if type(holder.get(key)) is int:
                    holder[key] = str(holder[key])


def _check_bundle(content: dict[str, Any]) -> None:
    from sigstore.models import Bundle

    media_type = str(content["mediaType"])
    if not media_type.startswith(_BUNDLE):
        raise invalid(f"it is no bundle, but of the type {shorten(media_type, 60)}")
    if media_type not in {each.value for each in Bundle.BundleType}:
        raise unverifiable(f"it is a bundle of an unknown version: {shorten(media_type, 80)}")
    if at(content, "verificationMaterial", "publicKey") is not None:
        raise unverifiable(
            "it is signed with a key, and sigstore, which verifies here, takes certificates alone"
        )
    entries = at(content, "verificationMaterial", "tlogEntries")
    # Protocol buffers leave out of JSON what is empty: an instance may have no public log.
    if entries == [] or (entries is None and isinstance(at(content, "verificationMaterial"), dict)):
        raise unverifiable(
            "it has no entry in a transparency log, and sigstore, which verifies here, wants one"
        )
    if isinstance(entries, list) and len(entries) > 1:
        raise unverifiable(f"it has {len(entries)} entries in logs; one can be checked")
    entry = at(content, "verificationMaterial", "tlogEntries", 0)
    _check_entry(entry, _CHECKED, "")
    old = media_type == Bundle.BundleType.BUNDLE_0_1.value
    if old and at(entry, "inclusionProof", "checkpoint") is None:
        raise unverifiable("it is an old bundle whose log entry has no proof of inclusion")
    algorithm = at(content, "messageSignature", "messageDigest", "algorithm")
    if isinstance(algorithm, str) and algorithm != "SHA2_256":
        raise unverifiable(
            f"its key signs a {shorten(algorithm, 40)} digest; only SHA2_256 is checked"
        )


def _check_attestation(content: dict[str, Any]) -> None:
    if content.get("version") != 1:
        version = shorten(str(content.get("version")), 20)
        raise unverifiable(f"it is an attestation of version {version}")
    # The form has no room for the time stamps that entries of Rekor's second version need.
    entry = at(content, "verification_material", "transparency_entries", 0)
    _check_entry(entry, {("dsse", "0.0.1")}, " in an attestation of PEP 740")


def _check_entry(entry: Any, checked: set[tuple[str, str]], where: str) -> None:
    kind, version = at(entry, "kindVersion", "kind"), at(entry, "kindVersion", "version")
    if isinstance(kind, str) and isinstance(version, str) and (kind, version) not in checked:
        named = shorten(f"{kind} {version}", 60)
        raise unverifiable(f"its log entry is of the kind {named}, which cannot be checked{where}")
