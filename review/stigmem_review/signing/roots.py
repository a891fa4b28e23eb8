"""Trust roots: what signatures are held against.

Nothing is fetched, and nothing is taken from the user's cache, which the library reads without
verifying it: our copy of the public-good instance's root is part of this package, and
``tests/update_trust_root.py`` takes a new one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stigmem_review import limits
from stigmem_review.errors import SigningError, SourceError
from stigmem_review.signing.forms import decode
from stigmem_review.signing.library import load_library
from stigmem_review.signing.outcome import first_of, on_one_line
from stigmem_review.sources.disk import read_file

if TYPE_CHECKING:
    from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

SHIPPED = Path(__file__).with_name("public_good.json")
TAKEN = Path(__file__).with_name("public_good.taken")
"""The day our copy was taken, in ISO 8601."""

_DO = "name the trusted_root.json of the instance that signed"


class TrustRoot(msgspec.Struct, frozen=True):
    """The authorities and logs of one Sigstore instance, not yet parsed.

    ``name`` says which one it is, in words for a report: its file, or the instance and the day
    our copy of it was taken.
    """

    name: str
    data: bytes


def shipped_root() -> TrustRoot:
    """Return our copy of the public-good instance's root."""
    taken = TAKEN.read_text("utf-8").strip()
    return TrustRoot(f"the public-good instance, as of {taken}", SHIPPED.read_bytes())


def read_root(path: Path) -> TrustRoot:
    """Read a root that a user names, as ``TrustedRoot`` or inside a ``ClientTrustConfig``.

    Both formats are those of ``sigstore_trustroot.proto``. Raises ``SigningError`` where it is
    none, or one that nothing could be verified with.
    """
    try:
        root = TrustRoot(str(path), read_file(path, limits.TRUST_ROOT_BYTES))
    except SourceError as error:
        raise SigningError(f"the trust root {error.text}") from None
    parse_root(root)
    return root


def parse_root(root: TrustRoot) -> RootModel:
    """Return what a root holds.

    Raises ``SigningError`` where that is not a root, or one that nothing could be verified with:
    there has to be an authority and a transparency log.
    """
    load_library()
    from pydantic import ValidationError
    from sigstore._internal.trust import KeyringPurpose
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
        ("certificateAuthorities", "certificate authority"),
        ("tlogs", "transparency log (tlogs)"),
    ):
        if not found.get(key):
            raise _refused(root, f"it has no {what}, and nothing can be verified without")
    try:
        model = RootModel.from_json(json.dumps(found))
        trusted = TrustedRoot(model)
        Verifier(trusted_root=trusted)
        trusted.rekor_keyring(KeyringPurpose.VERIFY)
        if model.ctlogs:
            trusted.ct_keyring(KeyringPurpose.VERIFY)
        for authority in trusted.get_timestamp_authorities():
            authority.certificates(allow_expired=True)
    except ValidationError as error:
        raise _refused(root, f"it is not well-formed: {first_of(error)}") from None
    except Exception as error:
        said = on_one_line(f"{type(error).__name__}: {error}")
        raise _refused(root, f"it cannot be used: {said}") from None
    return model


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
