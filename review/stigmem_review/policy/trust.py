"""Whom the operator trusts, and what that makes of a signer. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from stigmem_review.model import Signer
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.identities import (
    ON_GITHUB,
    address_of,
    fold,
    nearest,
    signs_for_others,
    without_ref,
)
from stigmem_review.policy.settings import OVERRIDE, REQUIRED, TRUSTED, Settings
from stigmem_review.policy.trusted import (
    RUNNERS,
    PluginSigning,
    SigningPolicy,
    Trusted,
    listed,
    owner_address,
)

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
        own = [
            each.required for key, each in self.plugins.items() if canonicalize_name(key) == name
        ]
        said = next((each for each in own if each is not None), self.policy.required)
        if any(each.required and _is_for(each, distribution) for each in self.policy.trusted):
            said = True
        policy = msgspec.structs.replace(self.policy, required=said)
        return msgspec.structs.replace(self, policy=policy)


Decision = Literal["trusted", "override", "not listed", "untrusted", "not judged"]
"""``not listed`` if only the node's own list does not name a signer, and that need not be news: it
names the same workflow at another tag, or the node does not read it."""

RequiredBy = Literal["the policy", "STIGMEM_PLUGIN_SIGNING_REQUIRED", "the node"]

But = Literal[
    "",
    "another issuer",
    "another ref",
    "another workflow",
    "another trigger",
    "another environment",
    "another builder",
    "other plugins",
    "other capitals",
    "not on the node",
    "a shared builder",
    "another tag",
    "list not read",
]
"""Why a signer is not trusted although something is said of it.

The policy trusts it from another issuer, at another ref, on other conditions, for other plugins,
or another workflow of its repository; the node's own lists leave it out; or what is named is a
workflow that signs for whoever calls it. Of what the node's list leaves out: that it names another
tag, or is not read.
"""


class Judged(msgspec.Struct, frozen=True):
    """What the operator's word makes of a signer.

    ``by`` says whose word decided. ``pinned`` if that was an entry of the policy, which has the
    issuer too. ``nearest`` is a trusted signer that this one can be taken for and is not; ``but``
    what keeps it from being trusted, where that can be said. ``unlisted`` is the node's list that
    leaves it out, where that need not be news. ``owner`` is whom the entry lets sign from any
    repository.
    """

    decision: Decision
    by: str = ""
    pinned: bool = False
    nearest: str = ""
    but: But = ""
    unlisted: str = ""
    owner: str = ""


def required(trust: Trust) -> bool | None:
    """Say whether the operator requires signatures; ``None`` where nothing says.

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
    policy leaves it to the node's lists, and where those are empty too, no signer is trusted.
    """
    entries = tuple(enumerate(trust.policy.trusted, 1))
    here = tuple(each for each in entries if _is_for(each[1], distribution))
    entry = next((number for number, each in here if _fits(each, signer)), None)
    on_list: Decision = _listed(signer, trust.settings)
    settings, unlisted = trust.settings, ""
    off: But = ""
    if on_list == "untrusted":
        by = TRUSTED if settings.trusted else OVERRIDE
        off = _off_list(signer, settings)
        if off not in ("another tag", "list not read"):
            is_trusted = entry is not None and off != "other capitals"
            but: But = "not on the node" if is_trusted else off
            return Judged("untrusted", by, nearest=_nearest(signer, trust), but=but)
        on_list, unlisted = "not listed", by
    if entry is None and (here or (entries and on_list in ("not judged", "not listed"))):
        elsewhere = any(_fits(each, signer) for _, each in entries)
        but = "other plugins" if elsewhere else _but(signer, here)
        return Judged("untrusted", "the policy", nearest=_nearest(signer, trust), but=but)
    if entry is None and on_list != "not listed" and signs_for_others(signer):
        off = "a shared builder"
    if on_list == "override":
        return Judged("override", OVERRIDE, pinned=entry is not None, but=off)
    if entry is not None:
        said = trust.policy.trusted[entry - 1]
        by, owner = _entry_named(entry, said), said.owner
        return Judged("trusted", by, pinned=True, but=off, unlisted=unlisted, owner=owner)
    if on_list == "not listed":
        near = _nearest(signer, trust)
        return Judged("not listed", unlisted, nearest=near, but=off, unlisted=unlisted)
    if on_list == "not judged":
        return Judged(on_list)
    return Judged(on_list, TRUSTED, but=off)


def _entry_named(number: int, entry: Trusted) -> str:
    wide = f", any repository of {entry.owner}" if entry.owner else ""
    return f"entry {number} of the policy{wide}"


def absent(signers: Sequence[Signer], distribution: str, trust: Trust) -> Iterator[tuple[str, str]]:
    """Yield the entries of the policy whose signer has to have signed a distribution and did not.

    Each with how it is named, and whom it names.
    """
    for number, entry in enumerate(trust.policy.trusted, 1):
        wanted = entry.required and _is_for(entry, distribution)
        if wanted and not any(_fits(entry, each) for each in signers):
            yield _entry_named(number, entry), _named(entry)


def _named(entry: Trusted) -> str:
    place = entry.repository or owner_address(entry)
    return entry.identity or "/".join(filter(None, (place, entry.workflow)))


def reads_lists(settings: Settings) -> bool:
    """Say whether a node reads its lists of publishers (``stigmem_node.plugins.lifecycle``).

    It does not where signatures are not required, and the operator accepts that.
    """
    return not (settings.required is False and settings.acknowledged)


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
    return entry.issuer == signer.issuer and _names(entry, signer) and not _unmet(entry, signer)


def _names(entry: Trusted, signer: Signer) -> bool:
    if entry.identity:
        # Whoever calls a shared workflow is signed for under its name.
        known = msgspec.structs.replace(signer, identity=fold(signer.identity))
        return _is(fold(entry.identity), known) and not signs_for_others(signer)
    # A workflow signs under its address, and no other signer does.
    if signer.kind != "uri" or not (signer.repository and signer.workflow):
        return False
    if entry.workflow not in ("", signer.workflow):
        return False
    if owner := owner_address(entry):
        return fold(f"{signer.repository}/").startswith(f"{_folded_owner(owner)}/")
    return bool(entry.workflow) and fold(entry.repository) == fold(signer.repository)


def _folded_owner(owner: str) -> str:
    return owner.lower() if owner.lower().startswith(ON_GITHUB) else owner


def _unmet(entry: Trusted, signer: Signer) -> But:
    """Return the condition of an entry that a signer does not meet, or nothing."""
    if not _allows(entry.ref, signer):
        return "another ref"
    if entry.trigger and signer.trigger not in listed(entry.trigger):
        return "another trigger"
    ran_in = signer.runner if entry.environment in RUNNERS else signer.environment
    if entry.environment not in ("", ran_in):
        return "another environment"
    if entry.builder and not _built_by(entry.builder, signer):
        return "another builder"
    return ""


def _built_by(builder: str, signer: Signer) -> bool:
    address = without_ref(builder)
    own = signer.builder or f"{signer.repository}/{signer.workflow}"
    if fold(address) != fold(own):
        return False
    return address == builder or fold(builder) == fold(signer.identity)


def _allows(pattern: str, signer: Signer) -> bool:
    # Were a slash let through, refs/* would be any branch of anybody's pull request.
    return not pattern or bool(
        re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), signer.ref)
    )


def _but(signer: Signer, entries: tuple[tuple[int, Trusted], ...]) -> But:
    if signs_for_others(signer) and any(_is(each.identity, signer) for _, each in entries):
        return "a shared builder"
    named = [entry for _, entry in entries if _names(entry, signer)]
    unmet = [_unmet(entry, signer) for entry in named if entry.issuer == signer.issuer]
    if unmet or named:
        return unmet[0] if unmet else "another issuer"
    beside = any(
        entry.issuer == signer.issuer
        and entry.workflow != signer.workflow
        and fold(entry.repository) == fold(signer.repository)
        for _, entry in entries
    )
    return "another workflow" if beside and signer.repository else ""


def _off_list(signer: Signer, settings: Settings) -> But:
    """Return what is to be said of a signer whom the node's lists do not name."""
    named = (*settings.trusted, *settings.override)
    # Whoever is exactly named is so by a name of another kind.
    is_named = signer.identity in named
    same = [each for each in named if without_ref(each) == address_of(signer)]
    tags = [each for each in same if "@refs/tags/" in each]
    if tags and not is_named and "@refs/tags/" in signer.identity and not signs_for_others(signer):
        return "another tag"
    if not reads_lists(settings):
        return "list not read"
    if same and not is_named:
        return "another ref"
    folded = {fold(without_ref(each)) for each in named}
    if not is_named and fold(address_of(signer)) in folded:
        return "other capitals"
    place = f"{fold(signer.repository)}/"
    beside = signer.repository and any(each.startswith(place) for each in folded)
    return "another workflow" if beside else ""


def _nearest(signer: Signer, trust: Trust) -> str:
    """Return a trusted signer that this one can be taken for, as the operator wrote it."""
    known = [*trust.settings.trusted, *trust.settings.override]
    for entry in trust.policy.trusted:
        known.append(_named(entry))
    return nearest(signer, known)
