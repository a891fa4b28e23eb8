"""Artifacts with what signs them, as opening a source would give them."""

from __future__ import annotations

import hashlib
import itertools

from stigmem_review.model import Signature
from stigmem_review.signing.roots import TrustRoot
from stigmem_review.signing.verify import verify
from stigmem_review.sources.artifact import Artifact, SignatureFile
from stigmem_review.sources.wheel import read_wheel
from support.archives import WHEEL, wheel
from support.sigstore import Sigstore, instance

DATA = wheel()
OTHER = wheel({"demo/other.py": b"OTHER = 1\n"})
BUNDLE, STATED = f"{WHEEL}.sigstore.json", f"{WHEEL}.sigstore"
ATTESTATION, PROVENANCE = f"{WHEEL}.publish.attestation", f"{WHEEL}.provenance"
SHA256 = hashlib.sha256(DATA).hexdigest()


def artifact(*signatures: SignatureFile, data: bytes = DATA, file: str = WHEEL) -> Artifact:
    """Return a wheel that was opened, and the files that sign it."""
    opened = read_wheel(file, file, data)
    return Artifact(
        opened.source, opened.files, opened.installed, opened.metadata_dir, (), None, signatures
    )


def root_of(sigstore: Sigstore | None = None, data: bytes | None = None) -> TrustRoot:
    return TrustRoot("mini.json", data if data is not None else (sigstore or instance()).root())


def checked(
    *files: tuple[str, bytes], root: TrustRoot | None = None, data: bytes = DATA
) -> Signature:
    """Verify the wheel against what signs it."""
    opened = artifact(*itertools.starmap(SignatureFile, files), data=data)
    found = verify(opened, (root or root_of(),))
    assert isinstance(found, Signature)
    return found
