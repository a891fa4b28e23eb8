"""Whom the operator trusts, and what that makes of a signer. Pure functions."""

from __future__ import annotations

from typing import Literal

import msgspec

from stigmem_review.policy.settings import Settings


class Trusted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One signer that the policy trusts: an identity, or a workflow in a repository.

    The ``issuer`` is required. ``ref`` is a pattern such as ``refs/tags/v*``. ``plugins`` are the
    distributions it may sign; all where there is none.
    """

    issuer: str
    identity: str = ""
    repository: str = ""
    workflow: str = ""
    ref: str = ""
    plugins: tuple[str, ...] = ()


class SigningPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[signing]`` of a policy."""

    required: bool | None = None
    trusted: tuple[Trusted, ...] = ()


class Trust(msgspec.Struct, frozen=True):
    """All that is said about signing: the policy's word and the node's settings."""

    policy: SigningPolicy = SigningPolicy()
    settings: Settings = Settings()


Decision = Literal["trusted", "override", "untrusted", "not judged"]
