"""One Sigstore instance: the verifier for a bundle, and how long each of its keys counted."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import MAXYEAR, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stigmem_review.signing.outcome import NAME_ROOT, Unproven, invalid, on_one_line, unverifiable
from stigmem_review.signing.private import entry_of
from stigmem_review.signing.roots import TrustRoot, is_usable, parse_root

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore_models.common.v1 import TimeRange
    from sigstore_models.trustroot.v1 import CertificateAuthority, TransparencyLogInstance
    from sigstore_models.trustroot.v1 import TrustedRoot as RootModel


_LAYOUT = re.compile(
    r"invalid extension: 2\.5\.29\.(?:"
    r"(?:14|15|35): Certificate is missing required extension|"
    r"(?:14|15|19|35|37): Certificate extension has incorrect criticality)"
)
"""What the library says of identifiers of keys, usages and constraints that others do without."""


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
    ct_logs: list[TransparencyLogInstance]
    logs: list[TransparencyLogInstance]

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
                    at = f"{time:%Y-%m-%dT%H:%M:%SZ}"
                    raise invalid(f"the {what} was not valid at {at}, says the trust root")

    def check_layout(self, certificate: Certificate, error: Exception) -> None:
        """Raise ``Unproven`` where the library only does not take how certificates are laid out.

        It has them as the web has them, and Fulcio's are so. A private authority may mark other
        extensions as critical, and leave some out.
        """
        chains = (each.chain for each in self.authorities)
        issued = any(_issued(certificate, authority) for chain in chains for authority in chain)
        if issued and _LAYOUT.search(str(error)):
            raise unverifiable(
                "its certificate, or that of its authority, is laid out in a way that cannot be "
                f"checked: {on_one_line(str(error))}"
            )


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

    def hold(self, bundle: Bundle) -> Held:
        """Return what can verify a bundle; raises ``Unproven`` where the root has nothing for it.

        What the bundle says of itself is not verified yet: only afterwards is anything of it true.
        """
        certificate = bundle.signing_certificate
        authorities = tuple(
            each for each in self._authorities if any(_names(certificate, c) for c in each.chain)
        )
        if not authorities:
            raise _no_root("its certificate is from another authority")
        _check_authorities(certificate, authorities)
        stamps = _certificate_logs(certificate)
        if len(stamps) > 1:
            raise unverifiable(f"its certificate is in {len(stamps)} logs; one can be checked")
        # Without a stamp the library refuses the certificate, whatever the root.
        ct_logs = _by_id(self._model.ctlogs, stamps[0]) if stamps else self._model.ctlogs
        ct_logs = _usable(ct_logs, "log of certificates", _can_stamp)
        logs = _by_id(self._model.tlogs, entry_of(bundle).log_id.key_id)
        logs = _usable(logs, "transparency log", is_usable)
        self._check_stamps(bundle)
        return Held(self._verifier(authorities, ct_logs, logs), authorities, ct_logs, logs)

    def _check_stamps(self, bundle: Bundle) -> None:
        """Raise ``Unproven`` where the time stamps that a bundle needs are of another authority.

        So it does where there are more of them than the library looks at.
        """
        from cryptography.x509 import load_der_x509_certificate
        from sigstore.verify.verifier import MAX_ALLOWED_TIMESTAMP

        stamps = bundle.verification_material.timestamp_verification_data
        if stamps is None:
            return
        count = len(stamps.rfc3161_timestamps)
        if count > MAX_ALLOWED_TIMESTAMP:
            raise unverifiable(
                f"it has {count} time stamps; no more than {MAX_ALLOWED_TIMESTAMP} are looked at"
            )
        chains = [each.cert_chain.certificates for each in self._model.timestamp_authorities]
        signing = [load_der_x509_certificate(chain[0].raw_bytes) for chain in chains if chain]
        known = {(each.issuer, each.serial_number) for each in signing}
        found = {
            (info.issuer, info.serial_number)
            for stamp in stamps.rfc3161_timestamps
            for info in stamp.signed_data.signer_infos
        }
        # Beside a time that the log promises, stamps of others do no harm, but for the library's
        # sake there has to be some authority.
        promised = entry_of(bundle).inclusion_promise is not None
        if not known or not (promised or known & found):
            raise _no_root("another authority says when it was signed")

    def _verifier(
        self,
        authorities: Sequence[Authority],
        ct_logs: list[TransparencyLogInstance],
        logs: list[TransparencyLogInstance],
    ) -> Verifier:
        from sigstore.models import TrustedRoot
        from sigstore.verify import Verifier

        narrowed = {
            "certificate_authorities": [each.model for each in authorities],
            "ctlogs": ct_logs,
            "tlogs": logs,
            "timestamp_authorities": [*map(_to_the_end, self._model.timestamp_authorities)],
        }
        return Verifier(trusted_root=TrustedRoot(self._model.model_copy(update=narrowed)))


@functools.lru_cache(maxsize=8)
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
    except Exception:  # a certificate that cannot be held against this one was not issued by it
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


def _by_id(logs: Iterable[TransparencyLogInstance], wanted: bytes) -> list[TransparencyLogInstance]:
    """Return the logs of an id: the SHA-256 of its key, or what the root calls it.

    The second version of Rekor is named by the key id of its signed notes (C2SP, "signed-note").
    """
    return [each for each in logs if wanted in _ids(each)]


def _usable(
    logs: list[TransparencyLogInstance],
    what: str,
    is_good: Callable[[TransparencyLogInstance], bool],
) -> list[TransparencyLogInstance]:
    """Return the logs whose key the library can verify with. Raises ``Unproven`` without any."""
    if not logs:
        raise _no_root(f"its {what} is another")
    found = [each for each in logs if is_good(each)]
    if not found:
        raise unverifiable(f"the {what} it is in has a kind of key that cannot be used")
    return found


def _can_stamp(log: TransparencyLogInstance) -> bool:
    """Return whether the library can verify the stamps of a log of certificates.

    They are over SHA-256 whatever the key (RFC 6962, section 2.1.4), and the library takes a key
    on another curve with another digest.
    """
    return is_usable(log) and log.public_key.key_details not in (
        "PKIX_ECDSA_P384_SHA_384",
        "PKIX_ECDSA_P521_SHA_512",
    )


def _check_authorities(certificate: Certificate, authorities: Iterable[Authority]) -> None:
    """Raise ``Unproven`` where the key of all that can have issued a certificate is of no use.

    The library takes RSA and ECDSA (``sigstore._internal.sct``).
    """
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    issuing = [c for each in authorities for c in each.chain if _names(certificate, c)]
    keys = [each.public_key() for each in issuing]
    if not any(isinstance(each, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) for each in keys):
        raise unverifiable("the authority of its certificate has a kind of key that cannot be used")


def _no_root(what: str) -> Unproven:
    return Unproven("unverifiable", f"unknown trust root: {what}", NAME_ROOT, elsewhere=True)


def _ids(log: TransparencyLogInstance) -> set[bytes]:
    found = {hashlib.sha256(log.public_key.raw_bytes or b"").digest(), log.log_id.key_id}
    return found | ({log.checkpoint_key_id.key_id} if log.checkpoint_key_id else set())


def _covers(period: TimeRange | None, time: datetime) -> bool:
    """Return whether a period covers a time (``TimeRange``: both ends belong to it).

    A log gives its times in whole seconds, so that one may lie before the start within a second.
    """
    if period is None:
        return True
    start = period.start.replace(microsecond=0)
    return start <= time and (period.end is None or time <= period.end)


def _to_the_end(authority: CertificateAuthority) -> CertificateAuthority:
    """Return an authority for time stamps whose last moment the library counts too."""
    period = authority.valid_for
    if period.end is None or period.end.year == MAXYEAR:
        return authority
    later = period.model_copy(update={"end": period.end + timedelta(microseconds=1)})
    return authority.model_copy(update={"valid_for": later})
