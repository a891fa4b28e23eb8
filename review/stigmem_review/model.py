"""The nouns of a review: sources, releases, manifests. Frozen, serialisable, no logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeVar, get_args

import msgspec

T = TypeVar("T")

ENTRY_POINT_GROUP = "stigmem.plugins"
"""The group the host discovers plugins in (``stigmem_node.plugins.discovery``)."""

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""SARIF's levels, heaviest first."""

Side = Literal["old", "new"]


class Location(msgspec.Struct, frozen=True, gc=False):
    """A place in a release: a file as the release names it, and a line (0: the whole file)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Known(msgspec.Struct, Generic[T], frozen=True, tag_field="certainty", tag="known"):
    """A value that was read, and where it is written.

    ``each`` says it for every item of a collection; ``default`` that the host fills the value in.
    """

    value: T
    at: Location | None = None
    default: bool = False
    each: tuple[Location, ...] = ()


class Unknown(msgspec.Struct, frozen=True, tag_field="certainty", tag="unknown"):
    """A value that could not be decided by reading, why, and where reading stopped."""

    why: str
    at: Location | None = None


class Outcome(msgspec.Struct, Generic[T], frozen=True):
    """One value that the node can get, what has to be so for it, and where it is written.

    ``conditions`` all hold for it; they are in words: "ACME_READ_ONLY is set".
    """

    value: T
    conditions: tuple[str, ...]
    at: Location | None = None


class OneOf(msgspec.Struct, Generic[T], frozen=True, tag_field="certainty", tag="one-of"):
    """A value that depends on how the node is run: every one that it can be, two at least."""

    outcomes: tuple[Outcome[T], ...]
    at: Location | None = None


class NotCarried(msgspec.Struct, frozen=True, tag_field="certainty", tag="not-carried"):
    """A value that this kind of source does not carry at all."""

    source: str


Text = Known[str] | OneOf[str] | Unknown | NotCarried
OptionalText = Known[str | None] | OneOf[str | None] | Unknown | NotCarried
Names = Known[tuple[str, ...]] | OneOf[tuple[str, ...]] | Unknown | NotCarried
Flag = Known[bool] | OneOf[bool] | Unknown | NotCarried


class Hook(msgspec.Struct, frozen=True):
    """One entry of a manifest's ``hooks``: the hook's name and the handler bound to it.

    ``target`` is ``module:qualname``; ``bound`` if it is a method of an object.
    """

    name: str
    target: Text
    at: Location | None = None
    bound: bool = False


Hooks = Known[tuple[Hook, ...]] | OneOf[tuple[Hook, ...]] | Unknown | NotCarried
AnyValue = Text | OptionalText | Names | Flag | Hooks


class Manifest(msgspec.Struct, frozen=True, tag_field="certainty", tag="manifest"):
    """What the node would receive from the plugin's factory, field by field.

    The fields are those of ``stigmem_node.plugins.manifest.PluginManifest``. Sets are sorted;
    callables and classes are ``module:qualname``; a route is the ``module:name`` of its router.
    """

    name: Text
    version: Text
    requires_stigmem: Text
    capabilities: Names
    hooks: Hooks
    depends_on: Names
    async_safe: Flag
    routes: Names
    health_check: OptionalText
    config_schema: OptionalText


class EntryPoint(msgspec.Struct, frozen=True):
    """One declared entry point."""

    group: str
    name: str
    value: str
    at: Location | None = None


EntryPoints = Known[tuple[EntryPoint, ...]] | Unknown | NotCarried
Digests = Known[dict[str, str]] | NotCarried
Headers = Known[dict[str, tuple[str, ...]]] | NotCarried

SourceKind = Literal["wheel", "sdist", "directory", "installed", "capture", "none"]
"""What a release was read from. An index requirement is read from the file the index gave."""

AS_INSTALLED: tuple[SourceKind, ...] = ("wheel", "installed")
"""The kinds that say where each of their files is installed."""


class Source(msgspec.Struct, frozen=True):
    """Where a release was taken from.

    ``asked`` is what the user wrote, ``file`` the artifact's file name, ``sha256`` the digest of
    its bytes (of a directory: of the sorted list of its files and their digests, ``tree``),
    ``origin`` where the index served it, without credentials. ``unreviewed`` names files of the
    same release that the index also offers and that were not read.
    """

    kind: SourceKind
    asked: str
    file: str = ""
    sha256: str = ""
    origin: str = ""
    unreviewed: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with a release that reading it showed, whatever it is compared with.

    ``kind`` is the name of the state in ``facts`` that it is.
    """

    kind: str
    item: str
    why: str
    at: Location | None = None


Authority = Literal[
    "network",
    "process",
    "files",
    "environment",
    "native code",
    "dynamic code",
    "threads",
    "monkeypatching",
    "host internals",
    "databases",
]
"""What code can reach without asking the node for a capability."""

ActKind = Literal[
    "network",
    "server",
    "process",
    "code",
    "native code",
    "credentials",
    "files read",
    "files written",
    "environment",
    "background",
    "databases",
    "host internals",
    "monkeypatching",
    "computed",
    "unverified",
    "own",
]
"""What an act is, by where it leads; ``own``: the plugin's own files and variables, and what is
temporary."""

Does = Literal[
    "opens network connections",
    "listens for network connections",
    "starts or controls processes",
    "runs text or data as code",
    "runs native code",
    "reads credentials",
    "reads files",
    "writes, deletes or changes files",
    "reads or sets environment variables",
    "starts work of its own, or is called at exit or by signals",
    "opens databases",
    "uses parts of the host that are not for plugins",
    "reaches into code that is not its own",
    "executes code that cannot be analysed",
    "talks to others without making sure who they are",
    "works with what is its own",
]
DOES: dict[ActKind, Does] = dict(zip(get_args(ActKind), get_args(Does), strict=True))
"""What an act does, in words."""
CARRIES: tuple[ActKind, ...] = ("network", "process", "files written")
"""What leads out of the node with what it is given."""


# What makes code run; a handler is ``handler <hook>``, a path ``route <path>``.
IMPORT = "import"
FACTORY = "factory"
HEALTH = "health check"
NAMED = "import statement"
"""What has something at hand, and does nothing with it yet."""
MORE = "more"
"""What runs besides, where that is too much to be told apart."""
SOMEWHERE = "somewhere"
"""What code that was not followed may call."""
OFFERED = "offered"
"""What nothing in the release calls, and its package offers to whoever imports it."""
UNIMPORTED = "import by nobody"
"""What runs when a module is imported that loading the plugin does not import."""
UNREACHED = "unreached"
"""What nothing in the release calls."""


class Act(msgspec.Struct, frozen=True):
    """Something that the code of a release does with what is not its own, at one place.

    ``api`` is what it is recognised by. ``to`` are the destinations that can be read: hosts,
    commands, paths, variables, modules, the name of the API where there is no such thing; they are
    all if it is ``whole``. ``roots`` are what makes it run: ``import``, ``factory``, ``handler
    <hook>`` and so on. ``code`` is a digest of the definition that it stands in, where not all of
    its destinations can be read. ``data`` is what of a request it is given: each a hook and what
    the node passes there, ``*`` for all that it passes by name.
    """

    kind: ActKind
    api: str
    to: tuple[str, ...] = ()
    whole: bool = True
    roots: tuple[str, ...] = (IMPORT,)
    at: Location | None = None
    code: str = ""
    data: tuple[tuple[str, str], ...] = ()


class Observation(msgspec.Struct, frozen=True):
    """Something that the code of a release does, found by reading it.

    ``kind`` is the name of the state in ``facts`` that it is, or ``accessor`` for an interface of
    the node that it asks for; of a build's code, ``authority`` or ``import-time-effect``. With
    ``item`` it is what the same observation in another release is recognised by, ``about`` is what
    class of thing it is, where the kind has classes, ``why`` says it in words. ``sha256`` is a
    digest of what it is about, where it is as before only if that is.
    """

    kind: str
    item: str
    why: str
    about: str = ""
    at: Location | None = None
    sha256: str = ""


class Migration(msgspec.Struct, frozen=True):
    """A ``Migration(...)`` that the code makes (``stigmem_node.plugins.handlers``).

    The node's ledger knows it by ``plugin``, ``backend`` and ``number``. ``plugin`` is empty where
    that is not known, ``version`` where the node takes the manifest's and absent where it is not
    known, as is ``sql``; ``unread`` says what of the others is not known, and why.
    """

    item: str
    plugin: str = ""
    number: int | None = None
    backend: str = "sqlite"
    version: str | None = ""
    sql: str | None = None
    unread: str = ""
    at: Location | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """A path that a router answers, and what it depends on, that of its router too.

    ``item`` is ``GET /path``; ``router`` the ``module:name`` of the router the node mounts.
    ``refuses`` are the statuses with which the function behind it refuses requests, by itself;
    ``?`` where there may be more. ``needs`` are those of what it depends on, by that one's name.
    """

    item: str
    router: str
    guards: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    at: Location | None = None
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Setting(msgspec.Struct, frozen=True):
    """A field of the configuration class, as it is written; ``default`` is empty if required."""

    item: str
    type: str
    default: str = ""
    at: Location | None = None


class Part(msgspec.Struct, frozen=True):
    """One definition of a release, or one file: its name, a digest of what it says, its place.

    The digest is of the syntax, which comments, docstrings and layout do not change. A name that
    is imported from elsewhere is a part without a place; its digest is of what it stands for.
    """

    name: str
    sha256: str
    at: Location | None = None


End = Literal["allow", "deny", "dict", "none", "other", "raises", "unknown"]
"""What a call of a handler comes to: a verdict, a dict, ``None``, something else, an exception that
is no verdict, or what cannot be told."""


class Way(msgspec.Struct, frozen=True):
    """One way in which a handler ends, and all that has to be so, or not, for it.

    ``end`` is ``allow``, ``deny``, ``none``, ``raises``, or what it gives as that is written. A
    constant of the release goes by its name, as ``<module:NAME>``.
    """

    end: str
    when: tuple[tuple[str, bool], ...] = ()


class Handler(msgspec.Struct, frozen=True):
    """The code behind one hook: its handler, and everything of the release that it can reach.

    ``own`` is the name of the part that the handler itself is in; ``ends`` is everything that a
    call of it can come to, and empty where that was not looked at. ``ways`` says which comes when,
    and ``constants`` what the constants are that this hangs on; no ways are told where there are
    too many, or of what does not decide. ``untold`` where it could not be gone through, so that
    what it does with what it is given is not known.
    """

    hook: str
    target: str
    own: str
    parts: tuple[Part, ...]
    at: Location | None = None
    ends: tuple[End, ...] = ()
    ways: tuple[Way, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    untold: bool = False

    def is_other_code(self, before: Handler) -> bool:
        """Say whether anything that it can reach is other code than before."""
        one, two = ({part.name: part.sha256 for part in each.parts} for each in (before, self))
        return one != two


Refusal = Literal[
    "DISC-LOAD",
    "DISC-NOTCALLABLE",
    "DISC-FACTORY",
    "DISC-TYPE",
    "DISC-DUP",
    "DISC-BASEEXC",
    "DEP-MISSING",
    "DEP-CYCLE",
    "SIG-UNSIGNED",
    "SIG-ACK",
    "REQ-INVALID",
    "REQ-UNMET",
    "SIGN-ARITY",
    "CFG-OTHER-DENY",
    "CFG-OTHER-RAISE",
    "CFG-OTHER-RESULT",
    "CFG-OWN-DENY",
    "CFG-OWN-RAISE",
    "CFG-OWN-RESULT",
    "TIMEOUT",
    "ROUTE-TYPE",
    "ROUTE-EMPTY",
    "MIG-RAISE",
    "MIG-NONE",
    "MIG-SHAPE",
    "MIG-DUPDIFF",
    "MIG-DUPSAME",
    "MIG-VERSION",
    "MIG-IDDOWN",
    "MIG-VERDOWN",
    "MIG-CHECKSUM",
    "MIG-SQL",
]
"""Which of its checks a node refuses a plugin by, in the order in which it comes to them."""

HOLE = "\N{HORIZONTAL ELLIPSIS}"
"""Stands in a message for what only the node knows when it prints it."""


def on_one_line(message: str) -> str:
    """Return a message of a node on one line, with dots for what only the node knows."""
    return " ".join(line.strip() for line in message.replace(HOLE, "...").splitlines())


OTHER = "{plugin}"
"""Stands in what a ``config_validate`` comes to for the name of the plugin that it is about."""


class Stop(msgspec.Struct, frozen=True):
    """One way in which a plugin, by itself, keeps a node from starting.

    ``exception`` is the class that leaves the node and ``message`` what it says, with ``HOLE`` for
    what is not known; both are empty where nothing is. All of ``conditions`` have to hold for it.
    ``unsure`` says why it is not known whether it comes to that. ``lacks`` are modules that neither
    the node nor the release installs: where another distribution does, it does not come to it.
    ``absent`` are places below ``site-packages`` at which it looks for a file and finds none.
    """

    refusal: Refusal
    exception: str = ""
    message: str = ""
    conditions: tuple[str, ...] = ()
    at: Location | None = None
    unsure: str = ""
    lacks: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Start(msgspec.Struct, frozen=True):
    """What the node gets of one entry point while it starts, as far as the release decides it.

    ``stops`` stand in the order in which the node comes to them. ``made`` is false where it never
    gets a manifest. ``judges`` are those that its own ``config_validate`` brings upon the plugins
    registered after it; ``migrates`` is the name by which its handler of ``migration_register`` is
    sorted among others', empty without one, and ``drops`` says that this certainly gives back
    nothing of what those before it registered. ``uses`` are the modules of the node that it asks
    for on the way, each with a name in it, or without.
    """

    entry_point: str
    manifest: Manifest | Unknown
    stops: tuple[Stop, ...] = ()
    made: bool = True
    judges: tuple[Stop, ...] = ()
    migrates: str = ""
    drops: bool = False
    uses: tuple[tuple[str, str], ...] = ()


BuildKind = Literal["backend", "requirement", "code", "setting"]
"""What of a build a step is: who does it, what that needs, code of the release, or a setting."""


class BuildStep(msgspec.Struct, frozen=True):
    """Something that a build of a source release runs, or that decides what it runs.

    ``item`` is what the same step of another release is recognised by, ``by`` what runs it, empty
    where only who calls it by hand does, and ``value`` what is written there. It is ``plain``
    where a public tool runs and nothing that the release chose. ``parts`` are the release's own
    code that it runs, file by file, its package left out; ``observed`` is what that reaches by
    itself, with what importing the package does, and ``unread`` says why that is not known.
    """

    kind: BuildKind
    item: str
    by: str = ""
    value: str = ""
    plain: bool = False
    parts: tuple[Part, ...] = ()
    observed: tuple[Observation, ...] = ()
    unread: str = ""
    at: Location | None = None


class Unlike(msgspec.Struct, frozen=True):
    """A file of a wheel that the sdist of its release does not have as it is.

    ``beside`` is the file of the sdist that has its name and other content, if there is one;
    ``runs`` if it is Python source that was not generated from what is in the sdist.
    """

    path: str
    beside: str = ""
    runs: bool = False


class HeldAgainst(msgspec.Struct, frozen=True):
    """What comparing a wheel with the sdist of its release showed; ``why`` it could not be done."""

    file: str
    unlike: tuple[Unlike, ...] = ()
    why: str = ""


class Hunk(msgspec.Struct, frozen=True):
    """Lines of a file that follow each other, as a unified diff has them.

    ``lines`` start with ``-`` where only the old release has them, with ``+`` where only the new
    one does, and else with a blank. ``old`` and ``new`` are the numbers of the first of them, 0
    where the release has none.
    """

    old: int
    new: int
    lines: tuple[str, ...]


class Excerpt(msgspec.Struct, frozen=True):
    """Lines of the file at ``path`` that a finding is about; ``more`` counts those left out."""

    path: str
    hunks: tuple[Hunk, ...]
    more: int = 0


FileChange = Literal["changed", "added", "removed"]


class FileDiff(msgspec.Struct, frozen=True):
    """What differs in one file; ``why`` says why no lines of it are there, ``more`` counts them.

    ``path`` is what the release calls it that has it, the new one where both do.
    """

    path: str
    change: FileChange
    hunks: tuple[Hunk, ...] = ()
    why: str = ""
    more: int = 0


class SourceDiff(msgspec.Struct, frozen=True):
    """What differs of the files that can run: those with findings first, in their order.

    ``others`` counts files that differ and cannot run; ``why`` says why nothing is compared.
    """

    files: tuple[FileDiff, ...] = ()
    others: int = 0
    why: str = ""


class Gap(msgspec.Struct, frozen=True):
    """A part of the review that could not be done at all, why, and what would help."""

    what: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f"; {self.do}" if self.do else "")


IdentityKind = Literal["email", "uri", "username"]
"""What a certificate's one subject alternative name is: the forms that Fulcio issues."""


class Signer(msgspec.Struct, frozen=True):
    """Who signed, as a verified certificate says it; never a claim.

    ``repository``, ``workflow`` (its path in the repository) and ``ref`` are those of a CI signer,
    empty for a person; ``builder`` is the reusable workflow that signed, with its repository and
    without its ref, where that is another one; ``repository_id`` is the forge's own number of the
    repository, which a new repository of the same name does not have. ``commit`` and ``trigger``
    are what ran and what started it, ``runner`` whose machine it ran on, ``environment`` the
    deployment environment of the repository it ran in (Fulcio, "OID info").
    """

    identity: str
    kind: IdentityKind
    issuer: str
    repository: str = ""
    workflow: str = ""
    ref: str = ""
    commit: str = ""
    trigger: str = ""
    builder: str = ""
    repository_id: str = ""
    runner: str = ""
    environment: str = ""


SignatureForm = Literal["bundle", "attestation", "provenance"]
"""A Sigstore bundle, one attestation of PEP 740, or a file of PEP 740 that holds several."""


class Proof(msgspec.Struct, frozen=True):
    """What verifying one bundle or one attestation showed.

    ``name`` is its file, or the address an index gave it at; ``signer`` is there only where it is
    verified; ``predicate`` what kind of attestation it is. ``signed_at`` (UTC, ISO 8601) and
    ``log_index`` are given only where the signature of the log or of a time stamp covers them.
    ``unread`` if it is invalid only since it is nothing that can be read, and proves nothing
    against anybody. ``root`` names the trust root that verified it.
    """

    name: str
    form: SignatureForm
    status: Literal["verified", "invalid", "unverifiable"]
    why: str = ""
    do: str = ""
    signer: Signer | None = None
    predicate: str = ""
    signed_at: str = ""
    log_index: int | None = None
    unread: bool = False
    root: str = ""


SignatureStatus = Literal["verified", "unsigned", "invalid", "unverifiable"]


class Sibling(msgspec.Struct, frozen=True):
    """What verifying another file of the same release showed: its sdist, of a wheel."""

    file: str
    status: SignatureStatus
    why: str = ""
    signers: tuple[Signer, ...] = ()


class Signature(msgspec.Struct, frozen=True, tag_field="certainty", tag="signature"):
    """Whether the file of a release is signed, and by whom.

    It is verified if one of its ``proofs`` is and none of the others speaks against it; what
    cannot be read or verified here beside a good one is ``extra``. Else the worst decides
    ``status``: ``why`` and ``do`` are that one's. ``signers`` are the different ones, and there are
    some only if it is verified. ``root`` names the trust roots it was held against. ``unsigned``
    and ``signed`` are the other files of the release, ``siblings`` those whose signature was
    verified too. ``seen`` are files that may sign it, of a form that is not read.
    """

    status: SignatureStatus
    why: str = ""
    do: str = ""
    signers: tuple[Signer, ...] = ()
    proofs: tuple[Proof, ...] = ()
    root: str = ""
    unsigned: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def extra(self) -> tuple[Proof, ...]:
        """The proofs that prove nothing, beside one that is good."""
        if self.status != "verified":
            return ()
        return tuple(each for each in self.proofs if each.status != "verified")


AnySignature = Signature | NotCarried


class Release(msgspec.Struct, frozen=True):
    """One release as it was read.

    ``manifest`` is ``Unknown`` where no field of it could be read. ``outside`` are installed
    files outside the plugin's own packages and metadata, by the place they are installed to, with
    their SHA-256; ``package`` the files inside. ``code`` is a digest of everything that could
    decide the manifest, empty where that is not known, and ``decided`` one of what did, looked at
    only where something is not certain. ``acts`` is a digest of what a file of the package says to
    whoever runs it, of those that differ from the other release's under one version. ``metadata``
    holds the headers that no typed field carries. ``behaviour`` and ``observed`` are what the code
    does, as far as it could be ``walked``, ``handlers`` the code behind each hook; ``settings`` is
    absent where there is no configuration class that can be read. ``signed_by`` is what a capture
    claims and nobody has verified; ``signature`` is what verifying the file showed; it is absent
    where nobody looked. ``builds`` is what installing from a source runs; a wheel is not built.
    ``contents`` are all files of a wheel or an sdist, with their SHA-256; ``held_against`` is the
    sdist that a wheel of an index was compared with. ``links`` are a wheel's project URLs, as
    ``LABEL, ADDRESS``; they say something only of a first signature. ``starts`` is what the node
    does with each of its entry points, sorted by name; nothing where no code could be followed.
    ``given`` are the ``migrations`` that the node gets when it asks for them, in order; absent
    where that is not known.
    """

    source: Source
    distribution: Text
    distribution_version: Text
    entry_points: EntryPoints
    manifest: Manifest | Unknown
    requires_dist: Names
    requires_python: OptionalText
    metadata: Headers
    outside: Digests
    package: Digests
    code: str = ""
    decided: str = ""
    acts: Mapping[str, str] = {}
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    signed_by: str = ""
    signature: AnySignature | None = None
    observed: tuple[Observation, ...] = ()
    behaviour: tuple[Act, ...] = ()
    migrations: tuple[Migration, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    settings: tuple[Setting, ...] | None = None
    handlers: tuple[Handler, ...] = ()
    walked: bool = False
    builds: tuple[BuildStep, ...] = ()
    contents: Digests = NotCarried("none")
    held_against: HeldAgainst | None = None
    links: tuple[str, ...] = ()
    starts: tuple[Start, ...] = ()
    given: tuple[Migration, ...] | None = None
