"""All that this room takes of ``sigstore`` which the library does not offer to others.

Any release of it can move these. ``tests/signing/test_private.py`` says which one has.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.common.v1 import PublicKey
    from sigstore_models.rekor.v1 import TransparencyLogEntry


class VerifiedTime(NamedTuple):
    """When a bundle was signed; ``logged`` if it is the log that says so."""

    time: datetime
    logged: bool


def entry_of(bundle: Bundle) -> TransparencyLogEntry:
    """Return the log entry of a bundle, as it stands in it."""
    return bundle.log_entry._inner


def signs_bytes(bundle: Bundle) -> bool:
    """Say whether a bundle signs bytes, and not a statement in an envelope."""
    return bundle._inner.message_signature is not None


def payload_type() -> str:
    """Return what an envelope says that it holds, if that is an in-toto statement."""
    from sigstore.dsse import Envelope

    return Envelope._TYPE


def verified_times(verifier: Verifier, bundle: Bundle) -> list[VerifiedTime]:
    """Return the times of a bundle that hold: the log's only where a promise covers it.

    Raises ``VerificationError`` where there is none.
    """
    from sigstore._internal.timestamp import TimestampSource

    logged = TimestampSource.TRANSPARENCY_SERVICE
    times = verifier._establish_time(bundle)
    return [VerifiedTime(each.time, each.source is logged) for each in times]


def spelt(certificate: Certificate) -> str:
    """Return how a log entry that the library takes spells a certificate."""
    from sigstore._utils import base64_encode_pem_cert

    return base64_encode_pem_cert(certificate)


def size_signed(checkpoint: str) -> int:
    """Return the size of its tree that a log signed. Raises ``VerificationError`` without any."""
    from sigstore._internal.rekor.checkpoint import SignedCheckpoint

    return SignedCheckpoint.from_text(checkpoint).checkpoint.log_size


def load_keys(root: TrustedRoot) -> None:
    """Load the keys of a root's logs, as verifying does. Raises what that raises."""
    from sigstore._internal.trust import KeyringPurpose

    root.rekor_keyring(KeyringPurpose.VERIFY)
    root.ct_keyring(KeyringPurpose.VERIFY)


def load_key(key: PublicKey) -> None:
    """Load the key of a log. Raises ``VerificationError`` for a kind that cannot be used."""
    from sigstore._internal.trust import Key

    Key(key)


def earliest(times: Iterable[VerifiedTime]) -> datetime:
    """Return what the log says of when a bundle was signed, or else the first time stamp."""
    every = list(times)
    logged = [each.time for each in every if each.logged]
    return min(logged or [each.time for each in every])
