"""Nothing wrong verifies: each defect stands beside the same signature without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from stigmem_review import limits
from stigmem_review.model import Signature
from support import sigstore as mini
from support.archives import WHEEL
from support.signed import (
    ATTESTATION,
    BUNDLE,
    DATA,
    OTHER,
    PROVENANCE,
    SHA256,
    STATED,
    checked,
    root_of,
)
from support.sigstore import SIGNED_AT, Identity, Log, Sigstore, changed, instance, without

ADA = mini.person("ada@acme.example")
RELEASE = mini.workflow()
ENTRY = "verificationMaterial/tlogEntries/0"
HOUR = timedelta(hours=1)


class Wrong(NamedTuple):
    """A defect: what is signed with it, the status that it gives, and a piece of the reason."""

    make: Callable[[Sigstore], bytes]
    status: str
    why: str
    file: str = BUNDLE


def flipped(text: str) -> str:
    """Change one bit in the middle of base64."""
    raw = bytearray(mini.raw64(text))
    raw[len(raw) // 2] ^= 1
    return mini.text64(bytes(raw))


def bundle(who: Identity = RELEASE, data: bytes = DATA, **how: Any) -> Callable[[Sigstore], bytes]:
    return lambda sigstore: sigstore.sign(data, who, **how)


def altered(
    path: str, change: Any, make: Callable[[Sigstore], bytes] | None = None
) -> Callable[[Sigstore], bytes]:
    return lambda sigstore: changed((make or bundle())(sigstore), path, change)


def less(path: str) -> Callable[[Sigstore], bytes]:
    return lambda sigstore: without(bundle()(sigstore), path)


def stated(file: str = WHEEL, **how: Any) -> Callable[[Sigstore], bytes]:
    return lambda sigstore: sigstore.sign_statement(file, DATA, RELEASE, **how)


def attested(file: str = WHEEL, **how: Any) -> Callable[[Sigstore], bytes]:
    return lambda sigstore: sigstore.attest(file, DATA, RELEASE, **how)


def named(*names: x509.GeneralName) -> Identity:
    return Identity(names, ADA.claims)


def stamped(sigstore: Sigstore, *times: datetime) -> bytes:
    """Return a bundle of our instance, with time stamps of an instance."""
    made = instance().sign(DATA, RELEASE, rekor=2)
    signature = mini.raw64(json.loads(made)["messageSignature"]["signature"])
    stamps = [{"signedTimestamp": mini.text64(sigstore.time.stamp(signature, at))} for at in times]
    return changed(
        made, "verificationMaterial/timestampVerificationData", {"rfc3161Timestamps": stamps}
    )


MAIL = x509.RFC822Name("ada@acme.example")
BUNDLES = {
    "another artifact": Wrong(bundle(data=OTHER), "invalid", "another"),
    "a tampered signature": Wrong(altered("messageSignature/signature", flipped), "invalid", ""),
    "the signature of another key": Wrong(bundle(by=mini.new_key()), "invalid", ""),
    "the digest of another artifact beside it": Wrong(
        altered("messageSignature/messageDigest/digest", flipped), "invalid", ""
    ),
    "another root": Wrong(
        lambda _: instance("other").sign(DATA, RELEASE), "unverifiable", "authority"
    ),
    "an authority that only claims to be ours": Wrong(
        lambda sigstore: sigstore.impostor().sign(DATA, RELEASE), "invalid", "certificate"
    ),
    "an authority that only claims to be ours, and lays out certificates otherwise": Wrong(
        lambda sigstore: sigstore.impostor().sign(DATA, RELEASE, critical=True),
        "invalid",
        "certificate",
    ),
    "a certificate that had expired": Wrong(
        bundle(issued=SIGNED_AT - HOUR), "invalid", "certificate"
    ),
    "a certificate that was not valid yet": Wrong(
        bundle(issued=SIGNED_AT + HOUR), "invalid", "certificate"
    ),
    "a certificate for something else": Wrong(
        bundle(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "invalid", "certificate"
    ),
    "no log of certificates": Wrong(bundle(stamps=0), "invalid", "log"),
    "another log of certificates": Wrong(bundle(ctlog=Log("ct.other")), "unverifiable", "log"),
    "a log of certificates that only claims to be ours": Wrong(
        lambda sigstore: sigstore.sign(
            DATA, RELEASE, ctlog=Log("ct.other", known_as=sigstore.ctlog.id())
        ),
        "invalid",
        "certificate",
    ),
    "another log": Wrong(bundle(log=Log("log.other")), "unverifiable", "log"),
    "a log that only claims to be ours": Wrong(
        lambda sigstore: sigstore.sign(
            DATA, RELEASE, log=Log("log.other", known_as=sigstore.log.id())
        ),
        "invalid",
        "log",
    ),
    "the entry of another artifact": Wrong(bundle(logged=OTHER), "invalid", "log"),
    "the entry of another signature": Wrong(
        lambda sigstore: changed(
            sigstore.sign(DATA, RELEASE),
            ENTRY,
            json.loads(sigstore.sign(DATA, RELEASE))["verificationMaterial"]["tlogEntries"][0],
        ),
        "invalid",
        "log",
    ),
    "a tampered inclusion proof": Wrong(
        altered(f"{ENTRY}/inclusionProof/hashes/1", flipped), "invalid", "log"
    ),
    "an inclusion proof at another place": Wrong(
        altered(f"{ENTRY}/inclusionProof/logIndex", "4"), "invalid", "log"
    ),
    "an inclusion proof in another tree": Wrong(
        altered(f"{ENTRY}/inclusionProof/treeSize", "4711"), "invalid", "log"
    ),
    "an inclusion proof that would fit a smaller tree": Wrong(
        lambda sigstore: changed(
            sigstore.sign(DATA, RELEASE, place=(10, 11)),
            f"{ENTRY}/inclusionProof",
            lambda proof: proof | {"logIndex": "3", "treeSize": "4"},
        ),
        "invalid",
        "log",
    ),
    "a tampered entry": Wrong(altered(f"{ENTRY}/canonicalizedBody", flipped), "invalid", "log"),
    "a tampered checkpoint": Wrong(
        altered(
            f"{ENTRY}/inclusionProof/checkpoint/envelope",
            lambda text: text.replace("log.mini", "log.mine"),
        ),
        "invalid",
        "log",
    ),
    "no checkpoint": Wrong(less(f"{ENTRY}/inclusionProof/checkpoint"), "invalid", "log"),
    "a tampered promise": Wrong(
        altered(f"{ENTRY}/inclusionPromise/signedEntryTimestamp", flipped), "invalid", "log"
    ),
    "no promise and no time stamp": Wrong(bundle(promise=False), "invalid", "when it was signed"),
    "another index": Wrong(altered(f"{ENTRY}/logIndex", "7006"), "invalid", "log"),
    "another time": Wrong(
        altered(f"{ENTRY}/integratedTime", lambda text: str(int(text) + 1)), "invalid", "log"
    ),
    "a time stamp for another signature": Wrong(
        lambda sigstore: changed(
            sigstore.sign(DATA, RELEASE, rekor=2),
            "verificationMaterial/timestampVerificationData",
            json.loads(sigstore.sign(DATA, RELEASE, rekor=2))["verificationMaterial"][
                "timestampVerificationData"
            ],
        ),
        "invalid",
        "when it was signed",
    ),
    "a time stamp of another authority": Wrong(
        lambda _: stamped(instance("other"), SIGNED_AT), "unverifiable", "when it was signed"
    ),
    "a time stamp from when the certificate had expired": Wrong(
        lambda sigstore: stamped(sigstore, SIGNED_AT + HOUR), "invalid", "certificate"
    ),
    "a second time stamp from when the certificate had expired": Wrong(
        lambda sigstore: stamped(sigstore, SIGNED_AT, SIGNED_AT + HOUR), "invalid", "certificate"
    ),
    "more time stamps than are looked at": Wrong(
        lambda sigstore: stamped(
            sigstore, *(SIGNED_AT + timedelta(seconds=number) for number in range(33))
        ),
        "unverifiable",
        "33 time stamps",
    ),
    "two names": Wrong(
        bundle(named(MAIL, x509.RFC822Name("eve@acme.example"))), "invalid", "certificate"
    ),
    "no name": Wrong(bundle(named()), "invalid", "certificate"),
    "a name of another kind": Wrong(
        bundle(named(x509.DNSName("acme.example"))), "invalid", "certificate"
    ),
    "no issuer": Wrong(bundle(ADA.but({1: None, 8: None})), "invalid", "issuer"),
    "two issuers": Wrong(bundle(ADA.but({1: "https://other.example"})), "invalid", "issuer"),
    "an empty issuer": Wrong(bundle(ADA.but({1: None, 8: ""})), "invalid", "issuer"),
    "nothing": Wrong(lambda _: b"", "invalid", ""),
    "no JSON": Wrong(lambda _: b"\x00\xff{", "invalid", ""),
    "the same key twice": Wrong(
        lambda sigstore: b'{"mediaType": "x", ' + sigstore.sign(DATA, RELEASE)[1:],
        "invalid",
        "twice",
    ),
    "JSON of another kind": Wrong(lambda _: b"[1]", "invalid", ""),
    "too much": Wrong(lambda _: b" " * (limits.SIGNATURE_BYTES + 1), "unverifiable", "KiB"),
}
STATEMENTS: dict[str, dict[str, Any]] = {
    "about another file": {"file": "other-1.0-py3-none-any.whl"},
    "about another version": {"file": "demo-1.1-py3-none-any.whl"},
    "about an sdist": {"file": "demo-1.0.tar.gz"},
    "about another digest": {"subjects": ((WHEEL, "0" * 64),)},
    "about nothing": {"subjects": ()},
    "that is no JSON": {"payload": b"{"},
    "of another payload type": {"payload_type": "text/plain"},
    "that is logged as another": {"logged": b"{}"},
    "signed by another key": {"by": mini.new_key()},
}
ATTESTATIONS = STATEMENTS | {
    "about what is no distribution": {"file": "demo.exe"},
    "about two files": {"subjects": ((WHEEL, SHA256), ("demo-1.1-py3-none-any.whl", SHA256))},
    "about the same file twice": {"subjects": ((WHEEL, SHA256), (WHEEL, SHA256))},
    "of a kind that no index takes": {"predicate_type": "https://acme.example/approved/v1"},
}


def test_the_same_without_a_defect_verifies() -> None:
    sigstore = instance()
    for name, data in (
        (BUNDLE, bundle()(sigstore)),
        (BUNDLE, bundle(ADA)(sigstore)),
        (BUNDLE, bundle(rekor=2)(sigstore)),
        (STATED, stated()(sigstore)),
        (ATTESTATION, attested()(sigstore)),
        (PROVENANCE, sigstore.provenance(WHEEL, DATA, RELEASE)),
    ):
        found = checked((name, data))
        assert (found.status, found.why) == ("verified", "")
        assert len(found.signers) == 1


def rejected(found: Signature, status: str, why: str) -> None:
    assert found.status == status, found.why
    assert why in found.why
    assert found.why
    assert found.do
    assert found.signers == ()
    for proof in found.proofs:
        assert (proof.signer is not None) == (proof.status == "verified")
        if proof.status != "verified":
            assert (proof.signed_at, proof.log_index, proof.predicate) == ("", None, "")


@pytest.mark.parametrize("defect", BUNDLES)
def test_a_bundle_with_a_defect_has_no_signer(defect: str) -> None:
    wrong = BUNDLES[defect]
    rejected(checked((wrong.file, wrong.make(instance()))), wrong.status, wrong.why)


@pytest.mark.parametrize("defect", STATEMENTS)
def test_a_statement_with_a_defect_has_no_signer(defect: str) -> None:
    rejected(checked((STATED, stated(**STATEMENTS[defect])(instance()))), "invalid", "")


@pytest.mark.parametrize("defect", ATTESTATIONS)
def test_an_attestation_with_a_defect_has_no_signer(defect: str) -> None:
    rejected(checked((ATTESTATION, attested(**ATTESTATIONS[defect])(instance()))), "invalid", "")


def test_a_statement_of_any_kind_may_be_about_several_files() -> None:
    subjects = ((WHEEL, SHA256), ("demo-1.0.tar.gz", "0" * 64))
    kind = "https://acme.example/approved/v1"
    found = checked((STATED, stated(subjects=subjects, predicate_type=kind)(instance())))
    assert (found.status, found.proofs[0].predicate) == ("verified", kind)


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("certificateAuthorities/0/validFor", "authority"),
        ("tlogs/0/publicKey/validFor", "log"),
        ("ctlogs/0/publicKey/validFor", "log"),
    ],
)
def test_what_had_ended_before_the_signature_proves_nothing(part: str, word: str) -> None:
    root = instance().root()
    start = "2024-01-01T00:00:00Z"
    for end, status in (("2025-03-04T11:59:59Z", "invalid"), ("2025-03-05T00:00:00Z", "verified")):
        held = root_of(data=changed(root, part, {"start": start, "end": end}))
        found = checked((BUNDLE, bundle()(instance())), root=held)
        if status == "verified":
            assert found.status == "verified", found.why
        else:
            rejected(found, status, word)


PERIODS = ("certificateAuthorities/0", "tlogs/0/publicKey", "ctlogs/0/publicKey")


@pytest.mark.parametrize("part", [*PERIODS, "timestampAuthorities/0"])
def test_the_first_and_the_last_moment_of_a_period_belong_to_it(part: str) -> None:
    period = {"start": "2025-03-04T12:00:00Z", "end": "2025-03-04T12:00:00Z"}
    held = root_of(data=changed(instance().root(), f"{part}/validFor", period))
    found = checked((BUNDLE, bundle(rekor=2)(instance())), root=held)
    assert found.status == "verified", found.why


@pytest.mark.parametrize("part", PERIODS)
def test_a_period_may_begin_within_the_second_of_the_signature(part: str) -> None:
    """The time of a log is a whole second."""
    period = {"start": "2025-03-04T12:00:00.900Z"}
    held = root_of(data=changed(instance().root(), f"{part}/validFor", period))
    found = checked((BUNDLE, bundle()(instance())), root=held)
    assert found.status == "verified", found.why


def test_a_period_may_last_as_long_as_there_are_dates() -> None:
    period = {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59.999999999Z"}
    root = instance().root()
    for part in ("certificateAuthorities/0", "timestampAuthorities/0", "tlogs/0/publicKey"):
        root = changed(root, f"{part}/validFor", period)
    found = checked((BUNDLE, bundle(rekor=2)(instance())), root=root_of(data=root))
    assert found.status == "verified", found.why


def test_what_began_after_the_signature_proves_nothing() -> None:
    for part in ("certificateAuthorities/0/validFor", "tlogs/0/publicKey/validFor"):
        held = root_of(data=changed(instance().root(), part, {"start": "2025-03-05T00:00:00Z"}))
        found = checked((BUNDLE, bundle()(instance())), root=held)
        rejected(found, "invalid", "not valid at 2025-03-04T12:00:00Z")


ENDED = {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z"}


def test_a_log_that_had_ended_does_not_stand_in_for_another() -> None:
    """Its entry names a log that counts, by an id that is not the digest of that one's key."""
    sigstore = Sigstore("private", log_key="ed25519", notes=True)
    old = Log("old.example")
    ended = old.trusted()
    ended["publicKey"]["validFor"] = ENDED
    held = root_of(data=changed(sigstore.root(), "tlogs", lambda logs: [*logs, ended]))
    good = sigstore.sign(DATA, ADA)
    assert checked((BUNDLE, good), root=held).status == "verified"
    bad = sigstore.sign(DATA, ADA, log=replace(old, known_as=sigstore.log.id()))
    rejected(checked((BUNDLE, bad), root=held), "invalid", "log")


def test_a_log_of_certificates_that_had_ended_does_not_stand_in_for_another() -> None:
    named, old = b"an id of its own".ljust(32), Log("old.example")
    ended = old.trusted()
    ended["publicKey"]["validFor"] = ENDED
    sigstore = instance()
    current = sigstore.ctlog.trusted() | {"logId": {"keyId": mini.text64(named)}}
    held = root_of(data=changed(sigstore.root(), "ctlogs", [current, ended]))
    good = sigstore.sign(DATA, ADA, ctlog=replace(sigstore.ctlog, known_as=named))
    assert checked((BUNDLE, good), root=held).status == "verified"
    bad = sigstore.sign(DATA, ADA, ctlog=replace(old, known_as=named))
    rejected(checked((BUNDLE, bad), root=held), "invalid", "certificate")


def test_a_time_authority_that_had_ended_proves_no_time() -> None:
    part = "timestampAuthorities/0/validFor"
    ended = {"start": "2024-01-01T00:00:00Z", "end": "2025-03-04T11:59:59Z"}
    held = root_of(data=changed(instance().root(), part, ended))
    rejected(checked((BUNDLE, bundle(rekor=2)(instance())), root=held), "invalid", "time")


@pytest.mark.parametrize(
    "publisher",
    [
        {"kind": "GitHub", "repository": "eve/ledger", "workflow": "release.yml"},
        {"kind": "GitHub", "repository": "acme/ledger", "workflow": "build.yml"},
        {"kind": "GitLab", "repository": "acme/ledger", "workflow_filepath": ".gitlab-ci.yml"},
        {"kind": "Google", "email": "ada@acme.example"},
        {"kind": "Unheard", "of": "it"},
    ],
)
def test_a_publisher_who_is_not_the_signer_is_refused(publisher: dict[str, str]) -> None:
    attestation = json.loads(attested()(instance()))
    found = checked((PROVENANCE, mini.provenance((publisher, [attestation]))))
    assert found.status in ("invalid", "unverifiable")
    assert "provenance" in found.why
    assert found.signers == ()


@pytest.mark.parametrize("groups", [[], [(RELEASE.publisher, [])]])
def test_a_provenance_of_nothing_is_unsigned(groups: list[Any]) -> None:
    found = checked((PROVENANCE, mini.provenance(*groups)))
    assert (found.status, found.signers) == ("unsigned", ())


def test_one_bad_attestation_is_one_too_many() -> None:
    good = json.loads(attested()(instance()))
    bad = json.loads(attested("demo-1.1-py3-none-any.whl")(instance()))
    for attestations in ([good, bad], [bad, good]):
        found = checked((PROVENANCE, mini.provenance((RELEASE.publisher, attestations))))
        rejected(found, "invalid", "")
        assert sorted(proof.status for proof in found.proofs) == ["invalid", "verified"]


def test_one_bad_file_is_one_too_many() -> None:
    good, bad = bundle()(instance()), bundle(data=OTHER)(instance())
    for files in (((BUNDLE, good), (STATED, bad)), ((STATED, bad), (BUNDLE, good))):
        rejected(checked(*files), "invalid", "")


def test_an_unreadable_root_verifies_nothing() -> None:
    from stigmem_review.errors import SigningError

    for data in (b"", b"{}", b"[]", b"\xff", without(instance().root(), "tlogs")):
        with pytest.raises(SigningError):
            checked((BUNDLE, bundle()(instance())), root=root_of(data=data))
