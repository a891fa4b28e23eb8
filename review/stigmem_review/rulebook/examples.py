"""The examples a rule carries: releases in short, from which the real comparison derives facts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import cycle
from operator import or_
from typing import TYPE_CHECKING, Any

import msgspec

from stigmem_review import facts, model
from stigmem_review.case import build_case, build_check
from stigmem_review.errors import RuleError
from stigmem_review.host import node
from stigmem_review.manifest.release import none_release
from stigmem_review.model import (
    Act,
    AnySignature,
    AnyValue,
    BuildStep,
    Endpoint,
    EntryPoint,
    Handler,
    HeldAgainst,
    Hook,
    Known,
    Manifest,
    Migration,
    NotCarried,
    Observation,
    OneOf,
    Problem,
    Proof,
    Release,
    Setting,
    Sibling,
    Signature,
    SignatureStatus,
    Signer,
    Source,
    SourceKind,
    Start,
    Stop,
    Text,
    Unknown,
)
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook.judge import Finding, judge
from stigmem_review.rulebook.rules import Rulebook, RuleFile, parse_toml

if TYPE_CHECKING:
    from stigmem_review.facts import Fact as AnyFact
else:
    AnyFact = reduce(or_, facts.KINDS.values())


class ShortSibling(msgspec.Struct, forbid_unknown_fields=True):
    """The sdist beside a wheel, and the person of the same issuer who signed it."""

    identity: str = ""
    status: SignatureStatus = "verified"
    why: str = ""


class ShortSignature(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of a signature in short; what is not given is the demo plugin's author's.

    The ``identity`` of a workflow follows from its ``repository``, its path there and its ``ref``.
    ``beside`` are people of the same issuer who signed as well, or workflows of the same
    repository, by their paths. ``kinds`` are the types of what
    each of them attests, in their order, ``extra`` says why something beside it cannot be read,
    ``silent`` is what an index without attestations says.
    """

    status: SignatureStatus = "verified"
    why: str = ""
    do: str = ""
    identity: str = ""
    issuer: str = "https://accounts.acme.example"
    repository: str = ""
    workflow: str = ""
    ref: str = ""
    builder: str = ""
    repository_id: str = ""
    commit: str = ""
    trigger: str = ""
    runner: str = ""
    beside: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    extra: str = ""
    sdist: ShortSibling | None = None
    silent: bool = False
    unsigned: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()


class ShortOutcome(msgspec.Struct, forbid_unknown_fields=True):
    """One value that a field can have, given as the field is, and what has to hold for it."""

    value: Any
    conditions: tuple[str, ...] = ()


class ShortRelease(msgspec.Struct, forbid_unknown_fields=True):
    """A release in short; what is not given is the demo plugin's.

    ``others`` gives fields of the manifest that are not named here, ``unknown`` those that cannot
    be read, with the reason; the field ``manifest`` there stands for all of them. ``one_of`` gives
    fields that depend on how the node is run: every value, and what has to hold for it.
    ``entry_points`` and ``hooks`` map names to targets, the name of an entry point being
    ``group : name``. What is found by looking at all code, such as ``migrations``, counts if
    something was ``observed`` or it says ``walked``. ``stops`` is where the node stops on it by
    itself. ``signature`` is what verifying it showed; nobody looked where there is none. ``none``
    is no release at all.
    """

    none: bool = False
    name: str = "demo"
    version: str = "1.0.0"
    requires_stigmem: str = ">=0.9.0a10"
    capabilities: tuple[str, ...] = ("facts.read",)
    hooks: dict[str, str] = msgspec.field(
        default_factory=lambda: {"post_assert_audit": "demo.handlers:audit"}
    )
    depends_on: tuple[str, ...] = ()
    async_safe: bool = True
    routes: tuple[str, ...] = ()
    health_check: str = "demo.handlers:health"
    config_schema: str = "demo.config:Config"
    others: dict[str, Any] = {}
    distribution: str = "demo"
    distribution_version: str = ""
    entry_points: dict[str, str] = msgspec.field(
        default_factory=lambda: {"stigmem.plugins : demo": "demo:plugin_manifest"}
    )
    requires_dist: tuple[str, ...] = ("stigmem-node>=0.9.0a10",)
    requires_python: str = ">=3.11"
    metadata: dict[str, tuple[str, ...]] = {}
    outside: dict[str, str] = {}
    code: str = "the same"
    decided: str = ""
    acts: dict[str, str] = {}
    unreviewed: tuple[str, ...] = ()
    unknown: dict[str, str] = {}
    one_of: dict[str, tuple[ShortOutcome, ...]] = {}
    problems: tuple[Problem, ...] = ()
    observed: tuple[Observation, ...] = ()
    stops: tuple[Stop, ...] = ()
    behaviour: tuple[Act, ...] = ()
    migrations: tuple[Migration, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    settings: tuple[Setting, ...] | None = None
    walked: bool = True
    handlers: tuple[Handler, ...] = ()
    signed_by: str = ""
    signature: ShortSignature | None = None
    builds: tuple[BuildStep, ...] = ()
    kind: SourceKind = "wheel"
    sha256: str = "the same"
    contents: dict[str, str] = {}
    held_against: HeldAgainst | None = None
    links: tuple[str, ...] = ()


class Example(msgspec.Struct, forbid_unknown_fields=True):
    """One example: two releases in short, and what the rule says of them.

    ``new`` is ``old`` with the given fields replaced and, unless a version is given, the next
    minor version. With ``check`` the new release is looked at by itself, and with ``named`` for a
    node that somebody named. ``facts`` are judged as they are given: those that no release shows,
    such as facts about pins. ``trust`` is whom the operator trusts to sign, ``on_node`` which other
    plugins are on the node. Each entry of ``fires`` is a level and an item.
    """

    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    check: bool = False
    named: bool = False
    trust: Trust = Trust()
    on_node: tuple[str, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    fires: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What running one example showed."""

    number: int
    expected: tuple[str, ...]
    got: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.expected == self.got


def read_examples(each: RuleFile) -> tuple[Example, ...]:
    """Return the examples of a rule file. Raises ``RuleError`` where one is not an example."""
    table = parse_toml(each.examples, each.file)
    if set(table) - {"example"}:
        raise RuleError(f"{each.file}: nothing else may follow the first example")
    try:
        return msgspec.convert(table.get("example", []), tuple[Example, ...])
    except msgspec.ValidationError as error:
        raise RuleError(f"{each.file}: {error!s}") from None


def run_examples(each: RuleFile) -> tuple[Outcome, ...]:
    """Run a rule's examples against the rule alone."""
    outcomes = []
    for number, (example, found) in enumerate(judged_examples(each), 1):
        got = sorted(f"{finding.level} {finding.item}" for finding in found)
        outcomes.append(Outcome(number, tuple(sorted(example.fires)), tuple(got)))
    return tuple(outcomes)


def judged_examples(each: RuleFile) -> Iterator[tuple[Example, tuple[Finding, ...]]]:
    """Yield a rule's examples, and what the rule alone says of each."""
    alone = Rulebook((each,), "")
    host = node()
    for number, example in enumerate(read_examples(each), 1):
        old, new = _releases(example, each, number)
        if example.check:
            case = build_check(release_of(new), host, named=example.named)
        else:
            sides = release_of(old), release_of(new)
            case = build_case(*sides, host, example.trust, example.on_node)
        stated = (*case.comparison.facts, *example.facts)
        about = tuple(fact for fact in stated if facts.kind_of(fact) in each.rule.on)
        yield example, tuple(judge(about, case, alone))


def _releases(example: Example, each: RuleFile, number: int) -> tuple[ShortRelease, ShortRelease]:
    fields = {"version": "1.1.0", **example.new}
    try:
        old = msgspec.convert(example.old, ShortRelease)
        new = msgspec.convert({**example.old, **fields}, ShortRelease)
    except msgspec.ValidationError as error:
        raise RuleError(f"{each.file}: example {number}: {error!s}") from None
    if old.none:
        new = msgspec.convert(fields, ShortRelease)
    return old, new


def release_of(short: ShortRelease) -> Release:
    """Return the release that a short one stands for."""
    if short.none:
        return none_release()
    return Release(
        source=Source(
            short.kind, "demo", file="demo.whl", sha256=short.sha256, unreviewed=short.unreviewed
        ),
        distribution=Known(short.distribution),
        distribution_version=Known(short.distribution_version or short.version),
        entry_points=Known(
            tuple(_entry_point(*each) for each in sorted(short.entry_points.items()))
        ),
        manifest=_manifest(short),
        requires_dist=Known(short.requires_dist),
        requires_python=Known(short.requires_python or None),
        metadata=Known(short.metadata),
        outside=Known(short.outside),
        package=Known({"demo/__init__.py": short.code}),
        code=short.code,
        decided=short.decided,
        acts=short.acts,
        problems=short.problems,
        observed=short.observed,
        starts=(Start("demo", _manifest(short), short.stops),) if short.stops else (),
        behaviour=short.behaviour,
        migrations=short.migrations,
        endpoints=short.endpoints,
        settings=short.settings,
        walked=short.walked,
        handlers=short.handlers,
        signed_by=short.signed_by,
        signature=_signature(short.signature) if short.signature else None,
        builds=short.builds,
        contents=Known(short.contents),
        held_against=short.held_against,
        links=short.links,
    )


def _beside(name: str, signer: Signer) -> Signer:
    if "/" not in name:
        return Signer(name, "email", signer.issuer)
    identity = signer.identity.replace(signer.workflow, name)
    return msgspec.structs.replace(signer, identity=identity, workflow=name)


def _signature(short: ShortSignature) -> AnySignature:
    if short.silent:
        return NotCarried("index")
    identity = short.identity or "release@acme.example"
    if short.repository and not short.identity:
        identity = f"{short.repository}/{short.workflow}" + (f"@{short.ref}" if short.ref else "")
    signer = Signer(
        identity=identity,
        kind="uri" if "://" in identity else "email",
        issuer=short.issuer,
        repository=short.repository,
        workflow=short.workflow,
        ref=short.ref,
        builder=short.builder,
        repository_id=short.repository_id,
        commit=short.commit,
        trigger=short.trigger,
        runner=short.runner,
    )
    others = (_beside(each, signer) for each in short.beside)
    signers = (signer, *others) if short.status == "verified" else ()
    proofs = [
        Proof("demo.attestation", "attestation", "verified", signer=each, predicate=kind)
        for each, kind in zip(cycle(signers), short.kinds, strict=False)
    ]
    if short.extra:
        proofs.append(Proof("demo.extra", "bundle", "unverifiable", short.extra))
    sdist = short.sdist
    return Signature(
        status=short.status,
        why=short.why,
        do=short.do,
        signers=signers,
        proofs=tuple(proofs),
        siblings=() if sdist is None else (_sibling(sdist, short.issuer),),
        unsigned=short.unsigned,
        signed=short.signed,
    )


def _sibling(short: ShortSibling, issuer: str) -> Sibling:
    signers = (Signer(short.identity, "email", issuer),) if short.identity else ()
    return Sibling("demo.tar.gz", short.status, short.why, signers)


def _entry_point(name: str, value: str) -> EntryPoint:
    group, _, key = name.partition(" : ")
    return EntryPoint(group, key, value)


def _manifest(short: ShortRelease) -> Manifest | Unknown:
    if why := short.unknown.get("manifest"):
        return Unknown(why)
    fields = {name: _field(short, name) for name in Manifest.__struct_fields__}
    return Manifest(**fields)  # type: ignore[arg-type]


def _field(short: ShortRelease, name: str) -> AnyValue:
    if why := short.unknown.get(name):
        return Unknown(why)
    if outcomes := short.one_of.get(name):
        return OneOf(
            tuple(
                model.Outcome(_value(short, name, each.value), each.conditions) for each in outcomes
            )
        )
    given = {**msgspec.structs.asdict(short), **short.others}
    return Known(_value(short, name, given[name])) if name in given else NotCarried("none")


def _value(short: ShortRelease, name: str, given: Any) -> Any:
    match name:
        case "hooks":
            return tuple(Hook(hook, _target(short, hook, given[hook])) for hook in sorted(given))
        case "capabilities" | "depends_on" | "routes":
            return tuple(sorted(given))
        case "health_check" | "config_schema":
            return given or None
        case _:
            return given


def _target(short: ShortRelease, hook: str, given: str) -> Text:
    """Return a hook's handler; ``unknown`` and ``one_of`` can name one hook as ``hooks.NAME``."""
    if why := short.unknown.get(f"hooks.{hook}"):
        return Unknown(why)
    if outcomes := short.one_of.get(f"hooks.{hook}"):
        return OneOf(tuple(model.Outcome(each.value, each.conditions) for each in outcomes))
    return Known(given)
