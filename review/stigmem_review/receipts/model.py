"""What a receipt says, as it stands in its file. Frozen, no logic.

A receipt is an in-toto Statement (https://github.com/in-toto/attestation, "Statement v1") whose
predicate is a Verification Summary of SLSA (https://slsa.dev/spec/v1.1/verification_summary). What
that has no field for stands in one field of our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from stigmem_review import versions
from stigmem_review.verdict import State

PREDICATE = "https://slsa.dev/verification_summary/v1"
VERIFIER = "pkg:pypi/stigmem-review"
"""Who verified, as a URI; its version stands beside it."""

FIELD = f"{VERIFIER}#receipt"
"""The field of our own: extension fields are named by a URI."""

REVIEWED = "STIGMEM_REVIEWED"
UNCHANGED = "STIGMEM_UNCHANGED"
FAILED = "FAILED"
"""What stands in ``verifiedLevels``: a level of our own, or that there is none. Where a release was
compared with itself, nothing of what it does was reviewed."""

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Files = Mapping[str, Sha256]
"""Files that a wheel installs by their place, such as ``site-packages/pkg/mod.py``, and their
SHA-256. What installers rewrite, which is RECORD, is not among them."""


class Digest(msgspec.Struct, frozen=True):
    """Digests of something, of which only one counts here."""

    sha256: Sha256


class Resource(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was looked at: in-toto's ResourceDescriptor, as far as it is used."""

    uri: str
    digest: Digest | None = None


class Subject(msgspec.Struct, frozen=True):
    """One file that a statement is about."""

    name: str
    digest: Digest


class Verifier(msgspec.Struct, frozen=True):
    """Who verified: a URI, and the version of each component."""

    id: str
    version: Mapping[str, str] = {}


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """What the review came to, and how much was found, lowered, approved and accepted."""

    state: State
    exit_code: Literal[0, 1, 3]
    gate: str
    errors: int
    warnings: int
    notes: int
    lowered: int
    approved: int
    accepted: int


class Approved(msgspec.Struct, frozen=True, omit_defaults=True):
    """An approval that was used: who, why, until when, and for which findings or missing parts."""

    by: str
    reason: str
    approved: date
    until: date
    findings: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


class Previous(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The release that ran before; ``back`` if the review found nothing that rules going back out.

    It has a digest only if it was read from the file that is installed by it.
    """

    name: str
    version: str
    back: bool
    digest: Digest | None = None
    files: Files = {}


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """The field of our own. ``format`` is the version of its structure.

    ``artifact`` is the file that was reviewed, whatever else a signer calls a subject. If it is a
    wheel, ``sdists`` are those of the same release that it was compared with: they are what
    installers build where no wheel fits.
    """

    format: Literal[1]
    plugin: str
    version: str
    artifact: Subject
    verdict: Verdict
    node: str
    rules: Digest
    approvals: tuple[Approved, ...]
    previous: Previous | None
    files: Files
    sdists: tuple[Subject, ...] = ()

    @property
    def is_against_itself(self) -> bool:
        """Whether a release was compared with itself, so that there was nothing to find.

        What is no file, such as what is installed, is known by its version alone.
        """
        if self.previous is None:
            return False
        if self.previous.digest is None:
            return versions.same(self.previous.version, self.version)
        return self.previous.digest == self.artifact.digest


class Predicate(msgspec.Struct, frozen=True, rename="camel"):
    """A Verification Summary of SLSA, with the field of our own."""

    verifier: Verifier
    time_verified: Annotated[datetime, Meta(tz=True)]
    resource_uri: str
    policy: Resource
    verification_result: Literal["PASSED", "FAILED"]
    verified_levels: tuple[str, ...]
    review: Review = field(name=FIELD)
    input_attestations: tuple[Resource, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """A whole receipt: the statement."""

    type_: str = field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = field(name="predicateType")
    predicate: Predicate

    @property
    def review(self) -> Review:
        return self.predicate.review

    @property
    def passed(self) -> bool:
        """Whether it passed, by what any tool reads, and by our own verdict too."""
        summary, verdict = self.predicate.verification_result, self.review.verdict
        return summary == "PASSED" and verdict.exit_code == 0
