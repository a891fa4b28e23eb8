"""Facts about who signed."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Fact, Replaced
from stigmem_review.policy.trust import But, RequiredBy, Verifier


class SignatureInvalid(Fact, frozen=True, kw_only=True):
    """Something signs the file, and what it proves is not that; ``help`` says what would help."""

    why: str
    help: str


class SignatureMissing(Fact, frozen=True, kw_only=True):
    """Nothing signs the file, and ``by`` says who requires that something does."""

    by: RequiredBy


class SignatureUnverifiable(Fact, frozen=True, kw_only=True):
    """Something signs the file, and what it proves cannot be told here.

    ``before`` if the signature of the old release is verified.
    """

    why: str
    help: str
    before: bool


class SignatureDropped(Fact, frozen=True, kw_only=True):
    """The old release was signed, by ``signers`` where that was verified, and this one is not.

    ``still`` are who signed this one, where ``signers`` were some of several; ``related`` if all of
    those are of the repository of one of these.
    """

    signers: tuple[str, ...]
    still: tuple[str, ...] = ()
    related: bool = False


class SignatureGained(Fact, frozen=True, kw_only=True):
    """The old release was not signed, and this one is, by ``signers``."""

    signers: tuple[str, ...]


class SignerJoined(Fact, frozen=True, kw_only=True):
    """Somebody signed this release who did not sign the old one, beside others.

    ``beside`` are those who signed both; the operator has said that it is ``trusted``, or not.
    """

    issuer: str
    beside: tuple[str, ...]
    trusted: bool


class SignerLeft(Fact, frozen=True, kw_only=True):
    """Some who signed the old release did not sign this one, whose signer the operator trusts."""

    signers: tuple[str, ...]
    still: tuple[str, ...]


class OldSignatureUnproven(Fact, frozen=True, kw_only=True):
    """The old release's signature is not verified, so it does not say who made that one."""

    why: str
    status: Literal["invalid", "unverifiable"]


class SignaturePartial(Fact, frozen=True, kw_only=True):
    """Some files of the release are signed: this one (``signed``) and not ``files``, or these."""

    signed: bool
    files: tuple[str, ...]


class SignatureExtra(Fact, frozen=True, kw_only=True):
    """Beside a good signature there is something that cannot be read or verified here."""

    why: str
    help: str


class SignatureNotCarried(Fact, frozen=True, kw_only=True):
    """It comes from an index that says of no file what signs it; ``signers`` signed the old one."""

    signers: tuple[str, ...]


class AttestationDropped(Fact, frozen=True, kw_only=True):
    """Who signed both releases made an attestation of this kind for the old one only.

    ``instead`` are the kinds that the new one newly has.
    """

    signers: tuple[str, ...]
    instead: tuple[str, ...] = ()


class AttestationGained(Fact, frozen=True, kw_only=True):
    """Who signed both releases made an attestation of this kind for the new one only."""

    signers: tuple[str, ...]


class AttestationSigner(Replaced, frozen=True, kw_only=True):
    """An attestation of this kind is by another one of those who signed both releases.

    ``trusted`` if the operator trusts who signed it now.
    """

    trusted: bool


class SignerSplit(Fact, frozen=True, kw_only=True):
    """Another file of the release is signed by ``signers``, none of whom signed this one.

    ``own`` are those who did. Without ``signers`` its signature is not good, and ``why`` says how.
    """

    signers: tuple[str, ...]
    own: tuple[str, ...]
    why: str = ""


class SignerCaseChanged(Replaced, frozen=True, kw_only=True):
    """The same signer, written with other capitals where the issuer does not tell them apart."""


class SignerUntrusted(Fact, frozen=True, kw_only=True):
    """A signer whom the operator does not trust; ``by`` is whose word that is, ``but`` why.

    ``builder`` is the name that signed, where that is a workflow that signs for others.
    """

    identity: str
    issuer: str
    by: str
    but: But
    builder: str = ""


class SignerNotListed(Fact, frozen=True, kw_only=True):
    """A signer whom the node's list ``by`` leaves out, which need not be news.

    ``next`` if it names the same workflow at another tag, ``read`` if the node reads it,
    ``verifier`` whose verifier the node has, ``trusted`` if the policy trusts the signer. ``write``
    is the whole line that names the signer too.
    """

    identity: str
    by: str
    next: bool
    read: bool
    verifier: Verifier | None
    trusted: bool


class SignerAbsent(Fact, frozen=True, kw_only=True):
    """Somebody who has to have signed, as the policy says, did not; ``who`` it names."""

    who: str


class SignerElsewhere(Fact, frozen=True, kw_only=True):
    """The first signature is of another repository than the metadata names as its source."""

    repository: str
    named: tuple[str, ...]


class TrustRootOld(Fact, frozen=True, kw_only=True):
    """The copy of the public-good root that a signature rests on is older than the policy lets."""

    taken: str
    days: int
    most: int


class SignerShared(Fact, frozen=True, kw_only=True):
    """The node's own list names a workflow that signs for every repository that calls it.

    ``write`` are the lines of a policy that name who called it here.
    """

    identity: str
    repository: str
    by: str


class SignerOverride(Fact, frozen=True, kw_only=True):
    """A signer who is accepted as an exception."""

    identity: str
    issuer: str


class SignerUnpinned(Fact, frozen=True, kw_only=True):
    """A signer whom the node's list names without an issuer; ``before`` if it signed before.

    ``write`` pins the issuer in a policy; there is nothing for a signer who should not be pinned.
    """

    identity: str
    issuer: str
    before: bool


class SignaturesUnsupported(Fact, frozen=True, kw_only=True):
    """The node requires signatures, and what it comes with for verifying them refuses all."""


class SignerUnlikeApproved(Replaced, frozen=True, kw_only=True):
    """Who signed is none of those who signed the last release that somebody approved.

    ``why`` says which release that was; ``old`` are its signers and ``new`` those of this one,
    empty where there is none. ``related`` if they are of the same person or repository, and
    ``pinned`` if the policy names the new one.
    """

    related: bool
    pinned: bool
    why: str


RefKind = Literal["a tag", "a branch", "a pull request", "a commit", "another ref"]


class SignerRefChanged(Replaced, frozen=True, kw_only=True):
    """What signed ran at another ref; with ``builder``, that reusable workflow did."""

    was: RefKind
    now: RefKind
    builder: str = ""


class SignerWorkflowChanged(Replaced, frozen=True, kw_only=True):
    """Another workflow of the same repository; ``reusable`` if only what it has sign for it."""

    reusable: bool


class SignerTriggerOpen(Replaced, frozen=True, kw_only=True):
    """What started the run can be done by anybody, and what started the one before cannot.

    ``old`` is empty where nothing is known to have started it.
    """


class SignerRunnerChanged(Replaced, frozen=True, kw_only=True):
    """The run was on a machine of the repository's own, and the one before on the forge's."""


class SignerTagMoved(Replaced, frozen=True, kw_only=True):
    """The tag that both ran at stands at another commit."""

    tag: str


class SignerTagMismatch(Fact, frozen=True, kw_only=True):
    """The tag names another version than the release has, which the old tag ``before`` did not."""

    tag: str
    version: str
    before: str


class SignerMoved(Replaced, frozen=True, kw_only=True):
    """The same repository at another address."""


class SignerRepositoryChanged(Replaced, frozen=True, kw_only=True):
    """Another repository; ``anew`` if it has the old one's address.

    ``also`` are others who signed the old release, none of whom signed this; ``issuer`` is that of
    the new one, where it is another.
    """

    anew: bool
    also: tuple[str, ...] = ()
    issuer: str = ""


SignerKind = Literal["a person", "a user name", "a workflow"]


class SignerChanged(Replaced, frozen=True, kw_only=True):
    """Somebody else; ``also`` are others who signed the old release, none of whom signed this.

    ``issuer`` is that of the new one, where it is another.
    """

    was: SignerKind
    now: SignerKind
    also: tuple[str, ...] = ()
    issuer: str = ""


class SignerAlternated(Replaced, frozen=True, kw_only=True):
    """Somebody else, and the policy names both for this plugin, each with its issuer."""


class SignerIssuerChanged(Replaced, frozen=True, kw_only=True):
    """Another issuer has the identity of who signed; ``same`` if the name is the same."""

    identity: str
    same: bool


class SignerLookalike(Fact, frozen=True, kw_only=True):
    """A signer that can be taken for another one: a trusted one, or the old release's.

    ``case`` if the two differ in capitals and nothing else.
    """

    like: str
    trusted: bool
    case: bool = False


class SignerOdd(Fact, frozen=True, kw_only=True):
    """What a certificate says of a signer holds characters that are not printable ASCII."""

    text: str


class SignerClaimed(Replaced, frozen=True, kw_only=True):
    """Who signed the old release is only claimed, and is not who signed this one, if anybody."""


class UnsignedUnacknowledged(Fact, frozen=True, kw_only=True):
    """The node is told to load unsigned plugins, and not that the operator accepts that."""
