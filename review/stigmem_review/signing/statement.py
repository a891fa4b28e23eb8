"""What a signed statement says, and whether it is about the artifact; and who is said to publish.

``Attestation.verify`` of ``pypi_attestations`` does the same and takes no trust root, so that its
checks are repeated here; ``verify_dsse`` of ``sigstore`` never looks at an artifact.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stigmem_review.model import Signer, Source
from stigmem_review.signing import private
from stigmem_review.signing.certificate import BUILD_CONFIG, BUILD_SIGNER, Claims
from stigmem_review.signing.forms import decode
from stigmem_review.signing.outcome import invalid, unverifiable
from stigmem_review.text import shorten

STATEMENT = "https://in-toto.io/Statement/v1"
_STATEMENTS = (STATEMENT, "https://in-toto.io/Statement/v0.1")
"""in-toto attestation framework, "Statement": the version of today, and the one before it."""


class _Subject(msgspec.Struct):
    digest: dict[str, str]
    name: str | None = None


class _Statement(msgspec.Struct):
    type_: str = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")


def predicate_of_bundle(payload_type: str, payload: bytes, source: Source) -> str:
    """Return the type of a statement that is about an artifact, as tools for any file make them.

    Such a statement may be about several files, and name them as it likes: one of them must have
    the artifact's digest, and what has it must have the artifact's name too, where it has that of a
    distribution. Raises ``Unproven`` else.
    """
    statement = _read(payload_type, payload, _STATEMENTS)
    same = [each for each in statement.subject if each.digest.get("sha256") == source.sha256]
    if statement.subject and not any("sha256" in each.digest for each in statement.subject):
        raise unverifiable("its statement gives no SHA-256 of what it is about, to compare it by")
    if not same:
        raise invalid(f"its statement is about {_named(statement.subject)}, by their digests")
    names = [(each.name or "").rpartition("/")[2] for each in same]
    own = _parsed(source.file)
    if any(_parsed(name) not in (None, own) for name in names):
        raise invalid(f"its statement calls this very file {_named(same)}, not {source.file}")
    return statement.predicate_type


def predicate_of_attestation(payload_type: str, payload: bytes, source: Source) -> str:
    """Return the type of a statement that is about an artifact, as PEP 740 has it.

    It is about one distribution, whose file name and digest it gives, and of a type that the
    index knows. Raises ``Unproven`` else.
    """
    from pypi_attestations import AttestationType

    statement = _read(payload_type, payload, (STATEMENT,))
    if len(statement.subject) != 1:
        raise invalid(f"its statement is about {len(statement.subject)} files; it must be one")
    [subject] = statement.subject
    name = subject.name or ""
    if _parsed(name) is None:
        raise invalid(f"its statement is about {_named([subject])}, which is no distribution")
    if _parsed(name) != _parsed(source.file):
        raise invalid(f"its statement is about {_named([subject])}, not about {source.file}")
    if subject.digest.get("sha256") != source.sha256:
        raise invalid(f"its statement is about another file of the name {_named([subject])}")
    known = {each.value for each in AttestationType}
    if statement.predicate_type not in known:
        kind = shorten(statement.predicate_type, 100)
        raise invalid(f"its statement is of the type {kind}, which no index takes")
    return statement.predicate_type


def check_publisher(publisher: Any, signer: Signer, claims: Claims) -> None:
    """Compare who a provenance says made an attestation with who signed it.

    Nothing signs that part of a provenance. Raises ``Unproven`` where the two differ, or cannot
    be compared. The publishers are those of ``pypi_attestations``, which compares hosts too; a
    forge of one's own has another.
    """
    from pydantic import TypeAdapter, ValidationError
    from pypi_attestations import (
        CircleCIPublisher,
        GitHubPublisher,
        GitLabPublisher,
        GooglePublisher,
        Publisher,
    )

    adapter: TypeAdapter[Any] = TypeAdapter(Publisher)
    try:
        found = adapter.validate_python(publisher)
    except ValidationError:
        kind = publisher.get("kind") if isinstance(publisher, dict) else publisher
        raise unverifiable(
            f"its provenance names a publisher that cannot be compared with the certificate: "
            f"{shorten(str(kind), 60)}"
        ) from None
    match found:
        case GitHubPublisher():
            said = f"{found.repository}/.github/workflows/{found.workflow}"
            same = _is_config(claims, signer, found.repository, said)
        case GitLabPublisher():
            said = f"{found.repository}//{found.workflow_filepath}"
            same = _is_config(claims, signer, found.repository, said)
        case GooglePublisher():
            said = found.email
            same = signer.kind == "email" and signer.identity == said
        case CircleCIPublisher():
            said = f"{found.project_id}/pipeline-definitions/{found.pipeline_definition_id}"
            same = claims.get(BUILD_SIGNER, "").endswith(f"/projects/{said}")
            same = same and found.vcs_origin in (None, signer.repository)
            same = same and found.vcs_ref in (None, signer.ref)
        case _:
            raise unverifiable(f"its publisher is of a new kind: {shorten(str(found.kind), 60)}")
    if not same:
        raise invalid(
            f"the publisher in its provenance, {found.kind} {shorten(said, 100)}, did not sign it: "
            f"{shorten(signer.identity, 200)} did"
        )


def _is_config(claims: Claims, signer: Signer, repository: str, workflow: str) -> bool:
    """Return whether a certificate is that of a workflow, named without the host of its forge."""
    host = "/".join(signer.repository.split("/")[:3])
    if not host or signer.repository != f"{host}/{repository}":
        return False
    refs = filter(None, (signer.ref, signer.commit))
    return claims.get(BUILD_CONFIG) in [f"{host}/{workflow}@{ref}" for ref in refs]


def _read(payload_type: str, payload: bytes, versions: tuple[str, ...]) -> _Statement:
    if payload_type != private.payload_type():
        raise invalid(f"it signs a {shorten(payload_type, 60)}, and not an in-toto statement")
    try:
        statement = msgspec.convert(decode(payload), _Statement)
    except ValueError as error:
        raise invalid(f"what it signs is not an in-toto statement: {shorten(str(error))}") from None
    if statement.type_ not in versions:
        raise invalid(f"its statement is of an unknown version: {shorten(statement.type_, 60)}")
    return statement


def _named(subjects: list[_Subject]) -> str:
    names = ", ".join(each.name or "a file without a name" for each in subjects[:3])
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    return f"{shorten(names, 120)}{more}" if names else "nothing"


def _parsed(name: str) -> object | None:
    """Return what the file name of a distribution says; ``None`` for any other name.

    Names are compared as ``pypi_attestations`` does: ``1.0`` and ``1.0.0`` are the same version.
    """
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)
        return parse_sdist_filename(name) if name.endswith((".tar.gz", ".zip")) else None
    except ValueError:
        return None
