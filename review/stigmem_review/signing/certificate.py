"""Who a certificate is for. Only to be asked once the certificate is verified.

The layout is Fulcio's: its "Certificate specification", and "OID info" for the extensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stigmem_review.model import IdentityKind, Signer
from stigmem_review.signing.outcome import invalid
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_FULCIO = "1.3.6.1.4.1.57264.1."

# The last numbers of Fulcio's extensions. Those up to 6 are raw text, the others DER.
_OLD_ISSUER, _OLD_TRIGGER, _OLD_COMMIT, _OLD_REPOSITORY, _OLD_REF = 1, 2, 3, 5, 6
_OTHER_NAME = 7
_ISSUER, _REPOSITORY, _COMMIT, _REF, _REPOSITORY_ID, _TRIGGER = 8, 12, 13, 14, 15, 20
_RUNNER, _ENVIRONMENT = 11, 23
BUILD_SIGNER, BUILD_CONFIG = 9, 18
_RAW = {_OLD_ISSUER, _OLD_TRIGGER, _OLD_COMMIT, _OLD_REPOSITORY, _OLD_REF}
_READ = _RAW | {_ISSUER, BUILD_SIGNER, _REPOSITORY, _COMMIT, _REF, _REPOSITORY_ID}
_READ |= {BUILD_CONFIG, _TRIGGER, _RUNNER, _ENVIRONMENT}

Claims = Mapping[int, str]
"""What the issuer said of a signer, by the last number of the extension."""


def claims_of(certificate: Certificate) -> Claims:
    """Return what a certificate says beside its identity.

    Raises ``Unproven`` where that is no text.
    """
    found = {}
    for extension in certificate.extensions:
        oid = extension.oid.dotted_string
        number = oid.removeprefix(_FULCIO)
        if oid.startswith(_FULCIO) and number.isdecimal() and int(number) in _READ:
            found[int(number)] = _text(int(number), extension.value.public_bytes())
    # CircleCI has no value of its own for some, and quotes what is not there.
    return {number: text for number, text in found.items() if text != '""'}


def signer_of(certificate: Certificate, claims: Claims) -> Signer:
    """Return who a certificate is for.

    Raises ``Unproven`` unless it has exactly one identity of a kind that Fulcio issues, and one
    issuer.
    """
    identity, kind = _identity(certificate)
    signer = Signer(identity, kind, _issuer(claims))
    if _REPOSITORY not in claims and BUILD_CONFIG not in claims and _OLD_REPOSITORY in claims:
        return _of_old(signer, claims)
    repository, config = claims.get(_REPOSITORY, ""), claims.get(BUILD_CONFIG, "")
    refs = tuple(claims[each] for each in (_REF, _COMMIT) if claims.get(each))
    configured = _without_ref(config, *refs)
    workflow = _below(repository, configured)
    builder = _without_ref(claims.get(BUILD_SIGNER, ""), *refs)
    return Signer(
        identity,
        kind,
        signer.issuer,
        repository=repository,
        workflow=workflow,
        ref=claims.get(_REF, ""),
        commit=claims.get(_COMMIT, ""),
        trigger=claims.get(_TRIGGER, ""),
        builder="" if workflow and builder == configured else builder,
        repository_id=claims.get(_REPOSITORY_ID, ""),
        runner=claims.get(_RUNNER, ""),
        environment=claims.get(_ENVIRONMENT, ""),
    )


def _of_old(signer: Signer, claims: Claims) -> Signer:
    """Add what a certificate says that was issued before Fulcio had the extensions from 8 on.

    Those were for GitHub alone. The repository is named without its host, and the workflow only
    in the identity, which is that of a reusable workflow where one signed.
    """
    ref, commit = claims.get(_OLD_REF, ""), claims.get(_OLD_COMMIT, "")
    parts = urlsplit(signer.identity)
    repository = claims[_OLD_REPOSITORY]
    if signer.kind == "uri" and parts.netloc:
        repository = f"{parts.scheme}://{parts.netloc}/{repository}"
    ran = _without_ref(signer.identity, *filter(None, (ref, commit)))
    workflow = _below(repository, ran)
    return Signer(
        signer.identity,
        signer.kind,
        signer.issuer,
        repository=repository,
        workflow=workflow,
        ref=ref,
        commit=commit,
        trigger=claims.get(_OLD_TRIGGER, ""),
        builder="" if workflow or signer.kind != "uri" else ran,
    )


def _identity(certificate: Certificate) -> tuple[str, IdentityKind]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        raise invalid("its certificate has no identity") from None
    names = list(extension.value)
    if len(names) != 1:
        raise invalid(f"its certificate has {len(names)} identities; it must have one")
    [name] = names
    kind: IdentityKind
    if isinstance(name, x509.RFC822Name):
        identity, kind = name.value, "email"
    elif isinstance(name, x509.UniformResourceIdentifier):
        identity, kind = name.value, "uri"
    elif isinstance(name, x509.OtherName) and (
        name.type_id.dotted_string == f"{_FULCIO}{_OTHER_NAME}"
    ):
        identity, kind = _text(_OTHER_NAME, name.value), "username"
    else:
        raise invalid(
            f"its certificate is for a {type(name).__name__}, and not for an e-mail address, a URI "
            "or a user name"
        )
    if not identity:
        raise invalid("its certificate has no identity")
    return identity, kind


def _issuer(claims: Claims) -> str:
    found = {claims[each] for each in (_ISSUER, _OLD_ISSUER) if claims.get(each)}
    if len(found) > 1:
        named = " and ".join(shorten(each, 80) for each in sorted(found))
        raise invalid(f"its certificate names two issuers of the identity: {named}")
    if not found:
        raise invalid("its certificate names no issuer of the identity")
    return found.pop()


def _text(number: int, data: bytes) -> str:
    from cryptography.hazmat import asn1

    try:
        return data.decode("utf-8") if number in _RAW else asn1.decode_der(str, data)
    except ValueError:
        raise invalid(f"extension {_FULCIO}{number} of its certificate is no text") from None


def _without_ref(uri: str, *refs: str) -> str:
    """Cut the ref, or the commit, that a URI of a workflow ends with.

    What is known to follow the path is cut; else what follows the last ``@``. A path is never cut
    short by that, whatever it and the ref are called; a ref that holds an ``@`` may leave a rest.
    """
    for ref in refs:
        if uri.endswith(f"@{ref}"):
            return uri.removesuffix(f"@{ref}")
    return uri.rpartition("@")[0] or uri


def _below(repository: str, workflow: str) -> str:
    """Return the path of a workflow in a repository; GitLab puts two slashes between them.

    There is none for one that is elsewhere, such as a configuration that is made for each run.
    """
    if not repository or not workflow.startswith(f"{repository}/"):
        return ""
    return workflow.removeprefix(f"{repository}/").lstrip("/")
