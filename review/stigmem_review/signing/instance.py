"""One Sigstore instance: the verifier for a bundle, and how long each of its keys counted."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from stigmem_review.signing.outcome import NAME_ROOT, invalid, unverifiable
from stigmem_review.signing.roots import TrustRoot, is_usable, parse_root

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore_models.common.v1 import TimeRange
    from sigstore_models.trustroot.v1 import CertificateAuthority, TransparencyLogInstance
    from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

T = TypeVar("T")


class Authority(NamedTuple):
    """An authority of a root, with its certificates."""

    model: CertificateAuthority
    chain: tuple[Certificate, ...]


class Held(NamedTuple):
    """A bundle held against the parts of a root that it says it was made by.

    ``verifier`` knows nothing but those: the library tries every key of a root where the one that
    is named is missing, so that a retired key could stand in for the one that we look up.
    """

    verifier: Verifier
    authorities: tuple[Authority, ...]
    ct_logs: tuple[TransparencyLogInstance, ...]
    logs: tuple[TransparencyLogInstance, ...]

    def check_periods(self, certificate: Certificate, times: Iterable[datetime]) -> None:
        """Raise ``Unproven`` unless authority and logs counted when a bundle was signed.

        The library leaves out those that do not count yet, but not those that do no longer; of an
        authority for time stamps it looks at both.
        """
        issuing = [
            authority.model.valid_for
            for authority in self.authorities
            if any(_issued(certificate, each) for each in authority.chain)
        ]
        periods: tuple[tuple[str, list[TimeRange | None]], ...] = (
            ("authority that issued its certificate", [*issuing]),
            ("log of its certificate", [each.public_key.valid_for for each in self.ct_logs]),
            ("transparency log it is in", [each.public_key.valid_for for each in self.logs]),
        )
        for time in times:
            for what, ranges in periods:
                if not any(_covers(each, time) for each in ranges):
                    day = time.date().isoformat()
                    raise invalid(f"the trust root does not trust the {what} for {day}")


class Instance:
    """The authorities and logs of one root."""

    def __init__(self, model: RootModel) -> None:
        """Take a root that ``parse_root`` gave."""
        from cryptography.x509 import load_der_x509_certificate

        self._model = model
        self._authorities = tuple(
            Authority(
                each,
                tuple(load_der_x509_certificate(c.raw_bytes) for c in each.cert_chain.certificates),
            )
            for each in model.certificate_authorities
        )
        self._ct_logs = tuple(filter(is_usable, model.ctlogs))
        self._logs = tuple(filter(is_usable, model.tlogs))

    def hold(self, bundle: Bundle) -> Held:
        """Return what can verify a bundle; raises ``Unproven`` where the root has nothing for it.

        What the bundle says of itself is not verified yet: only afterwards is anything of it true.
        """
        certificate = bundle.signing_certificate
        authorities = tuple(
            each for each in self._authorities if any(_names(certificate, c) for c in each.chain)
        )
        stamps = _certificate_logs(certificate)
        # Without one stamp the library refuses the certificate, whatever the root.
        ct_logs = self._ct_logs if len(stamps) != 1 else _by_id(self._ct_logs, stamps[0])
        logs = _by_id(self._logs, bundle.log_entry._inner.log_id.key_id)
        for found, what in (
            (authorities, "its certificate is from another authority"),
            (ct_logs, "its certificate is in another log of certificates"),
            (logs, "it is in another transparency log"),
            (self._can_stamp(bundle), "another authority says when it was signed"),
        ):
            if not found:
                raise unverifiable(f"signed under a root we do not have: {what}", NAME_ROOT)
        return Held(self._verifier(authorities, ct_logs, logs), authorities, ct_logs, logs)

    def _can_stamp(self, bundle: Bundle) -> bool:
        return bool(
            self._model.timestamp_authorities
            or not bundle.verification_material.timestamp_verification_data
        )

    def _verifier(
        self,
        authorities: Sequence[Authority],
        ct_logs: Sequence[TransparencyLogInstance],
        logs: Sequence[TransparencyLogInstance],
    ) -> Verifier:
        from sigstore.models import TrustedRoot
        from sigstore.verify import Verifier

        narrowed = {
            "certificate_authorities": [each.model for each in authorities],
            "ctlogs": [*ct_logs],
            "tlogs": [*logs],
        }
        return Verifier(trusted_root=TrustedRoot(self._model.model_copy(update=narrowed)))


@functools.lru_cache(maxsize=2)
def instance_of(root: TrustRoot) -> Instance:
    """Return the instance of a root. Raises ``SigningError`` where it is none."""
    return Instance(parse_root(root))


def _names(certificate: Certificate, authority: Certificate) -> bool:
    """Return whether a certificate says that an authority issued it, or whether it did.

    Instances may share the name of an authority, so that its key decides, where there is one.
    """
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        wanted = found.value.key_identifier
    except x509.ExtensionNotFound:
        wanted = None
    if wanted is None:
        return certificate.issuer == authority.subject
    own = {x509.SubjectKeyIdentifier.from_public_key(authority.public_key()).digest}
    try:
        named = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        own.add(named.value.digest)
    except x509.ExtensionNotFound:
        pass
    return wanted in own or _issued(certificate, authority)


def _issued(certificate: Certificate, authority: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:
        return False
    return True


def _certificate_logs(certificate: Certificate) -> list[bytes]:
    """Return the ids of the logs that stamped a certificate (RFC 6962, section 3.3)."""
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
    except x509.ExtensionNotFound:
        return []
    return [each.log_id for each in found.value]


def _by_id(
    logs: Iterable[TransparencyLogInstance], wanted: bytes
) -> tuple[TransparencyLogInstance, ...]:
    """Return the logs of an id: the SHA-256 of its key, or what the root calls it.

    The second version of Rekor is named by the key id of its signed notes (C2SP, "signed-note").
    """
    return tuple(each for each in logs if wanted in _ids(each))


def _ids(log: TransparencyLogInstance) -> set[bytes]:
    found = {hashlib.sha256(log.public_key.raw_bytes or b"").digest(), log.log_id.key_id}
    return found | ({log.checkpoint_key_id.key_id} if log.checkpoint_key_id else set())


def _covers(period: TimeRange | None, time: datetime) -> bool:
    """Return whether a period covers a time (``TimeRange``: both ends belong to it)."""
    if period is None:
        return True
    return period.start <= time and (period.end is None or time <= period.end)
