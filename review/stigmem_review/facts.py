"""Facts: the typed changes between two releases, and the typed states of the new one.

Rules are about kinds of facts; a fact's fields are what a rule's conditions and messages can use.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from stigmem_review.host import CapabilityInfo, HookInfo
from stigmem_review.model import Authority, BuildKind, Does, Location, Side
from stigmem_review.outcomes import ALWAYS, When
from stigmem_review.policy.trust import But, RequiredBy

Step = Literal[
    "major", "minor", "patch", "pre-release", "rebuild", "same", "downgrade", "unknown", "none"
]
"""How far one version is from another; ``none`` where one side has no version."""

Newer = Literal["number", "version"]
"""What of an applied migration is newer than what is declared."""

Place = Literal["site-packages", "scripts", "headers", "data", "other"]


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One fact. ``item`` says what it is about; ``at`` where, in the release ``side`` names.

    ``when`` is when it is so of that release, if that depends on how the node is run. ``write``
    are whole lines that would settle it, for whoever decides.
    """

    item: str
    at: Location | None = None
    side: Side = "new"
    when: When = ALWAYS
    write: tuple[str, ...] = ()


class _Replaced(Fact, frozen=True, kw_only=True):
    old: str
    new: str


Stated = str | tuple[str, ...]
"""What a release states, or each of several things that it can state, with its condition."""


class _Restated(Fact, frozen=True, kw_only=True):
    old: Stated
    new: Stated


Shift = Literal["always", "sometimes", "other"]
"""What became of a condition: it is gone, it is new, or it is another one."""


class Reconditioned(Fact, frozen=True, kw_only=True):
    """Something that was possible before and still is, and now is so at other times.

    ``was`` says when it was so in the old release, as ``when`` does for the new one.
    """

    was: When
    shift: Shift


class _Problem(Fact, frozen=True, kw_only=True):
    why: str


class PluginInstalled(Fact, frozen=True, kw_only=True, tag="plugin-installed"):
    """There was no release before."""


class PluginRemoved(Fact, frozen=True, kw_only=True, tag="plugin-removed"):
    """There is no release any more; ``hooks`` are those of the old one."""

    hooks: tuple[str, ...]


class NameChanged(_Restated, frozen=True, kw_only=True, tag="name-changed"):
    """The manifest's name: the node knows the plugin by it."""


class DistributionRenamed(_Replaced, frozen=True, kw_only=True, tag="distribution-renamed"):
    """The name it is installed by."""


class VersionChanged(_Restated, frozen=True, kw_only=True, tag="version-changed"):
    """The version of the distribution; of the manifest where only that is carried."""

    step: Step


class ManifestVersionChanged(_Restated, frozen=True, kw_only=True, tag="manifest-version-changed"):
    """The manifest's own version; ``follows`` if it went the distribution's way."""

    step: Step
    follows: bool


class RequiresStigmemChanged(_Restated, frozen=True, kw_only=True, tag="requires-stigmem-changed"):
    """Which node releases it says it works with."""


class CapabilityAdded(Fact, frozen=True, kw_only=True, tag="capability-added"):
    """A capability the manifest did not ask for before."""

    capability: CapabilityInfo


class CapabilityRemoved(Fact, frozen=True, kw_only=True, tag="capability-removed"):
    """A capability the manifest asks for no longer."""

    capability: CapabilityInfo


class CapabilityReconditioned(
    Reconditioned, frozen=True, kw_only=True, tag="capability-reconditioned"
):
    """A capability the manifest asks for as before, at other times."""

    capability: CapabilityInfo


class HookAdded(Fact, frozen=True, kw_only=True, tag="hook-added"):
    """A hook that had no handler before; ``target`` is empty where it is not known."""

    hook: HookInfo
    target: Stated


class HookRemoved(Fact, frozen=True, kw_only=True, tag="hook-removed"):
    """A hook that has no handler any more."""

    hook: HookInfo
    target: Stated


class HookReconditioned(Reconditioned, frozen=True, kw_only=True, tag="hook-reconditioned"):
    """A hook that has a handler as before, at other times."""

    hook: HookInfo


class HookRebound(_Restated, frozen=True, kw_only=True, tag="hook-rebound"):
    """The same hook, bound to another handler."""

    hook: HookInfo


class HandlerChanged(Fact, frozen=True, kw_only=True, tag="handler-changed"):
    """The same handler, and other code in it, or in what it can reach in its own release.

    ``itself`` if the handler's own definition changed; ``changed`` names the others, at most a
    few, and ``more`` says how many those are that it leaves out.
    """

    hook: HookInfo
    target: str
    itself: bool
    changed: tuple[str, ...]
    more: int


class HandlerUnread(_Problem, frozen=True, kw_only=True, tag="handler-unread"):
    """A hook whose handler could not be followed."""

    hook: HookInfo


class DependsOnAdded(Fact, frozen=True, kw_only=True, tag="depends-on-added"):
    """Another plugin it needs now."""


class DependsOnRemoved(Fact, frozen=True, kw_only=True, tag="depends-on-removed"):
    """Another plugin it needs no longer."""


class DependsOnReconditioned(
    Reconditioned, frozen=True, kw_only=True, tag="depends-on-reconditioned"
):
    """A plugin it needs as before, at other times."""


class AsyncSafeChanged(_Restated, frozen=True, kw_only=True, tag="async-safe-changed"):
    """Whether it says it is safe under concurrent use; ``unsafe`` if it can say that it is not."""

    unsafe: bool


class RouteAdded(Fact, frozen=True, kw_only=True, tag="route-added"):
    """A router that the node would mount.

    ``paths`` are what it answers, ``open`` those of them on which no dependency is seen.
    """

    paths: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class RouteRemoved(Fact, frozen=True, kw_only=True, tag="route-removed"):
    """A router that the node would mount no longer."""


class RouteReconditioned(Reconditioned, frozen=True, kw_only=True, tag="route-reconditioned"):
    """A router that the node would mount as before, at other times."""


class HealthCheckChanged(_Restated, frozen=True, kw_only=True, tag="health-check-changed"):
    """The health check; empty where there is none."""


class ConfigSchemaChanged(_Restated, frozen=True, kw_only=True, tag="config-schema-changed"):
    """The configuration class; empty where there is none."""


class EntryPointAdded(Fact, frozen=True, kw_only=True, tag="entry-point-added"):
    """A declared entry point."""

    group: str
    value: str


class EntryPointRemoved(Fact, frozen=True, kw_only=True, tag="entry-point-removed"):
    """An entry point no longer declared."""

    group: str
    value: str


class EntryPointChanged(_Replaced, frozen=True, kw_only=True, tag="entry-point-changed"):
    """An entry point that leads elsewhere."""

    group: str


class RequirementAdded(Fact, frozen=True, kw_only=True, tag="requirement-added"):
    """A distribution it needs.

    ``direct`` if it comes from a URL, ``optional`` if only somebody who asks for an extra gets it.
    """

    value: str
    optional: bool
    direct: bool


class RequirementRemoved(Fact, frozen=True, kw_only=True, tag="requirement-removed"):
    """A distribution it needs no longer."""

    value: str


class RequirementChanged(_Replaced, frozen=True, kw_only=True, tag="requirement-changed"):
    """Other versions of a distribution it needs."""

    direct: bool


class RequiresPythonChanged(_Replaced, frozen=True, kw_only=True, tag="requires-python-changed"):
    """Which Python versions it says it works with."""


class OutsideFileAdded(Fact, frozen=True, kw_only=True, tag="outside-file-added"):
    """A file installed outside its packages; ``runs`` if Python runs it at every start."""

    place: Place
    runs: bool
    sha256: str


class OutsideFileRemoved(Fact, frozen=True, kw_only=True, tag="outside-file-removed"):
    """A file no longer installed outside its packages."""

    place: Place
    runs: bool


class OutsideFileChanged(Fact, frozen=True, kw_only=True, tag="outside-file-changed"):
    """Other content of a file outside its packages."""

    place: Place
    runs: bool
    sha256: str


class FieldLost(_Problem, frozen=True, kw_only=True, tag="field-lost"):
    """A field that could be read and now cannot."""

    old: str


class FieldUnread(_Problem, frozen=True, kw_only=True, tag="field-unread"):
    """A field that can be read in neither release, or in a first one."""


class FieldFirstRead(Fact, frozen=True, kw_only=True, tag="field-first-read"):
    """A field that could not be read before and now can."""

    new: str


class ConditionUnclear(Fact, frozen=True, kw_only=True, tag="condition-unclear"):
    """A field that can be or hold something, of which its conditions do not tell when it is so.

    ``items`` are in words, and the same in both releases.
    """

    items: tuple[str, ...]


class ManifestUnread(_Problem, frozen=True, kw_only=True, tag="manifest-unread"):
    """No field of the manifest could be read; ``lost`` if before it could."""

    lost: bool


class ManifestFirstRead(Fact, frozen=True, kw_only=True, tag="manifest-first-read"):
    """The manifest could not be read before and now can."""

    capabilities: tuple[str, ...]
    hooks: tuple[str, ...]


class VersionSurprise(Fact, frozen=True, kw_only=True, tag="version-surprise"):
    """More was gained than the step of the version promises."""

    step: Step
    gained: tuple[str, ...]


class CodeChanged(Fact, frozen=True, kw_only=True, tag="code-changed"):
    """Other code under the same version, which ``item`` is."""

    files: tuple[str, ...]


class FilesUnreviewed(Fact, frozen=True, kw_only=True, tag="files-unreviewed"):
    """Other files of the release, which the index offers and nobody looked at."""

    files: tuple[str, ...]


Danger = Literal["none", "reaches", "unread", "address"]
"""Why a step of a build is worse than new: what its code reaches, that it cannot be read, or that
it is fetched from an address its author chose."""


class BuildStepAdded(Fact, frozen=True, kw_only=True, tag="build-step-added"):
    """Something that building the release runs, or needs, and that no installation did before.

    ``by`` is what runs it, ``value`` what is written there, ``files`` its own code, ``sha256`` of
    that, and ``reaches`` what it reaches by itself, as ``process: subprocess``. It is ``plain``
    where a public tool runs and nothing that the release chose; ``needs`` is what that tool is
    installed with.
    """

    step: BuildKind
    by: str
    value: str
    plain: bool
    danger: Danger
    files: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sha256: str = ""
    why: str = ""


class BuildStepChanged(_Replaced, frozen=True, kw_only=True, tag="build-step-changed"):
    """A step of the build that is another one: another value, or other code in ``files``.

    ``minor`` if only versions of what the build needs are others, or one public tool takes the
    place of another.
    """

    step: BuildKind
    by: str
    minor: bool
    danger: Danger
    files: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()
    sha256: str = ""
    why: str = ""


class ArtifactRebuilt(Fact, frozen=True, kw_only=True, tag="artifact-rebuilt"):
    """Another wheel, or another sdist, of the version that ``item`` is.

    ``files`` are the first of those that differ and that no other fact names, ``more`` counts the
    rest; there are none where the same files are packed otherwise.
    """

    files: tuple[str, ...]
    more: int


class WheelDiffersFromSdist(Fact, frozen=True, kw_only=True, tag="wheel-differs-from-sdist"):
    """Files of a wheel that the sdist of its release lacks, or has with other content.

    ``runs`` if they are Python source, ``absent`` and ``other`` are the first of them, ``more``
    counts the rest.
    """

    sdist: str
    runs: bool
    absent: tuple[str, ...]
    other: tuple[str, ...]
    more: int


class UnclassifiedChange(_Replaced, frozen=True, kw_only=True, tag="unclassified-change"):
    """A difference that no typed change explains."""


class HookUnknown(Fact, frozen=True, kw_only=True, tag="hook-unknown"):
    """A hook the node does not have, and the one probably meant."""

    nearest: str


class CapabilityUnknown(Fact, frozen=True, kw_only=True, tag="capability-unknown"):
    """A capability the node does not have, and the one probably meant."""

    nearest: str


class KeywordUnknown(Fact, frozen=True, kw_only=True, tag="keyword-unknown"):
    """A keyword the manifest class drops, and the one probably meant."""

    nearest: str


class FieldRefused(_Problem, frozen=True, kw_only=True, tag="field-refused"):
    """A field the manifest class refuses."""


class NameInvalid(Fact, frozen=True, kw_only=True, tag="name-invalid"):
    """A manifest name that the node refuses."""

    pattern: str


class VersionInvalid(Fact, frozen=True, kw_only=True, tag="version-invalid"):
    """A manifest version that the node refuses."""

    pattern: str


class VersionMismatch(Fact, frozen=True, kw_only=True, tag="version-mismatch"):
    """Manifest and distribution state different versions."""

    manifest: str
    distribution: str


class EntryPointMissing(_Problem, frozen=True, kw_only=True, tag="entry-point-missing"):
    """No entry point makes it a plugin."""


class EntryPointsSeveral(_Problem, frozen=True, kw_only=True, tag="entry-points-several"):
    """It declares several plugins."""


class EntryPointInvalid(_Problem, frozen=True, kw_only=True, tag="entry-point-invalid"):
    """An entry point that cannot be loaded."""


class EntryPointOdd(_Problem, frozen=True, kw_only=True, tag="entry-point-odd"):
    """An entry point that the node loads and other tools read in another way."""


class BuiltOtherwise(_Problem, frozen=True, kw_only=True, tag="built-otherwise"):
    """A built distribution declares other entry points than the project it was built from."""


class HandlerArity(_Problem, frozen=True, kw_only=True, tag="handler-arity"):
    """A handler that takes fewer positional arguments than its hook is called with."""

    needs: int


class HandlerAsync(_Problem, frozen=True, kw_only=True, tag="handler-async"):
    """A handler that is a coroutine function, of which the node never awaits the result."""

    hook: HookInfo


class HandlerKeywords(_Problem, frozen=True, kw_only=True, tag="handler-keywords"):
    """A handler that does not take what the node passes, so that calls of it fail."""

    hook: HookInfo


class TargetMissing(_Problem, frozen=True, kw_only=True, tag="target-missing"):
    """The entry point leads nowhere."""


class TargetNotFactory(_Problem, frozen=True, kw_only=True, tag="target-not-factory"):
    """The entry point leads to what the node cannot call."""


class LoadRaises(_Problem, frozen=True, kw_only=True, tag="load-raises"):
    """Importing the module of the entry point, or calling the factory, raises in every case."""


class PinUnhashed(Fact, frozen=True, kw_only=True, tag="pin-unhashed"):
    """A plugin pinned without a hash; ``before`` if it was so before as well."""

    before: bool


class PinMismatch(Fact, frozen=True, kw_only=True, tag="pin-mismatch"):
    """No file of a release hashes to what its pin allows."""

    expected: tuple[str, ...]
    found: tuple[str, ...]


class PinLoosened(Fact, frozen=True, kw_only=True, tag="pin-loosened"):
    """A plugin that was pinned to one release and no longer is."""

    was: str


class RequirementUnpinned(Fact, frozen=True, kw_only=True, tag="requirement-unpinned"):
    """A new or changed requirement that names no single release."""

    name: str


class PinsDisagree(Fact, frozen=True, kw_only=True, tag="pins-disagree"):
    """A plugin pinned to several releases at once."""

    pins: tuple[str, ...]


class IndexOptionChanged(Fact, frozen=True, kw_only=True, tag="index-option-changed"):
    """An option that decides where installers look; ``added`` or else removed."""

    added: bool


class PolicyChanged(Fact, frozen=True, kw_only=True, tag="policy-changed"):
    """The policy is changed in the reviewed commits; ``with_pins`` if pins are as well."""

    with_pins: bool


class RequiresStigmemUnmet(_Problem, frozen=True, kw_only=True, tag="requires-stigmem-unmet"):
    """The node is not one it says it works with; ``invalid`` if it says what no node can read."""

    invalid: bool


class RecordMismatch(_Problem, frozen=True, kw_only=True, tag="record-mismatch"):
    """The wheel's RECORD does not say what the wheel holds."""


Reached = Literal["no", "yes", "unknown"]
"""Whether the old release reached the same kind of thing, if only by other names."""

Declared = Literal["", "no", "yes", "unknown"]
"""Whether the manifest declares network.outbound; empty where that is beside the point."""


class AuthorityUsed(Fact, frozen=True, kw_only=True, tag="authority-used"):
    """A kind of thing that code reaches by itself; ``names`` are the new names it is reached by."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached
    declared: Declared


class EarlyEffect(Fact, frozen=True, kw_only=True, tag="early-effect"):
    """The same, as soon as a module is imported."""

    authority: Authority
    does: Does
    names: tuple[str, ...]
    before: Reached


class AccessorUndeclared(Fact, frozen=True, kw_only=True, tag="accessor-undeclared"):
    """An interface of the node that the code asks for and whose capability is not declared."""

    accessor: str


class CapabilityUnused(Fact, frozen=True, kw_only=True, tag="capability-unused"):
    """A capability that is declared and whose interface no code asks for."""

    accessor: str


class FileOdd(_Problem, frozen=True, kw_only=True, tag="file-odd"):
    """A file that is no Python source; ``runs`` if Python can run what is in it."""

    runs: bool
    sha256: str


class SourceDeceptive(_Problem, frozen=True, kw_only=True, tag="source-deceptive"):
    """Source that says something else than it seems to (``misleads``), or hides code in a text.

    ``sha256`` is that of the lines or texts that do.
    """

    misleads: bool
    sha256: str


class FactoryRaises(_Problem, frozen=True, kw_only=True, tag="factory-raises"):
    """A place where the factory raises, and under which condition."""


class ImportMissing(_Problem, frozen=True, kw_only=True, tag="import-missing"):
    """An import that the node does not have (``of_host``), or that nothing required provides.

    ``fails`` says when: at the start of the node, because loading the plugin runs it; later, when
    the code around it runs; or perhaps, where a requirement may still bring it along.
    """

    fails: Literal["start", "later", "perhaps"]
    of_host: bool


class MigrationAdded(Fact, frozen=True, kw_only=True, tag="migration-added"):
    """A migration of the node's database that the code did not make before.

    ``does`` are the first words of its statements; ``changes`` if some change what is there.
    """

    does: tuple[str, ...]
    changes: bool


class MigrationRemoved(Fact, frozen=True, kw_only=True, tag="migration-removed"):
    """A migration that the code makes no longer."""


class MigrationRewritten(Fact, frozen=True, kw_only=True, tag="migration-rewritten"):
    """Other SQL under the same number; ``blanks`` if only blanks and line ends differ."""

    blanks: bool


class MigrationUnread(_Problem, frozen=True, kw_only=True, tag="migration-unread"):
    """A migration of which not everything can be read."""


class MigrationForeign(Fact, frozen=True, kw_only=True, tag="migration-foreign"):
    """A migration under the name of another plugin."""

    plugin: str


class MigrationVersionInvalid(Fact, frozen=True, kw_only=True, tag="migration-version-invalid"):
    """A migration whose version the node's ledger refuses."""

    version: str


class MigrationsRefused(Fact, frozen=True, kw_only=True, tag="migrations-refused"):
    """The new release is refused by a database that the old one ran on.

    ``applied`` is what the database has, ``declared`` what is declared, and ``newer`` what of.
    """

    newer: Newer
    applied: str
    declared: str


class RollbackRefused(Fact, frozen=True, kw_only=True, tag="rollback-refused"):
    """The old release is refused by a database that the new one ran on.

    ``fresh`` if only by one that the new release set up from nothing.
    """

    newer: Newer
    applied: str
    declared: str
    fresh: bool


class EndpointAdded(Fact, frozen=True, kw_only=True, tag="endpoint-added"):
    """A method and path that a router answers now, and what they depend on."""

    guards: tuple[str, ...]


class EndpointRemoved(Fact, frozen=True, kw_only=True, tag="endpoint-removed"):
    """A method and path that a router answers no longer."""


class EndpointUnguarded(Fact, frozen=True, kw_only=True, tag="endpoint-unguarded"):
    """A method and path that no longer depend on something; ``left`` is what they still do on."""

    lost: tuple[str, ...]
    left: tuple[str, ...]


class ConfigFieldAdded(Fact, frozen=True, kw_only=True, tag="config-field-added"):
    """A field that the configuration class did not have; ``required`` if it has no default."""

    new: str
    required: bool


class ConfigFieldRemoved(Fact, frozen=True, kw_only=True, tag="config-field-removed"):
    """A field that the configuration class has no longer."""

    old: str


class ConfigFieldChanged(_Replaced, frozen=True, kw_only=True, tag="config-field-changed"):
    """Another type or default of a setting; ``required`` if it lost its default."""

    required: bool


class HiddenDistribution(_Problem, frozen=True, kw_only=True, tag="hidden-distribution"):
    """The wheel installs a second distribution."""


class WheelTagsDiffer(_Problem, frozen=True, kw_only=True, tag="wheel-tags-differ"):
    """The wheel says of itself that it runs elsewhere than its file name says."""


class SignatureInvalid(_Problem, frozen=True, kw_only=True, tag="signature-invalid"):
    """Something signs the file, and what it proves is not that; ``help`` says what would help."""

    help: str


class SignatureMissing(Fact, frozen=True, kw_only=True, tag="signature-missing"):
    """Nothing signs the file, and ``by`` says who requires that something does."""

    by: RequiredBy


class SignatureUnverifiable(_Problem, frozen=True, kw_only=True, tag="signature-unverifiable"):
    """Something signs the file, and nobody can say here what it proves.

    ``before`` if the signature of the old release is verified.
    """

    help: str
    before: bool


class SignatureDropped(Fact, frozen=True, kw_only=True, tag="signature-dropped"):
    """The old release was signed, by ``signers`` where that was verified, and this one is not.

    ``still`` are who signed this one, where ``signers`` were some of several.
    """

    signers: tuple[str, ...]
    still: tuple[str, ...] = ()


class SignatureGained(Fact, frozen=True, kw_only=True, tag="signature-gained"):
    """The old release was not signed, and this one is, by ``signers``."""

    signers: tuple[str, ...]


class OldSignatureUnproven(_Problem, frozen=True, kw_only=True, tag="old-signature-unproven"):
    """The old release's signature is not verified, so it does not say who made that one."""

    status: Literal["invalid", "unverifiable"]


class SignaturePartial(Fact, frozen=True, kw_only=True, tag="signature-partial"):
    """Some files of the release are signed: this one (``signed``) and not ``files``, or these."""

    signed: bool
    files: tuple[str, ...]


class SignerUntrusted(Fact, frozen=True, kw_only=True, tag="signer-untrusted"):
    """A signer whom the operator does not trust; ``by`` is whose word that is, ``but`` why."""

    identity: str
    issuer: str
    by: str
    but: But


class SignerOverride(Fact, frozen=True, kw_only=True, tag="signer-override"):
    """A signer who is accepted as an exception."""

    identity: str
    issuer: str


class SignerUnpinned(Fact, frozen=True, kw_only=True, tag="signer-unpinned"):
    """A signer whom the node's list names without an issuer; ``before`` if it signed before.

    ``write`` pins the issuer in a policy; there is nothing for a signer nobody should pin.
    """

    identity: str
    issuer: str
    before: bool


RefKind = Literal["a tag", "a branch", "a pull request", "another ref"]


class SignerRefChanged(_Replaced, frozen=True, kw_only=True, tag="signer-ref-changed"):
    """The same workflow of the same repository, at another ref."""

    was: RefKind
    now: RefKind


class SignerWorkflowChanged(_Replaced, frozen=True, kw_only=True, tag="signer-workflow-changed"):
    """Another workflow of the same repository; ``reusable`` if only what it has sign for it."""

    reusable: bool


class SignerMoved(_Replaced, frozen=True, kw_only=True, tag="signer-moved"):
    """The same repository at another address."""


class SignerRepositoryChanged(
    _Replaced, frozen=True, kw_only=True, tag="signer-repository-changed"
):
    """Another repository; ``anew`` if it has the old one's address."""

    anew: bool


SignerKind = Literal["a person", "a workflow"]


class SignerChanged(_Replaced, frozen=True, kw_only=True, tag="signer-changed"):
    """Somebody else."""

    was: SignerKind
    now: SignerKind


class SignerIssuerChanged(_Replaced, frozen=True, kw_only=True, tag="signer-issuer-changed"):
    """Another issuer vouches for who signed; ``same`` if it does so for the same signer."""

    identity: str
    same: bool


class SignerLookalike(Fact, frozen=True, kw_only=True, tag="signer-lookalike"):
    """A signer that can be taken for another one: a trusted one, or the old release's."""

    like: str
    trusted: bool


class SignerOdd(Fact, frozen=True, kw_only=True, tag="signer-odd"):
    """What a certificate says of a signer holds characters that are not printable ASCII."""

    text: str


class SignerClaimed(_Replaced, frozen=True, kw_only=True, tag="signer-claimed"):
    """Who signed the old release is only claimed, and is not who signed this one, if anybody."""


class UnsignedUnacknowledged(Fact, frozen=True, kw_only=True, tag="unsigned-unacknowledged"):
    """The node is told to load unsigned plugins, and not that the operator accepts that."""


AnyFact = (
    PluginInstalled
    | PluginRemoved
    | NameChanged
    | DistributionRenamed
    | VersionChanged
    | ManifestVersionChanged
    | RequiresStigmemChanged
    | CapabilityAdded
    | CapabilityRemoved
    | CapabilityReconditioned
    | HookAdded
    | HookRemoved
    | HookReconditioned
    | HookRebound
    | HandlerChanged
    | HandlerUnread
    | DependsOnAdded
    | DependsOnRemoved
    | DependsOnReconditioned
    | AsyncSafeChanged
    | RouteAdded
    | RouteRemoved
    | RouteReconditioned
    | HealthCheckChanged
    | ConfigSchemaChanged
    | EntryPointAdded
    | EntryPointRemoved
    | EntryPointChanged
    | RequirementAdded
    | RequirementRemoved
    | RequirementChanged
    | RequiresPythonChanged
    | OutsideFileAdded
    | OutsideFileRemoved
    | OutsideFileChanged
    | FieldLost
    | FieldUnread
    | FieldFirstRead
    | ConditionUnclear
    | ManifestUnread
    | ManifestFirstRead
    | VersionSurprise
    | CodeChanged
    | FilesUnreviewed
    | BuildStepAdded
    | BuildStepChanged
    | ArtifactRebuilt
    | WheelDiffersFromSdist
    | UnclassifiedChange
    | HookUnknown
    | CapabilityUnknown
    | KeywordUnknown
    | FieldRefused
    | NameInvalid
    | VersionInvalid
    | VersionMismatch
    | EntryPointMissing
    | EntryPointsSeveral
    | EntryPointInvalid
    | EntryPointOdd
    | BuiltOtherwise
    | HandlerArity
    | HandlerAsync
    | HandlerKeywords
    | TargetMissing
    | TargetNotFactory
    | LoadRaises
    | PinUnhashed
    | PinMismatch
    | PinLoosened
    | RequirementUnpinned
    | PinsDisagree
    | IndexOptionChanged
    | PolicyChanged
    | RequiresStigmemUnmet
    | RecordMismatch
    | HiddenDistribution
    | WheelTagsDiffer
    | AuthorityUsed
    | EarlyEffect
    | AccessorUndeclared
    | CapabilityUnused
    | FileOdd
    | SourceDeceptive
    | FactoryRaises
    | ImportMissing
    | MigrationAdded
    | MigrationRemoved
    | MigrationRewritten
    | MigrationUnread
    | MigrationForeign
    | MigrationVersionInvalid
    | MigrationsRefused
    | RollbackRefused
    | EndpointAdded
    | EndpointRemoved
    | EndpointUnguarded
    | ConfigFieldAdded
    | ConfigFieldRemoved
    | ConfigFieldChanged
    | SignatureInvalid
    | SignatureMissing
    | SignatureUnverifiable
    | SignatureDropped
    | SignatureGained
    | OldSignatureUnproven
    | SignaturePartial
    | SignerUntrusted
    | SignerOverride
    | SignerUnpinned
    | SignerRefChanged
    | SignerWorkflowChanged
    | SignerMoved
    | SignerRepositoryChanged
    | SignerChanged
    | SignerIssuerChanged
    | SignerLookalike
    | SignerOdd
    | SignerClaimed
    | UnsignedUnacknowledged
)

KINDS: dict[str, type[Fact]] = {str(each.__struct_config__.tag): each for each in get_args(AnyFact)}
"""Every kind of fact by its name."""


def kind_of(fact: Fact) -> str:
    """Return the name of a fact's kind."""
    return str(fact.__struct_config__.tag)
