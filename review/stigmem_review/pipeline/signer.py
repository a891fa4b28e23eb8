"""Who signed one artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec.structs import replace
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from stigmem_review.compare.signers import signing
from stigmem_review.document.signer import SignerReport, build_signer_report
from stigmem_review.errors import UsageError
from stigmem_review.facts import SignerAbsent
from stigmem_review.manifest import none_release
from stigmem_review.model import Known, Source
from stigmem_review.pipeline.reading import opening
from stigmem_review.pipeline.terms import read_decisions
from stigmem_review.signing.verify import verify
from stigmem_review.text import shorten


def signer(
    source: str,
    *,
    bundle: str | None = None,
    policy: str | None = None,
    env_file: str | None = None,
    environment: Mapping[str, str] | None = None,
    trust_root: str | Sequence[str] | None = None,
    today: date | None = None,
) -> SignerReport:
    """Say who signed a wheel, an sdist or ``name==version``, and whether the operator trusts them.

    The arguments are those of ``review``; ``bundle`` is a file that signs the source. Nothing but
    the signature is looked at. Raises ``SourceError`` where the source cannot be read,
    ``UsageError`` where it is nothing that can be signed, and otherwise what ``review`` raises.
    """
    opened = opening(source, bundle)
    if opened.unread.kind not in ("wheel", "sdist"):
        raise UsageError(
            f"{shorten(source, 120)} cannot be signed; name a wheel (.whl), an sdist (.tar.gz) "
            "or name==version, for what is installed the file that it is from"
        )
    decisions = read_decisions(policy, env_file, environment or {}, trust_root, today=today)
    artifact = opened.open()
    signature = verify(artifact, decisions.roots.of(_distribution(artifact.source)), today)
    release = replace(
        none_release(),
        source=artifact.source,
        distribution=Known(_distribution(artifact.source)),
        signature=signature,
    )
    found = signing(none_release(), release, decisions.trust)
    absent = tuple(each.who for each in found.facts if isinstance(each, SignerAbsent))
    return build_signer_report(artifact.source, signature, found.outcome, absent)


def _distribution(source: Source) -> str:
    """Return the distribution that a file is of, which its name says (and reading it checked)."""
    parse = parse_wheel_filename if source.kind == "wheel" else parse_sdist_filename
    return parse(source.file)[0]
