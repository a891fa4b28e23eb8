"""What a policy can say of signing: whom it trusts, on what conditions, and against which roots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from stigmem_review.names import canonicalize_name
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.mistake import Mistake
from stigmem_review.text import shorten
from stigmem_review.toml import Keys

RUNNERS = ("github-hosted", "gitlab-hosted", "self-hosted")
"""What a certificate can say of a runner (Fulcio, "OID info": "Runner Environment")."""


class Trusted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One signer that the policy trusts: an identity, or a workflow in a repository.

    The ``issuer`` is required. ``repository`` is the repository's whole address and ``workflow``
    the path in it; ``owner`` stands for any repository of an owner. ``ref`` is a pattern such as
    ``refs/tags/v*``, in which ``*`` stands for any characters but a slash, and nothing else for
    more than itself. ``plugins`` are the distributions it may sign; all where there is none. With
    ``required`` it has to have signed each of those.
    """

    issuer: Annotated[
        str,
        msgspec.Meta(
            description="who says that it is that signer; always needed, since two issuers can "
            "know two people by the same name",
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
    owner: Annotated[
        str,
        msgspec.Meta(
            description="any repository of this owner, in the place of one: a deliberately wider "
            "choice, which reports name; the whole address where the issuer is a forge of its own",
            examples=["acme"],
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
    trigger: Annotated[
        str | tuple[str, ...],
        msgspec.Meta(
            description="what may start the workflow's run (default: anything)",
            examples=[["release", "push"]],
        ),
    ] = ()
    environment: Annotated[
        str,
        msgspec.Meta(
            description="where the workflow has to run: github-hosted, gitlab-hosted or "
            "self-hosted for the runner, else the repository's deployment environment (default: "
            "anywhere)",
            examples=["github-hosted"],
        ),
    ] = ""
    builder: Annotated[
        str,
        msgspec.Meta(
            description="the reusable workflow that has to build it, as a whole address, with "
            "@REF for one ref of it (default: any)",
            examples=["https://github.com/acme/builds/.github/workflows/build.yml"],
        ),
    ] = ""
    required: Annotated[
        bool,
        msgspec.Meta(
            description="whether this signer has to have signed, whoever else did; of several "
            "such entries all have to",
            examples=[True],
        ),
    ] = False
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
        str | tuple[str, ...] | None,
        msgspec.Meta(
            description="the files of the trust roots that count, each by itself, as paths from "
            "the policy's folder; public-good is our copy of the public-good instance's "
            "(default: that alone)",
            examples=[["public-good", "trusted_root.json"]],
        ),
    ] = None
    root_max_age: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=3650)] | None,
        msgspec.Meta(
            description="how many days old our copy of the public-good root may be where a "
            "signature rests on it (default: any number)",
            examples=[180],
        ),
    ] = None
    trusted: Annotated[
        tuple[Trusted, ...],
        msgspec.Meta(description="who is trusted to sign: an identity, or a workflow"),
    ] = ()


class PluginSigning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``signing`` of a ``[plugins.NAME]``: what holds for one distribution instead."""

    required: Annotated[
        bool | None,
        msgspec.Meta(
            description="whether its releases have to be signed (default: what [signing] says)",
            examples=[True],
        ),
    ] = None
    trust_root: Annotated[
        str | tuple[str, ...] | None,
        msgspec.Meta(
            description="the files of the trust roots that count for it (default: those of "
            "[signing])",
            examples=[["trusted_root.json"]],
        ),
    ] = None


def listed(said: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return what a key says that takes one text or several."""
    return () if said is None else (said,) if isinstance(said, str) else said


def signing_mistakes(trusted: Iterable[Trusted], keys: Keys) -> Iterator[Mistake]:
    """Yield what is wrong with a list of signers, which ``keys`` lead to, and no type says."""
    for index, entry in enumerate(trusted):
        for field, why in _mistakes(entry):
            yield Mistake((*keys, index, field), f": {why}")


def _mistakes(entry: Trusted) -> Iterator[tuple[str, str]]:
    yield from _contradictions(entry)
    for field, value in _texts(entry):
        if is_odd(value) or value != value.strip():
            yield (
                field,
                f"{shorten(value)!r} has a character that is not printable ASCII, or a blank "
                "around it; such signers are not trusted",
            )
        elif why := _never(entry, field, value):
            yield field, why
    for name in entry.plugins:
        from packaging.utils import is_normalized_name

        if not is_normalized_name(canonicalize_name(name)):
            yield "plugins", f"{shorten(name)!r} is not the name of a distribution"


def _contradictions(entry: Trusted) -> Iterator[tuple[str, str]]:
    """Yield what is missing from an entry, or does not go with the rest of it."""
    if not entry.issuer:
        yield (
            "issuer",
            "it is missing; the same identity from another issuer can be somebody else, "
            "so write the issuer that the report shows",
        )
    if entry.identity and (entry.repository or entry.workflow):
        yield "identity", "write either an identity, or a repository and a workflow"
    if entry.owner and (entry.identity or entry.repository):
        yield "owner", "it stands for any repository of an owner; write either it, or the one"
    if not (entry.identity or entry.owner):
        for field in ("repository", "workflow"):
            if not getattr(entry, field):
                yield field, "it is missing; write an identity, or a repository and a workflow"
    for field in ("trigger", "environment", "builder"):
        if getattr(entry, field) and entry.identity:
            yield field, "only a workflow has one; write a repository and a workflow"
    if entry.ref and entry.identity:
        yield "ref", "an identity has none of its own; write a repository and a workflow"


def _never(entry: Trusted, field: str, value: str) -> str:
    """Say why no certificate ever has what a key says, so that the entry would trust no signer."""
    if not value:
        return ""
    from stigmem_review.policy import spelling

    if why := spelling.quoted(value):
        return why
    match field:
        case "ref":
            return spelling.ref_wrong(value, entry.issuer)
        case "identity":
            return spelling.identity_wrong(value, entry.issuer)
        case _ if "*" in value:
            return (
                f"{shorten(value)!r} is compared as it is, and * stands for nothing here; write "
                "one entry for each"
            )
        case "issuer":
            return spelling.issuer_wrong(value)
        case "repository":
            return spelling.repository_wrong(value, entry.issuer)
        case "workflow":
            return spelling.workflow_wrong(value, entry.repository, entry.issuer)
        case "trigger":
            return spelling.trigger_wrong(value, entry.issuer)
        case "builder":
            return spelling.builder_wrong(value)
        case "owner":
            return spelling.owner_wrong(value, entry.issuer)
        case "environment":
            return spelling.environment_wrong(value)
        case _:
            return ""


def _texts(entry: Trusted) -> Iterator[tuple[str, str]]:
    """Yield each text of an entry, with its key."""
    named = ("issuer", "identity", "repository", "owner", "workflow", "ref", "environment")
    for field in (*named, "builder"):
        yield field, getattr(entry, field)
    for each in listed(entry.trigger):
        yield "trigger", each


def owner_address(entry: Trusted) -> str:
    """Return the address that the repositories of an entry's owner lie below; nothing if none."""
    if "://" in entry.owner:
        return entry.owner.rstrip("/")
    from stigmem_review.policy import spelling

    forge = spelling.forge_of(entry.issuer)
    return f"{forge}{entry.owner.strip('/')}" if forge and entry.owner else ""
