"""From the report of a review to its receipt, and from that to a file. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from stigmem_review._version import __version__
from stigmem_review.approvals.record import Approval
from stigmem_review.document.parts import AcceptedPart, Consulted, Report, Reviewed
from stigmem_review.errors import RefusedError
from stigmem_review.receipts.model import (
    FAILED,
    PREDICATE,
    REVIEWED,
    UNCHANGED,
    VERIFIER,
    Approved,
    Digest,
    Predicate,
    Previous,
    Receipt,
    Resource,
    Review,
    Subject,
    Verdict,
    Verifier,
)
from stigmem_review.rulebook import Finding
from stigmem_review.signing.statement import STATEMENT
from stigmem_review.sources.request import release_of

_NO_POLICY = Resource(
    f"{VERIFIER}@{quote(__version__)}#without-a-policy",
    Digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
)
"""Without a policy all is as an empty one has it, so the digest is that of nothing."""


class Seen(NamedTuple):
    """What was seen of one artifact beside what a report says of it.

    ``files`` are those that it installs by their place, with their SHA-256, if it is a wheel;
    ``signatures`` is what signs it, with the digest of each, and ``sdists`` are those of the same
    release.
    """

    files: Mapping[str, str] = {}
    signatures: tuple[tuple[str, str], ...] = ()
    sdists: tuple[tuple[str, str], ...] = ()


class Within(NamedTuple):
    """What a review within a larger one has of that: it passes only where that ``is_open`` too.

    ``consulted`` is what it went by, and ``findings`` are those of the larger one alone.
    """

    is_open: bool
    consulted: tuple[Consulted, ...]
    findings: tuple[Finding, ...] = ()


def receipt_of(
    report: Report,
    seen: Mapping[str, Seen],
    now: datetime,
    *,
    within: Within | None = None,
) -> Receipt | None:
    """Return the receipt of a review; nothing where no file of the new release could be read.

    ``seen`` is by the digest of an artifact; ``within`` is what of a larger review counts too.
    """
    old, new = report.reviewed
    if new.source.kind not in ("wheel", "sdist") or not new.source.sha256:
        return None
    plugin, version = release_of(new.source.file)
    around = within or Within(True, report.consulted)
    passed = report.verdict.exit_code == 0 and around.is_open
    looked = seen.get(new.source.sha256, Seen())
    verdict = report.verdict
    artifact = Subject(new.source.file, Digest(new.source.sha256))
    review = Review(
        format=1,
        plugin=plugin,
        version=str(version),
        artifact=artifact,
        verdict=Verdict(
            verdict.state,
            verdict.exit_code,
            verdict.gate,
            verdict.errors,
            verdict.warnings,
            verdict.notes,
            verdict.lowered,
            verdict.approved,
            verdict.accepted,
        ),
        node=report.node,
        rules=Digest(report.tool.rules_sha256),
        approvals=tuple(_approvals((*report.findings, *around.findings), report.accepted)),
        previous=_previous(old, seen, back=bool(report.go_back)),
        files=dict(sorted(looked.files.items())),
        sdists=tuple(Subject(name, Digest(sha256)) for name, sha256 in looked.sdists),
    )
    level = UNCHANGED if review.is_against_itself else REVIEWED
    return Receipt(
        type_=STATEMENT,
        subject=(artifact,),
        predicate_type=PREDICATE,
        predicate=Predicate(
            verifier=Verifier(VERIFIER, {"stigmem-review": __version__}),
            time_verified=now.astimezone(UTC).replace(microsecond=0),
            resource_uri=package_url(plugin, str(version), new.source.origin),
            policy=_policy(around.consulted),
            verification_result="PASSED" if passed else "FAILED",
            verified_levels=(level if passed else FAILED,),
            input_attestations=tuple(
                Resource(name, Digest(sha256)) for name, sha256 in looked.signatures
            ),
            review=review,
        ),
    )


def package_url(name: str, version: str, origin: str = "") -> str:
    """Return the package URL of a release; ``origin`` is where its file was, if that is known.

    https://github.com/package-url/purl-spec, "pypi".
    """
    url = f"pkg:pypi/{quote(name)}@{quote(version)}"
    if origin:
        url += f"?download_url={quote(origin, safe='')}"
    return url


def statement_text(receipts: Sequence[Receipt]) -> str:
    """Return receipts as a file has them: one as a whole document, several one a line."""
    return _text(receipts)


def predicate_text(receipts: Sequence[Receipt]) -> str:
    """Return the predicates of receipts alone, in the same way."""
    return _text([each.predicate for each in receipts])


def requirement_lines(receipts: Iterable[Receipt], *, back: bool = False) -> Iterator[str]:
    """Yield what installs the files that receipts are about, and nothing else, a line each.

    With ``back`` that is what ran before. Raises ``RefusedError`` for a review that did not pass,
    and where there is no way back, or nothing says which file ran before.
    """
    for each in receipts:
        review, previous = each.review, each.review.previous
        if not each.passed:
            raise RefusedError(
                f"the review of {review.plugin} {review.version} did not pass; nothing installs it"
            )
        if not back:
            yield _requirement(review.plugin, review.version, review.artifact.digest)
        elif previous is None:
            yield f"# {review.plugin}: nothing ran before {review.version}; uninstall it"
        elif not previous.back or previous.digest is None:
            why = "its review found no way back" if previous.digest else "no file is known of it"
            raise RefusedError(
                f"{review.plugin} cannot go back from {review.version} to {previous.version}: {why}"
            )
        else:
            yield _requirement(review.plugin, previous.version, previous.digest)


def _requirement(plugin: str, version: str, digest: Digest) -> str:
    return f"{plugin}=={version} --hash=sha256:{digest.sha256}"


def _text(documents: Sequence[msgspec.Struct]) -> str:
    if len(documents) == 1:
        return msgspec.json.format(msgspec.json.encode(documents[0]), indent=2).decode() + "\n"
    return "".join(f"{msgspec.json.encode(each).decode()}\n" for each in documents)


def _policy(consulted: Iterable[Consulted]) -> Resource:
    for each in consulted:
        if each.what == "policy":
            return Resource(quote(each.path), Digest(each.sha256))
    return _NO_POLICY


def _approvals(findings: Iterable[Finding], accepted: Iterable[AcceptedPart]) -> Iterator[Approved]:
    used: dict[Approval, tuple[list[str], list[str]]] = {}
    for finding in findings:
        if finding.approval:
            said = f"{finding.rule} {finding.item} {finding.fingerprint}"
            used.setdefault(finding.approval, ([], []))[0].append(said)
    for part in accepted:
        used.setdefault(part.approval, ([], []))[1].append(part.gap.what)
    for each, (found, parts) in used.items():
        yield Approved(each.by, each.reason, each.approved, each.until, tuple(found), tuple(parts))


def _previous(old: Reviewed, seen: Mapping[str, Seen], *, back: bool) -> Previous | None:
    source = old.source
    if source.kind == "none":
        return None
    is_file = source.kind in ("wheel", "sdist")
    if not is_file or not source.sha256:
        return Previous(source.file or source.asked, old.version, back=False)
    _, version = release_of(source.file)
    files = seen.get(source.sha256, Seen()).files
    return Previous(
        source.file, str(version), back, Digest(source.sha256), dict(sorted(files.items()))
    )
