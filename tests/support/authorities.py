"""Authorities: keys that certify others, and keys that say what time it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from support.keys import Key, KeyKind, der, hash_of, integer, new_key, oid, signature_of

START = datetime(2024, 1, 1, tzinfo=UTC)
"""When all authorities and logs begin."""


def named(common_name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mini")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def usage(*, sign: bool = False, certify: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(sign, False, False, False, False, certify, certify, False, False)


@dataclass(frozen=True)
class Authority:
    """A key that certifies, and its certificate."""

    key: Key
    certificate: x509.Certificate

    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def builder(self, subject: x509.Name, key: Key, start: datetime, life: timedelta) -> Any:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + life)
        )

    def below(self, common_name: str, *usages: x509.ObjectIdentifier, ca: bool = True) -> Authority:
        """Certify another authority, or a signer of time stamps, for ten years."""
        key = new_key("p256")
        builder = self.builder(named(common_name), key, START, timedelta(days=3650))
        return Authority(key, certified(builder, key, self, usages, ca))


def certified(
    builder: Any, key: Key, issuer: Authority | None, usages: Sequence[Any], ca: bool
) -> x509.Certificate:
    issuing = issuer.key if issuer else key
    builder = builder.add_extension(usage(sign=not ca, certify=ca), critical=True)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=not ca)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key())
    builder = builder.add_extension(own, critical=False).add_extension(above, critical=False)
    signed: x509.Certificate = builder.sign(issuing, certificate_hash(issuing))
    return signed


def certificate_hash(key: Key) -> Any:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hash_of(key)


def root_authority(common_name: str, kind: KeyKind = "p256") -> Authority:
    key, name = new_key(kind), named(common_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=3650))
    )
    return Authority(key, certified(builder, key, None, (), True))


@dataclass(frozen=True)
class TimeAuthority:
    """Signs that something existed at a time (RFC 3161, RFC 5652)."""

    root: Authority
    signer: Authority

    def stamp(self, data: bytes, at: datetime) -> bytes:
        sha256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"))
        kind = oid("1.2.840.113549.1.9.16.1.4")
        imprint = der(0x30, sha256, der(4, hashlib.sha256(data).digest()))
        time = der(0x18, at.strftime("%Y%m%d%H%M%SZ").encode())
        info = der(0x30, integer(1), oid("1.3.6.1.4.1.57264.2"), imprint, integer(77), time)
        certificate = self.signer.certificate
        own = der(0x30, der(0x30, der(0x30, der(4, hashlib.sha256(self.signer.der()).digest()))))
        attributes = b"".join(
            sorted(
                der(0x30, oid(f"1.2.840.113549.1.9.{name}"), der(0x31, value))
                for name, value in (
                    ("3", kind),
                    ("4", der(4, hashlib.sha256(info).digest())),
                    ("16.2.47", own),
                )
            )
        )
        issued = der(0x30, certificate.issuer.public_bytes(), integer(certificate.serial_number))
        signed = signature_of(self.signer.key, der(0x31, attributes))
        ecdsa = der(0x30, oid("1.2.840.10045.4.3.2"))
        who = der(0x30, integer(1), issued, sha256, der(0xA0, attributes), ecdsa, der(4, signed))
        content = der(0x30, kind, der(0xA0, der(4, info)))
        certificates = der(0xA0, self.signer.der())
        parts = (integer(3), der(0x31, sha256), content, certificates, der(0x31, who))
        token = der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, der(0x30, *parts)))
        return der(0x30, der(0x30, integer(0)), token)
