"""What other implementations make, and other instances: verified, or said why it cannot be.

Never "invalid" where nothing is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes
from sigstore.models import Bundle

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
}


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("form", INSTANCES)
def test_an_instance_of_another_form_verifies(form: str, rekor: int) -> None:
    sigstore = Sigstore("private", **INSTANCES[form])
    found = checked((BUNDLE, sigstore.sign(DATA, ADA, rekor=rekor)), root=root_of(sigstore))
    assert (found.status, found.why) == ("verified", "")
    assert [signer.identity for signer in found.signers] == ["ada@acme.example"]


def test_a_certificate_with_the_first_extension_for_the_issuer_verifies() -> None:
    found = checked((BUNDLE, instance().sign(DATA, ADA.but({8: None}))))
    assert (found.status, found.why) == ("verified", "")
    assert found.signers[0].issuer == mini.PERSON_ISSUER


def test_a_certificate_with_only_the_second_extension_for_the_issuer_verifies() -> None:
    found = checked((BUNDLE, instance().sign(DATA, ADA.but({1: None}))))
    assert (found.status, found.why) == ("verified", "")
    assert found.signers[0].issuer == mini.PERSON_ISSUER


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


class Lacking(NamedTuple):
    """A root that lacks something, and what the reason has to name."""

    root: Callable[[bytes], bytes]
    why: str
    how: dict[str, Any]


LACKING = {
    "no log of certificates": Lacking(lambda root: changed(root, "ctlogs", []), "log", {}),
    "no time authority": Lacking(
        lambda root: changed(root, "timestampAuthorities", []), "time", {"rekor": 2}
    ),
    "no time authorities at all": Lacking(
        lambda root: without(root, "timestampAuthorities"), "time", {"rekor": 2}
    ),
    "a log with a kind of key that the library cannot use": Lacking(
        lambda root: changed(root, "tlogs/0/publicKey/keyDetails", "PKIX_ECDSA_P384_SHA_256"),
        "log",
        {},
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_the_root_lacks_cannot_be_checked(what: str) -> None:
    lacking = LACKING[what]
    held = root_of(data=lacking.root(instance().root()))
    found = checked((BUNDLE, instance().sign(DATA, ADA, **lacking.how)), root=held)
    assert (found.status, found.signers) == ("unverifiable", ())
    assert lacking.why in found.why
    assert found.do


# Bundles that cannot be checked


class Beyond(NamedTuple):
    """A bundle that the library cannot check, and what the reason has to name."""

    make: Callable[[], bytes]
    why: str


def signed(**how: Any) -> Callable[[], bytes]:
    return lambda: instance().sign(DATA, RELEASE, **how)


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
    made = instance().sign(DATA, RELEASE, stamped=True, sct=False)
    return changed(made, "verificationMaterial/tlogEntries", [])


BEYOND = {
    "a P-384 key": Beyond(signed(key="p384"), "key"),
    "a P-521 key": Beyond(signed(key="p521"), "key"),
    "an Ed25519 key": Beyond(signed(key="ed25519"), "key"),
    "an RSA key": Beyond(signed(key="rsa"), "key"),
    "an Ed25519 key in the second version of the log": Beyond(
        signed(key="ed25519", rekor=2), "key"
    ),
    "a key and no certificate": Beyond(with_a_key, "key"),
    "no entry in a log": Beyond(without_a_log, "log"),
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


def test_an_attestation_with_an_entry_of_the_second_version_cannot_be_checked() -> None:
    found = checked((ATTESTATION, instance().attest(WHEEL, DATA, RELEASE, rekor=2)))
    assert (found.status, found.signers) == ("unverifiable", ()), found.why


def numbers(document: bytes) -> bytes:
    """Return a bundle whose 64-bit integers are JSON numbers."""
    made = json.loads(document)
    [entry] = made["verificationMaterial"]["tlogEntries"]
    proof = entry["inclusionProof"]
    for holder in (entry, proof):
        for key in ("logIndex", "integratedTime", "treeSize"):
            if key in holder:
                holder[key] = int(holder[key])
    return json.dumps(made).encode()


def test_integers_may_be_numbers() -> None:
    """The JSON of protocol buffers allows both, and nothing is wrong with either."""
    for name, data in (
        (BUNDLE, numbers(instance().sign(DATA, RELEASE))),
        (STATED, numbers(instance().sign_statement(WHEEL, DATA, RELEASE, rekor=2))),
    ):
        found = checked((name, data))
        assert found.status in ("verified", "unverifiable"), found.why


def test_a_field_that_nobody_knows_is_not_a_forgery() -> None:
    made = changed(
        instance().sign(DATA, RELEASE), "verificationMaterial", lambda held: held | {"more": 1}
    )
    found = checked((BUNDLE, made))
    assert found.status in ("verified", "unverifiable"), found.why


# What nothing covers is not shown


def test_the_index_and_the_time_beside_an_entry_of_the_second_version_are_not_shown() -> None:
    made = instance().sign(DATA, RELEASE, rekor=2)
    plain = checked((BUNDLE, made))
    forged = changed(made, ENTRY, lambda entry: entry | {"logIndex": "1", "integratedTime": "1"})
    found = checked((BUNDLE, forged))
    assert plain.status == "verified"
    assert found == plain


def test_a_time_stamp_is_shown_where_the_log_promises_nothing() -> None:
    made = instance().sign(DATA, RELEASE, stamped=True, promise=False)
    forged = changed(made, f"{ENTRY}/integratedTime", "1741089601")
    found = checked((BUNDLE, forged))
    assert found.status == "verified", found.why
    assert only(found).signed_at == SIGNED_AT
