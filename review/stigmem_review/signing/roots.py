"""Trust roots: what signatures are held against.

Nothing is fetched, and nothing is taken from the user's cache, which the library reads without
verifying it: our copy of the public-good instance's root is part of this package, and
``tests/update_trust_root.py`` takes a new one.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from stigmem_review.errors import SigningError
from stigmem_review.signing.forms import decode
from stigmem_review.signing.library import load_library
from stigmem_review.signing.outcome import first_of, on_one_line
from stigmem_review.signing.private import load_key, load_keys
from stigmem_review.signing.taken import root_taken

if TYPE_CHECKING:
    from sigstore_models.trustroot.v1 import TransparencyLogInstance
    from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

SHIPPED = Path(__file__).with_name("public_good.json")

_ALWAYS = "1970-01-01T00:00:00Z"
_DO = "name the trusted_root.json of the instance that signed"


class TrustRoot(msgspec.Struct, frozen=True):
    """The authorities and logs of one Sigstore instance, not yet parsed.

    ``name`` says which one it is, in words for a report: its file, or the instance and the day
    our copy of it was ``taken`` (ISO 8601), which is not known of others.
    """

    name: str
    data: bytes
    taken: str = ""


PUBLIC_GOOD = "public-good"
"""What stands for our copy of the public-good instance's root where files of roots are named."""


def shipped_root(today: date | None = None) -> TrustRoot:
    """Return our copy of the public-good instance's root; with ``today``, it says how old it is."""
    taken = root_taken()
    days = (today - date.fromisoformat(taken)).days if today else 0
    age = f" ({days} day{'' if days == 1 else 's'} old)" if days > 0 else ""
    name = f"the public-good instance, as of {taken}{age}"
    return TrustRoot(name, SHIPPED.read_bytes(), taken)


class Roots(NamedTuple):
    """The roots in a file, and why others in it are of no use."""

    roots: tuple[TrustRoot, ...]
    unused: tuple[str, ...] = ()


def read_roots(data: bytes, path: str) -> Roots:
    """Take the root in a file, as ``TrustedRoot`` or inside a ``ClientTrustConfig``, or several.

    Both formats are those of ``sigstore_trustroot.proto``; several stand in lines of JSON, as
    ``gh attestation trusted-root`` writes them, and those are left out that nothing could be
    verified with. Raises ``SigningError`` where there is none that can be used.
    """
    lines = [each for each in data.splitlines() if each.strip()]
    if len(lines) < 2 or not all(each.lstrip().startswith(b"{") for each in lines):
        root = TrustRoot(path, data)
        parse_root(root)
        return Roots((root,))
    usable: list[TrustRoot] = []
    refused: list[SigningError] = []
    for number, line in enumerate(lines, 1):
        root = TrustRoot(f"{path}, line {number}", line)
        try:
            parse_root(root)
        except SigningError as error:
            refused.append(error)
        else:
            usable.append(root)
    if not usable:
        raise refused[0]
    return Roots(tuple(usable), tuple(each.text for each in refused))


def parse_root(root: TrustRoot) -> RootModel:
    """Return what a root holds.

    Raises ``SigningError`` where that is not a root, or one that nothing could be verified with:
    there has to be an authority, a log of certificates and a transparency log.
    """
    load_library()
    from pydantic import ValidationError
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

    try:
        content = decode(root.data)
    except ValueError as error:
        raise _refused(root, f"it is not JSON that can be read: {error}") from None
    found = _trusted_root(content)
    if found is None:
        raise _refused(root, "it is neither a TrustedRoot nor a ClientTrustConfig of Sigstore")
    for key, what in (
        ("certificateAuthorities", "certificate authority (certificateAuthorities)"),
        ("ctlogs", "log of certificates (ctlogs)"),
        ("tlogs", "transparency log (tlogs)"),
    ):
        if not found.get(key):
            raise _refused(root, f"it has no {what}, and nothing can be verified without")
    try:
        model = RootModel.from_json(json.dumps(_filled(found)))
        # The library has a class for the second version of the format, which adds optional fields,
        # and takes only the first for a root.
        first = TrustedRoot.TrustedRootType.TRUSTED_ROOT_0_1.value
        model = model.model_copy(update={"media_type": first})
        trusted = TrustedRoot(model)
        Verifier(trusted_root=trusted)
        load_keys(trusted)
        for authority in trusted.get_timestamp_authorities():
            authority.certificates(allow_expired=True)
    except ValidationError as error:
        raise _refused(root, f"it is not well-formed: {first_of(error)}") from None
    except Exception as error:
        said = on_one_line(f"{type(error).__name__}: {error}")
        raise _refused(root, f"it cannot be used: {said}") from None
    for logs, what in ((model.ctlogs, "logs of certificates"), (model.tlogs, "transparency logs")):
        if not any(map(is_usable, logs)):
            raise _refused(root, f"none of its {what} has a kind of key that can be used")
    return model


def is_usable(log: TransparencyLogInstance) -> bool:
    """Return whether the library can verify with the key of a log; it passes over the others."""
    from sigstore.errors import VerificationError

    try:
        load_key(log.public_key)
    except VerificationError:
        return False
    return True


def _filled(root: dict[str, Any]) -> dict[str, Any]:
    """Return a root with the fields that the library requires, and that may be left out.

    Protocol buffers leave out of JSON what is empty; none of these decides what is verified, but
    for the period of an authority, and one that has no start began before anything was signed. A
    log's has to have one, where it has a period (sigstore/sigstore-conformance).
    """
    authorities = ("certificateAuthorities", "timestampAuthorities")
    filled = dict(root)
    for part in authorities:
        filled[part] = [_filled_authority(each) for each in _objects(root.get(part))]
    for part in ("tlogs", "ctlogs"):
        filled[part] = [_filled_log(each) for each in _objects(root.get(part))]
    return filled


def _objects(listed: Any) -> list[Any]:
    return listed if isinstance(listed, list) else []


def _filled_authority(authority: Any) -> Any:
    if not isinstance(authority, dict):
        return authority
    subject = {"organization": "", "commonName": ""} | (authority.get("subject") or {})
    return authority | {"subject": subject, "validFor": _period(authority.get("validFor"))}


def _filled_log(log: Any) -> Any:
    if not isinstance(log, dict):
        return log
    return {"baseUrl": "", "hashAlgorithm": "SHA2_256"} | log


def _period(period: Any) -> Any:
    return {"start": _ALWAYS} | (period or {}) if isinstance(period or {}, dict) else period


def _trusted_root(content: Any) -> dict[str, Any] | None:
    """Return the root in what a file holds, of either format."""
    if not isinstance(content, dict):
        return None
    media_type = str(content.get("mediaType"))
    if media_type.startswith("application/vnd.dev.sigstore.clienttrustconfig"):
        return _trusted_root(content.get("trustedRoot"))
    is_root = media_type.startswith("application/vnd.dev.sigstore.trustedroot")
    return content if is_root else None


def _refused(root: TrustRoot, what: str) -> SigningError:
    return SigningError(f"the trust root {root.name}: {what}; {_DO}")
