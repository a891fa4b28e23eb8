"""Whom the operator trusts, and what that makes of a signer. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec
from packaging.utils import canonicalize_name, is_normalized_name

from stigmem_review.model import Signer
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.identities import (
    ON_GITHUB,
    address_of,
    nearest,
    signs_for_others,
    without_ref,
)
from stigmem_review.policy.mistake import Mistake
from stigmem_review.policy.settings import OVERRIDE, REQUIRED, TRUSTED, Settings
from stigmem_review.text import shorten
from stigmem_review.toml import Keys


class Trusted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One signer that the policy trusts: an identity, or a workflow in a repository.

    The ``issuer`` is required. ``repository`` is the repository's whole address and ``workflow``
    the path in it. ``ref`` is a pattern such as ``refs/tags/v*``, in which ``*`` stands for any
    characters but a slash, and nothing else for more than itself. ``plugins`` are the
    distributions it may sign; all where there is none.
    """

    issuer: Annotated[
        str,
        msgspec.Meta(
            description="who says that it is that signer; always needed, since two issuers can "
            "vouch for the same name and mean two people",
            examples=["https://token.actions.githubusercontent.com"],
        ),
    ] = ""
    identity: Annotated[
        str,
        msgspec.Meta(
            description="a person, or whatever else is no workflow",
            examples=["release@acme.example"],
        ),
    ] = ""
    repository: Annotated[
        str,
        msgspec.Meta(
            description="the whole address of a workflow's repository",
            examples=["https://github.com/acme/ledger"],
        ),
    ] = ""
    workflow: Annotated[
        str,
        msgspec.Meta(
            description="the workflow's path in the repository",
            examples=[".github/workflows/release.yml"],
        ),
    ] = ""
    ref: Annotated[
        str,
        msgspec.Meta(
            description="the refs at which the workflow may run; * is anything but a slash "
            "(default: any)",
            examples=["refs/tags/v*"],
        ),
    ] = ""
    plugins: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="the distributions that it may sign (default: all)",
            examples=[["acme-ledger"]],
        ),
    ] = ()


class SigningPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[signing]`` of a policy."""

    required: Annotated[
        bool | None,
        msgspec.Meta(
            description="true: unsigned releases are refused; false: they are not, where the "
            "node's own settings allow it (default: what the node's settings say)",
            examples=[True],
        ),
    ] = None
    trust_root: Annotated[
        str | None,
        msgspec.Meta(
            description="the file of a private Sigstore instance's trust root, as a path from the "
            "policy's folder (default: our copy of the public-good instance's)",
            examples=["trusted_root.json"],
        ),
    ] = None
    trusted: Annotated[
        tuple[Trusted, ...],
        msgspec.Meta(description="who is trusted to sign: an identity, or a workflow"),
    ] = ()


class Approved(msgspec.Struct, frozen=True):
    """Who signed the last release that somebody approved, which one that was, and on which day."""

    signers: tuple[Signer, ...]
    version: str
    day: date


class Trust(msgspec.Struct, frozen=True):
    """All that is said about signing: the policy's word, the node's settings, and approvals."""

    policy: SigningPolicy = SigningPolicy()
    settings: Settings = Settings()
    approved: Approved | None = None


Decision = Literal["trusted", "override", "untrusted", "not judged"]

RequiredBy = Literal["the policy", "STIGMEM_PLUGIN_SIGNING_REQUIRED", "the node"]

But = Literal[
    "", "another issuer", "another ref", "other plugins", "not on the node", "a shared builder"
]
"""Why a signer is not trusted although something is said of it: the policy trusts it from another
issuer, at another ref, or for other plugins, the node's own lists leave it out, or what is named is
a workflow that signs for whoever calls it."""


class Judged(msgspec.Struct, frozen=True):
    """What the operator's word makes of a signer.

    ``by`` says whose word decided. ``pinned`` if that was an entry of the policy, which has the
    issuer too. ``nearest`` is a trusted signer that this one can be taken for and is not; ``but``
    what keeps it from being trusted, where that can be said.
    """

    decision: Decision
    by: str = ""
    pinned: bool = False
    nearest: str = ""
    but: But = ""


def signing_mistakes(trusted: Iterable[Trusted], keys: Keys) -> Iterator[Mistake]:
    """Yield what is wrong with a list of signers, which ``keys`` lead to, and no type says."""
    for index, entry in enumerate(trusted):
        for field, why in _mistakes(entry):
            yield Mistake((*keys, index, field), f": {why}")


def _mistakes(entry: Trusted) -> Iterator[tuple[str, str]]:
    if not entry.issuer:
        yield (
            "issuer",
            "it is missing; the same identity from another issuer can be somebody else, "
            "so write the issuer that the report shows",
        )
    if entry.identity and (entry.repository or entry.workflow):
        yield "identity", "write either an identity, or a repository and a workflow"
    if not entry.identity:
        for field in ("repository", "workflow"):
            if not getattr(entry, field):
                yield field, "it is missing; write an identity, or a repository and a workflow"
    for field in ("issuer", "identity", "repository", "workflow", "ref"):
        value: str = getattr(entry, field)
        if is_odd(value) or value != value.strip():
            yield (
                field,
                f"{shorten(value)!r} has a character that is not printable ASCII, or a blank "
                "around it; such signers are not trusted",
            )
    yield from _never(entry)
    if entry.repository and ("://" not in entry.repository or entry.repository.endswith("/")):
        yield (
            "repository",
            f"{shorten(entry.repository)!r} is not its whole address, such as "
            "https://forge.example/owner/name, without a slash at the end",
        )
    if entry.workflow.startswith("/") or "@" in entry.workflow:
        yield (
            "workflow",
            f"{shorten(entry.workflow)!r} is not a path in the repository, such as "
            ".github/workflows/release.yml; a ref has a field of its own",
        )
    if entry.ref and not entry.ref.startswith("refs/"):
        yield "ref", f"write {shorten(entry.ref)!r} in full, such as refs/tags/v*"
    if set(entry.ref) & set("?[]"):
        yield "ref", f"in {shorten(entry.ref)!r} only * stands for other characters"
    if entry.ref and entry.identity:
        yield "ref", "an identity has none of its own; write a repository and a workflow"
    for name in entry.plugins:
        if not is_normalized_name(canonicalize_name(name)):
            yield "plugins", f"{shorten(name)!r} is not the name of a distribution"


_REGULAR = re.compile(r"[\^$\\+(){}|]|\.\*")


def _never(entry: Trusted) -> Iterator[tuple[str, str]]:
    """Yield what no certificate ever says, so that the entry would trust nobody."""
    for field in ("issuer", "identity", "repository", "workflow", "ref"):
        value: str = getattr(entry, field)
        if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
            yield field, f"{shorten(value)} has quotes of its own; write it without those"
        elif "*" in value and field != "ref":
            yield (
                field,
                f"{shorten(value)!r} is compared as it is, and * stands for nothing here; "
                "write one entry for each",
            )
    if entry.issuer.endswith("/"):
        yield "issuer", f"no issuer ends with a slash; write {entry.issuer.rstrip('/')!r}"
    if entry.repository.endswith(".git"):
        address = entry.repository.removesuffix(".git")
        yield "repository", f"its address has no .git at the end; write {address!r}"
    if entry.repository.startswith(ON_GITHUB) and entry.workflow and "/" not in entry.workflow:
        path = f".github/workflows/{entry.workflow}"
        yield "workflow", f"it is a path from the top of the repository; write {path!r}"
    if re.search(r"\.ya?ml$", entry.identity):
        yield (
            "identity",
            f"a workflow signs as {shorten(entry.identity)}@ and its ref, such as "
            "@refs/tags/v1.0.0; write it with the ref, or write repository and workflow",
        )
    if _REGULAR.search(entry.ref):
        yield (
            "ref",
            f"{shorten(entry.ref)!r} is no regular expression: * stands for anything but a slash, "
            "and everything else for itself; write refs/tags/v*",
        )


def required(trust: Trust) -> bool | None:
    """Say whether the operator requires signatures; ``None`` where nobody said anything.

    The policy and the settings can each require them. Who trusts somebody to sign and says no
    more has the node's default, by which they are required (``stigmem_node.settings``); of a node
    whose settings trust somebody, the policy cannot say otherwise.
    """
    policy, settings = trust.policy, trust.settings
    if policy.required or settings.required:
        return True
    if settings.required is None and (settings.trusted or settings.override):
        return True
    if False in (policy.required, settings.required):
        return False
    return True if policy.trusted else None


def required_by(trust: Trust) -> RequiredBy:
    """Return who requires signatures, where anybody does."""
    if trust.policy.required:
        return "the policy"
    return REQUIRED if trust.settings.required else "the node"


def stated(trust: Trust) -> bool:
    """Say whether the operator said of anybody that they are trusted to sign."""
    return bool(trust.policy.trusted or trust.settings.trusted or trust.settings.override)


def judge(signer: Signer, distribution: str, trust: Trust) -> Judged:
    """Say what the operator's word makes of who signed a distribution.

    Both have to agree: the node's lists, unless they are empty, and the policy, unless it trusts
    nobody. Identities are compared exactly. The node's lists hold bare ones; of an entry of the
    policy everything it says has to fit. Where all entries are for other distributions, the
    policy leaves it to the node's lists, and where those are empty too, nobody is trusted.
    """
    entries = tuple(enumerate(trust.policy.trusted, 1))
    here = tuple(each for each in entries if _is_for(each[1], distribution))
    entry = next((number for number, each in here if _fits(each, signer)), None)
    listed = _listed(signer, trust.settings)
    if listed == "untrusted":
        by = TRUSTED if trust.settings.trusted else OVERRIDE
        but: But = "not on the node" if entry is not None else _other_ref(signer, trust.settings)
        return Judged("untrusted", by, nearest=_nearest(signer, trust), but=but)
    if entry is None and (here or (entries and listed == "not judged")):
        elsewhere = any(_fits(each, signer) for _, each in entries)
        but = "other plugins" if elsewhere else _but(signer, here)
        return Judged("untrusted", "the policy", nearest=_nearest(signer, trust), but=but)
    if listed == "override":
        return Judged("override", OVERRIDE, pinned=entry is not None)
    if entry is not None:
        return Judged("trusted", f"entry {entry} of the policy", pinned=True)
    return Judged(listed, TRUSTED if listed == "trusted" else "")


def _listed(signer: Signer, settings: Settings) -> Decision:
    """Decide as the node does (``stigmem_node.plugins.signing``), but for empty lists."""
    if any(_is(each, signer) for each in settings.trusted):
        return "trusted"
    if any(_is(each, signer) for each in settings.override):
        return "override"
    return "untrusted" if settings.trusted or settings.override else "not judged"


def _is(identity: str, signer: Signer) -> bool:
    # A name of one kind that is spelt like one of another kind is somebody else.
    kind = "uri" if "://" in identity else "email" if "@" in identity else "username"
    return identity == signer.identity and kind == signer.kind


def _is_for(entry: Trusted, distribution: str) -> bool:
    plugins = map(canonicalize_name, entry.plugins)
    return not entry.plugins or canonicalize_name(distribution) in plugins


def _fits(entry: Trusted, signer: Signer) -> bool:
    return entry.issuer == signer.issuer and _names(entry, signer) and _allows(entry.ref, signer)


def _names(entry: Trusted, signer: Signer) -> bool:
    if entry.identity:
        # Whoever calls a shared workflow is signed for under its name.
        return _is(entry.identity, signer) and not signs_for_others(signer)
    # A workflow signs under its address, and nobody else does.
    where = (entry.repository, entry.workflow)
    return signer.kind == "uri" and all(where) and where == (signer.repository, signer.workflow)


def _allows(pattern: str, signer: Signer) -> bool:
    # Were a slash let through, refs/* would be any branch of anybody's pull request.
    return not pattern or bool(
        re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), signer.ref)
    )


def _but(signer: Signer, entries: tuple[tuple[int, Trusted], ...]) -> But:
    if signs_for_others(signer) and any(_is(each.identity, signer) for _, each in entries):
        return "a shared builder"
    named = [entry for _, entry in entries if _names(entry, signer)]
    if any(entry.issuer == signer.issuer for entry in named):
        return "another ref"
    return "another issuer" if named else ""


def _other_ref(signer: Signer, settings: Settings) -> But:
    listed = (*settings.trusted, *settings.override)
    if signer.identity in listed:
        return ""
    return "another ref" if address_of(signer) in map(without_ref, listed) else ""


def _nearest(signer: Signer, trust: Trust) -> str:
    """Return a trusted signer that this one can be taken for, as the operator wrote it."""
    known = [*trust.settings.trusted, *trust.settings.override]
    for entry in trust.policy.trusted:
        known.append(entry.identity or f"{entry.repository}/{entry.workflow}")
    return nearest(signer, known)
