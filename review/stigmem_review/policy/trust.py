"""Whom the operator trusts, and what that makes of a signer. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from stigmem_review.model import Signer
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.identities import (
    address_of,
    nearest,
    signs_for_others,
    without_ref,
)
from stigmem_review.policy.settings import OVERRIDE, REQUIRED, TRUSTED, Settings
from stigmem_review.policy.trusted import PluginSigning, SigningPolicy, Trusted

Verifier = Literal["stock", "own"]
"""What verifies signatures on a node: what it comes with, or something that was put in its
place."""


class Approved(msgspec.Struct, frozen=True):
    """Who signed the last release that somebody approved, which one that was, and on which day."""

    signers: tuple[Signer, ...]
    version: str
    day: date


class Trust(msgspec.Struct, frozen=True):
    """All that is said about signing: the policy's word, the node's settings, and approvals.

    ``plugins`` is what the policy says of single distributions, by their names.
    ``verifier`` is what verifies signatures on the node, where the policy says it.
    """

    policy: SigningPolicy = SigningPolicy()
    settings: Settings = Settings()
    approved: Approved | None = None
    plugins: Mapping[str, PluginSigning] = {}
    verifier: Verifier | None = None

    def of(self, distribution: str) -> Trust:
        """Return what holds for one distribution."""
        name = canonicalize_name(distribution)
        for each, said in self.plugins.items():
            if canonicalize_name(each) == name and said.required is not None:
                policy = msgspec.structs.replace(self.policy, required=said.required)
                return msgspec.structs.replace(self, policy=policy)
        return self


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
