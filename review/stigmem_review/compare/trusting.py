"""What the operator thinks of who signed: facts for the rules, and lines to settle it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from stigmem_review import facts
from stigmem_review.compare.relations import is_known, is_of_the_repository, ref_kind
from stigmem_review.facts import Fact
from stigmem_review.model import Signer
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.identities import name_of, signs_for_others, texts_of
from stigmem_review.policy.settings import TRUSTED, Settings
from stigmem_review.policy.trust import Judged, Trust, absent, reads_lists


def settings_facts(trust: Trust) -> Iterator[Fact]:
    """Yield why the node refuses every plugin (``stigmem_node.plugins.lifecycle``)."""
    if trust.settings.required is False and not trust.settings.acknowledged:
        yield facts.UnsignedUnacknowledged(item="STIGMEM_PLUGIN_UNSIGNED_ACK")
    settings = trust.settings
    # A node that is told nothing requires them (``stigmem_node.settings``).
    if trust.verifier == "stock" and settings != Settings() and settings.required is not False:
        yield facts.SignaturesUnsupported(item="verifier")


def trust_facts(
    signer: Signer, judged: Judged, before: Sequence[Signer], trust: Trust
) -> Iterator[Fact]:
    """Yield what the operator thinks of a signer; ``before`` are those of the old release."""
    identity, issuer = name_of(signer), signer.issuer
    as_before = is_known(signer, before)
    # Another signer than before, or another issuer, is not to be pinned for being the new one.
    is_other = bool(before) and not as_before and not is_of_the_repository(signer, before)
    pin = () if is_other else _policy_lines(signer)
    if judged.unlisted:
        is_next = judged.but == "another tag"
        yield facts.SignerNotListed(
            item="signer",
            identity=signer.identity,
            by=judged.unlisted,
            next=is_next,
            read=reads_lists(trust.settings),
            verifier=trust.verifier,
            trusted=judged.decision == "trusted",
            write=_env_line(judged.unlisted, signer, trust) if is_next else (),
        )
    is_shared = judged.but == "a shared builder" and judged.decision in ("trusted", "override")
    if is_shared:
        yield facts.SignerShared(
            item="signer",
            identity=signer.identity,
            repository=signer.repository,
            by=judged.by,
            write=pin,
        )
    match judged.decision:
        case "untrusted":
            yield facts.SignerUntrusted(
                item="signer",
                identity=identity,
                issuer=issuer,
                by=judged.by,
                but=judged.but,
                builder=signer.identity if signs_for_others(signer) else "",
                write=_settling(signer, judged, trust, pin),
            )
        case "override":
            yield facts.SignerOverride(item="signer", identity=identity, issuer=issuer)
        case "trusted" if not judged.pinned and not is_shared:
            yield facts.SignerUnpinned(
                item="signer", identity=identity, issuer=issuer, before=as_before, write=pin
            )


def _settling(
    signer: Signer, judged: Judged, trust: Trust, pin: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the lines that would trust a signer who is refused for how the name is written."""
    match judged.but:
        case "a shared builder":
            return pin
        case "other capitals":
            return _env_line(judged.by, signer, trust)
        case _:
            return ()


def _env_line(name: str, signer: Signer, trust: Trust) -> tuple[str, ...]:
    """Return the line of the node's settings that names a signer too."""
    if is_odd(signer.identity) or "," in signer.identity:
        return ()
    names = trust.settings.trusted if name == TRUSTED else trust.settings.override
    return (f"{name}={','.join((*names, signer.identity))}",)


def absent_facts(signers: Sequence[Signer], distribution: str, trust: Trust) -> Iterator[Fact]:
    """Yield who has to have signed, as the policy says, and did not."""
    for entry, who in absent(signers, distribution, trust):
        yield facts.SignerAbsent(item=entry, who=who)


def _policy_lines(signer: Signer) -> tuple[str, ...]:
    """Return the lines of a policy that pin a signer, nothing for one whose name is odd."""
    if any(map(is_odd, texts_of(signer))):
        return ()
    fields = {"issuer": signer.issuer}
    if signer.repository and signer.workflow:
        fields |= {"repository": signer.repository, "workflow": signer.workflow}
        if ref_kind(signer.ref) == "a tag":
            fields["ref"] = "refs/tags/*"
        if signs_for_others(signer):
            fields["builder"] = signer.builder
    else:
        fields["identity"] = signer.identity
    # In printable ASCII a string of JSON is one of TOML.
    return (
        "[[signing.trusted]]",
        *(f"{name} = {msgspec.json.encode(value).decode()}" for name, value in fields.items()),
    )
