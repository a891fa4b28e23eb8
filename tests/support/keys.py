"""Keys of several kinds, and the encodings that signatures are made of."""

from __future__ import annotations

import functools
import hashlib
import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
KeyKind = Literal["p256", "p384", "p521", "ed25519", "rsa"]

DETAILS: dict[KeyKind, str] = {
    "p256": "PKIX_ECDSA_P256_SHA_256",
    "p384": "PKIX_ECDSA_P384_SHA_384",
    "p521": "PKIX_ECDSA_P521_SHA_512",
    "ed25519": "PKIX_ED25519",
    "rsa": "PKIX_RSA_PKCS1V15_2048_SHA256",
}
"""What Sigstore calls a key and the hash that goes with it (``sigstore_common.proto``)."""


@functools.cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def new_key(kind: KeyKind = "p256") -> Key:
    """Return a fresh key; RSA takes long, so that there is one of it for all."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "rsa":
        return _rsa_key()
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def kind_of(key: Key) -> KeyKind:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "rsa"
    sizes: dict[int, KeyKind] = {256: "p256", 384: "p384", 521: "p521"}
    return sizes[key.key_size]


def hash_of(key: Key) -> hashes.HashAlgorithm:
    return {"p384": hashes.SHA384(), "p521": hashes.SHA512()}.get(kind_of(key), hashes.SHA256())


def signature_of(key: Key, data: bytes, hashed: hashes.HashAlgorithm | None = None) -> bytes:
    """Sign with the hash that goes with the key, or with another."""
    algorithm = hashed or hash_of(key)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    digest = hashlib.new(algorithm.name, data).digest()
    return key.sign(digest, ec.ECDSA(Prehashed(algorithm)))


def spki(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def text64(data: bytes) -> str:
    return b64encode(data).decode()


def raw64(text: str) -> bytes:
    return b64decode(text)


def canonical(value: Any) -> bytes:
    """Return JSON as RFC 8785 wants it, for values in ASCII without fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + body


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytes((first * 40 + second,))
    for number in rest:
        septets = [number & 127]
        while number := number >> 7:
            septets.append(128 | (number & 127))
        body += bytes(reversed(septets))
    return der(6, body)


def integer(number: int) -> bytes:
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
