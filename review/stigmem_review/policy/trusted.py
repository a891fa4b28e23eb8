"""What a policy can say of signing: whom it trusts, on what conditions, and against which roots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from stigmem_review.names import canonicalize_name
from stigmem_review.policy.alike import is_odd
from stigmem_review.policy.identities import ON_GITHUB
from stigmem_review.policy.mistake import Mistake
from stigmem_review.text import shorten
from stigmem_review.toml import Keys


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
    if entry.owner and entry.issuer and not owner_address(entry):
        yield (
            "owner",
            f"write {shorten(entry.owner)!r} as a whole address, such as https://forge.example/"
            f"{shorten(entry.owner)}: which forge {shorten(entry.issuer)} is for is not known",
        )
    for field in ("trigger", "environment", "builder"):
        if getattr(entry, field) and entry.identity:
            yield field, "only a workflow has one; write a repository and a workflow"
    if entry.builder and "://" not in entry.builder:
        yield "builder", f"{shorten(entry.builder)!r} is not its whole address, with https://"
    for field, value in _texts(entry):
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
        from packaging.utils import is_normalized_name

        if not is_normalized_name(canonicalize_name(name)):
            yield "plugins", f"{shorten(name)!r} is not the name of a distribution"


_REGULAR = re.compile(r"[\^$\\+(){}|]|\.\*")


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
    forge = _FORGES.get(entry.issuer, "")
    return f"{forge}{entry.owner.strip('/')}" if forge and entry.owner else ""


_FORGES = {
    "https://token.actions.githubusercontent.com": ON_GITHUB,
    "https://gitlab.com": "https://gitlab.com/",
}
"""Where the repositories are that an issuer speaks of, of those that have one place."""


def _never(entry: Trusted) -> Iterator[tuple[str, str]]:
    """Yield what no certificate ever says, so that the entry would trust nobody."""
    for field, value in _texts(entry):
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
