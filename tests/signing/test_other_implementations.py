"""What other implementations make, and other instances: verified, or said why it cannot be.

Never "invalid" where nothing is wrong with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from sigstore.models import Bundle

from stigmem_review.errors import SigningError
from stigmem_review.model import Proof, Signature
from support import sigstore as mini
from support.archives import WHEEL
from support.signed import ATTESTATION, BUNDLE, DATA, STATED, checked, root_of
from support.sigstore import LOG_INDEX, Log, Sigstore, changed, instance, without

ADA = mini.person("ada@acme.example")
RELEASE = mini.workflow()
ENTRY = "verificationMaterial/tlogEntries/0"
SIGNED_AT = "2025-03-04T12:00:00Z"
V01, V02 = (Bundle.BundleType.BUNDLE_0_1.value, Bundle.BundleType.BUNDLE_0_2.value)
V03 = Bundle.BundleType.BUNDLE_0_3_ALT.value


def only(found: Signature) -> Proof:
    [proof] = found.proofs
    return proof


# Bundles that verify

GOOD: dict[str, dict[str, Any]] = {
    "version 0.1": {"media": V01},
    "version 0.2": {"media": V02},
    "version 0.3, the older spelling": {"media": V03},
    "a checkpoint with witnesses": {"witnesses": (Log("w1.example"), Log("w2.example"))},
    "a time stamp beside the promise": {"stamped": True},
    "a time stamp in the place of the promise": {"stamped": True, "promise": False},
    "the second version of the log": {"rekor": 2},
    "the second version of the log with witnesses": {
        "rekor": 2,
        "witnesses": (Log("w1.example", mini.new_key("ed25519"), notes=True),),
    },
    "a P-384 key with SHA-256": {"key": "p384", "hashed": hashes.SHA256()},
    "a P-521 key with SHA-256": {"key": "p521", "hashed": hashes.SHA256()},
}


@pytest.mark.parametrize("form", GOOD)
def test_a_bundle_of_another_form_verifies(form: str) -> None:
    for name, data in (
        (BUNDLE, instance().sign(DATA, RELEASE, **GOOD[form])),
        (STATED, instance().sign_statement(WHEEL, DATA, RELEASE, **GOOD[form])),
    ):
        found = checked((name, data))
        assert (found.status, found.why) == ("verified", "")
        assert [signer.repository for signer in found.signers] == ["https://github.com/acme/ledger"]
        assert (only(found).signed_at, only(found).log_index) == (SIGNED_AT, LOG_INDEX)


INSTANCES: dict[str, dict[str, Any]] = {
    "no intermediate authority": {"intermediate": False},
    "a P-384 root": {"root_key": "p384"},
    "a P-384 root without an intermediate": {"root_key": "p384", "intermediate": False},
    "a P-384 log": {"log_key": "p384"},
    "an Ed25519 log": {"log_key": "ed25519"},
    "an Ed25519 log that goes by the ids of notes": {"log_key": "ed25519", "notes": True},
    "an RSA log": {"log_key": "rsa"},
    "an RSA root without an intermediate": {"root_key": "rsa", "intermediate": False},
}


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("form", INSTANCES)
def test_an_instance_of_another_form_verifies(form: str, rekor: int) -> None:
    sigstore = Sigstore("private", **INSTANCES[form])
    found = checked((BUNDLE, sigstore.sign(DATA, ADA, rekor=rekor)), root=root_of(sigstore))
    assert (found.status, found.why) == ("verified", "")
    assert [signer.identity for signer in found.signers] == ["ada@acme.example"]


@pytest.mark.parametrize("media", [V01, V02])
def test_a_chain_may_hold_the_authorities_too(media: str) -> None:
    sigstore = instance()
    above = [{"rawBytes": mini.text64(each.der())} for each in (sigstore.issuing, sigstore.top)]
    path = "verificationMaterial/x509CertificateChain/certificates"
    made = changed(sigstore.sign(DATA, ADA, media=media), path, lambda chain: chain + above)
    found = checked((BUNDLE, made))
    assert (found.status, found.why) == ("verified", "")


def test_a_signature_needs_no_digest_beside_it() -> None:
    made = without(instance().sign(DATA, ADA), "messageSignature/messageDigest")
    assert checked((BUNDLE, made)).status == "verified"


def as_go_writes(document: bytes) -> bytes:
    """Return a bundle without what is zero or empty, which protocol buffers leave out of JSON."""

    def full(value: Any) -> Any:
        if isinstance(value, list):
            return [full(item) for item in value]
        if isinstance(value, dict):
            kept = {key: full(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item not in ("0", "", [], None)}
        return value

    return json.dumps(full(json.loads(document))).encode()


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("written", [as_go_writes, bytes])
def test_the_first_entry_of_a_log_verifies(rekor: int, written: Callable[[bytes], bytes]) -> None:
    """As every private instance begins: index 0, and no hashes on the way to the root."""
    for name, made in (
        (BUNDLE, instance().sign(DATA, ADA, rekor=rekor, place=(0, 1))),
        (STATED, instance().sign_statement(WHEEL, DATA, ADA, rekor=rekor, place=(0, 1))),
        (ATTESTATION, instance().attest(WHEEL, DATA, ADA, place=(0, 1))),
    ):
        found = checked((name, written(made)))
        assert (found.status, found.why) == ("verified", "")
        assert (only(found).signed_at, only(found).log_index) == (SIGNED_AT, 0)


@pytest.mark.parametrize("rekor", [1, 2])
def test_integers_may_be_numbers(rekor: int) -> None:
    """The JSON of protocol buffers allows both."""
    for name, made in (
        (BUNDLE, instance().sign(DATA, RELEASE, rekor=rekor)),
        (STATED, instance().sign_statement(WHEEL, DATA, RELEASE, rekor=rekor)),
        (ATTESTATION, instance().attest(WHEEL, DATA, RELEASE)),
    ):
        found = checked(
            (name, re.sub(rb'"(logIndex|integratedTime|treeSize)": "(\d+)"', rb'"\1": \2', made))
        )
        assert (found.status, found.why) == ("verified", "")
        assert (only(found).signed_at, only(found).log_index) == (SIGNED_AT, LOG_INDEX)


def test_a_certificate_with_the_first_extension_for_the_issuer_verifies() -> None:
    found = checked((BUNDLE, instance().sign(DATA, ADA.but({8: None}))))
    assert (found.status, found.why) == ("verified", "")
    assert found.signers[0].issuer == mini.PERSON_ISSUER


def test_a_certificate_with_only_the_second_extension_for_the_issuer_verifies() -> None:
    found = checked((BUNDLE, instance().sign(DATA, ADA.but({1: None}))))
    assert (found.status, found.why) == ("verified", "")
    assert found.signers[0].issuer == mini.PERSON_ISSUER


def test_a_workflow_of_the_first_extensions_has_its_claims() -> None:
    """As certificates were before there were extensions from 8 on."""
    old = RELEASE.but(dict.fromkeys(range(8, 23)))
    [signer] = checked((BUNDLE, instance().sign(DATA, old))).signers
    [new] = checked((BUNDLE, instance().sign(DATA, RELEASE))).signers
    assert msgspec.structs.replace(new, repository_id="", runner="") == signer


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dsseEnvelope/signatures/0/keyid", ""),
        ("messageSignature", None),
        ("verificationMaterial/timestampVerificationData", None),
        ("verificationMaterial/timestampVerificationData", {}),
        ("verificationMaterial/publicKey", None),
    ],
)
def test_what_is_empty_is_not_there(path: str, value: Any) -> None:
    made = changed(instance().sign_statement(WHEEL, DATA, RELEASE), path, value)
    found = checked((STATED, made))
    assert (found.status, found.why) == ("verified", "")


def test_a_user_name_is_an_identity() -> None:
    found = checked((BUNDLE, instance().sign(DATA, mini.username("ada!acme.example"))))
    assert (found.status, found.why) == ("verified", "")
    assert (found.signers[0].identity, found.signers[0].kind) == ("ada!acme.example", "username")


def test_the_configuration_of_a_client_is_a_root_too() -> None:
    found = checked((BUNDLE, instance().sign(DATA, ADA)), root=root_of(data=instance().config()))
    assert (found.status, found.why) == ("verified", "")


# Roots that hold more, or less


def merged(*sigstores: Sigstore) -> bytes:
    """Return one root that holds what those of several instances hold, in that order."""
    roots = [json.loads(sigstore.root()) for sigstore in sigstores]
    lists = ("tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities")
    whole = {part: [item for root in roots for item in root[part]] for part in lists}
    return json.dumps(roots[0] | whole).encode()


@pytest.mark.parametrize("rekor", [1, 2])
def test_a_root_may_hold_several_authorities_and_logs(rekor: int) -> None:
    first, second = instance("first"), instance("second")
    for sigstore in (first, second):
        signed = (BUNDLE, sigstore.sign(DATA, ADA, rekor=rekor))
        found = checked(signed, root=root_of(data=merged(first, second)))
        assert (found.status, found.why) == ("verified", "")


def test_an_authority_may_stand_for_two_times() -> None:
    root = json.loads(instance().root())
    [authority] = root["certificateAuthorities"]
    ended = authority | {
        "validFor": {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z"}
    }
    later = authority | {"validFor": {"start": "2024-06-01T00:00:00Z"}}
    for chain in ([ended, later], [later, ended]):
        root["certificateAuthorities"] = chain
        held = root_of(data=json.dumps(root).encode())
        found = checked((BUNDLE, instance().sign(DATA, ADA)), root=held)
        assert (found.status, found.why) == ("verified", "")


ROOTS: dict[str, Callable[[bytes], bytes]] = {
    "the second version of the format": lambda root: changed(
        root, "mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json"
    ),
    "an authority without a subject": lambda root: without(
        root, "certificateAuthorities/0/subject"
    ),
    "a subject without an organization": lambda root: without(
        root, "certificateAuthorities/0/subject/organization"
    ),
    "logs without an address": lambda root: without(
        without(root, "tlogs/0/baseUrl"), "ctlogs/0/baseUrl"
    ),
    "a log that is always valid": lambda root: without(root, "tlogs/0/publicKey/validFor"),
    "an authority that is always valid": lambda root: changed(
        root, "certificateAuthorities/0/validFor", {}
    ),
    "a log whose id is written in hexadecimal": lambda root: changed(
        root, "tlogs/0/logId/keyId", mini.text64(instance().log.id().hex().encode())
    ),
}


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("form", ROOTS)
def test_a_root_as_other_tools_write_it(form: str, rekor: int) -> None:
    held = root_of(data=ROOTS[form](instance().root()))
    found = checked((BUNDLE, instance().sign(DATA, ADA, rekor=rekor)), root=held)
    assert (found.status, found.why) == ("verified", "")


def test_a_root_without_time_authorities_cannot_check_a_time_stamp() -> None:
    for root in (
        changed(instance().root(), "timestampAuthorities", []),
        without(instance().root(), "timestampAuthorities"),
    ):
        found = checked((BUNDLE, instance().sign(DATA, ADA, rekor=2)), root=root_of(data=root))
        assert (found.status, found.signers) == ("unverifiable", ())
        assert "when it was signed" in found.why


@pytest.mark.parametrize(
    ("part", "value", "word"),
    [
        ("ctlogs", [], "log of certificates"),
        ("tlogs", [], "transparency log"),
        ("certificateAuthorities", [], "authority"),
        ("tlogs/0/publicKey/keyDetails", "PKIX_ECDSA_P384_SHA_256", "key"),
    ],
)
def test_a_root_that_proves_nothing_is_refused(part: str, value: Any, word: str) -> None:
    """The operator named it, and has to know at once, whatever is reviewed."""
    held = root_of(data=changed(instance().root(), part, value))
    with pytest.raises(SigningError, match=word):
        checked((BUNDLE, instance().sign(DATA, ADA)), root=held)


# Bundles that cannot be checked


class Beyond(NamedTuple):
    """A bundle that the library cannot check, and what the reason has to name."""

    make: Callable[[], bytes]
    why: str


def signed(**how: Any) -> Callable[[], bytes]:
    return lambda: instance().sign(DATA, RELEASE, **how)


def stated(**how: Any) -> Callable[[], bytes]:
    return lambda: instance().sign_statement(WHEEL, DATA, RELEASE, **how)


def altered(path: str, change: Any) -> Callable[[], bytes]:
    return lambda: changed(instance().sign(DATA, RELEASE), path, change)


def with_a_key() -> bytes:
    """Return a bundle that names a key, not a certificate: nobody's identity."""
    made = json.loads(instance().sign(DATA, RELEASE))
    del made["verificationMaterial"]["certificate"]
    made["verificationMaterial"]["publicKey"] = {"hint": "acme"}
    return json.dumps(made).encode()


def without_a_log() -> bytes:
    """Return what an instance without public logs makes: a time stamp is all there is."""
    made = instance().sign(DATA, RELEASE, stamped=True, stamps=0)
    return changed(made, "verificationMaterial/tlogEntries", [])


def spelt_otherwise(pem: bytes) -> bytes:
    """Return the same certificate in PEM, all of it on one line."""
    first, *lines, last = pem.decode().splitlines()
    return "\n".join((first, "".join(lines), last, "")).encode()


def about(digests: dict[str, str]) -> bytes:
    payload = json.loads(mini.statement(WHEEL, DATA))
    payload["subject"][0]["digest"] = digests
    return json.dumps(payload).encode()


BEYOND = {
    "a certificate that its log entry spells otherwise": Beyond(
        signed(pem=spelt_otherwise), "certificate"
    ),
    "a certificate that the entry of its statement spells otherwise": Beyond(
        stated(pem=spelt_otherwise), "certificate"
    ),
    "a statement about what has another digest than SHA-256": Beyond(
        stated(payload=about({"sha512": hashlib.sha512(DATA).hexdigest()})), "SHA-256"
    ),
    "a certificate whose purpose is critical": Beyond(signed(critical=True), "certificate"),
    "a P-384 key": Beyond(signed(key="p384"), "key"),
    "a P-521 key": Beyond(signed(key="p521"), "key"),
    "a P-384 key in the second version of the log": Beyond(signed(key="p384", rekor=2), "key"),
    "a P-384 key whose digest is not named": Beyond(
        lambda: without(signed(key="p384")(), "messageSignature/messageDigest"), "key"
    ),
    "a P-384 key under a statement": Beyond(stated(key="p384"), "key"),
    "a P-384 key under a statement in the second version of the log": Beyond(
        stated(key="p384", rekor=2), "key"
    ),
    "an Ed25519 key under a statement": Beyond(stated(key="ed25519"), "key"),
    "an Ed25519 key": Beyond(signed(key="ed25519"), "key"),
    "an RSA key": Beyond(signed(key="rsa"), "key"),
    "an Ed25519 key in the second version of the log": Beyond(
        signed(key="ed25519", rekor=2), "key"
    ),
    "a key and no certificate": Beyond(with_a_key, "key"),
    "a certificate in two logs": Beyond(signed(stamps=2), "2 logs"),
    "no entry in a log": Beyond(without_a_log, "log"),
    "no entry in a log, and no list for it": Beyond(
        lambda: without(without_a_log(), "verificationMaterial/tlogEntries"), "no entry"
    ),
    "entries in two logs": Beyond(
        altered("verificationMaterial/tlogEntries", lambda entries: entries * 2), "2 entries"
    ),
    "a later version of the bundle": Beyond(
        altered("mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json"), "v0.4"
    ),
    "a later version of the log": Beyond(altered(f"{ENTRY}/kindVersion/version", "0.0.3"), "0.0.3"),
    "an entry of another kind": Beyond(altered(f"{ENTRY}/kindVersion/kind", "intoto"), "intoto"),
}


@pytest.mark.parametrize("what", BEYOND)
def test_what_the_library_cannot_check_is_not_called_invalid(what: str) -> None:
    beyond = BEYOND[what]
    found = checked((BUNDLE, beyond.make()))
    assert (found.status, found.signers) == ("unverifiable", ()), found.why
    assert beyond.why in found.why
    assert found.do


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"root_key": "ed25519", "intermediate": False}, "authority"),
        ({"ct_key": "p384"}, "log of certificates"),
    ],
)
def test_an_instance_whose_keys_the_library_cannot_use(form: dict[str, Any], why: str) -> None:
    sigstore = Sigstore("private", **form)
    found = checked((BUNDLE, sigstore.sign(DATA, ADA)), root=root_of(sigstore))
    assert (found.status, found.signers) == ("unverifiable", ()), found.why
    assert why in found.why


def test_an_attestation_with_another_key_cannot_be_checked() -> None:
    for key in ("p384", "p521", "ed25519", "rsa"):
        found = checked((ATTESTATION, instance().attest(WHEEL, DATA, RELEASE, key=key)))
        assert (found.status, found.signers) == ("unverifiable", ()), found.why
        assert "key" in found.why


def test_an_attestation_with_an_entry_of_the_second_version_cannot_be_checked() -> None:
    found = checked((ATTESTATION, instance().attest(WHEEL, DATA, RELEASE, rekor=2)))
    assert (found.status, found.signers) == ("unverifiable", ()), found.why


@pytest.mark.parametrize("where", ["", "verificationMaterial", ENTRY, f"{ENTRY}/inclusionProof"])
def test_a_field_that_nobody_knows_cannot_be_checked(where: str) -> None:
    """A later version may add some, and what they mean is not known."""
    made = json.loads(instance().sign(DATA, RELEASE))
    holder = made
    for step in filter(None, where.split("/")):
        holder = holder[int(step) if step.isdigit() else step]
    holder["more"] = {"of": "it"}
    found = checked((BUNDLE, json.dumps(made).encode()))
    assert (found.status, found.signers) == ("unverifiable", ()), found.why
    assert "more" in found.why


# What nothing covers is not shown


def test_the_index_and_the_time_beside_an_entry_of_the_second_version_are_not_shown() -> None:
    made = instance().sign(DATA, RELEASE, rekor=2)
    plain = checked((BUNDLE, made))
    forged = changed(made, ENTRY, lambda entry: entry | {"logIndex": "1", "integratedTime": "1"})
    found = checked((BUNDLE, forged))
    assert plain.status == "verified"
    assert found == plain


def test_the_time_of_the_log_is_shown_where_there_is_a_time_stamp_too() -> None:
    made = instance().sign(DATA, RELEASE)
    signature = mini.raw64(json.loads(made)["messageSignature"]["signature"])
    stamp = instance().time.stamp(signature, mini.SIGNED_AT + timedelta(seconds=5))
    both = changed(
        made,
        "verificationMaterial/timestampVerificationData",
        {"rfc3161Timestamps": [{"signedTimestamp": mini.text64(stamp)}]},
    )
    assert only(checked((BUNDLE, both))) == only(checked((BUNDLE, made)))


def test_a_time_stamp_is_shown_where_the_log_promises_nothing() -> None:
    made = instance().sign(DATA, RELEASE, stamped=True, promise=False)
    forged = changed(made, f"{ENTRY}/integratedTime", "1741089601")
    found = checked((BUNDLE, forged))
    assert found.status == "verified", found.why
    assert only(found).signed_at == SIGNED_AT
