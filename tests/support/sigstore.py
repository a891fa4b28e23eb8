"""A miniature Sigstore: an authority and logs that sign anything for anybody, all in the past.

Certificates are laid out as Fulcio's ("Certificate specification", "OID info"), log entries as
Rekor's, trees and certificate time stamps as RFC 6962 has them, time stamps as RFC 3161. The
unmodified ``sigstore.verify.Verifier`` accepts what it makes. Keys are new in each run; all that
a report shows is not.
"""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pypi_attestations import AttestationType
from sigstore.dsse import Envelope
from sigstore.models import Bundle, ClientTrustConfig, SigningConfig, TrustedRoot

from support.authorities import (
    START,
    Authority,
    TimeAuthority,
    certificate_hash,
    root_authority,
    usage,
)
from support.identities import (
    COMMIT,
    FULCIO,
    GITHUB_ISSUER,
    PERSON_ISSUER,
    Identity,
    person,
    pipeline,
    username,
    workflow,
)
from support.keys import (
    DETAILS,
    Key,
    KeyKind,
    canonical,
    der,
    hash_of,
    iso,
    kind_of,
    new_key,
    raw64,
    signature_of,
    spki,
    text64,
)

__all__ = [
    "COMMIT",
    "GITHUB_ISSUER",
    "LOG_INDEX",
    "PAYLOAD_TYPE",
    "PERSON_ISSUER",
    "PUBLISH",
    "SIGNED_AT",
    "TREE_SIZE",
    "Identity",
    "Log",
    "Sigstore",
    "changed",
    "instance",
    "new_key",
    "person",
    "pipeline",
    "provenance",
    "raw64",
    "text64",
    "username",
    "without",
    "workflow",
]

SIGNED_AT = datetime(2025, 3, 4, 12, 0, 0, tzinfo=UTC)
LIFE = timedelta(minutes=10)
TREE_SIZE, LOG_INDEX, OLDER_TREES = 11, 5, 7000
"""How large the tree of a log is, where in it an entry stands, and how many there were before."""

PAYLOAD_TYPE: str = Envelope._TYPE
PUBLISH: str = AttestationType.PYPI_PUBLISH_V1.value

_SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"


# Logs


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _tree(leaves[:half]) + _tree(leaves[half:])).digest()


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*_path(index, leaves[:half]), _tree(leaves[half:])]
    return [*_path(index - half, leaves[half:]), _tree(leaves[:half])]


@dataclass(frozen=True)
class Log:
    """A log of certificates or of signatures. ``notes`` if it goes by the key ids of notes.

    ``known_as`` is the id of another log, which it claims to be.

    The first version of Rekor goes by the SHA-256 of its key, the second by the id that signed
    notes have (C2SP, "signed-note"), which for ECDSA is the same and for Ed25519 another.
    """

    origin: str
    key: Key = field(default_factory=new_key)
    notes: bool = False
    known_as: bytes = b""

    def id(self) -> bytes:
        if self.known_as:
            return self.known_as
        if self.notes and isinstance(self.key, ed25519.Ed25519PrivateKey):
            raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return hashlib.sha256(self.origin.encode() + b"\n\1" + raw).digest()
        return hashlib.sha256(spki(self.key)).digest()

    def entry(self, kind: str, version: str, body: bytes, how: How) -> dict[str, Any]:
        index, size = how.place
        older = 0 if size == 1 or how.rekor == 2 else OLDER_TREES
        leaves = [_leaf(b"filler %d" % number) for number in range(size)]
        leaves[index] = _leaf(body)
        tree = _tree(leaves)
        entry: dict[str, Any] = {
            "logIndex": str(older + index),
            "logId": {"keyId": text64(self.id())},
            "kindVersion": {"kind": kind, "version": version},
        }
        seconds = int(how.at.timestamp())
        if how.rekor == 1:
            entry["integratedTime"] = str(seconds)
        if how.rekor == 1 and how.promise:
            promised = {"body": text64(body), "integratedTime": seconds}
            promised |= {"logID": self.id().hex(), "logIndex": older + index}
            signed = text64(signature_of(self.key, canonical(promised)))
            entry["inclusionPromise"] = {"signedEntryTimestamp": signed}
        entry["inclusionProof"] = {
            "logIndex": str(index),
            "rootHash": text64(tree),
            "treeSize": str(size),
            "hashes": [text64(each) for each in _path(index, leaves)],
            "checkpoint": {"envelope": self.checkpoint(tree, size, how.witnesses)},
        }
        return entry | {"canonicalizedBody": text64(body)}

    def checkpoint(self, tree: bytes, size: int, witnesses: Iterable[Log] = ()) -> str:
        """Return the signed head of the tree; witnesses sign it before the log does."""
        note = f"{self.origin}\n{size}\n{text64(tree)}\n"
        lines = []
        for each in (*witnesses, self):
            signed = text64(each.id()[:4] + signature_of(each.key, note.encode()))
            lines.append(f"\u2014 {each.origin} {signed}\n")
        return note + "\n" + "".join(lines)

    def stamp(self, precertificate: bytes, issuer: Key, count: int = 1) -> bytes:
        """Return signed certificate time stamps as a TLS list (RFC 6962, section 3.3)."""
        time = struct.pack("!Q", int(SIGNED_AT.timestamp() * 1000))
        size = len(precertificate).to_bytes(3, "big")
        entry = hashlib.sha256(spki(issuer)).digest() + size + precertificate
        signed = b"\0\0" + time + b"\0\1" + entry + b"\0\0"
        signature = signature_of(self.key, signed, hashes.SHA256())
        stamp = b"\0" + self.id() + time + b"\0\0"
        stamp += b"\4\3" + struct.pack("!H", len(signature)) + signature
        listed = (struct.pack("!H", len(stamp)) + stamp) * count
        return struct.pack("!H", len(listed)) + listed

    def trusted(self) -> dict[str, Any]:
        """Return what a trust root says of it."""
        public = {"rawBytes": text64(spki(self.key)), "keyDetails": DETAILS[kind_of(self.key)]}
        return {
            "baseUrl": f"https://{self.origin}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": public | {"validFor": {"start": iso(START)}},
            "logId": {"keyId": text64(self.id())},
        }


# Signing


@dataclass(frozen=True)
class How:
    """How a signature is made, and what is wrong with it.

    ``at`` is when, ``issued`` when the certificate begins, ``purpose`` what it is for, ``critical``
    if nobody may pass over that. ``rekor`` is the version of the log, ``stamped`` if the signature
    is time stamped too (always with version 2). ``key`` is that of the certificate, ``by`` another
    one that signs, ``hashed`` another hash that is signed. ``ctlog`` and ``log`` are other logs;
    ``stamps`` are how often the first has stamped the certificate. ``logged`` is another artifact,
    which the entry is for; ``pem`` spells the certificate in it, ``place`` is where in a log of
    what size it stands. ``promise`` if the log promises inclusion, as only version 1 does;
    ``witnesses`` sign its checkpoint as well.

    Of a statement: ``subjects`` are the names and SHA-256 of what it is about, ``payload`` is
    what is signed in its place.
    """

    at: datetime = SIGNED_AT
    issued: datetime | None = None
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING
    critical: bool = False
    rekor: Literal[1, 2] = 1
    stamped: bool = False
    key: KeyKind = "p256"
    by: Key | None = None
    hashed: hashes.HashAlgorithm | None = None
    ctlog: Log | None = None
    stamps: int = 1
    log: Log | None = None
    logged: bytes | None = None
    pem: Callable[[bytes], bytes] = bytes
    place: tuple[int, int] = (LOG_INDEX, TREE_SIZE)
    promise: bool = True
    witnesses: tuple[Log, ...] = ()
    media: str = Bundle.BundleType.BUNDLE_0_3.value
    subjects: tuple[tuple[str, str], ...] | None = None
    predicate_type: str = PUBLISH
    payload_type: str = PAYLOAD_TYPE
    payload: bytes | None = None


class Sigstore:
    """One instance: an authority, a log of certificates, a log of signatures, a time authority."""

    def __init__(
        self,
        name: str = "mini",
        *,
        root_key: KeyKind = "p256",
        log_key: KeyKind = "p256",
        ct_key: KeyKind = "p256",
        intermediate: bool = True,
        notes: bool = False,
    ) -> None:
        self.name = name
        self.top = root_authority(f"{name} root", root_key)
        self.issuing = (
            self.top.below(f"{name} intermediate", ExtendedKeyUsageOID.CODE_SIGNING)
            if intermediate
            else self.top
        )
        self.ctlog = Log(f"ct.{name}.example", new_key(ct_key))
        self.log = Log(f"log.{name}.example", new_key(log_key), notes)
        time_root = root_authority(f"{name} time root")
        signer = time_root.below(f"{name} time", ExtendedKeyUsageOID.TIME_STAMPING, ca=False)
        self.time = TimeAuthority(time_root, signer)

    def sign(self, data: bytes, who: Identity, **how: Any) -> bytes:
        """Return a bundle that signs ``data``; ``how`` are fields of ``How``."""
        way = How(**how)
        key, certificate = self._certificate(who, way)
        hashed = way.hashed or hash_of(key)
        signature = signature_of(way.by or key, data, hashed)
        record = self._record(way.logged or data, signature, certificate, way, hashed)
        content = {"messageDigest": _digest(data, hashed), "signature": text64(signature)}
        entry = (way.log or self.log).entry(*record, way)
        bundle = self._bundle(certificate, entry, signature, way)
        return json.dumps(bundle | {"messageSignature": content}).encode()

    def sign_statement(self, file: str, data: bytes, who: Identity, **how: Any) -> bytes:
        """Return a bundle around a statement about a file."""
        way = How(**how)
        payload, signature, certificate, entry = self._stated(file, data, who, way)
        envelope = {
            "payload": text64(payload),
            "payloadType": way.payload_type,
            "signatures": [{"sig": text64(signature)}],
        }
        bundle = self._bundle(certificate, entry, signature, way)
        return json.dumps(bundle | {"dsseEnvelope": envelope}).encode()

    def attest(self, file: str, data: bytes, who: Identity, **how: Any) -> bytes:
        """Return an attestation (PEP 740) of a file."""
        return json.dumps(self._attestation(file, data, who, How(**how))).encode()

    def provenance(self, file: str, data: bytes, who: Identity, **how: Any) -> bytes:
        """Return a provenance (PEP 740) that holds one attestation of a file."""
        attestation = json.loads(self.attest(file, data, who, **how))
        return provenance((who.publisher, [attestation]))

    def root(self) -> bytes:
        """Return the trust root."""
        return json.dumps(self._root()).encode()

    def config(self) -> bytes:
        """Return the trust root as a client's configuration holds it."""
        service = {"majorApiVersion": 1, "operator": "mini", "validFor": {"start": iso(START)}}
        url = f"https://{self.name}.example"
        signing = {
            "mediaType": SigningConfig.SigningConfigType.SIGNING_CONFIG_0_2.value,
            "caUrls": [service | {"url": f"{url}/ca"}],
            "oidcUrls": [service | {"url": f"{url}/oidc"}],
            "rekorTlogUrls": [service | {"url": f"{url}/log"}],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [service | {"url": f"{url}/time"}],
            "tsaConfig": {"selector": "ANY"},
        }
        media = ClientTrustConfig.ClientTrustConfigType.CONFIG_0_1.value
        config = {"mediaType": media, "trustedRoot": self._root(), "signingConfig": signing}
        return json.dumps(config).encode()

    def impostor(self) -> Sigstore:
        """Return an instance that is like this one, and whose authority has another key."""
        other = copy.copy(self)
        other.issuing = replace(self.issuing, key=new_key())
        return other

    def _root(self) -> dict[str, Any]:
        chain = [self.top] if self.issuing is self.top else [self.issuing, self.top]
        return {
            "mediaType": TrustedRoot.TrustedRootType.TRUSTED_ROOT_0_1.value,
            "tlogs": [self.log.trusted()],
            "certificateAuthorities": [self._trusted(chain)],
            "ctlogs": [self.ctlog.trusted()],
            "timestampAuthorities": [self._trusted([self.time.signer, self.time.root])],
        }

    def _trusted(self, chain: Sequence[Authority]) -> dict[str, Any]:
        return {
            "subject": {"organization": "mini", "commonName": self.name},
            "uri": f"https://{self.name}.example/ca",
            "certChain": {"certificates": [{"rawBytes": text64(each.der())} for each in chain]},
            "validFor": {"start": iso(START)},
        }

    def _certificate(self, who: Identity, how: How) -> tuple[Key, x509.Certificate]:
        key, issuer = new_key(how.key), self.issuing
        builder = issuer.builder(x509.Name([]), key, how.issued or how.at, LIFE)
        builder = builder.add_extension(usage(sign=True), critical=True)
        purpose = x509.ExtendedKeyUsage([how.purpose])
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        named = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        above = x509.AuthorityKeyIdentifier(named.value.digest, None, None)
        builder = builder.add_extension(purpose, critical=how.critical)
        for extension in (own, above):
            builder = builder.add_extension(extension, critical=False)
        if who.names:
            names = x509.SubjectAlternativeName(who.names)
            builder = builder.add_extension(names, critical=True)
        for number, text in who.claims.items():
            raw = text.encode() if number < 8 else der(0x0C, text.encode())
            oid = x509.ObjectIdentifier(f"{FULCIO}.{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, raw), critical=False)
        hashed = certificate_hash(issuer.key)
        certificate: x509.Certificate = builder.sign(issuer.key, hashed)
        if how.stamps:
            log = how.ctlog or self.ctlog
            stamps = log.stamp(certificate.tbs_certificate_bytes, issuer.key, how.stamps)
            stamp = der(4, stamps)
            listed = x509.UnrecognizedExtension(x509.ObjectIdentifier(_SCT_LIST), stamp)
            certificate = builder.add_extension(listed, critical=False).sign(issuer.key, hashed)
        return key, certificate

    def _record(
        self,
        data: bytes,
        signature: bytes,
        certificate: x509.Certificate,
        how: How,
        hashed: hashes.HashAlgorithm,
    ) -> tuple[str, str, bytes]:
        """Return the kind, version and body of the entry for the signature of ``data``."""
        if how.rekor == 1:
            digest = hashlib.new(hashed.name, data).hexdigest()
            pem = text64(how.pem(certificate.public_bytes(Encoding.PEM)))
            spec: dict[str, Any] = {
                "data": {"hash": {"algorithm": hashed.name, "value": digest}},
                "signature": {"content": text64(signature), "publicKey": {"content": pem}},
            }
            return _entry("hashedrekord", "0.0.1", spec)
        raw = text64(certificate.public_bytes(Encoding.DER))
        verifier = {"keyDetails": DETAILS[how.key], "x509Certificate": {"rawBytes": raw}}
        spec = {
            "data": _digest(data, hashed),
            "signature": {"content": text64(signature), "verifier": verifier},
        }
        return _entry("hashedrekord", "0.0.2", {"hashedRekordV002": spec})

    def _stated(
        self, file: str, data: bytes, who: Identity, how: How
    ) -> tuple[bytes, bytes, x509.Certificate, dict[str, Any]]:
        payload = how.payload if how.payload is not None else statement(file, data, how)
        key, certificate = self._certificate(who, how)
        size = f"DSSEv1 {len(how.payload_type)} {how.payload_type} {len(payload)} ".encode()
        hashed = how.hashed or hash_of(key)
        signature = signature_of(how.by or key, size + payload, hashed)
        if how.rekor == 2:
            signed = size + (how.logged or payload)
            record = self._record(signed, signature, certificate, how, hashed)
        else:
            pem = text64(how.pem(certificate.public_bytes(Encoding.PEM)))
            shown = hashlib.sha256(how.logged or payload).hexdigest()
            spec = {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {"algorithm": "sha256", "value": shown},
                "signatures": [{"signature": text64(signature), "verifier": pem}],
            }
            record = _entry("dsse", "0.0.1", spec)
        return payload, signature, certificate, (how.log or self.log).entry(*record, how)

    def _bundle(
        self, certificate: x509.Certificate, entry: Any, signature: bytes, how: How
    ) -> dict[str, Any]:
        raw = {"rawBytes": text64(certificate.public_bytes(Encoding.DER))}
        chain = how.media in (Bundle.BundleType.BUNDLE_0_1, Bundle.BundleType.BUNDLE_0_2)
        material: dict[str, Any] = (
            {"x509CertificateChain": {"certificates": [raw]}} if chain else {"certificate": raw}
        )
        material["tlogEntries"] = [entry]
        if how.stamped or how.rekor == 2:
            stamp = {"signedTimestamp": text64(self.time.stamp(signature, how.at))}
            material["timestampVerificationData"] = {"rfc3161Timestamps": [stamp]}
        return {"mediaType": how.media, "verificationMaterial": material}

    def _attestation(self, file: str, data: bytes, who: Identity, how: How) -> dict[str, Any]:
        payload, signature, certificate, entry = self._stated(file, data, who, how)
        raw = text64(certificate.public_bytes(Encoding.DER))
        return {
            "version": 1,
            "verification_material": {"certificate": raw, "transparency_entries": [entry]},
            "envelope": {"statement": text64(payload), "signature": text64(signature)},
        }


def _digest(data: bytes, hashed: hashes.HashAlgorithm) -> dict[str, str]:
    algorithm = {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}[hashed.name]
    return {"algorithm": algorithm, "digest": text64(hashlib.new(hashed.name, data).digest())}


def _entry(kind: str, version: str, spec: dict[str, Any]) -> tuple[str, str, bytes]:
    return kind, version, canonical({"apiVersion": version, "kind": kind, "spec": spec})


def statement(file: str, data: bytes, how: How | None = None) -> bytes:
    """Return what an attestation states (in-toto, "Statement", version 1)."""
    way = how or How()
    about = ((file, hashlib.sha256(data).hexdigest()),) if way.subjects is None else way.subjects
    stated = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in about],
        "predicateType": way.predicate_type,
        "predicate": None,
    }
    return canonical(stated)


def provenance(*groups: tuple[Mapping[str, Any], list[Any]]) -> bytes:
    """Return a provenance (PEP 740): publishers, each with its attestations."""
    bundles = [
        {"publisher": dict(publisher), "attestations": attestations}
        for publisher, attestations in groups
    ]
    return json.dumps({"version": 1, "attestation_bundles": bundles}).encode()


def changed(document: bytes, path: str, change: Callable[[Any], Any] | Any) -> bytes:
    """Return a JSON document with the value at ``path`` (keys and numbers) replaced or changed."""
    whole = json.loads(document)
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    holder = whole
    for key in way:
        holder = holder[key]
    holder[last] = change(holder[last]) if callable(change) else change
    return json.dumps(whole).encode()


def without(document: bytes, path: str) -> bytes:
    """Return a JSON document without the value at ``path``."""
    whole = json.loads(document)
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    holder = whole
    for key in way:
        holder = holder[key]
    del holder[last]
    return json.dumps(whole).encode()


_INSTANCES: dict[str, Sigstore] = {}


def instance(name: str = "mini") -> Sigstore:
    """Return the instance of that name, the same one throughout a run."""
    if name not in _INSTANCES:
        _INSTANCES[name] = Sigstore(name)
    return _INSTANCES[name]
